//! sed, as far as one-liners use it: `s`, `d`, `p`, `q`, `y`-less, with line numbers, patterns and ranges.

use super::limits::LONGEST_TEXT;
use super::regex::Regex;

#[derive(Clone, Debug)]
enum Address {
    Line(usize),
    Last,
    Match(Regex),
}

#[derive(Clone, Debug)]
enum Action {
    Substitute { regex: Regex, with: String, global: bool, print: bool },
    Delete,
    Print,
    Quit,
}

#[derive(Clone, Debug)]
struct Command {
    from: Option<Address>,
    to: Option<Address>,
    within: bool,
    negated: bool,
    action: Action,
}

/// A running sed.
#[derive(Clone, Debug)]
pub struct Sed {
    commands: Vec<Command>,
    quiet: bool,
}

/// Text up to an unescaped delimiter, and what follows it.
fn delimited(text: &str, delimiter: char) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        if c == delimiter {
            return Some((out, &text[i + c.len_utf8()..]));
        }
        if c == '\\' {
            let (_, next) = chars.next()?;
            if next != delimiter {
                out.push('\\');
            }
            out.push(next);
        } else {
            out.push(c);
        }
    }
    None
}

impl Sed {
    /// Reads the arguments. Returns the files, too.
    pub fn new(args: &[&str]) -> Result<(Self, Vec<String>), String> {
        let (mut quiet, mut extended) = (false, false);
        let (mut scripts, mut files) = (vec![], vec![]);
        let mut i = 0;
        while let Some(arg) = args.get(i) {
            i += 1;
            match *arg {
                "-n" => quiet = true,
                "-E" | "-r" => extended = true,
                "-e" => {
                    scripts.push(args.get(i).copied().unwrap_or(""));
                    i += 1;
                }
                "-i" | "-u" | "-s" => {}
                a if scripts.is_empty() => scripts.push(a),
                a => files.push(a.to_owned()),
            }
        }
        let mut sed = Self { commands: vec![], quiet };
        for script in scripts {
            let mut rest = script.trim_start_matches([';', ' ', '\n']);
            while !rest.is_empty() {
                rest = sed.command(rest, extended)?.trim_start_matches([';', ' ', '\n', '}']);
            }
        }
        Ok((sed, files))
    }
    fn address(text: &str, extended: bool) -> Result<(Option<Address>, &str), String> {
        if let Some(rest) = text.strip_prefix('/') {
            let (re, rest) = delimited(rest, '/').ok_or("unterminated address regex")?;
            let regex = Regex::new(&re, extended, false).ok_or("bad regex")?;
            return Ok((Some(Address::Match(regex)), rest));
        }
        if let Some(rest) = text.strip_prefix('$') {
            return Ok((Some(Address::Last), rest));
        }
        let n = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        Ok((text[..n].parse().ok().map(Address::Line), &text[n..]))
    }
    fn command<'a>(&mut self, text: &'a str, extended: bool) -> Result<&'a str, String> {
        let (from, mut rest) = Self::address(text, extended)?;
        let mut to = None;
        if let Some(r) = rest.strip_prefix(',') {
            (to, rest) = Self::address(r, extended)?;
        }
        rest = rest.trim_start();
        let negated = rest.starts_with('!');
        rest = rest.trim_start_matches(['!', ' ', '{']);
        let c = rest.chars().next().ok_or("missing command")?;
        rest = &rest[c.len_utf8()..];
        let action = match c {
            'd' => Action::Delete,
            'p' => Action::Print,
            'q' => Action::Quit,
            's' => {
                let delimiter = rest.chars().next().ok_or("unterminated `s' command")?;
                let (re, r) = delimited(&rest[delimiter.len_utf8()..], delimiter).ok_or("unterminated `s' command")?;
                let (with, r) = delimited(r, delimiter).ok_or("unterminated `s' command")?;
                let n = r.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(r.len());
                let flags = &r[..n];
                rest = &r[n..];
                let ignore = flags.contains(['i', 'I']);
                let regex = Regex::new(&re, extended, ignore).ok_or("bad regex")?;
                Action::Substitute { regex, with, global: flags.contains('g'), print: flags.contains('p') }
            }
            other => return Err(format!("unknown command: `{other}'")),
        };
        self.commands.push(Command { from, to, within: false, negated, action });
        Ok(rest)
    }
    /// What comes of a line, and whether sed ends.
    pub fn line(&mut self, line: &str, n: usize) -> (String, bool) {
        let mut text = line.to_owned();
        let mut out = String::new();
        let (mut deleted, mut quit) = (false, false);
        for c in &mut self.commands {
            let hits = |a: &Address| match a {
                Address::Line(l) => *l == n,
                Address::Last => false,
                Address::Match(r) => r.is_match(&text),
            };
            let selected = match (&c.from, &c.to) {
                (None, _) => true,
                (Some(a), None) => hits(a),
                (Some(a), Some(b)) => {
                    if c.within {
                        c.within = !hits(b);
                        true
                    } else {
                        let begins = hits(a);
                        c.within = begins && !matches!(b, Address::Line(l) if *l <= n);
                        begins
                    }
                }
            };
            if selected == c.negated {
                continue;
            }
            match &c.action {
                Action::Delete => {
                    deleted = true;
                    break;
                }
                Action::Print => out += &format!("{text}\n"),
                Action::Quit => {
                    quit = true;
                    break;
                }
                Action::Substitute { regex, with, global, print } => {
                    let (new, hit) = substitute(regex, &text, with, *global);
                    text = new;
                    if hit && *print {
                        out += &format!("{text}\n");
                    }
                }
            }
        }
        if !deleted && !self.quiet {
            out += &format!("{text}\n");
        }
        (out, quit)
    }
}

/// Replaces the first match, or all.
pub fn substitute(regex: &Regex, text: &str, with: &str, global: bool) -> (String, bool) {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at, mut hit) = (String::new(), 0, false);
    while at <= chars.len() && out.len() < LONGEST_TEXT {
        let Some((from, to, groups)) = regex.find(&chars, at) else { break };
        hit = true;
        out.extend(&chars[at..from]);
        let mut with = with.chars();
        while let Some(c) = with.next() {
            match c {
                '&' => out.extend(&chars[from..to]),
                '\\' => match with.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some(d) if d.is_ascii_digit() => {
                        if let Some(Some((a, b))) = groups.get(d as usize - '0' as usize) {
                            out.extend(&chars[*a..*b]);
                        }
                    }
                    Some(c) => out.push(c),
                    None => {}
                },
                c => out.push(c),
            }
        }
        at = to;
        if to == from {
            if let Some(c) = chars.get(at) {
                out.push(*c);
            }
            at += 1;
        }
        if !global {
            break;
        }
    }
    out.extend(chars.get(at..).unwrap_or(&[]));
    (out, hit)
}
