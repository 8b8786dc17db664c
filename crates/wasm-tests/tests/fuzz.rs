//! Some cases of `make fuzz` in each run of the tests.
#![cfg(not(target_arch = "wasm32"))]

use batchyard_wasm_tests::fuzz::{Case, busy_cluster, case, run};

mod corpus;

/// A build without optimisation needs many times the stack for what is nested as deep as is allowed.
const STACK_BYTES: usize = 64 << 20;

#[test]
fn broken_input_never_panics() {
    let cases = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(try_cases).expect("a thread");
    cases.join().expect("no case panics");
}

fn try_cases() {
    let corpus = corpus::read();
    let busy = busy_cluster(&corpus::running());
    let cases: Vec<Case> = (0..300).map(|n| case(&corpus, n)).collect();
    assert!(cases.iter().any(|c| matches!(c, Case::Line(_))) && cases.iter().any(|c| matches!(c, Case::Manifest(_))));
    for (number, case) in cases.iter().enumerate() {
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&busy, case)));
        assert!(done.is_ok(), "case {number} panics; see it with: make fuzz CASES=1 FROM={number}");
    }
}

/// What `make fuzz` found once, in `found/`: it has to stay mended.
#[test]
fn what_was_found_never_panics_again() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
    let busy = busy_cluster(&corpus::running());
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of findings").flatten() {
        let text = std::fs::read_to_string(entry.path()).expect("text");
        let is_line = entry.path().extension().is_some_and(|e| e == "txt");
        run(&busy, &if is_line { Case::Line(text) } else { Case::Manifest(text) });
        count += 1;
    }
    assert!(count > 0, "nothing to try");
}
