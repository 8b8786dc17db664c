//! What `kubectl get pods` prints of a Pod: READY, STATUS, RESTARTS. Models `printPod` of kubectl's printers.

use batchyard_engine::api::Value;

/// The columns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Columns {
    /// STATUS.
    pub word: String,
    /// READY, as two numbers.
    pub ready: (usize, usize),
    /// RESTARTS, the number.
    pub restarts: i64,
    /// The exit code of the container that decides STATUS, while it has ended.
    pub exit: Option<i64>,
}

fn terminated_word(state: &Value) -> String {
    match (state.str_at("terminated.reason"), state.int_at("terminated.signal").unwrap_or(0)) {
        ("", 0) => format!("ExitCode:{}", state.int_at("terminated.exitCode").unwrap_or(0)),
        ("", n) => format!("Signal:{n}"),
        (reason, _) => reason.to_owned(),
    }
}

/// The columns of a Pod.
pub fn columns(pod: &Value) -> Columns {
    let status = pod.at("status");
    let mut word = match status.str_at("reason") {
        "" => status.str_at("phase").to_owned(),
        reason => reason.to_owned(),
    };
    let condition = |kind: &str| status.at("conditions").items().iter().find(|c| c.str_at("type") == kind);
    if condition("PodScheduled").is_some_and(|c| c.str_at("reason") == "SchedulingGated") {
        word = "SchedulingGated".into();
    }
    let init = pod.at("spec.initContainers").items();
    let sidecar = |name: &str| init.iter().any(|c| c.str_at("name") == name && c.str_at("restartPolicy") == "Always");
    let mut total = pod.at("spec.containers").items().len();
    total += init.iter().filter(|c| c.str_at("restartPolicy") == "Always").count();
    let (mut ready, mut restarts, mut sidecar_restarts, mut exit) = (0, 0, 0, None);
    let mut initializing = false;
    for (i, c) in status.at("initContainerStatuses").items().iter().enumerate() {
        let (name, state) = (c.str_at("name"), c.at("state"));
        let count = c.int_at("restartCount").unwrap_or(0);
        restarts += count;
        if sidecar(name) {
            sidecar_restarts += count;
        }
        let terminated = !state.at("terminated").is_null();
        if terminated && state.int_at("terminated.exitCode") == Some(0) {
            continue;
        }
        if sidecar(name) && c.bool_at("started") {
            ready += usize::from(c.bool_at("ready"));
            continue;
        }
        word = if terminated {
            exit = state.int_at("terminated.exitCode");
            match (state.str_at("terminated.reason"), state.int_at("terminated.signal").unwrap_or(0)) {
                ("", 0) => format!("Init:ExitCode:{}", exit.unwrap_or(0)),
                ("", n) => format!("Init:Signal:{n}"),
                (reason, _) => format!("Init:{reason}"),
            }
        } else {
            match state.str_at("waiting.reason") {
                "" | "PodInitializing" => format!("Init:{i}/{}", init.len()),
                reason => format!("Init:{reason}"),
            }
        };
        initializing = true;
        break;
    }
    if !initializing || condition("Initialized").is_some_and(|c| c.str_at("status") == "True") {
        restarts = sidecar_restarts;
        let mut running = false;
        for c in status.at("containerStatuses").items().iter().rev() {
            let state = c.at("state");
            restarts += c.int_at("restartCount").unwrap_or(0);
            match (state.str_at("waiting.reason"), state.at("terminated").is_null()) {
                ("", true) => {
                    let runs = !state.at("running").is_null();
                    if runs && c.bool_at("ready") {
                        running = true;
                        ready += 1;
                    }
                }
                ("", false) => {
                    word = terminated_word(state);
                    exit = state.int_at("terminated.exitCode");
                }
                (reason, _) => {
                    reason.clone_into(&mut word);
                    exit = None;
                }
            }
        }
        if word == "Completed" && running {
            let is_ready = condition("Ready").is_some_and(|c| c.str_at("status") == "True");
            (if is_ready { "Running" } else { "NotReady" }).clone_into(&mut word);
        }
    }
    let over = matches!(status.str_at("phase"), "Succeeded" | "Failed");
    if !pod.at("metadata.deletionTimestamp").is_null() {
        if status.str_at("reason") == "NodeLost" {
            "Unknown".clone_into(&mut word);
        } else if !over {
            "Terminating".clone_into(&mut word);
        }
    }
    if word.is_empty() {
        "Pending".clone_into(&mut word);
    }
    Columns { word, ready: (ready, total), restarts, exit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(status: &str, more: &str) -> Value {
        Value::from_json(&format!(
            r#"{{"metadata":{{{more}}},"spec":{{"containers":[{{"name":"a"}},{{"name":"b"}}],"initContainers":[{{"name":"i"}},{{"name":"s","restartPolicy":"Always"}}]}},"status":{status}}}"#
        ))
        .expect("JSON")
    }

    #[test]
    fn status_is_what_kubectl_prints() {
        let init = r#""initContainerStatuses":[{"name":"i","restartCount":1,"state":{"terminated":{"exitCode":0}}},{"name":"s","started":true,"ready":true,"restartCount":0,"state":{"running":{}}}]"#;
        for (status, word, ready, restarts) in [
            (r#"{"phase":"Pending"}"#.to_owned(), "Pending", (0, 3), 0),
            (r#"{"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"waiting":{"reason":"PodInitializing"}}}]}"#.into(), "Init:0/2", (0, 3), 0),
            (r#"{"phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}"#.into(), "Init:CrashLoopBackOff", (0, 3), 2),
            (
                format!(r#"{{"phase":"Running",{init},"containerStatuses":[{{"name":"a","state":{{"terminated":{{"exitCode":0,"reason":"Completed"}}}}}},{{"name":"b","ready":true,"restartCount":2,"state":{{"running":{{}}}}}}],"conditions":[{{"type":"Ready","status":"False"}}]}}"#),
                "NotReady",
                (2, 3),
                2,
            ),
            (
                format!(r#"{{"phase":"Failed",{init},"containerStatuses":[{{"name":"a","state":{{"terminated":{{"exitCode":3,"reason":"Error"}}}}}},{{"name":"b","state":{{"terminated":{{"exitCode":0,"reason":"Completed"}}}}}}]}}"#),
                "Error",
                (1, 3),
                0,
            ),
            (r#"{"phase":"Failed","reason":"Evicted"}"#.into(), "Evicted", (0, 3), 0),
        ] {
            let c = columns(&pod(&status, ""));
            assert_eq!((&*c.word, c.ready, c.restarts), (word, ready, restarts), "{status}");
        }
        let gone = r#""deletionTimestamp":"2026-11-24T09:00:00Z""#;
        assert_eq!(columns(&pod(r#"{"phase":"Running"}"#, gone)).word, "Terminating");
        assert_eq!(columns(&pod(r#"{"phase":"Succeeded"}"#, gone)).word, "Succeeded");
    }
}
