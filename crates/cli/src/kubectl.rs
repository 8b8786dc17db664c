//! `batchyard kubectl`: kubectl against a fresh or kept cluster.

use std::io::Read;
use std::rc::Rc;

use batchyard_engine::cluster::{Cluster, Command, Outcome};

use crate::args::Args;
use crate::{cluster_file, texts};

/// The longest that a command may wait, in virtual time, before it is interrupted.
const PATIENCE: i64 = 3_600_000;

/// Runs the command; gives its exit code.
pub fn main(words: &[String]) -> Result<u8, String> {
    let args = Args::read(words, &["cluster", "after", "seed"], &[], true)?;
    let seed = args.number("seed")?.unwrap_or(1);
    let mut cluster = match args.get("cluster") {
        Some(path) => cluster_file::load(path, seed)?,
        None => cluster_file::fresh(seed),
    };
    if let Some(after) = args.duration("after")? {
        let to = cluster.now() + after;
        cluster.advance(to, u32::MAX);
    }
    let line = match args.rest.as_slice() {
        [one] if one.contains(' ') => one.clone(),
        words => {
            std::iter::once("kubectl".to_owned()).chain(words.iter().map(|w| quote(w))).collect::<Vec<_>>().join(" ")
        }
    };
    let outcome = run(&mut cluster, line, PATIENCE);
    print!("{}", outcome.output.stdout);
    eprint!("{}", outcome.output.stderr);
    if let Some(path) = args.get("cluster") {
        cluster_file::save(path, &cluster)?;
    }
    Ok(outcome.output.exit.clamp(0, 255) as u8)
}

/// A word in quotes where a shell would need them.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The files that a line names, read from the disk.
pub fn files_of(line: &str, folder: &str) -> Vec<(String, Rc<str>)> {
    let mut out = Vec::new();
    for word in line.split(|c: char| c.is_whitespace() || matches!(c, '=' | ',' | '\'' | '"' | ';' | '|' | '<')) {
        let word = word.strip_prefix("-f").filter(|w| !w.is_empty()).unwrap_or(word);
        let path = std::path::Path::new(folder).join(word);
        if !word.is_empty()
            && path.is_file()
            && let Ok(bytes) = std::fs::read(&path)
        {
            out.push((word.to_owned(), Rc::from(text_of(&bytes).as_str())));
        }
    }
    if line.contains("-f -") && line.starts_with("kubectl") && folder == "." {
        let mut text = String::new();
        if std::io::stdin().read_to_string(&mut text).is_ok() {
            out.push(("-".to_owned(), Rc::from(text)));
        }
    }
    out
}

/// A file's bytes as text; UTF-16 and byte-order marks are the manifest reader's business where they are UTF-8.
pub fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a line to its end, with time going on while it waits, at most for `patience`.
pub fn run(cluster: &mut Cluster, line: String, patience: i64) -> Outcome {
    let files = Rc::new(files_of(&line, "."));
    run_with(cluster, line, files, patience)
}

/// Runs a line with files to its end.
pub fn run_with(cluster: &mut Cluster, line: String, files: Rc<Vec<(String, Rc<str>)>>, patience: i64) -> Outcome {
    let id = cluster.commands().len();
    let outcome = cluster.handle(Command::Kubectl { line, files });
    let mut outcome = texts::answer(cluster, id, outcome);
    let end = cluster.now() + patience;
    while !outcome.finished && cluster.now() < end {
        let next = cluster.next_due().unwrap_or(end).min(end);
        if let Some(limit) = cluster.advance(next, u32::MAX).limit {
            eprintln!("{limit}");
            break;
        }
        let now = cluster.outcome(id).unwrap_or(outcome);
        outcome = texts::answer(cluster, id, now);
    }
    if !outcome.finished {
        cluster.handle(Command::Interrupt);
        outcome = cluster.outcome(id).unwrap_or(outcome);
        outcome.output.exit = 124;
    }
    outcome
}
