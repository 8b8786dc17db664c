//! Prints the measurements, natively and in node; `scripts/bench` runs both, each built as what is shipped.
#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]

use batchyard_wasm_tests::bench;

#[cfg(target_arch = "wasm32")]
mod machine {
    use js_sys::{Array, Function, Reflect, global};

    /// Calls a function of one of node's global objects.
    fn call(object: &str, function: &str, with: &Array) -> Option<f64> {
        let object = Reflect::get(&global(), &object.into()).ok()?;
        let function = Function::from(Reflect::get(&object, &function.into()).ok()?);
        function.apply(&object, with).ok()?.as_f64()
    }
    pub fn now() -> f64 {
        call("performance", "now", &Array::new()).expect("node has a clock")
    }
    /// WebAssembly's memory never shrinks: its size is the most that was used.
    pub fn memory() -> f64 {
        core::arch::wasm32::memory_size(0) as f64 * 65_536.0
    }
    pub fn print(line: &str) {
        call("console", "log", &Array::of1(&line.into()));
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

fn main() {
    for row in bench::rows(&machine::now, &machine::memory) {
        machine::print(&row.line());
    }
}
