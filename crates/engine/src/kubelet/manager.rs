//! The status manager: keeps each Pod's newest status and writes it to the API server a moment later.
//!
//! Models `pkg/kubelet/status/status_manager.go`.

use super::pod::Pod;
use super::{Cx, Task};
use crate::api::Value;
use crate::apiserver::{DeleteOptions, Subresource};
use crate::clock::{Millis, Time};
use crate::queue::Due;

/// How long a status takes to the API server, at least and at most: one that changes again meanwhile is never seen there, as
/// one in three containers' ends before a first restart at once.
const LATENCY: (Millis, Millis) = (2, 9);

/// How long one status takes to be written. A node writes those of its Pods one after the other.
const WRITE_TIME: Millis = 5;

/// The newest status of a Pod, and what is known to be at the API server.
#[derive(Clone, Debug, Default)]
pub struct StatusEntry {
    /// The newest status, none before the first.
    pub value: Option<Value>,
    /// `SyncTerminatedPod` is through.
    pub finished: bool,
    /// When it is written.
    pub due: Option<Due>,
}

/// The condition types that the kubelet owns.
pub fn owns_condition(kind: &str) -> bool {
    matches!(
        kind,
        "PodScheduled"
            | "Ready"
            | "Initialized"
            | "ContainersReady"
            | "PodReadyToStartContainers"
            | "AllContainersRestarting"
            | "PodResizePending"
            | "PodResizeInProgress"
    )
}

fn find_condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status.at("conditions").items().iter().find(|c| c.str_at("type") == kind)
}

/// Takes a new status in. Models `SetPodStatus` and `updateStatusInternal`.
pub fn set(cx: &mut Cx<'_, '_>, pod: &mut Pod, status: Value) {
    let force = pod.api.is_deleting();
    store(cx, pod, status, force);
}

fn store(cx: &mut Cx<'_, '_>, pod: &mut Pod, mut status: Value, force: bool) {
    let old = pod.status.value.as_ref().unwrap_or_else(|| pod.api.at("status"));
    if makes_finished_container_run(pod, old, &status) {
        return;
    }
    let now = cx.ctx.api.stamp();
    let there = old.at("conditions").items();
    for c in status.slot("conditions").make_array() {
        let same = there.iter().find(|b| b.same(c));
        let before = same.or_else(|| find_condition(old, c.str_at("type")));
        if before.is_some_and(|b| b.same(c) && !b.at("lastTransitionTime").is_null()) {
            continue;
        }
        let at = match before {
            Some(b) if b.str_at("status") == c.str_at("status") && !b.at("lastTransitionTime").is_null() => {
                b.at("lastTransitionTime").clone()
            }
            _ if !owns_condition(c.str_at("type")) => continue,
            _ => now.clone(),
        };
        c.set("lastTransitionTime", at);
    }
    let started = old.at("startTime").clone();
    status.set("startTime", if started.is_null() { now } else { started });
    status.set("observedGeneration", pod.api.generation().max(old.int_at("observedGeneration").unwrap_or(0)));
    let same = pod.status.value.as_ref().is_some_and(|v| *v == status);
    if same && !force {
        return;
    }
    let first = pod.status.value.is_none();
    pod.status.value = Some(status);
    if pod.status.due.is_none() {
        let at = cx.ctx.now + cx.ctx.rng.between(LATENCY.0, LATENCY.1);
        let node = cx.node(pod);
        let at = at.max(node.writes_from);
        node.writes_from = at + WRITE_TIME;
        pod.status.due = Some(cx.at(at, Task::Status(pod.uid())));
    }
    if first {
        cx.schedule_deadline(pod);
    }
}

/// A container that ended for good cannot run again. Models `checkContainerStateTransition`.
fn makes_finished_container_run(pod: &Pod, old: &Value, new: &Value) -> bool {
    if pod.could_restart_all() || pod.spec().str_at("restartPolicy") == "Always" {
        return false;
    }
    [("containers", "containerStatuses"), ("initContainers", "initContainerStatuses")].iter().any(|(specs, list)| {
        old.at(list).items().iter().any(|o| {
            let Some(code) = o.int_at("state.terminated.exitCode") else { return false };
            let name = o.str_at("name");
            let spec = pod.spec().at(specs).items().iter().find(|c| c.str_at("name") == name);
            let restarts = spec.is_none_or(|c| super::spec::should_restart(c, pod.spec(), code));
            let now = new.at(list).items().iter().find(|n| n.str_at("name") == name);
            !restarts && now.is_some_and(|n| n.at("state.terminated").is_null())
        })
    })
}

/// The sandbox is up: says so before the containers are. Models `OnPodSandboxReady`.
pub fn sandbox_ready(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    let Some(mut status) = pod.status.value.clone() else { return };
    for c in status.slot("conditions").make_array() {
        if c.str_at("type") == "PodReadyToStartContainers" {
            c.set("status", "True");
            c.unset("reason");
            c.unset("message");
        }
    }
    store(cx, pod, status, false);
}

/// A probe changed whether a container is ready. Models `SetContainerReadiness`.
pub fn set_readiness(cx: &mut Cx<'_, '_>, pod: &mut Pod, id: &str, ready: bool) {
    change_container(cx, pod, id, "ready", ready);
}

/// A probe found out that a container has started, or has not. Models `SetContainerStartup`.
pub fn set_startup(cx: &mut Cx<'_, '_>, pod: &mut Pod, id: &str, started: bool) {
    change_container(cx, pod, id, "started", started);
}

fn change_container(cx: &mut Cx<'_, '_>, pod: &mut Pod, id: &str, field: &'static str, to: bool) {
    let Some(mut status) = pod.status.value.clone() else { return };
    let full = super::status::container_id(id);
    let mut changed = false;
    for list in ["containerStatuses", "initContainerStatuses"] {
        if status.at(list).is_null() {
            continue;
        }
        for c in status.slot(list).make_array() {
            if c.str_at("containerID") == full && c.bool_at(field) != to {
                c.set(field, to);
                changed = true;
            }
        }
    }
    if !changed {
        return;
    }
    if field == "ready" {
        super::conditions::refresh_ready(pod, &mut status);
    }
    store(cx, pod, status, false);
}

/// The Pod is done for good: nothing of it runs or waits. Models `TerminatePod`.
pub fn terminate(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    let mut status = pod.status.value.clone().unwrap_or_else(|| pod.api.at("status").clone());
    let lost = |c: &mut Value| {
        if c.at("state.terminated").is_null() {
            let mut state = Value::empty_object();
            state.set("terminated.exitCode", 137);
            state.set("terminated.reason", "ContainerStatusUnknown");
            state.set("terminated.message", "The container could not be located when the pod was terminated");
            state.set("terminated.startedAt", Value::Null);
            state.set("terminated.finishedAt", Value::Null);
            c.set("state", state);
        }
    };
    if has_initialized(pod) && !status.at("containerStatuses").is_null() {
        status.slot("containerStatuses").make_array().iter_mut().for_each(lost);
    }
    let init = status.at("initContainerStatuses").items();
    let begun = |c: &Value| c.at("state.waiting").is_null() || !c.at("lastState.terminated").is_null();
    let n = init.iter().rposition(begun).map_or(1, |i| i + 1).min(init.len());
    if n > 0 {
        status.slot("initContainerStatuses").make_array()[..n].iter_mut().for_each(lost);
    }
    if !matches!(status.str_at("phase"), "Succeeded" | "Failed") {
        status.set("phase", "Failed");
    }
    pod.status.finished = true;
    store(cx, pod, status, true);
}

/// Models `hasPodInitialized`.
fn has_initialized(pod: &Pod) -> bool {
    let specs = pod.specs(true);
    let status = pod.api.at("status");
    let begun = |c: &Value| !c.at("lastState.terminated").is_null() || c.at("state.waiting").is_null();
    if specs.is_empty() || status.at("containerStatuses").items().iter().any(begun) {
        return true;
    }
    match (status.at("initContainerStatuses").items().last(), specs.last()) {
        (Some(c), Some(spec)) if super::spec::is_sidecar(spec) => {
            !c.at("state.running").is_null() && c.bool_at("started")
        }
        (Some(c), _) => {
            c.int_at("lastState.terminated.exitCode") == Some(0) || c.int_at("state.terminated.exitCode") == Some(0)
        }
        _ => false,
    }
}

/// Writes the newest status to the API server, and deletes the Pod there once nothing of it is left. Models `syncPod`.
pub fn sync(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    pod.status.due = None;
    let Some(status) = pod.status.value.clone() else { return };
    let key = pod.api.key();
    let Some(current) = cx.ctx.api.get(&key).cloned() else { return };
    if current.uid() != pod.api.uid() {
        return;
    }
    let could_run = pod.worker.terminated_at.is_none();
    let mut merged = merge(current.at("status"), status.clone(), could_run);
    let other = (!merged.same(&status)).then_some(status);
    let mut current = current;
    if merged != *current.at("status") {
        // Nobody else holds it, so that what it has in common with the one before is put into it without a copy.
        pod.status.value = None;
        let written =
            cx.ctx.api.mutate(&key, Subresource::Status, |body| body.set("status", std::mem::take(&mut merged)));
        if let Ok(Some(written)) = written {
            current = written;
        }
    }
    let terminal = matches!(current.body().str_at("status.phase"), "Succeeded" | "Failed");
    // Where it says the same, one copy is enough, and the next status is then made of the same parts.
    let there = current.at("status");
    pod.status.value = Some(other.filter(|status| status != there).unwrap_or_else(|| there.clone()));
    if current.is_deleting() && terminal && pod.status.finished {
        let options = DeleteOptions { grace_period_seconds: Some(0), uid: Some(pod.uid()), ..DeleteOptions::default() };
        // A refusal leaves the Pod as it is, for the next write to try again.
        let _ = cx.ctx.api.delete(&key, &options);
    }
}

/// Lays the kubelet's status over the API server's. Models `mergePodStatus`.
fn merge(old: &Value, mut new: Value, could_run: bool) -> Value {
    let owned = |c: &&Value| owns_condition(c.str_at("type"));
    let foreign: Vec<Value> = old.at("conditions").items().iter().filter(|c| !owned(c)).cloned().collect();
    if !foreign.is_empty() || !new.at("conditions").items().iter().all(|c| owned(&c)) {
        let own = new.at("conditions").items().iter().filter(owned).cloned();
        let conditions: Vec<Value> = foreign.into_iter().chain(own).collect();
        new.set("conditions", conditions);
    }
    let terminal = |s: &Value| matches!(s.str_at("phase"), "Succeeded" | "Failed");
    if !terminal(old) && terminal(&new) && could_run {
        for field in ["phase", "reason", "message"] {
            let value = old.at(field).clone();
            if value.is_null() {
                new.unset(field);
            } else {
                new.set(field, value);
            }
        }
    }
    // What others write into the status stays.
    for (field, value) in old.fields() {
        if new.get(field).is_none() && matches!(field.as_ref(), "nominatedNodeName" | "resourceClaimStatuses") {
            new.make_object().insert(field, value.clone());
        }
    }
    new
}

/// When a Pod started, as its status says.
pub fn start_time(pod: &Pod) -> Option<Time> {
    let status = pod.status.value.as_ref().unwrap_or_else(|| pod.api.at("status"));
    status.at("startTime").as_str().and_then(Time::parse_rfc3339)
}
