//! Pods.
//!
//! Models `describePod`.

use super::container::{containers, resources};
use super::template::{spread, tolerations, volumes};
use super::{Doc, Scene, annotations, controlled_by, head, labels, stamp};
use crate::api::Object;
use crate::clock::human_duration;

pub fn describe(pod: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let (spec, status) = (pod.at("spec"), pod.at("status"));
    head(pod, w);
    if let Some(n) = spec.int_at("priority") {
        w.field(0, "Priority", &n.to_string());
    }
    for (name, field) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        if !spec.str_at(field).is_empty() {
            w.field(0, name, spec.str_at(field));
        }
    }
    match spec.str_at("nodeName") {
        "" => w.field(0, "Node", "<none>"),
        node => w.field(0, "Node", &format!("{node}/{}", status.str_at("hostIP"))),
    }
    if !status.at("startTime").is_null() {
        w.field(0, "Start Time", &stamp(status.at("startTime")));
    }
    labels("Labels", pod.labels(), w);
    annotations("Annotations", pod.at("metadata.annotations"), w);
    let phase = status.str_at("phase");
    match pod.deletion_time().filter(|_| !matches!(phase, "Failed" | "Succeeded")) {
        Some(t) => {
            w.field(0, "Status", &format!("Terminating (lasts {})", human_duration(scene.now - t)));
            let grace = pod.at("metadata.deletionGracePeriodSeconds").as_i64().unwrap_or(0);
            w.field(0, "Termination Grace Period", &format!("{grace}s"));
        }
        None => w.field(0, "Status", phase),
    }
    for (name, field) in [("Reason", "reason"), ("Message", "message")] {
        if !status.str_at(field).is_empty() {
            w.field(0, name, status.str_at(field));
        }
    }
    if let Some(profile) = spec.at("securityContext.seccompProfile.type").as_str() {
        w.field(0, "SeccompProfile", profile);
    }
    w.field(0, "IP", status.str_at("podIP"));
    let ips = status.at("podIPs").items();
    if ips.is_empty() {
        w.field(0, "IPs", "<none>");
    } else {
        w.line(0, "IPs:");
        for ip in ips {
            w.field(1, "IP", ip.str_at("ip"));
        }
    }
    controlled_by(pod, w);
    if !status.str_at("nominatedNodeName").is_empty() {
        w.field(0, "NominatedNodeName", status.str_at("nominatedNodeName"));
    }
    if !spec.at("resources").is_null() {
        w.line(0, "Resources:");
        resources(spec.at("resources"), w, 1);
    }
    if !spec.at("initContainers").items().is_empty() {
        containers("Init Containers", spec.at("initContainers"), status.at("initContainerStatuses"), Some(pod), w, "");
    }
    containers("Containers", spec.at("containers"), status.at("containerStatuses"), Some(pod), w, "");
    let conditions = status.at("conditions").items();
    let gates = spec.at("readinessGates").items();
    if !gates.is_empty() {
        w.line(0, "Readiness Gates:");
        w.line(1, "Type\tStatus");
        for g in gates {
            let kind = g.str_at("conditionType");
            let found = conditions.iter().find(|c| c.str_at("type") == kind);
            w.line(1, &format!("{kind} \t{} ", found.map_or("<none>", |c| c.str_at("status"))));
        }
    }
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus");
        for c in conditions {
            w.line(1, &format!("{} \t{} ", c.str_at("type"), c.str_at("status")));
        }
    }
    volumes(spec.at("volumes"), w, "");
    w.field(0, "QoS Class", status.str_at("qosClass"));
    labels("Node-Selectors", spec.at("nodeSelector"), w);
    tolerations("Tolerations", spec.at("tolerations"), w);
    spread(spec.at("topologySpreadConstraints"), w, "");
}
