//! What a kubelet knows of one Pod: the API's version, its worker, what runs, what was last seen running, and its status.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::backoff::Backoff;
use super::kill::Kill;
use super::manager::StatusEntry;
use super::prober::Prober;
use super::spec::all_could_restart;
use super::start::StartAt;
use crate::api::{Object, Value};
use crate::clock::{MINUTE, SECOND, Time};
use crate::queue::Due;
use crate::runtime::files::Files;
use crate::runtime::process::Process;
use crate::runtime::shell::Machine;
use crate::runtime::{Container, LogLine, Sandbox, State};

/// A container as it was when the kubelet last looked. Models `kubecontainer.Status`.
#[derive(Clone, Debug)]
pub struct Seen {
    pub id: Rc<str>,
    pub name: Rc<str>,
    pub image: Rc<str>,
    pub image_id: Rc<str>,
    pub state: State,
    pub started_at: Time,
    pub finished_at: Time,
    pub exit_code: i64,
    pub reason: &'static str,
    pub message: Rc<str>,
    pub restart_count: i64,
}

impl Seen {
    fn of(c: &Container) -> Self {
        Self {
            id: c.id.clone(),
            name: c.name.clone(),
            image: c.image.clone(),
            image_id: c.image_id.clone(),
            state: c.state,
            started_at: c.started_at,
            finished_at: c.finished_at,
            exit_code: c.exit_code,
            reason: c.reason,
            message: c.message.clone(),
            restart_count: c.restart_count,
        }
    }
}

/// A Pod as it was when the kubelet last looked, newest containers first. Models `kubecontainer.PodStatus`.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// Whether the sandbox was ready, and which it was; none before there was one.
    pub sandbox: Option<(bool, u32)>,
    /// The Pod's address.
    pub ip: Option<Rc<str>>,
    /// Containers, newest first.
    pub containers: Vec<Seen>,
}

impl Observed {
    /// The newest instance of a container.
    pub fn find(&self, name: &str) -> Option<&Seen> {
        self.containers.iter().find(|c| c.name.as_ref() == name)
    }
    /// Whether a new sandbox is needed, and why.
    pub fn sandbox_missing(&self) -> Option<&'static str> {
        match self.sandbox {
            None => Some("no pod sandbox exists"),
            Some((false, _)) => Some("pod sandbox is not ready"),
            Some((true, _)) => None,
        }
    }
}

/// What a command run in a container is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A lifecycle hook: a step of the worker waits for it.
    Hook,
    /// The nth prober's probe.
    Probe(usize),
}

/// How a command in a container ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// With an exit code.
    Code(i64),
    /// It took too long.
    GaveUp,
    /// There is no such program: its output says so.
    Missing,
}

/// A command that runs in a container beside its first process.
#[derive(Clone, Debug)]
pub struct Exec {
    pub machine: Machine,
    pub container: Rc<str>,
    pub output: Vec<LogLine>,
    pub purpose: Purpose,
    /// When it is given up.
    pub deadline: Option<Time>,
    /// How it ended, once it has.
    pub done: Option<Ended>,
    pub due: Option<Due>,
}

/// What the worker is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// Keep it running.
    Sync,
    /// Stop its containers.
    Terminating,
    /// Clean up.
    Terminated,
}

/// A part of a sync that may take time.
#[derive(Clone, Debug)]
pub enum Step {
    /// Wait for the volumes.
    Volumes {
        /// When to look again.
        next: Option<Time>,
        /// When to give up.
        deadline: Option<Time>,
    },
    /// Set up the sandbox.
    Sandbox {
        /// When it is up.
        ready: Option<Time>,
    },
    /// Stop containers, and the sandbox where all go.
    Kill {
        /// The containers.
        kills: Vec<Kill>,
        /// Whether the sandbox goes too.
        sandbox: bool,
    },
    /// Remove a container, so that all start anew.
    Reset {
        /// The container.
        id: Rc<str>,
        /// Its stop, where it runs.
        kills: Vec<Kill>,
    },
    /// Start a container.
    Start {
        /// Whether it is an init container.
        init: bool,
        /// Its place in the spec.
        index: usize,
        /// How far it is.
        at: StartAt,
    },
}

/// A sync that is going on. Models a call of `SyncPod`, `SyncTerminatingPod` or `SyncTerminatedPod`.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "what came of it, each on its own")]
pub struct Sync {
    pub work: Work,
    pub observed: Rc<Observed>,
    pub steps: VecDeque<Step>,
    /// Whether anything was done.
    pub results: bool,
    /// Whether anything failed.
    pub failed: bool,
    /// Whether containers were removed so that all start anew.
    pub reset: bool,
    /// Whether a pull was tried and failed.
    pub pull_failed: bool,
    /// The earliest end of a back-off among what failed.
    pub backoff_until: Option<Time>,
    /// The context was cancelled: waiting for volumes ends.
    pub cancelled: bool,
    pub due: Option<Due>,
}

/// Models `podSyncStatus`.
#[derive(Clone, Debug, Default)]
pub struct Worker {
    pub terminating_at: Option<Time>,
    pub terminated_at: Option<Time>,
    pub finished: bool,
    pub deleted: bool,
    /// The grace period in seconds, 0 before there is one.
    pub grace: i64,
    /// There is an update to look at.
    pub pending: bool,
    /// An update it has taken, which waits for the kubelet to look at the Pod.
    pub taken: Option<Work>,
    pub last_sync: Option<Time>,
    pub doing: Option<Box<Sync>>,
}

impl Worker {
    pub fn work(&self) -> Work {
        match (self.terminated_at, self.terminating_at) {
            (Some(_), _) => Work::Terminated,
            (None, Some(_)) => Work::Terminating,
            _ => Work::Sync,
        }
    }
}

/// What every sync asks of a Pod's spec, read once.
#[derive(Debug)]
struct SpecParts {
    spec: Value,
    /// App containers, and init containers.
    containers: [Value; 2],
    /// Whether the end of a container can make all start anew.
    could_restart_all: bool,
}

impl SpecParts {
    fn of(api: &Object) -> Self {
        let spec = api.at("spec").clone();
        Self {
            containers: ["containers", "initContainers"].map(|list| spec.at(list).clone()),
            could_restart_all: all_could_restart(&spec),
            spec,
        }
    }
}

/// A Pod on a node.
#[derive(Clone, Debug)]
pub struct Pod {
    /// The newest version the kubelet has taken notice of; [`Pod::take_notice`] sets it.
    pub api: Rc<Object>,
    parts: Rc<SpecParts>,
    /// A newer version that it has not.
    pub incoming: Option<Rc<Object>>,
    /// Whether the API server has no such Pod any more.
    pub gone: bool,
    pub node: Rc<str>,
    pub worker: Worker,
    pub sandbox: Option<Sandbox>,
    /// All containers that have not been removed, oldest first.
    pub containers: Vec<Container>,
    pub files: Files,
    pub mounted: bool,
    /// A ConfigMap or Secret of a volume is newer than the files.
    pub stale_volumes: bool,
    pub mount_failures: BTreeMap<Rc<str>, (u32, Time)>,
    /// What was last seen running.
    pub cache: Rc<Observed>,
    /// When the kubelet last looked at this Pod alone.
    pub observed_at: Option<Time>,
    /// Something has changed since it was looked at.
    pub dirty: bool,
    /// Why containers could not be started. Models `ReasonCache`.
    pub reasons: BTreeMap<Rc<str>, (&'static str, Rc<str>)>,
    pub crashes: Backoff,
    pub pulls: Backoff,
    pub pull_errors: BTreeMap<String, Rc<str>>,
    pub status: StatusEntry,
    pub probers: Vec<Prober>,
    pub execs: BTreeMap<u32, Exec>,
    pub next_exec: u32,
    /// Signals that commands have sent to the first processes of containers.
    pub signals: Vec<(Rc<str>, String)>,
    pub requeue: Option<Due>,
    pub deadline: Option<Due>,
    /// When each container's process is next due.
    pub process_due: BTreeMap<Rc<str>, Due>,
}

impl Pod {
    pub fn new(api: Rc<Object>) -> Self {
        Self {
            node: api.body().rc_str_at("spec.nodeName"),
            incoming: None,
            gone: false,
            worker: Worker::default(),
            sandbox: None,
            containers: Vec::new(),
            files: Files::default(),
            mounted: false,
            stale_volumes: false,
            mount_failures: BTreeMap::new(),
            cache: Rc::default(),
            observed_at: None,
            dirty: false,
            reasons: BTreeMap::new(),
            crashes: Backoff::new(10 * SECOND, 5 * MINUTE),
            pulls: Backoff::new(10 * SECOND, 5 * MINUTE),
            pull_errors: BTreeMap::new(),
            status: StatusEntry::default(),
            probers: Vec::new(),
            execs: BTreeMap::new(),
            next_exec: 0,
            signals: Vec::new(),
            requeue: None,
            deadline: None,
            process_due: BTreeMap::new(),
            parts: Rc::new(SpecParts::of(&api)),
            api,
        }
    }
    /// Takes notice of a newer version.
    pub fn take_notice(&mut self, api: Rc<Object>) {
        if !api.at("spec").same(&self.parts.spec) {
            self.parts = Rc::new(SpecParts::of(&api));
        }
        self.api = api;
    }
    pub fn uid(&self) -> Rc<str> {
        self.api.uid().clone()
    }
    pub fn spec(&self) -> &Value {
        &self.parts.spec
    }
    /// Whether the end of a container can make all start anew.
    pub fn could_restart_all(&self) -> bool {
        self.parts.could_restart_all
    }
    /// The init or app containers of the spec.
    pub fn specs(&self, init: bool) -> &[Value] {
        self.parts.containers[usize::from(init)].items()
    }
    /// A container of the spec, and whether it is an init container.
    pub fn find_spec(&self, name: &str) -> Option<(bool, &Value)> {
        [false, true]
            .into_iter()
            .find_map(|init| self.specs(init).iter().find(|c| c.str_at("name") == name).map(|c| (init, c)))
    }
    /// `NAME_NAMESPACE(UID)`. Models `format.Pod`.
    pub fn full_name(&self) -> String {
        format!("{}_{}({})", self.api.name(), self.api.namespace(), self.api.uid())
    }
    pub fn container(&self, id: &str) -> Option<&Container> {
        self.containers.iter().rev().find(|c| c.id.as_ref() == id)
    }
    /// The Pod as the runtime has it now. Models `GetPodStatus`.
    pub fn observe(&self) -> Observed {
        let ip = match &self.sandbox {
            Some(s) if s.ready => Some(s.ip.clone()),
            _ => self.cache.ip.clone(),
        };
        Observed {
            sandbox: self.sandbox.as_ref().map(|s| (s.ready, s.attempt)),
            ip,
            containers: self.containers.iter().rev().map(Seen::of).collect(),
        }
    }
    /// The directory that an instance's programs start in, empty for the root.
    pub fn working_dir(&self, id: &str) -> &str {
        let spec = self.container(id).and_then(|c| self.find_spec(&c.name));
        spec.map_or("", |(_, c)| c.str_at("workingDir"))
    }
    /// Ends a container.
    pub fn finish(&mut self, id: &str, code: i64, reason: &'static str, now: Time) {
        let Some(i) = self.containers.iter().position(|c| c.id.as_ref() == id) else { return };
        if self.containers[i].state == State::Exited {
            return;
        }
        let view = self.containers[i].view();
        let c = &mut self.containers[i];
        c.state = State::Exited;
        c.process = Process::None;
        c.env = Rc::default();
        Rc::make_mut(&mut c.logs).shrink_to_fit();
        c.finished_at = now;
        c.exit_code = code;
        c.reason = reason;
        let mut specs = self.parts.containers.iter().flat_map(Value::items);
        if let Some(spec) = specs.find(|s| s.str_at("name") == c.name.as_ref()) {
            let text = super::termination::message(spec, c, &self.files, &view);
            c.message = match (c.message.is_empty(), text.is_empty()) {
                (_, true) => c.message.clone(),
                (true, _) => Rc::from(text),
                (false, _) => Rc::from(format!("{}: {text}", c.message)),
            };
        }
        let id = self.containers[i].id.clone();
        self.files.clear(&id);
        self.execs.retain(|_, e| e.container != id || e.done.is_some() || e.purpose == Purpose::Hook);
        self.dirty = true;
    }
}
