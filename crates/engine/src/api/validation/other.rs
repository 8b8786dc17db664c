//! Roles, their bindings and autoscalers, which have no effect here but are checked all the same.
//!
//! Models `pkg/apis/rbac/validation` and `ValidateHorizontalPodAutoscaler`.

use super::{Checks, items};
use crate::api::field::Path;
use crate::api::quantity::Quantity;
use crate::api::{Kind, Value};

impl Checks {
    /// Models `ValidatePolicyRule`.
    pub(super) fn role(&mut self, object: &Value, namespaced: bool) {
        for (rule, p) in items(object, "rules", &Path::root()) {
            let has = |field: &'static str| !rule.at(field).items().is_empty();
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
        if let Some(n) = min.filter(|n| *n < 0) {
            self.invalid(&path.child("minReplicas"), n, "must be greater than or equal to 0");
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
        for (metric, p) in items(spec, "metrics", &path) {
            self.metric(metric, &p);
        }
        if min == Some(0)
            && !items(spec, "metrics", &path).any(|(m, _)| matches!(m.str_at("type"), "Object" | "External"))
        {
            let why = "must specify at least one Object or External metric to support scaling to zero replicas";
            self.forbidden(&path.child("metrics"), why);
        }
        if max == 0 {
            self.required(&path.child("maxReplicas"), "");
        } else if max < 0 {
            self.invalid(&path.child("maxReplicas"), max, "must be greater than or equal to 1");
        }
    }
    /// Models `validateMetricSpec`.
    fn metric(&mut self, metric: &Value, path: &Path) {
        const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
        let kind = metric.str_at("type");
        if kind.is_empty() {
            self.required(&path.child("type"), "must specify a metric source type");
        }
        if !TYPES.contains(&kind) {
            self.not_supported(&path.child("type"), kind, &TYPES);
        }
        let wanted = match kind {
            "ContainerResource" => "containerResource",
            "External" => "external",
            "Object" => "object",
            "Pods" => "pods",
            "Resource" => "resource",
            _ => "",
        };
        let fields = ["object", "external", "pods", "resource", "containerResource"];
        let given: Vec<&str> = fields.into_iter().filter(|f| !metric.at(f).is_null()).collect();
        if let Some(first) = given.first() {
            self.metric_source(first, metric.at(first), &path.child(first));
        }
        if wanted.is_empty() {
            self.not_supported(&path.child("type"), kind, &TYPES);
        } else if !given.contains(&wanted) {
            self.required(&path.child(wanted), "must populate information for the given metric source");
        }
        for other in given.iter().filter(|f| given.len() > 1 && **f != wanted) {
            self.forbidden(&path.child(other), "must populate the given metric source only");
        }
    }
    /// Models `validateObjectSource` and its neighbours.
    fn metric_source(&mut self, kind: &str, source: &Value, path: &Path) {
        let target = path.child("target");
        if matches!(kind, "resource" | "containerResource") {
            if source.str_at("name").is_empty() {
                self.required(&path.child("name"), "must specify a resource name");
            }
            if kind == "containerResource" && source.str_at("container").is_empty() {
                self.required(&path.child("container"), "must specify a container");
            }
        } else if source.str_at("metric.name").is_empty() {
            self.required(&path.child("metric").child("name"), "must specify a metric name");
        }
        let (kinds, of) = (["Utilization", "Value", "AverageValue"], source.at("target"));
        let given = of.str_at("type");
        if given.is_empty() {
            self.required(&target.child("type"), "must specify a metric target type");
        }
        if !kinds.contains(&given) {
            self.invalid(&target.child("type"), given, "must be either Utilization, Value, or AverageValue");
        }
        for field in ["value", "averageValue"] {
            let amount = Quantity::from_value(of.at(field)).unwrap_or_default();
            if !of.at(field).is_null() && amount.nanos() <= 0 {
                self.invalid(&target.child(field), amount.to_string(), "must be positive");
            }
        }
        if let Some(n) = of.int_at("averageUtilization").filter(|n| *n < 1) {
            self.invalid(&target.child("averageUtilization"), n, "must be greater than 0");
        }
        let has = |field: &'static str| !of.at(field).is_null();
        match kind {
            "pods" if !has("averageValue") => {
                self.required(&target.child("averageValue"), "must specify a positive target averageValue");
            }
            "object" if !has("value") && !has("averageValue") => {
                self.required(&target.child("averageValue"), "must set either a target value or averageValue");
            }
            "external" if !has("value") && !has("averageValue") => {
                let why = "must set either a target value for metric or a per-pod target";
                self.required(&target.child("averageValue"), why);
            }
            "resource" | "containerResource" if !has("averageUtilization") && !has("averageValue") => {
                let why = "must set either a target raw value or a target utilization";
                self.required(&target.child("averageUtilization"), why);
            }
            "resource" | "containerResource" if has("averageUtilization") && has("averageValue") => {
                let why = "may not set both a target raw value and a target utilization";
                self.forbidden(&target.child("averageValue"), why);
            }
            _ => {}
        }
    }
}
