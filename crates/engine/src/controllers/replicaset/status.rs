//! The status of a ReplicaSet.
//!
//! Models `pkg/controller/replicaset/replica_set_utils.go`.

use super::pods::Counts;
use crate::api::{Kind, Object, Value};
use crate::apiserver::Status;
use crate::clock::Time;
use crate::controllers::conditions;
use crate::json;

/// Models `calculateStatus`, with the observed generation.
pub fn calculate(rs: &Object, counts: &Counts, available: i64, failure: Option<&Status>, now: Time) -> Value {
    let mut status = rs.at("status").clone();
    let has_failure = conditions::find(status.at("conditions"), "ReplicaFailure").is_some();
    match failure {
        Some(why) if !has_failure => {
            let wanted = rs.at("spec.replicas").as_i64().unwrap_or(1);
            let reason = if counts.active < wanted { "FailedCreate" } else { "FailedDelete" };
            let condition = json!({
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": (now.rfc3339()),
                "reason": reason,
                "message": (why.message.as_str()),
            });
            conditions::set(&mut status, condition, false);
        }
        None if has_failure => conditions::remove(&mut status, "ReplicaFailure"),
        _ => {}
    }
    status.set("replicas", counts.active);
    conditions::set_count(&mut status, "fullyLabeledReplicas", counts.fully_labeled);
    conditions::set_count(&mut status, "readyReplicas", counts.ready);
    conditions::set_count(&mut status, "availableReplicas", available);
    // A ReplicationController has no such field.
    if rs.kind() == Kind::ReplicaSet {
        status.set("terminatingReplicas", counts.terminating);
    }
    status.set("observedGeneration", rs.generation());
    status
}
