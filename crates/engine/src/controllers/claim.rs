//! Adoption and release: a controller takes ownerless objects that its selector selects, and lets go of those it does
//! not select any more.
//!
//! Models `pkg/controller/controller_ref_manager.go`.

use std::rc::Rc;

use crate::api::labels::selector_matches;
use crate::api::{Kind, Object, OwnerReference, Value};
use crate::apiserver::{Status, Subresource};
use crate::component::Ctx;

/// Whether the object's controller is the given one.
pub fn is_controlled_by(object: &Object, owner: &Object) -> bool {
    object.controller().is_some_and(|o| &o.uid == owner.uid())
}

/// The objects of a kind that an owner controls, adoptions and releases done. Those that `keep` says no to are not looked
/// at. Objects come by name.
pub fn claim(
    ctx: &mut Ctx<'_>,
    kind: Kind,
    owner: &Object,
    orphans: &[Rc<Object>],
    keep: impl Fn(&Object) -> bool,
) -> Result<Vec<Rc<Object>>, Status> {
    let selector = owner.at("spec.selector");
    let mut failed = None;
    let mut claimed: Vec<Rc<Object>> = Vec::new();
    let owned: Vec<Rc<Object>> = ctx
        .api
        .store()
        .dependents(owner.uid())
        .filter(|o| o.kind() == kind && is_controlled_by(o, owner) && keep(o))
        .cloned()
        .collect();
    for object in owned {
        if selector_matches(selector, object.labels()) {
            claimed.push(object);
        } else if !owner.is_deleting()
            && let Err(status) = release(ctx, &object, owner)
        {
            failed = Some(status);
        }
    }
    if !owner.is_deleting() {
        for object in orphans.iter().filter(|o| keep(o)) {
            let free = object.controller().is_none() && !object.is_deleting();
            if !free || object.namespace() != owner.namespace() || !selector_matches(selector, object.labels()) {
                continue;
            }
            match adopt(ctx, object, owner) {
                Ok(Some(object)) => claimed.push(object),
                Ok(None) => {}
                Err(status) => failed = Some(status),
            }
        }
    }
    failed.map_or(Ok(claimed), Err)
}

/// Puts the owner's reference on an object.
fn adopt(ctx: &mut Ctx<'_>, object: &Object, owner: &Object) -> Result<Option<Rc<Object>>, Status> {
    let reference = OwnerReference::controller_of(owner);
    ctx.api.mutate(&object.key(), Subresource::Main, |body| {
        let list = body.slot("metadata.ownerReferences").make_array();
        list.retain(|o| o.at("uid") != reference.at("uid"));
        list.push(reference);
    })
}

/// Takes the owner's reference off an object.
fn release(ctx: &mut Ctx<'_>, object: &Object, owner: &Object) -> Result<Option<Rc<Object>>, Status> {
    ctx.api.mutate(&object.key(), Subresource::Main, |body| {
        let list = body.slot("metadata.ownerReferences").make_array();
        list.retain(|o| o.at("uid").as_str() != Some(owner.uid()));
        if list.is_empty() {
            body.unset("metadata.ownerReferences");
        }
    })
}

/// Objects without a controller, remembered by namespace so that a sync need not look at every object.
pub fn is_orphan(object: &Object) -> bool {
    object.controller().is_none()
}

/// Whether a selector, which must not be empty, selects labels.
pub fn may_own(selector: &Value, labels: &Value) -> bool {
    !crate::api::labels::selector_is_empty(selector) && selector_matches(selector, labels)
}
