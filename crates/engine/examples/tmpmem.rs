use batchyard_engine::api::{Kind, Value};
use batchyard_engine::cluster::*;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
fn walk(v: &Value, path: &str, seen: &mut BTreeSet<usize>, by: &mut BTreeMap<String, (usize, usize)>) {
    match v {
        Value::Str(s) => {
            if seen.insert(s.as_ptr() as usize) {
                let e = by.entry(format!("{path} str")).or_default();
                e.0 += 1;
                e.1 += 16 + s.len().max(16) + 8;
            }
        }
        Value::Array(a) => {
            if seen.insert(Rc::as_ptr(a) as *const u8 as usize) {
                let e = by.entry(format!("{path}[]")).or_default();
                e.0 += 1;
                e.1 += 40 + 16 + a.capacity() * 24 + 16;
                for x in a.iter() {
                    walk(x, &format!("{path}[]"), seen, by);
                }
            }
        }
        Value::Object(m) => {
            if seen.insert(Rc::as_ptr(m) as *const u8 as usize) {
                let e = by.entry(format!("{path}{{}}")).or_default();
                e.0 += 1;
                e.1 += 40 + 16 + m.len().next_power_of_two().max(4) * 40 + 16;
                for (k, x) in m.iter() {
                    if seen.insert(k.as_ptr() as usize) {
                        let e = by.entry("KEY".into()).or_default();
                        e.0 += 1;
                        e.1 += 32;
                    }
                    let p = if path.len() < 60 { format!("{path}.{k}") } else { path.to_string() };
                    walk(x, &p, seen, by);
                }
            }
        }
        _ => {}
    }
}
fn main() {
    let n: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut c = Cluster::new(Config::default());
    c.advance(c.start() + 2000, u32::MAX);
    let text = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: many}}\nspec:\n  completions: {n}\n  parallelism: 50\n  completionMode: Indexed\n  template:\n    metadata: {{annotations: {{batchyard.dev/attempts: exit 0 after 3s}}}}\n    spec:\n      restartPolicy: Never\n      containers: [{{name: work, image: busybox}}]\n"
    );
    c.handle(Command::Kubectl {
        line: "kubectl apply -f x.yaml".into(),
        files: Rc::new(vec![("x.yaml".into(), Rc::from(text))]),
    });
    for _ in 0..3600 {
        let t = c.now() + 1000;
        c.advance(t, u32::MAX);
        let s = c.snapshot();
        if s.list(Kind::Job).next().and_then(|o| o.at("status").int_at("succeeded")).unwrap_or(0) == n as i64 {
            break;
        }
    }
    let mut seen = BTreeSet::new();
    let mut by = BTreeMap::new();
    for e in c.journal().entries() {
        for o in [&e.before, &e.after, &e.last].into_iter().flatten() {
            walk(o.body(), e.key.kind.name(), &mut seen, &mut by);
        }
    }
    let mut v: Vec<_> = by.into_iter().collect();
    v.sort_by_key(|x| std::cmp::Reverse(x.1.1));
    let total: usize = v.iter().map(|x| x.1.1).sum();
    println!("total {} kB over {} changes", total / 1024, c.journal().len());
    for (k, (n, b)) in v.iter().take(45) {
        println!("{:>8} kB {:>7} {k}", b / 1024, n);
    }
}
