//! A Pod's row, and the word of its STATUS column.
//!
//! Models `printPod` of `pkg/printers/internalversion/printers.go`.

use std::borrow::Cow;

use crate::api::{Object, Value};
use crate::clock::{Time, human_duration};

use super::age;

/// What `kubectl get pods` says of a Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodStatusWord<'a> {
    /// The STATUS column: `Running`, `CrashLoopBackOff`, `Init:0/1`.
    pub word: Cow<'a, str>,
    /// Containers that are ready.
    pub ready: usize,
    /// Containers that count for READY.
    pub total: usize,
    /// The RESTARTS column.
    pub restarts: i64,
    /// When the last restarted container had ended.
    pub last_restart: Option<Time>,
}

fn newest(a: &mut Option<Time>, status: &Value) {
    let ended = status.at("lastState.terminated.finishedAt").as_str().and_then(Time::parse_rfc3339);
    if ended > *a {
        *a = ended;
    }
}

/// The reason of a container that has ended, or what stands for it.
fn end_word<'a>(terminated: &'a Value, prefix: &str) -> Cow<'a, str> {
    let reason = terminated.str_at("reason");
    if !reason.is_empty() {
        return if prefix.is_empty() { reason.into() } else { format!("{prefix}{reason}").into() };
    }
    match terminated.int_at("signal").unwrap_or(0) {
        0 => format!("{prefix}ExitCode:{}", terminated.int_at("exitCode").unwrap_or(0)).into(),
        signal => format!("{prefix}Signal:{signal}").into(),
    }
}

/// Reads a Pod's status as the STATUS, READY and RESTARTS columns show it. Only walks the container statuses.
pub fn pod_status_word(pod: &Object) -> PodStatusWord<'_> {
    let (spec, status) = (pod.at("spec"), pod.at("status"));
    let phase = status.str_at("phase");
    let own_reason = status.str_at("reason");
    let mut word: Cow<'_, str> = if own_reason.is_empty() { phase.into() } else { own_reason.into() };
    if pod.condition("PodScheduled").is_some_and(|c| c.str_at("reason") == "SchedulingGated") {
        word = "SchedulingGated".into();
    }
    let init_specs = spec.at("initContainers").items();
    let is_sidecar =
        |name: &str| init_specs.iter().any(|c| c.str_at("name") == name && c.str_at("restartPolicy") == "Always");
    let sidecars = init_specs.iter().filter(|c| c.str_at("restartPolicy") == "Always").count();
    let total = spec.at("containers").items().len() + sidecars;
    let (mut ready, mut restarts, mut sidecar_restarts) = (0, 0, 0);
    let (mut last, mut sidecar_last) = (None, None);
    let mut initializing = false;
    for (i, c) in status.at("initContainerStatuses").items().iter().enumerate() {
        let count = c.int_at("restartCount").unwrap_or(0);
        restarts += count;
        newest(&mut last, c);
        let sidecar = is_sidecar(c.str_at("name"));
        if sidecar {
            sidecar_restarts += count;
            newest(&mut sidecar_last, c);
        }
        let terminated = c.at("state.terminated");
        if !terminated.is_null() && terminated.int_at("exitCode").unwrap_or(0) == 0 {
            continue;
        }
        if sidecar && c.bool_at("started") {
            ready += usize::from(c.bool_at("ready"));
            continue;
        }
        let waiting = c.str_at("state.waiting.reason");
        word = if !terminated.is_null() {
            end_word(terminated, "Init:")
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}").into()
        } else {
            format!("Init:{i}/{}", init_specs.len()).into()
        };
        initializing = true;
        break;
    }
    if !initializing || pod.condition_is_true("Initialized") {
        (restarts, last) = (sidecar_restarts, sidecar_last);
        let mut running = false;
        let mut error = None;
        for c in status.at("containerStatuses").items().iter().rev() {
            restarts += c.int_at("restartCount").unwrap_or(0);
            newest(&mut last, c);
            let waiting = c.str_at("state.waiting.reason");
            let terminated = c.at("state.terminated");
            if !waiting.is_empty() {
                word = waiting.into();
            } else if !terminated.is_null() {
                word = end_word(terminated, "");
                if terminated.int_at("exitCode").unwrap_or(0) != 0 {
                    error = Some(word.clone());
                }
            } else if c.bool_at("ready") && !c.at("state.running").is_null() {
                running = true;
                ready += 1;
            }
        }
        if word == "Completed" {
            if running && pod.condition_is_true("Ready") {
                word = "Running".into();
            } else if let Some(error) = error {
                word = error;
            } else if running {
                word = "NotReady".into();
            }
        }
    }
    if pod.is_deleting() {
        if own_reason == "NodeLost" {
            word = "Unknown".into();
        } else if !matches!(phase, "Succeeded" | "Failed") {
            word = "Terminating".into();
        }
    }
    PodStatusWord { word, ready, total, restarts, last_restart: last }
}

pub(super) fn row(pod: &Object, now: Time) -> Vec<Value> {
    let s = pod_status_word(pod);
    let restarts = match s.last_restart {
        Some(t) if s.restarts != 0 => format!("{} ({} ago)", s.restarts, human_duration(now - t)),
        _ => s.restarts.to_string(),
    };
    let or_none = |v: &Value| Value::from(v.as_str().filter(|t| !t.is_empty()).unwrap_or("<none>"));
    let gates = pod.at("spec.readinessGates").items();
    let met = gates.iter().filter(|g| pod.condition_is_true(g.str_at("conditionType"))).count();
    vec![
        pod.name().into(),
        format!("{}/{}", s.ready, s.total).into(),
        Value::from(s.word.as_ref()),
        restarts.into(),
        age(pod, now),
        or_none(pod.at("status.podIPs.0.ip")),
        or_none(pod.at("spec.nodeName")),
        or_none(pod.at("status.nominatedNodeName")),
        if gates.is_empty() { "<none>".into() } else { format!("{met}/{}", gates.len()).into() },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn word(json: &str) -> String {
        let pod = Object::new(Kind::Pod, Value::from_json(json).unwrap());
        let s = pod_status_word(&pod);
        format!("{}/{} {} {}", s.ready, s.total, s.word, s.restarts)
    }

    #[test]
    fn words() {
        for (status, want) in [
            (r#""phase":"Pending""#, "0/1 Pending 0"),
            (
                r#""phase":"Running","containerStatuses":[{"name":"a","restartCount":2,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]"#,
                "0/1 CrashLoopBackOff 2",
            ),
            (
                r#""phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":0,"state":{"running":{}}}]"#,
                "0/1 Init:0/1 0",
            ),
            (
                r#""phase":"Failed","containerStatuses":[{"name":"a","restartCount":0,"state":{"terminated":{"exitCode":3}}}]"#,
                "0/1 ExitCode:3 0",
            ),
        ] {
            let json = format!(
                r#"{{"metadata":{{"name":"p"}},"spec":{{"containers":[{{"name":"a"}}],"initContainers":[{{"name":"i"}}]}},"status":{{{status}}}}}"#
            );
            assert_eq!(word(&json), want);
        }
    }
}
