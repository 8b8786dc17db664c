//! Adoption and release: a controller takes ownerless objects that its selector selects, and lets go of those it does
//! not select any more.
//!
//! Models `pkg/controller/controller_ref_manager.go`.

use std::rc::Rc;

use crate::api::labels::selector_matches;
use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{ApiServer, Change, Status, Subresource};
use crate::component::Ctx;
use crate::json;
use crate::sorted::SortedSet;

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
    let selector = &selector_of(owner);
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
pub fn adopt(ctx: &mut Ctx<'_>, object: &Object, owner: &Object) -> Result<Option<Rc<Object>>, Status> {
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

/// The Pods without a controller, remembered so that a sync need not look at every Pod.
#[derive(Clone, Debug, Default)]
pub struct Orphans(SortedSet<ObjectKey>);

impl Orphans {
    /// Hears of a Pod.
    pub fn observe(&mut self, change: &Change) {
        let is = change.after.as_ref().is_some_and(|p| is_orphan(p));
        if is != self.0.contains(&change.key) {
            if is {
                self.0.insert(change.key.clone())
            } else {
                self.0.remove(&change.key)
            };
        }
    }
    /// Those of an owner's namespace that its selector selects.
    pub fn selected(&self, api: &ApiServer, owner: &Object) -> Vec<Rc<Object>> {
        let from = ObjectKey::new(Kind::Pod, owner.namespace().clone(), "");
        let selector = selector_of(owner);
        self.0
            .starting(&|k| k.cmp(&from))
            .take_while(|k| k.namespace == *owner.namespace())
            .filter_map(|k| api.get(k))
            .filter(|p| may_own(&selector, p.labels()))
            .cloned()
            .collect()
    }
}

/// The owners of a kind in a Pod's namespace that select it.
pub fn selecting(api: &ApiServer, kind: Kind, pod: &Object) -> Vec<ObjectKey> {
    let owners = api.store().list_in(kind, pod.namespace());
    owners.filter(|o| may_own(&selector_of(o), pod.labels())).map(|o| o.key()).collect()
}

/// The owner of a kind that controls a Pod, if it is there.
pub fn pod_owner(api: &ApiServer, kind: Kind, pod: &Object) -> Option<ObjectKey> {
    let owner = pod.controller().filter(|o| o.kind.as_ref() == kind.name())?;
    let key = ObjectKey::new(kind, pod.namespace().clone(), owner.name.clone());
    api.get(&key).filter(|o| o.uid() == &owner.uid).map(|_| key)
}

/// The owners of a kind to sync after a change of a Pod: the one it has, the one it had, and where it has none, those
/// that may adopt it.
pub fn owners_to_sync(api: &ApiServer, kind: Kind, change: &Change) -> Vec<ObjectKey> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let of_another = |p: &Rc<Object>| p.controller().is_some_and(|o| o.kind.as_ref() != kind.name());
    if before.is_none_or(of_another) && after.is_none_or(of_another) {
        return Vec::new();
    }
    let old = before.and_then(|p| pod_owner(api, kind, p));
    let new = after.and_then(|p| pod_owner(api, kind, p));
    let relabelled = before.zip(after).is_some_and(|(b, a)| b.labels() != a.labels());
    let lost = before.is_some_and(|b| !is_orphan(b));
    let mut out: Vec<ObjectKey> = Vec::new();
    if let Some(pod) = after.filter(|p| is_orphan(p))
        && (before.is_none() || relabelled || lost)
    {
        out.extend(selecting(api, kind, pod));
    }
    out.extend(old.filter(|o| Some(o) != new.as_ref()));
    out.extend(new);
    out
}

/// The selector of an owner. That of a ReplicationController is just labels.
fn selector_of(owner: &Object) -> Value {
    let selector = owner.at("spec.selector").clone();
    if owner.kind() == Kind::ReplicationController { json!({"matchLabels": selector}) } else { selector }
}

/// Whether an object has no controller.
pub fn is_orphan(object: &Object) -> bool {
    object.controller().is_none()
}

/// Whether a selector, which must not be empty, selects labels.
pub fn may_own(selector: &Value, labels: &Value) -> bool {
    !crate::api::labels::selector_is_empty(selector) && selector_matches(selector, labels)
}
