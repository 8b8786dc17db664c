//! Resource quotas: `status.hard` and `status.used`, counted afresh when something is given back.
//!
//! Models `pkg/controller/resourcequota/resource_quota_controller.go` and `resource_quota_monitor.go`. What is added is
//! counted at admission ([`quota`](crate::apiserver::quota)).

use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::quota::{counted_kinds, measured, set_status, usage};
use crate::apiserver::{Change, Subresource, WriteOptions};
use crate::clock::{MINUTE, Millis};
use crate::component::{Component, Ctx};
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that it causes.
const LATENCY: Millis = 3;
/// How often a quota is counted without a reason.
const RESYNC: Millis = 5 * MINUTE;

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct ResourceQuotaController {
    queue: WorkQueue,
}

impl Component for ResourceQuotaController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }

    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        let Some(quota) = ctx.api.get(&key).cloned() else { return };
        self.queue.add_after(ctx, key.clone(), RESYNC);
        let used = measured(ctx.api.store(), &quota, ctx.now);
        let mut body = quota.body().clone();
        set_status(&mut body, &used);
        if ctx.api.update(Kind::ResourceQuota, body, Subresource::Status, WriteOptions::default()).is_err() {
            self.queue.add_rate_limited(ctx, key);
        }
    }

    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind == Kind::ResourceQuota {
            let changed = match (&change.before, &change.after) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(b), Some(a)) => a.at("spec") != b.at("spec"),
            };
            if changed {
                self.queue.add(ctx, change.key.clone(), LATENCY);
            }
            return;
        }
        if ctx.api.store().count(Kind::ResourceQuota) == 0 || change.key.kind == Kind::Event {
            return;
        }
        if gives_back(ctx, change) {
            let object = change.object();
            let quotas: Vec<ObjectKey> = ctx
                .api
                .store()
                .list_in(Kind::ResourceQuota, &change.key.namespace)
                .filter(|q| counted_kinds(q.at("spec.hard")).contains(&object.kind()))
                .map(|q| q.key())
                .collect();
            for key in quotas {
                self.queue.add(ctx, key, LATENCY);
            }
        }
    }
}

/// Whether a change frees something: a deletion, or a Pod that ends, or a Service that needs fewer ports.
fn gives_back(ctx: &Ctx<'_>, change: &Change) -> bool {
    let Some(after) = &change.after else { return true };
    let Some(before) = &change.before else { return false };
    let ended = |o: &Object| matches!(o.at("status.phase").as_str(), Some("Succeeded" | "Failed"));
    match change.key.kind {
        Kind::Pod => ended(after) && !ended(before),
        Kind::Service | Kind::PersistentVolumeClaim => usage(before, ctx.now) != usage(after, ctx.now),
        _ => false,
    }
}
