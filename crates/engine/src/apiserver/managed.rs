//! Who manages which fields, and server-side apply.
//!
//! Models apimachinery `pkg/util/managedfields` and `sigs.k8s.io/structured-merge-diff`. Only what people write is tracked;
//! it is kept beside the objects, not in them, so that the versions of an object stay small.

mod cluster;
mod set;
mod walk;

use std::rc::Rc;

use super::{Actor, ApiServer, Reason, Status, Subresource, WriteOptions};
use crate::api::schema;
use crate::api::{Kind, Object, ObjectKey, Value};
use set::Set;

/// One who manages fields of an object.
#[derive(Clone, Debug)]
struct Manager {
    name: Rc<str>,
    /// Whether by applying, else by updating.
    applies: bool,
    subresource: &'static str,
    fields: Set,
    /// When it last wrote.
    time: Value,
}

/// The managers of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Managers(Vec<Manager>);

impl Manager {
    fn is(&self, name: &str, applies: bool, subresource: &str) -> bool {
        self.name.as_ref() == name && self.applies == applies && self.subresource == subresource
    }
    /// Whether it manages the field at these steps itself.
    fn owns(&self, steps: &[&str]) -> bool {
        let mut set = Some(&self.fields);
        for step in steps {
            set = set.and_then(|s| s.children.get(*step));
        }
        set.is_some_and(|s| s.member)
    }
    /// As conflicts print it. Models `printManager`.
    fn printed(&self, kind: Kind) -> String {
        let mut text = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            text += &format!(" with subresource {:?}", self.subresource);
        }
        if !self.applies {
            text += &format!(" using {}", kind.api_version());
        }
        text
    }
}

impl Managers {
    fn entry(&mut self, name: &Rc<str>, applies: bool, subresource: &'static str) -> &mut Manager {
        let at = self.0.iter().position(|m| m.is(name, applies, subresource)).unwrap_or_else(|| {
            let fields = Set::default();
            self.0.push(Manager { name: name.clone(), applies, subresource, fields, time: Value::Null });
            self.0.len() - 1
        });
        &mut self.0[at]
    }
    fn tidy(&mut self) {
        self.0.retain(|m| !m.fields.is_empty());
    }
}

/// Options of a server-side apply.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// Who applies.
    pub manager: Rc<str>,
    /// Whether fields are taken from other managers.
    pub force: bool,
    /// Everything is checked and nothing kept.
    pub dry_run: bool,
}

impl ApiServer {
    /// Sets under which name the following requests manage fields: `kubectl-create`.
    pub fn manage_as(&mut self, manager: impl Into<Rc<str>>) {
        self.manager = manager.into();
    }

    /// Takes up what a person's write changed.
    pub(super) fn track(
        &mut self,
        uid: &Rc<str>,
        kind: Kind,
        old: Option<&Value>,
        new: &Value,
        subresource: &'static str,
    ) {
        let (changed, removed) = walk::differences(schema::of(kind), old, new);
        if changed.is_empty() && removed.is_empty() {
            return;
        }
        let now = self.stamp();
        let managers = Rc::make_mut(self.managers.entry(uid.clone()).or_default());
        for other in managers.0.iter_mut().filter(|m| !m.is(&self.manager, false, subresource)) {
            other.fields.subtract(&changed);
            other.fields.subtract(&removed);
        }
        let own = managers.entry(&self.manager, false, subresource);
        own.fields.subtract(&removed);
        own.fields.add(&changed);
        own.time = now;
        managers.tidy();
    }

    /// Creates an object, or changes the fields of one that it names, as `kubectl apply --server-side` does. What the
    /// manager applied before and no longer does goes, unless others manage it too.
    pub fn apply(&mut self, kind: Kind, config: Value, options: &ApplyOptions) -> Result<Rc<Object>, Status> {
        let key = Object::new(kind, config.clone()).key();
        let write = WriteOptions { dry_run: options.dry_run, ..WriteOptions::default() };
        let ty = schema::of(kind);
        let wanted = walk::fields(ty, &config);
        let Some(live) = self.get(&key).cloned() else {
            let made = self.create(kind, config, write)?;
            self.set_applied(&made, wanted, options);
            return Ok(made);
        };
        let mut managers = self.managers.get(live.uid()).map(|m| (**m).clone()).unwrap_or_default();
        upgrade(&mut managers, &live, &options.manager);
        let (changes, _) = walk::differences(ty, Some(live.body()), &config);
        let mut conflicts = Vec::new();
        for other in managers.0.iter_mut().filter(|m| !m.is(&options.manager, true, "")) {
            let both = other.fields.intersection(&changes);
            if both.is_empty() {
                continue;
            }
            if options.force {
                other.fields.subtract(&both);
            } else {
                conflicts.extend(both.paths().into_iter().map(|path| (other.printed(kind), path)));
            }
        }
        if !conflicts.is_empty() {
            return Err(conflict(conflicts));
        }
        let mut gone = managers.entry(&options.manager, true, "").fields.clone();
        gone.subtract(&wanted);
        for other in managers.0.iter().filter(|m| !m.is(&options.manager, true, "")) {
            gone.subtract(&other.fields);
        }
        let mut body = walk::merged(ty, live.body(), &config);
        walk::remove(&mut body, &gone);
        let made = self.update_tracked(&key, body, write)?;
        if !options.dry_run {
            self.managers.insert(live.uid().clone(), Rc::new(managers));
            self.set_applied(&made, wanted, options);
        }
        Ok(made)
    }

    /// `metadata.managedFields` of an object. What people write is tracked; what the cluster writes is put together here.
    pub fn managed_fields(&self, object: &Object) -> Value {
        let ty = schema::of(object.kind());
        let mut managers = self.managers.get(object.uid()).map(|m| m.0.clone()).unwrap_or_default();
        let created = object.at("metadata.creationTimestamp");
        let made = |fields: Set, name: &str, subresource: &'static str| Manager {
            name: Rc::from(name),
            applies: false,
            subresource,
            fields,
            time: created.clone(),
        };
        let makes = if object.kind() == Kind::Node { "kubelet" } else { "kube-controller-manager" };
        if managers.is_empty() {
            let mut body = object.body().clone();
            // What admission and the scheduler add belongs to nobody.
            for field in
                ["nodeName", "priority", "preemptionPolicy", "serviceAccount", "serviceAccountName", "tolerations"]
            {
                body.unset(&format!("spec.{field}"));
            }
            if object.kind() == Kind::Pod {
                cluster::without_token(&mut body);
            }
            managers.push(made(walk::written(ty, &body), makes, ""));
        }
        let status = ty.field("status").and_then(|f| f.ty.as_struct());
        let reported = cluster::reported(object);
        if let Some(inner) = status.map(|ty| walk::written(ty, &reported)).filter(|s| !s.is_empty()) {
            let mut fields = Set::default();
            *fields.below("f:status".into()) = inner;
            if object.kind() == Kind::Pod {
                // The class comes with the Pod, and of where it was put the scheduler has written all but one field.
                let status = fields.below("f:status".into());
                status.children.remove("f:qosClass");
                let conditions = status.below("f:conditions".into());
                conditions.member = false;
                if let Some(scheduled) = conditions.children.get_mut("k:{\"type\":\"PodScheduled\"}") {
                    scheduled.member = false;
                    scheduled.children.retain(|step, _| step == "f:observedGeneration");
                }
            }
            // The Deployment controller writes the revision along with the status.
            let revision = object.at("metadata.annotations").get(cluster::REVISION).is_some();
            if object.kind() == Kind::Deployment && revision {
                let annotations = fields.below("f:metadata".into()).below("f:annotations".into());
                annotations.below(format!("f:{}", cluster::REVISION)).member = true;
                annotations.member = !managers.iter().any(|m| m.owns(&["f:metadata", "f:annotations"]));
            }
            let name = if object.kind() == Kind::Pod { "kubelet" } else { makes };
            let mut manager = made(fields, name, "status");
            if let Some(time) = cluster::last_time(object.at("status")) {
                manager.time = time.into();
            }
            managers.push(manager);
        }
        managers.retain(|m| !m.fields.is_empty());
        // Those who apply come first, then the earlier ones.
        managers.sort_by(|a, b| {
            let key = |m: &Manager| (!m.applies, m.time.as_str().unwrap_or("").to_owned(), m.name.clone());
            key(a).cmp(&key(b))
        });
        let entry = |m: &Manager| {
            let mut v = crate::json!({
                "apiVersion": (object.kind().api_version()),
                "fieldsType": "FieldsV1",
                "fieldsV1": (m.fields.to_value()),
                "manager": (m.name.as_ref()),
                "operation": (if m.applies { "Apply" } else { "Update" }),
                "time": (m.time.clone())
            });
            if !m.subresource.is_empty() {
                v.set("subresource", m.subresource);
            }
            v
        };
        Value::array(managers.iter().map(entry))
    }

    /// The managers of an object.
    pub(super) fn managers_of(&self, key: &ObjectKey) -> Option<Rc<Managers>> {
        self.managers.get(self.get(key)?.uid()).cloned()
    }

    /// Takes a write up anew, as one through a subresource.
    pub(super) fn retrack(
        &mut self,
        key: &ObjectKey,
        before: Option<Rc<Managers>>,
        old: &Object,
        new: &Object,
        subresource: &'static str,
    ) {
        if self.actor != Actor::User {
            return;
        }
        let uid = new.uid().clone();
        match before {
            Some(managers) => self.managers.insert(uid, managers),
            None => self.managers.remove(&uid),
        };
        debug_assert!(*new.name() == key.name, "the same object");
        self.track(new.uid(), new.kind(), Some(old.body()), new.body(), subresource);
    }

    fn update_tracked(&mut self, key: &ObjectKey, body: Value, write: WriteOptions) -> Result<Rc<Object>, Status> {
        let tracked = self.managers.clone();
        let made = self.update(key.kind, body, Subresource::Main, write);
        self.managers = tracked;
        made
    }

    fn set_applied(&mut self, object: &Object, wanted: Set, options: &ApplyOptions) {
        if options.dry_run {
            return;
        }
        let now = self.stamp();
        let managers = Rc::make_mut(self.managers.entry(object.uid().clone()).or_default());
        // What creating it tracked is what was applied.
        managers.0.retain(|m| m.applies || m.name != self.manager || !m.subresource.is_empty());
        let own = managers.entry(&options.manager, true, "");
        own.fields = wanted;
        own.time = now;
        managers.tidy();
    }
}

/// What was applied on the client's side before is the applier's now. Models client-go `util/csaupgrade`, which kubectl
/// calls.
fn upgrade(managers: &mut Managers, live: &Object, manager: &Rc<str>) {
    // kubectl does so only under its own name.
    if manager.as_ref() != "kubectl" || live.annotation("kubectl.kubernetes.io/last-applied-configuration").is_none() {
        return;
    }
    let client_side = |m: &Manager| m.is("kubectl-client-side-apply", false, "");
    let Some(at) = managers.0.iter().position(client_side) else { return };
    let fields = managers.0.remove(at).fields;
    managers.entry(manager, true, "").fields.add(&fields);
}

/// Models `getConflictMessage`.
fn conflict(conflicts: Vec<(String, String)>) -> Status {
    let text = match conflicts.as_slice() {
        [(manager, path)] => format!("Apply failed with 1 conflict: conflict with {manager}: {path}"),
        many => {
            let mut managers: Vec<&String> = many.iter().map(|(m, _)| m).collect();
            managers.sort();
            managers.dedup();
            let mut lines = Vec::new();
            for manager in managers {
                lines.push(format!("conflicts with {manager}:"));
                lines.extend(many.iter().filter(|(m, _)| m == manager).map(|(_, path)| format!("- {path}")));
            }
            format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n"))
        }
    };
    let mut status = Status::new(Reason::Conflict, text);
    status.causes = conflicts
        .into_iter()
        .map(|(manager, field)| super::Cause {
            reason: "FieldManagerConflict",
            field,
            message: format!("conflict with {manager}"),
        })
        .collect();
    status
}

#[cfg(test)]
mod tests;
