//! The sandbox: manifest and behaviour at the start, yard, timeline, terminal and inspector beside them.

use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use super::common::{apply_settings, settings, switch_theme};
use crate::components::assist::units;
use crate::components::behaviour::BehaviourPanel;
use crate::components::clockwork::{Moment, NowProvider};
use crate::components::code::{self, CodeEditor};
use crate::components::dialogs::{keys_dialog, legend_dialog, menu_dialog};
use crate::components::editor::{Editor, apply_bar, diagnostic};
use crate::components::examples::examples_dialog;
use crate::components::gantt::Gantt;
use crate::components::glyph::icon;
use crate::components::inspector::Inspector;
use crate::components::outcome::outcome;
use crate::components::settings::{Settings, settings_dialog};
use crate::components::share::ShareDialog;
use crate::components::stage::Stage;
use crate::components::terminal::Terminal;
use crate::components::top::top_bar;
use crate::components::tour::Tour;
use crate::components::transport::Transport;
use crate::components::why::WhyPopover;
use crate::platform::dom::{self, Listener};
use crate::platform::frames::{self, Timeout};
use crate::platform::ticker::Ticker;
use crate::platform::{files, parts, storage, turns};
use crate::session::act::{Act, Dialog, Panel};
use crate::session::desk::{Desk, Effect, Part};
use crate::session::examples;
use crate::session::permalink::{self, Broken};
use crate::session::run::FILE;
use crate::session::says;
use crate::session::text::Ms;

/// The draft is judged so long after the last key.
const CHECK_AFTER: i32 = 300;
/// While the rest of the WebAssembly is on its way, a run waits for it here.
const HOLD: Ms = 1_000;
/// A message of more bytes stays longer.
const LONG: usize = 60;
/// The page is drawn piece by piece, each in a task of its own: all at once they would keep a phone busy for longer than a finger waits.
/// The first ones, down to the dock, follow one another at once; what nobody sees before it is opened has time.
const AT_ONCE: usize = Piece::Dock as usize;
const PIECES: usize = Piece::Examples as usize;
const PIECE_AFTER: i32 = 30;
/// Live texts come at most so often.
const LIVE_EVERY: f64 = 2_000.0;

/// The pieces of the page, in the order in which they are drawn.
#[derive(Clone, Copy)]
enum Piece {
    Stage = 1,
    Yards,
    Time,
    Source,
    Behaviour,
    Dock,
    Terminal,
    Inspector,
    /// The settings and the menu.
    Menus,
    Keys,
    Legend,
    Examples,
}

/// What happens to the page.
pub enum Msg {
    /// The learner did something.
    Act(Act),
    /// A frame, at a time of the browser's clock.
    Frame(f64),
    /// Time to draw what a frame's time has changed.
    Draw,
    /// Time to judge the draft.
    Check,
    /// The page was hidden or shown.
    Visible,
    /// The simulator is there.
    Begin,
    /// More of the WebAssembly has come.
    Part,
    /// Time to draw another piece.
    Piece,
    /// The passing message has been there long enough.
    NoteOver,
}

/// The page.
pub struct Sandbox {
    desk: Desk,
    on_act: Callback<Act>,
    ticker: Ticker,
    moment: Moment,
    /// What a frame's time has changed, and when it is drawn.
    changed: bool,
    draw: Option<Timeout>,
    check: Option<Timeout>,
    note: Option<Timeout>,
    live: AttrValue,
    live_at: f64,
    /// A dialog that opens once it is drawn.
    opening: Option<Dialog>,
    /// Whether the draft is still to be read.
    unread: bool,
    /// Whether the address holds a run that is shown when all of the program has come, since it may do anything, and until then
    /// nothing else in its place.
    coming: bool,
    /// So many pieces are drawn.
    pieces: usize,
    piece: Option<Timeout>,
    /// Whether the window is a phone's, which shows one panel at a time.
    narrow: bool,
    /// What a part of the WebAssembly that has come leads to.
    arrived: Option<Timeout>,
    settings: Settings,
    tour: bool,
    broken: Option<Broken>,
    read_only: bool,
    _listeners: Vec<Listener>,
}

impl Component for Sandbox {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let id = storage::get("example").unwrap_or_default();
        let example = examples::open(&id);
        let here = Part::of(parts::here());
        let coming = here < Part::All && permalink::is_run(&dom::hash());
        let part = if coming { Part::Page } else { here };
        // Before the simulator is there, the draft is read in a task of its own.
        let unread = part == Part::Page;
        let mut desk =
            if unread { Desk::unread(example, part) } else { Desk::waiting(example, kept(example.id), part) };
        apply_settings();
        desk.restore_speed(&storage::get("speed").unwrap_or_default());
        if desk.part > Part::Page {
            ctx.link().send_message(Msg::Begin);
        }
        let link = ctx.link();
        let keys = {
            let link = link.clone();
            Listener::new(&dom::document(), "keydown", move |e| {
                if let Some(act) = keys::act_of(&e) {
                    e.prevent_default();
                    link.send_message(Msg::Act(act));
                }
            })
        };
        let visible = {
            let link = link.clone();
            Listener::new(&dom::document(), "visibilitychange", move |_| link.send_message(Msg::Visible))
        };
        let more = {
            let link = link.clone();
            parts::on_more(move || link.send_message(Msg::Part))
        };
        let offline = {
            let link = link.clone();
            let says = "You are offline. The cluster runs in this page, so everything goes on.";
            Listener::new(&dom::window(), "offline", move |_| link.send_message(Msg::Act(Act::Say(says.into()))))
        };
        Self {
            desk,
            on_act: link.callback(Msg::Act),
            ticker: Ticker::default(),
            moment: Moment::default(),
            changed: false,
            draw: None,
            check: None,
            note: None,
            live: "".into(),
            live_at: 0.0,
            opening: None,
            unread,
            coming,
            pieces: 0,
            piece: None,
            narrow: dom::is_narrow(),
            arrived: None,
            settings: settings(),
            tour: false,
            broken: None,
            read_only: false,
            _listeners: vec![keys, visible, more, offline],
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let asked = matches!(msg, Msg::Act(_));
        match msg {
            Msg::Act(act) => {
                self.read();
                let applies = matches!(act, Act::Apply | Act::ApplyHere);
                let act = match act {
                    Act::Example(id) => {
                        storage::set("example", id);
                        Act::Draft(id, storage::get(&draft_name(id)))
                    }
                    act => act,
                };
                for effect in self.desk.act(act) {
                    self.carry_out(ctx, effect);
                }
                if applies && !self.desk.is_bad() {
                    dom::reveal("#yard");
                }
                self.watch_note(ctx);
                self.frames_as_needed(ctx);
            }
            Msg::Frame(at) => {
                let (mut dt, go_on) = self.ticker.tick(at, self.desk.rushing);
                // While the rest is on its way, not beyond where it may be needed, however long this frame took to come.
                let left = self.desk.run.origin + HOLD - self.desk.run.now();
                let runs = self.desk.part == Part::All || left > 0;
                if self.desk.part < Part::All {
                    dt = dt.min(left as f64 / f64::from(self.desk.speed));
                }
                if runs {
                    self.changed |= self.desk.pass(dt, go_on);
                    self.watch_note(ctx);
                    self.frames_as_needed(ctx);
                    self.moment.set(self.desk.run.now());
                }
                // What has come of it is drawn in a task of its own.
                self.draw = Some(Self::later(ctx, || Msg::Draw));
                return false;
            }
            Msg::Draw => {
                self.draw = None;
                if !self.desk.draw(std::mem::take(&mut self.changed)) {
                    return false;
                }
                turns::full();
            }
            Msg::Check => {
                self.check = None;
                self.desk.check();
                if self.changed {
                    self.arrived = Some(Self::later(ctx, || Msg::Draw));
                }
            }
            Msg::Begin => {
                self.begin(ctx);
                // What has come of it is drawn in a task of its own; where time runs, part by part.
                self.changed = !self.desk.playing;
                self.arrived = Some(Self::later(ctx, || Msg::Draw));
                return false;
            }
            Msg::Part if self.coming && Part::of(parts::here()) < Part::All => return false,
            Msg::Part => {
                self.read();
                let first = self.desk.part == Part::Page;
                self.desk.arrive(Part::of(parts::here()));
                self.changed |= !self.desk.playing;
                self.arrived = Some(Self::later(ctx, move || if first { Msg::Begin } else { Msg::Check }));
                if first {
                    return false;
                }
            }
            Msg::Visible => self.frames_as_needed(ctx),
            Msg::Piece => {
                self.piece = None;
                if self.read() {
                    self.desk.derive();
                }
                self.pieces += 1;
            }
            Msg::NoteOver => {
                self.note = None;
                self.desk.note = None;
            }
        }
        self.speak();
        turns::still(asked || !(self.desk.playing || self.desk.rushing));
        true
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        self.draw()
    }

    fn rendered(&mut self, ctx: &Context<Self>, _first: bool) {
        let all = self.desk.part == Part::All;
        // What opens over the page may still be on its way: then it opens when it has come.
        if let Some(dialog) = self.opening.take_if(|_| all) {
            self.pieces = PIECES;
            dom::open_dialog(dialog.id());
        }
        if self.pieces < if all { PIECES } else { AT_ONCE } && self.piece.is_none() {
            let link = ctx.link().clone();
            let after = if self.pieces < AT_ONCE { 0 } else { PIECE_AFTER };
            self.piece = Some(Timeout::new(after, move || link.send_message(Msg::Piece)));
        }
    }
}

fn draft_name(id: &str) -> String {
    ["draft:", id].concat()
}

/// The draft that was kept of an example.
fn kept(id: &str) -> Option<String> {
    storage::get(&draft_name(id))
}

impl Sandbox {
    fn later(ctx: &Context<Self>, msg: impl Fn() -> Msg + 'static) -> Timeout {
        let link = ctx.link().clone();
        Timeout::new(0, move || link.send_message(msg()))
    }

    /// Reads the draft, unless it was read. Whether it was not.
    fn read(&mut self) -> bool {
        let was = std::mem::take(&mut self.unread);
        if was {
            self.desk.read(kept(self.desk.example.id));
        }
        was
    }

    /// Opens what the address holds; where nobody has been here before, the example runs at once.
    fn begin(&mut self, ctx: &Context<Self>) {
        self.coming = false;
        match permalink::decode(&dom::hash()) {
            Some(Ok(shared)) => {
                self.read_only = shared.read_only;
                self.desk.restore(&shared);
            }
            Some(Err(b)) => self.broken = Some(b),
            None => {}
        }
        self.tour = storage::get("tour").is_none() && self.broken.is_none() && !self.read_only;
        if self.tour && !self.desk.is_applied() {
            storage::set("tour", "seen");
            if !dom::reduced_motion() {
                self.desk.begin();
                self.frames_as_needed(ctx);
            }
        }
        if !self.desk.is_applied() {
            self.desk.check();
        }
    }

    fn carry_out(&mut self, ctx: &Context<Self>, effect: Effect) {
        match effect {
            Effect::Keep(id, Some(text)) => {
                storage::set("example", id);
                storage::set(&draft_name(id), &text);
            }
            Effect::Keep(id, None) => storage::remove(&draft_name(id)),
            Effect::Check => {
                let link = ctx.link().clone();
                self.check = Some(Timeout::new(CHECK_AFTER, move || link.send_message(Msg::Check)));
            }
            Effect::Open(dialog) => self.opening = Some(dialog),
            Effect::Theme => {
                switch_theme();
                self.settings = settings();
            }
            Effect::Setting(name, value) => {
                storage::set(name, &value);
                apply_settings();
                self.settings = settings();
            }
            Effect::Picture(svg) => files::download("timeline.svg", "image/svg+xml", &svg),
            Effect::Export => files::download("batchyard-settings.json", "application/json", &storage::export()),
            Effect::Tour(on) => {
                self.tour = on;
                storage::set("tour", "seen");
            }
            Effect::Address(hash) => dom::set_hash(&hash),
            Effect::Caret(line) => caret(line),
            Effect::Line(text, at) => command(&text, at),
            Effect::Fetch(name, line) => {
                let link = ctx.link().clone();
                let address = ["kubectl/", &name, ".txt"].concat();
                files::fetch(&address, move |text| {
                    link.send_message(Msg::Act(match text {
                        Some(text) => Act::Provide(name, text, line),
                        None => Act::Say("kubectl's texts could not be loaded.".into()),
                    }));
                });
            }
            Effect::Frames => {}
        }
    }

    /// Frames run only while something moves and the page is seen.
    fn frames_as_needed(&mut self, ctx: &Context<Self>) {
        let link = ctx.link().clone();
        self.ticker.needed(self.desk.playing || self.desk.rushing, move |at| link.send_message(Msg::Frame(at)));
    }

    fn watch_note(&mut self, ctx: &Context<Self>) {
        if self.desk.note.is_none() {
            self.note = None;
        } else if self.note.is_none() {
            let link = ctx.link().clone();
            let ms =
                if self.desk.note.as_ref().is_some_and(|n| n.undo || n.text.len() > LONG) { 10_000 } else { 4_000 };
            self.note = Some(Timeout::new(ms, move || link.send_message(Msg::NoteOver)));
        }
    }

    fn speak(&mut self) {
        let now = frames::now();
        if !self.desk.live.is_empty() && now - self.live_at >= LIVE_EVERY {
            let mut news = std::mem::take(&mut self.desk.live);
            let extra = news.len().saturating_sub(4);
            news.drain(..extra);
            self.live = news.join(" ").into();
            self.live_at = now;
        }
    }

    fn draw(&self) -> Html {
        let desk = &self.desk;
        let on_act = &self.on_act;
        let (now, origin) = desk.moment();
        let ended = desk.scene.job().is_some_and(|j| &*j.word == "Complete");
        let coming = self.coming;
        html! {
            <NowProvider moment={self.moment.clone()} {now}>
                <div class="app" data-playing={desk.playing.then_some("")}>
                    <a class="skip" href="#yard">{ "Skip to the yard" }</a>
                    { top_bar("", desk.example.title, true, on_act) }
                    <main class="bench" data-show={desk.panel.name()} data-settle={ended.then_some("")}>
                        if self.has(Piece::Source) { { self.switch() }{ self.source() } }
                        if self.has(Piece::Stage) {
                            <Stage scene={desk.scene.clone()} {coming} bare={!self.has(Piece::Yards)} sentence={desk.sentence.clone()} selected={desk.selected.clone()}
                                speed={if desk.cut || (desk.is_crowded() && desk.speed > 2) { 0 } else { desk.speed }} asked={desk.why.clone()} by_node={self.settings.nodes} on_act={on_act.clone()}>
                                if let Some(b) = &self.broken { { outcome(&says::broken(b), on_act) } }
                                if let Some(says) = &desk.shown.outcome { { outcome(says, on_act) } }
                            </Stage>
                        }
                        if self.has(Piece::Time) {
                            <section class="pane time" aria-label="Timeline">
                                <Transport playing={desk.playing || desk.rushing} speed={desk.speed} skip={desk.skip} {origin} {coming} ready=true on_act={on_act.clone()} />
                                <div class="gantt-box">
                                    <Gantt timeline={desk.timeline.clone()} {origin} playing={desk.playing || desk.rushing} zoom={desk.zoom} value_text={desk.shown.moment.clone()} selected={desk.selected.clone()} on_act={on_act.clone()} />
                                </div>
                            </section>
                        }
                        if self.has(Piece::Dock) { { self.dock() } }
                    </main>
                    <p class="sr" role="status" aria-live="polite">{ self.live.clone() }</p>
                    if let Some(note) = &desk.note {
                        <div class="toast" role="status"><span>{ note.text.clone() }</span>
                            if note.undo { <button type="button" class="toast-btn" onclick={on_act.reform(|_: MouseEvent| Act::Undo)}>{ "Undo" }</button> }
                        </div>
                    }
                    if desk.part == Part::All { { self.overlays() } }
                </div>
            </NowProvider>
        }
    }

    /// Whether a piece is drawn: when its turn has come, or when a dialog is to open.
    fn has(&self, piece: Piece) -> bool {
        let piece = piece as usize;
        let all = self.desk.part == Part::All;
        (piece <= AT_ONCE || all) && (self.pieces >= piece || (all && self.opening.is_some()))
    }

    /// What opens over the page.
    #[inline(never)]
    fn overlays(&self) -> Html {
        let (desk, on_act) = (&self.desk, &self.on_act);
        html! {
            <>
                if let Some(answer) = desk.shown.answer.clone() { <WhyPopover {answer} on_act={on_act.clone()} /> }
                if let Some((shared, summary)) = desk.sharing.clone() { <ShareDialog {shared} title={desk.example.title} {summary} base={dom::address()} on_act={on_act.clone()} /> }
                if self.tour { <Tour on_act={on_act.clone()} /> }
                if self.has(Piece::Menus) { { settings_dialog(&self.settings, on_act) }{ menu_dialog("", on_act) } }
                if self.has(Piece::Keys) { { keys_dialog(self.settings.keys, on_act) } }
                if self.has(Piece::Legend) { { legend_dialog() } }
                if self.has(Piece::Examples) { { examples_dialog(desk.example.id, on_act) } }
            </>
        }
    }

    fn choice(&self, panel: Panel, label: &'static str, on: bool) -> Html {
        let onclick = self.on_act.reform(move |_: MouseEvent| Act::Show(panel));
        html! { <button type="button" data-show={panel.name()} aria-pressed={if on { "true" } else { "false" }} {onclick}>{ label }</button> }
    }

    fn switch(&self) -> Html {
        let now = self.desk.panel;
        let choice = |p: Panel, label| self.choice(p, label, p == now);
        html! {
            <nav class="switch" aria-label="Panels"><div class="seg">
                { choice(Panel::Yaml, "YAML") }{ choice(Panel::Behave, "Behaviour") }{ choice(Panel::Terminal, "kubectl") }{ choice(Panel::Inspector, "Inspect") }
            </div></nav>
        }
    }

    fn source(&self) -> Html {
        let desk = &self.desk;
        let on_act = &self.on_act;
        let open = on_act.reform(|_: MouseEvent| Act::Dialog(Dialog::Examples));
        let changed = *desk.draft != *desk.example.text;
        html! {
            <section class="pane source" aria-label="Manifest" ondragover={Callback::from(|e: DragEvent| e.prevent_default())} ondrop={drop_file(on_act)}>
                <div class="editor-part">
                    <div class="pane-head"><h2 class="file">{ FILE }</h2><div class="tools">
                        if changed {
                            <button type="button" class="btn btn--bare btn--small" title="The example's text again" onclick={on_act.reform(|_: MouseEvent| Act::Restore)}>{ "Restore" }</button>
                        }
                        <button type="button" class="btn btn--bare btn--small" aria-haspopup="dialog" onclick={open}>{ "Examples " }{ icon("#i-down") }</button>
                    </div></div>
                    if self.settings.code {
                        <CodeEditor text={AttrValue::from(desk.draft.clone())} file={FILE} marks={desk.shown.marks.clone()} problems={desk.problems.clone()} remarks={desk.remarks.clone()} read_only={self.read_only} on_act={on_act.clone()} />
                    } else {
                        <Editor text={AttrValue::from(desk.draft.clone())} file={FILE} marks={desk.shown.marks.clone()} edited={desk.edited()} problems={desk.problems.clone()} remarks={desk.remarks.clone()} read_only={self.read_only} on_act={on_act.clone()} />
                    }
                    { diagnostic(&desk.problems, on_act) }
                    { apply_bar(&desk.said(), desk.is_bad(), desk.is_applied(), desk.is_changed(), on_act) }
                </div>
                if self.has(Piece::Behaviour) || !self.narrow {
                    <BehaviourPanel behaviour={desk.behaviour.clone()} statuses={desk.shown.attempts.clone()} on_act={on_act.clone()} />
                }
            </section>
        }
    }

    fn dock(&self) -> Html {
        let desk = &self.desk;
        let terminal = desk.panel != Panel::Inspector;
        let show = if terminal { "terminal" } else { "inspector" };
        let i = &desk.shown.inspected;
        let pane = |class: &'static str, heading: &'static str, says: &'static str| {
            html! { <section {class}><div class="pane-head pane-head--term"><h2>{ heading }</h2></div><div class="blank"><span>{ says }</span></div></section> }
        };
        let inspector = || pane("pane inspector", "Inspect", "The inspector is loading.");
        if !self.has(Piece::Terminal) {
            return html! { <div class="dock" data-show={show} aria-busy="true">{ pane("pane term", "kubectl", "kubectl is loading.") }{ inspector() }</div> };
        }
        html! {
            <div class="dock" data-show={show} aria-busy={(!self.has(Piece::Examples)).then_some("true")}>
                <div class="switch"><div class="seg">
                    { self.choice(Panel::Terminal, "kubectl", terminal) }{ self.choice(Panel::Inspector, "Inspect", !terminal) }
                </div></div>
                <Terminal lines={desk.shown.terminal.clone()} typed={desk.typed.clone()} tries={desk.shown.tries.clone()} on_act={self.on_act.clone()} />
                if self.has(Piece::Inspector) {
                    <Inspector target={i.target.clone()} word={i.word.clone()} tab={i.tab} text={i.text.clone()} before={i.before.clone()}
                        actions={i.actions.clone()} on_act={self.on_act.clone()} />
                } else {
                    { inspector() }
                }
            </div>
        }
    }
}

/// Opens a file that is dropped.
fn drop_file(on_act: &Callback<Act>) -> Callback<DragEvent> {
    let on_act = on_act.clone();
    Callback::from(move |e: DragEvent| {
        e.prevent_default();
        let Some(file) = e.data_transfer().and_then(|d| d.files()).and_then(|f| f.item(0)) else { return };
        let (on_act, name) = (on_act.clone(), file.name());
        files::read(&file, move |text| on_act.emit(text.map_or_else(Act::Say, |t| Act::Open(name, t))));
    })
}

/// Puts the caret at the start of a line of the editor.
fn caret(line: usize) {
    if let Some(host) = dom::document().get_element_by_id("code") {
        return code::call(&host, "line", &(line as u32).into());
    }
    let Some(area) = dom::document().get_element_by_id("manifest") else { return };
    let Ok(area) = wasm_bindgen::JsCast::dyn_into::<HtmlTextAreaElement>(area) else { return };
    let text = area.value();
    let before: usize = text.split_inclusive('\n').take(line).map(|l| l.encode_utf16().count()).sum();
    let length = text.split('\n').nth(line).map_or(0, |l| l.encode_utf16().count());
    let _ = area.focus();
    let _ = area.set_selection_range(before as u32, (before + length) as u32);
}

/// Puts a text into the terminal's line, and the caret at a place in it.
fn command(text: &str, at: usize) {
    let Some(field) = dom::document().get_element_by_id("command") else { return };
    let Ok(field) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlInputElement>(field) else { return };
    field.set_value(text);
    let at = units(text, at);
    let _ = field.set_selection_range(at, at);
}

mod keys;
