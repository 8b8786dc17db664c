//! The DaemonSet controller against an API server, with what a kubelet does played by the test.

use super::*;
use crate::apiserver::Subresource;
use crate::component::testing::Bench;
use crate::json;
use crate::scheduler::Scheduler;

const AGENT: &str = r#"{"metadata":{"name":"agent","generation":1,"annotations":{"deprecated.daemonset.template.generation":"1"}},
    "spec":{"selector":{"matchLabels":{"app":"agent"}},"revisionHistoryLimit":10,
    "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}},
    "template":{"metadata":{"labels":{"app":"agent"}},"spec":{"containers":[{"name":"main","image":"agent:1"}]}}}}"#;

struct Cluster {
    b: Bench,
    c: DaemonSetController,
    s: Scheduler,
}

impl Cluster {
    fn new(manifest: &str) -> Self {
        let mut c = Self { b: Bench::new(), c: DaemonSetController::default(), s: Scheduler::default() };
        c.b.nodes(3);
        c.b.create(Kind::DaemonSet, manifest);
        c.run();
        c
    }
    fn run(&mut self) {
        self.b.run(&mut [&mut self.c, &mut self.s], 200);
    }
    fn set_image(&mut self, image: &str) {
        self.b.edit(Kind::DaemonSet, "agent", Subresource::Main, |ds| {
            ds.set("spec.template.spec.containers.0.image", image);
            ds.set_key("metadata.annotations", "deprecated.daemonset.template.generation", "2");
        });
        self.run();
    }
    /// What a kubelet does: new Pods become ready, those to be deleted go.
    fn kubelet(&mut self) {
        let pods: Vec<Rc<Object>> = self.b.api.store().list(Kind::Pod).cloned().collect();
        for pod in pods {
            if pod.is_deleting() {
                let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
                self.b.api.delete(&pod.key(), &now).unwrap();
            } else if pod.condition("Ready").is_none() {
                let at = self.b.now.rfc3339();
                self.b.edit(Kind::Pod, pod.name(), Subresource::Status, |p| {
                    p.set(
                        "status",
                        json!({"phase": "Running", "conditions": [
                        {"type": "Ready", "status": "True", "lastTransitionTime": (at.as_str())}]}),
                    );
                });
            }
        }
        self.run();
    }
    fn pods(&self) -> String {
        let image = |p: &Rc<Object>| p.at("spec.containers.0.image").as_str().unwrap_or("").to_owned();
        let state = |p: &Rc<Object>| {
            if p.is_deleting() {
                "-"
            } else if p.condition("Ready").is_some() {
                "+"
            } else {
                "?"
            }
        };
        let mut list: Vec<String> = self
            .b
            .api
            .store()
            .list(Kind::Pod)
            .map(|p| {
                format!(
                    "{}{}{}",
                    p.at("spec.nodeName").as_str().unwrap_or("none"),
                    state(p),
                    image(p).trim_start_matches("agent:")
                )
            })
            .collect();
        list.sort();
        list.join(" ").replace("node-", "n")
    }
    fn status(&self) -> String {
        let ds = self.b.get(Kind::DaemonSet, "agent").unwrap();
        let n = |f: &'static str| ds.at("status").int_at(f).unwrap_or(0);
        format!(
            "{}/{} {} {}",
            n("desiredNumberScheduled"),
            n("currentNumberScheduled"),
            n("numberReady"),
            n("updatedNumberScheduled")
        )
    }
}

#[test]
fn one_on_each_node() {
    let mut c = Cluster::new(AGENT);
    c.kubelet();
    assert_eq!((c.pods().as_str(), c.status().as_str()), ("n1+1 n2+1 n3+1", "3/3 3 3"));
    let pod = c.b.api.store().list(Kind::Pod).next().unwrap();
    assert_eq!(pod.label("pod-template-generation"), Some("1"));
    c.b.edit(Kind::Node, "node-2", Subresource::Main, |n| {
        n.set("spec.taints", json!([{"key": "k", "effect": "NoExecute"}]));
    });
    c.run();
    assert_eq!((c.pods().as_str(), c.status().as_str()), ("n1+1 n2-1 n3+1", "2/2 2 2"));
}

#[test]
fn an_update_takes_one_node_at_a_time() {
    let mut c = Cluster::new(AGENT);
    c.kubelet();
    c.set_image("agent:2");
    assert_eq!(c.pods().matches('-').count(), 1);
    for _ in 0..8 {
        assert!(c.pods().matches('+').count() >= 2, "{}", c.pods());
        c.kubelet();
    }
    assert_eq!((c.pods().as_str(), c.status().as_str()), ("n1+2 n2+2 n3+2", "3/3 3 3"));
    assert_eq!(c.b.api.store().count(Kind::ControllerRevision), 2);
}

#[test]
fn a_surge_starts_the_new_pod_first() {
    let mut c =
        Cluster::new(&AGENT.replace(r#""maxUnavailable":1,"maxSurge":0"#, r#""maxUnavailable":0,"maxSurge":1"#));
    c.kubelet();
    c.set_image("agent:2");
    assert_eq!((c.pods().matches('+').count(), c.pods().matches('?').count()), (3, 1));
    for _ in 0..8 {
        c.kubelet();
    }
    assert_eq!(c.pods(), "n1+2 n2+2 n3+2");
}

#[test]
fn on_delete_waits_for_the_learner() {
    let mut c = Cluster::new(&AGENT.replace(r#""type":"RollingUpdate","#, r#""type":"OnDelete","#));
    c.kubelet();
    c.set_image("agent:2");
    assert_eq!(c.pods(), "n1+1 n2+1 n3+1");
    let key = c.b.api.store().list(Kind::Pod).find(|p| p.at("spec.nodeName").as_str() == Some("node-1")).unwrap().key();
    c.b.api.delete(&key, &DeleteOptions::default()).unwrap();
    c.kubelet();
    c.kubelet();
    assert_eq!(c.pods(), "n1+2 n2+1 n3+1");
}

#[test]
fn failed_pods_are_replaced_with_growing_waits() {
    let mut c = Cluster::new(AGENT);
    c.kubelet();
    for _ in 0..2 {
        let pods: Vec<Rc<Object>> = c.b.api.store().list(Kind::Pod).cloned().collect();
        let pod = pods.iter().find(|p| p.at("spec.nodeName").as_str() == Some("node-1")).unwrap();
        c.b.edit(Kind::Pod, pod.name(), Subresource::Status, |p| p.set("status.phase", "Failed"));
        c.run();
        c.run();
    }
    assert_eq!(
        c.b.events().iter().filter(|e| e.contains("FailedDaemonPod Found failed daemon pod default/agent-")).count(),
        1
    );
    for _ in 0..8 {
        c.run();
    }
    assert_eq!(c.b.events().iter().filter(|e| e.contains("FailedDaemonPod")).count(), 2);
}
