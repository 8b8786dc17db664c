//! A cluster kept in a file: its seed, when it started, the commands and the present. Running them again gives the cluster.

use std::rc::Rc;

use batchyard_engine::api::Value;
use batchyard_engine::cluster::{Cluster, Command, Config, Time};
use batchyard_engine::json;

/// Brings a kept cluster back, or makes a fresh one where there is no such file.
pub fn load(path: &str, seed: u64) -> Result<Cluster, String> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(fresh(seed)) };
    let v = Value::from_json(&text).map_err(|e| format!("{path}: {e}"))?;
    let seed = v.int_at("seed").ok_or_else(|| format!("{path} is no cluster file: it has no seed"))?;
    let config = Config { seed: seed as u64, ..Config::default() };
    let mut cluster = Cluster::new(config);
    let start = cluster.start();
    for c in v.at("commands").items() {
        cluster.advance(start + c.int_at("at").unwrap_or(0), u32::MAX);
        let files = c.at("files").fields().map(|(k, t)| (k.to_string(), Rc::from(t.as_str().unwrap_or("")))).collect();
        let command = match c.at("line").as_str() {
            Some(line) => Command::Kubectl { line: line.to_owned(), files: Rc::new(files) },
            None => Command::Interrupt,
        };
        let id = cluster.commands().len();
        let outcome = cluster.handle(command);
        crate::texts::answer(&mut cluster, id, outcome);
    }
    cluster.advance(start + v.int_at("now").unwrap_or(0), u32::MAX);
    Ok(cluster)
}

/// A fresh cluster whose own beginnings are over.
pub fn fresh(seed: u64) -> Cluster {
    let mut cluster = Cluster::new(Config { seed, ..Config::default() });
    let ready: Time = cluster.start() + 2_000;
    cluster.advance(ready, u32::MAX);
    cluster
}

/// Keeps a cluster.
pub fn save(path: &str, cluster: &Cluster) -> Result<(), String> {
    let start = cluster.start();
    let commands = cluster.commands().iter().filter_map(|(at, c)| {
        let at = *at - start;
        match c {
            Command::Kubectl { line, files } => {
                let files = Value::object_from(files.iter().map(|(n, t)| (n.as_str(), Value::from(t))));
                Some(json!({"at": at, "line": (line.as_str()), "files": files}))
            }
            Command::Interrupt => Some(json!({"at": at})),
            // Only a page has these.
            Command::Provide { .. } | Command::FailContainer { .. } | Command::HangContainer { .. } => None,
        }
    });
    let v = json!({
        "seed": (cluster.config().seed as i64),
        "now": (cluster.now() - start),
        "commands": (Value::array(commands))
    });
    std::fs::write(path, v.to_json() + "\n").map_err(|e| format!("{path}: {e}"))
}
