//! The shell's own commands: what a small box has besides kubectl.

use std::rc::Rc;

use super::{Done, Flow, Waiting, kubectl, ok};
use crate::clock::{Millis, SECOND, Time};
use crate::kubectl::session::{Io, Poll};
use crate::kubectl::shell::Command;
use crate::kubectl::{Cx, filters};

/// `watch`: a command every few seconds, on a screen that is wiped.
#[derive(Clone)]
pub struct Repeat {
    command: Vec<String>,
    every: Millis,
    next: Time,
}

impl Repeat {
    /// Shows the command again when it is time.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        if cx.now >= self.next {
            io.clear = true;
            io.screen.clear();
            io.out.clear();
            let seconds = self.every as f64 / SECOND as f64;
            io.print(&format!("Every {seconds:.1}s: {}\n\n", self.command.join(" ")));
            if let Err(failure) = run(&self.command, cx, io) {
                io.fail(&failure);
            }
            self.next = cx.now + self.every;
        }
        Ok(Flow::Wait(Waiting::Repeat(Box::new(self))))
    }
    /// When it goes on.
    pub fn until(&self) -> Poll {
        Poll::WaitUntil(self.next)
    }
}

/// Names that the shell knows, for completion.
pub const NAMES: [&str; 14] = [
    "alias", "cat", "clear", "date", "echo", "export", "history", "kubectl", "ls", "pwd", "rm", "sleep", "vi", "watch",
];

fn wrong(io: &mut Io, text: &str, code: i32) -> Done {
    io.complain(text);
    Ok(Flow::Exit(code))
}

/// Whether a word is `name=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (plain && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).then_some((name, value))
}

/// Runs a command by its words.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let set = words.iter().take_while(|w| assignment(w).is_some()).count();
    if set > 0 {
        if set == words.len() {
            for (name, value) in words.iter().filter_map(|w| assignment(w)) {
                Rc::make_mut(&mut cx.home.vars).insert(name.to_owned(), value.to_owned());
            }
            return ok();
        }
        return run(&words[set..], cx, io);
    }
    let Some(first) = words.first() else { return ok() };
    let rest = &words[1..];
    let plain: Vec<&String> = rest.iter().filter(|w| !w.starts_with('-')).collect();
    match first.as_str() {
        "kubectl" => kubectl(rest, cx, io),
        "sleep" => {
            let Some(seconds) = rest.first().and_then(|w| w.trim_end_matches('s').parse::<f64>().ok()) else {
                return wrong(io, &format!("sleep: invalid number '{}'", rest.join(" ")), 1);
            };
            let length = (seconds.clamp(0.0, 1e9) * SECOND as f64) as Millis;
            Ok(Flow::Wait(Waiting::Sleep(cx.now + length)))
        }
        "true" | ":" | "source" | "." | "complete" | "bind" | "shopt" => ok(),
        "set" if rest.first().is_none_or(|w| w.starts_with(['-', '+'])) => ok(),
        "test" | "[" => {
            let words: Vec<&str> = rest.iter().map(String::as_str).filter(|w| *w != "]").collect();
            Ok(Flow::Exit(i32::from(!test(&words, cx, io))))
        }
        "seq" => {
            let n: Vec<i64> = rest.iter().filter_map(|w| w.parse().ok()).collect();
            let (from, by, to) = match n.as_slice() {
                [to] => (1, 1, *to),
                [from, to] => (*from, 1, *to),
                [from, by, to] if *by > 0 => (*from, *by, *to),
                _ => return wrong(io, "usage: seq [FIRST [STEP]] LAST", 1),
            };
            (from..=to).step_by(by as usize).take(10_000).for_each(|n| io.line(&n.to_string()));
            ok()
        }
        "hostname" => {
            io.line("controlplane");
            ok()
        }
        "false" => Ok(Flow::Exit(1)),
        "clear" | "reset" => {
            io.clear = true;
            io.screen.clear();
            ok()
        }
        "echo" | "printf" => {
            echo(first == "printf", rest, io);
            ok()
        }
        "pwd" => {
            io.line("/root");
            ok()
        }
        "cd" | "mkdir" | "chmod" => ok(),
        "whoami" => {
            io.line("root");
            ok()
        }
        "date" => {
            let now = cx.now.date();
            io.line(&now);
            ok()
        }
        "export" => {
            for (name, value) in rest.iter().filter_map(|w| assignment(w)) {
                Rc::make_mut(&mut cx.home.vars).insert(name.to_owned(), value.to_owned());
            }
            ok()
        }
        "unset" => {
            plain.iter().for_each(|n| drop(Rc::make_mut(&mut cx.home.vars).remove(n.as_str())));
            ok()
        }
        "env" => {
            let lines: Vec<String> = cx.home.vars.iter().map(|(k, v)| format!("{k}={v}")).collect();
            lines.iter().for_each(|l| io.line(l));
            ok()
        }
        "alias" if rest.is_empty() => {
            let lines: Vec<String> = cx.home.aliases.iter().map(|(k, v)| format!("alias {k}='{v}'")).collect();
            lines.iter().for_each(|l| io.line(l));
            ok()
        }
        "alias" => {
            for word in rest {
                match word.split_once('=') {
                    Some((name, text)) => {
                        drop(Rc::make_mut(&mut cx.home.aliases).insert(name.to_owned(), text.to_owned()));
                    }
                    None => match cx.home.aliases.get(word) {
                        Some(text) => io.line(&format!("alias {word}='{text}'")),
                        None => return wrong(io, &format!("sh: alias: {word}: not found"), 1),
                    },
                }
            }
            ok()
        }
        "unalias" => {
            plain.iter().for_each(|n| drop(Rc::make_mut(&mut cx.home.aliases).remove(n.as_str())));
            ok()
        }
        "which" | "type" => {
            for name in &plain {
                match name.as_str() {
                    "kubectl" => io.line("/usr/local/bin/kubectl"),
                    name if filters::FILTERS.contains(&name) || NAMES.contains(&name) => {
                        io.line(&format!("/bin/{name}"));
                    }
                    _ => return Ok(Flow::Exit(1)),
                }
            }
            ok()
        }
        "ls" => {
            let mut names: Vec<String> = cx.home.files().map(|(k, _)| k.to_owned()).collect();
            names.extend(io.files.iter().map(|(k, _)| k.clone()));
            names.sort();
            names.dedup();
            for wanted in &plain {
                if !names.contains(wanted) && ![".", "./", "~"].contains(&wanted.as_str()) {
                    return wrong(io, &format!("ls: {wanted}: No such file or directory"), 1);
                }
            }
            names.retain(|n| plain.iter().all(|p| *p == n || p.starts_with(['.', '~'])));
            names.iter().for_each(|n| io.line(n));
            ok()
        }
        "touch" => {
            for name in &plain {
                if io.read(name, cx).is_none() {
                    cx.home.write(name, "");
                }
            }
            ok()
        }
        "rm" => {
            for name in &plain {
                let name = name.trim_start_matches("./");
                if Rc::make_mut(&mut cx.home.files).remove(name).is_none() && !rest.iter().any(|w| w == "-f") {
                    let why = if io.read(name, cx).is_some() { "Read-only file" } else { "No such file or directory" };
                    return wrong(io, &format!("rm: can't remove '{name}': {why}"), 1);
                }
            }
            ok()
        }
        "cp" | "mv" => {
            let [from, to] = plain.as_slice() else { return wrong(io, &format!("{first}: missing operand"), 1) };
            let Some(text) = io.read(from, cx) else {
                return wrong(io, &format!("{first}: can't stat '{from}': No such file or directory"), 1);
            };
            cx.home.write(to.trim_start_matches("./"), &text);
            if first == "mv" {
                Rc::make_mut(&mut cx.home.files).remove(from.trim_start_matches("./"));
            }
            ok()
        }
        "tee" => {
            let text = io.stdin.clone();
            for name in &plain {
                let before = if rest.iter().any(|w| w == "-a") { io.read(name, cx) } else { None };
                let all = before.map_or_else(String::new, |b| b.to_string()) + &text;
                cx.home.write(name, &all);
            }
            io.print(&text);
            ok()
        }
        "xargs" => {
            let mut all = rest.to_vec();
            all.retain(|w| w != "-r" && w != "--no-run-if-empty");
            let stdin = std::mem::take(&mut io.stdin);
            // `-I{}`: a command for each line; `-n1`: one for each word.
            let mark = match all.first().map(String::as_str) {
                Some("-I") => (all.len() > 1).then(|| all.drain(..2).nth(1).unwrap_or_default()),
                Some(w) if w.starts_with("-I") => Some(all.remove(0)[2..].to_owned()),
                _ => None,
            };
            let single = match all.first().map(String::as_str) {
                Some("-n1") => all.drain(..1).next().is_some(),
                Some("-n") if all.get(1).is_some_and(|w| w == "1") => all.drain(..2).next().is_some(),
                _ => false,
            };
            if mark.is_some() || single {
                let parts: Vec<&str> =
                    if single { stdin.split_whitespace().collect() } else { stdin.lines().collect() };
                let mut code = 0;
                for part in parts {
                    let mut words = all.clone();
                    match &mark {
                        Some(mark) => words.iter_mut().for_each(|w| *w = w.replace(mark, part.trim())),
                        None => words.push(part.to_owned()),
                    }
                    // What waits is asked for, and not waited for.
                    code = match run(&words, cx, io) {
                        Ok(Flow::Exit(code)) => code,
                        Ok(Flow::Wait(_)) => 0,
                        Err(failure) => io.fail(&failure),
                    };
                }
                return Ok(Flow::Exit(code));
            }
            io.stdin = stdin;
            if all.is_empty() {
                all.push("echo".into());
            }
            all.extend(io.stdin.split_whitespace().map(str::to_owned));
            io.stdin = Rc::from("");
            run(&all, cx, io)
        }
        "vi" | "vim" | "nano" | "emacs" | "code" => {
            let Some(name) = plain.first() else { return wrong(io, &format!("usage: {first} FILE"), 1) };
            let text = io.read(name, cx).map_or_else(String::new, |t| t.to_string());
            io.edit = Some(((*name).clone(), text));
            ok()
        }
        "watch" => watch(rest, cx, io),
        "time" | "sudo" | "command" => run(rest, cx, io),
        name => {
            let stdin = io.stdin.clone();
            let home = &*cx;
            let done = filters::run(words, &stdin, &|file| io.read(file, home).map(|t| t.to_string()));
            match done {
                Some(done) => {
                    io.print(&done.out);
                    if !done.err.is_empty() {
                        io.complain(&done.err);
                    }
                    Ok(Flow::Exit(done.exit))
                }
                None if super::COMMANDS.contains(&name) => kubectl(words, cx, io),
                None => wrong(io, &format!("sh: {name}: not found"), 127),
            }
        }
    }
}

/// `test`: files, texts and numbers.
fn test(words: &[&str], cx: &Cx<'_>, io: &Io) -> bool {
    let number = |w: &str| w.parse::<i64>().unwrap_or(0);
    match words {
        ["!", rest @ ..] => !test(rest, cx, io),
        ["-f" | "-e" | "-s" | "-r", file] => io.read(file, cx).is_some(),
        ["-d", _] | ["-z", ""] => true,
        ["-z", _] => false,
        ["-n", text] | [text] => !text.is_empty(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, operator, b] => {
            let order = number(a).cmp(&number(b));
            match *operator {
                "-eq" => order.is_eq(),
                "-ne" => order.is_ne(),
                "-lt" => order.is_lt(),
                "-le" => order.is_le(),
                "-gt" => order.is_gt(),
                "-ge" => order.is_ge(),
                _ => false,
            }
        }
        _ => false,
    }
}

fn watch(rest: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let mut every = 2.0;
    let mut words = rest;
    while let Some(word) = words.first().filter(|w| w.starts_with('-')) {
        words = &words[1..];
        let value = match word.strip_prefix("-n").or(word.strip_prefix("--interval")) {
            Some("") => {
                let value = words.first().cloned();
                words = words.get(1..).unwrap_or_default();
                value
            }
            Some(value) => Some(value.trim_start_matches('=').to_owned()),
            None => continue,
        };
        every = value.and_then(|v| v.parse().ok()).unwrap_or(2.0f64).clamp(0.1, 1e6);
    }
    if words.is_empty() {
        return wrong(io, "usage: watch [-n SECONDS] COMMAND", 1);
    }
    let mut command = words.to_vec();
    if let [one] = words {
        command = one.split_whitespace().map(str::to_owned).collect();
    }
    let alias = command.first().and_then(|first| cx.home.aliases.get(first)).cloned();
    if let Some(text) = alias {
        command.splice(0..1, text.split_whitespace().map(str::to_owned));
    }
    let every = (every * SECOND as f64) as Millis;
    Repeat { command, every, next: cx.now }.poll(cx, io)
}

fn echo(formatted: bool, rest: &[String], io: &mut Io) {
    let mut words = rest;
    let mut escapes = formatted;
    let mut newline = !formatted;
    while let Some(flag @ ("-n" | "-e" | "-ne" | "-en")) = words.first().map(String::as_str).filter(|_| !formatted) {
        newline &= !flag.contains('n');
        escapes |= flag.contains('e');
        words = &words[1..];
    }
    let mut text = if formatted {
        let mut values = words.iter().skip(1);
        let mut pieces = words.first().map_or("", String::as_str).split("%s");
        let mut out = pieces.next().unwrap_or("").to_owned();
        for piece in pieces {
            out += values.next().map_or("", String::as_str);
            out += piece;
        }
        out
    } else {
        words.join(" ")
    };
    if escapes {
        text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\");
    }
    if newline {
        text.push('\n');
    }
    io.print(&text);
}

/// Runs a command of a pipeline.
pub fn start(command: &Command, cx: &mut Cx<'_>, io: &mut Io) -> Done {
    run(&command.words, cx, io)
}
