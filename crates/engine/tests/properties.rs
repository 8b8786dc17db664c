//! Properties of whole runs, over random manifests: what must hold at every instant of every history.
//!
//! `make nightly` runs 10,000 cases of each.

#[path = "properties/history.rs"]
mod history;
#[path = "properties/job.rs"]
mod job;
#[path = "properties/manifest.rs"]
mod manifest;
#[path = "properties/workloads.rs"]
mod workloads;

use batchyard_engine::api::Kind;
use batchyard_engine::cluster::{Cluster, Command, Config};
use proptest::prelude::*;
use std::rc::Rc;

/// 200 cases, or as many as the environment says.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if option_env!("PROPTEST_CASES").is_none() && std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 200;
    }
    config.failure_persistence = None;
    config
}

/// A cluster in which a manifest was applied.
fn applied(manifest: &str, seed: u64) -> Cluster {
    let mut cluster = Cluster::new(Config { seed, ..Config::default() });
    kubectl(&mut cluster, "kubectl apply -f manifest.yaml", manifest);
    cluster
}

/// Runs a command beside a file `manifest.yaml`.
fn kubectl(cluster: &mut Cluster, line: &str, manifest: &str) {
    let files = Rc::new(vec![("manifest.yaml".to_owned(), Rc::from(manifest))]);
    cluster.handle(Command::Kubectl { line: line.to_owned(), files });
}

/// Runs so many seconds on.
fn run(cluster: &mut Cluster, seconds: i64) {
    let until = cluster.now() + seconds * 1000;
    cluster.advance(until, u32::MAX);
}

proptest! {
    #![proptest_config(config())]

    /// What a Job's status says, at every version of it.
    #[test]
    fn jobs_keep_their_promises(job in manifest::job(), actions in manifest::actions(), seed in 0..9u64) {
        let mut cluster = applied(&job.yaml(), seed);
        prop_assert!(cluster.snapshot().list(Kind::Job).next().is_some(), "{}", job.yaml());
        for action in &actions {
            run(&mut cluster, action.after);
            kubectl(&mut cluster, &action.line, "");
        }
        run(&mut cluster, 300);
        job::check(&cluster, &job)?;
    }

    /// The same seed and commands tell the same story.
    #[test]
    fn histories_repeat(job in manifest::job(), actions in manifest::actions(), seed in 0..9u64) {
        let tell = || {
            let mut cluster = applied(&job.yaml(), seed);
            for action in &actions {
                run(&mut cluster, action.after);
                kubectl(&mut cluster, &action.line, "");
            }
            run(&mut cluster, 100);
            cluster.journal().hash()
        };
        prop_assert_eq!(tell(), tell());
    }
}

proptest! {
    #![proptest_config(config())]

    /// `advance(a)` and then `advance(b)` is `advance(a + b)`, whatever the steps and their budgets.
    #[test]
    fn time_adds_up(story in history::story(), step in 1..20_000i64, budget in 1..40u32) {
        history::in_parts(&story, step, budget)?;
    }

    /// `seek(t)` is a replay up to `t`.
    #[test]
    fn seeking_is_replaying(story in history::story(), places in prop::collection::vec(0..200i64, 1..3)) {
        history::back_and_forth(&story, &places)?;
    }

    /// Owners exist, or orphans were asked for.
    #[test]
    fn owners_exist(story in history::story(), cascade in prop_oneof![Just("background"), Just("foreground"), Just("orphan")]) {
        history::owners(&story, cascade)?;
    }
}

/// Rolls a workload out, changes it twice, deletes a Pod in between, and checks the history.
fn roll_out(made: &workloads::Workload, waits: [i64; 3], seed: u64) -> Result<(), TestCaseError> {
    let mut cluster = applied(&made.yaml(), seed);
    let target = format!("{}/w", made.kind.to_ascii_lowercase());
    let lines = [
        format!("kubectl set image {target} main=nginx:2"),
        "kubectl delete pods -l app=w --field-selector=status.phase=Pending --wait=false".to_owned(),
        format!("kubectl set image {target} main=nginx:3"),
    ];
    for (wait, line) in waits.into_iter().zip(lines) {
        run(&mut cluster, wait);
        kubectl(&mut cluster, &line, "");
    }
    run(&mut cluster, 200);
    workloads::check(&cluster, made, "nginx:3")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases.div_ceil(5), ..config() })]

    /// Deployments never have more Pods than their surge allows, and come to rest with those they asked for.
    #[test]
    fn deployments_roll_out(made in workloads::workload("Deployment"), waits in [0..12i64, 0..6, 0..12], seed in 0..9u64) {
        roll_out(&made, waits, seed)?;
    }

    /// StatefulSets make their Pods in order, and come to rest with the newest template.
    #[test]
    fn statefulsets_roll_out(made in workloads::workload("StatefulSet"), waits in [0..20i64, 0..6, 0..20], seed in 0..9u64) {
        roll_out(&made, waits, seed)?;
    }

    /// DaemonSets have one Pod a node.
    #[test]
    fn daemonsets_roll_out(made in workloads::workload("DaemonSet"), waits in [0..12i64, 0..6, 0..12], seed in 0..9u64) {
        roll_out(&made, waits, seed)?;
    }
}
