//! Broken input for the engine: manifests and command lines, mutated from those that learners write. A case is a function
//! of its number, so that any one can be told again.

use std::rc::Rc;

use batchyard_engine::cluster::{Cluster, Command};
use batchyard_engine::manifest;
use batchyard_engine::rng::Rng;

use crate::runs::cluster_for;

/// What cases are made from.
pub struct Corpus {
    /// Manifests, as bytes: some are no text.
    pub manifests: Vec<Vec<u8>>,
    /// Command lines.
    pub commands: Vec<String>,
}

/// One input.
pub enum Case {
    /// A manifest that is applied, and runs for a while if it is taken.
    Manifest(String),
    /// A command line in a cluster where something runs.
    Line(String),
}

/// Words that stand in manifests and commands where they hurt most.
const WORDS: &[&str] = &[
    "",
    "0",
    "-1",
    "1",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "1e400",
    "0x7f",
    "010",
    "1_000",
    ".5",
    "~",
    "null",
    "yes",
    "true",
    "{}",
    "[]",
    "[[[[",
    "{{{{",
    "}",
    "]",
    "- ",
    "---",
    "...",
    "&a",
    "*a",
    "<<: *a",
    "!!binary x",
    "!!int x",
    "|",
    ">",
    "'",
    "\"",
    "\\",
    "\t",
    "\r",
    "\u{feff}",
    "\u{0}",
    "\u{1F980}",
    "#",
    ":",
    ": ",
    "%YAML 1.1",
    "100%",
    "1000000000000000000m",
    "1Ei",
    "@every 1ns",
    "* * * * *",
    "*/0 * * * *",
    "60 24 31 2 *",
    "TZ=Mars/Base 0 0 * * *",
    "-o",
    "-o=json",
    "-o jsonpath={..}",
    "-o jsonpath={.items[-1:0].x",
    "-o custom-columns=A:.x[",
    "-o go-template={{range .}}",
    "--sort-by=.x.y",
    "-l",
    "-l a in (",
    "-l !a,b!=c",
    "--all",
    "-A",
    "-n",
    "--dry-run=server",
    "--force",
    "--grace-period=-5",
    "--field-selector=a==b",
    "--patch={\"spec\":null}",
    "--type=json -p [{\"op\":\"add\",\"path\":\"/spec/-/x\"}]",
    "--replicas=-1",
    "--timeout=1ns",
    "job/",
    "/x",
    "a/b/c",
    "-f -",
    "-f",
    "|",
    "grep",
    ";",
    "&&",
    ">",
    "$(",
    "`",
    "$((1/0))",
    "while true; do :; done",
    "for i in $(seq 1 1000000000); do echo $i; done",
    "explain job.spec",
    "get all",
    "Job",
    "Pod",
];

fn pick<'a, T: ?Sized>(rng: &mut Rng, from: &[&'a T]) -> &'a T {
    from[rng.below(from.len() as u64) as usize]
}

/// The case of a number.
pub fn case(corpus: &Corpus, number: u64) -> Case {
    let mut rng = Rng::new(number.wrapping_mul(0x9E37_79B9) ^ 0xBA7C);
    if rng.below(3) == 0 {
        let mut words: Vec<String> = seed(&mut rng, &corpus.commands).split(' ').map(str::to_owned).collect();
        for _ in 0..rng.between(1, 4) {
            mutate_words(&mut rng, &mut words);
        }
        return Case::Line(words.join(" "));
    }
    let mut text = seed(&mut rng, &corpus.manifests).clone();
    for _ in 0..rng.between(1, 5) {
        text = mutate_text(&mut rng, text, corpus);
    }
    Case::Manifest(String::from_utf8_lossy(&text).into_owned())
}

fn seed<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.below(from.len() as u64) as usize]
}

fn mutate_words(rng: &mut Rng, words: &mut Vec<String>) {
    let at = rng.below(words.len() as u64 + 1) as usize;
    let here = at.min(words.len().saturating_sub(1));
    match rng.below(6) {
        0 => words.insert(at, pick(rng, WORDS).to_owned()),
        1 if words.len() > 1 => drop(words.remove(here)),
        2 => words.insert(at, words[here].clone()),
        3 => pick(rng, WORDS).clone_into(&mut words[here]),
        4 => words.swap(0, here),
        _ => {
            let mut bytes = std::mem::take(&mut words[here]).into_bytes();
            mutate_bytes(rng, &mut bytes);
            words[here] = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
}

fn mutate_bytes(rng: &mut Rng, bytes: &mut Vec<u8>) {
    let at = rng.below(bytes.len() as u64 + 1) as usize;
    match rng.below(4) {
        0 => bytes.insert(at, rng.below(256) as u8),
        1 if at < bytes.len() => drop(bytes.remove(at)),
        2 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
        _ => drop(bytes.splice(at..at, pick(rng, WORDS).bytes())),
    }
}

fn mutate_text(rng: &mut Rng, mut text: Vec<u8>, corpus: &Corpus) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let at = rng.below(lines.len() as u64) as usize;
    match rng.below(10) {
        0 | 1 => {
            mutate_bytes(rng, &mut text);
            return text;
        }
        2 => drop(lines.remove(at)),
        3 => lines.insert(at, lines[at].clone()),
        4 => lines[at].splice(0..0, std::iter::repeat_n(b' ', rng.below(5) as usize)).for_each(drop),
        5 => {
            let indent = lines[at].iter().take_while(|b| **b == b' ').count();
            lines[at].drain(..indent.min(rng.below(5) as usize));
        }
        6 | 7 => {
            // Another value behind the key.
            let key = lines[at].iter().position(|b| *b == b':').map_or(lines[at].len(), |n| n + 1);
            lines[at].truncate(key);
            lines[at].push(b' ');
            lines[at].extend(pick(rng, WORDS).bytes());
        }
        8 => {
            // The rest of another manifest.
            let other = seed(rng, &corpus.manifests);
            lines.truncate(at);
            lines.push(other[rng.below(other.len() as u64 + 1) as usize..].to_vec());
        }
        _ => {
            // Deep, or long.
            let n = 1 << rng.below(13);
            let unit = pick(rng, &["[", "{a: ", "- ", "x", "a:\n", "*a, "]);
            lines[at].extend(unit.bytes().cycle().take(unit.len() * n));
        }
    }
    lines.join(&b'\n')
}

/// The cluster in which command lines run: one Job that fails, one that is done, and a Deployment.
pub fn busy_cluster(manifests: &[String]) -> Cluster {
    let mut cluster = cluster_for(1);
    for text in manifests {
        apply(&mut cluster, text);
    }
    let until = cluster.now() + 15_000;
    cluster.advance(until, 5_000);
    cluster
}

fn apply(cluster: &mut Cluster, text: &str) -> i32 {
    let files = Rc::new(vec![("case.yaml".to_owned(), Rc::from(text))]);
    cluster.handle(Command::Kubectl { line: "kubectl apply -f case.yaml".into(), files }).output.exit
}

/// What an editor asks of a text.
fn edit(text: &str) {
    for found in manifest::check(text, "case.yaml") {
        for e in found.fix.iter().flat_map(|f| &f.edits) {
            assert!(text.get(e.span.start.offset..e.span.end.offset).is_some(), "{e:?}");
        }
    }
    let step = (text.len() / 16).max(1);
    for offset in (0..=text.len()).step_by(step) {
        manifest::complete(text, offset);
        manifest::hover(text, offset);
    }
}

/// Runs one case in a copy of the cluster. Panics where the engine does.
pub fn run(busy: &Cluster, case: &Case) {
    let mut cluster = busy.clone();
    match case {
        Case::Manifest(text) => {
            edit(text);
            apply(&mut cluster, text);
        }
        Case::Line(line) => {
            let files = Rc::new(vec![("case.yaml".to_owned(), Rc::from("kind: Pod"))]);
            cluster.handle(Command::Kubectl { line: line.clone(), files });
        }
    }
    let until = cluster.now() + 30_000;
    cluster.advance(until, 300);
}
