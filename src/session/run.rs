//! One run: a cluster, what was applied to it and when, its history, and what was typed into its terminal.

use std::rc::Rc;

use batchyard_engine::api::ObjectKey;
use batchyard_engine::cluster::{Cluster, Command, Completion, Config, Time};
use batchyard_engine::kubectl::Output;

use super::history::History;
use super::scene::{self, Seen, World};
use super::text::Ms;
use super::view::{Scene, Timeline};

/// The name under which the manifest is seen by kubectl.
pub const FILE: &str = "job.yaml";
/// The line that the Apply button stands for.
pub const APPLY: &str = "kubectl apply -f job.yaml";
/// How many acts can be undone.
const UNDO: usize = 24;
/// How long something that does not get on is watched. The longest wait between two Pods is as long.
const TEN_MINUTES: Ms = 600_000;
/// So many tasks are run between two looks at the clock: one may take long, above all where its code runs for the first time.
const SLICE: u32 = 1;
/// How far ahead the next event is looked for.
const HORIZON: Ms = 24 * 3_600_000;

/// A line of the terminal: what was typed, when, and what it printed.
#[derive(Clone, PartialEq, Debug)]
pub struct TermLine {
    /// The moment.
    pub at: Ms,
    /// The line, without the prompt.
    pub line: String,
    /// What was printed at once.
    pub output: Output,
    /// Its place among the commands of the cluster.
    pub command: usize,
    /// Whether it has ended.
    pub finished: bool,
}

#[derive(Clone)]
struct Saved {
    cluster: Cluster,
    applied: Option<Rc<str>>,
    origin: Ms,
    terminal: Vec<TermLine>,
}

/// A run.
pub struct Run {
    fresh: Cluster,
    cluster: Cluster,
    /// The run so far.
    pub history: History,
    /// The moment from which the clock counts.
    pub origin: Ms,
    /// The text that was applied last.
    pub applied: Option<Rc<str>>,
    /// The terminal.
    pub terminal: Vec<TermLine>,
    undo: Vec<Saved>,
    /// Texts that kubectl has been given.
    texts: Vec<(String, Rc<str>)>,
    looked: Seen,
}

impl Run {
    /// A fresh cluster with nothing applied.
    pub fn new(seed: u64) -> Self {
        let cluster = Cluster::new(Config { seed, ..Config::default() });
        let origin = cluster.now().0;
        let mut run = Self {
            fresh: cluster.clone(),
            cluster,
            history: History::default(),
            origin,
            applied: None,
            terminal: Vec::new(),
            undo: Vec::new(),
            texts: Vec::new(),
            looked: Seen::default(),
        };
        run.read();
        run
    }
    /// The cluster.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }
    /// The moment that is shown.
    pub fn now(&self) -> Ms {
        self.cluster.now().0
    }
    /// How far it has been run.
    pub fn seen(&self) -> Ms {
        self.cluster.seen_until().0
    }
    /// The seed.
    pub fn seed(&self) -> u64 {
        self.cluster.config().seed
    }
    fn read(&mut self) -> bool {
        self.history.read(self.cluster.journal())
    }
    /// Nothing that was seen holds at another moment of the past.
    fn forget(&mut self) {
        self.looked = Seen::default();
    }
    fn save(&mut self) {
        if self.undo.len() == UNDO {
            self.undo.remove(0);
        }
        self.undo.push(Saved {
            cluster: self.cluster.clone(),
            applied: self.applied.clone(),
            origin: self.origin,
            terminal: self.terminal.clone(),
        });
    }
    /// Whether an act can be undone.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }
    /// Takes the last act back, with the future that it cut.
    pub fn undo(&mut self) -> bool {
        let Some(saved) = self.undo.pop() else { return false };
        self.cluster = saved.cluster;
        self.applied = saved.applied;
        self.origin = saved.origin;
        self.terminal = saved.terminal;
        self.read();
        true
    }
    /// Back to a cluster in which nothing was applied.
    pub fn reset(&mut self) {
        self.save();
        self.cluster = self.fresh.clone();
        self.origin = self.cluster.now().0;
        self.applied = None;
        self.terminal.clear();
        self.read();
    }
    /// What kubectl would say to a text, without doing it.
    pub fn try_apply(&self, text: &str) -> Output {
        let mut cluster = self.fresh.clone();
        cluster.handle(command(APPLY, text)).output
    }
    /// Applies a text in a fresh cluster, where the clock starts anew. What is not accepted leaves the run as it was.
    pub fn apply_fresh(&mut self, text: &str) -> Output {
        let mut cluster = self.fresh.clone();
        let outcome = cluster.handle(command(APPLY, text));
        if outcome.output.exit == 0 {
            self.save();
            self.origin = cluster.now().0;
            self.cluster = cluster;
            self.applied = Some(text.into());
            self.terminal.clear();
            self.read();
        }
        self.echo(APPLY, outcome.output.clone(), outcome.finished);
        outcome.output
    }
    /// Applies a text in the cluster as it is.
    pub fn apply_here(&mut self, text: &str) -> Output {
        let output = self.kubectl(APPLY, text);
        if output.exit == 0 {
            self.applied = Some(text.into());
        }
        output
    }
    /// Carries out a line of the terminal now. A future that was seen is cut when the line changes anything.
    pub fn kubectl(&mut self, line: &str, text: &str) -> Output {
        let line = line.trim();
        let mut tried = self.cluster.clone();
        let before = tried.journal_position();
        let mut outcome = tried.handle(command(line, text));
        if let Some(name) = outcome.output.wants.clone() {
            let Some((_, text_of)) = self.texts.iter().find(|(n, _)| *n == name) else { return outcome.output };
            tried = self.cluster.clone();
            tried.handle(Command::Provide { name, text: text_of.clone() });
            outcome = tried.handle(command(line, text));
        }
        let changes = tried.journal_position() > before;
        if changes || !self.cluster.would_fork() {
            if changes {
                self.save();
            }
            self.cluster = tried;
            self.read();
        }
        self.echo(line, outcome.output.clone(), outcome.finished);
        outcome.output
    }
    /// Gives kubectl a text that it wanted.
    pub fn provide(&mut self, name: String, text: &str) {
        self.texts.push((name, text.into()));
    }
    /// Makes a container fail (true) or hang, now. A future that was seen is cut.
    pub fn break_container(&mut self, pod: &ObjectKey, container: &str, fail: bool) {
        self.save();
        let (namespace, name, container) = (pod.namespace.clone(), pod.name.clone(), Rc::from(container));
        self.cluster.handle(if fail {
            Command::FailContainer { namespace, pod: name, container }
        } else {
            Command::HangContainer { namespace, pod: name, container }
        });
        self.read();
    }
    /// Ends the newest command that goes on.
    pub fn interrupt(&mut self) {
        self.cluster.handle(Command::Interrupt);
        self.read();
    }
    /// What a kubectl line prints now, with nothing kept of it.
    pub fn ask(&self, line: &str) -> Output {
        self.cluster.clone().handle(command(&["kubectl ", line].concat(), "")).output
    }
    /// What the Tab key offers for a line of the terminal at a place in it.
    pub fn complete(&self, line: &str, cursor: usize) -> Completion {
        let home = self.cluster.home().files().map(|(name, _)| name.to_owned());
        self.cluster.complete(line, cursor, &home.chain([FILE.to_owned()]).collect::<Vec<_>>())
    }
    /// Prints into the terminal what no command has printed.
    pub fn print(&mut self, line: &str, text: String) {
        let output = Output { stdout: text.clone(), screen: text + "\n", ..Output::default() };
        self.echo(line, output, true);
    }
    fn echo(&mut self, line: &str, output: Output, finished: bool) {
        let at = self.now();
        self.terminal.retain(|l| l.at <= at);
        if output.clear {
            self.terminal.clear();
            if output.screen.is_empty() && finished {
                return;
            }
        }
        let command = self.cluster.commands().len().saturating_sub(1);
        self.terminal.push(TermLine { at, line: line.to_owned(), output, command, finished });
        let extra = self.terminal.len().saturating_sub(200);
        self.terminal.drain(..extra);
    }
    /// Runs up to a moment as long as `go_on` allows; whether it was reached.
    pub fn advance(&mut self, to: Ms, mut go_on: impl FnMut() -> bool) -> bool {
        if to <= self.seen() {
            self.seek(to);
            return true;
        }
        loop {
            let progress = self.cluster.advance(Time(to), SLICE);
            // Where a limit is reached time does not go on.
            if progress.finished || progress.limit.is_some() || !go_on() {
                self.read();
                return progress.finished;
            }
        }
    }
    /// Goes to a moment, back or forward.
    pub fn seek(&mut self, to: Ms) {
        self.forget();
        self.cluster.seek(Time(to.max(self.origin)));
        self.read();
    }
    /// Goes to the next change that kubectl would show, or to the last one before now. Whether there is one.
    pub fn step(&mut self, forward: bool) -> bool {
        let now = self.now();
        if !forward {
            let to = self.history.moment_from(now, false).filter(|m| *m >= self.origin).unwrap_or(self.origin);
            self.seek(to);
            return to < now;
        }
        if let Some(to) = self.history.moment_from(now, true) {
            self.seek(to);
            return true;
        }
        let (horizon, known) = (now + HORIZON, self.history.moments.len());
        if self.seen() > now {
            self.seek(self.seen());
        }
        for _ in 0..20_000 {
            let Some(due) = self.cluster.next_due().filter(|d| d.0 <= horizon) else { break };
            self.cluster.advance(due, 1);
            if self.read() && self.history.moments.len() > known {
                return true;
            }
        }
        self.read();
        false
    }
    /// The next or last failure or end that has been seen.
    pub fn failure(&mut self, forward: bool) -> bool {
        match self.history.failure_from(self.now(), forward).filter(|m| *m >= self.origin) {
            Some(to) => {
                self.seek(to);
                true
            }
            None => false,
        }
    }
    /// Whether a workload runs that is meant to run for ever.
    pub fn has_endless(&self) -> bool {
        let endless = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"];
        self.history.work.iter().any(|w| w.gone.is_none() && endless.contains(&w.kind.name()))
    }
    /// Whether everything that can end has ended at a moment: nothing is left to wait for.
    pub fn is_settled(&self) -> bool {
        let jobs = self.history.work.iter().filter(|w| w.kind.name() == "Job");
        let ends = jobs.clone().all(|w| w.end.is_some_and(|(t, _)| t <= self.now()) || w.gone.is_some());
        let endless = self.history.work.iter().any(|w| w.kind.name() != "Job" && w.gone.is_none());
        ends && !endless && jobs.count() > 0
    }
    /// Whether a run to the end should go on: Pods have been made or have ended lately, as Jobs get on. A Job that waits for an
    /// image, and workloads that have no end, are seen for ten minutes; a CronJob until it has fired three times.
    pub fn is_going(&self) -> bool {
        let (now, from) = (self.now(), self.origin);
        let marks = || self.history.marks.iter().rev().filter(|m| m.at <= now);
        let has = |kind: &str| self.history.work.iter().any(|w| w.kind.name() == kind && w.gone.is_none());
        if has("CronJob") {
            return now - from < TEN_MINUTES || marks().filter(|m| m.kind == "fire").take(3).count() < 3;
        }
        if self.history.work.iter().any(|w| w.kind.name() != "Job" && w.gone.is_none()) {
            return now - from < TEN_MINUTES;
        }
        let last = marks().find(|m| m.kind != "wait").map_or(from, |m| m.at);
        now - last <= TEN_MINUTES
    }
    /// The stage now.
    pub fn scene(&mut self) -> Scene {
        scene::scene_since(&World::of(&self.cluster, &self.history), &mut self.looked)
    }
    /// The timeline now.
    pub fn timeline(&self, scene: &Scene) -> Timeline {
        scene::timeline(&self.history, scene, self.origin, self.now(), self.seen())
    }
    /// The terminal at this moment: lines typed until now, those that go on with what they have printed so far.
    pub fn printed(&self) -> Vec<TermLine> {
        let now = self.now();
        let mut lines: Vec<TermLine> = self.terminal.iter().filter(|l| l.at <= now).cloned().collect();
        for line in lines.iter_mut().filter(|l| !l.finished) {
            if let Some(outcome) = self.cluster.outcome(line.command) {
                line.output = outcome.output;
                line.finished = outcome.finished;
            }
        }
        lines
    }
}

fn command(line: &str, text: &str) -> Command {
    Command::Kubectl { line: line.to_owned(), files: Rc::new(vec![(FILE.to_owned(), Rc::from(text))]) }
}
