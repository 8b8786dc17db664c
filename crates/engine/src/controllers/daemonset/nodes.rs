//! Which nodes a DaemonSet's Pods belong on.
//!
//! Models `NodeShouldRunDaemonPod` and `pkg/controller/daemon/util/daemonset_util.go`.

use std::rc::Rc;

use crate::api::labels::{any_tolerates, node_affinity_matches, taints};
use crate::api::{Kind, Object, Value};
use crate::apiserver::ApiServer;
use crate::controllers::history::HASH_LABEL;
use crate::json;

/// A node and whether a Pod is to start there, or to go on running there.
pub struct Target {
    /// The node's name.
    pub name: Rc<str>,
    /// A Pod is to start there.
    pub should_run: bool,
    /// A Pod that is there may stay.
    pub should_continue: bool,
}

/// The tolerations of a DaemonSet's Pods beyond its template's.
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

fn tolerations(pod_spec: &Value) -> Vec<Value> {
    let mut list: Vec<Value> = pod_spec.at("tolerations").items().to_vec();
    let network = ("node.kubernetes.io/network-unavailable", "NoSchedule");
    let host_network = pod_spec.bool_at("hostNetwork");
    for (key, effect) in TOLERATED.into_iter().chain(host_network.then_some(network)) {
        let toleration = json!({"key": key, "operator": "Exists", "effect": effect});
        // Of the same key, effect, operator and value, an old toleration is replaced.
        let same =
            |t: &&mut Value| ["key", "effect", "operator", "value"].iter().all(|f| t.str_at(f) == toleration.str_at(f));
        match list.iter_mut().find(same) {
            Some(old) => *old = toleration,
            None => list.push(toleration),
        }
    }
    list
}

/// The template of a new Pod for a node. Models `CreatePodTemplate` and `ReplaceDaemonSetPodNodeNameNodeAffinity`.
pub fn template_for(ds: &Object, hash: &str, node: &str) -> Value {
    let mut template = ds.at("spec.template").clone();
    let list = tolerations(template.at("spec"));
    template.set("spec.tolerations", list);
    if let Some(generation) = ds.annotation("deprecated.daemonset.template.generation") {
        template.set_key("metadata.labels", "pod-template-generation", generation);
    }
    template.set_key("metadata.labels", HASH_LABEL, hash);
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    let required = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    template.set(required, vec![term]);
    template
}

/// The node a Pod is on or, before it is bound, meant for. Models `GetTargetNodeName`.
pub fn target_node(pod: &Object) -> Option<Rc<str>> {
    if let Some(node) = pod.at("spec.nodeName").as_rc_str().filter(|n| !n.is_empty()) {
        return Some(node);
    }
    let required = pod.at("spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    let terms = required.at("nodeSelectorTerms").items().iter();
    terms
        .flat_map(|t| t.at("matchFields").items())
        .find(|f| f.str_at("key") == "metadata.name" && f.str_at("operator") == "In")
        .and_then(|f| f.at("values.0").as_rc_str())
}

/// Every node, with whether Pods belong there.
pub fn targets(api: &ApiServer, ds: &Object) -> Vec<Target> {
    let tolerations = tolerations(ds.at("spec.template.spec"));
    api.store().list(Kind::Node).map(|node| target_of(node, ds, &tolerations)).collect()
}

/// Whether Pods belong on a node.
pub fn target(node: &Object, ds: &Object) -> Target {
    target_of(node, ds, &tolerations(ds.at("spec.template.spec")))
}

fn target_of(node: &Object, ds: &Object, tolerations: &[Value]) -> Target {
    let spec = ds.at("spec.template.spec");
    let only = spec.str_at("nodeName");
    let (mut should_run, mut should_continue) = (true, true);
    if (!only.is_empty() && only != node.name().as_ref()) || !node_affinity_matches(spec, node) {
        (should_run, should_continue) = (false, false);
    } else {
        for taint in taints(node).iter().filter(|t| !any_tolerates(tolerations, t)) {
            match taint.str_at("effect") {
                "NoExecute" => (should_run, should_continue) = (false, false),
                "NoSchedule" => should_run = false,
                _ => {}
            }
        }
    }
    Target { name: node.name().clone(), should_run, should_continue }
}
