//! The commands, and how those that take time go on.
//!
//! Models `pkg/cmd/cmd.go`.

mod apply;
mod common;
mod config;
mod create;
mod delete;
mod describe;
mod get;
mod help;
mod replace;
mod suggest;

pub use apply::LAST_APPLIED;

use super::failure::Failure;
use super::session::{Io, Poll};
use super::shell::Command;
use super::{Cx, filters};
use crate::apiserver::Change;
use crate::clock::Time;

/// How a command stands after it ran as far as it can.
pub enum Flow {
    /// It has ended.
    Exit(i32),
    /// It waits.
    Wait(Waiting),
}

/// A command that waits.
#[derive(Clone)]
pub enum Waiting {
    /// Has not begun.
    Start(Box<Command>),
    /// `sleep`
    Sleep(Time),
    /// `get -w`
    Watch(Box<get::Watch>),
    /// `delete`, until the objects are gone.
    Deleted(Box<delete::Deleted>),
}

/// What a command gives back.
pub type Done = Result<Flow, Failure>;

/// The command has ended well.
pub fn ok() -> Done {
    Ok(Flow::Exit(0))
}

impl Waiting {
    /// Goes on.
    pub fn poll(self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        match self {
            Self::Start(c) => start(&c.words, cx, io),
            Self::Sleep(until) if cx.now >= until => ok(),
            Self::Sleep(_) => Ok(Flow::Wait(self)),
            Self::Watch(w) => w.poll(cx, io),
            Self::Deleted(d) => d.poll(cx, io),
        }
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        match self {
            Self::Start(_) => Poll::Done,
            Self::Sleep(t) => Poll::WaitUntil(*t),
            Self::Watch(_) => Poll::WaitChange,
            Self::Deleted(d) => d.until(),
        }
    }
    /// Hears of a change.
    pub fn observe(&mut self, change: &Change) {
        if let Self::Watch(w) = self {
            w.observe(change);
        }
    }
}

/// Starts a command by its words.
fn start(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let Some(first) = words.first() else { return ok() };
    match first.as_str() {
        "kubectl" => kubectl(&words[1..], cx, io),
        "sleep" => {
            let seconds: f64 = words.get(1).and_then(|w| w.trim_end_matches('s').parse().ok()).unwrap_or(0.0);
            Ok(Flow::Wait(Waiting::Sleep(cx.now + (seconds * 1000.0) as i64)))
        }
        "true" | ":" => ok(),
        "false" => Ok(Flow::Exit(1)),
        name => {
            if let Some(text) = filters::run_plain(words, &io.stdin.clone()) {
                io.print(&text);
                return ok();
            }
            io.complain(&format!("sh: {name}: not found"));
            Ok(Flow::Exit(127))
        }
    }
}

/// Runs kubectl with its arguments.
fn kubectl(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let Some(first) = words.first() else { return ok() };
    let rest = &words[1..];
    match first.as_str() {
        "get" => get::run(rest, cx, io),
        "apply" => apply::run(rest, cx, io),
        "create" => create::run(rest, cx, io),
        "config" => config::run(rest, cx, io),
        "describe" => describe::run(rest, cx, io),
        "delete" => delete::run(rest, cx, io),
        "replace" => replace::run(rest, cx, io),
        other => Err(Failure::Misread(format!("error: unknown command {other:?} for \"kubectl\"\n"))),
    }
}
