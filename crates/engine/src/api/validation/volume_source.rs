//! The kinds of volumes, one by one. Models the `validate*VolumeSource` functions; of the kinds that left the tree just the
//! fields that must be there are checked.

use super::env::VOLUME_FIELDS;
use super::{Checks, items};
use crate::api::Value;
use crate::api::field::Path;

impl Checks {
    pub(super) fn volume_kind(&mut self, kind: &str, source: &Value, path: &Path) {
        match kind {
            "emptyDir" => self.empty_dir(source, path),
            "hostPath" => self.host_path(source, path),
            "secret" => self.files_of(source, "secretName", path),
            "configMap" => self.files_of(source, "name", path),
            "persistentVolumeClaim" => self.need(source, "claimName", path),
            "nfs" => {
                self.need(source, "server", path);
                self.need(source, "path", path);
                let at = source.str_at("path");
                if !at.starts_with('/') {
                    self.invalid(&path.child("path"), at, "must be an absolute path");
                }
            }
            "gitRepo" => {
                self.need(source, "repository", path);
                self.local_descending_path(source.str_at("directory"), &path.child("directory"));
            }
            "downwardAPI" => {
                self.file_mode(source, "defaultMode", path);
                for file in source.at("items").items() {
                    self.downward_file(file, path);
                }
            }
            "projected" => self.projected(source, path),
            "csi" => self.need(source, "driver", path),
            "ephemeral" => {
                let template = source.at("volumeClaimTemplate");
                if template.is_null() {
                    self.required(&path.child("volumeClaimTemplate"), "");
                } else {
                    self.claim_template(template, &path.child("volumeClaimTemplate"));
                }
            }
            "image" => {
                self.need(source, "reference", path);
                self.pull_policy(source.str_at("pullPolicy"), &path.child("pullPolicy"));
            }
            "gcePersistentDisk" => self.need(source, "pdName", path),
            "awsElasticBlockStore" | "cinder" | "portworxVolume" => self.need(source, "volumeID", path),
            "iscsi" => {
                self.need(source, "targetPortal", path);
                self.need(source, "iqn", path);
            }
            "glusterfs" => {
                self.need(source, "endpoints", path);
                self.need(source, "path", path);
            }
            "flexVolume" => self.need(source, "driver", path),
            "azureFile" => {
                self.need(source, "secretName", path);
                self.need(source, "shareName", path);
            }
            "vsphereVolume" => self.need(source, "volumePath", path),
            "photonPersistentDisk" => self.need(source, "pdID", path),
            _ => {}
        }
    }
    fn host_path(&mut self, source: &Value, path: &Path) {
        let at = source.str_at("path");
        if at.is_empty() {
            return self.required(&path.child("path"), "");
        }
        self.path_without_backsteps(at, &path.child("path"));
        let known =
            ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
        if let Some(t) = source.at("type").as_str().filter(|t| !known.contains(t)) {
            self.not_supported(&path.child("type"), t, &known);
        }
    }
    /// Files of a Secret or ConfigMap.
    fn files_of(&mut self, source: &Value, name: &'static str, path: &Path) {
        self.need(source, name, path);
        self.file_mode(source, "defaultMode", path);
        for (item, p) in items(source, "items", path) {
            self.key_to_path(item, &p);
        }
    }
    fn downward_file(&mut self, file: &Value, path: &Path) {
        self.need(file, "path", path);
        self.local_non_reserved_path(file.str_at("path"), &path.child("path"));
        let (field, resource) = (file.at("fieldRef"), file.at("resourceFieldRef"));
        if !field.is_null() {
            self.field_ref(field, VOLUME_FIELDS, &path.child("fieldRef"));
            if !resource.is_null() {
                self.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        } else if resource.is_null() {
            self.required(path, "one of fieldRef and resourceFieldRef is required");
        } else {
            self.resource_field_ref(resource, true, &path.child("resourceFieldRef"));
        }
        self.file_mode(file, "mode", path);
    }
    fn projected(&mut self, source: &Value, path: &Path) {
        self.file_mode(source, "defaultMode", path);
        let mut paths: Vec<String> = Vec::new();
        for (s, p) in items(source, "sources", path) {
            let mut sources = 0;
            for kind in ["secret", "configMap"] {
                let (part, pp) = (s.at(kind), p.child(kind));
                if part.is_null() {
                    continue;
                }
                sources += 1;
                self.need(part, "name", &pp);
                for (item, ip) in items(part, "items", &pp) {
                    self.key_to_path(item, &ip);
                    self.unique_path(item.str_at("path"), part.str_at("name"), path, &mut paths);
                }
            }
            let part = s.at("downwardAPI");
            if !part.is_null() {
                sources += 1;
                for file in part.at("items").items() {
                    self.downward_file(file, &p.child("downwardAPI"));
                    let at = file.str_at("path");
                    self.unique_path(at, at, path, &mut paths);
                }
            }
            let part = s.at("serviceAccountToken");
            if !part.is_null() {
                sources += 1;
                self.token(part, &p.child("serviceAccountToken"), path);
            }
            for kind in ["clusterTrustBundle", "podCertificate"] {
                sources += usize::from(!s.at(kind).is_null());
            }
            if sources > 1 {
                self.forbidden(&p, "may not specify more than 1 volume type per source");
            }
        }
    }
    fn unique_path(&mut self, at: &str, shown: &str, path: &Path, paths: &mut Vec<String>) {
        if at.is_empty() {
            return;
        }
        if paths.iter().any(|p| p == at) {
            self.invalid(path, shown, "conflicting duplicate paths");
        } else {
            paths.push(at.to_owned());
        }
    }
    fn token(&mut self, token: &Value, path: &Path, volume: &Path) {
        let p = path.child("expirationSeconds");
        match token.int_at("expirationSeconds") {
            None => self.required(&p, ""),
            Some(n) if n < 600 => self.invalid(&p, n, "may not specify a duration less than 10 minutes"),
            Some(n) if n > 1 << 32 => self.invalid(&p, n, "may not specify a duration larger than 2^32 seconds"),
            Some(_) => {}
        }
        let at = token.str_at("path");
        if at.is_empty() {
            self.required(&volume.child("path"), "");
        } else {
            self.local_non_reserved_path(at, &volume.child("path"));
        }
    }
}
