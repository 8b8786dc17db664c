//! Ingresses, which route nothing here but are checked all the same.
//!
//! Models `ValidateIngressSpec` of `pkg/apis/networking/validation/validation.go`.

use super::{Checks, items};
use crate::api::field::Path;
use crate::api::{FieldError, Value, content};

/// What a path may not hold, and what it may not end with.
const NOT_WITHIN: [&str; 5] = ["//", "/./", "/../", "%2f", "%2F"];
const NOT_AT_END: [&str; 2] = ["/..", "/."];

impl Checks {
    pub(super) fn ingress(&mut self, spec: &Value) {
        let path = Path::new("spec");
        let backend = spec.at("defaultBackend");
        if spec.at("rules").items().is_empty() && backend.is_null() {
            let shown = super::internal_json("networking.IngressSpec", spec);
            self.push(FieldError::invalid_text(&path, shown, "either `defaultBackend` or `rules` must be specified"));
        }
        if !backend.is_null() {
            self.ingress_backend(backend, &path.child("defaultBackend"));
        }
        for (rule, p) in items(spec, "rules", &path) {
            self.ingress_rule(rule, &p);
        }
        for (tls, p) in items(spec, "tls", &path) {
            for (host, p) in items(tls, "hosts", &p) {
                self.ingress_host(host.as_str().unwrap_or(""), &p);
            }
            let secret = tls.str_at("secretName");
            if !secret.is_empty() {
                self.messages(&p.child("secretName"), secret, content::dns_subdomain(secret));
            }
        }
        if let Some(class) = spec.at("ingressClassName").as_str() {
            self.messages(&path.child("ingressClassName"), class, content::dns_subdomain(class));
        }
    }
    fn ingress_host(&mut self, host: &str, path: &Path) {
        let wrong =
            if host.contains('*') { content::wildcard_dns_subdomain(host) } else { content::dns_subdomain(host) };
        self.messages(path, host, wrong);
    }
    fn ingress_rule(&mut self, rule: &Value, path: &Path) {
        let (host, p) = (rule.str_at("host"), path.child("host"));
        if !host.is_empty() {
            if host.parse::<std::net::IpAddr>().is_ok() {
                self.invalid(&p, host, "must be a DNS name, not an IP address");
            }
            self.ingress_host(host, &p);
        }
        let http = rule.at("http");
        if http.is_null() {
            return;
        }
        if http.at("paths").items().is_empty() {
            self.required(&path.child("http.paths"), "");
        }
        for (route, p) in items(http, "paths", &path.child("http")) {
            self.ingress_path(route, &p);
        }
    }
    fn ingress_path(&mut self, route: &Value, path: &Path) {
        let (text, p) = (route.str_at("path"), path.child("path"));
        match route.at("pathType").as_str() {
            None => return self.required(&path.child("pathType"), "pathType must be specified"),
            Some("Exact" | "Prefix") => {
                if !text.starts_with('/') {
                    self.invalid(&p, text, "must be an absolute path");
                }
                for part in NOT_WITHIN.iter().filter(|part| text.contains(**part)) {
                    self.invalid(&p, text, format!("must not contain '{part}'"));
                }
                for end in NOT_AT_END.iter().filter(|end| text.ends_with(**end)) {
                    self.invalid(&p, text, format!("cannot end with '{end}'"));
                }
            }
            Some("ImplementationSpecific") => {
                if !text.is_empty() && !text.starts_with('/') {
                    self.invalid(&p, text, "must be an absolute path");
                }
            }
            Some(other) => {
                let known = ["Exact", "ImplementationSpecific", "Prefix"];
                self.not_supported(&path.child("pathType"), other, &known);
            }
        }
        self.ingress_backend(route.at("backend"), &path.child("backend"));
    }
    fn ingress_backend(&mut self, backend: &Value, path: &Path) {
        let (resource, service) = (backend.at("resource"), backend.at("service"));
        match (resource.is_null(), service.is_null()) {
            (false, false) => self.invalid(path, "", "cannot set both resource and service backends"),
            (false, true) => {
                for field in ["kind", "name"] {
                    if resource.str_at(field).is_empty() {
                        self.required(&path.child("resource").child(field), "");
                    }
                }
            }
            (true, false) => {
                let (name, p) = (service.str_at("name"), path.child("service.name"));
                if name.is_empty() {
                    self.required(&p, "");
                } else {
                    self.messages(&p, name, content::dns_label(name));
                }
                let (name, number) = (service.str_at("port.name"), service.int_at("port.number").unwrap_or(0));
                let p = path.child("service.port");
                match (name.is_empty(), number == 0) {
                    (false, false) => self.invalid(path, "", "cannot set both port name & port number"),
                    (false, true) => self.messages(&p.child("name"), name, content::port_name(name)),
                    (true, false) => self.number_messages(&p.child("number"), number, content::port_number(number)),
                    (true, true) => self.required(path, "port name or number is required"),
                }
            }
            (true, true) => self.invalid(path, "", "resource or service backend is required"),
        }
    }
}
