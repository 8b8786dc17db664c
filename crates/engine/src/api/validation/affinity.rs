//! Where a pod may run: affinity, tolerations, spreading. Models `validateAffinity`, `ValidateTolerations` and
//! `validateTopologySpreadConstraints`.

use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::{Value, content};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

impl Checks {
    pub(super) fn affinity(&mut self, affinity: &Value, path: &Path) {
        let (node, p) = (affinity.at("nodeAffinity"), path.child("nodeAffinity"));
        if !node.at(REQUIRED).is_null() {
            self.node_selector(node.at(REQUIRED), &p.child(REQUIRED));
        }
        for (term, tp) in items(node, PREFERRED, &p) {
            self.weight(term, &tp);
            self.node_selector_term(term.at("preference"), false, &tp.child("preference"));
        }
        for kind in ["podAffinity", "podAntiAffinity"] {
            let (pods, p) = (affinity.at(kind), path.child(kind));
            for (term, tp) in items(pods, REQUIRED, &p) {
                self.pod_affinity_term(term, &tp);
            }
            for (term, tp) in items(pods, PREFERRED, &p) {
                self.weight(term, &tp);
                self.pod_affinity_term(term.at("podAffinityTerm"), &tp.child("podAffinityTerm"));
            }
        }
    }
    fn weight(&mut self, term: &Value, path: &Path) {
        let n = term.int_at("weight").unwrap_or(0);
        if !(1..=100).contains(&n) {
            self.invalid(&path.child("weight"), n, "must be in the range 1-100");
        }
    }
    fn node_selector(&mut self, selector: &Value, path: &Path) {
        if selector.at("nodeSelectorTerms").items().is_empty() {
            return self.required(&path.child("nodeSelectorTerms"), "must have at least one node selector term");
        }
        for (term, p) in items(selector, "nodeSelectorTerms", path) {
            self.node_selector_term(term, true, &p);
        }
    }
    fn node_selector_term(&mut self, term: &Value, check_values: bool, path: &Path) {
        for (e, p) in items(term, "matchExpressions", path) {
            let (operator, values) = (e.str_at("operator"), e.at("values").items());
            match operator {
                "In" | "NotIn" if values.is_empty() => {
                    self.required(&p.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                }
                "Exists" | "DoesNotExist" if !values.is_empty() => self.forbidden(
                    &p.child("values"),
                    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                ),
                "Gt" | "Lt" if values.len() != 1 => {
                    self.required(&p.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                }
                "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
                _ => self.invalid(&p.child("operator"), operator, "not a valid selector operator"),
            }
            self.label_name(e.str_at("key"), &p.child("key"));
            for (i, v) in values.iter().filter_map(Value::as_str).enumerate().filter(|_| check_values) {
                self.messages(&p.child("values").index(i), v, content::label_value(v));
            }
        }
        for (e, p) in items(term, "matchFields", path) {
            let (operator, values, key) = (e.str_at("operator"), e.at("values").items(), e.str_at("key"));
            match operator {
                "In" | "NotIn" if values.len() != 1 => self.required(
                    &p.child("values"),
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
                ),
                "In" | "NotIn" => {}
                _ => self.invalid(&p.child("operator"), operator, "not a valid selector operator"),
            }
            if key == "metadata.name" {
                for (i, v) in values.iter().filter_map(Value::as_str).enumerate() {
                    self.messages(&p.child("values").index(i), v, content::dns_subdomain(v));
                }
            } else {
                self.invalid(&p.child("key"), key, "not a valid field selector key");
            }
        }
    }
    fn pod_affinity_term(&mut self, term: &Value, path: &Path) {
        self.label_selector(term.at("labelSelector"), &path.child("labelSelector"));
        self.label_selector(term.at("namespaceSelector"), &path.child("namespaceSelector"));
        for name in term.at("namespaces").items().iter().filter_map(Value::as_str) {
            self.messages(&path.child("namespace"), name, content::dns_label(name));
        }
        self.match_label_keys(term, path);
        let key = term.str_at("topologyKey");
        if key.is_empty() {
            self.required(&path.child("topologyKey"), "can not be empty");
        }
        self.label_name(key, &path.child("topologyKey"));
    }
    fn match_label_keys(&mut self, term: &Value, path: &Path) {
        let keys: Vec<&str> = term.at("matchLabelKeys").items().iter().filter_map(Value::as_str).collect();
        let mismatch: Vec<&str> = term.at("mismatchLabelKeys").items().iter().filter_map(Value::as_str).collect();
        let selector = term.at("labelSelector");
        for (list, field) in [(&keys, "matchLabelKeys"), (&mismatch, "mismatchLabelKeys")] {
            let p = path.child(field);
            if !list.is_empty() && selector.is_null() {
                self.forbidden(&p, "must not be specified when labelSelector is not set");
                continue;
            }
            for (i, key) in list.iter().enumerate() {
                self.label_name(key, &p.index(i));
            }
        }
        let mut seen: Vec<&str> = selector.at("matchLabels").fields().map(|(k, _)| k.as_ref()).collect();
        for e in selector.at("matchExpressions").items() {
            let key = e.str_at("key");
            if let Some(i) = keys.iter().position(|k| *k == key).filter(|_| seen.contains(&key)) {
                self.invalid(&path.index(i), key, "exists in both matchLabelKeys and labelSelector");
            }
            seen.push(key);
        }
        for (i, key) in keys.iter().enumerate().filter(|(_, k)| mismatch.contains(k)) {
            let p = path.child("matchLabelKeys").index(i);
            self.invalid(&p, *key, "exists in both matchLabelKeys and mismatchLabelKeys");
        }
    }
    pub(super) fn tolerations(&mut self, spec: &Value, path: &Path) {
        for (t, p) in items(spec, "tolerations", path) {
            let (key, operator, value, effect) =
                (t.str_at("key"), t.str_at("operator"), t.str_at("value"), t.str_at("effect"));
            if !key.is_empty() {
                self.label_name(key, &p.child("key"));
            }
            if key.is_empty() && operator != "Exists" {
                self.invalid(
                    &p.child("operator"),
                    operator,
                    "operator must be Exists when `key` is empty, which means \"match all values and all keys\"",
                );
            }
            if !t.at("tolerationSeconds").is_null() && effect != "NoExecute" {
                self.invalid(&p.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
            }
            match operator {
                "Equal" | "" => {
                    let messages = content::label_value(value);
                    if !messages.is_empty() {
                        self.invalid(&p.child("operator"), value, messages.join(";"));
                    }
                }
                "Exists" if !value.is_empty() => {
                    self.invalid(&p.child("operator"), value, "value must be empty when `operator` is 'Exists'");
                }
                "Exists" => {}
                "Lt" | "Gt" => self.not_supported(&p.child("operator"), operator, &["Equal", "Exists", "Lt", "Gt"]),
                _ => self.not_supported(&p.child("operator"), operator, &["Equal", "Exists"]),
            }
            if !effect.is_empty() {
                self.taint_effect(effect, &p.child("effect"));
            }
        }
    }
    pub(super) fn taint_effect(&mut self, effect: &str, path: &Path) {
        self.one_of(path, effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    }
    pub(super) fn topology_spread(&mut self, spec: &Value, path: &Path) {
        let list = spec.at("topologySpreadConstraints").items();
        for (i, (c, p)) in items(spec, "topologySpreadConstraints", path).enumerate() {
            self.positive(&p.child("maxSkew"), c.int_at("maxSkew").unwrap_or(0));
            let (key, action) = (c.str_at("topologyKey"), c.str_at("whenUnsatisfiable"));
            if key.is_empty() {
                self.required(&p.child("topologyKey"), "can not be empty");
            }
            if !["DoNotSchedule", "ScheduleAnyway"].contains(&action) {
                self.not_supported(&p.child("whenUnsatisfiable"), action, &["DoNotSchedule", "ScheduleAnyway"]);
            }
            let repeated = |o: &&Value| o.str_at("topologyKey") == key && o.str_at("whenUnsatisfiable") == action;
            if list[i + 1..].iter().any(|o| repeated(&o)) {
                self.duplicate(&p.child("{topologyKey, whenUnsatisfiable}"), format!("{{{key}, {action}}}"));
            }
            if let Some(n) = c.int_at("minDomains") {
                self.positive(&p.child("minDomains"), n);
                if action != "DoNotSchedule" {
                    let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                    self.push(FieldError::invalid(&p.child("minDomains"), n, detail));
                }
            }
            for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
                if let Some(policy) = c.at(field).as_str().filter(|x| !["Honor", "Ignore"].contains(x)) {
                    self.not_supported(&p.child(field), policy, &["Honor", "Ignore"]);
                }
            }
            self.match_label_keys(c, &p);
            self.label_selector(c.at("labelSelector"), &p.child("labelSelector"));
        }
    }
}
