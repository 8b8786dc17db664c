//! The desk over a real cluster: what a learner does, and what the stage then shows.

use super::*;
use crate::session::behaviour::preset;
use crate::session::view::Berth;

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
