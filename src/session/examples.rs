//! Manifests to start from, each with what it shows: the files of `examples/` and their index.

use std::sync::OnceLock;

use super::yaml::{fields, unquote};

/// An example.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// Its id, which is also the name of its file.
    pub id: &'static str,
    /// What it teaches.
    pub group: &'static str,
    /// Its title.
    pub title: &'static str,
    /// One sentence.
    pub says: &'static str,
    /// What to watch for.
    pub watch: &'static str,
    /// The manifest.
    pub text: &'static str,
}

macro_rules! files {
    ($($id:literal)*) => {
        /// The files, in the order of the index.
        const FILES: &[(&str, &str)] = &[$(($id, include_str!(concat!("../../examples/", $id, ".yaml"))),)*];
    };
}

files! {
    "db-migration"
    "migration-fails-twice"
    "migration-gives-up"
    "migration-as-deployment"
    "nightly-backup"
    "pi"
    "never"
    "on-failure"
    "on-failure-gives-up"
    "six-retries"
    "success-resets-the-wait"
    "three-failures-one-wait"
    "six-by-two"
    "work-queue"
    "hundred-pods"
    "indexed"
    "retries-per-index"
    "too-many-failed-indexes"
    "leader"
    "fail-at-once"
    "ignore-disruption"
    "deadline"
    "deaf-to-sigterm"
    "clean-up"
    "suspended"
    "replace-when-gone"
    "every-minute"
    "forbid"
    "replace"
    "allow"
    "failing-cron"
    "time-zone"
    "image-typo"
    "no-room"
    "out-of-memory"
    "no-such-command"
    "missing-configmap"
    "crash-loop"
    "init-containers"
    "second-container"
    "sidecar"
    "rolling-update"
    "ordered"
    "every-node"
}

const INDEX: &str = include_str!("../../examples/index.yaml");

/// All examples, in the order of the menu.
pub fn all() -> &'static [Example] {
    static ALL: OnceLock<Vec<Example>> = OnceLock::new();
    ALL.get_or_init(|| {
        let index = fields(INDEX);
        let value = |i: usize, key: &str| -> &'static str {
            let path = [&i.to_string(), ".", key].concat();
            let text = index.iter().find(|f| f.path == path).map(|f| unquote(&f.value)).unwrap_or_default();
            Box::leak(text.into_boxed_str())
        };
        let one = |(i, (id, text)): (usize, &(&'static str, &'static str))| Example {
            id,
            group: value(i, "group"),
            title: value(i, "title"),
            says: value(i, "sentence"),
            watch: value(i, "watch"),
            text,
        };
        FILES.iter().enumerate().map(one).collect()
    })
}

/// The example that opens first.
pub const FIRST: &str = "migration-fails-twice";

/// An example by its id.
pub fn find(id: &str) -> Option<&'static Example> {
    all().iter().find(|e| e.id == id)
}

/// The example that opens first, written out: the index is not read for it, nor are the others' texts, at a first load.
static OPENING: Example = Example {
    id: FIRST,
    group: "First steps",
    title: "A migration that fails twice",
    says: "Each failed Pod is replaced by a new one, after a wait that doubles.",
    watch: "Two red Pods, waits of 10 s and 20 s, and the third Pod succeeds: 2 of 3 retries used.",
    text: include_str!("../../examples/migration-fails-twice.yaml"),
};

/// What a manifest began as that is no example's.
pub static NONE: Example = Example { id: "", group: "", title: "", says: "", watch: "", text: "" };

/// The example that opens first, or the one that was open last.
pub fn open(id: &str) -> &'static Example {
    if id.is_empty() || id == FIRST {
        return &OPENING;
    }
    find(id).unwrap_or(&OPENING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::laid::drafts;

    #[test]
    fn the_menu_is_the_index() {
        let listed: Vec<String> = fields(INDEX)
            .iter()
            .filter(|f| f.path.rsplit('.').next() == Some("file"))
            .map(|f| f.value.replace(".yaml", ""))
            .collect();
        assert_eq!(all().iter().map(|e| e.id).collect::<Vec<_>>(), listed);
        assert!(all().len() > 26);
        for e in all() {
            assert!(!drafts(e.text).is_empty(), "{}", e.id);
            assert!(![e.group, e.title, e.says, e.watch].contains(&""), "{}", e.id);
        }
        assert_eq!(Some(open("")), find(FIRST));
        assert_eq!(open("no such example").id, FIRST);
    }
}
