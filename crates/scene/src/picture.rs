//! A still picture of the timeline, as SVG that stands on its own: for a file, a printed page, an embed before it runs,
//! and `batchyard render`.
//!
//! It follows the reader's light or dark theme by itself, or is fixed to one. Status is told by word, edge and colour, as
//! in the page.
//!
//! A film is the same picture with every moment in it: what begins later says when (`data-f`, `data-u`), and a few lines of
//! script (`embed/film.js`) show it as it was at any moment before its end.

use std::fmt::Write;

use super::status::{Lamp, look};
use super::text::{Ms, human};
use super::view::{Arc, Mark, Row, Span, Timeline};

/// Which theme a picture is drawn in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// The reader's.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What stands around the timeline.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Caption {
    /// In bold at the top: `Job db-migration`.
    pub title: String,
    /// After it: `Running at 30s. failed 2 of backoffLimit 3`.
    pub text: String,
    /// At the foot.
    pub foot: String,
}

/// How large things are.
struct Layout {
    width: i64,
    /// Where the axis begins, and what is left free at its end.
    left: i64,
    right: i64,
    /// Where the rows begin.
    top: i64,
    /// The most rows that are drawn; a line says how many more there are.
    rows: usize,
}

const STILL: Layout = Layout { width: 960, left: 132, right: 24, top: 56, rows: 24 };
/// A film is shown in narrow frames.
const FILM: Layout = Layout { width: 480, left: 64, right: 20, top: 70, rows: 10 };
const JOB_ROW: i64 = 60;
const POD_ROW: i64 = 26;
/// Room above the first row for the arcs of the waits.
const ARC_TALLEST: f64 = 40.0;

const LIGHT: &str = "--paper:#fff;--ink:#1a1d1a;--soft:#5f635c;--line:#e2e2dc;--idle:#5b5f58;--work:#1c5bb8;--done:#08704f;--fail:#b92c1b;--wait:#855400;--on:#fff";
const DARK: &str = "--paper:#171917;--ink:#eceee9;--soft:#989d95;--line:#292c29;--idle:#a7aca4;--work:#82b4f7;--done:#5cc8a2;--fail:#ff917c;--wait:#e8b555;--on:#10120f";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => {}
            c => out.push(c),
        }
    }
    out
}

struct Drawing<'a> {
    timeline: &'a Timeline,
    layout: Layout,
    now: Ms,
    /// Whether it says when things begin and end.
    film: bool,
    svg: String,
}

impl Drawing<'_> {
    fn x(&self, t: Ms) -> f64 {
        let share = t.clamp(0, self.timeline.view) as f64 / self.timeline.view.max(1) as f64;
        let Layout { width, left, right, .. } = self.layout;
        let x = left as f64 + share * (width - left - right) as f64;
        (x * 10.0).round() / 10.0
    }
    /// From where to where the axis goes.
    fn ends(&self) -> (f64, f64) {
        (self.layout.left as f64, (self.layout.width - self.layout.right) as f64)
    }
    /// In a film: the attributes of what is there from a moment on, until another.
    fn when(&self, from: Ms, until: Option<Ms>) -> String {
        match until {
            _ if !self.film => String::new(),
            None => format!(" data-f=\"{from}\""),
            Some(until) if until > self.now => format!(" data-f=\"{from}\" data-u=\"{until}\""),
            Some(until) => format!(" data-f=\"{from}\" data-u=\"{until}\" display=\"none\""),
        }
    }
    /// In a film: the attribute of what grows with time.
    fn grows(&self) -> &'static str {
        if self.film { " clip-path=\"url(#seen)\"" } else { "" }
    }
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.svg.write_fmt(text);
    }
    fn line(&mut self, from: f64, to: f64, y: i64, class: &str, more: &str) {
        self.put(format_args!("<path class=\"{class}\" d=\"M{from} {y}H{to}\"{more}/>"));
    }

    /// A wait: dashed while it lasts.
    fn arc(&mut self, a: &Arc, y: i64) {
        let over = a.cut.unwrap_or(a.from + a.full);
        let (from, to) = (self.x(a.from), self.x(a.from + a.full));
        let rise = (13.0 + (a.full as f64 / 1000.0).sqrt() * 2.8).min(ARC_TALLEST);
        let (middle, top) = (f64::midpoint(from, to), y as f64 - rise);
        let radius = (to - from) / 2.0;
        let path = format!("d=\"M{from} {y}A{radius:.1} {rise:.1} 0 0 1 {to} {y}\"");
        if self.film || over > self.now {
            let when = self.when(a.from, Some(over));
            self.put(format_args!("<path class=\"wait next\" {path}{when}/>"));
        }
        if over <= self.now {
            let when = self.when(over, None);
            self.put(format_args!("<path class=\"wait\" {path}{when}/>"));
        }
        let when = self.when(a.from, None);
        self.put(format_args!(
            "<text class=\"wait-t\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\"{when}>{}</text>",
            top - 4.0,
            human(a.full)
        ));
    }

    fn object_row(&mut self, row: &Row, y: i64) {
        let base = y + JOB_ROW - 12;
        let name = if row.label.is_empty() { row.kind.clone() } else { row.label.clone() };
        let when = self.when(row.from, None);
        self.put(format_args!("<text class=\"name\" x=\"16\" y=\"{}\"{when}>{}</text>", base + 4, escape(&name)));
        let end = row.end.as_ref().map(|e| e.0).or(row.gone).filter(|t| *t <= self.now).unwrap_or(self.now);
        self.line(self.x(row.from), self.x(end), base, "life", self.grows());
        let now = self.now;
        for a in row.arcs.iter().filter(|a| a.from <= now) {
            self.arc(a, base);
        }
        if let Some((at, word)) = row.end.as_ref().filter(|e| e.0 <= self.now) {
            let x = self.x(*at);
            let late = x > (self.layout.width * 4 / 5) as f64;
            let (anchor, to) = if late { ("end", x - 10.0) } else { ("start", x + 10.0) };
            let when = self.when(*at, None);
            self.cap(look(word).lamp, x, base, &when);
            self.put(format_args!(
                "<text class=\"word {}\" x=\"{to}\" y=\"{}\" text-anchor=\"{anchor}\"{when}>{word}</text>",
                look(word).lamp.name(),
                base - 8
            ));
        }
    }

    fn cap(&mut self, lamp: Lamp, x: f64, y: i64, when: &str) {
        let mark = match lamp {
            Lamp::Done => format!("M{} {y}l2 2 4-4", x - 3.0),
            _ => format!("M{} {}l5 5m0-5l-5 5", x - 2.5, y as f64 - 2.5),
        };
        self.put(format_args!("<circle class=\"cap {}\" cx=\"{x}\" cy=\"{y}\" r=\"6\"{when}/>", lamp.name()));
        self.put(format_args!("<path class=\"on\" d=\"{mark}\"{when}/>"));
    }

    /// A stretch of a Pod's life. In a film an end that is followed by something (the Pod is deleted) is both: the end while
    /// it lasts, the stretch after it.
    fn bar(&mut self, s: &Span, born: Ms, y: i64) {
        let ends = matches!(look(&s.word).family, "Completed" | "Error" | "OOMKilled");
        match s.to.filter(|to| *to <= self.now) {
            None if ends => self.end(s, None, born, y),
            Some(to) if ends && self.film => {
                self.end(s, Some(to), born, y);
                self.stretch(s, to, y);
            }
            to => self.stretch(s, to.unwrap_or(self.now), y),
        }
    }

    /// An end with its word: after it where there is room, else before the Pod's life, else over it.
    fn end(&mut self, s: &Span, until: Option<Ms>, born: Ms, y: i64) {
        let (l, x, top) = (look(&s.word), self.x(s.from), y + POD_ROW / 2 - 6);
        let when = self.when(s.from, until);
        let rest = [&*when, self.grows()].concat();
        self.line(x, self.x(until.unwrap_or(self.now)), top + 6, "rest", &rest);
        self.cap(l.lamp, x, top + 6, &when);
        let text = s.exit.map_or(s.word.to_string(), |code| format!("{}, exit {code}", s.word));
        let before = self.x(born);
        let (anchor, at) = match () {
            () if self.layout.width as f64 - x > 130.0 => ("start", x + 11.0),
            () if before - self.ends().0 > 130.0 => ("end", before - 6.0),
            () => ("end", x - 11.0),
        };
        self.put(format_args!(
            "<text class=\"word {}\" x=\"{at:.1}\" y=\"{}\" text-anchor=\"{anchor}\"{when}>{}</text>",
            l.lamp.name(),
            top + 10,
            escape(&text)
        ));
    }

    fn stretch(&mut self, s: &Span, to: Ms, y: i64) {
        let l = look(&s.word);
        let (x, w) = (self.x(s.from), (self.x(to) - self.x(s.from)).max(1.5));
        let top = y + POD_ROW / 2 - 6;
        let ends = matches!(l.family, "Completed" | "Error" | "OOMKilled");
        let style = match l.family {
            "Pending" => "dashed",
            "ContainerCreating" => "hatched",
            "Terminating" => "coarse",
            "CrashLoopBackOff" | "ImagePullBackOff" | "ErrImagePull" => "ties",
            "Unknown" => return,
            _ => "solid",
        };
        let when = self.when(if ends { to } else { s.from }, None);
        let grows = self.grows();
        self.put(format_args!(
            "<rect class=\"{style} {}\" x=\"{x}\" y=\"{top}\" width=\"{w:.1}\" height=\"12\"{when}{grows}><title>{} {} to {}</title></rect>",
            l.lamp.name(),
            escape(&s.word),
            human(s.from),
            human(to)
        ));
    }

    fn pod_row(&mut self, row: &Row, y: i64) {
        let when = self.when(row.from, None);
        self.put(format_args!(
            "<text class=\"pod\" x=\"16\" y=\"{}\"{when}>{}</text>",
            y + POD_ROW / 2 + 4,
            escape(&row.label)
        ));
        let now = self.now;
        for s in row.spans.iter().filter(|s| s.from <= now) {
            self.bar(s, row.from, y);
        }
    }

    fn mark(&mut self, m: &Mark, y: i64) {
        let (x, when) = (self.x(m.at), self.when(m.at, None));
        match m.kind {
            "fail" | "failed" => {
                self.put(format_args!("<circle class=\"cap fail\" cx=\"{x}\" cy=\"{y}\" r=\"4\"{when}/>"));
            }
            "exit0" | "complete" => {
                self.put(format_args!("<circle class=\"cap done\" cx=\"{x}\" cy=\"{y}\" r=\"4\"{when}/>"));
            }
            "wait" => self.put(format_args!("<path class=\"cap wait-f\" d=\"M{x} {}l4 4-4 4-4-4z\"{when}/>", y - 4)),
            _ => self.put(format_args!("<path class=\"tick\" d=\"M{x} {}v8\"{when}/>", y - 4)),
        }
    }

    fn open(&mut self, height: i64, theme: Theme, spoken: &str) {
        let colours = match theme {
            Theme::Auto => format!(":root{{{LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{DARK}}}}}"),
            Theme::Light => format!(":root{{{LIGHT}}}"),
            Theme::Dark => format!(":root{{{DARK}}}"),
        };
        let (width, spoken) = (self.layout.width, escape(spoken));
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{spoken}\""
        ));
        if self.film {
            let ((from, to), end, view) = (self.ends(), self.now, self.timeline.view);
            self.put(format_args!(" data-end=\"{end}\" data-view=\"{view}\" data-x=\"{from} {to}\""));
        }
        self.put(format_args!("><title>{spoken}</title><style>{colours}"));
        self.svg.push_str(STYLE);
        self.put(format_args!("</style>{PATTERNS}<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"));
        if self.film {
            let (left, x) = (self.layout.left, self.x(self.now));
            self.put(format_args!(
                "<clipPath id=\"seen\"><rect x=\"{left}\" width=\"{:.1}\" height=\"{height}\"/></clipPath>",
                x - left as f64
            ));
        }
    }

    /// Rows, axis and marks. Gives where the axis is.
    fn rows(&mut self, drawn: &[&Row], more: bool) -> i64 {
        let ((left, right), mut y) = (self.ends(), self.layout.top);
        for row in drawn {
            let tall = if row.kind.is_empty() { POD_ROW } else { JOB_ROW };
            self.line(left, right, y + tall, "hair", "");
            if row.kind.is_empty() {
                self.pod_row(row, y);
            } else {
                self.object_row(row, y);
            }
            y += tall;
        }
        let axis = y + if more { POD_ROW } else { 0 } + 14;
        self.line(left, right, axis, "axis", "");
        let mut t = 0;
        while t <= self.timeline.view {
            let (x, text) = (self.x(t), human(t));
            self.put(format_args!(
                "<text class=\"axis-t\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                axis + 20
            ));
            t += self.timeline.step.max(1);
        }
        let (timeline, now) = (self.timeline, self.now);
        for m in timeline.marks.iter().filter(|m| m.at <= now) {
            self.mark(m, axis);
        }
        axis
    }

    fn head(&mut self, axis: i64) {
        let (x, top) = (self.x(self.now), self.layout.top - 8);
        self.put(format_args!(
            "<g class=\"now\" transform=\"translate({x})\"><path class=\"head\" d=\"M0 {top}V{axis}\"/><circle class=\"head-c\" cy=\"{axis}\" r=\"6\"/></g>"
        ));
    }
}

/// The height of the rows of a picture, and of the line that says how many more there are.
fn tall(drawn: &[&Row], more: bool) -> i64 {
    let rows: i64 = drawn.iter().map(|r| if r.kind.is_empty() { POD_ROW } else { JOB_ROW }).sum();
    rows + if more { POD_ROW } else { 0 }
}

/// Draws the timeline as it is at `now` (milliseconds since its start, as everything in it).
pub fn timeline_svg(timeline: &Timeline, now: Ms, caption: &Caption, theme: Theme) -> String {
    let born: Vec<&Row> = timeline.rows.iter().map(|r| &**r).filter(|r| r.from <= now).collect();
    let drawn = &born[..born.len().min(STILL.rows)];
    let more = born.len() - drawn.len() + timeline.more;
    let mut d = Drawing { timeline, layout: STILL, now, film: false, svg: String::new() };
    let height = d.layout.top + tall(drawn, more > 0) + 14 + if caption.foot.is_empty() { 34 } else { 56 };
    d.open(height, theme, &format!("{} {}", caption.title, caption.text));
    d.put(format_args!(
        "<text class=\"title\" x=\"16\" y=\"28\">{}<tspan class=\"text\" dx=\"10\">{}</tspan></text>",
        escape(&caption.title),
        escape(&caption.text)
    ));
    let axis = d.rows(drawn, more > 0);
    if more > 0 {
        d.put(format_args!("<text class=\"foot\" x=\"16\" y=\"{}\">+ {more} more</text>", axis - POD_ROW / 2 - 10));
    }
    d.head(axis);
    if !caption.foot.is_empty() {
        d.put(format_args!("<text class=\"foot\" x=\"16\" y=\"{}\">{}</text>", height - 10, escape(&caption.foot)));
    }
    d.svg.push_str("</svg>\n");
    d.svg
}

/// Draws a run until `end` so that it can be shown as it was at any moment. `states` says what is written under the title
/// from when on.
pub fn film_svg(timeline: &Timeline, end: Ms, title: &str, states: &[(Ms, String)], foot: &str) -> String {
    let mut born: Vec<&Row> = timeline.rows.iter().map(|r| &**r).filter(|r| r.from <= end).collect();
    let rest = born.split_off(born.len().min(FILM.rows));
    let letters = born.iter().map(|r| if r.label.is_empty() { r.kind.len() } else { r.label.len() }).max().unwrap_or(0);
    let layout = Layout { left: (30 + letters as i64 * 8).clamp(FILM.left, FILM.width / 2), ..FILM };
    let mut d = Drawing { timeline, layout, now: end, film: true, svg: String::new() };
    let more = !rest.is_empty() || timeline.more > 0;
    let height = d.layout.top + tall(&born, more) + 70;
    let last = states.last().map_or("", |s| s.1.as_str());
    d.open(height, Theme::Auto, &format!("{title} {last}"));
    d.put(format_args!("<text class=\"title\" x=\"16\" y=\"24\">{}</text>", escape(title)));
    let right = d.ends().1;
    d.put(format_args!("<text class=\"at foot\" x=\"{right}\" y=\"24\" text-anchor=\"end\">at {}</text>", human(end)));
    for (n, (from, text)) in states.iter().enumerate() {
        let when = d.when(*from, states.get(n + 1).map(|s| s.0));
        d.put(format_args!("<text class=\"text state\" x=\"16\" y=\"44\"{when}>{}</text>", escape(text)));
    }
    let axis = d.rows(&born, more);
    let mut births: Vec<Ms> = rest.iter().map(|r| r.from).collect();
    births.sort_unstable();
    for (n, from) in births.iter().enumerate() {
        let next = births.get(n + 1).copied();
        if next != Some(*from) {
            let (when, y, count) = (d.when(*from, next), axis - POD_ROW / 2 - 10, n + 1 + timeline.more);
            d.put(format_args!("<text class=\"foot\" x=\"16\" y=\"{y}\"{when}>+ {count} more</text>"));
        }
    }
    d.head(axis);
    d.put(format_args!("<text class=\"foot\" x=\"16\" y=\"{}\">{}</text>", height - 10, escape(foot)));
    d.svg.push_str("</svg>\n");
    d.svg
}

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:var(--ink)}.paper{fill:var(--paper)}.title{font-size:15px;font-weight:640}\
.text{font-weight:400;fill:var(--soft)}.foot,.axis-t{font-size:11px;fill:var(--soft)}.pod,.word{font-family:ui-monospace,Menlo,Consolas,monospace}\
.name{font-weight:640}.hair{stroke:var(--line)}.axis{stroke:var(--soft);stroke-width:2}.life{stroke:var(--ink);stroke-width:3}\
.rest{stroke:var(--line);stroke-width:2}.wait{fill:none;stroke:var(--wait);stroke-width:2}.next{stroke-dasharray:4 3}.wait-t{font-size:11px;fill:var(--wait)}\
.wait-f{fill:var(--wait)}.tick{stroke:var(--ink);stroke-width:2}.head{stroke:var(--ink);stroke-width:2}.head-c{fill:var(--ink)}\
.idle{--c:var(--idle)}.work{--c:var(--work)}.done{--c:var(--done)}.fail{--c:var(--fail)}rect.wait{--c:var(--wait);stroke:none}.word{fill:var(--c);paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}.cap{fill:var(--c)}.cap.wait-f{fill:var(--wait)}\
.on{fill:none;stroke:var(--on);stroke-width:1.6;stroke-linecap:round}.solid{fill:var(--c)}.dashed{fill:none;stroke:var(--c);stroke-dasharray:3 2}\
.hatched{fill:url(#hatch);stroke:var(--work)}.coarse{fill:url(#coarse);stroke:var(--idle);stroke-dasharray:2 2}.ties{fill:url(#ties)}\
pattern path{fill:none;stroke-width:2}";

const PATTERNS: &str = "<defs><pattern id=\"hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path stroke=\"var(--work)\" d=\"M0 0V5\"/></pattern>\
<pattern id=\"coarse\" width=\"9\" height=\"9\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path stroke=\"var(--idle)\" d=\"M0 0V9\"/></pattern>\
<pattern id=\"ties\" width=\"5\" height=\"12\" patternUnits=\"userSpaceOnUse\"><path stroke=\"var(--wait)\" d=\"M1 0V12\"/></pattern></defs>";

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    fn span(word: &'static str, from: Ms, to: Option<Ms>, exit: Option<i64>) -> Span {
        Span { word: word.into(), from, to, exit }
    }

    fn sample() -> Timeline {
        let pod = |label: &'static str, from: Ms, spans: Vec<Span>| {
            Rc::new(Row {
                key: label.into(),
                kind: "".into(),
                label: label.into(),
                name: label.into(),
                word: None,
                from,
                gone: None,
                child: false,
                spans,
                arcs: Vec::new(),
                end: None,
                ended: false,
                ghost: None,
            })
        };
        let failed = vec![
            span("Pending", 0, Some(500), None),
            span("ContainerCreating", 500, Some(2_000), None),
            span("Running", 2_000, Some(6_000), None),
            span("Error", 6_000, None, Some(1)),
        ];
        let job = Row {
            kind: "Job".into(),
            label: "".into(),
            arcs: vec![Arc { from: 6_000, full: 10_000, cut: None }],
            spans: Vec::new(),
            ..(*pod("<job>&", 0, Vec::new())).clone()
        };
        Timeline {
            started: true,
            rows: vec![
                Rc::new(job),
                pod("4c7xq", 0, failed),
                pod("kz8wd", 16_000, vec![span("Running", 16_000, None, None)]),
            ],
            marks: vec![Mark { at: 0, kind: "create" }, Mark { at: 6_000, kind: "fail" }],
            seen: 30_000,
            from: 0,
            view: 60_000,
            step: 10_000,
            more: 0,
            begun: 3,
        }
    }

    fn caption() -> Caption {
        Caption { title: "Job <a> & b".into(), text: "Running".into(), foot: String::new() }
    }

    #[test]
    fn what_lies_ahead_is_not_drawn() {
        let early = timeline_svg(&sample(), 8_000, &caption(), Theme::Auto);
        assert!(early.contains("Error, exit 1"));
        assert!(!early.contains("kz8wd"), "a Pod of the future is not in the picture");
        assert!(timeline_svg(&sample(), 20_000, &caption(), Theme::Auto).contains("kz8wd"));
    }

    #[test]
    fn a_film_says_when_each_thing_begins_and_ends() {
        let states = [(0, "Running 0/1".to_owned()), (28_000, "Failed 0/1".to_owned())];
        let film = film_svg(&sample(), 30_000, "Job a", &states, "");
        assert!(film.contains("data-end=\"30000\" data-view=\"60000\""), "{film}");
        assert!(film.contains("data-f=\"0\" data-u=\"28000\" display=\"none\">Running 0/1<"), "the state before");
        assert!(film.contains("data-f=\"28000\">Failed 0/1<"), "the state at its end is shown without a script");
        assert!(film.contains("data-f=\"16000\">kz8wd<") && film.contains("data-f=\"6000\">Error, exit 1<"), "{film}");
        assert!(
            film.contains("class=\"wait next\"")
                && film.contains("data-f=\"6000\" data-u=\"16000\" display=\"none\"/>")
        );
        assert!(!timeline_svg(&sample(), 30_000, &caption(), Theme::Auto).contains("data-f"), "a still has one moment");
    }

    #[test]
    fn in_a_film_an_end_that_passes_is_both() {
        let mut gone = sample();
        let mut pod = (*gone.rows[1]).clone();
        pod.spans[3].to = Some(20_000);
        gone.rows[1] = Rc::new(pod);
        let film = film_svg(&gone, 30_000, "Job a", &[], "");
        assert!(film.contains("data-f=\"6000\" data-u=\"20000\" display=\"none\">Error, exit 1<"), "{film}");
        assert!(film.contains("data-f=\"20000\" clip-path=\"url(#seen)\"><title>Error 6s to 20s<"), "{film}");
    }

    #[test]
    fn a_film_of_a_crowd_counts_as_it_grows() {
        let mut crowd = sample();
        let pod = crowd.rows[2].clone();
        crowd.rows.extend((0..10).map(|n| Rc::new(Row { from: 20_000 + n / 5 * 1_000, ..(*pod).clone() })));
        let film = film_svg(&crowd, 30_000, "Job a", &[], "");
        assert!(film.contains("data-f=\"21000\">+ 3 more<") && !film.contains("+ 2 more"), "{film}");
    }

    #[test]
    fn a_crowd_is_counted_not_drawn() {
        let mut crowd = sample();
        let pod = crowd.rows[1].clone();
        crowd.rows.extend((0..40).map(|_| pod.clone()));
        let svg = timeline_svg(&crowd, 20_000, &caption(), Theme::Auto);
        assert!(svg.contains("+ 19 more"), "43 rows, 24 drawn");
    }

    #[test]
    fn texts_cannot_break_out() {
        let svg = timeline_svg(&sample(), 8_000, &caption(), Theme::Dark);
        assert!(svg.contains("Job &lt;a&gt; &amp; b"));
        assert!(!svg.contains("<a>"));
    }

    #[test]
    fn a_theme_can_be_fixed() {
        assert!(timeline_svg(&sample(), 0, &caption(), Theme::Auto).contains("prefers-color-scheme"));
        assert!(!timeline_svg(&sample(), 0, &caption(), Theme::Light).contains("prefers-color-scheme"));
    }
}
