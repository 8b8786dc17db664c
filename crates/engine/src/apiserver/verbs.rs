//! Create, update and patch.
//!
//! Models `registry/generic/registry/store.go` (`Create`, `Update`) and `endpoints/handlers/patch.go`.

use std::rc::Rc;

use super::{ApiServer, Change, Status};
use crate::api::{Kind, Object, ObjectKey, Value};

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
    /// RFC 7386.
    Merge,
}

/// Options of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WriteOptions {
    /// Everything is checked and nothing kept.
    pub dry_run: bool,
}

impl ApiServer {
    /// Creates an object: names it, stamps it and stores it. The body's `metadata.namespace` must be set for a kind that
    /// lives in one.
    pub fn create(&mut self, kind: Kind, mut body: Value, options: WriteOptions) -> Result<Rc<Object>, Status> {
        if body.str_at("metadata.name").is_empty() && !body.str_at("metadata.generateName").is_empty() {
            let base: String = body.str_at("metadata.generateName").chars().take(58).collect();
            let suffix = self.rng.name_suffix(5);
            body.set("metadata.name", format!("{base}{suffix}"));
        }
        body.set("apiVersion", kind.api_version());
        body.set("kind", kind.name());
        body.set("metadata.uid", self.rng.uuid());
        body.set("metadata.creationTimestamp", self.now.rfc3339());
        let object = Object::new(kind, body);
        if self.store.get(&object.key()).is_some() {
            return Err(Status::already_exists(kind, object.name()));
        }
        if options.dry_run {
            return Ok(Rc::new(object));
        }
        Ok(self.commit(object.body().clone(), kind))
    }

    /// Replaces an object (or, with [`Subresource::Status`], its status). A resourceVersion in the body must be the
    /// newest; without one the newest is overwritten.
    pub fn update(
        &mut self,
        kind: Kind,
        mut body: Value,
        part: Subresource,
        options: WriteOptions,
    ) -> Result<Rc<Object>, Status> {
        let object = Object::new(kind, body.clone());
        let Some(old) = self.store.get(&object.key()).cloned() else {
            return Err(Status::not_found(kind, object.name()));
        };
        if object.resource_version() != 0 && object.resource_version() != old.resource_version() {
            return Err(Status::modified(kind, object.name()));
        }
        match part {
            Subresource::Status => {
                let status = body.at("status").clone();
                // Deployments number their rollouts in an annotation that goes with their status.
                let annotations = body.at("metadata.annotations").clone();
                body = old.body().clone();
                body.set("status", status);
                if kind == Kind::Deployment && !annotations.is_null() {
                    body.set("metadata.annotations", annotations);
                }
            }
            Subresource::Main => {
                let status = old.at("status").clone();
                if status.is_null() {
                    body.unset("status");
                } else {
                    body.set("status", status);
                }
                for field in
                    ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"]
                {
                    let path = format!("metadata.{field}");
                    let value = old.at(&path).clone();
                    if value.is_null() {
                        body.unset(&path);
                    } else {
                        body.set(&path, value);
                    }
                }
            }
        }
        body.set("metadata.resourceVersion", old.resource_version().to_string());
        if body == *old.body() || options.dry_run {
            return Ok(if options.dry_run { Rc::new(Object::new(kind, body)) } else { old });
        }
        let object = Object::new(kind, body);
        if object.is_deleting() && object.at("metadata.finalizers").items().is_empty() && self.is_final(&object) {
            return Ok(self.finalize(&object.key(), Some(object.body().clone())));
        }
        Ok(self.commit(object.body().clone(), kind))
    }

    /// Reads the newest version, lets `change` edit it, and writes it back. `Ok(None)` where there is no such object.
    pub fn mutate(
        &mut self,
        key: &ObjectKey,
        part: Subresource,
        change: impl FnOnce(&mut Value),
    ) -> Result<Option<Rc<Object>>, Status> {
        let Some(old) = self.get(key) else { return Ok(None) };
        let mut body = old.body().clone();
        change(&mut body);
        self.update(key.kind, body, part, WriteOptions::default()).map(Some)
    }

    /// Gives a body the next resourceVersion, stores it, and tells watchers.
    pub(super) fn commit(&mut self, mut body: Value, kind: Kind) -> Rc<Object> {
        self.resource_version += 1;
        body.set("metadata.resourceVersion", self.resource_version.to_string());
        let object = Rc::new(Object::new(kind, body));
        let before = self.store.put(object.clone());
        self.changes.push(Change {
            at: self.now,
            actor: self.actor.clone(),
            key: object.key(),
            before,
            after: Some(object.clone()),
            last: None,
        });
        object
    }
}
