//! What is kept on this device: drafts and settings. Where the browser refuses storage, memory takes its place.

use std::cell::RefCell;
use std::collections::BTreeMap;

use web_sys::Storage;

thread_local! {
    static MEMORY: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
}

const PREFIX: &str = "batchyard:";

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// What was kept under a name.
pub fn get(name: &str) -> Option<String> {
    let name = [PREFIX, name].concat();
    storage().and_then(|s| s.get_item(&name).ok().flatten()).or_else(|| MEMORY.with_borrow(|m| m.get(&name).cloned()))
}

/// Keeps a text under a name.
pub fn set(name: &str, value: &str) {
    let name = [PREFIX, name].concat();
    let kept = storage().is_some_and(|s| s.set_item(&name, value).is_ok());
    if !kept {
        MEMORY.with_borrow_mut(|m| m.insert(name, value.to_owned()));
    }
}

/// Forgets what was kept under a name.
pub fn remove(name: &str) {
    let name = [PREFIX, name].concat();
    if let Some(s) = storage() {
        let _ = s.remove_item(&name);
    }
    MEMORY.with_borrow_mut(|m| m.remove(&name));
}

/// Everything that is kept, as JSON.
pub fn export() -> String {
    let mut all: BTreeMap<String, String> = MEMORY.with_borrow(Clone::clone);
    if let Some(s) = storage() {
        let n = s.length().unwrap_or(0);
        for name in (0..n).filter_map(|i| s.key(i).ok().flatten()).filter(|k| k.starts_with(PREFIX)) {
            if let Ok(Some(value)) = s.get_item(&name) {
                all.insert(name, value);
            }
        }
    }
    serde_json::to_string_pretty(&all).unwrap_or_default()
}
