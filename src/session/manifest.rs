//! The draft: what is wrong with it, what it will do, and the marks beside its lines.

use yew::AttrValue;

use super::act::Act;
use super::laid::Draft;
use super::status::Lamp;
use super::view::{Scene, Workload};
use super::yaml::{self, Field};

/// A mark beside a line, with a live count.
#[derive(Clone, PartialEq, Debug)]
pub struct LineMark {
    /// The line, from 0.
    pub line: usize,
    /// The lamp of the mark; none for words alone.
    pub lamp: Option<Lamp>,
    /// The count, in bold.
    pub count: AttrValue,
    /// The words after it.
    pub words: AttrValue,
}

/// A fix that is offered.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    /// What the button says.
    pub label: AttrValue,
    /// What it does.
    pub act: Act,
}

/// Something wrong with the draft.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    /// The exact message.
    pub message: AttrValue,
    /// The line, from 0.
    pub line: Option<usize>,
    /// The columns that are underlined.
    pub columns: (usize, usize),
    /// One sentence of ours.
    pub help: AttrValue,
    /// Fixes.
    pub fixes: Vec<Fix>,
    /// A page of the documentation.
    pub docs: AttrValue,
}

/// The marks beside the lines of a manifest whose numbers the stage shows, with live counts once it is applied.
pub fn marks(text: &str, drafts: &[Draft], scene: &Scene) -> Vec<LineMark> {
    let all = yaml::fields(text);
    let mut out = Vec::new();
    for d in drafts {
        let key = [&*d.namespace, "/", &*d.name].concat();
        let job = scene.workloads.iter().find_map(|w| match w {
            Workload::Job(j) if j.applied && (*j.key == key || (d.kind == "CronJob" && *j.owner == d.name)) => Some(j),
            _ => None,
        });
        let replicas = scene.workloads.iter().find_map(|w| match w {
            Workload::Replicas(r) if *r.key == key && r.kind == d.kind => Some(r),
            _ => None,
        });
        let mut mark =
            |path: &str, lamp: Option<Lamp>, live: Option<i64>, words: &'static str, before: &'static str| {
                let Some(f) = yaml::find(&all, d.doc, &[d.spec, path].concat()) else { return };
                let (count, words) = match live {
                    Some(n) => (n.to_string(), words),
                    None => (String::new(), before),
                };
                out.push(LineMark { line: f.line, lamp, count: count.into(), words: words.into() });
            };
        if matches!(&*d.kind, "Job" | "CronJob") {
            let restarts = d.tracks.restarts;
            mark("completions", Some(Lamp::Done), job.map(|j| j.succeeded), "succeeded", "must succeed");
            mark("parallelism", Some(Lamp::Work), job.map(|j| j.active), "active", "at a time");
            mark(
                "backoffLimit",
                Some(Lamp::Fail),
                job.map(|j| j.used),
                if restarts { "restarts" } else { "failed" },
                "retries",
            );
            let policy = if restarts { "failure restarts the container" } else { "failure makes a new Pod" };
            mark("template.spec.restartPolicy", None, None, "", policy);
        }
        mark("replicas", Some(Lamp::Work), replicas.map(|r| r.ready), "ready", "kept running");
    }
    out
}

/// Reads what kubectl said of a text into problems, each at its line.
pub fn problems(text: &str, stderr: &str) -> Vec<Problem> {
    let all = yaml::fields(text);
    let mut out: Vec<Problem> = Vec::new();
    for message in stderr.lines().filter(|l| !l.trim().is_empty() && !l.starts_with("Warning:")) {
        // The list of several field errors continues the message above it.
        if (message.starts_with("* ") || message.starts_with(' '))
            && let Some(last) = out.last_mut()
        {
            last.message = [&*last.message, "\n", message].concat().into();
            if last.line.is_none() {
                place(last, message, text, &all);
            }
            continue;
        }
        let (help, fixes, docs) = advice(message);
        let mut problem =
            Problem { message: message.to_owned().into(), line: None, columns: (0, usize::MAX), help, fixes, docs };
        place(&mut problem, message, text, &all);
        out.push(problem);
    }
    out
}

/// Finds the line that a message is about: one it names, or that of the field it names.
fn place(problem: &mut Problem, message: &str, text: &str, all: &[Field]) {
    if let Some(n) = message
        .find("line ")
        .and_then(|i| message[i + 5..].split(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok())
    {
        let last = text.lines().count().max(1);
        problem.line = Some(n.clamp(1, last) - 1);
        return;
    }
    let words = message.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ';' | '(' | ')' | '\''));
    for word in words.filter(|w| w.contains('.')) {
        let path = word.trim_end_matches(':').replace('[', ".").replace(']', "");
        let first = path.split('.').next().unwrap_or("");
        if !matches!(first, "spec" | "metadata" | "status") {
            continue;
        }
        let doc = all.iter().find(|f| f.path == path).map_or(0, |f| f.doc);
        if let Some(line) = yaml::line_of(all, doc, &path) {
            problem.line = Some(line);
            if let Some(f) = all.iter().find(|f| f.doc == doc && f.line == line) {
                problem.columns =
                    if f.path == path && !f.value.is_empty() { f.at } else { (f.indent, f.at.1.max(f.indent + 1)) };
            }
            return;
        }
    }
}

const JOB_DOCS: &str = "https://kubernetes.io/docs/concepts/workloads/controllers/job/";

/// A sentence of ours, fixes and a page for messages that learners of Jobs meet.
fn advice(message: &str) -> (AttrValue, Vec<Fix>, AttrValue) {
    let fix = |label: &'static str, act: Act| Fix { label: label.into(), act };
    let has = |s: &str| message.contains(s);
    let doc = |anchor: &str| AttrValue::from([JOB_DOCS, anchor].concat());
    if has("restartPolicy") && has("valid values: \"OnFailure\", \"Never\"") {
        let set = |v: &str| Act::Set("template.spec.restartPolicy", v.into());
        return (
            "A Job must be able to end. `Always`, which is also what a missing restartPolicy means, would restart the container even after it succeeds.".into(),
            vec![fix("Use Never", set("Never")), fix("Use OnFailure", set("OnFailure"))],
            doc("#pod-template"),
        );
    }
    if has("field is immutable") {
        return (
            "The Pod template of a Job cannot change. Delete the Job and apply again.".into(),
            vec![fix("Apply to a fresh cluster", Act::Apply)],
            doc("#how-to-start-over"),
        );
    }
    if has("unknown field") {
        return (
            "The API server knows no such field here. Is it spelled and indented as the documentation has it?".into(),
            vec![],
            "".into(),
        );
    }
    if has("apiVersion not set") || has("kind not set") {
        return (
            "Every object names its kind, and the group and version that the kind is in.".into(),
            vec![],
            "".into(),
        );
    }
    if has("no matches for kind") || has("resource mapping not found") {
        return ("This API server serves no such kind in that group and version.".into(), vec![], "".into());
    }
    if has("error parsing") || has("yaml:") {
        return ("The text is not YAML yet, so nobody looked at its fields.".into(), vec![], "".into());
    }
    if has("Invalid value") {
        return ("The field is known, but not with this value.".into(), vec![], "".into());
    }
    if has("Required value") {
        return ("The API server needs this field.".into(), vec![], "".into());
    }
    ("".into(), vec![], "".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: db\nspec:\n  backoffLimit: -1\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n      - name: a\n        imag: x\n";

    #[test]
    fn problems_stand_at_their_line() {
        let line = |stderr: &str| problems(JOB, stderr).first().and_then(|p| p.line).map(|l| l + 1);
        assert_eq!(
            line(
                "error: error parsing job.yaml: error converting YAML to JSON: yaml: line 6: did not find expected key"
            ),
            Some(6)
        );
        assert_eq!(
            line(
                "The Job \"db\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""
            ),
            Some(9)
        );
        assert_eq!(
            line(
                "Error from server (BadRequest): strict decoding error: unknown field \"spec.template.spec.containers[0].imag\""
            ),
            Some(12)
        );
        assert_eq!(
            line(
                "The Job \"db\" is invalid: \n* spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0"
            ),
            Some(6)
        );
        assert_eq!(line("error: no objects passed to apply"), None);
    }

    #[test]
    fn several_field_errors_are_one_problem() {
        let found =
            problems(JOB, "The Job \"db\" is invalid: \n* spec.a: Invalid value: 1\n* spec.b: Invalid value: 2\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].message.ends_with("* spec.b: Invalid value: 2"));
    }

    #[test]
    fn counts_stand_beside_the_numbers_that_lay_the_tracks() {
        let drafts = super::super::laid::drafts(JOB);
        let found = marks(JOB, &drafts, &Scene::default());
        assert_eq!(
            found.iter().map(|m| (m.line + 1, &*m.words)).collect::<Vec<_>>(),
            [(6, "retries"), (9, "failure makes a new Pod")]
        );
    }
}
