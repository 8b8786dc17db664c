//! The Job in numbers: completion ring, kubectl's columns, the tally, the retry meter and the conditions.

use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::{arc, figures};
use crate::session::act::{Act, Question, Target};
use crate::session::status::look;
use crate::session::text::cells;
use crate::session::view::JobView;

/// Properties of [`JobCard`].
#[derive(Properties, PartialEq)]
pub struct JobCardProps {
    /// The Job.
    pub job: Rc<JobView>,
    /// The selected object.
    #[prop_or_default]
    pub selected: bool,
    /// What a click does; without it nothing can be asked.
    #[prop_or_default]
    pub on_act: Option<Callback<Act>>,
    /// Whether the answer to its Why? is open.
    #[prop_or_default]
    pub asked: bool,
}

fn yes(b: bool) -> &'static str {
    if b { "true" } else { "false" }
}

/// One segment for each completion, 24 at most, then a continuous ring.
fn ring(job: &JobView) -> Html {
    let want = job.tracks.completions.unwrap_or(job.tracks.parallelism).max(1);
    let done = job.succeeded.clamp(0, want);
    let parts = want > 1 && want <= 24;
    let length = (want * 10).to_string();
    let dash = match (done, parts) {
        (0, _) => format!("0 {length}"),
        (_, true) => ["9 1 ".repeat(done as usize), "0 ".into(), length.clone()].concat(),
        _ => format!("{} {length}", done * 10),
    };
    // What turns is a picture of its own between two others: turned whole, it costs no layout and no paint.
    let picture = |class: &'static str, of: Html| html! { <svg class={classes!("ring", class)} viewBox="0 0 72 72" aria-hidden="true">{ of }</svg> };
    let bed = html! { <circle class="ring-bed" cx="36" cy="36" r="31" pathLength={parts.then(|| length.clone())} stroke-dasharray={parts.then_some("9 1")} transform="rotate(-90 36 36)" /> };
    html! {
        <div class="rings">{ picture("ring--under", bed) }
        if job.active > 0 { { picture("ring--live", html! { <circle cx="36" cy="36" r="31" pathLength="100" /> }) } }
        <svg class="ring ring--top" viewBox="0 0 72 72" role="img" aria-label={format!("{} completions", job.completions)}>
            <circle class={classes!("ring-arc", (want > 24).then_some("ring-arc--many"))} cx="36" cy="36" r="31" pathLength={length} stroke-dasharray={dash} />
            if let Some((wait, _)) = job.deadline.as_ref().or(job.ttl.as_ref()) {
                { arc("ring-timer", wait, 36.0, 26.0) }
            }
            if &*job.word == "Failed" {
                <path class="ring-x" d="M27 27l18 18M45 27 27 45" />
            } else if want > 999 {
                // Too wide for the ring in one line.
                <text x="36" y="29" data-long="">{ job.succeeded }</text>
                <text x="36" y="44" data-long="">{ "/" }{ want }</text>
            } else {
                <text x="36" y="36.5" data-long={(want > 99).then_some("")}>{ format!("{}/{want}", job.succeeded) }</text>
            }
        </svg></div>
    }
}

/// One cell for each retry, a bar, and the dashed cell whose filling ends the Job.
fn retry_meter(job: &JobView) -> Html {
    let (limit, restarts) = (job.tracks.limit, job.tracks.restarts);
    let before = cells(limit, restarts);
    let drawn = before.min(12);
    let word = if restarts { "restarts" } else { "failed" };
    let used = job.used.max(0) as usize;
    let filled = if before > drawn { used * drawn / before.max(1) } else { used };
    html! {
        <>
            <div class="meter" role="img" aria-label={format!("{word} {used} of backoffLimit {limit}")}>
                <div class="meter-track" aria-hidden="true">
                    { for (0..drawn).map(|i| html! { <span class={classes!("meter-cell", (i < filled).then_some("is-used"))}></span> }) }
                    <span class="meter-stop"></span>
                    <span class={classes!("meter-cell", "meter-cell--over", (used > before).then_some("is-used"))}></span>
                </div>
            </div>
            <p class="meter-text"><span>{ word }{ " " }<b>{ used }</b>{ " of " }<span class="mono">{ "backoffLimit " }{ limit }</span></span></p>
        </>
    }
}

fn condition(job: &JobView, first: &'static str, second: &'static str, lamp: &'static str) -> Html {
    let has = |c: &str| job.conditions.iter().any(|x| x == c);
    let (one, two) = (has(first), has(second));
    let dot = |on: bool| html! { <span class={classes!("cond-dot", on.then_some("is-on"))}></span> };
    let said = match (one, two) {
        (_, true) => "true",
        (true, false) => "first condition true",
        _ => "not set",
    };
    html! {
        <li data-lamp={lamp} class="cond">
            { dot(one || two) }<span class="mono">{ first }</span>
            <svg class="cond-arrow" viewBox="0 0 16 8" aria-hidden="true"><path d="M0 4h13M10.5 1.5 13 4l-2.5 2.5" /></svg>
            { dot(two) }<span class="mono">{ second }</span><span class="sr">{ " " }{ said }</span>
        </li>
    }
}

/// The head of a card: kind, name that selects, Why?
pub fn card_head(
    kind: &'static str,
    target: Target,
    selected: bool,
    question: Question,
    asked: bool,
    on_act: Option<&Callback<Act>>,
) -> Html {
    let name = target.name.clone();
    let Some(on_act) = on_act else {
        return html! { <header class="jobcard-head"><span class="kind">{ kind }</span><h3 class="mono">{ name }</h3></header> };
    };
    let select = on_act.reform(move |_: MouseEvent| Act::Select(Some(target.clone())));
    let why = on_act.reform(move |_: MouseEvent| Act::Why(question.clone()));
    html! {
        <header class="jobcard-head"><span class="kind">{ kind }</span>
            <h3 class="mono"><button type="button" class="name-btn" aria-pressed={yes(selected)} onclick={select}>{ name }</button></h3>
            <button type="button" class="why" aria-haspopup="dialog" aria-expanded={yes(asked)} onclick={why}>{ "Why?" }</button>
        </header>
    }
}

/// The card.
#[component]
pub fn JobCard(props: &JobCardProps) -> Html {
    let job = &props.job;
    let lamp = look(&job.word).lamp.name();
    let target = Target::of("Job", &job.key, &job.name);
    let dash = |s: &AttrValue| {
        if job.applied {
            figures(s.clone())
        } else {
            html! { { "–" } }
        }
    };
    let count = |n: i64, word: &'static str, lamp: &'static str| html! { <span data-lamp={lamp}><b>{ figures(n.to_string().into()) }</b>{ " " }{ word }</span> };
    html! {
        <div role="group" class="jobcard" data-lamp={lamp} data-job={job.word.clone()} aria-label={format!("Job {}", job.name)}>
            { card_head("Job", target, props.selected, Question::Job(job.key.clone()), props.asked, props.on_act.as_ref()) }
            <div class="jobcard-top">{ ring(job) }
                <dl class="facts">
                    <div><dt>{ "STATUS" }</dt><dd class="mono" data-lamp={lamp}>{ if job.word.is_empty() { AttrValue::from("not created") } else { job.word.clone() } }</dd></div>
                    <div><dt>{ "COMPLETIONS" }</dt><dd class="mono">{ dash(&job.completions) }</dd></div>
                    <div><dt>{ "DURATION" }</dt><dd class="mono">{ dash(&job.duration) }</dd></div>
                </dl>
            </div>
            if let Some((_, text)) = job.deadline.as_ref().or(job.ttl.as_ref()) { <p class="card-timer">{ text.clone() }</p> }
            <p class="tally mono">
                { count(job.active, "Active", "work") }{ count(job.succeeded, "Succeeded", "done") }{ count(job.failed, "Failed", "fail") }
            </p>
            <div class="jobcard-meter">
                if let Some(n) = job.tracks.per_index {
                    <p class="meter-text"><span>{ "failed " }<b>{ job.failed }</b>{ ", " }<span class="mono">{ "backoffLimitPerIndex " }{ n }</span></span></p>
                } else {
                    { retry_meter(job) }
                }
            </div>
            <ul class="conds" aria-label="Conditions">
                { condition(job, "SuccessCriteriaMet", "Complete", "done") }
                { condition(job, "FailureTarget", "Failed", "fail") }
            </ul>
        </div>
    }
}
