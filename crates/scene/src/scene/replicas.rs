//! Workloads that keep Pods running: Deployment, StatefulSet, DaemonSet, and ReplicaSet and ReplicationController.

use std::rc::Rc;

use batchyard_engine::api::{Kind, Object};
use implicit_clone::unsync::IString as AttrValue;

use super::{World, object_key};
use crate::view::{PodView, ReplicasView};

/// Derives the view of such a workload.
pub fn view(object: &Object, pods: &[(Rc<Object>, Rc<PodView>)], world: &World) -> ReplicasView {
    let (body, kind) = (object.body(), object.kind());
    let status = body.at("status");
    let count = |k: &'static str| status.int_at(k).unwrap_or(0);
    let text = |n: i64| AttrValue::from(n.to_string());
    let owners: Vec<Rc<str>> = if kind == Kind::Deployment {
        let mine = world.list(Kind::ReplicaSet).filter(|r| r.controller().is_some_and(|c| c.uid == *object.uid()));
        mine.map(|r| r.uid().clone()).collect()
    } else {
        vec![object.uid().clone()]
    };
    let mine: Vec<Rc<PodView>> = {
        let of_it = pods.iter().filter(|(o, _)| o.controller().is_some_and(|c| owners.contains(&c.uid)));
        of_it.map(|(_, v)| v.clone()).collect()
    };
    let (wanted, ready) = match kind {
        Kind::DaemonSet => (count("desiredNumberScheduled"), count("numberReady")),
        _ => (body.int_at("spec.replicas").unwrap_or(1), count("readyReplicas")),
    };
    let facts: Vec<(&'static str, AttrValue)> = match kind {
        Kind::DaemonSet => vec![
            ("DESIRED", text(wanted)),
            ("CURRENT", text(count("currentNumberScheduled"))),
            ("READY", text(ready)),
            ("AVAILABLE", text(count("numberAvailable"))),
        ],
        Kind::StatefulSet => vec![
            ("READY", format!("{ready}/{wanted}").into()),
            ("CURRENT", text(count("currentReplicas"))),
            ("UPDATED", text(count("updatedReplicas"))),
        ],
        Kind::ReplicaSet | Kind::ReplicationController => {
            vec![("DESIRED", text(wanted)), ("CURRENT", text(count("replicas"))), ("READY", text(ready))]
        }
        _ => vec![
            ("READY", format!("{ready}/{wanted}").into()),
            ("UP-TO-DATE", text(count("updatedReplicas"))),
            ("AVAILABLE", text(count("availableReplicas"))),
        ],
    };
    ReplicasView {
        kind: kind.name(),
        key: object_key(object),
        name: object.name().to_string().into(),
        wanted,
        ready,
        facts: facts.into(),
        restarts: mine.iter().map(|p| p.restarts).sum(),
        pods: mine.into(),
    }
}
