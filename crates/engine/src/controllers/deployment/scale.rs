//! Scaling of ReplicaSets outside of a rollout, the status without an estimate of progress, and the limit of history.
//!
//! Models `pkg/controller/deployment/sync.go`.

use std::cmp::Reverse;
use std::rc::Rc;

use super::revisions::annotate_replicas;
use super::util::{
    DESIRED_REPLICAS, active, annotated_count, condition, is_rolling_update, is_saturated, max_surge, max_unavailable,
    proportion, replicas, revision, status_count, sum_replicas, sum_status,
};
use super::{DeploymentController, Split, View};
use crate::api::{Kind, Object, Value};
use crate::apiserver::{DeleteOptions, Reason, Status, Subresource, WriteOptions};
use crate::clock::Time;
use crate::component::Ctx;
use crate::controllers::conditions::{self, set_count};
use crate::events::EventType;

/// The one ReplicaSet with Pods, or the newest where none has any. Models `FindActiveOrLatest`.
fn active_or_latest(split: &Split) -> Option<Rc<Object>> {
    let with_pods = active(&split.all());
    match with_pods.as_slice() {
        [] => split.new.clone().or_else(|| split.old.last().cloned()),
        [one] => Some(one.clone()),
        _ => None,
    }
}

/// Models `calculateStatus`.
pub(super) fn calculate_status(d: &Object, split: &Split, now: Time) -> Value {
    let all = split.all();
    let available = sum_status(&all, "availableReplicas");
    let mut status = crate::json!({"observedGeneration": (d.generation())});
    if let Some(n) = d.at("status.collisionCount").as_i64() {
        status.set("collisionCount", n);
    }
    if d.generation() == 0 {
        status.unset("observedGeneration");
    }
    set_count(&mut status, "replicas", sum_status(&all, "replicas"));
    set_count(&mut status, "updatedReplicas", split.new.as_ref().map_or(0, |rs| status_count(rs, "replicas")));
    set_count(&mut status, "readyReplicas", sum_status(&all, "readyReplicas"));
    set_count(&mut status, "availableReplicas", available);
    set_count(&mut status, "unavailableReplicas", (sum_replicas(&all) - available).max(0));
    let unknown =
        |rs: &Rc<Object>| rs.at("status.terminatingReplicas").is_null() && status_count(rs, "observedGeneration") != 0;
    if !all.iter().any(unknown) {
        status.set("terminatingReplicas", sum_status(&all, "terminatingReplicas"));
    }
    let conditions = d.at("status.conditions");
    if !conditions.items().is_empty() {
        status.set("conditions", conditions.clone());
    }
    let enough = available >= replicas(d) - max_unavailable(d);
    let availability = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let availability = condition("Available", availability.0, availability.1, availability.2, now);
    conditions::set(&mut status, availability, true);
    status
}

impl DeploymentController {
    /// Writes the status without an estimate of progress. Models `syncDeploymentStatus`.
    pub(super) fn sync_status(ctx: &mut Ctx<'_>, view: &View, split: &Split) -> Result<(), Status> {
        let status = calculate_status(&view.d, split, ctx.now);
        Self::write_status(ctx, view, status)
    }

    /// Writes a status that differs.
    pub(super) fn write_status(ctx: &mut Ctx<'_>, view: &View, status: Value) -> Result<(), Status> {
        if status == *view.d.at("status") {
            return Ok(());
        }
        let mut body = view.d.body().clone();
        body.set("status", status);
        ctx.api.update(Kind::Deployment, body, Subresource::Status, WriteOptions::default()).map(|_| ())
    }

    /// A sync where the Deployment was scaled or is paused. Models `sync`.
    pub(super) fn sync_scale(&mut self, ctx: &mut Ctx<'_>, view: &mut View) -> Result<(), Status> {
        let split = self.split(ctx, view, false)?;
        self.scale(ctx, &view.d, &split)?;
        if view.d.at("spec").bool_at("paused") {
            Self::cleanup(ctx, &view.d, &split.old)?;
        }
        Self::sync_status(ctx, view, &split)
    }

    /// Whether `spec.replicas` is not what its ReplicaSets were scaled for. Models `isScalingEvent`.
    pub(super) fn is_scaling_event(&mut self, ctx: &mut Ctx<'_>, view: &mut View) -> Result<bool, Status> {
        let split = self.split(ctx, view, false)?;
        let wanted = replicas(&view.d);
        Ok(active(&split.all()).iter().any(|rs| annotated_count(rs, DESIRED_REPLICAS).is_some_and(|n| n != wanted)))
    }

    /// Scales the ReplicaSets in proportion to their sizes. Models `scale`.
    fn scale(&mut self, ctx: &mut Ctx<'_>, d: &Rc<Object>, split: &Split) -> Result<(), Status> {
        if let Some(one) = active_or_latest(split) {
            return self.scale_set(ctx, d, &one, replicas(d), false).map(|_| ());
        }
        if is_saturated(d, split.new.as_ref()) {
            for old in active(&split.old) {
                self.scale_set(ctx, d, &old, 0, false)?;
            }
            return Ok(());
        }
        if !is_rolling_update(d) {
            return Ok(());
        }
        let mut all = active(&split.all());
        let allowed = if replicas(d) > 0 { replicas(d) + max_surge(d) } else { 0 };
        let to_add = allowed - sum_replicas(&all);
        // Larger first; among equals the newer ones grow and the older ones shrink first.
        let age = |rs: &Rc<Object>| (rs.creation_time(), rs.name().clone());
        if to_add > 0 {
            all.sort_by_key(|rs| (Reverse(replicas(rs)), Reverse(age(rs))));
        } else if to_add < 0 {
            all.sort_by_key(|rs| (Reverse(replicas(rs)), age(rs)));
        }
        let mut added = 0;
        let mut sizes: Vec<i64> = Vec::new();
        for rs in &all {
            let share = proportion(d, rs, to_add, added);
            sizes.push(replicas(rs) + share);
            added += share;
        }
        if let Some(first) = sizes.first_mut().filter(|_| to_add != 0) {
            *first = (*first + to_add - added).max(0);
        }
        for (rs, size) in all.iter().zip(sizes) {
            self.scale_set(ctx, d, rs, size, true)?;
        }
        Ok(())
    }

    /// Scales one ReplicaSet, says so, and returns whether its size changed and its new version. Models
    /// `scaleReplicaSet`.
    pub(super) fn scale_set(
        &mut self,
        ctx: &mut Ctx<'_>,
        d: &Rc<Object>,
        rs: &Rc<Object>,
        size: i64,
        force: bool,
    ) -> Result<(bool, Rc<Object>), Status> {
        let before = replicas(rs);
        if !force && before == size {
            return Ok((false, rs.clone()));
        }
        let mut body = rs.body().clone();
        body.set("spec.replicas", size);
        annotate_replicas(d, &mut body);
        if body == *rs.body() {
            return Ok((false, rs.clone()));
        }
        let rs = ctx.api.update(Kind::ReplicaSet, body, Subresource::Main, WriteOptions::default())?;
        if before != size {
            let way = if before < size { "up" } else { "down" };
            let text = format!("Scaled {way} replica set {} from {before} to {size}", rs.name());
            self.events.event(ctx, d, EventType::Normal, "ScalingReplicaSet", &text);
        }
        Ok((before != size, rs))
    }

    /// Deletes old ReplicaSets beyond `revisionHistoryLimit`. Models `cleanupDeployment`.
    pub(super) fn cleanup(ctx: &mut Ctx<'_>, d: &Object, old: &[Rc<Object>]) -> Result<(), Status> {
        let Some(limit) = d.at("spec.revisionHistoryLimit").as_i64().filter(|n| *n != i64::from(i32::MAX)) else {
            return Ok(());
        };
        let mut alive: Vec<&Rc<Object>> = old.iter().filter(|rs| !rs.is_deleting()).collect();
        alive.sort_by_key(|rs| (revision(rs), rs.creation_time(), rs.name().clone()));
        let surplus = usize::try_from(alive.len() as i64 - limit).unwrap_or(0);
        for rs in alive.into_iter().take(surplus) {
            let busy = status_count(rs, "replicas") != 0 || replicas(rs) != 0;
            if busy || rs.generation() > status_count(rs, "observedGeneration") {
                continue;
            }
            match ctx.api.delete(&rs.key(), &DeleteOptions::default()) {
                Err(status) if status.reason != Reason::NotFound => return Err(status),
                _ => {}
            }
        }
        Ok(())
    }
}
