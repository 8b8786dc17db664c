//! PersistentVolumes.
//!
//! Models `ValidatePersistentVolumeSpec` in `pkg/apis/core/validation/validation.go`.

use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::quantity::Quantity;
use crate::api::{Value, content};

/// The kinds of volumes, in the order in which they are looked for.
const SOURCES: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "csi",
];
const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

impl Checks {
    pub(super) fn persistent_volume(&mut self, spec: &Value) {
        let path = Path::new("spec");
        self.access_modes(spec, &path);
        self.capacity(spec.at("capacity"), &path.child("capacity"));
        let policies = ["Delete", "Recycle", "Retain"];
        let policy = spec.str_at("persistentVolumeReclaimPolicy");
        if !policy.is_empty() && !policies.contains(&policy) {
            self.not_supported(&path.child("persistentVolumeReclaimPolicy"), policy, &policies);
        }
        let mut found = false;
        for (kind, p) in SOURCES.iter().filter(|k| !spec.at(k).is_null()).map(|k| (*k, path.child(k))) {
            if found {
                self.forbidden(&p, "may not specify more than 1 volume type");
            } else {
                found = true;
                self.persistent_source(kind, spec, &p);
            }
        }
        if !found {
            self.required(&path, "must specify a volume type");
        }
        if spec.str_at("hostPath.path") == "/" && policy == "Recycle" {
            self.forbidden(
                &path.child("persistentVolumeReclaimPolicy"),
                "may not be 'recycle' for a hostPath mount of '/'",
            );
        }
        let class = spec.str_at("storageClassName");
        if !class.is_empty() {
            self.messages(&path.child("storageClassName"), class, content::dns_subdomain(class));
        }
        if let Some(mode) = spec.at("volumeMode").as_str().filter(|m| !["Block", "Filesystem"].contains(m)) {
            self.not_supported(&path.child("volumeMode"), mode, &["Block", "Filesystem"]);
        }
    }

    fn access_modes(&mut self, spec: &Value, path: &Path) {
        let (modes, path) = (spec.at("accessModes"), path.child("accessModes"));
        let modes: Vec<&str> = modes.items().iter().filter_map(Value::as_str).collect();
        if modes.is_empty() {
            self.required(&path, "");
        }
        for mode in modes.iter().filter(|m| !MODES.contains(m)) {
            self.not_supported(&path, *mode, &MODES);
        }
        let single = modes.contains(&"ReadWriteOncePod");
        if single && modes.iter().any(|m| MODES.contains(m) && *m != "ReadWriteOncePod") {
            self.forbidden(&path, "may not use ReadWriteOncePod with other access modes");
        }
    }

    fn capacity(&mut self, capacity: &Value, path: &Path) {
        let count = capacity.fields().count();
        if count == 0 {
            self.required(path, "");
        }
        if capacity.get("storage").is_none() || count > 1 {
            let shown = if count == 0 { Value::Null } else { capacity.clone() };
            self.push(FieldError::not_supported(path, shown, &["storage"]));
        }
        for (name, amount) in capacity.fields() {
            let amount = Quantity::from_value(amount).unwrap_or_default();
            if amount.nanos() <= 0 {
                self.invalid(&path.key(name), amount.to_string(), "must be greater than zero");
            }
        }
    }

    fn persistent_source(&mut self, kind: &'static str, spec: &Value, path: &Path) {
        let source = spec.at(kind);
        match kind {
            "local" => {
                self.need(source, "path", path);
                self.path_without_backsteps(source.str_at("path"), &path.child("path"));
                if items(spec.at("nodeAffinity.required"), "nodeSelectorTerms", path).next().is_none() {
                    self.required(&Path::new("spec.nodeAffinity"), "Local volume requires node affinity");
                }
            }
            "csi" => {
                self.need(source, "driver", path);
                self.need(source, "volumeHandle", path);
            }
            _ => self.volume_kind(kind, source, path),
        }
    }
}
