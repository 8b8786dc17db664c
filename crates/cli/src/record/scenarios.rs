//! Scenarios: what is applied and done when, simulated, written as recording.jsonl.

use std::fmt::Write as _;
use std::path::Path;
use std::rc::Rc;

use batchyard_engine::api::{Kind, Map, Object, ObjectKey, Value};
use batchyard_engine::cluster::{Change, Cluster, Config, Time};
use batchyard_engine::json;
use batchyard_engine::kubectl::printers;

use crate::args::read_file;
use crate::kubectl::{run_with, text_of};

/// The kinds whose changes are recorded.
const KINDS: [Kind; 8] = [
    Kind::Pod,
    Kind::Event,
    Kind::Job,
    Kind::CronJob,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
];
/// Images that the nodes hold: those that the recorded cluster, where many scenarios ran one after the other, had nearly
/// always pulled before.
const IMAGES: [&str; 5] = ["busybox:1.36", "nginx:1.29", "nginx:1.30", "redis:7", "my-app:1.4"];
/// How long kubectl takes before its first request arrives.
const LATENCY: i64 = 170;
/// How long before second 0 the cluster starts and the namespace is made.
const LEAD: i64 = 5_000;
/// The longest that a command may take.
const PATIENCE: i64 = 120_000;

/// Records the scenarios of folders.
pub fn record(out: &str, dirs: &[String], seed: u64) -> Result<u8, String> {
    let mut failed = 0;
    for dir in dirs {
        // A scenario that the engine cannot stand is one scenario lost, not all.
        let result =
            std::panic::catch_unwind(|| one(out, dir, seed)).unwrap_or_else(|_| Err("the engine panicked".into()));
        match result {
            Ok(lines) => println!("{}: {lines} lines", label(dir)),
            Err(e) => {
                eprintln!("{dir}: {e}");
                failed = 1;
            }
        }
    }
    Ok(failed)
}

/// `group/name`
fn label(dir: &str) -> String {
    let parts: Vec<&str> = dir.trim_end_matches('/').rsplit('/').take(2).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn one(out: &str, dir: &str, seed: u64) -> Result<usize, String> {
    let scenario = Value::from_json(&read_file(&format!("{dir}/scenario.json"))?).map_err(|e| e.to_string())?;
    let header = std::fs::read_to_string(format!("{dir}/recording.jsonl"))
        .ok()
        .and_then(|t| t.lines().next().and_then(|l| Value::from_json(l).ok()))
        .unwrap_or_default();
    let namespace = header.at("namespace").as_str().unwrap_or("default").to_owned();
    let epoch = match header.at("epoch").as_str().and_then(Time::parse_rfc3339) {
        Some(t) => t,
        None => Config::default().epoch + scenario.int_at("start_second").unwrap_or(0) * 1000,
    };
    let mut r = Recorder::new(epoch, &namespace, dir, seed)?;
    let mut steps: Vec<&Value> = scenario.at("steps").items().iter().collect();
    let seconds = |v: &Value| match v {
        Value::Int(n) => *n * 1000,
        Value::Float(f) => (*f * 1000.0).round() as i64,
        _ => 0,
    };
    steps.sort_by_key(|s| seconds(s.at("at")));
    for s in steps {
        r.until(epoch + seconds(s.at("at")));
        r.command("step", s.str_at("run"));
    }
    let minutes = match scenario.at("minutes") {
        Value::Int(n) => *n * 60_000,
        Value::Float(f) => (*f * 60_000.0).round() as i64,
        _ => 60_000,
    };
    r.until(epoch + minutes);
    for c in scenario.at("capture").items() {
        r.command("capture", c.as_str().unwrap_or(""));
    }
    let label = label(dir);
    let folder = Path::new(out).join(&label);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let head = json!({
        "scenario": (label.as_str()),
        "title": (scenario.at("title").clone()),
        "kubernetes": "v1.37.2",
        "namespace": (namespace.as_str()),
        "minutes": (scenario.at("minutes").clone()),
        "epoch": (epoch_text(epoch))
    });
    let (text, lines) = r.finish(&head);
    let file = folder.join("recording.jsonl");
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(lines)
}

fn epoch_text(t: Time) -> String {
    let text = t.rfc3339();
    format!("{}.{:03}Z", &text[..text.len() - 1], t.0.rem_euclid(1000))
}

struct Recorder {
    cluster: Cluster,
    epoch: Time,
    namespace: String,
    files: Rc<Vec<(String, Rc<str>)>>,
    /// Lines with their times.
    lines: Vec<(Time, String)>,
    from: usize,
}

impl Recorder {
    fn new(epoch: Time, namespace: &str, dir: &str, seed: u64) -> Result<Self, String> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(|e| format!("{dir}: {e}"))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if path.is_file() && path.extension().is_none_or(|e| e != "jsonl") {
                let bytes = std::fs::read(entry.path()).map_err(|e| format!("{name}: {e}"))?;
                files.push((name, Rc::from(text_of(&bytes))));
            }
        }
        files.sort();
        let mut cluster = Cluster::new(Config {
            seed,
            epoch: epoch - LEAD,
            images: IMAGES.into_iter().map(Rc::from).collect(),
            ..Config::default()
        });
        if namespace != "default" {
            run_with(&mut cluster, format!("kubectl create namespace {namespace}"), Rc::default(), PATIENCE);
        }
        let set = format!("kubectl config set-context --current --namespace={namespace}");
        run_with(&mut cluster, set, Rc::default(), PATIENCE);
        cluster.advance(epoch, u32::MAX);
        let from = cluster.journal_position();
        Ok(Self { cluster, epoch, namespace: namespace.to_owned(), files: Rc::new(files), lines: Vec::new(), from })
    }
    fn until(&mut self, to: Time) {
        if to > self.cluster.now() {
            self.cluster.advance(to, u32::MAX);
        }
    }
    fn command(&mut self, which: &'static str, line: &str) {
        let at = self.cluster.now();
        self.until(at + LATENCY);
        let outcome = run_with(&mut self.cluster, line.to_owned(), self.files.clone(), PATIENCE);
        let o = &outcome.output;
        let mut m = Map::new();
        m.insert(which, line);
        m.insert("exit", o.exit);
        m.insert("stdout", o.stdout.as_str());
        m.insert("stderr", if o.misread { "" } else { o.stderr.as_str() });
        m.insert("t", (at - self.epoch) as f64 / 1000.0);
        self.lines.push((at, Value::from(m).to_json()));
    }
    /// All lines, and how many.
    fn finish(mut self, head: &Value) -> (String, usize) {
        let end = self.lines.last().map_or(self.cluster.now(), |(t, _)| *t);
        let mut last: Vec<(ObjectKey, Rc<str>, Value)> = Vec::new();
        let entries = self.cluster.journal().entries()[self.from..self.cluster.journal_position()].to_vec();
        for c in entries {
            if c.at > end || *c.key.namespace != *self.namespace || !KINDS.contains(&c.key.kind) {
                continue;
            }
            let line = self.change(&c, &mut last);
            self.lines.push((c.at, line));
        }
        self.lines.sort_by_key(|(t, _)| *t);
        let mut text = head.to_json() + "\n";
        for (_, line) in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        (text, self.lines.len())
    }
    fn change(&self, c: &Change, last: &mut Vec<(ObjectKey, Rc<str>, Value)>) -> String {
        let o: &Object = c.object();
        let kind = match (c.is_added(), c.is_deleted()) {
            (_, true) => "DELETED",
            (true, _) => "ADDED",
            _ => "MODIFIED",
        };
        let mut m = Map::new();
        m.insert("t", (c.at - self.epoch) as f64 / 1000.0);
        m.insert("type", kind);
        m.insert("kind", c.key.kind.name());
        m.insert("name", &c.key.name);
        m.insert("row", Value::from(printers::row(o, c.at)));
        let known = last.iter_mut().rev().find(|(k, uid, _)| *k == c.key && uid == o.uid());
        match known {
            Some((_, _, before)) => {
                m.insert("patch", difference(before, o.body()));
                *before = o.body().clone();
            }
            None => {
                m.insert("object", o.body().clone());
                last.push((c.key.clone(), o.uid().clone(), o.body().clone()));
            }
        }
        Value::from(m).to_json()
    }
}

/// The merge patch from one tree to another.
fn difference(a: &Value, b: &Value) -> Value {
    let (Value::Object(x), Value::Object(y)) = (a, b) else { return b.clone() };
    let mut out = Map::new();
    for (k, _) in x.iter().filter(|(k, _)| !y.contains_key(k)) {
        out.insert(k.clone(), Value::Null);
    }
    for (k, v) in y.iter() {
        match x.get(k) {
            None => {
                out.insert(k.clone(), v.clone());
            }
            Some(old) if old.same(v) || old == v => {}
            Some(old) => {
                out.insert(k.clone(), difference(old, v));
            }
        }
    }
    Value::from(out)
}
