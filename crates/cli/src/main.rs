//! batchyard on the command line: run a manifest, record scenarios, ask a simulated cluster with kubectl.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a command line tool reads files and arguments"
)]

mod args;
mod cluster_file;
mod kubectl;
mod record;
mod render;
mod run;
mod texts;

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A cluster is made of many small parts: an allocator that is good at those takes a tenth of a run's instructions away.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const HELP: &str = "\
batchyard simulates Kubernetes' batch workloads in virtual time.

Usage:
  batchyard run FILE [--until 60s] [--seed N] [--watch]
      Apply a manifest and print what happens, with virtual times. Exit code: 0 the Jobs are Complete, 1 one Failed,
      2 the manifest was not accepted, 3 not finished by then.
  batchyard kubectl [--cluster FILE] [--after 10s] [--seed N] [--] ARGS...
      Run kubectl against a fresh cluster, or against the one kept in FILE (made if it is not there), `--after` that much
      virtual time. Several commands may be given as one shell line: batchyard kubectl 'kubectl apply -f x.yaml; sleep 5; kubectl get pods'
  batchyard record scenarios --out DIR SCENARIO_DIR...
      Simulate scenarios and write DIR/<group>/<name>/recording.jsonl.
  batchyard record manifests --out FILE.jsonl MANIFEST_DIR
  batchyard record commands --out FILE.jsonl COMMANDS.txt FIXTURES_DIR
      Write what the simulator says to manifests, and what kubectl prints.
  batchyard render FILE... [--at 30s] [--seed N] [--theme auto|light|dark] [--out FILE_OR_DIR]
  batchyard render FILE... --film [--seed N] [--out FILE_OR_DIR]
      Draw the timeline of a manifest's run at a moment, else at its end, as SVG. For several files --out is a folder.
      A film holds every moment of the run; the embed widget shows the one that it is asked for.

Durations are written as 90s, 5m or 1h30m. --help after a command prints this text.
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.is_empty()
        || words.iter().take(3).take_while(|w| *w != "--").any(|w| w == "--help" || w == "-h") && words[0] != "kubectl"
    {
        print!("{HELP}");
        return ExitCode::from(u8::from(words.is_empty()) * 2);
    }
    let rest = &words[1..];
    let result = match words[0].as_str() {
        "run" => run::main(rest),
        "kubectl" => kubectl::main(rest),
        "record" => record::main(rest),
        "render" => render::main(rest),
        "help" => {
            print!("{HELP}");
            Ok(0)
        }
        "version" | "--version" => {
            println!("batchyard {}", env!("CARGO_PKG_VERSION"));
            Ok(0)
        }
        other => Err(format!("there is no command {other:?}; try `batchyard --help`")),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(text) => {
            eprintln!("batchyard: {text}");
            ExitCode::from(2)
        }
    }
}
