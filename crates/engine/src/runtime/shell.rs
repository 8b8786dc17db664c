//! A small POSIX shell over virtual time.

use super::process::Io;
use crate::clock::Time;

/// The processes of a container that the shell runs.
#[derive(Clone, Debug)]
pub struct Machine {
    exit: Option<i64>,
    wake: Option<Time>,
}

impl Machine {
    /// A machine for a command.
    pub fn new(_words: &[String], _env: &[(String, String)], _pid1: bool) -> Result<Self, String> {
        Ok(Self { exit: Some(0), wake: None })
    }
    /// A machine that has ended.
    pub fn ended(code: i64) -> Self {
        Self { exit: Some(code), wake: None }
    }
    /// When it next has something to do.
    pub fn wake_at(&self) -> Option<Time> {
        self.wake
    }
    /// The exit code of its first process, once that has ended.
    pub fn exit_code(&self) -> Option<i64> {
        self.exit
    }
    /// Lets it run up to now.
    pub fn run(&mut self, _io: &mut Io<'_>) {}
    /// Sends its first process a signal.
    pub fn signal(&mut self, _name: &str, _io: &mut Io<'_>) {}
}
