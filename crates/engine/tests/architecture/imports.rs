//! Finds the paths that a Rust source names, without a compiler: enough for `use` trees and for paths in code.

/// The source with comments, strings and `#[cfg(test)]` modules blanked out; lines keep their numbers.
pub fn code_only(text: &str) -> String {
    let c: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let blank = |out: &mut String, part: &[char]| out.extend(part.iter().map(|&x| if x == '\n' { '\n' } else { ' ' }));
    let mut i = 0;
    while i < c.len() {
        let end = match c[i] {
            '/' if c.get(i + 1) == Some(&'/') => c[i..].iter().position(|&x| x == '\n').map_or(c.len(), |n| i + n),
            '/' if c.get(i + 1) == Some(&'*') => {
                (i + 2..c.len()).find(|&j| c[j] == '/' && c[j - 1] == '*' && j > i + 2).map_or(c.len(), |j| j + 1)
            }
            'r' if raw_string(&c, i).is_some() => raw_string(&c, i).unwrap_or(i + 1),
            '"' => quoted(&c, i),
            // A character literal, not a lifetime.
            '\'' if c.get(i + 1) == Some(&'\\') => (i + 3..c.len()).find(|&j| c[j] == '\'').map_or(c.len(), |j| j + 1),
            '\'' if c.get(i + 2) == Some(&'\'') => i + 3,
            _ => i,
        };
        if end > i {
            blank(&mut out, &c[i..end]);
            i = end;
        } else {
            out.push(c[i]);
            i += 1;
        }
    }
    without_tests(&out)
}

fn quoted(c: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < c.len() && c[i] != '"' {
        i += if c[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(c.len())
}

fn raw_string(c: &[char], start: usize) -> Option<usize> {
    if start > 0 && (c[start - 1].is_alphanumeric() || c[start - 1] == '_') {
        return None;
    }
    let hashes = c[start + 1..].iter().take_while(|&&x| x == '#').count();
    if c.get(start + 1 + hashes) != Some(&'"') {
        return None;
    }
    let body = start + 2 + hashes;
    let closes = |j: usize| c[j] == '"' && c[j + 1..].iter().take(hashes).filter(|&&x| x == '#').count() == hashes;
    (body..c.len()).find(|&j| closes(j)).map(|j| j + 1 + hashes)
}

fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    let mut from = 0;
    while let Some(at) = out[from..].find("#[cfg(test)]").map(|n| from + n) {
        let rest = &out[at..];
        let (open, semicolon) = (rest.find('{'), rest.find(';'));
        from = at + 1;
        let Some(open) = open.filter(|o| semicolon.is_none_or(|s| *o < s)) else { continue };
        let mut depth = 0;
        let close = rest[open..].char_indices().find_map(|(n, x)| {
            depth += i32::from(x == '{') - i32::from(x == '}');
            (depth == 0).then_some(open + n + 1)
        });
        let end = at + close.unwrap_or(rest.len());
        let blanked: String = out[at..end].chars().map(|x| if x == '\n' { '\n' } else { ' ' }).collect();
        out.replace_range(at..end, &blanked);
    }
    out
}

/// Every path in `code` (as `code_only` leaves it) that starts with `head`, at its line, spelt out from its `use` tree:
/// `use crate::{a::b, c}` gives `[a, b]` and `[c]` for the head `crate`. Macro calls (`crate::json!`) are left out.
pub fn paths(code: &str, head: &str) -> Vec<(usize, Vec<String>)> {
    let mut out = vec![];
    let mut from = 0;
    while let Some(at) = code[from..].find(head).map(|n| from + n) {
        from = at + head.len();
        let before = code[..at].chars().next_back();
        let joined = before.is_some_and(|x| x.is_alphanumeric() || x == '_') || code[..at].trim_end().ends_with("::");
        if let Some(rest) = code[from..].trim_start().strip_prefix("::").filter(|_| !joined) {
            let line = code[..at].matches('\n').count() + 1;
            let mut found = vec![];
            tree(rest, &mut vec![], &mut found);
            out.extend(found.into_iter().map(|p| (line, p)));
        }
    }
    out
}

/// Reads one `use` tree and returns what follows it.
fn tree<'a>(text: &'a str, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let before = rest.len();
            rest = tree(rest, &mut prefix.clone(), out).trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest);
            if rest.len() == before {
                return rest;
            }
        }
    }
    let word: String = text.chars().take_while(|x| x.is_alphanumeric() || *x == '_' || *x == '*').collect();
    let rest = &text[word.len()..];
    if word.is_empty() || rest.starts_with('!') {
        return rest;
    }
    prefix.push(word);
    if let Some(after) = rest.strip_prefix("::").filter(|a| !a.trim_start().starts_with('<')) {
        return tree(after, prefix, out);
    }
    out.push(prefix.clone());
    // `as other` renames; the name it gives is not a path.
    rest.trim_start()
        .strip_prefix("as ")
        .map_or(rest, |r| r.trim_start_matches(|x: char| x.is_alphanumeric() || x == '_'))
}
