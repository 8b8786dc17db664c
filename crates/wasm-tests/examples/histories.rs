//! Prints `name=hash` for every run, as this machine comes to it; `scripts/wasm-test` hands them to the tests in node.

use batchyard_wasm_tests::runs::{RUNS, history};

fn main() {
    let all: Vec<String> = RUNS.iter().map(|r| format!("{}={:016x}", r.name, history(r))).collect();
    println!("{}", all.join(","));
}
