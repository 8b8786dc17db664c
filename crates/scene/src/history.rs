//! The run so far as the timeline needs it: what each Pod's STATUS was and when, which road it took, the waits of each Job.
//!
//! Read from the journal once, entry by entry; a fork, which cuts the journal, makes it start over.

use std::collections::BTreeMap;
use std::rc::Rc;

use batchyard_engine::api::{Kind, Object};
use batchyard_engine::cluster::{Change, Time};
use batchyard_engine::journal::Journal;
use implicit_clone::unsync::IString as AttrValue;

use super::podstatus::columns;
use super::status::{Lamp, look};
use super::text::Ms;
use super::view::{Arc, Mark, Span};

/// A Pod's life.
#[derive(Clone, Debug)]
pub struct PodLife {
    /// Its uid.
    pub uid: Rc<str>,
    /// `namespace/name`.
    pub key: AttrValue,
    /// Its name.
    pub name: Rc<str>,
    /// The uid of the object that manages it; empty where none does.
    pub owner: Rc<str>,
    /// When it was made.
    pub created: Ms,
    /// When it was gone.
    pub gone: Option<Ms>,
    /// When its phase became terminal.
    pub over: Option<Ms>,
    /// STATUS words and when each began.
    pub spans: Vec<Span>,
    /// The road it takes.
    pub lane: usize,
    /// The most restarts it had.
    pub restarts: i64,
    /// Whether its containers are never restarted.
    pub never: bool,
}

impl PodLife {
    /// The span at a moment.
    pub fn span_at(&self, now: Ms) -> Option<&Span> {
        if now < self.created || self.gone.is_some_and(|g| g <= now) {
            return None;
        }
        self.spans.iter().rev().find(|s| s.from <= now)
    }
}

/// A workload's life.
#[derive(Clone, Debug)]
pub struct WorkLife {
    /// Its uid.
    pub uid: Rc<str>,
    /// `namespace/name`.
    pub key: AttrValue,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Rc<str>,
    /// The uid of its owner.
    pub owner: Rc<str>,
    /// When it was made.
    pub created: Ms,
    /// When it was gone.
    pub gone: Option<Ms>,
    /// When and how a Job ended.
    pub end: Option<(Ms, &'static str)>,
    /// Waits before new Pods.
    pub arcs: Vec<Arc>,
    /// Failures since the last success.
    failures: u32,
    /// `backoffLimit`, and how many have failed.
    limit: i64,
    failed: i64,
    never: bool,
}

/// The run so far.
#[derive(Clone, Default)]
pub struct History {
    read: usize,
    last: Option<Rc<Change>>,
    /// Pods in the order in which they were made.
    pub pods: Vec<PodLife>,
    /// Workloads in the order in which they were made.
    pub work: Vec<WorkLife>,
    /// Marks of the scrubber.
    pub marks: Vec<Mark>,
    /// Moments of changes that kubectl would show.
    pub moments: Vec<Ms>,
    index: BTreeMap<Rc<str>, usize>,
    /// The Pods of each owner, in the order in which they were made.
    owned: BTreeMap<Rc<str>, Vec<usize>>,
}

/// The first wait of a Job between two Pods, and the longest.
const BACKOFF_FIRST: Ms = 10_000;
const BACKOFF_LAST: Ms = 600_000;

impl History {
    /// Reads what is new in a journal. Returns whether anything was.
    pub fn read(&mut self, journal: &Journal) -> bool {
        let entries = journal.entries();
        let forked = self.read > entries.len()
            || (self.read > 0 && self.last.as_ref().is_some_and(|l| !Rc::ptr_eq(l, &entries[self.read - 1])));
        if forked {
            *self = Self::default();
        }
        let new = &entries[self.read..];
        for change in new {
            self.note(change);
        }
        self.read = entries.len();
        self.last = entries.last().cloned();
        forked || !new.is_empty()
    }

    fn moment(&mut self, at: Ms) {
        if self.moments.last().is_none_or(|m| *m < at) {
            self.moments.push(at);
        }
    }

    fn note(&mut self, change: &Change) {
        let at = change.at.0;
        match change.key.kind {
            Kind::Pod => self.note_pod(change, at),
            Kind::Job
            | Kind::CronJob
            | Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ReplicationController => self.note_work(change, at),
            Kind::ReplicaSet if change.object().controller().is_none() => self.note_work(change, at),
            _ => {}
        }
    }

    fn note_work(&mut self, change: &Change, at: Ms) {
        let object = change.object();
        let known = self.work.iter().position(|w| w.uid == *object.uid());
        let Some(i) = known else {
            if change.after.is_some() {
                self.add_work(object, at);
                self.moment(at);
            }
            return;
        };
        if change.after.is_none() {
            self.work[i].gone = Some(at);
            self.moment(at);
            return;
        }
        let work = &mut self.work[i];
        work.limit = object.at("spec.backoffLimit").as_i64().unwrap_or(6);
        if work.kind == Kind::CronJob {
            let before = change.before.as_ref().map_or("", |b| b.body().str_at("status.lastScheduleTime"));
            if object.body().str_at("status.lastScheduleTime") != before {
                self.marks.push(Mark { at, kind: "fire" });
                self.moment(at);
            }
            return;
        }
        if work.kind == Kind::Job && work.end.is_none() {
            let met = object.condition_is_true("FailureTarget") || object.condition_is_true("SuccessCriteriaMet");
            let word = if object.condition_is_true("Complete") {
                "Complete"
            } else if object.condition_is_true("Failed") {
                "Failed"
            } else {
                ""
            };
            if met || !word.is_empty() {
                // No wait runs any more: the arc that the last failure began is not a wait.
                if work.arcs.last().is_some_and(|a| a.cut.is_none() && a.from + a.full > at) {
                    work.arcs.pop();
                }
                let had = change
                    .before
                    .as_ref()
                    .is_some_and(|b| b.condition_is_true("FailureTarget") || b.condition_is_true("SuccessCriteriaMet"));
                if !had || !word.is_empty() {
                    self.moment(at);
                }
            }
            if !word.is_empty() {
                self.work[i].end = Some((at, word));
                self.marks.push(Mark { at, kind: if word == "Complete" { "complete" } else { "failed" } });
            }
        }
    }

    fn add_work(&mut self, object: &Object, at: Ms) {
        let body = object.body();
        self.work.push(WorkLife {
            uid: object.uid().clone(),
            key: key_of(object),
            kind: object.kind(),
            name: object.name().clone(),
            owner: object.controller().map_or_else(|| Rc::from(""), |o| o.uid.clone()),
            created: at,
            gone: None,
            end: None,
            arcs: Vec::new(),
            failures: 0,
            limit: body.int_at("spec.backoffLimit").unwrap_or(6),
            failed: 0,
            never: object.kind() == Kind::Job && body.str_at("spec.template.spec.restartPolicy") == "Never",
        });
    }

    fn note_pod(&mut self, change: &Change, at: Ms) {
        let object = change.object();
        let Some(&i) = self.index.get(object.uid()) else {
            if change.after.is_some() {
                self.add_pod(object, at);
            }
            return;
        };
        let life = &mut self.pods[i];
        if change.after.is_none() {
            life.gone = Some(at);
            if let Some(s) = life.spans.last_mut().filter(|s| s.to.is_none()) {
                s.to = Some(at);
            }
            self.moment(at);
            return;
        }
        let c = columns(object);
        life.restarts = life.restarts.max(c.restarts);
        let word_changed = life.spans.last().is_none_or(|s| s.word != c.word);
        let phase = object.body().str_at("status.phase");
        let over_now = life.over.is_none() && matches!(phase, "Succeeded" | "Failed");
        if word_changed {
            let mark = match look(&c.word) {
                l if l.lamp == Lamp::Done => Some("exit0"),
                l if l.lamp == Lamp::Fail && l.family != "ErrImagePull" => Some("fail"),
                l if l.family == "ImagePullBackOff" => Some("wait"),
                _ => None,
            };
            if let Some(last) = life.spans.last_mut() {
                last.to = Some(at);
                if last.from == at {
                    life.spans.pop();
                }
            }
            life.spans.push(Span { word: c.word.into(), from: at, to: None, exit: c.exit });
            if let Some(kind) = mark {
                self.marks.push(Mark { at, kind });
            }
            self.moment(at);
        }
        if over_now {
            let life = &mut self.pods[i];
            life.over = Some(at);
            let (owner, failed) = (life.owner.clone(), phase == "Failed");
            let finished = finished_at(object).unwrap_or(at);
            self.moment(at);
            self.count(&owner, failed, finished, at);
        }
    }

    /// A Pod of a Job has ended: a failure begins a wait, a success ends the series.
    fn count(&mut self, owner: &str, failed: bool, finished: Ms, at: Ms) {
        let Some(work) = self.work.iter_mut().find(|w| &*w.uid == owner) else { return };
        if !failed {
            work.failures = 0;
            return;
        }
        work.failed += 1;
        work.failures += 1;
        if !work.never || work.end.is_some() || work.failed > work.limit {
            return;
        }
        if let Some(a) = work.arcs.last_mut().filter(|a| a.cut.is_none() && a.from + a.full > at) {
            a.cut = Some(at);
        }
        let full = BACKOFF_FIRST.saturating_mul(1 << (work.failures - 1).min(10)).min(BACKOFF_LAST);
        work.arcs.push(Arc { from: finished, full, cut: None });
    }

    fn add_pod(&mut self, object: &Object, at: Ms) {
        let owner = object.controller().map_or_else(|| Rc::from(""), |o| o.uid.clone());
        let mut taken: Vec<usize> =
            self.of(&owner).filter(|p| p.gone.is_none() && p.over.is_none()).map(|p| p.lane).collect();
        taken.sort_unstable();
        let lane = taken.iter().enumerate().find(|(i, l)| i != *l).map_or(taken.len(), |(i, _)| i);
        if let Some(work) = self.work.iter_mut().find(|w| w.uid == owner)
            && let Some(a) = work.arcs.last_mut().filter(|a| a.cut.is_none() && at + 900 < a.from + a.full)
        {
            a.cut = Some(at);
        }
        let c = columns(object);
        self.index.insert(object.uid().clone(), self.pods.len());
        self.owned.entry(owner.clone()).or_default().push(self.pods.len());
        self.pods.push(PodLife {
            uid: object.uid().clone(),
            key: key_of(object),
            name: object.name().clone(),
            owner,
            created: at,
            gone: None,
            over: None,
            spans: vec![Span { word: c.word.into(), from: at, to: None, exit: None }],
            lane,
            restarts: 0,
            never: object.body().str_at("spec.restartPolicy") == "Never",
        });
        self.marks.push(Mark { at, kind: "create" });
        self.moment(at);
    }

    /// The life of a Pod, by uid.
    pub fn pod(&self, uid: &str) -> Option<&PodLife> {
        self.index.get(uid).map(|i| &self.pods[*i])
    }
    /// The Pods of an owner, by its uid, in the order in which they were made.
    pub fn of(&self, owner: &str) -> impl DoubleEndedIterator<Item = &PodLife> {
        self.owned.get(owner).into_iter().flatten().map(|i| &self.pods[*i])
    }
    /// The life of a workload, by uid.
    pub fn work(&self, uid: &str) -> Option<&WorkLife> {
        self.work.iter().find(|w| &*w.uid == uid)
    }
    /// The next moment after, or the last before, a time.
    pub fn moment_from(&self, now: Ms, forward: bool) -> Option<Ms> {
        let m = &self.moments;
        if forward {
            m.get(m.partition_point(|m| *m <= now)).copied()
        } else {
            m[..m.partition_point(|m| *m < now)].last().copied()
        }
    }
    /// The next or last failure or end.
    pub fn failure_from(&self, now: Ms, forward: bool) -> Option<Ms> {
        let mut at = self.marks.iter().filter(|m| matches!(m.kind, "fail" | "failed" | "complete")).map(|m| m.at);
        if forward { at.find(|m| *m > now) } else { at.rfind(|m| *m < now) }
    }
}

/// `namespace/name`.
pub fn key_of(object: &Object) -> AttrValue {
    [object.namespace(), "/", object.name()].concat().into()
}

/// When the last container of a Pod ended.
fn finished_at(pod: &Object) -> Option<Ms> {
    let times = pod
        .at("status.containerStatuses")
        .items()
        .iter()
        .filter_map(|c| Time::parse_rfc3339(c.str_at("state.terminated.finishedAt")));
    times.map(|t| t.0).max()
}
