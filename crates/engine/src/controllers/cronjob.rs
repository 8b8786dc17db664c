//! The CronJob controller: Jobs made when a schedule says so.
//!
//! Models `pkg/controller/cronjob/cronjob_controllerv2.go`: the informers' handlers and the queue. The sync is in
//! `cronjob/sync.rs`, the reckoning of ticks in `cronjob/ticks.rs`.

mod status;
mod sync;
mod ticks;

use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::{ApiServer, Change};
use crate::clock::{Millis, Time};
use crate::component::{Component, Ctx, Timer, WaitKind};
use crate::cron::{Schedule, Zone};
use crate::events::{EventRecorder, EventType};
use crate::queue::Due;
use crate::workqueue::WorkQueue;
use ticks::{CronTimes, next_schedule_time_delay};

/// From a write to the sync that it causes: what the API server, the watch and the queue take.
const LATENCY: Millis = 8;

/// The controller.
#[derive(Clone)]
pub struct CronJobController {
    queue: WorkQueue,
    recorder: EventRecorder,
}

impl Default for CronJobController {
    fn default() -> Self {
        Self { queue: WorkQueue::default(), recorder: EventRecorder::new("cronjob-controller") }
    }
}

/// A schedule in its time zone.
#[derive(Clone, PartialEq, Debug)]
struct ZonedSchedule {
    schedule: Schedule,
    zone: Zone,
}

impl ZonedSchedule {
    /// Reads a CronJob's schedule and time zone. A `TZ=` in the schedule goes before the field, and so does a schedule's own
    /// zone before a field that names none.
    fn read(cron_job: &Object) -> Result<Self, String> {
        let text = cron_job.at("spec").str_at("schedule");
        let zone = cron_job.at("spec.timeZone").as_str().unwrap_or("");
        Ok(Self { schedule: Schedule::parse(text)?, zone: Zone::load(zone).unwrap_or_default() })
    }
    fn next(&self, after: Time) -> Option<Time> {
        self.schedule.next(after, &self.zone)
    }
}

fn is_suspended(cron_job: &Object) -> bool {
    cron_job.at("spec.suspend").as_bool() == Some(true)
}

impl CronJobController {
    /// A Job changed: the CronJobs that control it, now or before, are synced.
    fn observe_job(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let job = change.object();
        let before = change.before.as_deref().filter(|b| b.controller() != job.controller());
        for version in before.into_iter().chain([&**job]) {
            let Some(owner) = version.controller().filter(|o| o.kind.as_ref() == "CronJob") else { continue };
            let key = ObjectKey::new(Kind::CronJob, version.namespace().clone(), owner.name.clone());
            if ctx.api.get(&key).is_some_and(|c| *c.uid() == owner.uid) {
                self.queue.add(ctx, key, LATENCY);
            }
        }
    }
    fn observe_cron_job(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let key = change.key.clone();
        if let (Some(before), Some(after)) = (&change.before, &change.after) {
            let changed = |path: &str| before.at(path) != after.at(path);
            if changed("spec.schedule") || changed("spec.timeZone") {
                // Woken at the next tick of the new schedule, and not before.
                if let Ok(schedule) = ZonedSchedule::read(after) {
                    let delay = next_schedule_time_delay(&CronTimes::read(after), ctx.now, &schedule);
                    self.enqueue_after(ctx, key, delay);
                } else {
                    let text = after.at("spec").str_at("schedule");
                    let message = format!("unparseable schedule for cronjob: {text}");
                    self.recorder.event(ctx, after, EventType::Warning, "UnParseableCronJobSchedule", &message);
                }
                return;
            }
        }
        self.queue.add(ctx, key, LATENCY);
    }
    fn enqueue_after(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey, delay: Millis) {
        if delay > 0 {
            self.queue.add_after(ctx, key, delay);
        } else {
            self.queue.add(ctx, key, 0);
        }
    }
}

impl Component for CronJobController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        match self.sync(ctx, &key) {
            Ok(requeue) => {
                self.queue.forget(&key);
                if let Some(delay) = requeue {
                    self.enqueue_after(ctx, key, delay);
                }
            }
            Err(_) => self.queue.add_rate_limited(ctx, key),
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Job => self.observe_job(ctx, change),
            Kind::CronJob => self.observe_cron_job(ctx, change),
            _ => {}
        }
    }
    fn timers(&self, api: &ApiServer, out: &mut Vec<Timer>) {
        for cron_job in api.store().list(Kind::CronJob) {
            if is_suspended(cron_job) || cron_job.is_deleting() {
                continue;
            }
            let Ok(schedule) = ZonedSchedule::read(cron_job) else { continue };
            let times = CronTimes::read(cron_job);
            let Some(until) = schedule.next(api.now()) else { continue };
            out.push(Timer {
                object: cron_job.key(),
                uid: cron_job.uid().clone(),
                container: None,
                kind: WaitKind::CronNext,
                since: times.last_schedule.unwrap_or(times.creation),
                until,
                count: 0,
            });
        }
    }
}
