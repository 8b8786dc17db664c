//! What a sync has to do, from what the spec asks for and what was seen running.
//!
//! Models `computePodActions` and `computeInitContainerActions` of `pkg/kubelet/kuberuntime`.

use std::rc::Rc;

use super::kill::KillReason;
use super::pod::{Observed, Pod};
use super::prober::{ProbeKind, Verdict};
use super::spec::{any_app_container, is_sidecar, should_be_started, should_restart};
use crate::runtime::State;

/// A container to stop.
#[derive(Clone, Debug)]
pub struct ToKill {
    pub id: Rc<str>,
    pub message: String,
    pub reason: KillReason,
}

/// What a sync has to do.
#[derive(Clone, Debug, Default)]
pub struct Actions {
    pub kill_pod: bool,
    pub create_sandbox: bool,
    pub init_to_start: Vec<usize>,
    pub to_start: Vec<usize>,
    pub to_kill: Vec<ToKill>,
}

/// Works out what to do.
pub fn compute(pod: &Pod, observed: &Observed) -> Actions {
    let spec = pod.spec();
    let never = spec.str_at("restartPolicy") == "Never";
    let mut actions = Actions::default();
    if observed.sandbox_missing().is_some() {
        actions.kill_pod = true;
        actions.create_sandbox = true;
        let attempt = observed.sandbox.map_or(0, |(_, n)| n + 1);
        if never && attempt != 0 && !observed.containers.is_empty() {
            actions.create_sandbox = false;
            return actions;
        }
        let mut to_start = vec![];
        for (i, c) in pod.specs(false).iter().enumerate() {
            let own = c.str_at("restartPolicy");
            let policy = if own.is_empty() { spec.str_at("restartPolicy") } else { own };
            let succeeded =
                observed.find(c.str_at("name")).is_some_and(|s| s.state == State::Exited && s.exit_code == 0);
            if policy == "OnFailure" && succeeded {
                continue;
            }
            to_start.push(i);
        }
        if to_start.is_empty() && any_app_container(spec, observed) {
            actions.create_sandbox = false;
            return actions;
        }
        if pod.specs(true).is_empty() {
            actions.to_start = to_start;
        } else {
            actions.init_to_start = vec![0];
        }
        return actions;
    }
    let initialized = compute_init(pod, observed, &mut actions);
    if actions.kill_pod || !initialized {
        return actions;
    }
    let mut keep = 0;
    for (i, c) in pod.specs(false).iter().enumerate() {
        let name = c.str_at("name");
        let seen = observed.find(name).filter(|s| s.state == State::Running);
        let Some(seen) = seen else {
            if should_be_started(c, spec, pod.api.is_deleting(), observed) {
                actions.to_start.push(i);
            }
            continue;
        };
        let own = c.str_at("restartPolicy");
        let mut restart = if own.is_empty() { !never } else { own != "Never" };
        let (mut message, reason) = if seen.image.as_ref() != c.str_at("image") {
            restart = true;
            (format!("Container {name} definition changed"), KillReason::Other)
        } else if pod.verdict(ProbeKind::Liveness, &seen.id) == Some(Verdict::Failure) {
            (format!("Container {name} failed liveness probe"), KillReason::Liveness)
        } else if pod.verdict(ProbeKind::Startup, &seen.id) == Some(Verdict::Failure) {
            (format!("Container {name} failed startup probe"), KillReason::Startup)
        } else {
            keep += 1;
            continue;
        };
        if restart {
            message += ", will be restarted";
            actions.to_start.push(i);
        }
        actions.to_kill.push(ToKill { id: seen.id.clone(), message, reason });
    }
    if keep == 0 && actions.to_start.is_empty() {
        actions.kill_pod = true;
        actions.init_to_start.clear();
    }
    actions
}

/// Goes through the init containers from the last. Returns whether all have done their part.
fn compute_init(pod: &Pod, observed: &Observed, actions: &mut Actions) -> bool {
    let init = pod.specs(true);
    if init.is_empty() {
        return true;
    }
    let spec = pod.spec();
    let mut has_initialized = any_app_container(spec, observed);
    let mut previously = has_initialized;
    let last = init.len() - 1;
    for (i, c) in init.iter().enumerate().rev() {
        let name = c.str_at("name");
        let sidecar = is_sidecar(c);
        let Some(seen) = observed.find(name) else {
            if previously && sidecar {
                actions.init_to_start.push(i);
            }
            continue;
        };
        if previously && !sidecar {
            continue;
        }
        match seen.state {
            State::Created => actions.init_to_start.push(i),
            State::Running if !sidecar => {}
            State::Running => {
                let kill = |message: String, reason| ToKill { id: seen.id.clone(), message, reason };
                let startup = pod.verdict(ProbeKind::Startup, &seen.id);
                let has_startup = !c.at("startupProbe").is_null();
                if has_startup && startup != Some(Verdict::Success) {
                    if startup == Some(Verdict::Failure) {
                        let message = format!("Init container {name} failed startup probe");
                        actions.to_kill.push(kill(message, KillReason::Startup));
                        actions.init_to_start.push(i);
                    }
                } else {
                    if i == last {
                        has_initialized = true;
                    } else if !previously {
                        actions.init_to_start.push(i + 1);
                    }
                    if seen.image.as_ref() != c.str_at("image") {
                        let message = format!("Init container {name} definition changed");
                        actions.to_kill.push(kill(message, KillReason::Other));
                        actions.init_to_start.push(i);
                    } else if pod.verdict(ProbeKind::Liveness, &seen.id) == Some(Verdict::Failure) {
                        let message = format!("Init container {name} failed liveness probe");
                        actions.to_kill.push(kill(message, KillReason::Liveness));
                        actions.init_to_start.push(i);
                    }
                }
            }
            State::Exited if sidecar => actions.init_to_start.push(i),
            State::Exited => {
                if seen.exit_code != 0 || seen.reason == "OOMKilled" {
                    if pod.api.is_deleting() || !should_restart(c, spec, seen.exit_code) {
                        actions.kill_pod = true;
                        actions.init_to_start.clear();
                        return false;
                    }
                    actions.init_to_start.push(i);
                } else if i == last {
                    has_initialized = true;
                } else {
                    actions.init_to_start.push(i + 1);
                }
            }
        }
        previously = true;
    }
    if !previously {
        actions.init_to_start.push(0);
    }
    actions.init_to_start.reverse();
    has_initialized
}
