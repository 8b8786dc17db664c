//! An API object as the store keeps it: one immutable version, with its metadata read once.
//!
//! Models `metav1.ObjectMeta` and the accessors of apimachinery `pkg/api/meta`.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use super::{Kind, Value};
use crate::clock::Time;

/// Which object: kind, namespace (empty for kinds of the cluster) and name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// The kind.
    pub kind: Kind,
    /// The namespace, empty where the kind has none.
    pub namespace: Rc<str>,
    /// The name.
    pub name: Rc<str>,
}

impl ObjectKey {
    /// A key from its parts.
    pub fn new(kind: Kind, namespace: impl Into<Rc<str>>, name: impl Into<Rc<str>>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.name(), self.namespace, self.name)
    }
}

/// An entry of `metadata.ownerReferences`.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnerReference {
    /// `apps/v1`
    pub api_version: Rc<str>,
    /// `ReplicaSet`
    pub kind: Rc<str>,
    /// Name of the owner.
    pub name: Rc<str>,
    /// Uid of the owner: it, not the name, is what binds.
    pub uid: Rc<str>,
    /// Whether this owner manages the object.
    pub controller: bool,
    /// Whether a foreground deletion of the owner waits for the object.
    pub block_owner_deletion: bool,
}

impl OwnerReference {
    fn read(v: &Value) -> Self {
        let text = |k: &str| v.at(k).as_rc_str().unwrap_or_else(|| Rc::from(""));
        Self {
            api_version: text("apiVersion"),
            kind: text("kind"),
            name: text("name"),
            uid: text("uid"),
            controller: v.bool_at("controller"),
            block_owner_deletion: v.bool_at("blockOwnerDeletion"),
        }
    }
    /// The reference that a controller puts on what it makes. Models `metav1.NewControllerRef`.
    pub fn controller_of(owner: &Object) -> Value {
        Value::object([
            ("apiVersion", Value::from(owner.kind().api_version())),
            ("kind", owner.kind().name().into()),
            ("name", owner.name().into()),
            ("uid", owner.uid().into()),
            ("controller", true.into()),
            ("blockOwnerDeletion", true.into()),
        ])
    }
}

#[derive(Clone)]
struct Meta {
    name: Rc<str>,
    namespace: Rc<str>,
    uid: Rc<str>,
    resource_version: u64,
    creation: Option<Time>,
    deletion: Option<Time>,
    owners: Vec<OwnerReference>,
}

/// One version of an API object. Immutable: a change makes a new one, which shares what stayed the same.
pub struct Object {
    kind: Kind,
    body: Value,
    meta: OnceCell<Meta>,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}

impl Object {
    /// Wraps a tree. The kind is the caller's word; the tree's own `kind` field is not looked at.
    pub fn new(kind: Kind, body: Value) -> Self {
        Self { kind, body, meta: OnceCell::new() }
    }
    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }
    /// The whole tree: apiVersion, kind, metadata, spec, status.
    pub fn body(&self) -> &Value {
        &self.body
    }
    /// The tree, taken out.
    pub fn into_body(self) -> Value {
        self.body
    }
    /// The value at a dotted path of the tree.
    pub fn at(&self, path: &str) -> &Value {
        self.body.at(path)
    }
    fn meta(&self) -> &Meta {
        self.meta.get_or_init(|| {
            let m = self.body.at("metadata");
            let text = |k: &str| m.at(k).as_rc_str().unwrap_or_else(|| Rc::from(""));
            let time = |k: &str| m.at(k).as_str().and_then(Time::parse_rfc3339);
            Meta {
                name: text("name"),
                namespace: text("namespace"),
                uid: text("uid"),
                resource_version: m.str_at("resourceVersion").parse().unwrap_or(0),
                creation: time("creationTimestamp"),
                deletion: time("deletionTimestamp"),
                owners: m.at("ownerReferences").items().iter().map(OwnerReference::read).collect(),
            }
        })
    }
    /// `metadata.name`
    pub fn name(&self) -> &Rc<str> {
        &self.meta().name
    }
    /// `metadata.namespace`, empty where the kind has none.
    pub fn namespace(&self) -> &Rc<str> {
        &self.meta().namespace
    }
    /// `metadata.uid`
    pub fn uid(&self) -> &Rc<str> {
        &self.meta().uid
    }
    /// Kind, namespace and name.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(self.kind, self.namespace().clone(), self.name().clone())
    }
    /// `metadata.resourceVersion` as a number, 0 before it was stored.
    pub fn resource_version(&self) -> u64 {
        self.meta().resource_version
    }
    /// `metadata.creationTimestamp`
    pub fn creation_time(&self) -> Option<Time> {
        self.meta().creation
    }
    /// `metadata.deletionTimestamp`: when the object is to be gone (for a Pod: the end of its grace period).
    pub fn deletion_time(&self) -> Option<Time> {
        self.meta().deletion
    }
    /// Whether deletion was asked for.
    pub fn is_deleting(&self) -> bool {
        self.meta().deletion.is_some()
    }
    /// `metadata.ownerReferences`
    pub fn owners(&self) -> &[OwnerReference] {
        &self.meta().owners
    }
    /// The owner that manages the object. Models `metav1.GetControllerOf`.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.meta().owners.iter().find(|o| o.controller)
    }
    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.body.at("metadata.labels").get(key).and_then(Value::as_str)
    }
    /// `metadata.labels`, null where there are none.
    pub fn labels(&self) -> &Value {
        self.body.at("metadata.labels")
    }
    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.body.at("metadata.annotations").get(key).and_then(Value::as_str)
    }
    /// `metadata.generation`
    pub fn generation(&self) -> i64 {
        self.body.int_at("metadata.generation").unwrap_or(0)
    }
    /// Whether `metadata.finalizers` holds the given one.
    pub fn has_finalizer(&self, finalizer: &str) -> bool {
        self.body.at("metadata.finalizers").items().iter().any(|f| f.as_str() == Some(finalizer))
    }
    /// The condition of a type in `status.conditions`.
    pub fn condition(&self, kind: &str) -> Option<&Value> {
        self.body.at("status.conditions").items().iter().find(|c| c.str_at("type") == kind)
    }
    /// Whether a condition of a type is `True`.
    pub fn condition_is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|c| c.str_at("status") == "True")
    }
}
