//! Small helpers on the document: listeners that end with their owner, and custom properties set through the style object,
//! since the content security policy refuses style attributes.

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Event, EventTarget, HtmlDialogElement, HtmlElement, Window};

/// The window.
///
/// # Panics
/// Outside a browser.
pub fn window() -> Window {
    web_sys::window().expect("a browser window")
}

/// The document.
///
/// # Panics
/// Outside a browser.
pub fn document() -> Document {
    window().document().expect("a document")
}

/// The root element of the document.
pub fn root() -> Option<Element> {
    document().document_element()
}

/// An event listener that is taken away when this is dropped.
pub struct Listener {
    target: EventTarget,
    event: &'static str,
    closure: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Listens to `event` on `target`.
    pub fn new(target: &EventTarget, event: &'static str, callback: impl FnMut(Event) + 'static) -> Self {
        let closure: Closure<dyn FnMut(Event)> = Closure::new(callback);
        let _ = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), event, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.closure.as_ref().unchecked_ref());
    }
}

/// Sets a custom property on one element.
pub fn set_property(element: &Element, name: &str, value: &str) {
    if let Some(e) = element.dyn_ref::<HtmlElement>() {
        let _ = e.style().set_property(name, value);
    } else if let Ok(style) = js_sys::Reflect::get(element, &JsValue::from_str("style"))
        && let Some(style) = style.dyn_ref::<web_sys::CssStyleDeclaration>()
    {
        let _ = style.set_property(name, value);
    }
}

/// Sets a custom property on the parts under `root` that a selector fits.
pub fn set_property_of(root: &Element, selector: &str, name: &str, value: &str) {
    let Ok(list) = root.query_selector_all(selector) else { return };
    for e in (0..list.length()).filter_map(|i| list.item(i)?.dyn_into::<Element>().ok()) {
        set_property(&e, name, value);
    }
}

/// Sets the custom properties that parts under `root` name in `data-v="x:0.25;w:0.5"`, where they have changed.
pub fn place(root: &Element) {
    let Ok(list) = root.query_selector_all("[data-v]") else { return };
    let seen = JsValue::from_str("__v");
    for i in 0..list.length() {
        let Some(e) = list.item(i).and_then(|n| n.dyn_into::<Element>().ok()) else { continue };
        let Some(v) = e.get_attribute("data-v") else { continue };
        let value = JsValue::from_str(&v);
        if js_sys::Reflect::get(&e, &seen).is_ok_and(|old| old == value) {
            continue;
        }
        for (name, number) in v.split(';').filter_map(|p| p.split_once(':')) {
            set_property(&e, &["--", name].concat(), number);
        }
        let _ = js_sys::Reflect::set(&e, &seen, &value);
    }
}

/// Animates an element; both the key frames and the options are JSON.
pub fn animate(e: &Element, frames: &str, options: &str) -> Option<web_sys::Animation> {
    let (frames, options) = (js_sys::JSON::parse(frames).ok()?, js_sys::JSON::parse(options).ok()?);
    let function = js_sys::Reflect::get(e, &"animate".into()).ok()?;
    function.dyn_ref::<js_sys::Function>()?.call2(e, &frames, &options).ok().map(JsCast::unchecked_into)
}

/// What moves across a box as wide as itself, from before its start to after its end.
///
/// It is moved by an animation that stands still and is set to a time: for any other new transform Chromium makes the layers
/// of the whole page anew, and for a new property it matches all rules again.
#[derive(Default)]
pub struct Across {
    moved: Option<(Element, web_sys::Animation)>,
    at: f64,
}

impl Across {
    /// Moves the part under `root` that a selector fits to a share of its own width.
    pub fn place(&mut self, root: &Element, selector: &str, at: f64) {
        let lives = self.moved.as_ref().is_some_and(|(e, _)| e.is_connected());
        if lives && (self.at - at).abs() < 1e-6 {
            return;
        }
        if !lives {
            let e = root.query_selector(selector).ok().flatten();
            self.moved = e.and_then(|e| {
                let frames = r#"[{"transform":"translateX(-100%)"},{"transform":"translateX(100%)"}]"#;
                let animation = animate(&e, frames, r#"{"duration":2000,"fill":"both"}"#)?;
                let _ = animation.pause();
                Some((e, animation))
            });
        }
        if let Some((_, animation)) = &self.moved {
            animation.set_current_time(Some((at + 1.0) * 1000.0));
            self.at = at;
        }
    }
}

/// Whether the learner asked for less motion, in the system or in the settings.
pub fn reduced_motion() -> bool {
    root().is_some_and(|r| r.has_attribute("data-still"))
        || window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|m| m.matches())
}

/// Whether the window is as narrow as a phone's; the width is that of styles/shell.css.
pub fn is_narrow() -> bool {
    window().match_media("(width < 52rem)").ok().flatten().is_some_and(|m| m.matches())
}

/// Whether dark colours are shown.
pub fn is_dark() -> bool {
    match root().and_then(|r| r.get_attribute("data-theme")).as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|m| m.matches()),
    }
}

/// Sets or takes away an attribute of the root element.
pub fn set_root(name: &str, value: Option<&str>) {
    if let Some(root) = root() {
        let _ = match value {
            Some(v) => root.set_attribute(name, v),
            None => root.remove_attribute(name),
        };
    }
}

/// Opens a dialog as modal.
pub fn open_dialog(id: &str) {
    if let Some(d) = document().get_element_by_id(id).and_then(|e| e.dyn_into::<HtmlDialogElement>().ok())
        && !d.open()
    {
        let _ = d.show_modal();
    }
}

/// Gives an element the focus without scrolling to it.
pub fn focus(selector: &str) {
    if let Some(e) = document().query_selector(selector).ok().flatten().and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = e.focus();
    }
}

/// Scrolls to an element where none of it is in sight, or next to none.
pub fn reveal(selector: &str) {
    const SLIVER: f64 = 120.0;
    let Some(e) = document().query_selector(selector).ok().flatten() else { return };
    let height = window().inner_height().ok().and_then(|h| h.as_f64()).unwrap_or_default();
    let place = e.get_bounding_client_rect();
    if place.bottom() < SLIVER || place.top() > height - SLIVER {
        e.scroll_into_view();
    }
}

/// The element an event began at.
pub fn target(event: &Event) -> Option<Element> {
    event.target().and_then(|t| t.dyn_into::<Element>().ok())
}

/// The address of the page without what a run or a parameter adds to it.
pub fn address() -> String {
    let href = window().location().href().unwrap_or_default();
    href.split(['#', '?']).next().unwrap_or("").to_owned()
}

/// The part of the address after `#`.
pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// Puts a run into the address, without a new entry in the history of the browser.
pub fn set_hash(hash: &str) {
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&["#", hash].concat()));
    }
}

/// The way from this page to the site's own files: pages other than the first lie in a folder.
pub fn base() -> String {
    let page = root().and_then(|r| r.get_attribute("data-page"));
    if page.is_none_or(|p| p == "sandbox") { String::new() } else { "../".to_owned() }
}

/// The value of a parameter of the address; empty where there is none. Only plain words are read.
pub fn query(name: &str) -> String {
    let search = window().location().search().unwrap_or_default();
    let pairs = search.trim_start_matches('?').split('&').filter_map(|p| p.split_once('='));
    pairs.filter(|(k, _)| *k == name).map(|(_, v)| v.to_owned()).next().unwrap_or_default()
}

/// Goes to another address.
pub fn go(to: &str) {
    let _ = window().location().set_href(to);
}
