//! Filling a template in.

use super::{Arg, Node, Pipe, printf};
use crate::api::patch::go_value;
use crate::api::text::go_quote;
use crate::api::{Value, base64};
use crate::kubectl::jsonpath::go_type;

const FUNCTIONS: [&str; 20] = [
    "len",
    "index",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "and",
    "or",
    "not",
    "print",
    "printf",
    "println",
    "exists",
    "base64decode",
    "slice",
    "html",
    "js",
    "urlquery",
];

pub(super) fn is_function(word: &str) -> bool {
    FUNCTIONS.contains(&word)
}

struct Scope<'a> {
    root: &'a Value,
    vars: Vec<(String, Value)>,
    out: String,
}

pub(super) fn run(nodes: &[Node], root: &Value) -> Result<String, String> {
    let mut scope = Scope { root, vars: Vec::new(), out: String::new() };
    scope.nodes(nodes, root)?;
    Ok(scope.out)
}

/// What counts as true: anything but nothing.
fn truth(v: &Value) -> bool {
    match v {
        Value::Null => false,
        Value::Bool(b) => *b,
        Value::Int(n) => *n != 0,
        Value::Float(f) => *f != 0.0,
        Value::Str(s) => !s.is_empty(),
        Value::Array(a) => !a.is_empty(),
        Value::Object(m) => !m.is_empty(),
    }
}

fn shown(v: &Value) -> String {
    if v.is_null() { "<no value>".into() } else { go_value(v) }
}

impl Scope<'_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        let depth = self.vars.len();
        for n in nodes {
            match n {
                Node::Text(t) => self.out.push_str(t),
                Node::Print(p) => {
                    let text = shown(&self.pipe(p, dot)?);
                    self.out += &text;
                }
                Node::Assign(name, p) => {
                    let v = self.pipe(p, dot)?;
                    match self.vars.iter_mut().rev().find(|(n, _)| n == name) {
                        Some((_, old)) => *old = v,
                        None => self.vars.push((name.clone(), v)),
                    }
                }
                Node::If(p, yes, no) => {
                    let body = if truth(&self.pipe(p, dot)?) { yes } else { no };
                    self.nodes(body, dot)?;
                }
                Node::With(p, yes, no) => {
                    let v = self.pipe(p, dot)?;
                    if truth(&v) {
                        self.nodes(yes, &v)?;
                    } else {
                        self.nodes(no, dot)?;
                    }
                }
                Node::Range(names, p, body, other) => {
                    let v = self.pipe(p, dot)?;
                    let items: Vec<(Value, Value)> = match &v {
                        Value::Array(a) => a.iter().enumerate().map(|(i, x)| (Value::from(i), x.clone())).collect(),
                        Value::Object(m) => m.iter().map(|(k, x)| (Value::from(k), x.clone())).collect(),
                        Value::Int(n) => (0..*n).map(|i| (Value::Int(i), Value::Int(i))).collect(),
                        Value::Null => Vec::new(),
                        other => return Err(format!("range can't iterate over {}", go_value(other))),
                    };
                    if items.is_empty() {
                        self.nodes(other, dot)?;
                    }
                    for (key, item) in items {
                        let depth = self.vars.len();
                        match names.as_slice() {
                            [] => {}
                            [one] => self.vars.push((one.clone(), item.clone())),
                            [k, x, ..] => {
                                self.vars.push((k.clone(), key));
                                self.vars.push((x.clone(), item.clone()));
                            }
                        }
                        self.nodes(body, &item)?;
                        self.vars.truncate(depth);
                    }
                }
            }
        }
        self.vars.truncate(depth);
        Ok(())
    }
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for command in pipe {
            let mut args = Vec::new();
            for a in command.iter().skip(usize::from(matches!(command[0], Arg::Word(_)))) {
                args.push(self.arg(a, dot)?);
            }
            args.extend(last.take());
            last = Some(match &command[0] {
                Arg::Word(f) => call(f, &args)?,
                _ if args.len() > 1 => return Err("can't give argument to non-function".into()),
                _ => args.pop().unwrap_or_default(),
            });
        }
        Ok(last.unwrap_or_default())
    }
    fn arg(&mut self, a: &Arg, dot: &Value) -> Result<Value, String> {
        match a {
            Arg::Value(v) => Ok(v.clone()),
            Arg::Word(f) => call(f, &[]),
            Arg::Pipe(p, steps) => follow(self.pipe(p, dot)?, steps),
            Arg::Path(base, steps) => {
                let v = match base.as_str() {
                    "" => dot.clone(),
                    "$" => self.root.clone(),
                    name => match self.vars.iter().rev().find(|(n, _)| n == name) {
                        Some((_, v)) => v.clone(),
                        None => return Err(format!("undefined variable {}", go_quote(name))),
                    },
                };
                follow(v, steps)
            }
        }
    }
}

/// The value at field names, one after the other.
fn follow(mut v: Value, steps: &[String]) -> Result<Value, String> {
    for step in steps {
        v = match &v {
            Value::Object(m) => m.get(step).cloned().unwrap_or_default(),
            Value::Null => Value::Null,
            other => return Err(format!("can't evaluate field {step} in type {}", type_name(other))),
        };
    }
    Ok(v)
}

fn type_name(v: &Value) -> &'static str {
    match v {
        Value::Null | Value::Object(_) => "interface {}",
        other => go_type(other),
    }
}

fn order(a: &Value, b: &Value) -> Option<std::cmp::Ordering> {
    match (a, b) {
        (Value::Str(x), Value::Str(y)) => Some(x.cmp(y)),
        (Value::Bool(x), Value::Bool(y)) => Some(x.cmp(y)),
        _ => {
            let number = |v: &Value| match v {
                Value::Int(n) => Some(*n as f64),
                Value::Float(f) => Some(*f),
                _ => None,
            };
            number(a)?.partial_cmp(&number(b)?)
        }
    }
}

fn call(f: &str, args: &[Value]) -> Result<Value, String> {
    let first = args.first().cloned().unwrap_or_default();
    let compare = |test: fn(std::cmp::Ordering) -> bool| args[1..].iter().any(|x| order(&first, x).is_some_and(test));
    let needs = |n: usize| -> Result<(), String> {
        if args.len() < n {
            Err(format!("wrong number of args for {f}: want at least {n} got {}", args.len()))
        } else {
            Ok(())
        }
    };
    match f {
        "len" => match &first {
            Value::Str(s) => Ok(s.len().into()),
            Value::Array(a) => Ok(a.len().into()),
            Value::Object(m) => Ok(m.len().into()),
            other => Err(format!("error calling len: len of type {}", type_name(other))),
        },
        "index" => {
            let mut v = first;
            for key in args.iter().skip(1) {
                v = match (&v, key) {
                    (Value::Array(a), Value::Int(n)) => match usize::try_from(*n).ok().and_then(|i| a.get(i)) {
                        Some(x) => x.clone(),
                        None => return Err(format!("error calling index: index out of range: {n}")),
                    },
                    (Value::Object(m), Value::Str(k)) => m.get(k).cloned().unwrap_or_default(),
                    (Value::Null, _) => return Err("error calling index: index of untyped nil".into()),
                    (other, _) => {
                        return Err(format!("error calling index: can't index item of type {}", type_name(other)));
                    }
                };
            }
            Ok(v)
        }
        "exists" => {
            let mut v = first;
            for key in args.iter().skip(1) {
                let next = match (&v, key) {
                    (Value::Array(a), Value::Int(n)) => usize::try_from(*n).ok().and_then(|i| a.get(i)).cloned(),
                    (Value::Object(m), Value::Str(k)) => m.get(k).cloned(),
                    _ => None,
                };
                match next {
                    Some(x) => v = x,
                    None => return Ok(false.into()),
                }
            }
            Ok(true.into())
        }
        "eq" | "lt" | "le" | "gt" | "ge" | "ne" => {
            needs(2)?;
            Ok(match f {
                "eq" => compare(std::cmp::Ordering::is_eq),
                "lt" => compare(std::cmp::Ordering::is_lt),
                "le" => compare(std::cmp::Ordering::is_le),
                "gt" => compare(std::cmp::Ordering::is_gt),
                "ge" => compare(std::cmp::Ordering::is_ge),
                _ => !compare(std::cmp::Ordering::is_eq),
            }
            .into())
        }
        "and" => Ok(args.iter().find(|v| !truth(v)).or(args.last()).cloned().unwrap_or_default()),
        "or" => Ok(args.iter().find(|v| truth(v)).or(args.last()).cloned().unwrap_or_default()),
        "not" => Ok((!truth(&first)).into()),
        "base64decode" => {
            let text = first.as_str().unwrap_or("");
            match base64::decode(text) {
                Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned().into()),
                Err(at) => Err(format!("error calling base64decode: illegal base64 data at input byte {at}")),
            }
        }
        "println" => Ok((args.iter().map(shown).collect::<Vec<_>>().join(" ") + "\n").into()),
        "printf" => Ok(printf::printf(first.as_str().unwrap_or(""), args.get(1..).unwrap_or(&[])).into()),
        _ => Ok(args.iter().map(shown).collect::<String>().into()),
    }
}
