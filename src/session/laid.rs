//! The tracks that a manifest lays before it is applied: read from its text on every keystroke, however unfinished it is.
//! And the sentence that says what it will do.

use std::rc::Rc;

use yew::AttrValue;

use super::scene::{laid, planned};
use super::text::{Ms, count, exact, ordinal};
use super::view::{CronView, ReplicasView, Scene, Tracks, Workload};
use super::yaml::{self, Field, fields};

/// One workload of a manifest's text.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// Which document.
    pub doc: usize,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// A Job's tracks (for a CronJob: those of its Jobs).
    pub tracks: Tracks,
    /// Replicas of what keeps Pods running.
    pub replicas: i64,
    /// `spec.schedule`
    pub schedule: String,
    /// `spec.timeZone`
    pub zone: String,
    /// Path of the Job spec within the document, with a dot at its end: `spec.`.
    pub spec: &'static str,
}

/// The workloads of a text.
pub fn drafts(text: &str) -> Vec<Draft> {
    let all = fields(text);
    let docs = all.last().map_or(0, |f| f.doc + 1);
    (0..docs).filter_map(|doc| draft(&all, doc)).collect()
}

fn draft(all: &[Field], doc: usize) -> Option<Draft> {
    let text = |path: &str| yaml::find(all, doc, path).map(|f| yaml::unquote(&f.value)).unwrap_or_default();
    let kind = text("kind");
    let spec = match &*kind {
        "Job" | "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" => "spec.",
        "CronJob" => "spec.jobTemplate.spec.",
        "Pod" => "",
        _ => return None,
    };
    let number = |key: &str| text(&[spec, key].concat()).parse::<i64>().ok().filter(|n| (0..=100_000).contains(n));
    let parallelism = number("parallelism");
    let completions = number("completions").or(if parallelism.is_none() { Some(1) } else { None });
    Some(Draft {
        doc,
        name: text("metadata.name"),
        namespace: match text("metadata.namespace") {
            n if n.is_empty() => "default".into(),
            n => n,
        },
        tracks: Tracks {
            completions,
            parallelism: parallelism.unwrap_or(1),
            limit: number("backoffLimit").unwrap_or(6),
            restarts: text(&[spec, "template.spec.restartPolicy"].concat()) == "OnFailure",
            indexed: text(&[spec, "completionMode"].concat()) == "Indexed",
            per_index: number("backoffLimitPerIndex"),
        },
        replicas: text("spec.replicas").parse().unwrap_or(1),
        schedule: text("spec.schedule"),
        zone: text("spec.timeZone"),
        spec,
        kind,
    })
}

/// The stage before anything is applied.
pub fn scene(drafts: &[Draft], now: Ms) -> Scene {
    let mut scene = Scene::default();
    for d in drafts {
        let key: AttrValue = [&d.namespace, "/", &*d.name].concat().into();
        let name: AttrValue = if d.name.is_empty() { "unnamed".into() } else { d.name.clone().into() };
        scene.workloads.push(match &*d.kind {
            "Job" => Workload::Job(Rc::new(laid(&name, &d.namespace, d.tracks.clone()))),
            "CronJob" => Workload::Cron(Rc::new(cron(d, key, name, now))),
            "Pod" => continue,
            kind => Workload::Replicas(Rc::new(ReplicasView {
                kind: match kind {
                    "Deployment" => "Deployment",
                    "StatefulSet" => "StatefulSet",
                    "ReplicaSet" => "ReplicaSet",
                    "ReplicationController" => "ReplicationController",
                    _ => "DaemonSet",
                },
                key,
                name,
                wanted: d.replicas,
                ready: 0,
                facts: Rc::new([("READY", format!("0/{}", d.replicas).into())]),
                pods: Rc::new([]),
                restarts: 0,
            })),
        });
    }
    scene
}

fn cron(d: &Draft, key: AttrValue, name: AttrValue, now: Ms) -> CronView {
    let (face, offset, due, next) = planned(&d.schedule, &d.zone, now);
    CronView {
        key,
        name,
        schedule: d.schedule.clone().into(),
        zone: if d.zone.is_empty() { "<none>".into() } else { d.zone.clone().into() },
        offset,
        policy: "".into(),
        suspended: false,
        wait: None,
        face,
        due: due.into(),
        next: next.into(),
        last: "<none>".into(),
        active: Rc::new([]),
        good: Rc::new([]),
        bad: Rc::new([]),
        keep_good: 3,
        keep_bad: 1,
    }
}

/// A piece of a sentence: plain, or bold.
pub type Piece = (bool, String);

fn plain(text: impl Into<String>) -> Piece {
    (false, text.into())
}
fn bold(text: impl Into<String>) -> Piece {
    (true, text.into())
}

/// What the manifest will do, in one or two sentences.
pub fn sentence(drafts: &[Draft]) -> Vec<Piece> {
    let Some(d) = drafts.first() else { return vec![plain("Nothing here makes a Pod yet.")] };
    let mut out = match &*d.kind {
        "Job" => job(&d.tracks),
        "CronJob" => {
            let mut out = vec![plain("Makes a Job "), bold(schedule(&d.schedule)), plain(". Each one: ")];
            out.extend(job(&d.tracks));
            out
        }
        "Pod" => vec![plain("Runs "), bold("1 Pod"), plain(" that nothing replaces.")],
        "DaemonSet" => {
            vec![plain("Keeps "), bold("1 Pod on each node"), plain(" running. Every exit, even exit 0, is restarted.")]
        }
        _ => vec![
            plain("Keeps "),
            bold(count(d.replicas, "Pod")),
            plain(" running. Every exit, even exit 0, is restarted, with no limit."),
        ],
    };
    if drafts.len() > 1 {
        out.push(plain(format!(" And {} more.", count(drafts.len() as i64 - 1, "workload"))));
    }
    out
}

fn schedule(cron: &str) -> String {
    match cron.split_whitespace().collect::<Vec<_>>()[..] {
        ["*", "*", "*", "*", "*"] => "every minute".into(),
        [m, "*", "*", "*", "*"] if m.starts_with("*/") => format!("every {} minutes", &m[2..]),
        _ if cron.is_empty() => "on a schedule that is not written yet".into(),
        _ => format!("at {cron}"),
    }
}

fn job(t: &Tracks) -> Vec<Piece> {
    let at_once = if t.parallelism == 1 { count(1, "Pod") } else { format!("{} Pods", t.parallelism) };
    let until = match (t.completions, t.indexed) {
        (Some(n), true) => format!("each of {n} indexes succeeds"),
        (Some(1), _) => "1 succeeds".into(),
        (Some(n), _) => format!("{n} succeed"),
        (None, _) => "one succeeds and all have ended".into(),
    };
    let mut out = vec![plain("Runs "), bold(at_once), plain(" at a time until "), bold(until), plain(". ")];
    if let Some(n) = t.per_index {
        out.push(plain(format!("Each index is retried {} before it counts as failed.", times(n))));
        return out;
    }
    if t.restarts {
        out.push(plain("A failed container restarts in the same Pod. "));
        out.push(bold(format!("Restart {}", t.limit.max(1))));
        out.push(plain(" ends the Job."));
        return out;
    }
    if t.limit == 0 {
        out.push(plain("No retries: the "));
    } else {
        let waits: Vec<String> = (0..t.limit.min(4)).map(|i| spoken_wait(10_000 << i)).collect();
        let more = if t.limit > 4 { " and so on" } else { "" };
        out.push(plain(format!("Replaces a failed Pod after {}{more}. The ", waits.join(", "))));
    }
    out.push(bold(format!("{} failure", ordinal(t.limit + 1))));
    out.push(plain(" ends the Job."));
    out
}

fn times(n: i64) -> String {
    match n {
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times"),
    }
}

fn spoken_wait(ms: i64) -> String {
    let e = exact(ms);
    match e.strip_suffix('s') {
        Some(n) if n.bytes().all(|b| b.is_ascii_digit()) => format!("{n} s"),
        _ => e,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        sentence(&drafts(text)).into_iter().map(|(_, t)| t).collect()
    }

    #[test]
    fn the_sentence_says_what_the_manifest_will_do() {
        let job = |more: &str| {
            format!(
                "kind: Job\nmetadata:\n  name: a\nspec:\n{more}  template:\n    spec:\n      restartPolicy: Never\n"
            )
        };
        assert_eq!(
            said(&job("  backoffLimit: 3\n")),
            "Runs 1 Pod at a time until 1 succeeds. Replaces a failed Pod after 10 s, 20 s, 40 s. The 4th failure ends the Job."
        );
        assert_eq!(
            said(&job("  completions: 6\n  parallelism: 2\n  backoffLimit: 0\n")),
            "Runs 2 Pods at a time until 6 succeed. No retries: the 1st failure ends the Job."
        );
        assert!(said(&job("  backoffLimit: 3\n").replace("Never", "OnFailure")).ends_with("Restart 3 ends the Job."));
        assert_eq!(said(""), "Nothing here makes a Pod yet.");
    }

    #[test]
    fn an_unset_parallelism_makes_one_completion() {
        assert_eq!(drafts("kind: Job\nspec: {}\n")[0].tracks.completions, Some(1));
        assert_eq!(drafts("kind: Job\nspec:\n  parallelism: 3\n")[0].tracks.completions, None);
    }
}
