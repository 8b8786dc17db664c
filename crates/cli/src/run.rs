//! `batchyard run`: a manifest from its start to its Jobs' end, with virtual times.

use std::collections::BTreeMap;
use std::rc::Rc;

use batchyard_engine::api::{Kind, Object, ObjectKey};
use batchyard_engine::cluster::{Change, Cluster, Command, Config, Millis, Time};
use batchyard_engine::cluster::{job_completions, job_status_word, pod_status_word};

use crate::args::{Args, read_file};

const DEFAULT_UNTIL: Millis = 20 * 60_000;

/// Runs the command; gives its exit code.
pub fn main(words: &[String]) -> Result<u8, String> {
    let args = Args::read(words, &["until", "seed"], &["watch"], false)?;
    let [file] = args.rest.as_slice() else {
        return Err("run needs one FILE: batchyard run examples/db-migration.yaml".into());
    };
    let text = read_file(file)?;
    let config = Config { seed: args.number("seed")?.unwrap_or(1), ..Config::default() };
    let until = args.duration("until")?.unwrap_or(DEFAULT_UNTIL);
    let mut run = Run { cluster: Cluster::new(config), printed: 0, watch: args.on("watch"), last: BTreeMap::new() };
    // The cluster's own beginnings (service accounts) are over before the manifest comes.
    let start = run.cluster.start() + 2_000;
    run.cluster.advance(start, u32::MAX);
    run.printed = run.cluster.journal_position();
    let line = format!("kubectl apply -f '{file}'");
    println!("$ {line}");
    let files = Rc::new(vec![(file.clone(), Rc::from(text))]);
    let outcome = run.cluster.handle(Command::Kubectl { line, files });
    print!("{}", outcome.output.stdout);
    eprint!("{}", outcome.output.stderr);
    if outcome.output.exit != 0 {
        return Ok(2);
    }
    run.print_new(start);
    let end = start + until;
    while run.cluster.now() < end {
        let Some(due) = run.cluster.next_due().filter(|t| *t <= end) else {
            run.cluster.advance(end, u32::MAX);
            break;
        };
        let limit = run.cluster.advance(due, u32::MAX).limit;
        run.print_new(start);
        if let Some(limit) = limit {
            eprintln!("{limit}");
            break;
        }
        if run.is_over() {
            break;
        }
    }
    let code = run.summary(start);
    // The process ends here: freeing a long run's history piece by piece would only make it end later.
    std::mem::forget(run);
    Ok(code)
}

struct Run {
    cluster: Cluster,
    printed: usize,
    watch: bool,
    /// The last row printed of each object.
    last: BTreeMap<ObjectKey, String>,
}

impl Run {
    /// Prints the changes since the last time, as `get pods -w` and the events would.
    fn print_new(&mut self, start: Time) {
        let entries: Vec<Rc<Change>> =
            self.cluster.journal().entries()[self.printed..self.cluster.journal_position()].to_vec();
        self.printed = self.cluster.journal_position();
        for c in entries {
            let Some(text) = describe(&c) else { continue };
            if c.key.kind != Kind::Event {
                // Every version is shown with --watch, as kubectl does; else only those that look different.
                let last = self.last.insert(c.key.clone(), text.clone());
                if last.is_some_and(|l| l == text) && !self.watch {
                    continue;
                }
            }
            println!("{:>9}  {text}", clock(c.at - start));
        }
    }
    fn jobs(&self) -> Vec<Rc<Object>> {
        let snapshot = self.cluster.snapshot();
        snapshot.list(Kind::Job).filter(|j| j.controller().is_none()).cloned().collect()
    }
    /// Whether nothing more is to come: all Jobs have ended, and there is nothing that runs for ever.
    fn is_over(&self) -> bool {
        let snapshot = self.cluster.snapshot();
        let endless = [
            Kind::CronJob,
            Kind::Deployment,
            Kind::StatefulSet,
            Kind::DaemonSet,
            Kind::ReplicaSet,
            Kind::ReplicationController,
        ];
        if endless.iter().any(|k| snapshot.list(*k).next().is_some()) {
            return false;
        }
        let jobs = self.jobs();
        if !jobs.iter().all(|j| matches!(job_status_word(j), "Complete" | "Failed")) {
            return false;
        }
        let pods_done = snapshot.list(Kind::Pod).all(|p| {
            matches!(p.at("status.phase").as_str(), Some("Succeeded" | "Failed"))
                && !p.has_finalizer("batch.kubernetes.io/job-tracking")
        });
        let waits_for_ttl = jobs.iter().any(|j| !j.at("spec.ttlSecondsAfterFinished").is_null());
        (!jobs.is_empty() || snapshot.list(Kind::Pod).next().is_some()) && pods_done && !waits_for_ttl
    }
    /// Says how it ended; gives the exit code.
    fn summary(&self, start: Time) -> u8 {
        let snapshot = self.cluster.snapshot();
        println!("after {}:", clock(self.cluster.now() - start).trim_start());
        let mut code = 0;
        for job in snapshot.list(Kind::Job) {
            let word = job_status_word(job);
            println!("  job.batch/{}  {word} {}", job.name(), job_completions(job));
            code = match word {
                "Complete" => code,
                "Failed" => 1,
                _ if code == 1 => 1,
                _ => 3,
            };
        }
        for kind in [Kind::CronJob, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicationController] {
            for o in snapshot.list(kind) {
                let cells = batchyard_engine::kubectl::printers::row(o, self.cluster.now());
                let text: Vec<String> = cells.iter().skip(1).take(4).map(plain).collect();
                println!("  {}/{}  {}", kind.resource_name(), o.name(), text.join(" "));
            }
        }
        for pod in snapshot.list(Kind::Pod).filter(|p| p.controller().is_none()) {
            let s = pod_status_word(pod);
            println!("  pod/{}  {} {}/{}", pod.name(), s.word, s.ready, s.total);
            code = match pod.at("status.phase").as_str() {
                Some("Succeeded") => code,
                Some("Failed") => 1,
                _ if snapshot.list(Kind::Job).next().is_none() && code == 0 => 3,
                _ => code,
            };
        }
        code
    }
}

fn plain(v: &batchyard_engine::api::Value) -> String {
    v.as_str().map_or_else(|| v.to_json(), str::to_owned)
}

/// `12.345s` since the start.
fn clock(ms: Millis) -> String {
    format!("{}.{:03}s", ms / 1000, ms % 1000)
}

/// A change as a line.
fn describe(c: &Change) -> Option<String> {
    let o = c.object();
    let name = format!("{}/{}", c.key.kind.resource_name(), c.key.name);
    match c.key.kind {
        Kind::Event if !c.is_deleted() => {
            let e = o.body();
            let count = e.int_at("count").or(e.int_at("series.count")).unwrap_or(1);
            let times = if count > 1 { format!(" (x{count})") } else { String::new() };
            Some(format!(
                "event {:<7} {} {}/{}: {}{times}",
                e.str_at("type"),
                e.str_at("reason"),
                e.str_at("involvedObject.kind").to_lowercase(),
                e.str_at("involvedObject.name"),
                e.str_at("message")
            ))
        }
        Kind::Pod | Kind::Job if c.is_deleted() => Some(format!("{name}  deleted")),
        Kind::Pod => {
            let s = pod_status_word(o);
            Some(format!("{name}  {}/{}  {}  {}", s.ready, s.total, s.word, s.restarts))
        }
        Kind::Job => Some(format!("{name}  {}  {}", job_status_word(o), job_completions(o))),
        Kind::CronJob => Some(format!("{name}  active {}", o.at("status.active").items().len())),
        Kind::Deployment => {
            let n = |p: &'static str| o.at(p).as_i64().unwrap_or(0);
            Some(format!("{name}  {}/{} ready", n("status.readyReplicas"), n("spec.replicas")))
        }
        _ => None,
    }
}
