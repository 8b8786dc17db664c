//! The garbage collector: what has lost its owner goes too, and owners deleted in the foreground wait for what they own.
//!
//! Models `pkg/controller/garbagecollector` (`garbagecollector.go`, `graph_builder.go`). The graph is the store's index
//! from owners to dependents.

use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, OwnerReference};
use crate::apiserver::{Change, DeleteOptions, Propagation, Store, Subresource};
use crate::clock::Millis;
use crate::component::{Component, Ctx};
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that it causes: the informer, the queue, and a read of the newest version.
const LATENCY: Millis = 15;

/// How long it takes to patch an owner's dependents.
const PATCHES: Millis = 20;

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";

/// The garbage collector.
#[derive(Clone, Debug, Default)]
pub struct GarbageCollector {
    attempt_to_delete: WorkQueue,
    attempt_to_orphan: WorkQueue,
}

fn deletes_dependents(object: &Object) -> bool {
    object.is_deleting() && object.has_finalizer(FOREGROUND)
}

/// What became of an owner.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// It is there.
    Solid,
    /// It is gone.
    Dangling,
    /// It is deleted in the foreground and waits for its dependents.
    Waiting,
}

fn state_of(store: &Store, dependent: &Object, owner: &OwnerReference) -> Owner {
    let Some(kind) = Kind::find(&owner.api_version, &owner.kind) else { return Owner::Solid };
    let namespace = if kind.info().namespaced { dependent.namespace().as_ref() } else { "" };
    match store.find(kind, namespace, &owner.name).filter(|o| *o.uid() == owner.uid) {
        None => Owner::Dangling,
        Some(o) if deletes_dependents(o) => Owner::Waiting,
        Some(_) => Owner::Solid,
    }
}

fn owners_of(store: &Store, object: &Object) -> Vec<Rc<Object>> {
    let find = |o: &OwnerReference| {
        let kind = Kind::find(&o.api_version, &o.kind)?;
        let namespace = if kind.info().namespaced { object.namespace().as_ref() } else { "" };
        store.find(kind, namespace, &o.name).filter(|found| *found.uid() == o.uid).cloned()
    };
    object.owners().iter().filter_map(find).collect()
}

impl Component for GarbageCollector {
    fn next_due(&self) -> Option<Due> {
        match (self.attempt_to_delete.next_due(), self.attempt_to_orphan.next_due()) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        if self.attempt_to_orphan.next_due().is_some() && self.attempt_to_orphan.next_due() == self.next_due() {
            if let Some(key) = self.attempt_to_orphan.pop() {
                self.orphan(ctx, &key);
            }
        } else if let Some(key) = self.attempt_to_delete.pop() {
            self.delete(ctx, &key);
        }
    }

    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind == Kind::Event {
            return;
        }
        let Some(after) = &change.after else {
            self.observe_deletion(ctx, change);
            return;
        };
        let before = change.before.as_deref();
        if !after.owners().is_empty() && before.is_none_or(|b| b.owners() != after.owners()) {
            let lost = after.owners().iter().any(|o| state_of(ctx.api.store(), after, o) != Owner::Solid);
            if lost {
                self.attempt_to_delete.add(ctx, change.key.clone(), LATENCY);
            }
        }
        if let Some(b) = before.filter(|b| b.owners() != after.owners()) {
            self.owners_unblocked(ctx, b);
        }
        let started = |finalizer: &str| {
            let waits = |o: &Object| o.is_deleting() && o.has_finalizer(finalizer);
            waits(after) && !before.is_some_and(waits)
        };
        if started(ORPHAN) {
            self.attempt_to_orphan.add(ctx, change.key.clone(), LATENCY);
        }
        if started(FOREGROUND) {
            self.add_dependents(ctx, after.uid());
            self.attempt_to_delete.add(ctx, change.key.clone(), LATENCY);
        }
    }
}

impl GarbageCollector {
    fn observe_deletion(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let gone = change.object().clone();
        self.add_dependents(ctx, gone.uid());
        self.owners_unblocked(ctx, &gone);
    }

    fn add_dependents(&mut self, ctx: &mut Ctx<'_>, uid: &str) {
        let keys: Vec<ObjectKey> = ctx.api.store().dependents(uid).map(|d| d.key()).collect();
        for key in keys {
            self.attempt_to_delete.add(ctx, key, LATENCY);
        }
    }

    /// Owners that wait for their dependents look again when one is gone.
    fn owners_unblocked(&mut self, ctx: &mut Ctx<'_>, dependent: &Object) {
        if dependent.owners().is_empty() {
            return;
        }
        for owner in owners_of(ctx.api.store(), dependent) {
            if deletes_dependents(&owner) {
                self.attempt_to_delete.add(ctx, owner.key(), LATENCY);
            }
        }
    }

    /// Models `attemptToDeleteItem`.
    fn delete(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) {
        let Some(item) = ctx.api.get(key).cloned() else { return };
        if deletes_dependents(&item) {
            self.wait_for_dependents(ctx, &item);
            return;
        }
        if item.is_deleting() || item.owners().is_empty() {
            return;
        }
        let states: Vec<Owner> = item.owners().iter().map(|o| state_of(ctx.api.store(), &item, o)).collect();
        if states.contains(&Owner::Solid) {
            let keeps: Vec<bool> = states.iter().map(|s| *s == Owner::Solid).collect();
            if keeps.contains(&false) {
                self.patch(ctx, key, |body| {
                    let mut keeps = keeps.iter();
                    body.slot("metadata.ownerReferences").make_array().retain(|_| keeps.next() == Some(&true));
                });
            }
            return;
        }
        let dependents: Vec<Rc<Object>> = ctx.api.store().dependents(item.uid()).cloned().collect();
        let propagation = if states.contains(&Owner::Waiting) && !dependents.is_empty() {
            // Two that wait for each other would wait for ever: the item stops blocking its owners.
            if dependents.iter().any(|d| deletes_dependents(d)) {
                self.patch(ctx, key, |body| {
                    for owner in body.slot("metadata.ownerReferences").make_array() {
                        owner.set("blockOwnerDeletion", false);
                    }
                });
            }
            Propagation::Foreground
        } else if item.has_finalizer(ORPHAN) {
            Propagation::Orphan
        } else if item.has_finalizer(FOREGROUND) {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        let options =
            DeleteOptions { propagation: Some(propagation), uid: Some(item.uid().clone()), ..DeleteOptions::default() };
        if ctx.api.delete(key, &options).is_err() {
            self.attempt_to_delete.add_rate_limited(ctx, key.clone());
        }
    }

    /// Models `processDeletingDependentsItem`.
    fn wait_for_dependents(&mut self, ctx: &mut Ctx<'_>, owner: &Object) {
        let blocks = |d: &Object| d.owners().iter().any(|o| o.uid == *owner.uid() && o.block_owner_deletion);
        let blocking: Vec<(ObjectKey, bool)> =
            ctx.api.store().dependents(owner.uid()).filter(|d| blocks(d)).map(|d| (d.key(), d.is_deleting())).collect();
        if blocking.is_empty() {
            self.remove_finalizer(ctx, &owner.key(), FOREGROUND);
            return;
        }
        for (key, deleting) in blocking {
            if !deleting {
                self.attempt_to_delete.add(ctx, key, 1);
            }
        }
    }

    /// Models `attemptToOrphan`.
    fn orphan(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) {
        let Some(owner) = ctx.api.get(key).cloned() else { return };
        if !owner.has_finalizer(ORPHAN) {
            return;
        }
        let dependents: Vec<ObjectKey> = ctx.api.store().dependents(owner.uid()).map(|d| d.key()).collect();
        if dependents.is_empty() {
            self.remove_finalizer(ctx, key, ORPHAN);
            return;
        }
        for dependent in dependents {
            self.patch(ctx, &dependent, |body| {
                let owners = body.slot("metadata.ownerReferences").make_array();
                owners.retain(|o| o.str_at("uid") != owner.uid().as_ref());
                if owners.is_empty() {
                    body.unset("metadata.ownerReferences");
                }
            });
        }
        // The owner's controller sees that it has no dependents any more before the owner is gone.
        self.attempt_to_orphan.add(ctx, key.clone(), PATCHES);
    }

    fn remove_finalizer(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey, finalizer: &str) {
        self.patch(ctx, key, |body| {
            let finalizers = body.slot("metadata.finalizers").make_array();
            finalizers.retain(|f| f.as_str() != Some(finalizer));
            if finalizers.is_empty() {
                body.unset("metadata.finalizers");
            }
        });
    }

    fn patch(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey, change: impl FnOnce(&mut crate::api::Value)) {
        if ctx.api.mutate(key, Subresource::Main, change).is_err() {
            self.attempt_to_delete.add_rate_limited(ctx, key.clone());
        }
    }
}
