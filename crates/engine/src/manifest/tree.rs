//! A document as a tree of values, each with the place it was written.

use std::fmt;

use crate::api::{Map, Value};

/// A place in the text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Position {
    /// Bytes before it.
    pub offset: usize,
    /// Its line, the first being 1.
    pub line: usize,
    /// Its column in characters, the first being 1.
    pub column: usize,
}

/// A stretch of the text, its end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// Where it begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

impl Span {
    /// Whether the offset lies in it or at its end.
    pub fn touches(&self, offset: usize) -> bool {
        (self.start.offset..=self.end.offset).contains(&offset)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: NodeKind,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Text, a number, a boolean or null.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// Fields in the order they were written; of a key given twice, the last counts.
    Map(Vec<Entry>),
}

/// A field.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Where the name was written.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// A field of an object.
    Field(String),
    /// An item of a list.
    Index(usize),
}

/// A path as messages write it, in steps: `spec.containers[0].env`, `data[a.b]`, `metadata.labels[x]`.
pub fn steps(path: &str) -> Vec<Step> {
    let mut out = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(r) = rest.strip_prefix('[') {
            let (inside, after) = r.split_once(']').unwrap_or((r, ""));
            out.push(inside.parse().map_or_else(|_| Step::Field(inside.to_owned()), Step::Index));
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end > 0 {
                out.push(Step::Field(rest[..end].to_owned()));
            }
            rest = &rest[end..];
            if end == 0 && !rest.starts_with('[') {
                rest = rest.get(1..).unwrap_or("");
            }
        }
    }
    out
}

impl Node {
    /// The value of a field; the last, if it was written twice.
    pub fn field(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            NodeKind::Map(entries) => entries.iter().rev().find(|e| e.key == key),
            _ => None,
        }
    }
    /// The fields, none of anything that is not an object.
    pub fn entries(&self) -> &[Entry] {
        if let NodeKind::Map(entries) = &self.kind { entries } else { &[] }
    }
    /// The items, none of anything that is not a list.
    pub fn items(&self) -> &[Node] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }
    /// The tree as a value: duplicates collapsed, positions dropped.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(v) => v.clone(),
            NodeKind::List(items) => Value::array(items.iter().map(Node::to_value)),
            NodeKind::Map(entries) => {
                let mut map = Map::new();
                for e in entries {
                    map.insert(e.key.as_str(), e.value.to_value());
                }
                Value::from(map)
            }
        }
    }
    /// Where the thing at a path was written, or the nearest thing around it: the name of a field, an item of a list.
    pub fn locate(&self, path: &str) -> Span {
        let mut node = self;
        let mut span = self.first_line();
        for step in steps(path) {
            match step {
                Step::Field(name) => match node.field(&name) {
                    Some(e) => {
                        span = e.key_span;
                        node = &e.value;
                    }
                    None => return span,
                },
                Step::Index(i) => match node.items().get(i) {
                    Some(item) => {
                        span = item.first_line();
                        node = item;
                    }
                    None => return span,
                },
            }
        }
        // A scalar is better shown than its name.
        match &node.kind {
            NodeKind::Scalar(v) if !v.is_null() && node.span.start.line == node.span.end.line => node.span,
            _ => span,
        }
    }
    /// The node at a path.
    pub fn at(&self, path: &str) -> Option<&Node> {
        steps(path).into_iter().try_fold(self, |node, step| match step {
            Step::Field(name) => node.field(&name).map(|e| &e.value),
            Step::Index(i) => node.items().get(i),
        })
    }
    /// What to underline for a whole node: its first field's name, or itself.
    fn first_line(&self) -> Span {
        match &self.kind {
            NodeKind::Map(entries) => entries.first().map_or(self.span, |e| e.key_span),
            NodeKind::List(items) => items.first().map_or(self.span, Node::first_line),
            NodeKind::Scalar(_) => self.span,
        }
    }
    /// Names of fields that were written more than once in the same object, with the later place.
    pub fn duplicates(&self, path: &str, out: &mut Vec<(String, Span)>) {
        match &self.kind {
            NodeKind::Map(entries) => {
                for (i, e) in entries.iter().enumerate() {
                    let path = if path.is_empty() { e.key.clone() } else { format!("{path}.{}", e.key) };
                    if entries[..i].iter().any(|o| o.key == e.key && o.key_span != e.key_span) {
                        out.push((path.clone(), e.key_span));
                    }
                    e.value.duplicates(&path, out);
                }
            }
            NodeKind::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    item.duplicates(&format!("{path}[{i}]"), out);
                }
            }
            NodeKind::Scalar(_) => {}
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Index(i) => write!(f, "[{i}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_into_steps() {
        let field = |s: &str| Step::Field(s.to_owned());
        assert_eq!(steps("spec.containers[0].env"), [field("spec"), field("containers"), Step::Index(0), field("env")]);
        assert_eq!(steps("data[a.b]"), [field("data"), field("a.b")]);
        assert_eq!(steps(""), []);
    }
}
