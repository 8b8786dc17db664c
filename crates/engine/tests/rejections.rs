//! What real kubectl and API server said to the recorded manifests, against the manifest modules alone.
#![allow(clippy::disallowed_methods, reason = "a test reads its recordings")]

use batchyard_engine::api::Value;
use batchyard_engine::manifest;

fn records() -> Vec<(String, Vec<u8>, Value)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rejections");
    let text = std::fs::read_to_string(format!("{dir}/recorded.jsonl")).unwrap();
    text.lines()
        .filter(|l| !l.trim().is_empty())
        .map(|l| {
            let v = Value::from_json(l).unwrap();
            let file = v.str_at("file").to_owned();
            let bytes = std::fs::read(format!("{dir}/manifests/{file}")).unwrap();
            (file, bytes, v)
        })
        .collect()
}

#[test]
fn what_does_not_parse() {
    let mut wrong = 0;
    for (file, bytes, v) in records() {
        let want = v.str_at("create.stderr").lines().find(|l| l.starts_with("error: error parsing")).unwrap_or("");
        let parsed = manifest::parse_bytes(&bytes);
        let got = parsed.error().map(|e| format!("error: error parsing {file}: {}", e.message)).unwrap_or_default();
        if got != want {
            wrong += 1;
            println!("{file}\n  want {want}\n  got  {got}");
        }
    }
    assert_eq!(wrong, 0);
}

/// What the editor says agrees with what kubectl and the API server said: all is well, or it is not, and in whose words.
#[test]
fn what_the_editor_says() {
    let (mut wrong, mut said) = (0, 0);
    for (file, bytes, v) in records() {
        let text = String::from_utf8_lossy(&bytes);
        let found = manifest::check(&text, &file);
        let errors: Vec<&str> =
            found.iter().filter(|d| d.severity == manifest::Severity::Error).map(|d| d.message.as_str()).collect();
        let stderr = v.str_at("create.stderr");
        let refused = v.at("create.exit").as_i64() != Some(0);
        if refused == errors.is_empty() {
            wrong += 1;
            println!("{file}: refused {refused}, editor {errors:?}\n  {stderr}");
        }
        // The last part of a message is in what was printed.
        let tail = |m: &str| m.rsplit(": ").next().unwrap_or("").to_owned();
        said += usize::from(errors.iter().all(|m| stderr.contains(&tail(m))));
    }
    println!("{wrong} differ, words agree in {said}");
    assert!(wrong <= 12, "{wrong}");
    assert!(said >= 340, "{said}");
}

/// Nesting as deep as it is read, and deeper, is answered in words: no stack is too small for it.
#[test]
fn deep_nesting_is_answered() {
    use batchyard_engine::cluster::{Cluster, Command, Config};
    use std::rc::Rc;
    let flow = |n: usize| format!("{}x{}", "[".repeat(n), "]".repeat(n));
    let block = |n: usize| (0..n).map(|i| format!("\n{}a:", " ".repeat(i + 2))).collect::<String>() + " x";
    let mut cluster = Cluster::new(Config::default());
    for nested in [flow(90), block(90), flow(5_000), block(2_000)] {
        for head in ["kind: ConfigMap\ndata:", "kind: Pod\nspec:", "kind: Job\nspec:"] {
            let text = format!("apiVersion: v1\nmetadata: {{name: deep}}\n{head} {nested}\n");
            let text =
                text.replace("v1\nmetadata: {name: deep}\nkind: Job", "batch/v1\nmetadata: {name: deep}\nkind: Job");
            manifest::check(&text, "deep.yaml");
            let files = Rc::new(vec![("deep.yaml".to_owned(), Rc::from(text))]);
            let out = cluster.handle(Command::Kubectl { line: "kubectl apply -f deep.yaml".into(), files }).output;
            assert!(out.exit == 1 && out.stderr.to_lowercase().contains("error"), "{} {}", out.exit, out.stderr);
        }
    }
}
