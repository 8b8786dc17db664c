//! The Deployment controller against an API server, with what a kubelet does played by the test.

use super::*;
use crate::component::testing::Bench;
use crate::controllers::replicaset::ReplicaSetController;
use crate::json;

const WEB: &str = r#"{"metadata":{"name":"web","generation":1},"spec":{"replicas":2,"progressDeadlineSeconds":15,
    "revisionHistoryLimit":1,"selector":{"matchLabels":{"app":"web"}},
    "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}},
    "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"nginx:1"}]}}},
    "status":{}}"#;

struct Cluster {
    b: Bench,
    d: DeploymentController,
    rs: ReplicaSetController,
}

impl Cluster {
    fn new(manifest: &str) -> Self {
        let mut c = Self { b: Bench::new(), d: DeploymentController::default(), rs: ReplicaSetController::default() };
        c.b.create(Kind::Deployment, manifest);
        c.run(500);
        c
    }
    fn run(&mut self, time: Millis) {
        self.b.run(&mut [&mut self.d, &mut self.rs], time);
    }
    /// What a kubelet does, until nothing is left to do.
    fn settle(&mut self) {
        for _ in 0..20 {
            let pods: Vec<Rc<Object>> = self.b.api.store().list(Kind::Pod).cloned().collect();
            for pod in pods.iter().filter(|p| p.condition("Ready").is_none()) {
                let at = self.b.now.rfc3339();
                self.b.edit(Kind::Pod, pod.name(), Subresource::Status, |p| {
                    p.set(
                        "status",
                        json!({"phase": "Running", "conditions": [
                        {"type": "Ready", "status": "True", "lastTransitionTime": (at.as_str())}]}),
                    );
                });
            }
            self.run(200);
        }
    }
    fn set_image(&mut self, image: &str) {
        self.b.edit(Kind::Deployment, "web", Subresource::Main, |d| {
            d.set("spec.template.spec.containers.0.image", image);
            let generation = d.int_at("metadata.generation").unwrap_or(0) + 1;
            d.set("metadata.generation", generation);
        });
    }
    fn progressing(&self) -> String {
        let d = self.b.get(Kind::Deployment, "web").unwrap();
        d.condition("Progressing").map_or(String::new(), |c| c.str_at("reason").to_owned())
    }
    fn scalings(&self) -> Vec<String> {
        let words = |e: &String| e.split(' ').filter(|w| !w.starts_with("web")).collect::<Vec<_>>().join(" ");
        self.b.events().iter().filter(|e| e.contains("ScalingReplicaSet")).map(words).collect()
    }
}

#[test]
fn rolls_out_one_by_one_and_back() {
    let mut c = Cluster::new(WEB);
    assert_eq!(c.progressing(), "ReplicaSetUpdated");
    c.settle();
    assert_eq!(c.progressing(), "NewReplicaSetAvailable");
    c.set_image("nginx:2");
    c.settle();
    assert_eq!(c.progressing(), "NewReplicaSetAvailable");
    assert_eq!(
        c.scalings(),
        [
            "ScalingReplicaSet Scaled up replica set from 0 to 2",
            "ScalingReplicaSet Scaled up replica set from 0 to 1",
            "ScalingReplicaSet Scaled down replica set from 2 to 1",
            "ScalingReplicaSet Scaled up replica set from 1 to 2",
            "ScalingReplicaSet Scaled down replica set from 1 to 0",
        ]
    );
    let sets = c.b.api.store().count(Kind::ReplicaSet);
    c.set_image("nginx:1");
    c.settle();
    assert_eq!((sets, c.b.api.store().count(Kind::ReplicaSet)), (2, 2));
    let d = c.b.get(Kind::Deployment, "web").unwrap();
    assert_eq!(d.annotation(util::REVISION), Some("3"));
    let rs = c.b.api.store().list(Kind::ReplicaSet).find(|rs| util::replicas(rs) == 2).unwrap();
    assert_eq!(rs.annotation(util::REVISION_HISTORY), Some("1"));
    let status = d.at("status");
    assert_eq!((status.int_at("readyReplicas"), status.int_at("updatedReplicas")), (Some(2), Some(2)));
}

#[test]
fn only_so_many_old_replica_sets_are_kept() {
    let mut c = Cluster::new(WEB);
    for image in ["nginx:2", "nginx:3", "nginx:4"] {
        c.settle();
        c.set_image(image);
    }
    c.settle();
    assert_eq!(c.b.api.store().count(Kind::ReplicaSet), 2);
}

#[test]
fn progress_has_a_deadline() {
    let mut c = Cluster::new(WEB);
    c.run(14_000);
    assert_eq!(c.progressing(), "ReplicaSetUpdated");
    let mut timers = Vec::new();
    c.d.timers(&c.b.api, &mut timers);
    assert_eq!(timers.len(), 1);
    c.run(3_000);
    assert_eq!(c.progressing(), "ProgressDeadlineExceeded");
}

#[test]
fn pausing_and_scaling() {
    let mut c = Cluster::new(WEB);
    c.settle();
    c.b.edit(Kind::Deployment, "web", Subresource::Main, |d| d.set("spec.paused", true));
    c.set_image("nginx:2");
    c.settle();
    assert_eq!((c.progressing().as_str(), c.b.api.store().count(Kind::ReplicaSet)), ("DeploymentPaused", 1));
    c.b.edit(Kind::Deployment, "web", Subresource::Main, |d| d.set("spec.replicas", 3));
    c.settle();
    assert_eq!(c.b.api.store().count(Kind::Pod), 3);
    c.b.edit(Kind::Deployment, "web", Subresource::Main, |d| {
        d.unset("spec.paused");
    });
    c.run(500);
    assert_eq!(c.progressing(), "ReplicaSetUpdated");
    c.settle();
    assert_eq!((c.progressing().as_str(), c.b.api.store().count(Kind::ReplicaSet)), ("NewReplicaSetAvailable", 2));
}

#[test]
fn recreate_waits_for_the_old_pods_to_go() {
    let manifest = WEB.replace(
        r#"{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0}}"#,
        r#"{"type":"Recreate"}"#,
    );
    let mut c = Cluster::new(&manifest);
    c.settle();
    let pods: Vec<Rc<Object>> = c.b.api.store().list(Kind::Pod).cloned().collect();
    for pod in &pods {
        c.b.edit(Kind::Pod, pod.name(), Subresource::Main, |p| p.set("spec.nodeName", "node-1"));
    }
    c.set_image("nginx:2");
    c.settle();
    assert_eq!(c.b.api.store().count(Kind::ReplicaSet), 1);
    for pod in &pods {
        let options = crate::apiserver::DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
        let _ = c.b.api.delete(&pod.key(), &options);
    }
    c.settle();
    assert_eq!(c.scalings().last().unwrap(), "ScalingReplicaSet Scaled up replica set from 0 to 2");
    assert_eq!(c.progressing(), "NewReplicaSetAvailable");
}
