//! The columns of `kubectl get pods`, with the exit code that STATUS is about.

use batchyard_engine::api::{Object, Value};
use batchyard_engine::cluster::pod_status_word;

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

/// The exit code of the first container that has ended, none where an earlier one waits: the one whose word STATUS is.
fn exit_of(pod: &Value) -> Option<i64> {
    let failed_init = pod
        .at("status.initContainerStatuses")
        .items()
        .iter()
        .find_map(|c| c.at("state").int_at("terminated.exitCode").filter(|n| *n != 0));
    if failed_init.is_some() {
        return failed_init;
    }
    let states = pod.at("status.containerStatuses").items().iter().map(|c| c.at("state"));
    let deciding = states.clone().find(|s| {
        s.at("running").is_null() && !(s.at("terminated").is_null() && s.str_at("waiting.reason").is_empty())
    })?;
    deciding.int_at("terminated.exitCode")
}

/// The columns of a Pod.
pub fn columns(pod: &Object) -> Columns {
    let c = pod_status_word(pod);
    let word = if c.word.is_empty() { "Pending".to_owned() } else { c.word.into_owned() };
    Columns { word, ready: (c.ready, c.total), restarts: c.restarts, exit: exit_of(pod.body()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_that_of_the_container_whose_word_is_shown() {
        let pod = |states: &str| {
            Value::from_json(&format!(r#"{{"status":{{"containerStatuses":[{states}]}}}}"#)).expect("JSON")
        };
        let ended = |n: i32| format!(r#"{{"state":{{"terminated":{{"exitCode":{n},"reason":"Error"}}}}}}"#);
        assert_eq!(exit_of(&pod(&format!("{},{}", ended(3), ended(0)))), Some(3));
        assert_eq!(exit_of(&pod(&format!(r#"{{"state":{{"running":{{}}}}}},{}"#, ended(1)))), Some(1));
        assert_eq!(
            exit_of(&pod(&format!(r#"{{"state":{{"waiting":{{"reason":"CrashLoopBackOff"}}}}}},{}"#, ended(1)))),
            None
        );
        assert_eq!(exit_of(&pod("")), None);
    }
}
