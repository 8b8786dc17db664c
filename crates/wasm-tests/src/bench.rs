//! Measures what issue-level budgets are set for; the caller brings the clock, since the engine and WebAssembly have none.

use batchyard_engine::api::Kind;
use batchyard_engine::cluster::{Cluster, Millis};

use crate::runs::{CRASH_LOOP, apply, cluster_for};

/// One measured number and its budget.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// The most it may be.
    pub budget: f64,
}

impl Row {
    /// `name  value  unit  budget`
    pub fn line(&self) -> String {
        let over = if self.value > self.budget { "  OVER" } else { "" };
        format!("{:<44} {:>10.2}  {:<5} {:>8}{over}", self.name, self.value, self.unit, self.budget)
    }
}

/// Measures everything. `now` gives milliseconds, `memory` the bytes in use at the most so far.
pub fn rows(now: &dyn Fn() -> f64, memory: &dyn Fn() -> f64) -> Vec<Row> {
    // WebAssembly is compiled a second time while it runs, where it is worth it: what is measured has run before.
    indexed(1_000);
    let mut rows = vec![
        Row {
            name: "deployment of 100 pods to available",
            value: best(now, 30, || deployment(100)),
            unit: "ms",
            budget: 20.0,
        },
        Row {
            name: "deployment of 700 pods to available",
            value: best(now, 5, || deployment(700)),
            unit: "ms",
            budget: 200.0,
        },
    ];
    let thousand = best(now, 15, || indexed(1_000));
    rows.push(Row { name: "indexed job, 1,000 completions, 50 at a time", value: thousand, unit: "ms", budget: 150.0 });
    let before = memory();
    let first = best(now, 1, || indexed(10_000));
    let after = memory();
    let ten_thousand = best(now, 2, || indexed(10_000)).min(first);
    rows.push(Row {
        name: "indexed job, 10,000 completions",
        value: ten_thousand,
        unit: "ms",
        budget: (thousand * 15.0).round(),
    });
    rows.push(Row {
        name: "its growth over ten times 1,000",
        value: ten_thousand / thousand / 10.0,
        unit: "x",
        budget: 1.5,
    });
    rows.push(Row { name: "its memory", value: (after - before) / 1e6, unit: "MB", budget: 200.0 });
    rows.push(Row { name: "ten minutes of one crash loop", value: best(now, 5, crash_loop), unit: "ms", budget: 5.0 });
    rows.push(Row {
        name: "seek in ten minutes of 100 pods, slowest",
        value: slowest_seek(now),
        unit: "ms",
        budget: 16.0,
    });
    let text = long_file();
    rows.push(Row {
        name: "diagnostics of a file of 200 lines",
        value: best(now, 20, || batchyard_engine::manifest::check(&text, "long.yaml")),
        unit: "ms",
        budget: 5.0,
    });
    rows
}

/// The shortest of some tries: the one that the machine disturbed least. Freeing what a run leaves is not part of it.
fn best<T>(now: &dyn Fn() -> f64, tries: u32, mut run: impl FnMut() -> T) -> f64 {
    (0..tries).fold(f64::INFINITY, |least, _| {
        let start = now();
        let left = run();
        let took = now() - start;
        drop(left);
        least.min(took)
    })
}

/// Advances in steps of a virtual second until `done`, for an hour at most.
fn until(cluster: &mut Cluster, done: impl Fn(&Cluster) -> bool) {
    for _ in 0..3600 {
        let next = cluster.now() + 1000;
        cluster.advance(next, u32::MAX);
        if done(cluster) {
            return;
        }
    }
    panic!("it did not end within an hour");
}

fn status(cluster: &Cluster, kind: Kind, field: &'static str) -> i64 {
    cluster.snapshot().list(kind).next().and_then(|o| o.at("status").int_at(field)).unwrap_or(0)
}

fn deployment(replicas: usize) -> Cluster {
    let mut cluster = deployment_of(replicas, "");
    until(&mut cluster, |c| status(c, Kind::Deployment, "availableReplicas") == replicas as i64);
    cluster
}

fn deployment_of(replicas: usize, command: &str) -> Cluster {
    let mut cluster = cluster_for(replicas);
    apply(
        &mut cluster,
        &format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n  \
             template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers: [{{name: web, image: nginx{command}}}]\n"
        ),
    );
    cluster
}

fn indexed(completions: usize) -> Cluster {
    let mut cluster = cluster_for(50);
    apply(
        &mut cluster,
        &format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: many}}\nspec:\n  completions: {completions}\n  parallelism: 50\n  completionMode: Indexed\n  \
             template:\n    metadata: {{annotations: {{batchyard.dev/attempts: exit 0 after 3s}}}}\n    spec:\n      restartPolicy: Never\n      \
             containers: [{{name: work, image: busybox}}]\n"
        ),
    );
    until(&mut cluster, |c| status(c, Kind::Job, "succeeded") == completions as i64);
    cluster
}

/// Two hundred lines of Jobs, each with a field at the wrong level.
fn long_file() -> String {
    let job = |n: usize| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: job-{n}\n  labels:\n    app: work\n    tier: batch\nspec:\n  \
             completions: 3\n  parallelism: 2\n  template:\n    spec:\n      backoffLimit: 2\n      restartPolicy: Never\n      \
             containers:\n      - name: work\n        image: busybox:1.36\n        command: [\"sh\", \"-c\", \"echo work\"]\n---\n"
        )
    };
    (0..11).map(job).collect()
}

fn crash_loop() {
    let mut cluster = cluster_for(1);
    apply(&mut cluster, CRASH_LOOP);
    let end = cluster.start() + 600_000;
    cluster.advance(end, u32::MAX);
}

/// A hundred Pods, each of which ends and is restarted within the ten minutes.
fn slowest_seek(now: &dyn Fn() -> f64) -> f64 {
    let mut cluster = deployment_of(100, ", command: [sh, -c, sleep 60]");
    let minutes: Millis = 10;
    let (start, end) = (cluster.start(), cluster.start() + minutes * 60_000);
    cluster.advance(end, u32::MAX);
    let steps = 40;
    // Back and forth, so that each seek is to somewhere else.
    let places = (0..steps).map(|n| start + minutes * 60_000 / steps * ((n * 23 + 7) % steps) + 777);
    places.fold(0.0, |slowest, place| slowest.max(best(now, 1, || cluster.seek(place))))
}
