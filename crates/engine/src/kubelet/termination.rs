//! Termination messages: what a container leaves behind for its status.
//!
//! Models `getTerminationMessage` and `readLastStringFromContainerLogs` of `pkg/kubelet/kuberuntime`.

use crate::api::Value;
use crate::runtime::Container;
use crate::runtime::files::{Files, View, normalize};

/// The most bytes of a message, and the most bytes and lines of a log that stand in for it.
const MAX_MESSAGE: usize = 4096;
const MAX_LOG_BYTES: usize = 2048;
const MAX_LOG_LINES: usize = 80;

/// The message of a container that has just ended.
pub fn message(spec: &Value, container: &Container, files: &Files, view: &View) -> String {
    let path = spec.str_at("terminationMessagePath");
    let written = if path.is_empty() { None } else { files.read(view, &normalize("", path)) };
    let written = tail(written.as_deref().unwrap_or(""), MAX_MESSAGE);
    let falls_back = spec.str_at("terminationMessagePolicy") == "FallbackToLogsOnError"
        && container.exit_code != 0
        && container.reason != "ContainerCannotRun";
    if !written.is_empty() || !falls_back {
        return written.to_owned();
    }
    let from = container.logs.len().saturating_sub(MAX_LOG_LINES);
    let text: String = container.logs[from..].iter().map(|l| format!("{}\n", l.text)).collect();
    tail(&text, MAX_LOG_BYTES).to_owned()
}

/// The last bytes of a text, at most `max`.
fn tail(text: &str, max: usize) -> &str {
    let mut from = text.len().saturating_sub(max);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn tails() {
        for (text, max, want) in [("abc", 5, "abc"), ("abc", 2, "bc"), ("aäb", 2, "b"), ("", 3, "")] {
            assert_eq!(tail(text, max), want);
        }
    }
}
