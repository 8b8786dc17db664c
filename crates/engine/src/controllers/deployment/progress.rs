//! The status of a rollout: progress, completion, and the deadline for either.
//!
//! Models `pkg/controller/deployment/progress.go`.

use std::rc::Rc;

use super::scale::calculate_status;
use super::util::{condition, is_complete, is_progressing, progress_deadline};
use super::{DeploymentController, Split, View};
use crate::api::{Object, Value};
use crate::apiserver::Status;
use crate::clock::{SECOND, Time};
use crate::component::Ctx;
use crate::controllers::conditions;

impl DeploymentController {
    /// Models `syncRolloutStatus`.
    pub(super) fn sync_rollout_status(&mut self, ctx: &mut Ctx<'_>, view: &View, split: &Split) -> Result<(), Status> {
        let d = &view.d;
        let mut status = calculate_status(d, split, ctx.now);
        let deadline = progress_deadline(d);
        if deadline.is_none() {
            conditions::remove(&mut status, "Progressing");
        }
        let current = view.condition("Progressing").cloned();
        let reason = current.as_ref().map_or("", |c| c.str_at("reason"));
        let count = |f: &'static str| status.int_at(f).unwrap_or(0);
        let was_complete = count("replicas") == count("updatedReplicas") && reason == "NewReplicaSetAvailable";
        if let Some(deadline) = deadline.filter(|_| !was_complete) {
            let what = split
                .new
                .as_ref()
                .map_or_else(|| format!("Deployment \"{}\"", d.name()), |rs| format!("ReplicaSet \"{}\"", rs.name()));
            if is_complete(d, &status) {
                let text = format!("{what} has successfully progressed.");
                let done = condition("Progressing", "True", "NewReplicaSetAvailable", &text, ctx.now);
                conditions::set(&mut status, done, true);
            } else if is_progressing(d, &status) {
                let text = format!("{what} is progressing.");
                let mut progressing = condition("Progressing", "True", "ReplicaSetUpdated", &text, ctx.now);
                if let Some(current) = &current {
                    if current.str_at("status") == "True" {
                        progressing.set("lastTransitionTime", current.at("lastTransitionTime").clone());
                    }
                    conditions::remove(&mut status, "Progressing");
                }
                conditions::set(&mut status, progressing, true);
            } else if timed_out(&status, deadline, ctx.now) {
                let text = format!("{what} has timed out progressing.");
                let late = condition("Progressing", "False", "ProgressDeadlineExceeded", &text, ctx.now);
                conditions::set(&mut status, late, true);
            }
        }
        match replica_failure(split) {
            Some(failure) => conditions::set(&mut status, failure, true),
            None => conditions::remove(&mut status, "ReplicaFailure"),
        }
        if status == *d.at("status") {
            self.requeue_stuck(ctx, d, &status);
            return Ok(());
        }
        Self::write_status(ctx, view, status)
    }

    /// Looks again when the deadline has passed. Models `requeueStuckDeployment`; where less than a second is left
    /// upstream syncs over and over until it is over, and for ever where a rollout that was complete has lost its Pods: a
    /// completed rollout never times out, so nothing comes of that but work.
    fn requeue_stuck(&mut self, ctx: &mut Ctx<'_>, d: &Rc<Object>, status: &Value) {
        let Some(deadline) = progress_deadline(d) else { return };
        let Some(current) = conditions::find(d.at("status.conditions"), "Progressing") else { return };
        if is_complete(d, status) || current.str_at("reason") == "ProgressDeadlineExceeded" {
            return;
        }
        let Some(since) = Time::parse_rfc3339(current.str_at("lastUpdateTime")) else { return };
        let left = since + deadline * SECOND - ctx.now;
        if left < SECOND && current.str_at("reason") == "NewReplicaSetAvailable" {
            return;
        }
        let wait = if left < SECOND { left.max(0) + 5 } else { left + SECOND };
        self.queue.add_after(ctx, d.key(), wait);
    }
}

/// Models `DeploymentTimedOut`.
fn timed_out(status: &Value, deadline: i64, now: Time) -> bool {
    let Some(condition) = conditions::find(status.at("conditions"), "Progressing") else { return false };
    match condition.str_at("reason") {
        "NewReplicaSetAvailable" => false,
        "ProgressDeadlineExceeded" => true,
        _ => Time::parse_rfc3339(condition.str_at("lastUpdateTime")).is_some_and(|t| t + deadline * SECOND < now),
    }
}

/// The failure of a ReplicaSet as a condition of the Deployment, the new one's first. Models `getReplicaFailures`.
fn replica_failure(split: &Split) -> Option<Value> {
    let of = |rs: &Rc<Object>| conditions::find(rs.at("status.conditions"), "ReplicaFailure").cloned();
    let mut found = split.new.as_ref().and_then(of).or_else(|| split.old.iter().find_map(of))?;
    let since = found.at("lastTransitionTime").clone();
    found.set("lastUpdateTime", since);
    Some(found)
}
