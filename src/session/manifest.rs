//! The draft: what is wrong with it, what it will do, and the marks beside its lines.

use batchyard_engine::cluster::editor::{Diagnostic, Severity, check as engine_check};
use yew::AttrValue;

use super::act::Act;
use super::laid::Draft;
use super::run::FILE;
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
    /// Whether the cluster takes the manifest all the same.
    pub warning: bool,
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

/// What is worth knowing about a line, and is neither an error nor a warning.
#[derive(Clone, PartialEq, Debug)]
pub struct Remark {
    /// The line, from 0.
    pub line: usize,
    /// The sentence.
    pub says: AttrValue,
    /// The same beside its line, without what the line says.
    pub words: AttrValue,
    /// Why, in another sentence.
    pub help: AttrValue,
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
            let policy = [d.spec, "template.spec.restartPolicy"].concat();
            let written = yaml::find(&all, d.doc, &policy).map(|f| yaml::unquote(&f.value)).unwrap_or_default();
            // What a Job may not have does nothing.
            match &*written {
                "OnFailure" => mark("template.spec.restartPolicy", None, None, "", "failure restarts the container"),
                "Never" => mark("template.spec.restartPolicy", None, None, "", "failure makes a new Pod"),
                _ => {}
            }
        }
        mark("replicas", Some(Lamp::Work), replicas.map(|r| r.ready), "ready", "kept running");
    }
    out
}

/// What is wrong with a text by itself, errors first, each in the order of the text; and what else is worth knowing about it.
pub fn check(text: &str) -> (Vec<Problem>, Vec<Remark>) {
    let (remarks, found): (Vec<_>, Vec<_>) =
        engine_check(text, FILE).into_iter().partition(|d| d.severity == Severity::Info);
    let mut problems: Vec<Problem> = found.into_iter().map(|d| problem(text, d)).collect();
    problems.sort_by_key(|p| p.warning);
    (problems, remarks.into_iter().map(remark).collect())
}

fn remark(d: Diagnostic) -> Remark {
    let words = d.message.split_once(" is ").map_or(&*d.message, |(_, after)| after.trim_end_matches('.')).to_owned();
    Remark {
        line: d.span.start.line.saturating_sub(1),
        words: words.into(),
        says: d.message.into(),
        help: d.help.into(),
    }
}

/// Says of kinds that they were accepted and what becomes of each, those of one fate in one sentence.
pub fn accepted(kinds: &[(&str, &str)]) -> String {
    let mut sentences: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, becomes) in kinds {
        match sentences.iter_mut().find(|(b, _)| b == becomes) {
            Some((_, names)) => names.push(name),
            None => sentences.push((becomes, vec![name])),
        }
    }
    let says = |(becomes, names): &(&str, Vec<&str>)| match &names[..] {
        [name] => format!("{name} is accepted and {becomes}."),
        [others @ .., last] => {
            format!("{} and {last} are accepted and {}.", others.join(", "), becomes.replacen("has", "have", 1))
        }
        [] => String::new(),
    };
    sentences.iter().map(says).collect::<Vec<_>>().join(" ")
}

fn problem(text: &str, d: Diagnostic) -> Problem {
    let (start, end) = (d.span.start, d.span.end);
    let line = start.line.checked_sub(1);
    let begin = text.get(..start.offset).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
    let to = if end.line == start.line { end.offset.saturating_sub(begin) } else { usize::MAX };
    let mut fixes = Vec::new();
    if let Some(f) = d.fix {
        let edits = f.edits.into_iter().map(|e| (e.span.start.offset, e.span.end.offset, e.text)).collect();
        fixes.push(Fix { label: f.label.into(), act: Act::Fix(edits) });
    }
    // Both words are right here, and mean different things.
    if d.message.contains("valid values: \"OnFailure\", \"Never\"") && fixes.iter().any(|f| &*f.label == "Use Never") {
        fixes.push(Fix {
            label: "Use OnFailure".into(),
            act: Act::Fix(vec![(start.offset, end.offset, "OnFailure".into())]),
        });
    }
    Problem {
        message: d.message.into(),
        warning: d.severity != Severity::Error,
        line,
        columns: (start.offset.saturating_sub(begin), to),
        help: d.help.into(),
        fixes,
        docs: d.docs.unwrap_or_default().into(),
    }
}

/// What kubectl said of a text that is right by itself, but not in this cluster: each at the line that it names.
pub fn said(text: &str, stderr: &str) -> Vec<Problem> {
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
        let mut problem = Problem {
            message: message.to_owned().into(),
            warning: false,
            line: None,
            columns: (0, usize::MAX),
            help: "".into(),
            fixes: Vec::new(),
            docs: "".into(),
        };
        if message.contains("field is immutable") {
            problem.help = "The Pod template of a Job cannot change. Delete the Job and apply again.".into();
            problem.fixes.push(Fix { label: "Apply to a fresh cluster".into(), act: Act::Apply });
            problem.docs = "https://kubernetes.io/docs/concepts/workloads/controllers/job/#how-to-start-over".into();
        }
        place(&mut problem, message, text, &all);
        out.push(problem);
    }
    out
}

/// A text with some stretches replaced, each by its first and last byte.
pub fn patched(text: &str, edits: &[(usize, usize, String)]) -> String {
    let mut edits: Vec<_> = edits.iter().collect();
    edits.sort_by_key(|e| std::cmp::Reverse(e.0));
    let mut out = text.to_owned();
    for (from, to, new) in edits {
        if out.get(*from..*to).is_some() {
            out.replace_range(*from..*to, new);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: db\nspec:\n  backoffLimit: -1\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n      - name: a\n        imag: x\n";

    #[test]
    fn problems_stand_at_their_line() {
        let line = |stderr: &str| said(JOB, stderr).first().and_then(|p| p.line).map(|l| l + 1);
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
        let found = said(JOB, "The Job \"db\" is invalid: \n* spec.a: Invalid value: 1\n* spec.b: Invalid value: 2\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].message.ends_with("* spec.b: Invalid value: 2"));
    }

    #[test]
    fn what_has_no_effect_is_no_problem() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n";
        let (problems, remarks) = check(text);
        assert_eq!(problems, []);
        assert_eq!((remarks[0].line, &*remarks[0].words), (1, "accepted and has no traffic here"));
        let (effect, data) = ("has no effect here", "has no data here");
        assert_eq!(accepted(&[("Role", effect)]), "Role is accepted and has no effect here.");
        assert_eq!(
            accepted(&[("Role", effect), ("PersistentVolume", data), ("Ingress", effect)]),
            "Role and Ingress are accepted and have no effect here. PersistentVolume is accepted and has no data here."
        );
    }

    #[test]
    fn a_fix_puts_its_problem_right() {
        let found = check(JOB).0;
        let at = |p: &Problem| JOB.lines().nth(p.line.expect("a line")).and_then(|l| l.get(p.columns.0..p.columns.1));
        let p = found.iter().find(|p| p.message.contains("unknown field")).expect("the field is told");
        assert_eq!(at(p), Some("imag"));
        let Act::Fix(edits) = &p.fixes[0].act else { panic!("{p:?}") };
        let text = patched(JOB, edits);
        assert!(text.contains("image: x"), "{text}");
        let found = check(&text).0;
        let labels = |p: &Problem| p.fixes.iter().map(|f| f.label.to_string()).collect::<Vec<_>>();
        assert!(found.iter().any(|p| labels(p) == ["Use Never", "Use OnFailure"]), "{found:?}");
        assert!(found.iter().any(|p| p.message.contains("must be greater than or equal to 0")));
        assert_eq!(patched("añb", &[(1, 3, "xy".into()), (0, 1, String::new()), (9, 12, "no".into())]), "xyb");
    }

    #[test]
    fn counts_stand_beside_the_numbers_that_lay_the_tracks() {
        let found = |text: &str| {
            let drafts = super::super::laid::drafts(text);
            let found = marks(text, &drafts, &Scene::default());
            found.iter().map(|m| (m.line + 1, m.words.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(found(JOB), [(6, "retries".into())], "Always is none of a Job's policies");
        let never = [(6, "retries".into()), (9, "failure makes a new Pod".into())];
        assert_eq!(found(&JOB.replace("Always", "Never")), never);
    }
}
