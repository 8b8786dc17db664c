//! ttlSecondsAfterFinished: finished Jobs are deleted when their time is up.
//!
//! Models `pkg/controller/ttlafterfinished/ttlafterfinished_controller.go`.

use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::{ApiServer, Change, DeleteOptions, Propagation};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx, Timer, WaitKind};
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that it causes.
const LATENCY: Millis = 5;

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct TtlAfterFinished {
    queue: WorkQueue,
}

/// When a Job finished and when it is to go; none where it has no ttl, runs, or goes already. Models `needsCleanup` and
/// `getFinishAndExpireTime`.
fn expiry(job: &Object) -> Option<(Time, Time)> {
    let ttl = job.at("spec.ttlSecondsAfterFinished").as_i64()?;
    if job.is_deleting() {
        return None;
    }
    let mut conditions = job.at("status.conditions").items().iter();
    let done =
        conditions.find(|c| matches!(c.str_at("type"), "Complete" | "Failed") && c.str_at("status") == "True")?;
    let finished = Time::parse_rfc3339(done.str_at("lastTransitionTime"))?;
    Some((finished, finished + ttl * SECOND))
}

impl Component for TtlAfterFinished {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }

    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        let Some(job) = ctx.api.get(&key).cloned() else { return };
        let Some((_, expires)) = expiry(&job) else { return };
        if expires > ctx.now {
            self.queue.add_after(ctx, key, expires - ctx.now);
            return;
        }
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            uid: Some(job.uid().clone()),
            ..DeleteOptions::default()
        };
        if ctx.api.delete(&key, &options).is_err() {
            self.queue.add_rate_limited(ctx, key);
        }
    }

    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind != Kind::Job {
            return;
        }
        if let Some(job) = &change.after
            && expiry(job).is_some()
        {
            self.queue.add(ctx, change.key.clone(), LATENCY);
        }
    }

    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        for job in api.store().list(Kind::Job) {
            let key: ObjectKey = job.key();
            let Some((since, until)) = expiry(job).filter(|_| self.queue.waits_until(&key).is_some()) else { continue };
            let uid = job.uid().clone();
            out.push(Timer { object: key, uid, container: None, kind: WaitKind::Ttl, since, until, count: 0 });
        }
    }
}
