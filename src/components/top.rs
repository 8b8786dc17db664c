//! The top bar: brand, pages, the title of what is open, and what can be opened from anywhere.

use yew::prelude::*;

use super::clockwork::memo;
use super::glyph::icon;
use crate::session::act::{Act, Dialog};

/// A page of the site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageLink {
    /// Its folder; empty for the first page.
    pub path: &'static str,
    /// Its label.
    pub label: &'static str,
}

/// The pages of the site.
pub const PAGES: &[PageLink] =
    &[PageLink { path: "", label: "Sandbox" }, PageLink { path: "compare/", label: "Compare" }];

/// The way from one page to another: the site may lie below any path.
pub fn way(here: &str, to: &str) -> String {
    match (here.is_empty(), to.is_empty()) {
        (true, true) => "./".into(),
        (true, false) => to.into(),
        (false, _) => ["../", to].concat(),
    }
}

/// The links to all pages.
pub fn links(here: &'static str) -> Html {
    PAGES
        .iter()
        .map(
            |p| html! { <a href={way(here, p.path)} aria-current={(p.path == here).then_some("page")}>{ p.label }</a> },
        )
        .collect()
}

/// The brand's mark.
pub fn mark() -> Html {
    html! {
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M2 7h20M5.5 7l9 10H22" fill="none" stroke="currentColor" stroke-width="2.25" stroke-linejoin="round" />
            <rect x="13.5" y="3.8" width="6.5" height="6.4" rx="1.3" fill="currentColor" /></svg>
    }
}

/// The bar: `title` is that of what is open, `share` says whether this page can be shared.
pub fn top_bar(here: &'static str, title: &str, share: bool, on_act: &Callback<Act>) -> Html {
    let (title, on_act) = (AttrValue::from(title.to_owned()), on_act.clone());
    memo(title.clone(), move || draw(here, &title, share, &on_act))
}

fn draw(here: &'static str, title: &AttrValue, share: bool, on_act: &Callback<Act>) -> Html {
    let open = |d: Dialog| on_act.reform(move |_: MouseEvent| Act::Dialog(d));
    let theme = on_act.reform(|_: MouseEvent| Act::Theme);
    html! {
        <header class="top">
            <a class="brand" href={way(here, "")}>{ mark() }<span>{ "batchyard" }</span></a>
            <nav class="nav" aria-label="Main">{ links(here) }</nav>
            <div class="scenario">
                if !title.is_empty() { <span class="scenario-sep" aria-hidden="true">{ "/" }</span> }
                <h1 class={title.is_empty().then_some("sr")}>{ if title.is_empty() { AttrValue::from("batchyard") } else { title.clone() } }</h1>
            </div>
            <div class="top-end"><span class="version">{ "simulates Kubernetes 1.37" }</span>
                if share { <button type="button" class="btn hide-phone" onclick={open(Dialog::Share)}>{ icon("#i-share") }{ "Share" }</button> }
                <button type="button" class="btn btn--bare btn--icon hide-phone" aria-label="Keyboard shortcuts" title="Keyboard shortcuts" onclick={open(Dialog::Keys)}>{ icon("#i-keys") }</button>
                <button type="button" class="btn btn--bare btn--icon hide-phone" aria-label="Settings" title="Settings" onclick={open(Dialog::Settings)}>{ icon("#i-dots") }</button>
                <button type="button" class="btn btn--bare btn--icon" aria-label="Switch theme" title="Switch theme" onclick={theme}>{ icon("#i-theme") }</button>
                <button type="button" class="btn btn--bare btn--icon only-phone" aria-label="Menu" onclick={open(Dialog::Menu)}>{ icon("#i-list") }</button>
            </div>
        </header>
    }
}
