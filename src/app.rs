//! Starts the page that the document names. Every page of the site is a document of its own, made from the same template.

use yew::prelude::*;

use crate::pages::compare::Compare;
use crate::pages::sandbox::Sandbox;
use crate::platform::frames::Timeout;
use crate::platform::{dom, parts};

/// Draws the app in place of the loading text.
pub fn start() {
    // A worker draws nothing.
    if web_sys::window().is_none() {
        return;
    }
    let Some(root) = dom::document().get_element_by_id("app") else { return };
    // In a task of its own: what came before has taken a phone long enough.
    let draw = move || {
        std::mem::forget(Timeout::new(0, move || {
            root.set_inner_html("");
            yew::Renderer::<App>::with_root(root.clone()).render();
        }));
    };
    // The sandbox is drawn before its simulator is there; the other pages run at once.
    if page() == "compare" { parts::when_all(draw) } else { draw() }
}

/// What `data-page` of the document names.
fn page() -> String {
    dom::root().and_then(|r| r.get_attribute("data-page")).unwrap_or_default()
}

/// The page that the document names.
#[component]
fn App() -> Html {
    match page().as_str() {
        "compare" => html! { <Compare /> },
        _ => html! { <Sandbox /> },
    }
}
