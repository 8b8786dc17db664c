//! The same seed and commands give the same history: run after run, and as WebAssembly to the last byte what it is natively.
//! `scripts/wasm-test` runs this in node, with the native histories in `BATCHYARD_HISTORIES`.

use batchyard_wasm_tests::runs::{RUNS, history};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn a_run_told_again_is_the_same() {
    for run in RUNS {
        assert_eq!(history(run), history(run), "{}", run.name);
    }
}

#[test]
fn histories_are_the_same_on_every_machine() {
    let Some(native) = option_env!("BATCHYARD_HISTORIES") else {
        #[cfg(target_arch = "wasm32")]
        panic!("BATCHYARD_HISTORIES is missing: run scripts/wasm-test");
        #[cfg(not(target_arch = "wasm32"))]
        return;
    };
    for (run, expected) in RUNS.iter().zip(native.split(',')) {
        assert_eq!(format!("{}={:016x}", run.name, history(run)), expected);
    }
}
