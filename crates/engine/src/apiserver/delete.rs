//! Delete: grace periods, finalizers and propagation.
//!
//! Models `registry/generic/registry/store.go` (`Delete`, `deletionFinalizersForGarbageCollection`, `markAsDeleting`),
//! `registry/rest/delete.go` (`BeforeDelete`), `pkg/registry/core/pod/strategy.go` (`CheckGracefulDelete`) and
//! `pkg/registry/core/namespace/storage/storage.go` (`Delete`).

use std::rc::Rc;

use super::{ApiServer, Change, Status, strategy};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::clock::{SECOND, Time};

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
    /// The deletion is refused where the object has another version.
    pub resource_version: Option<u64>,
    /// Everything is checked and nothing kept.
    pub dry_run: bool,
}

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// What a deletion makes of the grace period.
enum Grace {
    /// The kind knows none, or it is over.
    None,
    /// A shorter or equal one runs already.
    Pending,
    /// It becomes this.
    Set { until: Time, seconds: i64 },
}

impl ApiServer {
    /// Deletes an object, or marks it for deletion where a grace period or a finalizer keeps it. Returns its last version.
    pub fn delete(&mut self, key: &ObjectKey, options: &DeleteOptions) -> Result<Rc<Object>, Status> {
        let Some(old) = self.get(key).cloned() else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        check_preconditions(&old, options)?;
        if key.kind == Kind::Namespace {
            return self.delete_namespace(&old, options);
        }
        let grace = self.grace(&old, options);
        let mut body = old.body().clone();
        let first = !old.is_deleting();
        let graceful = match grace {
            Grace::Pending => return Ok(old),
            Grace::None => None,
            Grace::Set { until, seconds } => {
                body.set("metadata.deletionTimestamp", until.rfc3339());
                body.set("metadata.deletionGracePeriodSeconds", seconds);
                count_generation(&mut body, &old, first);
                Some(seconds)
            }
        };
        set_finalizers(&mut body, &old, options);
        let held = !body.at("metadata.finalizers").items().is_empty();
        if held && graceful.is_none() {
            count_generation(&mut body, &old, first);
            if old.deletion_time().is_none_or(|t| t > self.now) {
                let stamp = self.stamp();
                body.set("metadata.deletionTimestamp", stamp);
            }
            body.set("metadata.deletionGracePeriodSeconds", 0);
        }
        if options.dry_run {
            return Ok(Rc::new(Object::following(&old, body)));
        }
        if (held || graceful.is_some()) && body != *old.body() {
            let marked = self.commit(Object::following(&old, body), Some(&old));
            if held || graceful.is_some_and(|s| s > 0) {
                return Ok(marked);
            }
        } else if held {
            return Ok(old);
        }
        Ok(self.finalize(key))
    }

    /// Deletes the objects of a kind in a namespace (in all, where it is empty) that `which` picks.
    pub fn delete_collection(
        &mut self,
        kind: Kind,
        namespace: &str,
        which: impl Fn(&Object) -> bool,
        options: &DeleteOptions,
    ) -> Result<Vec<Rc<Object>>, Status> {
        let keys: Vec<ObjectKey> = self
            .store
            .list(kind)
            .filter(|o| (namespace.is_empty() || o.namespace().as_ref() == namespace) && which(o))
            .map(|o| o.key())
            .collect();
        let mut deleted = Vec::with_capacity(keys.len());
        for key in keys {
            if self.get(&key).is_some() {
                deleted.push(self.delete(&key, options)?);
            }
        }
        Ok(deleted)
    }

    /// How a deletion is graceful: only Pods know grace periods.
    fn grace(&self, old: &Object, options: &DeleteOptions) -> Grace {
        if old.kind() != Kind::Pod {
            return Grace::None;
        }
        let asked = options.grace_period_seconds.map(|s| if s < 0 { 1 } else { s });
        if let Some(until) = old.deletion_time() {
            let running = old.at("metadata.deletionGracePeriodSeconds").as_i64().unwrap_or(0);
            return match asked {
                _ if running == 0 => Grace::None,
                Some(asked) if asked < running => {
                    let moved = until + asked.saturating_sub(running).saturating_mul(SECOND);
                    if moved >= self.now {
                        return Grace::Set { until: moved, seconds: asked };
                    }
                    Grace::Set { until: self.now, seconds: i64::from(asked != 0) }
                }
                _ => Grace::Pending,
            };
        }
        let ended = matches!(old.at("status.phase").as_str(), Some("Succeeded" | "Failed"));
        let seconds = if old.at("spec.nodeName").as_str().is_none_or(str::is_empty) || ended {
            0
        } else {
            let own = old.at("spec.terminationGracePeriodSeconds").as_i64().map(|s| if s < 0 { 1 } else { s });
            asked.or(own).unwrap_or(0)
        };
        Grace::Set { until: self.now + seconds * SECOND, seconds }
    }

    fn delete_namespace(&mut self, old: &Rc<Object>, options: &DeleteOptions) -> Result<Rc<Object>, Status> {
        let key = old.key();
        if matches!(key.name.as_ref(), "default" | "kube-system" | "kube-public") {
            return Err(Status::forbidden(Kind::Namespace, &key.name, "this namespace may not be deleted"));
        }
        if options.dry_run {
            return Ok(old.clone());
        }
        if !old.is_deleting() {
            let mut body = old.body().clone();
            let stamp = self.stamp();
            body.set("metadata.deletionTimestamp", stamp);
            body.set("status.phase", "Terminating");
            return Ok(self.commit(Object::following(old, body), Some(old)));
        }
        let held = ["metadata.finalizers", "spec.finalizers"].iter().any(|f| !old.at(f).items().is_empty());
        if held { Ok(old.clone()) } else { Ok(self.finalize(&key)) }
    }

    /// Takes the finalizer `kubernetes` off a namespace that is deleted and empty, through the subresource `finalize`: it
    /// is gone then, unless it has other finalizers.
    pub fn finalize_namespace(&mut self, name: &str) {
        let Some(old) = self.store.find(Kind::Namespace, "", name).cloned() else { return };
        let mut body = old.body().clone();
        let finalizers = body.slot("spec.finalizers").make_array();
        finalizers.retain(|f| f.as_str() != Some("kubernetes"));
        let held = !finalizers.is_empty() || !old.at("metadata.finalizers").items().is_empty();
        if finalizers.is_empty() {
            body.unset("spec.finalizers");
        }
        if old.is_deleting() && !held {
            self.finalize(&old.key());
        } else {
            self.commit(Object::following(&old, body), Some(&old));
        }
    }

    /// Takes an object out of the store and tells watchers.
    pub(super) fn finalize(&mut self, key: &ObjectKey) -> Rc<Object> {
        let before = self.store.remove(key).expect("the caller looked it up");
        if !self.managers.is_empty() {
            self.managers.remove(before.uid());
        }
        let mut body = before.body().clone();
        body.set("metadata.resourceVersion", self.next_version());
        let last = Rc::new(Object::following(&before, body));
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

fn check_preconditions(old: &Object, options: &DeleteOptions) -> Result<(), Status> {
    let refuse = |why: &str| {
        let mut status = Status::conflict(old.kind(), old.name(), why);
        let group = old.kind().info().group;
        let dot = if group.is_empty() { "" } else { "." };
        status.message =
            format!("Operation cannot be fulfilled on {}{dot}{group} \"{}\": {why}", old.kind().name(), old.name());
        status
    };
    if let Some(uid) = options.uid.as_ref().filter(|u| *u != old.uid()) {
        return Err(refuse(&format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been deleted \
             and then recreated",
            old.uid()
        )));
    }
    if let Some(version) = options.resource_version.filter(|v| *v != old.resource_version()) {
        return Err(refuse(&format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The \
             object might have been modified",
            old.resource_version()
        )));
    }
    Ok(())
}

/// The first deletion counts as a change of spec, where those are counted.
fn count_generation(body: &mut Value, old: &Object, first: bool) {
    if first && old.generation() > 0 {
        body.set("metadata.generation", old.generation() + 1);
    }
}

/// Puts the garbage collector's finalizers as the propagation policy says. Models
/// `deletionFinalizersForGarbageCollection`.
fn set_finalizers(body: &mut Value, old: &Object, options: &DeleteOptions) {
    if old.kind() == Kind::Event {
        return;
    }
    let has = |f: &str| old.has_finalizer(f);
    let wanted = match options.propagation {
        Some(Propagation::Orphan) => Some(ORPHAN),
        Some(Propagation::Foreground) => Some(FOREGROUND),
        Some(Propagation::Background) => None,
        None if has(ORPHAN) => Some(ORPHAN),
        None if has(FOREGROUND) => Some(FOREGROUND),
        None if strategy::orphans_by_default(old.kind()) => Some(ORPHAN),
        None => None,
    };
    if has(ORPHAN) == (wanted == Some(ORPHAN)) && has(FOREGROUND) == (wanted == Some(FOREGROUND)) {
        return;
    }
    let finalizers = body.slot("metadata.finalizers").make_array();
    finalizers.retain(|f| !matches!(f.as_str(), Some(ORPHAN | FOREGROUND)));
    finalizers.extend(wanted.map(Value::from));
    if finalizers.is_empty() {
        body.unset("metadata.finalizers");
    }
}
