//! Time is under control: the same commands give the same history however time is advanced, going back and forth ends
//! where a straight run ends, and acting in the past discards just what came after.

use std::rc::Rc;

use batchyard_engine::api::{Kind, ObjectKey};
use batchyard_engine::cluster::{Cluster, Command, Config, Time};

/// Something to do at a second.
type Step = (i64, &'static str);

const MANIFEST: &str = r#"
apiVersion: batch/v1
kind: Job
metadata: {name: pi}
spec:
  completions: 4
  parallelism: 2
  backoffLimit: 3
  ttlSecondsAfterFinished: 40
  template:
    metadata:
      annotations: {batchyard.dev/attempts: "exit 1 after 4s; exit 0 after 7s"}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: busybox:1.36}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: main, image: nginx:1.29}]
"#;

const STEPS: &[Step] = &[
    (0, "apply -f run.yaml"),
    (0, "get pods"),
    (6, "delete pod -l app=web --wait=false"),
    (9, "scale deployment web --replicas=5"),
    (25, "patch job pi -p '{\"spec\":{\"suspend\":true}}'"),
    (33, "patch job pi -p '{\"spec\":{\"suspend\":false}}'"),
    (50, "delete deployment web --cascade=foreground --wait=false"),
];
const END: i64 = 130;

fn kubectl(line: &str) -> Command {
    let files = vec![("run.yaml".to_owned(), Rc::from(MANIFEST))];
    Command::Kubectl { line: format!("kubectl {line}"), files: Rc::new(files) }
}

fn fresh(seed: u64) -> Cluster {
    Cluster::new(Config { seed, ..Config::default() })
}

fn at(cluster: &Cluster, ms: i64) -> Time {
    cluster.start() + ms
}

/// Numbers without a library: good enough to cut time into pieces.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as i64
    }
}

/// Runs to an end, in pieces that `cut` gives, with budgets that it gives too.
fn run(cluster: &mut Cluster, steps: &[Step], mut cut: impl FnMut(i64) -> (i64, u32)) {
    let mut go = |cluster: &mut Cluster, to: i64| {
        let end = at(cluster, to);
        while cluster.now() < end {
            let left = end - cluster.now();
            let (ms, budget) = cut(left);
            let until = cluster.now() + ms.clamp(1, left);
            while !cluster.advance(until, budget).finished {}
        }
    };
    for (second, line) in steps {
        go(cluster, second * 1000);
        cluster.handle(kubectl(line));
    }
    go(cluster, END * 1000);
}

fn straight(seed: u64) -> Cluster {
    let mut cluster = fresh(seed);
    run(&mut cluster, STEPS, |left| (left, u32::MAX));
    cluster
}

#[test]
fn same_seed_same_history_and_another_seed_another() {
    let (a, b, c) = (straight(1), straight(1), straight(2));
    assert!(a.journal().len() > 150, "something happens: {}", a.journal().len());
    assert_eq!(a.journal().hash(), b.journal().hash());
    assert_ne!(a.journal().hash(), c.journal().hash());
}

#[test]
fn however_time_is_cut_the_history_is_the_same() {
    let want = straight(3).journal().hash();
    for seed in 0..4 {
        let mut dice = Dice(seed);
        let mut cluster = fresh(3);
        run(&mut cluster, STEPS, |left| (1 + dice.below(left.min(9_000)), 1 + dice.below(40) as u32));
        assert_eq!(cluster.journal().hash(), want, "cut {seed}");
    }
}

#[test]
fn going_to_a_time_shows_what_was_then() {
    let mut cluster = straight(4);
    let want = cluster.journal().hash();
    let mut dice = Dice(4);
    for _ in 0..8 {
        let to = at(&cluster, dice.below(END * 1000));
        cluster.seek(to);
        assert_eq!(cluster.now(), to);
        assert_eq!(cluster.journal().hash(), want);
        let position = cluster.journal_position();
        assert_eq!(position, cluster.journal().until(to).len(), "at {}", to - cluster.start());
        let snapshot = cluster.snapshot();
        for change in &cluster.journal().entries()[..position] {
            let then = cluster.journal().object_at(&change.key, to).map(|o| o.resource_version());
            assert_eq!(snapshot.get(&change.key).map(|o| o.resource_version()), then, "{:?}", change.key);
        }
    }
    let end = at(&cluster, END * 1000);
    cluster.seek(end);
    assert_eq!(cluster.journal().hash(), want);
}

#[test]
fn acting_in_the_past_is_like_having_acted_then() {
    for cut in [3, 12, 40] {
        let mut forked = straight(5);
        let undo = forked.clone();
        let past = at(&forked, cut * 1000);
        forked.seek(past);
        assert!(forked.would_fork());
        forked.handle(kubectl("delete job pi --wait=false"));
        assert!(!forked.would_fork());
        let end = at(&forked, END * 1000);
        forked.advance(end, u32::MAX);

        let mut steps: Vec<Step> = STEPS.iter().copied().filter(|(t, _)| *t <= cut).collect();
        steps.push((cut, "delete job pi --wait=false"));
        let mut direct = fresh(5);
        run(&mut direct, &steps, |left| (left, u32::MAX));
        assert_eq!(forked.journal().hash(), direct.journal().hash(), "cut at {cut}");
        assert_eq!(undo.journal().hash(), straight(5).journal().hash());
    }
}

#[test]
fn a_container_can_be_made_to_fail_or_hang() {
    let mut cluster = fresh(6);
    cluster.handle(kubectl("apply -f run.yaml"));
    let soon = at(&cluster, 3_000);
    cluster.advance(soon, u32::MAX);
    let snapshot = cluster.snapshot();
    let of = |owner: &str| {
        let made = |p: &&Rc<batchyard_engine::api::Object>| p.name().starts_with(owner);
        snapshot.list(Kind::Pod).find(made).expect("it has a Pod").name().clone()
    };
    let target = |pod: &Rc<str>| (Rc::from("default"), pod.clone(), Rc::from("main"));
    let (namespace, pod, container) = target(&of("web"));
    let failed = cluster.handle(Command::FailContainer { namespace, pod: pod.clone(), container });
    assert_eq!(failed.output.exit, 0, "{}", failed.output.stderr);
    let (namespace, job_pod, container) = target(&of("pi"));
    assert_eq!(cluster.handle(Command::HangContainer { namespace, pod: job_pod.clone(), container }).output.exit, 0);
    let later = at(&cluster, 20_000);
    cluster.advance(later, u32::MAX);
    let snapshot = cluster.snapshot();
    let get = |name: &Rc<str>| snapshot.get(&ObjectKey::new(Kind::Pod, "default", name.clone())).expect("it is there");
    assert_eq!(get(&pod).at("status.containerStatuses.0.restartCount").as_i64(), Some(1));
    assert_eq!(get(&job_pod).at("status.phase").as_str(), Some("Running"), "it would have ended by itself");
    let container = Rc::from("other");
    let refused = cluster.handle(Command::FailContainer { namespace: Rc::from("default"), pod, container });
    assert_eq!(refused.output.exit, 1);
}

#[test]
fn a_full_history_says_so() {
    let mut cluster = Cluster::new(Config { max_changes: 40, ..Config::default() });
    cluster.handle(kubectl("apply -f run.yaml"));
    let end = at(&cluster, 60_000);
    let progress = cluster.advance(end, u32::MAX);
    let limit = progress.limit.expect("the limit stops the run");
    assert!(!progress.finished && limit.to_string().contains("limit of 40 changes"), "{limit}");
    let outcome = cluster.handle(kubectl("get pods"));
    assert_eq!(outcome.output.exit, 1);
    assert!(outcome.output.stderr.contains("limit of 40 changes"));
}

#[test]
fn a_full_cluster_says_so() {
    let mut cluster = Cluster::new(Config { max_objects: 25, ..Config::default() });
    let outcome = cluster.handle(kubectl("apply -f run.yaml"));
    let end = at(&cluster, 20_000);
    cluster.advance(end, u32::MAX);
    let outcome = if outcome.output.exit == 0 { cluster.handle(kubectl("create configmap x")) } else { outcome };
    assert!(outcome.output.stderr.contains("it holds 25 objects"), "{}", outcome.output.stderr);
}
