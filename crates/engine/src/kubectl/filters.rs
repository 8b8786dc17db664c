//! Commands that turn text into text: what learners pipe kubectl's output through.

mod awk;

use super::pattern::Pattern;
use crate::api::base64;

/// What a filter gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Filtered {
    /// Standard output.
    pub out: String,
    /// A complaint.
    pub err: String,
    /// Its exit code.
    pub exit: i32,
}

impl Filtered {
    fn out(out: String) -> Self {
        Self { out, ..Self::default() }
    }
    fn wrong(err: String) -> Self {
        Self { err, exit: 2, ..Self::default() }
    }
}

/// The names of the filters.
pub const FILTERS: [&str; 16] = [
    "awk", "base64", "cat", "column", "cut", "grep", "head", "less", "more", "nl", "rev", "sed", "sort", "tail", "tr",
    "uniq",
];

/// The words of a filter: single letters that stand, letters with a value, and the rest.
struct Options<'a> {
    flags: String,
    values: Vec<(char, String)>,
    rest: Vec<&'a str>,
}

impl<'a> Options<'a> {
    fn read(words: &'a [String], with_value: &str) -> Self {
        let mut o = Self { flags: String::new(), values: Vec::new(), rest: Vec::new() };
        let mut words = words.iter().skip(1);
        while let Some(word) = words.next() {
            if word == "--" {
                o.rest.extend(words.by_ref().map(String::as_str));
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = long.split_once('=').unwrap_or((long, ""));
                let letter = match name {
                    "ignore-case" => 'i',
                    "invert-match" => 'v',
                    "count" => 'c',
                    "only-matching" => 'o',
                    "line-number" => 'n',
                    "extended-regexp" => 'E',
                    "lines" => 'n',
                    "decode" => 'd',
                    "wrap" => 'w',
                    "reverse" => 'r',
                    "delimiter" => 'd',
                    "fields" => 'f',
                    "color" | "colour" => continue,
                    _ => '?',
                };
                o.flags.push(letter);
                if !value.is_empty() {
                    o.values.push((letter, value.to_owned()));
                }
                continue;
            }
            let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) else {
                o.rest.push(word);
                continue;
            };
            if letters.starts_with(|c: char| c.is_ascii_digit()) {
                o.values.push(('n', letters.to_owned()));
                continue;
            }
            for (i, letter) in letters.char_indices() {
                if with_value.contains(letter) {
                    let value = &letters[i + letter.len_utf8()..];
                    let value =
                        if value.is_empty() { words.next().cloned().unwrap_or_default() } else { value.to_owned() };
                    o.values.push((letter, value));
                    break;
                }
                o.flags.push(letter);
            }
        }
        o
    }
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
    fn value(&self, flag: char) -> Option<&str> {
        self.values.iter().rev().find(|(f, _)| *f == flag).map(|(_, v)| v.as_str())
    }
    fn number(&self, flag: char) -> Option<usize> {
        self.value(flag)?.parse().ok()
    }
}

/// Lines with their ends put back.
fn joined<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> String {
    let mut out = String::new();
    for line in lines {
        out.push_str(line.as_ref());
        out.push('\n');
    }
    out
}

/// Runs a filter on a text; none where the words are no filter. `open` reads files.
pub fn run(words: &[String], stdin: &str, open: &dyn Fn(&str) -> Option<String>) -> Option<Filtered> {
    let name = words.first()?.as_str();
    let (with_value, first) = match name {
        "grep" | "egrep" | "fgrep" => ("eABCmf", 1),
        "sed" => ("e", 1),
        "awk" => ("Fv", 1),
        "head" | "tail" => ("nc", 0),
        "cut" => ("dfc", 0),
        "sort" => ("kt", 0),
        "base64" => ("w", 0),
        "column" => ("s", 0),
        "tr" => ("", usize::MAX),
        "wc" | "cat" | "less" | "more" | "uniq" | "nl" | "rev" => ("", 0),
        "jq" => {
            return Some(Filtered { exit: 127, ..Filtered::wrong("sh: jq: not found (try -o jsonpath)".to_owned()) });
        }
        _ => return None,
    };
    let mut o = Options::read(words, with_value);
    let skip = if o.value('e').is_some() { 0 } else { first.min(o.rest.len()) };
    let names: Vec<&str> = o.rest.drain(skip..).collect();
    let mut text = String::new();
    let mut missing = String::new();
    for file in names.iter().filter(|n| **n != "-") {
        match open(file) {
            Some(t) => text += &t,
            None => missing = format!("{name}: {file}: No such file or directory"),
        }
    }
    let text = if names.iter().all(|n| *n == "-") { stdin } else { &text };
    let lines: Vec<&str> = text.lines().collect();
    let mut done = match name {
        "grep" | "egrep" | "fgrep" => grep(name, &o, &lines),
        "sed" => sed(&o, &lines),
        "awk" => awk::awk(&o, &lines),
        "head" => match (o.number('c'), o.value('n')) {
            (Some(n), _) => Filtered::out(text.chars().take(n).collect()),
            (None, Some(n)) if n.starts_with('-') => {
                let n = n[1..].parse().unwrap_or(0);
                Filtered::out(joined(&lines[..lines.len().saturating_sub(n)]))
            }
            _ => Filtered::out(joined(lines.iter().take(o.number('n').unwrap_or(10)))),
        },
        "tail" => {
            let from = match o.value('n').or_else(|| o.rest.first().copied()) {
                Some(n) if n.starts_with('+') => n[1..].parse::<usize>().unwrap_or(1).saturating_sub(1),
                n => lines.len().saturating_sub(n.and_then(|n| n.parse().ok()).unwrap_or(10)),
            };
            Filtered::out(joined(lines.iter().skip(from)))
        }
        "wc" => {
            let counts = [
                ('l', text.matches('\n').count()),
                ('w', text.split_whitespace().count()),
                ('c', text.len()),
                ('m', text.chars().count()),
            ];
            let wanted = if o.flags.is_empty() { "lwc" } else { &o.flags };
            let shown: Vec<String> =
                counts.iter().filter(|(l, _)| wanted.contains(*l)).map(|(_, n)| n.to_string()).collect();
            let text = match shown.as_slice() {
                [one] => one.clone(),
                all => all.iter().map(|n| format!("{n:>7}")).collect::<Vec<_>>().join(" "),
            };
            let label = names.first().map(|n| format!(" {n}")).unwrap_or_default();
            Filtered::out(format!("{text}{label}\n"))
        }
        "cut" => cut(&o, &lines),
        "sort" => sort(&o, lines),
        "uniq" => uniq(&o, &lines),
        "nl" => Filtered::out(joined(lines.iter().enumerate().map(|(i, l)| format!("{:>6}\t{l}", i + 1)))),
        "rev" => Filtered::out(joined(lines.iter().map(|l| l.chars().rev().collect::<String>()))),
        "column" => column(&lines),
        "tr" => tr(&o, text),
        "base64" if o.has('d') || o.has('D') => {
            let packed: String = text.split_whitespace().collect();
            match base64::decode(&packed) {
                Ok(bytes) => Filtered::out(String::from_utf8_lossy(&bytes).into_owned()),
                Err(_) => Filtered { exit: 1, ..Filtered::wrong("base64: invalid input".to_owned()) },
            }
        }
        "base64" => {
            let all = base64::encode(text.as_bytes());
            let width = o.number('w').unwrap_or(76);
            let chunks: Vec<&str> = if width == 0 {
                vec![all.as_str()]
            } else {
                (0..all.len()).step_by(width).map(|i| &all[i..all.len().min(i + width)]).collect()
            };
            Filtered::out(joined(chunks))
        }
        _ => Filtered::out(text.to_owned()),
    };
    if !missing.is_empty() {
        done.err = missing;
        done.exit = done.exit.max(1);
    }
    Some(done)
}

fn grep(name: &str, o: &Options<'_>, lines: &[&str]) -> Filtered {
    let Some(text) = o.value('e').or_else(|| o.rest.first().copied()) else {
        return Filtered::wrong("Usage: grep [OPTION]... PATTERNS [FILE]...".to_owned());
    };
    let fold = o.has('i');
    let mut patterns = Vec::new();
    let given: Vec<&str> = o.values.iter().filter(|(f, _)| *f == 'e').map(|(_, v)| v.as_str()).collect();
    for text in if given.is_empty() { vec![text] } else { given } {
        let found = if o.has('F') || name == "fgrep" {
            Some(Pattern::fixed(text, fold))
        } else {
            Pattern::new(text, o.has('E') || o.has('P') || name == "egrep", fold)
        };
        match found {
            Some(p) => patterns.push(p),
            None => return Filtered::wrong("grep: Unmatched ( or \\(".to_owned()),
        }
    }
    let whole = |chars: &[char], (start, end): (usize, usize)| {
        let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        (!o.has('x') || start == 0 && end == chars.len())
            && (!o.has('w') || !word(start.checked_sub(1).and_then(|i| chars.get(i))) && !word(chars.get(end)))
    };
    let found = |line: &str| {
        let chars: Vec<char> = line.chars().collect();
        patterns.iter().any(|p| {
            let mut from = 0;
            while let Some(hit) = p.find(&chars, from) {
                if whole(&chars, hit) {
                    return true;
                }
                from = hit.0 + 1;
            }
            false
        })
    };
    let mut hits: Vec<usize> = (0..lines.len()).filter(|i| found(lines[*i]) != o.has('v')).collect();
    if let Some(max) = o.number('m') {
        hits.truncate(max);
    }
    let exit = i32::from(hits.is_empty());
    if o.has('q') {
        return Filtered { exit, ..Filtered::default() };
    }
    if o.has('c') {
        return Filtered { exit, ..Filtered::out(format!("{}\n", hits.len())) };
    }
    let mut out = String::new();
    if o.has('o') {
        for i in hits {
            let chars: Vec<char> = lines[i].chars().collect();
            let mut from = 0;
            while let Some((start, end)) = patterns.iter().filter_map(|p| p.find(&chars, from)).min() {
                if end > start {
                    out.extend(&chars[start..end]);
                    out.push('\n');
                }
                from = end.max(start + 1);
            }
        }
        return Filtered { exit, ..Filtered::out(out) };
    }
    let around = o.number('C').unwrap_or(0);
    let (before, after) = (o.number('B').unwrap_or(around), o.number('A').unwrap_or(around));
    let mut last: Option<usize> = None;
    for i in &hits {
        let from = i.saturating_sub(before).max(last.map_or(0, |l| l + 1));
        if before + after > 0 && last.is_some_and(|l| from > l + 1) {
            out.push_str("--\n");
        }
        let end = (i + after).min(lines.len().saturating_sub(1));
        for (n, line) in lines.iter().enumerate().take(end + 1).skip(from) {
            if o.has('n') {
                out += &format!("{}{}", n + 1, if hits.contains(&n) { ':' } else { '-' });
            }
            out += line;
            out.push('\n');
        }
        last = Some(end.max(last.unwrap_or(0)));
    }
    Filtered { exit, ..Filtered::out(out) }
}

fn sort(o: &Options<'_>, mut lines: Vec<&str>) -> Filtered {
    let key = o.value('k').unwrap_or("");
    let field = key.split(',').next().and_then(|k| k.trim_end_matches(char::is_alphabetic).parse::<usize>().ok());
    let numeric = o.has('n') || o.has('h') || key.ends_with('n');
    let of = |line: &str| -> String {
        let Some(n) = field else { return line.to_owned() };
        match o.value('t') {
            Some(t) => line.split(t).nth(n - 1.min(n)).unwrap_or("").to_owned(),
            None => line.split_whitespace().skip(n.saturating_sub(1)).collect::<Vec<_>>().join(" "),
        }
    };
    let number = |text: &str| -> f64 {
        let end = text.trim_start().find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'));
        let text = text.trim_start();
        text[..end.unwrap_or(text.len())].parse().unwrap_or(0.0)
    };
    lines.sort_by(|a, b| {
        let (ka, kb) = (of(a), of(b));
        let order = if numeric { number(&ka).total_cmp(&number(&kb)) } else { ka.cmp(&kb) };
        order.then_with(|| a.cmp(b))
    });
    if o.has('r') || key.ends_with('r') {
        lines.reverse();
    }
    if o.has('u') {
        lines.dedup();
    }
    Filtered::out(joined(lines))
}

fn uniq(o: &Options<'_>, lines: &[&str]) -> Filtered {
    let mut groups: Vec<(usize, &str)> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some((n, last)) if last == line => *n += 1,
            _ => groups.push((1, line)),
        }
    }
    groups.retain(|(n, _)| (!o.has('d') || *n > 1) && (!o.has('u') || *n == 1));
    let counted = o.has('c');
    Filtered::out(joined(groups.iter().map(|(n, l)| if counted { format!("{n:>7} {l}") } else { (*l).to_owned() })))
}

/// The numbers of `cut -f`: `1`, `2-`, `1,3`, `2-4`.
fn cut(o: &Options<'_>, lines: &[&str]) -> Filtered {
    let Some(list) = o.value('f').or(o.value('c')) else {
        return Filtered::wrong("cut: you must specify a list of bytes, characters, or fields".to_owned());
    };
    let by_char = o.value('f').is_none();
    let delimiter = o.value('d').unwrap_or("\t");
    let takes = |n: usize| {
        list.split(',').any(|part| match part.split_once('-') {
            Some((a, b)) => n >= a.parse().unwrap_or(1) && n <= b.parse().unwrap_or(usize::MAX),
            None => part.parse() == Ok(n),
        })
    };
    Filtered::out(joined(lines.iter().map(|line| {
        if by_char {
            return line.chars().enumerate().filter(|(i, _)| takes(i + 1)).map(|(_, c)| c).collect();
        }
        if !line.contains(delimiter) || delimiter.is_empty() {
            return (*line).to_owned();
        }
        let parts: Vec<&str> =
            line.split(delimiter).enumerate().filter(|(i, _)| takes(i + 1)).map(|(_, p)| p).collect();
        parts.join(delimiter)
    })))
}

fn column(lines: &[&str]) -> Filtered {
    let rows: Vec<Vec<&str>> = lines.iter().map(|l| l.split_whitespace().collect()).collect();
    let width = |i: usize| rows.iter().filter_map(|r| r.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
    Filtered::out(joined(rows.iter().map(|r| {
        let cells: Vec<String> = r.iter().enumerate().map(|(i, c)| format!("{c:<w$}", w = width(i))).collect();
        cells.join("  ").trim_end().to_owned()
    })))
}

fn tr(o: &Options<'_>, text: &str) -> Filtered {
    let set = |s: &str| -> Vec<char> {
        let s = s.replace("\\n", "\n").replace("\\t", "\t").replace("[:upper:]", "A-Z").replace("[:lower:]", "a-z");
        let chars: Vec<char> = s.replace("[:space:]", " \t\n").replace("[:digit:]", "0-9").chars().collect();
        let mut out = Vec::new();
        let mut i = 0;
        while i < chars.len() {
            if i + 2 < chars.len() && chars[i + 1] == '-' {
                out.extend(chars[i]..=chars[i + 2]);
                i += 3;
            } else {
                out.push(chars[i]);
                i += 1;
            }
        }
        out
    };
    let from = o.rest.first().map(|s| set(s)).unwrap_or_default();
    let to = o.rest.get(1).map(|s| set(s)).unwrap_or_default();
    if o.has('d') {
        return Filtered::out(text.chars().filter(|c| !from.contains(c)).collect());
    }
    if to.is_empty() && !o.has('s') {
        return Filtered { exit: 1, ..Filtered::wrong("tr: missing operand".to_owned()) };
    }
    let mut out = String::new();
    for c in text.chars() {
        let at = from.iter().position(|f| *f == c);
        let new = at.and_then(|i| to.get(i).or(to.last())).copied().unwrap_or(c);
        if !(o.has('s') && at.is_some() && out.ends_with(new)) {
            out.push(new);
        }
    }
    Filtered::out(out)
}

/// `s/a/b/g`, `/a/d`, `/a/p`, `3d`, `1,2p` with `-n`.
fn sed(o: &Options<'_>, lines: &[&str]) -> Filtered {
    let unknown = || Filtered { exit: 1, ..Filtered::wrong("sed: this expression is not simulated".to_owned()) };
    let Some(script) = o.value('e').or_else(|| o.rest.first().copied()) else { return unknown() };
    let extended = o.has('E') || o.has('r');
    let mut rows: Vec<(usize, String)> = lines.iter().enumerate().map(|(i, l)| (i + 1, (*l).to_owned())).collect();
    if let Some(rest) = script.strip_prefix('s') {
        let Some(delimiter) = rest.chars().next() else { return unknown() };
        let parts: Vec<&str> = rest[delimiter.len_utf8()..].split(delimiter).collect();
        let [from, to, flags] = parts.as_slice() else { return unknown() };
        let Some(pattern) = Pattern::new(from, extended, flags.contains('i') || flags.contains('I')) else {
            return unknown();
        };
        for (_, row) in &mut rows {
            let chars: Vec<char> = row.chars().collect();
            let (mut out, mut from) = (String::new(), 0);
            while let Some((start, end)) = pattern.find(&chars, from).filter(|_| from <= chars.len()) {
                out.extend(&chars[from..start]);
                let hit: String = chars[start..end].iter().collect();
                out += &to.replace('&', &hit);
                if end == start {
                    out.extend(chars.get(start));
                }
                from = end.max(start + 1);
                if !flags.contains('g') {
                    break;
                }
            }
            out.extend(chars.get(from..).unwrap_or_default());
            *row = out;
        }
        return Filtered::out(joined(rows.iter().map(|(_, r)| r)));
    }
    let Some(command) = script.chars().last().filter(|c| "dp".contains(*c)) else { return unknown() };
    let address = &script[..script.len() - 1];
    let total = rows.len();
    let number = |t: &str| if t == "$" { Some(total) } else { t.parse::<usize>().ok() };
    let chosen: Box<dyn Fn(usize, &str) -> bool> =
        if let Some(text) = address.strip_prefix('/').and_then(|a| a.strip_suffix('/')) {
            let Some(pattern) = Pattern::new(text, extended, false) else { return unknown() };
            Box::new(move |_, row| pattern.is_in(row))
        } else {
            let (low, high) = address.split_once(',').unwrap_or((address, address));
            let (Some(low), Some(high)) = (number(low), number(high)) else { return unknown() };
            Box::new(move |n, _| (low..=high).contains(&n))
        };
    let mut out = Vec::new();
    for (n, row) in &rows {
        let hit = chosen(*n, row);
        if command == 'd' && !hit || command == 'p' && !o.has('n') {
            out.push(row.clone());
        }
        if command == 'p' && hit {
            out.push(row.clone());
        }
    }
    Filtered::out(joined(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        let text = "NAME  READY  STATUS\na     1/1    Running\nb     0/1    Error\nc     1/1    Running\n";
        let run_on = |line: &str| {
            let words: Vec<String> = line.split('~').map(str::to_owned).collect();
            run(&words, text, &|_| None).unwrap()
        };
        for (line, want) in [
            ("grep~Error", "b     0/1    Error\n"),
            ("grep~-v~Running", "NAME  READY  STATUS\nb     0/1    Error\n"),
            ("grep~-c~Running", "2\n"),
            ("grep~-o~[01]/1", "1/1\n0/1\n1/1\n"),
            ("wc~-l", "4\n"),
            ("head~-1", "NAME  READY  STATUS\n"),
            ("tail~-n~1", "c     1/1    Running\n"),
            ("tail~-n~+4", "c     1/1    Running\n"),
            ("awk~{print $1}", "NAME\na\nb\nc\n"),
            ("awk~NR>1 && $3==\"Running\" {print $1 \":\" $2}", "a:1/1\nc:1/1\n"),
            ("sed~-n~2,3p", "a     1/1    Running\nb     0/1    Error\n"),
            ("sed~s/ \\+/ /g", "NAME READY STATUS\na 1/1 Running\nb 0/1 Error\nc 1/1 Running\n"),
            ("cut~-c~1-2", "NA\na \nb \nc \n"),
            ("sort~-r", "c     1/1    Running\nb     0/1    Error\na     1/1    Running\nNAME  READY  STATUS\n"),
        ] {
            assert_eq!(run_on(line).out, want, "{line}");
        }
        assert_eq!(run_on("grep~nothing").exit, 1);
        assert!(run(&["no".to_owned()], "", &|_| None).is_none());
    }
}
