//! Variables of a container and where their values come from. Models `ValidateEnv`, `ValidateEnvFrom` and the selectors of
//! the downward API.

use super::{Checks, items};
use crate::api::field::Path;
use crate::api::quantity::Quantity;
use crate::api::{Value, content};

/// Fields of the Pod that a variable may take.
const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
/// Fields of the Pod that a file may take.
pub(super) const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];
/// Fields that the downward API knows at all.
const KNOWN_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const RESOURCES: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

impl Checks {
    pub(super) fn env(&mut self, c: &Value, path: &Path) {
        for (e, p) in items(c, "env", path) {
            let name = e.str_at("name");
            if name.is_empty() {
                self.required(&p.child("name"), "");
            } else {
                self.messages(&p.child("name"), name, content::env_name(name));
            }
            if !e.at("valueFrom").is_null() {
                self.env_value_from(e, &p.child("valueFrom"));
            }
        }
    }
    fn env_value_from(&mut self, e: &Value, path: &Path) {
        let from = e.at("valueFrom");
        let mut sources = 0;
        if !from.at("fieldRef").is_null() {
            sources += 1;
            self.field_ref(from.at("fieldRef"), ENV_FIELDS, &path.child("fieldRef"));
        }
        if !from.at("resourceFieldRef").is_null() {
            sources += 1;
            self.resource_field_ref(from.at("resourceFieldRef"), false, &path.child("resourceFieldRef"));
        }
        for field in ["configMapKeyRef", "secretKeyRef"] {
            let (r, p) = (from.at(field), path.child(field));
            if r.is_null() {
                continue;
            }
            sources += 1;
            self.messages(&p.child("name"), r.str_at("name"), content::dns_subdomain(r.str_at("name")));
            self.config_key(r.str_at("key"), &p.child("key"));
        }
        let file = from.at("fileKeyRef");
        if !file.is_null() {
            sources += 1;
            self.file_key_ref(file, &path.child("fileKeyRef"));
        }
        if sources == 0 {
            self.invalid(path, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        } else if !e.str_at("value").is_empty() {
            self.invalid(path, "", "may not be specified when `value` is not empty");
        } else if sources > 1 {
            self.invalid(path, "", "may not have more than one field specified at a time");
        }
    }
    fn config_key(&mut self, key: &str, path: &Path) {
        if key.is_empty() {
            self.required(path, "");
        } else {
            self.messages(path, key, content::config_key(key));
        }
    }
    fn file_key_ref(&mut self, file: &Value, path: &Path) {
        let key = file.str_at("key");
        if key.is_empty() {
            self.required(&path.child("key"), "");
        } else {
            self.messages(&path.child("key"), key, content::env_name(key));
        }
        let name = file.str_at("volumeName");
        if name.is_empty() {
            self.required(&path.child("volumeName"), "");
        } else {
            self.messages(&path.child("volumeName"), name, content::dns_label(name));
        }
        let inside = file.str_at("path");
        if inside.is_empty() {
            self.required(&path.child("path"), "");
        } else {
            self.path_without_backsteps(inside, &path.child("path"));
        }
    }
    /// A field of the Pod.
    pub(super) fn field_ref(&mut self, r: &Value, known: &[&str], path: &Path) {
        let (version, label) = (r.str_at("apiVersion"), r.str_at("fieldPath"));
        if version.is_empty() {
            return self.required(&path.child("apiVersion"), "");
        }
        if label.is_empty() {
            return self.required(&path.child("fieldPath"), "");
        }
        let subscript = label.strip_suffix("']").and_then(|l| l.split_once("['"));
        let problem = match subscript {
            _ if version != "v1" => Some(format!("unsupported pod version: {version}")),
            Some(("metadata.annotations" | "metadata.labels", _)) => None,
            Some(_) => Some(format!("field label does not support subscript: {label}")),
            None if KNOWN_FIELDS.contains(&label) || label == "spec.host" => None,
            None => Some(format!("field label not supported: {label}")),
        };
        if let Some(problem) = problem {
            return self.invalid(&path.child("fieldPath"), label, format!("error converting fieldPath: {problem}"));
        }
        match subscript {
            Some(("metadata.annotations", key)) => self.label_name(&key.to_lowercase(), path),
            Some((_, key)) => self.label_name(key, path),
            None => {
                let label = if label == "spec.host" { "spec.nodeName" } else { label };
                if !known.contains(&label) {
                    self.not_supported(&path.child("fieldPath"), label, known);
                }
            }
        }
    }
    /// A resource of a container.
    pub(super) fn resource_field_ref(&mut self, r: &Value, in_volume: bool, path: &Path) {
        let resource = r.str_at("resource");
        let huge = resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
        if in_volume && r.str_at("containerName").is_empty() {
            self.required(&path.child("containerName"), "");
        } else if resource.is_empty() {
            self.required(&path.child("resource"), "");
        } else if !RESOURCES.contains(&resource) && !huge {
            self.not_supported(&path.child("resource"), resource, RESOURCES);
        }
        let divisor = Quantity::at(r, "divisor");
        if divisor.is_zero() {
            return;
        }
        let bytes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
        let text = divisor.to_string();
        let (right, detail) = match resource.split_once('.').map_or("", |(_, name)| name) {
            "cpu" => (
                text == "1" || text == "1m",
                "only divisor's values 1m and 1 are supported with the cpu resource".to_owned(),
            ),
            "" => (true, String::new()),
            name => {
                let shown = match name {
                    "memory" => "memory",
                    "ephemeral-storage" => "local ephemeral storage",
                    _ => "hugepages",
                };
                let known = bytes.join(", ");
                (
                    bytes.contains(&text.as_str()),
                    format!("only divisor's values {known} are supported with the {shown} resource"),
                )
            }
        };
        if !right {
            self.invalid(&path.child("divisor"), resource, detail);
        }
    }
    pub(super) fn env_from(&mut self, c: &Value, path: &Path) {
        let list = path.child("envFrom");
        for (e, p) in items(c, "envFrom", path) {
            let prefix = e.str_at("prefix");
            if !prefix.is_empty() {
                self.messages(&p.child("prefix"), prefix, content::env_name(prefix));
            }
            let mut sources = 0;
            for field in ["configMapRef", "secretRef"] {
                let r = e.at(field);
                if r.is_null() {
                    continue;
                }
                sources += 1;
                let (name, at) = (r.str_at("name"), p.child(field).child("name"));
                if name.is_empty() {
                    self.required(&at, "");
                } else {
                    self.messages(&at, name, content::dns_subdomain(name));
                }
            }
            if sources == 0 {
                self.invalid(&list, "", "must specify one of: `configMapRef` or `secretRef`");
            } else if sources > 1 {
                self.invalid(&list, "", "may not have more than one field specified at a time");
            }
        }
    }
}
