//! Metadata, labels and label selectors. Models apimachinery `pkg/api/validation/objectmeta.go` and
//! `pkg/apis/meta/v1/validation`.

use super::internal::internal_json;
use super::{Checks, IMMUTABLE, NEGATIVE, items};
use crate::api::field::{FieldError, Path};
use crate::api::{Value, content};

/// The rule a kind's names follow.
pub(super) type NameRule = fn(&str) -> Vec<String>;

/// A prefix of a name may end in a dash, as something will follow.
fn mask_trailing_dash(name: &str) -> String {
    if name.len() > 1 && name.ends_with('-') {
        let mut end = name.len() - 2;
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        return format!("{}a", &name[..end]);
    }
    name.to_owned()
}

impl Checks {
    /// The metadata of a new object.
    pub(super) fn object_meta(&mut self, meta: &Value, namespaced: bool, rule: NameRule) {
        let path = Path::new("metadata");
        let prefix = meta.str_at("generateName");
        if !prefix.is_empty() {
            self.messages(&path.child("generateName"), prefix, rule(&mask_trailing_dash(prefix)));
        }
        let name = meta.str_at("name");
        if name.is_empty() {
            self.required(&path.child("name"), "name or generateName is required");
        } else {
            self.messages(&path.child("name"), name, rule(name));
        }
        let namespace = meta.str_at("namespace");
        if !namespaced {
            if !namespace.is_empty() {
                self.forbidden(&path.child("namespace"), "not allowed on this type");
            }
        } else if namespace.is_empty() {
            self.required(&path.child("namespace"), "");
        } else {
            self.messages(&path.child("namespace"), namespace, content::dns_label(namespace));
        }
        if let Some(n) = meta.int_at("generation").filter(|n| *n < 0) {
            self.invalid(&path.child("generation"), n, NEGATIVE);
        }
        self.meta_maps(meta, &path);
        self.finalizers(meta, &path.child("finalizers"));
        self.kube_finalizers(meta, &path);
    }
    fn meta_maps(&mut self, meta: &Value, path: &Path) {
        self.labels(meta.at("labels"), &path.child("labels"));
        self.annotations(meta.at("annotations"), &path.child("annotations"));
        self.owner_references(meta, path);
    }
    /// The metadata of a changed object.
    pub(super) fn object_meta_update(&mut self, new: &Value, old: &Value) {
        let path = Path::new("metadata");
        if !old.at("deletionTimestamp").is_null() {
            let before = old.at("finalizers").items();
            let mut extra: Vec<&str> =
                new.at("finalizers").items().iter().filter(|f| !before.contains(f)).filter_map(Value::as_str).collect();
            extra.sort_unstable();
            if !extra.is_empty() {
                let list: Vec<String> = extra.iter().map(|e| crate::api::text::go_quote(e)).collect();
                self.forbidden(
                    &path.child("finalizers"),
                    format!(
                        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                        list.join(", ")
                    ),
                );
            }
        }
        if new.str_at("resourceVersion").is_empty() {
            self.invalid(&path.child("resourceVersion"), "", "must be specified for an update");
        }
        let generation = |m: &Value| m.int_at("generation").unwrap_or(0);
        if generation(new) < generation(old) {
            self.invalid(&path.child("generation"), generation(new), "must not be decremented");
        }
        for field in
            ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
        {
            let (n, o) = (new.at(field), old.at(field));
            if n != o {
                // A text that is gone is an empty text, not null.
                let value = if n.is_null() && matches!(field, "name" | "namespace" | "uid") {
                    Value::from("")
                } else {
                    n.clone()
                };
                self.invalid(&path.child(field), value, IMMUTABLE);
            }
        }
        self.meta_maps(new, &path);
        self.kube_finalizers(new, &path);
    }
    /// Labels: keys and values.
    pub(super) fn labels(&mut self, labels: &Value, path: &Path) {
        for (k, v) in labels.fields() {
            self.messages(path, k, content::label_key(k));
            let v = v.as_str().unwrap_or("");
            self.messages(path, v, content::label_value(v));
        }
    }
    /// The name of a label.
    pub(super) fn label_name(&mut self, name: &str, path: &Path) {
        self.messages(path, name, content::label_key(name));
    }
    /// Annotations: keys, and how much there is of all.
    pub(super) fn annotations(&mut self, annotations: &Value, path: &Path) {
        let mut size = 0;
        for (k, v) in annotations.fields() {
            self.messages(path, k, content::label_key(&k.to_lowercase()));
            size += k.len() + v.as_str().map_or(0, str::len);
        }
        if size > 256 << 10 {
            self.push(FieldError::too_long(path, 256 << 10));
        }
    }
    fn owner_references(&mut self, meta: &Value, path: &Path) {
        let mut controller: Option<String> = None;
        for (owner, p) in items(meta, "ownerReferences", path) {
            let version = owner.str_at("apiVersion");
            if version.is_empty() {
                self.required(&p.child("apiVersion"), "must not be empty");
            } else if version.matches('/').count() > 1 || version.ends_with('/') {
                self.invalid(&p.child("apiVersion"), version, "must be <group>/<version> or <version>");
            }
            for field in ["kind", "name", "uid"] {
                if owner.str_at(field).is_empty() {
                    self.required(&p.child(field), "must not be empty");
                }
            }
            if version == "v1" && owner.str_at("kind") == "Event" {
                let value = internal_json("meta.OwnerReference", owner);
                self.push(FieldError::invalid_text(&p, value, "/v1, Kind=Event is disallowed from being an owner"));
            }
            if owner.bool_at("controller") {
                let name = format!("{}/{}", owner.str_at("kind"), owner.str_at("name"));
                match &controller {
                    Some(first) => {
                        let list: Vec<String> = meta
                            .at("ownerReferences")
                            .items()
                            .iter()
                            .map(|o| internal_json("meta.OwnerReference", o))
                            .collect();
                        self.push(FieldError::invalid_text(
                            &path.child("ownerReferences"),
                            format!("[{}]", list.join(",")),
                            format!("Only one reference can have Controller set to true. Found \"true\" in references for {first} and {name}"),
                        ));
                    }
                    None => controller = Some(name),
                }
            }
        }
    }
    fn finalizers(&mut self, meta: &Value, path: &Path) {
        let list = meta.at("finalizers");
        let has = |name: &str| list.items().iter().any(|f| f.as_str() == Some(name));
        for f in list.items().iter().filter_map(Value::as_str) {
            self.messages(path, f, content::label_key(f));
        }
        if has("orphan") && has("foregroundDeletion") {
            self.invalid(path, list.clone(), "finalizer orphan and foregroundDeletion cannot be both set");
        }
    }
    fn kube_finalizers(&mut self, meta: &Value, path: &Path) {
        for (f, p) in items(meta, "finalizers", path) {
            self.kube_finalizer(f.as_str().unwrap_or(""), &p);
        }
    }
    /// A finalizer without a domain must be one that Kubernetes knows.
    pub(super) fn kube_finalizer(&mut self, name: &str, path: &Path) {
        if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
            self.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
        }
    }
    /// A `LabelSelector` object.
    pub(super) fn label_selector(&mut self, selector: &Value, path: &Path) {
        self.labels(selector.at("matchLabels"), &path.child("matchLabels"));
        for (e, p) in items(selector, "matchExpressions", path) {
            let values = e.at("values").items();
            let operator = e.str_at("operator");
            match operator {
                "In" | "NotIn" if values.is_empty() => {
                    self.required(&p.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                }
                "Exists" | "DoesNotExist" if !values.is_empty() => {
                    self.forbidden(
                        &p.child("values"),
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    );
                }
                "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
                _ => self.invalid(&p.child("operator"), operator, "not a valid selector operator"),
            }
            self.label_name(e.str_at("key"), &p.child("key"));
            for (i, value) in values.iter().filter_map(Value::as_str).enumerate() {
                self.messages(&p.child("values").index(i), value, content::label_value(value));
            }
        }
    }
}
