//! The manifests and command lines that cases are mutated from: those of the recordings.

use std::path::{Path, PathBuf};

use batchyard_wasm_tests::fuzz::Corpus;

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace folder")
}

fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder of the corpus") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            out.push(path);
        }
    }
}

/// All manifests and command lines of the recordings, in a fixed order.
pub fn read() -> Corpus {
    let mut paths = vec![];
    for dir in ["tests/rejections/manifests", "tests/commands/fixtures", "tests/conformance/recordings"] {
        files(&root().join(dir), &mut paths);
    }
    paths.sort();
    let lines = std::fs::read_to_string(root().join("tests/commands/commands.txt")).expect("the command lines");
    let commands = lines.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    Corpus {
        manifests: paths.iter().map(|p| std::fs::read(p).expect("a manifest")).collect(),
        commands: commands
            .map(|l| l.split_once("kubectl ").map_or(l, |(_, rest)| rest).replace("{pod}", "pi-abcde"))
            .collect(),
    }
}

/// What runs in the cluster while command lines are tried.
pub fn running() -> Vec<String> {
    let fixture =
        |name: &str| std::fs::read_to_string(root().join("tests/commands/fixtures").join(name)).expect("a fixture");
    ["done.yaml", "fail.yaml", "web.yaml", "cron.yaml"].map(fixture).into()
}
