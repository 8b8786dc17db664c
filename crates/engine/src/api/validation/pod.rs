//! Pods, pod templates and pod specs. Models `ValidatePodCreate`, `ValidatePodTemplateSpec` and `ValidatePodSpec` of
//! `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeMap;

use super::{Checks, NEGATIVE, items};
use crate::api::field::{FieldError, Path};
use crate::api::quantity::Quantity;
use crate::api::text::go_quote;
use crate::api::{Value, content};

/// What a check of a pod spec depends on besides the spec.
#[derive(Clone, Copy)]
pub(super) struct PodContext<'a> {
    /// The Pod's metadata; null for a template.
    pub meta: &'a Value,
    /// Whether it is a Pod, not a template.
    pub is_pod: bool,
}

/// What the containers of a Pod ask for together. Models `resource.AggregateContainerRequests`.
fn container_requests(spec: &Value) -> BTreeMap<String, Quantity> {
    type Sums = BTreeMap<String, Quantity>;
    let add = |sums: &mut Sums, c: &Value| {
        for (name, amount) in c.at("resources.requests").fields() {
            let amount = Quantity::from_value(amount).unwrap_or_default();
            match sums.get_mut(name.as_ref()) {
                Some(sum) => sum.add(&amount),
                None => drop(sums.insert(name.to_string(), amount)),
            }
        }
    };
    let (mut total, mut sidecars, mut greatest) = (Sums::new(), Sums::new(), Sums::new());
    for c in spec.at("containers").items() {
        add(&mut total, c);
    }
    for c in spec.at("initContainers").items() {
        let mut need = sidecars.clone();
        add(&mut need, c);
        if c.str_at("restartPolicy") == "Always" {
            add(&mut total, c);
            sidecars = need.clone();
        }
        for (name, amount) in need {
            let most = greatest.entry(name).or_default();
            if amount > *most {
                *most = amount;
            }
        }
    }
    for (name, amount) in greatest {
        let sum = total.entry(name).or_default();
        if amount > *sum {
            *sum = amount;
        }
    }
    total
}

impl Checks {
    pub(super) fn pod_create(&mut self, pod: &Value) {
        self.pod_meta_and_spec(pod, true);
        let path = Path::new("spec");
        if !pod.at("spec.ephemeralContainers").items().is_empty() {
            self.forbidden(&path.child("ephemeralContainers"), "cannot be set on create");
        }
        if !pod.str_at("spec.nodeName").is_empty() && !pod.at("spec.schedulingGates").items().is_empty() {
            self.forbidden(&path.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
        }
    }
    /// Metadata and spec of a Pod; the metadata's general part only when it is new.
    pub(super) fn pod_meta_and_spec(&mut self, pod: &Value, _new: bool) {
        let (meta, spec, path) = (pod.at("metadata"), pod.at("spec"), Path::new("spec"));
        self.object_meta(meta, true, content::dns_subdomain);
        self.pod_annotations(meta.at("annotations"), spec, &Path::new("metadata.annotations"));
        self.pod_spec(spec, &path, PodContext { meta, is_pod: true });
        if spec.str_at("serviceAccountName").is_empty() {
            for (v, p) in items(spec, "volumes", &path) {
                for (s, sp) in items(v.at("projected"), "sources", &p.child("projected")) {
                    if !s.at("serviceAccountToken").is_null() {
                        self.forbidden(
                            &sp.child("serviceAccountToken"),
                            "must not be specified when serviceAccountName is not set",
                        );
                    }
                }
            }
        }
        self.nonnegative(spec, "terminationGracePeriodSeconds", &path);
        for list in ["containers", "initContainers"] {
            for (c, p) in items(spec, list, &path) {
                let image = c.str_at("image");
                if image.trim() != image {
                    self.invalid(&p.child("image"), image, "must not have leading or trailing whitespace");
                }
            }
        }
    }
    fn pod_annotations(&mut self, annotations: &Value, spec: &Value, path: &Path) {
        let get = |k: &str| annotations.get(k).and_then(Value::as_str);
        const MIRROR: &str = "kubernetes.io/config.mirror";
        if let Some(value) = get(MIRROR).filter(|_| spec.str_at("nodeName").is_empty()) {
            self.invalid(&path.key(MIRROR), value, "must set spec.nodeName if mirror pod annotation is set");
        }
        const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
        if let Some(value) = get(COST) {
            let digits = value.strip_prefix('-').unwrap_or(value);
            let right = !value.starts_with('+')
                && value.parse::<i32>().is_ok()
                && (digits == "0" || !digits.starts_with('0'))
                && value != "-0";
            if !right {
                self.invalid(&path.key(COST), value, "must be a 32bit integer");
            }
        }
    }
    /// A pod template.
    pub(super) fn pod_template(&mut self, template: &Value, path: &Path) {
        let meta = template.at("metadata");
        self.labels(meta.at("labels"), &path.child("labels"));
        self.annotations(meta.at("annotations"), &path.child("annotations"));
        self.pod_annotations(meta.at("annotations"), template.at("spec"), &path.child("annotations"));
        let spec_path = path.child("spec");
        self.pod_spec(template.at("spec"), &spec_path, PodContext { meta: &Value::Null, is_pod: false });
        if !template.at("spec.ephemeralContainers").items().is_empty() {
            self.forbidden(&spec_path.child("ephemeralContainers"), "ephemeral containers not allowed in pod template");
        }
    }

    pub(super) fn pod_spec(&mut self, spec: &Value, path: &Path, context: PodContext<'_>) {
        if spec.at("terminationGracePeriodSeconds").is_null() {
            self.required(&path.child("terminationGracePeriodSeconds"), "");
        }
        let volumes = self.volumes(spec, path, context);
        self.resource_claims(spec, path);
        self.containers(spec, &volumes, path);
        self.init_containers(spec, &volumes, path);
        self.pod_level_resources(spec, path);
        if spec.bool_at("hostNetwork") {
            self.host_network_ports(spec, path, context);
        }
        self.one_of(&path.child("restartPolicy"), spec.str_at("restartPolicy"), &["Always", "OnFailure", "Never"]);
        self.one_of(
            &path.child("dnsPolicy"),
            spec.str_at("dnsPolicy"),
            &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        );
        self.labels(spec.at("nodeSelector"), &path.child("nodeSelector"));
        self.pod_security_context(spec.at("securityContext"), &path.child("securityContext"));
        if spec.bool_at("hostPID") && spec.bool_at("shareProcessNamespace") {
            self.invalid(
                &path.child("shareProcessNamespace"),
                true,
                "ShareProcessNamespace and HostPID cannot both be enabled",
            );
        }
        self.affinity(spec.at("affinity"), &path.child("affinity"));
        self.dns_config(spec, path);
        for (gate, p) in items(spec, "readinessGates", path) {
            self.label_name(gate.str_at("conditionType"), &p.child("conditionType"));
        }
        let mut seen: Vec<&str> = Vec::new();
        for (gate, p) in items(spec, "schedulingGates", path) {
            let name = gate.str_at("name");
            self.label_name(name, &p);
            if seen.contains(&name) {
                self.duplicate(&p, name);
            }
            seen.push(name);
        }
        self.topology_spread(spec, path);
        self.host_users(spec, path);
        self.hostname_override(spec, path);
        let account = spec.str_at("serviceAccountName");
        if !account.is_empty() {
            self.messages(&path.child("serviceAccountName"), account, content::dns_subdomain(account));
        }
        let node = spec.str_at("nodeName");
        if !node.is_empty() {
            self.messages(&path.child("nodeName"), node, content::dns_subdomain(node));
        }
        if let Some(n) = spec.int_at("activeDeadlineSeconds").filter(|n| !(1..=i64::from(i32::MAX)).contains(n)) {
            self.invalid(&path.child("activeDeadlineSeconds"), n, content::inclusive_range(1, i64::from(i32::MAX)));
        }
        for field in ["hostname", "subdomain"] {
            let name = spec.str_at(field);
            if !name.is_empty() {
                self.messages(&path.child(field), name, content::dns_label(name));
            }
        }
        self.tolerations(spec, path);
        for (alias, p) in items(spec, "hostAliases", path) {
            self.ip(&p.child("ip"), alias.str_at("ip"));
            for (i, name) in alias.at("hostnames").items().iter().filter_map(Value::as_str).enumerate() {
                self.messages(&p.child("hostnames").index(i), name, content::dns_subdomain(name));
            }
        }
        let class = spec.str_at("priorityClassName");
        if !class.is_empty() {
            self.messages(&path.child("priorityClassName"), class, content::dns_subdomain(class));
        }
        if let Some(class) = spec.at("runtimeClassName").as_str() {
            self.messages(&path.child("runtimeClassName"), class, content::dns_subdomain(class));
        }
        if let Some(policy) = spec.at("preemptionPolicy").as_str() {
            self.one_of(&path.child("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]);
        }
        if !spec.at("overhead").is_null() {
            let overhead = crate::json!({"limits": (spec.at("overhead").clone())});
            self.resource_requirements(&overhead, &[], &path.child("overhead"));
        }
        self.operating_system(spec, path);
        self.file_key_volumes(spec, path);
    }

    /// With the host's network, a port of the host is the container's own.
    fn host_network_ports(&mut self, spec: &Value, path: &Path, context: PodContext<'_>) {
        for (c, p) in items(spec, "containers", path) {
            for (port, pp) in items(c, "ports", &p) {
                let (host, own) = (port.int_at("hostPort").unwrap_or(0), port.int_at("containerPort").unwrap_or(0));
                if (context.is_pod || host != 0) && host != own {
                    self.invalid(&pp.child("hostPort"), host, "must match `containerPort` when `hostNetwork` is true");
                }
            }
        }
    }
    fn dns_config(&mut self, spec: &Value, path: &Path) {
        let (config, path) = (spec.at("dnsConfig"), path.child("dnsConfig"));
        let servers = config.at("nameservers");
        if spec.str_at("dnsPolicy") == "None" {
            if config.is_null() {
                return self.required(&path, "must provide `dnsConfig` when `dnsPolicy` is None");
            }
            if servers.items().is_empty() {
                return self.required(
                    &path.child("nameservers"),
                    "must provide at least one DNS nameserver when `dnsPolicy` is None",
                );
            }
        }
        if servers.items().len() > 3 {
            self.invalid(&path.child("nameservers"), servers.clone(), "must not have more than 3 nameservers");
        }
        for (i, s) in servers.items().iter().filter_map(Value::as_str).enumerate() {
            self.ip(&path.child("nameservers").index(i), s);
        }
        let searches = config.at("searches");
        let list: Vec<&str> = searches.items().iter().filter_map(Value::as_str).collect();
        if list.len() > 32 {
            self.invalid(&path.child("searches"), searches.clone(), "must not have more than 32 search paths");
        }
        if list.join(" ").len() > 2048 {
            self.invalid(
                &path.child("searches"),
                searches.clone(),
                "must not have more than 2048 characters (including spaces) in the search list",
            );
        }
        for (i, s) in list.iter().enumerate().filter(|(_, s)| **s != ".") {
            let name = s.strip_suffix('.').unwrap_or(s);
            let messages = content::dns_subdomain_with_underscore(name);
            self.messages(&path.child("searches").index(i), name, messages);
        }
        for (o, p) in items(config, "options", &path) {
            if o.str_at("name").is_empty() {
                self.required(&p, "must not be empty");
            }
        }
    }
    /// An IP address.
    pub(super) fn ip(&mut self, path: &Path, text: &str) {
        let right = text.parse::<std::net::IpAddr>().is_ok();
        if !right {
            self.invalid(path, text, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }
    fn hostname_override(&mut self, spec: &Value, path: &Path) {
        let Some(name) = spec.at("hostnameOverride").as_str() else { return };
        let path = path.child("hostnameOverride");
        if spec.bool_at("setHostnameAsFQDN") {
            self.forbidden(&path, "may not be specified when setHostnameAsFQDN is true");
        }
        if spec.bool_at("hostNetwork") {
            self.forbidden(&path, "may not be specified when hostNetwork is true");
        }
        if name.len() > 64 {
            self.push(FieldError::too_long(&path, 64));
        }
        self.messages(&path, name, content::dns_subdomain(name));
    }
    fn host_users(&mut self, spec: &Value, path: &Path) {
        if spec.at("hostUsers").as_bool() != Some(false) {
            return;
        }
        for (field, shown) in [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")] {
            if spec.bool_at(field) {
                self.forbidden(&path.child(shown), "when `hostUsers` is false");
            }
        }
    }
    fn resource_claims(&mut self, spec: &Value, path: &Path) {
        let mut seen: Vec<&str> = Vec::new();
        for (claim, p) in items(spec, "resourceClaims", path) {
            let name = claim.str_at("name");
            if name.is_empty() {
                self.required(&p.child("name"), "");
            } else if seen.contains(&name) {
                self.duplicate(&p.child("name"), name);
            } else {
                self.messages(&p.child("name"), name, content::dns_label(name));
            }
            seen.push(name);
            let (direct, template) = (claim.at("resourceClaimName"), claim.at("resourceClaimTemplateName"));
            if direct.is_null() == template.is_null() {
                let value = super::internal_json("core.PodResourceClaim", claim);
                let detail = if direct.is_null() {
                    "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
                } else {
                    "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
                };
                self.push(FieldError::invalid_text(&p, value, detail));
            }
        }
    }
    fn pod_level_resources(&mut self, spec: &Value, path: &Path) {
        let resources = spec.at("resources");
        if resources.is_null() {
            return;
        }
        let path = path.child("resources");
        if !resources.at("claims").is_null() {
            self.forbidden(&path.child("claims"), "claims may not be set for Resources at pod-level");
        }
        self.pod_requirements(resources, &path);
        let requests = resources.at("requests");
        for (name, sum) in container_requests(spec) {
            let Some(of_pod) = requests.get(&name) else { continue };
            let of_pod = Quantity::from_value(of_pod).unwrap_or_default();
            if sum > of_pod {
                let why = format!("must be greater than or equal to aggregate container requests of {sum}");
                self.invalid(&path.child("requests").key(&name), of_pod.to_string(), why);
            }
        }
        for (i, c) in spec.at("containers").items().iter().enumerate() {
            for (name, limit) in c.at("resources.limits").fields() {
                let Some(of_pod) = resources.at("limits").get(name) else { continue };
                let (limit, of_pod) =
                    (Quantity::from_value(limit).unwrap_or_default(), Quantity::from_value(of_pod).unwrap_or_default());
                if limit > of_pod {
                    let p = path.child("containers").index(i).key(name).child("limits");
                    self.invalid(
                        &p,
                        limit.to_string(),
                        format!("must be less than or equal to pod limits of {of_pod}"),
                    );
                }
            }
        }
    }
    /// A container that reads variables from a file names an emptyDir of the pod.
    fn file_key_volumes(&mut self, spec: &Value, path: &Path) {
        for list in ["initContainers", "containers"] {
            for (c, p) in items(spec, list, path) {
                for (e, ep) in items(c, "env", &p) {
                    let name = e.at("valueFrom.fileKeyRef.volumeName");
                    let Some(name) = name.as_str() else { continue };
                    let at = ep.child("valueFrom").child("fileKeyRef").child("volumeName");
                    match spec.at("volumes").items().iter().find(|v| v.str_at("name") == name) {
                        None => self.not_found(&at, name),
                        Some(v) if v.at("emptyDir").is_null() => {
                            self.invalid(&at, name, "referenced volume must be of type emptyDir");
                        }
                        Some(_) => {}
                    }
                }
            }
        }
    }
    /// A number that must be there and not be negative, as messages of quantities word it.
    pub(super) fn positive(&mut self, path: &Path, n: i64) {
        if n <= 0 {
            self.invalid(path, n, "must be greater than zero");
        }
    }
    /// A number that must not be negative.
    pub(super) fn nonnegative_value(&mut self, path: &Path, n: i64) {
        if n < 0 {
            self.invalid(path, n, NEGATIVE);
        }
    }
    /// What a selector and a template's labels must agree on.
    pub(super) fn selector_matches(&mut self, matches: bool, labels: &Value, path: &Path) {
        if !matches {
            self.invalid(&path.child("metadata.labels"), labels.clone(), "`selector` does not match template `labels`");
        }
    }
    /// The text of a list of known words, as some details print it: `["A" "B"]`.
    pub(super) fn word_list(words: &[&str]) -> String {
        let quoted: Vec<String> = words.iter().map(|w| go_quote(w)).collect();
        format!("[{}]", quoted.join(" "))
    }
}
