//! The first process of a container: what it does, until when, and how it takes signals.
//!
//! It is PID 1 of its own PID namespace: a signal it has no handler for does nothing, but for SIGKILL.

use super::behaviour::{Step, Verb};
use super::files::{Files, View};
use super::shell::Machine;
use super::{LogLine, Stream};
use crate::clock::{Millis, Time};
use crate::rng::Rng;

/// How long a server takes to end once told to.
const SERVER_STOP: Millis = 100;

/// How a process ended: its exit code and the runtime's word for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exit {
    /// The exit code.
    pub code: i64,
    /// `Completed`, `Error`, `OOMKilled`
    pub reason: &'static str,
}

impl Exit {
    /// An exit with a code.
    pub fn code(code: i64) -> Self {
        Self { code, reason: if code == 0 { "Completed" } else { "Error" } }
    }
}

/// What a process may touch while it runs.
pub struct Io<'a> {
    /// The time.
    pub now: Time,
    /// The Pod's files.
    pub files: &'a mut Files,
    /// The container's view of them.
    pub view: &'a View,
    /// Where its output goes.
    pub logs: &'a mut Vec<LogLine>,
    /// Chance.
    pub rng: &'a mut Rng,
    /// How much text was made or looked at, in bytes: see `shell::limits`.
    pub work: usize,
}

impl Io<'_> {
    /// Writes a line to the log.
    pub fn log(&mut self, stream: Stream, text: &str) {
        self.logs.push(LogLine { at: self.now, stream, text: text.into() });
    }
}

/// The first process of a container.
#[derive(Clone, Debug, Default)]
pub enum Process {
    /// Nothing runs.
    #[default]
    None,
    /// A step from an annotation.
    Step {
        /// What it does in the end.
        verb: Verb,
        /// Its exit code.
        code: i64,
        /// When it ends by itself.
        ends: Option<Time>,
    },
    /// Runs until it is told to stop, then ends with 0.
    Server {
        /// When it ends, once told.
        ends: Option<Time>,
    },
    /// A program about which nothing is known: runs for a while and ends with 0.
    Program {
        /// When it ends.
        ends: Time,
    },
    /// A script or a tool that the small shell knows.
    Shell(Box<Machine>),
}

impl Process {
    /// A step that starts now.
    pub fn step(step: Step, io: &mut Io<'_>) -> Self {
        io.log(Stream::Stdout, &step.log_line());
        let ends = (step.verb != Verb::Hang).then_some(io.now + step.after);
        Self::Step { verb: step.verb, code: step.code, ends }
    }
    /// When it next has something to do.
    pub fn wake_at(&self) -> Option<Time> {
        match self {
            Self::None => None,
            Self::Step { ends, .. } | Self::Server { ends } => *ends,
            Self::Program { ends } => Some(*ends),
            Self::Shell(machine) => machine.wake_at(),
        }
    }
    /// Whether it waits for files to change.
    pub fn follows(&self) -> bool {
        matches!(self, Self::Shell(machine) if machine.follows())
    }
    /// Lets it run up to now.
    pub fn run(&mut self, io: &mut Io<'_>) -> Option<Exit> {
        let due = |ends: Time| ends <= io.now;
        match self {
            Self::None => None,
            Self::Step { verb, code, ends } => ends.is_some_and(due).then(|| match verb {
                Verb::Oom => Exit { code: 137, reason: "OOMKilled" },
                Verb::Exit | Verb::Hang => Exit::code(*code),
            }),
            Self::Server { ends } => ends.is_some_and(due).then(|| Exit::code(0)),
            Self::Program { ends } => due(*ends).then(|| Exit::code(0)),
            Self::Shell(machine) => {
                machine.run(io);
                machine.exit()
            }
        }
    }
    /// Sends it a signal: `TERM`. As PID 1 it does not hear SIGKILL from within its container.
    pub fn signal(&mut self, name: &str, io: &mut Io<'_>) -> Option<Exit> {
        match self {
            Self::None | Self::Program { .. } | Self::Step { verb: Verb::Hang, .. } => None,
            Self::Step { .. } | Self::Server { .. } if !matches!(name, "TERM" | "INT" | "QUIT") => None,
            Self::Step { .. } => Some(Exit::code(143)),
            Self::Server { ends } => {
                ends.get_or_insert(io.now + SERVER_STOP);
                None
            }
            Self::Shell(machine) => {
                machine.signal(name, io);
                machine.exit_code().map(Exit::code)
            }
        }
    }
}
