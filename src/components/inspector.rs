//! The inspector: what kubectl says about the selected object, at the moment that is shown.

use std::rc::Rc;

use yew::prelude::*;

use super::glyph::glyph_of;
use super::terminal::paint;
use crate::session::act::{Act, Tab, Target};

/// Properties of [`Inspector`].
#[derive(Properties, PartialEq)]
pub struct InspectorProps {
    /// The object; none before anything exists.
    pub target: Option<Target>,
    /// Its STATUS.
    pub word: AttrValue,
    /// The tab.
    pub tab: Tab,
    /// What kubectl prints for that tab.
    pub text: AttrValue,
    /// What it printed a step ago, where changed lines are to be marked.
    #[prop_or_default]
    pub before: AttrValue,
    /// Things that can be done to the object: label and act.
    #[prop_or_default]
    pub actions: Rc<Vec<(AttrValue, Act)>>,
    /// What a click does.
    pub on_act: Callback<Act>,
}

/// Lines that decide the present state, and lines that are new.
fn marked(text: &str, before: &str, tab: Tab) -> Html {
    let old: Vec<&str> = before.lines().collect();
    let weighs = |l: &str| {
        tab == Tab::Describe
            && ["Pods Statuses:", "Backoff Limit:", "  Exit Code:", "    Reason:", "Status:", "Controlled By:"]
                .iter()
                .any(|k| l.trim_start().starts_with(k.trim_start()))
    };
    text.split_inclusive('\n')
        .map(|l| {
            let bare = l.trim_end_matches('\n');
            let new = tab == Tab::Yaml && !old.is_empty() && !old.contains(&bare);
            if weighs(bare) || new {
                html! { <><mark>{ bare.to_owned() }</mark>{ "\n" }</> }
            } else {
                paint(l)
            }
        })
        .collect()
}

/// The row of a table whose columns begin at `at`.
fn cells<'a>(line: &'a str, at: &[usize; 6]) -> Option<[&'a str; 5]> {
    let mut out = [""; 5];
    for (i, cell) in out.iter_mut().enumerate() {
        *cell = line.get(at[i]..at[i + 1].min(line.len()))?.trim_end();
    }
    Some(out)
}

/// The rows of the table that kubectl prints for events, the newest first: when, type, reason, object, message.
fn event_rows(text: &str) -> Option<Vec<[&str; 5]>> {
    let mut lines = text.lines();
    let head = lines.next()?;
    let mut at = [usize::MAX; 6];
    for (i, name) in ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].into_iter().enumerate() {
        at[i] = head.find(name)?;
    }
    let mut rows = lines.map(|l| cells(l, &at)).collect::<Option<Vec<_>>>()?;
    rows.reverse();
    Some(rows)
}

/// Events, each with its message in full.
fn events(text: &str) -> Option<Html> {
    let rows = event_rows(text)?;
    Some(html! {
        <ul class="events">{ for rows.into_iter().map(|[age, kind, reason, object, message]| html! {
            <li data-type={kind.to_owned()}>
                <span class="ev-age">{ age.to_owned() }</span>
                <span class="ev-head"><span class="ev-type">{ kind.to_owned() }</span>{ " " }<b>{ reason.to_owned() }</b>{ " " }<span class="ev-obj">{ object.to_owned() }</span></span>
                <span class="ev-msg">{ message.to_owned() }</span>
            </li>
        }) }</ul>
    })
}

/// The inspector.
#[component]
pub fn Inspector(props: &InspectorProps) -> Html {
    let on_act = &props.on_act;
    let tab = |t: Tab| {
        let on = t == props.tab;
        let onclick = on_act.reform(move |_: MouseEvent| Act::Tab(t));
        html! {
            <button type="button" role="tab" id={["tab-", t.label()].concat()} aria-selected={if on { "true" } else { "false" }} aria-controls="insp"
                tabindex={if on { "0" } else { "-1" }} {onclick}>{ t.label() }</button>
        }
    };
    let onkeydown = {
        let (on_act, now) = (on_act.clone(), props.tab);
        Callback::from(move |e: KeyboardEvent| {
            let all = Tab::ALL;
            let at = all.iter().position(|t| *t == now).unwrap_or(0);
            let to = match e.key().as_str() {
                "ArrowRight" => all[(at + 1) % all.len()],
                "ArrowLeft" => all[(at + all.len() - 1) % all.len()],
                _ => return,
            };
            e.prevent_default();
            e.stop_propagation();
            on_act.emit(Act::Tab(to));
            crate::platform::dom::focus(&["#tab-", to.label()].concat());
        })
    };
    let Some(target) = &props.target else {
        return html! {
            <section class="pane inspector" aria-label="Inspector"><div class="pane-head"><h2>{ "Inspect" }</h2></div>
                <div class="sheet-body"><div class="blank"><b>{ "Nothing to inspect yet" }</b><span>{ "Objects appear here once a manifest is applied." }</span></div></div></section>
        };
    };
    let act = |(label, a): &(AttrValue, Act)| {
        let a = a.clone();
        let onclick = on_act.reform(move |_: MouseEvent| a.clone());
        html! { <button type="button" class="btn btn--small" {onclick}>{ label.clone() }</button> }
    };
    let listed = if props.tab == Tab::Events { events(&props.text) } else { None };
    let body = listed.unwrap_or_else(|| html! { <pre>{ marked(&props.text, &props.before, props.tab) }</pre> });
    html! {
        <section class="pane inspector" aria-label="Inspector">
            <div class="pane-head"><span class="who">{ glyph_of(&props.word) }<span class="mono">{ target.resource }{ "/" }{ target.name.clone() }</span></span>
                <div class="tabs" role="tablist" aria-label="Inspector" {onkeydown}>{ for Tab::ALL.into_iter().map(tab) }</div></div>
            if !props.actions.is_empty() { <div class="acts" role="group" aria-label="Actions">{ for props.actions.iter().map(act) }</div> }
            <div class="sheet-room">
                <div class="sheet-body" role="tabpanel" id="insp" aria-labelledby={["tab-", props.tab.label()].concat()} tabindex="0">
                    { body }
                </div>
            </div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_from_the_table_that_kubectl_prints() {
        let text = "LAST SEEN            TYPE      REASON    OBJECT      MESSAGE\n\
                    26s (x2 over 38s)    Warning   Failed    Pod/a-4c7   Error: ErrImagePull  twice\n\
                    9s                   Normal    BackOff   Pod/a-4c7   \n";
        assert_eq!(
            event_rows(text).expect("a table"),
            [
                ["9s", "Normal", "BackOff", "Pod/a-4c7", ""],
                ["26s (x2 over 38s)", "Warning", "Failed", "Pod/a-4c7", "Error: ErrImagePull  twice"]
            ]
        );
        assert_eq!(event_rows("No events found in default namespace.\n"), None);
        assert_eq!(event_rows(""), None);
    }
}
