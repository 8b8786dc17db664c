//! Holds what ARCHITECTURE.md promises: the engine's module order, what the app may import, and the shape of source and lock files.
#![allow(clippy::disallowed_methods, reason = "this test reads the sources")]

#[path = "architecture/imports.rs"]
mod imports;
#[path = "architecture/rules.rs"]
mod rules;

use std::path::{Path, PathBuf};

use rules::Source;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace folder")
}

/// Every Rust file under `dir`, with its path from there, sorted.
fn sources(dir: &Path) -> Vec<Source> {
    fn walk(base: &Path, dir: &Path, out: &mut Vec<Source>) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        for path in entries.map(|e| e.expect("a folder entry").path()) {
            if path.is_dir() {
                walk(base, &path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(base).expect("a path below its base").to_string_lossy().replace('\\', "/");
                out.push(Source { name, text: std::fs::read_to_string(&path).expect("UTF-8 source") });
            }
        }
    }
    let mut out = vec![];
    walk(dir, dir, &mut out);
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn engine_modules_import_only_what_stands_before_them() {
    let engine = sources(&root().join("crates/engine/src"));
    assert!(engine.len() > 4, "the engine's sources were not found");
    none(&rules::module_order(&engine));
}

#[test]
fn the_app_imports_only_the_facade() {
    for dir in ["src", "crates/scene/src"] {
        none(&rules::app_imports(&sources(&root().join(dir))));
    }
}

#[test]
fn every_source_file_says_what_it_is_for_and_stays_small() {
    for dir in
        ["src", "crates/tree/src", "crates/engine/src", "crates/scene/src", "crates/cli/src", "crates/wasm-tests/src"]
    {
        none(&rules::shape(dir, &sources(&root().join(dir))));
    }
}

#[test]
fn the_engine_depends_on_nothing_of_the_web() {
    let manifest = std::fs::read_to_string(root().join("crates/engine/Cargo.toml")).expect("the engine's Cargo.toml");
    none(&rules::no_web_dependencies(&manifest));
}

#[test]
fn lock_files_name_no_private_registry() {
    for name in ["Cargo.lock", "package-lock.json", "tools/lighthouse/package-lock.json"] {
        let path = root().join(name);
        if path.exists() {
            none(&rules::lock_file(name, &std::fs::read_to_string(path).expect("a lock file")));
        }
    }
}

/// A check that cannot fail holds nothing: each rule is shown a source that breaks it.
mod the_rules_themselves {
    use super::rules::{self, Source};

    fn source(name: &str, text: &str) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    #[test]
    fn a_wrong_way_import_is_found_and_explained() {
        for text in [
            "//! x\nuse crate::cluster::Cluster;",
            "//! x\nuse crate::{clock::Time, cluster::Cluster};",
            "//! x\nfn f() { crate::cluster::go() }",
            "//! x\nuse super::cluster::Cluster;",
        ] {
            let found = rules::module_order(&[source("cron.rs", text), source("cluster.rs", "//! y")]);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(
                found[0].contains("cron.rs:") && found[0].contains("`cron`") && found[0].contains("`cluster`"),
                "{found:?}"
            );
        }
        let nested =
            [source("kubelet/pods.rs", "//! x\nuse super::super::kubectl::run;"), source("kubectl.rs", "//! y")];
        assert_eq!(rules::module_order(&nested).len(), 1);
    }

    #[test]
    fn a_right_way_import_passes() {
        let good = "//! x\nuse crate::clock::Time;\nuse crate::api::{self, Value};\n// use crate::cluster::Cluster;\nconst S: &str = \"crate::cluster::X\";\nfn f() { crate::json!({}) }\n#[cfg(test)]\nmod tests { use crate::cluster::Cluster; }\n";
        assert_eq!(rules::module_order(&[source("scheduler.rs", good)]), Vec::<String>::new());
    }

    #[test]
    fn the_api_types_come_before_their_defaults() {
        assert_eq!(rules::module_order(&[source("api/scheme.rs", "//! x\nuse crate::api::defaults::pod;")]).len(), 1);
        assert_eq!(rules::module_order(&[source("api/defaults.rs", "//! x\nuse crate::api::Value;")]).len(), 0);
    }

    #[test]
    fn neighbours_may_not_import_each_other() {
        let both = [
            source("kubelet.rs", "//! x\nuse crate::runtime::Step;"),
            source("runtime.rs", "//! x\nuse crate::kubelet::Pod;"),
        ];
        assert!(rules::module_order(&both).iter().any(|c| c.contains("each other")));
        assert!(rules::module_order(&both[..1]).is_empty());
    }

    #[test]
    fn an_unknown_module_asks_for_its_place() {
        assert!(rules::module_order(&[source("novelty.rs", "//! x")])[0].contains("no place"));
    }

    #[test]
    fn the_app_may_not_reach_behind_the_facade() {
        for (text, bad) in [
            ("use batchyard_engine::cluster::Cluster;", 0),
            ("use batchyard_engine::{api::Value, journal::Entry, manifest::Diagnostic, kubectl::Output};", 0),
            ("use batchyard_engine::manifest::parse;", 1),
            ("use batchyard_engine::kubectl;", 1),
            ("use batchyard_engine::{api, apiserver::Request};", 1),
            ("fn f() { batchyard_engine::controllers::job::sync() }", 1),
        ] {
            assert_eq!(rules::app_imports(&[source("app.rs", text)]).len(), bad, "{text}");
        }
    }

    #[test]
    fn shapeless_files_are_found() {
        assert_eq!(rules::shape("d", &[source("a.rs", "fn f() {}\n")]).len(), 1);
        assert_eq!(rules::shape("d", &[source("a.rs", &format!("//! x\n{}", "\n".repeat(600)))]).len(), 1);
        assert_eq!(rules::shape("d", &[source("a.rs", "//! x\n")]).len(), 0);
    }

    #[test]
    fn web_crates_and_private_registries_are_found() {
        assert_eq!(rules::no_web_dependencies("[dependencies]\nserde = \"1\"\njs-sys = \"0.3\"\n").len(), 1);
        assert_eq!(rules::no_web_dependencies("[dependencies]\nserde = \"1\"\n").len(), 0);
        assert_eq!(rules::lock_file("p", "\"resolved\": \"https://npm.example/x.tgz\"").len(), 1);
        assert_eq!(rules::lock_file("p", "source = \"registry+https://crates.example/index\"").len(), 1);
        assert_eq!(
            rules::lock_file("p", "source = \"registry+https://github.com/rust-lang/crates.io-index\"").len(),
            0
        );
    }
}
