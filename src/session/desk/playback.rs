//! Time on the desk: frames, stretches that are skipped, and the run to the end.

use super::{Desk, Note, Part, Turn};
use crate::session::text::{Ms, spoken};

/// A run to the end goes at most so far.
const RUSH_LAST: Ms = 24 * 3_600_000;
/// Where something runs that has no end, a run to the end goes so far.
const RUSH_ENDLESS: Ms = 10 * 60_000;
/// A stage with more Pods is drawn at most ten times a second; the clock and the playhead move on every frame.
const CROWD: usize = 30;
const CROWD_EVERY: f64 = 100.0;
/// A run to the end, while it goes on, is drawn so often: its time is for the engine.
const RUSH_EVERY: f64 = 250.0;
/// After the end of everything, time runs on for so long, then stops.
const AFTER_END: Ms = 4_000;
/// A stretch without events that is worth skipping.
const SKIPPED: Ms = 1_500;

impl Desk {
    /// Time has run for `dt` milliseconds of the learner's clock. `go_on` says whether there is time for more work. Returns
    /// whether anything but the clock has changed.
    pub fn tick(&mut self, dt: f64, go_on: impl FnMut() -> bool) -> bool {
        let changed = self.pass(dt, go_on);
        self.draw(changed)
    }

    /// The first half of a tick: lets time pass. Whether playback itself has changed.
    pub fn pass(&mut self, dt: f64, mut go_on: impl FnMut() -> bool) -> bool {
        self.cut = false;
        let state = |d: &Self| (d.playing, d.rushing, d.note.is_some());
        let was = state(self);
        if self.rushing {
            self.rush(&mut go_on);
        } else if self.playing {
            let now = self.run.now();
            let to = now + (dt * f64::from(self.speed)).round() as Ms;
            let skipped = self.skip && self.skip_wait(now);
            if !skipped {
                self.run.advance(to, go_on);
            }
            if self.run.is_settled() && self.run.now() >= self.run.seen() {
                let last = self.run.history.moments.last().copied().unwrap_or(0);
                if self.run.now() > last + AFTER_END {
                    self.playing = false;
                }
            }
        }
        self.inspect_in -= dt;
        self.draw_in -= dt;
        was != state(self)
    }

    /// The second half: derives what is shown, or the part of it whose turn it is. Whether anything is to be drawn anew. While the
    /// program is still coming, each part has a turn as it has where there is a crowd: what is done first takes longest.
    pub fn draw(&mut self, changed: bool) -> bool {
        let turns = self.is_crowded() || self.rushing || (self.playing && self.part < Part::All);
        if changed || !turns {
            let before = self.derived;
            self.derive();
            return changed || before != self.derived;
        }
        self.drew = !self.drew && self.take_turn();
        self.drew
    }

    /// Whether so much stands on the stage that it is drawn seldom, and in parts.
    pub fn is_crowded(&self) -> bool {
        self.playing && self.scene.pods.len() > CROWD
    }

    /// Draws the part whose turn it is. Whether there was one.
    fn take_turn(&mut self) -> bool {
        self.turn = match self.turn {
            Turn::Stage => {
                if self.draw_in > 0.0 {
                    return false;
                }
                self.draw_in = if self.rushing { RUSH_EVERY } else { CROWD_EVERY };
                if !self.derive_stage() {
                    return false;
                }
                Turn::Timeline
            }
            Turn::Timeline => {
                self.derive_timeline();
                Turn::Words
            }
            Turn::Words => {
                self.derive_words(false);
                if self.inspect_in > 0.0 { Turn::Stage } else { Turn::Inspector }
            }
            Turn::Inspector => {
                self.derive_words(true);
                Turn::Stage
            }
        };
        true
    }

    /// Jumps over a stretch in which nothing happens.
    fn skip_wait(&mut self, now: Ms) -> bool {
        let last = self.run.history.moment_from(now + 1, false).unwrap_or(self.run.origin);
        if now - last < SKIPPED * Ms::from(self.speed.clamp(1, 10)) {
            return false;
        }
        if !self.run.step(true) {
            self.playing = false;
            return true;
        }
        let gap = self.run.now() - now;
        if gap > SKIPPED {
            self.note = Some(Note { text: format!("Skipped {}.", spoken(gap)).into(), undo: false });
        }
        true
    }

    fn rush(&mut self, go_on: &mut impl FnMut() -> bool) {
        let endless = self.run.has_endless();
        loop {
            let run = &mut self.run;
            let last = if endless { RUSH_ENDLESS } else { RUSH_LAST };
            if run.is_settled() && run.now() >= run.history.moments.last().copied().unwrap_or(0) {
                let to = run.now() + 1_000;
                run.advance(to, || true);
                break;
            }
            if run.now() - run.origin > last || !run.is_going() || !run.step(true) {
                break;
            }
            if !go_on() {
                return;
            }
        }
        self.rushing = false;
        self.playing = false;
    }
}
