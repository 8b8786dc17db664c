//! The strip under the yard: first run, done, failed, will not end, not applied. One line, one colour, no confetti.

use yew::prelude::*;

use super::glyph::glyph_of;
use crate::session::act::Act;
use crate::session::says::Says;

/// A text in which what stands between backticks is in mono.
pub fn rich(text: &str) -> Html {
    text.split('`')
        .enumerate()
        .map(|(i, part)| {
            if i % 2 == 1 {
                html! { <code>{ part.to_owned() }</code> }
            } else {
                html! { { part.to_owned() } }
            }
        })
        .collect()
}

/// The strip.
pub fn outcome(says: &Says, on_act: &Callback<Act>) -> Html {
    let first = says.lamp.is_empty();
    let act = |a: &Act| {
        let a = a.clone();
        on_act.reform(move |_: MouseEvent| a.clone())
    };
    html! {
        <div class={classes!("outcome", first.then_some("outcome--first"))} data-lamp={(!first).then_some(says.lamp)} role="status">
            if !says.glyph.is_empty() { { glyph_of(says.glyph) } }
            <p class="outcome-text"><b>{ says.title.clone() }</b>{ " " }{ rich(&says.text) }
                if let Some(why) = &says.why { { " " }<button type="button" class="why" aria-haspopup="dialog" onclick={act(why)}>{ "Why?" }</button> }
            </p>
            if !says.next.is_empty() || says.link.is_some() {
                <div class="outcome-next">
                    { for says.next.iter().map(|(label, a)| html! { <button type="button" class={classes!("btn", if first && *a == Act::Apply { "btn--ink" } else { "btn--small" })} onclick={act(a)}>{ label.clone() }</button> }) }
                    if let Some((href, label)) = says.link { <a class="btn btn--small" {href}>{ label }</a> }
                </div>
            }
        </div>
    }
}
