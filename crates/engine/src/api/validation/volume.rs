//! Volumes of a pod. Models `ValidateVolumes` and `validateVolumeSource`.

use super::pod::PodContext;
use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::quantity::Quantity;
use crate::api::{Value, content};

/// The volumes of a pod that are right, by name: what mounts may refer to.
#[derive(Default)]
pub(super) struct Volumes<'a> {
    list: Vec<(&'a str, &'a Value)>,
}

impl<'a> Volumes<'a> {
    pub(super) fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.list.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| *v)
    }
}

/// Every kind of volume, in the order they are looked at, with the name its error about a second kind uses.
const SOURCES: &[(&str, &str)] = &[
    ("emptyDir", "emptyDir"),
    ("hostPath", "hostPath"),
    ("gitRepo", "gitRepo"),
    ("gcePersistentDisk", "gcePersistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("secret", "secret"),
    ("nfs", "nfs"),
    ("iscsi", "iscsi"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("persistentVolumeClaim", "persistentVolumeClaim"),
    ("rbd", "rbd"),
    ("cinder", "cinder"),
    ("cephfs", "cephFS"),
    ("quobyte", "quobyte"),
    ("downwardAPI", "downwarAPI"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("configMap", "configMap"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("storageos", "storageos"),
    ("projected", "projected"),
    ("scaleIO", "scaleIO"),
    ("csi", "csi"),
    ("ephemeral", "ephemeral"),
    ("image", "image"),
];

impl Checks {
    pub(super) fn volumes<'a>(&mut self, spec: &'a Value, path: &Path, context: PodContext<'_>) -> Volumes<'a> {
        let pod = context.meta.str_at("name");
        let claimed: Vec<String> = spec
            .at("volumes")
            .items()
            .iter()
            .filter(|v| !pod.is_empty() && !v.at("ephemeral").is_null())
            .map(|v| format!("{pod}-{}", v.str_at("name")))
            .collect();
        let mut out = Volumes::default();
        for (v, p) in items(spec, "volumes", path) {
            let name = v.str_at("name");
            let before = self.errors.len();
            self.volume_source(v, pod, &p);
            if name.is_empty() {
                self.required(&p.child("name"), "");
            } else {
                self.messages(&p.child("name"), name, content::dns_label(name));
            }
            if out.contains(name) {
                self.duplicate(&p.child("name"), name);
            }
            if self.errors.len() == before {
                out.list.push((name, v));
            }
            let claim = v.str_at("persistentVolumeClaim.claimName");
            if claimed.iter().any(|c| c == claim) {
                self.invalid(
                    &p.child("persistentVolumeClaim").child("claimName"),
                    claim,
                    "must not reference a PVC that gets created for an ephemeral volume",
                );
            }
        }
        out
    }

    fn volume_source(&mut self, v: &Value, pod: &str, path: &Path) {
        let mut found = false;
        for (kind, shown) in SOURCES {
            let (source, p) = (v.at(kind), path.child(kind));
            if source.is_null() {
                continue;
            }
            if found {
                self.forbidden(&path.child(shown), "may not specify more than 1 volume type");
                continue;
            }
            found = true;
            self.volume_kind(kind, source, &p);
            if *kind == "ephemeral" && !pod.is_empty() && !v.str_at("name").is_empty() {
                let name = v.str_at("name");
                let claim = format!("{pod}-{name}");
                for m in content::dns_subdomain(&claim) {
                    self.invalid(&path.child("name"), name, format!("PVC name \"{claim}\": {m}"));
                }
            }
        }
        if !found {
            self.required(path, "must specify a volume type");
        }
    }

    /// A text that must not be empty.
    pub(super) fn need(&mut self, object: &Value, field: &'static str, path: &Path) {
        if object.str_at(field).is_empty() {
            self.required(&path.child(field), "");
        }
    }
    /// Permission bits of files.
    pub(super) fn file_mode(&mut self, object: &Value, field: &'static str, path: &Path) {
        if let Some(n) = object.int_at(field).filter(|n| !(0..=0o777).contains(n)) {
            self.invalid(&path.child(field), n, "must be a number between 0 and 0777 (octal), both inclusive");
        }
    }
    pub(super) fn key_to_path(&mut self, item: &Value, path: &Path) {
        self.need(item, "key", path);
        self.need(item, "path", path);
        self.local_non_reserved_path(item.str_at("path"), &path.child("path"));
        self.file_mode(item, "mode", path);
    }
    pub(super) fn local_descending_path(&mut self, text: &str, path: &Path) {
        if text.starts_with('/') {
            self.invalid(path, text, "must be a relative path");
        }
        self.path_without_backsteps(text, path);
    }
    pub(super) fn path_without_backsteps(&mut self, text: &str, path: &Path) {
        if text.split('/').any(|s| s == "..") {
            self.invalid(path, text, "must not contain '..'");
        }
    }
    pub(super) fn local_non_reserved_path(&mut self, text: &str, path: &Path) {
        self.local_descending_path(text, path);
        if text.starts_with("..") && !text.starts_with("../") {
            self.invalid(path, text, "must not start with '..'");
        }
    }
    pub(super) fn empty_dir(&mut self, source: &Value, path: &Path) {
        if Quantity::at(source, "sizeLimit").nanos() < 0 {
            self.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
        }
        if let Some(n) = source.int_at("mode").filter(|n| !(0..=0o1777).contains(n)) {
            self.invalid(&path.child("mode"), n, "must be a number between 0 and 01777 (octal), both inclusive");
        }
    }

    /// A claim made from a template in a pod.
    pub(super) fn claim_template(&mut self, template: &Value, path: &Path) {
        let meta = template.at("metadata");
        let p = path.child("metadata");
        self.annotations(meta.at("annotations"), &p.child("annotations"));
        self.labels(meta.at("labels"), &p.child("labels"));
        for (field, _) in meta.fields() {
            if !matches!(field.as_ref(), "annotations" | "labels") {
                self.push(FieldError::forbidden(&p.child(field), "cannot be set"));
            }
        }
        self.claim_spec(template.at("spec"), &path.child("spec"));
    }
}
