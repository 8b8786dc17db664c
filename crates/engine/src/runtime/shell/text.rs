//! Programs that read lines and write lines: cat, head, tail, wc, grep, sort, uniq, tr, cut, tee, sed, awk and their like.

mod start;

use std::collections::VecDeque;
use std::rc::Rc;

use super::awk::Awk;
use super::regex::Regex;
use super::script::Script;
use super::sed::Sed;
use super::tools::Poll;
use super::{Fd, Line, Machine, Proc};

use crate::runtime::process::Io;
pub use start::{start, xargs};

/// What is done with the lines.
#[derive(Clone, Debug)]
enum Kind {
    Cat {
        number: bool,
    },
    Head {
        left: i64,
    },
    HeadBytes {
        left: usize,
    },
    Tail {
        keep: usize,
        skip: usize,
        lines: VecDeque<String>,
    },
    Count {
        lines: usize,
        words: usize,
        bytes: usize,
        shows: (bool, bool, bool),
    },
    Grep {
        regexes: Vec<Regex>,
        invert: bool,
        count: Option<usize>,
        quiet: bool,
        number: bool,
        only: bool,
        found: bool,
    },
    Sort {
        lines: Vec<String>,
        numeric: bool,
        reverse: bool,
        unique: bool,
        key: usize,
        separator: Option<char>,
    },
    Uniq {
        last: Option<(String, usize)>,
        count: bool,
    },
    Tr {
        from: Vec<char>,
        to: Vec<char>,
        delete: bool,
        squeeze: bool,
        complement: bool,
    },
    Cut {
        fields: Vec<(usize, usize)>,
        delimiter: char,
        chars: bool,
    },
    Tee {
        files: Vec<Rc<str>>,
    },
    Sed(Box<Sed>),
    Awk(Box<Awk>),
    Rev,
    Tac(Vec<String>),
    Base64 {
        text: String,
    },
    Xargs {
        words: Vec<String>,
        command: Vec<String>,
        each: usize,
        place: Option<String>,
        running: Option<u32>,
        status: i64,
    },
}

/// A program that reads lines.
#[derive(Clone, Debug)]
pub struct Filter {
    kind: Kind,
    inputs: VecDeque<Fd>,
    /// Which line this is.
    n: usize,
    status: i64,
    ended: bool,
    /// Whether it has run what comes before the first line.
    begun: bool,
}

impl Filter {
    /// How much text it keeps, in bytes.
    pub fn held_text(&self) -> usize {
        let lines = |l: &[String]| l.iter().map(String::len).sum::<usize>();
        match &self.kind {
            Kind::Sort { lines: l, .. } | Kind::Tac(l) | Kind::Xargs { words: l, .. } => lines(l),
            Kind::Tail { lines: l, .. } => l.iter().map(String::len).sum(),
            Kind::Base64 { text } => text.len(),
            Kind::Awk(awk) => awk.held_text(),
            _ => 0,
        }
    }
    /// What it still reads from.
    pub fn inputs(&self) -> impl Iterator<Item = &Fd> {
        self.inputs.iter()
    }
    /// Reads what there is, and writes what comes of it.
    pub fn poll(&mut self, p: &mut Proc, m: &mut Machine, io: &mut Io<'_>) -> Poll {
        if let Kind::Xargs { .. } = self.kind {
            return self.poll_xargs(p, m, io);
        }
        if !std::mem::replace(&mut self.begun, true)
            && let Kind::Awk(awk) = &mut self.kind
        {
            let text = awk.begin(p);
            m.write(&p.fds[1].clone(), &text, io);
        }
        for _ in 0..64 {
            if self.is_stuck(m) {
                return Poll::Wait;
            }
            let Some(fd) = self.inputs.front().cloned() else {
                let (text, code) = self.finish();
                m.write(&p.fds[1].clone(), &text, io);
                if self.is_stuck(m) {
                    return Poll::Wait;
                }
                return Poll::Done(if self.status != 0 { self.status } else { code });
            };
            match m.read_line(&fd, p.pid) {
                Line::Wait => return Poll::Wait,
                Line::End => {
                    self.inputs.pop_front();
                }
                Line::Text(line) => {
                    self.n += 1;
                    io.work += line.len();
                    if let Some(text) = self.line(line, io) {
                        m.write(&p.fds[1].clone(), &text, io);
                    }
                    if let Fd::Pipe(n) = p.fds[1]
                        && !m.is_read(n)
                    {
                        return Poll::Done(141);
                    }
                    if self.ended {
                        self.inputs.clear();
                    }
                }
            }
        }
        Poll::Again
    }
    /// Whether it is a program that loops for ever: it stays in the foreground, or takes all memory.
    fn is_stuck(&self, m: &mut Machine) -> bool {
        let Kind::Awk(awk) = &self.kind else { return false };
        m.out_of_memory |= awk.is_too_big();
        awk.is_stuck()
    }
    fn poll_xargs(&mut self, p: &mut Proc, m: &mut Machine, _io: &mut Io<'_>) -> Poll {
        let Kind::Xargs { words, command, each, place, running, status } = &mut self.kind else {
            return Poll::Done(0);
        };
        if let Some(pid) = running {
            match m.exit_of(*pid) {
                None => return Poll::Wait,
                Some(code) if code != 0 => *status = 123,
                Some(_) => {}
            }
            *running = None;
        }
        while !self.ended {
            let fd = p.fds[0].clone();
            match m.read_line(&fd, p.pid) {
                Line::Wait => return Poll::Wait,
                Line::End => self.ended = true,
                Line::Text(line) if place.is_some() => words.push(line.trim().to_owned()),
                Line::Text(line) => words.extend(line.split_whitespace().map(str::to_owned)),
            }
        }
        if words.is_empty() {
            return Poll::Done(*status);
        }
        let n = (*each).clamp(1, words.len());
        let batch: Vec<String> = words.drain(..n).collect();
        let full: Vec<String> = match place {
            Some(place) => command.iter().map(|w| w.replace(place.as_str(), &batch[0])).collect(),
            None => command.iter().cloned().chain(batch).collect(),
        };
        let env = p.script.as_ref().map(|s| s.environment()).unwrap_or_default();
        let mut child = Script::new(&env, "sh");
        child.start_words(&full);
        *running = Some(m.spawn(p.pid, p.fds.clone(), p.cwd.clone(), child));
        Poll::Again
    }
    /// What comes of a line.
    fn line(&mut self, line: String, io: &mut Io<'_>) -> Option<String> {
        match &mut self.kind {
            Kind::Cat { number: true } => Some(format!("{:>6}\t{line}\n", self.n)),
            Kind::Cat { .. } => Some(line + "\n"),
            Kind::Head { left } => {
                *left -= 1;
                self.ended = *left <= 0;
                (*left >= 0).then(|| line + "\n")
            }
            Kind::HeadBytes { left } => {
                let text: String = (line + "\n").chars().take(*left).collect();
                *left -= text.chars().count();
                self.ended = *left == 0;
                Some(text)
            }
            Kind::Tail { keep, skip, lines } => {
                if self.n > *skip {
                    lines.push_back(line);
                    if lines.len() > *keep {
                        lines.pop_front();
                    }
                }
                None
            }
            Kind::Count { lines, words, bytes, .. } => {
                *lines += 1;
                *words += line.split_whitespace().count();
                *bytes += line.len() + 1;
                None
            }
            Kind::Grep { regexes, invert, count, quiet, number, only, found } => {
                let hit = regexes.iter().any(|r| r.is_match(&line)) != *invert;
                if !hit {
                    return None;
                }
                *found = true;
                if let Some(n) = count {
                    *n += 1;
                    return None;
                }
                if *quiet {
                    self.ended = true;
                    return None;
                }
                let mark = if *number { format!("{}:", self.n) } else { String::new() };
                if *only {
                    let chars: Vec<char> = line.chars().collect();
                    let (mut out, mut at) = (String::new(), 0);
                    while let Some((from, to, _)) = regexes.iter().find_map(|r| r.find(&chars, at)) {
                        if to > from {
                            out += &format!("{mark}{}\n", chars[from..to].iter().collect::<String>());
                        }
                        at = to.max(from + 1);
                    }
                    return Some(out);
                }
                Some(format!("{mark}{line}\n"))
            }
            Kind::Sort { lines, .. } | Kind::Tac(lines) => {
                lines.push(line);
                None
            }
            Kind::Uniq { last, count } => match last {
                Some((text, n)) if *text == line => {
                    *n += 1;
                    None
                }
                _ => last.replace((line, 1)).map(|l| unique(&l, *count)),
            },
            Kind::Tr { from, to, delete, squeeze, complement } => {
                let mut out = String::new();
                for c in (line + "\n").chars() {
                    let place = from.iter().rposition(|f| *f == c);
                    let hit = place.is_some() != *complement;
                    if !hit {
                        out.push(c);
                    } else if *delete {
                    } else if to.is_empty() {
                        if !(*squeeze && out.ends_with(c)) {
                            out.push(c);
                        }
                    } else {
                        let with = place.and_then(|i| to.get(i)).or(to.last()).copied().unwrap_or(c);
                        if !(*squeeze && out.ends_with(with)) {
                            out.push(with);
                        }
                    }
                }
                Some(out)
            }
            Kind::Cut { fields, delimiter, chars } => {
                let wanted = |i: usize| fields.iter().any(|(a, b)| (*a..=*b).contains(&(i + 1)));
                if *chars {
                    let kept: String = line.chars().enumerate().filter(|(i, _)| wanted(*i)).map(|(_, c)| c).collect();
                    return Some(kept + "\n");
                }
                if !line.contains(*delimiter) {
                    return Some(line + "\n");
                }
                let kept: Vec<&str> =
                    line.split(*delimiter).enumerate().filter(|(i, _)| wanted(*i)).map(|(_, f)| f).collect();
                Some(kept.join(&delimiter.to_string()) + "\n")
            }
            Kind::Tee { files } => {
                let text = line + "\n";
                for file in files {
                    // A file that cannot be written any more takes nothing.
                    let _ = io.files.write(io.view, file, &text, true);
                }
                Some(text)
            }
            Kind::Sed(sed) => {
                let (text, quit) = sed.line(&line, self.n);
                self.ended = quit;
                Some(text)
            }
            Kind::Awk(awk) => {
                let (text, quit) = awk.line(&line, self.n);
                self.ended = quit;
                Some(text)
            }
            Kind::Rev => Some(line.chars().rev().collect::<String>() + "\n"),
            Kind::Base64 { text } => {
                *text += &line;
                text.push('\n');
                None
            }
            Kind::Xargs { .. } => None,
        }
    }
    /// What comes at the end, and the status.
    fn finish(&mut self) -> (String, i64) {
        match &mut self.kind {
            Kind::Tail { lines, .. } => (lines.iter().map(|l| format!("{l}\n")).collect(), 0),
            Kind::Count { lines, words, bytes, shows } => {
                let parts: Vec<String> = [(shows.0, *lines), (shows.1, *words), (shows.2, *bytes)]
                    .iter()
                    .filter(|(on, _)| *on)
                    .map(|(_, n)| n.to_string())
                    .collect();
                let text = if parts.len() == 1 {
                    parts[0].clone()
                } else {
                    parts.iter().map(|n| format!("{n:>7}")).collect::<Vec<_>>().join(" ")
                };
                (text + "\n", 0)
            }
            Kind::Grep { count, found, .. } => {
                (count.map(|n| format!("{n}\n")).unwrap_or_default(), i64::from(!*found))
            }
            Kind::Sort { lines, numeric, reverse, unique, key, separator } => {
                let field = |l: &str| -> String {
                    match (*key, *separator) {
                        (0, _) => l.to_owned(),
                        (k, Some(s)) => l.split(s).nth(k - 1).unwrap_or("").to_owned(),
                        (k, None) => l.split_whitespace().nth(k - 1).unwrap_or("").to_owned(),
                    }
                };
                let number = |l: &str| -> f64 {
                    let t = l.trim_start();
                    let n = t.find(|c: char| !c.is_ascii_digit() && c != '-' && c != '.').unwrap_or(t.len());
                    t[..n].parse().unwrap_or(0.0)
                };
                lines.sort_by(|a, b| {
                    let (x, y) = (field(a), field(b));
                    let by_key = if *numeric { number(&x).total_cmp(&number(&y)) } else { x.cmp(&y) };
                    by_key.then_with(|| a.cmp(b))
                });
                if *reverse {
                    lines.reverse();
                }
                if *unique {
                    lines.dedup();
                }
                (lines.iter().map(|l| format!("{l}\n")).collect(), 0)
            }
            Kind::Uniq { last, count } => (last.take().map(|l| unique(&l, *count)).unwrap_or_default(), 0),
            Kind::Tac(lines) => (lines.iter().rev().map(|l| format!("{l}\n")).collect(), 0),
            Kind::Awk(awk) => awk.finish(),
            Kind::Base64 { text } => (encode_base64(text.as_bytes()) + "\n", 0),
            _ => (String::new(), 0),
        }
    }
}

fn unique((line, n): &(String, usize), count: bool) -> String {
    if count { format!("{n:>7} {line}\n") } else { format!("{line}\n") }
}

fn encode_base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(char::from(LETTERS[(n >> (18 - 6 * i) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}
