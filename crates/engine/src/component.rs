//! What every component of the cluster is to the loop that runs it: something with tasks at times, told of changes.
//!
//! Models the shape that controllers, scheduler and kubelets share upstream: informers call handlers, handlers only
//! enqueue, and workers sync. A component never calls another; they meet in the API server.

use std::rc::Rc;

use crate::api::ObjectKey;
use crate::apiserver::{ApiServer, Change};
use crate::clock::{Millis, Time};
use crate::queue::{Due, EventQueue, Sequence};
use crate::rng::Rng;

/// A node of the simulated cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeConfig {
    /// Its name.
    pub name: Rc<str>,
    /// CPUs.
    pub cpus: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
}

/// What a cluster is made of. The same configuration and commands give the same history.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Decides names, uids and every jitter.
    pub seed: u64,
    /// The time at which the run starts.
    pub epoch: Time,
    /// The nodes.
    pub nodes: Vec<NodeConfig>,
    /// Images that every node holds from the start.
    pub images: Vec<Rc<str>>,
    /// The most objects the store takes before it refuses with a clear message.
    pub max_objects: usize,
    /// The most changes the history takes before the run stops with a clear message.
    pub max_changes: usize,
}

impl Default for Config {
    fn default() -> Self {
        let node = |n: u32| NodeConfig { name: Rc::from(format!("node-{n}")), cpus: 4, memory_bytes: 8 << 30 };
        Self {
            seed: 1,
            epoch: Time::from_seconds(1_795_510_800), // Tue, 24 Nov 2026 09:00:00 UTC
            nodes: (1..=3).map(node).collect(),
            images: Vec::new(),
            max_objects: 50_000,
            max_changes: 1_000_000,
        }
    }
}

/// What a component may use while it runs: the time, the API server, chance, and its place in the order of things.
pub struct Ctx<'a> {
    /// The virtual time.
    pub now: Time,
    /// The API server, acting as this component.
    pub api: &'a mut ApiServer,
    /// The one source of chance.
    pub rng: &'a mut Rng,
    /// Hands out places in the queues.
    pub sequence: &'a mut Sequence,
    /// What the cluster is made of.
    pub config: &'a Config,
}

impl Ctx<'_> {
    /// Puts a task into a component's queue, `delay` from now.
    pub fn after<T: Clone>(&mut self, queue: &mut EventQueue<T>, delay: Millis, task: T) -> Due {
        queue.push(self.sequence, self.now + delay.max(0), task)
    }
    /// Puts a task into a component's queue at a time (now, where that is past).
    pub fn at<T: Clone>(&mut self, queue: &mut EventQueue<T>, time: Time, task: T) -> Due {
        queue.push(self.sequence, time.max(self.now), task)
    }
}

/// Why something waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum WaitKind {
    /// The Job controller's wait before it makes the next Pod.
    JobBackoff,
    /// The kubelet's wait before it restarts a container.
    CrashLoop,
    /// The kubelet's wait before it pulls an image again.
    ImagePull,
    /// `activeDeadlineSeconds` of a Job or Pod.
    ActiveDeadline,
    /// `ttlSecondsAfterFinished`
    Ttl,
    /// The next time a CronJob's schedule fires.
    CronNext,
    /// A Pod's grace period.
    Grace,
    /// `progressDeadlineSeconds` of a Deployment.
    ProgressDeadline,
    /// `minReadySeconds`
    MinReady,
}

/// A wait that is running: what waits, why, since when and until when.
#[derive(Clone, PartialEq, Debug)]
pub struct Timer {
    /// The object that waits.
    pub object: ObjectKey,
    /// Its uid.
    pub uid: Rc<str>,
    /// The container, where one waits.
    pub container: Option<Rc<str>>,
    /// Why.
    pub kind: WaitKind,
    /// Since when.
    pub since: Time,
    /// Until when.
    pub until: Time,
    /// How many times it has happened: the failure, the restart, the try.
    pub count: u32,
}

/// A component: tasks at times, and an ear for changes.
pub trait Component {
    /// When the component's first task is due.
    fn next_due(&self) -> Option<Due>;
    /// Runs the first task.
    fn run_next(&mut self, ctx: &mut Ctx<'_>);
    /// Hears of a change in the store. Only enqueues.
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change);
    /// Adds the waits that run now.
    fn timers(&self, _api: &ApiServer, _out: &mut Vec<Timer>) {}
}

#[cfg(test)]
pub mod testing;
