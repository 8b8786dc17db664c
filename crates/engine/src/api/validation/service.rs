//! Services. Models `validateService`.

use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::{Value, content};

/// Whether a Service has no address of its own.
fn is_headless(service: &Value) -> bool {
    service.str_at("spec.clusterIP") == "None" || service.str_at("spec.clusterIPs.0") == "None"
}

fn is_external(spec: &Value) -> bool {
    let kind = spec.str_at("type");
    matches!(kind, "LoadBalancer" | "NodePort") || (kind == "ClusterIP" && !spec.at("externalIPs").items().is_empty())
}

impl Checks {
    pub(super) fn service_create(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_label);
        self.service(object);
    }
    pub(super) fn service(&mut self, service: &Value) {
        let (spec, path) = (service.at("spec"), Path::new("spec"));
        let (kind, headless) = (spec.str_at("type"), is_headless(service));
        let ports = spec.at("ports").items();
        if ports.is_empty() && !headless && kind != "ExternalName" {
            self.required(&path.child("ports"), "");
        }
        if headless && matches!(kind, "LoadBalancer" | "NodePort") {
            let detail = format!("may not be set to 'None' for {kind} services");
            self.invalid(&path.child("clusterIPs").index(0), "None", detail);
        }
        if kind == "ExternalName" {
            self.external_name(spec, &path);
        }
        for (ip, p) in items(spec, "clusterIPs", &path) {
            if let Some(ip) = ip.as_str().filter(|ip| *ip != "None") {
                self.ip(&p, ip);
            }
        }
        let mut names: Vec<&str> = Vec::new();
        for (port, p) in items(spec, "ports", &path) {
            self.service_port(port, ports.len() > 1, &mut names, &p);
        }
        self.labels(spec.at("selector"), &path.child("selector"));
        self.one_of(&path.child("sessionAffinity"), spec.str_at("sessionAffinity"), &["ClientIP", "None"]);
        self.session_affinity(spec, &path.child("sessionAffinityConfig"));
        for (ip, p) in items(spec, "externalIPs", &path) {
            self.reachable_ip(&p, ip.as_str().unwrap_or(""));
        }
        self.one_of(&path.child("type"), kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
        self.node_ports(spec, &path);
        if !spec.at("allocateLoadBalancerNodePorts").is_null() && kind != "LoadBalancer" {
            self.forbidden(
                &path.child("allocateLoadBalancerNodePorts"),
                "may only be used when `type` is 'LoadBalancer'",
            );
        }
        if !spec.at("loadBalancerClass").is_null() && kind != "LoadBalancer" {
            self.forbidden(&path.child("loadBalancerClass"), "may only be used when `type` is 'LoadBalancer'");
        }
        self.traffic_policies(spec, &path);
    }
    /// An address that others may use. Models `ValidateNonSpecialIP`.
    fn reachable_ip(&mut self, path: &Path, text: &str) {
        self.ip(path, text);
        let Ok(ip) = text.parse::<std::net::IpAddr>() else { return };
        let local = match ip {
            std::net::IpAddr::V4(ip) => ip.is_link_local(),
            std::net::IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        let why = if ip.is_unspecified() {
            format!("may not be unspecified ({text})")
        } else if ip.is_loopback() {
            "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()
        } else if local {
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)".to_owned()
        } else if ip.is_multicast() && text.starts_with("224.0.0.") {
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)".to_owned()
        } else {
            return;
        };
        self.invalid(path, text, why);
    }
    fn external_name(&mut self, spec: &Value, path: &Path) {
        for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            let given = !spec.at(field).is_null() && (field == "ipFamilyPolicy" || !spec.at(field).items().is_empty());
            if given {
                self.forbidden(&path.child(field), "may not be set for ExternalName services");
            }
        }
        let name = spec.str_at("externalName");
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            self.required(&path.child("externalName"), "");
        } else {
            self.messages(&path.child("externalName"), name, content::dns_subdomain(name));
        }
    }
    fn service_port<'a>(&mut self, port: &'a Value, need_name: bool, names: &mut Vec<&'a str>, path: &Path) {
        let name = port.str_at("name");
        if name.is_empty() {
            if need_name {
                self.required(&path.child("name"), "");
            }
        } else {
            self.messages(&path.child("name"), name, content::dns_label(name));
            if names.contains(&name) {
                self.duplicate(&path.child("name"), name);
            } else {
                names.push(name);
            }
        }
        let n = port.int_at("port").unwrap_or(0);
        self.number_messages(&path.child("port"), n, content::port_number(n));
        self.one_of(&path.child("protocol"), port.str_at("protocol"), &["SCTP", "TCP", "UDP"]);
        self.port_number_or_name(port.at("targetPort"), &path.child("targetPort"));
        if let Some(app) = port.at("appProtocol").as_str() {
            self.label_name(app, &path.child("appProtocol"));
        }
    }
    fn session_affinity(&mut self, spec: &Value, path: &Path) {
        let config = spec.at("sessionAffinityConfig");
        match spec.str_at("sessionAffinity") {
            "None" if !config.is_null() => {
                self.forbidden(path, "must not be set when session affinity is None");
            }
            "ClientIP" => {
                let p = path.child("clientIP.timeoutSeconds");
                if let Some(n) = config.int_at("clientIP.timeoutSeconds").filter(|n| !(1..=86400).contains(n)) {
                    self.invalid(&p, n, "must be greater than 0 and less than 86400");
                }
            }
            _ => {}
        }
    }
    fn node_ports(&mut self, spec: &Value, path: &Path) {
        let number = |p: &Value, f: &'static str| p.int_at(f).unwrap_or(0);
        if spec.str_at("type") == "ClusterIP" {
            for (port, p) in items(spec, "ports", path) {
                if number(port, "nodePort") != 0 {
                    self.forbidden(&p.child("nodePort"), "may not be used when `type` is 'ClusterIP'");
                }
            }
        }
        let mut seen: Vec<(&str, i64)> = Vec::new();
        for (port, p) in items(spec, "ports", path) {
            let n = number(port, "nodePort");
            if n == 0 {
                continue;
            }
            let key = (port.str_at("protocol"), n);
            if seen.contains(&key) {
                self.duplicate(&p.child("nodePort"), n);
            }
            seen.push(key);
        }
        let mut seen: Vec<(&str, i64)> = Vec::new();
        for (port, p) in items(spec, "ports", path) {
            let key = (port.str_at("protocol"), number(port, "port"));
            if seen.contains(&key) {
                let value = format!(
                    r#"{{"Name":"","Protocol":"{}","AppProtocol":null,"Port":{},"TargetPort":0,"NodePort":0}}"#,
                    key.0, key.1
                );
                self.push(FieldError {
                    kind: crate::api::ErrorType::Duplicate,
                    path: p,
                    value: Some(value),
                    detail: String::new(),
                });
            }
            seen.push(key);
        }
    }
    fn traffic_policies(&mut self, spec: &Value, path: &Path) {
        let (external, p) = (spec.str_at("externalTrafficPolicy"), path.child("externalTrafficPolicy"));
        if is_external(spec) {
            self.one_of(&p, external, &["Cluster", "Local"]);
        } else if !external.is_empty() {
            self.invalid(&p, external, "may only be set for externally-accessible services");
        }
        if let Some(policy) = spec.at("internalTrafficPolicy").as_str()
            && !["Cluster", "Local"].contains(&policy)
        {
            self.not_supported(&path.child("internalTrafficPolicy"), policy, &["Cluster", "Local"]);
        }
        if let Some(t) = spec.at("trafficDistribution").as_str() {
            let known = ["PreferClose", "PreferSameZone", "PreferSameNode"];
            if !known.contains(&t) {
                self.not_supported(&path.child("trafficDistribution"), t, &known);
            }
        }
    }
}
