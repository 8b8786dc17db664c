//! Delete: grace periods, finalizers and propagation.
//!
//! Models `registry/generic/registry/store.go` (`Delete`, `deletionFinalizersForGarbageCollection`) and
//! `pkg/registry/core/pod/strategy.go` (`CheckGracefulDelete`).

use std::rc::Rc;

use super::{ApiServer, Change, Status};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::clock::SECOND;

/// What becomes of an object's dependents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Propagation {
    /// The object goes at once, the garbage collector deletes the dependents after it.
    Background,
    /// The dependents go first.
    Foreground,
    /// The dependents stay and lose their owner.
    Orphan,
}

/// Options of a deletion.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeleteOptions {
    /// Seconds a Pod has to end; its own `terminationGracePeriodSeconds` where none is given.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of the dependents; the kind's default where none is given.
    pub propagation: Option<Propagation>,
    /// The deletion is refused where the object has another uid.
    pub uid: Option<Rc<str>>,
    /// Everything is checked and nothing kept.
    pub dry_run: bool,
}

impl ApiServer {
    /// Deletes an object, or marks it for deletion where a grace period or a finalizer keeps it. Returns its last version.
    pub fn delete(&mut self, key: &ObjectKey, options: &DeleteOptions) -> Result<Rc<Object>, Status> {
        let Some(old) = self.get(key).cloned() else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        if let Some(uid) = options.uid.as_ref().filter(|u| *u != old.uid()) {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", old.uid());
            return Err(Status::conflict(key.kind, &key.name, &why));
        }
        if options.dry_run {
            return Ok(old);
        }
        let mut body = old.body().clone();
        let finalizer = match options.propagation {
            Some(Propagation::Foreground) => Some("foregroundDeletion"),
            Some(Propagation::Orphan) => Some("orphan"),
            _ => None,
        };
        if let Some(f) = finalizer.filter(|f| !old.has_finalizer(f)) {
            body.slot("metadata.finalizers").make_array().push(Value::from(f));
        }
        let grace = Self::grace_seconds(&old, options);
        let keeps = !body.at("metadata.finalizers").items().is_empty();
        let shorter = old.at("metadata.deletionGracePeriodSeconds").as_i64().is_none_or(|g| grace < g);
        if grace > 0 || keeps {
            if !old.is_deleting() || (shorter && key.kind == Kind::Pod) {
                let now = self.now;
                body.set("metadata.deletionTimestamp", (now + grace * SECOND).rfc3339());
                body.set("metadata.deletionGracePeriodSeconds", grace);
                if !old.is_deleting() && old.generation() > 0 {
                    body.set("metadata.generation", old.generation() + 1);
                }
            } else if body == *old.body() {
                return Ok(old);
            }
            return Ok(self.commit(body, key.kind));
        }
        Ok(self.finalize(key, None))
    }

    /// How long the object may live on: only Pods that run somewhere get a grace period.
    fn grace_seconds(old: &Object, options: &DeleteOptions) -> i64 {
        if old.kind() != Kind::Pod {
            return 0;
        }
        if old.at("spec.nodeName").is_null() || matches!(old.at("status.phase").as_str(), Some("Succeeded" | "Failed"))
        {
            return 0;
        }
        options.grace_period_seconds.or(old.at("spec.terminationGracePeriodSeconds").as_i64()).unwrap_or(30).max(0)
    }

    /// Whether nothing but finalizers keeps a deleted object: a Pod's kubelet sets the grace period to 0 when it is done.
    pub(super) fn is_final(&self, object: &Object) -> bool {
        object.at("metadata.deletionGracePeriodSeconds").as_i64().unwrap_or(0) == 0
    }

    /// Takes an object out of the store and tells watchers.
    pub(super) fn finalize(&mut self, key: &ObjectKey, body: Option<Value>) -> Rc<Object> {
        let before = self.store.remove(key).expect("the caller looked it up");
        self.resource_version += 1;
        let mut body = body.unwrap_or_else(|| before.body().clone());
        body.set("metadata.resourceVersion", self.resource_version.to_string());
        let last = Rc::new(Object::new(key.kind, body));
        self.changes.push(Change {
            at: self.now,
            actor: self.actor.clone(),
            key: key.clone(),
            before: Some(before),
            after: None,
            last: Some(last.clone()),
        });
        last
    }
}
