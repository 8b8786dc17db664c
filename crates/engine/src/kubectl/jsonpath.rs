//! JSONPath templates: `-o jsonpath`, `--sort-by`, `-o custom-columns`, `wait --for=jsonpath`.
//!
//! Models client-go `util/jsonpath` (`parser.go`, `jsonpath.go`): text around `{...}`, fields, `..`, `*`, indexes, slices,
//! unions, filters, `range` and `end`.

mod parse;

use std::cmp::Ordering;

use crate::api::Value;
use crate::api::patch::go_value;
use crate::api::text::{go_json, go_quote};

pub use parse::parse;

/// One node of a template: what it makes of the values before it.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text as it is.
    Text(String),
    /// A number or a truth.
    Value(Value),
    /// `.name`
    Field(String),
    /// `..`
    Recursive,
    /// `.*`
    Wildcard,
    /// `[from:to:step]`; the last says that `to` is `from + 1`, as in `[from]`.
    Array([Option<i64>; 3], bool),
    /// `['a','b']`
    Union(Vec<Vec<Node>>),
    /// `[?(@.type=="Failed")]`; without an operator, what is on the left must be there.
    Filter(Vec<Node>, String, Vec<Node>),
    /// `range`, `end`, and words that mean nothing.
    Word(String),
}

/// A template: what stands in each pair of braces, and the text between them.
pub type Template = Vec<Vec<Node>>;

/// How far a template is, where ranges are concerned.
struct Run<'a> {
    nodes: &'a [Vec<Node>],
    lenient: bool,
    begin: usize,
    inside: usize,
    end: usize,
    last_end: usize,
}

/// The values that each part of a template finds. Missing fields give nothing where `lenient`, else an error.
pub fn find(template: &[Vec<Node>], v: &Value, lenient: bool) -> Result<Vec<Vec<Value>>, String> {
    Run { nodes: template, lenient, begin: 0, inside: 0, end: 0, last_end: 0 }.find(v, 0)
}

/// The values that a template of one path finds.
pub fn values(template: &[Vec<Node>], v: &Value) -> Result<Vec<Value>, String> {
    find(template, v, true).map(|found| found.into_iter().next().unwrap_or_default())
}

impl Run<'_> {
    fn find(&mut self, v: &Value, from: usize) -> Result<Vec<Vec<Value>>, String> {
        let mut out = Vec::new();
        let mut i = from;
        while i < self.nodes.len() {
            let nodes = self.nodes;
            let results = self.list(vec![v.clone()], &nodes[i])?;
            if self.end > 0 && self.end <= self.inside {
                self.end -= 1;
                self.last_end = i;
                break;
            }
            if self.begin > 0 {
                self.begin -= 1;
                self.inside += 1;
                for value in &results {
                    out.extend(self.find(value, i + 1)?);
                }
                if results.is_empty() {
                    self.find(&Value::Null, i + 1)?;
                }
                self.inside -= 1;
                i = i.max(self.last_end);
            } else {
                out.push(results);
            }
            i += 1;
        }
        Ok(out)
    }
    fn list(&mut self, mut values: Vec<Value>, nodes: &[Node]) -> Result<Vec<Value>, String> {
        for node in nodes {
            values = self.walk(values, node)?;
        }
        Ok(values)
    }
    fn walk(&mut self, values: Vec<Value>, node: &Node) -> Result<Vec<Value>, String> {
        let mut out = Vec::new();
        match node {
            Node::Text(t) => out.push(Value::from(t.as_str())),
            Node::Value(v) => out.extend(values.iter().map(|_| v.clone())),
            Node::Field(name) => {
                out.extend(values.iter().filter_map(|v| v.get(name)).cloned());
                if out.is_empty() && !values.is_empty() && !self.lenient && values.iter().any(|v| !v.is_null()) {
                    return Err(format!("{name} is not found"));
                }
            }
            Node::Recursive => values.iter().for_each(|v| descend(v, &mut out)),
            Node::Wildcard => values.iter().for_each(|v| out.extend(children(v))),
            Node::Array(params, derived) => {
                for v in values.iter().filter(|v| !v.is_null()) {
                    if !slice(v, *params, *derived, &mut out)? {
                        break;
                    }
                }
            }
            Node::Union(paths) => {
                for p in paths {
                    out.extend(self.list(values.clone(), p)?);
                }
            }
            Node::Filter(left, operator, right) => {
                for v in &values {
                    let Value::Array(items) = v else {
                        return Err(format!("{} is not array or slice and cannot be filtered", go_value(v)));
                    };
                    for item in items.iter() {
                        if self.keeps(item, left, operator, right)? {
                            out.push(item.clone());
                        }
                    }
                }
            }
            Node::Word(w) if w == "range" => {
                self.begin += 1;
                out = values;
            }
            Node::Word(w) if w == "end" => {
                if self.inside == 0 {
                    return Err("not in range, nothing to end".into());
                }
                self.end += 1;
            }
            Node::Word(w) => return Err(format!("unrecognized identifier {w}")),
        }
        Ok(out)
    }
    fn keeps(&mut self, item: &Value, left: &[Node], operator: &str, right: &[Node]) -> Result<bool, String> {
        let found = self.list(vec![item.clone()], left);
        if operator == "exists" {
            return Ok(found.is_ok_and(|f| !f.is_empty()));
        }
        let found = found?;
        let many = || Err("can only compare one element at a time".into());
        let [a] = found.as_slice() else { return if found.is_empty() { Ok(false) } else { many() } };
        let others = self.list(vec![item.clone()], right)?;
        let [b] = others.as_slice() else { return if others.is_empty() { Ok(false) } else { many() } };
        let wanted: &[Ordering] = match operator {
            "<" => &[Ordering::Less],
            ">" => &[Ordering::Greater],
            "==" => &[Ordering::Equal],
            "!=" => &[Ordering::Less, Ordering::Greater],
            "<=" => &[Ordering::Less, Ordering::Equal],
            ">=" => &[Ordering::Greater, Ordering::Equal],
            _ => return Err(format!("unrecognized filter operator {operator}")),
        };
        let order = match (a, b) {
            (Value::Str(a), Value::Str(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => a.total_cmp(b),
            (Value::Bool(a), Value::Bool(b)) if matches!(operator, "==" | "!=") => a.cmp(b),
            _ if [a, b].iter().any(|v| v.is_null() || v.as_object().is_some() || v.as_array().is_some()) => {
                return Err("invalid type for comparison".into());
            }
            (Value::Bool(_), Value::Bool(_)) => return Err("invalid type for comparison".into()),
            _ => return Err("incompatible types for comparison".into()),
        };
        Ok(wanted.contains(&order))
    }
}

fn children(v: &Value) -> Vec<Value> {
    v.fields().map(|(_, x)| x.clone()).chain(v.items().iter().cloned()).collect()
}

fn descend(v: &Value, out: &mut Vec<Value>) {
    let children = children(v);
    if !children.is_empty() {
        out.push(v.clone());
        children.iter().for_each(|c| descend(c, out));
    }
}

/// Takes items of an array; says whether the values after it are to be looked at.
fn slice(v: &Value, params: [Option<i64>; 3], derived: bool, out: &mut Vec<Value>) -> Result<bool, String> {
    let Value::Array(a) = v else { return Err(format!("{} is not array or slice", go_type(v))) };
    let len = a.len() as i64;
    let from = params[0].map_or(0, |n| if n < 0 { n + len } else { n });
    let to = params[1].map_or(len, |n| if n < 0 || n == 0 && derived { n + len } else { n });
    if from == to {
        return Ok(false);
    }
    for (wrong, index) in [(from >= len || from < 0, from), (to > len || to < 0, to - 1)] {
        if wrong {
            return Err(format!("array index out of bounds: index {index}, length {len}"));
        }
    }
    if from > to {
        return Err(format!("starting index {from} is greater than ending index {to}"));
    }
    let step = params[2].unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".into());
    }
    out.extend(a[from as usize..to as usize].iter().step_by(step as usize).cloned());
    Ok(true)
}

/// The Go type of what JSON holds: `%T`.
pub fn go_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as Go source: `%#v`.
pub fn go_syntax(v: &Value) -> String {
    let inside: Vec<String> = match v {
        Value::Null => return "interface {}(nil)".into(),
        Value::Str(s) => return go_quote(s),
        Value::Object(m) => m.iter().map(|(k, x)| format!("{}:{}", go_quote(k), go_syntax(x))).collect(),
        Value::Array(a) => a.iter().map(go_syntax).collect(),
        other => return go_value(other),
    };
    format!("{}{{{}}}", go_type(v), inside.join(", "))
}

/// A value as a template prints it: text as it is, trees as JSON.
fn print(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        other => go_json(other),
    }
}

/// Fills a template from a value.
pub fn execute(template: &[Vec<Node>], root: &Value, lenient: bool) -> Result<String, String> {
    let found = find(template, root, lenient)?;
    Ok(found.iter().map(|results| results.iter().map(print).collect::<Vec<_>>().join(" ")).collect())
}

/// What is said of a path that cannot be read.
pub const UNEXPECTED: &str =
    "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";

/// The path of `.metadata.name`, `{.metadata.name}` or `metadata.name`, and what is wrong within it. Models
/// `RelaxedJSONPathExpression`.
pub fn relaxed(text: &str) -> Result<Result<Template, String>, String> {
    if text.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let inner = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let inner = inner.strip_prefix('.').filter(|t| !t.is_empty()).unwrap_or(inner);
    if inner.is_empty() || inner.contains(['{', '}']) {
        return Err(UNEXPECTED.into());
    }
    Ok(parse(&format!("{{.{inner}}}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = r#"{"items":[{"n":"a","k":1,"l":{"env":"dev"},"c":[{"image":"x"}],"m":{"o":"p"}},
        {"n":"b","k":2,"c":[{"image":"y"}]}],"none":[]}"#;

    #[test]
    fn templates() {
        let v = Value::from_json(DATA).unwrap();
        for (template, want) in [
            ("{.items[*].n}", "a b"),
            ("{range .items[*]}{.n}{\"\\t\"}{.k}{\"\\n\"}{end}", "a\t1\nb\t2\n"),
            ("{range .none[*]}{.n}{end}rest", "rest"),
            ("{range .items[*]}{range .c[*]}{.image}{end};{end}.", "x;y;."),
            ("{range .items[*]}{$.n}{end}", "ab"),
            ("{.items[?(@.l.env==\"dev\")].n}", "a"),
            ("{.items[?(@.k>1)].n}", "b"),
            ("{..image}", "x y"),
            ("{.items[0].l}", "{\"env\":\"dev\"}"),
            ("{.items[-1:].n}/{.items[0]['n','k']}", "b/a 1"),
            ("{.items[*]['m.o']}", "p"),
            ("{.items[0:2].n}{.items[-1].n}{.items[0:0].n}", "a bb"),
            ("{.nope}", ""),
            ("plain", "plain"),
        ] {
            assert_eq!(execute(&parse(template).unwrap(), &v, true).as_deref(), Ok(want), "{template}");
        }
    }

    #[test]
    fn errors() {
        let v = Value::from_json(DATA).unwrap();
        for (template, want) in [
            ("{.items[9].n}", "array index out of bounds: index 9, length 2"),
            ("{.items[?(@.k==\"1\")].n}", "incompatible types for comparison"),
            ("{.items[?(@.k=1)].n}", "unrecognized filter operator ="),
            ("{.items[?(@.l==1)].n}", "invalid type for comparison"),
            ("{.items[0].n[0]}", "string is not array or slice"),
            ("{end}", "not in range, nothing to end"),
            ("{nope}", "unrecognized identifier nope"),
        ] {
            let said = parse(template).and_then(|t| execute(&t, &v, true));
            assert_eq!(said, Err(want.to_owned()), "{template}");
        }
        for (template, want) in [
            ("{.items[?(@.n=~\"a\")].n}", "unrecognized character in action: U+007E '~'"),
            ("{.items", "unclosed action"),
            ("{.items[0", "unterminated array"),
            ("{.items[a]}", "invalid array index a"),
            ("{....a}", "invalid multiple recursive descent"),
            ("{\"a}", "unterminated quoted string"),
        ] {
            assert_eq!(parse(template).map(|_| ()), Err(want.to_owned()), "{template}");
        }
    }

    #[test]
    fn go_source() {
        let v = Value::from_json(r#"{"a":[1,true,null,"x\"y"]}"#).unwrap();
        let want = r#"map[string]interface {}{"a":[]interface {}{1, true, interface {}(nil), "x\"y"}}"#;
        assert_eq!(go_syntax(&v), want);
    }
}
