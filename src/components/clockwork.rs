//! What moves within a second: parts that draw themselves anew on every frame, and nothing else with them.

use yew::prelude::*;

use crate::session::status::Look;
use crate::session::text::Ms;
use crate::session::view::Wait;

/// The moment that is shown, in milliseconds since the epoch. Changes on every frame while time runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now(pub Ms);

/// The moment that is shown.
#[hook]
pub fn use_now() -> Ms {
    use_context::<Now>().unwrap_or_default().0
}

/// A number for an SVG attribute, rounded to a tenth.
pub fn tenth(x: f64) -> String {
    let x = (x * 10.0).round() / 10.0;
    x.to_string()
}

/// Properties of [`Countdown`].
#[derive(Properties, PartialEq)]
pub struct CountdownProps {
    /// The wait.
    pub wait: Wait,
    /// The look whose glyph stands within the ring.
    pub glyph: AttrValue,
}

/// A ring that closes as a wait runs out.
#[component]
pub fn Countdown(props: &CountdownProps) -> Html {
    let left = (1.0 - props.wait.part(use_now())) * 100.0;
    html! {
        <svg class="count" viewBox="0 0 36 36" aria-hidden="true">
            <circle class="count-bed" cx="18" cy="18" r="15.5" pathLength="100" />
            <circle class="count-arc" cx="18" cy="18" r="15.5" pathLength="100" stroke-dasharray={[&tenth(left), " 100"].concat()} />
            <use class="count-glyph" href={props.glyph.clone()} x="9.5" y="9.5" width="17" height="17" />
        </svg>
    }
}

/// A ring for a look.
pub fn countdown(wait: &Wait, look: Look) -> Html {
    html! { <Countdown wait={wait.clone()} glyph={look.glyph} /> }
}

/// Properties of [`Arc`].
#[derive(Properties, PartialEq)]
pub struct ArcProps {
    /// The class of the drawn part.
    pub class: &'static str,
    /// The wait.
    pub wait: Wait,
    /// What is drawn: the part that is over (true), or what is left.
    #[prop_or_default]
    pub grows: bool,
    /// The path, when it is not a circle.
    #[prop_or_default]
    pub d: AttrValue,
    /// The radius of a circle.
    #[prop_or(27.5)]
    pub r: f64,
    /// Its centre.
    #[prop_or(30.0)]
    pub c: f64,
}

/// A part of a circle or path whose length tells how far a wait has come.
#[component]
pub fn Arc(props: &ArcProps) -> Html {
    let part = props.wait.part(use_now()) * 100.0;
    let dash = [&tenth(if props.grows { part } else { 100.0 - part }), " 100"].concat();
    if props.d.is_empty() {
        let (c, r) = (props.c.to_string(), props.r.to_string());
        html! { <circle class={props.class} cx={c.clone()} cy={c} r={r} pathLength="100" stroke-dasharray={dash} /> }
    } else {
        html! { <path class={props.class} d={props.d.clone()} pathLength="100" stroke-dasharray={dash} /> }
    }
}
