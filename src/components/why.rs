//! The answer to a Why?: what happened, the rule, what comes next.

use wasm_bindgen::JsCast;
use yew::prelude::*;

use super::glyph::icon;
use super::outcome::rich;
use crate::platform::dom;
use crate::session::act::Act;
use crate::session::why::Answer;

/// Properties of [`WhyPopover`].
#[derive(Properties, PartialEq)]
pub struct WhyProps {
    /// The answer.
    pub answer: Answer,
    /// What a click does.
    pub on_act: Callback<Act>,
}

/// Puts the popover beside the button that asked, within the window.
fn beside(pop: &web_sys::Element) {
    let window = dom::window();
    let number =
        |v: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| v.ok().and_then(|v| v.as_f64()).unwrap_or(0.0);
    let (w, h) = (number(window.inner_width()), number(window.inner_height()));
    let (sx, sy) = (window.scroll_x().unwrap_or(0.0), window.scroll_y().unwrap_or(0.0));
    let size = pop.get_bounding_client_rect();
    let asked =
        dom::document().query_selector(".why[aria-expanded=true], .pod[aria-pressed=true], .stage .why").ok().flatten();
    let at = asked.map(|e| e.get_bounding_client_rect());
    let (left, top, bottom) = at.map_or((w / 2.0, 80.0, 100.0), |r| (r.left(), r.top(), r.bottom()));
    let x = (left - 180.0).min(w - size.width() - 12.0).max(12.0) + sx;
    let below = bottom + 8.0 + size.height() < h || top < size.height();
    let y = (if below { bottom + 8.0 } else { top - size.height() - 8.0 }).max(8.0) + sy;
    dom::set_property(pop, "inset-inline-start", &format!("{x}px"));
    dom::set_property(pop, "inset-block-start", &format!("{y}px"));
}

/// The popover. The focus goes to Close, Esc gives it back.
#[component]
pub fn WhyPopover(props: &WhyProps) -> Html {
    let node = use_node_ref();
    let close_ref = use_node_ref();
    {
        let (node, close_ref) = (node.clone(), close_ref.clone());
        use_effect_with(props.answer.question.clone(), move |_| {
            let before = dom::document().active_element().and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(pop) = node.cast::<web_sys::Element>() {
                beside(&pop);
            }
            if let Some(close) = close_ref.cast::<web_sys::HtmlElement>() {
                let _ = close.focus();
            }
            move || {
                // Unless something else has taken the focus meanwhile: the editor, when the answer led to a line.
                let lost = dom::document().active_element().is_none_or(|e| e.tag_name() == "BODY");
                if let Some(e) = before.filter(|_| lost) {
                    let _ = e.focus();
                }
            }
        });
    }
    let a = &props.answer;
    let close = props.on_act.reform(|_: MouseEvent| Act::Unwhy);
    let row = |label: &'static str, text: &AttrValue| html! { <div><dt>{ label }</dt><dd>{ rich(text) }</dd></div> };
    let go = |line: usize| props.on_act.reform(move |_: MouseEvent| Act::GoTo(line));
    let (address, title) = a.docs.clone();
    html! {
        <div class="pop" role="dialog" aria-labelledby="why-q" ref={node}>
            <h2 id="why-q">{ a.question.clone() }</h2>
            <button type="button" class="btn btn--bare btn--icon close" aria-label="Close" ref={close_ref} onclick={close}>{ icon("#i-close") }</button>
            <dl>{ row("What happened", &a.happened) }{ row("The rule", &a.rule) }{ row("Next", &a.next) }</dl>
            <div class="pop-foot">
                if let Some((line, text)) = &a.line {
                    <button type="button" class="link" onclick={go(*line)}>{ "Line " }{ line + 1 }{ ", " }<code>{ text.clone() }</code></button>
                }
                <a href={address} target="_blank" rel="noopener">{ "Kubernetes docs: " }{ title }{ " " }{ icon("#i-out") }</a>
            </div>
        </div>
    }
}
