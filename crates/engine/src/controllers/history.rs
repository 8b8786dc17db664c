//! ControllerRevisions: the versions of a template that a StatefulSet or DaemonSet has had.
//!
//! Models `pkg/controller/history/controller_history.go`.

use std::rc::Rc;

use super::claim::{adopt, is_controlled_by, is_orphan};
use super::revision::{data_hash, template_hash};
use crate::api::labels::selector_matches;
use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{Reason, Status, Subresource, WriteOptions};
use crate::component::Ctx;

/// The label with a revision's hash.
pub const HASH_LABEL: &str = "controller-revision-hash";
/// The label with the hash of a revision's data, where its Pods carry the revision's name instead.
const DATA_HASH_LABEL: &str = "controller.kubernetes.io/hash";
/// The longest part of an owner's name that goes into a revision's.
const MAX_PREFIX: usize = 223;

/// The revisions of an owner, orphans adopted, oldest first.
pub fn list(ctx: &mut Ctx<'_>, owner: &Object) -> Result<Vec<Rc<Object>>, Status> {
    let selector = owner.at("spec.selector");
    let (mut own, mut orphans) = (Vec::new(), Vec::new());
    for r in ctx.api.store().list_in(Kind::ControllerRevision, owner.namespace()) {
        if !selector_matches(selector, r.labels()) {
            continue;
        }
        if is_controlled_by(r, owner) {
            own.push(r.clone());
        } else if is_orphan(r) && !owner.is_deleting() {
            orphans.push(r.clone());
        }
    }
    for orphan in orphans {
        own.extend(adopt(ctx, &orphan, owner)?);
    }
    own.sort_by_key(|r| (number(r), r.creation_time(), r.name().clone()));
    Ok(own)
}

/// `revision`
pub fn number(revision: &Object) -> i64 {
    revision.at("revision").as_i64().unwrap_or(0)
}

/// The data of a revision of an owner as it is now: its template, to replace any other.
pub fn data(owner: &Object) -> Value {
    let mut template = owner.at("spec.template").clone();
    template.set_key("metadata", "creationTimestamp", Value::Null);
    template.slot("metadata").make_object().remove("creationTimestamp");
    template.make_object().insert("$patch", "replace");
    crate::json!({"spec": {"template": template}})
}

/// The template that a revision holds.
pub fn template(revision: &Object) -> Value {
    let mut template = revision.at("data.spec.template").clone();
    if template.as_object().is_some() {
        template.make_object().remove("$patch");
    }
    template
}

/// Makes a revision of an owner. Where one of its name is there with other data, the count of collisions goes up and the
/// name changes. Models `NewControllerRevision` and `CreateControllerRevision`, and for a DaemonSet, whose names come from the
/// template itself, `snapshot` of `pkg/controller/daemon/update.go`.
pub fn create(
    ctx: &mut Ctx<'_>,
    owner: &Object,
    data: &Value,
    number: i64,
    collisions: &mut Option<i64>,
) -> Result<Rc<Object>, Status> {
    let of_template = owner.kind() == Kind::DaemonSet;
    let hash_with = |collisions: Option<i64>| {
        if of_template {
            template_hash(owner.at("spec.template"), collisions, false)
        } else {
            data_hash(data, collisions.unwrap_or(0))
        }
    };
    let prefix: String = owner.name().chars().take(if of_template { usize::MAX } else { MAX_PREFIX }).collect();
    let mut hash = hash_with(*collisions);
    let mut label = hash.clone();
    loop {
        let name = format!("{prefix}-{hash}");
        let mut body = crate::json!({
            "metadata": {
                "name": (name.as_str()),
                "namespace": (owner.namespace()),
                "labels": (owner.at("spec.template.metadata.labels").clone()),
                "ownerReferences": [(OwnerReference::controller_of(owner))],
            },
            "data": (data.clone()),
            "revision": number,
        });
        if !owner.at("metadata.annotations").is_null() {
            body.set("metadata.annotations", owner.at("metadata.annotations").clone());
        }
        body.set_key("metadata.labels", if of_template { HASH_LABEL } else { DATA_HASH_LABEL }, label.as_str());
        match ctx.api.create(Kind::ControllerRevision, body, WriteOptions::default()) {
            Err(status) if status.reason == Reason::AlreadyExists => {
                let key = ObjectKey::new(Kind::ControllerRevision, owner.namespace().clone(), name);
                match ctx.api.get(&key) {
                    Some(there) if there.at("data") == data => return Ok(there.clone()),
                    Some(_) => *collisions = Some(collisions.unwrap_or(0) + 1),
                    None => return Err(status),
                }
                hash = hash_with(*collisions);
                if of_template {
                    label.clone_from(&hash);
                }
            }
            other => return other,
        }
    }
}

/// Gives a revision another number.
pub fn renumber(ctx: &mut Ctx<'_>, revision: &Rc<Object>, number: i64) -> Result<Rc<Object>, Status> {
    let changed = ctx.api.mutate(&revision.key(), Subresource::Main, |body| body.set("revision", number))?;
    Ok(changed.unwrap_or_else(|| revision.clone()))
}
