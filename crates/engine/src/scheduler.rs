//! The scheduler: takes Pods without a node one by one, finds the nodes that take them, and binds.
//!
//! Models `pkg/scheduler/schedule_one.go`, `eventhandlers.go` and `backend/queue/scheduling_queue.go`. A Pod that no node
//! takes waits until something changes that the filter which refused it cares about (queueing hints), or five minutes.

mod filters;
mod hints;
mod node_info;
mod preemption;
mod score;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{ApiServer, Change, DeleteOptions, Subresource};
use crate::clock::{MINUTE, Millis, SECOND, Time};
use crate::component::{Component, Ctx};
use crate::events::{EventRecorder, EventType};
use crate::queue::{Due, EventQueue};
use crate::sorted::SortedMap;
use filters::{Nodes, Plugin, PreFilter, Rejection, claims_problem};
use hints::ClusterEvent;
use node_info::{NodeInfo, PodInfo};
use preemption::Preemption;

/// From the creation of a Pod to its first try.
const LATENCY: Millis = 5;
/// From one Pod to the next.
const PER_POD: Millis = 1;
/// How long a Pod is left among the unschedulable before it is tried again without a reason.
const MAX_IN_UNSCHEDULABLE: Millis = 5 * MINUTE;
/// How often the unschedulable are looked through for such.
const FLUSH_INTERVAL: Millis = 30 * SECOND;
/// The name Pods ask for in `spec.schedulerName`.
const NAME: &str = "default-scheduler";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Task {
    /// Schedule the first Pod of the active queue.
    Next,
    /// Try those again that have waited for long.
    Flush,
}

/// A Pod without a node.
#[derive(Clone, Debug)]
struct Queued {
    /// Its place in the active queue, while it is there.
    active: Option<ActiveKey>,
    /// The filters that refused it last.
    refused_by: BTreeSet<Plugin>,
    /// When it was last put in a queue.
    since: Time,
    /// How often it was tried.
    attempts: u32,
}

/// Why there is no node for a Pod.
enum Refusal {
    /// Why each node refuses, and the word for the nodes that were not looked at.
    ByNodes(BTreeMap<Rc<str>, Rejection>, Option<&'static str>),
    /// What keeps the Pod from every node.
    BeforeAll(Plugin, String),
}

/// Order of the active queue: higher priority first, then the time of queueing.
type ActiveKey = (i64, Time, u64);

/// The scheduler.
#[derive(Clone, Debug)]
pub struct Scheduler {
    tasks: EventQueue<Task>,
    next: Option<Due>,
    flush: Option<Due>,
    active: SortedMap<ActiveKey, ObjectKey>,
    pods: SortedMap<ObjectKey, Queued>,
    nodes: Nodes,
    /// Pods that wait for their victims to leave a node, by node.
    nominated: SortedMap<ObjectKey, Rc<str>>,
    counter: u64,
    events: EventRecorder,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            tasks: EventQueue::default(),
            next: None,
            flush: None,
            active: SortedMap::new(),
            pods: SortedMap::new(),
            nodes: Nodes::new(),
            nominated: SortedMap::new(),
            counter: 0,
            events: EventRecorder::on_host(NAME, "default-scheduler-vm"),
        }
    }
}

/// `0/3 nodes are available: 2 Insufficient cpu, 1 node(s) were unschedulable.` Models `FitError.Error`.
fn fit_error(nodes: usize, reasons: &BTreeMap<Rc<str>, usize>, after: &str) -> String {
    let mut list: Vec<String> = reasons.iter().map(|(r, n)| format!("{n} {r}")).collect();
    list.sort();
    let list = if list.is_empty() { String::new() } else { format!(" {}.", list.join(", ")) };
    let space = if after.is_empty() { "" } else { " " };
    format!("0/{nodes} nodes are available:{list}{space}{after}")
}

fn node_of(pod: &Object) -> Option<Rc<str>> {
    pod.at("spec.nodeName").as_rc_str().filter(|n| !n.is_empty())
}

/// Finished Pods are out of the scheduler's sight.
fn is_terminal(pod: &Object) -> bool {
    matches!(pod.at("status.phase").as_str(), Some("Succeeded" | "Failed"))
}

/// The node a Pod takes room on.
fn occupied(pod: Option<&Rc<Object>>) -> Option<Rc<str>> {
    pod.filter(|p| !is_terminal(p)).and_then(|p| node_of(p))
}

fn is_ours(pod: &Object) -> bool {
    matches!(pod.at("spec.schedulerName").as_str(), None | Some("" | NAME))
}

fn namespace_labels(api: &ApiServer) -> impl Fn(&str) -> Value {
    |name| api.get(&ObjectKey::new(Kind::Namespace, "", name)).map_or(Value::Null, |n| n.labels().clone())
}

impl Scheduler {
    fn schedule_next(&mut self, ctx: &mut Ctx<'_>, delay: Millis) {
        if self.next.is_none() && !self.active.is_empty() {
            self.next = Some(ctx.after(&mut self.tasks, delay, Task::Next));
        }
    }
    fn schedule_flush(&mut self, ctx: &mut Ctx<'_>) {
        let oldest = self.pods.values().filter(|q| q.active.is_none()).map(|q| q.since).min();
        if let (None, Some(oldest)) = (self.flush, oldest) {
            let due = oldest + MAX_IN_UNSCHEDULABLE - ctx.config.epoch;
            let ticks = due.div_euclid(FLUSH_INTERVAL) + 1;
            self.flush = Some(ctx.at(&mut self.tasks, ctx.config.epoch + ticks * FLUSH_INTERVAL, Task::Flush));
        }
    }
    /// Puts a waiting Pod into the active queue.
    fn activate(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey, delay: Millis) {
        let Some(pod) = ctx.api.get(key) else { return };
        let priority = pod.at("spec.priority").as_i64().unwrap_or(0);
        let Some(queued) = self.pods.get_mut(key) else { return };
        if queued.active.is_none() {
            self.counter += 1;
            let place = (-priority, ctx.now, self.counter);
            queued.active = Some(place);
            queued.since = ctx.now;
            self.active.insert(place, key.clone());
        }
        self.schedule_next(ctx, delay);
    }
    fn forget(&mut self, key: &ObjectKey) {
        if let Some(place) = self.pods.remove(key).and_then(|q| q.active) {
            self.active.remove(&place);
        }
        self.nominated.remove(key);
    }
    /// Tries those again whose refusal a change may have lifted.
    fn move_on(&mut self, ctx: &mut Ctx<'_>, event: &ClusterEvent<'_>) {
        if self.pods.len() == self.active.len() {
            return;
        }
        let moved: Vec<ObjectKey> = {
            let labels = namespace_labels(ctx.api);
            let waiting = self.pods.iter().filter(|(_, q)| q.active.is_none());
            let helped = |key: &ObjectKey, q: &Queued| {
                ctx.api.get(key).is_some_and(|pod| event.may_help(pod, &q.refused_by, &labels))
            };
            waiting.filter(|(key, q)| helped(key, q)).map(|(key, _)| key.clone()).collect()
        };
        for key in moved {
            self.activate(ctx, &key, LATENCY);
        }
    }

    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        let (from, to) = (occupied(before), occupied(after));
        if let Some(pod) = after.filter(|_| to.is_some()) {
            let node = to.clone().expect("checked above");
            let same = from == to
                && before.is_some_and(|b| {
                    b.at("spec").same(pod.at("spec")) && b.at("metadata").at("labels") == pod.labels()
                });
            let entry = self.nodes.entry(node).or_insert_with(|| Rc::new(NodeInfo::new(None)));
            let held = entry.pods.get(&change.key);
            let keep = held.filter(|_| same || held.is_some_and(|h| h.pod.at("spec") == pod.at("spec")));
            // Only the status moved on: priority, terms and sums stay, and the version is replaced where it matters.
            let stale = keep.is_none_or(|h| h.pod.is_deleting() != pod.is_deleting() || h.pod.labels() != pod.labels());
            if stale {
                let info = Rc::new(PodInfo::new(pod));
                Rc::make_mut(entry).add(info);
            }
        }
        if let Some(node) = from.as_ref().filter(|_| from != to)
            && let Some(info) = self.nodes.get_mut(node)
        {
            Rc::make_mut(info).remove(&change.key);
        }
        match (from.is_some(), to.is_some()) {
            (false, true) => {
                self.forget(&change.key);
                self.move_on(ctx, &ClusterEvent::PodAssigned(after.expect("it has a node")));
            }
            (true, false) => {
                self.move_on(ctx, &ClusterEvent::PodLeft(before.expect("it had a node")));
            }
            (true, true) => {
                let (b, a) = (before.expect("as matched"), after.expect("as matched"));
                if b.labels() != a.labels() {
                    self.move_on(ctx, &ClusterEvent::PodRelabelled(b, a));
                }
            }
            (false, false) => self.observe_waiting(ctx, change),
        }
    }

    /// A Pod without a node came, changed or went.
    fn observe_waiting(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let Some(pod) = change.after.as_ref().filter(|p| !is_terminal(p) && is_ours(p)) else {
            self.forget(&change.key);
            return;
        };
        let gated = hints::is_gated(pod);
        if let Some(queued) = self.pods.get_mut(&change.key) {
            let Some(before) = change.before.as_ref().filter(|_| queued.active.is_none()) else { return };
            let refused_by = queued.refused_by.clone();
            if !gated && hints::own_change_may_help(before, pod, &refused_by) {
                self.activate(ctx, &change.key, LATENCY);
            }
            return;
        }
        let mut queued = Queued { active: None, refused_by: BTreeSet::new(), since: ctx.now, attempts: 0 };
        if gated {
            queued.refused_by.insert(Plugin::SchedulingGates);
        }
        self.pods.insert(change.key.clone(), queued);
        if !gated {
            self.activate(ctx, &change.key, LATENCY);
        }
    }

    fn observe_node(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let name = change.key.name.clone();
        match &change.after {
            Some(node) => {
                let entry = self.nodes.entry(name).or_insert_with(|| Rc::new(NodeInfo::new(None)));
                Rc::make_mut(entry).set_node(Some(node.clone()));
            }
            None => {
                if let Some(entry) = self.nodes.get_mut(&name) {
                    Rc::make_mut(entry).set_node(None);
                    if entry.pods.is_empty() {
                        self.nodes.remove(&name);
                    }
                }
            }
        }
        self.move_on(ctx, &ClusterEvent::Node(change.before.as_ref(), change.after.as_ref()));
    }

    /// One scheduling cycle: the first Pod of the active queue.
    fn schedule_one(&mut self, ctx: &mut Ctx<'_>) {
        let Some((_, key)) = self.active.pop_first() else { return };
        if let Some(queued) = self.pods.get_mut(&key) {
            queued.active = None;
            queued.attempts += 1;
        }
        let Some(pod) = ctx.api.get(&key).cloned() else { return };
        if pod.is_deleting() {
            let text = format!("skip schedule deleting pod: {}/{}", pod.namespace(), pod.name());
            self.events.new_style(ctx, &pod, EventType::Warning, "FailedScheduling", "Scheduling", &text);
            return;
        }
        let info = Rc::new(PodInfo::new(&pod));
        match self.find_node(ctx.api, &info) {
            Ok(node) => self.bind(ctx, &pod, &node),
            Err(refusal) => self.fail(ctx, &info, &refusal),
        }
    }

    /// The nodes as they would be with the Pods that are nominated to them and at least as important.
    fn with_nominated(&self, api: &ApiServer, info: &PodInfo) -> Nodes {
        let mut nodes = self.nodes.clone();
        for (key, node) in self.nominated.iter() {
            let Some(pod) = api.get(key).filter(|p| p.uid() != info.pod.uid()) else { continue };
            let other = PodInfo::new(pod);
            if other.priority >= info.priority
                && let Some(entry) = nodes.get_mut(node)
            {
                Rc::make_mut(entry).add(Rc::new(other));
            }
        }
        nodes
    }

    /// Filters and scores. The error is why each node refuses, and the word for nodes that were not looked at.
    fn find_node(&self, api: &ApiServer, info: &Rc<PodInfo>) -> Result<Rc<str>, Refusal> {
        let claim = |name: &str| {
            api.get(&ObjectKey::new(Kind::PersistentVolumeClaim, info.pod.namespace().clone(), name)).cloned()
        };
        if let Some(why) = claims_problem(&info.pod, &claim) {
            return Err(Refusal::BeforeAll(Plugin::VolumeBinding, why));
        }
        let labels = namespace_labels(api);
        let adjusted = if self.nominated.is_empty() { None } else { Some(self.with_nominated(api, info)) };
        let nodes = adjusted.as_ref().unwrap_or(&self.nodes);
        let pre = PreFilter::new(info, nodes, &labels);
        if pre.only.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(Refusal::BeforeAll(Plugin::NodeAffinity, "pod affinity terms conflict".to_owned()));
        }
        let absent = pre.only.as_ref().map(|_| "node(s) didn't satisfy plugin(s) [NodeAffinity]");
        let mut rejections = BTreeMap::new();
        let mut fitting: Vec<Rc<str>> = Vec::new();
        for (name, node) in nodes.iter().filter(|(_, n)| n.node.is_some()) {
            if pre.only.as_ref().is_some_and(|o| !o.contains(name)) {
                continue;
            }
            match pre.filter(node) {
                Ok(()) => fitting.push(name.clone()),
                Err(r) => {
                    rejections.insert(name.clone(), r);
                }
            }
        }
        if let Some(n) = info.pod.at("status.nominatedNodeName").as_rc_str().filter(|n| fitting.contains(n)) {
            return Ok(n);
        }
        if fitting.is_empty() {
            return Err(Refusal::ByNodes(rejections, absent));
        }
        Ok(score::best(info, &fitting, nodes, &labels))
    }

    fn preempt(
        &self,
        api: &ApiServer,
        info: &PodInfo,
        rejections: &BTreeMap<Rc<str>, Rejection>,
        budgets: &[Rc<Object>],
    ) -> Preemption {
        let labels = namespace_labels(api);
        preemption::preempt(info, &self.nodes, rejections, budgets, &labels)
    }

    fn bind(&mut self, ctx: &mut Ctx<'_>, pod: &Rc<Object>, node: &str) {
        if ctx.api.bind(&pod.key(), node).is_err() {
            return;
        }
        let text = format!("Successfully assigned {}/{} to {node}", pod.namespace(), pod.name());
        self.events.new_style(ctx, pod, EventType::Normal, "Scheduled", "Binding", &text);
    }

    /// Models `handleSchedulingFailure` after `PostFilter`.
    fn fail(&mut self, ctx: &mut Ctx<'_>, info: &Rc<PodInfo>, refusal: &Refusal) {
        let pod = &info.pod;
        let all = self.nodes.values().filter(|n| n.node.is_some()).count();
        let (mut nominate, mut text) = (None, String::from("no nodes available to schedule pods"));
        let none = BTreeMap::new();
        let (rejections, absent) = match refusal {
            Refusal::ByNodes(rejections, absent) => (rejections, *absent),
            Refusal::BeforeAll(..) => (&none, None),
        };
        let mut refused_by: BTreeSet<Plugin> = rejections.values().map(|r| r.plugin).collect();
        if absent.is_some() {
            refused_by.insert(Plugin::NodeAffinity);
        }
        if let Refusal::BeforeAll(plugin, _) = refusal {
            refused_by.insert(*plugin);
        }
        if all > 0 {
            let mut reasons: BTreeMap<Rc<str>, usize> = BTreeMap::new();
            for reason in rejections.values().flat_map(|r| &r.reasons) {
                *reasons.entry(reason.clone()).or_insert(0) += 1;
            }
            if let Some(word) = absent.filter(|_| rejections.len() < all) {
                *reasons.entry(Rc::from(word)).or_insert(0) += all - rejections.len();
            }
            let budgets: Vec<Rc<Object>> = ctx.api.store().list(Kind::PodDisruptionBudget).cloned().collect();
            let preemption = match refusal {
                // The plugin that runs before preemption misses what it would have set up, and gives up.
                Refusal::BeforeAll(..) => None,
                Refusal::ByNodes(..) => Some(self.preempt(ctx.api, info, rejections, &budgets)),
            };
            let after = match preemption {
                None => "not found".to_owned(),
                Some(Preemption::Hopeless(why)) => format!("preemption: {why}"),
                Some(Preemption::Found(candidate)) => {
                    let n = candidate.victims.len();
                    let why = format!(
                        "preemption: found a potential placement for pod on node {}, preempting {n} victims",
                        candidate.node
                    );
                    nominate = Some(candidate);
                    why
                }
            };
            text = match refusal {
                Refusal::ByNodes(..) => fit_error(all, &reasons, &after),
                Refusal::BeforeAll(_, why) => format!("0/{all} nodes are available: {why}. {after}"),
            };
        }
        if let Some(queued) = self.pods.get_mut(&pod.key()) {
            queued.refused_by = refused_by;
            queued.since = ctx.now;
        }
        self.schedule_flush(ctx);
        self.events.new_style(ctx, pod, EventType::Warning, "FailedScheduling", "Scheduling", &text);
        let now = ctx.now.rfc3339();
        let nominated = nominate.as_ref().map(|c| c.node.clone());
        match &nominated {
            Some(node) => {
                self.nominated.insert(pod.key(), node.clone());
            }
            None if text.contains("not eligible due to a terminating pod") => {}
            None => {
                self.nominated.remove(&pod.key());
            }
        }
        let stays = self.nominated.contains_key(&pod.key());
        let _ = ctx.api.mutate(&pod.key(), Subresource::Status, |body| {
            let generation = body.int_at("metadata.generation").unwrap_or(0);
            set_condition(body, "PodScheduled", "False", "Unschedulable", &text, generation, &now);
            match &nominated {
                Some(node) => body.set("status.nominatedNodeName", node),
                None if !stays => {
                    body.unset("status.nominatedNodeName");
                }
                None => {}
            }
        });
        if let Some(candidate) = nominate {
            for victim in candidate.victims {
                self.evict(ctx, &victim.pod, pod, &candidate.node);
            }
        }
    }

    /// Models `PreemptPod`.
    fn evict(&mut self, ctx: &mut Ctx<'_>, victim: &Rc<Object>, preemptor: &Rc<Object>, node: &str) {
        let Some(victim) = ctx.api.get(&victim.key()).filter(|p| p.uid() == victim.uid()).cloned() else { return };
        if victim.is_deleting() {
            return;
        }
        let now = ctx.now.rfc3339();
        let _ = ctx.api.mutate(&victim.key(), Subresource::Status, |body| {
            let generation = body.int_at("metadata.generation").unwrap_or(0);
            let why = "default-scheduler: preempting to accommodate a higher priority pod";
            set_condition(body, "DisruptionTarget", "True", "PreemptionByScheduler", why, generation, &now);
        });
        let _ = ctx.api.delete(&victim.key(), &DeleteOptions::default());
        let text = format!("Preempted by pod {} on node {node}", preemptor.uid());
        self.events.new_style(ctx, &victim, EventType::Normal, "Preempted", "Preempting", &text);
    }
}

/// Sets a condition of a Pod; its time changes with its status only. Models `podutil.UpdatePodCondition`.
fn set_condition(body: &mut Value, kind: &str, status: &str, reason: &str, message: &str, generation: i64, now: &str) {
    let mut condition = crate::json!({
        "type": kind,
        "observedGeneration": generation,
        "status": status,
        "lastProbeTime": null,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    });
    let conditions = body.slot("status.conditions").make_array();
    match conditions.iter_mut().find(|c| c.str_at("type") == kind) {
        Some(old) => {
            if old.str_at("status") == status {
                condition.set("lastTransitionTime", old.at("lastTransitionTime").clone());
            }
            *old = condition;
        }
        None => conditions.push(condition),
    }
}

impl Component for Scheduler {
    fn next_due(&self) -> Option<Due> {
        self.tasks.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        match self.tasks.pop() {
            Some((_, Task::Next)) => {
                self.next = None;
                self.schedule_one(ctx);
                self.schedule_next(ctx, PER_POD);
            }
            Some((_, Task::Flush)) => {
                self.flush = None;
                let old: Vec<ObjectKey> = self
                    .pods
                    .iter()
                    .filter(|(_, q)| {
                        q.active.is_none()
                            && !q.refused_by.contains(&Plugin::SchedulingGates)
                            && ctx.now - q.since > MAX_IN_UNSCHEDULABLE
                    })
                    .map(|(k, _)| k.clone())
                    .collect();
                for key in old {
                    self.activate(ctx, &key, 0);
                }
            }
            None => {}
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Pod => self.observe_pod(ctx, change),
            Kind::Node => self.observe_node(ctx, change),
            Kind::PersistentVolumeClaim => {
                if let Some(claim) = &change.after {
                    self.move_on(ctx, &ClusterEvent::Claim(claim));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
