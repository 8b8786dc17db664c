//! Commands that turn text into text: what learners pipe kubectl's output through.

/// Runs a filter on a text; none where the words are no filter.
pub fn run_plain(words: &[String], stdin: &str) -> Option<String> {
    let _ = (words, stdin);
    None
}
