//! What a Pod may not say on the operating system that it names.
//!
//! Models `validateOS`, `validateLinux` and `validateWindows` in `pkg/apis/core/validation/validation.go`.

use super::{Checks, items};
use crate::api::{Path, Value};

/// What a Windows Pod's security context may not hold, in the order in which it is looked for.
const OF_PODS: [&str; 11] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
];
/// And a container's.
const OF_CONTAINERS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

impl Checks {
    pub(super) fn operating_system(&mut self, spec: &Value, path: &Path) {
        let os = spec.at("os");
        if os.is_null() {
            return;
        }
        match os.str_at("name") {
            "" => self.required(&path.child("os").child("name"), ""),
            "linux" => self.none_set(
                spec,
                path,
                &["windowsOptions"],
                &["windowsOptions"],
                "windows options cannot be set for a linux pod",
            ),
            "windows" => self.windows(spec, path),
            other => self.not_supported(&path.child("os"), other, &["linux", "windows"]),
        }
    }

    /// Fields that the security contexts of a Pod and its containers may not hold.
    fn none_set(
        &mut self,
        spec: &Value,
        path: &Path,
        of_pod: &[&'static str],
        of_containers: &[&'static str],
        why: &str,
    ) {
        self.none_of(spec.at("securityContext"), &path.child("securityContext"), of_pod, why);
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for (c, p) in items(spec, list, path) {
                self.none_of(c.at("securityContext"), &p.child("securityContext"), of_containers, why);
            }
        }
    }

    fn none_of(&mut self, within: &Value, path: &Path, fields: &[&'static str], why: &str) {
        for field in fields.iter().filter(|f| !within.at(f).is_null()) {
            self.forbidden(&path.child(field), why);
        }
    }

    fn windows(&mut self, spec: &Value, path: &Path) {
        const WHY: &str = "cannot be set for a windows pod";
        self.none_of(spec.at("securityContext"), &path.child("securityContext"), &OF_PODS, WHY);
        self.none_of(spec, path, &["hostUsers"], WHY);
        for field in ["hostPID", "hostIPC"].into_iter().filter(|f| spec.bool_at(f)) {
            self.forbidden(&path.child(field), WHY);
        }
        self.none_of(spec, path, &["shareProcessNamespace"], WHY);
        self.none_set(spec, path, &[], &OF_CONTAINERS, WHY);
    }
}
