//! What a Pod's failure means to its Job, by its exit codes and conditions.
//!
//! Models `pkg/controller/job/pod_failure_policy.go`.

use crate::api::{Object, Value};

/// What the first matching rule says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Ignore,
    Count,
    FailIndex,
    FailJob,
}

/// How a policy judges a failed Pod.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Verdict {
    /// The rule's action, if a rule matched.
    pub action: Option<Action>,
    /// The Job's failure message, under FailJob.
    pub message: Option<String>,
}

impl Verdict {
    /// Whether the failure counts towards the limits.
    pub fn counts(&self) -> bool {
        self.action != Some(Action::Ignore)
    }
}

/// Judges a failed Pod. Without a policy every failure counts.
pub(super) fn match_pod_failure_policy(policy: &Value, pod: &Object) -> Verdict {
    for (index, rule) in policy.at("rules").items().iter().enumerate() {
        let name = rule.str_at("action");
        let about = || format!("{}/{}", pod.namespace(), pod.name());
        let exit_codes = rule.at("onExitCodes");
        let conditions = rule.at("onPodConditions");
        let message = if !exit_codes.is_null() {
            let Some(status) = match_on_exit_codes(pod, exit_codes) else { continue };
            let code = status.int_at("state.terminated.exitCode").unwrap_or(0);
            let container = status.str_at("name");
            format!(
                "Container {container} for pod {} failed with exit code {code} matching {name} rule at index {index}",
                about()
            )
        } else if !conditions.is_null() {
            let Some(condition) = match_on_pod_conditions(pod, conditions) else { continue };
            format!("Pod {} has condition {condition} matching {name} rule at index {index}", about())
        } else {
            continue;
        };
        let action = match name {
            "Ignore" => Action::Ignore,
            "Count" => Action::Count,
            "FailIndex" => Action::FailIndex,
            "FailJob" => Action::FailJob,
            _ => continue,
        };
        return Verdict { action: Some(action), message: Some(message).filter(|_| action == Action::FailJob) };
    }
    Verdict::default()
}

/// The first container that ended as required, ordinary ones before init containers.
fn match_on_exit_codes<'a>(pod: &'a Object, requirement: &Value) -> Option<&'a Value> {
    let named = requirement.at("containerName").as_str();
    let values = requirement.at("values").items();
    let matches = |status: &&Value| {
        let Some(code) = status.int_at("state.terminated.exitCode") else { return false };
        let listed = values.iter().any(|v| v.as_i64() == Some(code));
        let matched = match requirement.str_at("operator") {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        };
        named.is_none_or(|n| n == status.str_at("name")) && code != 0 && matched
    };
    let find = |list: &'a Value| list.items().iter().find(matches);
    find(pod.at("status.containerStatuses")).or_else(|| find(pod.at("status.initContainerStatuses")))
}

/// The type of the first of the Pod's conditions that a pattern matches.
fn match_on_pod_conditions<'a>(pod: &'a Object, patterns: &Value) -> Option<&'a str> {
    let matches = |condition: &&Value| {
        patterns.items().iter().any(|p| {
            let status = p.at("status").as_str().unwrap_or("True");
            p.str_at("type") == condition.str_at("type") && status == condition.str_at("status")
        })
    };
    pod.at("status.conditions").items().iter().find(matches).map(|c| c.str_at("type"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    #[test]
    fn rules() {
        let pod = Object::new(
            Kind::Pod,
            Value::from_json(
                r#"{"metadata":{"namespace":"ns","name":"p"},"status":{
                "conditions":[{"type":"Ready","status":"False"},{"type":"DisruptionTarget","status":"True"}],
                "containerStatuses":[{"name":"main","state":{"terminated":{"exitCode":42}}},
                    {"name":"side","state":{"terminated":{"exitCode":0}}},{"name":"slow","state":{"running":{}}}],
                "initContainerStatuses":[{"name":"init","state":{"terminated":{"exitCode":7}}}]}}"#,
            )
            .unwrap(),
        );
        let codes = |action: &str, rest: &str| format!(r#"{{"action":"{action}","onExitCodes":{{{rest}}}}}"#);
        let disrupted = r#"{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget"}]}"#;
        let not_ready = r#"{"action":"FailJob","onPodConditions":[{"type":"Ready","status":"False"}]}"#;
        for (rules, action, message) in [
            (codes("Count", r#""operator":"In","values":[1,42]"#), Some(Action::Count), None),
            (
                codes("FailJob", r#""operator":"In","values":[1,42]"#),
                Some(Action::FailJob),
                Some("Container main for pod ns/p failed with exit code 42 matching FailJob rule at index 0"),
            ),
            (codes("FailIndex", r#""operator":"NotIn","values":[1]"#), Some(Action::FailIndex), None),
            (codes("Ignore", r#""operator":"NotIn","values":[42]"#), Some(Action::Ignore), None),
            (codes("Ignore", r#""operator":"In","values":[0]"#), None, None),
            (codes("Ignore", r#""containerName":"side","operator":"NotIn","values":[42]"#), None, None),
            (codes("Ignore", r#""containerName":"init","operator":"In","values":[7]"#), Some(Action::Ignore), None),
            (disrupted.to_owned(), Some(Action::Ignore), None),
            (format!("{disrupted},{not_ready}"), Some(Action::Ignore), None),
            (
                format!("{},{not_ready}", codes("Count", r#""operator":"In","values":[1]"#)),
                Some(Action::FailJob),
                Some("Pod ns/p has condition Ready matching FailJob rule at index 1"),
            ),
        ] {
            let policy = Value::from_json(&format!(r#"{{"rules":[{rules}]}}"#)).unwrap();
            let want = Verdict { action, message: message.map(str::to_owned) };
            assert_eq!(match_pod_failure_policy(&policy, &pod), want, "{rules}");
        }
        assert_eq!(match_pod_failure_policy(&Value::Null, &pod), Verdict::default());
    }
}
