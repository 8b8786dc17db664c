//! A small POSIX shell over virtual time: the processes of a container, their pipes, and what runs in them.
//!
//! A script is compiled to steps that can stop anywhere (at a `sleep`, at an empty pipe, waiting for a child) and go on
//! later, so that a running container can be copied like everything else. Tools are small state machines in the shell's
//! own process; pipelines, subshells and `&` are processes of their own.

mod arith;
mod ast;
mod awk;
mod builtins;
mod compile;
mod expand;
mod files;
mod follow;
mod limits;
mod misc;
mod parse;
mod pattern;
mod play;
mod python;
mod regex;
mod script;
mod sed;
mod text;
mod tools;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use super::files::normalize;
use super::process::{Exit, Io};
use super::{EnvVar, LogLine, Stream};
use crate::clock::{Millis, Time};
use script::Script;
use tools::{Poll, Tool};

/// How many steps run before virtual time must pass, and how much then passes.
const BUDGET: u32 = 5_000;
const PAUSE: Millis = 20;
const LONGEST_PAUSE: Millis = 1_000;

/// What a file descriptor is.
#[derive(Clone, Debug, PartialEq)]
enum Fd {
    /// Reads nothing, drops everything.
    Null,
    /// The container's log.
    Log(Stream),
    /// A pipe, either end.
    Pipe(usize),
    /// A file opened for reading, or a text.
    Text(usize),
    /// A file opened for writing at its end.
    File(Rc<str>),
}

/// A pipe, or a text being read.
#[derive(Clone, Debug, Default)]
struct Buffer {
    text: String,
    at: usize,
}

/// The value of `$((...))` for a shell that keeps its variables elsewhere; what it sets is forgotten.
pub fn arithmetic(text: &str, get: &dyn Fn(&str) -> String) -> Result<String, String> {
    struct Of<'a>(&'a dyn Fn(&str) -> String);
    impl arith::Vars for Of<'_> {
        fn get(&self, name: &str) -> String {
            (self.0)(name)
        }
        fn set(&mut self, _: &str, _: i64) {}
    }
    arith::evaluate(text, &mut Of(get)).map(|n| n.to_string())
}

/// What reading a line gave.
enum Line {
    Text(String),
    End,
    /// There may be more later.
    Wait,
}

/// Why a process waits for children.
#[derive(Clone, Debug, PartialEq)]
enum Why {
    /// Its output, in the pipe, is wanted.
    Substitute(usize),
    /// The last one's status counts (any failed one's, under `pipefail`).
    Pipeline,
    /// `wait`
    Wait,
}

#[derive(Clone, Debug)]
struct Waiting {
    pids: Vec<u32>,
    why: Why,
}

/// A tool in the foreground of a process.
#[derive(Clone, Debug)]
struct Foreground {
    tool: Tool,
    /// File descriptors to go back to.
    restore: Option<[Fd; 3]>,
    /// Whether its failure counts for `set -e`.
    checked: bool,
}

/// A process.
#[derive(Clone, Debug)]
struct Proc {
    pid: u32,
    parent: u32,
    fds: [Fd; 3],
    cwd: String,
    script: Option<Box<Script>>,
    tool: Option<Foreground>,
    waiting: Option<Waiting>,
    exit: Option<i64>,
}

/// The processes of a container, or of a command run in it.
#[derive(Clone, Debug)]
pub struct Machine {
    procs: Vec<Proc>,
    pipes: Vec<Buffer>,
    texts: Vec<Buffer>,
    /// Lines that are not ended yet, by stream.
    partial: [String; 2],
    next_pid: u32,
    exit: Option<i64>,
    /// The first process is PID 1 of a container: signals without a handler do nothing.
    is_container: bool,
    /// Signals for PID 1 of the container, where this is a command run in one.
    for_container: Vec<String>,
    paused_until: Option<Time>,
    pauses: u32,
    wake: Option<Time>,
    /// How much text was made since its memory was last looked at.
    made: usize,
    /// It held more than it may.
    out_of_memory: bool,
}

impl Machine {
    /// A machine for a command. The error is the runtime's, where there is no such program.
    pub fn new(words: &[String], env: &[EnvVar], is_container: bool) -> Result<Self, String> {
        let stdout = [Fd::Null, Fd::Log(Stream::Stdout), Fd::Log(Stream::Stderr)];
        let mut machine = Self {
            procs: vec![],
            pipes: vec![],
            texts: vec![],
            partial: [String::new(), String::new()],
            next_pid: if is_container { 1 } else { 17 },
            exit: None,
            is_container,
            for_container: vec![],
            paused_until: None,
            pauses: 0,
            wake: Some(Time(0)),
            made: 0,
            out_of_memory: false,
        };
        if let Some(why) = Self::missing(words) {
            return Err(format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                 failed: unable to start container process: error during container init: {why}"
            ));
        }
        let mut script = Script::new(env, "sh");
        script.start_words(words);
        machine.spawn(0, stdout, String::new(), script);
        Ok(machine)
    }
    /// Starts in a container's working directory.
    pub fn enter(&mut self, dir: &str) {
        for p in &mut self.procs {
            p.cwd = normalize("", dir);
        }
    }
    /// Why a command cannot be run, if there is no such program: `exec: "x": executable file not found in $PATH`.
    pub fn missing(words: &[String]) -> Option<String> {
        let first = words.first().map_or("", String::as_str);
        let why = if first.contains('/') {
            format!("stat {first}: no such file or directory")
        } else {
            "executable file not found in $PATH".to_owned()
        };
        (!tools::exists(first) && !may_be_file(first)).then(|| format!("exec: {first:?}: {why}"))
    }
    /// A machine that has ended.
    pub fn ended(code: i64) -> Self {
        Self {
            procs: vec![],
            pipes: vec![],
            texts: vec![],
            partial: [String::new(), String::new()],
            next_pid: 1,
            exit: Some(code),
            is_container: false,
            for_container: vec![],
            paused_until: None,
            pauses: 0,
            wake: None,
            made: 0,
            out_of_memory: false,
        }
    }
    /// When it next has something to do.
    pub fn wake_at(&self) -> Option<Time> {
        if self.exit.is_some() { None } else { self.wake }
    }
    /// Whether a server is among what runs.
    pub fn serves(&self) -> bool {
        self.exit.is_none()
            && self.procs.iter().any(|p| p.tool.as_ref().is_some_and(|f| matches!(f.tool, Tool::Server(_))))
    }
    /// Whether a program in it waits for files to change.
    pub fn follows(&self) -> bool {
        self.exit.is_none() && self.procs.iter().any(|p| p.tool.as_ref().is_some_and(|f| f.tool.follows()))
    }
    /// The exit code of its first process, once that has ended.
    pub fn exit_code(&self) -> Option<i64> {
        self.exit
    }
    /// How it ended, once it has.
    pub fn exit(&self) -> Option<Exit> {
        let code = self.exit?;
        Some(if self.out_of_memory { Exit { code, reason: "OOMKilled" } } else { Exit::code(code) })
    }
    fn spawn(&mut self, parent: u32, fds: [Fd; 3], cwd: String, script: Script) -> u32 {
        let pid = self.next_pid;
        self.next_pid += if self.next_pid == 1 { 6 } else { 1 };
        self.procs.push(Proc {
            pid,
            parent,
            fds,
            cwd,
            script: Some(Box::new(script)),
            tool: None,
            waiting: None,
            exit: None,
        });
        pid
    }
    /// Lets it run up to now.
    pub fn run(&mut self, io: &mut Io<'_>) {
        if self.exit.is_some() || self.paused_until.is_some_and(|t| io.now < t) {
            return;
        }
        self.paused_until = None;
        // What never waits gets less each time: a loop around a misspelt `sleep` is to cost next to nothing.
        let mut budget = BUDGET >> self.pauses.min(3);
        loop {
            let mut moved = false;
            let mut i = 0;
            while i < self.procs.len() {
                moved |= self.step(i, io, &mut budget);
                i += 1;
            }
            // The kernel kills all of a container for the memory that one of its processes takes.
            let killed = self.out_of_memory.then_some(137);
            if let Some(code) = killed.or_else(|| self.procs.first().and_then(|p| p.exit)) {
                self.end(code, io);
                return;
            }
            if budget == 0 {
                // It never waits: some time passes all the same, more the longer it goes on.
                let pause = (PAUSE << self.pauses.min(10)).min(LONGEST_PAUSE);
                self.pauses += 1;
                self.paused_until = Some(io.now + pause);
                self.wake = self.paused_until;
                return;
            }
            if !moved {
                break;
            }
        }
        self.pauses = 0;
        self.reap();
        self.forget_buffers();
        self.wake = self.procs.iter().filter_map(|p| p.tool.as_ref()?.tool.wake_at()).min();
    }
    /// Forgets children that nobody asks after any more.
    fn reap(&mut self) {
        if self.procs.len() < 64 {
            return;
        }
        let wanted: Vec<u32> = self.procs.iter().flat_map(|p| p.waiting.iter().flat_map(|w| w.pids.clone())).collect();
        let mut first = true;
        self.procs.retain(|p| {
            let keep = first || p.exit.is_none() || wanted.contains(&p.pid);
            first = false;
            keep
        });
    }
    /// Forgets pipes and texts that no process holds, as far as none behind them is held.
    fn forget_buffers(&mut self) {
        if self.pipes.len() + self.texts.len() < 16 {
            return;
        }
        let (mut pipes, mut texts) = (0, 0);
        let mut hold = |fd: &Fd| match fd {
            Fd::Pipe(n) => pipes = pipes.max(n + 1),
            Fd::Text(n) => texts = texts.max(n + 1),
            _ => {}
        };
        for p in self.procs.iter().filter(|p| p.exit.is_none()) {
            p.fds.iter().for_each(&mut hold);
            if let Some(f) = &p.tool {
                f.restore.iter().flatten().for_each(&mut hold);
                f.tool.held().for_each(&mut hold);
            }
            if let Some(s) = &p.script {
                s.saved_fds().flatten().for_each(&mut hold);
            }
            if let Some(Waiting { why: Why::Substitute(n), .. }) = p.waiting {
                hold(&Fd::Pipe(n));
            }
        }
        self.pipes.truncate(pipes);
        self.texts.truncate(texts);
    }
    fn end(&mut self, code: i64, io: &mut Io<'_>) {
        self.exit = Some(code);
        for (i, stream) in [Stream::Stdout, Stream::Stderr].into_iter().enumerate() {
            let rest = std::mem::take(&mut self.partial[i]);
            if !rest.is_empty() {
                io.log(stream, &rest);
            }
        }
        self.procs.clear();
    }
    fn exit_of(&self, pid: u32) -> Option<i64> {
        self.procs.iter().find(|p| p.pid == pid).map_or(Some(127), |p| p.exit)
    }
    /// Lets a process go on. Returns whether it did anything.
    fn step(&mut self, i: usize, io: &mut Io<'_>, budget: &mut u32) -> bool {
        if self.procs[i].exit.is_some() || *budget == 0 {
            return false;
        }
        let mut p = self.procs[i].clone_out();
        let mut moved = false;
        while p.exit.is_none() && *budget > 0 {
            if let Some(waiting) = p.waiting.take() {
                let interrupted = waiting.why == Why::Wait && p.script.as_ref().is_some_and(|s| s.has_signals());
                if !interrupted && waiting.pids.iter().any(|pid| self.exit_of(*pid).is_none()) {
                    p.waiting = Some(waiting);
                    break;
                }
                script::children_ended(&mut p, self, &waiting, interrupted);
            } else if let Some(mut fore) = p.tool.take() {
                match tools::poll(&mut fore.tool, &mut p, self, io) {
                    Poll::Wait => {
                        p.tool = Some(fore);
                        break;
                    }
                    Poll::Again => p.tool = Some(fore),
                    Poll::Done(code) => {
                        if let Some(fds) = fore.restore {
                            p.fds = fds;
                        }
                        script::tool_ended(&mut p, code, fore.checked);
                    }
                }
            } else {
                script::step(&mut p, self, io);
            }
            moved = true;
            self.account(&mut p, io, budget);
        }
        self.procs[i] = p;
        moved
    }
    /// Takes the signals it has sent to PID 1 of the container it runs in.
    pub fn take_signals(&mut self) -> Vec<String> {
        std::mem::take(&mut self.for_container)
    }
    /// Sends its first process a signal.
    pub fn signal(&mut self, name: &str, io: &mut Io<'_>) {
        if let Some(first) = self.procs.first_mut() {
            first.signal(name, self.is_container, io.now);
            self.paused_until = None;
            self.run(io);
        }
    }
    /// Sends a process a signal. Returns whether there is one.
    fn kill(&mut self, pid: u32, name: &str, now: Time) -> bool {
        let shield = self.is_container && pid == 1;
        if pid == 1 && !self.is_container {
            if name != "0" {
                self.for_container.push(name.to_owned());
            }
            return true;
        }
        match self.procs.iter_mut().find(|p| p.pid == pid && p.exit.is_none()) {
            Some(p) => {
                if name != "0" {
                    p.signal(name, shield, now);
                }
                true
            }
            None => false,
        }
    }
    fn new_pipe(&mut self) -> usize {
        self.pipes.push(Buffer::default());
        self.pipes.len() - 1
    }
    fn new_text(&mut self, text: &str) -> Fd {
        self.texts.push(Buffer { text: text.to_owned(), at: 0 });
        Fd::Text(self.texts.len() - 1)
    }
    /// Whether anyone may still write to a pipe.
    fn is_open(&self, pipe: usize, reader: u32) -> bool {
        let holds = |fds: &[Fd; 3]| fds[1..].contains(&Fd::Pipe(pipe));
        self.procs.iter().any(|p| {
            p.exit.is_none()
                && p.pid != reader
                && (holds(&p.fds)
                    || p.tool.as_ref().is_some_and(|f| f.restore.as_ref().is_some_and(holds))
                    || p.script.as_ref().is_some_and(|s| s.saved_fds().any(holds)))
        })
    }
    /// Whether anyone still reads from a pipe.
    fn is_read(&self, pipe: usize) -> bool {
        let substitution =
            self.procs.iter().any(|p| p.waiting.as_ref().is_some_and(|w| w.why == Why::Substitute(pipe)));
        substitution || self.procs.iter().any(|p| p.exit.is_none() && p.fds[0] == Fd::Pipe(pipe))
    }
    fn read_line(&mut self, fd: &Fd, reader: u32) -> Line {
        let (buffer, open) = match fd {
            Fd::Pipe(n) => {
                let open = self.is_open(*n, reader);
                (&mut self.pipes[*n], open)
            }
            Fd::Text(n) => (&mut self.texts[*n], false),
            _ => return Line::End,
        };
        let rest = &buffer.text[buffer.at..];
        match rest.find('\n') {
            Some(n) => {
                let line = rest[..n].to_owned();
                buffer.at += n + 1;
                if buffer.at == buffer.text.len() {
                    buffer.text.clear();
                    buffer.at = 0;
                }
                Line::Text(line)
            }
            None if open => Line::Wait,
            None if rest.is_empty() => Line::End,
            None => {
                let line = rest.to_owned();
                buffer.at = buffer.text.len();
                Line::Text(line)
            }
        }
    }
    /// Writes to a file descriptor.
    fn write(&mut self, fd: &Fd, text: &str, io: &mut Io<'_>) {
        io.work += text.len();
        match fd {
            Fd::Null | Fd::Text(_) => {}
            Fd::Pipe(n) => self.pipes[*n].text += text,
            Fd::File(path) => {
                // It is copied as a whole.
                io.work += io.files.read(io.view, path).map_or(0, |old| old.len());
                // A file whose folder has gone takes nothing; so it is on a real system once the disk is full.
                let _ = io.files.write(io.view, path, text, true);
            }
            Fd::Log(stream) => {
                let partial = &mut self.partial[usize::from(*stream == Stream::Stderr)];
                let mut rest = text;
                while let Some(n) = rest.find('\n') {
                    let line = std::mem::take(partial) + &rest[..n];
                    io.logs.push(LogLine { at: io.now, stream: *stream, text: Rc::from(line) });
                    rest = &rest[n + 1..];
                }
                partial.push_str(rest);
                if partial.len() > limits::LONGEST_LINE {
                    io.logs.push(LogLine { at: io.now, stream: *stream, text: Rc::from(std::mem::take(partial)) });
                }
            }
        }
    }
}

/// Whether a word may be a file that is mounted into the container: it is looked for once the container runs.
fn may_be_file(word: &str) -> bool {
    let end = word.rsplit_once('.').map_or("", |(_, e)| e);
    word.starts_with('/') && matches!(end, "sh" | "py")
}

impl Proc {
    /// Itself, with nothing left behind but what says who it is.
    fn clone_out(&mut self) -> Self {
        Self {
            pid: self.pid,
            parent: self.parent,
            fds: self.fds.clone(),
            cwd: self.cwd.clone(),
            script: self.script.take(),
            tool: self.tool.take(),
            waiting: self.waiting.take(),
            exit: self.exit,
        }
    }
    /// The working directory, as `pwd` prints it.
    fn dir(&self) -> &str {
        if self.cwd.is_empty() { "/" } else { &self.cwd }
    }
    fn path(&self, path: &str) -> String {
        normalize(&self.cwd, path)
    }
    /// Takes a signal: a trap, its default, or nothing where the kernel shields it.
    fn signal(&mut self, name: &str, shielded: bool, now: Time) {
        if self.exit.is_some() {
            return;
        }
        let number = builtins::signal_number(name).unwrap_or(15);
        if name == "KILL" {
            self.exit = Some(137);
        } else if self.tool.as_ref().is_some_and(|f| f.tool.handles_signal(name)) {
            // The tool has its own way to end.
            if let Some(f) = self.tool.as_mut() {
                f.tool.signalled(now);
            }
        } else if self.script.as_mut().is_some_and(|s| s.take_signal(name)) || shielded {
        } else if !matches!(name, "CHLD" | "WINCH" | "URG" | "CONT") {
            self.exit = Some(128 + number);
        }
    }
}
