//! The manifest in a code editor (editor/codemirror.js), loaded on first use. It asks the engine what the textarea asks it.

use batchyard_engine::api::Value;
use batchyard_engine::cluster::editor::{complete, explanation, hover};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use yew::platform::spawn_local;
use yew::prelude::*;

use super::assist::{bytes, explanations, likely, units};
use super::editor::{EditorProps, said_of_lines};
use crate::platform::dom;
use crate::session::act::Act;
use crate::session::manifest::{LineMark, Problem, Remark};

type Ask = Closure<dyn FnMut(String, String, f64) -> JsValue>;

fn number(n: u32) -> Value {
    Value::from(i64::from(n))
}

/// What the editor shows, as its `update` takes it.
fn shown(text: &str, problems: &[Problem], marks: &[LineMark], remarks: &[Remark], read_only: bool) -> String {
    let at = |line: usize, column: usize| {
        let begin: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let length = text.get(begin..).and_then(|t| t.lines().next()).map_or(0, str::len);
        units(text, begin + column.min(length))
    };
    let problem = |p: &Problem| {
        let line = p.line.unwrap_or(0);
        let fixes = p.fixes.iter().map(|f| Value::from(&*f.label));
        Value::object([
            ("from", number(at(line, p.columns.0))),
            ("to", number(at(line, p.columns.1))),
            ("severity", Value::from(if p.warning { "warning" } else { "error" })),
            ("message", Value::from(&*p.message)),
            ("help", Value::from(p.help.replace('`', "").as_str())),
            ("fixes", Value::array(fixes)),
        ])
    };
    let info = |r: &Remark| {
        Value::object([
            ("from", number(at(r.line, 0))),
            ("to", number(at(r.line, usize::MAX))),
            ("severity", Value::from("info")),
            ("message", Value::from(&*r.says)),
            ("help", Value::from(&*r.help)),
            ("fixes", Value::array([])),
        ])
    };
    let beside = |line: usize, text: &str| {
        Value::object([("line", Value::from(line as i64)), ("text", Value::from(text.trim()))])
    };
    let mark = |m: &LineMark| beside(m.line, &[&*m.count, " ", &m.words].concat());
    Value::object([
        ("text", Value::from(text)),
        ("problems", Value::array(problems.iter().map(problem).chain(remarks.iter().map(info)))),
        (
            "marks",
            Value::array(
                marks
                    .iter()
                    .filter(|m| !m.words.is_empty())
                    .map(mark)
                    .chain(remarks.iter().map(|r| beside(r.line, &r.words))),
            ),
        ),
        ("readOnly", Value::from(read_only)),
    ])
    .to_json()
}

/// Answers what the editor asks.
fn answer(kind: &str, text: &str, at: u32) -> Option<String> {
    let offset = bytes(text, at as usize);
    match kind {
        "complete" => {
            let mut choices = complete(text, offset);
            choices.truncate(60);
            let span = choices.first()?.span;
            let option = |c: &batchyard_engine::cluster::editor::Completion| {
                Value::object([
                    ("label", Value::from(&*c.label)),
                    ("detail", Value::from(&*c.detail)),
                    ("insert", Value::from(&*c.insert)),
                ])
            };
            let answer = Value::object([
                ("from", number(units(text, span.start.offset))),
                ("to", number(units(text, span.end.offset))),
                ("likely", Value::from(likely(text, offset, &choices))),
                ("options", Value::array(choices.iter().map(option))),
            ]);
            Some(answer.to_json())
        }
        "hover" => {
            let f = hover(text, offset)?;
            let known = explanations().and_then(|t| explanation(&t, &f.owner, &f.field));
            let mut head = [&*f.field, ": ", &f.ty].concat();
            if f.required {
                head += ", required";
            }
            if !f.default.is_empty() {
                head += &[", default ", &f.default].concat();
            }
            let mut says = vec![Value::from(head.as_str())];
            says.extend(known.as_deref().map(Value::from));
            if !f.values.is_empty() {
                says.push(Value::from(["One of ", &f.values.join(", ")].concat().as_str()));
            }
            let answer = Value::object([
                ("from", number(units(text, f.span.start.offset))),
                ("to", number(units(text, f.span.end.offset))),
                ("says", Value::array(says)),
            ]);
            Some(answer.to_json())
        }
        _ => None,
    }
}

/// Calls a function that the editor has given its host.
pub fn call(host: &web_sys::Element, name: &str, argument: &JsValue) {
    if let Ok(f) = js_sys::Reflect::get(host, &name.into())
        && let Some(f) = f.dyn_ref::<js_sys::Function>()
    {
        let _ = f.call1(host, argument);
    }
}

/// Loads the editor and draws it into its host.
async fn mount(host: &web_sys::Element, ask: &JsValue) -> Option<()> {
    let load = js_sys::Reflect::get(&dom::window(), &"batchyardEditor".into()).ok()?;
    let loading = load.dyn_ref::<js_sys::Function>()?.call0(&JsValue::NULL).ok()?;
    let module = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(loading)).await.ok()?;
    let mount = js_sys::Reflect::get(&module, &"mount".into()).ok()?;
    mount.dyn_ref::<js_sys::Function>()?.call2(&JsValue::NULL, host, ask).ok()?;
    Some(())
}

/// The editor.
#[component]
pub fn CodeEditor(props: &EditorProps) -> Html {
    let host = use_node_ref();
    let ready = use_state(|| false);
    // The editor lives longer than one drawing of the page: it always asks about the newest.
    let problems = use_mut_ref(Vec::<Problem>::new);
    problems.borrow_mut().clone_from(&props.problems);
    let ask = use_mut_ref(|| None::<Ask>);
    {
        let (host, ready, ask, problems, on_act) =
            (host.clone(), ready.clone(), ask.clone(), problems, props.on_act.clone());
        use_effect_with((), move |()| {
            explanations();
            let asked = Closure::new(move |kind: String, text: String, at: f64| {
                match &*kind {
                    "change" => on_act.emit(Act::Edit(text)),
                    "fix" => {
                        let (problem, fix) = (at as usize / 100, at as usize % 100);
                        let act = problems.borrow().get(problem).and_then(|p| p.fixes.get(fix)).map(|f| f.act.clone());
                        if let Some(act) = act {
                            on_act.emit(act);
                        }
                    }
                    _ => return answer(&kind, &text, at as u32).map_or(JsValue::NULL, JsValue::from),
                }
                JsValue::NULL
            });
            let function: JsValue = asked.as_ref().clone();
            ask.replace(Some(asked));
            if let Some(host) = host.cast::<web_sys::Element>() {
                spawn_local(async move {
                    mount(&host, &function).await;
                    ready.set(true);
                });
            }
        });
    }
    {
        let host = host.clone();
        let json = shown(&props.text, &props.problems, &props.marks, &props.remarks, props.read_only);
        use_effect_with((json, *ready), move |(json, _)| {
            if let Some(host) = host.cast::<web_sys::Element>() {
                call(&host, "update", &json.as_str().into());
            }
        });
    }
    html! {
        <>
            <div class="editor editor--code" id="code" ref={host} data-label={format!("Manifest {}", props.file)}>
                if !*ready { <p class="behave-note">{ "The code editor is loading." }</p> }
            </div>
            { said_of_lines(props) }
        </>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "apiVersion: batch/v1\nkind: Job\n# ü😀\nspec:\n  back";

    #[test]
    fn places_are_counted_as_the_browser_does() {
        let at = units(JOB, JOB.len());
        let said = answer("complete", JOB, at).expect("choices");
        assert!(said.contains(r#""label":"backoffLimit""#) && said.contains(r#""likely":true"#), "{said}");
        assert!(said.contains(&format!(r#""from":{}"#, at - 4)), "{said}");
        let text = JOB.replace("back", "backoffLimit: x");
        let said = answer("hover", &text, at - 2).expect("a field");
        assert!(said.contains("backoffLimit: integer"), "{said}");
        assert!(answer("hover", JOB, 0).is_some());
        assert_eq!(answer("else", JOB, 0), None);
        let (problems, remarks) = crate::session::manifest::check(&text);
        assert!(shown(&text, &problems, &[], &remarks, false).contains(r#""severity":"error""#));
        let (problems, remarks) =
            crate::session::manifest::check("# ü\napiVersion: v1\nkind: PodTemplate\nmetadata: {name: a}\n");
        let said = shown("", &problems, &[], &remarks, false);
        assert!(
            said.contains(r#""severity":"info""#) && said.contains(r#""text":"accepted and has no effect here""#),
            "{said}"
        );
    }
}
