//! What a strategy does to an object before it is checked and stored. Models `PrepareForCreate` and `PrepareForUpdate` of
//! `pkg/registry/*/strategy.go`.

use super::{each, pod_level, qos_class, within};
use crate::api::typed;
use crate::api::{Kind, Map, Value};
use crate::json;

const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// Adds the finalizer that keeps storage which is in use. Models the admission plugin `StorageObjectInUseProtection`.
fn protect(object: &mut Value, finalizer: &str) {
    let finalizers = object.slot("metadata.finalizers").make_array();
    if !finalizers.iter().any(|f| f.as_str() == Some(finalizer)) {
        finalizers.push(finalizer.into());
    }
}

/// Makes a new object ready: its status is reset, its generation is 1, a Job gets labels and selector from its uid (which
/// must be set already).
pub fn prepare_for_create(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Pod => {
            drop_disabled_pod_fields(object, "spec");
            profiles_of_annotations(object);
            within(object, "spec", pod_level::complete);
            object.set("metadata.generation", 1);
            let mut status = json!({"phase": "Pending"});
            if !object.at("spec.schedulingGates").items().is_empty() {
                let now = object.at("metadata.creationTimestamp").clone();
                status.set(
                    "conditions",
                    json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
                        "message": "Scheduling is blocked due to non-empty scheduling gates",
                        "lastProbeTime": null, "lastTransitionTime": now}]),
                );
            }
            status.set("qosClass", qos_class(object));
            object.set("status", status);
        }
        Kind::Job => {
            // Labels that defaulting took from the template are the template's very own: they grow with them.
            let labels = object.at("metadata.labels");
            let shared = labels.as_object().is_some() && labels.same(object.at("spec.template.metadata.labels"));
            generate_selector(object);
            if shared {
                let labels = object.at("spec.template.metadata.labels").clone();
                object.set("metadata.labels", labels);
            }
            object.set("status", Value::empty_object());
            object.set("metadata.generation", 1);
            drop_disabled_job_fields(object, "spec");
        }
        Kind::CronJob => {
            object.set("status", Value::empty_object());
            object.set("metadata.generation", 1);
            drop_disabled_job_fields(object, "spec.jobTemplate.spec");
        }
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => {
            object.set("status", typed::empty(&format!("apps.{}Status", kind.name())));
            object.set("metadata.generation", 1);
            drop_disabled_pod_fields(object, "spec.template.spec");
            if kind == Kind::DaemonSet && object.at("metadata.annotations").get(TEMPLATE_GENERATION).is_none() {
                object.set_key("metadata.annotations", TEMPLATE_GENERATION, "1");
            }
        }
        Kind::ReplicationController => {
            object.set("status", typed::empty("core.ReplicationControllerStatus"));
            object.set("metadata.generation", 1);
        }
        Kind::Namespace => {
            object.set("status", json!({"phase": "Active"}));
            if !object.at("spec.finalizers").items().iter().any(|f| f.as_str() == Some("kubernetes")) {
                object.slot("spec.finalizers").make_array().push("kubernetes".into());
            }
        }
        Kind::Service => object.set("status", json!({"loadBalancer": {}})),
        Kind::ResourceQuota => object.set("status", Value::empty_object()),
        Kind::PersistentVolumeClaim => {
            object.set("status", json!({"phase": "Pending"}));
            normalize_data_sources(object);
            protect(object, "kubernetes.io/pvc-protection");
        }
        Kind::PersistentVolume => {
            object.set("status", json!({"phase": "Pending"}));
            protect(object, "kubernetes.io/pv-protection");
        }
        Kind::Ingress => {
            object.set("status", json!({"loadBalancer": {}}));
            object.set("metadata.generation", 1);
        }
        Kind::NetworkPolicy => object.set("metadata.generation", 1),
        Kind::HorizontalPodAutoscaler => {
            object.set("status", typed::empty("autoscaling.HorizontalPodAutoscalerStatus"));
            object.set("metadata.generation", 1);
        }
        Kind::PodDisruptionBudget => {
            object.set("status", typed::empty("policy.PodDisruptionBudgetStatus"));
            object.set("metadata.generation", 1);
        }
        Kind::CertificateSigningRequest => {
            object.set("status", Value::empty_object());
            object.set("spec.username", "kubernetes-admin");
            object.set("spec.uid", "admin");
            object.set("spec.groups", json!(["system:masters", "system:authenticated"]));
        }
        Kind::FlowSchema | Kind::PriorityLevelConfiguration => {
            object.set("status", Value::empty_object());
            object.set("metadata.generation", 1);
        }
        Kind::EndpointSlice
        | Kind::IngressClass
        | Kind::PriorityClass
        | Kind::CustomResourceDefinition
        | Kind::DeviceClass
        | Kind::MutatingWebhookConfiguration
        | Kind::ValidatingWebhookConfiguration
        | Kind::ValidatingAdmissionPolicy
        | Kind::ValidatingAdmissionPolicyBinding => object.set("metadata.generation", 1),
        _ => {}
    }
}

/// Makes a changed object ready: its status stays what it was, its generation grows with a change of what is wanted.
pub fn prepare_for_update(kind: Kind, object: &mut Value, old: &Value) {
    keep(object, old, "status");
    keep(object, old, "metadata.generation");
    match kind {
        Kind::Pod => drop_disabled_pod_fields(object, "spec"),
        Kind::Job => drop_disabled_job_fields(object, "spec"),
        Kind::CronJob => drop_disabled_job_fields(object, "spec.jobTemplate.spec"),
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => {
            drop_disabled_pod_fields(object, "spec.template.spec");
        }
        Kind::Namespace => keep(object, old, "spec.finalizers"),
        Kind::Secret if object.str_at("type").is_empty() => keep(object, old, "type"),
        Kind::PersistentVolumeClaim => normalize_data_sources(object),
        _ => {}
    }
    if kind == Kind::DaemonSet {
        let before = old.at("metadata.annotations").get(TEMPLATE_GENERATION).and_then(Value::as_str).unwrap_or("1");
        let mut generation: i64 = before.parse().unwrap_or(1);
        if object.at("spec.template") != old.at("spec.template") {
            generation += 1;
        }
        let generation = Value::from(generation.to_string());
        if object.at("metadata.annotations").get(TEMPLATE_GENERATION) != Some(&generation) {
            object.set_key("metadata.annotations", TEMPLATE_GENERATION, generation);
        }
    }
    let changed = match kind {
        Kind::Deployment => {
            object.at("spec") != old.at("spec") || object.at("metadata.annotations") != old.at("metadata.annotations")
        }
        Kind::Pod => pod_spec_changed(object.at("spec"), old.at("spec")),
        Kind::Job
        | Kind::CronJob
        | Kind::ReplicaSet
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::ReplicationController
        | Kind::Ingress
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::IngressClass => object.at("spec") != old.at("spec"),
        _ => false,
    };
    if changed {
        object.set("metadata.generation", old.int_at("metadata.generation").unwrap_or(0) + 1);
    }
}

/// Whether a Pod's spec differs in what its generation counts.
fn pod_spec_changed(new: &Value, old: &Value) -> bool {
    new != old
}

fn keep(object: &mut Value, old: &Value, path: &'static str) {
    let value = old.at(path).clone();
    if value.is_null() {
        object.unset(path);
    } else if *object.at(path) != value {
        object.set(path, value);
    }
}

/// A Job's pods are told by labels made from its name and uid; what the user set stays, and is checked later.
/// Models `generateSelector`.
fn generate_selector(job: &mut Value) {
    if job.bool_at("spec.manualSelector") {
        return;
    }
    let (name, uid) = (Value::from(job.str_at("metadata.name")), Value::from(job.str_at("metadata.uid")));
    for (key, value) in [
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("batch.kubernetes.io/controller-uid", &uid),
    ] {
        if job.at("spec.template.metadata.labels").get(key).is_none() {
            job.set_key("spec.template.metadata.labels", key, value.clone());
        }
    }
    if job.at("spec.selector.matchLabels").get("batch.kubernetes.io/controller-uid").is_none() {
        job.set_key("spec.selector.matchLabels", "batch.kubernetes.io/controller-uid", uid);
    }
}

/// Fields whose feature is off in this release go without a word. Models `DropDisabledFields`.
fn drop_disabled_job_fields(object: &mut Value, spec: &str) {
    object.unset(&format!("{spec}.scheduling"));
    drop_disabled_pod_fields(object, &format!("{spec}.template.spec"));
}

fn drop_disabled_pod_fields(object: &mut Value, spec: &str) {
    const FIELDS: [&str; 2] = ["schedulingGroup", "evictionResponders"];
    let stops = |c: &Value| c.has("lifecycle.stopSignal");
    let moded = |v: &Value| v.has("emptyDir.mode");
    let at = object.at_path(spec);
    let any = FIELDS.iter().any(|f| at.get(f).is_some())
        || ["containers", "initContainers"].iter().any(|list| at.at(list).items().iter().any(stops))
        || at.at("volumes").items().iter().any(moded);
    // Nearly never is there anything to drop: then the spec stays shared with the version before.
    if !any {
        return;
    }
    if object.at_path(spec).as_object().is_some() {
        let s = object.slot_path(spec);
        for field in FIELDS {
            s.unset(field);
        }
        if s.at("volumes").items().iter().any(moded) {
            each(s, "volumes", |v| {
                v.unset("emptyDir.mode");
            });
        }
        for list in ["containers", "initContainers"] {
            if s.at(list).items().iter().any(|c| c.has("lifecycle.stopSignal")) {
                each(s, list, |c| {
                    c.unset("lifecycle.stopSignal");
                    if c.at("lifecycle").as_object().is_some_and(Map::is_empty) {
                        c.unset("lifecycle");
                    }
                });
            }
        }
    }
}

/// AppArmor profiles that stand in annotations are put into the field. Models `applyAppArmorVersionSkew`.
fn profiles_of_annotations(pod: &mut Value) {
    const PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
    let annotations = pod.at("metadata.annotations").clone();
    if !annotations.fields().any(|(k, _)| k.starts_with(PREFIX)) {
        return;
    }
    for list in ["spec.initContainers", "spec.containers"] {
        each(pod, list, |c| {
            let given = annotations.get(&format!("{PREFIX}{}", c.str_at("name"))).and_then(Value::as_str);
            let mut profile = match given {
                Some("runtime/default") => json!({"type": "RuntimeDefault"}),
                Some("unconfined") => json!({"type": "Unconfined"}),
                Some(_) => json!({"type": "Localhost"}),
                None => return,
            };
            if let Some(name) = given.and_then(|g| g.strip_prefix("localhost/")) {
                profile.set("localhostProfile", name);
            }
            if c.at("securityContext.appArmorProfile").is_null() {
                c.set("securityContext.appArmorProfile", profile);
            }
        });
    }
}

/// A claim's `dataSource` and `dataSourceRef` say the same.
fn normalize_data_sources(claim: &mut Value) {
    let (source, reference) = (claim.at("spec.dataSource").clone(), claim.at("spec.dataSourceRef").clone());
    match (source.is_null(), reference.is_null()) {
        (false, true) => claim.set("spec.dataSourceRef", source),
        (true, false) if reference.at("namespace").is_null() => claim.set("spec.dataSource", reference),
        _ => {}
    }
}
