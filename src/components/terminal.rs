//! The terminal: kubectl lines in, what kubectl prints out.

use std::rc::Rc;

use yew::prelude::*;

use crate::session::act::Act;
use crate::session::run::TermLine;
use crate::session::status::look;

/// Properties of [`Terminal`].
#[derive(Properties, PartialEq)]
pub struct TerminalProps {
    /// What was typed and printed.
    pub lines: Rc<Vec<TermLine>>,
    /// Two lines to try.
    pub tries: Rc<Vec<AttrValue>>,
    /// What a line does.
    pub on_act: Callback<Act>,
}

/// The words of STATUS columns, in their lamps.
const WORDS: [&str; 18] = [
    "ContainerCreating",
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "Terminating",
    "Completed",
    "Pending",
    "Running",
    "Error",
    "OOMKilled",
    "PodInitializing",
    "NotReady",
    "Failed",
    "Complete",
    "Suspended",
    "FailureTarget",
    "SuccessCriteriaMet",
    "Evicted",
];

/// A line of output with STATUS words in their lamp. Only words that stand alone, between blanks, are painted.
pub fn paint(text: &str) -> Html {
    let mut out = Vec::new();
    let mut plain = String::new();
    for piece in text.split_inclusive([' ', '\n']) {
        let word = piece.trim_end_matches([' ', '\n']);
        if WORDS.contains(&word) {
            out.push(html! { { std::mem::take(&mut plain) } });
            out.push(html! { <span class="st" data-lamp={look(word).lamp.name()}>{ word.to_owned() }</span> });
            plain.push_str(&piece[word.len()..]);
        } else {
            plain.push_str(piece);
        }
    }
    out.push(html! { { plain } });
    out.into_iter().collect()
}

fn entry(line: &TermLine) -> Html {
    html! {
        <>
            <span class="ps">{ "$ " }</span><span class="cmd">{ line.line.clone() }</span>{ "\n" }
            if line.output.stdout.is_empty() { <span class="err">{ line.output.screen.clone() }</span> } else { { paint(&line.output.screen) } }
        </>
    }
}

/// The terminal.
#[component]
pub fn Terminal(props: &TerminalProps) -> Html {
    let body = use_node_ref();
    let input = use_node_ref();
    let back = use_state(|| 0_usize);
    {
        let body = body.clone();
        let length: usize = props.lines.iter().map(|l| l.output.screen.len() + 1).sum();
        use_effect_with(length, move |_| {
            if let Some(e) = body.cast::<web_sys::Element>() {
                e.set_scroll_top(e.scroll_height());
            }
        });
    }
    let history: Vec<String> = props.lines.iter().map(|l| l.line.clone()).collect();
    let onkeydown = {
        let (on_act, input) = (props.on_act.clone(), input.clone());
        Callback::from(move |e: KeyboardEvent| {
            let Some(field) = input.cast::<web_sys::HtmlInputElement>() else { return };
            let recall = |n: usize| {
                back.set(n);
                field.set_value(if n == 0 { "" } else { &history[history.len() - n] });
            };
            match e.key().as_str() {
                "Enter" => {
                    let line = field.value();
                    if !line.trim().is_empty() {
                        on_act.emit(Act::Command(line));
                        field.set_value("");
                        back.set(0);
                    }
                }
                "c" if e.ctrl_key() && field.selection_start() == field.selection_end() => {
                    e.prevent_default();
                    on_act.emit(Act::Interrupt);
                }
                "ArrowUp" => {
                    e.prevent_default();
                    recall((*back + 1).min(history.len()));
                }
                "ArrowDown" => {
                    e.prevent_default();
                    recall(back.saturating_sub(1));
                }
                _ => return,
            }
            e.stop_propagation();
        })
    };
    let attempt = |line: &AttrValue| {
        let l = ["kubectl ", line].concat();
        let onclick = props.on_act.reform(move |_: MouseEvent| Act::Command(l.clone()));
        html! { <button type="button" class="try" {onclick}>{ line.clone() }</button> }
    };
    let hint = props.tries.last().map(|t| ["kubectl ", t].concat());
    html! {
        <section class="pane term" aria-label="Terminal">
            <div class="pane-head pane-head--term"><h2>{ "kubectl" }</h2><div class="tools term-try">{ for props.tries.iter().map(attempt) }</div></div>
            <div class="term-body" tabindex="0" role="log" aria-label="Terminal output" ref={body}><pre>{ for props.lines.iter().map(entry) }</pre></div>
            <div class="term-in"><span class="ps" aria-hidden="true">{ "$" }</span>
                <input ref={input} aria-label="Command" spellcheck="false" autocapitalize="off" autocomplete="off" placeholder={hint} {onkeydown} /></div>
        </section>
    }
}
