//! One sync of a CronJob: old Jobs tidied away, finished ones noted, and the Job of a due tick made.
//!
//! Models `sync`, `syncCronJob` and `cleanupFinishedJobs` of `pkg/controller/cronjob/cronjob_controllerv2.go`, in their order.

use std::rc::Rc;

use super::status::CronJobStatus;
use super::ticks::{CronTimes, next_schedule_time, next_schedule_time_delay};
use super::{CronJobController, ZonedSchedule, is_suspended};
use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{DeleteOptions, Propagation, Reason, Status, Subresource, WriteOptions};
use crate::clock::{Millis, SECOND, Time};
use crate::component::Ctx;
use crate::controllers::job::spec::finished_condition;
use crate::controllers::pod_control::is_namespace_terminating;
use crate::cron::Zone;
use crate::events::EventType;

/// The annotation with the tick that a Job was made for.
const SCHEDULED_TIMESTAMP: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

impl CronJobController {
    /// Syncs one CronJob. Returns after how long to look again, if at all; an error has it synced again after a growing delay.
    pub(super) fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<Option<Millis>, Status> {
        let Some(cron_job) = ctx.api.get(key).cloned() else { return Ok(None) };
        let owned = |o: &&Rc<Object>| o.kind() == Kind::Job && o.controller().is_some_and(|c| c.uid == *cron_job.uid());
        let jobs: Vec<Rc<Object>> = ctx.api.store().dependents(cron_job.uid()).filter(owned).cloned().collect();
        let mut status = CronJobStatus::read(&cron_job);
        self.clean_up_finished_jobs(ctx, &cron_job, &mut status, &jobs);
        let active = cron_job.at("status.active").items().iter();
        let cleaned: Vec<Value> = active.filter(|j| !status.is_active(j.str_at("uid"))).cloned().collect();
        let requeue = self.sync_cron_job(ctx, &cron_job, &mut status, &jobs);
        if status.changed {
            let mut body = cron_job.body().clone();
            body.set("status", status.value());
            ctx.api.update(Kind::CronJob, body, Subresource::Status, WriteOptions::default())?;
        }
        // The deletion of a Job has the CronJob synced once more before its own new status is seen, in which the Job that was
        // just tidied away is missing.
        for active in cleaned {
            self.missing_job(ctx, &cron_job, active.str_at("name"));
        }
        requeue
    }

    fn sync_cron_job(
        &mut self,
        ctx: &mut Ctx<'_>,
        cron_job: &Object,
        status: &mut CronJobStatus,
        jobs: &[Rc<Object>],
    ) -> Result<Option<Millis>, Status> {
        let now = ctx.now;
        self.note_jobs(ctx, cron_job, status, jobs);
        if cron_job.is_deleting() {
            return Ok(None);
        }
        let spec = cron_job.at("spec");
        let mut zone = Zone::utc();
        if let Some(name) = spec.at("timeZone").as_str() {
            match Zone::load(name) {
                Ok(z) => zone = z,
                Err(e) => {
                    let message = format!("invalid timeZone: \"{name}\": {e}");
                    self.recorder.event(ctx, cron_job, EventType::Warning, "UnknownTimeZone", &message);
                    return Ok(None);
                }
            }
        }
        if is_suspended(cron_job) {
            return Ok(None);
        }
        let text = spec.str_at("schedule");
        if text.contains("TZ") {
            let message = format!(
                "CRON_TZ or TZ used in schedule \"{text}\" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
            );
            self.recorder.event(ctx, cron_job, EventType::Warning, "UnsupportedSchedule", &message);
        }
        let schedule = match ZonedSchedule::read(cron_job) {
            Ok(schedule) => schedule,
            Err(e) => {
                let message = format!("unparseable schedule: \"{text}\" : {e}");
                self.recorder.event(ctx, cron_job, EventType::Warning, "UnparseableSchedule", &message);
                return Ok(None);
            }
        };
        let mut times = CronTimes::read(cron_job);
        let (tick, too_many) = match next_schedule_time(&times, now, &schedule) {
            Ok(Some(due)) => due,
            Ok(None) => return Ok(Some(next_schedule_time_delay(&times, now, &schedule))),
            Err(e) => {
                let message = format!("invalid schedule: {text} : {e}");
                self.recorder.event(ctx, cron_job, EventType::Warning, "InvalidSchedule", &message);
                return Ok(None);
            }
        };
        if too_many {
            let message =
                "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.recorder.event(ctx, cron_job, EventType::Warning, "TooManyMissedTimes", message);
        }
        let again = Ok(Some(next_schedule_time_delay(&times, now, &schedule)));
        if times.starting_deadline_seconds.is_some_and(|s| tick + s.saturating_mul(SECOND) < now) {
            let message = format!("Missed scheduled time to start a job: {}", tick.rfc1123z());
            self.recorder.event(ctx, cron_job, EventType::Warning, "MissSchedule", &message);
            return again;
        }
        let name = format!("{}-{}", cron_job.name(), tick.seconds() / 60);
        if status.is_active_by_name(cron_job.namespace(), &name) || status.last_schedule_time == Some(tick) {
            return again;
        }
        match spec.str_at("concurrencyPolicy") {
            "Forbid" if !status.active.is_empty() => {
                let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
                self.recorder.event(ctx, cron_job, EventType::Normal, "JobAlreadyActive", message);
                return again;
            }
            "Replace" => self.replace_active_jobs(ctx, cron_job, status)?,
            _ => {}
        }
        let Some(job) = self.create_job(ctx, cron_job, status, &name, tick, &zone)? else { return Ok(None) };
        status.add_active(&job);
        status.last_schedule_time = Some(tick);
        status.changed = true;
        times.last_schedule = Some(tick);
        Ok(Some(next_schedule_time_delay(&times, now, &schedule)))
    }

    /// Takes finished and missing Jobs from the active list, and notes the last success.
    fn note_jobs(&mut self, ctx: &mut Ctx<'_>, cron_job: &Object, status: &mut CronJobStatus, jobs: &[Rc<Object>]) {
        for job in jobs {
            let found = status.is_active(job.uid());
            let Some(condition) = finished_condition(job) else {
                if !found {
                    let message = format!("Saw a job that the controller did not create or forgot: {}", job.name());
                    self.recorder.event(ctx, cron_job, EventType::Warning, "UnexpectedJob", &message);
                }
                continue;
            };
            if found {
                status.remove_active(job.uid());
                let message = format!("Saw completed job: {}, condition: {condition}", job.name());
                self.recorder.event(ctx, cron_job, EventType::Normal, "SawCompletedJob", &message);
                status.changed = true;
            }
            let completion = job.at("status.completionTime").as_str().and_then(Time::parse_rfc3339);
            if job.condition_is_true("Complete") && completion > status.last_successful_time {
                status.last_successful_time = completion;
                status.changed = true;
            }
        }
        for active in status.active.clone() {
            let (uid, name) = (active.str_at("uid"), active.str_at("name"));
            let known = jobs.iter().any(|j| j.uid().as_ref() == uid);
            let key = ObjectKey::new(Kind::Job, active.str_at("namespace"), name);
            if !known && ctx.api.get(&key).is_none() {
                self.missing_job(ctx, cron_job, name);
                status.remove_active(uid);
                status.changed = true;
            }
        }
    }

    fn missing_job(&mut self, ctx: &mut Ctx<'_>, cron_job: &Object, name: &str) {
        let message = format!("Active job went missing: {name}");
        self.recorder.event(ctx, cron_job, EventType::Normal, "MissingJob", &message);
    }

    /// Deletes the Jobs that still run, so that the new one runs alone.
    fn replace_active_jobs(
        &mut self,
        ctx: &mut Ctx<'_>,
        cron_job: &Object,
        status: &mut CronJobStatus,
    ) -> Result<(), Status> {
        for active in status.active.clone() {
            let key = ObjectKey::new(Kind::Job, active.str_at("namespace"), active.str_at("name"));
            let Some(job) = ctx.api.get(&key).cloned() else {
                let missing = Status::not_found(Kind::Job, &key.name);
                let message = format!("Get job: {}", missing.message);
                self.recorder.event(ctx, cron_job, EventType::Warning, "FailedGet", &message);
                return Err(missing);
            };
            if !self.delete_job(ctx, cron_job, status, &job) {
                let text = format!("could not replace job {}/{}", key.namespace, key.name);
                return Err(Status::new(Reason::InternalError, text));
            }
            status.changed = true;
        }
        Ok(())
    }

    /// Makes the Job of a tick. None where a Job of that name is there and nothing is left to do.
    fn create_job(
        &mut self,
        ctx: &mut Ctx<'_>,
        cron_job: &Object,
        status: &CronJobStatus,
        name: &str,
        tick: Time,
        zone: &Zone,
    ) -> Result<Option<Rc<Object>>, Status> {
        match ctx.api.create(Kind::Job, job_from_template(cron_job, name, tick, zone), WriteOptions::default()) {
            Ok(job) => {
                let message = format!("Created job {}", job.name());
                self.recorder.event(ctx, cron_job, EventType::Normal, "SuccessfulCreate", &message);
                Ok(Some(job))
            }
            Err(e) if is_namespace_terminating(&e) => Err(e),
            Err(e) if e.reason == Reason::AlreadyExists => {
                // One that this CronJob made and forgot is taken up again; anyone else's is left alone.
                let key = ObjectKey::new(Kind::Job, cron_job.namespace().clone(), name);
                let job = ctx.api.get(&key).cloned().ok_or_else(|| Status::not_found(Kind::Job, name))?;
                let own = job.controller().is_some_and(|c| c.uid == *cron_job.uid());
                Ok(Some(job).filter(|j| own && !status.is_active(j.uid())))
            }
            Err(e) => {
                let message = format!("Error creating job: {}", e.message);
                self.recorder.event(ctx, cron_job, EventType::Warning, "FailedCreate", &message);
                Err(e)
            }
        }
    }

    /// Deletes the oldest finished Jobs beyond the history limits.
    fn clean_up_finished_jobs(
        &mut self,
        ctx: &mut Ctx<'_>,
        cron_job: &Object,
        status: &mut CronJobStatus,
        jobs: &[Rc<Object>],
    ) {
        for (condition, limit) in [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")] {
            let Some(limit) = cron_job.at("spec").int_at(limit) else { continue };
            let mut finished: Vec<_> = jobs.iter().filter(|j| finished_condition(j) == Some(condition)).collect();
            let excess = finished.len().saturating_sub(limit.max(0) as usize);
            finished.sort_by_key(|j| {
                let start = j.at("status.startTime").as_str().and_then(Time::parse_rfc3339);
                (start.is_none(), start, j.name().clone())
            });
            for job in &finished[..excess] {
                status.changed |= self.delete_job(ctx, cron_job, status, job);
            }
        }
    }

    /// Deletes a Job and takes it from the active list. Returns whether that went well.
    fn delete_job(&mut self, ctx: &mut Ctx<'_>, cron_job: &Object, status: &mut CronJobStatus, job: &Object) -> bool {
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        match ctx.api.delete(&job.key(), &options) {
            Ok(_) => {
                status.remove_active(job.uid());
                let message = format!("Deleted job {}", job.name());
                self.recorder.event(ctx, cron_job, EventType::Normal, "SuccessfulDelete", &message);
                true
            }
            Err(e) => {
                let message = format!("Deleted job: {}", e.message);
                self.recorder.event(ctx, cron_job, EventType::Warning, "FailedDelete", &message);
                false
            }
        }
    }
}

/// The body of the Job of a tick. Models `getJobFromTemplate2`.
fn job_from_template(cron_job: &Object, name: &str, tick: Time, zone: &Zone) -> Value {
    let template = cron_job.at("spec.jobTemplate");
    let mut metadata = Value::object([
        ("name", Value::from(name)),
        ("namespace", cron_job.namespace().into()),
        ("labels", template.at("metadata.labels").clone()),
        ("annotations", template.at("metadata.annotations").clone()),
        ("ownerReferences", Value::array([OwnerReference::controller_of(cron_job)])),
    ]);
    metadata.set_key("annotations", SCHEDULED_TIMESTAMP, rfc3339_in(tick, zone));
    Value::object([("metadata", metadata), ("spec", template.at("spec").clone())])
}

/// A time as a clock in a zone shows it, with the zone's offset: `2026-11-24T10:00:00+01:00`.
fn rfc3339_in(time: Time, zone: &Zone) -> String {
    let offset = zone.offset(time.seconds());
    let local = (time + offset * SECOND).rfc3339();
    if offset == 0 {
        return local;
    }
    let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
    format!("{}{sign}{:02}:{:02}", local.trim_end_matches('Z'), minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheduled_timestamps_are_in_the_zone() {
        let tick = Time::parse_rfc3339("2026-07-01T23:30:00Z").unwrap();
        for (zone, want) in [
            ("UTC", "2026-07-01T23:30:00Z"),
            ("Europe/Berlin", "2026-07-02T01:30:00+02:00"),
            ("America/St_Johns", "2026-07-01T21:00:00-02:30"),
            ("Africa/Abidjan", "2026-07-01T23:30:00Z"),
        ] {
            assert_eq!(rfc3339_in(tick, &Zone::load(zone).unwrap()), want);
        }
    }
}
