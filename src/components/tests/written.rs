//! What is asked of a run and of its manifest: the answer to a Why?, what is shared, and the editor's and the panel's less usual
//! states.

use std::rc::Rc;

use yew::prelude::*;

use super::{JOB, at, draw, ended, job, nothing, pod, row, span, timeline};
use crate::components::behaviour::{BehaviourPanel, BehaviourPanelProps};
use crate::components::code::CodeEditor;
use crate::components::editor::{Editor, EditorProps, apply_bar, diagnostic};
use crate::components::gantt::{Gantt, GanttProps};
use crate::components::share::{As, ShareDialog, ShareProps};
use crate::components::stage::{Stage, StageProps};
use crate::components::terminal::prompt;
use crate::components::transport::{Transport, TransportProps};
use crate::components::why::{WhyPopover, WhyProps};
use crate::components::yard::{Yard, YardProps};
use crate::session::act::{Act, Question, Target};
use crate::session::behaviour::{self, Scope};
use crate::session::manifest::{Fix, Problem, Remark};
use crate::session::permalink::{LIMIT, Shared};
use crate::session::scene::laid;
use crate::session::view::{Berth, Fact, Scene, Tracks, Wait, Workload};
use crate::session::why::Answer;

#[test]
fn an_answer_with_and_without_a_line_of_the_manifest() {
    let answer = |line: Option<(usize, AttrValue)>| Answer {
        question: "Why is Pod 4c7xq in CrashLoopBackOff?".into(),
        happened: "The container ended with exit 1, and `restartPolicy` is `OnFailure`.".into(),
        rule: "It waits before each restart: 0, 10, 20, 40, 80, 160, then 300 s.".into(),
        next: "Restart 3 in 14 s.".into(),
        line,
        docs: ("https://kubernetes.io/docs/concepts/workloads/pods/".into(), "Pods".into()),
    };
    let drawn = [None, Some((7, "backoffLimit: 3".into()))]
        .map(|line| at::<WhyPopover>(0, WhyProps { answer: answer(line), on_act: nothing() }));
    insta::assert_snapshot!(drawn.join("\n\n"));
}

/// Text that deflate cannot shrink much.
fn noise(bytes: usize) -> String {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (state >> 24) as u8 % 90)
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn a_run_is_shared_as_a_link_a_frame_and_files() {
    let some = Shared {
        text: JOB.into(),
        seed: 1,
        acts: vec![(5_000, "kubectl delete pod a".into(), None)],
        at: Some(28_000),
        selected: Some("a".into()),
        read_only: false,
    };
    let share = |shared: &Shared, first| {
        at::<ShareDialog>(
            0,
            ShareProps {
                shared: shared.clone(),
                title: "A \"migration\"".into(),
                summary: "- Job `a`\n".into(),
                base: "https://batchyard.example/".into(),
                first,
                on_act: nothing(),
            },
        )
    };
    insta::assert_snapshot!([As::Link, As::Embed, As::File].map(|first| share(&some, first)).join("\n\n"));

    let long = share(&Shared { text: noise(9_000), ..some }, As::Link);
    assert!(long.contains(&format!("a link holds {LIMIT}. Save it as a file.")));
    assert!(long.contains("<button type=\"button\" disabled"), "it cannot be copied");
}

fn editor(change: impl FnOnce(&mut EditorProps)) -> EditorProps {
    let mut props = EditorProps {
        text: JOB.into(),
        file: "job.yaml".into(),
        marks: Rc::default(),
        problems: Vec::new(),
        remarks: Vec::new(),
        edited: None,
        highlighted: Vec::new(),
        id: "manifest".into(),
        read_only: false,
        on_act: nothing(),
    };
    change(&mut props);
    props
}

#[test]
fn the_editor_read_only_and_while_the_other_one_loads() {
    let remark = Remark {
        line: 0,
        says: "This has no effect here.".into(),
        words: "no effect".into(),
        help: "It is kept, and nothing acts on it.".into(),
    };
    let read = editor(|p| {
        p.read_only = true;
        p.highlighted = vec![(3, 4)];
    });
    let loading = editor(|p| p.remarks = vec![remark]);
    insta::assert_snapshot!([at::<Editor>(0, read), at::<CodeEditor>(0, loading)].join("\n\n"));
}

#[test]
fn problems_in_words_and_the_bar_below_the_manifest() {
    let problem = |warning: bool, help: &'static str| Problem {
        message: "error: unknown field \"spec.backofLimit\"".into(),
        warning,
        line: help.is_empty().then_some(2),
        columns: (2, 13),
        help: help.into(),
        fixes: vec![Fix { label: "Write backoffLimit".into(), act: Act::Fix(Vec::new()) }],
        docs: if help.is_empty() { "" } else { "https://kubernetes.io/docs/" }.into(),
    };
    let bar =
        |said: &'static str, bad, applied, changed| draw(0, apply_bar(&said.into(), bad, applied, changed, &nothing()));
    insta::assert_snapshot!(
        [
            draw(0, diagnostic(&[problem(true, "")], &nothing())),
            draw(0, diagnostic(&vec![problem(false, "A Job must be able to `end`."); 6], &nothing())),
            bar("Valid.", false, false, false),
            bar("1 problem", true, false, true),
            bar("Applied.", false, true, false),
            bar("Changed.", false, true, true),
            bar("1 problem", true, true, true),
        ]
        .join("\n\n")
    );
    assert_eq!(draw(0, diagnostic(&[], &nothing())).trim(), "");
}

const SHARDS: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: shards
spec:
  completions: 3
  completionMode: Indexed
  template:
    spec:
      restartPolicy: OnFailure
      containers:
      - name: main
        image: x
      - name: log
        image: y
";

#[test]
fn the_behaviour_of_one_container_one_index_and_of_each_kind() {
    let panel = |scope: Scope, written: &str, statuses: &[&'static str]| {
        let text = behaviour::read(SHARDS, &scope)
            .expect("a Job")
            .write(SHARDS, &behaviour::parse(written))
            .expect("block style");
        at::<BehaviourPanel>(
            0,
            BehaviourPanelProps {
                behaviour: behaviour::read(&text, &scope),
                statuses: Rc::new(statuses.iter().map(|s| AttrValue::from(*s)).collect()),
                on_act: nothing(),
            },
        )
    };
    let of = |container: &str, index| Scope { container: container.into(), index };
    insta::assert_snapshot!(
        [
            panel(Scope::default(), "exit 1 after 1m; oom after 2s; hang", &["Error", "OOMKilled", "Running"]),
            panel(of("log", None), "exit 0 after 3s", &[]),
            panel(of("", Some(1)), "exit 7 after 3s", &["CrashLoopBackOff"]),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_transport_that_waits_and_the_lines_of_a_search() {
    let transport = TransportProps {
        playing: false,
        speed: 5,
        skip: false,
        origin: 0,
        coming: true,
        ready: false,
        of: "since apply".into(),
        on_act: nothing(),
    };
    insta::assert_snapshot!(
        [
            at::<Transport>(0, transport),
            draw(0, prompt(false, None)),
            draw(0, prompt(true, None)),
            draw(0, prompt(true, Some("kubectl get pods"))),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_compact_yard_with_a_restart_a_selection_and_a_pod_that_is_gone() {
    let waits = crate::session::view::PodView {
        fact: Fact::Wait("restart 2 in".into(), Wait { from: 0, to: 20_000 }),
        restarts: 1,
        ..pod("CrashLoopBackOff", "4c7xq")
    };
    let yard = |job, compact| {
        let selected = Target { resource: "pod", namespace: "default".into(), name: "db-migration-4c7xq".into() };
        at::<Yard>(10_000, YardProps { job, selected: Some(selected), compact, on_act: Some(nothing()) })
    };
    let restarts = job(|j| {
        *j = laid("db-migration", "default", Tracks { restarts: true, ..super::tracks() });
        j.applied = true;
        j.word = "Running".into();
        j.used = 1;
        if let Some(road) = Rc::make_mut(&mut j.roads).first_mut() {
            road.pod = Some(Rc::new(waits));
        }
        j.bad = (1..=3).map(|i| Berth::Tally(format!("restart {i}").into())).collect();
    });
    let over = job(|j| {
        j.word = "Failed".into();
        j.used = 4;
        j.lit_bad = true;
        j.more = 3;
        let gone = Berth::Gone("deleted".into());
        j.bad = Rc::new([Berth::Pod(ended("Error", "kz8wd", 1)), gone.clone(), gone.clone(), gone]);
    });
    insta::assert_snapshot!([yard(restarts, true), yard(over, false)].join("\n\n"));
}

#[test]
fn a_stage_of_which_was_asked_with_a_strip_below() {
    let scene = Scene { workloads: vec![Workload::Job(job(|j| j.active = 1))], ..Scene::default() };
    let props = StageProps {
        scene: Rc::new(scene),
        sentence: Rc::default(),
        selected: Some(Target { resource: "job", namespace: "default".into(), name: "db-migration".into() }),
        speed: 0,
        asked: Some(Question::Job("default/db-migration".into())),
        by_node: false,
        bare: false,
        coming: false,
        children: html! { <p>{ "Below." }</p> },
        on_act: nothing(),
    };
    insta::assert_snapshot!(at::<Stage>(0, props));
}

#[test]
fn of_a_timeline_with_many_rows_those_in_sight_are_drawn() {
    let one = |i: i64| {
        let spans = vec![span("Running", i * 1_000, None, None)];
        Rc::new(super::Row { key: format!("p{i}").into(), label: format!("p{i}").into(), spans, ..row("p", "") })
    };
    let timeline = timeline((0..60).map(one).collect(), 60);
    let props = GanttProps {
        timeline: Rc::new(timeline),
        origin: 0,
        value_text: "60 seconds.".into(),
        label: "".into(),
        selected: None,
        playing: false,
        zoom: 1,
        solo: false,
        rows: 4,
        on_act: nothing(),
    };
    let drawn = at::<Gantt>(60_000, props);
    assert_eq!(drawn.matches("class=\"troom\"").count(), 1, "the room of those above");
    let rows = drawn.matches("class=\"tname\"").count();
    assert!((12..20).contains(&rows), "{rows} rows");
    assert!(drawn.contains(">p59<") && !drawn.contains(">p0<"));
}
