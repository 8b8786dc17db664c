//! The internal form of an object's parts, which some messages print: Go's field names, everything in it, in Go's order.
//!
//! Models `json.Marshal` of the types of `pkg/apis`, which have no JSON tags; those of apimachinery keep theirs.

use std::collections::BTreeMap;

use crate::api::Value;
use crate::api::schema::{self, Ty, Type};
use crate::api::text::{go_json, go_json_string};

/// A value of a type of the table (`core.PodTemplateSpec`) in its internal form.
pub fn internal_json(type_name: &str, value: &Value) -> String {
    let mut w = Writer { out: String::new(), indent: None };
    if let Some(t) = schema::find(type_name) {
        w.object(t, value);
    }
    w.out
}

/// The same over lines, indented by one blank a level, as differences are made of.
pub(super) fn internal_lines(type_name: &str, value: &Value) -> String {
    let mut w = Writer { out: String::new(), indent: Some(0) };
    if let Some(t) = schema::find(type_name) {
        w.object(t, value);
    }
    w.out
}

struct Writer {
    out: String,
    indent: Option<usize>,
}

impl Writer {
    fn line(&mut self) {
        if let Some(n) = self.indent {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', n));
        }
    }
    fn open(&mut self, c: char) {
        self.out.push(c);
        self.indent = self.indent.map(|n| n + 1);
    }
    fn close(&mut self, c: char, empty: bool) {
        self.indent = self.indent.map(|n| n - 1);
        if !empty {
            self.line();
        }
        self.out.push(c);
    }
    fn key(&mut self, name: &str, first: bool) {
        if !first {
            self.out.push(',');
        }
        self.line();
        self.out.push_str(&go_json_string(name));
        self.out.push(':');
        if self.indent.is_some() {
            self.out.push(' ');
        }
    }
    fn object(&mut self, t: &'static Type, v: &Value) {
        self.open('{');
        let first = self.fields(t, v, true);
        self.close('}', first);
    }
    /// Writes the fields; says whether none has been written yet.
    fn fields(&mut self, t: &'static Type, v: &Value, mut first: bool) -> bool {
        let tagged = t.group == "meta";
        for field in &t.fields {
            let value = v.at(field.json);
            if tagged {
                if !value.is_null() {
                    self.key(field.json, first);
                    self.value(field.ty, value, field.pointer);
                    first = false;
                }
            } else if field.json == "metadata" {
                if let Some(meta) = field.ty.as_struct() {
                    first = self.fields(meta, value, first);
                }
            } else {
                self.key(field.go, first);
                self.value(field.ty, value, field.pointer);
                first = false;
            }
        }
        first
    }
    fn value(&mut self, ty: Ty, v: &Value, pointer: bool) {
        if pointer && v.is_null() {
            self.out.push_str("null");
            return;
        }
        match ty.resolve() {
            Ty::Named(id) => self.object(schema::get(id), v),
            Ty::List(item) => match v.as_array() {
                Some(items) => {
                    self.open('[');
                    for (i, x) in items.iter().enumerate() {
                        if i > 0 {
                            self.out.push(',');
                        }
                        self.line();
                        self.value(*item, x, false);
                    }
                    self.close(']', items.is_empty());
                }
                None => self.out.push_str("null"),
            },
            Ty::Map(_, item) => match v.as_object() {
                Some(map) => {
                    self.open('{');
                    for (i, (k, x)) in map.iter().enumerate() {
                        self.key(k, i == 0);
                        self.value(*item, x, false);
                    }
                    self.close('}', map.is_empty());
                }
                None => self.out.push_str("null"),
            },
            _ if !v.is_null() => self.out.push_str(&go_json(v)),
            Ty::String | Ty::Duration => self.out.push_str("\"\""),
            Ty::Quantity => self.out.push_str("\"0\""),
            Ty::Bool => self.out.push_str("false"),
            Ty::Time | Ty::MicroTime | Ty::Raw | Ty::Bytes => self.out.push_str("null"),
            _ => self.out.push('0'),
        }
    }
}

/// The difference of two texts, line by line, with three lines around each change. Models difflib's unified diff.
pub(super) fn unified_diff(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let ops = edits(&a, &b);
    let mut out = String::new();
    let mut i = 0;
    while i < ops.len() {
        // Changes less than seven equal lines apart share a hunk.
        let mut j = i;
        while j + 1 < ops.len() && ops[j + 1].0 - ops[j].1 <= 6 {
            j += 1;
        }
        hunk(&mut out, &a, &b, &ops[i..=j]);
        i = j + 1;
    }
    out
}

/// A change: lines of the old text from, to, and of the new text from, to.
type Change = (usize, usize, usize, usize);

/// Models `SequenceMatcher`: the longest equal run first, then what is left and right of it. In a text of two hundred lines
/// and more, lines that are more frequent than one in a hundred begin no run.
fn edits(a: &[&str], b: &[&str]) -> Vec<Change> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (j, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(j);
    }
    if b.len() >= 200 {
        places.retain(|_, at| at.len() <= b.len() / 100 + 1);
    }
    let mut runs = Vec::new();
    let mut left = vec![(0, a.len(), 0, b.len())];
    while let Some((a0, a1, b0, b1)) = left.pop() {
        let (i, j, n) = longest(a, b, &places, (a0, a1, b0, b1));
        if n > 0 {
            runs.push((i, j, n));
            left.push((a0, i, b0, j));
            left.push((i + n, a1, j + n, b1));
        }
    }
    runs.sort_unstable();
    runs.push((a.len(), b.len(), 0));
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    for (ai, bj, n) in runs {
        if i < ai || j < bj {
            out.push((i, ai, j, bj));
        }
        (i, j) = (ai + n, bj + n);
    }
    out
}

/// The longest equal run within bounds; of several the first.
fn longest(
    a: &[&str],
    b: &[&str],
    places: &BTreeMap<&str, Vec<usize>>,
    (a0, a1, b0, b1): Change,
) -> (usize, usize, usize) {
    let (mut i, mut j, mut n) = (a0, b0, 0);
    let mut ending: BTreeMap<usize, usize> = BTreeMap::new();
    for (x, line) in a.iter().enumerate().take(a1).skip(a0) {
        let mut next = BTreeMap::new();
        for &y in places.get(line).into_iter().flatten().filter(|y| (b0..b1).contains(*y)) {
            let k = y.checked_sub(1).and_then(|y| ending.get(&y)).unwrap_or(&0) + 1;
            next.insert(y, k);
            if k > n {
                (i, j, n) = (x + 1 - k, y + 1 - k, k);
            }
        }
        ending = next;
    }
    while i > a0 && j > b0 && a[i - 1] == b[j - 1] {
        (i, j, n) = (i - 1, j - 1, n + 1);
    }
    while i + n < a1 && j + n < b1 && a[i + n] == b[j + n] {
        n += 1;
    }
    (i, j, n)
}

fn hunk(out: &mut String, a: &[&str], b: &[&str], ops: &[Change]) {
    use std::fmt::Write;
    let (first, last) = (ops[0], ops[ops.len() - 1]);
    let before = first.0.min(3);
    let after = (a.len() - last.1).min(3);
    let (a0, a1) = (first.0 - before, last.1 + after);
    let (b0, b1) = (first.2 - before, last.3 + after);
    let range = |from: usize, to: usize| match to - from {
        1 => format!("{}", from + 1),
        0 => format!("{from},0"),
        n => format!("{},{n}", from + 1),
    };
    let _ = writeln!(out, "@@ -{} +{} @@", range(a0, a1), range(b0, b1));
    let mut at = a0;
    for &(f, t, nf, nt) in ops {
        for line in &a[at..f] {
            let _ = writeln!(out, " {line}");
        }
        for line in &a[f..t] {
            let _ = writeln!(out, "-{line}");
        }
        for line in &b[nf..nt] {
            let _ = writeln!(out, "+{line}");
        }
        at = t;
    }
    for line in &a[at..a1] {
        let _ = writeln!(out, " {line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn internal_forms() {
        assert_eq!(
            internal_json("batch.SuccessPolicy", &json!({"rules": [{"succeededCount": 1}]})),
            r#"{"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}"#
        );
        assert_eq!(
            internal_json("apps.DeploymentStrategy", &json!({"type": "Rollingupdate"})),
            r#"{"Type":"Rollingupdate","RollingUpdate":null}"#
        );
        assert_eq!(
            internal_json(
                "meta.LabelSelector",
                &json!({"matchExpressions": [{"key": "a"}], "matchLabels": {"b": "c"}})
            ),
            r#"{"matchLabels":{"b":"c"},"matchExpressions":[{"key":"a"}]}"#
        );
        assert!(
            internal_json("core.PodTemplateSpec", &json!({"metadata": {"labels": {"a": "b"}}, "spec": {}}))
                .starts_with(r#"{"labels":{"a":"b"},"Spec":{"Volumes":null,"InitContainers":null,"Containers":null,"#)
        );
    }

    #[test]
    fn differences() {
        let a = "1\n2\n3\n4\n5\n6\n7\n8";
        assert_eq!(unified_diff(a, &a.replace('5', "five")), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
        assert_eq!(unified_diff(a, a), "");
    }
}
