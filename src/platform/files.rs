//! Files in and out: a download made of a text, and the text of a file that was dropped or chosen.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, File, HtmlAnchorElement, Url};
use yew::platform::spawn_local;

use super::dom::document;

/// Offers a text as a file.
pub fn download(name: &str, kind: &str, text: &str) {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    if let Some(a) = document().create_element("a").ok().and_then(|e| e.dyn_into::<HtmlAnchorElement>().ok()) {
        a.set_href(&url);
        a.set_download(name);
        a.click();
    }
    let _ = Url::revoke_object_url(&url);
}

/// Reads a file as text. Files over a megabyte are refused: no manifest is that long.
pub fn read(file: &File, done: impl FnOnce(Result<String, String>) + 'static) {
    if file.size() > 1_048_576.0 {
        done(Err(format!("{} is larger than 1 MiB.", file.name())));
        return;
    }
    let (name, text) = (file.name(), file.text());
    spawn_local(async move {
        let text = wasm_bindgen_futures::JsFuture::from(text).await;
        done(text.ok().and_then(|t| t.as_string()).ok_or_else(|| format!("{name} could not be read.")));
    });
}

/// Loads a file of the site.
pub fn fetch(address: &str, done: impl FnOnce(Option<String>) + 'static) {
    let request = super::dom::window().fetch_with_str(address);
    spawn_local(async move {
        let text = async {
            let response = wasm_bindgen_futures::JsFuture::from(request).await.ok()?;
            let response = response.dyn_into::<web_sys::Response>().ok().filter(web_sys::Response::ok)?;
            wasm_bindgen_futures::JsFuture::from(response.text().ok()?).await.ok()?.as_string()
        };
        done(text.await);
    });
}
