//! The words that a mistyped word may have meant.
//!
//! Models `Command.SuggestionsFor` of cobra: at most two letters away, or the beginning.

/// Words near another, each on a line of its own with a tab before it; empty where there is none.
pub fn near<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let lower = word.to_lowercase();
    let mut out = String::new();
    for k in known {
        if distance(&lower, k) <= 2 || k.starts_with(&lower) {
            out += &format!("\t{k}\n");
        }
    }
    out
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_words() {
        assert_eq!(near("creat", ["create", "get"].into_iter()), "\tcreate\n");
        assert_eq!(near("zzz", ["create", "get"].into_iter()), "");
    }
}
