//! Pod templates, volumes and tolerations.

use super::container::containers;
use super::{Doc, annotations, labels};
use crate::api::selector::format_label_selector;
use crate::api::{Quantity, Value};

/// `Pod Template:`
pub fn pod_template(template: &Value, w: &mut Doc) {
    w.line(0, "Pod Template:");
    labels("  Labels", template.at("metadata.labels"), w);
    if template.at("metadata.annotations").as_object().is_some_and(|m| !m.is_empty()) {
        annotations("  Annotations", template.at("metadata.annotations"), w);
    }
    let spec = template.at("spec");
    if !spec.str_at("serviceAccountName").is_empty() {
        w.field(1, "Service Account", spec.str_at("serviceAccountName"));
    }
    if !spec.at("initContainers").items().is_empty() {
        containers("Init Containers", spec.at("initContainers"), &Value::Null, None, w, "  ");
    }
    containers("Containers", spec.at("containers"), &Value::Null, None, w, "  ");
    volumes(spec.at("volumes"), w, "  ");
    spread(spec.at("topologySpreadConstraints"), w, "  ");
    if !spec.str_at("priorityClassName").is_empty() {
        w.field(1, "Priority Class Name", spec.str_at("priorityClassName"));
    }
    labels("  Node-Selectors", spec.at("nodeSelector"), w);
    tolerations("  Tolerations", spec.at("tolerations"), w);
}

/// `Topology Spread Constraints:`
pub fn spread(all: &Value, w: &mut Doc, space: &str) {
    let mut all: Vec<&Value> = all.items().iter().collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|c| c.str_at("topologyKey"));
    w.begin(0, &format!("{space}Topology Spread Constraints:\t"));
    for (i, c) in all.into_iter().enumerate() {
        if i > 0 {
            w.begin(0, &format!("{space}\t"));
        }
        let mut text = format!(
            "{}:{} when max skew {} is exceeded",
            c.str_at("topologyKey"),
            c.str_at("whenUnsatisfiable"),
            c.int_at("maxSkew").unwrap_or(0)
        );
        if !c.at("labelSelector").is_null() {
            text += &format!(" for selector {}", format_label_selector(c.at("labelSelector")));
        }
        w.line(0, &text);
    }
}

/// `Volumes:`
pub fn volumes(all: &Value, w: &mut Doc, space: &str) {
    if all.items().is_empty() {
        w.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    w.line(0, &format!("{space}Volumes:"));
    let indent = if space.is_empty() { "" } else { " " };
    for v in all.items() {
        w.line(1, &format!("{indent}{}:", v.str_at("name")));
        volume(v, w);
    }
}

fn volume(v: &Value, w: &mut Doc) {
    let Some((kind, s)) = v.fields().find(|(k, _)| k.as_ref() != "name") else {
        w.line(1, "<unknown>");
        return;
    };
    let optional = |s: &Value| s.bool_at("optional").to_string();
    match kind.as_ref() {
        "emptyDir" => {
            w.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
            w.field(2, "Medium", s.str_at("medium"));
            let limit = Quantity::at(s, "sizeLimit");
            w.field(2, "SizeLimit", &if limit.is_zero() { "<unset>".to_owned() } else { limit.to_string() });
        }
        "configMap" => {
            w.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
            w.field(2, "Name", s.str_at("name"));
            w.field(2, "Optional", &optional(s));
        }
        "secret" => {
            w.field(2, "Type", "Secret (a volume populated by a Secret)");
            w.field(2, "SecretName", s.str_at("secretName"));
            w.field(2, "Optional", &optional(s));
        }
        "hostPath" => {
            w.field(2, "Type", "HostPath (bare host directory volume)");
            w.field(2, "Path", s.str_at("path"));
            w.field(2, "HostPathType", s.at("type").as_str().unwrap_or("<none>"));
        }
        "persistentVolumeClaim" => {
            w.field(2, "Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)");
            w.field(2, "ClaimName", s.str_at("claimName"));
            w.field(2, "ReadOnly", &s.bool_at("readOnly").to_string());
        }
        "nfs" => {
            w.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
            w.field(2, "Server", s.str_at("server"));
            w.field(2, "Path", s.str_at("path"));
            w.field(2, "ReadOnly", &s.bool_at("readOnly").to_string());
        }
        "downwardAPI" => {
            w.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
            w.line(2, "Items:");
            for item in s.at("items").items() {
                let from = match item.at("fieldRef.fieldPath").as_str() {
                    Some(path) => path,
                    None => item.str_at("resourceFieldRef.resource"),
                };
                w.line(3, &format!("{from} -> {}", item.str_at("path")));
            }
        }
        "projected" => {
            w.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
            for source in s.at("sources").items() {
                if let Some(secret) = source.get("secret") {
                    w.field(2, "SecretName", secret.str_at("name"));
                    w.field(2, "Optional", &optional(secret));
                } else if source.get("downwardAPI").is_some() {
                    w.field(2, "DownwardAPI", "true");
                } else if let Some(map) = source.get("configMap") {
                    w.field(2, "ConfigMapName", map.str_at("name"));
                    w.field(2, "Optional", &optional(map));
                } else if let Some(token) = source.get("serviceAccountToken") {
                    w.field(
                        2,
                        "TokenExpirationSeconds",
                        &token.int_at("expirationSeconds").unwrap_or(3600).to_string(),
                    );
                }
            }
        }
        _ => w.line(1, "<unknown>"),
    }
}

/// `Tolerations:`
pub fn tolerations(title: &str, all: &Value, w: &mut Doc) {
    w.begin(0, &format!("{title}:\t"));
    let mut all: Vec<&Value> = all.items().iter().collect();
    if all.is_empty() {
        w.line(0, "<none>");
        return;
    }
    all.sort_by_key(|t| t.str_at("key"));
    for (i, t) in all.into_iter().enumerate() {
        if i > 0 {
            w.begin(0, "\t");
        }
        let (key, value, effect) = (t.str_at("key"), t.str_at("value"), t.str_at("effect"));
        let mut text = key.to_owned();
        if !value.is_empty() {
            text += &format!("={value}");
        }
        if !effect.is_empty() {
            text += &format!(":{effect}");
        }
        if t.str_at("operator") == "Exists" && value.is_empty() {
            text += if key.is_empty() && effect.is_empty() { "op=Exists" } else { " op=Exists" };
        }
        if let Some(s) = t.int_at("tolerationSeconds") {
            text += &format!(" for {s}s");
        }
        w.line(0, &text);
    }
}
