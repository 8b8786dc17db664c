//! Frames while something moves, and the time between them.

use super::frames::{self, Frames};

/// A frame may take so many milliseconds of the engine; a frame of a run to the end, which draws next to nothing, so many.
const FRAME_BUDGET: f64 = 4.0;
const RUSH_BUDGET: f64 = 12.0;
/// A frame that comes later than this (a busy or sleeping browser) counts as this much.
const LONGEST_FRAME: f64 = 250.0;

/// Runs frames as needed.
#[derive(Default)]
pub struct Ticker {
    frames: Option<Frames>,
    last: Option<f64>,
}

impl Ticker {
    /// Starts or stops the frames. While the page is hidden there are none.
    pub fn needed(&mut self, moving: bool, on_frame: impl FnMut(f64) + 'static) {
        let needed = moving && !frames::hidden();
        if needed && self.frames.is_none() {
            self.last = None;
            self.frames = Some(Frames::start(on_frame));
        } else if !needed {
            self.frames = None;
        }
    }
    /// The milliseconds since the frame before, and whether this frame has time for more work.
    pub fn tick(&mut self, at: f64, rushing: bool) -> (f64, impl FnMut() -> bool + use<>) {
        let budget = if rushing { RUSH_BUDGET } else { FRAME_BUDGET };
        let dt = self.last.map_or(0.0, |l| (at - l).clamp(0.0, LONGEST_FRAME));
        self.last = Some(at);
        let start = frames::now();
        (dt, move || frames::now() - start < budget)
    }
}
