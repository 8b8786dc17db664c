//! A still picture of the timeline, as SVG that stands on its own: for a file, a printed page, an embed before it runs,
//! and `batchyard render`.
//!
//! It follows the reader's light or dark theme by itself, or is fixed to one. Status is told by word, edge and colour, as
//! in the page.

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

const WIDTH: i64 = 960;
const LEFT: i64 = 132;
const RIGHT: i64 = 24;
const TOP: i64 = 56;
const JOB_ROW: i64 = 60;
const POD_ROW: i64 = 26;
/// The most rows that are drawn; a line says how many more there are.
const ROWS_DRAWN: usize = 24;
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
    now: Ms,
    svg: String,
}

impl Drawing<'_> {
    fn x(&self, t: Ms) -> f64 {
        let share = t.clamp(0, self.timeline.view) as f64 / self.timeline.view.max(1) as f64;
        let x = LEFT as f64 + share * (WIDTH - LEFT - RIGHT) as f64;
        (x * 10.0).round() / 10.0
    }
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.svg.write_fmt(text);
    }
    fn line(&mut self, from: f64, to: f64, y: i64, class: &str) {
        self.put(format_args!("<path class=\"{class}\" d=\"M{from} {y}H{to}\"/>"));
    }

    fn arc(&mut self, a: &Arc, y: i64) {
        let until = a.cut.unwrap_or(a.from + a.full).min(self.now.max(a.from));
        let (from, to) = (self.x(a.from), self.x(a.from + a.full));
        let rise = (13.0 + (a.full as f64 / 1000.0).sqrt() * 2.8).min(ARC_TALLEST);
        let (middle, top) = (f64::midpoint(from, to), y as f64 - rise);
        let class = if until < a.from + a.full && a.cut.is_none() { "wait next" } else { "wait" };
        let radius = (to - from) / 2.0;
        self.put(format_args!("<path class=\"{class}\" d=\"M{from} {y}A{radius:.1} {rise:.1} 0 0 1 {to} {y}\"/>"));
        self.put(format_args!(
            "<text class=\"wait-t\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            top - 4.0,
            human(a.full)
        ));
    }

    fn object_row(&mut self, row: &Row, y: i64) {
        let base = y + JOB_ROW - 12;
        let name = if row.label.is_empty() { row.kind.clone() } else { row.label.clone() };
        self.put(format_args!("<text class=\"name\" x=\"16\" y=\"{}\">{}</text>", base + 4, escape(&name)));
        let end = row.end.as_ref().map(|e| e.0).or(row.gone).filter(|t| *t <= self.now).unwrap_or(self.now);
        self.line(self.x(row.from), self.x(end), base, "life");
        let now = self.now;
        for a in row.arcs.iter().filter(|a| a.from <= now) {
            self.arc(a, base);
        }
        if let Some((at, word)) = row.end.as_ref().filter(|e| e.0 <= self.now) {
            let x = self.x(*at);
            let (anchor, to) = if x > (WIDTH * 4 / 5) as f64 { ("end", x - 10.0) } else { ("start", x + 10.0) };
            self.cap(look(word).lamp, x, base);
            self.put(format_args!(
                "<text class=\"word {}\" x=\"{to}\" y=\"{}\" text-anchor=\"{anchor}\">{word}</text>",
                look(word).lamp.name(),
                base - 8
            ));
        }
    }

    fn cap(&mut self, lamp: Lamp, x: f64, y: i64) {
        let mark = match lamp {
            Lamp::Done => format!("M{} {y}l2 2 4-4", x - 3.0),
            _ => format!("M{} {}l5 5m0-5l-5 5", x - 2.5, y as f64 - 2.5),
        };
        self.put(format_args!("<circle class=\"cap {}\" cx=\"{x}\" cy=\"{y}\" r=\"6\"/>", lamp.name()));
        self.put(format_args!("<path class=\"on\" d=\"{mark}\"/>"));
    }

    fn bar(&mut self, s: &Span, y: i64) {
        let l = look(&s.word);
        let to = s.to.unwrap_or(self.now).min(self.now);
        let (x, w) = (self.x(s.from), (self.x(to) - self.x(s.from)).max(1.5));
        let top = y + POD_ROW / 2 - 6;
        let over = s.to.is_none() && matches!(l.family, "Completed" | "Error" | "OOMKilled");
        if over {
            self.line(x, self.x(self.now), top + 6, "rest");
            self.cap(l.lamp, x, top + 6);
            let text = s.exit.map_or(s.word.to_string(), |code| format!("{}, exit {code}", s.word));
            let room = WIDTH as f64 - x > 130.0;
            let (anchor, at) = if room { ("start", x + 11.0) } else { ("end", x - 11.0) };
            self.put(format_args!(
                "<text class=\"word {}\" x=\"{at}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                l.lamp.name(),
                top + 10,
                escape(&text)
            ));
            return;
        }
        let style = match l.family {
            "Pending" => "dashed",
            "ContainerCreating" => "hatched",
            "Terminating" => "coarse",
            "CrashLoopBackOff" | "ImagePullBackOff" | "ErrImagePull" => "ties",
            "Unknown" => return,
            _ => "solid",
        };
        self.put(format_args!(
            "<rect class=\"{style} {}\" x=\"{x}\" y=\"{top}\" width=\"{w:.1}\" height=\"12\"><title>{} {} to {}</title></rect>",
            l.lamp.name(),
            escape(&s.word),
            human(s.from),
            human(to)
        ));
    }

    fn pod_row(&mut self, row: &Row, y: i64) {
        self.put(format_args!(
            "<text class=\"pod\" x=\"16\" y=\"{}\">{}</text>",
            y + POD_ROW / 2 + 4,
            escape(&row.label)
        ));
        let now = self.now;
        for s in row.spans.iter().filter(|s| s.from <= now) {
            self.bar(s, y);
        }
    }

    fn mark(&mut self, m: &Mark, y: i64) {
        let x = self.x(m.at);
        match m.kind {
            "fail" | "failed" => self.put(format_args!("<circle class=\"cap fail\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>")),
            "exit0" | "complete" => {
                self.put(format_args!("<circle class=\"cap done\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"));
            }
            "wait" => self.put(format_args!("<path class=\"cap wait-f\" d=\"M{x} {}l4 4-4 4-4-4z\"/>", y - 4)),
            _ => self.put(format_args!("<path class=\"tick\" d=\"M{x} {}v8\"/>", y - 4)),
        }
    }
}

/// Draws the timeline as it is at `now` (milliseconds since its start, as everything in it).
pub fn timeline_svg(timeline: &Timeline, now: Ms, caption: &Caption, theme: Theme) -> String {
    let born: Vec<&Row> = timeline.rows.iter().map(|r| &**r).filter(|r| r.from <= now).collect();
    let drawn = &born[..born.len().min(ROWS_DRAWN)];
    let more = born.len() - drawn.len() + timeline.more;
    let rows: i64 = drawn.iter().map(|r| if r.kind.is_empty() { POD_ROW } else { JOB_ROW }).sum();
    let axis = TOP + rows + if more > 0 { POD_ROW } else { 0 } + 14;
    let height = axis + if caption.foot.is_empty() { 34 } else { 56 };
    let colours = match theme {
        Theme::Auto => format!(":root{{{LIGHT}}}@media(prefers-color-scheme:dark){{:root{{{DARK}}}}}"),
        Theme::Light => format!(":root{{{LIGHT}}}"),
        Theme::Dark => format!(":root{{{DARK}}}"),
    };
    let mut d = Drawing { timeline, now, svg: String::new() };
    let spoken = format!("{} {}", caption.title, caption.text);
    d.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"{}\"><title>{}</title><style>{colours}",
        escape(&spoken),
        escape(&spoken)
    ));
    d.svg.push_str(STYLE);
    d.put(format_args!("</style>{PATTERNS}<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>"));
    d.put(format_args!(
        "<text class=\"title\" x=\"16\" y=\"28\">{}<tspan class=\"text\" dx=\"10\">{}</tspan></text>",
        escape(&caption.title),
        escape(&caption.text)
    ));
    let mut y = TOP;
    for row in drawn {
        let tall = if row.kind.is_empty() { POD_ROW } else { JOB_ROW };
        d.line(LEFT as f64, (WIDTH - RIGHT) as f64, y + tall, "hair");
        if row.kind.is_empty() {
            d.pod_row(row, y);
        } else {
            d.object_row(row, y);
        }
        y += tall;
    }
    if more > 0 {
        d.put(format_args!("<text class=\"foot\" x=\"16\" y=\"{}\">+ {more} more</text>", y + POD_ROW / 2 + 4));
    }
    d.line(LEFT as f64, (WIDTH - RIGHT) as f64, axis, "axis");
    let mut t = 0;
    while t <= timeline.view {
        let (x, text) = (d.x(t), human(t));
        d.put(format_args!(
            "<text class=\"axis-t\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            axis + 20
        ));
        t += timeline.step.max(1);
    }
    for m in timeline.marks.iter().filter(|m| m.at <= now) {
        d.mark(m, axis);
    }
    let x = d.x(now);
    d.put(format_args!(
        "<path class=\"head\" d=\"M{x} {}V{axis}\"/><circle class=\"head-c\" cx=\"{x}\" cy=\"{axis}\" r=\"6\"/>",
        TOP - 8
    ));
    if !caption.foot.is_empty() {
        d.put(format_args!("<text class=\"foot\" x=\"16\" y=\"{}\">{}</text>", height - 10, escape(&caption.foot)));
    }
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
