//! Liveness, readiness and startup probes.
//!
//! Models `pkg/kubelet/prober` (worker.go, prober.go, prober_manager.go) and the texts of `pkg/probe`.

use std::rc::Rc;

use super::pod::{Ended, Pod, Purpose};
use super::status::id_at_runtime;
use super::{Cx, Task, env, exec, manager, spec, sync};
use crate::api::Value;
use crate::clock::{SECOND, Time, go_duration, parse_go_duration};
use crate::events::EventType;
use crate::queue::Due;
use crate::runtime::State;
use crate::runtime::process::Process;
use crate::runtime::programs;

/// The annotation that scripts what a container answers over HTTP and TCP: `503 for 10s; 200`.
const ANSWERS: &str = "batchyard.dev/answers";

/// Which probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProbeKind {
    Liveness,
    Readiness,
    Startup,
}

impl ProbeKind {
    const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];
    fn field(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }
    fn word(self) -> &'static str {
        match self {
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
            Self::Startup => "Startup",
        }
    }
    fn initial(self) -> Verdict {
        match self {
            Self::Liveness => Verdict::Success,
            Self::Readiness => Verdict::Failure,
            Self::Startup => Verdict::Unknown,
        }
    }
}

/// What a probe has found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Success,
    Failure,
    Unknown,
}

/// One probe of one container. Models `worker`.
#[derive(Clone, Debug)]
pub struct Prober {
    kind: ProbeKind,
    container: Rc<str>,
    spec: Value,
    /// The instance that is probed.
    id: Option<Rc<str>>,
    verdict: Option<Verdict>,
    last: Option<Verdict>,
    run: i64,
    on_hold: bool,
    stopped: bool,
    exec: Option<u32>,
    due: Option<Due>,
    /// The ticker has ticked during the command that runs.
    ticked: bool,
    /// It was asked for at once during the command that runs.
    asked: bool,
}

impl Prober {
    /// The task of its tick has run.
    pub fn tick_is_over(&mut self) {
        self.due = None;
    }
}

impl Pod {
    /// What a probe has found about an instance of a container.
    pub fn verdict(&self, kind: ProbeKind, id: &str) -> Option<Verdict> {
        self.probers.iter().find(|p| p.kind == kind && p.id.as_deref() == Some(id)).and_then(|p| p.verdict)
    }
}

/// Starts the probes of a Pod's containers. Models `AddPod`.
pub fn add_pod(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    if !pod.probers.is_empty() || pod.api.is_deleting() {
        return;
    }
    let mut probers = vec![];
    for c in pod.specs(false).iter().chain(pod.specs(true).iter().filter(|c| spec::is_sidecar(c))) {
        for kind in ProbeKind::ALL {
            let spec = c.at(kind.field());
            if !spec.is_null() {
                probers.push(Prober {
                    kind,
                    container: c.rc_str_at("name"),
                    spec: spec.clone(),
                    id: None,
                    verdict: None,
                    last: None,
                    run: 0,
                    on_hold: false,
                    stopped: false,
                    exec: None,
                    due: None,
                    ticked: false,
                    asked: false,
                });
            }
        }
    }
    pod.probers = probers;
    for n in 0..pod.probers.len() {
        tick(cx, pod, n);
    }
}

/// The Pod is being stopped: only readiness still counts. Models `StopLivenessAndStartup`.
pub fn stop_liveness_and_startup(pod: &mut Pod) {
    for p in &mut pod.probers {
        p.stopped |= p.kind != ProbeKind::Readiness;
    }
}

/// Nothing is probed any more. Models `RemovePod`.
pub fn remove_pod(pod: &mut Pod) {
    for p in &mut pod.probers {
        p.stopped = true;
    }
}

fn has_worker(pod: &Pod, kind: ProbeKind, container: &str) -> bool {
    pod.probers.iter().any(|p| p.kind == kind && p.container.as_ref() == container && !p.stopped)
}

/// Fills in which containers have started and are ready. Models `UpdatePodStatus`.
pub fn update_statuses(cx: &mut Cx<'_, '_>, pod: &mut Pod, init: &mut [Value], app: &mut [Value]) {
    for (is_init, list) in [(false, app), (true, init)] {
        for status in list {
            let name = status.str_at("name").to_owned();
            let running = !status.at("state.running").is_null();
            let id = id_at_runtime(status.str_at("containerID")).to_owned();
            let started = running
                && match pod.verdict(ProbeKind::Startup, &id) {
                    Some(v) => v == Verdict::Success,
                    None => status.bool_at("started") || !has_worker(pod, ProbeKind::Startup, &name),
                };
            set_flag(status, "started", started);
            let sidecar = is_init && pod.find_spec(&name).is_some_and(|(_, c)| spec::is_sidecar(c));
            if is_init && !sidecar {
                let ended_well = status.int_at("state.terminated.exitCode") == Some(0);
                set_flag(status, "ready", ended_well);
                continue;
            }
            let mut ready = started;
            if started && pod.verdict(ProbeKind::Readiness, &id) != Some(Verdict::Success) {
                let n = pod
                    .probers
                    .iter()
                    .position(|p| p.kind == ProbeKind::Readiness && p.container.as_ref() == name && !p.stopped);
                ready = n.is_none();
                // A container that is not ready yet is probed at once.
                if let Some(n) = n {
                    ask(cx, pod, n);
                }
            }
            set_flag(status, "ready", ready);
        }
    }
}

/// Sets a flag that is not so yet: an unchanged status stays shared.
fn set_flag(status: &mut Value, flag: &'static str, to: bool) {
    if status.at(flag).as_bool() != Some(to) {
        status.set(flag, to);
    }
}

/// Probes at once. One command runs at a time: during it, this is remembered.
fn ask(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize) {
    if in_flight(pod, n) {
        pod.probers[n].asked = true;
        return;
    }
    if let Some(due) = pod.probers[n].due.take() {
        cx.tasks.cancel(due);
    }
    pod.probers[n].due = Some(cx.after(0, Task::Probe(pod.uid(), n)));
}

/// Whether the probe's command runs. It is gone with its container.
fn in_flight(pod: &Pod, n: usize) -> bool {
    pod.probers[n].exec.is_some_and(|exec| pod.execs.contains_key(&exec))
}

/// The ticker: probes, and sets the next tick. Models `run` of the worker, whose ticker ticks on while a command runs and
/// holds one tick for after it.
pub fn tick(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize) {
    let Some(prober) = pod.probers.get_mut(n) else { return };
    if let Some(due) = prober.due.take() {
        cx.tasks.cancel(due);
    }
    if prober.stopped {
        return;
    }
    let period = prober.spec.int_at("periodSeconds").unwrap_or(10).max(1) * SECOND;
    let due = cx.after(period, Task::Probe(pod.uid(), n));
    pod.probers[n].due = Some(due);
    if in_flight(pod, n) {
        pod.probers[n].ticked = true;
    } else {
        // What was called for during a command that went with its container is over with it.
        pod.probers[n].ticked = false;
        pod.probers[n].asked = false;
        run(cx, pod, n);
    }
}

/// Probes once, and ends the worker where that is to be.
fn run(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize) {
    pod.probers[n].exec = None;
    if !probe(cx, pod, n) {
        pod.probers[n].stopped = true;
        if let Some(due) = pod.probers[n].due.take() {
            cx.tasks.cancel(due);
        }
    }
}

/// Models `doProbe`. Returns whether to keep on.
fn probe(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize) -> bool {
    let now = cx.ctx.now;
    let (kind, name, spec) = {
        let p = &pod.probers[n];
        (p.kind, p.container.clone(), p.spec.clone())
    };
    let Some(status) = pod.status.value.clone() else { return true };
    if matches!(status.str_at("phase"), "Failed" | "Succeeded") {
        return false;
    }
    let find = |list: &'static str| {
        let c = status.at(list).items().iter().find(|c| c.str_at("name") == name.as_ref());
        c.filter(|c| !c.str_at("containerID").is_empty()).cloned()
    };
    let Some(c) = find("containerStatuses").or_else(|| find("initContainerStatuses")) else { return true };
    let id: Rc<str> = Rc::from(id_at_runtime(c.str_at("containerID")));
    if pod.probers[n].id.as_ref() != Some(&id) {
        pod.probers[n].id = Some(id.clone());
        pod.probers[n].verdict = None;
        pod.probers[n].on_hold = false;
        conclude(cx, pod, n, kind.initial());
    }
    if pod.probers[n].on_hold {
        return true;
    }
    if c.at("state.running").is_null() {
        conclude(cx, pod, n, Verdict::Failure);
        let Some(code) = c.int_at("state.terminated.exitCode") else { return true };
        let again = pod.find_spec(&name).is_some_and(|(_, c)| spec::should_restart(c, pod.spec(), code));
        return again;
    }
    if pod.api.is_deleting() && kind != ProbeKind::Readiness {
        conclude(cx, pod, n, Verdict::Success);
        return false;
    }
    let started_at = c.str_at("state.running.startedAt");
    let delay = spec.int_at("initialDelaySeconds").unwrap_or(0);
    let since = Time::parse_rfc3339(started_at).map_or(0, |t| (now - t) / SECOND);
    if since < delay || c.bool_at("started") == (kind == ProbeKind::Startup) {
        return true;
    }
    let timeout = spec.int_at("timeoutSeconds").unwrap_or(1).max(1) * SECOND;
    let command: Vec<String> =
        spec.at("exec.command").items().iter().filter_map(|w| w.as_str().map(str::to_owned)).collect();
    if !command.is_empty() {
        // Nothing can be run in a container that has ended, which the kubelet has yet to notice: no result comes of it.
        if pod.container(&id).is_none_or(|c| c.state != State::Running) {
            return true;
        }
        let vars = pod.find_spec(&name).map_or(vec![], |(_, c)| {
            let pairs = c.at("env").items().iter();
            pairs.map(|v| (v.str_at("name").to_owned().into(), v.str_at("value").to_owned().into())).collect()
        });
        let command: Vec<String> = command.iter().map(|w| env::expand(w, &vars)).collect();
        let exec = exec::start(cx, pod, &id, &command, Purpose::Probe(n), Some(timeout));
        pod.probers[n].exec = Some(exec);
        exec_ended(cx, pod, n);
        return true;
    }
    let failure = answer(pod, &id, &spec, now);
    result(cx, pod, n, failure);
    true
}

/// Takes the result of an exec probe, once there is one, and probes again if that was called for meanwhile.
pub fn exec_ended(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize) {
    take_result(cx, pod, n);
    let Some(prober) = pod.probers.get_mut(n).filter(|p| p.exec.is_none() && !p.stopped) else { return };
    if std::mem::take(&mut prober.ticked) {
        run(cx, pod, n);
    } else if std::mem::take(&mut prober.asked) {
        tick(cx, pod, n);
    }
}

fn take_result(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize) {
    let Some(exec) = pod.probers.get(n).and_then(|p| p.exec) else { return };
    let Some(done) = pod.execs.get(&exec).and_then(|e| e.done) else { return };
    let run = pod.execs.remove(&exec).expect("it was just found");
    pod.probers[n].exec = None;
    let failure = match done {
        Ended::Code(0) => None,
        Ended::Code(_) => Some(exec::output(&run)),
        Ended::Missing => {
            // The probe itself went wrong: it says nothing about the container.
            let (name, word) = (pod.probers[n].container.clone(), pod.probers[n].kind.word());
            let why = exec::output(&run);
            let text = format!("{word} probe errored and resulted in unknown state: {}", why.trim_end());
            cx.container_event(pod, &name, EventType::Warning, "Unhealthy", &text);
            return;
        }
        Ended::GaveUp => {
            let words: Vec<&str> =
                pod.probers[n].spec.at("exec.command").items().iter().filter_map(Value::as_str).collect();
            let limit = pod.probers[n].spec.int_at("timeoutSeconds").unwrap_or(1);
            Some(format!("command timed out: {:?} timed out after {}", words.join(" "), go_duration(limit * SECOND)))
        }
    };
    result(cx, pod, n, failure);
}

/// Counts a result towards the thresholds.
fn result(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize, failure: Option<String>) {
    let kind = pod.probers[n].kind;
    let verdict = if failure.is_some() { Verdict::Failure } else { Verdict::Success };
    if let Some(text) = failure {
        let name = pod.probers[n].container.clone();
        let text = format!("{} probe failed: {text}", kind.word());
        cx.container_event(pod, &name, EventType::Warning, "Unhealthy", &text);
    }
    let p = &mut pod.probers[n];
    p.run = if p.last == Some(verdict) { p.run + 1 } else { 1 };
    p.last = Some(verdict);
    let (field, default) = if verdict == Verdict::Failure { ("failureThreshold", 3) } else { ("successThreshold", 1) };
    if p.run < p.spec.int_at(field).unwrap_or(default) {
        return;
    }
    conclude(cx, pod, n, verdict);
    if (kind == ProbeKind::Liveness && verdict == Verdict::Failure) || kind == ProbeKind::Startup {
        pod.probers[n].on_hold = true;
        pod.probers[n].run = 0;
    }
}

/// Sets what the probe has found; a change is told to the status manager and the worker.
fn conclude(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: usize, verdict: Verdict) {
    let p = &mut pod.probers[n];
    if p.verdict == Some(verdict) {
        return;
    }
    p.verdict = Some(verdict);
    let (kind, id) = (p.kind, p.id.clone().unwrap_or_default());
    match kind {
        ProbeKind::Readiness => manager::set_readiness(cx, pod, &id, verdict == Verdict::Success),
        ProbeKind::Startup => manager::set_startup(cx, pod, &id, verdict == Verdict::Success),
        ProbeKind::Liveness if verdict != Verdict::Failure => return,
        ProbeKind::Liveness => {}
    }
    sync::update(cx, pod, false);
}

/// What a container answers over HTTP or TCP: none if all is well, else why not.
fn answer(pod: &Pod, id: &str, spec: &Value, now: Time) -> Option<String> {
    let container = pod.container(id)?;
    let ip = pod.sandbox.as_ref().map_or("", |s| s.ip.as_ref());
    let (what, is_http) =
        if spec.at("httpGet").is_null() { (spec.at("tcpSocket"), false) } else { (spec.at("httpGet"), true) };
    let port = match what.at("port").as_i64() {
        Some(n) => n,
        None => named_port(pod, &container.name, what.str_at("port")),
    };
    let port = if port == 0 { spec.int_at("grpc.port").unwrap_or(0) } else { port };
    let script = pod.api.annotation(ANSWERS).or_else(|| {
        let args = pod.find_spec(container.name.as_ref()).map_or(&[][..], |(_, c)| c.at("args").items());
        programs::answers(&container.image, args.first().and_then(Value::as_str).unwrap_or(""))
    });
    let scripted = script.map(|script| scripted(script, now - container.started_at));
    let serves = container.state == State::Running
        && !matches!(&container.process, Process::Shell(machine) if !machine.serves())
        && scripted.as_deref() != Some("refused");
    if !serves && scripted.as_deref().is_none_or(|s| s == "refused") {
        let refused = format!("dial tcp {ip}:{port}: connect: connection refused");
        let path = what.str_at("path").trim_start_matches('/');
        let scheme = if what.str_at("scheme") == "HTTPS" { "https" } else { "http" };
        return Some(if is_http { format!("Get \"{scheme}://{ip}:{port}/{path}\": {refused}") } else { refused });
    }
    let code = scripted.and_then(|s| s.parse::<u32>().ok()).unwrap_or(200);
    (is_http && !(200..400).contains(&code)).then(|| format!("HTTP probe failed with statuscode: {code}"))
}

fn named_port(pod: &Pod, container: &str, name: &str) -> i64 {
    let spec = pod.find_spec(container).map(|(_, c)| c);
    let ports = spec.map_or(&[][..], |c| c.at("ports").items());
    ports.iter().find(|p| p.str_at("name") == name).and_then(|p| p.int_at("containerPort")).unwrap_or(0)
}

/// What a script of answers says so long after the start.
fn scripted(script: &str, since: i64) -> String {
    let mut left = since;
    let mut last = "";
    for step in script.split(';') {
        let (code, length) = step.trim().split_once(" for ").unwrap_or((step.trim(), ""));
        last = code;
        match parse_go_duration(length) {
            Some(length) if left >= length => left -= length,
            _ => break,
        }
    }
    last.to_owned()
}

#[cfg(test)]
mod tests {
    use super::scripted;

    #[test]
    fn answers_change_with_time() {
        for (since, want) in [(0, "503"), (9_999, "503"), (10_000, "200"), (15_000, "refused"), (99_000, "refused")] {
            assert_eq!(scripted("503 for 10s; 200 for 5s; refused", since), want, "{since}");
        }
    }
}
