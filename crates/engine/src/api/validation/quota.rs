//! ResourceQuota and LimitRange. Models `ValidateResourceQuota` and `ValidateLimitRange`.

use super::resources::{is_overcommit_allowed, is_quota_resource};
use super::{Checks, items};
use crate::api::field::Path;
use crate::api::quantity::Quantity;
use crate::api::{Value, content};

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "VolumeAttributesClass",
    "CrossNamespacePodAffinity",
];

/// Whether a scope says anything about a resource.
fn scope_fits(scope: &str, resource: &str) -> bool {
    let compute =
        ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"].contains(&resource);
    match scope {
        "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity" => {
            resource == "pods" || compute
        }
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => true,
    }
}

impl Checks {
    pub(super) fn resource_quota(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_subdomain);
        self.resource_quota_spec(object.at("spec"));
    }
    pub(super) fn resource_quota_spec(&mut self, spec: &Value) {
        let path = Path::new("spec");
        for (name, amount) in spec.at("hard").fields() {
            let p = path.child("hard").key(name);
            self.quota_resource_name(name, &p);
            self.resource_amount(name, &Quantity::from_value(amount).unwrap_or_default(), &p);
        }
        self.quota_scopes(spec, &path.child("scopes"));
        if !spec.at("scopeSelector").is_null() {
            self.quota_scope_selector(spec, &path.child("scopeSelector"));
        }
    }
    fn quota_scopes(&mut self, spec: &Value, path: &Path) {
        let scopes = spec.at("scopes");
        let names: Vec<&str> = scopes.items().iter().filter_map(Value::as_str).collect();
        for scope in &names {
            if !SCOPES.contains(scope) {
                self.invalid(path, scopes.clone(), "unsupported scope");
            }
            for (resource, _) in spec.at("hard").fields() {
                if is_quota_resource(resource) && !scope_fits(scope, resource) {
                    self.invalid(path, scopes.clone(), "unsupported scope applied to resource");
                }
            }
        }
        self.conflicting_scopes(&names, scopes, path);
    }
    fn conflicting_scopes(&mut self, names: &[&str], shown: &Value, path: &Path) {
        for (a, b) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
            if names.contains(&a) && names.contains(&b) {
                self.invalid(path, shown.clone(), "conflicting scopes");
            }
        }
    }
    fn quota_scope_selector(&mut self, spec: &Value, path: &Path) {
        let p = path.child("matchExpressions");
        let mut names: Vec<&str> = Vec::new();
        for e in spec.at("scopeSelector.matchExpressions").items() {
            let (scope, operator, values) = (e.str_at("scopeName"), e.str_at("operator"), e.at("values"));
            if !SCOPES.contains(&scope) {
                self.invalid(&p.child("scopeName"), scope, "unsupported scope");
            }
            for (resource, _) in spec.at("hard").fields() {
                if is_quota_resource(resource) && !scope_fits(scope, resource) {
                    let shown = super::internal_json("core.ScopeSelector", spec.at("scopeSelector"));
                    self.push(crate::api::FieldError::invalid_text(&p, shown, "unsupported scope applied to resource"));
                }
            }
            let plain = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"];
            if plain.contains(&scope) && operator != "Exists" {
                self.invalid(&p.child("operator"), operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
            }
            match operator {
                "In" | "NotIn" if values.items().is_empty() => self.required(
                    &p.child("values"),
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
                ),
                "Exists" | "DoesNotExist" if !values.items().is_empty() => self.invalid(
                    &p.child("values"),
                    values.clone(),
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
                ),
                "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
                _ => self.invalid(&p.child("operator"), operator, "not a valid selector operator"),
            }
            names.push(scope);
        }
        self.conflicting_scopes(&names, spec.at("scopes"), &p);
    }

    pub(super) fn limit_range(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_subdomain);
        self.limit_range_spec(object.at("spec"));
    }
    pub(super) fn limit_range_spec(&mut self, spec: &Value) {
        let mut kinds: Vec<&str> = Vec::new();
        for (limit, p) in items(spec, "limits", &Path::new("spec")) {
            let kind = limit.str_at("type");
            let messages = content::label_key(kind);
            if !messages.is_empty() {
                self.messages(&p.child("type"), kind, messages);
            } else if !kind.contains('/') && !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind) {
                self.invalid(&p.child("type"), kind, "must be a standard limit type or fully qualified");
            }
            if kinds.contains(&kind) {
                self.duplicate(&p.child("type"), kind);
            }
            kinds.push(kind);
            self.limit_range_item(limit, kind, &p);
        }
    }
    fn limit_range_item(&mut self, limit: &Value, kind: &str, path: &Path) {
        let mut names: Vec<String> = Vec::new();
        for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            if kind == "PersistentVolumeClaim" && list == "maxLimitRequestRatio" {
                let storage = |l: &'static str| limit.at(l).get("storage").is_some();
                if !storage("min") && !storage("max") {
                    self.required(
                        &path.child("limits"),
                        "either minimum or maximum storage value is required, but neither was provided",
                    );
                }
            }
            if kind == "Pod" && list.starts_with("default") {
                if limit.at(list).fields().next().is_some() {
                    self.forbidden(&path.child(list), "may not be specified when `type` is 'Pod'");
                }
                continue;
            }
            for (name, _) in limit.at(list).fields() {
                let p = path.child(list).key(name);
                if matches!(kind, "Pod" | "Container") {
                    self.container_resource_name(name, &p);
                } else {
                    self.resource_name(name, &p);
                }
                if !names.iter().any(|n| **n == **name) {
                    names.push(name.to_string());
                }
            }
        }
        names.sort();
        for name in &names {
            self.limit_range_resource(limit, kind, name, path);
        }
    }
    fn limit_range_resource(&mut self, limit: &Value, kind: &str, name: &str, path: &Path) {
        let get = |list: &'static str| {
            let defaults = list.starts_with("default") && kind == "Pod";
            limit.at(list).get(name).filter(|_| !defaults).and_then(|q| Quantity::from_value(q).ok())
        };
        let (min, max, default, request, ratio) =
            (get("min"), get("max"), get("default"), get("defaultRequest"), get("maxLimitRequestRatio"));
        let mut greater =
            |a: &Option<Quantity>, b: &Option<Quantity>, list: &str, shown: &Option<Quantity>, words: (&str, &str)| {
                if let (Some(a), Some(b), Some(shown)) = (a, b, shown)
                    && a > b
                {
                    let detail = format!("{} value {a} is greater than {} value {b}", words.0, words.1);
                    self.invalid(&path.child(list).key(name), shown.to_string(), detail);
                }
            };
        greater(&min, &max, "min", &min, ("min", "max"));
        greater(&min, &request, "defaultRequest", &request, ("min", "default request"));
        greater(&request, &max, "defaultRequest", &request, ("default request", "max"));
        greater(&request, &default, "defaultRequest", &request, ("default request", "default limit"));
        greater(&min, &default, "default", &min, ("min", "default"));
        greater(&default, &max, "default", &max, ("default", "max"));
        if let Some(r) = &ratio {
            let p = path.child("maxLimitRequestRatio").key(name);
            if r.nanos() < 1_000_000_000 {
                self.invalid(&p, r.to_string(), format!("ratio {r} is less than 1"));
            }
            if let (Some(min), Some(max)) = (&min, &max) {
                let most = max.nanos() as f64 / min.nanos() as f64;
                if r.nanos() as f64 / 1e9 > most {
                    self.invalid(&p, r.to_string(), format!("ratio {r} is greater than max/min = {most:.6}"));
                }
            }
        }
        if let (Some(d), Some(r)) = (&default, &request)
            && !is_overcommit_allowed(name)
            && d != r
        {
            let detail = format!("default value {d} must equal to defaultRequest value {r} in {name}");
            self.invalid(&path.child("defaultRequest").key(name), r.to_string(), detail);
        }
    }
}
