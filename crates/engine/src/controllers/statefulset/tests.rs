//! The StatefulSet controller against an API server, with what a kubelet does played by the test.

use super::*;
use crate::api::Value;
use crate::apiserver::{DeleteOptions, Subresource};
use crate::component::testing::Bench;
use crate::json;

const DB: &str = r#"{"metadata":{"name":"db","generation":1},"spec":{"replicas":3,"serviceName":"db","revisionHistoryLimit":1,
    "podManagementPolicy":"OrderedReady","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},
    "selector":{"matchLabels":{"app":"db"}},
    "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"main","image":"redis:6"}]}}},
    "status":{"replicas":0,"availableReplicas":0}}"#;

struct Cluster {
    b: Bench,
    c: StatefulSetController,
}

impl Cluster {
    fn new(manifest: &str) -> Self {
        let mut c = Self { b: Bench::new(), c: StatefulSetController::default() };
        c.b.create(Kind::StatefulSet, manifest);
        c.run(100);
        c
    }
    fn run(&mut self, time: Millis) {
        self.b.run(&mut [&mut self.c], time);
    }
    fn edit(&mut self, path: &'static str, value: impl Into<Value>) {
        self.b.edit(Kind::StatefulSet, "db", Subresource::Main, |s| {
            s.set(path, value);
            let generation = s.int_at("metadata.generation").unwrap_or(0) + 1;
            s.set("metadata.generation", generation);
        });
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
                self.b.edit(Kind::Pod, pod.name(), Subresource::Main, |p| p.set("spec.nodeName", "node-1"));
                self.b.edit(Kind::Pod, pod.name(), Subresource::Status, |p| {
                    p.set(
                        "status",
                        json!({"phase": "Running", "conditions": [
                        {"type": "Ready", "status": "True", "lastTransitionTime": (at.as_str())}]}),
                    );
                });
            }
        }
        self.run(100);
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
        let list = self.b.api.store().list(Kind::Pod);
        list.map(|p| format!("{}{}{}", p.name(), state(p), image(p).trim_start_matches("redis:")))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[test]
fn one_after_the_other_up_and_down() {
    let mut c = Cluster::new(DB);
    let mut seen = vec![c.pods()];
    for _ in 0..3 {
        c.kubelet();
        seen.push(c.pods());
    }
    assert_eq!(seen, ["db-0?6", "db-0+6 db-1?6", "db-0+6 db-1+6 db-2?6", "db-0+6 db-1+6 db-2+6"]);
    let pod = c.b.get(Kind::Pod, "db-1").unwrap();
    assert_eq!((pod.at("spec.hostname").as_str(), pod.at("spec.subdomain").as_str()), (Some("db-1"), Some("db")));
    c.edit("spec.replicas", 1);
    c.run(100);
    assert_eq!(c.pods(), "db-0+6 db-1+6 db-2-6");
    c.kubelet();
    assert_eq!(c.pods(), "db-0+6 db-1-6");
    c.kubelet();
    assert_eq!(c.pods(), "db-0+6");
    assert!(c.b.events().contains(&"db SuccessfulDelete Delete Pod db-2 in StatefulSet db successful".to_owned()));
}

#[test]
fn all_at_once_where_parallel() {
    let mut c = Cluster::new(&DB.replace("OrderedReady", "Parallel"));
    assert_eq!(c.pods(), "db-0?6 db-1?6 db-2?6");
    c.kubelet();
    c.edit("spec.replicas", 1);
    c.run(100);
    assert_eq!(c.pods(), "db-0+6 db-1-6 db-2-6");
}

#[test]
fn an_update_goes_from_the_highest_to_the_partition() {
    let mut c = Cluster::new(DB);
    for _ in 0..3 {
        c.kubelet();
    }
    c.edit("spec.updateStrategy.rollingUpdate.partition", 1);
    c.edit("spec.template.spec.containers.0.image", "redis:7");
    c.run(100);
    assert_eq!(c.pods(), "db-0+6 db-1+6 db-2-6");
    for _ in 0..6 {
        c.kubelet();
    }
    assert_eq!(c.pods(), "db-0+6 db-1+7 db-2+7");
    let status = c.b.get(Kind::StatefulSet, "db").unwrap().at("status").clone();
    assert_ne!(status.at("currentRevision"), status.at("updateRevision"));
    assert_eq!((status.int_at("currentReplicas"), status.int_at("updatedReplicas")), (Some(1), Some(2)));
    c.edit("spec.updateStrategy.rollingUpdate.partition", 0);
    for _ in 0..3 {
        c.kubelet();
    }
    assert_eq!(c.pods(), "db-0+7 db-1+7 db-2+7");
    let status = c.b.get(Kind::StatefulSet, "db").unwrap().at("status").clone();
    assert_eq!(status.at("currentRevision"), status.at("updateRevision"));
    assert_eq!(c.b.api.store().count(Kind::ControllerRevision), 2);
    c.edit("spec.template.spec.containers.0.image", "redis:6");
    c.run(100);
    let numbers: Vec<i64> =
        c.b.api.store().list(Kind::ControllerRevision).map(|r| super::super::history::number(r)).collect();
    assert_eq!(numbers.iter().max(), Some(&3), "an old revision becomes the newest again");
}

#[test]
fn claims_are_made_from_templates() {
    let manifest = DB.replace(
        r#""serviceName":"db","#,
        r#""serviceName":"db","volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{}}],"#,
    );
    let c = Cluster::new(&manifest);
    let claim = c.b.get(Kind::PersistentVolumeClaim, "data-db-0").unwrap();
    assert_eq!(claim.label("app"), Some("db"));
    assert_eq!(c.b.events()[0], "db SuccessfulCreate Create Claim data-db-0 Pod db-0 in StatefulSet db success");
    let volume = c.b.get(Kind::Pod, "db-0").unwrap().at("spec.volumes.0").to_json();
    assert_eq!(volume, r#"{"name":"data","persistentVolumeClaim":{"claimName":"data-db-0"}}"#);
}
