//! What the simulator says to manifests.

use std::rc::Rc;

use batchyard_engine::api::{Map, Value};
use batchyard_engine::cluster::{Cluster, Config};
use batchyard_engine::json;

use crate::kubectl::{run_with, text_of};

/// Records what is said to each manifest of a folder, each in a fresh cluster and a namespace of its own.
pub fn record(out: &str, dir: &str, seed: u64) -> Result<u8, String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .map_err(|e| format!("{dir}: {e}"))?
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .filter(|n| [".yaml", ".yml", ".json"].iter().any(|e| n.ends_with(e)))
        .collect();
    names.sort();
    let mut text = String::new();
    for name in &names {
        let bytes = std::fs::read(format!("{dir}/{name}")).map_err(|e| format!("{name}: {e}"))?;
        let mut files = vec![(name.clone(), Rc::from(text_of(&bytes)))];
        // A manifest may stand on others of its folder.
        for other in names.iter().filter(|n| *n != name) {
            if let Ok(b) = std::fs::read(format!("{dir}/{other}")) {
                files.push((other.clone(), Rc::from(text_of(&b))));
            }
        }
        text += &(one(name, &Rc::new(files), seed).to_json() + "\n");
    }
    std::fs::write(out, text).map_err(|e| format!("{out}: {e}"))?;
    println!("{} manifests", names.len());
    Ok(0)
}

fn one(name: &str, files: &Rc<Vec<(String, Rc<str>)>>, seed: u64) -> Value {
    let namespace = format!("m-{}", name.split(['-', '.']).next().unwrap_or(""));
    let mut cluster = Cluster::new(Config { seed, ..Config::default() });
    for line in [
        format!("kubectl create namespace {namespace}"),
        format!("kubectl config set-context --current --namespace={namespace}"),
    ] {
        run_with(&mut cluster, line, Rc::default(), 10_000);
    }
    let ready = cluster.now() + 2_000;
    cluster.advance(ready, u32::MAX);
    let call = |cluster: &mut Cluster, line: String| {
        let o = run_with(cluster, line, files.clone(), 120_000).output;
        (
            o.exit,
            o.stdout.clone(),
            json!({"exit": (o.exit), "stdout": (o.stdout), "stderr": (if o.misread { String::new() } else { o.stderr })}),
        )
    };
    let mut m = Map::new();
    m.insert("file", name);
    m.insert("namespace", namespace.as_str());
    m.insert("create", call(&mut cluster, format!("kubectl create --dry-run=server -f {name}")).2);
    let (exit, _, apply) = call(&mut cluster, format!("kubectl apply -f {name}"));
    m.insert("apply", apply);
    if exit == 0 {
        // A program takes a moment to start: time enough to schedule a Pod.
        let soon = cluster.now() + 50;
        cluster.advance(soon, u32::MAX);
        let (exit, text, _) = call(&mut cluster, format!("kubectl get -f {name} -o json"));
        if exit == 0 {
            let v = Value::from_json(&text).unwrap_or_default();
            let mut items: Vec<Value> =
                if v.str_at("kind") == "List" { v.at("items").items().to_vec() } else { vec![v] };
            for i in &mut items {
                i.unset("metadata.managedFields");
                i.unset("status");
            }
            m.insert("stored", Value::from(items));
        }
    }
    Value::from(m)
}
