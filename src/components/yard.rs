//! The Job's yard: dispatch, roads, the points, two sidings. `failed > backoffLimit` is a wagon that crosses a bar.

use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::figures;
use super::paced::paced;
use super::pod::PodCar;
use super::signal::{backoff_hops, dispatch_signal, signal_says};
use crate::session::act::{Act, Target};
use crate::session::text::decimal;
use crate::session::view::{Berth, JobView, PodView, Road};

/// The distance from lane to lane, and the height of the line in a lane, in the units of the drawing.
const PITCH: usize = 82;
const LINE: usize = 51;
/// Roads that are drawn at full height, and that are drawn at all.
const FULL_ROADS: usize = 6;

/// Properties of [`Yard`].
#[derive(Properties, PartialEq)]
pub struct YardProps {
    /// The Job.
    pub job: Rc<JobView>,
    /// The selected object.
    #[prop_or_default]
    pub selected: Option<Target>,
    /// Whether it is drawn for little room: an embed.
    #[prop_or_default]
    pub compact: bool,
    /// What a click does.
    #[prop_or_default]
    pub on_act: Option<Callback<Act>>,
}

fn is_selected(selected: Option<&Target>, name: &str) -> bool {
    selected.is_some_and(|t| t.resource == "pod" && t.name == name)
}

fn throat_in(roads: usize, lit: bool) -> Html {
    if roads < 2 {
        return Html::default();
    }
    let far = LINE + PITCH * (roads - 1);
    let mut d = format!("M4 {LINE}L56 {far}H60");
    for i in 1..roads - 1 {
        let share = i as f64 / (roads - 1) as f64;
        d += &format!("M{} {}H60", decimal(4.0 + 52.0 * share, 2), LINE + PITCH * i);
    }
    html! {
        <svg class="throat-in" viewBox={format!("0 0 60 {}", PITCH * roads)} aria-hidden="true">
            <path class={classes!("rail", lit.then_some("rail--lit"))} data-lamp="work" {d} />
            <circle class="points" cx="4" cy={LINE.to_string()} r="4.5" />
        </svg>
    }
}

fn throat(job: &JobView, roads: usize) -> Html {
    let lanes = roads.max(2);
    let fail = LINE + PITCH;
    let reach = if lanes == 2 { PITCH as f64 } else { 84.0 / (lanes - 1) as f64 };
    let x = |lane: usize| decimal(6.0 + reach * lane as f64, 2);
    let mut rails = vec![
        format!("M0 {LINE}H98"),
        format!("M6 {LINE}L{} {}{}", x(lanes - 1), LINE + PITCH * (lanes - 1), if lanes == 2 { "H98" } else { "" }),
    ];
    if lanes > 2 {
        rails.push(format!("M{} {fail}H98", x(1)));
    }
    rails.extend((1..roads).map(|i| format!("M0 {}H{}", LINE + PITCH * i, x(i))));
    html! {
        <svg class="throat" viewBox={format!("0 0 98 {}", PITCH * lanes)} aria-hidden="true">
            { for rails.into_iter().map(|d| html! { <path class="rail" {d} /> }) }
            if job.lit_good { <path class="rail rail--lit" data-lamp="done" d={format!("M0 {LINE}H98")} /> }
            if job.lit_bad { <path class="rail rail--lit" data-lamp="fail" d={format!("M0 {LINE}H6L{} {fail}H98", x(1))} /> }
            <circle class="points" cx="6" cy={LINE.to_string()} r="4.5" />
        </svg>
    }
}

/// What a road is drawn from.
#[derive(PartialEq)]
struct Lane {
    road: Road,
    /// Whether its Pod's containers start again on it.
    looped: bool,
    selected: bool,
    on_act: Option<Callback<Act>>,
    /// Which wagon: another one is made anew.
    car: String,
    /// Whether it is one of many.
    crowd: bool,
}

/// A road. With many, a wagon is used again for the next Pod, when its turn comes: making new ones costs too much at once.
fn road(place: usize, road: &Road, props: &YardProps) -> Html {
    let pod = road.pod.as_ref();
    let mut of = Lane {
        road: road.clone(),
        looped: props.job.tracks.restarts,
        selected: pod.is_some_and(|p| is_selected(props.selected.as_ref(), &p.name)),
        on_act: props.on_act.clone(),
        car: pod.map_or(String::new(), |p| p.key.to_string()),
        crowd: props.job.roads.len() > FULL_ROADS,
    };
    if !of.crowd {
        return lane(&of, NodeRef::default());
    }
    // In a crowd nobody's age is told: it is another every second.
    of.road.pod = pod.map(|p| Rc::new(PodView { age: "".into(), ..(**p).clone() }));
    of.car = "car".into();
    paced(place.to_string(), of, lane)
}

fn lane(Lane { road, looped, selected, on_act, car, crowd }: &Lane, node: NodeRef) -> Html {
    let lamp = road.pod.as_ref().map(|p| p.look().lamp.name());
    let label = if road.mono {
        html! { <span class="mono">{ road.label.clone() }</span> }
    } else {
        html! { { road.label.clone() } }
    };
    let parts = html! {
        <>
            <span class="lane-label">{ label }</span>
            if *looped {
                <svg class="loop" viewBox="0 0 300 30" preserveAspectRatio="none" aria-hidden="true">
                    <path d="M6 30V17a11 11 0 0 1 11-11H283a11 11 0 0 1 11 11V30" vector-effect="non-scaling-stroke" />
                </svg>
            }
            if let Some(pod) = &road.pod {
                <PodCar key={car.clone()} pod={pod.clone()} selected={*selected} on_act={on_act.clone()} />
            } else {
                <span class="road-free">{ road.free.clone() }</span>
            }
        </>
    };
    html! {
        <li class={classes!("lane", "road", looped.then_some("road--loop"))} data-lamp={lamp} data-lit={lamp.map(|_| "")} ref={node}>
            if *crowd { <div class="road-box">{ parts }</div> } else { { parts } }
        </li>
    }
}

fn berth(berth: &Berth, over: bool, props: &YardProps) -> Html {
    let class = classes!("berth", over.then_some("berth--over"));
    match berth {
        Berth::Free(text) => html! {
            <li {class}><span class={classes!("berth-slot", over.then_some("berth-slot--over"))}>{ text.clone() }</span></li>
        },
        Berth::Tally(text) | Berth::Gone(text) => html! {
            <li {class}><span class="berth-slot berth-slot--tally" data-lamp="fail">
                <svg class="i" aria-hidden="true"><use href="#i-restart" /></svg><span>{ text.clone() }</span>
            </span></li>
        },
        Berth::Pod(pod) => html! {
            <li {class} key={pod.key.to_string()}>
                <PodCar pod={pod.clone()} berth=true selected={is_selected(props.selected.as_ref(), &pod.name)} on_act={props.on_act.clone()} />
            </li>
        },
    }
}

/// Above so many berths a siding becomes a bar with a count.
const MANY: usize = 24;

fn good(props: &YardProps) -> Html {
    let job = &props.job;
    let n = job.good.len();
    if n > MANY {
        return gauge(job.succeeded, job.tracks.completions.unwrap_or(job.succeeded), "done");
    }
    html! { <ol class={classes!("berths", (n > 5).then_some("berths--many"))}>{ for job.good.iter().map(|b| berth(b, false, props)) }</ol> }
}

fn bad(props: &YardProps) -> Html {
    let job = &props.job;
    if job.bad.len() > MANY {
        return gauge(job.used, if job.tracks.per_index.is_some() { job.used } else { job.tracks.limit }, "fail");
    }
    let mut parts = Vec::new();
    for (i, b) in job.bad.iter().enumerate() {
        if i == job.bar {
            parts.push(html! { <li class="berth-limit" aria-hidden="true"></li> });
        }
        parts.push(berth(b, i >= job.bar, props));
    }
    html! { <ol class={classes!("berths", "berths--failed", (job.bad.len() > 5).then_some("berths--many"))}>{ for parts }</ol> }
}

/// A siding with too many berths to draw: how far it is filled.
fn gauge(taken: i64, of: i64, lamp: &'static str) -> Html {
    let share = (taken as f64 / of.max(1) as f64 * 100.0).min(100.0);
    html! {
        <div class="gauge" data-lamp={lamp} role="img" aria-label={format!("{taken} of {of}")}>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="gauge-fill" width={decimal(share, 2)} height="10" /></svg>
            <span>{ taken }{ "/" }{ of }</span>
        </div>
    }
}

/// The yard of a Job.
#[component]
pub fn Yard(props: &YardProps) -> Html {
    let job = &props.job;
    let tracks = &job.tracks;
    let roads = job.roads.len().max(1);
    let busy = job.roads.iter().find_map(|r| r.pod.as_ref());
    let lead = busy.map(|p| p.look().lamp.name());
    let completions = tracks.completions.map_or_else(|| format!("1 of {}", tracks.parallelism), |n| n.to_string());
    html! {
        <div class={classes!("yard", props.compact.then_some("yard--compact"))} data-job={job.word.clone()} data-roads={roads.to_string()} data-dense={(roads > FULL_ROADS).then_some("")} dir="ltr"
            data-v={format!("roads:{roads};lanes:{}", roads.max(2))}>
            <div class="lead">
                { throat_in(roads, busy.is_some()) }
                <div class="lane lane--lead" data-lit={lead.map(|_| "")} data-lamp={lead}>
                    <span class="lane-label">{ "Dispatch" }</span>
                    { dispatch_signal(&job.signal) }
                </div>
                <div class="lead-text">
                    { signal_says(&job.signal) }
                    if !job.hops.is_empty() {
                        <div class="lead-hops">{ backoff_hops(&job.hops) }<p class="lead-note">{ job.hop_note.clone() }</p></div>
                    }
                </div>
            </div>
            <ol class="roads" aria-label={format!("Active Pods, parallelism {}", tracks.parallelism)}>
                { for job.roads.iter().enumerate().map(|(i, r)| road(i, r, props)) }
                if job.more > 0 { <li class="roads-more">{ figures(["+ ", &job.more.to_string(), " more"].concat().into()) }</li> }
            </ol>
            { throat(job, roads) }
            <div class="sidings">
                <div role="group" class="lane siding" data-lamp="done" data-lit={job.lit_good.then_some("")} aria-label="Succeeded Pods">
                    <span class="lane-label"><b>{ "Succeeded" }</b>{ " " }<span class="lane-n">{ job.succeeded }</span>{ " of " }
                        <span class="mono">{ "completions " }{ completions }</span></span>
                    { good(props) }
                </div>
                <div role="group" class="lane siding" data-lamp="fail" data-lit={job.lit_bad.then_some("")}
                    aria-label={if tracks.restarts { "Restarts" } else { "Failed Pods" }}>
                    <span class="lane-label"><b>{ if tracks.restarts { "Restarts" } else { "Failed" } }</b>{ " " }<span class="lane-n">{ job.used }</span>
                        if let Some(n) = tracks.per_index {
                            { ", " }<span class="mono">{ "backoffLimitPerIndex " }{ n }</span>
                        } else {
                            { " of " }<span class="mono">{ "backoffLimit " }{ tracks.limit }</span>
                        }
                    </span>
                    { bad(props) }
                </div>
            </div>
        </div>
    }
}
