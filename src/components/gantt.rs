//! The timeline: the Job's life with its waits, one bar for each Pod, the scrubber under them.
//!
//! Places are shares of the axis, written to custom properties of each part. Bars that still grow are drawn to the end of
//! the axis, under what covers the time that was not seen; so a frame moves the cover and the playhead, and no bar.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::{live, use_now};
use super::glyph::{glyph, glyph_of, icon};
use super::paced::paced;
use crate::platform::dom::{self, Across};
use crate::session::act::{Act, Target};
use crate::session::status::look;
use crate::session::text::{Ms, decimal, human, left};
use crate::session::view::{Arc, Row, Span, Timeline};

/// Properties of [`Gantt`].
#[derive(Properties, PartialEq)]
pub struct GanttProps {
    /// What is drawn.
    pub timeline: Rc<Timeline>,
    /// The moment of the apply.
    pub origin: Ms,
    /// The present in words, for the scrubber.
    pub value_text: AttrValue,
    /// What the scrubber is of.
    #[prop_or_default]
    pub label: AttrValue,
    /// The selected object.
    #[prop_or_default]
    pub selected: Option<Target>,
    /// How much it is enlarged; 0 where it cannot be.
    #[prop_or_default]
    pub zoom: i64,
    /// The fewest rows that are drawn.
    #[prop_or(4)]
    pub rows: usize,
    /// Whether time runs.
    #[prop_or_default]
    pub playing: bool,
    /// Whether all of it is drawn on one row.
    #[prop_or_default]
    pub solo: bool,
    /// What a control does.
    pub on_act: Callback<Act>,
}

/// Heights in rem, as in time.css: what is in sight of the rows, and a row.
const SIGHT: f64 = 17.0;
const JOB_ROW: f64 = 2.875;
const POD_ROW: f64 = 1.375;
/// With more rows than this only those in sight, and so much above and below, are drawn.
const MANY: usize = 20;
const AROUND: f64 = 3.0;

fn height(r: &Row) -> f64 {
    if r.kind.is_empty() || r.child { POD_ROW } else { JOB_ROW }
}

/// Whether a row has waits, or the one that would come next.
fn has_waits(r: &Row) -> bool {
    !r.arcs.is_empty() || r.ghost.is_some()
}

/// Which rows are drawn when `below` rem of them are out of sight below, and the room that those above and below take.
fn window(rows: &[Rc<Row>], below: f64) -> (std::ops::Range<usize>, f64, f64) {
    if rows.len() <= MANY {
        return (0..rows.len(), 0.0, 0.0);
    }
    let (mut end, mut under) = (rows.len(), 0.0);
    while end > 0 && under + height(&rows[end - 1]) < below - AROUND {
        end -= 1;
        under += height(&rows[end]);
    }
    let (mut start, mut reach) = (end, under);
    while start > 0 && reach < below + SIGHT + AROUND {
        start -= 1;
        reach += height(&rows[start]);
    }
    (start..end, rows[..start].iter().map(|r| height(r)).sum(), under)
}

/// The part of time that is drawn: where it begins and how long it is.
#[derive(Clone, Copy, PartialEq)]
struct Axis {
    from: Ms,
    view: Ms,
}

/// A share of the axis, short enough for an attribute.
fn share(t: Ms, view: Ms) -> String {
    decimal(t as f64 / view.max(1) as f64, 5)
}

fn at(t: Ms, axis: Axis) -> String {
    ["x:", &share(t - axis.from, axis.view)].concat()
}

fn at_for(t: Ms, length: Ms, axis: Axis) -> String {
    ["x:", &share(t - axis.from, axis.view), ";w:", &share(length.max(0), axis.view)].concat()
}

/// The height of a wait's arc: it rises with the square root of the time.
fn rise(full: Ms) -> i64 {
    (15.0 + (full as f64 / 1000.0).sqrt() * 3.1).min(46.0).round() as i64
}

/// The words at an arc, with what is left while it runs.
fn arc_label(a: &Arc, origin: Ms) -> Html {
    let a = a.clone();
    live(move |now| {
        let now = now - origin;
        let end = a.cut.unwrap_or(a.from + a.full);
        let running = a.from <= now && now < end;
        let late = running && (now - a.from) * 10 > a.full * 3;
        html! {
            <b class={classes!(running.then_some("is-now"), late.then_some("is-late"))}>
                <span class="arc-w">{ "back-off " }</span>{ human(a.full) }
                if running { { ", " }{ left(a.from + a.full - now) }{ "s left" } } else if a.cut.is_some() { { ", cut short" } }
            </b>
        }
    })
}

fn arc(a: &Arc, view: Axis, origin: Ms) -> Html {
    let stop = a.cut.map_or(1.0, |c| (c - a.from) as f64 / a.full.max(1) as f64);
    let v = format!("{};h:{}px;stop:{stop}", at_for(a.from, a.full, view), rise(a.full));
    html! {
        <span class="arc" data-v={v}><i></i><i class="arc-run"></i>{ arc_label(a, origin) }</span>
    }
}

fn span(s: &Span, row: &Row, view: Axis) -> Html {
    let l = look(&s.word);
    let ends = s.exit.is_some() && s.to.is_none();
    if ends || (s.to.is_none() && matches!(l.family, "Completed" | "Error" | "OOMKilled") && row.arcs.is_empty()) {
        return html! {
            <>
                <span class="bar bar--rest" data-open="" data-v={at(s.from, view)}></span>
                <span class={classes!("cap", row.ended.then_some("is-past"))} data-lamp={l.lamp.name()} data-v={at(s.from, view)}>{ glyph(l) }
                    <span class="cap-t"><span class="cap-w">{ s.word.clone() }if s.exit.is_some() { { ", " } }</span>
                        if let Some(code) = s.exit { { "exit " }{ code } }
                    </span>
                </span>
            </>
        };
    }
    // Between an exit and the restart kubectl's word is still that of the exit: the exit is a cap, the wait a line after it.
    if let (Some(to), "Completed" | "Error" | "OOMKilled") = (s.to, l.family) {
        return html! {
            <>
                <span class="bar bar--after" data-lamp={l.lamp.name()} data-v={at_for(s.from, to - s.from, view)} title={format!("{} {}–{}", s.word, human(s.from), human(to))}></span>
                <span class="cap cap--bare" data-lamp={l.lamp.name()} data-v={at(s.from, view)}>{ glyph(l) }</span>
            </>
        };
    }
    let title = match s.to {
        Some(to) => format!("{} {}–{}", s.word, human(s.from), human(to)),
        None => format!("{} since {}", s.word, human(s.from)),
    };
    let v = match s.to {
        Some(to) => at_for(s.from, to - s.from, view),
        None => at(s.from, view),
    };
    html! { <span class="bar" data-status={l.family} data-lamp={l.lamp.name()} data-open={s.to.is_none().then_some("")} data-v={v} {title}></span> }
}

/// A Pod's row with its key, its axis, and whether it is the selected one.
type PodRow = (String, Rc<Row>, Axis, bool);

fn pod_row((key, r, view, chosen): &PodRow, node: NodeRef) -> Html {
    html! {
        <div class={classes!("trow", r.word.is_none().then_some("is-ahead"), chosen.then_some("is-chosen"))} key={key.clone()} ref={node}>
            <div class="tname">{ glyph_of(r.word.as_deref().unwrap_or(if r.ended { "Terminating" } else { "Pending" })) }<span class="mono">{ r.label.clone() }</span></div>
            <div class="tplot">{ for r.spans.iter().map(|s| span(s, r, *view)) }</div>
        </div>
    }
}

/// A row. Where there are many, a row of the screen is used again for another Pod, when its turn comes.
fn row(r: &Rc<Row>, place: Option<usize>, props: &GanttProps) -> Html {
    let key = place.map_or_else(|| r.key.to_string(), |i| i.to_string());
    let view = Axis { from: props.timeline.from, view: props.timeline.view };
    if r.kind.is_empty() {
        let chosen = props.selected.as_ref().is_some_and(|t| t.name == r.name);
        let of = (key.clone(), r.clone(), view, chosen);
        return if place.is_some() { paced(key, of, pod_row) } else { pod_row(&of, NodeRef::default()) };
    }
    let solo = props.solo.then(|| alone(&props.timeline));
    let end = r.end.as_ref().map(|(t, word)| {
        let l = look(word);
        html! {
            <span class={classes!("end", r.ended.then_some("is-past"), ((*t - view.from) as f64 > view.view as f64 * 0.8).then_some("end--left"))} data-v={at(*t, view)} data-lamp={l.lamp.name()}>
                { glyph(l) }<b class="mono">{ word.clone() }</b>
            </span>
        }
    });
    let life = match (r.end.as_ref().map(|e| e.0), r.gone) {
        (Some(t), _) | (None, Some(t)) => {
            html! { <span class="jobline" data-v={at_for(r.from, t - r.from, view)}></span> }
        }
        _ => html! { <span class="jobline" data-open="" data-v={at(r.from, view)}></span> },
    };
    html! {
        <div class={classes!("trow", if r.child { "trow--child" } else { "trow--job" }, has_waits(r).then_some("trow--waits"))} {key}>
            <div class="tname"><span class="kind">{ r.kind.clone() }</span>if !r.label.is_empty() { <span class="mono">{ r.label.clone() }</span> }</div>
            <div class="tplot">
                { life }{ solo }
                { for r.arcs.iter().map(|a| arc(a, view, props.origin)) }
                if let Some(full) = r.ghost {
                    <span class="arc arc--ghost" data-v={format!("w:{};h:{}px", share(full, view.view), rise(full))}><i></i>
                        <span class="ghost-note">{ "if it fails: " }{ human(full) }</span></span>
                }
                { end }
            </div>
        </div>
    }
}

/// The bars of all Pods, for the one row of a small timeline.
fn alone(timeline: &Timeline) -> Html {
    let view = Axis { from: timeline.from, view: timeline.view };
    let spans = timeline.rows.iter().filter(|r| r.kind.is_empty()).flat_map(|r| &r.spans);
    let bar = |s: &Span| {
        let l = look(&s.word);
        let over = s.to.is_none() && matches!(l.family, "Completed" | "Error" | "OOMKilled");
        let v = s.to.map_or_else(|| at(s.from, view), |to| at_for(s.from, to - s.from, view));
        (!over).then(|| {
            html! { <span class="bar bar--solo" data-status={l.family} data-lamp={l.lamp.name()} data-open={s.to.is_none().then_some("")} data-v={v}></span> }
        })
    };
    html! { <>{ for spans.filter_map(bar) }</> }
}

#[derive(Properties, PartialEq)]
struct HeadProps {
    box_ref: NodeRef,
    origin: Ms,
    from: Ms,
    view: Ms,
    seen: Ms,
    /// How many rows have waits, which follow the clock.
    waits: usize,
}

/// What follows the clock over all rows, and under them.
const MOVED: [&str; 4] = [".playhead", ".scrub-thumb", ".unseen", ".veil"];

/// Moves on every frame the playhead, its foot, and the covers of the time that is behind and before it.
#[component]
fn Head(props: &HeadProps) -> Html {
    let now = (use_now() - props.origin).max(0);
    let place = |t: Ms| (t - props.from) as f64 / props.view.max(1) as f64;
    // What lies ahead and was seen is veiled.
    let veil = if now < props.seen { now } else { props.from + props.view };
    let places =
        [place(now), place(now.clamp(props.from, props.from + props.view)), place(now.max(props.seen)), place(veil)];
    let moved = use_mut_ref(<[Across; 4]>::default);
    let node = props.box_ref.clone();
    use_effect_with(places, move |places| {
        if let Some(e) = node.cast::<web_sys::Element>() {
            for ((moved, selector), at) in moved.borrow_mut().iter_mut().zip(MOVED).zip(places) {
                moved.place(&e, selector, *at);
            }
        }
    });
    let node = props.box_ref.clone();
    use_effect_with((share(now - props.from, props.view), props.waits), move |(place, _)| {
        if let Some(e) = node.cast::<web_sys::Element>() {
            dom::set_property_of(&e, ".trow--waits", "--now", place);
        }
    });
    html! { <span class="playhead"></span> }
}

/// While time runs, the range input steps over so many parts of the axis.
const STEPS: Ms = 50;

/// A native range input over the axis. Its thumb is drawn apart, as the foot of the playhead: moved on every frame, the
/// input's own would be laid out and painted anew; its value follows in steps, and is exact where time stands.
fn scrubber(props: &GanttProps) -> Html {
    let oninput = props.on_act.reform(|e: InputEvent| {
        let value = e.target_dyn_into::<web_sys::HtmlInputElement>().map(|i| i.value_as_number()).unwrap_or_default();
        Act::Seek((value * 1000.0) as Ms)
    });
    let seconds = |t: Ms| decimal(t as f64 / 1000.0, 3);
    let label: AttrValue =
        if props.label.is_empty() { "Time".into() } else { ["Time, ", &*props.label].concat().into() };
    let (min, max) = (seconds(props.timeline.from), seconds(props.timeline.from + props.timeline.view));
    let (origin, text) = (props.origin, props.value_text.clone());
    let step = if props.playing { (props.timeline.view / STEPS).max(100) } else { 100 };
    let rounded = move |now: Ms, step: Ms| decimal(((now - origin).max(0) / step * step / 100) as f64 / 10.0, 1);
    // A key moves it from where time is.
    let exact = Rc::new(Cell::new(origin));
    let onkeydown = {
        let exact = exact.clone();
        Callback::from(move |e: KeyboardEvent| {
            if let Some(input) = e.target_dyn_into::<web_sys::HtmlInputElement>() {
                input.set_value(&rounded(exact.get(), 100));
            }
        })
    };
    live(move |now| {
        exact.set(now);
        let value = rounded(now, step);
        html! {
            <input type="range" class="scrub-range" min={min.clone()} max={max.clone()} step="0.1" {value} oninput={oninput.clone()} onkeydown={onkeydown.clone()}
                aria-label={label.clone()} aria-valuetext={text.clone()} />
        }
    })
}

/// Marks and ticks.
fn ticks(t: &Timeline) -> Html {
    let axis = Axis { from: t.from, view: t.view };
    let end = t.from + t.view;
    let ticks = (0..).map(|i| t.from + i * t.step.max(1)).take_while(|t| *t <= end);
    let whole = t.step % 1000 == 0;
    let label = |t: Ms| if whole { human(t) } else { [&*decimal(t as f64 / 1000.0, 3), "s"].concat() };
    let seen = t.marks.iter().filter(|m| t.from <= m.at && m.at <= end);
    html! {
        <div class="scale" aria-hidden="true">
            <div class="marks">
                { for seen.map(|m| html! { <span class={["mark mark--", m.kind].concat()} data-v={at(m.at, axis)}></span> }) }
            </div>
            <div class="ticks">{ for ticks.map(|t| html! { <span data-v={at(t, axis)}>{ label(t) }</span> }) }</div>
        </div>
    }
}

/// Rows to come that stay in sight below the newest that has begun.
const COMING: usize = 2;

/// The room that rows take below those that should be in sight.
fn below(t: &Timeline) -> f64 {
    let rest = &t.rows[t.rows.len().min(t.begun + COMING)..];
    let more = if t.more > 0 && !rest.is_empty() { POD_ROW } else { 0.0 };
    rest.iter().map(|r| height(r)).sum::<f64>() + more
}

/// The room that all rows take.
fn all_room(t: &Timeline) -> f64 {
    t.rows.iter().map(|r| height(r)).sum::<f64>() + if t.more > 0 { POD_ROW } else { 0.0 }
}

/// In steps of some rows, with a little for what a scrolled pixel is rounded to.
fn steps(rem: f64) -> i32 {
    ((rem + 0.25) / AROUND) as i32
}

/// Keeps what the moment is about in sight: where it is not at the end of what was seen, the newest rows are of Pods that are
/// still to come. How far the learner has scrolled stays as it is until other rows should be in sight. Whoever draws knows at
/// once how far it will be scrolled up, and does not wait for the browser to say so.
#[hook]
fn use_sight(box_ref: &NodeRef, t: &Timeline, up: &RefCell<i32>) {
    let kept = use_mut_ref(|| 0.0_f64);
    let (node, below, all) = (box_ref.clone(), below(t), all_room(t));
    let moved = (kept.replace(below) - below).abs() > 0.01;
    if moved {
        up.replace(steps(below));
    }
    use_effect(move || {
        let found = node.cast::<web_sys::Element>().and_then(|e| e.query_selector(".gantt-scroll").ok().flatten());
        if let Some(e) = found.filter(|_| moved) {
            let to = (f64::from(e.scroll_height()) * below / all.max(1.0)) as i32;
            e.set_scroll_top(-to.clamp(0, (e.scroll_height() - e.client_height()).max(0)));
        }
    });
}

/// The timeline.
#[component]
pub fn Gantt(props: &GanttProps) -> Html {
    let t = &props.timeline;
    let box_ref = use_node_ref();
    {
        let node = box_ref.clone();
        use_effect(move || {
            if let Some(e) = node.cast::<web_sys::Element>() {
                dom::place(&e);
            }
        });
    }
    // What is new comes last and stays in view (time.css): how far it was scrolled up from there, in steps of some rows.
    let (up, redraw) = (use_mut_ref(|| 0_i32), use_force_update());
    let onscroll = {
        let (up, all) = (up.clone(), all_room(t));
        Callback::from(move |e: Event| {
            if let Some(e) = e.target_dyn_into::<web_sys::Element>() {
                let now = steps(f64::from(-e.scroll_top()) / f64::from(e.scroll_height().max(1)) * all);
                if up.replace(now) != now {
                    redraw.force_update();
                }
            }
        })
    };
    use_sight(&box_ref, t, &up);
    let (drawn, over, under) = window(&t.rows, f64::from(*up.borrow()) * AROUND);
    let room = |rem: f64| {
        // As high as it is made, at once: what is placed later would lose where it was scrolled to.
        html! { if rem > 0.0 { <svg class="troom" aria-hidden="true" width="1" height={[&*decimal(rem, 3), "rem"].concat()} /> } }
    };
    let drawn = if props.solo { 0..t.rows.len().min(1) } else { drawn };
    let zoom = |larger: bool| props.on_act.reform(move |_: MouseEvent| Act::Zoom(larger));
    let blank = props.rows.saturating_sub(t.rows.len());
    html! {
        <div class={classes!("gantt", props.solo.then_some("gantt--solo"))} ref={box_ref.clone()} dir="ltr" data-started={t.started.then_some("")} data-zoomed={(props.zoom > 1).then_some("")} data-many={(t.rows.len() > MANY && !props.solo).then_some("")}>
            <div class="gantt-scroll" {onscroll} tabindex="0" role="group" aria-label="Rows of the timeline"><div class="gantt-rows">
                { room(over) }
                { for t.rows[drawn].iter().enumerate().map(|(i, r)| row(r, (t.rows.len() > MANY).then_some(i), props)) }
                { room(under) }
                if t.more > 0 && !props.solo {
                    <div class="trow trow--blank"><div class="tname">{ "+ " }{ t.more }{ " more" }</div><div class="tplot"></div></div>
                }
                { for (0..blank).map(|_| html! { <div class="trow trow--blank"><div class="tname"></div><div class="tplot"></div></div> }) }
                <div class="gantt-over" aria-hidden="true">
                    <span class="unseen"></span>
                    if !t.started { <p class="unseen-note">{ "Time starts when you apply." }</p> }
                </div>
                <div class="gantt-over gantt-over--veil" aria-hidden="true">
                    <span class="veil"></span>
                </div>
                <div class="gantt-over gantt-over--head" aria-hidden="true">
                    <Head {box_ref} origin={props.origin} from={t.from} view={t.view} seen={t.seen} waits={t.rows.iter().filter(|r| has_waits(r)).count()} />
                </div>
            </div></div>
            <div class="scrub"><div class="scrub-label">
                if props.zoom > 0 {
                    <button type="button" class="btn btn--bare btn--icon btn--small" aria-label="Show less of the timeline, larger" title="Zoom in" disabled={props.zoom >= 32} onclick={zoom(true)}>{ icon("#i-plus") }</button>
                    <button type="button" class="btn btn--bare btn--icon btn--small" aria-label="Show more of the timeline, smaller" title="Zoom out" disabled={props.zoom == 1} onclick={zoom(false)}>{ icon("#i-minus") }</button>
                }
            </div><div class="scrub-plot">
                { ticks(t) }
                { scrubber(props) }
                <span class="scrub-thumb" aria-hidden="true"></span>
            </div></div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_to_come_are_below_what_is_in_sight() {
        let rows: Vec<Rc<Row>> = (0..60).map(|_| Rc::new(Row::default())).collect();
        let at = |begun, more| {
            let timeline = Timeline { rows: rows.clone(), begun, more, ..Timeline::default() };
            (below(&timeline) / POD_ROW).round() as i32
        };
        assert_eq!([at(60, 0), at(60, 4), at(58, 4), at(50, 0)], [0, 0, 0, 8]);
        assert_eq!(at(50, 4), 9, "the row that counts what is not drawn stands last");
    }

    #[test]
    fn of_many_rows_those_in_sight_are_drawn() {
        let rows: Vec<Rc<Row>> = (0..60).map(|_| Rc::new(Row::default())).collect();
        let all = 60.0 * POD_ROW;
        let (seen, over, under) = window(&rows, 0.0);
        assert_eq!((seen.end, under), (60, 0.0), "the newest, where nothing was scrolled");
        assert!(seen.len() < 20 && (over + seen.len() as f64 * POD_ROW - all).abs() < 0.01);
        let (seen, over, under) = window(&rows, 40.0);
        assert!(seen.len() < 26 && under > 30.0 && (over + under + seen.len() as f64 * POD_ROW - all).abs() < 0.01);
        assert_eq!(window(&rows, 500.0).0.start, 0, "scrolled beyond the first");
        assert_eq!(window(&rows[..20], 0.0), (0..20, 0.0, 0.0));
    }
}
