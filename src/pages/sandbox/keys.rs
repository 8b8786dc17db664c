//! Keys of the page. Single keys act only while the focus is inside the yard or the timeline.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

use crate::platform::dom;
use crate::platform::storage;
use crate::session::act::{Act, Dialog, Question};

/// The act that a key means where it was pressed.
pub fn act_of(event: &Event) -> Option<Act> {
    let e = event.dyn_ref::<KeyboardEvent>()?;
    let key = e.key();
    if e.ctrl_key() || e.meta_key() {
        return match key.as_str() {
            "Enter" => Some(Act::Apply),
            "s" | "S" => Some(Act::Dialog(Dialog::Share)),
            _ => None,
        };
    }
    let at = dom::target(event)?;
    if key == "Escape" && !at.matches("dialog *").unwrap_or(false) {
        return dom::document().query_selector(".pop").ok().flatten().map(|_| Act::Unwhy);
    }
    let typing = at.matches("textarea, select, input:not([type=range])").unwrap_or(false);
    let inside = at.closest(".stage, .time").ok().flatten().is_some();
    if typing || !inside || e.alt_key() || storage::get("keys").as_deref() == Some("off") {
        return None;
    }
    let slider = at.matches("[type=range]").unwrap_or(false);
    let button = at.matches("button, a, summary, select").unwrap_or(false);
    Some(match key.as_str() {
        " " if !button => Act::Play,
        "," => Act::Step(false),
        "." => Act::Step(true),
        "[" => Act::Failure(false),
        "]" => Act::Failure(true),
        "Home" => Act::Start,
        "End" => Act::End,
        "-" | "_" => Act::Faster(false),
        "+" | "=" => Act::Faster(true),
        "?" => Act::Dialog(Dialog::Keys),
        d if d.len() == 1 && d.as_bytes()[0].is_ascii_digit() => Act::Tenth(d.as_bytes()[0] - b'0'),
        "ArrowDown" | "ArrowUp" if !slider && at.closest(".stage").ok().flatten().is_some() => {
            rove(&at, key == "ArrowDown");
            return None;
        }
        "Delete" => Act::Do(["delete pod ", &pod(&at)?, " --wait=false"].concat()),
        "w" | "W" => match pod(&at) {
            Some(name) => Act::Why(Question::Pod(name.into())),
            None => Act::Why(Question::Job("".into())),
        },
        _ => return None,
    })
}

fn pod(at: &Element) -> Option<String> {
    at.closest("[data-pod]").ok().flatten()?.get_attribute("data-pod")
}

/// Moves the focus to the next or previous Pod of the stage.
fn rove(at: &Element, forward: bool) {
    let Ok(list) = dom::document().query_selector_all(".stage .pod[data-pod]") else { return };
    let pods: Vec<HtmlElement> = (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect();
    let here = pods.iter().position(|p| p.is_same_node(Some(at)));
    let to = match (here, forward) {
        (Some(i), true) => (i + 1).min(pods.len().saturating_sub(1)),
        (Some(i), false) => i.saturating_sub(1),
        (None, _) => 0,
    };
    if let Some(p) = pods.get(to) {
        let _ = p.focus();
    }
}
