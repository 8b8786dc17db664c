//! Patterns: `*`, `?`, `[a-z]`, as `case` and `${x#...}` match them. Models fnmatch(3).

/// Whether a whole text matches a pattern. A character after a backslash stands for itself.
///
/// Only the last `*` is ever tried again, so that no pattern takes longer than its length times the text's.
pub fn matches(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the pattern goes on after the last `*`, and the first character that this `*` does not stand for.
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            p += 1;
            star = Some((p, t));
            continue;
        }
        if p == pattern.len() && t == text.len() {
            return true;
        }
        if let Some(len) = text.get(t).and_then(|c| one(&pattern[p..], *c)) {
            p += len;
            t += 1;
            continue;
        }
        let Some((after, from)) = star.filter(|s| s.1 < text.len()) else { return false };
        star = Some((after, from + 1));
        (p, t) = (after, from + 1);
    }
}

/// How long the beginning of a pattern is that stands for a character, if it does.
fn one(pattern: &[char], c: char) -> Option<usize> {
    let (len, yes) = match pattern.first()? {
        '?' => (1, true),
        '[' => match class(&pattern[1..]) {
            Some((len, set)) => (1 + len, set(c)),
            None => (1, c == '['),
        },
        '\\' if pattern.len() > 1 => (2, pattern[1] == c),
        own => (1, *own == c),
    };
    yes.then_some(len)
}

/// Reads a bracket's inside: how long it is, and what it holds.
pub fn class(text: &[char]) -> Option<(usize, impl Fn(char) -> bool + use<>)> {
    let negated = matches!(text.first(), Some('!' | '^'));
    let mut i = usize::from(negated);
    let mut ranges: Vec<(char, char)> = vec![];
    let mut first = true;
    loop {
        let c = *text.get(i)?;
        if c == ']' && !first {
            break;
        }
        first = false;
        if c == '[' && text.get(i + 1) == Some(&':') {
            let name: String = text[i + 2..].iter().take_while(|c| **c != ':').collect();
            let named: &[(char, char)] = match name.as_str() {
                "digit" => &[('0', '9')],
                "alpha" => &[('a', 'z'), ('A', 'Z')],
                "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
                "upper" => &[('A', 'Z')],
                "lower" => &[('a', 'z')],
                "space" => &[(' ', ' '), ('\t', '\r')],
                "blank" => &[(' ', ' '), ('\t', '\t')],
                "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
                "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
                _ => &[],
            };
            ranges.extend(named);
            i += name.len() + 4;
        } else if text.get(i + 1) == Some(&'-') && text.get(i + 2).is_some_and(|c| *c != ']') {
            ranges.push((c, text[i + 2]));
            i += 3;
        } else {
            ranges.push((c, c));
            i += 1;
        }
    }
    Some((i + 1, move |c: char| ranges.iter().any(|(a, b)| (*a..=*b).contains(&c)) != negated))
}

/// What is left of a text once the shortest or longest matching beginning or end is cut off.
pub fn trim(text: &str, pattern: &str, end: bool, longest: bool) -> String {
    let (t, p): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let mut cuts: Vec<usize> = (0..=t.len()).collect();
    if longest {
        cuts.reverse();
    }
    for n in cuts {
        let (cut, rest) = if end { (&t[t.len() - n..], &t[..t.len() - n]) } else { (&t[..n], &t[n..]) };
        if matches(&p, cut) {
            return rest.iter().collect();
        }
    }
    text.to_owned()
}

/// Replaces the first (or every) longest match of a pattern.
pub fn replace(text: &str, pattern: &str, with: &str, all: bool) -> String {
    let (t, p): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut out, mut i) = (String::new(), 0);
    while i < t.len() {
        let end = (i + 1..=t.len()).rev().find(|e| matches(&p, &t[i..*e]));
        match end {
            Some(e) => {
                out += with;
                i = e;
                if !all {
                    break;
                }
            }
            None => {
                out.push(t[i]);
                i += 1;
            }
        }
    }
    out.extend(&t[i..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, want) in [
            ("*", "abc", true),
            ("a*c", "abbc", true),
            ("a?c", "ac", false),
            ("[0-9]*", "7x", true),
            ("[!0-9]", "7", false),
            ("[[:upper:]]x", "Ax", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*b*c", "axbxbxc", true),
            ("a*b*c", "axbxbx", false),
            ("*[0-9]", "a1b2", true),
            // Tried naively, this takes longer than anyone waits.
            ("*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            let c = |s: &str| s.chars().collect::<Vec<_>>();
            assert_eq!(matches(&c(pattern), &c(text)), want, "{pattern} {text}");
        }
        assert_eq!(trim("/a/b.txt", "*/", false, true), "b.txt");
        assert_eq!(trim("a.tar.gz", ".*", true, false), "a.tar");
        assert_eq!(trim("a.tar.gz", ".*", true, true), "a");
        assert_eq!(replace("a-b-c", "-", "_", true), "a_b_c");
        assert_eq!(replace("a-b-c", "-", "_", false), "a_b-c");
    }
}
