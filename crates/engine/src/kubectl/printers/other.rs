//! Rows of the kinds around the workloads: events, nodes, configuration, storage, access.
//!
//! Models `printEvent`, `printNode`, `printResourceQuota` and their neighbours.

use crate::api::{Kind, Object, Value};
use crate::clock::{SECOND, Time, human_duration};

use super::{age, containers, format_labels, format_selector, since};

fn or<'a>(v: &'a Value, default: &'a str) -> &'a str {
    v.as_str().filter(|t| !t.is_empty()).unwrap_or(default)
}

fn text(o: &Object, path: &'static str, default: &str) -> Value {
    Value::from(or(o.at(path), default))
}

/// A number or text, as `IntOrString` prints.
fn scalar(v: &Value, default: &str) -> Value {
    match v {
        Value::Null => default.into(),
        Value::Str(s) => Value::from(s),
        other => other.to_json().into(),
    }
}

fn count(o: &Object, path: &'static str) -> Value {
    o.at(path).as_i64().unwrap_or(0).into()
}

fn size(v: &Value) -> usize {
    v.as_object().map_or(0, crate::api::Map::len)
}

pub(super) fn row(o: &Object, now: Time) -> Vec<Value> {
    let name = Value::from(o.name());
    let age = age(o, now);
    match o.kind() {
        Kind::Event => event(o, now),
        Kind::Node => node(o, age),
        Kind::Namespace => vec![name, text(o, "status.phase", ""), age],
        Kind::Secret => vec![name, text(o, "type", ""), size(o.at("data")).into(), age],
        Kind::ConfigMap => vec![name, (size(o.at("data")) + size(o.at("binaryData"))).into(), age],
        Kind::ResourceQuota => {
            let (mut requests, mut limits) = (vec![], vec![]);
            for (resource, hard) in o.at("status.hard").fields() {
                let used = o.at("status.used").get(resource);
                let text = format!(
                    "{resource}: {}/{}",
                    used.map_or("0", |v| v.as_str().unwrap_or("0")),
                    hard.as_str().unwrap_or("")
                );
                if resource.starts_with("limits.") { limits.push(text) } else { requests.push(text) }
            }
            vec![name, requests.join(", ").into(), limits.join(", ").into(), age]
        }
        Kind::Service => {
            let ports: Vec<String> = o
                .at("spec.ports")
                .items()
                .iter()
                .map(|p| {
                    let node = p.int_at("nodePort").map_or_else(String::new, |n| format!(":{n}"));
                    format!("{}{node}/{}", p.int_at("port").unwrap_or(0), or(p.at("protocol"), "TCP"))
                })
                .collect();
            let external = match o.at("spec.type").as_str() {
                Some("LoadBalancer") => "<pending>",
                Some("ExternalName") => or(o.at("spec.externalName"), "<none>"),
                _ => "<none>",
            };
            let ip = or(o.at("spec.clusterIPs.0"), or(o.at("spec.clusterIP"), "<none>"));
            vec![
                name,
                text(o, "spec.type", "ClusterIP"),
                ip.into(),
                external.into(),
                if ports.is_empty() { "<none>".into() } else { ports.join(",").into() },
                age,
                format_labels(o.at("spec.selector")).into(),
            ]
        }
        Kind::Ingress => {
            let mut hosts: Vec<&str> =
                o.at("spec.rules").items().iter().map(|r| r.str_at("host")).filter(|h| !h.is_empty()).take(3).collect();
            if hosts.is_empty() {
                hosts.push("*");
            }
            let ports = if o.at("spec.tls").items().is_empty() { "80" } else { "80, 443" };
            vec![name, text(o, "spec.ingressClassName", "<none>"), hosts.join(",").into(), "".into(), ports.into(), age]
        }
        Kind::IngressClass => vec![name, text(o, "spec.controller", ""), "<none>".into(), age],
        Kind::Endpoints => vec![name, endpoints(o), age],
        Kind::EndpointSlice => {
            let ports =
                o.at("ports").items().iter().map(|p| p.int_at("port").map_or("*".to_owned(), |n| n.to_string()));
            let addresses = o.at("endpoints").items().iter().flat_map(|e| e.at("addresses").items());
            let addresses = addresses.filter_map(Value::as_str).map(str::to_owned);
            let (ports, addresses) =
                (first_three(ports.collect(), "<unset>"), first_three(addresses.collect(), "<unset>"));
            vec![name, text(o, "addressType", ""), ports, addresses, age]
        }
        Kind::PersistentVolume => {
            let claim = o.at("spec.claimRef");
            let claim = if claim.is_null() {
                String::new()
            } else {
                format!("{}/{}", claim.str_at("namespace"), claim.str_at("name"))
            };
            vec![
                name,
                text(o, "spec.capacity.storage", ""),
                access_modes(o.at("spec.accessModes")),
                text(o, "spec.persistentVolumeReclaimPolicy", ""),
                if o.is_deleting() { "Terminating".into() } else { text(o, "status.phase", "") },
                claim.into(),
                text(o, "spec.storageClassName", ""),
                text(o, "spec.volumeAttributesClassName", "<unset>"),
                text(o, "status.reason", ""),
                age,
                text(o, "spec.volumeMode", "<unset>"),
            ]
        }
        Kind::PersistentVolumeClaim => vec![
            name,
            if o.is_deleting() { "Terminating".into() } else { text(o, "status.phase", "") },
            text(o, "spec.volumeName", ""),
            text(o, "status.capacity.storage", ""),
            access_modes(o.at("status.accessModes")),
            text(o, "spec.storageClassName", ""),
            text(o, "spec.volumeAttributesClassName", "<unset>"),
            age,
            text(o, "spec.volumeMode", "<unset>"),
        ],
        Kind::StorageClass => vec![
            name,
            text(o, "provisioner", ""),
            text(o, "reclaimPolicy", "Delete"),
            text(o, "volumeBindingMode", "Immediate"),
            o.at("allowVolumeExpansion").as_bool().unwrap_or(false).to_string().into(),
            age,
        ],
        Kind::HorizontalPodAutoscaler => vec![
            name,
            format!("{}/{}", or(o.at("spec.scaleTargetRef.kind"), ""), or(o.at("spec.scaleTargetRef.name"), "")).into(),
            metrics(o).into(),
            scalar(o.at("spec.minReplicas"), "<unset>"),
            count(o, "spec.maxReplicas"),
            count(o, "status.currentReplicas"),
            age,
        ],
        Kind::NetworkPolicy => vec![name, format_selector(o.at("spec.podSelector")).into(), age],
        Kind::RoleBinding | Kind::ClusterRoleBinding => {
            let subjects = |kind: &str| -> Value {
                let all: Vec<String> = o
                    .at("subjects")
                    .items()
                    .iter()
                    .filter(|s| s.str_at("kind") == kind)
                    .map(|s| match kind {
                        "ServiceAccount" => format!("{}/{}", s.str_at("namespace"), s.str_at("name")),
                        _ => s.str_at("name").to_owned(),
                    })
                    .collect();
                all.join(", ").into()
            };
            let role = format!("{}/{}", or(o.at("roleRef.kind"), ""), or(o.at("roleRef.name"), ""));
            vec![name, role.into(), age, subjects("User"), subjects("Group"), subjects("ServiceAccount")]
        }
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => {
            vec![name, o.at("webhooks").items().len().into(), age]
        }
        Kind::CustomResourceDefinition => {
            let version = |v: &Value| {
                let stored = if v.bool_at("storage") { "(storage)" } else { "" };
                format!("{}{stored}", v.str_at("name"))
            };
            let versions: Vec<String> = o.at("spec.versions").items().iter().map(version).collect();
            vec![name, text(o, "spec.scope", ""), versions.join(",").into(), text(o, "metadata.creationTimestamp", "")]
        }
        Kind::Role | Kind::ClusterRole | Kind::LimitRange => {
            vec![name, text(o, "metadata.creationTimestamp", "")]
        }
        Kind::Lease => vec![name, text(o, "spec.holderIdentity", ""), age],
        Kind::PodDisruptionBudget => vec![
            name,
            scalar(o.at("spec.minAvailable"), "N/A"),
            scalar(o.at("spec.maxUnavailable"), "N/A"),
            count(o, "status.disruptionsAllowed"),
            age,
        ],
        Kind::PriorityClass => vec![
            name,
            count(o, "value"),
            o.at("globalDefault").as_bool().unwrap_or(false).to_string().into(),
            age,
            text(o, "preemptionPolicy", ""),
        ],
        Kind::PodTemplate => {
            let [names, images] = containers(o.at("template.spec"));
            vec![name, names, images, format_labels(o.at("template.metadata.labels")).into()]
        }
        Kind::CertificateSigningRequest => {
            let asked = o.at("spec.expirationSeconds").as_i64();
            let asked = asked.map_or_else(|| "<none>".to_owned(), |n| human_duration(n * SECOND));
            let (signer, user) = (text(o, "spec.signerName", "<none>"), text(o, "spec.username", ""));
            vec![name, age, signer, user, asked.into(), signing_status(o).into()]
        }
        Kind::FlowSchema => {
            let level = text(o, "spec.priorityLevelConfiguration.name", "<none>");
            let method = text(o, "spec.distinguisherMethod.type", "<none>");
            vec![name, level, count(o, "spec.matchingPrecedence"), method, age, "?".into()]
        }
        Kind::PriorityLevelConfiguration => {
            let number = |field: &str| scalar(o.body().at_path(&format!("spec.limited.{field}")), "<none>");
            let queues =
                ["queues", "handSize", "queueLengthLimit"].map(|f| number(&format!("limitResponse.queuing.{f}")));
            let [queues, hand, length] = queues;
            vec![name, text(o, "spec.type", ""), number("nominalConcurrencyShares"), queues, hand, length, age]
        }
        Kind::RuntimeClass => vec![name, text(o, "handler", ""), age],
        Kind::VolumeAttributesClass => vec![name, text(o, "driverName", ""), age],
        Kind::CSIDriver => {
            let flag = |path: &'static str| Value::from(o.body().bool_at(path).to_string());
            let list = |path: &'static str, field: &'static str| -> Value {
                let one = |v: &Value| v.as_str().unwrap_or(v.str_at(field)).to_owned();
                let all: Vec<String> = o.at(path).items().iter().map(one).collect();
                if all.is_empty() { "<unset>".into() } else { all.join(",").into() }
            };
            vec![
                name,
                flag("spec.attachRequired"),
                flag("spec.podInfoOnMount"),
                flag("spec.storageCapacity"),
                list("spec.tokenRequests", "audience"),
                flag("spec.requiresRepublish"),
                list("spec.volumeLifecycleModes", ""),
                age,
            ]
        }
        Kind::ResourceClaim => vec![name, "pending".into(), age],
        Kind::ValidatingAdmissionPolicy => {
            let param = o.at("spec.paramKind");
            let param = if param.is_null() {
                "<unset>".into()
            } else {
                format!("{}/{}", param.str_at("apiVersion"), param.str_at("kind")).into()
            };
            vec![name, o.at("spec.validations").items().len().into(), param, age]
        }
        Kind::ValidatingAdmissionPolicyBinding => {
            let param = match (o.at("spec.paramRef").is_null(), o.body().str_at("spec.paramRef.namespace")) {
                (true, _) => "<unset>".into(),
                (_, "") => Value::from(or(o.at("spec.paramRef.name"), "")),
                (_, namespace) => format!("{namespace}/{}", or(o.at("spec.paramRef.name"), "*")).into(),
            };
            vec![name, text(o, "spec.policyName", ""), param, age]
        }
        _ => vec![name, age],
    }
}

/// How a signing request stands: `Approved,Issued`. Models `extractCSRStatus`.
pub fn signing_status(o: &Object) -> String {
    let has = |kind: &str| o.at("status.conditions").items().iter().any(|c| c.str_at("type") == kind);
    let mut out = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied".to_owned(),
        (_, true) => "Approved".to_owned(),
        _ => "Pending".to_owned(),
    };
    if has("Failed") {
        out += ",Failed";
    }
    if !o.at("status.certificate").is_null() {
        out += ",Issued";
    }
    out
}

/// A number or a text.
pub fn plain(v: &Value) -> String {
    v.as_str().map_or_else(|| v.to_json(), str::to_owned)
}

/// What an autoscaler aims at; nobody measures what there is. The first two metrics, and how many more. Models
/// `formatHPAMetrics`.
fn metrics(o: &Object) -> String {
    let share = |target: &Value| target.int_at("averageUtilization").map_or_else(String::new, |n| format!("{n}%"));
    let one = |m: &Value| {
        let (field, named) = match m.str_at("type") {
            "ContainerResource" => ("containerResource", true),
            "Pods" => ("pods", false),
            "Object" => ("object", false),
            "External" => ("external", false),
            _ => ("resource", true),
        };
        let (of, target) = (m.at(field), m.at(field).at("target"));
        let aim = match (target.at("averageValue"), target.at("value")) {
            (Value::Null, Value::Null) => share(target),
            (Value::Null, value) => plain(value),
            (average, _) if matches!(field, "object" | "external") => plain(average) + " (avg)",
            (average, _) => plain(average),
        };
        if named { format!("{}: <unknown>/{aim}", of.str_at("name")) } else { format!("<unknown>/{aim}") }
    };
    let all = o.at("spec.metrics").items();
    let shown: Vec<String> = all.iter().take(2).map(one).collect();
    match all.len() {
        0 => "<none>".into(),
        1 | 2 => shown.join(", "),
        n => format!("{} + {} more...", shown.join(", "), n - 2),
    }
}

/// The first three of a list, and how many more there are. Models `listWithMoreString`.
pub fn first_three(list: Vec<String>, none: &str) -> Value {
    if list.is_empty() {
        return none.into();
    }
    let shown = list.iter().take(3).cloned().collect::<Vec<_>>().join(",");
    if list.len() > 3 { format!("{shown} + {} more...", list.len() - 3).into() } else { shown.into() }
}

/// `10.0.0.1:80,10.0.0.2:80`. Models `formatEndpoints`.
fn endpoints(o: &Object) -> Value {
    let mut list = Vec::new();
    let subsets = o.at("subsets").items();
    if subsets.is_empty() {
        return "<none>".into();
    }
    for subset in subsets {
        let addresses = || subset.at("addresses").items().iter().map(|a| a.str_at("ip"));
        let ports = subset.at("ports").items();
        if ports.is_empty() {
            list.extend(addresses().map(str::to_owned));
        }
        for port in ports {
            let number = port.int_at("port").unwrap_or(0);
            list.extend(addresses().map(|ip| format!("{ip}:{number}")));
        }
    }
    first_three(list, "")
}

/// `RWO,ROX`. Models `helper.GetAccessModesAsString`.
fn access_modes(modes: &Value) -> Value {
    let short = |m: &Value| match m.as_str() {
        Some("ReadWriteOnce") => "RWO",
        Some("ReadOnlyMany") => "ROX",
        Some("ReadWriteMany") => "RWX",
        Some("ReadWriteOncePod") => "RWOP",
        _ => "",
    };
    modes.items().iter().map(short).collect::<Vec<_>>().join(",").into()
}

fn event(e: &Object, now: Time) -> Vec<Value> {
    let first = if e.at("firstTimestamp").is_null() { e.at("eventTime") } else { e.at("firstTimestamp") };
    let (first, mut last) = (since(first, now), e.at("lastTimestamp").clone());
    let mut times = e.at("count").as_i64().unwrap_or(0).max(1);
    if let Some(n) = e.at("series.count").as_i64() {
        times = n;
        last = e.at("series.lastObservedTime").clone();
    }
    let last = if last.is_null() { first.clone() } else { since(&last, now) };
    let about = e.at("involvedObject");
    let kind = about.str_at("kind").to_lowercase();
    let target = if about.str_at("name").is_empty() { kind } else { format!("{kind}/{}", about.str_at("name")) };
    let component = or(e.at("source.component"), or(e.at("reportingComponent"), "")).to_owned();
    let host = or(e.at("source.host"), or(e.at("reportingInstance"), ""));
    let source = if host.is_empty() { component } else { format!("{component}, {host}") };
    vec![
        last.into(),
        text(e, "type", ""),
        text(e, "reason", ""),
        target.into(),
        about.str_at("fieldPath").into(),
        source.into(),
        e.at("message").as_str().unwrap_or("").trim().into(),
        first.into(),
        times.into(),
        e.name().into(),
    ]
}

fn node(n: &Object, age: Value) -> Vec<Value> {
    let mut status = match n.condition("Ready").map(|c| c.str_at("status")) {
        Some("True") => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if n.at("spec.unschedulable").as_bool() == Some(true) {
        status += ",SchedulingDisabled";
    }
    let roles: Vec<&str> =
        n.labels().fields().filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/")).collect();
    let address = |kind: &str| {
        let found = n.at("status.addresses").items().iter().find(|a| a.str_at("type") == kind);
        Value::from(found.map_or("<none>", |a| a.str_at("address")))
    };
    let info = n.at("status.nodeInfo");
    let mut kernel = or(info.at("kernelVersion"), "<unknown>").to_owned();
    if !info.str_at("architecture").is_empty() {
        kernel += &format!(" ({})", info.str_at("architecture"));
    }
    vec![
        n.name().into(),
        status.into(),
        if roles.is_empty() { "<none>".into() } else { roles.join(",").into() },
        age,
        info.str_at("kubeletVersion").into(),
        address("InternalIP"),
        address("ExternalIP"),
        or(info.at("osImage"), "<unknown>").into(),
        kernel.into(),
        or(info.at("containerRuntimeVersion"), "<unknown>").into(),
    ]
}
