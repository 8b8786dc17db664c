//! The scene: everything the stage shows at one instant, as values that components draw and compare.
//!
//! A component is a function of a part of this. Texts that count seconds are made anew each simulated second; what moves
//! within a second (a ring, the playhead) is drawn from the `from` and `to` of a [`Wait`] and the clock.

use std::rc::Rc;

use implicit_clone::unsync::IString as AttrValue;

use super::status::{Lamp, Look, look};
use super::text::Ms;

/// A stretch of waiting that the page counts down.
#[derive(Clone, PartialEq, Debug)]
pub struct Wait {
    /// When it began.
    pub from: Ms,
    /// When it is over.
    pub to: Ms,
}

impl Wait {
    /// How much of it is over at a moment, 0 to 1.
    pub fn part(&self, now: Ms) -> f64 {
        if self.to <= self.from {
            1.0
        } else {
            ((now - self.from) as f64 / (self.to - self.from) as f64).clamp(0.0, 1.0)
        }
    }
}

/// The one fact beside a Pod's STATUS.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// A wait with its words: `restart 3 in`, `next try in`.
    Wait(AttrValue, Wait),
    /// Being deleted, with so much grace.
    Grace(AttrValue),
    /// READY and the number of restarts.
    Restarts(i64),
    /// READY and AGE.
    Age,
}

/// One Pod as the yard shows it.
#[derive(Clone, PartialEq, Debug)]
pub struct PodView {
    /// Identity: `namespace/name`, and the uid, so that a Pod made again under the same name is another Pod.
    pub key: AttrValue,
    /// The namespace.
    pub namespace: AttrValue,
    /// The whole name.
    pub name: AttrValue,
    /// The end of the name that tells it from its siblings.
    pub id: AttrValue,
    /// kubectl's STATUS.
    pub word: AttrValue,
    /// kubectl's READY.
    pub ready: AttrValue,
    /// kubectl's RESTARTS, the number.
    pub restarts: i64,
    /// kubectl's AGE.
    pub age: AttrValue,
    /// The node it is bound to; empty before.
    pub node: AttrValue,
    /// The exit code that decided its end.
    pub exit: Option<i64>,
    /// What stands beside its status.
    pub fact: Fact,
    /// The completion index of an Indexed Job's Pod.
    pub index: Option<i64>,
    /// When its present STATUS began.
    pub since: Ms,
    /// Whether its phase is terminal.
    pub over: bool,
    /// Whether it counts as succeeded.
    pub succeeded: bool,
}

impl PodView {
    /// The look of its STATUS.
    pub fn look(&self) -> Look {
        look(&self.word)
    }
}

/// What the dispatch signal says.
#[derive(Clone, PartialEq, Debug)]
pub struct Signal {
    /// `stop`, `clear`, `hold`, `suspended` or `closed`.
    pub aspect: &'static str,
    /// The lamp.
    pub lamp: Lamp,
    /// In bold: `Held 12s`.
    pub title: AttrValue,
    /// Why; the part in mono comes after [`Signal::note`].
    pub note: AttrValue,
    /// Kubernetes' own words within the note.
    pub mono: AttrValue,
    /// What follows them.
    pub tail: AttrValue,
    /// The back-off that holds it.
    pub wait: Option<Wait>,
}

/// How a hop of the back-off stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HopState {
    /// Over.
    Spent,
    /// Running.
    Now,
    /// The next one, should the running Pod fail.
    Next,
    /// After that.
    Later,
}

impl HopState {
    /// The end of its class name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spent => "spent",
            Self::Now => "now",
            Self::Next => "next",
            Self::Later => "later",
        }
    }
}

/// One wait of the doubling series under the signal.
#[derive(Clone, PartialEq, Debug)]
pub struct Hop {
    /// Its length as kubectl would write it.
    pub text: AttrValue,
    /// How it stands.
    pub state: HopState,
    /// The wait it is, while it runs.
    pub wait: Option<Wait>,
}

/// A berth of a siding.
#[derive(Clone, PartialEq, Debug)]
pub enum Berth {
    /// Free, with what is written in it.
    Free(AttrValue),
    /// Taken by a Pod.
    Pod(Rc<PodView>),
    /// A restart that was counted, when no Pod enters the siding.
    Tally(AttrValue),
    /// Counted, but its Pod is gone.
    Gone(AttrValue),
}

/// A road: what one unit of parallelism holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Road {
    /// `Road 1`, or the node's name.
    pub label: AttrValue,
    /// Whether the label is Kubernetes' word.
    pub mono: bool,
    /// The Pod on it.
    pub pod: Option<Rc<PodView>>,
    /// What is written on a free road.
    pub free: AttrValue,
}

/// The numbers that lay the tracks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tracks {
    /// `spec.completions`; none when unset.
    pub completions: Option<i64>,
    /// `spec.parallelism`.
    pub parallelism: i64,
    /// `spec.backoffLimit`.
    pub limit: i64,
    /// Whether `restartPolicy` is `OnFailure`.
    pub restarts: bool,
    /// Whether `completionMode` is Indexed.
    pub indexed: bool,
    /// `spec.backoffLimitPerIndex`.
    pub per_index: Option<i64>,
}

/// A Job at one instant.
#[derive(Clone, PartialEq, Debug)]
pub struct JobView {
    /// `namespace/name`.
    pub key: AttrValue,
    /// Its name.
    pub name: AttrValue,
    /// kubectl's STATUS; empty before it exists.
    pub word: AttrValue,
    /// Whether it exists.
    pub applied: bool,
    /// The tracks.
    pub tracks: Tracks,
    /// kubectl's COMPLETIONS.
    pub completions: AttrValue,
    /// kubectl's DURATION.
    pub duration: AttrValue,
    /// `status.active`.
    pub active: i64,
    /// `status.ready`.
    pub ready: i64,
    /// `status.succeeded`.
    pub succeeded: i64,
    /// `status.failed`.
    pub failed: i64,
    /// What is compared with `backoffLimit`: failed Pods, or restarts.
    pub used: i64,
    /// True conditions, by type.
    pub conditions: Rc<[AttrValue]>,
    /// The reason of the condition that ended it.
    pub reason: AttrValue,
    /// Its message.
    pub message: AttrValue,
    /// The signal.
    pub signal: Signal,
    /// The back-off series; empty when it does not apply.
    pub hops: Rc<[Hop]>,
    /// What is written beside the series.
    pub hop_note: AttrValue,
    /// Active Pods.
    pub roads: Rc<[Road]>,
    /// Active Pods beyond the roads that are drawn.
    pub more: i64,
    /// The straight siding.
    pub good: Rc<[Berth]>,
    /// The branch siding.
    pub bad: Rc<[Berth]>,
    /// How many berths of the branch stand before the bar.
    pub bar: usize,
    /// Whether the straight siding is lit.
    pub lit_good: bool,
    /// Whether the branch is lit.
    pub lit_bad: bool,
    /// Countdown of `activeDeadlineSeconds`, with its sentence.
    pub deadline: Option<(Wait, AttrValue)>,
    /// Countdown of `ttlSecondsAfterFinished`, with its sentence.
    pub ttl: Option<(Wait, AttrValue)>,
    /// How many Pods it has made.
    pub created: i64,
    /// The CronJob that owns it.
    pub owner: AttrValue,
}

impl JobView {
    /// Whether it is Complete or Failed.
    pub fn is_over(&self) -> bool {
        matches!(&*self.word, "Complete" | "Failed")
    }
}

/// A CronJob at one instant.
#[derive(Clone, PartialEq, Debug)]
pub struct CronView {
    /// `namespace/name`.
    pub key: AttrValue,
    /// Its name.
    pub name: AttrValue,
    /// `spec.schedule`.
    pub schedule: AttrValue,
    /// `spec.timeZone`, or `UTC`.
    pub zone: AttrValue,
    /// What is added to UTC to get the time of day of its zone, in milliseconds.
    pub offset: Ms,
    /// `spec.concurrencyPolicy`.
    pub policy: AttrValue,
    /// `spec.suspend`.
    pub suspended: bool,
    /// The moment and the next run.
    pub wait: Option<Wait>,
    /// Whether a face of an hour fits (else of a day, else none).
    pub face: Face,
    /// Due points on the face, 0 to 1.
    pub due: Rc<[f64]>,
    /// The next five runs: time of day, and in how long.
    pub next: Rc<[(AttrValue, AttrValue)]>,
    /// kubectl's LAST SCHEDULE.
    pub last: AttrValue,
    /// Names of active Jobs.
    pub active: Rc<[AttrValue]>,
    /// Finished Jobs kept as succeeded: name and age.
    pub good: Rc<[(AttrValue, AttrValue)]>,
    /// Finished Jobs kept as failed.
    pub bad: Rc<[(AttrValue, AttrValue)]>,
    /// `successfulJobsHistoryLimit`.
    pub keep_good: i64,
    /// `failedJobsHistoryLimit`.
    pub keep_bad: i64,
}

/// The face of a CronJob's dial.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Face {
    /// One hour.
    Hour,
    /// Twenty-four hours.
    Day,
    /// The schedule is slower than daily.
    None,
}

/// A Deployment, StatefulSet, DaemonSet or ReplicaSet at one instant.
#[derive(Clone, PartialEq, Debug)]
pub struct ReplicasView {
    /// Its kind.
    pub kind: &'static str,
    /// `namespace/name`.
    pub key: AttrValue,
    /// Its name.
    pub name: AttrValue,
    /// What it wants.
    pub wanted: i64,
    /// What is ready.
    pub ready: i64,
    /// kubectl's columns: heading and value.
    pub facts: Rc<[(&'static str, AttrValue)]>,
    /// Its Pods.
    pub pods: Rc<[Rc<PodView>]>,
    /// Restarts of their containers.
    pub restarts: i64,
}

/// A workload that stands on the stage.
#[derive(Clone, PartialEq, Debug)]
pub enum Workload {
    /// A Job.
    Job(Rc<JobView>),
    /// A CronJob.
    Cron(Rc<CronView>),
    /// Pods that are kept running.
    Replicas(Rc<ReplicasView>),
    /// A Pod of its own.
    Pod(Rc<PodView>),
}

impl Workload {
    /// Its identity.
    pub fn key(&self) -> &AttrValue {
        match self {
            Self::Job(v) => &v.key,
            Self::Cron(v) => &v.key,
            Self::Replicas(v) => &v.key,
            Self::Pod(v) => &v.key,
        }
    }
    /// Its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Job(_) => "Job",
            Self::Cron(_) => "CronJob",
            Self::Replicas(v) => v.kind,
            Self::Pod(_) => "Pod",
        }
    }
    /// Its name.
    pub fn name(&self) -> &AttrValue {
        match self {
            Self::Job(v) => &v.name,
            Self::Cron(v) => &v.name,
            Self::Replicas(v) => &v.name,
            Self::Pod(v) => &v.name,
        }
    }
}

/// Everything the stage shows at one instant.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Workloads in the order of the manifest.
    pub workloads: Vec<Workload>,
    /// Pods by number in all.
    pub pods: Vec<Rc<PodView>>,
    /// The nodes, with whether each takes no new Pods.
    pub nodes: Vec<(AttrValue, bool)>,
}

/// What is compared on every frame is most often the very same picture.
impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
            || (self.workloads == other.workloads && self.pods == other.pods && self.nodes == other.nodes)
    }
}

impl Scene {
    /// The first Job that no CronJob has made.
    pub fn job(&self) -> Option<&Rc<JobView>> {
        self.workloads
            .iter()
            .find_map(|w| if let Workload::Job(j) = w { Some(j).filter(|j| j.owner.is_empty()) } else { None })
    }
    /// A Pod by its name.
    pub fn pod(&self, name: &str) -> Option<&Rc<PodView>> {
        self.pods.iter().find(|p| p.name == name)
    }
}

/// One stretch of a bar on the timeline.
#[derive(Clone, PartialEq, Debug)]
pub struct Span {
    /// kubectl's STATUS in it.
    pub word: AttrValue,
    /// From.
    pub from: Ms,
    /// To; none while it lasts.
    pub to: Option<Ms>,
    /// The exit code, where the span is an end.
    pub exit: Option<i64>,
}

/// A back-off between two Pods of a Job.
#[derive(Clone, PartialEq, Debug)]
pub struct Arc {
    /// The failure it counts from.
    pub from: Ms,
    /// Its full length.
    pub full: Ms,
    /// When it ended before its time.
    pub cut: Option<Ms>,
}

/// A row of the timeline.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Row {
    /// Identity.
    pub key: AttrValue,
    /// `Job`, or empty for a Pod.
    pub kind: AttrValue,
    /// The name that is shown.
    pub label: AttrValue,
    /// The whole name.
    pub name: AttrValue,
    /// STATUS now; none when it is not there now.
    pub word: Option<AttrValue>,
    /// When it was made.
    pub from: Ms,
    /// When it was gone.
    pub gone: Option<Ms>,
    /// Whether it is a Job of a CronJob, which takes less room.
    pub child: bool,
    /// Its bars.
    pub spans: Vec<Span>,
    /// Its waits.
    pub arcs: Vec<Arc>,
    /// How and when it ended: `Complete` or `Failed`.
    pub end: Option<(Ms, AttrValue)>,
    /// Whether its end, or the last STATUS of a Pod, had come at the moment shown.
    pub ended: bool,
    /// The wait that would follow if the running Pod failed.
    pub ghost: Option<Ms>,
}

/// A mark on the scrubber.
#[derive(Clone, PartialEq, Debug)]
pub struct Mark {
    /// When.
    pub at: Ms,
    /// `create`, `fail`, `exit0`, `wait`, `complete`, `failed`, `fire` or `act`.
    pub kind: &'static str,
}

/// The timeline at one instant.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Whether time has started.
    pub started: bool,
    /// Rows, workloads first, each before its Pods.
    pub rows: Vec<Rc<Row>>,
    /// Marks.
    pub marks: Vec<Mark>,
    /// How far it has been run.
    pub seen: Ms,
    /// Where the axis begins: 0, or later when a part of it is looked at.
    pub from: Ms,
    /// The length of the axis.
    pub view: Ms,
    /// The distance of ticks.
    pub step: Ms,
    /// Rows that are not drawn.
    pub more: usize,
    /// How many of the rows, from the first, had begun at the moment shown.
    pub begun: usize,
}

impl PartialEq for Timeline {
    fn eq(&self, other: &Self) -> bool {
        let axis = |t: &Self| (t.started, t.seen, t.from, t.view, t.step, t.more, t.begun);
        std::ptr::eq(self, other) || (axis(self) == axis(other) && self.rows == other.rows && self.marks == other.marks)
    }
}
