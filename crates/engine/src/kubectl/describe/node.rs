//! Nodes.
//!
//! Models `describeNode` and `describeNodeResource`.

use std::rc::Rc;

use super::container::quantity;
use super::{Doc, Scene, annotations, labels, stamp};
use crate::api::{Kind, Object, ObjectKey, Quantity, Value};
use crate::clock::{SECOND, Time, human_duration};

pub fn describe(n: &Object, scene: &Scene<'_>, w: &mut Doc) {
    w.field(0, "Name", n.name());
    let roles: Vec<&str> =
        n.labels().fields().filter_map(|(k, _)| k.strip_prefix("node-role.kubernetes.io/")).collect();
    w.field(0, "Roles", &if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") });
    labels("Labels", n.labels(), w);
    annotations("Annotations", n.at("metadata.annotations"), w);
    w.field(0, "CreationTimestamp", &stamp(n.at("metadata.creationTimestamp")));
    taints(n, w);
    w.field(0, "Unschedulable", &n.at("spec").bool_at("unschedulable").to_string());
    match scene.store.get(&ObjectKey::new(Kind::Lease, "kube-node-lease", n.name().clone())) {
        Some(lease) => {
            w.line(0, "Lease:");
            let spec = lease.at("spec");
            w.field(1, "HolderIdentity", spec.at("holderIdentity").as_str().unwrap_or("<unset>"));
            for (name, field) in [("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")] {
                let v = spec.at(field);
                w.field(1, name, &if v.is_null() { "<unset>".to_owned() } else { stamp(v) });
            }
        }
        // The kubelets' leases are not kept here; one that is ready has renewed its own within ten seconds.
        None if n.condition("Ready").is_some_and(|c| c.str_at("status") == "True") => {
            let renewed = Time(scene.now.0 - scene.now.0.rem_euclid(10 * SECOND));
            w.line(0, "Lease:");
            w.field(1, "HolderIdentity", n.name());
            w.field(1, "AcquireTime", "<unset>");
            w.field(1, "RenewTime", &renewed.rfc1123z());
        }
        None => {
            w.field(0, "Lease", &format!("Failed to get lease: leases.coordination.k8s.io \"{}\" not found", n.name()));
        }
    }
    let status = n.at("status");
    if !status.at("conditions").items().is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for c in status.at("conditions").items() {
            w.line(
                1,
                &format!(
                    "{} \t{} \t{} \t{} \t{} \t{}",
                    c.str_at("type"),
                    c.str_at("status"),
                    stamp(c.at("lastHeartbeatTime")),
                    stamp(c.at("lastTransitionTime")),
                    c.str_at("reason"),
                    c.str_at("message")
                ),
            );
        }
    }
    w.line(0, "Addresses:");
    for a in status.at("addresses").items() {
        w.field(1, a.str_at("type"), a.str_at("address"));
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        if status.at(field).as_object().is_some_and(|m| !m.is_empty()) {
            w.line(0, &format!("{title}:"));
            for (k, v) in status.at(field).fields() {
                w.field(1, k, &quantity(v));
            }
        }
    }
    let info = status.at("nodeInfo");
    w.line(0, "System Info:");
    for (name, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        w.field(1, name, info.str_at(field));
    }
    let spec = n.at("spec");
    if !spec.str_at("podCIDR").is_empty() {
        w.field(0, "PodCIDR", spec.str_at("podCIDR"));
    }
    let cidrs: Vec<&str> = spec.at("podCIDRs").items().iter().filter_map(Value::as_str).collect();
    if !cidrs.is_empty() {
        w.field(0, "PodCIDRs", &cidrs.join(","));
    }
    if !spec.str_at("providerID").is_empty() {
        w.field(0, "ProviderID", spec.str_at("providerID"));
    }
    pods(n, scene, w);
}

fn taints(n: &Object, w: &mut Doc) {
    let mut all: Vec<&Value> = n.at("spec.taints").items().iter().collect();
    all.sort_by_key(|t| (t.str_at("effect"), t.str_at("key")));
    w.begin(0, "Taints:\t");
    if all.is_empty() {
        w.line(0, "<none>");
    }
    for (i, t) in all.iter().enumerate() {
        if i > 0 {
            w.begin(0, "\t");
        }
        let value = t.str_at("value");
        let equals = if value.is_empty() { String::new() } else { format!("={value}") };
        w.line(0, &format!("{}{equals}:{}", t.str_at("key"), t.str_at("effect")));
    }
}

/// The sum of a resource over a Pod's containers, or the largest of an init container. Models `resourcehelper.PodRequests`.
fn of_pod(pod: &Object, side: &'static str, resource: &str) -> Quantity {
    let at = |c: &Value| {
        Quantity::from_value(c.at("resources").at(side).get(resource).unwrap_or(&Value::Null)).unwrap_or_default()
    };
    let mut sum = Quantity::default();
    for c in pod.at("spec.containers").items() {
        sum.add(&at(c));
    }
    for c in pod.at("spec.initContainers").items() {
        let q = at(c);
        if c.str_at("restartPolicy") == "Always" {
            sum.add(&q);
        } else if q.nanos() > sum.nanos() {
            sum = q;
        }
    }
    sum
}

fn pods(n: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let here = |p: &&Rc<Object>| {
        p.at("spec.nodeName").as_str() == Some(n.name())
            && !matches!(p.at("status.phase").as_str(), Some("Succeeded" | "Failed"))
    };
    let all: Vec<&Rc<Object>> = scene.store.list(Kind::Pod).filter(here).collect();
    w.line(0, &format!("Non-terminated Pods:\t({} in total)", all.len()));
    w.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    w.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let allocatable = n.at("status.allocatable");
    let whole = |r: &str| Quantity::from_value(allocatable.get(r).unwrap_or(&Value::Null)).unwrap_or_default().nanos();
    let share = |q: &Quantity, r: &str| {
        let part = if whole(r) == 0 { 0 } else { q.nanos() * 100 / whole(r) };
        format!("{q} ({part}%)")
    };
    for p in &all {
        let cell = |side: &'static str, r: &str| share(&of_pod(p, side, r), r);
        let age = p.creation_time().map_or_else(|| "<unknown>".into(), |t| human_duration(scene.now - t));
        w.line(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{age}",
                p.namespace(),
                p.name(),
                cell("requests", "cpu"),
                cell("limits", "cpu"),
                cell("requests", "memory"),
                cell("limits", "memory")
            ),
        );
    }
    w.line(0, "Allocated resources:");
    w.line(0, "  (Total limits may be over 100 percent, i.e., overcommitted.)");
    w.line(1, "Resource\tRequests\tLimits");
    w.line(1, "--------\t--------\t------");
    for r in ["cpu", "memory", "ephemeral-storage"] {
        let sum = |side: &'static str| {
            let mut total = Quantity::default();
            all.iter().for_each(|p| total.add(&of_pod(p, side, r)));
            share(&total, r)
        };
        w.line(1, &format!("{r}\t{}\t{}", sum("requests"), sum("limits")));
    }
}
