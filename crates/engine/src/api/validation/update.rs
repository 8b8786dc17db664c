//! What may change and what not. Models the `Validate*Update` functions.

use super::internal::{internal_json, internal_lines, unified_diff};
use super::{Checks, IMMUTABLE};
use crate::api::field::{FieldError, Path};
use crate::api::{Kind, Value, content};

/// What a Pod's update may touch, as the message lists it.
const UPDATABLE: &str = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

impl Checks {
    pub(super) fn update(&mut self, kind: Kind, new: &Value, old: &Value) {
        self.object_meta_update(new.at("metadata"), old.at("metadata"));
        let (spec, old_spec) = (new.at("spec"), old.at("spec"));
        let path = Path::new("spec");
        match kind {
            Kind::Pod => self.pod_update(new, old),
            Kind::Job => {
                self.job_update(new, old);
                self.name_allows_completions(new);
            }
            Kind::CronJob => self.cron_job_spec(spec, Some(old_spec)),
            Kind::Deployment => {
                self.deployment_spec(spec);
                self.immutable_selector(spec, old_spec, &path);
            }
            Kind::ReplicaSet => {
                self.replica_set_spec(spec);
                self.immutable_selector(spec, old_spec, &path);
            }
            Kind::DaemonSet => {
                self.immutable_selector(spec, old_spec, &path);
                self.daemon_set_spec(spec);
            }
            Kind::StatefulSet => {
                self.stateful_set_spec(spec);
                self.immutable_selector(spec, old_spec, &path);
                self.immutable_claims(spec, old_spec, &path);
                for field in ["serviceName", "podManagementPolicy"] {
                    self.immutable(&path.child(field), spec.at(field), old_spec.at(field));
                }
            }
            Kind::ConfigMap => {
                self.immutable_data(new, old, &["data", "binaryData"]);
                self.object_meta(new.at("metadata"), true, content::dns_subdomain);
                self.other(kind, new);
            }
            Kind::Secret => {
                self.immutable(&Path::new("type"), new.at("type"), old.at("type"));
                self.immutable_data(new, old, &["data"]);
                self.object_meta(new.at("metadata"), true, content::dns_subdomain);
                self.other(kind, new);
            }
            Kind::ResourceQuota => {
                self.resource_quota_spec(spec);
                let sorted = |v: &Value| {
                    let mut list: Vec<String> =
                        v.at("scopes").items().iter().filter_map(Value::as_str).map(str::to_owned).collect();
                    list.sort();
                    list
                };
                if sorted(spec) != sorted(old_spec) {
                    self.invalid(&path.child("scopes"), spec.at("scopes").clone(), IMMUTABLE);
                }
            }
            Kind::LimitRange => self.limit_range(new),
            Kind::Service => self.service_update(new, old),
            Kind::PersistentVolumeClaim => self.claim_update(new, old),
            Kind::Namespace | Kind::ServiceAccount => {}
            Kind::PriorityClass => {
                for field in ["value", "preemptionPolicy"] {
                    if new.at(field) != old.at(field) {
                        self.forbidden(&Path::new(field), "may not be changed in an update.");
                    }
                }
            }
            _ => self.other(kind, new),
        }
    }
    fn immutable_selector(&mut self, spec: &Value, old: &Value, path: &Path) {
        if spec.at("selector") != old.at("selector") {
            self.immutable_struct(&path.child("selector"), "meta.LabelSelector", spec.at("selector"));
        }
    }
    fn immutable_struct(&mut self, path: &Path, type_name: &str, value: &Value) {
        let shown = if value.is_null() { "null".to_owned() } else { internal_json(type_name, value) };
        self.push(FieldError::invalid_text(path, shown, IMMUTABLE));
    }
    fn immutable_claims(&mut self, spec: &Value, old: &Value, path: &Path) {
        let claims = spec.at("volumeClaimTemplates");
        if claims != old.at("volumeClaimTemplates") {
            let list: Vec<String> =
                claims.items().iter().map(|c| internal_json("core.PersistentVolumeClaim", c)).collect();
            let shown = if claims.is_null() { "null".to_owned() } else { format!("[{}]", list.join(",")) };
            self.push(FieldError::invalid_text(&path.child("volumeClaimTemplates"), shown, IMMUTABLE));
        }
    }
    /// Once `immutable` is set, it stays, and so does the content.
    fn immutable_data(&mut self, new: &Value, old: &Value, fields: &[&'static str]) {
        const DETAIL: &str = "field is immutable when `immutable` is set";
        if !old.bool_at("immutable") {
            return;
        }
        if !new.bool_at("immutable") {
            self.forbidden(&Path::new("immutable"), DETAIL);
        }
        for field in fields {
            if new.at(field) != old.at(field) {
                self.forbidden(&Path::new(field), DETAIL);
            }
        }
    }

    fn job_update(&mut self, new: &Value, old: &Value) {
        let (spec, old_spec, path) = (new.at("spec"), old.at("spec"), Path::new("spec"));
        self.job_spec_with_selector(spec, &path);
        self.job_completions(spec, old_spec, &path);
        self.immutable_selector(spec, old_spec, &path);
        self.job_template_update(new, old);
        self.immutable(&path.child("completionMode"), spec.at("completionMode"), old_spec.at("completionMode"));
        let policy = |me: &mut Self, field: &'static str, type_name: &str| {
            if spec.at(field) != old_spec.at(field) {
                me.immutable_struct(&path.child(field), type_name, spec.at(field));
            }
        };
        policy(self, "podFailurePolicy", "batch.PodFailurePolicy");
        for field in ["backoffLimitPerIndex", "managedBy"] {
            self.immutable(&path.child(field), spec.at(field), old_spec.at(field));
        }
        policy(self, "successPolicy", "batch.SuccessPolicy");
    }
    /// The number of completions is fixed, but for an Indexed Job that grows or shrinks as a whole.
    fn job_completions(&mut self, spec: &Value, old: &Value, path: &Path) {
        let (p, new) = (path.child("completions"), spec.at("completions"));
        if spec.str_at("completionMode") != "Indexed" {
            self.immutable(&p, new, old.at("completions"));
        } else if new != old.at("completions") && !new.is_null() && new != spec.at("parallelism") {
            self.invalid(&p, new.clone(), "can only be modified in tandem with spec.parallelism");
        }
    }
    /// The template is fixed; while the Job is suspended and nothing runs, where its pods go and what they ask for is not.
    fn job_template_update(&mut self, new: &Value, old: &Value) {
        let suspended = old.bool_at("spec.suspend");
        let condition = old.at("status.conditions").items().iter();
        let paused = condition.into_iter().any(|c| c.str_at("type") == "Suspended" && c.str_at("status") == "True");
        let idle = old.int_at("status.active").unwrap_or(0) == 0;
        let open = suspended && idle && (old.at("status.startTime").is_null() || paused);
        let template = new.at("spec.template");
        let mut before = old.at("spec.template").clone();
        if open {
            let affinity = template.at("spec.affinity.nodeAffinity").clone();
            let had = !before.at("spec.affinity").is_null();
            if !template.at("spec.affinity").is_null() || had {
                if affinity.is_null() {
                    before.unset("spec.affinity.nodeAffinity");
                } else {
                    before.set("spec.affinity.nodeAffinity", affinity);
                }
            }
            if template.at("spec.affinity").is_null() && before.at("spec.affinity").fields().next().is_none() {
                before.unset("spec.affinity");
            }
            for field in [
                "spec.nodeSelector",
                "spec.tolerations",
                "spec.schedulingGates",
                "metadata.annotations",
                "metadata.labels",
            ] {
                copy(&mut before, template, field);
            }
        }
        if suspended && open {
            for list in ["spec.containers", "spec.initContainers"] {
                same_but(&mut before, template, list, "resources");
            }
            if template.at("spec") != before.at("spec") {
                self.immutable_struct(&Path::new("spec.template.spec"), "core.PodSpec", template.at("spec"));
            }
        } else if *template != before {
            self.immutable_struct(&Path::new("spec.template"), "core.PodTemplateSpec", template);
        }
    }

    fn pod_update(&mut self, new: &Value, old: &Value) {
        self.pod_meta_and_spec(new, false);
        let (spec, old_spec, path) = (new.at("spec"), old.at("spec"), Path::new("spec"));
        for list in ["containers", "initContainers"] {
            if spec.at(list).items().len() != old_spec.at(list).items().len() {
                return self.forbidden(&path.child(list), "pod updates may not add or remove containers");
            }
            for (c, p) in super::items(spec, list, &path) {
                let (image, at) = (c.str_at("image"), p.child("image"));
                if image.is_empty() {
                    self.required(&at, "");
                }
                if image.trim() != image {
                    self.invalid(&at, image, "must not have leading or trailing whitespace");
                }
            }
        }
        let p = path.child("activeDeadlineSeconds");
        match (spec.int_at("activeDeadlineSeconds"), old_spec.int_at("activeDeadlineSeconds")) {
            (Some(n), _) if !(0..=i64::from(i32::MAX)).contains(&n) => {
                return self.invalid(&p, n, content::inclusive_range(0, i64::from(i32::MAX)));
            }
            (Some(n), Some(before)) if before < n => {
                return self.invalid(&p, n, "must be less than or equal to previous value");
            }
            (None, Some(_)) => {
                self.invalid(&p, Value::Null, "must not update from a positive integer to nil value");
            }
            _ => {}
        }
        self.only_added_tolerations(spec, old_spec, &path);
        self.only_deleted_gates(spec, old_spec, &path);
        if spec == old_spec {
            return;
        }
        let mut munged = spec.clone();
        for list in ["containers", "initContainers"] {
            same_but(&mut munged, old_spec, list, "image");
        }
        for field in ["activeDeadlineSeconds", "schedulingGates", "tolerations"] {
            copy(&mut munged, old_spec, field);
        }
        let grace = "terminationGracePeriodSeconds";
        if old_spec.int_at(grace).is_some_and(|n| n < 0) && munged.int_at(grace) == Some(1) {
            copy(&mut munged, old_spec, grace);
        }
        if !old_spec.at("schedulingGates").items().is_empty() {
            self.gated_directives(&mut munged, old_spec, &path);
        }
        if munged != *old_spec {
            let diff =
                unified_diff(&internal_lines("core.PodSpec", old_spec), &internal_lines("core.PodSpec", &munged));
            self.forbidden(&path, format!("pod updates may not change fields other than {UPDATABLE}\n{diff}"));
        }
    }
    /// While gates hold a Pod back, it may be steered further, never less.
    fn gated_directives(&mut self, munged: &mut Value, old: &Value, path: &Path) {
        let selector = munged.at("nodeSelector").clone();
        if selector != *old.at("nodeSelector") {
            if old.at("nodeSelector").fields().any(|(k, v)| selector.get(k) != Some(v)) {
                self.invalid(
                    &path.child("nodeSelector"),
                    selector,
                    "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
                );
            }
            copy(munged, old, "nodeSelector");
        }
        if munged.at("affinity.nodeAffinity") != old.at("affinity.nodeAffinity") {
            copy(munged, old, "affinity.nodeAffinity");
            if old.at("affinity").is_null() && munged.at("affinity").fields().next().is_none() {
                munged.unset("affinity");
            }
        }
    }
    fn only_added_tolerations(&mut self, spec: &Value, old: &Value, path: &Path) {
        let list = spec.at("tolerations").items();
        let same = |a: &Value, b: &Value| {
            let strip = |t: &Value| {
                let mut t = t.clone();
                t.unset("tolerationSeconds");
                t
            };
            strip(a) == strip(b)
        };
        if old.at("tolerations").items().iter().any(|o| !list.iter().any(|n| same(n, o))) {
            return self.forbidden(
                &path.child("tolerations"),
                "existing toleration can not be modified except its tolerationSeconds",
            );
        }
        self.tolerations(spec, path);
    }
    fn only_deleted_gates(&mut self, spec: &Value, old: &Value, path: &Path) {
        let before = old.at("schedulingGates").items();
        for (gate, p) in super::items(spec, "schedulingGates", path) {
            if !before.contains(gate) {
                self.forbidden(
                    &p,
                    "only deletion is allowed, but found new scheduling gate '".to_owned() + gate.str_at("name") + "'",
                );
            }
        }
    }
    fn service_update(&mut self, new: &Value, old: &Value) {
        let (ip, before) = (new.at("spec.clusterIP"), old.at("spec.clusterIP"));
        let external = |v: &Value| v.str_at("spec.type") == "ExternalName";
        if !external(old) && !external(new) && ip != before && !before.is_null() {
            let shown = new.at("spec.clusterIPs").clone();
            let detail = "may not change once set";
            self.invalid(&Path::new("spec.clusterIPs").index(0), shown, detail);
        }
        self.service(new);
    }
    fn claim_update(&mut self, new: &Value, old: &Value) {
        self.object_meta(new.at("metadata"), true, content::dns_subdomain);
        self.claim_spec(new.at("spec"), &Path::new("spec"));
        let mut munged = new.at("spec").clone();
        let before = old.at("spec");
        if before.str_at("volumeName").is_empty() {
            let name = munged.at("volumeName").clone();
            let mut before = before.clone();
            if !name.is_null() {
                before.set("volumeName", name);
            }
            self.claim_spec_update(&mut munged, &before, new);
        } else {
            self.claim_spec_update(&mut munged, before, new);
        }
    }
    fn claim_spec_update(&mut self, munged: &mut Value, before: &Value, new: &Value) {
        if before.at("storageClassName").is_null() && !munged.at("storageClassName").is_null() {
            munged.unset("storageClassName");
        }
        if new.str_at("status.phase") == "Bound" {
            copy(munged, before, "resources.requests.storage");
            copy(munged, before, "volumeAttributesClassName");
        }
        if munged != before {
            let name = "core.PersistentVolumeClaimSpec";
            let diff = unified_diff(&internal_lines(name, before), &internal_lines(name, munged));
            self.forbidden(
                &Path::new("spec"),
                format!("spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{diff}"),
            );
        }
    }
}

/// Takes the value at a path from another object, be it nothing.
fn copy(to: &mut Value, from: &Value, path: &'static str) {
    let value = from.at(path).clone();
    if value.is_null() {
        to.unset(path);
    } else {
        to.set(path, value);
    }
}

/// Gives the items of a list the field that the items of the same name have in another object.
fn same_but(to: &mut Value, from: &Value, list: &'static str, field: &'static str) {
    let others = from.at(list).items();
    if others.len() != to.at(list).items().len() || others.is_empty() {
        return;
    }
    for (item, other) in to.slot(list).make_array().iter_mut().zip(others) {
        if field == "image" || item.str_at("name") == other.str_at("name") {
            copy(item, other, field);
        }
    }
}
