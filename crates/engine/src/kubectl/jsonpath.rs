//! JSONPath templates: `-o jsonpath`, `--sort-by`, `-o custom-columns`, `wait --for=jsonpath`.
//!
//! Models client-go `util/jsonpath` (`parser.go`, `jsonpath.go`): text around `{...}`, fields, `..`, `*`, indexes, slices,
//! unions, filters, `range` and `end`.

mod parse;

use crate::api::Value;
use crate::api::text::go_json;

pub use parse::parse;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text as it is.
    Text(String),
    /// The values at a path.
    Path(Vec<Step>),
    /// For each value at a path, more pieces.
    Range(Vec<Step>, Vec<Node>),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`
    Field(String),
    /// `..`
    Recursive,
    /// `*`
    Wildcard,
    /// `[n]` (the last is none), `[from:to:step]`.
    Slice(Option<i64>, Option<i64>, i64, bool),
    /// `['a','b']`
    Union(Vec<Vec<Step>>),
    /// `[?(@.type=="Failed")]`
    Filter(Vec<Step>, String, Operand),
    /// `$`
    Root,
}

/// The right side of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// None: the left side must be there.
    None,
    /// A constant.
    Value(Value),
    /// A path.
    Path(Vec<Step>),
}

/// Follows a path from a value. Missing fields give nothing where `lenient`, else an error.
pub fn walk(root: &Value, from: &Value, steps: &[Step], lenient: bool) -> Result<Vec<Value>, String> {
    let mut now = vec![from.clone()];
    for step in steps {
        let mut next = Vec::new();
        for v in &now {
            match step {
                Step::Root => next.push(root.clone()),
                Step::Field(name) => match v {
                    Value::Object(m) => match m.get(name) {
                        Some(x) => next.push(x.clone()),
                        None if lenient => {}
                        None => return Err(format!("{name} is not found")),
                    },
                    _ if lenient => {}
                    _ => return Err(format!("{name} is not found")),
                },
                Step::Recursive => descend(v, &mut next),
                Step::Wildcard => match v {
                    Value::Array(a) => next.extend(a.iter().cloned()),
                    Value::Object(m) => next.extend(m.values().cloned()),
                    _ => {}
                },
                Step::Slice(from, to, by, single) => slice(v, (*from, *to, *by, *single), lenient, &mut next)?,
                Step::Union(paths) => {
                    for p in paths {
                        next.extend(walk(root, v, p, lenient)?);
                    }
                }
                Step::Filter(left, operator, right) => {
                    let Value::Array(items) = v else {
                        if lenient {
                            continue;
                        }
                        return Err(format!("{} is not array or slice and cannot be filtered", go_json(v)));
                    };
                    for item in items.iter() {
                        if keeps(root, item, left, operator, right) {
                            next.push(item.clone());
                        }
                    }
                }
            }
        }
        now = next;
    }
    Ok(now)
}

fn descend(v: &Value, out: &mut Vec<Value>) {
    let children: Vec<Value> = match v {
        Value::Array(a) => a.iter().cloned().collect(),
        Value::Object(m) => m.values().cloned().collect(),
        _ => vec![],
    };
    if children.is_empty() {
        return;
    }
    out.push(v.clone());
    for c in &children {
        descend(c, out);
    }
}

fn slice(
    v: &Value,
    (from, to, by, single): (Option<i64>, Option<i64>, i64, bool),
    lenient: bool,
    out: &mut Vec<Value>,
) -> Result<(), String> {
    let Value::Array(a) = v else {
        return if lenient { Ok(()) } else { Err(format!("{} is not array or slice", go_json(v))) };
    };
    let len = a.len() as i64;
    let at = |n: i64| if n < 0 { n + len } else { n };
    let start = at(from.unwrap_or(0));
    if single {
        if start < 0 || start >= len {
            return Err(format!("array index out of bounds: index {}, length {len}", from.unwrap_or(0)));
        }
        out.push(a[start as usize].clone());
        return Ok(());
    }
    let end = to.map_or(len, at).min(len);
    let mut i = start.max(0);
    while i < end && by > 0 {
        out.push(a[i as usize].clone());
        i += by;
    }
    Ok(())
}

fn keeps(root: &Value, item: &Value, left: &[Step], operator: &str, right: &Operand) -> bool {
    let Ok(found) = walk(root, item, left, true) else { return false };
    let value = match right {
        Operand::None => return !found.is_empty(),
        Operand::Value(v) => v.clone(),
        Operand::Path(p) => match walk(root, item, p, true) {
            Ok(v) if !v.is_empty() => v[0].clone(),
            _ => return false,
        },
    };
    let Some(x) = found.first() else { return false };
    let order = match (x, &value) {
        (Value::Str(a), Value::Str(b)) => a.partial_cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.partial_cmp(b),
        _ => number(x).zip(number(&value)).and_then(|(a, b)| a.partial_cmp(&b)),
    };
    match operator {
        "==" => order.is_some_and(std::cmp::Ordering::is_eq),
        "!=" => order.is_none_or(std::cmp::Ordering::is_ne),
        "<" => order.is_some_and(std::cmp::Ordering::is_lt),
        "<=" => order.is_some_and(std::cmp::Ordering::is_le),
        ">" => order.is_some_and(std::cmp::Ordering::is_gt),
        _ => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}

fn number(v: &Value) -> Option<f64> {
    match v {
        Value::Int(n) => Some(*n as f64),
        Value::Float(f) => Some(*f),
        _ => None,
    }
}

/// A value as a template prints it: text as it is, trees as JSON.
pub fn print(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        other => go_json(other),
    }
}

/// Fills a template from a value.
pub fn execute(nodes: &[Node], root: &Value, lenient: bool) -> Result<String, String> {
    let mut out = String::new();
    run(nodes, root, root, lenient, &mut out)?;
    Ok(out)
}

fn run(nodes: &[Node], root: &Value, from: &Value, lenient: bool, out: &mut String) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(t) => out.push_str(t),
            Node::Path(p) => {
                let texts: Vec<String> = walk(root, from, p, lenient)?.iter().map(print).collect();
                out.push_str(&texts.join(" "));
            }
            Node::Range(p, body) => {
                for v in walk(root, from, p, lenient)? {
                    run(body, root, &v, lenient, out)?;
                }
            }
        }
    }
    Ok(())
}

/// What is said of a path that cannot be read.
pub const UNEXPECTED: &str =
    "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";

/// The path of `.metadata.name`, `{.metadata.name}` or `metadata.name`. Models `RelaxedJSONPathExpression`.
pub fn relaxed(text: &str) -> Result<Vec<Step>, String> {
    let inner = match (text.strip_prefix('{'), text.strip_suffix('}')) {
        (Some(_), Some(_)) if text.len() >= 2 => &text[1..text.len() - 1],
        _ => text,
    };
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    if inner.is_empty() || inner.contains(['{', '}']) {
        return Err(UNEXPECTED.into());
    }
    match parse(&format!("{{.{inner}}}"))?.into_iter().next() {
        Some(Node::Path(p)) => Ok(p),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let v = Value::from_json(
            r#"{"items":[{"n":"a","k":1,"l":{"env":"dev"},"c":[{"image":"x"}]},{"n":"b","k":2,"c":[{"image":"y"}]}]}"#,
        )
        .unwrap();
        for (template, want) in [
            ("{.items[*].n}", "a b"),
            ("{range .items[*]}{.n}{\"\\t\"}{.k}{\"\\n\"}{end}", "a\t1\nb\t2\n"),
            ("{.items[?(@.l.env==\"dev\")].n}", "a"),
            ("{.items[?(@.k>1)].n}", "b"),
            ("{..image}", "x y"),
            ("{.items[0].l}", "{\"env\":\"dev\"}"),
            ("{.items[-1:].n}/{.items[0]['n','k']}", "b/a 1"),
            ("{.nope}", ""),
            ("plain", "plain"),
        ] {
            assert_eq!(execute(&parse(template).unwrap(), &v, true).as_deref(), Ok(want), "{template}");
        }
    }
}
