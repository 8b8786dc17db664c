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
