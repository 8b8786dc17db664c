//! Scripted behaviour: the steps that a Pod's annotations give its containers.
//!
//! `batchyard.dev/attempts: "exit 1 after 5s; exit 0 after 3s"`: the nth start follows the nth step, the last repeats.

use crate::api::Object;
use crate::clock::{Millis, parse_go_duration};

/// What a step does in the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Ends with an exit code.
    Exit,
    /// Is killed for its memory.
    Oom,
    /// Runs for ever and ignores SIGTERM.
    Hang,
}

/// One step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// What it does.
    pub verb: Verb,
    /// The exit code.
    pub code: i64,
    /// After how long.
    pub after: Millis,
}

const PREFIX: &str = "batchyard.dev/attempts";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
const CONTROLLER: &str = "batch.kubernetes.io/controller-uid";

/// The annotation that scripts a container of a Pod: the narrowest of those that name it.
pub fn script<'a>(pod: &'a Object, container: &str) -> Option<&'a str> {
    let index = pod.annotation(INDEX).unwrap_or("");
    let annotations = pod.at("metadata.annotations");
    annotations.as_object()?;
    [
        format!("{PREFIX}.{container}.index-{index}"),
        format!("{PREFIX}.index-{index}"),
        format!("{PREFIX}.{container}"),
        PREFIX.to_owned(),
    ]
    .iter()
    .find_map(|key| annotations.get(key).and_then(crate::api::Value::as_str))
    .filter(|text| !text.is_empty())
}

/// By what starts are counted: over all Pods of a Job (of one index, if it is Indexed), else by Pod.
pub fn attempt_key(pod: &Object, container: &str) -> String {
    let owner = pod.label(CONTROLLER).unwrap_or(pod.uid());
    [owner, "/", pod.annotation(INDEX).unwrap_or(""), "/", container].concat()
}

/// Reads the step of the nth start.
pub fn step_at(script: &str, attempt: usize) -> Result<Step, String> {
    let steps: Vec<&str> = script.split(';').collect();
    parse_step(steps[attempt.min(steps.len() - 1)])
}

fn parse_step(text: &str) -> Result<Step, String> {
    let bad = || format!("cannot read step {text:?}");
    let (what, after) = match text.trim().split_once(" after ") {
        Some((w, a)) => (w, Some(a)),
        None => (text.trim(), None),
    };
    let (verb, code) = match what.split_once(' ') {
        Some((v, c)) => (v, c.parse().map_err(|_| bad())?),
        None => (what, 0),
    };
    let verb = match verb {
        "exit" => Verb::Exit,
        "oom" => Verb::Oom,
        "hang" => Verb::Hang,
        _ => return Err(bad()),
    };
    let after = match after {
        Some(a) => parse_go_duration(a).ok_or_else(|| format!("time: invalid duration {a:?}"))?,
        None => 0,
    };
    Ok(Step { verb, code, after })
}

impl Step {
    /// The line that a scripted container prints when it starts.
    pub fn log_line(self) -> String {
        let verb = match self.verb {
            Verb::Exit => "exit",
            Verb::Oom => "oom",
            Verb::Hang => "hang",
        };
        format!("step: {verb} {} after {}", self.code, crate::clock::go_duration(self.after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps() {
        let s = "exit 1 after 5s; oom after 1m30s; hang";
        for (n, verb, code, after) in
            [(0, Verb::Exit, 1, 5_000), (1, Verb::Oom, 0, 90_000), (2, Verb::Hang, 0, 0), (9, Verb::Hang, 0, 0)]
        {
            assert_eq!(step_at(s, n), Ok(Step { verb, code, after }), "{n}");
        }
        assert!(step_at("explode", 0).is_err());
        assert_eq!(step_at("exit 1 after 1m30s", 0).unwrap().log_line(), "step: exit 1 after 1m30s");
    }
}
