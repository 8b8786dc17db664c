//! The ReplicaSet controller against an API server, with what a kubelet does played by the test.

use super::*;
use crate::component::testing::Bench;
use crate::json;

const SET: &str = r#"{"metadata":{"name":"web"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},
    "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"main","image":"nginx"}]}}}}"#;

fn run(b: &mut Bench, c: &mut ReplicaSetController, time: Millis) {
    b.run(&mut [c], time);
}

fn make_ready(b: &mut Bench) {
    let pods: Vec<Rc<Object>> = b.api.store().list(Kind::Pod).cloned().collect();
    for pod in pods {
        let at = b.now.rfc3339();
        b.edit(Kind::Pod, pod.name(), Subresource::Status, |p| {
            p.set(
                "status",
                json!({"phase": "Running", "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": (at.as_str())}]}),
            );
        });
    }
}

fn status(b: &Bench) -> String {
    let rs = b.get(Kind::ReplicaSet, "web").unwrap();
    let n = |f: &'static str| rs.at("status").int_at(f).unwrap_or(0);
    format!("{} {} {} {}", n("replicas"), n("readyReplicas"), n("availableReplicas"), n("terminatingReplicas"))
}

#[test]
fn makes_pods_and_counts_them() {
    let (mut b, mut c) = (Bench::new(), ReplicaSetController::default());
    b.create(Kind::ReplicaSet, SET);
    run(&mut b, &mut c, 1000);
    assert_eq!((b.api.store().count(Kind::Pod), status(&b).as_str()), (3, "3 0 0 0"));
    assert_eq!(b.events().iter().filter(|e| e.contains("SuccessfulCreate Created pod: web-")).count(), 3);
    make_ready(&mut b);
    run(&mut b, &mut c, 1000);
    assert_eq!(status(&b), "3 3 3 0");
    b.edit(Kind::ReplicaSet, "web", Subresource::Main, |rs| rs.set("spec.replicas", 1));
    run(&mut b, &mut c, 1000);
    assert_eq!(status(&b), "1 1 1 0");
    assert_eq!(b.events().iter().filter(|e| e.contains("SuccessfulDelete Deleted pod: web-")).count(), 2);
}

#[test]
fn minimum_ready_seconds_hold_availability_back() {
    let (mut b, mut c) = (Bench::new(), ReplicaSetController::default());
    b.create(Kind::ReplicaSet, SET);
    b.edit(Kind::ReplicaSet, "web", Subresource::Main, |rs| rs.set("spec.minReadySeconds", 6));
    run(&mut b, &mut c, 1000);
    make_ready(&mut b);
    run(&mut b, &mut c, 5900);
    assert_eq!(status(&b), "3 3 0 0");
    let mut timers = Vec::new();
    c.timers(&b.api, &mut timers);
    assert_eq!(timers.len(), 1);
    run(&mut b, &mut c, 200);
    assert_eq!(status(&b), "3 3 3 0");
}

#[test]
fn adopts_what_it_selects_and_releases_what_it_does_not() {
    let (mut b, mut c) = (Bench::new(), ReplicaSetController::default());
    b.create(
        Kind::Pod,
        r#"{"metadata":{"name":"early","labels":{"app":"web"}},"spec":{},"status":{"phase":"Pending"}}"#,
    );
    run(&mut b, &mut c, 1000);
    b.create(Kind::ReplicaSet, SET);
    run(&mut b, &mut c, 1000);
    assert_eq!(b.api.store().count(Kind::Pod), 3);
    assert_eq!(b.get(Kind::Pod, "early").unwrap().controller().unwrap().name.as_ref(), "web");
    b.edit(Kind::Pod, "early", Subresource::Main, |p| p.set("metadata.labels.app", "debug"));
    run(&mut b, &mut c, 1000);
    assert_eq!(b.api.store().count(Kind::Pod), 4);
    assert!(b.get(Kind::Pod, "early").unwrap().owners().is_empty());
    assert_eq!(status(&b), "3 0 0 0");
}
