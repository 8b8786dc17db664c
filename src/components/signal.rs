//! The dispatch signal and the series of back-offs under it.

use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::{Arc, use_now};
use crate::session::text::left;
use crate::session::view::{Hop, HopState, Signal};

/// Properties of [`DispatchSignal`].
#[derive(Properties, PartialEq)]
pub struct SignalProps {
    /// What it says.
    pub signal: Signal,
}

/// A banner signal: the angle of its bar carries the meaning, a ring counts the back-off down.
#[component]
pub fn DispatchSignal(props: &SignalProps) -> Html {
    let s = &props.signal;
    html! {
        <svg class="signal" data-aspect={s.aspect} data-lamp={s.lamp.name()} viewBox="0 0 60 60" role="img"
            aria-label={format!("Dispatch signal: {} {}{}{}", s.title, s.note, s.mono, s.tail)}>
            <circle class="signal-bed" cx="30" cy="30" r="27.5" />
            if let Some(wait) = &s.wait { <Arc class="signal-arc" wait={wait.clone()} /> }
            <circle class="signal-disc" cx="30" cy="30" r="21.5" />
            if s.aspect == "suspended" {
                <path class="signal-bar" d="M14.5 26.75h9v6.5h-9zM25.5 26.75h9v6.5h-9zM36.500 26.750h9v6.5h-9z" />
            } else {
                <rect class="signal-bar" x="14.5" y="26.75" width="31" height="6.5" rx="1.25" />
            }
        </svg>
    }
}

/// The title in bold, with what is left of the wait, and the note.
#[component]
pub fn SignalSays(props: &SignalProps) -> Html {
    let s = &props.signal;
    let now = use_now();
    html! {
        <p class="lead-say">
            <b class="lead-title">{ s.title.clone() }
                if let Some(wait) = &s.wait { { " " }{ left(wait.to - now) }{ "s" } }
            </b>{ " " }
            <span class="lead-note">{ s.note.clone() }
                if !s.mono.is_empty() { <span class="mono">{ s.mono.clone() }</span> }
                { s.tail.clone() }
            </span>
        </p>
    }
}

/// Properties of [`BackoffHops`].
#[derive(Properties, PartialEq)]
pub struct HopsProps {
    /// The waits.
    pub hops: Rc<[Hop]>,
}

/// One arc for each allowed retry, each wider and higher than the last.
#[component]
pub fn BackoffHops(props: &HopsProps) -> Html {
    let hops = &props.hops;
    let few = hops.len() <= 3;
    let mut x = 2.0_f64;
    let mut parts = Vec::new();
    for (i, hop) in hops.iter().enumerate() {
        let i = i as f64;
        let (w, h) = if few { (24.0 + 14.0 * i, 11.0 + 6.0 * i) } else { (24.0 + 7.0 * i, 10.0 + 4.0 * i) };
        let d: AttrValue = format!("M{x} 34a{} {h} 0 0 1 {w} 0", w / 2.0).into();
        let state = hop.state.name();
        parts.push(html! {
            <>
                <path class={["hop hop--", state].concat()} d={d.clone()} />
                if let (HopState::Now, Some(wait)) = (hop.state, &hop.wait) {
                    <Arc class="hop hop--run" grows=true wait={wait.clone()} {d} />
                }
                <text class={["hop-t hop-t--", state].concat()} x={(x + w / 2.0).to_string()} y="47">{ hop.text.clone() }</text>
            </>
        });
        x += w;
    }
    let width = x + 2.0;
    let label = hops.iter().map(|h| &*h.text).collect::<Vec<_>>().join(", ");
    html! {
        <svg class="hops" width={format!("{}rem", width / 16.0)} viewBox={format!("0 0 {width} 50")} role="img" aria-label={format!("Back-off waits: {label}")}>
            <path class="hop-base" d={format!("M0 34h{width}")} />
            { for parts }
        </svg>
    }
}
