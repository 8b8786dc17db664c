//! The desk over a real cluster: what a learner does, and what the stage then shows.

use super::*;
use crate::session::behaviour::preset;
use crate::session::view::{Berth, Workload};

fn desk(id: &str) -> Desk {
    Desk::new(examples::find(id).expect("an example"), None)
}

fn job(desk: &Desk) -> &crate::session::view::JobView {
    desk.scene.job().expect("a Job")
}

/// Runs to the end of everything.
fn run(desk: &mut Desk) {
    desk.act(Act::Apply);
    assert_eq!(desk.problems, []);
    desk.act(Act::End);
    for _ in 0..200 {
        desk.tick(16.0, || true);
    }
    assert!(!desk.rushing && !desk.playing);
}

#[test]
fn the_articles_job_runs_to_complete() {
    let mut desk = desk("db-migration");
    assert!(!job(&desk).applied);
    run(&mut desk);
    let job = job(&desk);
    assert_eq!((&*job.word, &*job.completions, job.failed), ("Complete", "1/1", 0));
    assert!(matches!(&job.good[0], Berth::Pod(p) if &*p.word == "Completed" && p.exit == Some(0)));
    assert!(job.roads.iter().all(|r| r.pod.is_none()));
    assert_eq!(job.signal.aspect, "closed");
}

#[test]
fn two_failures_wait_ten_and_twenty_seconds() {
    let mut desk = desk("migration-fails-twice");
    run(&mut desk);
    let job = job(&desk);
    assert_eq!((&*job.word, job.failed, job.created), ("Complete", 2, 3));
    assert_eq!(job.hops.iter().map(|h| &*h.text).collect::<Vec<_>>(), ["10s", "20s", "40s"]);
    let arcs = &desk.timeline.rows[0].arcs;
    assert_eq!(arcs.iter().map(|a| a.full).collect::<Vec<_>>(), [10_000, 20_000]);
    assert_eq!(desk.timeline.rows.len(), 4);
}

#[test]
fn replica_sets_of_nobody_stand_on_the_stage() {
    for (kind, api, selector) in
        [("ReplicaSet", "apps/v1", "{matchLabels: {app: web}}"), ("ReplicationController", "v1", "{app: web}")]
    {
        let mut desk = desk("db-migration");
        desk.act(Act::Edit(format!(
            "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: web}}\nspec:\n  replicas: 2\n  selector: {selector}\n  \
             template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: nginx}}]}}\n"
        )));
        assert_eq!(desk.scene.workloads.len(), 1, "{kind}");
        desk.act(Act::Apply);
        desk.act(Act::Seek(10_000));
        let [Workload::Replicas(r)] = &desk.scene.workloads[..] else { panic!("{kind}: {:?}", desk.scene.workloads) };
        assert_eq!((r.kind, r.ready, r.pods.len(), &*r.facts[0].1), (kind, 2, 2, "2"), "{kind}");
        assert!(desk.remarks.is_empty() && desk.shown.answer.is_none());
    }
}

#[test]
fn a_kind_without_effect_is_told_once() {
    let mut desk = desk("db-migration");
    let said = |desk: &mut Desk| desk.note.take().map(|n| n.text.to_string());
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n";
    desk.act(Act::Edit([&*desk.draft, "---\n", role].concat()));
    desk.act(Act::Apply);
    assert!(!desk.is_bad() && desk.is_applied());
    assert_eq!((&*desk.said(), desk.remarks.len()), ("applied", 1));
    assert_eq!(said(&mut desk).as_deref(), Some("Role is accepted and has no effect here."));
    desk.act(Act::Apply);
    assert_eq!(said(&mut desk), None);
    desk.act(Act::Do("create service clusterip web --tcp=80".into()));
    desk.act(Act::Do("create role b --verb=get --resource=pods".into()));
    assert_eq!(said(&mut desk).as_deref(), Some("Service is accepted and has no traffic here."));
}

#[test]
fn a_lower_limit_fails_the_job() {
    let mut desk = desk("db-migration");
    desk.act(Act::Behave(preset("Always fails")));
    desk.act(Act::Set("backoffLimit", "1".into()));
    run(&mut desk);
    let job = job(&desk);
    assert_eq!((&*job.word, &*job.reason, job.used), ("Failed", "BackoffLimitExceeded", 2));
    assert!(matches!(job.bad[job.bar], Berth::Pod(_)), "the second failure stands past the bar");
}

#[test]
fn the_past_can_be_seen_again_and_changed() {
    let mut desk = desk("migration-fails-twice");
    run(&mut desk);
    let end = desk.run.now();
    desk.act(Act::Seek(0));
    assert_eq!(job(&desk).active + job(&desk).failed + job(&desk).succeeded, job(&desk).active);
    assert!(desk.timeline.seen > 0, "what was seen stays on the timeline");
    desk.act(Act::Step(true));
    desk.act(Act::Command("kubectl delete job db-migration --wait=false".into()));
    assert!(desk.note.as_ref().is_some_and(|n| n.undo), "{:?}", desk.note);
    assert!(desk.run.seen() < end);
    desk.act(Act::Undo);
    assert_eq!(desk.run.seen(), end);
}

#[test]
fn a_refused_manifest_keeps_the_last_good_run() {
    let mut desk = desk("migration-fails-twice");
    run(&mut desk);
    let bad = desk.draft.replace("Never", "Always");
    desk.act(Act::Edit(bad));
    desk.act(Act::Apply);
    assert!(desk.refused);
    assert_eq!(&*job(&desk).word, "Complete");
    let p = &desk.problems[0];
    assert!(p.message.contains("valid values: \"OnFailure\", \"Never\""), "{}", p.message);
    assert_eq!(desk.draft.lines().nth(p.line.expect("a line")).map(str::trim), Some("restartPolicy: Always"));
}

#[test]
fn a_link_opens_the_same_run() {
    let mut desk = desk("six-by-two");
    desk.act(Act::Apply);
    desk.tick(12_000.0, || true);
    let shared = desk.shared();
    let mut other = Desk::new(examples::open(""), None);
    other.restore(&shared);
    assert_eq!(other.scene, desk.scene);
    assert_eq!(other.timeline, desk.timeline);
}

#[test]
fn every_example_is_accepted_and_explains_itself() {
    for example in examples::all() {
        let mut desk = Desk::new(example, None);
        assert_eq!(desk.problems, [], "{}", example.id);
        desk.act(Act::Apply);
        for _ in 0..6 {
            desk.act(Act::Step(true));
            for w in desk.scene.workloads.clone() {
                let question = match &w {
                    Workload::Job(j) => Question::Job(j.key.clone()),
                    other => Question::Other(other.key().clone()),
                };
                let answer = crate::session::why::answer(&desk, &question).expect("an answer");
                assert!(!answer.happened.is_empty() && !answer.next.is_empty(), "{}", example.id);
            }
            for p in desk.scene.pods.clone() {
                assert!(crate::session::why::answer(&desk, &Question::Pod(p.name.clone())).is_some());
            }
        }
    }
}

#[test]
fn a_run_to_the_end_that_is_cut_into_frames_says_when_it_is_over() {
    for id in ["every-minute", "migration-as-deployment", "migration-fails-twice", "crash-loop"] {
        let mut desk = desk(id);
        desk.act(Act::Apply);
        desk.act(Act::End);
        let mut frames = 0;
        while desk.rushing {
            // No time for more than one step: the last frame may have nothing left to do but to end.
            let changed = desk.tick(16.0, || false);
            assert!(changed || desk.rushing, "{id}: the page was not told of the end");
            frames += 1;
            assert!(frames < 1_000, "{id} goes on at {}", desk.run.now() - desk.run.origin);
        }
        let shown = desk.scene.clone();
        desk.derived = None;
        desk.derive();
        assert_eq!(shown, desk.scene, "{id}: the stage shows the end");
    }
}

#[test]
fn ten_minutes_of_what_never_ends_are_little_work() {
    for example in examples::all() {
        let mut run = Run::new(1);
        run.apply_fresh(example.text);
        let mut cluster = run.cluster().clone();
        let until = batchyard_engine::cluster::Time(run.origin + 12 * 60_000);
        let progress = cluster.advance(until, 20_000);
        assert!(progress.finished, "{}: {progress:?}", example.id);
    }
}

/// Acts of a learner who tries everything, in an order that follows from a number.
fn any_act(x: u64, desk: &Desk) -> Act {
    let pick = (x >> 8) as usize;
    let pod = desk.scene.pods.get(pick % desk.scene.pods.len().max(1)).cloned();
    let line = ["get pods", "describe job", "delete pods --all --wait=false", "nonsense", "get events -w", "clear"];
    match x % 26 {
        0 => Act::Edit(desk.draft.replacen('3', &(pick % 9).to_string(), 1)),
        1 => Act::Behave(preset(crate::session::behaviour::PRESETS[pick % 7].0)),
        2 | 3 => Act::Apply,
        4 => Act::ApplyHere,
        5 => Act::Reset,
        6 => Act::Draft(examples::all()[pick % examples::all().len()].id, None),
        7 | 8 => Act::Undo,
        9 => Act::Play,
        10 => Act::Step(x & 64 == 0),
        11 => Act::Failure(x & 64 == 0),
        12 => Act::Start,
        13 => Act::End,
        14 => Act::Seek(pick as Ms % 100_000 - 5_000),
        15 => Act::Tenth((pick % 10) as u8),
        16 => Act::Faster(x & 64 == 0),
        17 => Act::Zoom(x & 64 == 0),
        18 => Act::Skip(x & 64 == 0),
        19 => {
            Act::Select(pod.map(|p| Target { resource: "pod", namespace: p.namespace.clone(), name: p.name.clone() }))
        }
        20 => Act::Tab(Tab::ALL[pick % 4]),
        21 => Act::Command(["kubectl ", line[pick % line.len()]].concat()),
        22 => pod.map_or(Act::Interrupt, |p| Act::Break(p.namespace.clone(), p.name.clone(), x & 64 == 0)),
        23 => pod.map_or(Act::Unwhy, |p| Act::Why(Question::Pod(p.name.clone()))),
        24 => Act::Complete("kubectl get po".into(), pick % 15),
        _ => Act::Scope(Scope { container: String::new(), index: Some(pick as i64 % 4) }),
    }
}

#[test]
fn whatever_a_learner_does_the_page_holds_together() {
    for seed in 1..7_u64 {
        let mut desk = Desk::new(&examples::all()[seed as usize * 3], None);
        let mut x = seed.wrapping_mul(88_172_645_463_325_252);
        let mut acts = Vec::new();
        for _ in 0..60 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            let act = any_act(x, &desk);
            acts.push(act.clone());
            desk.act(act);
            for _ in 0..3 {
                desk.tick(40.0, || false);
            }
            let run = &desk.run;
            assert!(run.now() >= run.origin && run.now() <= run.seen(), "{acts:?}");
            assert!(!desk.playing || desk.is_applied() || run.cluster().journal_position() > 0, "{acts:?}");
            assert!(desk.timeline.rows.len() <= 61 && desk.problems.len() < 60, "{acts:?}");
            if !desk.playing && !desk.rushing {
                let shown = (desk.scene.clone(), desk.timeline.clone());
                desk.derived = None;
                desk.derive();
                assert_eq!(
                    shown,
                    (desk.scene.clone(), desk.timeline.clone()),
                    "what stands there is what is: {acts:?}"
                );
            }
        }
    }
}

#[test]
fn what_would_let_a_failed_job_succeed_is_within_its_limit() {
    let offered = |policy: &str, limit: i64, attempts: &str| {
        let mut desk = desk("migration-gives-up");
        let text = desk.example.text;
        let text = text.replace("backoffLimit: 1", &format!("backoffLimit: {limit}"));
        let text = text.replace("restartPolicy: Never", &format!("restartPolicy: {policy}"));
        let text = text.replace("\"exit 1 after 4s\"", &format!("\"{attempts}\""));
        desk.act(Act::Edit(text));
        run(&mut desk);
        assert_eq!(&*job(&desk).word, "Failed", "{policy} {limit}");
        let says = desk.shown.outcome.clone().expect("a strip");
        let found = says.next.iter().find(|(label, _)| label.starts_with("Let "))?;
        let (label, act) = found.clone();
        desk.act(act);
        desk.act(Act::End);
        for _ in 0..200 {
            desk.tick(16.0, || true);
        }
        assert_eq!(&*job(&desk).word, "Complete", "{policy} {limit}: {label}");
        Some(label.to_string())
    };
    let said = |s: &str| Some(s.to_owned());
    assert_eq!(offered("Never", 0, "exit 1 after 4s"), None);
    assert_eq!(offered("Never", 1, "exit 1 after 4s"), said("Let Pod 2 succeed"));
    assert_eq!(offered("Never", 3, "exit 1 after 4s"), said("Let Pod 3 succeed"));
    assert_eq!(offered("Never", 2, "exit 1 after 1s; exit 2 after 1s; exit 3 after 1s"), said("Let Pod 3 succeed"));
    assert_eq!(offered("OnFailure", 1, "exit 1 after 4s"), None);
    assert_eq!(offered("OnFailure", 3, "exit 1 after 4s"), said("Let Start 3 succeed"));
}
