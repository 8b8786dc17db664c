//! ConfigMaps, Secrets, namespaces, claims and what else is kept with few checks. Models the rest of
//! `pkg/apis/core/validation/validation.go`.

use super::meta::NameRule;
use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::quantity::Quantity;
use crate::api::{Kind, Value, base64, content};

/// The most that a ConfigMap or Secret may hold.
const MAX_SIZE: usize = 1 << 20;

/// The rule for the names of a kind.
fn name_rule(kind: Kind) -> NameRule {
    match kind {
        Kind::Namespace => content::dns_label,
        Kind::Role | Kind::ClusterRole | Kind::RoleBinding | Kind::ClusterRoleBinding => content::path_segment,
        _ => content::dns_subdomain,
    }
}

/// How many bytes a base64 text stands for.
fn decoded_length(v: &Value) -> usize {
    base64::decode(v.as_str().unwrap_or("")).map_or(0, |b| b.len())
}

impl Checks {
    pub(super) fn other_create(&mut self, kind: Kind, object: &Value) {
        self.object_meta(object.at("metadata"), kind.info().namespaced, name_rule(kind));
        self.other(kind, object);
    }
    /// Everything but the metadata.
    pub(super) fn other(&mut self, kind: Kind, object: &Value) {
        match kind {
            Kind::ConfigMap => self.config_map(object),
            Kind::Secret => self.secret(object),
            Kind::Namespace => {
                for f in object.at("spec.finalizers").items().iter().filter_map(Value::as_str) {
                    let path = Path::new("spec.finalizers");
                    self.messages(&path, f, content::label_key(f));
                    self.kube_finalizer(f, &path);
                }
                if self.errors.is_empty() {
                    self.pod_security_labels(object.at("metadata.labels"));
                }
            }
            Kind::PersistentVolumeClaim => self.claim_spec(object.at("spec"), &Path::new("spec")),
            Kind::PersistentVolume => self.persistent_volume(object.at("spec")),
            Kind::NetworkPolicy => self.network_policy(object.at("spec")),
            Kind::PodTemplate => self.pod_template(object.at("template"), &Path::new("template")),
            Kind::ReplicationController => self.replication_controller(object.at("spec")),
            Kind::PriorityClass => self.priority_class(object),
            Kind::PodDisruptionBudget => self.disruption_budget(object.at("spec")),
            Kind::Node => self.node(object.at("spec")),
            Kind::Ingress => self.ingress(object.at("spec")),
            Kind::Role | Kind::ClusterRole => self.role(object, kind == Kind::Role),
            Kind::RoleBinding | Kind::ClusterRoleBinding => self.role_binding(kind, object),
            Kind::CertificateSigningRequest => self.signing_request(object.at("spec")),
            Kind::HorizontalPodAutoscaler => self.autoscaler(object.at("spec")),
            _ => {}
        }
    }
    /// What a namespace asks of its Pods, which nothing here enforces. Models pod-security-admission `PolicyToEvaluate`.
    fn pod_security_labels(&mut self, labels: &Value) {
        for mode in ["enforce", "audit", "warn"] {
            let key = format!("pod-security.kubernetes.io/{mode}");
            let path = Path::new("metadata.labels");
            if let Some(level) = labels.get(&key).and_then(Value::as_str)
                && !["privileged", "baseline", "restricted"].contains(&level)
            {
                self.invalid(&path.key(&key), level, "must be one of privileged, baseline, restricted");
            }
            let key = key + "-version";
            let Some(version) = labels.get(&key).and_then(Value::as_str) else { continue };
            let minor = version.strip_prefix("v1.").is_some_and(|n| {
                !n.is_empty() && (n == "0" || !n.starts_with('0')) && n.bytes().all(|b| b.is_ascii_digit())
            });
            if version != "latest" && !minor {
                self.invalid(&path.key(&key), version, "must be \"latest\" or \"v1.x\"");
            }
        }
    }
    fn config_map(&mut self, object: &Value) {
        let (data, binary) = (object.at("data"), object.at("binaryData"));
        let mut size = 0;
        for (key, v) in data.fields() {
            let p = Path::new("data").key(key);
            self.messages(&p, key, content::config_key(key));
            if binary.get(key).is_some() {
                self.invalid(&p, key, "duplicate of key present in binaryData");
            }
            size += v.as_str().map_or(0, str::len);
        }
        for (key, v) in binary.fields() {
            self.messages(&Path::new("binaryData").key(key), key, content::config_key(key));
            size += decoded_length(v);
        }
        if size > MAX_SIZE {
            self.push(FieldError::too_long(&Path::new(""), MAX_SIZE));
        }
    }
    fn secret(&mut self, object: &Value) {
        let (data, path) = (object.at("data"), Path::new("data"));
        let mut size = 0;
        for (key, v) in data.fields() {
            self.messages(&path.key(key), key, content::config_key(key));
            size += decoded_length(v);
        }
        if size > MAX_SIZE {
            self.push(FieldError::too_long(&path, MAX_SIZE));
        }
        let has = |key: &str| data.get(key).is_some();
        match object.str_at("type") {
            "kubernetes.io/service-account-token" => {
                const NAME: &str = "kubernetes.io/service-account.name";
                let name = object.at("metadata.annotations").get(NAME).and_then(Value::as_str).unwrap_or("");
                if name.is_empty() {
                    self.required(&Path::new("metadata.annotations").key(NAME), "");
                }
            }
            "kubernetes.io/dockercfg" => self.docker_config(data, ".dockercfg"),
            "kubernetes.io/dockerconfigjson" => self.docker_config(data, ".dockerconfigjson"),
            "kubernetes.io/basic-auth" if !has("username") && !has("password") => {
                self.required(&path.key("username"), "");
                self.required(&path.key("password"), "");
            }
            "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_none_or(|v| decoded_length(v) == 0) => {
                self.required(&path.key("ssh-privatekey"), "");
            }
            "kubernetes.io/tls" => {
                for key in ["tls.crt", "tls.key"] {
                    if !has(key) {
                        self.required(&path.key(key), "");
                    }
                }
            }
            _ => {}
        }
    }
    fn docker_config(&mut self, data: &Value, key: &str) {
        let p = Path::new("data").key(key);
        let Some(v) = data.get(key) else { return self.required(&p, "") };
        let bytes = base64::decode(v.as_str().unwrap_or("")).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        match Value::from_json(&text) {
            Ok(Value::Object(_) | Value::Null) => {}
            Ok(other) => {
                let noun = match other {
                    Value::Array(_) => "array",
                    Value::Str(_) => "string",
                    Value::Bool(_) => "bool",
                    _ => "number",
                };
                let detail = format!("json: cannot unmarshal {noun} into Go value of type map[string]interface {{}}");
                self.invalid(&p, "<secret contents redacted>", detail);
            }
            Err(_) => {
                let detail = if text.trim().is_empty() {
                    "unexpected end of JSON input".to_owned()
                } else {
                    // What ends too early is told apart from what is wrong.
                    match text.trim_start().chars().next().unwrap_or(' ') {
                        '{' if bare_key(&text).is_some() => {
                            let c = bare_key(&text).unwrap_or(' ');
                            format!("invalid character '{c}' looking for beginning of object key string")
                        }
                        '{' | '[' | '"' if ends_early(&text) => "unexpected end of JSON input".to_owned(),
                        first => format!("invalid character '{first}' looking for beginning of value"),
                    }
                };
                self.invalid(&p, "<secret contents redacted>", detail);
            }
        }
    }
    /// What a claim asks for.
    pub(super) fn claim_spec(&mut self, spec: &Value, path: &Path) {
        let modes: Vec<&str> = spec.at("accessModes").items().iter().filter_map(Value::as_str).collect();
        let p = path.child("accessModes");
        if modes.is_empty() {
            self.required(&p, "at least 1 access mode is required");
        }
        self.label_selector(spec.at("selector"), &path.child("selector"));
        let known = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
        for mode in modes.iter().filter(|m| !known.contains(m)) {
            self.not_supported(&p, *mode, &known);
        }
        let single = modes.contains(&"ReadWriteOncePod");
        if single && modes.iter().any(|m| known.contains(m) && *m != "ReadWriteOncePod") {
            self.forbidden(&p, "may not use ReadWriteOncePod with other access modes");
        }
        let p = path.child("resources").key("storage");
        match spec.at("resources.requests").get("storage") {
            None => self.required(&p, ""),
            Some(q) => {
                let q = Quantity::from_value(q).unwrap_or_default();
                if q.nanos() <= 0 {
                    self.invalid(&p, q.to_string(), "must be greater than zero");
                }
            }
        }
        let class = spec.str_at("storageClassName");
        if !class.is_empty() {
            self.messages(&path.child("storageClassName"), class, content::dns_subdomain(class));
        }
        if let Some(mode) = spec.at("volumeMode").as_str().filter(|m| !["Block", "Filesystem"].contains(m)) {
            self.not_supported(&path.child("volumeMode"), mode, &["Block", "Filesystem"]);
        }
    }
    pub(super) fn replication_controller(&mut self, spec: &Value) {
        let path = Path::new("spec");
        let selector = spec.at("selector");
        if selector.fields().next().is_none() {
            self.required(&path.child("selector"), "");
        }
        self.controlled_template(spec, &path);
        // What the types themselves declare is checked last.
        self.nonnegative(spec, "replicas", &path);
        self.nonnegative(spec, "minReadySeconds", &path);
    }
    fn controlled_template(&mut self, spec: &Value, path: &Path) {
        let selector = spec.at("selector");
        let (template, p) = (spec.at("template"), path.child("template"));
        if template.is_null() {
            return self.required(&p, "");
        }
        let labels = template.at("metadata.labels");
        let matches = selector.fields().all(|(k, v)| labels.get(k) == Some(v));
        self.selector_matches(matches, labels, &p);
        self.pod_template(template, &p);
        let policy = template.str_at("spec.restartPolicy");
        if policy != "Always" {
            self.not_supported(&p.child("spec.restartPolicy"), policy, &["Always"]);
        }
        if !template.at("spec.activeDeadlineSeconds").is_null() {
            self.forbidden(
                &p.child("spec.activeDeadlineSeconds"),
                "activeDeadlineSeconds in ReplicationController is not Supported",
            );
        }
    }
    fn priority_class(&mut self, object: &Value) {
        let (name, value) = (object.str_at("metadata.name"), object.int_at("value").unwrap_or(0));
        if name.starts_with("system-") {
            let builtin = matches!(
                (name, value),
                ("system-cluster-critical", 2_000_000_000) | ("system-node-critical", 2_000_001_000)
            );
            if !builtin {
                let reserved = "priority class names with 'system-' prefix are reserved for system use only";
                let why = match name {
                    "system-cluster-critical" | "system-node-critical" => {
                        let right = if name == "system-node-critical" { 2_000_001_000 } else { 2_000_000_000 };
                        format!("value of {name} PriorityClass must be {right}")
                    }
                    _ => format!("{name} is not a known system priority class"),
                };
                self.forbidden(&Path::new("metadata.name"), format!("{reserved}. error: {why}"));
            }
        } else if value > 1_000_000_000 {
            self.forbidden(&Path::new("value"), "maximum allowed value of a user defined priority is 1000000000");
        }
        if let Some(policy) = object.at("preemptionPolicy").as_str() {
            self.one_of(&Path::new("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
        }
    }
    fn disruption_budget(&mut self, spec: &Value) {
        let path = Path::new("spec");
        let (min, max) = (spec.at("minAvailable"), spec.at("maxUnavailable"));
        if !min.is_null() && !max.is_null() {
            let shown = super::internal_json("policy.PodDisruptionBudgetSpec", spec);
            let detail = "minAvailable and maxUnavailable cannot be both set";
            self.push(FieldError::invalid_text(&path, shown, detail));
        }
        for (field, v) in [("minAvailable", min), ("maxUnavailable", max)] {
            let p = path.child(field);
            self.int_or_percent(v, &p);
            self.at_most_all(v, &p);
        }
        self.label_selector(spec.at("selector"), &path.child("selector"));
        let policies = ["AlwaysAllow", "IfHealthyBudget"];
        if let Some(policy) = spec.at("unhealthyPodEvictionPolicy").as_str().filter(|p| !policies.contains(p)) {
            self.not_supported(&path.child("unhealthyPodEvictionPolicy"), policy, &policies);
        }
    }
    pub(super) fn node(&mut self, spec: &Value) {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        // The taints' path is said to be below the metadata.
        for (taint, p) in items(spec, "taints", &Path::new("metadata")) {
            let (key, effect, value) = (taint.str_at("key"), taint.str_at("effect"), taint.str_at("value"));
            self.label_name(key, &p.child("key"));
            let messages = content::label_value(value);
            if !messages.is_empty() {
                self.invalid(&p.child("value"), value, messages.join(";"));
            }
            self.taint_effect(effect, &p.child("effect"));
            if seen.contains(&(key, effect)) {
                let shown = super::internal_json("core.Taint", taint);
                self.push(FieldError {
                    kind: crate::api::ErrorType::Duplicate,
                    path: p,
                    value: Some(shown),
                    detail: "taints must be unique by key and effect pair".to_owned(),
                });
            }
            seen.push((key, effect));
        }
        let single = Value::array(spec.at("podCIDR").as_str().map(Value::from));
        let ranges = spec.at("podCIDRs");
        let ranges = if ranges.items().is_empty() { &single } else { ranges };
        for (i, range) in ranges.items().iter().filter_map(Value::as_str).enumerate() {
            self.address_range(range, &Path::new("spec.podCIDRs").index(i));
        }
    }
}

/// The first character of an object's first key, where it is not quoted.
fn bare_key(text: &str) -> Option<char> {
    let first = text.trim_start().strip_prefix('{')?.trim_start().chars().next()?;
    (!matches!(first, '"' | '}')).then_some(first)
}

/// Whether JSON text stops before all that it opens is closed.
fn ends_early(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_i32, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    quoted || depth > 0
}
