//! Deployments, ReplicaSets, StatefulSets and DaemonSets. Models `pkg/apis/apps/validation/validation.go`.

use super::{Checks, NEGATIVE, internal_json, items};
use crate::api::field::{FieldError, Path};
use crate::api::selector::Selector;
use crate::api::{Value, content, int_or_string};
use crate::json;

/// A workload's selector, if it can be used.
fn selector(spec: &Value) -> Result<Selector, String> {
    Selector::from_object(spec.at("selector"))
}

/// The number of an int-or-string, be it a count or a percentage.
fn magnitude(v: &Value) -> i64 {
    let percent = v.as_str().and_then(|s| s.strip_suffix('%')).and_then(|s| s.parse().ok());
    percent.or_else(|| v.as_i64()).or_else(|| v.as_str().and_then(|s| s.parse().ok())).unwrap_or(0)
}

impl Checks {
    fn selector_object(&mut self, spec: &Value, kind: &str, path: &Path) {
        let (s, p) = (spec.at("selector"), path.child("selector"));
        if s.is_null() {
            return self.required(&p, "");
        }
        self.label_selector(s, &p);
        self.empty_selector(s, kind, &p);
    }
    fn empty_selector(&mut self, s: &Value, kind: &str, path: &Path) {
        if s.at("matchLabels").fields().next().is_none() && s.at("matchExpressions").items().is_empty() {
            let shown = internal_json("meta.LabelSelector", s);
            self.push(FieldError::invalid_text(path, shown, format!("empty selector is invalid for {kind}")));
        }
    }
    fn unusable_selector(&mut self, spec: &Value, detail: &str, path: &Path) {
        let shown = internal_json("meta.LabelSelector", spec.at("selector"));
        self.push(FieldError::invalid_text(&path.child("selector"), shown, detail));
    }
    /// The selector must pick the template's own labels.
    fn template_labels(&mut self, s: &Selector, template: &Value, path: &Path) {
        if !s.is_empty() {
            let labels = template.at("metadata.labels");
            self.selector_matches(s.matches(labels), labels, path);
        }
    }
    /// What runs for ever restarts always and has no deadline.
    fn runs_forever(&mut self, template: &Value, kind: &str, path: &Path) {
        let policy = template.str_at("spec.restartPolicy");
        if policy != "Always" {
            self.not_supported(&path.child("spec.restartPolicy"), policy, &["Always"]);
        }
        if !template.at("spec.activeDeadlineSeconds").is_null() {
            let detail = format!("activeDeadlineSeconds in {kind} is not Supported");
            self.forbidden(&path.child("spec.activeDeadlineSeconds"), detail);
        }
    }
    fn template_of_replica_set(&mut self, spec: &Value, path: &Path) {
        match selector(spec) {
            Err(_) => self.unusable_selector(spec, "invalid label selector", path),
            Ok(s) => {
                let (template, p) = (spec.at("template"), path.child("template"));
                self.template_labels(&s, template, &p);
                self.pod_template(template, &p);
                self.runs_forever(template, "ReplicaSet", &p);
            }
        }
    }

    pub(super) fn deployment(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_subdomain);
        self.deployment_spec(object.at("spec"));
    }
    pub(super) fn deployment_spec(&mut self, spec: &Value) {
        let path = Path::new("spec");
        self.nonnegative(spec, "replicas", &path);
        self.selector_object(spec, "deployment", &path);
        self.template_of_replica_set(spec, &path);
        self.deployment_strategy(spec.at("strategy"), &path.child("strategy"));
        self.nonnegative(spec, "minReadySeconds", &path);
        self.nonnegative(spec, "revisionHistoryLimit", &path);
        self.nonnegative(spec, "progressDeadlineSeconds", &path);
        if let Some(n) = spec.int_at("progressDeadlineSeconds")
            && n <= spec.int_at("minReadySeconds").unwrap_or(0)
        {
            self.invalid(&path.child("progressDeadlineSeconds"), n, "must be greater than minReadySeconds");
        }
    }
    fn deployment_strategy(&mut self, strategy: &Value, path: &Path) {
        let (rolling, p) = (strategy.at("rollingUpdate"), path.child("rollingUpdate"));
        match strategy.str_at("type") {
            "Recreate" => {
                if !rolling.is_null() {
                    self.forbidden(&p, "may not be specified when strategy `type` is 'Recreate'");
                }
            }
            "RollingUpdate" if rolling.is_null() => {
                self.required(&p, "this should be defaulted and never be nil");
            }
            "RollingUpdate" => {
                let (unavailable, surge) = (rolling.at("maxUnavailable"), rolling.at("maxSurge"));
                self.int_or_percent(unavailable, &p.child("maxUnavailable"));
                self.int_or_percent(surge, &p.child("maxSurge"));
                if magnitude(unavailable) == 0 && magnitude(surge) == 0 {
                    let detail = "may not be 0 when `maxSurge` is 0";
                    self.invalid(&p.child("maxUnavailable"), unavailable.clone(), detail);
                }
                self.at_most_all(unavailable, &p.child("maxUnavailable"));
            }
            _ => {
                let shown = internal_json("apps.DeploymentStrategy", strategy);
                self.push(FieldError::not_supported_text(path, shown, &["Recreate", "RollingUpdate"]));
            }
        }
    }
    pub(super) fn int_or_percent(&mut self, v: &Value, path: &Path) {
        if let Some(text) = v.as_str() {
            self.messages(path, text, content::percent(text));
        } else if let Some(n) = v.as_i64().filter(|n| *n < 0) {
            self.invalid(path, n, NEGATIVE);
        }
    }
    pub(super) fn at_most_all(&mut self, v: &Value, path: &Path) {
        if int_or_string::is_percent(v) && magnitude(v) > 100 {
            self.invalid(path, v.clone(), "must not be greater than 100%");
        }
    }

    pub(super) fn replica_set(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_subdomain);
        self.replica_set_spec(object.at("spec"));
    }
    pub(super) fn replica_set_spec(&mut self, spec: &Value) {
        let path = Path::new("spec");
        self.nonnegative(spec, "replicas", &path);
        self.nonnegative(spec, "minReadySeconds", &path);
        self.selector_object(spec, "deployment", &path);
        self.template_of_replica_set(spec, &path);
    }

    pub(super) fn daemon_set(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_subdomain);
        self.daemon_set_spec(object.at("spec"));
    }
    pub(super) fn daemon_set_spec(&mut self, spec: &Value) {
        let path = Path::new("spec");
        let (s, p) = (spec.at("selector"), path.child("selector"));
        self.label_selector(s, &p);
        let (template, tp) = (spec.at("template"), path.child("template"));
        if let Ok(selector) = selector(spec) {
            let labels = template.at("metadata.labels");
            self.selector_matches(selector.matches(labels), labels, &tp);
        }
        if !s.is_null() {
            self.empty_selector(s, "daemonset", &p);
        }
        self.pod_template(template, &tp);
        self.runs_forever(template, "DaemonSet", &tp);
        self.nonnegative(spec, "minReadySeconds", &path);
        self.daemon_set_strategy(spec.at("updateStrategy"), &path.child("updateStrategy"));
        self.nonnegative(spec, "revisionHistoryLimit", &path);
    }
    fn daemon_set_strategy(&mut self, strategy: &Value, path: &Path) {
        let (rolling, p) = (strategy.at("rollingUpdate"), path.child("rollingUpdate"));
        match strategy.str_at("type") {
            "OnDelete" => {}
            "RollingUpdate" if rolling.is_null() => self.required(&p, ""),
            "RollingUpdate" => {
                let fields = [("maxUnavailable", rolling.at("maxUnavailable")), ("maxSurge", rolling.at("maxSurge"))];
                for (name, v) in fields {
                    self.int_or_percent(v, &p.child(name));
                }
                for (name, v) in fields {
                    self.at_most_all(v, &p.child(name));
                }
                match (magnitude(fields[0].1) != 0, magnitude(fields[1].1) != 0) {
                    (true, true) => self.invalid(
                        &p.child("maxSurge"),
                        fields[1].1.clone(),
                        "may not be set when maxUnavailable is non-zero",
                    ),
                    (false, false) => self.required(&p.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                    _ => {}
                }
            }
            _ => {
                let shown = internal_json("apps.DaemonSetUpdateStrategy", strategy);
                self.push(FieldError::not_supported_text(path, shown, &["RollingUpdate", "OnDelete"]));
            }
        }
    }

    pub(super) fn stateful_set(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_label);
        self.stateful_set_spec(object.at("spec"));
    }
    pub(super) fn stateful_set_spec(&mut self, spec: &Value) {
        let path = Path::new("spec");
        match spec.str_at("podManagementPolicy") {
            "" => self.required(&path.child("podManagementPolicy"), ""),
            "OrderedReady" | "Parallel" => {}
            other => self.invalid(&path.child("podManagementPolicy"), other, "must be 'OrderedReady' or 'Parallel'"),
        }
        self.stateful_set_strategy(spec.at("updateStrategy"), &path.child("updateStrategy"));
        let p = path.child("persistentVolumeClaimRetentionPolicy");
        for field in ["whenDeleted", "whenScaled"] {
            let policy = spec.at("persistentVolumeClaimRetentionPolicy").str_at(field);
            if !["Retain", "Delete"].contains(&policy) {
                self.not_supported(&p.child(field), policy, &["Retain", "Delete"]);
            }
        }
        for (claim, p) in items(spec, "volumeClaimTemplates", &path) {
            self.claim_spec(claim.at("spec"), &p.child("spec"));
        }
        self.nonnegative(spec, "replicas", &path);
        self.nonnegative(spec, "minReadySeconds", &path);
        if let Some(n) = spec.int_at("ordinals.start").filter(|n| *n < 0) {
            self.invalid(&path.child("ordinals.start"), n, NEGATIVE);
        }
        let service = spec.str_at("serviceName");
        if !service.is_empty() {
            self.messages(&path.child("serviceName"), service, content::dns_label(service));
        }
        self.selector_object(spec, "statefulset", &path);
        let (template, p) = (spec.at("template"), path.child("template"));
        match selector(spec) {
            Err(_) => self.unusable_selector(spec, "", &path),
            Ok(s) => {
                self.template_labels(&s, template, &p);
                self.pod_template(&with_claims(spec), &p);
                self.labels(template.at("metadata.labels"), &p.child("labels"));
                self.annotations(template.at("metadata.annotations"), &p.child("annotations"));
            }
        }
        self.runs_forever(template, "StatefulSet", &p);
    }
    fn stateful_set_strategy(&mut self, strategy: &Value, path: &Path) {
        let (rolling, p) = (strategy.at("rollingUpdate"), path.child("rollingUpdate"));
        match strategy.str_at("type") {
            "" => self.required(path, ""),
            "OnDelete" => {
                if !rolling.is_null() {
                    let shown = internal_json("apps.RollingUpdateStatefulSetStrategy", rolling);
                    let detail = "only allowed for updateStrategy 'RollingUpdate'";
                    self.push(FieldError::invalid_text(&p, shown, detail));
                }
            }
            "RollingUpdate" => {
                self.nonnegative(rolling, "partition", &p);
                let v = rolling.at("maxUnavailable");
                if !v.is_null() {
                    let at = p.child("maxUnavailable");
                    self.int_or_percent(v, &at);
                    if magnitude(v) == 0 {
                        self.invalid(&at, v.clone(), "cannot be 0");
                    }
                    self.at_most_all(v, &at);
                }
            }
            _ => {
                let shown = internal_json("apps.StatefulSetUpdateStrategy", strategy);
                self.push(FieldError::invalid_text(path, shown, "must be 'RollingUpdate' or 'OnDelete'"));
            }
        }
    }
}

/// The template as its pods will have it: with the volumes of the claims, and the names that each pod gets left open.
fn with_claims(spec: &Value) -> Value {
    let mut template = spec.at("template").clone();
    for field in ["spec.subdomain", "spec.hostname"] {
        template.unset(field);
    }
    let claims = spec.at("volumeClaimTemplates").items();
    if !claims.is_empty() {
        let name = |c: &Value| c.str_at("metadata.name").to_owned();
        let mut volumes: Vec<Value> = Vec::new();
        for n in claims.iter().map(name) {
            volumes.push(json!({"name": (n.as_str()), "persistentVolumeClaim": {"claimName": (n.as_str())}}));
        }
        let own = template.at("spec.volumes").items();
        volumes.extend(own.iter().filter(|v| !claims.iter().any(|c| name(c) == v.str_at("name"))).cloned());
        template.set("spec.volumes", volumes);
    }
    template
}
