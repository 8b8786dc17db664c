//! The Pod garbage collector: Pods on nodes that are gone, and deleted Pods that never got a node.
//!
//! Models `pkg/controller/podgc/gc_controller.go`. It looks around every 20 s; here only while there is something to see.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::{ApiServer, Change, DeleteOptions, Subresource};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Ctx};
use crate::controllers::pod_control::is_pod_terminal;
use crate::json;
use crate::queue::{Due, EventQueue};

/// How often it looks.
const CHECK_PERIOD: Millis = 20 * SECOND;
/// How long a node that is not there may still show up.
const QUARANTINE: Millis = 40 * SECOND;

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct PodGarbageCollector {
    tasks: EventQueue<()>,
    next: Option<Due>,
    /// Pods it may have to delete.
    suspects: BTreeSet<ObjectKey>,
    /// Nodes that were missing, and until when they may show up.
    quarantine: BTreeMap<Rc<str>, Time>,
}

fn node_name(pod: &Object) -> Option<Rc<str>> {
    pod.at("spec.nodeName").as_rc_str().filter(|n| !n.is_empty())
}

fn is_missing(api: &ApiServer, node: &str) -> bool {
    api.store().find(Kind::Node, "", node).is_none()
}

fn is_suspect(api: &ApiServer, pod: &Object) -> bool {
    node_name(pod).map_or_else(|| pod.is_deleting(), |node| is_missing(api, &node))
}

impl PodGarbageCollector {
    fn suspect(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey) {
        self.suspects.insert(key);
        self.wake(ctx);
    }
    fn wake(&mut self, ctx: &mut Ctx<'_>) {
        if self.next.is_none() && !self.suspects.is_empty() {
            let periods = (ctx.now - ctx.config.epoch).div_euclid(CHECK_PERIOD) + 1;
            self.next = Some(ctx.at(&mut self.tasks, ctx.config.epoch + periods * CHECK_PERIOD, ()));
        }
    }
    /// Models `markFailedAndDeletePodWithCondition`.
    fn delete(ctx: &mut Ctx<'_>, pod: &Rc<Object>, orphaned: bool) {
        if !is_pod_terminal(pod) {
            let now = ctx.now.rfc3339();
            let _ = ctx.api.mutate(&pod.key(), Subresource::Status, |body| {
                let generation = body.int_at("metadata.generation").unwrap_or(0);
                body.set("status.phase", "Failed");
                body.set("status.observedGeneration", generation);
                if !orphaned {
                    return;
                }
                let list = body.slot("status.conditions").make_array();
                list.retain(|c| c.str_at("type") != "DisruptionTarget");
                list.push(json!({
                    "type": "DisruptionTarget",
                    "observedGeneration": generation,
                    "status": "True",
                    "lastProbeTime": null,
                    "lastTransitionTime": now,
                    "reason": "DeletionByPodGC",
                    "message": "PodGC: node no longer exists",
                }));
            });
        }
        let at_once = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        let _ = ctx.api.delete(&pod.key(), &at_once);
    }
}

impl Component for PodGarbageCollector {
    fn next_due(&self) -> Option<Due> {
        self.tasks.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        self.tasks.pop();
        self.next = None;
        self.suspects.retain(|key| ctx.api.get(key).is_some_and(|p| is_suspect(ctx.api, p)));
        let pods: Vec<Rc<Object>> = self.suspects.iter().filter_map(|k| ctx.api.get(k).cloned()).collect();
        let missing: BTreeSet<Rc<str>> = pods.iter().filter_map(|p| node_name(p)).collect();
        self.quarantine.retain(|node, _| missing.contains(node));
        for node in &missing {
            self.quarantine.entry(node.clone()).or_insert(ctx.now + QUARANTINE);
        }
        for pod in pods {
            match node_name(&pod) {
                None => {
                    Self::delete(ctx, &pod, false);
                    self.suspects.remove(&pod.key());
                }
                Some(node) if self.quarantine.get(&node).is_some_and(|until| *until <= ctx.now) => {
                    Self::delete(ctx, &pod, true);
                }
                Some(_) => {}
            }
        }
        self.wake(ctx);
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match (change.key.kind, &change.after) {
            (Kind::Pod, Some(pod)) if !self.suspects.contains(&change.key) && is_suspect(ctx.api, pod) => {
                // A deleted Pod without a node that was looked at once stays until its finalizers go.
                let known = change.before.as_ref().is_some_and(|b| node_name(b).is_none() && b.is_deleting());
                if node_name(pod).is_some() || !known {
                    self.suspect(ctx, change.key.clone());
                }
            }
            (Kind::Pod, None) => {
                self.suspects.remove(&change.key);
                if self.suspects.is_empty()
                    && let Some(due) = self.next.take()
                {
                    self.tasks.cancel(due);
                }
            }
            (Kind::Node, None) => {
                let on = |p: &&Rc<Object>| node_name(p).as_ref() == Some(&change.key.name);
                let pods: Vec<ObjectKey> = ctx.api.store().list(Kind::Pod).filter(on).map(|p| p.key()).collect();
                for key in pods {
                    self.suspect(ctx, key);
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

    #[test]
    fn a_pod_on_a_node_that_is_not_there_goes_after_a_while() {
        let (mut b, mut c) = (Bench::new(), PodGarbageCollector::default());
        b.create(
            Kind::Pod,
            r#"{"metadata":{"name":"p"},"spec":{"nodeName":"node-9","containers":[{"name":"main","image":"nginx"}]}}"#,
        );
        b.run(&mut [&mut c], 59_000);
        assert!(b.get(Kind::Pod, "p").is_some());
        b.run(&mut [&mut c], 2_000);
        assert!(b.get(Kind::Pod, "p").is_none());
        assert_eq!(c.next_due(), None);
    }

    #[test]
    fn a_deleted_pod_without_a_node_has_failed() {
        let (mut b, mut c) = (Bench::new(), PodGarbageCollector::default());
        b.create(
            Kind::Pod,
            r#"{"metadata":{"name":"p","finalizers":["example.com/hold"]},"spec":{"containers":[{"name":"main","image":"nginx"}]}}"#,
        );
        b.api.delete(&ObjectKey::new(Kind::Pod, "default", "p"), &DeleteOptions::default()).unwrap();
        b.run(&mut [&mut c], 21_000);
        assert_eq!(b.get(Kind::Pod, "p").unwrap().at("status.phase").as_str(), Some("Failed"));
        assert_eq!(c.next_due(), None);
    }
}
