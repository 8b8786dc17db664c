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
const LATENCY: Millis = 3;

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
    /// A Job changed: the CronJobs that control it, now or before, are synced, once for each change, as each sync tells of a
    /// Job that it did not make.
    fn observe_job(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let job = change.object();
        let before = change.before.as_deref().filter(|b| b.controller() != job.controller());
        for version in before.into_iter().chain([&**job]) {
            let Some(owner) = version.controller().filter(|o| o.kind.as_ref() == "CronJob") else { continue };
            let key = ObjectKey::new(Kind::CronJob, version.namespace().clone(), owner.name.clone());
            if ctx.api.get(&key).is_some_and(|c| *c.uid() == owner.uid) {
                self.queue.add_apart(ctx, key, LATENCY);
            }
        }
    }
    fn observe_cron_job(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let key = change.key.clone();
        if let (Some(before), Some(after)) = (&change.before, &change.after) {
            let changed = |path: &'static str| before.at(path) != after.at(path);
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
        self.queue.add_apart(ctx, key, LATENCY);
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

#[cfg(test)]
mod tests {
    use crate::api::{Kind, ObjectKey, Value};
    use crate::controllers::testbed::{Testbed, job_text};

    fn cron_job(t: &mut Testbed, spec: &str, script: &str) -> ObjectKey {
        let mut body =
            Value::from_json(&format!(r#"{{"metadata":{{"name":"c","namespace":"default"}},"spec":{spec}}}"#)).unwrap();
        body.set(
            "spec.jobTemplate",
            Value::from_json(&job_text(r#"{"completions":1,"parallelism":1}"#, script)).unwrap(),
        );
        t.create(Kind::CronJob, body)
    }

    fn reasons(t: &Testbed, key: &ObjectKey) -> Vec<String> {
        t.events(key).iter().map(|e| e.split(' ').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn policies() {
        for (policy, length, seconds, pods, jobs) in [
            ("Allow", 100, 200, &[60, 120, 180][..], 3),
            // The tick of the second minute waits for the first Job to end, and then the latest one is taken.
            ("Forbid", 70, 200, &[60, 131], 2),
            ("Replace", 100, 200, &[60, 120, 180], 1),
        ] {
            let mut t = Testbed::new();
            let spec = format!(
                r#"{{"schedule":"* * * * *","concurrencyPolicy":"{policy}","successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1}}"#
            );
            let key = cron_job(&mut t, &spec, &format!("{length}:0"));
            t.run_to(seconds);
            assert_eq!(t.creation_seconds(), pods, "{policy}");
            assert_eq!(t.api.store().count(Kind::Job), jobs, "{policy}");
            let forbids = reasons(&t, &key).iter().any(|r| r == "JobAlreadyActive");
            assert_eq!(forbids, policy == "Forbid", "{policy}");
        }
    }

    #[test]
    fn history_is_cut_and_the_status_kept() {
        let mut t = Testbed::new();
        let key = cron_job(&mut t, r#"{"schedule":"* * * * *","successfulJobsHistoryLimit":2}"#, "5:0");
        t.run_to(250);
        let cron = t.api.get(&key).unwrap();
        let (start, minute) = (t.start.seconds() / 60, t.start.seconds() / 60 + 4);
        assert_eq!(cron.at("status.lastScheduleTime").as_str().unwrap(), (t.start + 240_000).rfc3339());
        assert!(cron.at("status.active").items().is_empty());
        let names: Vec<String> = t.api.store().list(Kind::Job).map(|j| j.name().to_string()).collect();
        assert_eq!(names, [format!("c-{}", start + 3), format!("c-{minute}")]);
        let job = t.api.store().list(Kind::Job).next().unwrap();
        let stamp = job.annotation("batch.kubernetes.io/cronjob-scheduled-timestamp");
        assert_eq!(stamp.unwrap(), (t.start + 180_000).rfc3339());
    }

    #[test]
    fn a_resumed_cronjob_catches_up_once_unless_it_is_too_late() {
        for (deadline, pods) in [("", &[151, 180][..]), (r#","startingDeadlineSeconds":10"#, &[180])] {
            let mut t = Testbed::new();
            let key = cron_job(&mut t, &format!(r#"{{"schedule":"* * * * *","suspend":true{deadline}}}"#), "5:0");
            t.run_to(151);
            t.edit(&key, |b| b.set("spec.suspend", false));
            t.run_to(190);
            assert_eq!(t.creation_seconds(), pods, "{deadline}");
        }
    }
}
