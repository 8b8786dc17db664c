//! What controllers of Pods share: making and deleting them with an event each, and which to delete first.
//!
//! Models `RealPodControl`, `ActivePods`, `IsPodActive` and `IsPodTerminating` of `pkg/controller/controller_utils.go`.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::api::{Kind, Object, OwnerReference, Value};
use crate::apiserver::{DeleteOptions, Reason, Status, WriteOptions};
use crate::clock::Time;
use crate::component::Ctx;
use crate::events::{EventRecorder, EventType};

/// Whether the Pod's phase is final.
pub fn is_pod_terminal(pod: &Object) -> bool {
    matches!(pod.at("status.phase").as_str(), Some("Succeeded" | "Failed"))
}

/// Whether the Pod counts as running or about to.
pub fn is_pod_active(pod: &Object) -> bool {
    !is_pod_terminal(pod) && !pod.is_deleting()
}

/// Whether the Pod is being deleted and has not ended.
pub fn is_pod_terminating(pod: &Object) -> bool {
    !is_pod_terminal(pod) && pod.is_deleting()
}

/// Whether the Pod's Ready condition is True.
pub fn is_pod_ready(pod: &Object) -> bool {
    pod.condition_is_true("Ready")
}

/// The body of a Pod from a template: its labels, annotations, finalizers and spec, owned by `owner`. Models
/// `GetPodFromTemplate`.
pub fn pod_from_template(template: &Value, owner: &Object) -> Value {
    let mut metadata = Value::object([
        ("namespace", Value::from(owner.namespace())),
        ("generateName", format!("{}-", owner.name()).into()),
        ("ownerReferences", Value::array([OwnerReference::controller_of(owner)])),
    ]);
    for field in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.at("metadata").get(field).filter(|v| !v.is_null()) {
            metadata.set(field, value.clone());
        }
    }
    Value::object([("metadata", metadata), ("spec", template.at("spec").clone())])
}

/// Whether the refusal is because the namespace is being deleted.
pub fn is_namespace_terminating(status: &Status) -> bool {
    status.causes.iter().any(|c| c.reason == "NamespaceTerminating")
}

/// Creates a Pod for an owner and says so in an event about the owner.
pub fn create_pod(
    ctx: &mut Ctx<'_>,
    recorder: &mut EventRecorder,
    owner: &Object,
    body: Value,
) -> Result<Rc<Object>, Status> {
    if body.at("metadata.labels").fields().next().is_none() {
        return Err(Status::new(Reason::InternalError, "unable to create pods, no labels"));
    }
    match ctx.api.create(Kind::Pod, body, WriteOptions::default()) {
        Ok(pod) => {
            recorder.event(ctx, owner, EventType::Normal, "SuccessfulCreate", &format!("Created pod: {}", pod.name()));
            Ok(pod)
        }
        Err(status) => {
            if !is_namespace_terminating(&status) {
                let message = format!("Error creating: {}", status.message);
                recorder.event(ctx, owner, EventType::Warning, "FailedCreate", &message);
            }
            Err(status)
        }
    }
}

/// Deletes a Pod of an owner and says so in an event about the owner.
pub fn delete_pod(ctx: &mut Ctx<'_>, recorder: &mut EventRecorder, owner: &Object, pod: &Object) -> Result<(), Status> {
    match ctx.api.delete(&pod.key(), &DeleteOptions::default()) {
        Ok(_) => {
            recorder.event(ctx, owner, EventType::Normal, "SuccessfulDelete", &format!("Deleted pod: {}", pod.name()));
            Ok(())
        }
        Err(status) => {
            if status.reason != Reason::NotFound {
                let message = format!("Error deleting: {}", status.message);
                recorder.event(ctx, owner, EventType::Warning, "FailedDelete", &message);
            }
            Err(status)
        }
    }
}

/// The order in which active Pods are deleted where there are too many: those that have come less far go first.
pub fn deletion_order(a: &Object, b: &Object) -> Ordering {
    let assigned = |p: &Object| !p.at("spec.nodeName").as_str().unwrap_or("").is_empty();
    let phase = |p: &Object| match p.at("status.phase").as_str() {
        Some("Running") => 2,
        Some("Unknown") => 1,
        _ => 0,
    };
    let ready = (is_pod_ready(a), is_pod_ready(b));
    assigned(a)
        .cmp(&assigned(b))
        .then_with(|| phase(a).cmp(&phase(b)))
        .then_with(|| ready.0.cmp(&ready.1))
        .then_with(|| if ready == (true, true) { newest_first(ready_time(a), ready_time(b)) } else { Ordering::Equal })
        .then_with(|| most_restarted_first(a, b))
        .then_with(|| newest_first(a.creation_time(), b.creation_time()))
}

/// No time before a late one before an early one.
pub fn newest_first(a: Option<Time>, b: Option<Time>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => b.cmp(&a),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Since when the Pod is ready.
pub fn ready_time(pod: &Object) -> Option<Time> {
    let ready = pod.condition("Ready").filter(|c| c.str_at("status") == "True")?;
    Time::parse_rfc3339(ready.str_at("lastTransitionTime"))
}

/// Models `compareMaxContainerRestarts`: ordinary containers decide, then restartable init containers.
pub fn most_restarted_first(a: &Object, b: &Object) -> Ordering {
    restarts(b).cmp(&restarts(a))
}

/// The most restarts of an ordinary container and of a sidecar.
fn restarts(pod: &Object) -> (i64, i64) {
    let most = |statuses: &Value, counts: &dyn Fn(&Value) -> bool| {
        let each = statuses.items().iter().filter(|s| counts(s));
        each.filter_map(|s| s.int_at("restartCount")).max().unwrap_or(0)
    };
    let sidecar = |status: &Value| {
        let named = |c: &&Value| c.str_at("name") == status.str_at("name");
        pod.at("spec.initContainers").items().iter().find(named).is_some_and(|c| c.str_at("restartPolicy") == "Always")
    };
    (most(pod.at("status.containerStatuses"), &|_| true), most(pod.at("status.initContainerStatuses"), &sidecar))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(json: &str) -> Object {
        Object::new(Kind::Pod, Value::from_json(json).unwrap())
    }

    #[test]
    fn pods_that_have_come_less_far_go_first() {
        let ready = |at: &str| {
            format!(
                r#""conditions":[{{"type":"Ready","status":"True","lastTransitionTime":"2026-11-24T07:00:{at}Z"}}]"#
            )
        };
        let order = [
            r#"{"status":{"phase":"Pending"}}"#.to_owned(),
            r#"{"spec":{"nodeName":"n"},"status":{"phase":"Pending"}}"#.to_owned(),
            r#"{"spec":{"nodeName":"n"},"status":{"phase":"Running"}}"#.to_owned(),
            format!(r#"{{"spec":{{"nodeName":"n"}},"status":{{"phase":"Running",{}}}}}"#, ready("09")),
            format!(
                r#"{{"spec":{{"nodeName":"n"}},"status":{{"phase":"Running",{},"containerStatuses":[{{"restartCount":3}}]}}}}"#,
                ready("01")
            ),
            format!(
                r#"{{"metadata":{{"creationTimestamp":"2026-11-24T06:00:09Z"}},"spec":{{"nodeName":"n"}},"status":{{"phase":"Running",{}}}}}"#,
                ready("01")
            ),
            format!(
                r#"{{"metadata":{{"creationTimestamp":"2026-11-24T06:00:01Z"}},"spec":{{"nodeName":"n"}},"status":{{"phase":"Running",{}}}}}"#,
                ready("01")
            ),
        ]
        .map(|t| pod(&t));
        for pair in order.windows(2) {
            assert_eq!(deletion_order(&pair[0], &pair[1]), Ordering::Less, "{:?}\n{:?}", pair[0], pair[1]);
        }
    }
}
