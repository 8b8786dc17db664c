//! The desk: the draft, the run, playback and what is selected. Every act of the learner is a change of it; what the
//! browser has to do about it comes back as [`Effect`]s.

mod derive;
mod draft;
mod notes;
mod parts;
mod playback;
mod share;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use batchyard_engine::api::{Kind, ObjectKey};
use yew::AttrValue;

use super::act::{Act, Dialog, Panel, Question, Tab, Target};
use super::behaviour::{self, Behaviour, Scope};
use super::examples::{self, Example};
use super::laid::{Draft, Piece};
use super::manifest::{self, Problem, Remark};
use super::permalink::{self, Shared};
use super::run::Run;
use super::says::Shown;
use super::text::Ms;
use super::view::{Scene, Timeline};
use super::yaml;
pub use derive::target_of;
pub use parts::{LazyRun, Part, rehearse};

/// What the browser has to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Keep the draft of an example.
    Keep(&'static str, Option<String>),
    /// Judge the draft in a moment.
    Check,
    /// Open a dialog.
    Open(Dialog),
    /// Show the other theme.
    Theme,
    /// Save a picture of the timeline.
    Picture(String),
    /// Save settings and drafts as a file.
    Export,
    /// Show the tour, or remember that it was seen.
    Tour(bool),
    /// Put a run into the address.
    Address(String),
    /// Keep a setting.
    Setting(&'static str, AttrValue),
    /// Put the caret at a line of the editor.
    Caret(usize),
    /// Put a text into the terminal's line, and the caret at a place in it, in bytes.
    Line(String, usize),
    /// Load a text for kubectl, for the line that wants it.
    Fetch(String, String),
    /// Start or stop the frames.
    Frames,
}

/// A message that passes.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    /// What it says.
    pub text: AttrValue,
    /// Whether it offers to undo.
    pub undo: bool,
}

/// The desk.
pub struct Desk {
    /// The run.
    pub run: LazyRun,
    /// The example that the draft began as.
    pub example: &'static Example,
    /// The manifest as it is written now.
    pub draft: Rc<str>,
    /// Its workloads.
    pub drafts: Vec<Draft>,
    /// How its containers behave.
    pub behaviour: Option<Behaviour>,
    /// The part of it that is edited.
    scope: Scope,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// What else is worth knowing about it.
    pub remarks: Vec<Remark>,
    /// Kinds of which it was said that they have no effect.
    told: Vec<Kind>,
    /// Whether it has been judged since it was changed.
    pub judged: bool,
    /// Whether the last apply was refused.
    pub refused: bool,
    /// How much of the program is there; what needs more waits.
    pub part: Part,
    /// Whether this is an embed's desk, which has a stage, a timeline and a manifest, and nothing else to say.
    embedded: bool,
    /// Whether time runs.
    pub playing: bool,
    /// How fast.
    pub speed: u32,
    /// Whether waits are skipped.
    pub skip: bool,
    /// How much the timeline is enlarged.
    pub zoom: i64,
    /// Whether it runs to the end as fast as it can.
    pub rushing: bool,
    /// The panel of a small screen.
    pub panel: Panel,
    /// The tab of the inspector.
    pub tab: Tab,
    /// The selected object.
    pub selected: Option<Target>,
    /// What was asked.
    pub why: Option<Question>,
    /// The stage.
    pub scene: Rc<Scene>,
    /// The timeline.
    pub timeline: Rc<Timeline>,
    /// What stands on the page besides them.
    pub shown: Rc<Shown>,
    /// What the manifest will do.
    pub sentence: Rc<Vec<Piece>>,
    /// What is being shared.
    pub sharing: Option<(Shared, String)>,
    /// A message that passes.
    pub note: Option<Note>,
    /// Lines that were typed into the terminal, the newest last.
    pub typed: Rc<Vec<String>>,
    /// Sentences for the live region.
    pub live: Vec<String>,
    /// Whether the last change was a cut: nothing rolls.
    pub cut: bool,
    derived: Option<(usize, Ms, usize)>,
    /// In so many milliseconds of the learner's clock the inspector, and a crowded stage, are drawn anew.
    inspect_in: f64,
    draw_in: f64,
    /// Which part of a crowded page is drawn next: each has a frame of its own.
    turn: Turn,
    /// Whether a part was drawn in the frame before. What that has changed is laid out before the next part changes more.
    drew: bool,
}

/// A part of the page that is drawn in a frame of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Turn {
    #[default]
    Stage,
    Timeline,
    Words,
    Inspector,
}

/// All speeds, slowest first.
pub const SPEEDS: [u32; 6] = [1, 2, 5, 10, 60, 600];
/// While time runs, kubectl is asked for the inspector so often.
const INSPECT_EVERY: f64 = 250.0;

impl Desk {
    /// A desk with an example and a draft of it.
    pub fn new(example: &'static Example, draft: Option<String>) -> Self {
        Self::waiting(example, draft, Part::All)
    }

    fn bare(example: &'static Example) -> Self {
        Self {
            run: LazyRun::new(1),
            example,
            draft: "".into(),
            drafts: Vec::new(),
            behaviour: None,
            scope: Scope::default(),
            problems: Vec::new(),
            remarks: Vec::new(),
            told: Vec::new(),
            judged: true,
            refused: false,
            part: Part::All,
            embedded: false,
            playing: false,
            speed: 1,
            skip: false,
            zoom: 1,
            rushing: false,
            panel: Panel::default(),
            tab: Tab::default(),
            selected: None,
            why: None,
            scene: Rc::default(),
            timeline: Rc::default(),
            shown: Rc::default(),
            sentence: Rc::default(),
            sharing: None,
            note: None,
            typed: Rc::default(),
            live: Vec::new(),
            cut: true,
            derived: None,
            inspect_in: 0.0,
            draw_in: 0.0,
            turn: Turn::default(),
            drew: false,
        }
    }

    /// Whether a run exists.
    pub fn is_applied(&self) -> bool {
        self.part > Part::Page && self.run.applied.is_some()
    }

    /// Carries an act out.
    pub fn act(&mut self, act: Act) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.cut = true;
        match act {
            Act::Edit(text) => self.edit(&text, &mut effects),
            Act::Behave(steps) => {
                let written = self.behaviour.as_ref().and_then(|b| b.write(&self.draft, &steps));
                match written {
                    Some(text) => {
                        self.edit(&text, &mut effects);
                        self.check();
                    }
                    None => {
                        self.note = Some(Note {
                            text: "This manifest is written in a way that the panel cannot edit.".into(),
                            undo: false,
                        });
                    }
                }
            }
            Act::Scope(scope) => {
                self.scope = scope;
                self.behaviour = behaviour::read(&self.draft, &self.scope);
            }
            Act::Try(steps) => {
                self.scope = Scope::default();
                self.behaviour = behaviour::read(&self.draft, &self.scope);
                effects.extend(self.act(Act::Behave(steps)));
                effects.extend(self.act(Act::Apply));
            }
            Act::Set(path, value) => self.set_field(path, &value, &mut effects),
            Act::Fix(edits) => {
                let text = manifest::patched(&self.draft, &edits);
                self.edit(&text, &mut effects);
                self.check();
            }
            Act::Complete(line, cursor) => self.complete_line(&line, cursor, &mut effects),
            Act::Apply => self.apply(&mut effects),
            Act::ApplyHere => {
                let forked = self.run.cluster().would_fork();
                let text = self.draft.clone();
                let output = self.run.apply_here(&text);
                self.judge_apply(output.exit == 0, &output.stderr);
                if forked && output.exit == 0 {
                    self.say_fork();
                }
                self.say_accepted(forked);
                effects.push(Effect::Frames);
            }
            Act::Reset => {
                self.run.reset();
                self.playing = false;
                self.selected = None;
                self.why = None;
                self.note = Some(Note { text: "The run is gone, the manifest stays.".into(), undo: true });
                effects.push(Effect::Frames);
            }
            Act::Example(id) => self.open(id, None, &mut effects),
            Act::Draft(id, text) => self.open(id, text, &mut effects),
            Act::Restore => {
                let text = self.example.text;
                self.write(text);
                self.check();
                effects.push(Effect::Keep(self.example.id, None));
            }
            Act::Open(_, text) if permalink::is_run(&text) => match permalink::decode(text.trim()) {
                Some(Ok(shared)) => {
                    self.restore(&shared);
                    effects.push(Effect::Frames);
                }
                Some(Err(broken)) => self.note = Some(Note { text: broken.says().1.into(), undo: false }),
                None => {}
            },
            Act::Open(name, text) => {
                self.edit(&text, &mut effects);
                self.check();
                self.note = Some(Note { text: format!("{name} is open.").into(), undo: false });
            }
            Act::Undo => {
                if self.run.undo() {
                    self.note = Some(Note { text: "Undone.".into(), undo: false });
                }
                effects.push(Effect::Frames);
            }
            Act::Play => {
                self.rushing = false;
                self.playing = !self.playing && self.is_applied();
                if !self.is_applied() {
                    self.apply(&mut effects);
                } else if self.playing && self.run.is_settled() && self.run.now() >= self.run.seen() {
                    let origin = self.run.origin;
                    self.run.seek(origin);
                }
                effects.push(Effect::Frames);
            }
            Act::Step(forward) => self.moved(&mut effects, |run| run.step(forward)),
            Act::Failure(forward) => self.moved(&mut effects, |run| run.failure(forward)),
            Act::Start => self.moved(&mut effects, |run| {
                run.seek(run.origin);
                true
            }),
            Act::Seek(t) => self.moved(&mut effects, |run| {
                run.seek(run.origin + t.max(0));
                true
            }),
            Act::Tenth(n) => {
                let to = self.timeline.seen * Ms::from(n) / 10;
                self.moved(&mut effects, |run| {
                    run.seek(run.origin + to);
                    true
                });
            }
            Act::End => {
                if self.is_applied() {
                    self.playing = false;
                    self.rushing = true;
                } else {
                    self.apply(&mut effects);
                    self.rushing = self.is_applied();
                }
                // Most runs are at their end before it is worth drawing anything.
                self.draw_in = INSPECT_EVERY;
                effects.push(Effect::Frames);
            }
            Act::Speed(s) => {
                self.speed = s;
                effects.push(self.keep_speed());
            }
            Act::Faster(up) => {
                let at = SPEEDS.iter().position(|s| *s >= self.speed).unwrap_or(0);
                self.speed = SPEEDS[if up { (at + 1).min(SPEEDS.len() - 1) } else { at.saturating_sub(1) }];
                effects.push(self.keep_speed());
            }
            Act::Skip(on) => self.skip = on,
            Act::Zoom(larger) => self.zoom = if larger { (self.zoom * 2).min(32) } else { (self.zoom / 2).max(1) },
            Act::Select(target) => {
                self.selected = if target == self.selected { None } else { target };
                self.panel = if self.selected.is_some() { Panel::Inspector } else { self.panel };
            }
            Act::Tab(tab) => self.tab = tab,
            Act::Show(panel) => self.panel = panel,
            Act::Command(line) => {
                let typed = Rc::make_mut(&mut self.typed);
                if typed.last() != Some(&line) {
                    typed.push(line.clone());
                }
                self.kubectl(&line, &mut effects);
            }
            Act::Do(line) => self.kubectl(&["kubectl ", &line].concat(), &mut effects),
            Act::Break(namespace, name, fail) => self.break_container(&namespace, &name, fail, &mut effects),
            Act::Provide(name, text, line) => {
                self.run.provide(name, &text);
                self.kubectl(&line, &mut effects);
            }
            Act::Interrupt => self.run.interrupt(),
            Act::Why(question) => {
                self.playing = false;
                self.why = if self.why.as_ref() == Some(&question) { None } else { Some(question) };
                effects.push(Effect::Frames);
            }
            Act::Unwhy => self.why = None,
            Act::Unnote => self.note = None,
            Act::Dialog(d) => {
                if d == Dialog::Share {
                    self.playing = false;
                    self.sharing = Some((self.shared(), self.summary()));
                    effects.push(Effect::Frames);
                }
                effects.push(Effect::Open(d));
            }
            Act::SingleKeys(on) => effects.push(Effect::Setting("keys", if on { "on" } else { "off" }.into())),
            Act::Setting(name, value) => effects.push(Effect::Setting(name, value.into())),
            Act::Picture => effects.push(Effect::Picture(self.picture())),
            Act::Export => effects.push(Effect::Export),
            Act::Tour(on) => effects.push(Effect::Tour(on)),
            Act::Address(hash) => effects.push(Effect::Address(hash)),
            Act::Say(text) => self.note = Some(Note { text: text.into(), undo: false }),
            Act::Theme => effects.push(Effect::Theme),
            Act::GoTo(line) => {
                self.panel = Panel::Yaml;
                self.why = None;
                effects.push(Effect::Caret(line));
            }
        }
        self.derived = None;
        self.derive();
        effects
    }

    fn moved(&mut self, effects: &mut Vec<Effect>, go: impl FnOnce(&mut Run) -> bool) {
        if !self.is_applied() && self.run.history.pods.is_empty() {
            return;
        }
        self.playing = false;
        self.rushing = false;
        go(&mut self.run);
        effects.push(Effect::Frames);
    }

    fn edit(&mut self, text: &str, effects: &mut Vec<Effect>) {
        self.write(text);
        self.judged = false;
        let kept = (*text != *self.example.text).then(|| text.to_owned());
        effects.push(Effect::Keep(self.example.id, kept));
        effects.push(Effect::Check);
    }

    fn set_field(&mut self, path: &str, value: &str, effects: &mut Vec<Effect>) {
        let Some(d) = self.drafts.first() else { return };
        let path = [d.spec, path].concat();
        let keys: Vec<&str> = path.split('.').collect();
        if let Some(text) = yaml::set(&self.draft, d.doc, &keys, value) {
            self.edit(&text, effects);
            self.check();
        }
    }

    fn open(&mut self, id: &str, draft: Option<String>, effects: &mut Vec<Effect>) {
        let Some(example) = examples::find(id) else { return };
        self.example = example;
        self.scope = Scope::default();
        self.write(&draft.unwrap_or_else(|| example.text.to_owned()));
        self.check();
        self.run = LazyRun::new(self.run.seed());
        self.playing = false;
        self.selected = None;
        self.why = None;
        self.note = None;
        self.derived = None;
        effects.push(Effect::Frames);
    }

    fn apply(&mut self, effects: &mut Vec<Effect>) {
        let text = self.draft.clone();
        let output = self.run.apply_fresh(&text);
        let good = output.exit == 0;
        // Another cluster may have come as far as the one before.
        self.derived = None;
        self.judge_apply(good, &output.stderr);
        if good {
            self.selected = None;
            self.why = None;
            self.playing = true;
            self.rushing = false;
            self.say_accepted(false);
        } else {
            self.playing = false;
        }
        effects.push(Effect::Frames);
    }

    fn kubectl(&mut self, line: &str, effects: &mut Vec<Effect>) {
        let forked = self.run.cluster().would_fork();
        let before = self.run.cluster().journal_position();
        let text = self.draft.clone();
        let output = self.run.kubectl(line, &text);
        if let Some(name) = output.wants {
            effects.push(Effect::Fetch(name, line.to_owned()));
            return;
        }
        if let Some((name, text)) = output.edit {
            self.edit(&text, effects);
            self.check();
            self.panel = Panel::Yaml;
            let says = format!("{name} is open in the editor. Apply here sends what you change.");
            self.note = Some(Note { text: says.into(), undo: false });
            effects.push(Effect::Caret(0));
        }
        if self.run.applied.is_none() && !self.run.history.work.is_empty() {
            self.run.applied = Some(text);
        }
        let changed = self.run.cluster().journal_position() != before;
        if forked && changed {
            self.say_fork();
        }
        if changed {
            self.say_accepted(forked);
        }
        effects.push(Effect::Frames);
    }

    fn break_container(&mut self, namespace: &str, name: &str, fail: bool, effects: &mut Vec<Effect>) {
        let key = ObjectKey::new(Kind::Pod, namespace, name);
        let snapshot = self.run.cluster().snapshot();
        let Some(pod) = snapshot.get(&key) else { return };
        let container = pod.at("spec.containers.0.name").as_str().unwrap_or_default().to_owned();
        let forked = self.run.cluster().would_fork();
        self.run.break_container(&key, &container, fail);
        if forked {
            self.say_fork();
        }
        effects.push(Effect::Frames);
    }

    /// Completes a line of the terminal as far as all choices agree; where that adds nothing the choices are printed.
    fn complete_line(&mut self, line: &str, cursor: usize, effects: &mut Vec<Effect>) {
        let found = self.run.complete(line, cursor);
        let (Some(first), Some(typed)) = (found.choices.first(), line.get(found.from..cursor)) else { return };
        let same = found
            .choices
            .iter()
            .fold(first.len(), |n, c| first.bytes().zip(c.bytes()).take(n).take_while(|(a, b)| a == b).count());
        let mut new = first.get(..same).unwrap_or(first).to_owned();
        let one = found.choices.len() == 1;
        if one && !new.ends_with(['=', '/']) {
            new.push(' ');
        }
        if one || new.len() > typed.len() {
            let text = [&line[..found.from], &new, &line[cursor..]].concat();
            effects.push(Effect::Line(text, found.from + new.len()));
        } else {
            self.run.print(line, found.choices.join("  "));
        }
    }

    fn keep_speed(&self) -> Effect {
        Effect::Setting("speed", self.speed.to_string().into())
    }

    /// Takes over the speed that was kept.
    pub fn restore_speed(&mut self, kept: &str) {
        self.speed = kept.parse().ok().filter(|s| SPEEDS.contains(s)).unwrap_or(self.speed);
    }
}
