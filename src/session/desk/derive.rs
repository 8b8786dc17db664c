//! What is derived from the run at an instant: the stage, the timeline, and what stands beside them.

use std::rc::Rc;

use super::{Desk, INSPECT_EVERY, Part, Turn};
use crate::session::act::Target;
use crate::session::laid;
use crate::session::live;
use crate::session::says;
use crate::session::text::Ms;
use crate::session::view::{Timeline, Workload};

impl Desk {
    /// Derives what is shown anew, where anything has changed since.
    pub fn derive(&mut self) {
        if self.part == Part::Page {
            return self.derive_page();
        }
        if self.derive_stage() {
            self.derive_timeline();
            self.derive_words(!self.playing || self.inspect_in <= 0.0);
            self.turn = Turn::Stage;
        }
    }

    /// The stage, where anything has changed since it was derived. Whether it has.
    pub(super) fn derive_stage(&mut self) -> bool {
        let now = self.run.now();
        // Ages and the like are counted ten times a second of the learner's at most.
        let second = (now - self.run.origin).div_euclid(1000 * Ms::from(self.speed / 10).max(1));
        let stamp = (self.run.cluster().journal_position(), second, self.run.history.moments.len());
        if self.derived == Some(stamp) {
            return false;
        }
        self.derived = Some(stamp);
        if self.is_blank() {
            self.scene = Rc::new(laid::scene(&self.drafts, now));
            return true;
        }
        let scene = Rc::new(self.run.scene());
        if !self.cut && !self.embedded {
            let news = if self.speed > 60 { live::ends(&self.scene, &scene) } else { live::told(&self.scene, &scene) };
            self.live.extend(news);
        }
        self.scene = scene;
        true
    }

    pub(super) fn derive_timeline(&mut self) {
        self.timeline = Rc::new(if self.is_blank() {
            Timeline { view: 60_000, step: 10_000, ..Timeline::default() }
        } else {
            self.run.timeline(&self.scene).zoomed(self.zoom, self.run.now() - self.run.origin)
        });
    }

    /// What stands on the page besides; the inspector, for which kubectl is asked, only where it is time for it.
    pub(super) fn derive_words(&mut self, inspect: bool) {
        if self.embedded {
            return self.derive_marks();
        }
        let inspect = inspect && self.part == Part::All;
        if inspect {
            self.inspect_in = INSPECT_EVERY;
        }
        self.shown = Rc::new(says::shown(self, &self.shown, inspect));
    }

    /// Whether nothing was made yet: the stage shows what the manifest would make.
    fn is_blank(&self) -> bool {
        self.part == Part::Page
            || self.run.applied.is_none() && self.run.history.work.is_empty() && self.run.history.pods.is_empty()
    }

    /// What the inspector is about: the selected object, else the first workload.
    pub fn target(&self) -> Option<Target> {
        if let Some(t) = &self.selected {
            return Some(t.clone());
        }
        if !self.is_applied() && self.run.history.pods.is_empty() {
            return None;
        }
        self.scene.workloads.first().map(target_of)
    }
}

/// The words for a workload.
pub fn target_of(w: &Workload) -> Target {
    Target::of(w.kind(), w.key(), w.name())
}
