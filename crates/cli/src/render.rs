//! `batchyard render`: a still picture of a run's timeline at a moment, as SVG.

use std::path::Path;
use std::rc::Rc;

use batchyard_engine::api::Kind;
use batchyard_engine::cluster::{Cluster, Command, Config, Millis, Time, job_completions, job_status_word};
use batchyard_scene::history::History;
use batchyard_scene::picture::{Caption, Theme, timeline_svg};
use batchyard_scene::scene::{self, World};

use crate::args::{Args, read_file};

/// How long a run is followed when no moment is asked for and nothing ends it.
const LONGEST: Millis = 2 * 60_000;

/// Runs the command; gives its exit code.
pub fn main(words: &[String]) -> Result<u8, String> {
    let args = Args::read(words, &["at", "seed", "theme", "out"], &[], false)?;
    let theme = match args.get("theme").unwrap_or("auto") {
        "auto" => Theme::Auto,
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        other => return Err(format!("--theme is auto, light or dark, not {other:?}")),
    };
    let (at, seed) = (args.duration("at")?, args.number("seed")?.unwrap_or(1));
    let out = args.get("out");
    match (args.rest.as_slice(), out) {
        ([], _) => Err("render needs a FILE: batchyard render examples/db-migration.yaml --at 30s".into()),
        ([file], None) => {
            print!("{}", render(file, seed, at, theme)?);
            Ok(0)
        }
        ([file], Some(out)) if !Path::new(out).is_dir() => write(Path::new(out), &render(file, seed, at, theme)?),
        (files, Some(out)) => {
            for file in files {
                let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
                write(&Path::new(out).join(format!("{name}.svg")), &render(file, seed, at, theme)?)?;
            }
            Ok(0)
        }
        (_, None) => Err("for several files --out names the folder for their pictures".into()),
    }
}

fn write(path: &Path, svg: &str) -> Result<u8, String> {
    std::fs::write(path, svg).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(0)
}

/// Applies a manifest, runs it until a moment (else until its Jobs have ended) and draws it.
fn render(file: &str, seed: u64, at: Option<Millis>, theme: Theme) -> Result<String, String> {
    let mut cluster = Cluster::new(Config { seed, ..Config::default() });
    // The cluster's own beginnings (service accounts) are over before the manifest comes.
    let start = cluster.start() + 2_000;
    cluster.advance(start, u32::MAX);
    let files = Rc::new(vec![(file.to_owned(), Rc::from(read_file(file)?))]);
    let outcome = cluster.handle(Command::Kubectl { line: format!("kubectl apply -f '{file}'"), files });
    if outcome.output.exit != 0 {
        return Err(format!("{file} was not accepted\n{}", outcome.output.stderr.trim_end()));
    }
    match at {
        Some(at) => {
            cluster.advance(start + at, u32::MAX);
        }
        None => run_to_the_end(&mut cluster, start + LONGEST),
    }
    let mut history = History::default();
    history.read(cluster.journal());
    let world = World::of(&cluster, &history);
    let scene = scene::scene(&world);
    let (now, origin) = (cluster.now().0, start.0);
    let timeline = scene::timeline(&history, &scene, origin, now, cluster.seen_until().0);
    let caption = caption(&cluster, now - origin);
    Ok(timeline_svg(&timeline, now - origin, &caption, theme))
}

/// Runs until all Jobs have ended and a little beyond, so that the end can be seen.
fn run_to_the_end(cluster: &mut Cluster, end: Time) {
    while let Some(due) = cluster.next_due().filter(|t| *t <= end) {
        if cluster.advance(due, u32::MAX).limit.is_some() {
            return;
        }
        let snapshot = cluster.snapshot();
        let mut jobs = snapshot.list(Kind::Job).peekable();
        let over = jobs.peek().is_some() && jobs.all(|j| matches!(job_status_word(j), "Complete" | "Failed"));
        if over && snapshot.list(Kind::CronJob).next().is_none() {
            let now = cluster.now();
            cluster.advance(now + 2_000, u32::MAX);
            return;
        }
    }
    cluster.advance(end, u32::MAX);
}

fn caption(cluster: &Cluster, at: Millis) -> Caption {
    let snapshot = cluster.snapshot();
    let kinds = [Kind::CronJob, Kind::Job, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Pod];
    let found = kinds.iter().find_map(|k| snapshot.list(*k).next());
    let Some(object) = found else { return Caption::default() };
    let mut text = format!("at {} s", at / 1000);
    if object.kind() == Kind::Job {
        let failed = object.at("status.failed").as_i64().unwrap_or(0);
        let limit = object.at("spec.backoffLimit").as_i64().unwrap_or(0);
        text = format!(
            "{} {} after {} s. failed {failed} of backoffLimit {limit}",
            job_status_word(object),
            job_completions(object),
            at / 1000
        );
    }
    Caption {
        title: format!("{} {}", object.kind().name(), object.name()),
        text,
        foot: "Simulated Kubernetes 1.37. batchyard".into(),
    }
}
