//! The timeline: rows, marks and the axis, all from the start of the run.

use std::rc::Rc;

use batchyard_engine::api::Kind;
use implicit_clone::unsync::IString as AttrValue;

use crate::history::{History, PodLife, WorkLife};
use crate::text::Ms;
use crate::view::{Arc, Mark, Row, Scene, Span, Timeline, Workload};

/// Lengths of the axis, with the distance of its ticks.
const AXES: [(Ms, Ms); 16] = [
    (60, 10),
    (90, 15),
    (120, 20),
    (180, 30),
    (300, 60),
    (480, 60),
    (600, 120),
    (900, 180),
    (1_200, 300),
    (1_800, 300),
    (3_600, 600),
    (7_200, 1_200),
    (14_400, 3_600),
    (43_200, 7_200),
    (86_400, 14_400),
    (604_800, 86_400),
];

/// The shortest axis on which a time leaves some room, and its ticks.
pub fn axis(seen: Ms) -> (Ms, Ms) {
    let found = AXES.iter().find(|(view, _)| seen * 100 <= view * 1000 * 96);
    let (view, step) = found.copied().unwrap_or((seen / 1000 * 5 / 4 + 1, seen / 8_000 + 1));
    (view * 1000, step * 1000)
}

impl Timeline {
    /// The part of the axis around a moment that is `zoom` times as large. It turns like a page, so that nothing moves
    /// under the pointer.
    #[must_use]
    pub fn zoomed(mut self, zoom: i64, now: Ms) -> Self {
        let zoom = zoom.max(1);
        self.view /= zoom;
        self.step = (self.step / zoom).max(100);
        let page = (now / self.view.max(1)).clamp(0, zoom - 1);
        self.from = page * self.view;
        self
    }
}

/// Rows that are drawn at most; and of them, those that had not begun at the moment shown.
const ROWS: usize = 60;
const AHEAD: usize = 12;

/// Derives the timeline of a run that began at `origin` and has been seen until `seen`.
pub fn timeline(history: &History, scene: &Scene, origin: Ms, now: Ms, seen: Ms) -> Timeline {
    of_rows(ROWS, history, scene, origin, now, seen)
}

/// Derives the timeline with all its rows, however many.
pub fn whole_timeline(history: &History, scene: &Scene, origin: Ms, now: Ms, seen: Ms) -> Timeline {
    of_rows(usize::MAX, history, scene, origin, now, seen)
}

fn of_rows(most: usize, history: &History, scene: &Scene, origin: Ms, now: Ms, seen: Ms) -> Timeline {
    let (view, step) = axis(seen - origin);
    let rel = |t: Ms| (t - origin).max(0);
    let mut lines = Vec::new();
    let several = history.work.iter().filter(|w| w.kind != Kind::Job || w.owner.is_empty()).count() > 1;
    for work in &history.work {
        lines.push(Line::Work(work));
        if work.kind == Kind::Deployment {
            lines.extend(history.pods.iter().filter(|p| deployed(history, p, work)).map(Line::Pod));
        }
        lines.extend(history.of(&work.uid).map(Line::Pod));
    }
    lines.extend(history.of("").map(Line::Pod));
    // The first row is the workload; of the rest those around the newest at the moment shown stay.
    let more = lines.len().saturating_sub(most);
    let begun = |lines: &[Line]| lines.iter().rposition(|l| l.created() <= now).map_or(0, |i| i + 1);
    let last = (begun(&lines) + AHEAD).clamp(most.min(lines.len()), lines.len());
    lines.truncate(last);
    if lines.len() > most {
        lines.drain(1..=lines.len() - most);
    }
    let begun = begun(&lines);
    let row = |line| match line {
        Line::Work(w) => Rc::new(work_row(w, scene, several, origin, now, seen)),
        Line::Pod(p) => Rc::new(pod_row(p, scene, origin, now)),
    };
    let rows = lines.into_iter().map(row).collect();
    let mut marks: Vec<Mark> =
        history.marks.iter().filter(|m| m.at >= origin).map(|m| Mark { at: rel(m.at), kind: m.kind }).collect();
    thin(&mut marks, view);
    Timeline { started: true, rows, marks, seen: rel(seen), from: 0, view, step, more, begun }
}

/// What a row is of.
enum Line<'a> {
    Work(&'a WorkLife),
    Pod(&'a PodLife),
}

impl Line<'_> {
    fn created(&self) -> Ms {
        match self {
            Line::Work(w) => w.created,
            Line::Pod(p) => p.created,
        }
    }
}

/// Marks of the same kind that would fall on the same spot are drawn once.
fn thin(marks: &mut Vec<Mark>, view: Ms) {
    marks.sort_by_key(|m| (m.kind, m.at));
    marks.dedup_by(|b, a| a.kind == b.kind && (b.at - a.at) * 400 < view);
    marks.sort_by_key(|m| m.at);
}

/// Whether a Pod of a ReplicaSet belongs to a Deployment: by its name, since the ReplicaSet may be gone.
fn deployed(history: &History, pod: &PodLife, work: &WorkLife) -> bool {
    let own = history.work.iter().any(|w| w.uid == pod.owner);
    !own && !pod.owner.is_empty()
        && pod.name.strip_prefix(&*work.name).is_some_and(|r| r.starts_with('-') && r.matches('-').count() == 2)
}

fn work_row(work: &WorkLife, scene: &Scene, several: bool, origin: Ms, now: Ms, seen: Ms) -> Row {
    let rel = |t: Ms| (t - origin).max(0);
    let arcs: Vec<Arc> =
        work.arcs.iter().map(|a| Arc { from: rel(a.from), full: a.full, cut: a.cut.map(rel) }).collect();
    let job = scene.workloads.iter().find_map(|w| match w {
        Workload::Job(j) if j.key == work.key => Some(j),
        _ => None,
    });
    let child = work.kind == Kind::Job && !work.owner.is_empty();
    let running = job.is_some_and(|j| {
        &*j.word == "Running" && j.roads.iter().any(|r| r.pod.as_ref().is_some_and(|p| &*p.word == "Running"))
    });
    let next = job.filter(|j| {
        running && seen <= now + 500 && !j.tracks.restarts && j.used < j.tracks.limit && j.signal.wait.is_none()
    });
    let ghost = next.map(|_| {
        let failures = work.arcs.iter().filter(|a| a.from <= now).map(|a| a.full).next_back();
        failures.map_or(10_000, |f| (f * 2).min(600_000))
    });
    Row {
        key: [work.kind.name(), &work.key].concat().into(),
        kind: work.kind.name().into(),
        label: match (child, several) {
            (true, _) => work.name.rsplit('-').next().unwrap_or(&work.name).to_owned().into(),
            (false, true) => work.name.to_string().into(),
            _ => "".into(),
        },
        child,
        name: work.name.to_string().into(),
        word: None,
        from: rel(work.created),
        gone: work.gone.map(rel),
        spans: Vec::new(),
        arcs,
        end: work.end.map(|(t, w)| (rel(t), AttrValue::Static(w))),
        ended: work.end.is_some_and(|(t, _)| t <= now),
        ghost,
    }
}

fn pod_row(pod: &PodLife, scene: &Scene, origin: Ms, now: Ms) -> Row {
    let rel = |t: Ms| (t - origin).max(0);
    let id = scene.pods.iter().find(|p| *p.name == *pod.name).map(|p| p.id.clone());
    let cap = |s: &Span| s.exit.filter(|_| s.to.is_none() && (pod.never || pod.over.is_some()));
    Row {
        key: pod.uid.to_string().into(),
        kind: "".into(),
        label: id.unwrap_or_else(|| pod.name.rsplit('-').next().unwrap_or(&pod.name).to_owned().into()),
        name: pod.name.to_string().into(),
        word: pod.span_at(now).map(|s| s.word.clone()),
        from: rel(pod.created),
        gone: pod.gone.map(rel),
        child: false,
        spans: pod
            .spans
            .iter()
            .map(|s| Span { word: s.word.clone(), from: rel(s.from), to: s.to.map(rel), exit: cap(s) })
            .collect(),
        arcs: Vec::new(),
        end: None,
        ended: pod.spans.last().is_some_and(|s| s.from <= now),
        ghost: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_axis_turns_like_a_page() {
        let whole = Timeline { view: 60_000, step: 10_000, ..Timeline::default() };
        let at = |now| whole.clone().zoomed(4, now);
        assert_eq!(
            (at(0).from, at(0).view, at(14_900).from, at(15_000).from, at(70_000).from),
            (0, 15_000, 0, 15_000, 45_000)
        );
        assert_eq!(whole.clone().zoomed(1, 5).from, 0);
    }

    #[test]
    fn the_axis_leaves_room() {
        assert_eq!(axis(0), (60_000, 10_000));
        assert_eq!(axis(58_000), (90_000, 15_000));
        assert_eq!(axis(54_000), (60_000, 10_000));
        assert!(axis(9_000_000_000).0 > 9_000_000_000);
    }
}
