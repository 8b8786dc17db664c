//! Files that a command names.

use std::rc::Rc;

/// A file's text by its name; `./` in front means nothing.
pub fn find(files: &[(String, Rc<str>)], name: &str) -> Option<Rc<str>> {
    let bare = |n: &str| n.strip_prefix("./").unwrap_or(n).to_owned();
    let wanted = bare(name);
    files.iter().rev().find(|(n, _)| bare(n) == wanted).map(|(_, t)| t.clone())
}
