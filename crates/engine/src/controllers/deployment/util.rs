//! What a Deployment's spec and its ReplicaSets' annotations and counts say.
//!
//! Models `pkg/controller/deployment/util/deployment_util.go`.

use std::rc::Rc;

use crate::api::{Object, Value};
use crate::clock::Time;
use crate::controllers::conditions::scaled;
use crate::json;

/// Number of the rollout that a ReplicaSet, or the Deployment, is at.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Numbers of the rollouts that a ReplicaSet served before.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// `spec.replicas` of the Deployment when a ReplicaSet was scaled last.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// `spec.replicas` and the surge when a ReplicaSet was scaled last.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// The label that tells the Pods of a Deployment's ReplicaSets apart.
pub const TEMPLATE_HASH: &str = "pod-template-hash";
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const ROLLBACK_TO: &str = "deprecated.deployment.rollback.to";

/// Annotations that a Deployment does not hand on to its ReplicaSets.
pub fn skip_annotation(key: &str) -> bool {
    [LAST_APPLIED, REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS, ROLLBACK_TO].contains(&key)
}

/// `spec.replicas`, 1 where there is none.
pub fn replicas(o: &Object) -> i64 {
    o.at("spec.replicas").as_i64().unwrap_or(1)
}

/// A number of the status, 0 where there is none.
pub fn status_count(o: &Object, field: &'static str) -> i64 {
    o.at("status").int_at(field).unwrap_or(0)
}

/// Sum of a number of the status.
pub fn sum_status(sets: &[Rc<Object>], field: &'static str) -> i64 {
    sets.iter().map(|rs| status_count(rs, field)).sum()
}

/// Sum of `spec.replicas`.
pub fn sum_replicas(sets: &[Rc<Object>]) -> i64 {
    sets.iter().map(|rs| replicas(rs)).sum()
}

/// Whether Pods are replaced a few at a time.
pub fn is_rolling_update(d: &Object) -> bool {
    d.at("spec.strategy.type").as_str() == Some("RollingUpdate")
}

/// Surge and unavailability as numbers. Where both come to 0, one Pod may be unavailable. Models `ResolveFenceposts`.
fn fenceposts(d: &Object) -> (i64, i64) {
    let rolling = d.at("spec.strategy.rollingUpdate");
    let surge = scaled(rolling.at("maxSurge"), replicas(d), true);
    let unavailable = scaled(rolling.at("maxUnavailable"), replicas(d), false);
    if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
}

/// How many Pods may be unavailable.
pub fn max_unavailable(d: &Object) -> i64 {
    if !is_rolling_update(d) || replicas(d) == 0 {
        return 0;
    }
    fenceposts(d).1.min(replicas(d))
}

/// How many Pods there may be beyond `spec.replicas`.
pub fn max_surge(d: &Object) -> i64 {
    if is_rolling_update(d) { fenceposts(d).0 } else { 0 }
}

/// `spec.progressDeadlineSeconds`, unless it is the value that stands for none.
pub fn progress_deadline(d: &Object) -> Option<i64> {
    d.at("spec.progressDeadlineSeconds").as_i64().filter(|s| *s != i64::from(i32::MAX))
}

/// Oldest first.
pub fn sort_by_age(sets: &mut [Rc<Object>]) {
    sets.sort_by_key(|rs| (rs.creation_time(), rs.name().clone()));
}

/// Whether two pod templates are the same apart from the hash label.
pub fn same_template(a: &Value, b: &Value) -> bool {
    let without_hash = |t: &Value| {
        let mut t = t.clone();
        if t.at("metadata.labels").get(TEMPLATE_HASH).is_some() {
            t.slot("metadata.labels").make_object().remove(TEMPLATE_HASH);
        }
        t
    };
    if !a.at("spec").same(b.at("spec")) && a.at("spec") != b.at("spec") {
        return false;
    }
    without_hash(a) == without_hash(b)
}

/// The ReplicaSet of the Deployment's present template, the oldest where there are several.
pub fn find_new(d: &Object, sets: &[Rc<Object>]) -> Option<Rc<Object>> {
    let mut alike: Vec<Rc<Object>> =
        sets.iter().filter(|rs| same_template(rs.at("spec.template"), d.at("spec.template"))).cloned().collect();
    sort_by_age(&mut alike);
    alike.into_iter().next()
}

/// The revision of a ReplicaSet, 0 where it has none.
pub fn revision(rs: &Object) -> i64 {
    rs.annotation(REVISION).and_then(|r| r.parse().ok()).unwrap_or(0)
}

/// Those that are to have Pods.
pub fn active(sets: &[Rc<Object>]) -> Vec<Rc<Object>> {
    sets.iter().filter(|rs| replicas(rs) > 0).cloned().collect()
}

/// A number from a ReplicaSet's annotation.
pub fn annotated_count(rs: &Object, annotation: &str) -> Option<i64> {
    rs.annotation(annotation).and_then(|n| n.parse::<i64>().ok()).filter(|n| (0..=i64::from(i32::MAX)).contains(n))
}

/// Whether the newest ReplicaSet has all Pods and they are available.
pub fn is_saturated(d: &Object, rs: Option<&Rc<Object>>) -> bool {
    rs.is_some_and(|rs| {
        let wanted = replicas(d);
        replicas(rs) == wanted
            && annotated_count(rs, DESIRED_REPLICAS) == Some(wanted)
            && status_count(rs, "availableReplicas") == wanted
    })
}

/// How many replicas the newest ReplicaSet is to have. Models `NewRSNewReplicas`.
pub fn new_replicas(d: &Object, all_replicas: i64, new_rs_replicas: i64) -> i64 {
    if !is_rolling_update(d) {
        return replicas(d);
    }
    let surge = scaled(d.at("spec.strategy.rollingUpdate.maxSurge"), replicas(d), true);
    let most = replicas(d) + surge;
    if all_replicas >= most {
        return new_rs_replicas;
    }
    new_rs_replicas + (most - all_replicas).min(replicas(d) - new_rs_replicas)
}

/// How many of the Pods to add (or, negative, take away) are a ReplicaSet's share. Models `GetReplicaSetProportion`.
pub fn proportion(d: &Object, rs: &Object, to_add: i64, added: i64) -> i64 {
    if replicas(rs) == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let fraction = fraction(d, rs);
    if to_add > 0 { fraction.min(to_add - added) } else { fraction.max(to_add - added) }
}

fn fraction(d: &Object, rs: &Object) -> i64 {
    let size = replicas(rs);
    if replicas(d) == 0 {
        return -size;
    }
    let most = replicas(d) + max_surge(d);
    let before = annotated_count(rs, MAX_REPLICAS).filter(|n| *n != 0).unwrap_or_else(|| status_count(d, "replicas"));
    if before == 0 {
        return 0;
    }
    // Upstream rounds a float to the nearest, halves away from zero.
    (2 * size * most + before).div_euclid(2 * before) - size
}

/// A condition of a Deployment. Models `NewDeploymentCondition`.
pub fn condition(kind: &str, status: &str, reason: &str, message: &str, now: Time) -> Value {
    let now = now.rfc3339();
    json!({
        "type": kind,
        "status": status,
        "lastUpdateTime": (now.as_str()),
        "lastTransitionTime": (now.as_str()),
        "reason": reason,
        "message": message,
    })
}

/// Whether all Pods are new and available. Models `DeploymentComplete`.
pub fn is_complete(d: &Object, status: &Value) -> bool {
    let n = |f: &'static str| status.int_at(f).unwrap_or(0);
    let wanted = replicas(d);
    n("updatedReplicas") == wanted
        && n("replicas") == wanted
        && n("availableReplicas") == wanted
        && n("observedGeneration") >= d.generation()
}

/// Whether a new status is closer to complete than the old one. Models `DeploymentProgressing`.
pub fn is_progressing(d: &Object, status: &Value) -> bool {
    let (old, new) = (|f: &'static str| status_count(d, f), |f: &'static str| status.int_at(f).unwrap_or(0));
    new("updatedReplicas") > old("updatedReplicas")
        || new("replicas") - new("updatedReplicas") < old("replicas") - old("updatedReplicas")
        || new("readyReplicas") > old("readyReplicas")
        || new("availableReplicas") > old("availableReplicas")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn deployment(json: &str) -> Object {
        Object::new(Kind::Deployment, Value::from_json(json).unwrap())
    }

    #[test]
    fn fenceposts_of_the_defaults() {
        for (n, surge, unavailable) in [(1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 1), (10, 3, 2), (0, 0, 0)] {
            let d = deployment(&format!(
                r#"{{"spec":{{"replicas":{n},"strategy":{{"type":"RollingUpdate",
                "rollingUpdate":{{"maxSurge":"25%","maxUnavailable":"25%"}}}}}}}}"#
            ));
            assert_eq!((max_surge(&d), max_unavailable(&d)), (surge, unavailable), "{n}");
        }
    }

    #[test]
    fn a_percentage_that_rounds_to_nothing_lets_one_be_unavailable() {
        let d = deployment(
            r#"{"spec":{"replicas":3,"strategy":{"type":"RollingUpdate",
            "rollingUpdate":{"maxSurge":0,"maxUnavailable":"10%"}}}}"#,
        );
        assert_eq!((max_surge(&d), max_unavailable(&d)), (0, 1));
    }

    #[test]
    fn shares_are_rounded() {
        let d = deployment(
            r#"{"spec":{"replicas":15,"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":3,"maxUnavailable":2}}}}"#,
        );
        let rs = |n: i64| {
            deployment(&format!(
                r#"{{"metadata":{{"annotations":{{"{MAX_REPLICAS}":"13"}}}},"spec":{{"replicas":{n}}}}}"#
            ))
        };
        // The documentation's example: 8 and 5 of 13 become 11 and 7 of 18.
        assert_eq!(proportion(&d, &rs(8), 5, 0), 3);
        assert_eq!(proportion(&d, &rs(5), 5, 3), 2);
    }
}
