//! Security contexts. Models `ValidateSecurityContext` and `validatePodSpecSecurityContext`.

use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::{Value, content};

impl Checks {
    fn id(&mut self, object: &Value, field: &'static str, path: &Path) {
        if let Some(n) = object.int_at(field).filter(|n| !(0..=i64::from(i32::MAX)).contains(n)) {
            self.invalid(&path.child(field), n, content::inclusive_range(0, i64::from(i32::MAX)));
        }
    }
    fn optional_one_of(&mut self, object: &Value, field: &'static str, known: &[&str], path: &Path) {
        if let Some(t) = object.at(field).as_str().filter(|t| !known.contains(t)) {
            self.not_supported(&path.child(field), t, known);
        }
    }
    /// A container's.
    pub(super) fn security_context(&mut self, sc: &Value, host_users: bool, path: &Path) {
        if sc.is_null() {
            return;
        }
        self.id(sc, "runAsUser", path);
        self.id(sc, "runAsGroup", path);
        self.optional_one_of(sc, "procMount", &["Default", "Unmasked"], path);
        if host_users && sc.str_at("procMount") == "Unmasked" {
            self.invalid(&path.child("procMount"), "Unmasked", "`hostUsers` must be false to use `Unmasked`");
        }
        self.seccomp(sc.at("seccompProfile"), &path.child("seccompProfile"));
        if sc.at("allowPrivilegeEscalation").as_bool() == Some(false) {
            let shown = || super::internal_json("core.SecurityContext", sc);
            if sc.bool_at("privileged") {
                self.push(FieldError::invalid_text(
                    path,
                    shown(),
                    "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
                ));
            }
            if sc.at("capabilities.add").items().iter().any(|c| c.as_str() == Some("CAP_SYS_ADMIN")) {
                self.push(FieldError::invalid_text(
                    path,
                    shown(),
                    "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
                ));
            }
        }
        self.app_armor(sc.at("appArmorProfile"), &path.child("appArmorProfile"));
    }
    /// A pod's.
    pub(super) fn pod_security_context(&mut self, sc: &Value, path: &Path) {
        if sc.is_null() {
            return;
        }
        self.id(sc, "fsGroup", path);
        self.id(sc, "runAsUser", path);
        self.id(sc, "runAsGroup", path);
        for (group, p) in items(sc, "supplementalGroups", path) {
            if let Some(n) = group.as_i64().filter(|n| !(0..=i64::from(i32::MAX)).contains(n)) {
                self.invalid(&p, n, content::inclusive_range(0, i64::from(i32::MAX)));
            }
        }
        let mut names: Vec<&str> = Vec::new();
        for (s, p) in items(sc, "sysctls", path) {
            let name = s.str_at("name");
            if name.is_empty() {
                self.required(&p.child("name"), "");
            } else if !is_sysctl(name) {
                self.invalid(&p.child("name"), name, "must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$");
            } else if names.contains(&name) {
                self.duplicate(&p.child("name"), name);
            }
            names.push(name);
        }
        self.optional_one_of(sc, "fsGroupChangePolicy", &["Always", "OnRootMismatch"], path);
        self.seccomp(sc.at("seccompProfile"), &path.child("seccompProfile"));
        self.app_armor(sc.at("appArmorProfile"), &path.child("appArmorProfile"));
        self.optional_one_of(sc, "supplementalGroupsPolicy", &["Merge", "Strict"], path);
        self.optional_one_of(sc, "seLinuxChangePolicy", &["MountOption", "Recursive"], path);
    }
    fn profile_type(&mut self, profile: &Value, missing: &str, path: &Path) {
        match profile.str_at("type") {
            "" => self.required(&path.child("type"), missing),
            "Localhost" | "RuntimeDefault" | "Unconfined" => {}
            other => self.not_supported(&path.child("type"), other, &["Localhost", "RuntimeDefault", "Unconfined"]),
        }
    }
    fn seccomp(&mut self, profile: &Value, path: &Path) {
        if profile.is_null() {
            return;
        }
        self.profile_type(profile, "type is required when seccompProfile is set", path);
        let p = path.child("localhostProfile");
        match (profile.str_at("type"), profile.at("localhostProfile").as_str()) {
            ("Localhost", None) => self.required(&p, "must be set when seccomp type is Localhost"),
            ("Localhost", Some(at)) => self.local_descending_path(at, &p),
            (_, Some(_)) => {
                let shown = super::internal_json("core.SeccompProfile", profile);
                self.push(FieldError::invalid_text(&p, shown, "can only be set when seccomp type is Localhost"));
            }
            _ => {}
        }
    }
    fn app_armor(&mut self, profile: &Value, path: &Path) {
        if profile.is_null() {
            return;
        }
        let p = path.child("localhostProfile");
        match (profile.str_at("type"), profile.at("localhostProfile").as_str()) {
            ("Localhost", None | Some("")) => self.required(&p, "must be set when AppArmor type is Localhost"),
            ("Localhost", Some(t)) if t.trim() != t => self.invalid(&p, t, "must not be padded with whitespace"),
            ("RuntimeDefault" | "Unconfined", Some(t)) => {
                self.invalid(&p, t, "can only be set when AppArmor type is Localhost");
            }
            ("Localhost" | "RuntimeDefault" | "Unconfined", _) => {}
            _ => self.profile_type(profile, "type is required when appArmorProfile is set", path),
        }
    }
}

fn is_sysctl(name: &str) -> bool {
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let part = |p: &str| {
        let b = p.as_bytes();
        !b.is_empty() && alnum(b[0]) && alnum(b[b.len() - 1]) && b.iter().all(|c| alnum(*c) || matches!(c, b'-' | b'_'))
    };
    name.len() <= 253 && name.split(['.', '/']).all(part)
}
