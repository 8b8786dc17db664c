//! The Pods of a StatefulSet: names, ordinals, states, and their making and deletion with the events about them.
//!
//! Models `pkg/controller/statefulset/stateful_set_utils.go` and `stateful_pod_control.go`.

use std::rc::Rc;

use super::StatefulSetController;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{DeleteOptions, Reason, Status, Subresource, WriteOptions};
use crate::clock::{SECOND, Time};
use crate::component::Ctx;
use crate::controllers::history::HASH_LABEL;
use crate::controllers::pod_control::{is_pod_ready, pod_from_template, ready_time};
use crate::events::EventType;

const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// A Pod's parent and ordinal by its name.
fn parent_and_ordinal(pod: &Object) -> Option<(&str, i64)> {
    let (parent, ordinal) = pod.name().rsplit_once('-')?;
    let digits = !ordinal.is_empty() && ordinal.bytes().all(|c| c.is_ascii_digit());
    ordinal.parse::<i32>().ok().filter(|_| digits).map(|n| (parent, i64::from(n)))
}

/// Whether a Pod's name is one the StatefulSet gives.
pub fn is_member(set: &Object, pod: &Object) -> bool {
    parent_and_ordinal(pod).is_some_and(|(parent, _)| parent == set.name().as_ref())
}

/// The number at the end of a Pod's name.
pub fn ordinal(pod: &Object) -> Option<i64> {
    parent_and_ordinal(pod).map(|(_, n)| n)
}

/// The first ordinal.
pub fn start_ordinal(set: &Object) -> i64 {
    set.at("spec.ordinals.start").as_i64().unwrap_or(0)
}

/// The revision whose template a Pod was made from.
pub fn revision_of(pod: &Object) -> &str {
    pod.label(HASH_LABEL).unwrap_or("")
}

/// Whether a Pod is running and ready.
pub fn is_running_and_ready(pod: &Object) -> bool {
    pod.at("status.phase").as_str() == Some("Running") && is_pod_ready(pod)
}

/// Whether a Pod has been ready for so long.
pub fn is_available(pod: &Object, min_ready: i64, now: Time) -> bool {
    is_pod_ready(pod) && (min_ready == 0 || ready_time(pod).is_some_and(|t| t + min_ready * SECOND <= now))
}

/// Whether there is no Pod that is available and stays.
pub fn is_unavailable(pod: Option<&Rc<Object>>, min_ready: i64, now: Time) -> bool {
    pod.is_none_or(|p| !is_available(p, min_ready, now) || p.is_deleting())
}

/// The claims of a Pod: name of the volume, and the claim.
fn claims(set: &Object, ordinal: i64) -> Vec<(Rc<str>, Value)> {
    let templates = set.at("spec.volumeClaimTemplates").items();
    let claim = |t: &Value| {
        let volume = t.at("metadata.name").as_rc_str()?;
        let mut claim = t.clone();
        claim.set("metadata.name", format!("{volume}-{}-{ordinal}", set.name()));
        claim.set("metadata.namespace", set.namespace());
        for (key, value) in set.at("spec.selector.matchLabels").fields() {
            claim.set_key("metadata.labels", key, value.clone());
        }
        Some((volume, claim))
    };
    templates.iter().filter_map(claim).collect()
}

/// The body of the Pod at an ordinal, from a template. Models `newStatefulSetPod`.
pub fn new_pod(set: &Object, template: &Value, revision: &str, ordinal: i64) -> Value {
    let name = format!("{}-{ordinal}", set.name());
    let mut body = pod_from_template(template, set);
    body.set("metadata.name", name.as_str());
    body.set_key("metadata.labels", POD_NAME_LABEL, name.as_str());
    body.set_key("metadata.labels", POD_INDEX_LABEL, ordinal.to_string());
    body.set_key("metadata.labels", HASH_LABEL, revision);
    body.set("spec.hostname", name);
    let service = set.at("spec.serviceName");
    if service.as_str().is_some_and(|s| !s.is_empty()) {
        body.set("spec.subdomain", service.clone());
    }
    let claims = claims(set, ordinal);
    if !claims.is_empty() {
        let mut volumes: Vec<Value> = claims
            .iter()
            .map(|(volume, claim)| {
                crate::json!({"name": volume, "persistentVolumeClaim": {"claimName": (claim.at("metadata.name").clone())}})
            })
            .collect();
        let own = body.at("spec.volumes").items().iter();
        volumes.extend(own.filter(|v| claims.iter().all(|(n, _)| v.str_at("name") != n.as_ref())).cloned());
        body.set("spec.volumes", volumes);
    }
    body
}

impl StatefulSetController {
    fn record(&mut self, ctx: &mut Ctx<'_>, set: &Object, verb: &str, pod: &str, error: Option<&Status>) {
        let about = format!("{verb} Pod {pod} in StatefulSet {}", set.name());
        match error {
            None => {
                let reason = format!("Successful{verb}");
                self.events.event(ctx, set, EventType::Normal, &reason, &format!("{about} successful"));
            }
            Some(status) => {
                let text = format!("{about} failed error: {}", status.message);
                self.events.event(ctx, set, EventType::Warning, &format!("Failed{verb}"), &text);
            }
        }
    }

    /// Makes the claims of a Pod that are not there. Models `createPersistentVolumeClaims`.
    pub(super) fn create_claims(&mut self, ctx: &mut Ctx<'_>, set: &Object, ordinal: i64) -> Result<(), Status> {
        let pod = format!("{}-{ordinal}", set.name());
        let mut failed = None;
        for (_, claim) in claims(set, ordinal) {
            let name = claim.rc_str_at("metadata.name");
            let key = ObjectKey::new(Kind::PersistentVolumeClaim, set.namespace().clone(), name.clone());
            if let Some(there) = ctx.api.get(&key) {
                if there.is_deleting() {
                    failed = Some(Status::new(Reason::InternalError, format!("pvc {name} is being deleted")));
                }
                continue;
            }
            let of = |infix: &str| format!("Create Claim {name} {infix}Pod {pod} in StatefulSet {}", set.name());
            match ctx.api.create(Kind::PersistentVolumeClaim, claim, WriteOptions::default()) {
                Ok(_) => {
                    let text = format!("{} success", of(""));
                    self.events.event(ctx, set, EventType::Normal, "SuccessfulCreate", &text);
                }
                Err(status) => {
                    let text = format!("{} failed error: {}", of("for "), status.message);
                    self.events.event(ctx, set, EventType::Warning, "FailedCreate", &text);
                    let why = format!("failed to create PVC {name}: {}", status.message);
                    failed = Some(Status::new(status.reason, why));
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Makes a Pod and its claims. Models `CreateStatefulPod`.
    pub(super) fn create_pod(&mut self, ctx: &mut Ctx<'_>, set: &Object, body: Value) -> Result<(), Status> {
        let name = body.rc_str_at("metadata.name");
        let ordinal = name.rsplit_once('-').and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
        if let Err(status) = self.create_claims(ctx, set, ordinal) {
            self.record(ctx, set, "Create", &name, Some(&status));
            return Err(status);
        }
        match ctx.api.create(Kind::Pod, body, WriteOptions::default()) {
            Err(status) if status.reason == Reason::AlreadyExists => Err(status),
            Err(status) => {
                self.record(ctx, set, "Create", &name, Some(&status));
                Err(status)
            }
            Ok(_) => {
                self.record(ctx, set, "Create", &name, None);
                Ok(())
            }
        }
    }

    /// Models `DeleteStatefulPod`.
    pub(super) fn delete_pod(&mut self, ctx: &mut Ctx<'_>, set: &Object, pod: &Object) -> Result<(), Status> {
        match ctx.api.delete(&pod.key(), &DeleteOptions::default()) {
            Err(status) if status.reason != Reason::NotFound => {
                self.record(ctx, set, "Delete", pod.name(), Some(&status));
                Err(status)
            }
            _ => {
                self.record(ctx, set, "Delete", pod.name(), None);
                Ok(())
            }
        }
    }

    /// Gives a Pod its identity back where its labels lost it. Models `UpdateStatefulPod`.
    pub(super) fn fix_identity(&mut self, ctx: &mut Ctx<'_>, set: &Object, pod: &Rc<Object>) -> Result<(), Status> {
        let name = pod.name().clone();
        if pod.label(POD_NAME_LABEL) == Some(&name) {
            return Ok(());
        }
        let ordinal = ordinal(pod).unwrap_or(0).to_string();
        let written = ctx.api.mutate(&pod.key(), Subresource::Main, |body| {
            body.set_key("metadata.labels", POD_NAME_LABEL, &name);
            body.set_key("metadata.labels", POD_INDEX_LABEL, ordinal);
        });
        self.record(ctx, set, "Update", &name, written.as_ref().err());
        written.map(|_| ())
    }
}
