//! Sharing: a link that holds everything, the frame for a page of one's own, a file, Markdown and a picture.

use yew::prelude::*;

use super::dialogs::Sheet;
use super::glyph::icon;
use crate::platform::{clipboard, files};
use crate::session::act::Act;
use crate::session::permalink::{LIMIT, Shared, encode};
use crate::session::text::clock;

/// What is shared as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum As {
    /// A link.
    Link,
    /// A frame for a page of one's own.
    Embed,
    /// Files, and text to paste.
    File,
}

/// Properties of [`ShareDialog`].
#[derive(Properties, PartialEq)]
pub struct ShareProps {
    /// The run.
    pub shared: Shared,
    /// Its title.
    pub title: AttrValue,
    /// The timeline as text for Markdown.
    pub summary: AttrValue,
    /// The address of the page, where links begin.
    pub base: AttrValue,
    /// What it opens with.
    #[prop_or(As::Link)]
    pub first: As,
    /// What a click does.
    pub on_act: Callback<Act>,
}

fn check(label: String, on: &UseStateHandle<bool>) -> Html {
    let on = on.clone();
    let now = *on;
    let onchange = Callback::from(move |_: Event| on.set(!now));
    html! { <label class="check"><input type="checkbox" checked={now} {onchange} />{ label }</label> }
}

/// The dialog.
#[component]
pub fn ShareDialog(props: &ShareProps) -> Html {
    let tab = use_state(|| props.first);
    let moment = use_state(|| true);
    let pod = use_state(|| true);
    let locked = use_state(|| false);
    let copied = use_state(|| "");
    let mut shared = props.shared.clone();
    if !*moment {
        shared.at = None;
        shared.acts.clear();
    }
    if !*pod {
        shared.selected = None;
    }
    shared.read_only = *locked;
    let hash = encode(&shared);
    let link = [&*props.base, "#", &hash].concat();
    let frame = format!(
        "<iframe src=\"{}embed/#{hash}\"\n  title=\"batchyard: {}\"\n  width=\"100%\" height=\"420\" loading=\"lazy\"\n  sandbox=\"allow-scripts allow-same-origin allow-popups\"></iframe>",
        props.base,
        props.title.replace('"', "")
    );
    let markdown = format!(
        "### {}\n\n```yaml\n{}```\n\n{}\n[Open in batchyard]({link})\n",
        props.title, shared.text, props.summary
    );
    let too_long = link.len() > LIMIT;
    let copy = |text: &str, what: &'static str| {
        let (text, copied) = (text.to_owned(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            copied.set(if clipboard::copy(&text) { what } else { "The browser does not allow copying." });
        })
    };
    let put = {
        let (link, on_act, copy) = (hash.clone(), props.on_act.clone(), copy(&link, "Link copied."));
        Callback::from(move |e: MouseEvent| {
            copy.emit(e);
            on_act.emit(Act::Address(link.clone()));
        })
    };
    let save = {
        let text = shared.text.clone();
        Callback::from(move |_: MouseEvent| files::download("job.yaml", "application/yaml", &text))
    };
    let save_run = {
        let hash = hash.clone();
        Callback::from(move |_: MouseEvent| files::download("run.batchyard", "text/plain", &hash))
    };
    let picture = props.on_act.reform(|_: MouseEvent| Act::Picture);
    let choice = |a: As, label: &'static str| {
        let (tab, on) = (tab.clone(), *tab == a);
        let onclick = Callback::from(move |_: MouseEvent| tab.set(a));
        html! {
            <button type="button" role="tab" aria-selected={if on { "true" } else { "false" }} tabindex={if on { "0" } else { "-1" }} aria-controls="share-p" {onclick}>{ label }</button>
        }
    };
    let onkeydown = {
        let tab = tab.clone();
        Callback::from(move |e: KeyboardEvent| {
            let all = [As::Link, As::Embed, As::File];
            let i = all.iter().position(|a| *a == *tab).unwrap_or(0);
            let to = match e.key().as_str() {
                "ArrowRight" => (i + 1) % 3,
                "ArrowLeft" => (i + 2) % 3,
                _ => return,
            };
            e.prevent_default();
            tab.set(all[to]);
            if let Some(b) =
                e.target_dyn_into::<web_sys::Element>().and_then(|t| t.parent_element()?.children().item(to as u32))
                && let Ok(b) = wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(b)
            {
                let _ = b.focus();
            }
        })
    };
    let label = match *tab {
        As::Link => "Link",
        As::Embed => "Embed",
        As::File => "File",
    };
    html! {
        <Sheet id="share" heading="Share this run"><div class="sheet-in">
            <div class="tabs" role="tablist" aria-label="Share as" {onkeydown}>{ choice(As::Link, "Link") }{ choice(As::Embed, "Embed") }{ choice(As::File, "File") }</div>
            <div id="share-p" class="share-p" role="tabpanel" aria-label={label}>
                if *tab == As::Link {
                    <div class="copyline"><input class="field" readonly=true aria-label="Link" value={link.clone()} />
                        <button type="button" class="btn btn--ink" disabled={too_long} onclick={put}>{ icon("#i-copy") }{ "Copy link" }</button></div>
                }
                if *tab == As::Embed {
                    <div><h3>{ "In a docs page" }</h3><pre class="snippet" tabindex="0">{ frame.clone() }</pre></div>
                    <div class="outcome-next"><button type="button" class="btn btn--ink" onclick={copy(&frame, "Frame copied.")}>{ icon("#i-copy") }{ "Copy frame" }</button></div>
                }
                if *tab == As::File {
                    <div class="outcome-next">
                        <button type="button" class="btn" onclick={save}>{ icon("#i-file") }{ "Manifest" }</button>
                        <button type="button" class="btn" onclick={save_run}>{ icon("#i-file") }{ "Whole run" }</button>
                        <button type="button" class="btn" onclick={copy(&markdown, "Markdown copied.")}>{ icon("#i-copy") }{ "Copy as Markdown" }</button>
                        <button type="button" class="btn" onclick={picture}>{ icon("#i-file") }{ "Timeline as SVG" }</button>
                    </div>
                }
                if *tab != As::File {
                    <fieldset class="optlist"><legend class="sr">{ "What the link opens with" }</legend>
                        if let Some(at) = props.shared.at { { check(format!("Open paused at {}", clock(at)), &moment) } }
                        if props.shared.selected.is_some() { { check("Selected Pod".into(), &pod) } }
                        { check("Read-only manifest".into(), &locked) }
                    </fieldset>
                }
                <p class="facts-line"><span>{ link.len() }{ " of 8,000 characters" }</span><span>{ "Everything is in the link. Nothing is stored on a server." }</span></p>
                if too_long { <p class="said" data-lamp="fail">{ format!("This run needs {} characters; a link holds {LIMIT}. Save it as a file.", link.len()) }</p> }
                <p class="said" role="status">{ *copied }</p>
            </div>
        </div></Sheet>
    }
}
