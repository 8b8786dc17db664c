//! Manifests: text to documents with positions, the checks kubectl makes itself, and strict decoding as the API server does it.
//!
//! [`parse`] never fails and never panics: what is wrong comes back as [`Diagnostic`]s. Models what happens between a file
//! and the API server: cli-runtime `pkg/resource`, `sigs.k8s.io/yaml`, `sigs.k8s.io/json`.

mod check;
mod complete;
pub mod decode;
mod effect;
mod fix;
mod help;
mod json;
pub mod local;
mod outline;
mod split;
mod tree;
mod yaml;

pub use check::check;
pub use complete::{Completion, Hover, complete, explanation, hover};
pub use effect::without_effect;
pub use split::ParseError;
pub use tree::{Entry, Node, NodeKind, Position, Span};

use crate::api::Value;

/// The largest file that is read.
pub const MAX_BYTES: usize = 1 << 20;

/// How bad a diagnostic is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The cluster refuses it.
    Error,
    /// The cluster takes it and warns.
    Warning,
    /// Worth knowing.
    Info,
}

/// A change to the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// What it is replaced by.
    pub text: String,
}

/// A change that puts a diagnostic right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What it does, in a few words.
    pub label: String,
    /// The changes.
    pub edits: Vec<Edit>,
}

/// Something to be said about a place of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kubectl or the API server print; of what is only worth knowing, our own words.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What it means, in a plain sentence.
    pub help: String,
    /// How to put it right, where that is evident.
    pub fix: Option<Fix>,
    /// A page of the documentation.
    pub docs: Option<&'static str>,
}

/// A document of a file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The tree with positions.
    pub node: Node,
    /// The value: what kubectl goes on with.
    pub value: Value,
}

/// A file, read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Documents and errors in order. kubectl stops at the first error; an editor goes on.
    pub entries: Vec<Result<Document, ParseError>>,
}

impl Parsed {
    /// The documents before the first error.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.entries.iter().map_while(|e| e.as_ref().ok())
    }
    /// The first error.
    pub fn error(&self) -> Option<&ParseError> {
        self.entries.iter().find_map(|e| e.as_ref().err())
    }
}

/// Reads the bytes of a file.
pub fn parse_bytes(bytes: &[u8]) -> Parsed {
    parse(&split::decode(bytes))
}

/// Reads a text.
pub fn parse(text: &str) -> Parsed {
    if text.len() > MAX_BYTES {
        let message = format!("the file is {} bytes long; the simulator reads up to {MAX_BYTES}", text.len());
        return Parsed { entries: vec![Err(ParseError { message, span: Span::default() })] };
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entries = split::documents(text)
        .into_iter()
        // An empty document is passed over.
        .filter(|d| !matches!(d, Ok(Node { kind: NodeKind::Scalar(Value::Null), .. })))
        .map(|d| d.map(|node| Document { value: node.to_value(), node }))
        .collect();
    Parsed { entries }
}
