//! Everything that is not a workload. Models the `defaults.go` of core, networking, rbac, scheduling, storage, discovery
//! and autoscaling.

use super::pod::round_resources;
use super::{default, default_text, each, within};
use crate::api::{Kind, Value, base64};
use crate::json;

pub(super) fn apply(kind: Kind, object: &mut Value) {
    match kind {
        Kind::Service => service(object),
        Kind::Secret => secret(object),
        Kind::Namespace => namespace(object),
        Kind::PersistentVolumeClaim => {
            default_text(object, "status.phase", "Pending");
            within(object, "spec", |s| default_text(s, "volumeMode", "Filesystem"));
        }
        Kind::PersistentVolume => {
            default_text(object, "status.phase", "Pending");
            within(object, "spec", |s| {
                default_text(s, "persistentVolumeReclaimPolicy", "Retain");
                default_text(s, "volumeMode", "Filesystem");
                within(s, "hostPath", |h| default(h, "type", ""));
            });
        }
        Kind::LimitRange => within(object, "spec", |s| each(s, "limits", limit_range_item)),
        Kind::ResourceQuota => within(object, "spec", |s| round_resources(s, "hard")),
        Kind::Endpoints => each(object, "subsets", |s| each(s, "ports", |p| default_text(p, "protocol", "TCP"))),
        Kind::EndpointSlice => each(object, "ports", |p| {
            default(p, "name", "");
            default_text(p, "protocol", "TCP");
        }),
        Kind::Node => {
            let capacity = object.at("status.capacity").clone();
            if !capacity.is_null() {
                default(object, "status.allocatable", capacity);
            }
        }
        Kind::NetworkPolicy => network_policy(object),
        Kind::IngressClass => within(object, "spec", |s| {
            within(s, "parameters", |p| default_text(p, "scope", "Cluster"));
        }),
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            default_text(object, "roleRef.apiGroup", "rbac.authorization.k8s.io");
            each(object, "subjects", |s| {
                if matches!(s.str_at("kind"), "User" | "Group") {
                    default_text(s, "apiGroup", "rbac.authorization.k8s.io");
                }
            });
        }
        Kind::PriorityClass => default_text(object, "preemptionPolicy", "PreemptLowerPriority"),
        Kind::StorageClass => {
            default_text(object, "reclaimPolicy", "Delete");
            default_text(object, "volumeBindingMode", "Immediate");
        }
        Kind::CSIDriver => within(object, "spec", |s| {
            default(s, "attachRequired", true);
            for off in ["podInfoOnMount", "requiresRepublish", "seLinuxMount", "storageCapacity"] {
                default(s, off, false);
            }
            default_text(s, "fsGroupPolicy", "ReadWriteOnceWithFSType");
            if s.at("volumeLifecycleModes").items().is_empty() {
                s.set("volumeLifecycleModes", json!(["Persistent"]));
            }
        }),
        Kind::ResourceClaim => within(object, "spec", device_requests),
        Kind::ResourceClaimTemplate => within(object, "spec.spec", device_requests),
        Kind::ValidatingAdmissionPolicy => within(object, "spec", |s| {
            default_text(s, "failurePolicy", "Fail");
            within(s, "matchConstraints", match_resources);
        }),
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            each(object, "webhooks", |w| webhook(w, kind == Kind::MutatingWebhookConfiguration));
        }
        Kind::CustomResourceDefinition => within(object, "spec", custom_resource),
        Kind::ValidatingAdmissionPolicyBinding => within(object, "spec.matchResources", match_resources),
        Kind::HorizontalPodAutoscaler => autoscaler(object),
        Kind::FlowSchema => within(object, "spec", |s| default_zero(s, "matchingPrecedence", 1000)),
        Kind::PriorityLevelConfiguration => priority_level(object),
        _ => {}
    }
}

/// `stringData` is only a way to write: it is kept as `data`.
fn secret(object: &mut Value) {
    default_text(object, "type", "Opaque");
    let Some(plain) = object.unset("stringData") else { return };
    for (key, text) in plain.fields() {
        object.set_key("data", key, base64::encode(text.as_str().unwrap_or("").as_bytes()));
    }
}

/// Models resource/v1 `defaults.go`.
fn device_requests(spec: &mut Value) {
    within(spec, "devices", |d| {
        each(d, "requests", |r| {
            within(r, "exactly", |e| {
                default_text(e, "allocationMode", "ExactCount");
                if e.str_at("allocationMode") == "ExactCount" {
                    default(e, "count", 1);
                }
            });
        });
    });
}

/// A number that is not pointed at is given where it is 0.
fn default_zero(object: &mut Value, field: &'static str, number: i64) {
    if object.at(field).as_i64().unwrap_or(0) == 0 {
        object.set(field, number);
    }
}

/// Models flowcontrol/v1 `defaults.go`.
fn priority_level(object: &mut Value) {
    for part in ["spec.exempt", "spec.limited"] {
        within(object, part, |l| {
            default(l, "nominalConcurrencyShares", if part == "spec.limited" { 30 } else { 0 });
            default(l, "lendablePercent", 0);
            within(l, "limitResponse", |r| {
                within(r, "queuing", |q| {
                    for (field, number) in [("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)] {
                        default_zero(q, field, number);
                    }
                });
            });
        });
    }
}

/// Models apiextensions/v1 `defaults.go`.
fn custom_resource(spec: &mut Value) {
    let kind = spec.str_at("names.kind").to_owned();
    default_text(spec, "names.singular", &kind.to_lowercase());
    default_text(spec, "names.listKind", &format!("{kind}List"));
    if spec.at("conversion").is_null() {
        spec.set("conversion.strategy", "None");
    }
}

/// Models `SetDefaults_ValidatingWebhook` and `SetDefaults_MutatingWebhook`.
fn webhook(w: &mut Value, mutates: bool) {
    default_text(w, "failurePolicy", "Fail");
    match_resources(w);
    default(w, "timeoutSeconds", 10);
    if mutates {
        default_text(w, "reinvocationPolicy", "Never");
    }
    each(w, "rules", |r| default_text(r, "scope", "*"));
    within(w, "clientConfig", |c| within(c, "service", |s| default(s, "port", 443)));
}

/// Models admissionregistration/v1 `defaults.go`.
fn match_resources(m: &mut Value) {
    default_text(m, "matchPolicy", "Equivalent");
    default(m, "namespaceSelector", Value::empty_object());
    default(m, "objectSelector", Value::empty_object());
    for rules in ["resourceRules", "excludeResourceRules"] {
        each(m, rules, |r| default_text(r, "scope", "*"));
    }
}

fn namespace(object: &mut Value) {
    let name = object.at("metadata.name").clone();
    if !name.is_null() && object.at("metadata.labels").get("kubernetes.io/metadata.name") != Some(&name) {
        object.set_key("metadata.labels", "kubernetes.io/metadata.name", name);
    }
    default_text(object, "status.phase", "Active");
}

fn service(object: &mut Value) {
    within(object, "spec", |spec| {
        default_text(spec, "sessionAffinity", "None");
        if spec.str_at("sessionAffinity") == "None" {
            spec.unset("sessionAffinityConfig");
        } else if spec.at("sessionAffinityConfig.clientIP.timeoutSeconds").is_null() {
            spec.set("sessionAffinityConfig.clientIP.timeoutSeconds", 10800);
        }
        default_text(spec, "type", "ClusterIP");
        each(spec, "ports", |p| {
            default_text(p, "protocol", "TCP");
            let target = p.at("targetPort");
            if target.is_null() || target.as_i64() == Some(0) || target.as_str() == Some("") {
                let port = p.at("port").clone();
                p.set("targetPort", port);
            }
        });
        let kind = spec.str_at("type").to_owned();
        let external = matches!(kind.as_str(), "NodePort" | "LoadBalancer")
            || (kind == "ClusterIP" && !spec.at("externalIPs").items().is_empty());
        if external {
            default_text(spec, "externalTrafficPolicy", "Cluster");
        }
        if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
            default(spec, "internalTrafficPolicy", "Cluster");
        }
        if kind == "LoadBalancer" {
            default(spec, "allocateLoadBalancerNodePorts", true);
        }
    });
}

fn limit_range_item(item: &mut Value) {
    for list in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        round_resources(item, list);
    }
    if item.str_at("type") != "Container" {
        return;
    }
    for (from, to) in [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")] {
        let amounts = item.at(from).clone();
        for (name, amount) in amounts.fields() {
            if item.at(to).get(name).is_none() {
                item.set_key(to, name, amount.clone());
            }
        }
    }
}

fn network_policy(object: &mut Value) {
    within(object, "spec", |spec| {
        if spec.at("policyTypes").items().is_empty() {
            let mut types = vec![Value::from("Ingress")];
            if !spec.at("egress").items().is_empty() {
                types.push("Egress".into());
            }
            spec.set("policyTypes", types);
        }
        for list in ["ingress", "egress"] {
            each(spec, list, |r| each(r, "ports", |p| default_text(p, "protocol", "TCP")));
        }
    });
}

fn autoscaler(object: &mut Value) {
    within(object, "spec", |spec| {
        default(spec, "minReplicas", 1);
        if spec.at("metrics").items().is_empty() {
            spec.set(
                "metrics",
                json!([{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]),
            );
        }
        within(spec, "behavior", |b| {
            default(b, "scaleUp.stabilizationWindowSeconds", 0);
            for (direction, pods) in [("scaleUp", true), ("scaleDown", false)] {
                let rules = b.slot(direction);
                default_text(rules, "selectPolicy", "Max");
                let mut policies = vec![json!({"type": "Percent", "value": 100, "periodSeconds": 15})];
                if pods {
                    policies.insert(0, json!({"type": "Pods", "value": 4, "periodSeconds": 15}));
                }
                default(rules, "policies", policies);
            }
        });
    });
}
