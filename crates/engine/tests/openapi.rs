//! Every object that a cluster stores reads as the published Kubernetes 1.37 type of its kind, and writes as the same JSON.
#![allow(clippy::disallowed_methods, reason = "a test reads its cases")]

use std::rc::Rc;

use batchyard_engine::api::{KINDS, Kind, Object};
use batchyard_engine::cluster::{Cluster, Command, Config};
use k8s_openapi::api::{
    admissionregistration::v1 as admission, apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch,
    certificates::v1 as certificates, coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery,
    flowcontrol::v1 as flowcontrol, networking::v1 as networking, node::v1 as node, policy::v1 as policy,
    rbac::v1 as rbac, resource::v1 as resource, scheduling::v1 as scheduling, storage::v1 as storage,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1 as extensions;
use serde_json::Value;

/// The JSON of an object once it went through its type.
fn through(kind: Kind, json: &str) -> Result<Value, String> {
    macro_rules! kinds {
        ($($kind:ident $($ty:ident)::+;)*) => {
            match kind {
                $(Kind::$kind => serde_json::from_str::<$($ty)::+>(json).and_then(serde_json::to_value),)*
            }
        };
    }
    let value = kinds! {
        ConfigMap core::ConfigMap;
        Endpoints core::Endpoints;
        Event core::Event;
        LimitRange core::LimitRange;
        Namespace core::Namespace;
        Node core::Node;
        PersistentVolumeClaim core::PersistentVolumeClaim;
        PersistentVolume core::PersistentVolume;
        Pod core::Pod;
        PodTemplate core::PodTemplate;
        ReplicationController core::ReplicationController;
        ResourceQuota core::ResourceQuota;
        Secret core::Secret;
        ServiceAccount core::ServiceAccount;
        Service core::Service;
        ControllerRevision apps::ControllerRevision;
        DaemonSet apps::DaemonSet;
        Deployment apps::Deployment;
        ReplicaSet apps::ReplicaSet;
        StatefulSet apps::StatefulSet;
        HorizontalPodAutoscaler autoscaling::HorizontalPodAutoscaler;
        CronJob batch::CronJob;
        Job batch::Job;
        Lease coordination::Lease;
        EndpointSlice discovery::EndpointSlice;
        IngressClass networking::IngressClass;
        Ingress networking::Ingress;
        NetworkPolicy networking::NetworkPolicy;
        PodDisruptionBudget policy::PodDisruptionBudget;
        ClusterRoleBinding rbac::ClusterRoleBinding;
        ClusterRole rbac::ClusterRole;
        RoleBinding rbac::RoleBinding;
        Role rbac::Role;
        PriorityClass scheduling::PriorityClass;
        StorageClass storage::StorageClass;
        CSIDriver storage::CSIDriver;
        VolumeAttributesClass storage::VolumeAttributesClass;
        RuntimeClass node::RuntimeClass;
        DeviceClass resource::DeviceClass;
        ResourceClaim resource::ResourceClaim;
        ResourceClaimTemplate resource::ResourceClaimTemplate;
        MutatingWebhookConfiguration admission::MutatingWebhookConfiguration;
        ValidatingAdmissionPolicy admission::ValidatingAdmissionPolicy;
        ValidatingAdmissionPolicyBinding admission::ValidatingAdmissionPolicyBinding;
        ValidatingWebhookConfiguration admission::ValidatingWebhookConfiguration;
        CertificateSigningRequest certificates::CertificateSigningRequest;
        FlowSchema flowcontrol::FlowSchema;
        PriorityLevelConfiguration flowcontrol::PriorityLevelConfiguration;
        CustomResourceDefinition extensions::CustomResourceDefinition;
    };
    value.map_err(|e| e.to_string())
}

/// Where two trees differ first.
fn difference(path: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys = x.keys().chain(y.keys().filter(|k| !x.contains_key(*k)));
            let at = |k: &String| (x.get(k).unwrap_or(&Value::Null), y.get(k).unwrap_or(&Value::Null));
            keys.into_iter().find_map(|k| difference(&format!("{path}.{k}"), at(k).0, at(k).1))
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            x.iter().zip(y).enumerate().find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        _ if a == b => None,
        _ => Some(format!("{path}: stored {a}, published {b}")),
    }
}

fn check(object: &Object, from: &str, wrong: &mut Vec<String>) {
    let json = object.body().to_json();
    let stored: Value = serde_json::from_str(&json).expect("what is stored is JSON");
    let why = match through(object.kind(), &json) {
        Err(why) => Some(why),
        Ok(published) => difference("", &stored, &published),
    };
    if let Some(why) = why {
        wrong.push(format!("{from}: {} {}: {why}", object.kind().name(), object.name()));
    }
}

/// Applies a file in a fresh cluster, lets some time pass, and looks at all that is stored then.
fn store(path: &std::path::Path, seconds: i64, wrong: &mut Vec<String>) -> usize {
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let text = String::from_utf8_lossy(&std::fs::read(path).expect("readable")).into_owned();
    let files = Rc::new(vec![(name.clone(), Rc::from(text))]);
    let mut cluster = Cluster::new(Config { seed: 1, ..Config::default() });
    cluster.handle(Command::Kubectl { line: format!("kubectl apply -f {name}"), files });
    let to = cluster.now() + seconds * 1000;
    cluster.advance(to, u32::MAX);
    let snapshot = cluster.snapshot();
    let mut count = 0;
    for info in KINDS {
        for object in snapshot.list(info.kind) {
            count += 1;
            check(object, &path.display().to_string(), wrong);
        }
    }
    count
}

fn files(folder: &str, keep: impl Fn(&str) -> bool) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if keep(&path.to_string_lossy()) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

#[test]
fn what_is_stored_is_what_the_published_types_hold() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in files("rejections/manifests", |p| p.contains("/manifests/")) {
        count += store(&path, 3, &mut wrong);
    }
    for path in files("conformance/recordings", |p| p.ends_with("/manifest.yaml")) {
        count += store(&path, 30, &mut wrong);
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {count} objects differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 5_000, "{count} objects are too few to mean anything");
}
