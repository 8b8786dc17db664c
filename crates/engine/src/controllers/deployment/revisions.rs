//! The ReplicaSet of the present template: found or made, with its revision and the annotations it takes over.
//!
//! Models `getNewReplicaSet` of `pkg/controller/deployment/sync.go` and `SetNewReplicaSetAnnotations` of
//! `util/deployment_util.go`.

use std::rc::Rc;

use super::util::{
    DESIRED_REPLICAS, MAX_REPLICAS, REVISION, REVISION_HISTORY, TEMPLATE_HASH, condition, find_new, max_surge,
    new_replicas, progress_deadline, replicas, revision, same_template, skip_annotation, sort_by_age, sum_replicas,
};
use super::{DeploymentController, Split, View};
use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{Reason, Status, Subresource, WriteOptions};
use crate::component::Ctx;
use crate::controllers::pod_control::is_namespace_terminating;
use crate::controllers::revision::template_hash;
use crate::events::EventType;

/// The longest `revision-history` annotation.
const MAX_HISTORY_LENGTH: usize = 2_000;
/// The longest name of a ReplicaSet.
const MAX_NAME: usize = 253;

impl DeploymentController {
    /// Splits the ReplicaSets into new and old, and brings revisions up to date. Models
    /// `getAllReplicaSetsAndSyncRevision`.
    pub(super) fn split(&mut self, ctx: &mut Ctx<'_>, view: &mut View, create: bool) -> Result<Split, Status> {
        let existing = find_new(&view.d, &view.sets);
        let uid = existing.as_ref().map(|rs| rs.uid().clone());
        let mut old: Vec<Rc<Object>> = view.sets.iter().filter(|rs| Some(rs.uid()) != uid.as_ref()).cloned().collect();
        sort_by_age(&mut old);
        let next = old.iter().map(|rs| revision(rs)).max().unwrap_or(0) + 1;
        let new = match existing {
            Some(rs) => Some(Self::update_new(ctx, view, &rs, next)?),
            None if create => Some(self.create_new(ctx, view, &old, next)?),
            None => None,
        };
        Ok(Split { new, old })
    }

    fn update_new(ctx: &mut Ctx<'_>, view: &mut View, rs: &Rc<Object>, next: i64) -> Result<Rc<Object>, Status> {
        let mut body = rs.body().clone();
        annotate(&view.d, &mut body, next);
        let min_ready = view.d.at("spec.minReadySeconds");
        let seconds = |v: &Value| v.as_i64().unwrap_or(0);
        if seconds(rs.at("spec.minReadySeconds")) != seconds(min_ready) {
            body.set("spec.minReadySeconds", min_ready.clone());
        }
        if body != *rs.body() {
            return ctx.api.update(Kind::ReplicaSet, body, Subresource::Main, WriteOptions::default());
        }
        let mut changed = false;
        if let Some(number) = rs.annotation(REVISION)
            && view.d.annotation(REVISION) != Some(number)
        {
            view.edit(|d| d.set_key("metadata.annotations", REVISION, number));
            changed = true;
        }
        if progress_deadline(&view.d).is_some() && view.condition("Progressing").is_none() {
            let text = format!("Found new replica set \"{}\"", rs.name());
            view.set_condition(condition("Progressing", "True", "FoundNewReplicaSet", &text, ctx.now));
            changed = true;
        }
        if changed {
            view.update_status(ctx)?;
        }
        Ok(rs.clone())
    }

    fn create_new(
        &mut self,
        ctx: &mut Ctx<'_>,
        view: &mut View,
        old: &[Rc<Object>],
        next: i64,
    ) -> Result<Rc<Object>, Status> {
        let d = view.d.clone();
        let collisions = d.at("status.collisionCount").as_i64();
        let hash = template_hash(d.at("spec.template"), collisions, view.written);
        let mut template = d.at("spec.template").clone();
        template.set_key("metadata.labels", TEMPLATE_HASH, hash.as_str());
        let mut selector = d.at("spec.selector").clone();
        selector.set_key("matchLabels", TEMPLATE_HASH, hash.as_str());
        let wanted = new_replicas(&d, sum_replicas(old), 0);
        let stem: String = d.name().chars().take(MAX_NAME - 1 - hash.len()).collect();
        let name = format!("{stem}-{hash}");
        let mut body = crate::json!({
            "metadata": {
                "name": (name.as_str()),
                "namespace": (d.namespace()),
                "labels": (template.at("metadata.labels").clone()),
                "ownerReferences": [(OwnerReference::controller_of(&d))],
            },
            "spec": {"replicas": wanted, "selector": selector, "template": template},
        });
        if d.at("spec.minReadySeconds").as_i64().unwrap_or(0) != 0 {
            body.set("spec.minReadySeconds", d.at("spec.minReadySeconds").clone());
        }
        annotate(&d, &mut body, next);
        annotate_replicas(&d, &mut body);
        let (rs, existed) = match ctx.api.create(Kind::ReplicaSet, body, WriteOptions::default()) {
            Ok(rs) => (rs, false),
            Err(status) if status.reason == Reason::AlreadyExists => {
                let key = ObjectKey::new(Kind::ReplicaSet, d.namespace().clone(), name.as_str());
                let Some(rs) = ctx.api.get(&key).cloned() else { return Err(status) };
                let ours = rs.controller().is_some_and(|o| &o.uid == d.uid());
                if !ours || !same_template(d.at("spec.template"), rs.at("spec.template")) {
                    view.edit(|d| d.set("status.collisionCount", collisions.unwrap_or(0) + 1));
                    view.update_status(ctx)?;
                    return Err(status);
                }
                (rs, true)
            }
            Err(status) => {
                if !is_namespace_terminating(&status) {
                    let text = format!("Failed to create new replica set \"{name}\": {}", status.message);
                    if progress_deadline(&d).is_some() {
                        let failed = condition("Progressing", "False", "ReplicaSetCreateError", &text, ctx.now);
                        view.set_condition(failed);
                        let _ = view.update_status(ctx);
                    }
                    self.events.event(ctx, &d, EventType::Warning, "ReplicaSetCreateError", &text);
                }
                return Err(status);
            }
        };
        if !existed && wanted > 0 {
            let text = format!("Scaled up replica set {} from 0 to {wanted}", rs.name());
            self.events.event(ctx, &d, EventType::Normal, "ScalingReplicaSet", &text);
        }
        let number = next.to_string();
        let mut changed = false;
        if d.annotation(REVISION) != Some(&number) {
            view.edit(|d| d.set_key("metadata.annotations", REVISION, number));
            changed = true;
        }
        if !existed && progress_deadline(&d).is_some() {
            let text = format!("Created new replica set \"{}\"", rs.name());
            view.set_condition(condition("Progressing", "True", "NewReplicaSetCreated", &text, ctx.now));
            changed = true;
        }
        if changed {
            view.update_status(ctx)?;
        }
        Ok(rs)
    }
}

/// Copies the Deployment's annotations to its new ReplicaSet and raises its revision, with the ones before in its
/// history. Models `SetNewReplicaSetAnnotations`.
fn annotate(d: &Object, rs: &mut Value, next: i64) {
    let own = |rs: &Value, key: &str| rs.at("metadata.annotations").get(key).and_then(Value::as_rc_str);
    for (key, value) in d.at("metadata.annotations").fields().filter(|(k, _)| !skip_annotation(k)) {
        if own(rs, key).as_deref() != value.as_str() {
            rs.set_key("metadata.annotations", key, value.clone());
        }
    }
    let before = own(rs, REVISION);
    let number = match &before {
        Some(text) => match text.parse::<i64>() {
            Ok(n) => n,
            Err(_) => return,
        },
        None => 0,
    };
    if number >= next {
        return;
    }
    rs.set_key("metadata.annotations", REVISION, next.to_string());
    let Some(before) = before else { return };
    let history = own(rs, REVISION_HISTORY).filter(|h| !h.is_empty());
    let mut parts: Vec<&str> = history.as_deref().map_or_else(Vec::new, |h| h.split(',').collect());
    parts.push(&before);
    while parts.len() > 1 && parts.iter().map(|p| p.len() + 1).sum::<usize>() - 1 > MAX_HISTORY_LENGTH {
        parts.remove(0);
    }
    let text = parts.join(",");
    rs.set_key("metadata.annotations", REVISION_HISTORY, text);
}

/// Notes on a ReplicaSet how large the Deployment is and may be. Models `SetReplicasAnnotations`.
pub(super) fn annotate_replicas(d: &Object, rs: &mut Value) {
    let (desired, most) = (replicas(d), replicas(d) + max_surge(d));
    rs.set_key("metadata.annotations", DESIRED_REPLICAS, desired.to_string());
    rs.set_key("metadata.annotations", MAX_REPLICAS, most.to_string());
}
