//! The facade: a cluster under control. Commands in, time forward and back, snapshots out.
//!
//! Everything that changes is in the [`World`](world::World), which is cloned for a checkpoint at the price of a few
//! counts; the journal and the learner's commands are kept beside it. Going back restores a checkpoint and runs forward
//! again: the same commands at the same times give the same history.

mod bootstrap;
pub mod editor;
mod memory;
mod snapshot;
mod world;

use std::rc::Rc;

pub use snapshot::Snapshot;

pub use crate::apiserver::{Actor, Change};
pub use crate::clock::{Millis, Time};
pub use crate::component::{Config, NodeConfig, Timer, WaitKind};
pub use crate::cron::{Schedule, Zone};
use crate::journal::Journal;
pub use crate::kubectl::printers::{job_completions, job_status_word};
pub use crate::kubectl::{Completion, Home, Output, PodStatusWord, pod_status_word};
use world::{Next, World};

/// What a learner does.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// A kubectl command line, with the files it may name.
    Kubectl {
        /// `kubectl get pods -w`; the word kubectl may be left out.
        line: String,
        /// Name and text of the files in the working folder.
        files: Rc<Vec<(String, Rc<str>)>>,
    },
    /// Makes a running container fail now, as a program that crashes does.
    FailContainer {
        /// The Pod's namespace.
        namespace: Rc<str>,
        /// The Pod.
        pod: Rc<str>,
        /// The container.
        container: Rc<str>,
    },
    /// Makes a running container hang: it does nothing more and ignores SIGTERM.
    HangContainer {
        /// The Pod's namespace.
        namespace: Rc<str>,
        /// The Pod.
        pod: Rc<str>,
        /// The container.
        container: Rc<str>,
    },
    /// Ctrl+C: ends the newest command that goes on.
    Interrupt,
    /// Gives kubectl a text that [`Output::wants`] named (`help`, `explain`): files that a page loads on first use.
    Provide {
        /// Its name.
        name: String,
        /// The text.
        text: Rc<str>,
    },
}

/// What came of a command.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// What was printed so far.
    pub output: Output,
    /// Whether the command has ended; `wait`, `-w` and the like go on as time passes.
    pub finished: bool,
}

/// How far [`Cluster::advance`] came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The time reached.
    pub now: Time,
    /// Whether the time asked for was reached; otherwise the budget ran out first.
    pub finished: bool,
    /// How many tasks ran.
    pub tasks: u32,
    /// The limit that stopped it, where one did: time does not go on from here.
    pub limit: Option<Limit>,
}

/// What a run may not exceed, so that a page stays alive whatever it is asked to simulate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    /// The history holds this many changes.
    Changes(usize),
    /// This many tasks ran at one moment without time going on.
    Moment(u32),
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changes(n) => write!(
                f,
                "this run has reached its limit of {n} changes; go back in time, or start afresh with fewer Pods or less time"
            ),
            Self::Moment(n) => {
                write!(f, "this run stands still: {n} things happened at one moment; go back in time, or start afresh")
            }
        }
    }
}

/// The most tasks at one moment.
const MOMENT_TASKS: u32 = 500_000;

/// The most virtual time between two checkpoints.
const CHECKPOINT_INTERVAL: Millis = 10_000;
/// The most tasks between two checkpoints of an empty cluster: what a step back may have to do again. Objects add to it, as
/// they add a little to what a checkpoint costs.
const CHECKPOINT_TASKS: usize = 120;
/// How many objects add one task.
const CHECKPOINT_OBJECTS_A_TASK: usize = 24;
/// A checkpoint for time alone is not worth it where less than this happened.
const CHECKPOINT_LEAST: usize = 50;

/// How many objects all checkpoints together may hold. Beyond, every second one is given up, so that the memory of a long run
/// of many Pods grows with the Pods and not with their square.
const CHECKPOINT_OBJECTS: usize = 400_000;

#[derive(Clone)]
struct Checkpoint {
    world: Rc<World>,
    objects: usize,
    journal_len: usize,
    commands: usize,
}

/// A simulated cluster. Cloning it is cheap, and gives an undo.
#[derive(Clone)]
pub struct Cluster {
    config: Rc<Config>,
    world: World,
    journal: Journal,
    /// How much of the journal lies at or before the present.
    journal_position: usize,
    commands: Vec<(Time, Command)>,
    command_position: usize,
    checkpoints: Vec<Checkpoint>,
    tasks_since_checkpoint: usize,
    /// How many tasks ran at the present moment.
    tasks_now: u32,
    seen_until: Time,
}

impl Cluster {
    /// A fresh cluster: nodes ready, namespaces there, nothing running.
    pub fn new(config: Config) -> Self {
        let config = Rc::new(config);
        let world = World::new(&config);
        let mut cluster = Self {
            seen_until: config.epoch,
            config,
            world,
            journal: Journal::default(),
            journal_position: 0,
            commands: Vec::new(),
            command_position: 0,
            checkpoints: Vec::new(),
            tasks_since_checkpoint: 0,
            tasks_now: 0,
        };
        cluster.collect();
        cluster.checkpoint();
        cluster
    }
    /// What it is made of.
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// The time at which it started.
    pub fn start(&self) -> Time {
        self.config.epoch
    }
    /// The present.
    pub fn now(&self) -> Time {
        self.world.now()
    }
    /// The latest time that has been simulated: beyond `now` after going back.
    pub fn seen_until(&self) -> Time {
        self.seen_until
    }
    /// The history, including what lies ahead after going back.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
    /// How many entries of the journal lie at or before the present.
    pub fn journal_position(&self) -> usize {
        self.journal_position
    }
    /// The learner's commands with their times, including those that lie ahead.
    pub fn commands(&self) -> &[(Time, Command)] {
        &self.commands
    }
    /// When the next thing happens, if anything is due at all.
    pub fn next_due(&self) -> Option<Time> {
        let command = self.commands.get(self.command_position).map(|(t, _)| *t);
        match (self.world.next_due(), command) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
    /// All objects as they are now.
    pub fn snapshot(&self) -> Snapshot {
        self.world.snapshot()
    }
    /// The waits that run now.
    pub fn timers(&self) -> Vec<Timer> {
        self.world.timers()
    }
    /// Whether a command now would cut off a future that has been seen.
    pub fn would_fork(&self) -> bool {
        self.journal_position < self.journal.len() || self.command_position < self.commands.len()
    }

    /// Carries a command out, now. A future that was seen is discarded (keep a clone for undo).
    pub fn handle(&mut self, command: Command) -> Outcome {
        // What is due already happens first: so it is when the command is told again at its time.
        let now = self.now();
        self.journal.truncate(self.journal_position);
        self.commands.truncate(self.command_position);
        self.checkpoints.retain(|c| c.world.now() <= now && c.commands <= self.command_position);
        while self.limit().is_none()
            && let Some(next) = self.world.next().filter(|n| n.at() <= now)
        {
            self.run_task(next);
        }
        self.seen_until = now;
        if let Some(limit) = self.limit() {
            let output = Output { stderr: format!("error: {limit}\n"), exit: 1, ..Output::default() };
            return Outcome { output, finished: true };
        }
        self.commands.push((now, command));
        self.run_command()
    }

    /// The limit that has been reached.
    fn limit(&self) -> Option<Limit> {
        if self.journal_position >= self.config.max_changes {
            return Some(Limit::Changes(self.config.max_changes));
        }
        (self.tasks_now >= MOMENT_TASKS).then_some(Limit::Moment(MOMENT_TASKS))
    }

    fn run_task(&mut self, next: Next) {
        let before = self.now();
        self.world.run(next, &self.config);
        self.tasks_now = if self.now() == before { self.tasks_now + 1 } else { 0 };
        self.tasks_since_checkpoint += 1;
        self.collect();
    }

    fn run_command(&mut self) -> Outcome {
        let (_, command) = self.commands[self.command_position].clone();
        self.command_position += 1;
        let outcome = self.world.handle(&command, &self.config);
        self.collect();
        outcome
    }

    /// What a command that goes on (`kubectl get -w`, `kubectl wait`) has printed so far, by its place in
    /// [`Cluster::commands`].
    pub fn outcome(&self, command: usize) -> Option<Outcome> {
        self.world.outcome(command)
    }

    /// Files, variables and settings that kubectl's commands share.
    pub fn home(&self) -> &Home {
        self.world.home()
    }

    /// What the Tab key offers for a kubectl line at a place in it; `files` are the names that the page has.
    pub fn complete(&self, line: &str, cursor: usize, files: &[String]) -> Completion {
        crate::kubectl::complete(line, cursor, self.home(), self.world.store(), files)
    }

    /// Runs everything due up to a time, at most `budget` tasks of it.
    pub fn advance(&mut self, until: Time, budget: u32) -> Progress {
        let mut tasks = 0;
        loop {
            let command = self.commands.get(self.command_position).map(|(t, _)| *t);
            let next = self.world.next();
            let limit = self.limit();
            match (next, command) {
                (next, Some(at)) if at <= until && next.is_none_or(|n| n.at() > at) => {
                    self.world.set_now(at);
                    self.run_command();
                }
                (Some(next), _) if next.at() <= until => {
                    if tasks >= budget || limit.is_some() {
                        return Progress { now: self.now(), finished: false, tasks, limit };
                    }
                    self.run_task(next);
                }
                _ => break,
            }
            tasks += 1;
            memory::reserve();
            let last = self.checkpoints.last().map_or(self.config.epoch, |c| c.world.now());
            let long = self.now() - last >= CHECKPOINT_INTERVAL && self.tasks_since_checkpoint >= CHECKPOINT_LEAST;
            let many =
                self.tasks_since_checkpoint >= CHECKPOINT_TASKS + self.world.objects() / CHECKPOINT_OBJECTS_A_TASK;
            if (long || many) && self.now() > last {
                self.checkpoint();
            }
        }
        self.world.set_now(until);
        self.seen_until = self.seen_until.max(until);
        Progress { now: self.now(), finished: true, tasks, limit: None }
    }

    /// Goes to a time: from the last checkpoint before it, or from here where that is nearer. The future that was seen is kept.
    pub fn seek(&mut self, to: Time) {
        let to = to.max(self.config.epoch);
        let seen = self.seen_until;
        let i = self.checkpoints.partition_point(|c| c.world.now() <= to).saturating_sub(1);
        let checkpoint = &self.checkpoints[i];
        if to < self.now() || checkpoint.world.now() > self.now() {
            let checkpoint = checkpoint.clone();
            self.world = (*checkpoint.world).clone();
            self.journal_position = checkpoint.journal_len;
            self.command_position = checkpoint.commands;
            self.tasks_since_checkpoint = 0;
            self.tasks_now = 0;
        }
        self.advance(to, u32::MAX);
        self.seen_until = seen.max(to);
    }

    /// Takes the changes from the world into the journal. Told again after going back, they are there already.
    fn collect(&mut self) {
        for change in self.world.take_journal() {
            if self.journal_position >= self.journal.len() {
                self.journal.push(change);
            }
            self.journal_position += 1;
        }
        self.seen_until = self.seen_until.max(self.now());
    }

    fn checkpoint(&mut self) {
        self.tasks_since_checkpoint = 0;
        self.checkpoints.push(Checkpoint {
            world: Rc::new(self.world.clone()),
            objects: self.world.objects(),
            journal_len: self.journal_position,
            commands: self.command_position,
        });
        if self.checkpoints.iter().map(|c| c.objects).sum::<usize>() > CHECKPOINT_OBJECTS {
            let mut place = 0;
            self.checkpoints.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }
}
