//! Throws mutated manifests and command lines at the engine: no panic, none slower than a frame allows. `make fuzz` runs it.
//!
//! usage: fuzz CASES [FROM]      with TRACE=1, each case is written to target/fuzz-findings before it runs

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use batchyard_wasm_tests::fuzz::{Case, busy_cluster, case, run};

#[path = "../tests/corpus/mod.rs"]
mod corpus;

const SLOWEST_MS: f64 = 50.0;

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
        let start = Instant::now();
        let good = catch_unwind(AssertUnwindSafe(|| run(&busy, &case))).is_ok();
        let mut ms = start.elapsed().as_secs_f64() * 1000.0;
        for _ in 0..5 {
            if !good || ms <= SLOWEST_MS {
                break;
            }
            // Once more: the machine may have been busy.
            let start = Instant::now();
            run(&busy, &case);
            ms = ms.min(start.elapsed().as_secs_f64() * 1000.0);
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
