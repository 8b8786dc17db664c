//! `minReadySeconds`: how long a Pod must be ready before it counts as available, and the waits for it.

use crate::api::{Kind, Object};
use crate::apiserver::ApiServer;
use crate::clock::SECOND;
use crate::component::{Timer, WaitKind};
use crate::workqueue::WorkQueue;

/// `spec.minReadySeconds`
pub fn min_ready_seconds(object: &Object) -> i64 {
    object.at("spec.minReadySeconds").as_i64().unwrap_or(0)
}

/// The waits for Pods to have been ready for `minReadySeconds`: of each object of a kind whose status counts more ready
/// Pods (`ready`) than available ones (`available`), until its key is due again.
pub fn min_ready_timers(
    api: &ApiServer,
    queue: &WorkQueue,
    kind: Kind,
    [ready, available]: [&'static str; 2],
    out: &mut Vec<Timer>,
) {
    for object in api.store().list(kind) {
        let min_ready = min_ready_seconds(object);
        let count = |field: &'static str| object.at("status").int_at(field).unwrap_or(0);
        if min_ready == 0 || count(ready) == count(available) {
            continue;
        }
        if let Some(until) = queue.waits_until(&object.key()) {
            out.push(Timer {
                object: object.key(),
                uid: object.uid().clone(),
                container: None,
                kind: WaitKind::MinReady,
                since: until - min_ready * SECOND,
                until,
                count: 0,
            });
        }
    }
}
