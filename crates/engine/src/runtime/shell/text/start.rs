//! Starting a program that reads lines: its options and its files.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::awk::Awk;
use super::super::regex::Regex;
use super::super::sed::Sed;
use super::super::{Machine, Proc, pattern};
use super::{Filter, Kind};
use crate::runtime::process::Io;

/// Options by letter, with values for those that take one, and the rest.
fn options<'a>(args: &[&'a str], with_value: &str) -> (Vec<(char, &'a str)>, Vec<&'a str>) {
    let (mut flags, mut rest) = (vec![], vec![]);
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        i += 1;
        if *arg == "--" {
            rest.extend(&args[i..]);
            break;
        }
        let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty()) else {
            rest.push(*arg);
            continue;
        };
        if letters.starts_with('-') {
            continue;
        }
        for (at, c) in letters.char_indices() {
            if with_value.contains(c) {
                let own = &letters[at + c.len_utf8()..];
                if own.is_empty() {
                    flags.push((c, args.get(i).copied().unwrap_or("")));
                    i += 1;
                } else {
                    flags.push((c, own));
                }
                break;
            }
            flags.push((c, ""));
        }
    }
    (flags, rest)
}

/// Starts such a program, if there is one of this name. The error is its word for what is wrong.
pub fn start(p: &Proc, m: &mut Machine, io: &mut Io<'_>, name: &str, args: &[&str]) -> Option<Result<Filter, String>> {
    let plain = |kind: Kind, files: Vec<&str>| (kind, files.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let (kind, files) = match name {
        "cat" => {
            let (flags, rest) = options(args, "");
            plain(Kind::Cat { number: flags.iter().any(|f| f.0 == 'n') }, rest)
        }
        "head" | "tail" => {
            let (flags, rest) = options(args, "nc");
            let value = |c: char| flags.iter().find(|f| f.0 == c).map(|f| f.1);
            let digits: String = flags.iter().filter(|f| f.0.is_ascii_digit()).map(|f| f.0).collect();
            let text = value('n').unwrap_or(if digits.is_empty() { "10" } else { &digits });
            let n: i64 = text.trim_start_matches('+').parse().unwrap_or(10);
            let kind = if let Some(bytes) = value('c').filter(|_| name == "head") {
                Kind::HeadBytes { left: bytes.parse().unwrap_or(0) }
            } else if name == "head" {
                Kind::Head { left: n }
            } else {
                let skip = if text.starts_with('+') { n.max(1) as usize - 1 } else { 0 };
                let keep = if text.starts_with('+') { usize::MAX } else { n.unsigned_abs() as usize };
                Kind::Tail { keep, skip, lines: VecDeque::new() }
            };
            plain(kind, rest)
        }
        "wc" => {
            let (flags, rest) = options(args, "");
            let has = |c: char| flags.iter().any(|f| f.0 == c);
            let all = flags.is_empty();
            let shows = (all || has('l'), all || has('w'), all || has('c') || has('m'));
            plain(Kind::Count { lines: 0, words: 0, bytes: 0, shows }, rest)
        }
        "grep" | "egrep" | "fgrep" => match grep(name, args) {
            Ok((kind, rest)) => plain(kind, rest),
            Err(why) => return Some(Err(why)),
        },
        "sort" => {
            let (flags, rest) = options(args, "kto");
            let has = |c: char| flags.iter().any(|f| f.0 == c);
            let value = |c: char| flags.iter().find(|f| f.0 == c).map(|f| f.1);
            let key = value('k').unwrap_or("0");
            let digits: String = key.chars().take_while(char::is_ascii_digit).collect();
            let kind = Kind::Sort {
                lines: vec![],
                numeric: has('n') || key.contains('n') || has('h'),
                reverse: has('r') || key.contains('r'),
                unique: has('u'),
                key: digits.parse().unwrap_or(0),
                separator: value('t').and_then(|t| t.chars().next()),
            };
            plain(kind, rest)
        }
        "uniq" => {
            let (flags, rest) = options(args, "");
            plain(Kind::Uniq { last: None, count: flags.iter().any(|f| f.0 == 'c') }, rest)
        }
        "tr" => {
            let (flags, rest) = options(args, "");
            let has = |c: char| flags.iter().any(|f| f.0 == c);
            let set = |i: usize| rest.get(i).map(|t| characters(t)).unwrap_or_default();
            let kind = Kind::Tr {
                from: set(0),
                to: set(1),
                delete: has('d'),
                squeeze: has('s'),
                complement: has('c') || has('C'),
            };
            plain(kind, vec![])
        }
        "cut" => {
            let (flags, rest) = options(args, "dfcb");
            let value = |c: char| flags.iter().find(|f| f.0 == c).map(|f| f.1);
            let chars = value('c').or(value('b'));
            let list = chars.or(value('f')).unwrap_or("1");
            let delimiter = value('d').and_then(|d| d.chars().next()).unwrap_or('\t');
            plain(Kind::Cut { fields: ranges(list), delimiter, chars: chars.is_some() }, rest)
        }
        "tee" => {
            let (flags, rest) = options(args, "");
            let append = flags.iter().any(|f| f.0 == 'a');
            let mut files: Vec<Rc<str>> = vec![];
            for name in rest {
                let path = p.path(name);
                if let Err(why) = io.files.write(io.view, &path, "", append) {
                    return Some(Err(format!("tee: {name}: {why}")));
                }
                files.push(Rc::from(path));
            }
            plain(Kind::Tee { files }, vec![])
        }
        "sed" => match Sed::new(args) {
            Ok((sed, files)) => (Kind::Sed(Box::new(sed)), files),
            Err(why) => return Some(Err(format!("sed: {why}"))),
        },
        "awk" | "gawk" | "mawk" => match Awk::new(args) {
            Ok((awk, files)) => (Kind::Awk(Box::new(awk)), files),
            Err(why) => return Some(Err(format!("awk: {why}"))),
        },
        "rev" => plain(Kind::Rev, options(args, "").1),
        "tac" => plain(Kind::Tac(vec![]), options(args, "").1),
        "nl" => plain(Kind::Cat { number: true }, options(args, "").1),
        "base64" => {
            let (flags, rest) = options(args, "w");
            if flags.iter().any(|f| f.0 == 'd') {
                return None;
            }
            plain(Kind::Base64 { text: String::new() }, rest)
        }
        _ => return None,
    };
    let mut filter = Filter { kind, inputs: VecDeque::new(), n: 0, status: 0, ended: false, begun: false };
    for file in &files {
        if file == "-" {
            filter.inputs.push_back(p.fds[0].clone());
            continue;
        }
        let path = p.path(file);
        match io.files.read(io.view, &path) {
            Some(text) => {
                let fd = m.new_text(&text);
                filter.inputs.push_back(fd);
            }
            None if matches!(file.as_str(), "/dev/null" | "/dev/zero" | "/dev/urandom" | "/dev/random") => {}
            None if matches!(file.as_str(), "/dev/stdin") => filter.inputs.push_back(p.fds[0].clone()),
            None => {
                let why = if io.files.is_dir(io.view, &path) { "Is a directory" } else { "No such file or directory" };
                let fd = p.fds[2].clone();
                m.write(&fd, &format!("{name}: {file}: {why}\n"), io);
                filter.status = if name == "grep" { 2 } else { 1 };
            }
        }
    }
    if files.is_empty() {
        filter.inputs.push_back(p.fds[0].clone());
    }
    Some(Ok(filter))
}

fn grep<'a>(name: &str, args: &[&'a str]) -> Result<(Kind, Vec<&'a str>), String> {
    let (flags, mut rest) = options(args, "efmAB");
    let has = |c: char| flags.iter().any(|f| f.0 == c);
    let mut patterns: Vec<&str> = flags.iter().filter(|f| f.0 == 'e').map(|f| f.1).collect();
    if patterns.is_empty() {
        if rest.is_empty() {
            return Err("grep: missing pattern".into());
        }
        patterns.push(rest.remove(0));
    }
    let mut regexes = vec![];
    for pattern in patterns {
        let pattern = if has('w') { format!("\\b{pattern}\\b").replace("\\b", "") } else { pattern.to_owned() };
        let regex = if has('F') || name == "fgrep" {
            Some(Regex::literal(&pattern, has('i')))
        } else {
            Regex::new(&pattern, has('E') || has('P') || name == "egrep", has('i'))
        };
        regexes.push(regex.ok_or_else(|| format!("grep: bad pattern {pattern}"))?);
    }
    let kind = Kind::Grep {
        regexes,
        invert: has('v'),
        count: has('c').then_some(0),
        quiet: has('q') || has('s') && has('q'),
        number: has('n'),
        only: has('o'),
        found: false,
    };
    Ok((kind, rest))
}

/// Starts `xargs`, which reads standard input.
pub fn xargs(args: &[&str]) -> Filter {
    let (mut each, mut place, mut i) = (usize::MAX, None, 0);
    while let Some(arg) = args.get(i).filter(|a| a.starts_with('-')) {
        i += 1;
        let value = |own: &str| if own.is_empty() { args.get(i).copied().unwrap_or("") } else { "" };
        match (&arg[..2.min(arg.len())], &arg[2.min(arg.len())..]) {
            ("-n", own) => {
                let text = if own.is_empty() { value(own) } else { own };
                i += usize::from(own.is_empty());
                each = text.parse().unwrap_or(1);
            }
            ("-I", own) => {
                place = Some(if own.is_empty() { value(own) } else { own }.to_owned());
                i += usize::from(own.is_empty());
                each = 1;
            }
            ("-P" | "-d", "") => i += 1,
            _ => {}
        }
    }
    let mut command: Vec<String> = args[i..].iter().map(|a| (*a).to_owned()).collect();
    if command.is_empty() {
        command.push("echo".to_owned());
    }
    let kind = Kind::Xargs { words: vec![], command, each, place, running: None, status: 0 };
    Filter { kind, inputs: VecDeque::new(), n: 0, status: 0, ended: false, begun: false }
}

/// The characters of a set as tr writes it: ranges, classes, escapes.
fn characters(text: &str) -> Vec<char> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = vec![];
    let mut i = 0;
    while i < chars.len() {
        if chars[i] == '\\' && i + 1 < chars.len() {
            out.push(match chars[i + 1] {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                '0' => '\0',
                c => c,
            });
            i += 2;
        } else if chars[i] == '['
            && chars.get(i + 1) == Some(&':')
            && let Some((len, holds)) = pattern::class(&chars[i..].iter().copied().chain([']']).collect::<Vec<_>>())
        {
            out.extend((0..128u8).map(char::from).filter(|c| holds(*c)));
            i += len;
        } else if chars.get(i + 1) == Some(&'-') && i + 2 < chars.len() {
            out.extend(chars[i]..=chars[i + 2]);
            i += 3;
        } else {
            out.push(chars[i]);
            i += 1;
        }
    }
    out
}

/// `1,3-5,7-`
fn ranges(text: &str) -> Vec<(usize, usize)> {
    text.split(',')
        .map(|r| match r.split_once('-') {
            Some((a, b)) => (a.parse().unwrap_or(1), b.parse().unwrap_or(usize::MAX)),
            None => r.parse().map_or((1, 1), |n| (n, n)),
        })
        .collect()
}
