//! An API object as the store keeps it: one immutable version, with a view of its metadata.
//!
//! Models `metav1.ObjectMeta` and the accessors of apimachinery `pkg/api/meta`.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use super::{Kind, Value, order};
use crate::clock::Time;
use crate::sorted::ordered;

/// The parts of an [`ObjectKey`].
#[derive(PartialEq, Eq, Hash)]
pub struct KeyParts {
    /// The kind.
    pub kind: Kind,
    /// The namespace, empty where the kind has none.
    pub namespace: Rc<str>,
    /// The name.
    pub name: Rc<str>,
}

/// Which object: kind, namespace (empty for kinds of the cluster) and name. All versions of an object and all changes of it
/// share one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(Rc<KeyParts>);

impl ObjectKey {
    /// A key from its parts.
    pub fn new(kind: Kind, namespace: impl Into<Rc<str>>, name: impl Into<Rc<str>>) -> Self {
        Self(Rc::new(KeyParts { kind, namespace: namespace.into(), name: name.into() }))
    }
    fn of(kind: Kind, body: &Value) -> Self {
        let metadata = body.at("metadata");
        let text = |field: &'static str| match metadata.at(field) {
            Value::Str(text) => text.clone(),
            _ => EMPTY.with(|e| Rc::clone(e)),
        };
        Self::new(kind, text("namespace"), text("name"))
    }
}

impl Deref for ObjectKey {
    type Target = KeyParts;
    fn deref(&self) -> &KeyParts {
        &self.0
    }
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        if Rc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        let place = || order::of_shared(&self.namespace, &other.namespace);
        self.kind.cmp(&other.kind).then_with(place).then_with(|| order::of_shared(&self.name, &other.name))
    }
}

ordered!(ObjectKey);

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind.name(), self.namespace, self.name)
    }
}

/// An entry of `metadata.ownerReferences`.
#[derive(Clone, Debug)]
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

impl PartialEq for OwnerReference {
    fn eq(&self, other: &Self) -> bool {
        let texts = [
            (&self.uid, &other.uid),
            (&self.name, &other.name),
            (&self.kind, &other.kind),
            (&self.api_version, &other.api_version),
        ];
        self.controller == other.controller
            && self.block_owner_deletion == other.block_owner_deletion
            && texts.iter().all(|(a, b)| order::same_shared(a, b))
    }
}

impl OwnerReference {
    fn read(v: &Value) -> Self {
        let text = |k: &'static str| v.at(k).as_rc_str().unwrap_or_else(|| Rc::from(""));
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

thread_local! {
    /// The owner references of an object that has none.
    static OWNERLESS: Rc<Vec<OwnerReference>> = Rc::default();
    /// What an absent name is.
    static EMPTY: &'static Rc<str> = Box::leak(Box::new(Rc::from("")));
}

const OWNERS: &str = "metadata.ownerReferences";

/// One version of an API object. Immutable: a change makes a new one, which shares what stayed the same.
pub struct Object {
    key: ObjectKey,
    body: Value,
    /// The owner references, once somebody has asked for them.
    owners: OnceCell<Rc<Vec<OwnerReference>>>,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}

impl Object {
    /// Wraps a tree. The kind is the caller's word; the tree's own `kind` field is not looked at.
    pub fn new(kind: Kind, body: Value) -> Self {
        Self::keyed(ObjectKey::of(kind, &body), body)
    }
    /// Wraps a tree whose key is known.
    pub fn keyed(key: ObjectKey, body: Value) -> Self {
        Self { key, body, owners: OnceCell::new() }
    }
    /// The version of an object that follows another: what was read from that one need not be read again.
    pub fn following(before: &Self, body: Value) -> Self {
        let owners = OnceCell::new();
        if let Some(known) = before.owners.get()
            && body.at(OWNERS).same(before.at(OWNERS))
        {
            let _ = owners.set(known.clone());
        }
        Self { key: before.key.clone(), body, owners }
    }
    /// The kind.
    pub fn kind(&self) -> Kind {
        self.key.kind
    }
    /// The whole tree: apiVersion, kind, metadata, spec, status.
    pub fn body(&self) -> &Value {
        &self.body
    }
    /// Key and tree, taken out.
    pub fn into_parts(self) -> (ObjectKey, Value) {
        (self.key, self.body)
    }
    /// The value at a dotted path of the tree.
    pub fn at(&self, path: &'static str) -> &Value {
        self.body.at(path)
    }
    fn meta(&self, field: &'static str) -> &Value {
        self.body.at("metadata").at(field)
    }
    fn text(&self, field: &'static str) -> &Rc<str> {
        match self.meta(field) {
            Value::Str(text) => text,
            _ => EMPTY.with(|e| *e),
        }
    }
    fn time(&self, field: &'static str) -> Option<Time> {
        self.meta(field).as_str().and_then(Time::parse_rfc3339)
    }
    /// `metadata.name`
    pub fn name(&self) -> &Rc<str> {
        &self.key.name
    }
    /// `metadata.namespace`, empty where the kind has none.
    pub fn namespace(&self) -> &Rc<str> {
        &self.key.namespace
    }
    /// `metadata.uid`
    pub fn uid(&self) -> &Rc<str> {
        self.text("uid")
    }
    /// Kind, namespace and name.
    pub fn key(&self) -> ObjectKey {
        self.key.clone()
    }
    /// `metadata.resourceVersion` as a number, 0 before it was stored.
    pub fn resource_version(&self) -> u64 {
        self.text("resourceVersion").parse().unwrap_or(0)
    }
    /// `metadata.creationTimestamp`
    pub fn creation_time(&self) -> Option<Time> {
        self.time("creationTimestamp")
    }
    /// `metadata.deletionTimestamp`: when the object is to be gone (for a Pod: the end of its grace period).
    pub fn deletion_time(&self) -> Option<Time> {
        self.time("deletionTimestamp")
    }
    /// Whether deletion was asked for.
    pub fn is_deleting(&self) -> bool {
        self.meta("deletionTimestamp").as_str().is_some()
    }
    /// `metadata.ownerReferences`
    pub fn owners(&self) -> &[OwnerReference] {
        let read = || match self.at(OWNERS).items() {
            [] => OWNERLESS.with(Rc::clone),
            list => Rc::new(list.iter().map(OwnerReference::read).collect()),
        };
        match self.owners.get() {
            Some(known) => known,
            None => self.owners.get_or_init(read),
        }
    }
    /// The owner that manages the object. Models `metav1.GetControllerOf`.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owners().iter().find(|o| o.controller)
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
