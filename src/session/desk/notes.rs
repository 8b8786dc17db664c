//! Messages that pass: that the future was cut, and, once, that a kind the cluster takes has no effect here.

use batchyard_engine::cluster::Actor;
use batchyard_engine::cluster::editor::without_effect;

use super::{Desk, Note, Part};
use crate::session::manifest;
use crate::session::text::clock;

impl Desk {
    pub(super) fn say_fork(&mut self) {
        let at = clock(self.run.now() - self.run.origin);
        self.note =
            Some(Note { text: format!("You changed the run at {at}. What came after is gone.").into(), undo: true });
    }

    /// Says of each kind that the learner has made and that has no effect here, once, that it has none; after the message
    /// that stands there already, or instead of it.
    pub(super) fn say_accepted(&mut self, after: bool) {
        if self.part < Part::All {
            return;
        }
        let mut new = Vec::new();
        for c in self.run.cluster().journal().entries() {
            let kind = c.key.kind;
            if c.actor == Actor::User
                && c.is_added()
                && !self.told.contains(&kind)
                && let Some(becomes) = without_effect(kind)
            {
                self.told.push(kind);
                new.push((kind.name(), becomes));
            }
        }
        if new.is_empty() {
            return;
        }
        let text = manifest::accepted(&new);
        match self.note.as_mut().filter(|_| after) {
            Some(note) => note.text = format!("{} {text}", note.text).into(),
            None => self.note = Some(Note { text: text.into(), undo: false }),
        }
    }
}
