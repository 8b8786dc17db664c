//! The pod worker: one sync after the other, each on what was seen after the one before.
//!
//! Models `pkg/kubelet/pod_workers.go`, and `SyncPod`, `SyncTerminatingPod` and `SyncTerminatedPod` of
//! `pkg/kubelet/kubelet.go`.

use std::collections::VecDeque;
use std::rc::Rc;

use super::actions::{self, Actions};
use super::kill::{self, Kill, KillReason};
use super::pod::{Observed, Pod, Step, Sync, Work};
use super::start::{self, DEFAULT_BACKOFF, Progress, StartAt};
use super::{Cx, Task, manager, prober, spec, status, volumes};
use crate::api::{Kind, ObjectKey};
use crate::clock::{MINUTE, Millis, Time};
use crate::events::EventType;
use crate::rng::Rng;
use crate::runtime::{Sandbox, State};

/// How long the runtime takes to set up a sandbox, at least.
const SANDBOX_TIME: Millis = 150;
/// How much longer it takes in half of all cases, at most; each further such time halves what is left. Pods made at the
/// same time are not ready at the same time: in the recordings a median of 22 ms lies between two, a tenth has 70 ms and more
/// between them, and a rollout answers each of them.
const SANDBOX_HALF: u64 = 22;
/// After so many halves no sandbox takes longer.
const SANDBOX_HALVES: u32 = 5;
/// The longest a failed sync waits for the next.
pub const RESYNC_INTERVAL: Millis = MINUTE;
/// How long after a sync the kubelet looks at its Pod.
const RELIST_DELAY: Millis = 2;

/// How long the sandbox of a Pod takes: by its uid, so that no other draw of chance hangs on it.
fn sandbox_time(uid: &str) -> Millis {
    let digest = uid.bytes().fold(0u64, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
    let chance = Rng::new(digest).next_u64();
    let halves = u64::from((chance >> 32).trailing_zeros().min(SANDBOX_HALVES));
    SANDBOX_TIME + (SANDBOX_HALF * halves + (chance & 0xffff_ffff) % SANDBOX_HALF) as Millis
}

/// Tells the worker of an update. Models `UpdatePod`.
pub fn update(cx: &mut Cx<'_, '_>, pod: &mut Pod, kill: bool) {
    if pod.worker.finished {
        return;
    }
    let phase = pod.api.body().str_at("status.phase");
    let (deleting, terminal) = (pod.api.is_deleting(), matches!(phase, "Failed" | "Succeeded"));
    let mut became_terminating = false;
    if pod.worker.terminating_at.is_none() && (deleting || terminal || kill) {
        pod.worker.deleted |= deleting;
        pod.worker.terminating_at = Some(cx.ctx.now);
        became_terminating = true;
    }
    let mut shortened = false;
    if pod.worker.terminating_at.is_some() && pod.worker.terminated_at.is_none() {
        let before = pod.worker.grace;
        pod.worker.grace = effective_grace(pod);
        shortened = before != 0 && before != pod.worker.grace;
    }
    pod.worker.pending = true;
    if (became_terminating || shortened) && pod.worker.doing.is_some() {
        if let Some(sync) = pod.worker.doing.as_mut() {
            sync.cancelled = true;
        }
        advance(cx, pod);
    } else if pod.worker.taken.is_none() {
        run(cx, pod);
    }
}

/// Models `calculateEffectiveGracePeriod`.
fn effective_grace(pod: &Pod) -> i64 {
    let mut grace = pod.worker.grace;
    let mut overridden = false;
    if let Some(g) = pod.api.body().int_at("metadata.deletionGracePeriodSeconds")
        && (grace == 0 || g < grace)
    {
        grace = g;
        overridden = true;
    }
    if !overridden && grace == 0 {
        grace = pod.spec().int_at("terminationGracePeriodSeconds").unwrap_or(0);
    }
    grace.max(1)
}

/// Starts the next sync, if there is something to do and the kubelet has looked at the Pod since the last.
pub fn run(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    if pod.worker.doing.is_some() || pod.worker.finished {
        return;
    }
    let work = match pod.worker.taken.take() {
        Some(work) => work,
        None if !pod.worker.pending => return,
        None => {
            pod.worker.pending = false;
            pod.worker.work()
        }
    };
    if let Some(last) = pod.worker.last_sync {
        let seen = pod.observed_at.max(cx.last_relist(pod));
        if seen.is_none_or(|t| t <= last) {
            // The update is taken: what comes while it waits is for the sync after this one.
            pod.worker.taken = Some(work);
            let (uid, node) = (pod.uid(), pod.node.clone());
            cx.node(pod).waiting.insert(uid);
            cx.schedule_relist(&node);
            return;
        }
    }
    let observed = pod.cache.clone();
    let steps = match work {
        Work::Sync => sync_pod(cx, pod, &observed),
        Work::Terminating => Some(sync_terminating(cx, pod, &observed)),
        Work::Terminated => {
            let status = status::generate(cx, pod, &observed, true);
            manager::set(cx, pod, status);
            Some(VecDeque::new())
        }
    };
    let Some(steps) = steps else {
        complete_sync(cx, pod);
        return;
    };
    pod.worker.doing = Some(Box::new(Sync {
        work,
        observed,
        steps,
        results: false,
        failed: false,
        pull_failed: false,
        reset: false,
        backoff_until: None,
        cancelled: work == Work::Sync && pod.worker.terminating_at.is_some(),
        due: None,
    }));
    advance(cx, pod);
}

/// A sync of a Pod that is to run. None where it has come to its end.
fn sync_pod(cx: &mut Cx<'_, '_>, pod: &mut Pod, observed: &Rc<Observed>) -> Option<VecDeque<Step>> {
    let status = status::generate(cx, pod, observed, false);
    let terminal = matches!(status.str_at("phase"), "Succeeded" | "Failed");
    manager::set(cx, pod, status);
    if terminal {
        return None;
    }
    if pod.mounted || !volumes::has_any(pod) {
        volumes::refresh(cx, pod);
        return Some(after_volumes(cx, pod, observed));
    }
    Some(VecDeque::from([Step::Volumes { next: None, deadline: None }]))
}

/// What is to do once the volumes are there.
fn after_volumes(cx: &mut Cx<'_, '_>, pod: &mut Pod, observed: &Rc<Observed>) -> VecDeque<Step> {
    prober::add_pod(cx, pod);
    let restarting = pod.could_restart_all()
        && pod.status.value.as_ref().is_some_and(|s| {
            let mut all = s.at("conditions").items().iter().filter(|c| c.str_at("type") == "AllContainersRestarting");
            all.any(|c| c.str_at("status") == "True")
        });
    if restarting && observed.sandbox_missing().is_none() {
        return resets(pod, observed);
    }
    let Actions { kill_pod, create_sandbox, init_to_start, to_start, to_kill } = actions::compute(pod, observed);
    let mut steps = VecDeque::new();
    if kill_pod {
        if observed.sandbox.is_some() {
            steps.push_back(Step::Kill { kills: kill::all(pod, None), sandbox: true });
        }
    } else if !to_kill.is_empty() {
        for k in to_kill {
            let kills = Kill::new(pod, &k.id, k.message, k.reason, None).into_iter().collect();
            steps.push_back(Step::Kill { kills, sandbox: false });
        }
    }
    if create_sandbox {
        steps.push_back(Step::Sandbox { ready: None });
    }
    let start = |init: bool| move |index: usize| Step::Start { init, index, at: StartAt::New };
    steps.extend(init_to_start.into_iter().map(start(true)));
    steps.extend(to_start.into_iter().map(start(false)));
    steps
}

/// Removes all containers: those whose end asked for it last.
fn resets(pod: &Pod, observed: &Observed) -> VecDeque<Step> {
    let (mut targets, mut sources) = (vec![], vec![]);
    for init in [false, true] {
        for spec in pod.specs(init) {
            for seen in observed.containers.iter().filter(|c| c.name.as_ref() == spec.str_at("name")) {
                let ended = seen.state == State::Exited;
                let kill = || Kill::new(pod, &seen.id, "killing".into(), KillReason::Other, Some(0));
                let kills = if ended { vec![] } else { kill().into_iter().collect() };
                let step = Step::Reset { id: seen.id.clone(), kills };
                if ended && spec::is_restart_source(pod.spec(), &seen.name, seen.exit_code) {
                    sources.push(step);
                } else {
                    targets.push(step);
                }
            }
        }
    }
    targets.into_iter().chain(sources).collect()
}

/// A sync of a Pod that is to end.
fn sync_terminating(cx: &mut Cx<'_, '_>, pod: &mut Pod, observed: &Rc<Observed>) -> VecDeque<Step> {
    let status = status::generate(cx, pod, observed, false);
    manager::set(cx, pod, status);
    prober::stop_liveness_and_startup(pod);
    let kills = kill::all(pod, Some(pod.worker.grace));
    VecDeque::from([Step::Kill { kills, sandbox: true }])
}

/// Goes on with a sync until it has to wait or is done.
pub fn advance(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    let Some(mut sync) = pod.worker.doing.take() else { return };
    if let Some(due) = sync.due.take() {
        cx.tasks.cancel(due);
    }
    while let Some(mut step) = sync.steps.pop_front() {
        let wait = advance_step(cx, pod, &mut sync, &mut step);
        if let Some(when) = wait {
            sync.steps.push_front(step);
            if let Some(at) = when {
                sync.due = Some(cx.at(at, Task::Step(pod.uid())));
            }
            pod.worker.doing = Some(sync);
            return;
        }
    }
    finish(cx, pod, &sync);
}

/// Takes a step further. Returns until when it waits (or until something ends), none once it is done.
#[allow(clippy::option_option, reason = "whether it waits, and whether it is known until when")]
fn advance_step(cx: &mut Cx<'_, '_>, pod: &mut Pod, sync: &mut Sync, step: &mut Step) -> Option<Option<Time>> {
    let now = cx.ctx.now;
    match step {
        Step::Volumes { next, deadline } => {
            if sync.cancelled {
                sync.failed = true;
                sync.steps.clear();
                return None;
            }
            match volumes::wait(cx, pod, next, deadline) {
                volumes::Wait::Until(at) => return Some(Some(at)),
                volumes::Wait::Mounted => {
                    let observed = sync.observed.clone();
                    sync.steps = after_volumes(cx, pod, &observed);
                }
                volumes::Wait::GaveUp => sync.failed = true,
            }
            None
        }
        Step::Sandbox { ready } => {
            let at = *ready.get_or_insert_with(|| now + sandbox_time(&pod.uid()));
            if now < at {
                return Some(Some(at));
            }
            sync.results = true;
            let attempt = sync.observed.sandbox.map_or(0, |(_, n)| n + 1);
            let sandbox = Sandbox { id: cx.new_id(), ready: true, ip: cx.new_ip(pod), attempt };
            pod.sandbox = Some(sandbox);
            pod.dirty = true;
            cx.noticed(pod);
            manager::sandbox_ready(cx, pod);
            None
        }
        Step::Kill { kills, sandbox } => {
            // A deletion with a shorter grace period while the Pod is being stopped does not reach the runtime, which
            // has its orders: as upstream.
            if let Some(when) = kill::advance(cx, pod, kills) {
                return Some(Some(when));
            }
            sync.results = true;
            if *sandbox {
                kill::stop_sandbox(cx, pod);
            }
            None
        }
        Step::Reset { id, kills } => {
            if let Some(when) = kill::advance(cx, pod, kills) {
                return Some(Some(when));
            }
            pod.containers.retain(|c| c.id != *id);
            pod.dirty = true;
            cx.noticed(pod);
            sync.results = true;
            sync.reset = true;
            None
        }
        Step::Start { init, index, at } => {
            let container = pod.specs(*init).get(*index).cloned()?;
            sync.results = true;
            loop {
                match start::advance(cx, pod, sync, &container, at) {
                    Progress::Again => {}
                    Progress::Wait(when) => return Some(when),
                    Progress::Started => {
                        pod.reasons.remove(container.str_at("name"));
                        return None;
                    }
                    Progress::Failed(why, message) => {
                        sync.failed = true;
                        sync.pull_failed |= why == "ErrImagePull";
                        pod.reasons.insert(container.rc_str_at("name"), (why, message));
                        if *init && !spec::is_sidecar(&container) {
                            sync.steps.clear();
                        }
                        return None;
                    }
                }
            }
        }
    }
}

/// The Pod has come to its end: it is to be torn down. Models `completeSync`.
fn complete_sync(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    pod.worker.last_sync = Some(cx.ctx.now);
    pod.worker.terminating_at.get_or_insert(cx.ctx.now);
    pod.worker.grace = effective_grace(pod);
    pod.worker.pending = true;
    run(cx, pod);
}

/// A sync has ended. Models `completeTerminating`, `completeTerminated` and `completeWork`.
fn finish(cx: &mut Cx<'_, '_>, pod: &mut Pod, sync: &Sync) {
    let now = cx.ctx.now;
    pod.worker.last_sync = Some(now);
    match sync.work {
        Work::Sync => {
            if sync.pull_failed {
                missing_pull_secrets(cx, pod);
            }
            if sync.failed {
                let wait = sync.backoff_until.map_or(DEFAULT_BACKOFF, |at| at - now).clamp(0, RESYNC_INTERVAL);
                let wait = wait + (cx.ctx.rng.unit() * 0.5 * wait as f64) as Millis;
                cx.requeue(pod, wait);
            } else {
                if let Some(due) = pod.requeue.take() {
                    cx.tasks.cancel(due);
                }
                pod.worker.pending |= sync.reset;
                if sync.results {
                    cx.after(RELIST_DELAY, Task::RelistPod(pod.uid()));
                }
            }
        }
        Work::Terminating => {
            prober::remove_pod(pod);
            let stopped = pod.observe();
            let status = status::generate(cx, pod, &stopped, true);
            manager::set(cx, pod, status);
            pod.worker.terminated_at = Some(now);
            pod.worker.pending = true;
        }
        Work::Terminated => {
            manager::terminate(cx, pod);
            pod.worker.finished = true;
            cx.release(pod);
            return;
        }
    }
    run(cx, pod);
}

/// Says which pull secrets the Pod names that are not there, after a pull that failed.
fn missing_pull_secrets(cx: &mut Cx<'_, '_>, pod: &Pod) {
    let names = pod.spec().at("imagePullSecrets").items().iter().map(|s| s.str_at("name"));
    let namespace = pod.api.namespace();
    let missing: Vec<&str> =
        names.filter(|n| cx.ctx.api.get(&ObjectKey::new(Kind::Secret, namespace.clone(), *n)).is_none()).collect();
    if !missing.is_empty() {
        let text = format!(
            "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
            missing.join(", ")
        );
        cx.pod_event(pod, EventType::Warning, "FailedToRetrieveImagePullSecret", &text);
    }
}

/// Says that the Pod has run longer than it may.
pub fn deadline_event(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    cx.pod_event(
        pod,
        EventType::Normal,
        "DeadlineExceeded",
        "Pod was active on the node longer than the specified deadline",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sandboxes_made_together_are_ready_apart_as_recorded() {
        let mut rng = Rng::new(3);
        let mut apart: Vec<Millis> =
            (0..2_000).map(|_| (sandbox_time(&rng.uuid()) - sandbox_time(&rng.uuid())).abs()).collect();
        apart.sort_unstable();
        for (share, least, most) in [(10, 0, 6), (25, 5, 14), (50, 14, 30), (75, 32, 58), (90, 55, 130)] {
            let at = apart[apart.len() * share / 100];
            assert!((least..=most).contains(&at), "{share} in a hundred are less than {at} ms apart");
        }
    }
}
