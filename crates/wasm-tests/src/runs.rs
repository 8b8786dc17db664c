//! Runs a manifest in a fresh cluster.

use std::rc::Rc;

use batchyard_engine::cluster::{Cluster, Command, Config, NodeConfig, Outcome};

/// A run whose history is compared: its name, the manifest, and how many virtual seconds it takes.
pub struct Run {
    /// What the numbers are printed under.
    pub name: &'static str,
    /// What is applied at the start.
    pub manifest: &'static str,
    /// How long it runs.
    pub seconds: i64,
}

/// One run of each kind of chance: names, back-off jitter, schedules, scheduling, shells and their output.
pub const RUNS: &[Run] = &[
    Run { name: "retried-job", manifest: RETRIED_JOB, seconds: 120 },
    Run { name: "indexed-job", manifest: INDEXED_JOB, seconds: 120 },
    Run { name: "cron-job", manifest: CRON_JOB, seconds: 600 },
    Run { name: "crash-loop", manifest: CRASH_LOOP, seconds: 900 },
];

const RETRIED_JOB: &str = r#"apiVersion: batch/v1
kind: Job
metadata: {name: db-migration}
spec:
  backoffLimit: 3
  template:
    metadata: {annotations: {batchyard.dev/attempts: "exit 1 after 5s; exit 1 after 5s; exit 0 after 3s"}}
    spec:
      restartPolicy: Never
      containers: [{name: migration, image: "my-app:latest", command: [python, manage.py, migrate]}]
"#;

const INDEXED_JOB: &str = r#"apiVersion: batch/v1
kind: Job
metadata: {name: chunks}
spec:
  completions: 12
  parallelism: 4
  completionMode: Indexed
  backoffLimitPerIndex: 1
  template:
    metadata: {annotations: {batchyard.dev/attempts.index-3: "exit 1 after 2s"}}
    spec:
      restartPolicy: Never
      containers: [{name: work, image: busybox, command: [sh, -c, 'echo "chunk $JOB_COMPLETION_INDEX"; sleep 4']}]
"#;

const CRON_JOB: &str = r#"apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "*/2 * * * *"
  concurrencyPolicy: Replace
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: backup, image: busybox, command: [sh, -c, sleep 150]}]
"#;

/// A Deployment whose container fails again and again.
pub const CRASH_LOOP: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: crashing}
spec:
  selector: {matchLabels: {app: crashing}}
  template:
    metadata: {labels: {app: crashing}, annotations: {batchyard.dev/attempts: "exit 1 after 2s"}}
    spec:
      containers: [{name: main, image: busybox}]
"#;

/// A cluster with as many nodes as so many Pods need.
pub fn cluster_for(pods: usize) -> Cluster {
    let mut config = Config::default();
    for n in config.nodes.len()..pods.div_ceil(100) {
        let like = config.nodes[0].clone();
        config.nodes.push(NodeConfig { name: Rc::from(format!("node-{}", n + 1)), ..like });
    }
    Cluster::new(config)
}

/// Applies a manifest, as `kubectl apply -f` does.
///
/// # Panics
///
/// Where it is refused: these manifests are all right.
pub fn apply(cluster: &mut Cluster, manifest: &str) -> Outcome {
    let files = Rc::new(vec![("run.yaml".to_owned(), Rc::from(manifest))]);
    let outcome = cluster.handle(Command::Kubectl { line: "kubectl apply -f run.yaml".into(), files });
    assert_eq!(outcome.output.exit, 0, "{}", outcome.output.stderr);
    outcome
}

/// The hash of a run's whole history.
pub fn history(run: &Run) -> u64 {
    let mut cluster = cluster_for(1);
    apply(&mut cluster, run.manifest);
    let end = cluster.start() + run.seconds * 1000;
    cluster.advance(end, u32::MAX);
    cluster.journal().hash()
}
