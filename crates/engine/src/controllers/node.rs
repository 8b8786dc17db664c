//! The node lifecycle controller, as far as taints go: a cordoned node, or one with a bad condition, gets a taint.
//!
//! Models `doNoScheduleTaintingPass` of `pkg/controller/nodelifecycle/node_lifecycle_controller.go`.

use crate::api::labels::taints;
use crate::api::{Kind, Object, Value};
use crate::apiserver::{Change, Subresource};
use crate::clock::Millis;
use crate::component::{Component, Ctx};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the taint.
const LATENCY: Millis = 6;
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Type and status of a condition, and the taint that stands for it.
const CONDITIONS: [(&str, &str, &str); 6] = [
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct NodeLifecycleController {
    queue: WorkQueue,
}

/// The keys of the taints that a node's state asks for.
fn wanted(node: &Object) -> Vec<&'static str> {
    let mut keys: Vec<&str> = Vec::new();
    for condition in node.at("status.conditions").items() {
        let is = |(kind, status, _): &&(&str, &str, &str)| {
            condition.str_at("type") == *kind && condition.str_at("status") == *status
        };
        keys.extend(CONDITIONS.iter().find(is).map(|(_, _, key)| key));
    }
    if node.at("spec").bool_at("unschedulable") {
        keys.push(UNSCHEDULABLE);
    }
    keys
}

/// Whether a taint is one this controller sets.
fn is_ours(taint: &Value) -> bool {
    let key = taint.str_at("key");
    taint.str_at("effect") == "NoSchedule" && (key == UNSCHEDULABLE || CONDITIONS.iter().any(|(_, _, k)| *k == key))
}

fn settled(node: &Object) -> bool {
    let wanted = wanted(node);
    let ours: Vec<&Value> = taints(node).iter().filter(|t| is_ours(t)).collect();
    ours.len() == wanted.len() && ours.iter().all(|t| wanted.contains(&t.str_at("key")))
}

impl Component for NodeLifecycleController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        let Some(node) = ctx.api.get(&key).filter(|n| !settled(n)).cloned() else { return };
        let keys = wanted(&node);
        let missing = keys.iter().filter(|k| !taints(&node).iter().any(|t| is_ours(t) && t.str_at("key") == **k));
        let now = ctx.now.rfc3339();
        let added: Vec<Value> =
            missing.map(|key| json!({"key": (*key), "effect": "NoSchedule", "timeAdded": (now.as_str())})).collect();
        let _ = ctx.api.mutate(&key, Subresource::Main, |body| {
            let list = body.slot("spec.taints").make_array();
            list.retain(|t| !is_ours(t) || keys.contains(&t.str_at("key")));
            list.extend(added);
            if list.is_empty() {
                body.unset("spec.taints");
            }
        });
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind == Kind::Node && change.after.as_ref().is_some_and(|n| !settled(n)) {
            self.queue.add(ctx, change.key.clone(), LATENCY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::Bench;

    #[test]
    fn a_cordoned_node_is_tainted_until_it_is_uncordoned() {
        let (mut b, mut c) = (Bench::new(), NodeLifecycleController::default());
        b.nodes(1);
        let list = |b: &Bench| taints(b.get(Kind::Node, "node-1").unwrap()).len();
        b.edit(Kind::Node, "node-1", Subresource::Main, |n| n.set("spec.unschedulable", true));
        b.run(&mut [&mut c], 100);
        assert_eq!(list(&b), 1);
        b.edit(Kind::Node, "node-1", Subresource::Main, |n| {
            n.unset("spec.unschedulable");
        });
        b.run(&mut [&mut c], 100);
        assert_eq!(list(&b), 0);
    }
}
