//! Playback: to the start, a change back, play, a change on, to the end; the clock; the speed.

use yew::prelude::*;

use super::clockwork::{figures, live};
use super::glyph::icon;
use crate::session::act::Act;
use crate::session::desk;
use crate::session::text::{Ms, clock};

/// Speeds that stand side by side; a phone's list has all.
pub const SPEEDS: [u32; 4] = [1, 10, 60, 600];

/// Properties of [`Transport`].
#[derive(Properties, PartialEq)]
pub struct TransportProps {
    /// Whether time runs.
    pub playing: bool,
    /// The speed.
    pub speed: u32,
    /// Whether waits are skipped.
    pub skip: bool,
    /// The moment of the apply.
    pub origin: Ms,
    /// Whether the moment that is to be shown is still to come.
    #[prop_or_default]
    pub coming: bool,
    /// Whether there is anything to play.
    pub ready: bool,
    /// What the clock counts from.
    #[prop_or(AttrValue::Static("since apply"))]
    pub of: AttrValue,
    /// What a control does.
    pub on_act: Callback<Act>,
}

fn yes(b: bool) -> &'static str {
    if b { "true" } else { "false" }
}

/// The bar of controls.
#[component]
pub fn Transport(props: &TransportProps) -> Html {
    let act = |a: Act| props.on_act.reform(move |_: MouseEvent| a.clone());
    let key = |name: &'static str, label: &'static str, picture: &'static str, a: Act| {
        html! { <button type="button" class="btn btn--bare btn--icon" data-do={name} aria-label={label} title={label} onclick={act(a)}>{ icon(picture) }</button> }
    };
    let pick = props.on_act.reform(|e: Event| {
        let value = e.target_dyn_into::<web_sys::HtmlSelectElement>().map(|s| s.value()).unwrap_or_default();
        Act::Speed(value.parse().unwrap_or(1))
    });
    let skip = props.on_act.reform({
        let on = !props.skip;
        move |_: Event| Act::Skip(on)
    });
    let arrows = props.on_act.clone();
    let onkeydown = Callback::from(move |e: KeyboardEvent| {
        let faster = match e.key().as_str() {
            "ArrowRight" | "ArrowDown" => true,
            "ArrowLeft" | "ArrowUp" => false,
            _ => return,
        };
        e.prevent_default();
        e.stop_propagation();
        arrows.emit(Act::Faster(faster));
        if let Some(list) = e.target_dyn_into::<web_sys::Element>().and_then(|t| t.parent_element()) {
            let at = SPEEDS.iter().position(|s| {
                Some(s.to_string())
                    == e.target_dyn_into::<web_sys::Element>().and_then(|t| t.get_attribute("data-speed"))
            });
            let to = at.map_or(0, |i| if faster { (i + 1).min(SPEEDS.len() - 1) } else { i.saturating_sub(1) });
            if let Some(b) = list.children().item(to as u32)
                && let Ok(b) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(b)
            {
                let _ = b.focus();
            }
        }
    });
    let (origin, coming) = (props.origin, props.coming);
    let listed = SPEEDS.contains(&props.speed);
    html! {
        <div class="transport" role="group" aria-label="Playback" dir="ltr">
            <div class="transport-keys">
                { key("start", "To start", "#i-start", Act::Start) }
                { key("prev", "Step back to previous event", "#i-prev", Act::Step(false)) }
                <button type="button" class="btn btn--ink" data-do="play" disabled={!props.ready} onclick={act(Act::Play)}>
                    if props.playing { { icon("#i-pause") }{ "Pause" } } else { { icon("#i-play") }{ "Play" } }
                </button>
                { key("next", "Step to next event", "#i-next", Act::Step(true)) }
                { key("end", "Run to end", "#i-end", Act::End) }
            </div>
            <span class="clock">{ live(move |now| figures(if coming { "–:––".into() } else { clock(now - origin).into() })) }</span><span class="clock-of hide-narrow">{ props.of.clone() }</span>
            <div class="speed">
                <div class="seg" role="radiogroup" aria-label="Speed" {onkeydown}>
                    { for SPEEDS.into_iter().enumerate().map(|(i, s)| {
                        let on = s == props.speed;
                        let tab = if on || (!listed && i == 0) { "0" } else { "-1" };
                        html! { <button type="button" role="radio" aria-checked={yes(on)} tabindex={tab} data-speed={s.to_string()} onclick={act(Act::Speed(s))}>{ s }{ "×" }</button> }
                    }) }
                </div>
                <select class="field" aria-label="Speed" onchange={pick}>
                    { for desk::SPEEDS.into_iter().map(|s| html! { <option value={s.to_string()} selected={s == props.speed}>{ s }{ "×" }</option> }) }
                </select>
            </div>
            <label class="check skipwaits"><input type="checkbox" checked={props.skip} onchange={skip} />{ "Skip waits" }</label>
        </div>
    }
}
