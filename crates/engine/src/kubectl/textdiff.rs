//! A difference between two texts, as `diff -u` prints it.

/// Lines that differ with three lines around them.
pub fn unified(before: &str, after: &str) -> String {
    const AROUND: usize = 3;
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // The longest common subsequence by dynamic programming: manifests are short.
    let mut longest = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    // Each line with its sign and its places in both texts.
    let mut lines: Vec<(char, usize, usize, &str)> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push((' ', i, j, a[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(('-', i, j, a[i]));
            i += 1;
        } else {
            lines.push(('+', i, j, b[j]));
            j += 1;
        }
    }
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = (at..lines.len()).find(|n| lines[*n].0 != ' ') {
        let from = first.saturating_sub(AROUND).max(at);
        let mut last = first;
        while let Some(next) = (last + 1..lines.len().min(last + 2 * AROUND + 2)).find(|n| lines[*n].0 != ' ') {
            last = next;
        }
        let to = (last + AROUND + 1).min(lines.len());
        let hunk = &lines[from..to];
        let count = |sign: char| hunk.iter().filter(|l| l.0 == ' ' || l.0 == sign).count();
        let range = |start: usize, n: usize| {
            let start = if n == 0 { start } else { start + 1 };
            if n == 1 { start.to_string() } else { format!("{start},{n}") }
        };
        out += &format!("@@ -{} +{} @@\n", range(hunk[0].1, count('-')), range(hunk[0].2, count('+')));
        for (sign, _, _, text) in hunk {
            out += &format!("{sign}{text}\n");
        }
        at = to;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks() {
        assert_eq!(unified("a\nb\nc\n", "a\nx\nc\n"), "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
        assert_eq!(unified("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(unified("a\n", "a\n"), "");
    }
}
