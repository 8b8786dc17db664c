//! The draft: how it is read and judged, how it differs from what it began as and from what was applied, and its state in words.

use std::rc::Rc;

use yew::AttrValue;

use super::{Desk, Part};
use crate::session::text::count;
use crate::session::{behaviour, laid, manifest};

impl Desk {
    /// The lines of the draft, from and to, that differ from the example's.
    pub fn edited(&self) -> Option<(usize, usize)> {
        let (a, b): (Vec<&str>, Vec<&str>) = (self.example.text.lines().collect(), self.draft.lines().collect());
        let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        if same == a.len() && same == b.len() {
            return None;
        }
        let tail = a[same..].iter().rev().zip(b[same..].iter().rev()).take_while(|(x, y)| x == y).count();
        Some((same, (b.len() - tail).max(same)))
    }
    /// Whether the draft differs from what was applied.
    pub fn is_changed(&self) -> bool {
        self.is_applied() && self.run.applied.as_deref().is_some_and(|a| *a != *self.draft)
    }
    /// Takes a text for the draft, and reads it.
    pub(super) fn write(&mut self, text: &str) {
        self.draft = text.into();
        self.drafts = laid::drafts(text);
        if !self.embedded {
            self.behaviour = behaviour::read(text, &self.scope);
            self.sentence = Rc::new(laid::sentence(&self.drafts));
        }
        self.refused = false;
        self.derived = None;
    }
    /// Judges the draft as kubectl and the API server would.
    pub fn check(&mut self) {
        let output = self.run.try_apply(&self.draft);
        self.judge(output.exit == 0, &output.stderr);
    }
    /// Takes over what kubectl said to the draft, and what a closer look finds.
    pub(super) fn judge(&mut self, good: bool, stderr: &str) {
        self.judged = true;
        (self.problems, self.remarks) =
            if self.part == Part::All { manifest::check(&self.draft) } else { Default::default() };
        if good {
            self.problems.retain(|p| p.warning);
        } else if !self.is_bad() {
            self.problems.splice(0..0, manifest::said(&self.draft, stderr));
        }
    }
    /// Whether the cluster refuses the draft.
    pub fn is_bad(&self) -> bool {
        self.problems.first().is_some_and(|p| !p.warning)
    }
    /// The state of the manifest in words.
    pub fn said(&self) -> AttrValue {
        match (self.problems.first(), self.is_applied(), self.is_changed()) {
            (Some(p), ..) => {
                let n = self.problems.iter().filter(|o| o.warning == p.warning).count();
                let problems = count(n as i64, if p.warning { "warning" } else { "problem" });
                match p.line {
                    Some(line) => format!("{problems}, line {}", line + 1).into(),
                    None => problems.into(),
                }
            }
            (None, false, _) if self.part == Part::Page => "The cluster is loading.".into(),
            (None, false, _) => "valid, not applied yet".into(),
            (None, true, true) => "changed since apply".into(),
            (None, true, false) => "applied".into(),
        }
    }
    /// Judges the draft that was applied, and tells those who do not see it.
    pub(super) fn judge_apply(&mut self, good: bool, stderr: &str) {
        self.refused = !good;
        self.judge(good, stderr);
        if let Some(p) = self.problems.first().filter(|p| !p.warning) {
            let place = p.line.map(|l| format!(", line {}", l + 1)).unwrap_or_default();
            self.live.push(format!("1 problem in the manifest{place}."));
        }
    }
}
