//! The taint eviction controller: Pods that do not tolerate a `NoExecute` taint of their node, or only for so long, go.
//!
//! Models `pkg/controller/tainteviction/taint_eviction.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::api::labels::{taints, tolerates};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Change, DeleteOptions, Subresource};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx};
use crate::events::{EventRecorder, EventType};
use crate::json;
use crate::queue::{Due, EventQueue};

/// From a change to the answer.
const LATENCY: Millis = 6;

#[derive(Clone, PartialEq, Debug)]
enum Task {
    /// A node's taints changed.
    Node(ObjectKey),
    /// A Pod came to a node, or its tolerations changed.
    Pod(ObjectKey),
    /// A Pod's time is up.
    Evict(ObjectKey),
}

/// An eviction that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    since: Time,
    due: Due,
}

/// The controller.
#[derive(Clone, Debug)]
pub struct TaintEvictionController {
    tasks: EventQueue<Task>,
    waiting: BTreeMap<ObjectKey, Waiting>,
    events: EventRecorder,
}

impl Default for TaintEvictionController {
    fn default() -> Self {
        Self {
            tasks: EventQueue::default(),
            waiting: BTreeMap::new(),
            events: EventRecorder::new("taint-eviction-controller"),
        }
    }
}

fn no_execute(node: &Object) -> impl Iterator<Item = &Value> {
    taints(node).iter().filter(|t| t.str_at("effect") == "NoExecute")
}

fn node_name(pod: &Object) -> &str {
    pod.at("spec.nodeName").as_str().unwrap_or("")
}

/// How long the tolerations let a Pod stay: none is for ever.
fn stay(pod: &Object, node: &Object) -> Option<Millis> {
    let tolerations = pod.at("spec.tolerations").items();
    let mut least: Option<i64> = None;
    for taint in no_execute(node) {
        let Some(used) = tolerations.iter().find(|t| tolerates(t, taint)) else { return Some(0) };
        if let Some(seconds) = used.int_at("tolerationSeconds") {
            least = Some(least.map_or(seconds, |l| l.min(seconds)));
        }
    }
    least.map(|s| s.max(0).saturating_mul(SECOND))
}

impl TaintEvictionController {
    fn cancel(&mut self, ctx: &mut Ctx<'_>, pod: &ObjectKey) {
        let Some(waiting) = self.waiting.remove(pod) else { return };
        self.tasks.cancel(waiting.due);
        if let Some(object) = ctx.api.get(pod).cloned() {
            let text = format!("Cancelling deletion of Pod {}/{}", pod.namespace, pod.name);
            self.events.event(ctx, &object, EventType::Normal, "TaintManagerEviction", &text);
        }
    }

    /// Models `processPodOnNode`.
    fn process(&mut self, ctx: &mut Ctx<'_>, pod: &Rc<Object>, node: &Object) {
        let key = pod.key();
        if no_execute(node).next().is_none() {
            self.cancel(ctx, &key);
            return;
        }
        match stay(pod, node) {
            None => self.cancel(ctx, &key),
            Some(0) => {
                self.cancel(ctx, &key);
                self.evict(ctx, &key);
            }
            Some(wait) => {
                let mut since = ctx.now;
                if let Some(waiting) = self.waiting.get(&key) {
                    since = waiting.since;
                    if since < ctx.now {
                        return;
                    }
                    self.cancel(ctx, &key);
                }
                let due = ctx.at(&mut self.tasks, since + wait, Task::Evict(key.clone()));
                self.waiting.insert(key, Waiting { since, due });
            }
        }
    }

    /// Models `deletePodHandler`.
    fn evict(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) {
        self.waiting.remove(key);
        let Some(pod) = ctx.api.get(key).cloned() else { return };
        let text = format!("Marking for deletion Pod {}/{}", key.namespace, key.name);
        self.events.event(ctx, &pod, EventType::Normal, "TaintManagerEviction", &text);
        let now = ctx.now.rfc3339();
        let _ = ctx.api.mutate(key, Subresource::Status, |body| {
            let condition = json!({
                "type": "DisruptionTarget",
                "observedGeneration": (body.int_at("metadata.generation").unwrap_or(0)),
                "status": "True",
                "lastProbeTime": null,
                "lastTransitionTime": (now.as_str()),
                "reason": "DeletionByTaintManager",
                "message": "Taint manager: deleting due to NoExecute taint",
            });
            let list = body.slot("status.conditions").make_array();
            match list.iter_mut().find(|c| c.str_at("type") == "DisruptionTarget") {
                Some(old) => *old = condition,
                None => list.push(condition),
            }
        });
        let _ = ctx.api.delete(key, &DeleteOptions::default());
    }
}

impl Component for TaintEvictionController {
    fn next_due(&self) -> Option<Due> {
        self.tasks.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        match self.tasks.pop() {
            Some((_, Task::Node(key))) => {
                let Some(node) = ctx.api.get(&key).cloned() else { return };
                let on = |p: &&Rc<Object>| node_name(p) == key.name.as_ref();
                let pods: Vec<Rc<Object>> = ctx.api.store().list(Kind::Pod).filter(on).cloned().collect();
                for pod in pods {
                    self.process(ctx, &pod, &node);
                }
            }
            Some((_, Task::Pod(key))) => {
                let Some(pod) = ctx.api.get(&key).cloned() else { return };
                let node = ObjectKey::new(Kind::Node, "", node_name(&pod));
                if let Some(node) = ctx.api.get(&node).cloned() {
                    self.process(ctx, &pod, &node);
                }
            }
            Some((_, Task::Evict(key))) => self.evict(ctx, &key),
            None => {}
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        match change.key.kind {
            Kind::Node => {
                let of = |n: Option<&Rc<Object>>| -> Vec<Value> {
                    n.map_or_else(Vec::new, |n| no_execute(n).cloned().collect())
                };
                if after.is_some() && of(before) != of(after) {
                    ctx.after(&mut self.tasks, LATENCY, Task::Node(change.key.clone()));
                }
            }
            Kind::Pod => {
                let Some(pod) = after else {
                    self.cancel(ctx, &change.key);
                    return;
                };
                let same = |b: &Rc<Object>| {
                    b.at("spec").same(pod.at("spec"))
                        || node_name(b) == node_name(pod) && b.at("spec.tolerations") == pod.at("spec.tolerations")
                };
                if before.is_some_and(same) || node_name(pod).is_empty() {
                    return;
                }
                let node = ObjectKey::new(Kind::Node, "", node_name(pod));
                if ctx.api.get(&node).is_some_and(|n| no_execute(n).next().is_some()) {
                    ctx.after(&mut self.tasks, LATENCY, Task::Pod(change.key.clone()));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::Bench;

    fn pod(b: &mut Bench, name: &str, tolerations: &str) {
        b.create(
            Kind::Pod,
            &format!(
                r#"{{"metadata":{{"name":"{name}"}},"spec":{{"containers":[{{"name":"main","image":"nginx"}}],
                "tolerations":{tolerations}}}}}"#
            ),
        );
        b.api.bind(&ObjectKey::new(Kind::Pod, "default", name), "node-1").unwrap();
    }

    #[test]
    fn pods_go_at_once_later_or_never() {
        let (mut b, mut c) = (Bench::new(), TaintEvictionController::default());
        b.nodes(1);
        pod(&mut b, "now", "[]");
        pod(&mut b, "later", r#"[{"key":"k","operator":"Exists","effect":"NoExecute","tolerationSeconds":10}]"#);
        pod(&mut b, "never", r#"[{"operator":"Exists"}]"#);
        b.edit(Kind::Node, "node-1", Subresource::Main, |n| {
            n.set("spec.taints", json!([{"key": "k", "value": "v", "effect": "NoExecute"}]));
        });
        b.run(&mut [&mut c], 1_000);
        let leaving = |b: &Bench, name: &str| b.get(Kind::Pod, name).is_none_or(|p| p.is_deleting());
        assert_eq!(["now", "later", "never"].map(|n| leaving(&b, n)), [true, false, false]);
        b.run(&mut [&mut c], 10_000);
        assert_eq!(["now", "later", "never"].map(|n| leaving(&b, n)), [true, true, false]);
        assert!(b.events().contains(&"now TaintManagerEviction Marking for deletion Pod default/now".to_owned()));
    }

    #[test]
    fn a_taint_taken_away_in_time_changes_nothing() {
        let (mut b, mut c) = (Bench::new(), TaintEvictionController::default());
        b.nodes(1);
        pod(&mut b, "later", r#"[{"operator":"Exists","effect":"NoExecute","tolerationSeconds":10}]"#);
        b.edit(Kind::Node, "node-1", Subresource::Main, |n| {
            n.set("spec.taints", json!([{"key": "k", "effect": "NoExecute"}]));
        });
        b.run(&mut [&mut c], 1_000);
        b.edit(Kind::Node, "node-1", Subresource::Main, |n| {
            n.unset("spec.taints");
        });
        b.run(&mut [&mut c], 20_000);
        assert!(!b.get(Kind::Pod, "later").unwrap().is_deleting());
        assert_eq!(b.events(), ["later TaintManagerEviction Cancelling deletion of Pod default/later"]);
    }
}
