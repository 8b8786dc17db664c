//! The tour of a first visit: three steps, which can be skipped and are not shown again.

use yew::prelude::*;

use super::glyph::icon;
use crate::session::act::Act;

/// Properties of [`Tour`].
#[derive(Properties, PartialEq)]
pub struct TourProps {
    /// The step it begins with, from 0.
    #[prop_or_default]
    pub first: usize,
    /// What a click does.
    pub on_act: Callback<Act>,
}

const STEPS: [(&str, &str); 3] = [
    ("The manifest lays the tracks.", "Change a number in it and the yard changes. Apply runs it in a fresh cluster."),
    (
        "Pods are wagons.",
        "Each stands on a road until it ends: straight on is success, the branch is failure. Select one to see what kubectl says about it.",
    ),
    ("Time is yours.", "Play, pause, step, or drag the playhead. Nothing is lost: step back as often as you like."),
];

/// The tour.
#[component]
pub fn Tour(props: &TourProps) -> Html {
    let at = use_state(|| props.first);
    let (title, text) = STEPS[*at];
    let done = props.on_act.reform(|_: MouseEvent| Act::Tour(false));
    let next = {
        let (at, on_act) = (at.clone(), props.on_act.clone());
        Callback::from(
            move |_: MouseEvent| if *at + 1 < STEPS.len() { at.set(*at + 1) } else { on_act.emit(Act::Tour(false)) },
        )
    };
    html! {
        <aside class="tour" aria-label="Tour">
            <p class="tour-n">{ *at + 1 }{ " of " }{ STEPS.len() }</p>
            <p><b>{ title }</b>{ " " }{ text }</p>
            <div class="outcome-next">
                <button type="button" class="btn btn--ink btn--small" onclick={next}>{ if *at + 1 < STEPS.len() { "Next" } else { "Done" } }</button>
                <button type="button" class="btn btn--bare btn--icon btn--small" aria-label="Skip the tour" onclick={done}>{ icon("#i-close") }</button>
            </div>
        </aside>
    }
}
