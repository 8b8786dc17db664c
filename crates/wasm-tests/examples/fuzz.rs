//! Throws mutated manifests and command lines at the engine: no panic, none that takes the processor longer than a frame allows. `make fuzz` runs it.
//!
//! usage: fuzz CASES [FROM]      with TRACE=1, each case is written to target/fuzz-findings before it runs

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use batchyard_wasm_tests::fuzz::{Case, busy_cluster, case, run};
use rustix::time::{ClockId, clock_gettime};

#[path = "../tests/corpus/mod.rs"]
mod corpus;

const SLOWEST_MS: f64 = 50.0;

/// How long this thread has had a processor. The clock on the wall would blame a case for what else the machine does.
fn used_ms() -> f64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as f64 * 1e3 + used.tv_nsec as f64 / 1e6
}

fn main() {
    let arg = |n: usize, otherwise: u64| std::env::args().nth(n).and_then(|a| a.parse().ok()).unwrap_or(otherwise);
    let (cases, from) = (arg(1, 1_000_000), arg(2, 0));
    let trace = std::env::var_os("TRACE").is_some();
    let out = corpus::root().join("target/fuzz-findings");
    std::fs::create_dir_all(&out).expect("a folder for what is found");
    let corpus = corpus::read();
    let busy = busy_cluster(&corpus::running());
    std::panic::set_hook(Box::new(|_| {}));
    let (mut panics, mut slow) = (0, 0);
    for number in from..from + cases {
        if number % 1000 == 0 {
            std::fs::write(out.join("at"), number.to_string()).expect("a note of the place");
            if number % 50_000 == 0 && number > from {
                println!("{number} cases: {panics} panics, {slow} slower than {SLOWEST_MS} ms");
            }
        }
        let case = case(&corpus, number);
        if trace {
            keep(&out, "last", number, &case);
        }
        let start = used_ms();
        let good = catch_unwind(AssertUnwindSafe(|| run(&busy, &case))).is_ok();
        let mut ms = used_ms() - start;
        for _ in 0..2 {
            if !good || ms <= SLOWEST_MS {
                break;
            }
            // Once more: its memory may have been cold.
            let start = used_ms();
            run(&busy, &case);
            ms = ms.min(used_ms() - start);
        }
        if !good {
            panics += 1;
            println!("FAIL case {number} panics: {}", keep(&out, "panic", number, &case));
        } else if ms > SLOWEST_MS {
            slow += 1;
            println!("FAIL case {number} takes {ms:.0} ms: {}", keep(&out, "slow", number, &case));
        }
        if panics + slow >= 50 {
            println!("enough is found");
            break;
        }
    }
    println!("{} passed, {} failed", cases - panics - slow, panics + slow);
    std::process::exit(i32::from(panics + slow > 0));
}

fn keep(out: &Path, why: &str, number: u64, case: &Case) -> String {
    let (ext, text) = match case {
        Case::Manifest(text) => ("yaml", text),
        Case::Line(line) => ("txt", line),
    };
    let name = if why == "last" { format!("last.{ext}") } else { format!("{why}-{number}.{ext}") };
    std::fs::write(out.join(&name), text).expect("what was found");
    format!("target/fuzz-findings/{name}")
}
