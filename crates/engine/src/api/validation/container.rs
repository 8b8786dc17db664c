//! Containers: names, images, ports, mounts, policies. Models `validateContainers`, `validateInitContainers` and what they
//! call.

use super::volume::Volumes;
use super::{Checks, items};
use crate::api::field::Path;
use crate::api::{Value, content};

impl Checks {
    pub(super) fn containers(&mut self, spec: &Value, volumes: &Volumes<'_>, path: &Path) {
        let list = path.child("containers");
        if spec.at("containers").items().is_empty() {
            return self.required(&list, "");
        }
        let grace = spec.int_at("terminationGracePeriodSeconds");
        let mut names: Vec<&str> = Vec::new();
        for (c, p) in items(spec, "containers", path) {
            self.container_common(c, spec, volumes, &p);
            let name = c.str_at("name");
            if names.contains(&name) {
                self.duplicate(&p.child("name"), name);
            } else {
                names.push(name);
            }
            self.lifecycle(c.at("lifecycle"), grace, &p.child("lifecycle"));
            self.container_probes(c, grace, &p);
            self.container_restart_policy(c, &p);
        }
        self.host_port_conflicts(spec.at("containers").items(), &list);
    }

    pub(super) fn init_containers(&mut self, spec: &Value, volumes: &Volumes<'_>, path: &Path) {
        let grace = spec.int_at("terminationGracePeriodSeconds");
        let mut names: Vec<&str> = spec.at("containers").items().iter().map(|c| c.str_at("name")).collect();
        for (c, p) in items(spec, "initContainers", path) {
            self.container_common(c, spec, volumes, &p);
            if c.at("restartPolicy").is_null() {
                if !c.at("restartPolicyRules").items().is_empty() {
                    self.required(&p.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
                }
            } else {
                self.container_restart_policy(c, &p);
            }
            let name = c.str_at("name");
            if names.contains(&name) {
                self.duplicate(&p.child("name"), name);
            } else if !name.is_empty() {
                names.push(name);
            }
            self.host_port_conflicts(std::slice::from_ref(c), &path.child("initContainers"));
            if c.str_at("restartPolicy") == "Always" {
                self.lifecycle(c.at("lifecycle"), grace, &p.child("lifecycle"));
                self.container_probes(c, grace, &p);
            } else {
                for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
                    if !c.at(field).is_null() {
                        self.forbidden(
                            &p.child(field),
                            "may not be set for init containers without restartPolicy=Always",
                        );
                    }
                }
                for (r, rp) in items(c, "resizePolicy", &p) {
                    if r.str_at("restartPolicy") == "RestartContainer" {
                        self.invalid(
                            &rp.child("restartPolicy"),
                            "RestartContainer",
                            "must not be set to 'RestartContainer' for non-sidecar initContainers",
                        );
                    }
                }
            }
        }
    }

    fn container_common(&mut self, c: &Value, spec: &Value, volumes: &Volumes<'_>, path: &Path) {
        let name = c.str_at("name");
        if name.is_empty() {
            self.required(&path.child("name"), "");
        } else {
            self.messages(&path.child("name"), name, content::dns_label(name));
        }
        if c.str_at("image").is_empty() {
            self.required(&path.child("image"), "");
        }
        self.one_of(
            &path.child("terminationMessagePolicy"),
            c.str_at("terminationMessagePolicy"),
            &["File", "FallbackToLogsOnError"],
        );
        self.container_ports(c, path);
        self.env(c, path);
        self.env_from(c, path);
        self.volume_mounts(c, volumes, path);
        self.volume_devices(c, volumes, path);
        self.pull_policy(c.str_at("imagePullPolicy"), &path.child("imagePullPolicy"));
        let claims: Vec<&str> = spec.at("resourceClaims").items().iter().map(|r| r.str_at("name")).collect();
        self.resource_requirements(c.at("resources"), &claims, &path.child("resources"));
        self.resize_policy(c, spec.str_at("restartPolicy"), path);
        let host_users = spec.at("hostUsers").as_bool().unwrap_or(true);
        self.security_context(c.at("securityContext"), host_users, &path.child("securityContext"));
    }

    pub(super) fn pull_policy(&mut self, policy: &str, path: &Path) {
        self.one_of(path, policy, &["Always", "IfNotPresent", "Never"]);
    }

    fn container_ports(&mut self, c: &Value, path: &Path) {
        let mut names: Vec<&str> = Vec::new();
        for (port, p) in items(c, "ports", path) {
            let name = port.str_at("name");
            if !name.is_empty() {
                let messages = content::port_name(name);
                if !messages.is_empty() {
                    self.messages(&p.child("name"), name, messages);
                } else if names.contains(&name) {
                    self.duplicate(&p.child("name"), name);
                } else {
                    names.push(name);
                }
            }
            match port.int_at("containerPort").unwrap_or(0) {
                0 => self.required(&p.child("containerPort"), ""),
                n => self.number_messages(&p.child("containerPort"), n, content::port_number(n)),
            }
            match port.int_at("hostPort").unwrap_or(0) {
                0 => {}
                n => self.number_messages(&p.child("hostPort"), n, content::port_number(n)),
            }
            self.one_of(&p.child("protocol"), port.str_at("protocol"), &["SCTP", "TCP", "UDP"]);
        }
    }

    fn host_port_conflicts(&mut self, containers: &[Value], path: &Path) {
        let mut seen: Vec<String> = Vec::new();
        for (i, c) in containers.iter().enumerate() {
            for (port, p) in items(c, "ports", &path.index(i)) {
                let host = port.int_at("hostPort").unwrap_or(0);
                if host == 0 {
                    continue;
                }
                let text = format!("{}/{}/{host}", port.str_at("protocol"), port.str_at("hostIP"));
                if seen.contains(&text) {
                    self.duplicate(&p.child("hostPort"), text);
                } else {
                    seen.push(text);
                }
            }
        }
    }

    fn resize_policy(&mut self, c: &Value, restart_policy: &str, path: &Path) {
        let list = path.child("resizePolicy");
        let mut seen: Vec<&str> = Vec::new();
        for (r, p) in items(c, "resizePolicy", path) {
            let name = r.str_at("resourceName");
            if seen.contains(&name) {
                self.duplicate(&p, name);
            }
            seen.push(name);
            self.one_of(&list, name, &["cpu", "memory"]);
            let policy = r.str_at("restartPolicy");
            self.one_of(&list, policy, &["NotRequired", "RestartContainer"]);
            if restart_policy == "Never" && policy != "NotRequired" {
                self.invalid(&list, policy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'");
            }
        }
    }

    fn container_restart_policy(&mut self, c: &Value, path: &Path) {
        let rules = c.at("restartPolicyRules").items();
        match c.at("restartPolicy").as_str() {
            None if rules.is_empty() => return,
            None => {
                self.required(&path.child("restartPolicy"), "must specify restartPolicy when restart rules are used");
            }
            Some(p) if !["Always", "Never", "OnFailure"].contains(&p) => {
                self.not_supported(&path.child("restartPolicy"), p, &["Always", "Never", "OnFailure"]);
            }
            Some(_) => {}
        }
        if rules.len() > 20 {
            self.push(crate::api::FieldError::too_many(&path.child("restartPolicyRules"), rules.len(), 20));
        }
        for (rule, p) in items(c, "restartPolicyRules", path) {
            let action = rule.str_at("action");
            if !["Restart", "RestartAllContainers"].contains(&action) {
                self.not_supported(&p.child("action"), action, &["Restart", "RestartAllContainers"]);
            }
            let codes = rule.at("exitCodes");
            let p = p.child("exitCodes");
            if codes.is_null() {
                self.required(&p, "must be specified");
                continue;
            }
            let operator = codes.str_at("operator");
            if !["In", "NotIn"].contains(&operator) {
                self.not_supported(&p.child("operator"), operator, &["In", "NotIn"]);
            }
            let count = codes.at("values").items().len();
            if count > 255 {
                self.push(crate::api::FieldError::too_many(&p.child("values"), count, 255));
            }
        }
    }

    fn volume_mounts(&mut self, c: &Value, volumes: &Volumes<'_>, path: &Path) {
        let list = path.child("volumeMounts");
        let devices = c.at("volumeDevices").items();
        let mut paths: Vec<&str> = Vec::new();
        for (m, p) in items(c, "volumeMounts", path) {
            let (name, mount) = (m.str_at("name"), m.str_at("mountPath"));
            if name.is_empty() {
                self.required(&p.child("name"), "");
            }
            if !volumes.contains(name) {
                self.not_found(&p.child("name"), name);
            }
            if mount.is_empty() {
                self.required(&p.child("mountPath"), "");
            }
            if paths.contains(&mount) {
                self.invalid(&p.child("mountPath"), mount, "must be unique");
            }
            paths.push(mount);
            if devices.iter().any(|d| d.str_at("name") == name) {
                self.invalid(&p.child("name"), name, "must not already exist in volumeDevices");
            }
            if devices.iter().any(|d| d.str_at("devicePath") == mount) {
                self.invalid(&p.child("mountPath"), mount, "must not already exist as a path in volumeDevices");
            }
            let (sub, expr) = (m.str_at("subPath"), m.str_at("subPathExpr"));
            if !sub.is_empty() {
                self.local_descending_path(sub, &list.child("subPath"));
            }
            if !expr.is_empty() {
                if !sub.is_empty() {
                    self.invalid(&p.child("subPathExpr"), expr, "subPathExpr and subPath are mutually exclusive");
                }
                self.local_descending_path(expr, &list.child("subPathExpr"));
            }
            self.mount_modes(m, c, &list);
        }
    }
    fn mount_modes(&mut self, m: &Value, c: &Value, list: &Path) {
        if let Some(mode) = m.at("mountPropagation").as_str() {
            let path = list.child("mountPropagation");
            let known = ["Bidirectional", "HostToContainer", "None"];
            if !known.contains(&mode) {
                self.not_supported(&path, mode, &known);
            }
            if mode == "Bidirectional" && !c.bool_at("securityContext.privileged") {
                self.forbidden(&path, "Bidirectional mount propagation is available only to privileged containers");
            }
        }
        if let Some(mode) = m.at("recursiveReadOnly").as_str() {
            let path = list.child("recursiveReadOnly");
            match mode {
                "Disabled" => {}
                "Enabled" | "IfPossible" => {
                    if !m.bool_at("readOnly") {
                        self.forbidden(&path, "may only be specified when readOnly is true");
                    }
                    if !matches!(m.str_at("mountPropagation"), "" | "None") {
                        self.forbidden(&path, "may only be specified when mountPropagation is None or not specified");
                    }
                }
                _ => self.not_supported(&path, mode, &["Disabled", "Enabled", "IfPossible"]),
            }
        }
    }
    fn volume_devices(&mut self, c: &Value, volumes: &Volumes<'_>, path: &Path) {
        let mounts = c.at("volumeMounts").items();
        let (mut names, mut paths): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for (d, p) in items(c, "volumeDevices", path) {
            let (name, device) = (d.str_at("name"), d.str_at("devicePath"));
            if name.is_empty() {
                self.required(&p.child("name"), "");
            }
            if names.contains(&name) {
                self.invalid(&p.child("name"), name, "must be unique");
            }
            match volumes.get(name) {
                None => self.not_found(&p.child("name"), name),
                Some(v) if v.at("persistentVolumeClaim").is_null() && v.at("ephemeral").is_null() => self.invalid(
                    &p.child("name"),
                    name,
                    "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
                ),
                Some(_) => {}
            }
            if device.is_empty() {
                self.required(&p.child("devicePath"), "");
            }
            if paths.contains(&device) {
                self.invalid(&p.child("devicePath"), device, "must be unique");
            }
            if device.split('/').any(|s| s == "..") {
                self.invalid(&p.child("devicePath"), device, "can not contain backsteps ('..')");
            } else {
                paths.push(device);
            }
            if mounts.iter().any(|m| m.str_at("name") == name) {
                self.invalid(&p.child("name"), name, "must not already exist in volumeMounts");
            }
            if mounts.iter().any(|m| m.str_at("mountPath") == device) {
                self.invalid(&p.child("devicePath"), device, "must not already exist as a path in volumeMounts");
            }
            if !name.is_empty() {
                names.push(name);
            }
        }
    }
}
