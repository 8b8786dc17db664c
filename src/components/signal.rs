//! The dispatch signal and the series of back-offs under it.

use yew::prelude::*;

use super::clockwork::{arc, path, seconds_left, tenth};
use crate::session::text::decimal;
use crate::session::view::{Hop, HopState, Signal};

/// A banner signal: the angle of its bar carries the meaning, a ring counts the back-off down.
pub fn dispatch_signal(s: &Signal) -> Html {
    html! {
        <svg class="signal" data-aspect={s.aspect} data-lamp={s.lamp.name()} viewBox="0 0 60 60" role="img"
            aria-label={["Dispatch signal: ", &*s.title, " ", &*s.note, &*s.mono, &*s.tail].concat()}>
            <circle class="signal-bed" cx="30" cy="30" r="27.5" />
            if let Some(wait) = &s.wait { { arc("signal-arc", wait, 30.0, 27.5) } }
            <circle class="signal-disc" cx="30" cy="30" r="21.5" />
            if s.aspect == "suspended" {
                <path class="signal-bar" d="M14.5 26.75h9v6.5h-9zM25.5 26.75h9v6.5h-9zM36.5 26.75h9v6.5h-9z" />
            } else {
                <rect class="signal-bar" x="14.5" y="26.75" width="31" height="6.5" rx="1.25" />
            }
        </svg>
    }
}

/// The title in bold, with what is left of the wait, and the note.
pub fn signal_says(s: &Signal) -> Html {
    html! {
        <p class="lead-say">
            <b class="lead-title">{ s.title.clone() }
                if let Some(wait) = &s.wait { { " " }{ seconds_left(wait) } }
            </b>{ " " }
            <span class="lead-note">{ s.note.clone() }
                if !s.mono.is_empty() { <span class="mono">{ s.mono.clone() }</span> }
                { s.tail.clone() }
            </span>
        </p>
    }
}

/// One arc for each allowed retry, each wider and higher than the last.
pub fn backoff_hops(hops: &[Hop]) -> Html {
    let few = hops.len() <= 3;
    let mut x = 2.0_f64;
    let mut parts = Vec::new();
    for (i, hop) in hops.iter().enumerate() {
        let i = i as f64;
        let (w, h) = if few { (24.0 + 14.0 * i, 11.0 + 6.0 * i) } else { (24.0 + 7.0 * i, 10.0 + 4.0 * i) };
        let [at, wide, half, high] = [x, w, w / 2.0, h].map(tenth);
        let d: AttrValue = format!("M{at} 34a{half} {high} 0 0 1 {wide} 0").into();
        let state = hop.state.name();
        parts.push(html! {
            <>
                <path class={["hop hop--", state].concat()} d={d.clone()} />
                if let (HopState::Now, Some(wait)) = (hop.state, &hop.wait) { { path("hop hop--run", wait, d) } }
                <text class={["hop-t hop-t--", state].concat()} x={tenth(x + w / 2.0)} y="47">{ hop.text.clone() }</text>
            </>
        });
        x += w;
    }
    let (rem, width) = (decimal((x + 2.0) / 16.0, 4), tenth(x + 2.0));
    let label = hops.iter().map(|h| &*h.text).collect::<Vec<_>>().join(", ");
    html! {
        <svg class="hops" width={[&*rem, "rem"].concat()} viewBox={["0 0 ", &*width, " 50"].concat()} role="img"
            aria-label={["Back-off waits: ", &label].concat()}>
            <path class="hop-base" d={["M0 34h", &*width].concat()} />
            { for parts }
        </svg>
    }
}
