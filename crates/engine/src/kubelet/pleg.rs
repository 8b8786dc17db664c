//! Noticing what has changed in a Pod's containers.
//!
//! Models `pkg/kubelet/pleg/generic.go`: a relist of all Pods every second and of one Pod after its sync, each putting what
//! it finds into the cache and bringing up the Pod's worker; and `pod_container_deletor.go`, which keeps one dead instance
//! of each container.

use std::rc::Rc;

use super::pod::Pod;
use super::{Cx, sync};
use crate::runtime::State;

/// Looks at one Pod.
pub fn relist_pod(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    pod.observed_at = Some(cx.ctx.now);
    if pod.dirty {
        let uid = pod.uid();
        cx.node(pod).dirty.remove(&uid);
        reconcile(cx, pod);
    }
    if pod.worker.taken.is_some() {
        sync::run(cx, pod);
    }
}

/// Puts what has changed into the cache and brings up the worker.
pub fn reconcile(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    if !pod.dirty {
        return;
    }
    pod.dirty = false;
    let before = pod.cache.clone();
    pod.cache = Rc::new(pod.observe());
    let died = pod.cache.containers.iter().any(|c| {
        let old = before.containers.iter().find(|o| o.id == c.id);
        c.state == State::Exited && old.is_none_or(|o| o.state != State::Exited)
    });
    if died {
        remove_dead(pod);
    }
    if !pod.gone || pod.worker.terminating_at.is_some() {
        sync::update(cx, pod, false);
    }
}

/// Removes all dead instances of a container but the newest.
fn remove_dead(pod: &mut Pod) {
    let mut keep: Vec<Rc<str>> = vec![];
    let mut seen: Vec<Rc<str>> = vec![];
    for c in pod.containers.iter().rev() {
        if c.state != State::Exited || !seen.contains(&c.name) {
            keep.push(c.id.clone());
        }
        if c.state == State::Exited {
            seen.push(c.name.clone());
        }
    }
    pod.containers.retain(|c| keep.contains(&c.id));
}
