//! Programs: which there are, how each starts, and how it goes on.

use std::collections::VecDeque;

use super::builtins;
use super::follow::{self, Follow};
use super::play::{self, Play};
use super::script::{self, Options, Script};
use super::text::{self, Filter};
use super::{Machine, Proc, files, limits, misc};
use crate::clock::{Millis, Time};
use crate::runtime::process::Io;

/// How long a server takes to end once told to.
const SERVER_STOP: Millis = 100;

/// A program that runs.
#[derive(Clone, Debug)]
pub enum Tool {
    /// Ends then.
    Sleep(Time),
    /// Never ends by itself.
    Forever,
    /// Serves until it is told to stop.
    Server(Option<Time>),
    /// `read`
    Read { names: Vec<String>, raw: bool, ifs: String },
    /// A program in place of the shell.
    Exec(Box<Tool>),
    /// Another process, which is waited for.
    Child(u32),
    /// Another process, for so long.
    Timeout { pid: u32, deadline: Time, signal: String, fired: bool },
    /// Reads lines and writes lines.
    Filter(Box<Filter>),
    /// Writes one line for ever.
    Yes(String),
    /// Prints lines at their times.
    Play(Box<Play>),
    /// Prints what is added to files.
    Follow(Box<Follow>),
    /// Has ended.
    Ended(i64),
}

/// How far a program is.
pub enum Poll {
    /// It waits.
    Wait,
    /// It can go on at once.
    Again,
    /// It has ended.
    Done(i64),
}

/// What starting a program gave.
pub enum Started {
    /// A program.
    Tool(Tool),
    /// A shell.
    Script(Box<Script>),
}

/// Programs that a base system has, beside the shell's builtins.
const BASE: &[&str] = &[
    "sleep",
    "cat",
    "head",
    "tail",
    "wc",
    "grep",
    "egrep",
    "fgrep",
    "sort",
    "uniq",
    "tr",
    "cut",
    "tee",
    "sed",
    "awk",
    "gawk",
    "mawk",
    "rev",
    "tac",
    "nl",
    "seq",
    "date",
    "env",
    "printenv",
    "ls",
    "touch",
    "mkdir",
    "rm",
    "rmdir",
    "mv",
    "cp",
    "ln",
    "chmod",
    "chown",
    "hostname",
    "id",
    "whoami",
    "uname",
    "nproc",
    "mktemp",
    "timeout",
    "yes",
    "expr",
    "basename",
    "dirname",
    "xargs",
    "sh",
    "bash",
    "ash",
    "dash",
    "nohup",
    "nice",
    "time",
    "stdbuf",
    "setsid",
    "sync",
    "df",
    "du",
    "free",
    "ps",
    "top",
    "uptime",
    "find",
    "stat",
    "md5sum",
    "sha256sum",
    "base64",
    "od",
    "dd",
    "which",
    "readlink",
    "realpath",
    "stty",
    "tty",
    "clear",
    "arch",
    "test",
    "[",
    "true",
    "false",
    "echo",
    "printf",
    "pwd",
    "kill",
    "busybox",
    "fold",
    "comm",
    "paste",
    "split",
    "tar",
    "gzip",
    "gunzip",
    "wget",
    "nc",
    "ping",
    "nslookup",
    "vi",
    "mount",
    "umount",
    "ifconfig",
    "ip",
    "netstat",
    "hexdump",
    "diff",
    "cmp",
    "fsync",
    "usleep",
    "watch",
    "killall",
    "pidof",
    "tini",
    "dumb-init",
    "getent",
    "shuf",
    "factor",
    "bc",
    "dc",
    "crond",
    "cron",
];

fn base_name(name: &str) -> &str {
    let folders = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"];
    folders.iter().find_map(|f| name.strip_prefix(f)).filter(|n| !n.contains('/')).unwrap_or(name)
}

/// Whether there is a program of this name.
pub fn exists(name: &str) -> bool {
    let name = base_name(name);
    BASE.contains(&name) || play::knows(name)
}

/// How long a text like `0.5`, `2m` or `1h` is; none for what is no duration, the longest for `infinity`.
pub fn duration(text: &str) -> Option<Millis> {
    if matches!(text, "infinity" | "inf") {
        return Some(Millis::MAX / 4);
    }
    let (number, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1_000.0),
        'm' => (&text[..text.len() - 1], 60_000.0),
        'h' => (&text[..text.len() - 1], 3_600_000.0),
        'd' => (&text[..text.len() - 1], 86_400_000.0),
        _ => (text, 1_000.0),
    };
    let n: f64 = number.parse().ok()?;
    (n >= 0.0).then_some((n * unit) as Millis)
}

fn ended(m: &mut Machine, p: &Proc, io: &mut Io<'_>, out: &str, err: &str, code: i64) -> Started {
    if !out.is_empty() {
        m.write(&p.fds[1].clone(), out, io);
    }
    if !err.is_empty() {
        m.write(&p.fds[2].clone(), &format!("{err}\n"), io);
    }
    Started::Tool(Tool::Ended(code))
}

/// Starts a program within a script. A shell gets a process of its own.
pub fn start(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, words: &[String]) -> Result<Tool, (i64, String)> {
    limits::forks(m)?;
    match begin(p, m, io, words)? {
        Started::Tool(tool) => Ok(tool),
        Started::Script(script) => Ok(Tool::Child(m.spawn(p.pid, p.fds.clone(), p.cwd.clone(), *script))),
    }
}

/// Starts a program. The error is the status and the shell's word for it.
pub fn begin(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, words: &[String]) -> Result<Started, (i64, String)> {
    let name = base_name(&words[0]);
    let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let s = p.script.as_ref().expect("programs are started by scripts");
    let tool = match name {
        "sh" | "bash" | "ash" | "dash" => return Ok(shell(p, m, io, &words[0], &args)),
        "busybox" if args.is_empty() => return Ok(ended(m, p, io, "BusyBox v1.36.1 multi-call binary.\n", "", 0)),
        "busybox" | "nohup" | "nice" | "time" | "stdbuf" | "setsid" | "tini" | "dumb-init" | "command" => {
            let skip = args.iter().take_while(|a| a.starts_with('-')).count();
            return if skip < args.len() {
                begin(p, m, io, &words[1 + skip..])
            } else {
                Ok(Started::Tool(Tool::Ended(0)))
            };
        }
        "env" => {
            let n = args.iter().take_while(|a| a.contains('=') || a.starts_with('-')).count();
            if n == args.len() {
                let text: String = s.environment().iter().map(|(k, v)| format!("{k}={v}\n")).collect();
                return Ok(ended(m, p, io, &text, "", 0));
            }
            let before = s.vars.clone();
            if let Some(s) = p.script.as_mut() {
                for (k, v) in args[..n].iter().filter_map(|a| a.split_once('=')) {
                    s.set(k, v);
                    s.export(k);
                }
            }
            let started = begin(p, m, io, &words[1 + n..]);
            if let Some(s) = p.script.as_mut() {
                s.vars = before;
            }
            return started;
        }
        "timeout" => return Ok(timeout(p, m, io, &args, words)),
        "sleep" | "usleep" => {
            let mut total: Millis = 0;
            for a in &args {
                match duration(a) {
                    Some(d) => total = total.saturating_add(if name == "usleep" { d / 1_000_000 } else { d }),
                    None => return Ok(ended(m, p, io, "", &format!("sleep: invalid time interval '{a}'"), 1)),
                }
            }
            if args.is_empty() {
                return Ok(ended(m, p, io, "", "sleep: missing operand", 1));
            }
            if total > Millis::MAX / 8 { Tool::Forever } else { Tool::Sleep(io.now + total) }
        }
        "yes" => Tool::Yes(if args.is_empty() { "y".into() } else { args.join(" ") }),
        "tail" if follow::follows(&args) => Tool::Follow(Box::new(Follow::new(p, &args))),
        "xargs" => return Ok(Started::Tool(Tool::Filter(Box::new(text::xargs(&args))))),
        "watch" | "top" | "vi" | "crond" | "cron" => Tool::Forever,
        _ if play::knows(name) => play::start(p, m, io, name, &args),
        _ => {
            if let Some(started) = text::start(p, m, io, name, &args) {
                match started {
                    Ok(filter) => Tool::Filter(Box::new(filter)),
                    Err(why) => return Ok(ended(m, p, io, "", &why, 2)),
                }
            } else if let Some((out, err, code)) = files::run(p, io, name, &args) {
                return Ok(ended(m, p, io, &out, &err, code));
            } else if let Some((out, err, code)) = misc::run(p, io, name, &args) {
                return Ok(ended(m, p, io, &out, &err, code));
            } else if builtins::is_builtin(name) && BASE.contains(&name) {
                return Ok(Started::Script(Box::new(with_words(s, words))));
            } else if BASE.contains(&name) {
                Tool::Ended(0)
            } else {
                return script_file(p, m, io, words);
            }
        }
    };
    Ok(Started::Tool(tool))
}

/// A shell that runs just these words, as the shell's own.
fn with_words(s: &Script, words: &[String]) -> Script {
    let quoted: Vec<String> = words.iter().map(|w| format!("'{}'", w.replace('\'', "'\\''"))).collect();
    let text = quoted.join(" ");
    script::nested(s, &text, "sh", &[], Options::default()).unwrap_or_else(|_| s.clone())
}

/// A file that is run as a program.
fn script_file(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, words: &[String]) -> Result<Started, (i64, String)> {
    let name = &words[0];
    let path = p.path(name);
    if name.contains('/') && io.files.is_dir(io.view, &path) {
        return Err((126, format!("{name}: Permission denied")));
    }
    if name.contains('/') && io.files.read(io.view, &path).is_some() {
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        return Ok(shell(p, m, io, "sh", &args));
    }
    Err((127, format!("{name}: not found")))
}

fn shell(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, arg0: &str, args: &[&str]) -> Started {
    let mut options = Options { bash: base_name(arg0) == "bash", ..Options::default() };
    let mut command = false;
    let mut i = 0;
    while let Some(arg) = args.get(i).filter(|a| a.starts_with('-') && a.len() > 1) {
        i += 1;
        if *arg == "--" {
            break;
        }
        if arg.starts_with("--") {
            continue;
        }
        command |= arg.contains('c');
        i += builtins::options(&mut options, arg, args.get(i).copied());
    }
    let s = p.script.as_ref().expect("shells are started by scripts");
    // An option may want an argument that is not there.
    let rest = args.get(i..).unwrap_or(&[]);
    let owned = |from: usize| -> Vec<String> { rest.iter().skip(from).map(|a| (*a).to_owned()).collect() };
    let name = base_name(arg0);
    let (text, arg0, params) = if command {
        let Some(text) = rest.first() else {
            return ended(m, p, io, "", &format!("{name}: 0: -c requires an argument"), 2);
        };
        ((*text).to_owned(), rest.get(1).map_or(name, |a| a).to_owned(), owned(2))
    } else if let Some(file) = rest.first() {
        let path = p.path(file);
        match io.files.read(io.view, &path) {
            Some(text) => {
                options.bash |= text.lines().next().is_some_and(|l| l.starts_with("#!") && l.ends_with("bash"));
                (text.to_string(), (*file).to_owned(), owned(1))
            }
            None => return ended(m, p, io, "", &format!("{name}: 0: cannot open {file}: No such file"), 2),
        }
    } else {
        // Commands come from standard input, as far as there is any.
        let mut text = String::new();
        let fd = p.fds[0].clone();
        while let super::Line::Text(line) = m.read_line(&fd, p.pid) {
            text += &line;
            text.push('\n');
        }
        (text, name.to_owned(), vec![])
    };
    match script::nested(s, &text, &arg0, &params, options) {
        Ok(script) => Started::Script(Box::new(script)),
        Err(why) => {
            let line = if arg0.ends_with("bash") { "-c: line 1" } else { "1" };
            ended(m, p, io, "", &format!("{arg0}: {line}: {why}"), 2)
        }
    }
}

fn timeout(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, args: &[&str], words: &[String]) -> Started {
    let mut signal = "TERM".to_owned();
    let mut i = 0;
    while let Some(arg) = args.get(i).filter(|a| a.starts_with('-')) {
        i += 1;
        match *arg {
            "-s" => {
                args.get(i).map_or("TERM", |s| s.trim_start_matches("SIG")).clone_into(&mut signal);
                i += 1;
            }
            "-k" => i += 1,
            _ => {}
        }
    }
    let Some(limit) = args.get(i).and_then(|a| duration(a)) else {
        return ended(m, p, io, "", "timeout: invalid time interval", 125);
    };
    let rest = &words[1 + i + 1..];
    if rest.is_empty() {
        return ended(m, p, io, "", "timeout: missing operand", 125);
    }
    if !exists(&rest[0]) && !builtins::is_builtin(&rest[0]) {
        let why = format!("timeout: failed to run command '{}': No such file or directory", rest[0]);
        return ended(m, p, io, "", &why, 127);
    }
    let s = p.script.as_ref().expect("programs are started by scripts");
    let mut child = Script::new(&s.environment(), "sh");
    child.start_words(rest);
    let pid = m.spawn(p.pid, p.fds.clone(), p.cwd.clone(), child);
    Started::Tool(Tool::Timeout { pid, deadline: io.now + limit, signal, fired: false })
}

/// Lets a program go on.
pub fn poll(tool: &mut Tool, p: &mut Proc, m: &mut Machine, io: &mut Io<'_>) -> Poll {
    match tool {
        Tool::Ended(code) => Poll::Done(*code),
        Tool::Forever | Tool::Server(None) => Poll::Wait,
        Tool::Sleep(until) | Tool::Server(Some(until)) => {
            if *until <= io.now {
                Poll::Done(0)
            } else {
                Poll::Wait
            }
        }
        Tool::Read { names, raw, ifs } => builtins::read_poll(p, m, names, *raw, ifs).map_or(Poll::Wait, Poll::Done),
        Tool::Exec(inner) => match poll(inner, p, m, io) {
            Poll::Done(code) => {
                p.exit = Some(code);
                Poll::Done(code)
            }
            other => other,
        },
        Tool::Child(pid) => match m.exit_of(*pid) {
            Some(code) => {
                let pid = *pid;
                m.procs.retain(|c| c.pid != pid);
                Poll::Done(code)
            }
            None => Poll::Wait,
        },
        Tool::Timeout { pid, deadline, signal, fired } => match m.exit_of(*pid) {
            Some(code) => Poll::Done(if *fired { if signal == "KILL" { 137 } else { 124 } } else { code }),
            None if *deadline <= io.now && !*fired => {
                *fired = true;
                m.kill(*pid, signal, io.now);
                Poll::Again
            }
            None => Poll::Wait,
        },
        Tool::Filter(filter) => filter.poll(p, m, io),
        Tool::Yes(text) => {
            let fd = p.fds[1].clone();
            if let super::Fd::Pipe(n) = fd
                && !m.is_read(n)
            {
                return Poll::Done(141);
            }
            if let super::Fd::Pipe(n) = fd
                && m.pipes[n].text.len() > 4096
            {
                return Poll::Wait;
            }
            let lines: VecDeque<String> = (0..100).map(|_| format!("{text}\n")).collect();
            for line in lines {
                m.write(&fd, &line, io);
            }
            if matches!(fd, super::Fd::Pipe(_)) {
                Poll::Again
            } else {
                // It would fill the disk: some of it is enough.
                *tool = Tool::Forever;
                Poll::Wait
            }
        }
        Tool::Play(play) => play.poll(p, m, io),
        Tool::Follow(follow) => follow.poll(p, m, io),
    }
}

impl Tool {
    /// When it next has something to do.
    pub fn wake_at(&self) -> Option<Time> {
        match self {
            Self::Sleep(until) | Self::Server(Some(until)) => Some(*until),
            Self::Timeout { deadline, fired: false, .. } => Some(*deadline),
            Self::Exec(inner) => inner.wake_at(),
            Self::Play(play) => Some(play.wake_at()),
            _ => None,
        }
    }
    /// How much text it keeps, in bytes.
    pub fn held_text(&self) -> usize {
        match self {
            Self::Filter(filter) => filter.held_text(),
            Self::Exec(inner) => inner.held_text(),
            _ => 0,
        }
    }
    /// Whether it waits for files to change.
    pub fn follows(&self) -> bool {
        match self {
            Self::Follow(_) => true,
            Self::Exec(inner) => inner.follows(),
            _ => false,
        }
    }
    /// Whether it has its own way to take a signal.
    pub fn handles_signal(&self, name: &str) -> bool {
        match self {
            Self::Server(_) => matches!(name, "TERM" | "INT" | "QUIT"),
            Self::Exec(inner) => inner.handles_signal(name),
            _ => false,
        }
    }
    /// What it still reads from.
    pub fn held(&self) -> impl Iterator<Item = &super::Fd> {
        let filter = match self {
            Self::Filter(filter) => Some(filter),
            Self::Exec(inner) => match inner.as_ref() {
                Self::Filter(filter) => Some(filter),
                _ => None,
            },
            _ => None,
        };
        filter.into_iter().flat_map(|f| f.inputs())
    }
    /// Takes a signal that ends it.
    pub fn signalled(&mut self, now: Time) {
        match self {
            Self::Server(ends) => {
                ends.get_or_insert(now + SERVER_STOP);
            }
            Self::Exec(inner) => inner.signalled(now),
            _ => {}
        }
    }
}
