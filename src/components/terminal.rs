//! The terminal: kubectl lines in, what kubectl prints out.

use std::rc::Rc;

use yew::prelude::*;

use super::assist::bytes;
use crate::session::act::Act;
use crate::session::run::TermLine;
use crate::session::status::look;

/// Properties of [`Terminal`].
#[derive(Properties, PartialEq)]
pub struct TerminalProps {
    /// What was typed and printed.
    pub lines: Rc<Vec<TermLine>>,
    /// Lines that were typed before, the newest last.
    #[prop_or_default]
    pub typed: Rc<Vec<String>>,
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

/// A line of output with STATUS words in their lamp. Only words that stand alone, between blanks, are painted, and not the first of
/// a line, which is a name or a label.
pub fn paint(text: &str) -> Html {
    let mut out = Vec::new();
    let (mut plain, mut first) = (String::new(), true);
    for piece in text.split_inclusive([' ', '\n']) {
        let word = piece.trim_end_matches([' ', '\n']);
        if WORDS.contains(&word) && !first {
            out.push(html! { { std::mem::take(&mut plain) } });
            out.push(html! { <span class="st" data-lamp={look(word).lamp.name()}>{ word.to_owned() }</span> });
            plain.push_str(&piece[word.len()..]);
        } else {
            plain.push_str(piece);
        }
        first = piece.ends_with('\n') || (first && word.is_empty());
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

/// The newest line that holds a query, after so many others that do.
fn match_of(lines: &[String], query: &str, skip: usize) -> Option<String> {
    let mut seen: Vec<&String> = Vec::new();
    for l in lines.iter().rev().filter(|l| !query.is_empty() && l.contains(query)) {
        if !seen.contains(&l) {
            seen.push(l);
        }
    }
    seen.get(skip.min(seen.len().saturating_sub(1))).map(|l| (*l).clone())
}

/// What stands before the line: the prompt, or what a search of the history has found.
pub fn prompt(searching: bool, found: Option<&str>) -> Html {
    if !searching {
        return html! { <span class="ps" aria-hidden="true">{ "$" }</span> };
    }
    let found = found.unwrap_or("no match").to_owned();
    html! { <span class="ps" role="status">{ "history: " }<span class="cmd">{ found }</span>{ " " }</span> }
}

/// The terminal.
#[component]
pub fn Terminal(props: &TerminalProps) -> Html {
    let body = use_node_ref();
    let input = use_node_ref();
    let back = use_state(|| 0_usize);
    let escaped = use_mut_ref(|| false);
    // Ctrl+R: what is searched for, and how many matches are passed over.
    let search = use_state_eq(|| None::<(String, usize)>);
    let found = search.as_ref().and_then(|(query, skip)| match_of(&props.typed, query, *skip));
    {
        let body = body.clone();
        let length: usize = props.lines.iter().map(|l| l.output.screen.len() + 1).sum();
        use_effect_with(length, move |_| {
            if let Some(e) = body.cast::<web_sys::Element>() {
                e.set_scroll_top(e.scroll_height());
            }
        });
    }
    let onkeydown = {
        let (on_act, input, history) = (props.on_act.clone(), input.clone(), props.typed.clone());
        let (search, found) = (search.clone(), found.clone());
        Callback::from(move |e: KeyboardEvent| {
            let Some(field) = input.cast::<web_sys::HtmlInputElement>() else { return };
            let recall = |n: usize| {
                back.set(n);
                field.set_value(if n == 0 { "" } else { &history[history.len() - n] });
            };
            let run = |line: String| {
                if !line.trim().is_empty() {
                    on_act.emit(Act::Command(line));
                    field.set_value("");
                    back.set(0);
                }
            };
            // Tab completes, unless Esc came before it: then it goes on to the next control.
            let leave = escaped.replace(e.key() == "Escape");
            match (e.key().as_str(), &*search) {
                ("r", Some((query, skip))) if e.ctrl_key() => {
                    e.prevent_default();
                    search.set(Some((query.clone(), skip + 1)));
                }
                ("r", None) if e.ctrl_key() => {
                    e.prevent_default();
                    search.set(Some((field.value(), 0)));
                }
                ("Enter", Some(_)) => {
                    search.set(None);
                    run(found.clone().unwrap_or_default());
                }
                ("Escape", Some(_)) => {
                    search.set(None);
                    field.set_value("");
                }
                ("Tab" | "ArrowRight" | "ArrowLeft", Some(_)) => {
                    e.prevent_default();
                    search.set(None);
                    field.set_value(found.as_deref().unwrap_or_default());
                }
                (_, Some(_)) => {}
                ("Tab", None) if !leave && !e.shift_key() && !field.value().is_empty() => {
                    e.prevent_default();
                    let line = field.value();
                    let at = field.selection_start().ok().flatten().map_or(line.len(), |n| bytes(&line, n as usize));
                    on_act.emit(Act::Complete(line, at));
                }
                ("l", None) if e.ctrl_key() => {
                    e.prevent_default();
                    on_act.emit(Act::Command("clear".into()));
                }
                (key, None) => match key {
                    "Enter" => run(field.value()),
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
                },
            }
            e.stop_propagation();
        })
    };
    let oninput = {
        let search = search.clone();
        Callback::from(move |e: InputEvent| {
            if search.is_some() {
                let query = e.target_dyn_into::<web_sys::HtmlInputElement>().map(|i| i.value()).unwrap_or_default();
                search.set(Some((query, 0)));
            }
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
            <div class="term-body" tabindex="0" role="log" aria-label="Terminal output" ref={body}>
                if props.lines.is_empty() { <p class="muted">{ "The kubectl of this cluster. Take a line from above, or type one below." }</p> }
                <pre>{ for props.lines.iter().map(entry) }</pre></div>
            <div class="term-in">
                { prompt(search.is_some(), found.as_deref()) }
                <input ref={input} id="command" {oninput} aria-label={if search.is_some() { "Search the history" } else { "Command" }} spellcheck="false" autocapitalize="off" autocomplete="off" placeholder={hint} {onkeydown} /></div>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_searched_from_its_end() {
        let lines: Vec<String> = ["get pods", "get jobs", "logs job/a", "get pods"].map(String::from).into();
        let found = |query, skip| match_of(&lines, query, skip);
        assert_eq!(
            [found("get", 0), found("get", 1), found("get", 5)].map(Option::unwrap),
            ["get pods", "get jobs", "get jobs"]
        );
        assert_eq!((found("x", 0), found("", 0)), (None, None));
    }
}
