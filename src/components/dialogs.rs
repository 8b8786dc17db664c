//! Dialogs that explain: statuses, keyboard, menu, settings.

use std::rc::Rc;

use yew::prelude::*;

use super::clockwork::{Now, memo};
use super::glyph::icon;
use super::pod::PodCar;
use super::top::links;
use crate::session::act::{Act, Dialog};
use crate::session::status::LEGEND;
use crate::session::view::{Fact, PodView, Wait};

/// Properties of [`Sheet`].
#[derive(Properties, PartialEq)]
pub struct SheetProps {
    /// Which dialog.
    pub id: &'static str,
    /// Its heading.
    pub heading: AttrValue,
    /// Whether it is wide.
    #[prop_or_default]
    pub wide: bool,
    /// Its content.
    pub children: Html,
}

/// A modal dialog, closed by its button, by Esc, and by a click beside it.
#[component]
pub fn Sheet(props: &SheetProps) -> Html {
    let node = use_node_ref();
    let close = {
        let node = node.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(d) = node.cast::<web_sys::HtmlDialogElement>() {
                d.close();
            }
        })
    };
    let beside = {
        let node = node.clone();
        Callback::from(move |e: MouseEvent| {
            if let (Some(d), Some(t)) =
                (node.cast::<web_sys::HtmlDialogElement>(), e.target_dyn_into::<web_sys::Node>())
                && d.is_same_node(Some(&t))
            {
                d.close();
            }
        })
    };
    let heading = [props.id, "-h"].concat();
    html! {
        <dialog class={classes!("sheet", props.wide.then_some("sheet--wide"))} id={props.id} ref={node} aria-labelledby={heading.clone()} onclick={beside}>
            <div class="sheet-head"><h2 id={heading}>{ props.heading.clone() }</h2>
                <button type="button" class="btn btn--bare btn--icon" aria-label="Close" onclick={close}>{ icon("#i-close") }</button></div>
            { props.children.clone() }
        </dialog>
    }
}

/// All statuses, with one sentence each.
pub fn legend_dialog() -> Html {
    memo("", legend)
}

fn legend() -> Html {
    let ids =
        ["4c7xq", "kz8wd", "t5v9j", "h6m2x", "w2l6p", "9rb4t", "g6xkq", "n7d2v", "zc8ht", "b5kvm", "p4w9x", "x8c5r"];
    let pods = LEGEND.iter().zip(ids).map(|((word, says), id)| {
        let wait = Wait { from: 0, to: 20_000 };
        let fact = match *word {
            "CrashLoopBackOff" => Fact::Wait("restart 4 in".into(), wait),
            "ImagePullBackOff" => Fact::Wait("next try in".into(), wait),
            "Terminating" => Fact::Grace("grace 30s".into()),
            _ => Fact::Age,
        };
        let pod = PodView {
            key: id.into(),
            namespace: "default".into(),
            name: ["db-migration-", id].concat().into(),
            id: id.into(),
            word: (*word).into(),
            ready: if *word == "Running" { "1/1" } else { "0/1" }.into(),
            restarts: 0,
            age: "12s".into(),
            node: "node-1".into(),
            exit: None,
            fact,
            index: None,
            since: 0,
            over: false,
            succeeded: false,
        };
        html! { <li><PodCar pod={Rc::new(pod)} /><p>{ *says }</p></li> }
    });
    html! { <Sheet id="legend" heading="Pod statuses, as kubectl prints them" wide=true><div class="sheet-in"><ContextProvider<Now> context={Now(6_000)}><ul class="legend">{ for pods }</ul></ContextProvider<Now>></div></Sheet> }
}

fn keys(heading: &'static str, rows: &[(&'static str, &[&'static str])]) -> Html {
    html! {
        <><h3>{ heading }</h3>
        { for rows.iter().map(|(what, keys)| html! { <p><span>{ *what }</span>{ for keys.iter().map(|k| html! { <kbd class="key">{ *k }</kbd> }) }</p> }) }</>
    }
}

/// The keys, and the switch for those that are single.
pub fn keys_dialog(on: bool, on_act: &Callback<Act>) -> Html {
    let on_act = on_act.clone();
    memo(if on { "on" } else { "off" }, move || {
        let toggle = on_act.reform(move |_: Event| Act::SingleKeys(!on));
        html! {
            <Sheet id="keys" heading="Keyboard"><div class="sheet-in"><div class="keys">
                <div>{ keys("Time", &[("Play or pause", &["Space"]), ("Next event", &["."]), ("Previous event", &[","]), ("Next failure or end", &["]"]), ("Previous failure", &["["]),
                    ("Start, end", &["Home", "End"]), ("A tenth of the run", &["0", "9"]), ("Slower, faster", &["−", "+"])]) }</div>
                <div>{ keys("Yard", &[("Next, previous Pod", &["↓", "↑"]), ("Inspect Pod", &["Enter"]), ("Delete Pod", &["Del"]), ("Why?", &["W"])]) }
                    { keys("Manifest", &[("Apply", &["Ctrl", "Enter"]), ("Share", &["Ctrl", "S"]), ("Complete", &["Ctrl", "Space"]), ("Explain the field", &["F1"]), ("Leave the editor", &["Esc", "Tab"])])}
                    { keys("Terminal", &[("Complete", &["Tab"]), ("Search the history", &["Ctrl", "R"]), ("Stop", &["Ctrl", "C"]), ("Leave the line", &["Esc", "Tab"]), ("This list", &["?"])]) }</div></div>
                <label class="check"><input type="checkbox" checked={on} onchange={toggle} />{ "Single-key shortcuts (only while the yard or timeline has focus)" }</label>
            </div></Sheet>
        }
    })
}

/// The menu of a phone.
pub fn menu_dialog(here: &'static str, on_act: &Callback<Act>) -> Html {
    let on_act = on_act.clone();
    memo("", move || {
        let open = |d: Dialog| on_act.reform(move |_: MouseEvent| Act::Dialog(d));
        html! {
            <Sheet id="menu" heading="Menu"><nav class="sheet-in menu" aria-label="Menu">{ links(here) }
                if here.is_empty() { <button type="button" onclick={open(Dialog::Share)}>{ "Share" }</button> }
                <button type="button" onclick={open(Dialog::Settings)}>{ "Settings" }</button>
                <button type="button" onclick={open(Dialog::Keys)}>{ "Keyboard" }</button></nav></Sheet>
        }
    })
}
