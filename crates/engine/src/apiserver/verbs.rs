//! Create, update and patch.
//!
//! Models `registry/generic/registry/store.go` (`Create`, `Update`), `registry/rest/{create,update}.go` and
//! `endpoints/handlers/patch.go`. What a controller or kubelet writes without touching the spec skips defaulting and
//! validation: it was checked when it came in.

use std::rc::Rc;

use super::{Actor, ApiServer, Change, Reason, Status, strategy};
use crate::api::defaults::{self, prepare_for_create, prepare_for_update};
use crate::api::patch::{self, JsonPatchError};
use crate::api::pool::share_object;
use crate::api::{FieldError, Kind, Map, Object, ObjectKey, Path, Value};

/// Which part of an object a request is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Subresource {
    /// The object; its status is kept as it is.
    #[default]
    Main,
    /// `/status`: only the status changes.
    Status,
}

/// How a patch is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatchType {
    /// RFC 7386: `application/merge-patch+json`.
    Merge,
    /// RFC 6902: `application/json-patch+json`.
    Json,
    /// `application/strategic-merge-patch+json`.
    Strategic,
}

/// Options of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WriteOptions {
    /// Everything is checked and nothing kept.
    pub dry_run: bool,
    /// What is done about fields that the kind does not have.
    pub unknown_fields: UnknownFields,
}

/// What is done about fields that a kind does not have: `fieldValidation` of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UnknownFields {
    /// They are dropped, with a warning.
    #[default]
    Warn,
    /// They are refused.
    Refuse,
    /// They are dropped.
    Drop,
}

impl ApiServer {
    /// Creates an object: completes, checks, names, stamps and stores it. The body's `metadata.namespace` must be set for a
    /// kind that lives in one.
    pub fn create(&mut self, kind: Kind, mut body: Value, options: WriteOptions) -> Result<Rc<Object>, Status> {
        self.check_room()?;
        self.stamp_kind(kind, &mut body);
        if !body.str_at("metadata.resourceVersion").is_empty() {
            let text = "resourceVersion should not be set on objects to be created";
            return Err(Status::new(Reason::Unknown, text));
        }
        self.admit_namespace(kind, &body)?;
        if kind == Kind::Event {
            return self.create_event(body, options);
        }
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"] {
            if body.at("metadata").get(field).is_some() {
                body.slot("metadata").make_object().remove(field);
            }
        }
        defaults::apply(kind, &mut body);
        // What the server adds from here on belongs to nobody.
        let written = (self.actor == Actor::User).then(|| body.clone());
        let limited = kind == Kind::Pod && self.admit_pod(&mut body)?;
        self.admit_ingress(kind, &mut body);
        let prefix = match body.str_at("metadata.name") {
            "" => body.at("metadata.generateName").as_rc_str().filter(|p| !p.is_empty()),
            _ => None,
        };
        if let Some(prefix) = prefix {
            let name = self.free_name(kind, body.str_at("metadata.namespace"), &prefix);
            body.set("metadata.name", name);
        }
        body.set("metadata.uid", self.rng.uuid());
        let stamp = self.stamp();
        body.set("metadata.creationTimestamp", stamp);
        prepare_for_create(kind, &mut body);
        if kind == Kind::Service {
            strategy::allocate_service(&mut body, &self.store, &mut self.rng);
        }
        self.validate_new(kind, &body, limited)?;
        if kind == Kind::Service {
            strategy::check_families(&body)?;
        }
        defaults::apply_on_read(kind, &mut body);
        self.check_default_class(kind, &body)?;
        self.check_limits(kind, &body)?;
        let object = Object::new(kind, body);
        let charges = self.charge(&object, None)?;
        if let Some(there) = self.store.get(&object.key()) {
            let mut status = Status::already_exists(kind, object.name());
            if there.is_deleting() {
                status.message = format!("object is being deleted: {}", status.message);
            }
            return Err(status);
        }
        if options.dry_run {
            return Ok(Rc::new(object));
        }
        if kind == Kind::Service {
            strategy::check_node_ports(&object, &self.store)?;
        }
        self.commit_charges(charges);
        if let Some(written) = written {
            self.track(object.uid(), kind, None, &written, "");
        }
        Ok(self.commit(object, None))
    }

    /// Nothing is added to an event but its metadata.
    fn create_event(&mut self, mut body: Value, options: WriteOptions) -> Result<Rc<Object>, Status> {
        if self.actor == Actor::User && body.str_at("involvedObject.namespace") != body.str_at("metadata.namespace") {
            let path = Path::new("involvedObject.namespace");
            let namespace = body.str_at("involvedObject.namespace");
            let wrong = FieldError::invalid(&path, namespace, "does not match event.namespace");
            return Err(Status::invalid_fields(Kind::Event, body.str_at("metadata.name"), &[wrong]));
        }
        body.set("metadata.uid", self.rng.uuid());
        let stamp = self.stamp();
        body.set("metadata.creationTimestamp", stamp);
        let name = body.str_at("metadata.name");
        if self.store.find(Kind::Event, body.str_at("metadata.namespace"), name).is_some() {
            return Err(Status::already_exists(Kind::Event, name));
        }
        if options.dry_run {
            return Ok(Rc::new(Object::new(Kind::Event, body)));
        }
        Ok(self.commit(Object::new(Kind::Event, body), None))
    }

    fn check_room(&self) -> Result<(), Status> {
        // Events come by themselves, and go by themselves in a real cluster: they do not count.
        if self.store.len() - self.store.count(Kind::Event) < self.max_objects {
            return Ok(());
        }
        let text = format!(
            "the simulated cluster is full: it holds {} objects, which is its limit; delete some, or start afresh",
            self.max_objects
        );
        Err(Status::new(Reason::RequestEntityTooLarge, text))
    }

    fn stamp_kind(&self, kind: Kind, body: &mut Value) {
        let (api_version, name) = self.shared_kind(kind);
        for (field, value) in [("apiVersion", api_version), ("kind", name)] {
            if !body.at(field).same(value) {
                body.make_object().insert(field, value.clone());
            }
        }
    }

    /// A name from a prefix that is not taken. Models `RetryGenerateName`: eight tries, then let it fail.
    fn free_name(&mut self, kind: Kind, namespace: &str, prefix: &str) -> Rc<str> {
        let mut name = Rc::from("");
        for _ in 0..8 {
            name = strategy::generated_name(prefix, &self.rng.name_suffix(5));
            if self.store.find(kind, namespace, &name).is_none() {
                break;
            }
        }
        name
    }

    /// Replaces an object (or, with [`Subresource::Status`], its status). A resourceVersion in the body must be the
    /// newest; without one the newest is overwritten.
    pub fn update(
        &mut self,
        kind: Kind,
        body: Value,
        part: Subresource,
        options: WriteOptions,
    ) -> Result<Rc<Object>, Status> {
        let (namespace, name) = (body.str_at("metadata.namespace"), body.str_at("metadata.name"));
        let Some(old) = self.store.find(kind, namespace, name).cloned() else {
            return Err(Status::not_found(kind, name));
        };
        Self::check_version(kind, &body, &old)?;
        self.replace(kind, body, part, options, old)
    }

    /// Puts a body of the newest version in place of the one that it was made from.
    fn replace(
        &mut self,
        kind: Kind,
        mut body: Value,
        part: Subresource,
        options: WriteOptions,
        old: Rc<Object>,
    ) -> Result<Rc<Object>, Status> {
        match part {
            Subresource::Status => {
                // Deployments number their rollouts in an annotation that goes with their status.
                let annotations = body.at("metadata.annotations").clone();
                let mut status = body.at("status").clone();
                if kind == Kind::Pod && status.at("qosClass").is_null() {
                    let class = old.at("status.qosClass");
                    if !class.is_null() {
                        status.set("qosClass", class.clone());
                    }
                }
                body = old.body().clone();
                body.set("status", status);
                if kind == Kind::Deployment && !annotations.is_null() {
                    body.set("metadata.annotations", annotations);
                }
                if body == *old.body() {
                    return Ok(old);
                }
            }
            Subresource::Main => {
                self.stamp_kind(kind, &mut body);
                self.prepare_main(kind, &mut body, &old)?;
                if body == *old.body() {
                    return Ok(old);
                }
            }
        }
        let object = Object::following(&old, body);
        let charges = if part == Subresource::Main { self.charge_update(&object, &old)? } else { Vec::new() };
        if options.dry_run {
            return Ok(Rc::new(object));
        }
        if part == Subresource::Main && Self::deletes(&object, &old) {
            return Ok(self.finalize(&old.key()));
        }
        self.commit_charges(charges);
        if self.actor == Actor::User && part != Subresource::Status {
            self.track(old.uid(), kind, Some(old.body()), object.body(), "");
        }
        Ok(self.commit(object, Some(&old)))
    }

    fn charge_update(
        &self,
        object: &Object,
        old: &Object,
    ) -> Result<Vec<(Rc<Object>, super::admission::quota::ResourceList)>, Status> {
        // A Pod is counted anew only where its scope changes.
        let deadline = "spec.activeDeadlineSeconds";
        if object.kind() == Kind::Pod && object.at(deadline).is_null() == old.at(deadline).is_null() {
            return Ok(Vec::new());
        }
        self.charge(object, Some(old))
    }

    fn check_version(kind: Kind, body: &Value, old: &Object) -> Result<(), Status> {
        let (name, version) = (old.name(), body.str_at("metadata.resourceVersion"));
        let uid = body.str_at("metadata.uid");
        if !uid.is_empty() && uid != old.uid().as_ref() {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", old.uid());
            return Err(Status::conflict(kind, name, &why));
        }
        if version.is_empty() || version == "0" {
            if strategy::allows_unconditional_update(kind) {
                return Ok(());
            }
            let path = crate::api::Path::new("metadata").child("resourceVersion");
            let error = crate::api::FieldError::invalid(&path, 0, "must be specified for an update");
            return Err(Status::invalid_fields(kind, name, &[error]));
        }
        if version.parse() == Ok(old.resource_version()) { Ok(()) } else { Err(Status::modified(kind, name)) }
    }

    /// Takes over what a client cannot change, and checks what it can.
    fn prepare_main(&mut self, kind: Kind, body: &mut Value, old: &Object) -> Result<(), Status> {
        let spec_changed = !body.at("spec").same(old.at("spec"));
        let checked = self.actor == Actor::User || spec_changed;
        if checked {
            defaults::apply(kind, body);
            if kind == Kind::Pod && spec_changed {
                self.default_tolerations(body);
                for field in ["spec.priority", "spec.preemptionPolicy"] {
                    if body.at(field).is_null() && !old.at(field).is_null() {
                        body.set(field, old.at(field).clone());
                    }
                }
            }
        }
        let empty = Map::new();
        let metadata = old.at("metadata").as_object().unwrap_or(&empty);
        for field in ["uid", "resourceVersion"].into_iter().chain(strategy::SYSTEM_FIELDS) {
            strategy::keep_metadata(body, metadata, field);
        }
        prepare_for_update(kind, body, old.body());
        if kind == Kind::Service && spec_changed {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if body.at("spec").get(field).is_none()
                    && let Some(v) = old.at("spec").get(field)
                {
                    body.slot("spec").make_object().insert(field, v.clone());
                }
            }
            strategy::allocate_service(body, &self.store, &mut self.rng);
        }
        if checked {
            self.validate_update(kind, body, old)?;
        }
        Ok(())
    }

    /// Whether an update takes away the last finalizer of a deleted object. Models `ShouldDeleteDuringUpdate`.
    fn deletes(object: &Object, old: &Object) -> bool {
        let spec_holds = object.kind() == Kind::Namespace && !object.at("spec.finalizers").items().is_empty();
        old.is_deleting()
            && !spec_holds
            && object.at("metadata.finalizers").items().is_empty()
            && old.at("metadata.deletionGracePeriodSeconds").as_i64().unwrap_or(0) == 0
    }

    /// Reads the newest version, lets `change` edit it, and writes it back. `Ok(None)` where there is no such object.
    pub fn mutate(
        &mut self,
        key: &ObjectKey,
        part: Subresource,
        change: impl FnOnce(&mut Value),
    ) -> Result<Option<Rc<Object>>, Status> {
        let Some(old) = self.get(key).cloned() else { return Ok(None) };
        let mut body = old.body().clone();
        change(&mut body);
        self.replace(key.kind, body, part, WriteOptions::default(), old).map(Some)
    }

    /// Patches an object (or its status).
    pub fn patch(
        &mut self,
        key: &ObjectKey,
        how: PatchType,
        patch: &Value,
        part: Subresource,
        options: WriteOptions,
    ) -> Result<Rc<Object>, Status> {
        let Some(old) = self.get(key).cloned() else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        let body = patched(key.kind, old.body(), how, patch)?;
        let (name, namespace) = (body.str_at("metadata.name"), body.str_at("metadata.namespace"));
        if name != key.name.as_ref() {
            let text = format!("the name of the object ({name}) does not match the name on the URL ({})", key.name);
            return Err(Status::new(Reason::BadRequest, text));
        }
        if namespace != key.namespace.as_ref() {
            let text = "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Status::new(Reason::BadRequest, text));
        }
        let body = self.decode_patched(key.kind, &body, how, patch, options.unknown_fields)?;
        let uid = body.str_at("metadata.uid");
        if !uid.is_empty() && uid != old.uid().as_ref() {
            let path = crate::api::Path::new("metadata").child("uid");
            let error = crate::api::FieldError::invalid(&path, uid, "field is immutable");
            return Err(Status::invalid_fields(key.kind, &key.name, &[error]));
        }
        self.update(key.kind, body, part, options)
    }

    /// Gives an object the next resourceVersion, stores it, and tells watchers. What it has in common with the version
    /// before, where there was one, is kept once.
    pub(super) fn commit(&mut self, object: Object, before: Option<&Object>) -> Rc<Object> {
        let (key, mut body) = object.into_parts();
        body.set("metadata.resourceVersion", self.next_version());
        share_object(&mut body, before.map_or(&Value::Null, Object::body));
        let object = Rc::new(match before {
            Some(before) => Object::following(before, body),
            None => Object::keyed(key.clone(), body),
        });
        let before = self.store.put(&key, &object);
        self.changes.push(Change {
            at: self.now,
            actor: self.actor.clone(),
            key,
            before,
            after: Some(object.clone()),
            last: None,
        });
        object
    }
}

/// What a patch makes of a body.
fn patched(kind: Kind, body: &Value, how: PatchType, patch: &Value) -> Result<Value, Status> {
    if how != PatchType::Json && patch.as_object().is_none() {
        let prefix = if how == PatchType::Merge { "error decoding patch: " } else { "" };
        let what = patch::json_type(patch);
        let text = format!("{prefix}json: cannot unmarshal {what} into Go value of type map[string]interface {{}}");
        return Err(Status::new(Reason::BadRequest, text));
    }
    match how {
        PatchType::Merge => {
            let mut out = body.clone();
            patch::merge(&mut out, patch);
            Ok(out)
        }
        PatchType::Json => patch::json_patch(body, patch).map_err(|e| match e {
            JsonPatchError::Malformed(text) => Status::new(Reason::BadRequest, text),
            JsonPatchError::Failed(_) => {
                Status::new(Reason::Invalid, "the server rejected our request due to an error in our request")
            }
        }),
        PatchType::Strategic => patch::strategic(kind, body, patch).map_err(|e| {
            let reason = if e.bad_request { Reason::BadRequest } else { Reason::Unknown };
            Status::new(reason, e.message)
        }),
    }
}
