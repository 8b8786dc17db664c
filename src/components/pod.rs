//! A Pod as a wagon: glyph, name, STATUS and one fact. Its edge says the family, its glyph which one, its word is kubectl's.

use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::{countdown, seconds_left};
use super::glyph::glyph;
use crate::session::act::{Act, Target};
use crate::session::view::{Fact, PodView};

/// Properties of [`PodCar`].
#[derive(Properties, PartialEq)]
pub struct PodCarProps {
    /// The Pod.
    pub pod: Rc<PodView>,
    /// Whether it is the selected object.
    #[prop_or_default]
    pub selected: bool,
    /// Whether it stands in a berth, where there is less room.
    #[prop_or_default]
    pub berth: bool,
    /// What a click does. Without it the Pod is a picture.
    #[prop_or_default]
    pub on_act: Option<Callback<Act>>,
}

/// The name in two parts: what its siblings share, and what tells it from them.
fn name(pod: &PodView) -> Html {
    let base = pod.name.strip_suffix(&*pod.id).unwrap_or("").to_owned();
    html! { <span class="pod-name mono"><span class="pod-base">{ base }</span><span class="pod-id">{ pod.id.clone() }</span>{ " " }</span> }
}

fn meta(pod: &PodView, berth: bool) -> Html {
    if berth {
        return match pod.exit {
            Some(code) => html! { <span class="pod-meta">{ "exit " }{ code }</span> },
            None => Html::default(),
        };
    }
    let ready = html! { <span class="mono">{ pod.ready.clone() }</span> };
    match &pod.fact {
        Fact::Wait(words, wait) => {
            html! { <span class="pod-meta">{ words.clone() }{ " " }<b>{ seconds_left(wait) }</b></span> }
        }
        Fact::Grace(text) => html! { <span class="pod-meta">{ text.clone() }</span> },
        Fact::Restarts(n) => html! { <span class="pod-meta">{ ready }{ " restarts " }<b>{ *n }</b></span> },
        Fact::Age => html! { <span class="pod-meta">{ ready }{ " " }{ pod.age.clone() }</span> },
    }
}

/// The wagon.
#[component]
pub fn PodCar(props: &PodCarProps) -> Html {
    let pod = &props.pod;
    let look = pod.look();
    let picture = match &pod.fact {
        Fact::Wait(_, wait) if !props.berth => countdown(wait, look),
        _ => glyph(look),
    };
    let class = classes!("pod", props.berth.then_some("pod--berth"));
    let text = html! {
        <span class="pod-text">
            { name(pod) }
            <span class="pod-status">{ pod.word.clone() }{ " " }</span>
            { meta(pod, props.berth) }
            if props.on_act.is_some() {
                <span class="sr">
                    { ", Pod " }
                    if !pod.node.is_empty() { { "on " }{ pod.node.clone() }{ ", " } }
                    { pod.restarts }{ " restarts" }
                    if !pod.age.is_empty() { { ", age " }{ pod.age.clone() } }
                </span>
            }
        </span>
    };
    let Some(on_act) = &props.on_act else {
        let label =
            format!("Pod {}: {}, ready {}, restarts {}, age {}", pod.name, pod.word, pod.ready, pod.restarts, pod.age);
        return html! {
            <div role="img" aria-label={label} {class} data-status={look.family} data-lamp={look.lamp.name()}>{ picture }{ text }</div>
        };
    };
    let target = Target { resource: "pod", namespace: pod.namespace.clone(), name: pod.name.clone() };
    let onclick = on_act.reform(move |_: MouseEvent| Act::Select(Some(target.clone())));
    html! {
        <button type="button" {class} {onclick} data-status={look.family} data-lamp={look.lamp.name()}
            data-key={pod.key.clone()} data-pod={pod.name.clone()} aria-pressed={if props.selected { "true" } else { "false" }}>
            { picture }{ text }
        </button>
    }
}
