//! Stopping containers: preStop hooks, the order of sidecars, SIGTERM, and SIGKILL at the end of the grace period.
//!
//! Models `killContainer`, `killContainersWithSyncResult` and `kuberuntime_termination_order.go`.

use std::rc::Rc;

use super::pod::{Ended, Pod};
use super::{Cx, exec};
use crate::api::Value;
use crate::clock::{SECOND, Time};
use crate::events::EventType;
use crate::runtime::State;
use crate::runtime::process::Io;

/// The least a container gets between SIGTERM and SIGKILL, in seconds.
const MINIMUM_GRACE: i64 = 2;

/// Why a container is stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillReason {
    /// The Pod ends, or the container's definition changed.
    Other,
    /// Its liveness probe failed.
    Liveness,
    /// Its startup probe failed.
    Startup,
}

/// How far the stop of a container is.
#[derive(Clone, Debug)]
enum Stage {
    New,
    /// A hook runs since then.
    PreStop {
        since: Time,
        until: Option<Time>,
        exec: Option<u32>,
    },
    /// It waits for others since then.
    Turn {
        since: Time,
    },
    /// It has been sent SIGTERM and is sent SIGKILL then.
    Stopping {
        deadline: Time,
    },
    Done,
}

/// The stop of one container.
#[derive(Clone, Debug)]
pub struct Kill {
    id: Rc<str>,
    name: Rc<str>,
    message: String,
    /// Whom it waits for, by name.
    after: Vec<Rc<str>>,
    grace: i64,
    stage: Stage,
}

impl Kill {
    /// The stop of one container, with the grace period the spec and the reason give, or another.
    pub fn new(pod: &Pod, id: &Rc<str>, message: String, reason: KillReason, grace: Option<i64>) -> Option<Self> {
        let container = pod.container(id)?;
        let (_, spec) = pod.find_spec(&container.name)?;
        let own = |probe: &str| spec.at_path(&format!("{probe}.terminationGracePeriodSeconds")).as_i64();
        let by_probe = match reason {
            KillReason::Liveness => own("livenessProbe"),
            KillReason::Startup => own("startupProbe"),
            KillReason::Other => None,
        };
        let deleting = pod.api.body().int_at("metadata.deletionGracePeriodSeconds");
        let by_spec = deleting.or(by_probe).or(pod.spec().int_at("terminationGracePeriodSeconds"));
        let message = if message.is_empty() { format!("Stopping container {}", container.name) } else { message };
        Some(Self {
            id: id.clone(),
            name: container.name.clone(),
            message,
            after: vec![],
            grace: grace.or(by_spec).unwrap_or(MINIMUM_GRACE),
            stage: Stage::New,
        })
    }
    fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }
    /// When SIGKILL comes, where SIGTERM has been sent.
    pub fn deadline(&self) -> Option<Time> {
        match self.stage {
            Stage::Stopping { deadline } => Some(deadline),
            _ => None,
        }
    }
}

/// The stops of all running containers of a Pod. Sidecars wait for the app containers and for the sidecars after them.
pub fn all(pod: &Pod, grace: Option<i64>) -> Vec<Kill> {
    let running = pod.containers.iter().filter(|c| c.state == State::Running);
    let mut kills: Vec<Kill> =
        running.filter_map(|c| Kill::new(pod, &c.id, String::new(), KillReason::Other, grace)).collect();
    let apps: Vec<Rc<str>> = pod.specs(false).iter().filter_map(|c| c.at("name").as_rc_str()).collect();
    let mut later: Option<Rc<str>> = None;
    for c in pod.specs(true).iter().rev().filter(|c| super::spec::is_sidecar(c)) {
        let name = c.at("name").as_rc_str();
        if let Some(kill) = kills.iter_mut().find(|k| Some(&k.name) == name.as_ref()) {
            kill.after = apps.iter().cloned().chain(later.take()).collect();
        }
        later = name;
    }
    kills
}

/// Goes on with stops. Returns when to look again, none once all are done (an exit looks again, too).
pub fn advance(cx: &mut Cx<'_, '_>, pod: &mut Pod, kills: &mut [Kill]) -> Option<Time> {
    loop {
        let mut moved = false;
        for i in 0..kills.len() {
            if kills[i].is_done() {
                continue;
            }
            let waits = kills.iter().any(|k| !k.is_done() && kills[i].after.contains(&k.name));
            moved |= advance_one(cx, pod, &mut kills[i], waits);
        }
        if !moved {
            break;
        }
    }
    let when = kills.iter().filter_map(|k| match k.stage {
        Stage::New | Stage::Done => None,
        Stage::PreStop { since, until, .. } => {
            let limit = since + k.grace.saturating_mul(SECOND);
            Some(until.map_or(limit, |u| u.min(limit)))
        }
        Stage::Turn { since } => Some(since + k.grace.saturating_mul(SECOND)),
        Stage::Stopping { deadline } => Some(deadline),
    });
    when.min()
}

/// Whole seconds between two times.
fn seconds(since: Time, now: Time) -> i64 {
    (now - since) / SECOND
}

/// Takes one stop further. Returns whether it moved.
fn advance_one(cx: &mut Cx<'_, '_>, pod: &mut Pod, kill: &mut Kill, waits: bool) -> bool {
    let now = cx.ctx.now;
    let running = pod.container(&kill.id).is_some_and(|c| c.state == State::Running);
    match &kill.stage {
        Stage::Done => false,
        Stage::New => {
            cx.container_event(pod, &kill.name, EventType::Normal, "Killing", &kill.message);
            let hook = pod.find_spec(&kill.name).map_or(Value::Null, |(_, c)| c.at("lifecycle.preStop").clone());
            kill.stage = if hook.is_null() || kill.grace <= 0 {
                Stage::Turn { since: now }
            } else {
                let (until, exec) = exec::hook(cx, pod, &kill.id, &hook);
                Stage::PreStop { since: now, until, exec }
            };
            true
        }
        Stage::PreStop { since, until, exec } => {
            let limit = *since + kill.grace.saturating_mul(SECOND);
            let ended = match exec {
                Some(n) => pod.execs.get(n).and_then(|e| e.done),
                None => until.is_some_and(|u| u <= now).then_some(Ended::Code(0)),
            };
            if ended.is_none() && now < limit && running {
                return false;
            }
            if ended.is_some_and(|e| e != Ended::Code(0)) {
                let text = "PreStopHook failed";
                cx.container_event(pod, &kill.name, EventType::Warning, "FailedPreStopHook", text);
            }
            if let Some(n) = exec {
                pod.execs.remove(n);
            }
            kill.grace -= seconds(*since, now);
            kill.stage = Stage::Turn { since: now };
            true
        }
        Stage::Turn { since } => {
            if waits && now < *since + kill.grace.saturating_mul(SECOND) {
                return false;
            }
            kill.grace = (kill.grace - seconds(*since, now)).max(MINIMUM_GRACE);
            kill.stage = if running {
                Stage::Stopping { deadline: now + kill.grace.saturating_mul(SECOND) }
            } else {
                Stage::Done
            };
            if running {
                signal(cx, pod, &kill.id, "TERM");
            }
            true
        }
        Stage::Stopping { deadline } => {
            if running && now < *deadline {
                return false;
            }
            if running {
                pod.finish(&kill.id, 137, "Error", now);
                cx.noticed(pod);
            }
            kill.stage = Stage::Done;
            true
        }
    }
}

/// Sends a container's first process a signal.
pub fn signal(cx: &mut Cx<'_, '_>, pod: &mut Pod, id: &Rc<str>, name: &str) {
    let Some(i) = pod.containers.iter().position(|c| c.id == *id) else { return };
    let view = pod.containers[i].view();
    let c = &mut pod.containers[i];
    let logs = Rc::make_mut(&mut c.logs);
    let mut io = Io { now: cx.ctx.now, files: &mut pod.files, view: &view, logs, rng: cx.ctx.rng, work: 0 };
    let exit = c.process.signal(name, &mut io);
    if let Some(exit) = exit {
        pod.finish(id, exit.code, exit.reason, cx.ctx.now);
        cx.noticed(pod);
    } else {
        cx.schedule_process(pod, i);
    }
}

/// Stops the sandbox: what still runs is killed.
pub fn stop_sandbox(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    let running: Vec<Rc<str>> =
        pod.containers.iter().filter(|c| c.state == State::Running).map(|c| c.id.clone()).collect();
    for id in running {
        pod.finish(&id, 137, "Error", cx.ctx.now);
    }
    if let Some(s) = pod.sandbox.as_mut().filter(|s| s.ready) {
        s.ready = false;
        pod.dirty = true;
    }
    cx.noticed(pod);
}
