//! Settings, kept on this device: theme, text size, motion, single keys.

use yew::prelude::*;

use super::clockwork::memo;
use super::dialogs::Sheet;
use crate::session::act::Act;

/// What is set.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settings {
    /// `auto`, `light` or `dark`.
    pub theme: String,
    /// Larger text, for a projector.
    pub room: bool,
    /// Less motion.
    pub still: bool,
    /// Whether single keys act.
    pub keys: bool,
    /// Whether the manifest is written in the code editor.
    pub code: bool,
    /// Whether Pods stand on their nodes.
    pub nodes: bool,
}

/// The dialog.
pub fn settings_dialog(settings: &Settings, on_act: &Callback<Act>) -> Html {
    let (s, on_act) = (settings.clone(), on_act.clone());
    let version = [
        &*s.theme,
        if s.room { "r" } else { "" },
        if s.still { "s" } else { "" },
        if s.keys { "k" } else { "" },
        if s.code { "c" } else { "" },
    ]
    .concat();
    memo(version, move || draw(&s, &on_act))
}

fn draw(s: &Settings, on_act: &Callback<Act>) -> Html {
    let switch = |label: &'static str, name: &'static str, on: bool, yes: &'static str, no: &'static str| {
        let onchange = on_act.reform(move |_: Event| Act::Setting(name, if on { no } else { yes }));
        html! { <label class="check"><input type="checkbox" checked={on} {onchange} />{ label }</label> }
    };
    let theme = |value: &'static str, label: &'static str| {
        let onchange = on_act.reform(move |_: Event| Act::Setting("theme", value));
        html! { <label class="check"><input type="radio" name="theme" checked={s.theme == value} {onchange} />{ label }</label> }
    };
    html! {
        <Sheet id="settings" heading="Settings"><div class="sheet-in">
            <fieldset class="optlist optlist--three"><legend>{ "Theme" }</legend>{ theme("auto", "As the system") }{ theme("light", "Light") }{ theme("dark", "Dark") }</fieldset>
            <div class="optlist">
                { switch("Large text, for a projector", "scale", s.room, "room", "") }
                { switch("Less motion", "still", s.still, "on", "") }
                { switch("Code editor, with folding and search", "editor", s.code, "code", "") }
                { switch("Single-key shortcuts", "keys", s.keys, "on", "off") }
            </div>
            <p class="facts-line"><span>{ "Settings and drafts are kept in this browser." }</span></p>
            <div class="outcome-next">
                <button type="button" class="btn" onclick={on_act.reform(|_: MouseEvent| Act::Export)}>{ "Export settings and drafts" }</button>
                <button type="button" class="btn" onclick={on_act.reform(|_: MouseEvent| Act::Tour(true))}>{ "Show the tour" }</button>
            </div>
        </div></Sheet>
    }
}
