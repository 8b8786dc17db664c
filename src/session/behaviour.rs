//! How containers behave, as the annotations on a Pod template say it and as the panel edits it.
//!
//! `batchyard.dev/attempts: "exit 1 after 4s; exit 0 after 8s"`: the nth start follows the nth step, the last repeats.
//! `...attempts.<container>`, `...attempts.index-<i>` and both together narrow it.

use super::yaml::{self, Field};

/// The annotation with the steps.
pub const ATTEMPTS: &str = "batchyard.dev/attempts";
/// The annotation on pulling the image.
pub const IMAGE_PULL: &str = "batchyard.dev/image-pull";

/// How an attempt ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// With an exit code.
    Exit(i64),
    /// Killed for its memory.
    Oom,
    /// Not at all.
    Hang,
    /// It does not start: the image is not found.
    NotFound,
}

impl Ending {
    /// The choices of the panel.
    pub const CHOICES: [Self; 6] =
        [Self::Exit(0), Self::Exit(1), Self::Exit(42), Self::Oom, Self::Hang, Self::NotFound];
    /// As the panel says it.
    pub fn label(self) -> String {
        match self {
            Self::Exit(n) => format!("exit {n}"),
            Self::Oom => "OOMKilled".into(),
            Self::Hang => "never exits".into(),
            Self::NotFound => "image not found".into(),
        }
    }
}

/// One attempt.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// How long it runs, as written: `4s`, `1m30s`, `500ms`.
    pub after: String,
    /// How it ends.
    pub ending: Ending,
}

/// Reads the steps of an annotation. Steps that cannot be read are left out.
pub fn parse(text: &str) -> Vec<Step> {
    text.split(';').filter_map(|s| step(s.trim())).collect()
}

fn step(text: &str) -> Option<Step> {
    let (what, after) = match text.split_once(" after ") {
        Some((w, a)) => (w.trim(), a.trim()),
        None => (text, ""),
    };
    let ending = match what {
        "hang" => Ending::Hang,
        "oom" => Ending::Oom,
        _ => Ending::Exit(what.strip_prefix("exit ")?.trim().parse().ok()?),
    };
    Some(Step { after: if after.is_empty() { "1s".into() } else { after.to_owned() }, ending })
}

/// Writes steps as the annotation has them.
pub fn print(steps: &[Step]) -> String {
    let one = |s: &Step| match s.ending {
        Ending::Hang | Ending::NotFound => "hang".to_owned(),
        Ending::Oom => format!("oom after {}", s.after),
        Ending::Exit(n) => format!("exit {n} after {}", s.after),
    };
    steps.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What steps are about: every container and index, or one of them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scope {
    /// A container; empty for all.
    pub container: String,
    /// A completion index of an Indexed Job.
    pub index: Option<i64>,
}

impl Scope {
    /// The annotation with its steps.
    fn annotation(&self) -> String {
        let mut name = ATTEMPTS.to_owned();
        if !self.container.is_empty() {
            name += &[".", &self.container].concat();
        }
        if let Some(i) = self.index {
            name += &format!(".index-{i}");
        }
        name
    }
    /// Whether it is everything.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// What the panel shows of a manifest.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Behaviour {
    /// The document it is read from.
    pub doc: usize,
    /// Steps of the path to the Pod's metadata.
    pub template: Vec<&'static str>,
    /// What the steps are about.
    pub scope: Scope,
    /// The containers, those that run before the others first.
    pub containers: Vec<String>,
    /// How many completion indexes there are; 0 where the Job is not Indexed.
    pub indexes: i64,
    /// The steps; empty when no annotation says.
    pub steps: Vec<Step>,
    /// Whether the image is not found.
    pub not_found: bool,
    /// Whether a restart, not a new Pod, follows a failure.
    pub restarts: bool,
    /// What takes an attempt: `Pod` or `Start`.
    pub noun: &'static str,
    /// The image's name.
    pub image: String,
}

/// The template of each kind, as steps of a path.
fn template_of(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Job" | "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" => {
            &["spec", "template"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        "Pod" => &[],
        _ => return None,
    })
}

/// Indexes that can be chosen in the panel.
const INDEXES: i64 = 24;

/// Reads the behaviour that a manifest gives its first workload, or a part of it. A part that is not there is all of it.
pub fn read(text: &str, scope: &Scope) -> Option<Behaviour> {
    let all = yaml::fields(text);
    let (doc, kind) = all
        .iter()
        .filter(|f| f.path == "kind")
        .find(|f| template_of(&f.value).is_some())
        .map(|f| (f.doc, f.value.clone()))?;
    let template = template_of(&kind)?;
    let path = |rest: &[&str]| [template, rest].concat().join(".");
    let value = |rest: &[&str]| yaml::find(&all, doc, &path(rest)).map(|f: &Field| yaml::unquote(&f.value));
    let policy = value(&["spec", "restartPolicy"]).unwrap_or_default();
    let restarts = !(kind == "Job" || kind == "CronJob") || policy == "OnFailure";
    let names = |list: &str| -> Vec<String> {
        let number = |i: usize| value(&["spec", list, &i.to_string(), "name"]);
        (0..).map_while(number).take(20).collect()
    };
    let containers = [names("initContainers"), names("containers")].concat();
    let job = template.split_last().map_or(String::new(), |(_, job)| job.join("."));
    let of_job = |field: &str| yaml::find(&all, doc, &[&*job, ".", field].concat()).map(|f| yaml::unquote(&f.value));
    let indexed = of_job("completionMode").is_some_and(|m| m == "Indexed");
    let completions = of_job("completions").and_then(|n| n.parse().ok()).unwrap_or(0);
    let indexes = if indexed { i64::clamp(completions, 0, INDEXES) } else { 0 };
    let known = (scope.container.is_empty() || containers.contains(&scope.container))
        && scope.index.is_none_or(|i| i < indexes);
    let scope = if known { scope.clone() } else { Scope::default() };
    Some(Behaviour {
        doc,
        template: template.to_vec(),
        image: value(&["spec", "containers", "0", "image"]).unwrap_or_default(),
        steps: value(&["metadata", "annotations", &scope.annotation()]).map(|v| parse(&v)).unwrap_or_default(),
        scope,
        containers,
        indexes,
        not_found: value(&["metadata", "annotations", IMAGE_PULL]).is_some_and(|v| v == "not-found"),
        restarts,
        noun: if restarts { "Start" } else { "Pod" },
    })
}

impl Behaviour {
    fn keys<'a>(&self, annotation: &'a str) -> Vec<&'a str> {
        let mut keys: Vec<&'a str> = self.template.clone();
        keys.extend(["metadata", "annotations", annotation]);
        keys
    }
    /// The manifest with these steps; none where its text cannot be edited safely.
    pub fn write(&self, text: &str, steps: &[Step]) -> Option<String> {
        let missing = steps.first().is_some_and(|s| s.ending == Ending::NotFound);
        let name = self.scope.annotation();
        let (attempts, pull) = (self.keys(&name), self.keys(IMAGE_PULL));
        if !self.scope.is_all() {
            return match steps.len() {
                0 => Some(yaml::remove(text, self.doc, &attempts)),
                _ => yaml::set(text, self.doc, &attempts, &format!("\"{}\"", print(steps))),
            };
        }
        if missing {
            let text = yaml::remove(text, self.doc, &attempts);
            return yaml::set(&text, self.doc, &pull, "\"not-found\"");
        }
        let text = yaml::remove(text, self.doc, &pull);
        if steps.is_empty() {
            return Some(yaml::remove(&text, self.doc, &attempts));
        }
        yaml::set(&text, self.doc, &attempts, &format!("\"{}\"", print(steps)))
    }
    /// The steps as rows: what the annotation says, or the rule for images that no annotation is about.
    pub fn rows(&self) -> Vec<Step> {
        if self.not_found && self.scope.is_all() {
            vec![Step { after: String::new(), ending: Ending::NotFound }]
        } else {
            self.steps.clone()
        }
    }
}

/// A preset of the panel: its label and its steps.
pub const PRESETS: [(&str, &str); 7] = [
    ("Fails twice, then succeeds", "exit 1 after 4s; exit 1 after 4s; exit 0 after 8s"),
    ("Always fails", "exit 1 after 4s"),
    ("Succeeds", "exit 0 after 8s"),
    ("Fails once, then succeeds", "exit 1 after 4s; exit 0 after 8s"),
    ("Never exits", "hang"),
    ("Out of memory", "oom after 3s"),
    ("Image does not exist", "not-found"),
];

/// The steps of a preset.
pub fn preset(label: &str) -> Vec<Step> {
    match PRESETS.iter().find(|(l, _)| *l == label) {
        Some((_, "not-found")) => vec![Step { after: String::new(), ending: Ending::NotFound }],
        Some((_, text)) => parse(text),
        None => Vec::new(),
    }
}

/// The preset that a behaviour is, if it is one.
pub fn preset_of(behaviour: &Behaviour) -> Option<&'static str> {
    let rows = behaviour.rows();
    PRESETS.iter().map(|(l, _)| *l).find(|l| preset(l) == rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "kind: Job\nmetadata:\n  name: db\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: migration\n        image: my-app\n";

    #[test]
    fn steps_are_read_and_written() {
        let text = "exit 1 after 4s; oom after 1m30s; hang";
        assert_eq!(print(&parse(text)), text);
        assert_eq!(parse("nonsense; exit x after 3s").len(), 0);
    }

    #[test]
    fn every_preset_goes_into_the_manifest_and_out_again() {
        for (label, _) in PRESETS {
            let was = read(JOB, &Scope::default()).expect("a Job");
            let text = was.write(JOB, &preset(label)).expect("block style");
            let now = read(&text, &Scope::default()).expect("a Job");
            assert_eq!(preset_of(&now), Some(label), "{text}");
            assert_eq!(now.containers, ["migration"]);
            let back = now.write(&text, &[]).expect("block style");
            assert_eq!(now.write(&back, &preset(label)).as_deref(), Some(&*text));
        }
    }

    #[test]
    fn restarts_are_told_from_new_pods() {
        assert!(!read(JOB, &Scope::default()).expect("a Job").restarts);
        assert!(read(&JOB.replace("Never", "OnFailure"), &Scope::default()).expect("a Job").restarts);
    }

    #[test]
    fn a_part_has_steps_of_its_own() {
        let job = JOB.replace("spec:\n  template", "spec:\n  completionMode: Indexed\n  completions: 3\n  template");
        let part = Scope { container: "migration".into(), index: Some(2) };
        let was = read(&job, &part).expect("a Job");
        assert_eq!((was.indexes, &was.scope), (3, &part));
        let text = was.write(&job, &parse("exit 42 after 1s")).expect("block style");
        assert!(text.contains("batchyard.dev/attempts.migration.index-2: \"exit 42 after 1s\""), "{text}");
        assert_eq!(read(&text, &part).expect("a Job").steps.len(), 1);
        assert!(read(&text, &Scope::default()).expect("a Job").steps.is_empty());
        assert_eq!(was.write(&text, &[]).as_deref().map(|t| t.contains("index-2")), Some(false));
        assert!(read(JOB, &part).expect("a Job").scope.is_all(), "no such part here");
    }
}
