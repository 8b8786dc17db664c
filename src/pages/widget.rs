//! The widget in other people's pages: a yard, its manifest and a timeline, driven by its own controls and by its host.
//!
//! `embed/frame.js` starts it ([`mount`]) and passes the host's messages on ([`call`]); what happens in the run goes back
//! through the function that was given.

use std::cell::RefCell;
use std::rc::Rc;

use batchyard_engine::api::Value;
use wasm_bindgen::JsValue;
use yew::prelude::*;

use crate::components::clockwork::Now;
use crate::components::code::CodeEditor;
use crate::components::editor::{Editor, diagnostic};
use crate::components::gantt::Gantt;
use crate::components::glyph::{glyph_of, icon};
use crate::components::stage::Works;
use crate::components::transport::Transport;
use crate::platform::dom::{self, Listener};
use crate::platform::frames::Timeout;
use crate::platform::parts;
use crate::platform::ticker::Ticker;
use crate::platform::turns;
use crate::session::act::{Act, Panel};
use crate::session::desk::{Desk, Effect, Part};
use crate::session::embed::{Controls, Parameters, Told, state};
use crate::session::run::FILE;
use crate::session::view::Workload;
use crate::session::{permalink, says};

/// The draft is judged so long after the last key.
const CHECK_AFTER: i32 = 300;

thread_local! {
    static WIDGET: RefCell<Option<yew::AppHandle<Widget>>> = const { RefCell::new(None) };
}

/// Draws the widget into an element. `heard` is called with an event's name and its payload as JSON.
pub fn mount(root: web_sys::Element, parameters: &str, heard: js_sys::Function) {
    let props = WidgetProps { parameters: Rc::new(Parameters::read(parameters)), heard };
    let handle = yew::Renderer::<Widget>::with_root_and_props(root, props).render();
    WIDGET.with(|w| w.replace(Some(handle)));
}

/// What the host asks: the kind of its message and the payload as JSON. The answer is JSON. The shell asks for `getLink`, which
/// is what a permalink to the run packs.
pub fn call(kind: &str, payload: &str) -> String {
    let told = |desk: &Desk| match kind {
        "getState" => Some(state(desk).to_json()),
        "getLink" => Some(permalink::json(&desk.shared())),
        _ => None,
    };
    let answer = WIDGET.with_borrow(|w| {
        let handle = w.as_ref()?;
        let answer = handle.get_component().and_then(|widget| told(&widget.desk));
        if answer.is_none() {
            handle.send_message(Msg::Call(kind.to_owned(), Value::from_json(payload).unwrap_or_default()));
        }
        answer
    });
    answer.unwrap_or_else(|| r#"{"ok":true}"#.to_owned())
}

/// What happens to the widget.
pub enum Msg {
    /// The reader did something.
    Act(Act),
    /// The host asks something.
    Call(String, Value),
    /// A frame, at a time of the browser's clock.
    Frame(f64),
    /// Time to judge the draft.
    Check,
    /// The page was hidden or shown.
    Visible,
    /// More of the WebAssembly has come.
    Part,
}

/// Properties of [`Widget`].
#[derive(Properties, PartialEq, Clone)]
pub struct WidgetProps {
    /// What is shown.
    pub parameters: Rc<Parameters>,
    /// Hears of events.
    pub heard: js_sys::Function,
}

/// The widget.
pub struct Widget {
    desk: Desk,
    told: Told,
    ticker: Ticker,
    shown: bool,
    check: Option<Timeout>,
    on_act: Callback<Act>,
    _visible: Listener,
    _part: Listener,
}

/// How much of the WebAssembly is there: a widget is drawn when its simulator is.
fn part() -> Part {
    Part::of(parts::here()).max(Part::Simulator)
}

impl Component for Widget {
    type Message = Msg;
    type Properties = WidgetProps;

    fn create(ctx: &Context<Self>) -> Self {
        let p = &ctx.props().parameters;
        let mut desk = Desk::embedded(&p.shared, part());
        desk.speed = p.speed;
        desk.panel = p.panel();
        let (link, more) = (ctx.link().clone(), ctx.link().clone());
        let mut widget = Self {
            told: Told::of(&desk),
            desk,
            ticker: Ticker::default(),
            shown: true,
            check: None,
            on_act: ctx.link().callback(Msg::Act),
            _visible: Listener::new(&dom::document(), "visibilitychange", move |_| link.send_message(Msg::Visible)),
            _part: parts::on_more(move || more.send_message(Msg::Part)),
        };
        Self::tell(ctx, "ready", &Value::object([("version", Value::from(1))]));
        widget.report(ctx);
        widget
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Act(act) => self.act(ctx, act),
            Msg::Call(kind, payload) => self.called(ctx, &kind, &payload),
            Msg::Frame(at) => {
                let (dt, go_on) = self.ticker.tick(at, self.desk.rushing);
                self.desk.tick(dt, go_on);
            }
            Msg::Check => {
                self.check = None;
                self.desk.check();
            }
            Msg::Visible => {}
            Msg::Part => {
                let part = part();
                if part > self.desk.part {
                    self.desk.come(part);
                }
            }
        }
        let link = ctx.link().clone();
        turns::still(!(self.desk.playing || self.desk.rushing));
        let moving = self.shown && (self.desk.playing || self.desk.rushing);
        self.ticker.needed(moving, move |at| link.send_message(Msg::Frame(at)));
        self.report(ctx);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        self.draw(&ctx.props().parameters)
    }
}

impl Widget {
    fn act(&mut self, ctx: &Context<Self>, act: Act) {
        for effect in self.desk.act(act) {
            // An embed keeps nothing, opens no dialog and leaves its host's address alone.
            if effect == Effect::Check {
                let link = ctx.link().clone();
                self.check = Some(Timeout::new(CHECK_AFTER, move || link.send_message(Msg::Check)));
            }
        }
    }

    fn called(&mut self, ctx: &Context<Self>, kind: &str, payload: &Value) {
        let desk = &self.desk;
        match kind {
            "play" if !desk.playing => self.act(ctx, Act::Play),
            "pause" if desk.playing => self.act(ctx, Act::Play),
            "step" => {
                let count = payload.int_at("count").unwrap_or(1);
                for _ in 0..count.unsigned_abs() {
                    self.act(ctx, Act::Step(count > 0));
                }
            }
            "seek" => {
                if !self.desk.is_applied() {
                    self.act(ctx, Act::Apply);
                    self.desk.playing = false;
                }
                self.act(ctx, Act::Seek(payload.int_at("t").unwrap_or(0)));
            }
            "reset" => self.act(ctx, Act::Reset),
            "setYaml" => {
                self.act(ctx, Act::Edit(payload.str_at("yaml").to_owned()));
                self.act(ctx, Act::Reset);
                self.desk.note = None;
                self.desk.check();
            }
            "visible" => self.shown = payload.as_bool().unwrap_or(true),
            _ => {}
        }
    }

    fn tell(ctx: &Context<Self>, kind: &str, payload: &Value) {
        let _ = ctx.props().heard.call2(&JsValue::NULL, &kind.into(), &payload.to_json().into());
    }

    fn report(&mut self, ctx: &Context<Self>) {
        let news = self.told.news(&self.desk, ctx.props().parameters.goal);
        for (kind, payload) in &news {
            Self::tell(ctx, kind, payload);
        }
    }

    /// The shell writes the run into the link when it is about to be followed.
    fn head(&self, p: &Parameters) -> Html {
        let desk = &self.desk;
        let first = desk.scene.workloads.first();
        let name = first.map_or_else(|| "Manifest".into(), |w| w.name().clone());
        let job = desk.scene.job().filter(|j| j.applied);
        let word = job.map(|j| j.word.clone()).unwrap_or_default();
        let choice = |panel: Panel, label: &'static str| {
            let on = (self.desk.panel == Panel::Yaml) == (panel == Panel::Yaml);
            let onclick = self.on_act.reform(move |_: MouseEvent| Act::Show(panel));
            html! { <button type="button" aria-pressed={if on { "true" } else { "false" }} {onclick}>{ label }</button> }
        };
        html! {
            <header class="widget-head"><h1 class="mono">{ name }</h1>
                if !word.is_empty() {
                    <span class="chip" data-lamp={crate::session::status::look(&word).lamp.name()}>{ glyph_of(&word) }<span class="mono">{ word }</span></span>
                }
                if let Some(j) = job {
                    <span class="widget-count">{ if j.tracks.restarts { "restarts " } else { "failed " } }<b>{ j.used }</b>{ " of " }
                        <span class="mono">{ "backoffLimit " }{ j.tracks.limit }</span></span>
                }
                <span class="grow"></span>
                if p.view == "split" { <span class="seg widget-seg">{ choice(Panel::Inspector, "Yard") }{ choice(Panel::Yaml, "YAML") }</span> }
                <a class="btn btn--bare btn--small widget-out" href="../" target="_blank" rel="noopener"><span class="mark-s">{ icon("#i-out") }</span><span>{ "Open in batchyard" }</span></a>
            </header>
        }
    }

    fn manifest(&self, p: &Parameters) -> Html {
        let desk = &self.desk;
        let changed = desk.is_changed() || !desk.is_applied();
        html! {
            <section class="widget-yaml" aria-label="Manifest">
                if p.code {
                    <CodeEditor text={AttrValue::from(desk.draft.clone())} file={FILE} marks={desk.shown.marks.clone()} problems={desk.problems.clone()} remarks={desk.remarks.clone()}
                        read_only={!p.editable} on_act={self.on_act.clone()} />
                } else {
                    <Editor text={AttrValue::from(desk.draft.clone())} file={FILE} marks={desk.shown.marks.clone()} problems={desk.problems.clone()} remarks={desk.remarks.clone()}
                        highlighted={p.highlighted.clone()} read_only={!p.editable} on_act={self.on_act.clone()} />
                }
                { diagnostic(&desk.problems, &self.on_act) }
                if p.editable && changed && p.controls != Controls::None {
                    <p class="widget-apply"><button type="button" class="btn btn--small" onclick={self.on_act.reform(|_: MouseEvent| Act::Apply)}>{ "Apply" }</button></p>
                }
            </section>
        }
    }

    fn draw(&self, p: &Parameters) -> Html {
        let desk = &self.desk;
        let show = if desk.panel == Panel::Yaml { "yaml" } else { "yard" };
        let jobs = desk.scene.workloads.iter().any(|w| matches!(w, Workload::Job(_)));
        html! {
            <ContextProvider<Now> context={Now(desk.run.now())}>
                <main class="widget" data-show={show} data-view={p.view.clone()} data-controls={match p.controls { Controls::Full => "full", Controls::Mini => "mini", Controls::None => "none" }}>
                    { self.head(p) }
                    if p.view != "sim" { { self.manifest(p) } }
                    if p.view != "yaml" {
                        <section class="widget-yard stage-yard" aria-label="Yard" data-jobs={jobs.then_some("")}>
                            <Works scene={desk.scene.clone()} selected={desk.selected.clone()} speed={if desk.cut { 0 } else { desk.speed }} on_act={self.on_act.clone()} />
                        </section>
                    }
                    <section class="widget-time" aria-label="Timeline">
                        <div class="gantt-box">
                            <Gantt timeline={desk.timeline.clone()} origin={desk.run.origin} value_text={says::moment(desk)} selected={desk.selected.clone()} solo=true rows={0} on_act={self.on_act.clone()} />
                        </div>
                        if p.controls != Controls::None {
                            <Transport playing={desk.playing || desk.rushing} speed={desk.speed} skip={desk.skip} origin={desk.run.origin} ready=true on_act={self.on_act.clone()} />
                        }
                    </section>
                </main>
            </ContextProvider<Now>>
        }
    }
}
