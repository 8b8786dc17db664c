//! The desk while the program is still coming: the page is drawn before the simulator is there.

use std::cell::OnceCell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use batchyard_engine::cluster::Config;

use super::{Desk, INSPECT_EVERY};
use crate::session::examples::{self, Example};
use crate::session::laid;
use crate::session::manifest;
use crate::session::permalink::Shared;
use crate::session::run::Run;
use crate::session::says::Shown;
use crate::session::text::Ms;

/// How much of the program is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// What draws the page and a manifest's tracks.
    Page,
    /// What runs the first example, too.
    Simulator,
    /// All.
    All,
}

impl Part {
    /// What is there when so many parts of the program have come (`platform::parts`).
    pub fn of(come: Option<u32>) -> Self {
        match come {
            Some(1) => Self::Page,
            Some(2) => Self::Simulator,
            _ => Self::All,
        }
    }
}

/// Lets the first example run, as far as it runs before all of the program is there, for nothing but that its code has run: in a
/// worker, so that a browser which compiles what is called for the first time keeps nobody waiting (scripts/rehearsal.js).
pub fn rehearse(all: bool) {
    const FRAMES: usize = 60;
    let mut desk = Desk::waiting(examples::open(""), None, Part::Page);
    desk.arrive(if all { Part::All } else { Part::Simulator });
    desk.check();
    desk.begin();
    for _ in 0..FRAMES {
        let changed = desk.pass(16.0, || true);
        desk.draw(changed);
    }
}

/// A run that begins when it is first asked for.
pub struct LazyRun {
    seed: u64,
    run: OnceCell<Run>,
}

impl LazyRun {
    /// A run that has not begun.
    pub fn new(seed: u64) -> Self {
        Self { seed, run: OnceCell::new() }
    }
}

impl Deref for LazyRun {
    type Target = Run;
    fn deref(&self) -> &Run {
        self.run.get_or_init(|| Run::new(self.seed))
    }
}

impl DerefMut for LazyRun {
    fn deref_mut(&mut self) -> &mut Run {
        self.run.get_or_init(|| Run::new(self.seed));
        self.run.get_mut().expect("begun a line above")
    }
}

impl Desk {
    /// A desk that waits for the simulator unless it is there: nothing is judged and nothing runs before [`Desk::come`].
    pub fn waiting(example: &'static Example, draft: Option<String>, part: Part) -> Self {
        let mut desk = Self::unread(example, part);
        desk.read(draft);
        if part > Part::Page {
            desk.check();
        }
        desk.derive();
        desk
    }

    /// A desk whose draft was not read yet.
    pub fn unread(example: &'static Example, part: Part) -> Self {
        let mut desk = Self::bare(example);
        desk.part = part;
        desk
    }

    /// Reads its draft: the example's text unless another was kept.
    pub fn read(&mut self, draft: Option<String>) {
        self.write(&draft.unwrap_or_else(|| self.example.text.to_owned()));
    }

    /// An embed's desk: with a run, and without what stands around the yard on the page.
    pub fn embedded(shared: &Shared, part: Part) -> Self {
        let mut desk = Self::bare(&examples::NONE);
        desk.part = part;
        desk.embedded = true;
        desk.restore(shared);
        desk
    }

    /// More of the program has come.
    pub fn come(&mut self, part: Part) {
        self.part = part;
        // With all of the program there is more to say about a draft than kubectl says.
        if part > Part::Page {
            self.check();
        }
        self.arrive(part);
        self.derive();
    }

    /// More of the program has come; the draft is judged later, what is shown is derived later, and while time runs so is what the
    /// inspector shows: each has a task of its own.
    pub fn arrive(&mut self, part: Part) {
        self.part = part;
        if self.playing {
            self.inspect_in = INSPECT_EVERY;
        }
        self.say_accepted(false);
        self.derived = None;
        if part > Part::Page {
            // It begins here.
            self.run.now();
        }
    }

    /// Applies the draft, as the first thing that happens; what has come of it is derived later.
    pub fn begin(&mut self) {
        self.apply(&mut Vec::new());
    }

    /// The moment that is shown, and that from which the clock counts.
    pub fn moment(&self) -> (Ms, Ms) {
        if self.part == Part::Page {
            let epoch = Config::default().epoch.0;
            (epoch, epoch)
        } else {
            (self.run.now(), self.run.origin)
        }
    }

    /// What is shown before there is a simulator: the tracks that the manifest lays, the marks at its lines, and nothing said.
    pub(super) fn derive_page(&mut self) {
        self.scene = Rc::new(laid::scene(&self.drafts, self.moment().0));
        self.derive_timeline();
        self.derive_marks();
    }

    /// The marks beside the manifest's lines, and nothing said.
    pub(super) fn derive_marks(&mut self) {
        let marks = Rc::new(manifest::marks(&self.draft, &self.drafts, &self.scene));
        self.shown = Rc::new(Shown { marks, ..Shown::default() });
    }
}
