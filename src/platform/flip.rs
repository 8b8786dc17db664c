//! Movement: where every keyed part was, where it is now, and an animation from the one to the other (first, last, invert,
//! play). A Pod rolls level to the points and then down the branch; a new one comes in from Dispatch.

use std::collections::BTreeMap;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::dom::{self, reduced_motion};
use crate::session::text::decimal;

/// The place of a part, relative to the yard.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    left: f64,
    top: f64,
}

/// Remembers where the parts of a yard were.
#[derive(Default)]
pub struct Flip {
    was: BTreeMap<String, Place>,
}

/// At most so many parts roll at once; the rest cut to their place.
const ROLLING: usize = 12;
const SHUNT: &str = "cubic-bezier(.45,.05,.15,1)";

impl Flip {
    /// Measures all parts with `data-key` under `root` and, where `speed` allows, rolls those that have moved.
    /// A speed of 0 moves nothing, and measures nothing: a scrubbed picture is drawn in place.
    pub fn update(&mut self, root: &Element, speed: f64) {
        if speed <= 0.0 {
            self.was.clear();
            return;
        }
        let Ok(list) = root.query_selector_all("[data-key]") else { return };
        let base = root.get_bounding_client_rect();
        let roll = speed < 100.0 && !self.was.is_empty() && !reduced_motion();
        let mut now = BTreeMap::new();
        let mut moved = Vec::new();
        for i in 0..list.length() {
            let Some(e) = list.item(i).and_then(|n| n.dyn_into::<HtmlElement>().ok()) else { continue };
            let Some(key) = e.get_attribute("data-key") else { continue };
            let r = e.get_bounding_client_rect();
            let place = Place { left: r.left() - base.left(), top: r.top() - base.top() };
            match self.was.get(&key) {
                None => moved.push((e, None, place)),
                Some(old) if (old.left - place.left).abs() > 1.0 || (old.top - place.top).abs() > 1.0 => {
                    moved.push((e, Some(*old), place));
                }
                Some(_) => {}
            }
            now.insert(key, place);
        }
        self.was = now;
        if roll {
            let slow = 1.0 + speed.max(1.0).log2() / 2.0;
            for (e, old, place) in moved.into_iter().take(ROLLING) {
                animate(&e, old, place, slow);
            }
        }
    }
}

fn animate(e: &HtmlElement, old: Option<Place>, now: Place, slow: f64) {
    let (frames, ms) = match old {
        None => {
            (r#"[{"opacity":0,"transform":"translateX(-24px)"},{"opacity":1,"transform":"none"}]"#.to_owned(), 320.0)
        }
        Some(was) => {
            let (dx, dy) = (was.left - now.left, was.top - now.top);
            let [dx, part, dy] = [dx, dx * 0.55, dy].map(|x| decimal(x, 2));
            let frames = format!(
                r#"[{{"transform":"translate({dx}px,{dy}px)"}},{{"transform":"translate({part}px,{dy}px)","offset":0.45}},{{"transform":"none"}}]"#
            );
            (frames, 420.0)
        }
    };
    let options = format!(r#"{{"duration":{},"easing":"{SHUNT}"}}"#, decimal((ms / slow).max(80.0), 1));
    let _ = dom::animate(e, &frames, &options);
}
