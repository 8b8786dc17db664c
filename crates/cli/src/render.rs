//! `batchyard render`: a still picture of a run's timeline at a moment, as SVG; or a film, which holds every moment.

use std::path::Path;
use std::rc::Rc;

use batchyard_engine::api::{Kind, Object};
use batchyard_engine::cluster::{Cluster, Command, Config, Millis, Time, job_completions, job_status_word};
use batchyard_scene::history::History;
use batchyard_scene::picture::{Caption, Theme, film_svg, timeline_svg};
use batchyard_scene::scene::{self, World};

use crate::args::{Args, read_file};

/// How long a run is followed when no moment is asked for and nothing ends it.
const LONGEST: Millis = 2 * 60_000;
/// How long the first Job of a CronJob is waited for.
const FIRST_FIRE: Millis = 25 * 3_600_000;
const FOOT: &str = "Simulated Kubernetes 1.37. batchyard";

/// How a picture is asked for.
struct Asked {
    at: Option<Millis>,
    seed: u64,
    theme: Theme,
    film: bool,
}

/// Runs the command; gives its exit code.
pub fn main(words: &[String]) -> Result<u8, String> {
    let args = Args::read(words, &["at", "seed", "theme", "out"], &["film"], false)?;
    let theme = match args.get("theme").unwrap_or("auto") {
        "auto" => Theme::Auto,
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        other => return Err(format!("--theme is auto, light or dark, not {other:?}")),
    };
    let (at, seed) = (args.duration("at")?, args.number("seed")?.unwrap_or(1));
    let asked = Asked { at, seed, theme, film: args.on("film") };
    if asked.film && (at.is_some() || asked.theme != Theme::Auto) {
        return Err(
            "a film holds every moment, in the reader's theme: --film goes with neither --at nor --theme".into()
        );
    }
    let out = args.get("out");
    match (args.rest.as_slice(), out) {
        ([], _) => Err("render needs a FILE: batchyard render examples/db-migration.yaml --at 30s".into()),
        ([file], None) => {
            print!("{}", render(file, &asked)?);
            Ok(0)
        }
        ([file], Some(out)) if !Path::new(out).is_dir() => write(Path::new(out), &render(file, &asked)?),
        (files, Some(out)) => {
            for file in files {
                let name = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
                write(&Path::new(out).join(format!("{name}.svg")), &render(file, &asked)?)?;
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
fn render(file: &str, asked: &Asked) -> Result<String, String> {
    let mut cluster = Cluster::new(Config { seed: asked.seed, ..Config::default() });
    // The cluster's own beginnings (service accounts) are over before the manifest comes.
    let start = cluster.start() + 2_000;
    cluster.advance(start, u32::MAX);
    let files = Rc::new(vec![(file.to_owned(), Rc::from(read_file(file)?))]);
    let outcome = cluster.handle(Command::Kubectl { line: format!("kubectl apply -f '{file}'"), files });
    if outcome.output.exit != 0 {
        return Err(format!("{file} was not accepted\n{}", outcome.output.stderr.trim_end()));
    }
    let mut states = vec![(0, state(&cluster))];
    match asked.at {
        Some(at) => {
            cluster.advance(start + at, u32::MAX);
        }
        None => run_to_the_end(&mut cluster, start, &mut states),
    }
    let mut history = History::default();
    history.read(cluster.journal());
    let world = World::of(&cluster, &history);
    let scene = scene::scene(&world);
    let (now, origin, seen) = (cluster.now().0, start.0, cluster.seen_until().0);
    let title = first(&cluster).map_or_else(String::new, |o| format!("{} {}", o.kind().name(), o.name()));
    if asked.film {
        let timeline = scene::whole_timeline(&history, &scene, origin, now, seen);
        return Ok(film_svg(&timeline, now - origin, &title, &states, FOOT));
    }
    let (state, after) = (state(&cluster), (now - origin) / 1000);
    let text = if state.is_empty() { format!("at {after} s") } else { format!("{state}, at {after} s") };
    let timeline = scene::timeline(&history, &scene, origin, now, seen);
    Ok(timeline_svg(&timeline, now - origin, &Caption { title, text, foot: FOOT.into() }, asked.theme))
}

/// Runs until all Jobs have ended and a little beyond, so that the end can be seen; notes each new state and its moment.
fn run_to_the_end(cluster: &mut Cluster, start: Time, states: &mut Vec<(Millis, String)>) {
    let note = |cluster: &Cluster, states: &mut Vec<(Millis, String)>| {
        let now = state(cluster);
        if states.last().is_none_or(|(_, s)| *s != now) {
            states.push((cluster.now().0 - start.0, now));
        }
    };
    let fires = cluster.snapshot().list(Kind::CronJob).next().is_some();
    let (mut fired, mut end) = (false, start + if fires { FIRST_FIRE } else { LONGEST });
    while let Some(due) = cluster.next_due().filter(|t| *t <= end) {
        if cluster.advance(due, u32::MAX).limit.is_some() {
            return;
        }
        note(cluster, states);
        let snapshot = cluster.snapshot();
        let mut jobs = snapshot.list(Kind::Job).peekable();
        let any = jobs.peek().is_some();
        if any && !fired {
            fired = true;
            end = if cluster.now() < start + LONGEST { start + LONGEST } else { cluster.now() + LONGEST };
        }
        if any && jobs.all(|j| is_over(j)) && (!fires || cluster.now() > start + LONGEST) {
            let now = cluster.now();
            cluster.advance(now + 2_000, u32::MAX);
            note(cluster, states);
            return;
        }
    }
    cluster.advance(end, u32::MAX);
    note(cluster, states);
}

fn is_over(job: &Object) -> bool {
    matches!(job_status_word(job), "Complete" | "Failed")
}

/// The object that the picture is of.
fn first(cluster: &Cluster) -> Option<Rc<Object>> {
    let snapshot = cluster.snapshot();
    let kinds = [Kind::CronJob, Kind::Job, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Pod];
    kinds.iter().find_map(|k| snapshot.list(*k).next().cloned())
}

/// Its state in a line, as kubectl prints it: `Running 0/1. failed 2 of backoffLimit 3`.
fn state(cluster: &Cluster) -> String {
    let Some(object) = first(cluster) else { return String::new() };
    let number = |path: &'static str| object.at(path).as_i64().unwrap_or(0);
    match object.kind() {
        Kind::Job => format!(
            "{} {}. failed {} of backoffLimit {}",
            job_status_word(&object),
            job_completions(&object),
            number("status.failed"),
            number("spec.backoffLimit")
        ),
        Kind::CronJob => {
            let active = object.at("status.active").items().len();
            format!("schedule {}. active {active}", object.at("spec.schedule").as_str().unwrap_or_default())
        }
        Kind::Deployment | Kind::StatefulSet => {
            format!("ready {}/{}", number("status.readyReplicas"), number("spec.replicas"))
        }
        Kind::DaemonSet => {
            format!("ready {}/{}", number("status.numberReady"), number("status.desiredNumberScheduled"))
        }
        _ => String::new(),
    }
}
