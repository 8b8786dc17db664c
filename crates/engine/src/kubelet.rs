//! The kubelets: what makes Pods run on the nodes, and tells the API server how they are.
//!
//! One component stands for the kubelets of all nodes; each node has its own images, recorder and rhythm, and acts under
//! its own name. Models `pkg/kubelet`: pod workers, the generic PLEG with its relist of one second, the status manager,
//! the image manager, the prober, and kuberuntime, over [`crate::runtime`].
//!
//! A node looks at its Pods only when something has changed on it, at the times its relist would: idle Pods cost nothing.

mod actions;
mod backoff;
mod conditions;
mod env;
mod env_file;
mod exec;
mod hosts;
mod kill;
mod manager;
mod pleg;
mod pod;
mod prober;
mod query;
mod resources;
mod spec;
mod start;
mod status;
mod sync;
mod termination;
#[cfg(test)]
mod tests;
mod volumes;

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Actor, ApiServer, Change};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx, Timer};
use crate::events::{EventRecorder, EventType};
use crate::queue::{Due, EventQueue};
use crate::runtime::files::Files;
use crate::runtime::images::{self, Image};
use crate::runtime::process::{Io, Process};
use crate::runtime::{Container, State};
use crate::sorted::{SortedMap, SortedSet};
use pod::{Pod, Purpose};
pub use query::ExecOutput;

/// How long the watch takes from the API server to the kubelet.
const WATCH_LATENCY: Millis = 5;
/// A log that grows longer loses its older half.
const MAX_LOG_LINES: usize = 10_000;
/// How many bytes: containerLogMaxSize.
const MAX_LOG_BYTES: usize = 10 << 20;
/// How long a process takes from its start to its first step.
const EXEC_TIME: Millis = 15;
/// From a write to a file to the program that waits for it.
const NOTICE_TIME: Millis = 2;
/// How often the kubelet lists what runs, and looks at its work queue.
const RELIST_PERIOD: Millis = SECOND;

/// Something to do at a time. Pods go by uid.
#[derive(Clone, Debug)]
enum Task {
    /// The API server has a newer version of a Pod.
    Config(Rc<str>),
    /// A sync goes on.
    Step(Rc<str>),
    /// A container's process has something to do.
    Process(Rc<str>, Rc<str>),
    /// A command in a container has something to do.
    Exec(Rc<str>, u32),
    /// The kubelet looks at one Pod.
    RelistPod(Rc<str>),
    /// The kubelet looks at all Pods of a node.
    Relist(Rc<str>),
    /// The work queue brings a Pod up again.
    Requeue(Rc<str>),
    /// `activeDeadlineSeconds` are over.
    Deadline(Rc<str>),
    /// A status is written.
    Status(Rc<str>),
    /// The files of volumes follow their sources.
    Refresh(Rc<str>),
    /// A probe is due.
    Probe(Rc<str>, usize),
}

/// A node's kubelet.
#[derive(Clone, Debug)]
struct Node {
    name: Rc<str>,
    /// The node's address.
    ip: Rc<str>,
    subnet: u32,
    next_ip: u32,
    /// When in a second it relists, and when it looks at the work queue.
    relist_phase: Millis,
    sync_phase: Millis,
    relist_time: Option<Time>,
    relist_due: Option<Due>,
    dirty: SortedSet<Rc<str>>,
    /// Workers that wait for the next relist.
    waiting: SortedSet<Rc<str>>,
    /// When it can write the next status.
    writes_from: Time,
    /// Images by their full name.
    images: BTreeMap<String, Image>,
    recorder: EventRecorder,
}

/// The kubelets' nodes. They are few, and mostly sought by the very text that is their name.
#[derive(Clone, Default)]
struct Nodes(Vec<Node>);

impl Nodes {
    fn position(&self, name: &Rc<str>) -> Option<usize> {
        let there = self.0.iter().position(|n| Rc::ptr_eq(&n.name, name));
        there.or_else(|| self.0.iter().position(|n| n.name == *name))
    }
    fn get_mut(&mut self, name: &Rc<str>) -> Option<&mut Node> {
        self.position(name).map(|i| &mut self.0[i])
    }
}

/// The kubelets of all nodes.
#[derive(Clone, Default)]
pub struct Kubelet {
    pods: SortedMap<Rc<str>, Rc<Pod>>,
    tasks: EventQueue<Task>,
    nodes: Nodes,
    /// How often each scripted container has started.
    attempts: SortedMap<Rc<str>, usize>,
    /// Pods to whose containers `kubectl exec` has sent signals, and when.
    signalled: Vec<(Time, Rc<str>)>,
}

/// What work on a Pod may use: the cluster, the tasks and the nodes.
struct Cx<'a, 'b> {
    ctx: &'a mut Ctx<'b>,
    tasks: &'a mut EventQueue<Task>,
    nodes: &'a mut Nodes,
    attempts: &'a mut SortedMap<Rc<str>, usize>,
}

impl Cx<'_, '_> {
    fn after(&mut self, delay: Millis, task: Task) -> Due {
        self.ctx.after(self.tasks, delay, task)
    }
    fn at(&mut self, time: Time, task: Task) -> Due {
        self.ctx.at(self.tasks, time, task)
    }
    /// Looks at a Pod's volumes again at a time.
    fn refresh_volumes(&mut self, pod: &Pod, at: Time) {
        self.at(at, Task::Refresh(pod.uid()));
    }
    /// The node of a Pod.
    fn node(&mut self, pod: &Pod) -> &mut Node {
        self.node_named(&pod.node)
    }
    fn node_named(&mut self, name: &Rc<str>) -> &mut Node {
        let i = self.nodes.position(name).unwrap_or_else(|| {
            let node = self.new_node(name);
            self.nodes.0.push(node);
            self.nodes.0.len() - 1
        });
        &mut self.nodes.0[i]
    }
    fn new_node(&mut self, name: &Rc<str>) -> Node {
        let ctx = &mut *self.ctx;
        let count = self.nodes.0.len() as u32;
        let place = ctx.config.nodes.iter().position(|n| n.name == *name).map_or(count, |i| i as u32);
        let key = ObjectKey::new(Kind::Node, "", name.clone());
        let addresses = ctx.api.get(&key).map_or(Value::Null, |n| n.at("status.addresses").clone());
        let known = addresses.items().iter().find(|a| a.str_at("type") == "InternalIP");
        let ip = known.map_or_else(|| format!("192.0.2.{}", place + 2), |a| a.str_at("address").to_owned());
        let held =
            ctx.config.images.iter().filter_map(|i| Some((images::canonical(i), images::pull(i, None).result.ok()?)));
        Node {
            name: name.clone(),
            ip: Rc::from(ip),
            subnet: place + 1,
            next_ip: 1,
            relist_phase: ctx.rng.between(0, RELIST_PERIOD - 1),
            sync_phase: ctx.rng.between(0, RELIST_PERIOD - 1),
            relist_time: None,
            relist_due: None,
            dirty: SortedSet::default(),
            waiting: SortedSet::default(),
            writes_from: Time(0),
            images: held.collect(),
            recorder: EventRecorder::on_host("kubelet", name.clone()),
        }
    }
    /// 64 hexadecimal digits.
    fn new_id(&mut self) -> Rc<str> {
        Rc::from(self.ctx.rng.hex(4))
    }
    fn new_ip(&mut self, pod: &Pod) -> Rc<str> {
        let node = self.node(pod);
        node.next_ip += 1;
        let n = node.next_ip;
        Rc::from(format!("10.244.{}.{}", node.subnet, n % 250 + 2))
    }
    fn event_at(&mut self, pod: &Pod, path: &str, kind: EventType, reason: &str, message: &str) {
        self.ctx.api.act_as(Actor::Kubelet(pod.node.clone()));
        self.node(pod);
        if let Some(node) = self.nodes.get_mut(&pod.node) {
            node.recorder.event_about_field(self.ctx, &pod.api, path, kind, reason, message);
        }
    }
    fn pod_event(&mut self, pod: &Pod, kind: EventType, reason: &str, message: &str) {
        self.event_at(pod, "", kind, reason, message);
    }
    fn container_event(&mut self, pod: &Pod, container: &str, kind: EventType, reason: &str, message: &str) {
        let init = pod.find_spec(container).is_some_and(|(init, _)| init);
        let list = if init { "spec.initContainers{" } else { "spec.containers{" };
        let path = [list, container, "}"].concat();
        self.event_at(pod, &path, kind, reason, message);
    }
    /// The next time after now with a phase within the second.
    fn next_tick(&self, phase: Millis) -> Time {
        let now = self.ctx.now;
        let next = Time(now.0 - (now.0 - phase).rem_euclid(RELIST_PERIOD));
        if next > now { next } else { next + RELIST_PERIOD }
    }
    /// When the node last relisted. It does so every second, though nothing is done where nothing has changed.
    fn last_relist(&mut self, pod: &Pod) -> Option<Time> {
        let now = self.ctx.now;
        let node = self.node(pod);
        let tick = Time(now.0 - 1 - (now.0 - 1 - node.relist_phase).rem_euclid(RELIST_PERIOD));
        node.relist_time.max(Some(tick))
    }
    /// Sees to it that the node relists at its next time.
    fn schedule_relist(&mut self, node: &Rc<str>) {
        let phase = self.node_named(node).relist_phase;
        let at = self.next_tick(phase);
        if self.node_named(node).relist_due.is_none() {
            let due = self.at(at, Task::Relist(node.clone()));
            self.node_named(node).relist_due = Some(due);
        }
    }
    /// Something has changed in a Pod, which the next relist will notice.
    fn noticed(&mut self, pod: &Pod) {
        if pod.dirty {
            let uid = pod.uid();
            self.node(pod).dirty.insert(uid);
            self.schedule_relist(&pod.node);
        }
    }
    /// Puts a Pod into the work queue, in place of where it was.
    fn requeue(&mut self, pod: &mut Pod, delay: Millis) {
        if let Some(due) = pod.requeue.take() {
            self.tasks.cancel(due);
        }
        let phase = self.node(pod).sync_phase;
        let due = self.ctx.now + delay;
        let tick = Time(due.0 - (due.0 - phase).rem_euclid(RELIST_PERIOD)) + RELIST_PERIOD;
        pod.requeue = Some(self.at(tick, Task::Requeue(pod.uid())));
    }
    /// `activeDeadlineSeconds` are looked at when the work queue is.
    fn schedule_deadline(&mut self, pod: &mut Pod) {
        let Some(seconds) = pod.spec().int_at("activeDeadlineSeconds") else { return };
        let Some(start) = manager::start_time(pod) else { return };
        let phase = self.node(pod).sync_phase;
        let due = start + seconds * SECOND;
        let rest = (due.0 - phase).rem_euclid(RELIST_PERIOD);
        let tick = due + if rest == 0 { 0 } else { RELIST_PERIOD - rest };
        if let Some(old) = pod.deadline.take() {
            self.tasks.cancel(old);
        }
        pod.deadline = Some(self.at(tick, Task::Deadline(pod.uid())));
    }
    /// Sets the task of a container's process.
    fn schedule_process(&mut self, pod: &mut Pod, i: usize) {
        let c = &pod.containers[i];
        let id = c.id.clone();
        let wake = c.process.wake_at();
        if let Some(due) = pod.process_due.remove(&id) {
            self.tasks.cancel(due);
        }
        if let Some(at) = wake {
            let due = self.at(at, Task::Process(pod.uid(), id.clone()));
            pod.process_due.insert(id, due);
        }
    }
    /// Lets a container's process begin. A script ends at once; a real process takes a moment to be there at all.
    fn start_process(&mut self, pod: &mut Pod, id: &Rc<str>) {
        let scripted = matches!(pod.container(id).map(|c| &c.process), Some(Process::Step { .. }));
        if scripted {
            self.run_process(pod, id);
        } else {
            let due = self.after(EXEC_TIME, Task::Process(pod.uid(), id.clone()));
            pod.process_due.insert(id.clone(), due);
            self.noticed(pod);
        }
    }
    /// Lets a container's process run up to now.
    fn run_process(&mut self, pod: &mut Pod, id: &Rc<str>) {
        let Some(i) = pod.containers.iter().position(|c| c.id == *id) else { return };
        let view = pod.containers[i].view();
        let c = &mut pod.containers[i];
        let logs = Rc::make_mut(&mut c.logs);
        let (before, lines) = (pod.files.changes(), logs.len());
        let mut io = Io { now: self.ctx.now, files: &mut pod.files, view: &view, logs, rng: self.ctx.rng, work: 0 };
        let exit = c.process.run(&mut io);
        let written = pod.files.changes() != before;
        c.log_bytes += logs.iter().skip(lines).map(|l| l.text.len()).sum::<usize>();
        if logs.len() > MAX_LOG_LINES || c.log_bytes > MAX_LOG_BYTES {
            logs.drain(..logs.len() / 2);
            c.log_bytes = logs.iter().map(|l| l.text.len()).sum();
        }
        match exit {
            Some(exit) => {
                if let Some(due) = pod.process_due.remove(id) {
                    self.tasks.cancel(due);
                }
                pod.finish(id, exit.code, exit.reason, self.ctx.now);
                if pod.worker.doing.is_some() {
                    self.after(0, Task::Step(pod.uid()));
                }
            }
            None => self.schedule_process(pod, i),
        }
        if written {
            self.wake_followers(pod, id);
        }
        self.noticed(pod);
    }
    /// A container has written files: programs in others that wait for that go on at once.
    fn wake_followers(&mut self, pod: &mut Pod, writer: &Rc<str>) {
        let waits = |c: &&Container| c.id != *writer && c.state == State::Running && c.process.follows();
        let others: Vec<Rc<str>> = pod.containers.iter().filter(waits).map(|c| c.id.clone()).collect();
        for id in others {
            let due = self.after(NOTICE_TIME, Task::Process(pod.uid(), id.clone()));
            if let Some(old) = pod.process_due.insert(id, due) {
                self.tasks.cancel(old);
            }
        }
    }
    /// A worker is through: only the logs are still asked for.
    fn release(&mut self, pod: &mut Pod) {
        pod.files = Files::default();
        for container in &mut pod.containers {
            container.mounts = Rc::default();
        }
        pod.probers.clear();
        pod.execs.clear();
        pod.reasons.clear();
        for due in [pod.requeue.take(), pod.deadline.take()].into_iter().flatten() {
            self.tasks.cancel(due);
        }
    }
}

impl Kubelet {
    /// Works on a Pod.
    fn with_pod(&mut self, ctx: &mut Ctx<'_>, uid: &Rc<str>, work: impl FnOnce(&mut Cx<'_, '_>, &mut Pod)) {
        let Some(slot) = self.pods.get_mut(uid) else { return };
        let pod = Rc::make_mut(slot);
        ctx.api.act_as(Actor::Kubelet(pod.node.clone()));
        let Self { tasks, nodes, attempts, .. } = self;
        let mut cx = Cx { ctx, tasks, nodes, attempts };
        work(&mut cx, pod);
        let gone = (pod.gone && pod.worker.finished).then(|| pod.node.clone());
        if let Some(node) = gone {
            self.forget(uid, &node);
        }
    }
    fn forget(&mut self, uid: &Rc<str>, node: &Rc<str>) {
        self.pods.remove(uid);
        if let Some(n) = self.nodes.get_mut(node) {
            n.dirty.remove(uid);
            n.waiting.remove(uid);
        }
    }
    fn run(&mut self, ctx: &mut Ctx<'_>, task: Task) {
        match task {
            Task::Relist(node) => self.relist(ctx, &node),
            Task::Config(uid) => self.with_pod(ctx, &uid, config),
            Task::Step(uid) => self.with_pod(ctx, &uid, |cx, pod| {
                if let Some(sync) = pod.worker.doing.as_mut() {
                    sync.due = None;
                    sync::advance(cx, pod);
                }
            }),
            Task::Process(uid, id) => self.with_pod(ctx, &uid, |cx, pod| {
                pod.process_due.remove(&id);
                cx.run_process(pod, &id);
            }),
            Task::Exec(uid, n) => self.with_pod(ctx, &uid, |cx, pod| {
                exec::advance(cx, pod, n);
                if let Some(Purpose::Probe(prober)) = pod.execs.get(&n).map(|e| e.purpose) {
                    prober::exec_ended(cx, pod, prober);
                }
            }),
            Task::RelistPod(uid) => self.with_pod(ctx, &uid, pleg::relist_pod),
            Task::Requeue(uid) => self.with_pod(ctx, &uid, |cx, pod| {
                pod.requeue = None;
                sync::update(cx, pod, false);
            }),
            Task::Deadline(uid) => self.with_pod(ctx, &uid, |cx, pod| {
                pod.deadline = None;
                sync::update(cx, pod, false);
            }),
            Task::Status(uid) => self.with_pod(ctx, &uid, manager::sync),
            Task::Refresh(uid) => self.with_pod(ctx, &uid, volumes::refresh),
            Task::Probe(uid, n) => self.with_pod(ctx, &uid, |cx, pod| {
                if let Some(p) = pod.probers.get_mut(n) {
                    p.tick_is_over();
                }
                prober::tick(cx, pod, n);
            }),
        }
    }
    /// A ConfigMap or Secret changed: the Pods that have it as a volume see it when they are next synced, each at its own
    /// time within the interval.
    fn source_changed(&mut self, ctx: &mut Ctx<'_>, source: &ObjectKey) {
        let uses = |p: &Pod| p.mounted && !p.worker.finished && *p.api.namespace() == source.namespace;
        let pods = self.pods.iter().filter(|(_, p)| uses(p) && volumes::use_source(p, source));
        let uids: Vec<Rc<str>> = pods.map(|(uid, _)| uid.clone()).collect();
        for uid in uids {
            let interval = sync::RESYNC_INTERVAL + ctx.rng.between(0, sync::RESYNC_INTERVAL / 2);
            let wait = ctx.rng.between(0, interval);
            ctx.after(&mut self.tasks, wait, Task::Refresh(uid.clone()));
            if let Some(pod) = self.pods.get_mut(&uid) {
                Rc::make_mut(pod).stale_volumes = true;
            }
        }
    }
    /// Looks at all Pods of a node in which something has changed, and wakes the workers that wait for it.
    fn relist(&mut self, ctx: &mut Ctx<'_>, name: &Rc<str>) {
        let now = ctx.now;
        let Some(node) = self.nodes.get_mut(name) else { return };
        node.relist_due = None;
        node.relist_time = Some(now);
        let dirty = std::mem::take(&mut node.dirty);
        let waiting = std::mem::take(&mut node.waiting);
        for uid in dirty.iter() {
            self.with_pod(ctx, uid, pleg::reconcile);
        }
        for uid in waiting.iter() {
            self.with_pod(ctx, uid, sync::run);
        }
    }
}

/// Takes notice of the API server's newest version of a Pod. Models the config's merge and `HandlePod*`.
fn config(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    if let Some(api) = pod.incoming.take() {
        let deadline = |o: &Object| o.body().int_at("spec.activeDeadlineSeconds");
        let changed = deadline(&pod.api) != deadline(&api);
        pod.take_notice(api);
        if changed {
            cx.schedule_deadline(pod);
        }
    }
    if pod.gone {
        if pod.worker.last_sync.is_none() && pod.worker.doing.is_none() {
            pod.worker.finished = true;
            return;
        }
        sync::update(cx, pod, true);
        return;
    }
    sync::update(cx, pod, false);
}

/// Whether two versions of a Pod differ in what makes the kubelet sync. Models `podsDifferSemantically`.
fn differs(a: &Object, b: &Object) -> bool {
    let differ = |x: &Value, y: &Value, field: &'static str| {
        let (x, y) = (x.at(field), y.at(field));
        !x.same(y) && x != y
    };
    let (x, y) = (a.at("metadata"), b.at("metadata"));
    differ(a.body(), b.body(), "spec")
        || ["labels", "annotations", "deletionTimestamp", "deletionGracePeriodSeconds"].iter().any(|f| differ(x, y, f))
}

impl Component for Kubelet {
    fn next_due(&self) -> Option<Due> {
        let signalled = self.signalled.first().map(|(at, _)| (*at, 0));
        signalled.or(self.tasks.next_due())
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        if !self.signalled.is_empty() {
            let (_, uid) = self.signalled.remove(0);
            self.with_pod(ctx, &uid, |cx, pod| {
                for (id, name) in std::mem::take(&mut pod.signals) {
                    kill::signal(cx, pod, &id, &name);
                }
            });
            return;
        }
        if let Some((_, task)) = self.tasks.pop() {
            self.run(ctx, task);
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if matches!(change.key.kind, Kind::ConfigMap | Kind::Secret) {
            self.source_changed(ctx, &change.key);
        }
        if change.key.kind != Kind::Pod {
            return;
        }
        let object = change.object();
        if object.body().str_at("spec.nodeName").is_empty() {
            return;
        }
        let uid = object.uid().clone();
        let latency = |ctx: &mut Ctx<'_>, tasks: &mut EventQueue<Task>| {
            ctx.after(tasks, WATCH_LATENCY, Task::Config(uid.clone()));
        };
        let Some(slot) = self.pods.get_mut(&uid) else {
            // A node that is not there has no kubelet.
            let node = object.body().str_at("spec.nodeName");
            if !change.is_deleted() && ctx.api.store().find(Kind::Node, "", node).is_some() {
                self.pods.insert(uid.clone(), Rc::new(Pod::new(object.clone())));
                latency(ctx, &mut self.tasks);
            }
            return;
        };
        let pod = Rc::make_mut(slot);
        if change.is_deleted() {
            pod.gone = true;
            pod.incoming = None;
            if pod.worker.finished {
                let node = pod.node.clone();
                self.forget(&uid, &node);
            } else {
                latency(ctx, &mut self.tasks);
            }
            return;
        }
        let newest = pod.incoming.as_ref().unwrap_or(&pod.api);
        if differs(newest, object) || status::needs_sync(pod, object) {
            pod.incoming = Some(object.clone());
            latency(ctx, &mut self.tasks);
        } else if pod.incoming.is_some() {
            pod.incoming = Some(object.clone());
        } else {
            pod.take_notice(object.clone());
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        for pod in self.pods.values() {
            query::timers(pod, api, out);
        }
    }
}
