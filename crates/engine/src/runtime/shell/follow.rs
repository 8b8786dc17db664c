//! `tail -f` and `tail -F`: the end of files, and then what is added to them, for ever.

use std::rc::Rc;

use super::tools::Poll;
use super::{Fd, Machine, Proc};
use crate::runtime::process::Io;

#[derive(Clone, Debug)]
struct File {
    name: String,
    path: String,
    /// How much of it was printed; none where it was not there.
    at: Option<usize>,
}

/// What it follows.
#[derive(Clone, Debug)]
pub struct Follow {
    files: Vec<File>,
    /// `-F`: a file that is not there may come.
    retry: bool,
    /// `-n`: how many lines at the end, or from which line on.
    lines: usize,
    from_start: bool,
    begun: bool,
    /// The file whose lines were printed last.
    last: Option<usize>,
}

/// Whether the arguments ask to follow.
pub fn follows(args: &[&str]) -> bool {
    args.iter().any(|a| match a.strip_prefix("--") {
        Some(long) => long == "retry" || long.starts_with("follow"),
        None => a.starts_with('-') && a.contains(['f', 'F']),
    })
}

impl Follow {
    /// Reads the arguments.
    pub fn new(p: &Proc, args: &[&str]) -> Self {
        let mut out = Self { files: vec![], retry: false, lines: 10, from_start: false, begun: false, last: None };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(letters) = arg.strip_prefix('-').filter(|l| !l.is_empty()) else {
                out.files.push(File { name: (*arg).to_owned(), path: p.path(arg), at: None });
                continue;
            };
            if let Some(long) = letters.strip_prefix('-') {
                out.retry |= long == "retry" || long == "follow=name";
                continue;
            }
            let count = match letters.find('n') {
                Some(i) if letters[i + 1..].is_empty() => args.next().copied().unwrap_or(""),
                Some(i) => &letters[i + 1..],
                None => letters.trim_start_matches(['f', 'F']),
            };
            out.retry |= letters.split('n').next().is_some_and(|l| l.contains('F'));
            if let Ok(n) = count.trim_start_matches(['+', '-']).parse::<usize>() {
                out.lines = n;
                out.from_start = count.starts_with('+');
            }
        }
        out
    }
    /// The part of a text that is printed at first.
    fn beginning(&self, text: &str) -> usize {
        let ends = || text.match_indices('\n').map(|(i, _)| i + 1);
        if self.from_start {
            return self.lines.checked_sub(2).map_or(0, |n| ends().nth(n).unwrap_or(text.len()));
        }
        let whole = text.len() - usize::from(text.ends_with('\n'));
        let before = text[..whole].matches('\n').count() + usize::from(whole > 0);
        before.checked_sub(self.lines).filter(|n| *n > 0).map_or(0, |n| ends().nth(n - 1).unwrap_or(0))
    }
    /// Prints what is new.
    pub fn poll(&mut self, p: &mut Proc, m: &mut Machine, io: &mut Io<'_>) -> Poll {
        let (out, err) = (p.fds[1].clone(), p.fds[2].clone());
        if let Fd::Pipe(n) = out
            && !m.is_read(n)
        {
            return Poll::Done(141);
        }
        let several = self.files.len() > 1;
        let mut printed = false;
        for i in 0..self.files.len() {
            let text = io.files.read(io.view, &self.files[i].path);
            let (name, at) = (self.files[i].name.clone(), self.files[i].at);
            let say = |m: &mut Machine, io: &mut Io<'_>, what: String| m.write(&err, &format!("tail: {what}\n"), io);
            let from = match (&text, at) {
                (None, None) => {
                    if !self.begun {
                        say(m, io, format!("cannot open '{name}' for reading: No such file or directory"));
                    }
                    continue;
                }
                (None, Some(_)) => {
                    // Without `-F` the file that was opened goes on to be read, and nothing is added to it.
                    if self.retry {
                        say(m, io, format!("'{name}' has become inaccessible: No such file or directory"));
                        self.files[i].at = None;
                    }
                    continue;
                }
                (Some(text), None) if !self.begun => self.beginning(text),
                (Some(_), None) => {
                    if !self.retry {
                        continue;
                    }
                    say(m, io, format!("'{name}' has appeared;  following new file"));
                    0
                }
                (Some(text), Some(at)) if text.len() < at => {
                    say(m, io, format!("{name}: file truncated"));
                    0
                }
                (Some(_), Some(at)) => at,
            };
            let Some(text) = text else { continue };
            self.files[i].at = Some(text.len());
            let new: Rc<str> = Rc::from(text.get(from..).unwrap_or(""));
            if several && self.last != Some(i) && (!new.is_empty() || !self.begun) {
                let gap = if self.last.is_some() { "\n" } else { "" };
                m.write(&out, &format!("{gap}==> {name} <==\n"), io);
                self.last = Some(i);
            }
            m.write(&out, &new, io);
            printed |= !new.is_empty();
        }
        self.begun = true;
        if !self.retry && self.files.iter().all(|f| f.at.is_none()) && !self.files.is_empty() {
            m.write(&err, "tail: no files remaining\n", io);
            return Poll::Done(1);
        }
        if printed { Poll::Again } else { Poll::Wait }
    }
}
