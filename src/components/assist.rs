//! Help while a manifest is written: what may stand at the caret, and what the field under it or under the pointer is.
//! All of it comes from the engine's schema; the sentence about a field from the text that `kubectl explain` reads.

use std::cell::RefCell;
use std::rc::Rc;

use batchyard_engine::cluster::editor::{Completion, Hover, complete, explanation, hover};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlTextAreaElement};
use yew::prelude::*;

use crate::platform::frames::Timeout;
use crate::platform::{dom, files, parts};

/// What stands beside the text.
#[derive(Clone, PartialEq, Default)]
pub enum Aid {
    /// Nothing.
    #[default]
    None,
    /// What may be written, and which of it is chosen.
    Choices(Rc<Vec<Completion>>, usize),
    /// What a field is, with a sentence once that is there.
    Field(Rc<Hover>, AttrValue),
}

/// The handle of the help: its state, and the pause before it shows a field that the pointer is on.
#[derive(Clone)]
pub struct Assist {
    aid: UseStateHandle<Aid>,
    pause: Rc<RefCell<Option<Timeout>>>,
}

thread_local! {
    /// The text of explanations, once a field was explained.
    static TEXT: RefCell<Option<Rc<str>>> = const { RefCell::new(None) };
}

/// Loads the text of explanations.
fn load(done: impl FnOnce(&str) + 'static) {
    files::fetch(&[&*dom::base(), "kubectl/explain.txt"].concat(), move |text| {
        let Some(text) = text else { return };
        done(&text);
        TEXT.set(Some(text.into()));
    });
}

/// The text of explanations, where it is there; else it is loaded for the next time.
pub fn explanations() -> Option<Rc<str>> {
    let known = TEXT.with_borrow(Clone::clone);
    // Outside of a browser there is nowhere to load it from.
    if known.is_none() && cfg!(target_arch = "wasm32") {
        load(|_| {});
    }
    known
}

/// The pointer rests so long before a field is explained or the explanation goes.
const PAUSE: i32 = 350;

/// Help for an editor.
#[hook]
pub fn use_assist() -> Assist {
    Assist { aid: use_state_eq(Aid::default), pause: use_mut_ref(|| None) }
}

/// The caret as a place in the text, in bytes.
pub fn caret(area: &HtmlTextAreaElement, text: &str) -> usize {
    let units = area.selection_start().ok().flatten().unwrap_or_default() as usize;
    bytes(text, units)
}

/// So many UTF-16 units of a text, in bytes.
pub fn bytes(text: &str, units: usize) -> usize {
    let mut left = units;
    text.char_indices()
        .find(|(_, c)| {
            let end = left == 0;
            left = left.saturating_sub(c.len_utf16());
            end
        })
        .map_or(text.len(), |(i, _)| i)
}

/// A place in a text, in UTF-16 units.
pub fn units(text: &str, at: usize) -> u32 {
    text.get(..at).map_or(0, |t| t.encode_utf16().count()) as u32
}

/// Puts a text in place of the selection, as typing would: the browser can undo it.
pub fn insert(text: &str) {
    if let Ok(d) = dom::document().dyn_into::<web_sys::HtmlDocument>() {
        let _ = d.exec_command_with_show_ui_and_value("insertText", false, text);
    }
}

/// Whether choices are worth showing without being asked for: something was typed of a name, or a value is due.
pub fn likely(text: &str, at: usize, choices: &[Completion]) -> bool {
    let Some(first) = choices.first() else { return false };
    let typed = text.get(first.span.start.offset..at).unwrap_or("");
    let value = text.get(..at).is_some_and(|t| t.ends_with(": "));
    let done = choices.iter().any(|c| c.label == typed);
    !done && (value || !typed.trim().is_empty())
}

impl Assist {
    /// Whether choices are open.
    pub fn chooses(&self) -> bool {
        matches!(*self.aid, Aid::Choices(..))
    }
    /// Takes everything away.
    pub fn close(&self) {
        self.pause.borrow_mut().take();
        self.aid.set(Aid::None);
    }
    /// Offers what may stand at the caret; without `asked` only where that is likely to be wanted.
    pub fn offer(&self, area: &HtmlTextAreaElement, asked: bool) {
        let text = area.value();
        let at = caret(area, &text);
        let mut choices = complete(&text, at);
        choices.truncate(60);
        let show = !choices.is_empty() && (asked || likely(&text, at, &choices));
        self.aid.set(if show { Aid::Choices(Rc::new(choices), 0) } else { Aid::None });
    }
    /// Explains the field at a place of the text, where there is one.
    fn explain(&self, text: &str, at: usize) {
        let Some(found) = hover(text, at) else { return self.aid.set(Aid::None) };
        let found = Rc::new(found);
        let says = |t: Rc<str>| explanation(&t, &found.owner, &found.field).unwrap_or_default();
        let known = TEXT.with_borrow(Clone::clone).map(says);
        self.aid.set(Aid::Field(found.clone(), known.clone().unwrap_or_default().into()));
        if known.is_none() {
            let (aid, found) = (self.aid.clone(), found.clone());
            load(move |text| {
                let says = explanation(text, &found.owner, &found.field).unwrap_or_default();
                aid.set(Aid::Field(found, says.into()));
            });
        }
    }
    /// The pointer is over the text: the field under it is explained after a pause.
    pub fn point(&self, e: &MouseEvent, text: &AttrValue) {
        // What explains a field is not worth fetching for a pointer that passes.
        if self.chooses() || parts::here().is_some_and(|n| n < parts::ALL) {
            return;
        }
        let at = pointed(e, text);
        let (assist, text) = (self.clone(), text.clone());
        let shown = matches!(&*self.aid, Aid::Field(f, _) if at == Some(f.span.start.offset));
        let wanted = at.is_some() || *self.aid != Aid::None;
        *self.pause.borrow_mut() = (wanted && !shown).then(|| {
            Timeout::new(PAUSE, move || match at {
                Some(at) => assist.explain(&text, at),
                None => assist.aid.set(Aid::None),
            })
        });
    }
    /// A key while the text has the focus. Whether it was for the help.
    pub fn key(&self, e: &KeyboardEvent, area: &HtmlTextAreaElement) -> bool {
        let taken = match (e.key().as_str(), &*self.aid) {
            (" ", _) if e.ctrl_key() => {
                self.offer(area, true);
                true
            }
            ("F1", _) => {
                let text = area.value();
                self.explain(&text, caret(area, &text));
                true
            }
            ("Escape", Aid::Choices(..) | Aid::Field(..)) => {
                self.close();
                true
            }
            ("ArrowDown", Aid::Choices(c, n)) => {
                self.aid.set(Aid::Choices(c.clone(), (n + 1) % c.len()));
                true
            }
            ("ArrowUp", Aid::Choices(c, n)) => {
                self.aid.set(Aid::Choices(c.clone(), (n + c.len() - 1) % c.len()));
                true
            }
            ("Enter" | "Tab", Aid::Choices(c, n)) if !e.ctrl_key() && !e.meta_key() && !e.shift_key() => {
                self.take(area, &c[*n]);
                true
            }
            ("ArrowLeft" | "ArrowRight" | "Home" | "End" | "PageUp" | "PageDown" | "ArrowUp" | "ArrowDown", _) => {
                self.close();
                false
            }
            _ => false,
        };
        if taken {
            e.prevent_default();
            e.stop_propagation();
        }
        taken
    }
    /// Writes a choice.
    fn take(&self, area: &HtmlTextAreaElement, choice: &Completion) {
        let text = area.value();
        self.close();
        let _ = area.focus();
        let (from, to) = (units(&text, choice.span.start.offset), units(&text, choice.span.end.offset));
        let _ = area.set_selection_range(from, to);
        insert(&choice.insert);
    }
    /// The choice that a screen reader is told of, in the editor with this id.
    pub fn active(&self, id: &str) -> Option<String> {
        match &*self.aid {
            Aid::Choices(_, n) => Some(format!("{id}-choice-{n}")),
            _ => None,
        }
    }
    /// The help, placed in the editor with this id.
    pub fn draw(&self, id: &AttrValue, area: &NodeRef) -> Html {
        let place = |at: batchyard_engine::cluster::editor::Position| format!("l:{};c:{}", at.line, at.column - 1);
        match &*self.aid {
            Aid::None => Html::default(),
            Aid::Choices(choices, chosen) => {
                let at = choices[*chosen].span.start;
                let first = chosen.saturating_sub(6);
                let item = |(i, c): (usize, &Completion)| {
                    let (assist, area, choice) = (self.clone(), area.clone(), c.clone());
                    // Before the text loses the focus.
                    let onmousedown = Callback::from(move |e: MouseEvent| {
                        e.prevent_default();
                        if let Some(area) = area.cast::<HtmlTextAreaElement>() {
                            assist.take(&area, &choice);
                        }
                    });
                    html! {
                        <li role="option" id={format!("{id}-choice-{i}")} aria-selected={if i == *chosen { "true" } else { "false" }} {onmousedown}>
                            <b>{ c.label.clone() }</b><span>{ c.detail.clone() }</span>
                        </li>
                    }
                };
                html! {
                    <ul class="aid aid--choices" role="listbox" id={[&**id, "-choices"].concat()} aria-label="What may stand here" data-v={place(at)}>
                        { for choices.iter().enumerate().skip(first).take(8).map(item) }
                    </ul>
                }
            }
            Aid::Field(f, says) => {
                let (stay, leave) = (self.clone(), self.clone());
                let values = f.values.join(", ");
                html! {
                    <div class="aid aid--field" role="status" data-v={place(f.span.start)}
                        onmouseenter={Callback::from(move |_: MouseEvent| { stay.pause.borrow_mut().take(); })}
                        onmouseleave={Callback::from(move |_: MouseEvent| leave.close())}>
                        <p class="mono"><b>{ f.field.clone() }</b>{ " " }{ f.ty.clone() }if f.required { { ", required" } } if !f.default.is_empty() { { ", default " }{ f.default.clone() } }</p>
                        if !says.is_empty() { <p>{ says.clone() }</p> }
                        if !values.is_empty() { <p>{ "One of " }<span class="mono">{ values }</span></p> }
                    </div>
                }
            }
        }
    }
}

/// The place in the text of the field under the pointer: the textarea lies over the drawn lines, which know their names.
fn pointed(e: &MouseEvent, text: &str) -> Option<usize> {
    let under = dom::document().elements_from_point(e.client_x() as f32, e.client_y() as f32);
    let key = under.iter().filter_map(|e| e.dyn_into::<Element>().ok()).find(|e| e.class_name() == "y-k")?;
    let line: usize = key.closest(".ln").ok()??.query_selector(".no").ok()??.text_content()?.parse().ok()?;
    let begin: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let name = key.text_content()?;
    text.get(begin..)?.lines().next()?.find(&name).map(|i| begin + i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_counts_as_the_browser_does() {
        assert_eq!([0, 1, 2, 3, 9].map(|n| bytes("añ😀b", n)), [0, 1, 3, 7, 8]);
        assert_eq!(units("añ😀b", 7), 4);
    }

    #[derive(Properties, PartialEq)]
    struct BesideProps {
        aid: Aid,
    }

    /// The help alone, in a state.
    #[component]
    fn Beside(props: &BesideProps) -> Html {
        let assist = Assist { aid: use_state_eq(|| props.aid.clone()), pause: use_mut_ref(|| None) };
        let chosen = assist.active("manifest").unwrap_or_default();
        html! { <>{ assist.draw(&"manifest".into(), &NodeRef::default()) }<p>{ chosen }</p></> }
    }

    #[test]
    fn help_in_each_of_its_states() {
        let choices = |text: &str| Rc::new(complete(text, text.len()));
        let fields = choices("apiVersion: batch/v1\nkind: Job\nspec:\n  ");
        let values = choices("apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      restartPolicy: ");
        let job =
            "apiVersion: batch/v1\nkind: Job\nspec:\n  backoffLimit: 3\n  template: {}\n  completionMode: Indexed\n";
        let field = |name: &str| Rc::new(hover(job, job.find(name).expect("in the text")).expect("a field"));
        let drawn = [
            Aid::None,
            Aid::Choices(fields.clone(), 0),
            Aid::Choices(fields, 9),
            Aid::Choices(values, 1),
            Aid::Field(field("backoffLimit"), "".into()),
            Aid::Field(field("template"), "Describes the Pods.".into()),
            Aid::Field(field("completionMode"), "How completions are tracked.".into()),
        ]
        .map(|aid| crate::components::tests::draw(0, html! { <Beside {aid} /> }));
        insta::assert_snapshot!(drawn.join("\n\n"));
    }

    #[test]
    fn choices_come_unasked_where_they_are_wanted() {
        let offered = |text: &str| likely(text, text.len(), &complete(text, text.len()));
        let spec = "apiVersion: batch/v1\nkind: Job\nspec:\n  ";
        assert!(offered(&[spec, "back"].concat()));
        assert!(!offered(spec));
        assert!(!offered(&[spec, "backoffLimit"].concat()));
        assert!(offered(&[spec, "template:\n    spec:\n      restartPolicy: "].concat()));
        assert!(!offered(&[spec, "backoffLimit: "].concat()));
    }
}
