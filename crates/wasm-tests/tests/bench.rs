//! The measurements, natively (`cargo test`) and in node; `scripts/bench` runs both in the profile that each is used in.
#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]

use batchyard_wasm_tests::bench;

#[cfg(target_arch = "wasm32")]
mod machine {
    use js_sys::{Function, Reflect, global};
    use wasm_bindgen_test::console_log;

    pub fn now() -> f64 {
        let performance = Reflect::get(&global(), &"performance".into()).expect("node has performance");
        let now = Function::from(Reflect::get(&performance, &"now".into()).expect("performance has now"));
        now.call0(&performance).ok().and_then(|v| v.as_f64()).expect("a number")
    }
    /// WebAssembly's memory never shrinks: its size is the most that was used.
    pub fn memory() -> f64 {
        core::arch::wasm32::memory_size(0) as f64 * 65_536.0
    }
    pub fn print(line: &str) {
        console_log!("{line}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod machine {
    use std::time::Instant;

    use mimalloc::MiMalloc;

    /// The command line tool's.
    #[global_allocator]
    static ALLOCATOR: MiMalloc = MiMalloc;

    thread_local!(static START: Instant = Instant::now());

    pub fn now() -> f64 {
        START.with(|s| s.elapsed().as_secs_f64() * 1000.0)
    }
    /// Linux's word for the most that the process has held so far; elsewhere none.
    pub fn memory() -> f64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0");
        line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or(0.0) * 1024.0
    }
    pub fn print(line: &str) {
        println!("{line}");
    }
}

#[cfg_attr(not(target_arch = "wasm32"), test)]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[ignore = "measured by `make bench`, in an optimised build"]
fn speed_and_memory() {
    for row in bench::rows(&machine::now, &machine::memory) {
        machine::print(&format!("bench: {}", row.line()));
    }
}
