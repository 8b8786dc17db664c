//! A Job as the yard and its card show it: tracks, roads, sidings, signal, back-off series.

use std::rc::Rc;

use batchyard_engine::api::{Object, Value};
use batchyard_engine::cluster::{Time, WaitKind, job_completions, job_status_word};
use implicit_clone::unsync::IString as AttrValue;

use super::{World, object_key, wait_of};
use crate::history::WorkLife;
use crate::status::Lamp;
use crate::text::{Ms, cells, exact, human, left, spoken};
use crate::view::{Berth, Hop, HopState, JobView, PodView, Road, Signal, Tracks, Wait};

type Pods = [(Rc<Object>, Rc<PodView>)];

/// Roads that are drawn; what is beyond is counted.
const ROADS: i64 = 12;
/// Berths that are made; a siding with more is drawn as a bar with a count.
const DRAWN: i64 = 26;
/// How long a passed branch stays lit.
const LIT: Ms = 2_000;

/// The numbers that lay a Job's tracks.
pub fn tracks_of(job: &Value) -> Tracks {
    let spec = job.at("spec");
    Tracks {
        completions: spec.int_at("completions"),
        parallelism: spec.int_at("parallelism").unwrap_or(1),
        limit: spec.int_at("backoffLimit").unwrap_or(6),
        restarts: spec.str_at("template.spec.restartPolicy") == "OnFailure",
        indexed: spec.str_at("completionMode") == "Indexed",
        per_index: spec.int_at("backoffLimitPerIndex"),
    }
}

fn time(v: &Value) -> Option<Ms> {
    v.as_str().and_then(Time::parse_rfc3339).map(|t| t.0)
}

/// Derives the view of a Job.
pub fn view(job: &Object, pods: &Pods, world: &World) -> JobView {
    let body = job.body();
    let now = world.now;
    let tracks = tracks_of(body);
    let status = body.at("status");
    let count = |k: &'static str| status.int_at(k).unwrap_or(0);
    let (active, succeeded, failed) = (count("active"), count("succeeded"), count("failed"));
    let mine: Vec<&Rc<PodView>> = {
        let of_job = pods.iter().filter(|(o, _)| o.controller().is_some_and(|c| c.uid == *job.uid()));
        of_job.map(|(_, v)| v).collect()
    };
    let life = world.history.work(job.uid());
    let lives: Vec<_> = world.history.of(job.uid()).filter(|p| p.created <= now).collect();
    let word = job_status_word(job);
    let restarts = if word == "Failed" || word == "FailureTarget" {
        lives.iter().map(|p| p.restarts).sum()
    } else {
        mine.iter().map(|p| p.restarts).sum::<i64>()
    };
    let used = if tracks.restarts { restarts } else { failed };
    let start = time(status.at("startTime"));
    let end = time(status.at("completionTime"));
    let completions = job_completions(job);
    let condition = |c: &&Value| c.str_at("status") == "True";
    let conditions: Rc<[AttrValue]> =
        status.at("conditions").items().iter().filter(condition).map(|c| c.str_at("type").to_owned().into()).collect();
    let last = status.at("conditions").items().iter().rev().find(condition);
    let held = held(job, life, active, &tracks, word, world);
    let signal = signal(word, active, &tracks, held.as_ref(), &mine);
    let shown = tracks.parallelism.clamp(1, ROADS);
    let (roads, more) = roads(shown, &mine, world, word, held.as_ref());
    let (good, bad, bar) = sidings(&tracks, &mine, used, succeeded);
    let recent = |good: bool| mine.iter().any(|p| p.over && p.succeeded == good && now - p.since < LIT + 1_000);
    let (hops, hop_note) = hops(&tracks, life, world, word, used);
    JobView {
        key: object_key(job),
        name: job.name().to_string().into(),
        word: word.into(),
        applied: true,
        completions: completions.into(),
        duration: start.map_or_else(String::new, |s| human(end.unwrap_or(now) - s)).into(),
        active,
        ready: count("ready"),
        succeeded,
        failed,
        used,
        reason: last.map_or("", |c| c.str_at("reason")).to_owned().into(),
        message: last.map_or("", |c| c.str_at("message")).to_owned().into(),
        conditions,
        signal,
        hops,
        hop_note,
        roads,
        more,
        good,
        bad,
        bar,
        lit_good: recent(true) || word == "Complete",
        lit_bad: recent(false),
        deadline: world
            .wait(job.uid(), WaitKind::ActiveDeadline)
            .map(wait_of)
            .map(|w| timer_text(w, now, "activeDeadlineSeconds ends it in")),
        ttl: world.wait(job.uid(), WaitKind::Ttl).map(wait_of).map(|w| timer_text(w, now, "Deleted in")),
        created: lives.len() as i64,
        owner: job.controller().map_or_else(String::new, |o| o.name.to_string()).into(),
        tracks,
    }
}

fn timer_text(wait: Wait, now: Ms, words: &str) -> (Wait, AttrValue) {
    let text = format!("{words} {}", spoken(left(wait.to - now) * 1000));
    (wait, text.into())
}

/// The wait that keeps the controller from making a Pod: as the controller says, else as the history shows it.
fn held(
    job: &Object,
    life: Option<&WorkLife>,
    active: i64,
    tracks: &Tracks,
    word: &str,
    world: &World,
) -> Option<(Wait, u32)> {
    if word != "Running" {
        return None;
    }
    if let Some(t) = world.wait(job.uid(), WaitKind::JobBackoff).filter(|t| t.until.0 > world.now) {
        return Some((wait_of(t), t.count));
    }
    let arcs = &life?.arcs;
    let i = arcs.iter().rposition(|a| a.from <= world.now)?;
    let arc = &arcs[i];
    let runs = arc.cut.is_none_or(|c| c > world.now) && world.now < arc.from + arc.full && active < tracks.parallelism;
    runs.then(|| (Wait { from: arc.from, to: arc.from + arc.full }, arcs[..=i].len() as u32))
}

fn signal(word: &str, active: i64, tracks: &Tracks, held: Option<&(Wait, u32)>, pods: &[&Rc<PodView>]) -> Signal {
    let of = |aspect, lamp, title: &'static str, note: &'static str, mono: &str, tail: &'static str| Signal {
        aspect,
        lamp,
        title: title.into(),
        note: note.into(),
        mono: mono.to_owned().into(),
        tail: tail.into(),
        wait: None,
    };
    match word {
        "Complete" => return of("closed", Lamp::Done, "Closed", "The Job is Complete", "", ""),
        "Failed" => return of("closed", Lamp::Fail, "Closed", "The Job is Failed", "", ""),
        "SuccessCriteriaMet" => return of("closed", Lamp::Done, "Closing", "", word, ""),
        "FailureTarget" => return of("closed", Lamp::Fail, "Closing", "", word, ""),
        "Suspended" => return of("suspended", Lamp::Idle, "Suspended", "", "suspend: true", ""),
        "Terminating" => return of("stop", Lamp::Idle, "Going", "The Job is being deleted", "", ""),
        _ => {}
    }
    if let Some((wait, n)) = held {
        let mut s = of("hold", Lamp::Wait, "Held", "", "", "");
        let full = exact(wait.to - wait.from + 500);
        s.note = if *n > 0 { format!("back-off {full} after failure {n}") } else { format!("back-off {full}") }.into();
        s.wait = Some(wait.clone());
        return s;
    }
    let note = if active == 1 { "1 of " } else { "" };
    let count: AttrValue = if note.is_empty() { format!("{active} of ").into() } else { note.into() };
    let parallelism = format!("parallelism {}", tracks.parallelism);
    let fresh = pods.iter().any(|p| matches!(p.look().family, "Pending" | "ContainerCreating") && !p.over);
    let (aspect, lamp, title) = if fresh {
        ("clear", Lamp::Work, "Pod created")
    } else if active == 0 {
        ("stop", Lamp::Idle, "Road free")
    } else {
        ("stop", Lamp::Idle, "Road occupied")
    };
    Signal { note: count, ..of(aspect, lamp, title, "", &parallelism, " active") }
}

fn roads(
    shown: i64,
    pods: &[&Rc<PodView>],
    world: &World,
    word: &str,
    held: Option<&(Wait, u32)>,
) -> (Rc<[Road]>, i64) {
    let mut roads: Vec<Road> = (1..=shown)
        .map(|i| {
            let free: AttrValue = match (word, held) {
                ("Complete" | "Failed", _) => "closed".into(),
                (_, Some((w, _))) => format!("next Pod in {}s", left(w.to - world.now)).into(),
                _ => "free".into(),
            };
            Road { label: format!("Road {i}").into(), mono: false, pod: None, free }
        })
        .collect();
    let mut waiting: Vec<(usize, &Rc<PodView>)> = Vec::new();
    for pod in pods.iter().filter(|p| !p.over) {
        let lane = world.history.pod(&pod.key).map_or(usize::MAX, |l| l.lane);
        match roads.get_mut(lane).filter(|r| r.pod.is_none()) {
            Some(road) => put(road, pod),
            None => waiting.push((lane, pod)),
        }
    }
    let mut more = 0;
    for (_, pod) in waiting {
        match roads.iter_mut().find(|r| r.pod.is_none()) {
            Some(road) => put(road, pod),
            None => more += 1,
        }
    }
    (roads.into(), more)
}

fn put(road: &mut Road, pod: &Rc<PodView>) {
    if !pod.node.is_empty() {
        road.label = pod.node.clone();
        road.mono = true;
    }
    road.pod = Some(pod.clone());
}

/// The two sidings, and before which berth of the branch the bar stands.
fn sidings(tracks: &Tracks, pods: &[&Rc<PodView>], used: i64, succeeded: i64) -> (Rc<[Berth]>, Rc<[Berth]>, usize) {
    let ended = |ok: bool| {
        let mut list: Vec<&Rc<PodView>> = pods.iter().copied().filter(|p| p.over && p.succeeded == ok).collect();
        list.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.name.cmp(&b.name)));
        list
    };
    let good_pods = ended(true);
    let want = tracks.completions.unwrap_or(succeeded.max(1)).clamp(0, DRAWN) as usize;
    let free = |i: usize| {
        Berth::Free(match (tracks.indexed, want) {
            (true, _) => i.to_string().into(),
            (_, 1) => "empty".into(),
            _ => (i + 1).to_string().into(),
        })
    };
    let good: Vec<Berth> = if tracks.indexed {
        (0..want)
            .map(|i| {
                good_pods
                    .iter()
                    .find(|p| p.index == Some(i as i64))
                    .map_or_else(|| free(i), |p| Berth::Pod((*p).clone()))
            })
            .collect()
    } else {
        let n = want.max(good_pods.len()).min(DRAWN as usize);
        let gone = (succeeded.max(0) as usize).saturating_sub(good_pods.len());
        (0..n)
            .map(|i| match good_pods.get(i) {
                Some(p) => Berth::Pod((*p).clone()),
                None if i < good_pods.len() + gone => Berth::Gone("gone".into()),
                None => free(i),
            })
            .collect()
    };
    let bar = if tracks.per_index.is_some() { usize::MAX } else { cells(tracks.limit, tracks.restarts) };
    let bad_pods = ended(false);
    let used = used.max(0) as usize;
    let counted = if tracks.restarts { used } else { used.max(bad_pods.len()) };
    let n = if tracks.per_index.is_some() { (counted + 1).max(3) } else { bar.saturating_add(1).max(counted) }
        .min(DRAWN as usize);
    let bad = (0..n)
        .map(|i| {
            if tracks.restarts {
                return if i < used { Berth::Tally(format!("restart {}", i + 1).into()) } else { free_bad(i, bar) };
            }
            match bad_pods.get(i) {
                Some(p) => Berth::Pod((*p).clone()),
                None if i < used => Berth::Gone("gone".into()),
                None => free_bad(i, bar),
            }
        })
        .collect();
    (good.into(), bad, bar)
}

fn free_bad(i: usize, bar: usize) -> Berth {
    Berth::Free(if bar == usize::MAX {
        "free".into()
    } else if i >= bar {
        "Job fails".into()
    } else {
        (i + 1).to_string().into()
    })
}

/// The doubling series under the signal. It needs one Pod at a time to be told in order.
fn hops(tracks: &Tracks, life: Option<&WorkLife>, world: &World, word: &str, used: i64) -> (Rc<[Hop]>, AttrValue) {
    if tracks.restarts || tracks.limit <= 0 || tracks.parallelism != 1 || tracks.per_index.is_some() {
        return (Rc::new([]), "".into());
    }
    let n = tracks.limit.min(6) as usize;
    let now = world.now;
    let past: Vec<_> = life.map(|l| l.arcs.iter().filter(|a| a.from <= now).collect()).unwrap_or_default();
    let over = matches!(word, "Complete" | "Failed" | "");
    let mut note: AttrValue = "Waits between retries".into();
    let mut full = 10_000;
    let mut hops = Vec::new();
    for i in 0..n {
        let arc = past.get(i);
        let length = arc.map_or(full, |a| a.full);
        let running = arc.filter(|a| a.cut.is_none_or(|c| c > now) && now < a.from + a.full);
        let state = match (arc, running) {
            (Some(_), Some(_)) if !over => HopState::Now,
            (Some(_), _) => HopState::Spent,
            (None, _) if i == past.len() && !over && used < tracks.limit => HopState::Next,
            _ => HopState::Later,
        };
        match state {
            HopState::Now => note = format!("Wait {} of {}", i + 1, tracks.limit).into(),
            HopState::Next if past.iter().all(|a| now >= a.from + a.full || a.cut.is_some_and(|c| c <= now)) => {
                note = format!("If this Pod fails: wait {}", exact(length)).into();
            }
            _ => {}
        }
        hops.push(Hop {
            text: exact(length).into(),
            state,
            wait: running.map(|a| Wait { from: a.from, to: a.from + a.full }),
        });
        full = (length * 2).min(600_000);
    }
    if !over && used >= tracks.limit {
        note = "No retries left".into();
    }
    (hops.into(), note)
}

/// The yard of a Job that does not exist yet: the tracks that its manifest lays.
pub fn laid(name: &str, namespace: &str, tracks: Tracks) -> JobView {
    let shown = tracks.parallelism.clamp(1, ROADS);
    let roads: Vec<Road> = (1..=shown)
        .map(|i| Road { label: format!("Road {i}").into(), mono: false, pod: None, free: "free".into() })
        .collect();
    let (good, bad, bar) = sidings(&tracks, &[], 0, 0);
    let waits = (0..tracks.limit.clamp(0, 6)).map(|i| Hop {
        text: exact(10_000 << i).into(),
        state: HopState::Later,
        wait: None,
    });
    let hops: Vec<Hop> = if tracks.restarts || tracks.parallelism != 1 { Vec::new() } else { waits.collect() };
    JobView {
        key: [namespace, "/", name].concat().into(),
        name: name.to_owned().into(),
        word: "".into(),
        applied: false,
        completions: format!("0/{}", tracks.completions.unwrap_or(1)).into(),
        duration: "".into(),
        active: 0,
        ready: 0,
        succeeded: 0,
        failed: 0,
        used: 0,
        conditions: Rc::new([]),
        reason: "".into(),
        message: "".into(),
        signal: Signal {
            aspect: "stop",
            lamp: Lamp::Idle,
            title: "No Job yet".into(),
            note: "Apply the manifest to start".into(),
            mono: "".into(),
            tail: "".into(),
            wait: None,
        },
        hops: hops.into(),
        hop_note: "Waits between retries".into(),
        roads: roads.into(),
        more: 0,
        good,
        bad,
        bar,
        lit_good: false,
        lit_bad: false,
        deadline: None,
        ttl: None,
        created: 0,
        owner: "".into(),
        tracks,
    }
}
