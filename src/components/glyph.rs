//! Glyphs, drawn part by part, and icons, which are pictures of the sprite that the document carries.

use yew::prelude::*;

use crate::session::status::{Look, look};

/// A part of a glyph: filled, a line, a line in what is filled, a line without round ends, such a line in dashes.
type Part = (&'static str, &'static str, &'static str);

const RING: &str = "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z";
const OCTAGON: Part = ("fill", "", "M5.1 1.2h5.8L14.8 5.1v5.8L10.9 14.8H5.1L1.2 10.9V5.1z");

/// What a glyph is made of: how each part is drawn, how wide its line is, and its path.
fn parts(glyph: &str) -> &'static [Part] {
    match glyph {
        "pending" => &[("dash", "1.75", RING)],
        "creating" => &[("butt", "1.75", RING), ("fill", "", "M8 4.4a3.6 3.6 0 0 0 0 7.2z")],
        "running" => {
            &[("fill", "", "M3.5 2.3v11.4a.8.8 0 0 0 1.2.7l9.4-5.7a.8.8 0 0 0 0-1.4L4.7 1.6a.8.8 0 0 0-1.2.7z")]
        }
        "notready" => &[("line", "1.6", "M3.7 2.7v10.6L13 8z")],
        "completed" => &[("fill", "", "M15 8A7 7 0 1 1 1 8a7 7 0 0 1 14 0z"), ("in", "1.75", "M4.9 8.3l2.2 2.2 4-4.4")],
        "error" => &[OCTAGON, ("in", "1.75", "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8")],
        "oom" => &[OCTAGON, ("in", "1.75", "M4.8 10.5V5.6M8 10.5V5.6M11.2 10.5V5.6")],
        "crashloop" => {
            &[("line", "1.5", "M13.7 6.2A6 6 0 1 0 14 8M14.2 2.3v3.9h-3.9"), ("line", "1.6", "M6.6 6v4M9.4 6v4")]
        }
        "errimage" => &[("fill", "", "M8 .6 15.4 8 8 15.4.6 8z"), ("in", "1.75", "M8 4.6v3.9M8 11.1v.1")],
        "imagewait" => &[("line", "1.6", "M8 1.5 14.5 8 8 14.5 1.5 8z"), ("line", "1.5", "M8 5.2V8.2l1.9 1.2")],
        "terminating" => &[
            (
                "butt",
                "1.6",
                "M3.7 2.2h8.6a1.5 1.5 0 0 1 1.5 1.5v8.6a1.5 1.5 0 0 1-1.5 1.5H3.7a1.5 1.5 0 0 1-1.5-1.5V3.7a1.5 1.5 0 0 1 1.5-1.5z",
            ),
            ("butt", "1.3", "M3 8.5 8.5 3M3 13 13 3M7.5 13 13 7.5"),
        ],
        _ => {
            &[("line", "1.5", "M5.8 6a2.3 2.3 0 1 1 3.2 2.1c-.7.3-1 .8-1 1.5"), ("fill", "", "M7.2 11.4h1.6v1.6H7.2z")]
        }
    }
}

/// The paths of a glyph. They stand in each picture: a use of the sprite's would be made anew, with all that is in it, whenever
/// a Pod changes.
pub fn strokes(look: Look) -> Html {
    let one = |(how, wide, d): &Part| html! { <path class={*how} stroke-width={(!wide.is_empty()).then_some(*wide)} d={*d} /> };
    html! { <>{ for parts(look.glyph).iter().map(one) }</> }
}

/// The glyph of a look, in its lamp.
pub fn glyph(look: Look) -> Html {
    html! { <svg class="g" data-lamp={look.lamp.name()} viewBox="0 0 16 16" aria-hidden="true">{ strokes(look) }</svg> }
}

/// The glyph of a STATUS word.
pub fn glyph_of(word: &str) -> Html {
    glyph(look(word))
}

/// An icon, by its address in the sprite: `#i-play`.
pub fn icon(href: &'static str) -> Html {
    html! { <svg class="i" aria-hidden="true"><use {href} /></svg> }
}
