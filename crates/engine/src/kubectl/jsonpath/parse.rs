//! Reading a JSONPath template.

use super::{Node, Template};
use crate::api::Value;

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// Reads a template.
pub fn parse(text: &str) -> Result<Template, String> {
    let mut r = Reader { text, at: 0 };
    let mut out = Vec::new();
    while r.at < text.len() {
        let end = text[r.at..].find('{').map_or(text.len(), |i| r.at + i);
        if end > r.at {
            out.push(vec![Node::Text(text[r.at..end].to_owned())]);
        }
        r.at = end;
        if r.eats("{") {
            out.push(r.action()?);
        }
    }
    Ok(out)
}

/// The nodes of a path that stands alone. Models `parseAction`.
fn alone(text: &str) -> Result<Vec<Node>, String> {
    parse(&format!("{{{text}}}")).map(|t| t.into_iter().next().unwrap_or_default())
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
    /// Up to what ends a name; a backslash keeps the next character.
    fn name(&mut self) -> &str {
        let from = self.at;
        while let Some(c) = self.peek() {
            if matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}') {
                break;
            }
            self.next();
            if c == '\\' {
                self.next();
            }
        }
        &self.text[from..self.at]
    }
    fn field(&mut self) -> Node {
        match self.name() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        }
    }
    /// The nodes up to the closing brace.
    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut out = Vec::new();
        loop {
            if self.eats("}") {
                return Ok(out);
            }
            if self.eats("[?(") {
                out.push(self.filter()?);
                continue;
            }
            if self.eats("..") {
                if out.last() == Some(&Node::Recursive) {
                    return Err("invalid multiple recursive descent".into());
                }
                out.push(Node::Recursive);
                if self.peek().is_some_and(|c| c == '_' || c.is_alphanumeric()) {
                    out.push(self.field());
                }
                continue;
            }
            let from = self.at;
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".into()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut out)?,
                Some(quote @ ('"' | '\'')) => out.push(Node::Text(self.quoted(quote)?)),
                Some('.') => out.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => {
                    while self.peek().is_some_and(|c| c == '.' || c.is_numeric()) {
                        self.next();
                    }
                    let word = &self.text[from..self.at];
                    out.push(Node::Value(match (word.parse::<i64>(), word.parse::<f64>()) {
                        (Ok(n), _) => Value::Int(n),
                        (_, Ok(f)) => Value::Float(f),
                        _ => return Err(format!("cannot parse number {word}")),
                    }));
                }
                Some(c) if c == '_' || c.is_alphanumeric() => {
                    self.at = from;
                    out.push(match self.name() {
                        "true" => Node::Value(true.into()),
                        "false" => Node::Value(false.into()),
                        word => Node::Word(word.to_owned()),
                    });
                }
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", c as u32)),
            }
        }
    }
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let (from, mut last) = (self.at, quote);
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".into()),
                Some(c) if c == quote && last != '\\' => break,
                Some(c) => last = c,
            }
        }
        let inner = &self.text[from..self.at - 1];
        let mut out = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => out.push('\r'),
                Some(c) if c == '\\' || c == quote => out.push(c),
                _ => return Err(format!("unquote string {quote}{inner}{quote} error invalid syntax")),
            }
        }
        Ok(out)
    }
    /// After `[`: `*`, `0`, `-1:`, `'a.b'`, `'a','b'`.
    fn array(&mut self, out: &mut Vec<Node>) -> Result<(), String> {
        let end = self.text[self.at..].find([']', '\n']).map(|i| self.at + i);
        let Some(end) = end.filter(|e| self.text.as_bytes()[*e] == b']') else {
            return Err("unterminated array".into());
        };
        let inner = &self.text[self.at..end];
        self.at = end + 1;
        if inner.contains(',') {
            let parts = inner.split(',').map(|p| alone(&format!("[{}]", p.trim_matches(' '))));
            out.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        if let Some(key) = inner.strip_prefix('\'').and_then(|r| r.strip_suffix('\'')).filter(|k| !k.contains('\'')) {
            out.extend(alone(&format!(".{key}"))?);
            return Ok(());
        }
        if inner == "*" {
            out.push(Node::Array([None, None, None], false));
            return Ok(());
        }
        let parts: Vec<&str> = inner.split(':').collect();
        let digits = |p: &&str| p.strip_prefix('-').unwrap_or(p).bytes().all(|b| b.is_ascii_digit());
        if parts.len() > 3 || !parts.iter().all(digits) {
            return Err(format!("invalid array index {inner}"));
        }
        let mut params = [None; 3];
        for (i, part) in parts.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
            params[i] = Some(part.parse().map_err(|_| format!("array index {part} is not a number"))?);
        }
        let derived = parts.len() == 1;
        if derived {
            params[1] = Some(params[0].unwrap_or(0) + 1);
        }
        out.push(Node::Array(params, derived));
        Ok(())
    }
    /// After `[?(`: `@.a=="b"`, up to `)]`.
    fn filter(&mut self) -> Result<Node, String> {
        let from = self.at;
        let (mut pair, mut closed, mut last) = (None, false, '(');
        loop {
            let c = self.next();
            match c {
                None | Some('\n') => return Err("unterminated filter".into()),
                Some(q @ ('"' | '\'')) => match pair {
                    None => pair = Some(q),
                    Some(p) => closed |= last != '\\' && p == q,
                },
                Some(')') if pair.is_some() == closed => break,
                _ => {}
            }
            last = c.unwrap_or(' ');
        }
        let inner = &self.text[from..self.at - 1];
        if !self.eats("]") {
            return Err("unclosed array expect ]".into());
        }
        let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let start = inner.find(is_operator).filter(|i| *i > 0);
        let end = start.and_then(|s| inner[s..].find(|c| !is_operator(c)).map(|e| s + e));
        match start.zip(end) {
            None => Ok(Node::Filter(alone(inner)?, "exists".into(), Vec::new())),
            Some((s, e)) => Ok(Node::Filter(alone(&inner[..s])?, inner[s..e].to_owned(), alone(&inner[e..])?)),
        }
    }
}
