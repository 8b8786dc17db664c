//! The manifest as text: a textarea over lines that are drawn with their numbers, marks and live counts.

use std::rc::Rc;

use yew::prelude::*;

use super::assist::{Assist, caret, insert, use_assist};
use super::glyph::icon;
use super::outcome::rich;
use crate::platform::dom;
use crate::session::act::Act;
use crate::session::manifest::{Fix, LineMark, Problem, Remark};
use crate::session::status::Lamp;

/// Properties of [`Editor`].
#[derive(Properties, PartialEq)]
pub struct EditorProps {
    /// The text.
    pub text: AttrValue,
    /// The file's name.
    pub file: AttrValue,
    /// Marks and live counts, by line from 0.
    pub marks: Rc<Vec<LineMark>>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What else is worth knowing.
    #[prop_or_default]
    pub remarks: Vec<Remark>,
    /// Lines, from and to, that differ from the example.
    #[prop_or_default]
    pub edited: Option<(usize, usize)>,
    /// The id of the textarea.
    #[prop_or(AttrValue::Static("manifest"))]
    pub id: AttrValue,
    /// Whether it can only be read.
    #[prop_or_default]
    pub read_only: bool,
    /// Lines that are highlighted, first and last, from 1.
    #[prop_or_default]
    pub highlighted: Vec<(usize, usize)>,
    /// What typing does.
    pub on_act: Callback<Act>,
}

/// Pieces of a line with the class of each. Keys are ink, values lighter, comments italic; colour belongs to status.
pub fn tokens(line: &str) -> Vec<(&'static str, &str)> {
    let mut out = Vec::new();
    let body = line.trim_start();
    let (space, mut rest) = line.split_at(line.len() - body.len());
    if !space.is_empty() {
        out.push(("", space));
    }
    if rest.starts_with('#') {
        out.push(("y-c", rest));
        return out;
    }
    while let Some(after) = rest.strip_prefix("- ") {
        out.push(("y-p", &rest[..2]));
        rest = after;
    }
    if let Some(colon) = rest.find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1))
        && rest[..colon].chars().all(|c| c.is_ascii_alphanumeric() || "._/-\"'".contains(c))
        && colon > 0
    {
        out.push(("y-k", &rest[..colon]));
        out.push(("y-p", &rest[colon..=colon]));
        rest = &rest[colon + 1..];
    }
    let (value, comment) = match rest.find(" #") {
        Some(i) if rest[..i].matches('"').count() % 2 == 0 => rest.split_at(i),
        _ => (rest, ""),
    };
    let trimmed = value.trim_start();
    let (gap, value) = value.split_at(value.len() - trimmed.len());
    let number = !value.is_empty() && value.trim_end().bytes().all(|b| b.is_ascii_digit());
    for (class, piece) in [("", gap), (if number { "y-n" } else { "y-v" }, value), ("y-c", comment)] {
        if !piece.is_empty() {
            out.push((class, piece));
        }
    }
    out
}

#[derive(Properties, PartialEq)]
struct LineProps {
    number: usize,
    text: AttrValue,
    mark: Option<LineMark>,
    remark: Option<AttrValue>,
    /// The columns of a problem, and whether it is only a warning.
    bad: Option<((usize, usize), bool)>,
    edited: bool,
    #[prop_or_default]
    lit: bool,
}

/// One line: number, mark, text and live count.
#[component]
fn EditorLine(props: &LineProps) -> Html {
    let lamp = props.mark.as_ref().and_then(|m| m.lamp).map(Lamp::name);
    let mut column = 0;
    let mut pieces = Vec::new();
    for (class, piece) in tokens(&props.text) {
        let (from, to) = (column, column + piece.len());
        column = to;
        let (a, b) = props.bad.map_or((to, to), |((a, b), _)| (a.clamp(from, to), b.clamp(from, to)));
        for (x, y, bad) in [(from, a, false), (a, b, true), (b, to, false)] {
            if let Some(text) = props.text.get(x..y).filter(|t| !t.is_empty()) {
                pieces.push(html! { <span class={classes!(class, bad.then_some("y-bad"))}>{ text.to_owned() }</span> });
            }
        }
    }
    html! {
        <div class={classes!("ln", lamp.map(|_| "is-live"), props.bad.map(|(_, warning)| if warning { "is-warned" } else { "is-bad" }), props.edited.then_some("is-edited"), props.lit.then_some("is-lit"))} data-lamp={lamp}>
            <span class="no">{ props.number + 1 }</span>
            <span class="src">{ for pieces }
                if let Some(mark) = &props.mark {
                    if !mark.words.is_empty() {
                        <span class="hint">if !mark.count.is_empty() { <b>{ mark.count.clone() }</b>{ " " } }{ mark.words.clone() }</span>
                    }
                }
                if let Some(words) = &props.remark { <span class="hint">{ words.clone() }</span> }
            </span>
        </div>
    }
}

/// Keys of the editor that are not plain typing: Tab indents unless Esc came before it, Enter keeps the indentation.
fn on_key(e: &KeyboardEvent, escaped: &UseStateHandle<bool>, assist: &Assist) {
    let Some(area) = e.target_dyn_into::<web_sys::HtmlTextAreaElement>() else { return };
    if !area.read_only() && assist.key(e, &area) {
        return;
    }
    match e.key().as_str() {
        "Escape" => escaped.set(true),
        "Tab" if !**escaped && !e.shift_key() && !e.ctrl_key() && !e.alt_key() => {
            e.prevent_default();
            insert("  ");
        }
        "Enter" if !e.ctrl_key() && !e.meta_key() => {
            let text = area.value();
            let line = text[..caret(&area, &text)].rsplit('\n').next().unwrap_or("");
            let body = line.trim_start();
            let mut pad = " ".repeat(line.len() - body.len());
            if body.starts_with("- ") || (body.ends_with(':') && !body.starts_with('#')) {
                pad += "  ";
            }
            if !pad.is_empty() {
                e.prevent_default();
                insert(&["\n", &pad].concat());
            }
        }
        "Shift" | "Control" | "Meta" | "Alt" => {}
        _ if **escaped => escaped.set(false),
        _ => {}
    }
}

fn remarks_id(props: &EditorProps) -> String {
    [&*props.id, "-remarks"].concat()
}

/// What describes the text: the problems, the remarks, or both.
fn described(props: &EditorProps) -> Option<String> {
    let problems = (!props.problems.is_empty()).then(|| "diag".to_owned());
    let remarks = (!props.remarks.is_empty()).then(|| remarks_id(props));
    match (problems, remarks) {
        (Some(a), Some(b)) => Some([&*a, " ", &*b].concat()),
        (a, b) => a.or(b),
    }
}

/// The remarks for those who do not see their lines.
pub fn said_of_lines(props: &EditorProps) -> Html {
    if props.remarks.is_empty() {
        return Html::default();
    }
    html! {
        <div class="sr" id={remarks_id(props)}>
            { for props.remarks.iter().map(|r| html! { <p>{ "Line " }{ r.line + 1 }{ ": " }{ r.says.clone() }{ " " }{ r.help.clone() }</p> }) }
        </div>
    }
}

/// The editor.
#[component]
pub fn Editor(props: &EditorProps) -> Html {
    let escaped = use_state(|| false);
    let assist = use_assist();
    let (area, code) = (use_node_ref(), use_node_ref());
    let oninput = {
        let (on_act, assist) = (props.on_act.clone(), assist.clone());
        Callback::from(move |e: InputEvent| {
            let Some(area) = e.target_dyn_into::<web_sys::HtmlTextAreaElement>() else { return };
            on_act.emit(Act::Edit(area.value()));
            assist.offer(&area, false);
        })
    };
    let onkeydown = {
        let (escaped, assist) = (escaped.clone(), assist.clone());
        Callback::from(move |e: KeyboardEvent| on_key(&e, &escaped, &assist))
    };
    let onblur = {
        let assist = assist.clone();
        Callback::from(move |_: FocusEvent| {
            escaped.set(false);
            assist.close();
        })
    };
    let onmousemove = {
        let (assist, text) = (assist.clone(), props.text.clone());
        Callback::from(move |e: MouseEvent| assist.point(&e, &text))
    };
    {
        let code = code.clone();
        use_effect(move || {
            if let Some(e) = code.cast::<web_sys::Element>() {
                dom::place(&e);
            }
        });
    }
    let bad = |line: usize| props.problems.iter().find(|p| p.line == Some(line)).map(|p| (p.columns, p.warning));
    let errs = props.problems.iter().any(|p| !p.warning);
    let mark = |line: usize| props.marks.iter().find(|m| m.line == line).cloned();
    let remark = |line: usize| props.remarks.iter().find(|r| r.line == line).map(|r| r.words.clone());
    let lit = |line: usize| props.highlighted.iter().any(|(a, b)| (*a..=*b).contains(&(line + 1)));
    let lines: Vec<&str> = props.text.split('\n').collect();
    html! {
        <div class="editor">
            <div class="code" ref={code}>
                <div class="lines" aria-hidden="true">
                    { for lines.iter().enumerate().map(|(i, line)| html! {
                        <EditorLine key={i} number={i} text={(*line).to_owned()} mark={mark(i)} remark={remark(i)} bad={bad(i)} edited={props.edited.is_some_and(|(a, b)| a <= i && i < b)} lit={lit(i)} />
                    }) }
                </div>
                <textarea id={props.id.clone()} spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" aria-label={format!("Manifest {}", props.file)}
                    aria-describedby={described(props)} aria-invalid={errs.then_some("true")}
                    aria-autocomplete="list" aria-controls={assist.chooses().then(|| [&*props.id, "-choices"].concat())} aria-activedescendant={assist.active(&props.id)}
                    ref={area.clone()} readonly={props.read_only} value={props.text.clone()} {oninput} {onkeydown} {onblur} {onmousemove} />
                { assist.draw(&props.id, &area) }
                { said_of_lines(props) }
            </div>
        </div>
    }
}

/// The exact message of the API server or kubectl, a sentence of ours, and fixes.
pub fn diagnostic(problems: &[Problem], on_act: &Callback<Act>) -> Html {
    let Some(first) = problems.first() else { return Html::default() };
    let fix = |f: &Fix| {
        let act = f.act.clone();
        let onclick = on_act.reform(move |_: MouseEvent| act.clone());
        html! { <button type="button" class="btn btn--small" {onclick}>{ f.label.clone() }</button> }
    };
    let go = first.line.map(|line| {
        let onclick = on_act.reform(move |_: MouseEvent| Act::GoTo(line));
        html! { <button type="button" class="btn btn--small" {onclick}>{ "Line " }{ line + 1 }</button> }
    });
    html! {
        <div class={classes!("diag", first.warning.then_some("diag--warning"))} id="diag" role="group" aria-label={if first.warning { "Warning" } else { "Problem" }}>
            <div class="diag-msgs">
                { for problems.iter().take(4).map(|p| html! { <p class="diag-msg">{ p.message.clone() }</p> }) }
                if problems.len() > 4 { <p class="diag-say">{ "and " }{ problems.len() - 4 }{ " more" }</p> }
            </div>
            if !first.help.is_empty() { <p class="diag-say">{ rich(&first.help) }</p> }
            <div class="diag-fix">{ go }{ for first.fixes.iter().map(fix) }
                if !first.docs.is_empty() {
                    <a class="diag-doc" href={first.docs.clone()} target="_blank" rel="noopener">{ "Kubernetes docs" }{ icon("#i-out") }</a>
                }
            </div>
        </div>
    }
}

/// Apply, Reset run, and the state of the manifest in words.
pub fn apply_bar(said: &AttrValue, bad: bool, applied: bool, changed: bool, on_act: &Callback<Act>) -> Html {
    let act = |a: Act| on_act.reform(move |_: MouseEvent| a.clone());
    let ink = !applied || changed;
    html! {
        <div class="applybar">
            <button type="button" class={classes!("btn", ink.then_some("btn--ink"))} data-do="apply" onclick={act(Act::Apply)}
                title="Apply to a fresh cluster and play" aria-describedby={bad.then_some("diag")}>{ "Apply " }<kbd>{ "Ctrl Enter" }</kbd></button>
            if applied {
                if changed && !bad {
                    <button type="button" class="btn" title="kubectl apply in the running cluster, now" onclick={act(Act::ApplyHere)}>{ "Apply here" }</button>
                }
                <button type="button" class="btn btn--bare" data-do="reset" onclick={act(Act::Reset)}>{ icon("#i-reset") }{ "Reset run" }</button>
            }
            <span class="said" data-lamp={bad.then_some("fail")}>{ said.clone() }</span>
        </div>
    }
}
