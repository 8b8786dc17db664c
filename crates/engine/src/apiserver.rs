//! The API server: verbs over the store, with everything that happens to an object on its way in and out.
//!
//! Models `k8s.io/apiserver/pkg/registry/generic/registry/store.go` and the strategies under `pkg/registry`. Every change
//! gets a resourceVersion and is told to watchers as a [`Change`], which names who made it.

mod admission;
mod bind;
mod checks;
mod delete;
mod managed;
mod status;
mod store;
mod strategy;
mod subresource;
mod verbs;

use std::collections::BTreeMap;
use std::rc::Rc;

pub use admission::quota;
pub use delete::{DeleteOptions, Propagation};
pub use managed::ApplyOptions;
pub use status::{Cause, Reason, Status};
pub use store::Store;
pub use strategy::has_status;
pub use verbs::{PatchType, Subresource, UnknownFields, WriteOptions};

use crate::api::{KINDS, Kind, Object, ObjectKey, Value};
use crate::clock::Time;
use crate::rng::Rng;

/// Who asked for a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// The learner, through kubectl, Apply or a button.
    User,
    /// A controller of kube-controller-manager, by the name its events carry: `job-controller`.
    Controller(&'static str),
    /// kube-scheduler.
    Scheduler,
    /// The kubelet of a node.
    Kubelet(Rc<str>),
    /// What the cluster makes for itself when it starts (namespaces, nodes).
    System,
}

/// One change of one object: an addition (`before` is none), a modification, or a deletion (`after` is none).
#[derive(Clone, Debug)]
pub struct Change {
    /// When it happened.
    pub at: Time,
    /// Who asked for it.
    pub actor: Actor,
    /// Which object.
    pub key: ObjectKey,
    /// The version before.
    pub before: Option<Rc<Object>>,
    /// The version after.
    pub after: Option<Rc<Object>>,
    /// The last version of a deleted object, with the deletion's resourceVersion, as a watch sends it.
    pub last: Option<Rc<Object>>,
}

impl Change {
    /// The newest version there is: after, or for a deletion the last one.
    pub fn object(&self) -> &Rc<Object> {
        self.after.as_ref().or(self.last.as_ref()).or(self.before.as_ref()).expect("a change has a version")
    }
    /// Whether the object is new.
    pub fn is_added(&self) -> bool {
        self.before.is_none()
    }
    /// Whether the object is gone.
    pub fn is_deleted(&self) -> bool {
        self.after.is_none()
    }
}

/// The API server: the store, the clock it stamps with, and the changes that watchers have not been told yet.
#[derive(Clone)]
pub struct ApiServer {
    store: Store,
    now: Time,
    actor: Actor,
    rng: Rng,
    resource_version: u64,
    changes: Vec<Change>,
    warnings: Vec<String>,
    max_objects: usize,
    /// The second of the last time stamp and its text, which all objects of that second share.
    stamp: (i64, Value),
    /// `apiVersion` and `kind` of every kind, which all its objects share.
    kinds: Rc<Vec<(Value, Value)>>,
    shared: Rc<admission::Shared>,
    /// Under which name people's requests manage fields.
    manager: Rc<str>,
    /// Who manages the fields of the objects that people wrote, by uid.
    managers: BTreeMap<Rc<str>, Rc<managed::Managers>>,
}

impl ApiServer {
    /// An empty API server. `seed` decides uids and generated names.
    pub fn new(seed: u64) -> Self {
        Self {
            store: Store::default(),
            now: Time(0),
            actor: Actor::System,
            rng: Rng::new(seed ^ 0xA91_5EED),
            resource_version: 0,
            changes: Vec::new(),
            warnings: Vec::new(),
            max_objects: usize::MAX,
            stamp: (i64::MIN, Value::Null),
            kinds: Rc::new(KINDS.iter().map(|i| (i.kind.api_version().into(), i.name.into())).collect()),
            shared: Rc::new(admission::Shared::new()),
            manager: Rc::from("kubectl"),
            managers: BTreeMap::new(),
        }
    }
    /// Limits how many objects there may be.
    pub fn limit_objects(&mut self, max: usize) {
        self.max_objects = max;
    }
    fn shared_kind(&self, kind: Kind) -> &(Value, Value) {
        &self.kinds[kind as usize]
    }
    /// The time as objects carry it.
    pub fn stamp(&mut self) -> Value {
        let second = self.now.0.div_euclid(1000);
        if self.stamp.0 != second {
            self.stamp = (second, self.now.rfc3339().into());
        }
        self.stamp.1.clone()
    }
    /// Sets the time and who the following requests come from.
    pub fn act(&mut self, now: Time, actor: Actor) {
        self.now = now;
        self.actor = actor;
    }
    /// Sets who the following requests come from.
    pub fn act_as(&mut self, actor: Actor) {
        self.actor = actor;
    }
    /// The time requests are stamped with.
    pub fn now(&self) -> Time {
        self.now
    }
    /// The newest resourceVersion given out.
    pub fn resource_version(&self) -> u64 {
        self.resource_version
    }
    /// The objects, for reading.
    pub fn store(&self) -> &Store {
        &self.store
    }
    /// The newest version of an object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Rc<Object>> {
        self.store.get(key)
    }
    /// The next resourceVersion. No two are alike: it is a text of its own, and not for the cache of texts.
    fn next_version(&mut self) -> Rc<str> {
        self.resource_version += 1;
        let (mut text, mut first, mut rest) = ([b'0'; 20], 20, self.resource_version);
        while rest > 0 {
            first -= 1;
            text[first] += (rest % 10) as u8;
            rest /= 10;
        }
        Rc::from(str::from_utf8(&text[first..]).unwrap_or_default())
    }
    /// Takes the changes that have not been taken yet, oldest first. Their list keeps its room.
    pub fn take_changes(&mut self) -> impl Iterator<Item = Change> {
        self.changes.drain(..)
    }
}

#[cfg(test)]
mod tests;
