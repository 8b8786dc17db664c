//! What kubectl prints for command lines.

use std::rc::Rc;

use batchyard_engine::api::{Kind, Map, Value};
use batchyard_engine::cluster::{Cluster, Config};

use crate::args::read_file;
use crate::kubectl::{run_with, text_of};

/// The time between two commands that share a namespace.
const PAUSE: i64 = 800;

/// Records what each line of a list prints.
pub fn record(out: &str, list: &str, fixtures: &str, seed: u64) -> Result<u8, String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(fixtures).map_err(|e| format!("{fixtures}: {e}"))?.flatten() {
        if entry.path().is_file() {
            let bytes = std::fs::read(entry.path()).map_err(|e| e.to_string())?;
            files.push((entry.file_name().to_string_lossy().into_owned(), Rc::from(text_of(&bytes))));
        }
    }
    files.sort();
    let files = Rc::new(files);
    let mut groups: Vec<Group> = Vec::new();
    let mut text = String::new();
    let mut n = 0;
    for raw in read_file(list)?.lines() {
        if raw.trim().is_empty() || raw.starts_with('#') {
            continue;
        }
        n += 1;
        let (fixture, after, line) = prefix(raw);
        let own = if only_reads(line) && !line.contains(';') { "shared".to_owned() } else { format!("n{n}") };
        let shown = if fixture.is_empty() { "empty" } else { fixture };
        let namespace = format!("c-{shown}-{after}-{own}");
        let i = match groups.iter().position(|g| g.namespace == namespace) {
            Some(i) => i,
            None => {
                groups.push(Group::new(&namespace, fixture, after, &files, seed));
                groups.len() - 1
            }
        };
        text += &(groups[i].run(fixture, after, line, &files).to_json() + "\n");
        if own != "shared" {
            groups.remove(i);
        }
    }
    std::fs::write(out, text).map_err(|e| format!("{out}: {e}"))?;
    println!("{n} commands");
    Ok(0)
}

/// `@name+8 kubectl ...` in its parts.
fn prefix(line: &str) -> (&str, i64, &str) {
    let Some((head, rest)) = line.strip_prefix('@').and_then(|l| l.split_once(' ')) else { return ("", 0, line) };
    let (name, after) = head.split_once('+').unwrap_or((head, "0"));
    (name, after.parse().unwrap_or(0), rest)
}

/// Whether a command changes nothing, so that it may share a namespace with others.
fn only_reads(line: &str) -> bool {
    const READS: [&str; 14] = [
        "get",
        "describe",
        "logs",
        "explain",
        "api-resources",
        "api-versions",
        "version",
        "auth",
        "events",
        "top",
        "diff",
        "help",
        "cluster-info",
        "options",
    ];
    let mut words = line.split_whitespace().skip_while(|w| *w != "kubectl").skip(1);
    let verb = words.next().unwrap_or("");
    let verb_of = verb.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or("");
    READS.contains(&verb_of)
        || verb == "config"
            && words.next().is_some_and(|w| w == "view" || w == "current-context" || w.starts_with("get"))
        || line.contains("--help")
        || line.ends_with(" -h")
        || line.contains(" -h ")
        || line.contains("--dry-run")
}

struct Group {
    namespace: String,
    cluster: Cluster,
}

impl Group {
    fn new(namespace: &str, fixture: &str, after: i64, files: &Rc<Vec<(String, Rc<str>)>>, seed: u64) -> Self {
        let mut cluster = Cluster::new(Config { seed, ..Config::default() });
        for line in [
            format!("kubectl create namespace {namespace}"),
            format!("kubectl config set-context --current --namespace={namespace}"),
        ] {
            run_with(&mut cluster, line, Rc::default(), 10_000);
        }
        let ready = cluster.now() + 2_000;
        cluster.advance(ready, u32::MAX);
        if !fixture.is_empty() {
            run_with(&mut cluster, format!("kubectl apply -f {fixture}.yaml"), files.clone(), 10_000);
            let to = cluster.now() + after * 1000 + 600;
            cluster.advance(to, u32::MAX);
        }
        Self { namespace: namespace.to_owned(), cluster }
    }
    fn run(&mut self, fixture: &str, after: i64, line: &str, files: &Rc<Vec<(String, Rc<str>)>>) -> Value {
        let pause = self.cluster.now() + PAUSE;
        self.cluster.advance(pause, u32::MAX);
        let snapshot = self.cluster.snapshot();
        let mine =
            |k: Kind| snapshot.list(k).filter(|o| **o.namespace() == *self.namespace).cloned().collect::<Vec<_>>();
        let pod = mine(Kind::Pod).first().map_or_else(String::new, |p| p.name().to_string());
        let kinds = [Kind::Job, Kind::CronJob, Kind::Deployment, Kind::ReplicaSet, Kind::Pod];
        let names =
            kinds.iter().flat_map(|k| mine(*k)).map(|o| Value::from(format!("{}/{}", o.kind().name(), o.name())));
        let names = Value::array(names);
        let o = run_with(&mut self.cluster, line.replace("{pod}", &pod), files.clone(), 90_000).output;
        let mut m = Map::new();
        m.insert("fixture", fixture);
        m.insert("after", after);
        m.insert("command", line);
        m.insert("namespace", self.namespace.as_str());
        m.insert("pod", pod);
        m.insert("exit", o.exit);
        m.insert("stdout", o.stdout);
        // kubectl was recorded as a library, which leaves it to its caller to print that a line cannot be read.
        m.insert("stderr", if o.misread { String::new() } else { o.stderr });
        m.insert("names", names);
        Value::from(m)
    }
}
