//! A command line as it runs: statement after statement, each a pipeline, in virtual time.

use std::collections::VecDeque;
use std::rc::Rc;

use super::cmd::{self, Waiting};
use super::failure::Failure;
use super::shell::{self, Compound, Connector, Statement};
use super::{Cx, Output, files, filters};
use crate::apiserver::Change;
use crate::clock::{Millis, Time};

/// Where a session stands after it ran as far as it can.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Poll {
    /// It has ended.
    Done,
    /// It goes on at a time.
    WaitUntil(Time),
    /// It goes on when something changes.
    WaitChange,
    /// It goes on when something changes, or at a time.
    WaitEither(Time),
    /// It needs a text: see [`Output::wants`].
    WaitText,
}

/// What a command reads and writes.
#[derive(Clone, Debug, Default)]
pub struct Io {
    /// What it wrote to standard output since it was last emptied.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
    /// Both, in order.
    pub screen: String,
    /// Its standard input.
    pub stdin: Rc<str>,
    /// The files of the working folder.
    pub files: Rc<Vec<(String, Rc<str>)>>,
    /// A file to be opened in the editor.
    pub edit: Option<(String, String)>,
    /// Whether the screen is to be cleared.
    pub clear: bool,
    /// Whether the error was one of reading the line.
    pub misread: bool,
}

impl Io {
    /// Writes to standard output.
    pub fn print(&mut self, text: &str) {
        self.out.push_str(text);
        self.screen.push_str(text);
    }
    /// Writes a line to standard output.
    pub fn line(&mut self, text: &str) {
        self.print(text);
        self.print("\n");
    }
    /// Writes a line to standard error.
    pub fn complain(&mut self, text: &str) {
        for t in [text, "\n"] {
            self.err.push_str(t);
            self.screen.push_str(t);
        }
    }
    /// Prints why a command stopped; gives its exit code.
    pub fn fail(&mut self, failure: &Failure) -> i32 {
        let text = failure.print();
        self.err.push_str(&text);
        self.screen.push_str(&text);
        self.misread |= matches!(failure, Failure::Misread(_));
        1
    }
    /// A file's text, or that of standard input for `-`, with the name errors give it.
    pub fn open(&self, name: &str, cx: &Cx<'_>) -> Result<(String, Rc<str>), Failure> {
        if name == "-" {
            return Ok(("STDIN".to_owned(), self.stdin.clone()));
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(Failure::Error(format!("unable to read URL {name:?}: there is no network here")));
        }
        match self.read(name, cx) {
            Some(text) => Ok((name.to_owned(), text)),
            None => Err(Failure::Error(format!("the path {name:?} does not exist"))),
        }
    }
    /// The files that a name means: those of a folder, where it is one.
    pub fn names(&self, name: &str, cx: &Cx<'_>) -> Vec<String> {
        let folder = name.trim_end_matches('/').trim_start_matches("./");
        let prefix = if matches!(folder, "." | "") { String::new() } else { format!("{folder}/") };
        if name == "-" || self.read(name, cx).is_some() {
            return vec![name.to_owned()];
        }
        let all = cx.home.files.keys().map(|k| &**k).chain(self.files.iter().map(|(n, _)| n.as_str()));
        let manifest = |n: &&str| {
            n.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('/'))
                && [".yaml", ".yml", ".json"].iter().any(|end| n.ends_with(end))
        };
        let mut names: Vec<String> = all.filter(manifest).map(str::to_owned).collect();
        names.sort();
        names.dedup();
        if names.is_empty() { vec![name.to_owned()] } else { names }
    }
    /// A file's text.
    pub fn read(&self, name: &str, cx: &Cx<'_>) -> Option<Rc<str>> {
        let bare = name.strip_prefix("./").or(name.strip_prefix("~/")).unwrap_or(name);
        cx.home.files.get(bare).cloned().or_else(|| files::find(&self.files, name))
    }
}

/// How long a command takes until the next one of the line runs: a kubectl has to start and to ask.
const KUBECTL: Millis = 200;

/// A pipeline that runs: its first command waits, the filters after it run when it has ended.
#[derive(Clone)]
struct Running {
    waiting: Waiting,
    rest: Vec<shell::Command>,
    redirects: Vec<shell::Redirect>,
    /// What the first command has written so far, kept for the filters.
    held: String,
}

/// A command line that runs. Cloning it is cheap.
#[derive(Clone)]
pub struct Session {
    output: Output,
    io: Io,
    script: VecDeque<Statement>,
    running: Option<Running>,
    finished: bool,
    /// When the next statement begins: a kubectl takes its time.
    next: Time,
    /// Whether the command that runs is a kubectl.
    asks: bool,
    /// Whether the last statement of an `&&` or `||` chain lets the next one run.
    skip: bool,
}

impl Session {
    /// A session for a line. Nothing runs before the first [`Session::poll`].
    pub fn new(line: &str, files: Rc<Vec<(String, Rc<str>)>>) -> Self {
        let mut s = Self {
            output: Output::default(),
            io: Io { files, ..Io::default() },
            script: VecDeque::new(),
            running: None,
            finished: false,
            next: Time::default(),
            asks: false,
            skip: false,
        };
        match shell::parse(line) {
            Ok(script) => s.script = script.into(),
            Err(text) => {
                s.output.exit = 2;
                s.io.complain(&text);
                s.drain(true);
                s.finished = true;
            }
        }
        s
    }
    /// What was printed so far.
    pub fn output(&self) -> &Output {
        &self.output
    }
    /// Whether it has ended.
    pub fn finished(&self) -> bool {
        self.finished
    }
    /// Hears of a change in the store.
    pub fn observe(&mut self, change: &Change) {
        if let Some(r) = &mut self.running {
            r.waiting.observe(change);
        }
    }
    /// Ctrl+C.
    pub fn interrupt(&mut self) {
        if self.finished {
            return;
        }
        if let Some(r) = self.running.take() {
            self.io.out = r.held;
            if !r.rest.is_empty() {
                let text = std::mem::take(&mut self.io.out);
                self.io.stdin = Rc::from(text);
                for command in &r.rest {
                    let done = filters::run(&command.words, &self.io.stdin, &|_| None);
                    self.io.stdin = Rc::from(done.map_or_else(String::new, |d| d.out));
                }
                let text = self.io.stdin.to_string();
                self.io.print(&text);
            }
        }
        self.io.screen.push_str("^C\n");
        self.drain(true);
        self.script.clear();
        self.output.exit = 130;
        self.finished = true;
    }
    /// Runs as far as it can.
    pub fn poll(&mut self, cx: &mut Cx<'_>) -> Poll {
        self.output.wants = None;
        loop {
            if self.finished {
                return Poll::Done;
            }
            let flow = match self.running.take() {
                Some(r) => match r.waiting.clone().poll(cx, &mut self.io) {
                    Ok(cmd::Flow::Exit(code)) => self.ended(r, code, cx),
                    Ok(cmd::Flow::Wait(w)) => Some(Running { waiting: w, ..r }),
                    Err(Failure::Wants(name)) => {
                        self.output.wants = Some(name);
                        self.running = Some(r);
                        return Poll::WaitText;
                    }
                    Err(failure) => {
                        let code = self.io.fail(&failure);
                        self.ended(r, code, cx)
                    }
                },
                None => match self.script.pop_front() {
                    None => {
                        self.finished = true;
                        return Poll::Done;
                    }
                    Some(statement) if cx.now < self.next => {
                        self.script.push_front(statement);
                        return Poll::WaitUntil(self.next);
                    }
                    Some(statement) => self.start(statement, cx),
                },
            };
            if let Some(mut r) = flow {
                if r.rest.is_empty() && r.redirects.is_empty() {
                    self.drain(true);
                } else {
                    self.reroute(&r.redirects, cx);
                    r.held += &std::mem::take(&mut self.io.out);
                    self.drain(false);
                }
                let poll = r.waiting.until();
                self.running = Some(r);
                if poll == Poll::WaitUntil(cx.now) || poll == Poll::Done {
                    continue;
                }
                return poll;
            }
        }
    }
    /// Starts a statement; gives it back where it waits.
    fn start(&mut self, statement: Statement, cx: &mut Cx<'_>) -> Option<Running> {
        let runs = match statement.connector {
            Connector::Always => true,
            Connector::IfTrue => self.output.exit == 0 && !self.skip,
            Connector::IfFalse => self.output.exit != 0,
        };
        if !runs {
            return None;
        }
        if let Some(what) = statement.compound {
            self.compound(*what, cx);
            return None;
        }
        let mut commands = Vec::new();
        let mut redirects = Vec::new();
        for c in statement.pipeline {
            match shell::expand(c, cx, self.output.exit, &self.io) {
                Ok((command, r)) => {
                    commands.push(command);
                    redirects.extend(r);
                }
                Err(text) => {
                    self.io.complain(&text);
                    self.output.exit = 1;
                    self.drain(true);
                    return None;
                }
            }
        }
        if commands.is_empty() {
            return None;
        }
        for r in redirects.iter().filter(|r| r.input) {
            match &r.text {
                Some(text) => self.io.stdin = text.clone(),
                None => match self.io.read(&r.target, cx) {
                    Some(text) => self.io.stdin = text,
                    None => {
                        self.io.complain(&format!("sh: {}: No such file or directory", r.target));
                        self.output.exit = 1;
                        self.drain(true);
                        return None;
                    }
                },
            }
        }
        redirects.retain(|r| !r.input);
        let first = commands.remove(0);
        match first.words.first().map(String::as_str) {
            Some("break") => {
                self.leave(&Compound::End);
                return None;
            }
            Some("continue") => {
                self.leave(&Compound::Round);
                return None;
            }
            Some("exit") => {
                self.script.clear();
                self.output.exit = first.words.get(1).and_then(|w| w.parse().ok()).unwrap_or(self.output.exit);
                return None;
            }
            Some("kubectl") => self.asks = true,
            _ => {}
        }
        let waiting = Waiting::Start(Box::new(first));
        Some(Running { waiting, rest: commands, redirects, held: String::new() })
    }
    /// `2>&1`, `2>/dev/null` and `2>FILE`: where errors go instead.
    fn reroute(&mut self, redirects: &[shell::Redirect], cx: &mut Cx<'_>) {
        for r in redirects.iter().filter(|r| r.fd == 2) {
            let text = std::mem::take(&mut self.io.err);
            match r.target.as_str() {
                "/dev/null" => {}
                "1" if r.append => self.io.out += &text,
                file => {
                    let before = if r.append { cx.home.files.get(file).cloned() } else { None };
                    let all = before.map_or_else(String::new, |b| b.to_string()) + &text;
                    cx.home.write(file, &all);
                }
            }
        }
    }
    /// A loop or branch puts what is to run next in front of the script.
    fn compound(&mut self, what: Compound, cx: &mut Cx<'_>) {
        let always = |what| Statement::compound(Connector::Always, what);
        let mut next: Vec<Statement> = Vec::new();
        match what {
            Compound::For(name, words, body) => {
                match shell::fill_all(&words, cx, self.output.exit, &self.io) {
                    Ok(values) => {
                        for value in values {
                            next.push(always(Compound::Next(name.clone(), value)));
                            next.extend(body.iter().cloned());
                            next.push(always(Compound::Round));
                        }
                    }
                    Err(text) => {
                        self.io.complain(&text);
                        self.output.exit = 1;
                        self.drain(true);
                    }
                }
                next.push(always(Compound::End));
            }
            Compound::While(until, condition, body) => {
                next.extend(condition.iter().cloned());
                next.push(always(Compound::Tried(until, condition, body)));
                next.push(always(Compound::End));
            }
            Compound::Tried(until, condition, body) => {
                if (self.output.exit == 0) == until {
                    self.output.exit = 0;
                } else {
                    next.extend(body.iter().cloned());
                    next.push(always(Compound::Round));
                    next.extend(condition.iter().cloned());
                    next.push(always(Compound::Tried(until, condition, body)));
                    // A loop that never waits lets time pass all the same.
                    self.next = self.next.max(cx.now + 10);
                }
            }
            Compound::If(condition, body, other) => {
                next.extend(condition);
                next.push(always(Compound::Decided(body, other)));
            }
            Compound::Decided(body, other) => {
                next = if self.output.exit == 0 { body } else { other };
                self.output.exit = 0;
            }
            Compound::Next(name, value) => {
                Rc::make_mut(&mut cx.home.vars).insert(name, value);
            }
            Compound::Round | Compound::End => {}
        }
        next.into_iter().rev().for_each(|s| self.script.push_front(s));
    }
    /// `break` and `continue`: the script goes on where the loop, or its round, ends.
    fn leave(&mut self, mark: &Compound) {
        while let Some(s) = self.script.pop_front() {
            if s.compound.as_deref() == Some(mark) {
                break;
            }
        }
    }
    /// The first command of a pipeline has ended: the rest runs.
    fn ended(&mut self, r: Running, code: i32, cx: &mut Cx<'_>) -> Option<Running> {
        let piped = !r.rest.is_empty();
        if piped || !r.redirects.is_empty() {
            self.reroute(&r.redirects, cx);
            let mut text = r.held + &std::mem::take(&mut self.io.out);
            self.drain(false);
            let mut rest = r.rest.into_iter();
            if let Some(next) = rest.next() {
                self.io.stdin = Rc::from(text);
                return Some(Running {
                    waiting: Waiting::Start(Box::new(next)),
                    rest: rest.collect(),
                    redirects: r.redirects,
                    held: String::new(),
                });
            }
            for redirect in r.redirects.iter().filter(|r| r.fd != 2) {
                if redirect.target != "/dev/null" {
                    let before = if redirect.append { cx.home.files.get(&redirect.target).cloned() } else { None };
                    let all = before.map_or_else(String::new, |b| b.to_string()) + &text;
                    cx.home.write(&redirect.target, &all);
                }
                text.clear();
            }
            self.io.screen.clear();
            if !text.is_empty() {
                self.io.print(&text);
            }
        }
        self.output.exit = code;
        if std::mem::take(&mut self.asks) {
            self.next = cx.now + KUBECTL;
        }
        self.drain(true);
        self.io.stdin = Rc::from("");
        None
    }
    /// Moves what was written to the session's output; standard output only where it is not kept for a filter.
    fn drain(&mut self, with_out: bool) {
        let io = &mut self.io;
        if io.clear {
            self.output.screen.clear();
            self.output.stdout.clear();
        }
        if with_out {
            self.output.screen += &std::mem::take(&mut io.screen);
            self.output.stdout += &std::mem::take(&mut io.out);
        } else {
            self.output.screen += &io.err;
            io.screen.clear();
        }
        self.output.stderr += &std::mem::take(&mut io.err);
        self.output.edit = io.edit.take().or(self.output.edit.take());
        self.output.clear |= std::mem::take(&mut io.clear);
        self.output.misread |= std::mem::take(&mut io.misread);
    }
}
