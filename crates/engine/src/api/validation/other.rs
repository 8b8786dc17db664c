//! Roles, their bindings and autoscalers, which have no effect here but are checked all the same.
//!
//! Models `pkg/apis/rbac/validation` and `ValidateHorizontalPodAutoscaler`.

use super::{Checks, items};
use crate::api::field::Path;
use crate::api::{Kind, Value};

impl Checks {
    /// Models `ValidatePolicyRule`.
    pub(super) fn role(&mut self, object: &Value, namespaced: bool) {
        for (rule, p) in items(object, "rules", &Path::root()) {
            let has = |field: &str| !rule.at(field).items().is_empty();
            if has("nonResourceURLs") {
                if namespaced {
                    let urls = rule.at("nonResourceURLs").clone();
                    self.invalid(
                        &p.child("nonResourceURLs"),
                        urls,
                        "namespaced rules cannot apply to non-resource URLs",
                    );
                }
                if has("apiGroups") || has("resources") || has("resourceNames") {
                    let urls = rule.at("nonResourceURLs").clone();
                    let detail = "rules cannot apply to both regular resources and non-resource URLs";
                    self.invalid(&p.child("nonResourceURLs"), urls, detail);
                }
                continue;
            }
            if !has("apiGroups") {
                self.required(&p.child("apiGroups"), "resource rules must supply at least one api group");
            }
            if !has("resources") {
                self.required(&p.child("resources"), "resource rules must supply at least one resource");
            }
        }
        // What the types themselves declare is checked last.
        for (rule, p) in items(object, "rules", &Path::root()) {
            if rule.at("verbs").items().is_empty() {
                self.required(&p.child("verbs"), "");
            }
        }
    }
    /// Models `ValidateRoleBinding`.
    pub(super) fn role_binding(&mut self, kind: Kind, object: &Value) {
        const GROUP: &str = "rbac.authorization.k8s.io";
        let (role, path) = (object.at("roleRef"), Path::new("roleRef"));
        let group = role.str_at("apiGroup");
        if group != GROUP {
            self.not_supported(&path.child("apiGroup"), group, &[GROUP]);
        }
        let kinds: &[&str] = if kind == Kind::RoleBinding { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
        if !kinds.contains(&role.str_at("kind")) {
            self.not_supported(&path.child("kind"), role.str_at("kind"), kinds);
        }
        for (subject, p) in items(object, "subjects", &Path::root()) {
            let group = subject.str_at("apiGroup");
            let wanted = match subject.str_at("kind") {
                "ServiceAccount" => {
                    if kind == Kind::ClusterRoleBinding && subject.str_at("namespace").is_empty() {
                        self.required(&p.child("namespace"), "");
                    }
                    ""
                }
                "User" | "Group" => GROUP,
                other => {
                    self.not_supported(&p.child("kind"), other, &["ServiceAccount", "User", "Group"]);
                    continue;
                }
            };
            if group != wanted {
                self.not_supported(&p.child("apiGroup"), group, &[wanted]);
            }
        }
        let subjects = items(object, "subjects", &Path::root());
        for (named, p) in std::iter::once((role, path)).chain(subjects) {
            if named.str_at("name").is_empty() {
                self.required(&p.child("name"), "");
            }
        }
    }
    pub(super) fn autoscaler(&mut self, spec: &Value) {
        let path = Path::new("spec");
        let (min, max) = (spec.int_at("minReplicas"), spec.int_at("maxReplicas").unwrap_or(0));
        if let Some(n) = min.filter(|n| *n < 1) {
            self.invalid(&path.child("minReplicas"), n, "must be greater than or equal to 1");
        }
        if max < 1 {
            self.invalid(&path.child("maxReplicas"), max, "must be greater than 0");
        }
        if min.is_some_and(|min| max < min) {
            self.invalid(&path.child("maxReplicas"), max, "must be greater than or equal to `minReplicas`");
        }
        let (target, p) = (spec.at("scaleTargetRef"), path.child("scaleTargetRef"));
        for field in ["kind", "name"] {
            if target.str_at(field).is_empty() {
                self.required(&p.child(field), "");
            }
        }
        if target.str_at("apiVersion").is_empty() {
            self.invalid(&p.child("apiVersion"), "", "apiVersion must specify API group");
        }
    }
}
