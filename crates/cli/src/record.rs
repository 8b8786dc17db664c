//! `batchyard record`: what the simulator does, in the form in which a real cluster was recorded.

mod commands;
mod manifests;
mod scenarios;

use crate::args::Args;

/// Runs the command; gives its exit code.
pub fn main(words: &[String]) -> Result<u8, String> {
    let Some(what) = words.first() else {
        return Err("record what? scenarios, manifests or commands; try `batchyard --help`".into());
    };
    let args = Args::read(&words[1..], &["out", "seed"], &[], false)?;
    let out = args.get("out").ok_or("record needs --out")?;
    let seed = args.number("seed")?.unwrap_or(1);
    match (what.as_str(), args.rest.as_slice()) {
        ("scenarios", [_, ..]) => scenarios::record(out, &args.rest, seed),
        ("scenarios", []) => Err("record scenarios needs SCENARIO_DIR...".into()),
        ("manifests", [dir]) => manifests::record(out, dir, seed),
        ("manifests", _) => Err("record manifests needs one MANIFEST_DIR".into()),
        ("commands", [list, fixtures]) => commands::record(out, list, fixtures, seed),
        ("commands", _) => Err("record commands needs COMMANDS.txt and FIXTURES_DIR".into()),
        (other, _) => Err(format!("record {other:?}? There are scenarios, manifests and commands")),
    }
}
