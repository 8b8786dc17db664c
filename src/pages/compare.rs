//! Compare: two manifests on one clock, side by side.

use std::rc::Rc;

use yew::prelude::*;

use super::common::{Page, apply_settings, settings};
use crate::components::cards::{CronCard, ReplicasCard};
use crate::components::clockwork::Now;
use crate::components::dialogs::{keys_dialog, legend_dialog, menu_dialog};
use crate::components::editor::{Editor, diagnostic};
use crate::components::gantt::Gantt;
use crate::components::jobcard::JobCard;
use crate::components::outcome::rich;
use crate::components::pod::PodCar;
use crate::components::settings::settings_dialog;
use crate::components::top::top_bar;
use crate::components::transport::Transport;
use crate::components::yard::Yard;
use crate::platform::dom::{self, Listener};
use crate::platform::flip::Flip;
use crate::platform::ticker::Ticker;
use crate::platform::turns;
use crate::session::act::Act;
use crate::session::desk::Desk;
use crate::session::pair::{PRESETS, Pair};
use crate::session::view::Workload;

/// What happens to the page.
pub enum Msg {
    /// A control was used.
    Act(Act),
    /// A manifest was written: which side, and its text.
    Write(usize, String),
    /// Both are to be applied.
    Apply,
    /// A frame.
    Frame(f64),
    /// The page was hidden or shown.
    Visible,
}

/// The page.
pub struct Compare {
    pair: Pair,
    page: Page,
    on_act: Callback<Act>,
    ticker: Ticker,
    node: NodeRef,
    flip: Flip,
    rolling: f64,
    _listener: Listener,
}

impl Component for Compare {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        apply_settings();
        let link = ctx.link().clone();
        let listener = Listener::new(&dom::document(), "visibilitychange", move |_| link.send_message(Msg::Visible));
        Self {
            pair: Pair::new(&dom::query("p")),
            page: Page::default(),
            on_act: ctx.link().callback(Msg::Act),
            ticker: Ticker::default(),
            node: NodeRef::default(),
            flip: Flip::default(),
            rolling: 0.0,
            _listener: listener,
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        let pair = &mut self.pair;
        self.rolling = 0.0;
        match msg {
            Msg::Act(act) => match act {
                Act::Play => {
                    pair.playing = !pair.playing;
                }
                Act::Step(forward) => {
                    pair.playing = false;
                    pair.step(forward);
                }
                Act::Start => {
                    pair.playing = false;
                    pair.seek(0);
                }
                Act::End => {
                    pair.playing = false;
                    pair.end();
                }
                Act::Seek(t) => {
                    pair.playing = false;
                    pair.seek(t);
                }
                Act::Speed(s) => pair.speed = s,
                Act::Skip(on) => pair.skip = on,
                Act::Faster(up) => {
                    let all = crate::components::transport::SPEEDS;
                    let at = all.iter().position(|s| *s >= pair.speed).unwrap_or(0);
                    pair.speed = all[if up { (at + 1).min(all.len() - 1) } else { at.saturating_sub(1) }];
                }
                act => self.page.act(&act),
            },
            Msg::Write(side, text) => {
                pair.playing = false;
                pair.sides[side].act(Act::Edit(text));
                pair.sides[side].check();
            }
            Msg::Apply => pair.apply(),
            Msg::Frame(at) => {
                let (dt, go_on) = self.ticker.tick(at, false);
                pair.tick(dt, go_on);
                self.rolling = f64::from(pair.speed);
            }
            Msg::Visible => {}
        }
        turns::still(!self.pair.playing);
        let link = ctx.link().clone();
        self.ticker.needed(self.pair.playing, move |at| link.send_message(Msg::Frame(at)));
        true
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        if let Some(e) = self.node.cast::<web_sys::Element>() {
            dom::place(&e);
            self.flip.update(&e, self.rolling);
        }
        self.page.rendered();
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let pair = &self.pair;
        let on_act = &self.on_act;
        let choice = |p: &'static crate::session::pair::Preset| {
            html! { <option value={p.id} selected={p.id == pair.preset.id}>{ p.title }</option> }
        };
        let pick = Callback::from(|e: Event| {
            let id = e.target_dyn_into::<web_sys::HtmlSelectElement>().map(|s| s.value()).unwrap_or_default();
            dom::go(&["?p=", &id].concat());
        });
        let apply = ctx.link().callback(|_: MouseEvent| Msg::Apply);
        html! {
            <div class="doc">
                <a class="skip" href="#main">{ "Skip to content" }</a>
                { top_bar("compare/", "", false, on_act) }
                <main id="main" tabindex="-1">
                    <div class="cmp-head"><h2 class="cmp-title">{ pair.preset.title }</h2><p>{ pair.preset.says }{ " Both runs share one clock." }</p>
                        <select class="field" aria-label="What is compared" onchange={pick}>{ for PRESETS.iter().map(choice) }</select>
                        if pair.preset.id == "own" { <button type="button" class="btn btn--ink" onclick={apply}>{ "Apply both" }</button> }
                    </div>
                    <div class="cmp" ref={self.node.clone()}>{ for (0..2).map(|i| self.side(ctx, i)) }</div>
                    <section class="cmp-time" aria-label="Timeline">
                        <ContextProvider<Now> context={Now(pair.now())}>
                            <Transport playing={pair.playing} speed={pair.speed} skip={pair.skip} origin=0 ready=true on_act={on_act.clone()} />
                        </ContextProvider<Now>>
                    </section>
                    <section class="differs" aria-label="What differs"><h2>{ "What differs" }</h2>
                        <table><thead><tr><td></td>{ for pair.preset.sides.iter().map(|s| html! { <th scope="col">{ *s }</th> }) }</tr></thead>
                            <tbody>{ for pair.differs.iter().map(|d| html! {
                                <tr><th scope="row">{ d.what.clone() }</th>{ for d.sides.iter().map(|s| html! { <td>{ rich(s) }</td> }) }</tr>
                            }) }</tbody></table>
                    </section>
                </main>
                { legend_dialog() }
                { settings_dialog(&settings(), on_act) }
                { keys_dialog(settings().keys, on_act) }
                { menu_dialog("compare/", on_act) }
            </div>
        }
    }
}

impl Compare {
    fn side(&self, ctx: &Context<Self>, i: usize) -> Html {
        let side = &self.pair.sides[i];
        let name = self.pair.preset.sides[i];
        let d = &self.pair.diff[i];
        let own = self.pair.preset.id == "own";
        let write = ctx.link().batch_callback(move |a: Act| match a {
            Act::Edit(text) => vec![Msg::Write(i, text)],
            _ => vec![],
        });
        html! {
            <section class="side" aria-label={name} key={i}>
                <h3 class="diffline"><span class="no">{ d.number }</span><span>{ d.same.clone() }<b>{ d.other.clone() }</b></span></h3>
                if own {
                    <div class="side-editor"><Editor text={AttrValue::from(side.draft.clone())} file={name} marks={side.shown.marks.clone()} problems={side.problems.clone()} remarks={side.remarks.clone()} id={["manifest-", name].concat()} on_act={write.clone()} />
                        { diagnostic(&side.problems, &write) }</div>
                }
                <ContextProvider<Now> context={Now(side.run.now())}>
                    <div class="stage">{ for side.scene.workloads.iter().filter(|w| !matches!(w, Workload::Job(j) if !j.owner.is_empty() && j.is_over())).map(draw) }</div>
                    <div class="gantt-box">
                        <Gantt timeline={self.timeline(side)} origin={side.run.origin} value_text={side.shown.moment.clone()} label={name} rows=5 on_act={self.on_act.clone()} />
                    </div>
                </ContextProvider<Now>>
            </section>
        }
    }

    /// A side's timeline on the axis that both share.
    fn timeline(&self, side: &Desk) -> Rc<crate::session::view::Timeline> {
        let longest = self.pair.sides.iter().max_by_key(|s| s.timeline.view);
        match longest.filter(|l| l.timeline.view > side.timeline.view) {
            Some(l) => {
                let mut t = (*side.timeline).clone();
                (t.view, t.step) = (l.timeline.view, l.timeline.step);
                Rc::new(t)
            }
            None => side.timeline.clone(),
        }
    }
}

fn draw(w: &Workload) -> Html {
    match w {
        Workload::Job(j) => html! {
            <div class="stage-body" key={["job/", &*j.key].concat()}><JobCard job={j.clone()} /><div class="stage-yard"><Yard job={j.clone()} /></div></div>
        },
        Workload::Cron(c) => html! { <CronCard key={["cron/", &*c.key].concat()} cron={c.clone()} /> },
        Workload::Replicas(r) => html! { <ReplicasCard key={[r.kind, &*r.key].concat()} replicas={r.clone()} /> },
        Workload::Pod(p) => {
            html! { <div class="stage-body stage-body--pod" key={["pod/", &*p.key].concat()}><PodCar pod={p.clone()} /></div> }
        }
    }
}
