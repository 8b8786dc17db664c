//! Questions to a Pod's spec.
//!
//! Models `pkg/api/v1/pod/util.go` and `pkg/kubelet/container/helpers.go`.

use super::pod::Observed;
use crate::api::Value;
use crate::runtime::State;

/// Whether an init container is a sidecar.
pub fn is_sidecar(container: &Value) -> bool {
    container.str_at("restartPolicy") == "Always"
}

/// Whether a rule's exit codes hold an exit code.
fn rule_matches(rule: &Value, code: i64) -> bool {
    let codes = rule.at("exitCodes");
    let listed = codes.at("values").items().iter().any(|v| v.as_i64() == Some(code));
    match codes.str_at("operator") {
        "In" => listed,
        "NotIn" => !listed,
        _ => false,
    }
}

/// Whether an exit code makes all containers of the Pod start anew.
fn restarts_all(container: &Value, code: i64) -> bool {
    let rules = container.at("restartPolicyRules").items();
    let rule = rules.iter().find(|r| rule_matches(r, code));
    rule.is_some_and(|r| r.str_at("action") == "RestartAllContainers")
}

fn all_containers(pod_spec: &Value) -> impl Iterator<Item = &Value> {
    pod_spec.at("initContainers").items().iter().chain(pod_spec.at("containers").items())
}

/// Whether any container has a rule that starts all anew. Models `AllContainersCouldRestart`.
pub fn all_could_restart(pod_spec: &Value) -> bool {
    all_containers(pod_spec)
        .any(|c| c.at("restartPolicyRules").items().iter().any(|r| r.str_at("action") == "RestartAllContainers"))
}

/// Whether all containers are to start anew, or are doing so. Models `ShouldAllContainersRestart`.
pub fn should_all_restart(pod_spec: &Value, observed: &Observed, old_status: &Value) -> bool {
    let doing = old_status
        .at("conditions")
        .items()
        .iter()
        .any(|c| c.str_at("type") == "AllContainersRestarting" && c.str_at("status") == "True");
    doing
        || all_containers(pod_spec).any(|c| {
            let seen = observed.find(c.str_at("name")).filter(|s| s.state == State::Exited);
            seen.is_some_and(|s| restarts_all(c, s.exit_code))
        })
}

/// Whether this instance's end is what makes all containers start anew.
pub fn is_restart_source(pod_spec: &Value, name: &str, code: i64) -> bool {
    all_containers(pod_spec).any(|c| c.str_at("name") == name && restarts_all(c, code))
}

/// Whether a container that ended with an exit code is to be restarted. Models `ContainerShouldRestart`.
pub fn should_restart(container: &Value, pod_spec: &Value, code: i64) -> bool {
    let own = container.str_at("restartPolicy");
    if !own.is_empty() {
        let rules = container.at("restartPolicyRules").items();
        if let Some(rule) = rules.iter().find(|r| rule_matches(r, code))
            && matches!(rule.str_at("action"), "Restart" | "RestartAllContainers")
        {
            return true;
        }
    }
    match if own.is_empty() { pod_spec.str_at("restartPolicy") } else { own } {
        "Never" => false,
        "OnFailure" => code != 0,
        _ => true,
    }
}

/// Whether a container is to be started at the next sync. Models `ShouldContainerBeRestarted`.
pub fn should_be_started(container: &Value, pod_spec: &Value, deleting: bool, observed: &Observed) -> bool {
    if deleting {
        return false;
    }
    match observed.find(container.str_at("name")) {
        None => true,
        Some(c) => match c.state {
            State::Running => false,
            State::Created => true,
            State::Exited => should_restart(container, pod_spec, c.exit_code),
        },
    }
}

/// Whether any app container was ever made. Models `HasAnyRegularContainerCreated`.
pub fn any_app_container(pod_spec: &Value, observed: &Observed) -> bool {
    pod_spec.at("containers").items().iter().any(|c| observed.find(c.str_at("name")).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_rules() {
        let v = |t: &str| Value::from_json(t).unwrap();
        let rules = r#"{"restartPolicy":"Never","restartPolicyRules":[{"action":"Restart","exitCodes":{"operator":"In","values":[42]}}]}"#;
        for (container, pod, code, want) in [
            ("{}", "Never", 1, false),
            ("{}", "OnFailure", 1, true),
            ("{}", "OnFailure", 0, false),
            ("{}", "Always", 0, true),
            (r#"{"restartPolicy":"OnFailure"}"#, "Never", 3, true),
            (rules, "Always", 42, true),
            (rules, "Always", 1, false),
        ] {
            let spec = v(&format!(r#"{{"restartPolicy":"{pod}"}}"#));
            assert_eq!(should_restart(&v(container), &spec, code), want, "{container} {pod} {code}");
        }
    }
}
