//! What stands around the yard and the timeline, and the less usual states of the cards.

use std::rc::Rc;

use yew::prelude::*;

use super::{at, draw, ended, job, nothing, pod, row, span, timeline, tracks};
use crate::components::cards::{CronCard, CronCardProps, ReplicasCard, ReplicasCardProps};
use crate::components::dialogs::{keys_dialog, legend_dialog, menu_dialog};
use crate::components::examples::examples_dialog;
use crate::components::gantt::{Gantt, GanttProps};
use crate::components::inspector::{Inspector, InspectorProps};
use crate::components::jobcard::{JobCard, JobCardProps};
use crate::components::outcome::outcome;
use crate::components::pod::{PodCar, PodCarProps};
use crate::components::settings::{Settings, settings_dialog};
use crate::components::stage::{Stage, StageProps, Works, WorksProps};
use crate::components::terminal::{Terminal, TerminalProps};
use crate::components::top::top_bar;
use crate::components::tour::{Tour, TourProps};
use crate::session::act::{Act, Question, Tab, Target};
use crate::session::permalink::Broken;
use crate::session::run::TermLine;
use crate::session::says::{self, Says};
use crate::session::scene::laid;
use crate::session::view::{CronView, Face, Fact, ReplicasView, Row, Scene, Tracks, Wait, Workload};
use batchyard_engine::kubectl::Output;

fn stage(scene: Scene, sentence: Vec<(bool, String)>, by_node: bool) -> String {
    at::<Stage>(
        10_000,
        StageProps {
            scene: Rc::new(scene),
            sentence: Rc::new(sentence),
            selected: None,
            speed: 1,
            asked: None,
            by_node,
            bare: false,
            coming: false,
            children: Html::default(),
            on_act: nothing(),
        },
    )
}

fn several() -> Scene {
    let web = ReplicasView {
        kind: "StatefulSet",
        key: "default/db".into(),
        name: "db".into(),
        wanted: 2,
        ready: 1,
        facts: Rc::new([("READY", "1/2".into())]),
        pods: Rc::new([Rc::new(pod("Running", "db-0"))]),
        restarts: 0,
    };
    Scene {
        workloads: vec![
            Workload::Job(job(|j| j.active = 1)),
            Workload::Replicas(Rc::new(web)),
            Workload::Pod(Rc::new(pod("Pending", "alone"))),
        ],
        pods: vec![Rc::new(pod("Running", "4c7xq")), ended("Error", "kz8wd", 1)],
        nodes: vec![("node-1".into(), false), ("node-2".into(), true)],
    }
}

#[test]
fn the_stage_empty_with_several_workloads_and_by_nodes() {
    let said = vec![(false, "Runs ".to_owned()), (true, "1 Pod".to_owned()), (false, ", with `Never`.".to_owned())];
    let works = WorksProps { scene: Rc::new(several()), selected: None, speed: 1, on_act: nothing() };
    insta::assert_snapshot!(
        [
            stage(Scene::default(), vec![(false, "Nothing here makes a Pod yet.".to_owned())], false),
            stage(Scene::default(), said.clone(), false),
            stage(several(), said.clone(), false),
            stage(several(), said, true),
            at::<Works>(10_000, works),
        ]
        .join("\n\n")
    );
}

#[test]
fn jobs_suspended_with_a_deadline_and_soon_deleted() {
    let card = |change: fn(&mut crate::session::view::JobView), asked| {
        let props = JobCardProps { job: job(change), selected: true, on_act: Some(nothing()), asked };
        at::<JobCard>(10_000, props)
    };
    insta::assert_snapshot!(
        [
            card(|j| j.word = "Suspended".into(), false),
            card(
                |j| {
                    j.active = 1;
                    j.deadline = Some((Wait { from: 0, to: 20_000 }, "Ends in 10 s".into()));
                },
                true
            ),
            card(
                |j| {
                    j.word = "Complete".into();
                    j.succeeded = 1;
                    j.ttl = Some((Wait { from: 0, to: 30_000 }, "Deleted in 20 s".into()));
                },
                false
            ),
            card(
                |j| {
                    j.tracks = Tracks { completions: None, parallelism: 3, ..tracks() };
                    j.word = "FailureTarget".into();
                },
                false
            ),
            at::<JobCard>(
                0,
                JobCardProps {
                    job: Rc::new(laid("picture", "default", tracks())),
                    selected: false,
                    on_act: None,
                    asked: false
                }
            ),
        ]
        .join("\n\n")
    );
}

#[test]
fn pods_with_each_fact_and_as_a_picture() {
    let with = |fact: Fact, word: &str| Rc::new(crate::session::view::PodView { fact, ..pod(word, "4c7xq") });
    let car = |pod, on_act| at::<PodCar>(5_000, PodCarProps { pod, selected: false, berth: false, on_act });
    insta::assert_snapshot!(
        [
            car(
                with(Fact::Wait("next try in".into(), Wait { from: 0, to: 15_000 }), "ImagePullBackOff"),
                Some(nothing())
            ),
            car(with(Fact::Grace("grace 30s".into()), "Terminating"), Some(nothing())),
            car(with(Fact::Restarts(3), "Running"), Some(nothing())),
            car(with(Fact::Age, "Evicted"), None),
        ]
        .join("\n\n")
    );
}

#[test]
fn cronjobs_suspended_and_without_a_face_and_a_daemonset() {
    let cron = |face: Face, suspended: bool| {
        let view = CronView {
            key: "default/tick".into(),
            name: "tick".into(),
            schedule: "0 4 1 * *".into(),
            zone: "Europe/Berlin".into(),
            offset: 7_200_000,
            policy: "Forbid".into(),
            suspended,
            wait: None,
            face,
            due: Rc::new([0.5]),
            next: Rc::new([]),
            last: "<none>".into(),
            active: Rc::new([]),
            good: Rc::new([]),
            bad: Rc::new([("1".into(), "2m".into())]),
            keep_good: 1,
            keep_bad: 1,
        };
        at::<CronCard>(0, CronCardProps { cron: Rc::new(view), selected: false, on_act: None })
    };
    let every = ReplicasView {
        kind: "DaemonSet",
        key: "default/agent".into(),
        name: "agent".into(),
        wanted: 3,
        ready: 0,
        facts: Rc::new([("DESIRED", "3".into())]),
        pods: Rc::new([]),
        restarts: 1,
    };
    let every = ReplicasCardProps { replicas: Rc::new(every), selected: true, pod: None, on_act: Some(nothing()) };
    insta::assert_snapshot!(
        [cron(Face::Day, true), cron(Face::None, false), at::<ReplicasCard>(0, every)].join("\n\n")
    );
}

#[test]
fn the_strip_in_each_of_its_colours() {
    let says = |lamp, glyph, why: bool| Says {
        lamp,
        glyph,
        title: "Title.".into(),
        text: "A text with `backoffLimit` in it.".into(),
        why: why.then(|| Act::Why(Question::Job("default/a".into()))),
        next: vec![("Apply".into(), Act::Apply)],
        link: why.then_some(("compare/", "Compare with OnFailure")),
    };
    let drawn = [
        says("", "", false),
        says("done", "Completed", true),
        says("fail", "Error", true),
        says("wait", "ImagePullBackOff", true),
        says::broken(&Broken::Cut(29)),
    ];
    let all: Vec<String> = drawn.iter().map(|s| draw(0, outcome(s, &nothing()))).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn dialogs_bars_and_the_tour() {
    let on_act = nothing();
    let tour = |first| at::<Tour>(0, TourProps { first, on_act: nothing() });
    let some = Settings { theme: "dark".into(), room: true, still: true, keys: true, code: true, nodes: true };
    insta::assert_snapshot!(
        [
            draw(0, legend_dialog()),
            draw(0, keys_dialog(true, &on_act)),
            draw(0, menu_dialog("", &on_act)),
            draw(0, menu_dialog("compare/", &on_act)),
            draw(0, settings_dialog(&Settings { theme: "auto".into(), ..Settings::default() }, &on_act)),
            draw(0, settings_dialog(&some, &on_act)),
            draw(0, top_bar("", "A migration", true, &on_act)),
            draw(0, top_bar("compare/", "", false, &on_act)),
            tour(0),
            tour(1),
            tour(2),
        ]
        .join("\n\n")
    );
    let examples = draw(0, examples_dialog("pi", &on_act));
    assert_eq!(examples.matches("data-example=").count(), crate::session::examples::all().len());
    assert_eq!(examples.matches("aria-current=\"true\"").count(), 1, "the one that is open");
}

#[test]
fn a_terminal_with_errors_and_the_tabs_of_the_inspector() {
    let line = |line: &str, stdout: &str, stderr: &str| TermLine {
        at: 0,
        line: line.into(),
        output: Output {
            stdout: stdout.into(),
            stderr: stderr.into(),
            screen: [stdout, stderr].concat(),
            ..Output::default()
        },
        command: 0,
        finished: true,
    };
    let lines = vec![
        line("kubectl get pods", "NAME  STATUS\na     Error\n", ""),
        line("kubectl get nothing", "", "error: the server doesn't have a resource type \"nothing\"\n"),
    ];
    let terminal = TerminalProps {
        lines: Rc::new(lines),
        typed: Rc::default(),
        tries: Rc::new(vec!["get jobs".into(), "get pods -w".into()]),
        on_act: nothing(),
    };
    let inspector = |tab, text: &str, before: &str| {
        let target = Target { resource: "job", namespace: "default".into(), name: "a".into() };
        let props = InspectorProps {
            target: Some(target),
            word: "Running".into(),
            tab,
            text: text.to_owned().into(),
            before: before.to_owned().into(),
            actions: Rc::new(vec![("Suspend".into(), Act::Do("patch".into()))]),
            on_act: nothing(),
        };
        at::<Inspector>(0, props)
    };
    let events = "LAST SEEN   TYPE      REASON   OBJECT    MESSAGE\n2s          Warning   Failed   Pod/a-1   Error: ErrImagePull\n1s          Normal    Pulled   Pod/a-1   Pulled\n";
    insta::assert_snapshot!(
        [
            at::<Terminal>(0, terminal),
            inspector(Tab::Events, events, ""),
            inspector(Tab::Events, "No events found in default namespace.\n", ""),
            inspector(Tab::Yaml, "kind: Job\nactive: 2\n", "kind: Job\nactive: 1\n"),
            inspector(Tab::Logs, "hello\n", ""),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_timeline_of_what_is_over_to_come_and_on_one_row() {
    let job = Row { end: Some((50_000, "Failed".into())), ended: true, gone: Some(55_000), ..row("Job", "Job") };
    let child = Row { child: true, ..row("29925181", "Job") };
    let gone = Row {
        word: None,
        ended: true,
        gone: Some(20_000),
        spans: vec![span("Running", 0, Some(20_000), None)],
        ..row("gone1", "")
    };
    let ahead = Row { word: None, from: 40_000, spans: vec![span("Running", 40_000, None, None)], ..row("later", "") };
    let rows = [job, child, gone, ahead].map(Rc::new).to_vec();
    let timeline = timeline(rows, 3);
    let drawn = |solo| {
        let props = GanttProps {
            timeline: Rc::new(timeline.clone()),
            origin: 0,
            value_text: "30 seconds.".into(),
            label: "Never".into(),
            selected: None,
            playing: false,
            zoom: 0,
            solo,
            rows: 4,
            on_act: nothing(),
        };
        at::<Gantt>(30_000, props)
    };
    insta::assert_snapshot!([drawn(false), drawn(true)].join("\n\n"));
}
