//! What the page says in words: the strip under the yard, the moment for the scrubber, what the inspector prints.

use std::rc::Rc;

use yew::AttrValue;

use super::act::{Act, Dialog, Question, Tab, Target};
use super::behaviour::{Ending, Step, preset};
use super::desk::Desk;
use super::manifest::{self, LineMark};
use super::permalink::Broken;
use super::run::TermLine;
use super::text::{count, human, left};
use super::view::{JobView, Workload};
use super::why::{self, Answer};

/// What the strip says.
#[derive(Clone, PartialEq, Debug)]
pub struct Says {
    /// `done`, `fail`, `wait`, or empty for plain.
    pub lamp: &'static str,
    /// The STATUS word whose glyph stands in front; empty for none.
    pub glyph: &'static str,
    /// In bold.
    pub title: AttrValue,
    /// The sentence; parts between backticks are Kubernetes' words.
    pub text: AttrValue,
    /// Whether Why? can be asked, and what it is.
    pub why: Option<Act>,
    /// What can be done next.
    pub next: Vec<(AttrValue, Act)>,
    /// A page to go to.
    pub link: Option<(&'static str, &'static str)>,
}

/// What stands on the page besides stage and timeline, at an instant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Shown {
    /// Marks and live counts beside the manifest's lines.
    pub marks: Rc<Vec<LineMark>>,
    /// STATUS of each attempt that has begun.
    pub attempts: Rc<Vec<AttrValue>>,
    /// The strip under the yard.
    pub outcome: Option<Says>,
    /// The moment in words.
    pub moment: AttrValue,
    /// The terminal.
    pub terminal: Rc<Vec<TermLine>>,
    /// Lines to try in it.
    pub tries: Rc<Vec<AttrValue>>,
    /// The inspector.
    pub inspected: Inspected,
    /// The answer to a Why?
    pub answer: Option<Answer>,
}

/// What stands on the page now. `before` is what stood there: the inspector marks what has changed since. Asking kubectl for
/// the inspector takes longest; without `inspect` it stays as it is.
pub fn shown(desk: &Desk, before: &Shown, inspect: bool) -> Shown {
    let mut inspected = if inspect { inspected(desk) } else { before.inspected.clone() };
    let same = inspected.target == before.inspected.target && inspected.tab == before.inspected.tab;
    if same && inspected.text == before.inspected.text {
        inspected.before = before.inspected.before.clone();
    } else if same {
        inspected.before = before.inspected.text.clone();
    }
    Shown {
        marks: Rc::new(manifest::marks(&desk.draft, &desk.drafts, &desk.scene)),
        attempts: Rc::new(attempts(desk)),
        outcome: outcome(desk),
        moment: moment(desk),
        terminal: Rc::new(desk.run.printed()),
        tries: Rc::new(tries(desk)),
        answer: desk.why.as_ref().and_then(|q| why::answer(desk, q)),
        inspected,
    }
}

/// The strip under the yard.
pub fn outcome(desk: &Desk) -> Option<Says> {
    let plain = |title: &'static str, text: String| Says {
        lamp: "",
        glyph: "",
        title: title.into(),
        text: text.into(),
        why: None,
        next: Vec::new(),
        link: None,
    };
    if desk.refused {
        let text = "The API server rejected the manifest, so nothing was made and no time has passed.".to_owned();
        return Some(Says { lamp: "fail", glyph: "Error", ..plain("Not applied.", text) });
    }
    if !desk.is_applied() {
        let text = "Change a number and they change. Apply to send the first Pod.".to_owned();
        let mut says = plain("Your YAML has laid the tracks.", text);
        says.next = vec![("Start from another".into(), Act::Dialog(Dialog::Examples)), ("Apply".into(), Act::Apply)];
        return Some(says);
    }
    let job = desk.scene.job()?;
    match &*job.word {
        "Complete" => Some(complete(desk, job, plain("", String::new()))),
        "Failed" => Some(failed(desk, job)),
        _ => stuck(job, &plain("", String::new())),
    }
}

/// The strip of a link that cannot be read.
pub fn broken(broken: &Broken) -> Says {
    let (title, text) = broken.says();
    Says {
        lamp: "fail",
        glyph: "Error",
        title: title.into(),
        text: text.into(),
        why: None,
        next: Vec::new(),
        link: None,
    }
}

fn complete(desk: &Desk, job: &JobView, base: Says) -> Says {
    let mut text = format!("{}: {} succeeded, {} failed. ", count(job.created, "Pod"), job.succeeded, job.failed);
    text += if job.ttl.is_some() {
        "`ttlSecondsAfterFinished` will delete the Job, its Pods and their logs."
    } else {
        "The Pods and their logs stay until the Job is deleted."
    };
    let mut next = Vec::new();
    if desk.behaviour.is_some() && job.failed == 0 {
        next.push(("What if it always fails?".into(), Act::Try(preset("Always fails"))));
    } else if desk.behaviour.is_some() {
        next.push(("What if it never fails?".into(), Act::Try(preset("Succeeds"))));
    }
    Says {
        lamp: "done",
        glyph: "Completed",
        title: format!("Complete in {}.", job.duration).into(),
        text: text.into(),
        next,
        link: Some(compare_with(job)),
        ..base
    }
}

/// The page that shows what the other `restartPolicy` does.
fn compare_with(job: &JobView) -> (&'static str, &'static str) {
    ("compare/", if job.tracks.restarts { "Compare with Never" } else { "Compare with OnFailure" })
}

fn failed(desk: &Desk, job: &JobView) -> Says {
    let limit = job.tracks.limit;
    let text = match &*job.reason {
        "BackoffLimitExceeded" if job.tracks.restarts => {
            format!(
                "Restarts reached `backoffLimit` {limit}. The Job deleted its Pod, and the logs went with it. Use `Never` to keep them."
            )
        }
        "BackoffLimitExceeded" => {
            let retries = if limit == 1 { "1 retry".to_owned() } else { format!("{limit} retries") };
            format!(
                "{} failed; `backoffLimit` {limit} allows {retries}. A Failed Job is never retried.",
                count(job.failed, "Pod")
            )
        }
        "DeadlineExceeded" => "`activeDeadlineSeconds` counts from the start of the Job, all retries included.".into(),
        _ => format!("{}.", job.message.trim_end_matches('.')),
    };
    let mut next = Vec::new();
    if let Some(b) = desk.behaviour.as_ref().filter(|b| !b.steps.is_empty()) {
        // No try after the last one that the limit allows.
        let tries = if job.tracks.restarts { limit } else { limit + 1 };
        let fails = (b.steps.len().max(2) as i64).min(tries - 1);
        let last = b.steps.last().filter(|s| s.ending != Ending::Exit(0) && fails > 0);
        if let Some(last) = last {
            let all = b.steps.iter().chain(std::iter::repeat(last));
            let mut steps: Vec<_> = all.take(fails as usize).cloned().collect();
            steps.push(Step { ending: Ending::Exit(0), ..last.clone() });
            next.push((format!("Let {} {} succeed", b.noun, steps.len()).into(), Act::Try(steps)));
        }
    }
    let after = desk.run.history.work.iter().find(|w| w.key == job.key).and_then(|w| Some(human(w.end?.0 - w.created)));
    let title = after.map_or_else(|| "Failed.".to_owned(), |t| format!("Failed after {t}."));
    Says {
        lamp: "fail",
        glyph: "Error",
        title: title.into(),
        text: text.into(),
        why: Some(Act::Why(Question::Job(job.key.clone()))),
        next,
        link: Some(compare_with(job)),
    }
}

/// A run that will not end by itself.
fn stuck(job: &JobView, base: &Says) -> Option<Says> {
    let pods = job.roads.iter().filter_map(|r| r.pod.as_ref());
    let mut image = pods.clone().filter(|p| matches!(p.look().family, "ErrImagePull" | "ImagePullBackOff"));
    let why = Some(Act::Why(Question::Job(job.key.clone())));
    if image.next().is_some() && job.deadline.is_none() {
        let text = "A Pod that cannot pull its image is active, not failed, so `backoffLimit` never counts it.";
        let next = vec![("Add activeDeadlineSeconds".into(), Act::Set("activeDeadlineSeconds", "60".into()))];
        return Some(Says {
            lamp: "wait",
            glyph: "ImagePullBackOff",
            title: "This will not end by itself.".into(),
            text: text.into(),
            why,
            next,
            ..base.clone()
        });
    }
    None
}

/// The moment in words, for the scrubber.
pub fn moment(desk: &Desk) -> AttrValue {
    let seconds = (desk.run.now() - desk.run.origin).max(0) / 1000;
    let mut text = format!("{}.", count(seconds, "second"));
    if let Some(job) = desk.scene.job() {
        text += &format!(" Job {}.", if job.word.is_empty() { "not created" } else { &job.word });
        if let Some(w) = &job.signal.wait {
            text += &format!(" Back-off, {} seconds left.", left(w.to - desk.run.now()));
            return text.into();
        }
    }
    if let Some(pod) = desk.scene.pods.iter().max_by_key(|p| p.since) {
        text += &format!(" Pod {} {}.", pod.id, pod.word);
    }
    text.into()
}

/// STATUS of each attempt that has begun, for the behaviour panel: each Pod of the first Job, or each start of its container.
pub fn attempts(desk: &Desk) -> Vec<AttrValue> {
    if !desk.is_applied() {
        return Vec::new();
    }
    let now = desk.run.now();
    // Of one index or one of several containers, the Pods are not told apart here.
    let all = |b: &&super::behaviour::Behaviour| b.scope.is_all();
    let rows = desk.behaviour.as_ref().filter(all).map_or(0, |b| b.rows().len());
    let pods = desk.run.history.pods.iter().filter(|p| p.created <= now).take(rows);
    if desk.behaviour.as_ref().is_some_and(|b| b.restarts) {
        let Some(pod) = pods.clone().next() else { return Vec::new() };
        // Each start of the container is a Running; what follows tells how it ended.
        let spans: Vec<_> = pod.spans.iter().filter(|s| s.from <= now).collect();
        let starts = spans.iter().enumerate().filter(|(_, s)| &*s.word == "Running");
        return starts.map(|(i, s)| spans.get(i + 1).map_or(s.word.clone(), |n| n.word.clone())).collect();
    }
    pods.map(|p| p.spans.iter().rev().find(|s| s.from <= now).map_or_else(|| "Pending".into(), |s| s.word.clone()))
        .collect()
}

/// Two lines to try, which change with the state.
pub fn tries(desk: &Desk) -> Vec<AttrValue> {
    let Some(w) = desk.scene.workloads.first().filter(|_| desk.is_applied()) else {
        return vec!["get jobs".into(), "apply -f job.yaml".into()];
    };
    let name = w.name();
    match w {
        Workload::Job(j) if j.is_over() => {
            vec![format!("describe job {name}").into(), format!("logs job/{name}").into()]
        }
        Workload::Job(_) => vec!["get pods -w".into(), format!("describe job {name}").into()],
        Workload::Cron(_) => vec!["get cronjobs,jobs".into(), format!("create job try --from=cronjob/{name}").into()],
        _ => vec!["get pods".into(), format!("describe {}/{name}", w.kind().to_ascii_lowercase()).into()],
    }
}

/// What the inspector shows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inspected {
    /// The object.
    pub target: Option<Target>,
    /// The tab.
    pub tab: Tab,
    /// Its STATUS.
    pub word: AttrValue,
    /// What kubectl prints.
    pub text: AttrValue,
    /// What it printed before the last change.
    pub before: AttrValue,
    /// What can be done to the object.
    pub actions: Rc<Vec<(AttrValue, Act)>>,
}

/// Asks kubectl for what the inspector shows.
pub fn inspected(desk: &Desk) -> Inspected {
    let Some(target) = desk.target() else { return Inspected::default() };
    let word = match target.resource {
        "pod" => desk.scene.pod(&target.name).map_or_else(|| "Terminating".into(), |p| p.word.clone()),
        _ => desk.scene.workloads.iter().find(|w| *w.name() == target.name).map_or_else(
            AttrValue::default,
            |w| match w {
                Workload::Job(j) => j.word.clone(),
                _ => "Running".into(),
            },
        ),
    };
    let (resource, name, ns) = (target.resource, &target.name, &target.namespace);
    let line = match desk.tab {
        Tab::Describe => format!("describe {resource} {name} -n {ns}"),
        Tab::Events if resource == "pod" => format!("events --for pod/{name} -n {ns}"),
        // Of a workload with what it made: most that happens to a Job happens to its Pods.
        Tab::Events => format!("events -n {ns}"),
        Tab::Yaml => format!("get {resource} {name} -n {ns} -o yaml"),
        Tab::Logs => format!("logs {resource}/{name} -n {ns} --all-containers"),
    };
    let output = desk.run.ask(&line);
    let mut text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    if desk.tab == Tab::Events && resource != "pod" {
        text = events_of(&text, name);
    }
    let actions = Rc::new(actions(desk, &target));
    Inspected { target: Some(target), tab: desk.tab, word, text: text.into(), before: "".into(), actions }
}

/// The rows of a table of events that are about an object, or about one that was made for it and so has its name before its own.
fn events_of(text: &str, name: &str) -> String {
    let about = |line: &str| {
        let object = line.split_whitespace().find_map(|word| word.split_once('/'));
        object.and_then(|(_, of)| of.strip_prefix(name)).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    text.split_inclusive('\n').enumerate().filter(|(i, l)| *i == 0 || about(l)).map(|(_, l)| l).collect()
}

/// What can be done to an object, each as the kubectl line that does it.
fn actions(desk: &Desk, target: &Target) -> Vec<(AttrValue, Act)> {
    let (name, ns) = (&target.name, &target.namespace);
    let line = |label: &'static str, line: String| (AttrValue::from(label), Act::Do(format!("{line} -n {ns}")));
    let patch = |kind: &str, body: &str| format!("patch {kind} {name} --type=merge -p '{body}'");
    match target.resource {
        "pod" => {
            let Some(pod) = desk.scene.pod(name) else { return Vec::new() };
            let mut out = vec![("Why?".into(), Act::Why(Question::Pod(name.clone())))];
            if pod.look().family == "Running" {
                out.push(("Fail now".into(), Act::Break(ns.clone(), name.clone(), true)));
                out.push(("Hang".into(), Act::Break(ns.clone(), name.clone(), false)));
            }
            out.push(line("Delete", format!("delete pod {name} --wait=false")));
            if !pod.node.is_empty() && !pod.over {
                out.push(("Cordon node".into(), Act::Do(format!("cordon {}", pod.node))));
                out.push(("Drain node".into(), Act::Do(format!("drain {} --ignore-daemonsets --force", pod.node))));
            }
            out
        }
        "job" => {
            let Some(job) = desk.scene.workloads.iter().find_map(|w| match w {
                Workload::Job(j) if j.name == *name => Some(j),
                _ => None,
            }) else {
                return Vec::new();
            };
            let mut out = Vec::new();
            if &*job.word == "Suspended" {
                out.push(line("Resume", patch("job", r#"{"spec":{"suspend":false}}"#)));
            } else if !job.is_over() {
                out.push(line("Suspend", patch("job", r#"{"spec":{"suspend":true}}"#)));
                let n = job.tracks.parallelism + 1;
                out.push(line("One more at a time", patch("job", &format!(r#"{{"spec":{{"parallelism":{n}}}}}"#))));
            }
            out.push(line("Delete", format!("delete job {name} --wait=false")));
            out.push(line("Delete, keep Pods", format!("delete job {name} --cascade=orphan --wait=false")));
            out
        }
        "cronjob" => {
            let mut out = vec![line("Run now", format!("create job {name}-now --from=cronjob/{name}"))];
            let cron = desk.scene.workloads.iter().find_map(|w| match w {
                Workload::Cron(c) if c.name == *name => Some(c),
                _ => None,
            });
            let off = cron.is_some_and(|c| c.suspended);
            out.push(line(
                if off { "Resume" } else { "Suspend" },
                patch("cronjob", &format!(r#"{{"spec":{{"suspend":{}}}}}"#, !off)),
            ));
            out.push(line("Delete", format!("delete cronjob {name} --wait=false")));
            out
        }
        "deployment" | "statefulset" => {
            let r = desk.scene.workloads.iter().find_map(|w| match w {
                Workload::Replicas(r) if r.name == *name => Some(r),
                _ => None,
            });
            let n = r.map_or(1, |r| r.wanted);
            let kind = target.resource;
            let mut out = vec![line("Scale up", format!("scale {kind} {name} --replicas={}", n + 1))];
            if n > 0 {
                out.push(line("Scale down", format!("scale {kind} {name} --replicas={}", n - 1)));
            }
            out.push(line("Restart", format!("rollout restart {kind} {name}")));
            out.push(line("Delete", format!("delete {kind} {name} --wait=false")));
            out
        }
        kind => vec![line("Delete", format!("delete {kind} {name} --wait=false"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_a_job_are_its_own_and_those_of_its_pods() {
        let text = "LAST SEEN OBJECT MESSAGE\n1s Job/db Created pod: db-1\n1s Pod/db-1 Pulled\n1s Pod/dbx-2 Pulled a/b\n1s Node/n Ready\n";
        let kept = events_of(text, "db");
        assert_eq!(
            kept.lines().collect::<Vec<_>>(),
            ["LAST SEEN OBJECT MESSAGE", "1s Job/db Created pod: db-1", "1s Pod/db-1 Pulled"]
        );
    }
}
