//! Cards of the workloads that are not Jobs: the dial of a CronJob, the circle track of what keeps Pods running.

use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::live;
use super::glyph::glyph_of;
use super::jobcard::card_head;
use super::pod::PodCar;
use crate::session::act::{Act, Question, Target};
use crate::session::text::human;
use crate::session::view::{CronView, Face, ReplicasView};

/// Properties of [`ReplicasCard`].
#[derive(Properties, PartialEq)]
pub struct ReplicasCardProps {
    /// The workload.
    pub replicas: Rc<ReplicasView>,
    /// Whether it is selected.
    #[prop_or_default]
    pub selected: bool,
    /// The selected object.
    #[prop_or_default]
    pub pod: Option<Target>,
    /// What a click does.
    #[prop_or_default]
    pub on_act: Option<Callback<Act>>,
}

/// A Deployment and its like: an endless ring, restarts with no limit, and a track that leads back to its start.
#[component]
pub fn ReplicasCard(props: &ReplicasCardProps) -> Html {
    let r = &props.replicas;
    let target = Target::of(r.kind, &r.key, &r.name);
    let count = [r.ready.to_string(), "/".into(), r.wanted.to_string()].concat();
    let chosen = |name: &str| props.pod.as_ref().is_some_and(|t| t.resource == "pod" && t.name == name);
    let car = |p: &Rc<crate::session::view::PodView>| html! { <PodCar key={p.key.to_string()} pod={p.clone()} selected={chosen(&p.name)} on_act={props.on_act.clone()} /> };
    html! {
        <div class="stage-body">
            <div role="group" class="jobcard jobcard--deploy" aria-label={format!("{} {}", r.kind, r.name)}>
                { card_head(r.kind, target, props.selected, Question::Other(r.key.clone()), false, props.on_act.as_ref()) }
                <div class="jobcard-top">
                    <svg class="ring" viewBox="0 0 72 72" role="img" aria-label={format!("{} of {} Pods ready", r.ready, r.wanted)}>
                        <circle class="ring-bed ring-bed--endless" cx="36" cy="36" r="31" /><text x="36" y="36.5">{ count }</text></svg>
                    <dl class="facts">{ for r.facts.iter().map(|(k, v)| html! { <div><dt>{ *k }</dt><dd class="mono">{ v.clone() }</dd></div> }) }</dl>
                </div>
                <p class="tally mono"><span><b>{ r.restarts }</b>{ " container restarts, no limit" }</span></p>
            </div>
            <div class="stage-yard">
                <div class="yard yard--circle" data-many={(r.pods.len() > 1).then_some("")} dir="ltr">
                    <svg class="oval" viewBox="0 0 560 176" preserveAspectRatio="none" aria-hidden="true"><rect x="12" y="34" width="536" height="112" rx="56" vector-effect="non-scaling-stroke" /></svg>
                    <p class="oval-note oval-note--top">{ "A " }{ r.kind }{ " has no siding. Every exit, even " }<span class="mono">{ "exit 0" }</span>{ ", returns to the start." }</p>
                    <div class="oval-pods" role="group" aria-label="Pods">{ for r.pods.iter().take(24).map(car) }
                        if r.pods.len() > 24 { <span class="roads-more">{ "+ " }{ r.pods.len() - 24 }{ " more" }</span> }</div>
                    if r.pods.len() == 1 { <p class="oval-note oval-note--in">{ "Restarted " }<span class="lane-n">{ r.restarts }</span>{ if r.restarts == 1 { " time, with no limit" } else { " times, with no limit" } }</p> }
                </div>
            </div>
        </div>
    }
}

/// Properties of [`CronCard`].
#[derive(Properties, PartialEq)]
pub struct CronCardProps {
    /// The CronJob.
    pub cron: Rc<CronView>,
    /// Whether it is selected.
    #[prop_or_default]
    pub selected: bool,
    /// What a click does.
    #[prop_or_default]
    pub on_act: Option<Callback<Act>>,
}

fn point(part: f64, r: f64) -> (f64, f64) {
    let a = (part - 0.25) * std::f64::consts::TAU;
    let tenth = |x: f64| (x * 10.0).round() / 10.0;
    (tenth(60.0 + r * a.cos()), tenth(60.0 + r * a.sin()))
}

/// The dial: due points on the rim, the hand is now, the thick rim is the wait for the next run.
fn dial(c: &CronView, now: i64) -> Html {
    let turn: i64 = if c.face == Face::Hour { 3_600_000 } else { 86_400_000 };
    let at = (now + c.offset).rem_euclid(turn) as f64 / turn as f64;
    let next = c.wait.as_ref().map(|w| (w.to + c.offset).rem_euclid(turn) as f64 / turn as f64);
    let span = next.map_or(0.0, |n| (n - at).rem_euclid(1.0) * 100.0);
    let (hx, hy) = point(at, 42.0);
    let ticks = (0..12).map(|i| {
        let ((x1, y1), (x2, y2)) = (point(f64::from(i) / 12.0, 50.0), point(f64::from(i) / 12.0, 47.0));
        html! { <path class="dial-tick" d={format!("M{x1} {y1}L{x2} {y2}")} /> }
    });
    let many = c.due.len() > 24;
    let due = c.due.iter().map(|d| {
        let (x, y) = point(*d, 50.0);
        let is_next = next.is_some_and(|n| (n - d).abs() < 0.001);
        html! { <circle class={classes!("dial-due", is_next.then_some("is-next"))} cx={x.to_string()} cy={y.to_string()} r={if is_next { "6" } else if many { "1.75" } else { "4.5" }} data-many={many.then_some("")} /> }
    });
    let wait =
        c.wait.as_ref().map_or_else(|| "no run is due".to_owned(), |w| format!("next run in {}", human(w.to - now)));
    html! {
        <svg class="dial" viewBox="0 0 120 120" role="img" aria-label={format!("Schedule {}: {wait}", c.schedule)}>
            <circle class="dial-bed" cx="60" cy="60" r="50" />{ for ticks }
            <circle class="dial-left" cx="60" cy="60" r="50" pathLength="100" stroke-dasharray={format!("{span:.1} 100")} transform={format!("rotate({:.1} 60 60)", at * 360.0 - 90.0)} />
            { for due }<path class="dial-hand" d={format!("M60 60L{hx} {hy}")} /><circle class="dial-hub" cx="60" cy="60" r="3" />
        </svg>
    }
}

fn siding(
    label: &'static str,
    lamp: &'static str,
    glyph: &'static str,
    runs: &[(AttrValue, AttrValue)],
    keep: i64,
    field: &'static str,
) -> Html {
    let free = (keep.max(0) as usize).saturating_sub(runs.len());
    html! {
        <div role="group" class="lane siding" data-lamp={lamp} aria-label={label}>
            <span class="lane-label"><b>{ label }</b>{ " " }<span class="lane-n">{ runs.len() }</span>{ " of " }<span class="mono">{ field }{ " " }{ keep }</span></span>
            <ol class="berths">
                { for runs.iter().map(|(name, age)| html! { <li class="run" data-lamp={lamp}>{ glyph_of(glyph) }<span><span class="mono">{ name.clone() }</span>{ age.clone() }</span></li> }) }
                { for (0..free.min(12)).map(|_| html! { <li class="berth"><span class="berth-slot"></span></li> }) }
            </ol>
        </div>
    }
}

/// The CronJob: dial, timetable, and the sidings in which its finished Jobs are kept.
#[component]
pub fn CronCard(props: &CronCardProps) -> Html {
    let c = &props.cron;
    let target = Target::of("CronJob", &c.key, &c.name);
    let yes = |b: bool| if b { "True" } else { "False" };
    html! {
        <div role="group" class="cron" aria-label={format!("CronJob {}", c.name)}>
            <div class="cron-head">{ card_head("CronJob", target, props.selected, Question::Other(c.key.clone()), false, props.on_act.as_ref()) }</div>
            <div class="croncard">
                if c.face != Face::None { { live({ let c = c.clone(); move |now| dial(&c, now) }) } }
                <div class="cron-text">
                    <dl class="facts facts--row">
                        <div><dt>{ "SCHEDULE" }</dt><dd class="mono">{ c.schedule.clone() }</dd></div>
                        <div><dt>{ "TIMEZONE" }</dt><dd class="mono">{ c.zone.clone() }</dd></div>
                        <div><dt>{ "SUSPEND" }</dt><dd class="mono">{ yes(c.suspended) }</dd></div>
                        <div><dt>{ "ACTIVE" }</dt><dd class="mono">{ c.active.len() }</dd></div>
                        <div><dt>{ "LAST SCHEDULE" }</dt><dd class="mono">{ c.last.clone() }</dd></div>
                        if !c.policy.is_empty() { <div><dt>{ "concurrencyPolicy" }</dt><dd class="mono">{ c.policy.clone() }</dd></div> }
                    </dl>
                    if !c.next.is_empty() {
                        <ol class="timetable" aria-label={format!("Next runs, {}", c.zone)}>
                            { for c.next.iter().map(|(at, wait)| html! { <li><b>{ at.clone() }</b><span class="muted">{ wait.clone() }</span></li> }) }
                        </ol>
                    }
                </div>
            </div>
            if !c.policy.is_empty() {
                <div class="runs">
                    { siding("Succeeded", "done", "Completed", &c.good, c.keep_good, "successfulJobsHistoryLimit") }
                    { siding("Failed", "fail", "Error", &c.bad, c.keep_bad, "failedJobsHistoryLimit") }
                </div>
            }
        </div>
    }
}
