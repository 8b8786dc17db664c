//! The status of a StatefulSet.
//!
//! Models `computeReplicaStatus`, `completeUpdate` and `inconsistentStatus`.

use std::rc::Rc;

use super::pods::{is_available, is_running_and_ready, revision_of};
use super::revisions::Revisions;
use super::{Slot, min_ready_seconds};
use crate::api::{Object, Value};
use crate::clock::Time;
use crate::controllers::conditions::set_count;

/// The counts of a status.
#[derive(Clone, Copy, Default)]
pub struct Counts {
    replicas: i64,
    ready: i64,
    available: i64,
    /// Pods of the current revision; one less for each that a sync deletes.
    pub current: i64,
    updated: i64,
}

/// Counts Pods.
pub fn count(set: &Object, found: &Revisions, pods: &[Slot], now: Time) -> Counts {
    let mut counts = Counts::default();
    for pod in pods.iter().flatten() {
        counts.replicas += 1;
        if is_running_and_ready(pod) {
            counts.ready += 1;
            counts.available += i64::from(is_available(pod, min_ready_seconds(set), now));
        }
        if !pod.is_deleting() {
            counts.current += i64::from(revision_of(pod) == found.current.name().as_ref());
            counts.updated += i64::from(revision_of(pod) == found.update.name().as_ref());
        }
    }
    counts
}

/// The status of these counts. Where every Pod is ready and of the newest revision, that one becomes the current.
pub fn status(set: &Object, found: &Revisions, mut counts: Counts) -> Value {
    let wanted = set.at("spec.replicas").as_i64().unwrap_or(1);
    let mut current: &Rc<str> = found.current.name();
    if counts.updated == wanted && counts.ready == wanted && counts.replicas == wanted {
        counts.current = counts.updated;
        current = found.update.name();
    }
    let mut status = crate::json!({
        "observedGeneration": (set.generation()),
        "replicas": (counts.replicas),
        "availableReplicas": (counts.available),
        "currentRevision": current,
        "updateRevision": (found.update.name()),
        "collisionCount": (found.collisions),
    });
    set_count(&mut status, "readyReplicas", counts.ready);
    set_count(&mut status, "currentReplicas", counts.current);
    set_count(&mut status, "updatedReplicas", counts.updated);
    let conditions = set.at("status.conditions");
    if !conditions.is_null() {
        status.set("conditions", conditions.clone());
    }
    status
}
