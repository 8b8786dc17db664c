//! When a Job counts as successful although not every index succeeded.
//!
//! Models `pkg/controller/job/success_policy.go`.

use super::intervals::OrderedIntervals;
use crate::api::Value;

/// The message of the first rule that is met, if any.
pub(super) fn match_success_policy(policy: &Value, completions: i64, succeeded: &OrderedIntervals) -> Option<String> {
    if policy.is_null() || succeeded.is_empty() {
        return None;
    }
    let met = |rule: &Value| {
        let count = rule.int_at("succeededCount");
        match rule.at("succeededIndexes").as_str() {
            Some(indexes) => {
                let required = OrderedIntervals::parse(indexes, completions);
                !required.is_empty() && indexes_rule(&required, succeeded, count)
            }
            None => count.is_some_and(|n| succeeded.total() >= n),
        }
    };
    let index = policy.at("rules").items().iter().position(met)?;
    Some(format!("Matched rules at index {index}"))
}

/// Whether all the required indexes succeeded, or enough of them.
fn indexes_rule(required: &OrderedIntervals, succeeded: &OrderedIntervals, count: Option<i64>) -> bool {
    let (mut contains, mut r, mut s) = (0, 0, 0);
    while let (Some(rule), Some(have)) = (required.0.get(r), succeeded.0.get(s)) {
        contains += (rule.last.min(have.last) - rule.first.max(have.first) + 1).max(0);
        if have.last <= rule.last {
            s += 1;
        }
        if rule.last <= have.last {
            r += 1;
        }
    }
    contains == required.total() || count.is_some_and(|n| contains >= n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        for (rules, succeeded, want) in [
            (r#"[{"succeededIndexes":"0-2"}]"#, "0-2", Some(0)),
            (r#"[{"succeededIndexes":"0-2"}]"#, "0,1,5", None),
            (r#"[{"succeededIndexes":"0-2","succeededCount":2}]"#, "0,1,5", Some(0)),
            (r#"[{"succeededCount":3}]"#, "1,5,7", Some(0)),
            (r#"[{"succeededCount":3}]"#, "1,5", None),
            (r#"[{"succeededCount":9},{"succeededIndexes":"5"}]"#, "1,5", Some(1)),
            (r#"[{"succeededIndexes":"20-30"}]"#, "1,5", None),
            (r#"[{"succeededIndexes":"0-9","succeededCount":1}]"#, "", None),
            (r#"[{"succeededIndexes":"0,2,4,6-8"}]"#, "0-4,6-9", Some(0)),
        ] {
            let policy = Value::from_json(&format!(r#"{{"rules":{rules}}}"#)).unwrap();
            let got = match_success_policy(&policy, 10, &OrderedIntervals::parse(succeeded, 10));
            assert_eq!(got, want.map(|i: i32| format!("Matched rules at index {i}")), "{rules} {succeeded}");
        }
        assert_eq!(match_success_policy(&Value::Null, 10, &OrderedIntervals::parse("1", 10)), None);
    }
}
