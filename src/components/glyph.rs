//! Glyphs and icons: pictures of the sprite that the document carries.

use yew::prelude::*;

use crate::session::status::{Look, look};

/// The glyph of a look, in its lamp.
pub fn glyph(look: Look) -> Html {
    html! { <svg class="g" data-lamp={look.lamp.name()} aria-hidden="true"><use href={look.glyph} /></svg> }
}

/// The glyph of a STATUS word.
pub fn glyph_of(word: &str) -> Html {
    glyph(look(word))
}

/// An icon, by its address in the sprite: `#i-play`.
pub fn icon(href: &'static str) -> Html {
    html! { <svg class="i" aria-hidden="true"><use {href} /></svg> }
}
