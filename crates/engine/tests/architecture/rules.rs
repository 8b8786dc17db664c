//! The rules, as functions from sources to complaints.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{code_only, paths};

/// One Rust file.
pub struct Source {
    /// Its path below the crate's `src`, with slashes.
    pub name: String,
    /// What it holds.
    pub text: String,
}

/// The engine's modules, lowest first. A module may import from the rows above its own, and from its own row where that
/// makes no circle. ARCHITECTURE.md shows the same table.
const MODULES: &[&[&str]] = &[
    &["clock", "rng", "sorted", "queue"],
    &["cron"],
    &["api"],
    &["api::defaults", "api::validation"],
    &["manifest"],
    &["apiserver"],
    &["component", "events", "workqueue"],
    &["controllers"],
    &["scheduler", "kubelet", "runtime"],
    &["kubectl"],
    &["journal"],
    &["cluster"],
];

/// What the app may name of the engine: a module and, where only one item of it is open, that item.
const FACADE: &[(&str, Option<&str>)] = &[
    ("cluster", None),
    ("api", None),
    ("journal", None),
    ("manifest", Some("Diagnostic")),
    ("kubectl", Some("Output")),
];

const LINES: usize = 600;

fn row(module: &str) -> Option<usize> {
    MODULES.iter().position(|r| r.contains(&module))
}

/// The row's module that a path (segments from the crate's root) belongs to.
fn module_of(path: &[String]) -> Option<&'static str> {
    let two = path.iter().take(2).map(String::as_str).collect::<Vec<_>>().join("::");
    let one = path.first().map_or("", String::as_str);
    MODULES
        .iter()
        .flat_map(|r| r.iter())
        .copied()
        .find(|m| *m == two)
        .or_else(|| MODULES.iter().flat_map(|r| r.iter()).copied().find(|m| *m == one))
}

/// `api/value.rs` is the module `api::value`.
fn module_path(file: &str) -> Vec<String> {
    let file = file.trim_end_matches(".rs").trim_end_matches("/mod");
    file.split('/').map(str::to_owned).collect()
}

/// Imports that point the wrong way.
pub fn module_order(engine: &[Source]) -> Vec<String> {
    let mut out = vec![];
    let mut seen: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for s in engine.iter().filter(|s| s.name != "lib.rs" && !s.name.ends_with("tests.rs")) {
        let here = module_path(&s.name);
        let Some(own) = module_of(&here) else {
            out.push(format!("{}: `{}` has no place in the module order; add it to MODULES in crates/engine/tests/architecture/rules.rs and to ARCHITECTURE.md", s.name, here[0]));
            continue;
        };
        for (line, path) in named(&code_only(&s.text), &here) {
            let Some(other) = module_of(&path).filter(|o| *o != own) else { continue };
            // `api` holds its own submodules: their names are `api`'s until they have a row.
            if own.split("::").next() == Some(other) && row(other) < row(own) {
                continue;
            }
            match (row(own), row(other)) {
                (Some(a), Some(b)) if b > a => out.push(format!(
                    "{}:{line}: `{own}` imports `{}`, but `{other}` comes after it in the module order: lower modules must not know higher ones \
                     (what they share belongs into the lower one, or is handed in by the caller)",
                    s.name,
                    path.join("::"),
                )),
                (Some(a), Some(b)) if a == b => {
                    seen.insert((own, other), format!("{}:{line}", s.name));
                }
                _ => {}
            }
        }
    }
    let pairs: BTreeSet<_> = seen.keys().copied().collect();
    for (a, b) in &pairs {
        if a < b && pairs.contains(&(*b, *a)) {
            out.push(format!(
                "{} and {}: `{a}` and `{b}` import each other; one of them must come first",
                seen[&(*a, *b)],
                seen[&(*b, *a)]
            ));
        }
    }
    out
}

/// Every path of the crate that `code` names, from the crate's root: through `crate::` and through chains of `super::`.
fn named(code: &str, here: &[String]) -> Vec<(usize, Vec<String>)> {
    let mut out = paths(code, "crate");
    for (line, path) in paths(code, "super") {
        let ups = 1 + path.iter().take_while(|p| *p == "super").count();
        // A file that was taken apart may use its parent's parent; an inline module goes up inside the file first, which stays in it.
        if ups <= here.len() {
            let mut full = here[..here.len() - ups].to_vec();
            full.extend(path.into_iter().skip(ups - 1));
            out.push((line, full));
        }
    }
    out
}

/// Imports of the app that reach behind the facade.
pub fn app_imports(app: &[Source]) -> Vec<String> {
    let mut out = vec![];
    for s in app {
        for (line, path) in paths(&code_only(&s.text), "batchyard_engine") {
            let open = FACADE.iter().any(|(module, item)| {
                path.first().is_some_and(|p| p == module) && item.is_none_or(|i| path.get(1).is_some_and(|p| p == i))
            });
            if !open {
                out.push(format!(
                    "src/{}:{line}: the app imports `batchyard_engine::{}`; it may use cluster, api, journal, manifest::Diagnostic and kubectl::Output: \
                     ask the facade (cluster) for what is missing",
                    s.name,
                    path.join("::")
                ));
            }
        }
    }
    out
}

/// Files that do not say what they are for, or hold more than one idea.
pub fn shape(dir: &str, sources: &[Source]) -> Vec<String> {
    let mut out = vec![];
    for s in sources {
        let lines = s.text.lines().count();
        if lines > LINES {
            out.push(format!(
                "{dir}/{}: {lines} lines; take it apart into files of one idea each ({LINES} at most)",
                s.name
            ));
        }
        if !s.text.starts_with("//!") {
            out.push(format!("{dir}/{}: starts without a `//!` comment that says what it is for", s.name));
        }
    }
    out
}

/// Crates of the web in the engine's Cargo.toml.
pub fn no_web_dependencies(manifest: &str) -> Vec<String> {
    ["wasm-bindgen", "js-sys", "web-sys", "gloo", "yew"]
        .iter()
        .filter(|c| manifest.lines().any(|l| l.starts_with(*c)))
        .map(|c| format!("crates/engine/Cargo.toml: {c}: the engine must build and run without a browser"))
        .collect()
}

/// Addresses of registries other than the public names.
pub fn lock_file(name: &str, text: &str) -> Vec<String> {
    let public = "registry+https://github.com/rust-lang/crates.io-index";
    text.lines()
        .enumerate()
        .filter(|(_, l)| l.contains("\"resolved\"") || l.contains("registry+") && !l.contains(public))
        .map(|(n, l)| format!("{name}:{}: names a registry's address: {}", n + 1, l.trim()))
        .collect()
}
