//! Probes and lifecycle hooks. Models `validateProbe`, `validateHandler` and `validateLifecycle`.

use super::{Checks, NEGATIVE};
use crate::api::field::Path;
use crate::api::{Value, content};

impl Checks {
    pub(super) fn container_probes(&mut self, c: &Value, grace: Option<i64>, path: &Path) {
        for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
            let probe = c.at(field);
            if probe.is_null() {
                continue;
            }
            let p = path.child(field);
            self.handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], grace, &p);
            for number in
                ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
            {
                if let Some(n) = probe.int_at(number).filter(|n| *n < 0) {
                    self.invalid(&p.child(number), n, NEGATIVE);
                }
            }
            let own = probe.int_at("terminationGracePeriodSeconds");
            if let Some(n) = own.filter(|n| *n <= 0) {
                self.invalid(&p.child("terminationGracePeriodSeconds"), n, "must be greater than 0");
            }
            if field == "readinessProbe" {
                if let Some(n) = own {
                    self.invalid(&p.child("terminationGracePeriodSeconds"), n, "must not be set for readinessProbes");
                }
            } else {
                let n = probe.int_at("successThreshold").unwrap_or(0);
                if n != 1 {
                    self.invalid(&p.child("successThreshold"), n, "must be 1");
                }
            }
        }
    }
    pub(super) fn lifecycle(&mut self, lifecycle: &Value, grace: Option<i64>, path: &Path) {
        for hook in ["postStart", "preStop"] {
            let h = lifecycle.at(hook);
            if !h.is_null() {
                self.handler(h, &["exec", "httpGet", "tcpSocket", "sleep"], grace, &path.child(hook));
            }
        }
    }
    fn handler(&mut self, h: &Value, kinds: &[&'static str], grace: Option<i64>, path: &Path) {
        let mut found = false;
        for kind in kinds {
            let (action, p) = (h.at(kind), path.child(kind));
            if action.is_null() {
                continue;
            }
            if found {
                self.forbidden(&p, "may not specify more than 1 handler type");
                continue;
            }
            found = true;
            match *kind {
                "exec" if action.at("command").items().is_empty() => self.required(&p.child("command"), ""),
                "httpGet" => self.http_get(action, &p),
                "tcpSocket" => self.port_number_or_name(action.at("port"), &p.child("port")),
                "grpc" => {
                    let n = action.int_at("port").unwrap_or(0);
                    self.number_messages(&p.child("port"), n, content::port_number(n));
                }
                "sleep" => {
                    let n = action.int_at("seconds").unwrap_or(0);
                    if let Some(grace) = grace.filter(|g| n < 0 || n > *g) {
                        self.invalid(
                            &p,
                            n,
                            format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})"),
                        );
                    }
                }
                _ => {}
            }
        }
        if !found {
            self.required(path, "must specify a handler type");
        }
    }
    fn http_get(&mut self, action: &Value, path: &Path) {
        if action.str_at("path").is_empty() {
            self.required(&path.child("path"), "");
        }
        self.port_number_or_name(action.at("port"), &path.child("port"));
        let scheme = action.str_at("scheme");
        if !["HTTP", "HTTPS"].contains(&scheme) {
            self.not_supported(&path.child("scheme"), scheme, &["HTTP", "HTTPS"]);
        }
        for header in action.at("httpHeaders").items() {
            let name = header.str_at("name");
            self.messages(&path.child("httpHeaders"), name, content::http_header_name(name));
        }
    }
    /// `8080` or `http`.
    pub(super) fn port_number_or_name(&mut self, port: &Value, path: &Path) {
        match port.as_str() {
            Some(name) => self.messages(path, name, content::port_name(name)),
            None => {
                let n = port.as_i64().unwrap_or(0);
                self.number_messages(path, n, content::port_number(n));
            }
        }
    }
}
