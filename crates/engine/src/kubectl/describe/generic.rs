//! Kinds without a description of their own: every field, its name made readable.
//!
//! Models `genericDescriber` and `smartLabelFor`.

use super::super::output::go_value;
use super::{Doc, annotations, head, labels};
use crate::api::{Object, Value};

pub fn describe(o: &Object, w: &mut Doc) {
    head(o, w);
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
    fields(o.body(), 0, "", w);
}

fn fields(v: &Value, level: usize, path: &str, w: &mut Doc) {
    const SKIP: [&str; 5] = [
        ".metadata.managedFields",
        ".metadata.name",
        ".metadata.namespace",
        ".metadata.labels",
        ".metadata.annotations",
    ];
    for (name, value) in v.fields() {
        let here = format!("{path}.{name}");
        if SKIP.contains(&here.as_str()) {
            continue;
        }
        match value {
            Value::Object(_) => {
                w.line(level, &format!("{}:", label(name)));
                fields(value, level + 1, &here, w);
            }
            Value::Array(items) => {
                w.line(level, &format!("{}:", label(name)));
                for item in items.iter() {
                    match item {
                        Value::Object(_) => fields(item, level + 1, &here, w),
                        other => w.line(level + 1, &go_value(other)),
                    }
                }
            }
            other => w.field(level, &label(name), &go_value(other)),
        }
    }
}

/// `creationTimestamp` as `Creation Timestamp`.
fn label(name: &str) -> String {
    if !name.chars().all(|c| c.is_alphabetic() || c == '-') {
        return name.to_owned();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        if parts.is_empty() || c.is_uppercase() && !before.is_uppercase() {
            parts.push(String::new());
        }
        parts.last_mut().expect("one was pushed").push(c);
        before = c;
    }
    let nice = |p: &String| {
        if ["API", "URL", "UID", "GUID"].contains(&p.to_uppercase().as_str()) {
            return p.to_uppercase();
        }
        let mut chars = p.chars();
        chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
    };
    parts.iter().map(nice).collect::<Vec<_>>().join(" ")
}
