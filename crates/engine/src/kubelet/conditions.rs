//! A Pod's conditions that the kubelet owns.
//!
//! Models `pkg/kubelet/status/generate.go`.

use super::pod::{Observed, Pod};
use super::spec::{is_sidecar, should_all_restart};
use crate::api::{Map, Value};

/// A condition: the one there was before, where it says the same.
fn condition(generation: i64, old: &[Value], kind: &str, status: bool, reason: &str, message: &str) -> Value {
    let text = |c: &'_ Value, field: &'static str, want: &str| c.str_at(field) == want;
    let same = |c: &&Value| {
        text(c, "status", "True") == status
            && text(c, "reason", reason)
            && text(c, "message", message)
            && c.int_at("observedGeneration") == Some(generation)
    };
    if let Some(same) = old.iter().find(|c| text(c, "type", kind)).filter(same) {
        return same.clone();
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.into());
    Value::from(Map::some([
        ("lastProbeTime", Some(Value::Null)),
        // For the manager to stamp.
        ("lastTransitionTime", Some(Value::Null)),
        ("message", text(message)),
        ("observedGeneration", Some(generation.into())),
        ("reason", text(reason)),
        ("status", Some(if status { "True" } else { "False" }.into())),
        ("type", Some(kind.into())),
    ]))
}

fn find<'a>(statuses: &'a [&Value], name: &str) -> Option<&'a Value> {
    statuses.iter().find(|s| s.str_at("name") == name).copied()
}

/// Names as Go prints a list of them.
fn list(names: &[&str]) -> String {
    format!("[{}]", names.join(" "))
}

/// What `unknown` and `other` containers keep from being, in words.
fn complaint(unknown: &[&str], other: &[&str], what: &str) -> String {
    let mut parts = vec![];
    if !unknown.is_empty() {
        parts.push(format!("containers with unknown status: {}", list(unknown)));
    }
    if !other.is_empty() {
        parts.push(format!("containers with {what} status: {}", list(other)));
    }
    parts.join(", ")
}

fn terminal_reason(phase: &str) -> &'static str {
    match phase {
        "Failed" => "PodFailed",
        "Succeeded" => "PodCompleted",
        _ => "",
    }
}

/// Status, reason and message of ContainersReady.
fn containers_ready(pod: &Pod, statuses: &[&Value], phase: &str) -> (bool, &'static str, String) {
    let (mut unknown, mut unready) = (vec![], vec![]);
    let watched = pod.specs(true).iter().filter(|c| is_sidecar(c)).chain(pod.specs(false));
    for c in watched {
        let name = c.str_at("name");
        match find(statuses, name) {
            Some(s) if s.bool_at("ready") => {}
            Some(_) => unready.push(name),
            None => unknown.push(name),
        }
    }
    if phase == "Failed" || (phase == "Succeeded" && unknown.is_empty()) {
        return (false, terminal_reason(phase), String::new());
    }
    let message = complaint(&unknown, &unready, "unready");
    if message.is_empty() { (true, "", message) } else { (false, "ContainersNotReady", message) }
}

/// Status, reason and message of Ready: the containers, and the readiness gates.
fn ready(pod: &Pod, conditions: &[Value], containers: &(bool, &'static str, String)) -> (bool, &'static str, String) {
    if !containers.0 {
        return containers.clone();
    }
    let mut missing = vec![];
    for gate in pod.spec().at("readinessGates").items() {
        let kind = gate.str_at("conditionType");
        match conditions.iter().find(|c| c.str_at("type") == kind).map(|c| c.str_at("status")) {
            None => {
                missing.push(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist."));
            }
            Some("True") => {}
            Some(other) => {
                missing.push(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {other}"));
            }
        }
    }
    if missing.is_empty() { (true, "", String::new()) } else { (false, "ReadinessGatesNotReady", missing.join(", ")) }
}

fn initialized(pod: &Pod, statuses: &[&Value], phase: &str) -> (bool, &'static str, String) {
    let (mut unknown, mut incomplete) = (vec![], vec![]);
    for c in pod.specs(true) {
        let name = c.str_at("name");
        match find(statuses, name) {
            None => unknown.push(name),
            Some(s) if s.bool_at(if is_sidecar(c) { "started" } else { "ready" }) => {}
            Some(_) => incomplete.push(name),
        }
    }
    if phase == "Succeeded" && unknown.is_empty() {
        return (true, "PodCompleted", String::new());
    }
    let begun = |s: &Value| {
        s.bool_at("started") || !s.at("lastState.terminated").is_null() || !s.at("state.terminated").is_null()
    };
    let app_started = pod.specs(false).iter().any(|c| find(statuses, c.str_at("name")).is_some_and(begun));
    let message = complaint(&unknown, &incomplete, "incomplete");
    if app_started || message.is_empty() {
        (true, "", String::new())
    } else {
        (false, "ContainersNotInitialized", message)
    }
}

/// All of them, in their order, after those that others own.
pub fn all(pod: &Pod, observed: &Observed, old: &[Value], init: &[Value], app: &[Value], phase: &str) -> Vec<Value> {
    let statuses: Vec<&Value> = init.iter().chain(app).collect();
    let foreign = pod.api.at("status.conditions").items();
    let mut out: Vec<Value> = Vec::with_capacity(6);
    out.extend(foreign.iter().filter(|c| !super::manager::owns_condition(c.str_at("type"))).cloned());
    let missing = observed.sandbox_missing();
    let generation = pod.api.generation();
    out.push(condition(
        generation,
        old,
        "PodReadyToStartContainers",
        missing.is_none(),
        if missing.is_some() { "PodSandboxNotReady" } else { "" },
        missing.unwrap_or(""),
    ));
    let (ok, reason, message) = initialized(pod, &statuses, phase);
    out.push(condition(generation, old, "Initialized", ok, reason, &message));
    let containers = containers_ready(pod, &statuses, phase);
    let (ok, reason, message) = ready(pod, &out, &containers);
    out.push(condition(generation, old, "Ready", ok, reason, &message));
    out.push(condition(generation, old, "ContainersReady", containers.0, containers.1, &containers.2));
    out.push(condition(generation, old, "PodScheduled", true, "", ""));
    if pod.could_restart_all() {
        let before = pod.status.value.as_ref().unwrap_or_else(|| pod.api.at("status"));
        let restarting = terminal_reason(phase).is_empty()
            && !observed.containers.is_empty()
            && should_all_restart(pod.spec(), observed, before);
        let (reason, message) = if restarting {
            ("RestartAllContainersStarted", "container exited with restart policy rule")
        } else {
            (terminal_reason(phase), "")
        };
        let mut c = condition(generation, &[], "AllContainersRestarting", restarting, reason, message);
        c.unset("observedGeneration");
        out.push(c);
    }
    out
}

/// Works out Ready and ContainersReady of a status anew.
pub fn refresh_ready(pod: &Pod, status: &mut Value) {
    let (init, app) = (status.at("initContainerStatuses").clone(), status.at("containerStatuses").clone());
    let statuses: Vec<&Value> = init.items().iter().chain(app.items()).collect();
    let containers = containers_ready(pod, &statuses, status.str_at("phase"));
    let pod_ready = ready(pod, status.at("conditions").items(), &containers);
    for (kind, (ok, reason, message)) in [("Ready", pod_ready), ("ContainersReady", containers)] {
        let fresh = condition(pod.api.generation(), &[], kind, ok, reason, &message);
        if let Some(c) = status.slot("conditions").make_array().iter_mut().find(|c| c.str_at("type") == kind) {
            let at = c.at("lastTransitionTime").clone();
            let flips = c.str_at("status") != fresh.str_at("status");
            *c = fresh;
            // The manager stamps what flips.
            if !flips {
                c.set("lastTransitionTime", at);
            }
        }
    }
}
