//! The examples, grouped by what they teach, with what to watch for.

use yew::prelude::*;

use super::clockwork::memo;
use super::dialogs::Sheet;
use crate::platform::files;
use crate::session::act::Act;
use crate::session::examples;

fn close() {
    use wasm_bindgen::JsCast;
    if let Some(d) = crate::platform::dom::document()
        .get_element_by_id("examples")
        .and_then(|e| e.dyn_into::<web_sys::HtmlDialogElement>().ok())
    {
        d.close();
    }
}

/// The dialog.
pub fn examples_dialog(open: &'static str, on_act: &Callback<Act>) -> Html {
    let on_act = on_act.clone();
    memo(open, move || draw(open, &on_act))
}

fn draw(open: &'static str, on_act: &Callback<Act>) -> Html {
    let mut groups: Vec<&'static str> = Vec::new();
    for e in examples::all() {
        if !groups.contains(&e.group) {
            groups.push(e.group);
        }
    }
    let choice = |id: &'static str, title: &'static str, says: &'static str, watch: &'static str| {
        let onclick = on_act.reform(move |_: MouseEvent| {
            close();
            Act::Example(id)
        });
        html! {
            <li><button type="button" class="example" aria-current={(id == open).then_some("true")} data-example={id} {onclick}>
                <b>{ title }</b><span>{ says }</span><span class="muted">{ "Watch: " }{ watch }</span></button></li>
        }
    };
    let onchange = {
        let on_act = on_act.clone();
        Callback::from(move |e: Event| {
            let Some(input) = e.target_dyn_into::<web_sys::HtmlInputElement>() else { return };
            let Some(file) = input.files().and_then(|f| f.item(0)) else { return };
            let (on_act, name) = (on_act.clone(), file.name());
            files::read(&file, move |text| match text {
                Ok(text) => on_act.emit(Act::Open(name, text)),
                Err(why) => on_act.emit(Act::Say(why)),
            });
            input.set_value("");
            close();
        })
    };
    html! {
        <Sheet id="examples" heading="Examples" wide=true><div class="sheet-in">
            { for groups.into_iter().map(|g| html! {
                <section aria-label={g}><h3 class="example-group">{ g }</h3><ul class="examples">
                    { for examples::all().iter().filter(|e| e.group == g).map(|e| choice(e.id, e.title, e.says, e.watch)) }
                </ul></section>
            }) }
            <section aria-label="A file of your own"><h3 class="example-group">{ "A file of your own" }</h3>
                <label class="btn">{ "Open a file" }<input class="sr" type="file" accept=".yaml,.yml,.json,.batchyard,text/*" {onchange} /></label></section>
        </div></Sheet>
    }
}
