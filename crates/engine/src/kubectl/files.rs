//! Files that a command names, and the manifests in them.
//!
//! Models cli-runtime `pkg/resource/visitor.go` (`YAMLOrJSONDecoder`, `StreamVisitor`).

use std::rc::Rc;

use serde::Deserialize;

use super::failure::Failure;
use crate::api::Value;

/// One document of a file.
pub struct Document {
    /// The file's name as it was given.
    pub source: String,
    /// What it holds.
    pub body: Value,
}

/// The documents of a text.
pub fn documents(source: &str, text: &str) -> Result<Vec<Document>, Failure> {
    let mut out = Vec::new();
    for part in serde_yaml::Deserializer::from_str(text) {
        match Value::deserialize(part) {
            Ok(Value::Null) => {}
            Ok(body) => out.push(Document { source: source.to_owned(), body }),
            Err(e) => {
                return Err(Failure::Error(format!("error parsing {source}: error converting YAML to JSON: yaml: {e}")));
            }
        }
    }
    Ok(out)
}

/// A file's text by its name; `./` in front means nothing.
pub fn find(files: &[(String, Rc<str>)], name: &str) -> Option<Rc<str>> {
    let bare = |n: &str| n.strip_prefix("./").unwrap_or(n).to_owned();
    let wanted = bare(name);
    files.iter().rev().find(|(n, _)| bare(n) == wanted).map(|(_, t)| t.clone())
}
