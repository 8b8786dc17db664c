//! The behaviour panel: a row for each attempt, how long it runs and how it ends. It writes the annotations of the manifest.

use std::rc::Rc;

use yew::prelude::*;

use super::glyph::{glyph_of, icon};
use crate::session::act::Act;
use crate::session::behaviour::{Behaviour, Ending, PRESETS, Scope, Step, preset, preset_of};

/// Properties of [`BehaviourPanel`].
#[derive(Properties, PartialEq)]
pub struct BehaviourPanelProps {
    /// What the manifest says; none where no workload is in it.
    pub behaviour: Option<Behaviour>,
    /// STATUS of each attempt that has begun.
    pub statuses: Rc<Vec<AttrValue>>,
    /// What a change does.
    pub on_act: Callback<Act>,
}

fn with(steps: &[Step], i: usize, change: impl FnOnce(&mut Step)) -> Act {
    let mut steps = steps.to_vec();
    if let Some(s) = steps.get_mut(i) {
        change(s);
        // An image that is not found is so for every attempt; anything else at the first one finds it again.
        if s.ending == Ending::NotFound {
            steps = vec![steps[i].clone()];
        }
    }
    Act::Behave(steps)
}

/// A duration as the field shows it: the number of seconds, or the text as it is.
fn seconds(after: &str) -> String {
    after.strip_suffix('s').filter(|n| n.parse::<f64>().is_ok()).unwrap_or(after).to_owned()
}

fn duration(value: &str) -> String {
    let v = value.trim();
    if v.parse::<f64>().is_ok() { [v, "s"].concat() } else { v.to_owned() }
}

/// Which container and which index the rows are about.
fn scope(b: &Behaviour, on_act: &Callback<Act>) -> Html {
    let value = |e: &Event| e.target_dyn_into::<web_sys::HtmlSelectElement>().map(|t| t.value()).unwrap_or_default();
    let container = on_act.reform({
        let scope = b.scope.clone();
        move |e: Event| Act::Scope(Scope { container: value(&e), ..scope.clone() })
    });
    let index = on_act.reform({
        let scope = b.scope.clone();
        move |e: Event| Act::Scope(Scope { index: value(&e).parse().ok(), ..scope.clone() })
    });
    html! {
        <p class="behave-of">
            if b.containers.len() > 1 {
                <label>{ "Container " }<select class="field field--small" onchange={container}>
                    <option value="" selected={b.scope.container.is_empty()}>{ "every one" }</option>
                    { for b.containers.iter().map(|c| html! { <option value={c.clone()} selected={b.scope.container == *c}>{ c.clone() }</option> }) }
                </select></label>
            }
            if b.indexes > 0 {
                <label>{ "Index " }<select class="field field--small" data-do="index" onchange={index}>
                    <option value="" selected={b.scope.index.is_none()}>{ "every one" }</option>
                    { for (0..b.indexes).map(|i| html! { <option value={i.to_string()} selected={b.scope.index == Some(i)}>{ i }</option> }) }
                </select></label>
            }
        </p>
    }
}

fn row(
    i: usize,
    step: &Step,
    steps: &[Step],
    b: &Behaviour,
    status: Option<&AttrValue>,
    on_act: &Callback<Act>,
) -> Html {
    let noun = b.noun;
    let now = status.is_some_and(|s| !matches!(&**s, "Completed" | "Error" | "OOMKilled"));
    let runs = on_act.reform({
        let steps = steps.to_vec();
        move |e: Event| {
            let value = e.target_dyn_into::<web_sys::HtmlInputElement>().map(|t| t.value()).unwrap_or_default();
            with(&steps, i, |s| s.after = duration(&value))
        }
    });
    let ends = on_act.reform({
        let steps = steps.to_vec();
        move |e: Event| {
            let value = e.target_dyn_into::<web_sys::HtmlSelectElement>().map(|t| t.value()).unwrap_or_default();
            let ending = Ending::CHOICES.into_iter().find(|c| c.label() == value).unwrap_or(Ending::Exit(1));
            with(&steps, i, |s| {
                s.ending = ending;
                if s.after.is_empty() {
                    s.after = "4s".into();
                }
            })
        }
    });
    let mut choices: Vec<Ending> = Ending::CHOICES.to_vec();
    if !b.scope.is_all() {
        choices.retain(|c| *c != Ending::NotFound);
    }
    if !choices.contains(&step.ending) {
        choices.push(step.ending);
    }
    let name = format!("{noun} {}", i + 1);
    html! {
        <tr class={now.then_some("is-now")}>
            <td><span class="att">{ glyph_of(status.map_or("", |s| s)) }<span>{ name.clone() }</span></span></td>
            <td>
                if matches!(step.ending, Ending::NotFound) { <span class="said">{ "does not start" }</span> }
                else if matches!(step.ending, Ending::Hang) { <span class="said">{ "for ever" }</span> }
                else {
                    <input class="field field--small" value={seconds(&step.after)} inputmode="decimal" aria-label={format!("{name} runs for, seconds")} onchange={runs} />
                    if seconds(&step.after) != step.after { <span class="unit">{ "s" }</span> }
                }
            </td>
            <td><select class="field field--small" aria-label={format!("{name} ends with")} onchange={ends}>
                { for choices.into_iter().map(|c| html! { <option value={c.label()} selected={c == step.ending}>{ c.label() }</option> }) }
            </select>if now { <span class="sr">{ "now" }</span> }</td>
        </tr>
    }
}

/// The panel.
#[component]
pub fn BehaviourPanel(props: &BehaviourPanelProps) -> Html {
    let Some(b) = &props.behaviour else {
        return html! { <section class="behave" aria-label="Container behaviour"><div class="pane-head"><h2>{ "Container behaviour" }</h2></div>
        <p class="behave-note">{ "The manifest holds no Pod template yet." }</p></section> };
    };
    let steps = b.rows();
    let on_act = &props.on_act;
    let chosen = preset_of(b);
    let onpreset = on_act.reform(|e: Event| {
        let value = e.target_dyn_into::<web_sys::HtmlSelectElement>().map(|t| t.value()).unwrap_or_default();
        Act::Behave(preset(&value))
    });
    let add = on_act.reform({
        let mut steps = steps.clone();
        steps.push(steps.last().cloned().unwrap_or(Step { after: "4s".into(), ending: Ending::Exit(1) }));
        move |_: MouseEvent| Act::Behave(steps.clone())
    });
    let less = on_act.reform({
        let mut steps = steps.clone();
        steps.pop();
        move |_: MouseEvent| Act::Behave(steps.clone())
    });
    let of = if b.scope.container.is_empty() { b.containers.last() } else { Some(&b.scope.container) };
    let several = b.containers.len() > 1 && b.scope.container.is_empty();
    let name = if several { "each container" } else { of.map_or("the container", |c| c) }.to_owned();
    let rest = if b.scope.is_all() { "as the command and image say" } else { "as for every one" };
    let offered = PRESETS.iter().filter(|(_, text)| b.scope.is_all() || *text != "not-found");
    html! {
        <section class="behave" aria-label="Container behaviour">
            <div class="pane-head"><h2>{ "Container behaviour" }</h2>
                <select class="field field--small" aria-label="Behaviour preset" data-do="preset" onchange={onpreset}>
                    <option value="" selected={chosen.is_none()}>{ if steps.is_empty() { "As the image" } else { "Of my own" } }</option>
                    { for offered.map(|(label, _)| html! { <option value={*label} selected={chosen == Some(label)}>{ *label }</option> }) }
                </select>
            </div>
            <p class="behave-note">{ "No image is run here. You decide how " }<code>{ name }</code>
                { if b.restarts { " ends at each start." } else { " ends in each Pod." } }</p>
            if b.containers.len() > 1 || b.indexes > 0 { { scope(b, on_act) } }
            <table class="attempts"><thead><tr><th scope="col">{ "Attempt" }</th><th scope="col">{ "Runs for" }</th><th scope="col">{ "Ends with" }</th></tr></thead>
                <tbody>
                    { for steps.iter().enumerate().map(|(i, s)| row(i, s, &steps, b, props.statuses.get(i), on_act)) }
                    <tr><td><span class="att">{ glyph_of("") }<span>{ if steps.is_empty() { "All " } else { "Later " } }{ b.noun }{ "s" }</span></span></td>
                        <td colspan="2" class="said"><span class="att-rest"><span>
                            if steps.is_empty() { { rest } } else { { "as " }{ b.noun }{ " " }{ steps.len() } }</span>
                            <span class="att-tools">
                                <button type="button" class="btn btn--bare btn--icon btn--small" aria-label="Add an attempt" title="Add an attempt" onclick={add}>{ icon("#i-plus") }</button>
                                if !steps.is_empty() {
                                    <button type="button" class="btn btn--bare btn--icon btn--small" aria-label="Remove the last attempt" title="Remove the last attempt" onclick={less}>{ icon("#i-close") }</button>
                                }
                            </span>
                        </span></td></tr>
                </tbody></table>
        </section>
    }
}
