//! One set of tests, two machines: `cargo test` runs them natively, `scripts/wasm-test` as WebAssembly in node. The
//! expected numbers are the same ones, so both histories are equal to the last byte.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn chance_is_the_same() {
    assert_eq!(batchyard_wasm_tests::chance(), 16_454_064_411_429_704_244);
}
