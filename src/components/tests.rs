//! Every component in its states, drawn natively and held against snapshots (`INSTA_UPDATE=always cargo test` takes new
//! ones, to be looked at in the difference). The states are made by hand, so that they change only when the page does.

use std::rc::Rc;

use yew::prelude::*;
use yew::{BaseComponent, LocalServerRenderer};

use super::behaviour::{BehaviourPanel, BehaviourPanelProps};
use super::cards::{CronCard, CronCardProps, ReplicasCard, ReplicasCardProps};
use super::clockwork::Now;
use super::editor::{Editor, EditorProps, tokens};
use super::gantt::{Gantt, GanttProps};
use super::inspector::{Inspector, InspectorProps};
use super::jobcard::{JobCard, JobCardProps};
use super::pod::{PodCar, PodCarProps};
use super::terminal::{Terminal, TerminalProps};
use super::transport::{Transport, TransportProps};
use super::yard::{Yard, YardProps};
use crate::session::act::{Tab, Target};
use crate::session::behaviour;
use crate::session::manifest;
use crate::session::scene::laid;
use crate::session::status::{LEGEND, Lamp};
use crate::session::view::{
    Arc, Berth, CronView, Face, Fact, Hop, HopState, JobView, Mark, PodView, ReplicasView, Row, Signal, Span, Timeline,
    Tracks, Wait,
};

mod around;
mod written;

#[derive(Properties, PartialEq)]
struct AtProps {
    now: i64,
    children: Html,
}

/// Draws its children at a moment.
#[component]
fn At(props: &AtProps) -> Html {
    html! { <ContextProvider<Now> context={Now(props.now)}>{ props.children.clone() }</ContextProvider<Now>> }
}

/// A component as HTML at a moment, one element a line.
fn at<C: BaseComponent>(now: i64, props: C::Properties) -> String {
    draw(now, html! { <C ..props /> })
}

/// What is drawn without a component of its own, as HTML at a moment.
pub(super) fn draw(now: i64, children: Html) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let html = tokio::task::LocalSet::new().block_on(
        &runtime,
        LocalServerRenderer::<At>::with_props(AtProps { now, children }).hydratable(false).render(),
    );
    html.replace("><", ">\n<")
}

fn nothing<T: 'static>() -> Callback<T> {
    Callback::from(|_| {})
}

fn pod(word: &str, id: &'static str) -> PodView {
    PodView {
        key: id.into(),
        namespace: "default".into(),
        name: ["db-migration-", id].concat().into(),
        id: id.into(),
        word: word.to_owned().into(),
        ready: "0/1".into(),
        restarts: 0,
        age: "12s".into(),
        node: "node-1".into(),
        exit: None,
        fact: Fact::Age,
        index: None,
        since: 0,
        over: false,
        succeeded: false,
    }
}

fn ended(word: &str, id: &'static str, code: i64) -> Rc<PodView> {
    Rc::new(PodView { exit: Some(code), over: true, succeeded: code == 0, ..pod(word, id) })
}

fn tracks() -> Tracks {
    Tracks { completions: Some(1), parallelism: 1, limit: 3, ..Tracks::default() }
}

fn job(change: impl FnOnce(&mut JobView)) -> Rc<JobView> {
    let mut job = laid("db-migration", "default", tracks());
    job.applied = true;
    job.word = "Running".into();
    job.duration = "30s".into();
    change(&mut job);
    Rc::new(job)
}

fn yard_and_card(job: Rc<JobView>) -> String {
    let card = at::<JobCard>(
        10_000,
        JobCardProps { job: job.clone(), selected: false, on_act: Some(nothing()), asked: false },
    );
    let yard = at::<Yard>(10_000, YardProps { job, selected: None, compact: false, on_act: Some(nothing()) });
    format!("{card}\n\n{yard}")
}

#[test]
fn a_pod_in_every_status() {
    let all = LEGEND.iter().map(|(word, _)| {
        at::<PodCar>(
            4_000,
            PodCarProps { pod: Rc::new(pod(word, "4c7xq")), selected: false, berth: false, on_act: Some(nothing()) },
        )
    });
    insta::assert_snapshot!(all.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_pod_in_a_berth_waiting_and_selected() {
    let on_act = || Some(nothing());
    let waits = PodView {
        fact: Fact::Wait("restart 3 in".into(), Wait { from: 0, to: 10_000 }),
        restarts: 2,
        ..pod("CrashLoopBackOff", "4c7xq")
    };
    insta::assert_snapshot!(
        [
            at::<PodCar>(4_000, PodCarProps { pod: Rc::new(waits), selected: true, berth: false, on_act: on_act() }),
            at::<PodCar>(
                4_000,
                PodCarProps { pod: ended("Error", "kz8wd", 1), selected: false, berth: true, on_act: on_act() }
            ),
            at::<PodCar>(
                4_000,
                PodCarProps { pod: Rc::new(pod("Running", "t5v9j")), selected: false, berth: false, on_act: None }
            ),
        ]
        .join("\n")
    );
}

#[test]
fn a_job_before_it_exists() {
    insta::assert_snapshot!(yard_and_card(Rc::new(laid("db-migration", "default", tracks()))));
}

#[test]
fn a_job_held_by_its_back_off() {
    let wait = Wait { from: 0, to: 20_000 };
    insta::assert_snapshot!(yard_and_card(job(|j| {
        (j.failed, j.used) = (2, 2);
        j.signal = Signal {
            aspect: "hold",
            lamp: Lamp::Wait,
            title: "Held".into(),
            note: "back-off 20s after failure 2".into(),
            mono: "".into(),
            tail: "".into(),
            wait: Some(wait.clone()),
        };
        let hop = |text: &'static str, state, wait| Hop { text: text.into(), state, wait };
        j.hops = Rc::new([
            hop("10s", HopState::Spent, None),
            hop("20s", HopState::Now, Some(wait)),
            hop("40s", HopState::Next, None),
        ]);
        let free = |n: &'static str| Berth::Free(n.into());
        j.bad = Rc::new([
            Berth::Pod(ended("Error", "4c7xq", 1)),
            Berth::Pod(ended("Error", "kz8wd", 1)),
            free("3"),
            free("Job fails"),
        ]);
    })));
}

#[test]
fn a_job_that_is_complete() {
    insta::assert_snapshot!(yard_and_card(job(|j| {
        j.word = "Complete".into();
        j.succeeded = 1;
        j.completions = "1/1".into();
        j.conditions = Rc::new(["SuccessCriteriaMet".into(), "Complete".into()]);
        j.good = Rc::new([Berth::Pod(ended("Completed", "t5v9j", 0))]);
        j.lit_good = true;
        j.ttl = Some((Wait { from: 0, to: 30_000 }, "Deleted in 20 s".into()));
    })));
}

#[test]
fn a_job_that_failed_by_restarts() {
    insta::assert_snapshot!(yard_and_card(job(|j| {
        *j = laid("db-migration", "default", Tracks { restarts: true, ..tracks() });
        j.applied = true;
        j.word = "Failed".into();
        j.used = 3;
        j.conditions = Rc::new(["FailureTarget".into(), "Failed".into()]);
        j.bad = (1..=3).map(|i| Berth::Tally(format!("restart {i}").into())).collect();
    })));
}

#[test]
fn jobs_with_many_pods_indexes_and_retries_of_each() {
    let wide =
        laid("wide", "default", Tracks { completions: Some(300), parallelism: 40, limit: 60, ..Tracks::default() });
    let indexed = laid(
        "shards",
        "default",
        Tracks {
            completions: Some(5),
            parallelism: 2,
            limit: 6,
            indexed: true,
            per_index: Some(1),
            ..Tracks::default()
        },
    );
    insta::assert_snapshot!([yard_and_card(Rc::new(wide)), yard_and_card(Rc::new(indexed))].join("\n\n"));
}

#[test]
fn a_ring_of_thousands_has_its_numbers_one_below_the_other() {
    let many = laid("many", "default", Tracks { completions: Some(10_000), parallelism: 50, ..Tracks::default() });
    let card = yard_and_card(Rc::new(many));
    let ring = card.lines().skip_while(|l| !l.contains("ring--top")).take_while(|l| !l.contains("</svg>"));
    let texts: Vec<&str> = ring.filter(|l| l.contains("<text")).collect();
    assert_eq!(
        texts,
        [r#"<text x="36" y="29" data-long="">0</text>"#, r#"<text x="36" y="44" data-long="">/10000</text>"#]
    );
}

fn row(key: &'static str, kind: &'static str) -> Row {
    Row {
        key: key.into(),
        kind: kind.into(),
        label: key.into(),
        name: key.into(),
        word: Some("Running".into()),
        from: 0,
        gone: None,
        child: false,
        spans: Vec::new(),
        arcs: Vec::new(),
        end: None,
        ended: false,
        ghost: None,
    }
}

fn span(word: &'static str, from: i64, to: Option<i64>, exit: Option<i64>) -> Span {
    Span { word: word.into(), from, to, exit }
}

/// A minute in which so many Pods began.
fn timeline(rows: Vec<Rc<Row>>, begun: usize) -> Timeline {
    Timeline { started: true, rows, seen: 60_000, view: 60_000, step: 10_000, begun, ..Timeline::default() }
}

#[test]
fn the_timeline_empty_and_under_way() {
    let empty = Timeline { view: 60_000, step: 10_000, ..Timeline::default() };
    let job = Row {
        arcs: vec![Arc { from: 6_000, full: 10_000, cut: None }],
        ghost: Some(20_000),
        end: Some((50_000, "Complete".into())),
        ..row("Job", "Job")
    };
    let failed = Row {
        spans: vec![
            span("Pending", 0, Some(300), None),
            span("ContainerCreating", 300, Some(2_000), None),
            span("Running", 2_000, Some(6_000), None),
            span("Error", 6_000, None, Some(1)),
        ],
        ended: true,
        ..row("4c7xq", "")
    };
    let looping = Row {
        spans: vec![
            span("Running", 0, Some(1_000), None),
            span("Error", 1_000, Some(5_000), None),
            span("CrashLoopBackOff", 5_000, None, None),
        ],
        ..row("kz8wd", "")
    };
    let marks = vec![Mark { at: 0, kind: "create" }, Mark { at: 6_000, kind: "fail" }];
    let rows = vec![Rc::new(job), Rc::new(failed), Rc::new(looping)];
    let full = Timeline { marks, seen: 30_000, more: 2, ..timeline(rows, 2) };
    let props = |t: Timeline| GanttProps {
        timeline: Rc::new(t),
        origin: 0,
        value_text: "12 seconds. Job Running.".into(),
        label: "".into(),
        selected: Some(Target { resource: "pod", namespace: "default".into(), name: "kz8wd".into() }),
        playing: false,
        zoom: 2,
        solo: false,
        rows: 4,
        on_act: nothing(),
    };
    insta::assert_snapshot!(
        [
            at::<Gantt>(0, props(empty)),
            at::<Gantt>(12_000, props(full.clone())),
            at::<Gantt>(40_000, props(full.zoomed(4, 40_000)))
        ]
        .join("\n\n")
    );
}

#[test]
fn cards_of_other_workloads() {
    let cron = CronView {
        key: "default/tick".into(),
        name: "tick".into(),
        schedule: "*/15 * * * *".into(),
        zone: "Europe/Berlin".into(),
        offset: 3_600_000,
        policy: "Forbid".into(),
        suspended: false,
        wait: Some(Wait { from: 0, to: 900_000 }),
        face: Face::Hour,
        due: Rc::new([0.0, 0.25, 0.5, 0.75]),
        next: Rc::new([("09:15".into(), "in 15m".into())]),
        last: "45s".into(),
        active: Rc::new(["tick-1".into()]),
        good: Rc::new([("1".into(), "45s".into())]),
        bad: Rc::new([]),
        keep_good: 3,
        keep_bad: 1,
    };
    let web = |n: usize| ReplicasView {
        kind: "Deployment",
        key: "default/web".into(),
        name: "web".into(),
        wanted: n as i64,
        ready: 1,
        facts: Rc::new([("READY", "1/1".into())]),
        pods: (0..n).map(|_| Rc::new(pod("Running", "m2xkr"))).collect(),
        restarts: 4,
    };
    let replicas = |n| {
        at::<ReplicasCard>(
            0,
            ReplicasCardProps { replicas: Rc::new(web(n)), selected: false, pod: None, on_act: Some(nothing()) },
        )
    };
    insta::assert_snapshot!(
        [
            at::<CronCard>(60_000, CronCardProps { cron: Rc::new(cron), selected: true, on_act: Some(nothing()) }),
            replicas(1),
            replicas(2)
        ]
        .join("\n\n")
    );
}

const JOB: &str = "kind: Job # one\nspec:\n  backoffLimit: 3\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n      - name: main\n        image: x\n";

#[test]
fn the_editor_with_marks_and_a_problem() {
    let drafts = crate::session::laid::drafts(JOB);
    let job = ["apiVersion: batch/v1\n", JOB].concat();
    let (problems, remarks) = manifest::check(&job);
    let props = EditorProps {
        text: job.clone().into(),
        file: "job.yaml".into(),
        marks: Rc::new(manifest::marks(&job, &drafts, &crate::session::view::Scene::default())),
        problems,
        remarks,
        edited: Some((2, 3)),
        highlighted: Vec::new(),
        id: "manifest".into(),
        read_only: false,
        on_act: nothing(),
    };
    insta::assert_snapshot!(at::<Editor>(0, props));
}

#[test]
fn the_editor_says_what_has_no_effect() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n";
    let (problems, remarks) = manifest::check(text);
    let props = EditorProps {
        text: text.into(),
        file: "job.yaml".into(),
        marks: Rc::default(),
        problems,
        remarks,
        edited: None,
        highlighted: Vec::new(),
        id: "manifest".into(),
        read_only: false,
        on_act: nothing(),
    };
    insta::assert_snapshot!(at::<Editor>(0, props));
}

#[test]
fn lines_are_cut_into_keys_values_and_comments() {
    for (line, want) in [
        (
            "  completions: 3 # how many",
            vec![("", "  "), ("y-k", "completions"), ("y-p", ":"), ("", " "), ("y-n", "3"), ("y-c", " # how many")],
        ),
        ("- name: a", vec![("y-p", "- "), ("y-k", "name"), ("y-p", ":"), ("", " "), ("y-v", "a")]),
        ("# all of it", vec![("y-c", "# all of it")]),
        ("spec:", vec![("y-k", "spec"), ("y-p", ":")]),
        ("  just text", vec![("", "  "), ("y-v", "just text")]),
    ] {
        assert_eq!(tokens(line), want, "{line}");
    }
}

#[test]
fn the_behaviour_panel() {
    let written = behaviour::read(JOB, &behaviour::Scope::default())
        .expect("a Job")
        .write(JOB, &behaviour::preset("Fails twice, then succeeds"))
        .expect("block style");
    let panel = |text: &str| {
        at::<BehaviourPanel>(
            0,
            BehaviourPanelProps {
                behaviour: behaviour::read(text, &behaviour::Scope::default()),
                statuses: Rc::new(vec!["Error".into(), "Running".into()]),
                on_act: nothing(),
            },
        )
    };
    insta::assert_snapshot!([panel(&written), panel(JOB), panel("")].join("\n\n"));
}

#[test]
fn transport_terminal_and_inspector() {
    let transport = |playing| TransportProps {
        playing,
        speed: 10,
        skip: true,
        origin: 0,
        coming: false,
        ready: true,
        of: "since apply".into(),
        on_act: nothing(),
    };
    let target = Target { resource: "pod", namespace: "default".into(), name: "db-migration-4c7xq".into() };
    let text = "Name:   a\nStatus: Running\n";
    let inspector = |target: Option<Target>| InspectorProps {
        target,
        word: "Error".into(),
        tab: Tab::Describe,
        text: text.into(),
        before: "".into(),
        actions: Rc::default(),
        on_act: nothing(),
    };
    insta::assert_snapshot!(
        [
            at::<Transport>(61_000, transport(true)),
            at::<Transport>(0, transport(false)),
            at::<Terminal>(
                0,
                TerminalProps {
                    lines: Rc::default(),
                    typed: Rc::default(),
                    tries: Rc::new(vec!["get jobs".into()]),
                    on_act: nothing()
                }
            ),
            at::<Inspector>(0, inspector(Some(target))),
            at::<Inspector>(0, inspector(None)),
        ]
        .join("\n\n")
    );
}
