//! Why a CronJob waits, and why a Deployment and its like go on for ever.

use super::{Answer, docs, line};
use crate::session::desk::Desk;
use crate::session::text::{human, left};
use crate::session::view::{CronView, ReplicasView, Workload};

/// Answers for a workload that is not a Job.
pub fn answer(desk: &Desk, workload: &Workload) -> Option<Answer> {
    match workload {
        Workload::Cron(c) => Some(cron(desk, c)),
        Workload::Replicas(r) => Some(replicas(desk, r)),
        Workload::Pod(p) => Some(super::pod::answer(desk, p)),
        Workload::Job(_) => None,
    }
}

fn cron(desk: &Desk, c: &CronView) -> Answer {
    let now = desk.run.now();
    let happened = match (&*c.last, c.active.len()) {
        ("<none>", _) => "No run has been due yet.".to_owned(),
        (last, 0) => format!("The last run was due {last} ago. No Job is active."),
        (last, n) => format!(
            "The last run was due {last} ago. {} active: `{}`.",
            if n == 1 { "One Job is".to_owned() } else { format!("{n} Jobs are") },
            c.active.join("`, `")
        ),
    };
    let rule = match &*c.policy {
        "Forbid" => {
            "With `concurrencyPolicy: Forbid` a run that is due while another is active waits; it starts when that one ends, if it is not too late."
        }
        "Replace" => {
            "With `concurrencyPolicy: Replace` a run that is due while another is active deletes that one and starts."
        }
        _ => "With `concurrencyPolicy: Allow` a run starts when it is due, whatever else is active.",
    };
    let next = match &c.wait {
        _ if c.suspended => "Nothing, until `suspend` is false.".to_owned(),
        Some(w) => format!("A Job in {}.", human(left(w.to - now) * 1000)),
        None => "No run is due.".into(),
    };
    Answer {
        question: "Why is there no Job right now, or which is next?".into(),
        happened: happened.into(),
        rule: format!(
            "{rule} The schedule is read in {}.",
            if &*c.zone == "<none>" { "UTC, the zone of the controller" } else { &c.zone }
        )
        .into(),
        next: next.into(),
        line: desk.drafts.iter().find(|d| *d.name == *c.name).and_then(|d| {
            let all = super::yaml::fields(&desk.draft);
            let f = super::yaml::find(&all, d.doc, "spec.schedule")?;
            Some((f.line, desk.draft.lines().nth(f.line)?.trim().to_owned().into()))
        }),
        docs: docs("controllers/cron-jobs/", "CronJob"),
    }
}

fn replicas(desk: &Desk, r: &ReplicasView) -> Answer {
    let happened = format!(
        "{} of {} Pods are ready; their containers have been restarted {} times.",
        r.ready, r.wanted, r.restarts
    );
    let title = match r.kind {
        "StatefulSet" => ("controllers/statefulset/", "StatefulSets"),
        "DaemonSet" => ("controllers/daemonset/", "DaemonSet"),
        "ReplicaSet" => ("controllers/replicaset/", "ReplicaSet"),
        "ReplicationController" => ("controllers/replicationcontroller/", "ReplicationController"),
        _ => ("controllers/deployment/", "Deployments"),
    };
    Answer {
        question: format!("Why does the {} never end?", r.kind).into(),
        happened: happened.into(),
        rule: format!("A {} keeps its Pods running. It has no completions and no backoffLimit: `restartPolicy` is always `Always`, so every exit, even exit 0, is followed by a restart.", r.kind).into(),
        next: "More of the same. For work that ends, use a Job.".into(),
        line: line(desk, &r.name, "replicas").or_else(|| line(desk, &r.name, "template")),
        docs: docs(title.0, title.1),
    }
}
