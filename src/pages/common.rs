//! What every page does: settings in force, dialogs that open once they are drawn.

use crate::components::settings::Settings;
use crate::platform::{dom, files, storage};
use crate::session::act::{Act, Dialog};

/// What is set on this device.
pub fn settings() -> Settings {
    let get = |n: &str| storage::get(n).unwrap_or_default();
    let theme = get("theme");
    Settings {
        theme: if theme.is_empty() { "auto".into() } else { theme },
        room: get("scale") == "room",
        still: get("still") == "on",
        keys: get("keys") != "off",
        code: get("editor") == "code",
        nodes: get("yard") == "nodes",
    }
}

/// Puts the settings into force.
pub fn apply_settings() {
    let s = settings();
    dom::set_root("data-theme", (s.theme != "auto").then_some(&*s.theme));
    dom::set_root("data-scale", s.room.then_some("room"));
    dom::set_root("data-still", s.still.then_some(""));
}

/// The other theme.
pub fn switch_theme() {
    storage::set("theme", if dom::is_dark() { "light" } else { "dark" });
    apply_settings();
}

/// What pages without a desk do about acts that every page knows.
#[derive(Default)]
pub struct Page {
    opening: Option<Dialog>,
}

impl Page {
    /// Carries out an act that is about the page alone.
    pub fn act(&mut self, act: &Act) {
        match act {
            Act::Dialog(d) => self.opening = Some(*d),
            Act::Theme => switch_theme(),
            Act::SingleKeys(on) => storage::set("keys", if *on { "on" } else { "off" }),
            Act::Setting(name, value) => {
                storage::set(name, value);
                apply_settings();
            }
            Act::Export => files::download("batchyard-settings.json", "application/json", &storage::export()),
            _ => {}
        }
    }
    /// Opens the dialog that was asked for.
    pub fn rendered(&mut self) {
        if let Some(d) = self.opening.take() {
            dom::open_dialog(d.id());
        }
    }
}
