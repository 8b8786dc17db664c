//! Conditions in the status of workloads, and the numbers their specs give as a count or a percentage.
//!
//! Models the condition helpers of `pkg/controller/{replicaset,deployment,statefulset}` and apimachinery `util/intstr`.

use crate::api::{Value, int_or_string};

/// The condition of a type in a list of conditions.
pub fn find<'v>(conditions: &'v Value, kind: &str) -> Option<&'v Value> {
    conditions.items().iter().find(|c| c.str_at("type") == kind)
}

/// Takes the condition of a type out of `status.conditions`; the list goes with its last entry.
pub fn remove(status: &mut Value, kind: &str) {
    if find(status.at("conditions"), kind).is_none() {
        return;
    }
    let list = status.slot("conditions").make_array();
    list.retain(|c| c.str_at("type") != kind);
    if list.is_empty() {
        status.unset("conditions");
    }
}

/// Puts a condition at the end of the list, in place of the one of its type, unless that says the same (status and
/// reason). Where the status stays the same, so does `lastTransitionTime`, if `keep_transition`.
pub fn set(status: &mut Value, mut condition: Value, keep_transition: bool) {
    let kind = condition.str_at("type").to_owned();
    if let Some(old) = find(status.at("conditions"), &kind)
        && old.str_at("status") == condition.str_at("status")
    {
        if old.str_at("reason") == condition.str_at("reason") {
            return;
        }
        if keep_transition {
            condition.set("lastTransitionTime", old.at("lastTransitionTime").clone());
        }
    }
    remove(status, &kind);
    status.slot("conditions").make_array().push(condition);
}

/// A number given as such or as a percentage of a total; what cannot be read is 0.
pub fn scaled(value: &Value, total: i64, round_up: bool) -> i64 {
    int_or_string::scaled(value, total, round_up).unwrap_or(0)
}

/// Puts a count into a status, or takes the field away where the count is 0 and JSON leaves it out.
pub fn set_count(status: &mut Value, field: &'static str, count: i64) {
    if count == 0 {
        status.unset(field);
    } else {
        status.set(field, count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn scaled_values() {
        for (value, total, up, want) in [
            (json!("25%"), 3, true, 1),
            (json!("25%"), 3, false, 0),
            (json!("100%"), 3, true, 3),
            (json!(2), 9, true, 2),
            (json!("50%"), 5, false, 2),
            (json!(null), 5, true, 0),
        ] {
            assert_eq!(scaled(&value, total, up), want, "{value:?} of {total}");
        }
    }

    #[test]
    fn a_condition_that_says_the_same_stays() {
        let mut status =
            json!({"conditions": [{"type": "A", "status": "True", "reason": "R", "lastTransitionTime": 1}]});
        let before = status.clone();
        set(&mut status, json!({"type": "A", "status": "True", "reason": "R", "lastTransitionTime": 2}), true);
        assert_eq!(status, before);
        set(&mut status, json!({"type": "A", "status": "True", "reason": "S", "lastTransitionTime": 2}), true);
        assert_eq!(
            (status.str_at("conditions.0.reason"), status.int_at("conditions.0.lastTransitionTime")),
            ("S", Some(1))
        );
        remove(&mut status, "A");
        assert_eq!(status, json!({}));
    }
}
