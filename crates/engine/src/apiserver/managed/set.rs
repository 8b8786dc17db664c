//! A set of fields of an object.
//!
//! Models `structured-merge-diff/fieldpath`. A step is written as in `fieldsV1`: `f:name`, `k:{"name":"main"}`, `v:"x"`.

use std::collections::BTreeMap;

use crate::api::Value;

/// A set of fields, as a tree of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Set {
    /// Whether the field itself is in the set.
    pub member: bool,
    /// What lies below it.
    pub children: BTreeMap<String, Set>,
}

impl Set {
    /// Whether there is no field in it.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }
    /// The set below a step, made if it is not there.
    pub fn below(&mut self, step: String) -> &mut Self {
        self.children.entry(step).or_default()
    }
    /// Adds the fields of another.
    pub fn add(&mut self, other: &Self) {
        self.member |= other.member;
        for (step, set) in &other.children {
            self.children.entry(step.clone()).or_default().add(set);
        }
    }
    /// Takes the fields of another away.
    pub fn subtract(&mut self, other: &Self) {
        self.member &= !other.member;
        for (step, set) in &other.children {
            if let Some(mine) = self.children.get_mut(step) {
                mine.subtract(set);
            }
        }
        self.children.retain(|_, s| !s.is_empty());
    }
    /// The fields that are in both.
    pub fn intersection(&self, other: &Self) -> Self {
        let both = self.children.iter().filter_map(|(step, set)| {
            let inner = set.intersection(other.children.get(step)?);
            (!inner.is_empty()).then(|| (step.clone(), inner))
        });
        Self { member: self.member && other.member, children: both.collect() }
    }
    /// The set as `fieldsV1` writes it: a dot stands for the field itself where there are fields below it.
    pub fn to_value(&self) -> Value {
        let mut v = Value::empty_object();
        let fields = v.make_object();
        if self.member && !self.children.is_empty() {
            fields.insert(".", Value::empty_object());
        }
        for (step, set) in &self.children {
            fields.insert(step.as_str(), set.to_value());
        }
        v
    }
    /// The fields as conflicts print them: `.spec.template.spec.containers[name="main"].image`.
    pub fn paths(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.collect(String::new(), &mut out);
        out
    }
    fn collect(&self, path: String, out: &mut Vec<String>) {
        for (step, set) in &self.children {
            set.collect(format!("{path}{}", printed(step)), out);
        }
        if self.member {
            out.push(path);
        }
    }
}

fn printed(step: &str) -> String {
    match step.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("k", keys)) => {
            let keys = Value::from_json(keys).unwrap_or_default();
            let parts: Vec<String> = keys.fields().map(|(k, v)| format!("{k}={}", v.to_json())).collect();
            format!("[{}]", parts.join(","))
        }
        Some((_, value)) => format!("[={value}]"),
        None => step.to_owned(),
    }
}
