//! A Pod's status, from its spec, what was seen running and its status before.
//!
//! Models `generateAPIPodStatus`, `convertToAPIContainerStatuses` and `getPhase` of `pkg/kubelet/kubelet_pods.go`.

use super::pod::{Observed, Pod, Seen};
use super::spec::{any_app_container, is_sidecar, should_all_restart, should_be_started, should_restart};
use super::{Cx, conditions, prober, sync};
use crate::api::{Object, Quantity, Value};
use crate::json;
use crate::runtime::State;

/// Why a Pod that ran too long has failed.
pub const DEADLINE_REASON: &str = "DeadlineExceeded";
/// What the id of a container in a status begins with.
const RUNTIME: &str = "containerd://";
/// The word for a container that is removed so that all start anew.
const RESTARTING_ALL: &str = "RestartingAllContainers";
const DEADLINE_MESSAGE: &str = "Pod was active on the node longer than the specified deadline";

/// Works out the status. `terminal`: none of the Pod's containers will run again.
pub fn generate(cx: &mut Cx<'_, '_>, pod: &mut Pod, observed: &Observed, terminal: bool) -> Value {
    let old = pod.status.value.clone().unwrap_or_else(|| pod.api.at("status").clone());
    let api = pod.api.clone();
    let api_phase = api.body().str_at("status.phase");
    let is_final = |phase: &str| matches!(phase, "Failed" | "Succeeded");
    let mut app = container_statuses(pod, observed, &old, false);
    let mut init = container_statuses(pod, observed, &old, true);
    let mut phase = phase(pod, observed, &init, &app, terminal);
    if !is_final(phase) {
        for known in [old.str_at("phase"), api_phase] {
            if is_final(known) {
                phase = if known == "Failed" { "Failed" } else { "Succeeded" };
                break;
            }
        }
    }
    let (mut reason, mut message) = (Value::Null, Value::Null);
    if phase == old.str_at("phase") {
        let or_api = |field: &'static str| {
            let own = old.at(field).clone();
            if own.is_null() { pod.api.at("status").at(field).clone() } else { own }
        };
        reason = or_api("reason");
        message = or_api("message");
    }
    if past_deadline(cx, pod) {
        sync::deadline_event(cx, pod);
        phase = "Failed";
        reason = DEADLINE_REASON.into();
        message = DEADLINE_MESSAGE.into();
    }
    if is_final(api_phase) {
        phase = if api_phase == "Failed" { "Failed" } else { "Succeeded" };
    }
    prober::update_statuses(cx, pod, &mut init, &mut app);
    let conditions = conditions::all(pod, observed, old.at("conditions").items(), &init, &app, phase);
    let host_ip = Value::from(cx.node(pod).ip.clone());
    let host_network = pod.spec().bool_at("hostNetwork");
    let ip = if host_network { host_ip.clone() } else { Value::from(observed.ip.clone()) };
    let ips = |ip: &Value, list: &'static str| match ip {
        Value::Null => Value::Null,
        ip if old.at(list).at("0.ip") == ip => old.at(list).clone(),
        ip => Value::array([Value::object([("ip", ip.clone())])]),
    };
    let lists = |l: Vec<Value>| if l.is_empty() { Value::Null } else { Value::from(l) };
    let (resources, allocated) = pod_resources(pod);
    let qos = pod.api.at("status.qosClass").clone();
    Value::object([
        ("allocatedResources", allocated),
        ("conditions", conditions.into()),
        ("containerStatuses", lists(app)),
        ("hostIP", host_ip.clone()),
        ("hostIPs", ips(&host_ip, "hostIPs")),
        ("initContainerStatuses", lists(init)),
        ("message", message),
        // This and the start are for the manager to set.
        ("observedGeneration", old.at("observedGeneration").clone()),
        ("phase", phase.into()),
        ("podIP", ip.clone()),
        ("podIPs", ips(&ip, "podIPs")),
        ("qosClass", if qos.is_null() { "BestEffort".into() } else { qos }),
        ("reason", reason),
        ("resources", resources),
        ("startTime", old.at("startTime").clone()),
    ])
}

/// Whether `activeDeadlineSeconds` are over.
fn past_deadline(cx: &Cx<'_, '_>, pod: &Pod) -> bool {
    let Some(seconds) = pod.spec().int_at("activeDeadlineSeconds") else { return false };
    super::manager::start_time(pod).is_some_and(|start| cx.ctx.now >= start + seconds * crate::clock::SECOND)
}

/// Whether a change of the status that others made is for the worker: a readiness gate. Models
/// `NeedToReconcilePodReadiness`.
pub fn needs_sync(pod: &Pod, newest: &Object) -> bool {
    let gates = pod.spec().at("readinessGates").items();
    gates.iter().any(|gate| {
        let kind = gate.str_at("conditionType");
        let status = |o: &Object| o.condition(kind).map(|c| c.str_at("status").to_owned());
        status(&pod.api) != status(newest)
    })
}

/// Requests and limits of all containers together, as the status tells them, and the requests alone.
fn pod_resources(pod: &Pod) -> (Value, Value) {
    let mut sums = Value::empty_object();
    for c in pod.specs(false).iter().chain(pod.specs(true).iter().filter(|c| is_sidecar(c))) {
        for list in ["requests", "limits"] {
            for (name, amount) in c.at("resources").at(list).fields() {
                let slot = sums.slot(list).make_object().entry(name);
                if slot.is_null() {
                    *slot = amount.clone();
                } else if let (Ok(mut a), Ok(b)) = (Quantity::from_value(slot), Quantity::from_value(amount)) {
                    a.add(&b);
                    *slot = a.to_string().into();
                }
            }
        }
    }
    let requests = sums.at("requests").clone();
    (sums, requests)
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({"waiting": (Value::object([("message", Value::given(message)), ("reason", Value::given(reason))]))})
}

fn state_of(seen: &Seen) -> Value {
    match seen.state {
        State::Created => waiting("", ""),
        State::Running => json!({"running": {"startedAt": (seen.started_at.rfc3339())}}),
        State::Exited => {
            let terminated = Value::object([
                ("containerID", container_id(&seen.id).into()),
                ("exitCode", seen.exit_code.into()),
                ("finishedAt", seen.finished_at.rfc3339().into()),
                ("message", Value::given(&seen.message)),
                ("reason", seen.reason.into()),
                ("startedAt", seen.started_at.rfc3339().into()),
            ]);
            json!({"terminated": terminated})
        }
    }
}

/// What a status calls a container by, the runtime and the id it has there.
pub fn container_id(id: &str) -> String {
    format!("{RUNTIME}{id}")
}

/// The id that a container has at the runtime, of what a status calls it by.
pub fn id_at_runtime(container_id: &str) -> &str {
    container_id.strip_prefix(RUNTIME).unwrap_or(container_id)
}

fn volume_mounts(container: &Value) -> Value {
    let mounts = container.at("volumeMounts").items();
    if mounts.is_empty() {
        return Value::Null;
    }
    Value::array(mounts.iter().map(|m| {
        let mut v = Value::object([("mountPath", m.at("mountPath").clone()), ("name", m.at("name").clone())]);
        if m.bool_at("readOnly") {
            v.set("readOnly", true);
            v.set("recursiveReadOnly", "Disabled");
        }
        v
    }))
}

/// The statuses of the app or init containers.
fn container_statuses(pod: &Pod, observed: &Observed, old: &Value, init: bool) -> Vec<Value> {
    let has_init = !pod.specs(true).is_empty();
    let list = if init { "initContainerStatuses" } else { "containerStatuses" };
    let old = old.at(list).items();
    let mut out: Vec<Value> = pod
        .specs(init)
        .iter()
        .map(|spec| {
            let name = spec.str_at("name");
            let old = old.iter().find(|s| s.str_at("name") == name);
            container_status(pod, spec, observed, old, init, has_init)
        })
        .collect();
    if !init {
        out.sort_by(|a, b| a.str_at("name").cmp(b.str_at("name")));
    }
    out
}

fn container_status(
    pod: &Pod,
    spec: &Value,
    observed: &Observed,
    old: Option<&Value>,
    init: bool,
    has_init: bool,
) -> Value {
    let name = spec.str_at("name");
    let mut instances = observed.containers.iter().filter(|c| c.name.as_ref() == name);
    let (newest, previous) = (instances.next(), instances.next());
    let waits =
        || pod.reasons.contains_key(name) && should_be_started(spec, pod.spec(), pod.api.is_deleting(), observed);
    if let (Some(seen), Some(old)) = (newest, old)
        && still_says(old, seen, previous)
        && !waits()
    {
        return old.clone();
    }
    let old_terminated = old.map_or(&Value::Null, |o| o.at("state.terminated"));
    let old_last = old.map_or(&Value::Null, |o| o.at("lastState"));
    let empty = Value::empty_object;
    let restarting = newest.is_none()
        && old.is_some_and(|o| o.at("state.waiting").is_null())
        && should_all_restart(pod.spec(), observed, pod.status.value.as_ref().unwrap_or(&Value::Null));
    let old_count = old.and_then(|o| o.int_at("restartCount")).unwrap_or(0);
    let or_empty = |v: &Value| if v.is_null() { empty() } else { v.clone() };
    // Of a container that is not there: what its spec says.
    let (mut image, mut image_id) = (spec.at("image").clone(), Value::from(""));
    let (mut id, mut allocated, mut resources) = (Value::Null, Value::Null, Value::Null);
    let mut count = old_count;
    let mut started = false;
    let (last, state) = match newest {
        None if restarting => {
            let text = "The container is removed because RestartAllContainers in place";
            let ended = json!({
                "exitCode": 137, "finishedAt": null, "message": text, "reason": RESTARTING_ALL, "startedAt": null,
            });
            count += 1;
            (json!({"terminated": ended}), waiting(RESTARTING_ALL, text))
        }
        Some(seen) => {
            let full_id = container_id(&seen.id);
            let last = if let Some(p) = previous {
                state_of(p)
            } else if old.is_some_and(|o| o.str_at("containerID") != full_id) && !old_terminated.is_null() {
                json!({"terminated": (old_terminated.clone())})
            } else if old_last.at("terminated").is_null() {
                empty()
            } else {
                old_last.clone()
            };
            id = full_id.into();
            (image, image_id) = ((&seen.image).into(), (&seen.image_id).into());
            count = seen.restart_count.max(old_count);
            allocated = spec.at("resources.requests").clone();
            resources = or_empty(spec.at("resources"));
            // As after a restart of the kubelet, an instance that runs is taken to have started if the one that was
            // last told of had: even a new one, until its startup probe sees it.
            started = seen.state == State::Running && old.is_some_and(|o| o.bool_at("started"));
            (last, state_of(seen))
        }
        None => {
            let default = if has_init { "PodInitializing" } else { "ContainerCreating" };
            (or_empty(old_last), waiting(default, ""))
        }
    };
    let mut status = if let (None, false, Some(old)) = (newest, restarting || old_terminated.is_null(), old) {
        // It ended, and nothing of it is left.
        old.clone()
    } else {
        Value::object([
            ("allocatedResources", allocated),
            ("containerID", id),
            ("image", image),
            ("imageID", image_id),
            ("lastState", last),
            ("name", name.into()),
            ("ready", false.into()),
            ("resources", resources),
            ("restartCount", count.into()),
            ("started", started.into()),
            ("state", state),
            ("volumeMounts", old.map_or_else(|| volume_mounts(spec), |old| old.at("volumeMounts").clone())),
        ])
    };
    let ended_well = newest.is_some_and(|s| s.state == State::Exited && s.exit_code == 0);
    let skip =
        init && (ended_well || (newest.is_none() && any_app_container(pod.spec(), observed) && !is_sidecar(spec)));
    if !skip
        && should_be_started(spec, pod.spec(), pod.api.is_deleting(), observed)
        && let Some((reason, message)) = pod.reasons.get(name)
    {
        let before = status.at("state").clone();
        if !before.at("terminated").is_null() {
            status.set("lastState", before);
        }
        status.set("state", waiting(reason, message));
    }
    status
}

/// Whether a status tells of these instances of its container, in the state they are in.
fn still_says(old: &Value, seen: &Seen, previous: Option<&Seen>) -> bool {
    let state = match seen.state {
        State::Created => return false,
        State::Running => "running",
        State::Exited => "terminated",
    };
    let id = |text: &str, of: &Seen| text.strip_prefix(RUNTIME) == Some(of.id.as_ref());
    id(old.str_at("containerID"), seen)
        && old.at("state").get(state).is_some()
        && old.int_at("restartCount") == Some(seen.restart_count)
        && previous.is_none_or(|p| id(old.str_at("lastState.terminated.containerID"), p))
}

/// Counts of containers by what they do, for the phase.
#[derive(Default)]
struct Counts {
    pending_init: u32,
    pending_sidecars: u32,
    failed_init_for_good: u32,
    unknown: u32,
    running: u32,
    waiting: u32,
    stopped: u32,
    stopped_for_good: u32,
    succeeded: u32,
}

fn find<'a>(statuses: &'a [Value], name: &str) -> Option<&'a Value> {
    statuses.iter().find(|s| s.str_at("name") == name)
}

/// Models `getPhase`.
fn phase(pod: &Pod, observed: &Observed, init: &[Value], app: &[Value], terminal: bool) -> &'static str {
    let spec = pod.spec();
    let mut n = Counts::default();
    for c in pod.specs(true) {
        let status = find(init, c.str_at("name"));
        let running = status.is_some_and(|s| !s.at("state.running").is_null());
        let waiting = status.is_some_and(|s| !s.at("state.waiting").is_null());
        let code = status.and_then(|s| s.int_at("state.terminated.exitCode"));
        let last = status.and_then(|s| s.int_at("lastState.terminated.exitCode"));
        if is_sidecar(c) {
            if running {
                n.running += 1;
                n.pending_sidecars += u32::from(!status.is_some_and(|s| s.bool_at("started")));
            } else if waiting && last.is_none() {
                n.pending_sidecars += 1;
                n.waiting += 1;
            } else if status.is_none() {
                n.unknown += 1;
            }
            continue;
        }
        let (ended, at) = if waiting { (last, "lastState") } else { (code, "state") };
        let reset = status.is_some_and(|s| s.at(at).str_at("terminated.reason") == RESTARTING_ALL);
        match ended {
            Some(0) => {}
            Some(code) => n.failed_init_for_good += u32::from(!reset && !should_restart(c, spec, code)),
            None => n.pending_init += 1,
        }
    }
    for c in pod.specs(false) {
        let Some(status) = find(app, c.str_at("name")) else {
            n.unknown += 1;
            continue;
        };
        let state = status.at("state");
        let last = || status.at("lastState.terminated");
        if !state.at("running").is_null() {
            n.running += 1;
        } else if let Some(code) = state.int_at("terminated.exitCode") {
            n.stopped += 1;
            n.stopped_for_good += u32::from(!should_restart(c, spec, code));
            n.succeeded += u32::from(code == 0);
        } else if let Some(last_code) = last().int_at("exitCode") {
            n.stopped += 1;
            let reset = last().str_at("reason") == RESTARTING_ALL;
            n.stopped_for_good += u32::from(!reset && !should_restart(c, spec, last_code));
        } else {
            n.waiting += 1;
        }
    }
    let initialized = any_app_container(spec, observed);
    match () {
        () if n.failed_init_for_good > 0 => "Failed",
        () if n.pending_init > 0 || (n.pending_sidecars > 0 && !initialized) || n.waiting > 0 => "Pending",
        () if n.running > 0 && n.unknown == 0 => "Running",
        () if n.running == 0 && n.stopped > 0 && n.unknown == 0 => {
            if !terminal && n.stopped != n.stopped_for_good {
                "Running"
            } else if n.stopped == n.succeeded {
                "Succeeded"
            } else {
                "Failed"
            }
        }
        () => "Pending",
    }
}
