//! The stage: every workload with its card and its yard, side by side or one below the other.

use std::rc::Rc;

use yew::prelude::*;

use super::cards::{CronCard, ReplicasCard};
use super::jobcard::JobCard;
use super::outcome::rich;
use super::pod::PodCar;
use super::yard::Yard;
use crate::platform::dom;
use crate::platform::flip::Flip;
use crate::session::act::{Act, Dialog, Question, Target};
use crate::session::laid::Piece;
use crate::session::text::count;
use crate::session::view::{JobView, PodView, Scene, Workload};

/// Properties of [`Stage`].
#[derive(Properties, PartialEq)]
pub struct StageProps {
    /// What stands on it.
    pub scene: Rc<Scene>,
    /// What the manifest will do.
    pub sentence: Rc<Vec<Piece>>,
    /// The selected object.
    pub selected: Option<Target>,
    /// How fast time runs; 0 when the picture was cut to another moment.
    pub speed: u32,
    /// What Why? was asked of.
    pub asked: Option<Question>,
    /// Whether Pods stand on their nodes, and not on the roads of their Jobs.
    #[prop_or_default]
    pub by_node: bool,
    /// Whether the yards are still to be drawn, in the room that is left for them.
    #[prop_or_default]
    pub bare: bool,
    /// Whether what should stand on it is still to come.
    #[prop_or_default]
    pub coming: bool,
    /// What stands below.
    #[prop_or_default]
    pub children: Html,
    /// What a click does.
    pub on_act: Callback<Act>,
}

fn job(job: &Rc<JobView>, props: &StageProps) -> Html {
    let selected = props.selected.as_ref().is_some_and(|t| t.resource == "job" && t.name == job.name);
    let asked = props.asked.as_ref() == Some(&Question::Job(job.key.clone()));
    html! {
        <div class="stage-body" key={["job/", &*job.key].concat()}>
            <JobCard job={job.clone()} {selected} {asked} on_act={props.on_act.clone()} />
            if !props.by_node {
                <div class="stage-yard">if !props.bare { <Yard job={job.clone()} selected={props.selected.clone()} on_act={props.on_act.clone()} /> }</div>
            }
        </div>
    }
}

/// Pods of a node that are drawn; what is beyond is counted.
const ON_NODE: usize = 24;

/// Every node with its Pods, those without a node first.
fn nodes(props: &StageProps) -> Html {
    let on_act = &props.on_act;
    let one = |name: &AttrValue, cordoned: bool| {
        let here: Vec<&Rc<PodView>> = props.scene.pods.iter().filter(|p| p.node == *name).collect();
        if name.is_empty() && here.is_empty() {
            return Html::default();
        }
        let act = |label: &'static str, line: String| {
            let onclick = on_act.reform(move |_: MouseEvent| Act::Do(line.clone()));
            html! { <button type="button" class="btn btn--small" {onclick}>{ label }</button> }
        };
        let is_selected =
            |p: &PodView| props.selected.as_ref().is_some_and(|t| t.resource == "pod" && t.name == p.name);
        let running = here.iter().filter(|p| !p.over).count();
        // What runs comes first.
        let cars = here.iter().filter(|p| !p.over).chain(here.iter().filter(|p| p.over)).take(ON_NODE);
        html! {
            <section class="node" key={name.to_string()} aria-label={if name.is_empty() { AttrValue::from("Pods without a node") } else { name.clone() }}>
                <header class="node-head"><h3 class={classes!((!name.is_empty()).then_some("mono"))}>{ if name.is_empty() { "No node yet" } else { name } }</h3>
                    <span class="kind">{ count(running as i64, "Pod") }{ if cordoned { ", SchedulingDisabled" } else { "" } }</span>
                    if !name.is_empty() {
                        <span class="tools">{ if cordoned { act("Uncordon", format!("uncordon {name}")) } else { act("Cordon", format!("cordon {name}")) } }
                            { act("Drain", format!("drain {name} --ignore-daemonsets --force")) }</span>
                    }
                </header>
                <ul class="node-pods">{ for cars.map(|p| html! { <li key={p.key.to_string()}><PodCar pod={(*p).clone()} berth=true selected={is_selected(p)} on_act={on_act.clone()} /></li> }) }
                    if here.len() > ON_NODE { <li class="kind">{ "+ " }{ here.len() - ON_NODE }{ " more" }</li> }</ul>
            </section>
        }
    };
    html! {
        <div class="nodes">{ one(&"".into(), false) }{ for props.scene.nodes.iter().map(|(name, cordoned)| one(name, *cordoned)) }</div>
    }
}

fn workload(w: &Workload, props: &StageProps) -> Html {
    let selected = props.selected.as_ref().is_some_and(|t| t.name == *w.name());
    match w {
        Workload::Job(j) => job(j, props),
        Workload::Cron(c) => {
            html! { <CronCard key={["cron/", &*c.key].concat()} cron={c.clone()} {selected} on_act={props.on_act.clone()} /> }
        }
        Workload::Replicas(_) | Workload::Pod(_) if props.by_node => Html::default(),
        Workload::Replicas(r) => html! {
            <ReplicasCard key={[r.kind, &*r.key].concat()} replicas={r.clone()} {selected} pod={props.selected.clone()} on_act={props.on_act.clone()} />
        },
        Workload::Pod(p) => html! {
            <div class="stage-body stage-body--pod" key={["pod/", &*p.key].concat()}>
                <PodCar pod={p.clone()} {selected} on_act={props.on_act.clone()} />
            </div>
        },
    }
}

/// Properties of [`Works`].
#[derive(Properties, PartialEq)]
pub struct WorksProps {
    /// What stands on the stage.
    pub scene: Rc<Scene>,
    /// The selected object.
    #[prop_or_default]
    pub selected: Option<Target>,
    /// How fast time runs; 0 when the picture was cut to another moment.
    pub speed: u32,
    /// What a click does.
    pub on_act: Callback<Act>,
}

/// The yards of an embed, without cards.
#[component]
pub fn Works(props: &WorksProps) -> Html {
    let node = use_node_ref();
    use_moves(&node, &props.scene, props.speed, false);
    let bare = StageProps {
        scene: props.scene.clone(),
        sentence: Rc::default(),
        selected: props.selected.clone(),
        speed: props.speed,
        asked: None,
        by_node: false,
        bare: false,
        coming: false,
        children: Html::default(),
        on_act: props.on_act.clone(),
    };
    html! {
        <div class="works" ref={node}>
            { for shown(&props.scene).map(|w| match w {
                Workload::Job(j) => html! { <Yard key={["job/", &*j.key].concat()} job={j.clone()} compact=true selected={props.selected.clone()} on_act={props.on_act.clone()} /> },
                other => workload(other, &bare),
            }) }
        </div>
    }
}

/// Places what the scene holds, and moves what has moved.
#[hook]
fn use_moves(node: &NodeRef, scene: &Rc<Scene>, speed: u32, bare: bool) {
    let flip = use_mut_ref(Flip::default);
    let node = node.clone();
    use_effect_with((scene.clone(), speed, bare), {
        let node = node.clone();
        move |_| {
            if let Some(e) = node.cast::<web_sys::Element>() {
                dom::place(&e);
            }
        }
    });
    // Measuring where everything stands costs a layout, so it is done only when something may have moved.
    use_effect_with((places(scene), speed), move |_| {
        if let Some(e) = node.cast::<web_sys::Element>() {
            flip.borrow_mut().update(&e, f64::from(speed));
        }
    });
}

/// What is drawn: of a CronJob's Jobs only those that have not ended.
fn shown(scene: &Scene) -> impl Iterator<Item = &Workload> {
    scene.workloads.iter().filter(|w| !matches!(w, Workload::Job(j) if !j.owner.is_empty() && j.is_over()))
}

/// What decides where the parts of the stage stand: which Pods there are, and which of them have ended.
fn places(scene: &Scene) -> String {
    let mut out = String::new();
    for w in &scene.workloads {
        out += w.key();
        if let Workload::Job(j) = w {
            out += &format!("{}/{}/{}", j.roads.len(), j.good.len(), j.bad.len());
        }
    }
    for p in &scene.pods {
        out += &p.key[..p.key.len().min(8)];
        out.push(if p.over { '!' } else { '.' });
    }
    out
}

/// The stage.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let node = use_node_ref();
    use_moves(&node, &props.scene, props.speed, props.bare);
    let by_node = props.on_act.reform({
        let to = if props.by_node { "roads" } else { "nodes" };
        move |_: MouseEvent| Act::Setting("yard", to)
    });
    let legend = props.on_act.reform(|_: MouseEvent| Act::Dialog(Dialog::Legend));
    let sentence = props.sentence.iter().map(|(bold, text)| {
        if *bold {
            html! { <b>{ text.clone() }</b> }
        } else {
            rich(text)
        }
    });
    html! {
        <section class="pane stage" id="yard" aria-label="Yard" aria-busy={props.coming.then_some("true")} tabindex="-1" ref={node}>
            <div class="pane-head"><h2>{ "Yard" }</h2><p class="sentence">if props.coming { { "The run of this link is loading." } } else { { for sentence } }</p>
                <div class="tools">
                    <button type="button" class="btn btn--bare btn--small" data-do="nodes" aria-pressed={if props.by_node { "true" } else { "false" }} title="Pods on their nodes" onclick={by_node}>{ "Nodes" }</button>
                    <button type="button" class="btn btn--bare btn--small" aria-haspopup="dialog" onclick={legend}>{ "Statuses" }</button></div></div>
            if props.scene.workloads.is_empty() {
                <div class="blank"><b>{ "No workload" }</b><span>{ if props.sentence.len() > 1 { "What the manifest made is gone. Apply makes it anew." } else { "Write a Job, a CronJob or a Deployment and its tracks are laid here." } }</span></div>
            }
            { for shown(&props.scene).map(|w| workload(w, props)) }
            if props.by_node { { nodes(props) } }
            { props.children.clone() }
        </section>
    }
}
