//! Reading a JSONPath template.

use super::{Node, Operand, Step};
use crate::api::Value;

/// What stands inside braces, one piece after the other.
enum Piece {
    Step(Step),
    Text(String),
    Word(String),
    Number(Value),
    Bool(bool),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }
    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }
    fn eats(&mut self, prefix: &str) -> bool {
        let yes = self.text[self.at..].starts_with(prefix);
        if yes {
            self.at += prefix.len();
        }
        yes
    }
    /// A field's name: up to what ends it; a backslash keeps the next character.
    fn name(&mut self) -> String {
        let mut out = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.next();
                out.extend(self.next());
            } else if ends_name(c) {
                break;
            } else {
                out.push(c);
                self.next();
            }
        }
        out
    }
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut out = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".into()),
                Some(c) if c == quote => return Ok(out),
                Some('\\') => match self.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some(c) => out.push(c),
                    None => return Err("unterminated quoted string".into()),
                },
                Some(c) => out.push(c),
            }
        }
    }
    /// The pieces up to a closing brace, or to the end where there is none to come.
    fn action(&mut self, braced: bool) -> Result<Vec<Piece>, String> {
        let mut out = Vec::new();
        loop {
            if braced && self.eats("}") {
                return Ok(out);
            }
            if self.eats("[?(") {
                out.push(Piece::Step(self.filter()?));
                continue;
            }
            if self.eats("..") {
                if matches!(out.last(), Some(Piece::Step(Step::Recursive))) {
                    return Err("invalid multiple recursive descent".into());
                }
                out.push(Piece::Step(Step::Recursive));
                if self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    out.push(Piece::Step(Step::Field(self.name())));
                }
                continue;
            }
            match self.next() {
                None | Some('\n' | '\r') if braced => return Err("unclosed action".into()),
                None => return Ok(out),
                Some(' ' | '@') => {}
                Some('$') => out.push(Piece::Step(Step::Root)),
                Some('[') => {
                    let Some(end) = self.text[self.at..].find(']') else { return Err("unterminated array".into()) };
                    let inner = self.text[self.at..self.at + end].to_owned();
                    self.at += end + 1;
                    out.extend(brackets(&inner)?.into_iter().map(Piece::Step));
                }
                Some(quote @ ('"' | '\'')) => out.push(Piece::Text(self.quoted(quote)?)),
                Some('.') => {
                    let name = self.name();
                    out.push(Piece::Step(if name == "*" { Step::Wildcard } else { Step::Field(name) }));
                }
                Some(c) if c == '+' || c == '-' || c.is_ascii_digit() => {
                    let from = self.at - 1;
                    while self.peek().is_some_and(|c| c == '.' || c.is_ascii_digit()) {
                        self.next();
                    }
                    let word = &self.text[from..self.at];
                    let value = match (word.parse::<i64>(), word.parse::<f64>()) {
                        (Ok(n), _) => Value::Int(n),
                        (_, Ok(f)) => Value::Float(f),
                        _ => return Err(format!("cannot parse number {word}")),
                    };
                    out.push(Piece::Number(value));
                }
                Some(c) if c.is_alphanumeric() || c == '_' => {
                    self.at -= c.len_utf8();
                    match self.name().as_str() {
                        "true" => out.push(Piece::Bool(true)),
                        "false" => out.push(Piece::Bool(false)),
                        word => out.push(Piece::Word(word.to_owned())),
                    }
                }
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            }
        }
    }
    /// After `[?(`: `@.a=="b"`, up to `)]`.
    fn filter(&mut self) -> Result<Step, String> {
        let from = self.at;
        let mut quote = None;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".into()),
                Some(c @ ('"' | '\'')) => match quote {
                    None => quote = Some(c),
                    Some(q) if q == c => quote = None,
                    _ => {}
                },
                Some(')') if quote.is_none() => break,
                _ => {}
            }
        }
        let inner = self.text[from..self.at - 1].to_owned();
        if !self.eats("]") {
            return Err("unclosed array expect ]".into());
        }
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let Some(start) = inner.find(is_operator).filter(|i| *i > 0) else {
            return Ok(Step::Filter(path(&inner)?, String::new(), Operand::None));
        };
        let end = start + inner[start..].find(|c| !is_operator(c)).unwrap_or(inner.len() - start);
        let operator = &inner[start..end];
        if !matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=") {
            return Err(format!("unrecognized filter operator {operator}"));
        }
        let mut right = Reader { text: inner[end..].trim(), at: 0 };
        let mut pieces = right.action(false)?;
        let operand = match (pieces.len(), pieces.pop()) {
            (1, Some(Piece::Text(t))) => Operand::Value(t.into()),
            (1, Some(Piece::Number(n))) => Operand::Value(n),
            (1, Some(Piece::Bool(b))) => Operand::Value(b.into()),
            (_, last) => {
                pieces.extend(last);
                Operand::Path(steps(pieces))
            }
        };
        Ok(Step::Filter(path(&inner[..start])?, operator.to_owned(), operand))
    }
}

fn ends_name(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

fn steps(pieces: Vec<Piece>) -> Vec<Step> {
    let step = |p| if let Piece::Step(s) = p { Some(s) } else { None };
    pieces.into_iter().filter_map(step).collect()
}

fn path(text: &str) -> Result<Vec<Step>, String> {
    Reader { text: text.trim(), at: 0 }.action(false).map(steps)
}

/// What stands in brackets: `*`, `0`, `-1:`, `'a.b'`, `'a','b'`.
fn brackets(inner: &str) -> Result<Vec<Step>, String> {
    if inner.contains(',') {
        let parts = inner.split(',').map(|p| brackets(p.trim())).collect::<Result<Vec<_>, _>>()?;
        return Ok(vec![Step::Union(parts)]);
    }
    if inner == "*" {
        return Ok(vec![Step::Slice(None, None, 1, false)]);
    }
    let bare = |q: char| inner.strip_prefix(q).and_then(|r| r.strip_suffix(q)).filter(|_| inner.len() >= 2);
    if let Some(key) = bare('\'').or_else(|| bare('"')) {
        return Ok(vec![Step::Field(key.replace('\\', ""))]);
    }
    let wrong = || format!("invalid array index {inner}");
    let number = |t: &str| -> Result<Option<i64>, String> {
        if t.is_empty() { Ok(None) } else { t.parse().map(Some).map_err(|_| wrong()) }
    };
    let parts: Vec<&str> = inner.split(':').collect();
    match parts.as_slice() {
        [n] => Ok(vec![Step::Slice(Some(number(n)?.ok_or_else(wrong)?), None, 1, true)]),
        [a, b] => Ok(vec![Step::Slice(number(a)?, number(b)?, 1, false)]),
        [a, b, c] => Ok(vec![Step::Slice(number(a)?, number(b)?, number(c)?.unwrap_or(1), false)]),
        _ => Err(wrong()),
    }
}

/// Reads a template.
pub fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut r = Reader { text, at: 0 };
    // The innermost list under construction is last; each but the first is the body of a range.
    let mut open: Vec<(Vec<Step>, Vec<Node>)> = vec![(Vec::new(), Vec::new())];
    loop {
        let from = r.at;
        let end = text[from..].find('{').map_or(text.len(), |i| from + i);
        let top = |open: &mut Vec<(Vec<Step>, Vec<Node>)>, n: Node| {
            open.last_mut().expect("the first is never closed").1.push(n);
        };
        if end > from {
            top(&mut open, Node::Text(text[from..end].to_owned()));
        }
        if end == text.len() {
            break;
        }
        r.at = end + 1;
        let mut path = Vec::new();
        let mut word = None;
        for piece in r.action(true)? {
            match piece {
                Piece::Step(s) => path.push(s),
                Piece::Text(t) => top(&mut open, Node::Text(t)),
                Piece::Number(v) => top(&mut open, Node::Text(super::print(&v))),
                Piece::Bool(b) => top(&mut open, Node::Text(b.to_string())),
                Piece::Word(w) => word = Some(w),
            }
        }
        match word.as_deref() {
            Some("range") => open.push((path, Vec::new())),
            Some("end") => {
                if open.len() == 1 {
                    return Err("not in range, nothing to end".into());
                }
                let (p, body) = open.pop().expect("more than one");
                top(&mut open, Node::Range(p, body));
            }
            Some(other) => return Err(format!("unrecognized identifier {other}")),
            None if !path.is_empty() => top(&mut open, Node::Path(path)),
            None => {}
        }
    }
    while open.len() > 1 {
        let (p, body) = open.pop().expect("more than one");
        open.last_mut().expect("the first is never closed").1.push(Node::Range(p, body));
    }
    Ok(open.remove(0).1)
}
