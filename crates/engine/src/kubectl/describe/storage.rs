//! Claims and volumes. Models `describePersistentVolumeClaim` and `describePersistentVolume`.

use super::{Doc, Scene, annotations, labels};
use crate::api::{Kind, Object, Value};
use crate::clock::human_duration;

fn text<'o>(o: &'o Object, path: &'static str) -> &'o str {
    o.at(path).as_str().unwrap_or("")
}

/// `RWO,ROX`
fn access_modes(modes: &Value) -> String {
    let short = |m: &Value| match m.as_str().unwrap_or("") {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    modes.items().iter().map(short).collect::<Vec<_>>().join(",")
}

fn finalizers(o: &Object, w: &mut Doc) {
    let list: Vec<&str> = o.at("metadata.finalizers").items().iter().filter_map(Value::as_str).collect();
    w.field(0, "Finalizers", &format!("[{}]", list.join(" ")));
}

fn status(o: &Object, scene: &Scene<'_>, w: &mut Doc) {
    match o.deletion_time() {
        Some(since) => w.field(0, "Status", &format!("Terminating (lasts {})", human_duration(scene.now - since))),
        None => w.field(0, "Status", text(o, "status.phase")),
    }
}

pub fn claim(o: &Object, scene: &Scene<'_>, w: &mut Doc) {
    super::head(o, w);
    w.field(0, "StorageClass", text(o, "spec.storageClassName"));
    status(o, scene, w);
    w.field(0, "Volume", text(o, "spec.volumeName"));
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
    finalizers(o, w);
    let bound = !text(o, "spec.volumeName").is_empty();
    w.field(0, "Capacity", if bound { text(o, "status.capacity.storage") } else { "" });
    w.field(0, "Access Modes", &if bound { access_modes(o.at("status.accessModes")) } else { String::new() });
    if !o.at("spec.volumeMode").is_null() {
        w.field(0, "VolumeMode", text(o, "spec.volumeMode"));
    }
    let uses = |v: &Value| v.at("persistentVolumeClaim").str_at("claimName") == o.name().as_ref();
    let users: Vec<_> = scene
        .store
        .list_in(Kind::Pod, o.namespace())
        .filter(|p| p.at("spec.volumes").items().iter().any(uses))
        .map(|p| p.name().to_string())
        .collect();
    w.field(0, "Used By", if users.is_empty() { "<none>" } else { users[0].as_str() });
    for user in users.iter().skip(1) {
        w.line(0, &format!("\t{user}"));
    }
}

pub fn volume(o: &Object, scene: &Scene<'_>, w: &mut Doc) {
    w.field(0, "Name", o.name());
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
    finalizers(o, w);
    w.field(0, "StorageClass", text(o, "spec.storageClassName"));
    status(o, scene, w);
    let claim = o.at("spec.claimRef");
    let claim =
        if claim.is_null() { String::new() } else { format!("{}/{}", claim.str_at("namespace"), claim.str_at("name")) };
    w.field(0, "Claim", &claim);
    w.field(0, "Reclaim Policy", text(o, "spec.persistentVolumeReclaimPolicy"));
    w.field(0, "Access Modes", &access_modes(o.at("spec.accessModes")));
    if !o.at("spec.volumeMode").is_null() {
        w.field(0, "VolumeMode", text(o, "spec.volumeMode"));
    }
    w.field(0, "Capacity", text(o, "spec.capacity.storage"));
    node_affinity(o.at("spec.nodeAffinity.required"), w);
    w.field(0, "Message", text(o, "status.message"));
    w.line(0, "Source:");
    let spec = o.at("spec");
    if let Some(path) = spec.get("hostPath") {
        w.field(2, "Type", "HostPath (bare host directory volume)");
        w.field(2, "Path", path.str_at("path"));
        w.field(2, "HostPathType", path.at("type").as_str().unwrap_or("<none>"));
    } else if let Some(nfs) = spec.get("nfs") {
        w.field(2, "Type", "NFS (an NFS mount that lasts the lifetime of a pod)");
        w.field(2, "Server", nfs.str_at("server"));
        w.field(2, "Path", nfs.str_at("path"));
        w.field(2, "ReadOnly", if nfs.bool_at("readOnly") { "true" } else { "false" });
    } else if let Some(local) = spec.get("local") {
        w.field(2, "Type", "LocalVolume (a persistent volume backed by local storage on a node)");
        w.field(2, "Path", local.str_at("path"));
    } else {
        w.line(1, "<unknown>");
    }
}

/// Models `printVolumeNodeAffinity`.
fn node_affinity(required: &Value, w: &mut Doc) {
    if required.is_null() {
        w.field(0, "Node Affinity", "<none>");
        return;
    }
    w.field(0, "Node Affinity", "");
    w.field(1, "Required Terms", "");
    for (i, term) in required.at("nodeSelectorTerms").items().iter().enumerate() {
        w.begin(2, &format!("Term {i}:\t"));
        let mut first = true;
        for e in term.at("matchExpressions").items() {
            if !std::mem::take(&mut first) {
                w.begin(2, "\t");
            }
            let values: Vec<&str> = e.at("values").items().iter().filter_map(Value::as_str).collect();
            let operator = e.str_at("operator").to_ascii_lowercase();
            if values.is_empty() {
                w.line(0, &format!("{} {operator}", e.str_at("key")));
            } else {
                w.line(0, &format!("{} {operator} [{}]", e.str_at("key"), values.join(", ")));
            }
        }
        if first {
            w.line(0, "<none>");
        }
    }
}
