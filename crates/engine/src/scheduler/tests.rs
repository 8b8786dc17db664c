//! The scheduler against an API server: where Pods go, and what is said where they cannot go anywhere.

use super::*;
use crate::component::testing::Bench;

fn pod(name: &str, spec: &str) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","labels":{{"app":"a"}}}},"spec":{spec},"status":{{"phase":"Pending"}}}}"#)
}

fn node_of_pod(b: &Bench, name: &str) -> String {
    b.get(Kind::Pod, name).unwrap().at("spec.nodeName").as_str().unwrap_or("").to_owned()
}

#[test]
fn pods_are_spread_and_bound() {
    let (mut b, mut s) = (Bench::new(), Scheduler::default());
    b.nodes(3);
    for i in 0..3 {
        b.create(Kind::Pod, &pod(&format!("p{i}"), "{}"));
    }
    b.run(&mut [&mut s], 1000);
    let on: BTreeSet<String> = (0..3).map(|i| node_of_pod(&b, &format!("p{i}"))).collect();
    assert_eq!(on.len(), 3);
    assert!(b.events()[0].contains("Successfully assigned default/p0 to node-"), "{:?}", b.events());
    assert_eq!(b.get(Kind::Pod, "p1").unwrap().condition("PodScheduled").unwrap().str_at("status"), "True");
}

#[test]
fn words_of_refusal() {
    for (spec, want) in [
        (
            r#"{"containers":[{"resources":{"requests":{"cpu":"50","memory":"64Gi"}}}]}"#,
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu, 2 Insufficient memory. \
             preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
        (
            r#"{"nodeSelector":{"disk":"ssd"}}"#,
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. \
             preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
        (
            r#"{"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":
            "kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"none"}}}]}}}"#,
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match pod affinity rules. \
             preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
        (
            r#"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
            {"matchFields":[{"key":"metadata.name","operator":"In","values":["node-1"]}]}]}}}}"#,
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. \
             preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
        ),
    ] {
        let (mut b, mut s) = (Bench::new(), Scheduler::default());
        b.nodes(3);
        b.edit(Kind::Node, "node-1", Subresource::Main, |n| n.set("spec.unschedulable", true));
        b.create(Kind::Pod, &pod("p", spec));
        b.run(&mut [&mut s], 1000);
        assert_eq!(b.events(), [format!("p FailedScheduling {want}")]);
        let condition = b.get(Kind::Pod, "p").unwrap().condition("PodScheduled").unwrap().clone();
        assert_eq!((condition.str_at("reason"), condition.str_at("message")), ("Unschedulable", want));
    }
}

#[test]
fn anti_affinity_frees_a_node_when_a_pod_goes() {
    let (mut b, mut s) = (Bench::new(), Scheduler::default());
    b.nodes(2);
    let spec = r#"{"affinity":{"podAntiAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":
        "kubernetes.io/hostname","labelSelector":{"matchLabels":{"app":"a"}}}]}}}"#;
    for i in 0..3 {
        b.create(Kind::Pod, &pod(&format!("p{i}"), spec));
    }
    b.run(&mut [&mut s], 1000);
    let text = "p2 FailedScheduling 0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules. preemption: \
                0/2 nodes are available: 2 No preemption victims found for incoming pod.";
    assert!(b.events().iter().any(|e| e == text), "{:?}", b.events());
    b.api
        .delete(
            &ObjectKey::new(Kind::Pod, "default", "p0"),
            &DeleteOptions { grace_period_seconds: Some(0), ..Default::default() },
        )
        .unwrap();
    b.run(&mut [&mut s], 1000);
    assert!(!node_of_pod(&b, "p2").is_empty());
}

#[test]
fn gates_hold_a_pod_back() {
    let (mut b, mut s) = (Bench::new(), Scheduler::default());
    b.nodes(1);
    b.create(Kind::Pod, &pod("p", r#"{"schedulingGates":[{"name":"example.com/a"}]}"#));
    b.run(&mut [&mut s], 1000);
    assert_eq!((node_of_pod(&b, "p"), b.events().len()), (String::new(), 0));
    b.edit(Kind::Pod, "p", Subresource::Main, |p| {
        p.unset("spec.schedulingGates");
    });
    b.run(&mut [&mut s], 1000);
    assert_eq!(node_of_pod(&b, "p"), "node-1");
}

#[test]
fn a_pod_of_higher_priority_takes_the_place_of_a_lower() {
    let (mut b, mut s) = (Bench::new(), Scheduler::default());
    b.nodes(1);
    for (name, value) in [("little", 1), ("much", 100)] {
        b.create(Kind::PriorityClass, &format!(r#"{{"metadata":{{"name":"{name}"}},"value":{value}}}"#));
    }
    let spec = |class: &str| {
        format!(
            r#"{{"priorityClassName":"{class}","terminationGracePeriodSeconds":30,"containers":[{{"resources":{{"requests":{{"cpu":"3"}}}}}}]}}"#
        )
    };
    b.create(Kind::Pod, &pod("low", &spec("little")));
    b.run(&mut [&mut s], 1000);
    b.create(Kind::Pod, &pod("high", &spec("much")));
    b.run(&mut [&mut s], 1000);
    let low = b.get(Kind::Pod, "low").unwrap();
    assert!(low.is_deleting() && low.condition_is_true("DisruptionTarget"));
    assert_eq!(b.get(Kind::Pod, "high").unwrap().at("status.nominatedNodeName").as_str(), Some("node-1"));
    let uid = b.get(Kind::Pod, "high").unwrap().uid().clone();
    assert!(b.events().contains(&format!("low Preempted Preempted by pod {uid} on node node-1")));
    let now = DeleteOptions { grace_period_seconds: Some(0), ..Default::default() };
    b.api.delete(&ObjectKey::new(Kind::Pod, "default", "low"), &now).unwrap();
    b.run(&mut [&mut s], 1000);
    assert_eq!(node_of_pod(&b, "high"), "node-1");
}

#[test]
fn a_preferred_node_outweighs_the_spread_of_one_owner() {
    let prefers = r#","affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":1,
        "preference":{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["node-3"]}]}}]}}"#;
    for (kind, affinity, want) in [
        ("ReplicaSet", prefers, ["node-3", "node-3", "node-3"]),
        ("ReplicaSet", "", ["node-1", "node-2", "node-3"]),
        ("Job", "", ["node-1", "node-2", "node-3"]),
    ] {
        let (mut b, mut s) = (Bench::new(), Scheduler::default());
        b.nodes(3);
        for i in 0..3 {
            let owner = format!(r#"[{{"apiVersion":"x","kind":"{kind}","name":"o","uid":"u","controller":true}}]"#);
            let pod = format!(
                r#"{{"metadata":{{"name":"p{i}","ownerReferences":{owner}}},"spec":{{"containers":[{{"name":"c","image":"i"}}]{affinity}}}}}"#
            );
            b.create(Kind::Pod, &pod);
            b.run(&mut [&mut s], 1000);
        }
        assert_eq!([0, 1, 2].map(|i| node_of_pod(&b, &format!("p{i}"))), want, "{kind} {affinity}");
    }
}
