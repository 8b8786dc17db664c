//! What moves within a second: parts that draw themselves anew on every frame, and nothing else with them. And parts that
//! are drawn anew only when what they are drawn from has changed.
//!
//! Each is one component for all such parts: every component type of its own costs kilobytes of code.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use super::glyph::strokes;
use crate::session::status::Look;
use crate::session::text::{Ms, decimal, left};
use crate::session::view::Wait;

/// The moment that is shown, in milliseconds since the epoch. Changes on every frame while time runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Now(pub Ms);

/// The moment that is shown.
#[hook]
pub fn use_now() -> Ms {
    use_context::<Now>().unwrap_or_default().0
}

/// Where the moment comes from: set on every frame, without drawing anything but what follows it.
#[derive(Clone, Default)]
pub struct Moment {
    now: Rc<Cell<Ms>>,
    redraw: Rc<RefCell<Option<UseForceUpdateHandle>>>,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.now, &other.now)
    }
}

impl Moment {
    /// Shows a moment.
    pub fn set(&self, now: Ms) {
        self.now.set(now);
        if let Some(redraw) = &*self.redraw.borrow() {
            redraw.force_update();
        }
    }
}

/// Properties of [`NowProvider`].
#[derive(Properties, PartialEq)]
pub struct NowProviderProps {
    /// Where the moment comes from between two pictures.
    pub moment: Moment,
    /// The moment of the picture.
    pub now: Ms,
    /// What follows it.
    pub children: Html,
}

/// Gives its children the moment.
#[component]
pub fn NowProvider(props: &NowProviderProps) -> Html {
    let redraw = use_force_update();
    let drawn = use_mut_ref(|| None);
    if drawn.borrow_mut().replace(props.now) != Some(props.now) {
        props.moment.now.set(props.now);
    }
    props.moment.redraw.replace(Some(redraw));
    html! { <ContextProvider<Now> context={Now(props.moment.now.get())}>{ props.children.clone() }</ContextProvider<Now>> }
}

/// Properties of [`Live`].
#[derive(Properties)]
pub struct LiveProps {
    draw: Rc<dyn Fn(Ms) -> Html>,
}

impl PartialEq for LiveProps {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// A part that follows the clock.
#[component]
pub fn Live(props: &LiveProps) -> Html {
    let now = use_now();
    (props.draw)(now)
}

/// A part that is drawn from the clock.
pub fn live(draw: impl Fn(Ms) -> Html + 'static) -> Html {
    html! { <Live draw={Rc::new(draw) as Rc<dyn Fn(Ms) -> Html>} /> }
}

/// Properties of [`Memo`].
#[derive(Properties)]
pub struct MemoProps {
    version: AttrValue,
    draw: Rc<dyn Fn() -> Html>,
}

impl PartialEq for MemoProps {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

/// A part that is drawn once for each version.
#[component]
pub fn Memo(props: &MemoProps) -> Html {
    (props.draw)()
}

/// A part that is drawn anew only when `version` is another. What `draw` captures must not change without it.
pub fn memo(version: impl Into<AttrValue>, draw: impl Fn() -> Html + 'static) -> Html {
    html! { <Memo version={version.into()} draw={Rc::new(draw) as Rc<dyn Fn() -> Html>} /> }
}

/// A text of figures that changes again and again: in a place of its own that is as wide as it (time.css).
pub fn figures(text: AttrValue) -> Html {
    html! { <span class="figures" data-n={text.chars().count().to_string()}>{ text }</span> }
}

/// A number for an SVG attribute, rounded to a tenth.
pub fn tenth(x: f64) -> String {
    decimal(x, 1)
}

/// A ring that closes as a wait runs out, around the glyph of a look.
pub fn countdown(wait: &Wait, look: Look) -> Html {
    let wait = wait.clone();
    live(move |now| {
        let rest = (1.0 - wait.part(now)) * 100.0;
        html! {
            <svg class="count" viewBox="0 0 36 36" aria-hidden="true">
                <circle class="count-bed" cx="18" cy="18" r="15.5" pathLength="100" />
                <circle class="count-arc" cx="18" cy="18" r="15.5" pathLength="100" stroke-dasharray={[&tenth(rest), " 100"].concat()} />
                <svg class="count-glyph" x="9.5" y="9.5" width="17" height="17" viewBox="0 0 16 16">{ strokes(look) }</svg>
            </svg>
        }
    })
}

/// The seconds that are left of a wait.
pub fn seconds_left(wait: &Wait) -> Html {
    let to = wait.to;
    live(move |now| html! { <>{ left(to - now) }{ "s" }</> })
}

/// A circle around a centre whose length tells what is left of a wait.
pub fn arc(class: &'static str, wait: &Wait, c: f64, r: f64) -> Html {
    let wait = wait.clone();
    live(move |now| {
        let dash = [&tenth((1.0 - wait.part(now)) * 100.0), " 100"].concat();
        let (c, r) = (tenth(c), tenth(r));
        html! { <circle {class} cx={c.clone()} cy={c} r={r} pathLength="100" stroke-dasharray={dash} /> }
    })
}

/// A path whose length tells how much of a wait is over.
pub fn path(class: &'static str, wait: &Wait, d: AttrValue) -> Html {
    let wait = wait.clone();
    live(move |now| {
        let dash = [&tenth(wait.part(now) * 100.0), " 100"].concat();
        html! { <path {class} d={d.clone()} pathLength="100" stroke-dasharray={dash} /> }
    })
}
