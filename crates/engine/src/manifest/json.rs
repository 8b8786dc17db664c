//! JSON as Go's `encoding/json` reads it, with its error texts, into the same tree as YAML.

use super::tree::{Entry, Node, NodeKind, Position, Span};
use super::yaml::MAX_DEPTH;
use crate::api::Value;
use crate::api::text::{go_float, go_quote};

/// What is wrong with a JSON text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum JsonError {
    /// A character that does not belong there: bytes read up to and with it, and the text.
    Syntax(usize, String),
    /// The text ends in the middle of a value.
    Eof(usize),
}

impl JsonError {
    /// As the decoder of a stream reports it.
    pub(super) fn text(&self, wrapped: bool) -> String {
        match self {
            Self::Syntax(offset, text) if wrapped => format!("json: offset {offset}: {text}"),
            Self::Syntax(_, text) => text.clone(),
            Self::Eof(_) => "unexpected EOF".to_owned(),
        }
    }
    /// Where in the text.
    pub(super) fn offset(&self) -> usize {
        match self {
            Self::Syntax(offset, _) => offset.saturating_sub(1),
            Self::Eof(offset) => *offset,
        }
    }
}

type Result<T> = std::result::Result<T, JsonError>;

/// Blanks of JSON.
pub(super) fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n')
}

/// Reads one value from an offset; gives it and the offset after it.
pub(super) fn parse_value(text: &str, offset: usize) -> Result<(Node, usize)> {
    let mut r = Reader { text: text.as_bytes(), at: offset, lines: Lines::new(text), depth: 0 };
    r.blanks();
    let node = r.value()?;
    Ok((node, r.at))
}

/// Finds line and column of an offset, remembering where it was last.
struct Lines<'a> {
    text: &'a str,
    last: Position,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, last: Position { offset: 0, line: 1, column: 1 } }
    }
    fn position(&mut self, offset: usize) -> Position {
        if offset < self.last.offset {
            self.last = Position { offset: 0, line: 1, column: 1 };
        }
        for c in self.text[self.last.offset..offset].chars() {
            if c == '\n' {
                self.last.line += 1;
                self.last.column = 1;
            } else {
                self.last.column += 1;
            }
        }
        self.last.offset = offset;
        self.last
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    lines: Lines<'a>,
    depth: usize,
}

impl Reader<'_> {
    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
    fn blanks(&mut self) {
        while self.byte().is_some_and(is_blank) {
            self.at += 1;
        }
    }
    /// The error for the byte at hand, or for the end.
    fn unexpected<T>(&self, context: &str) -> Result<T> {
        match self.byte() {
            None => Err(JsonError::Eof(self.at)),
            Some(b) => {
                let quoted = match b {
                    b'\'' => r"'\''".to_owned(),
                    b'"' => "'\"'".to_owned(),
                    _ => {
                        let q = go_quote(&(b as char).to_string());
                        format!("'{}'", &q[1..q.len() - 1])
                    }
                };
                Err(JsonError::Syntax(self.at + 1, format!("invalid character {quoted} {context}")))
            }
        }
    }
    fn value(&mut self) -> Result<Node> {
        let start = self.lines.position(self.at);
        let kind = match self.byte() {
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'"') => NodeKind::Scalar(Value::from(self.string()?)),
            Some(b't') => self.literal("true", Value::Bool(true))?,
            Some(b'f') => self.literal("false", Value::Bool(false))?,
            Some(b'n') => self.literal("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.unexpected("looking for beginning of value"),
        };
        let end = self.lines.position(self.at);
        Ok(Node { span: Span { start, end }, kind })
    }
    fn enter(&mut self) -> Result<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(JsonError::Syntax(self.at, "exceeded max depth".to_owned()));
        }
        self.blanks();
        Ok(())
    }
    fn object(&mut self) -> Result<NodeKind> {
        self.enter()?;
        let mut entries = Vec::new();
        if self.byte() != Some(b'}') {
            loop {
                if self.byte() != Some(b'"') {
                    return self.unexpected("looking for beginning of object key string");
                }
                let start = self.lines.position(self.at);
                let key = self.string()?;
                let key_span = Span { start, end: self.lines.position(self.at) };
                self.blanks();
                if self.byte() != Some(b':') {
                    return self.unexpected("after object key");
                }
                self.at += 1;
                self.blanks();
                let value = self.value()?;
                entries.push(Entry { key, key_span, value });
                self.blanks();
                match self.byte() {
                    Some(b',') => {
                        self.at += 1;
                        self.blanks();
                    }
                    Some(b'}') => break,
                    _ => return self.unexpected("after object key:value pair"),
                }
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(NodeKind::Map(entries))
    }
    fn array(&mut self) -> Result<NodeKind> {
        self.enter()?;
        let mut items = Vec::new();
        if self.byte() != Some(b']') {
            loop {
                items.push(self.value()?);
                self.blanks();
                match self.byte() {
                    Some(b',') => {
                        self.at += 1;
                        self.blanks();
                    }
                    Some(b']') => break,
                    _ => return self.unexpected("after array element"),
                }
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(NodeKind::List(items))
    }
    fn literal(&mut self, word: &str, value: Value) -> Result<NodeKind> {
        for c in word.chars() {
            if self.byte() != Some(c as u8) {
                return self.unexpected(&format!("in literal {word} (expecting '{c}')"));
            }
            self.at += 1;
        }
        Ok(NodeKind::Scalar(value))
    }
    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.byte().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }
    fn number(&mut self) -> Result<NodeKind> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else if self.digits() == 0 {
            return self.unexpected("in numeric literal");
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.unexpected("after decimal point in numeric literal");
            }
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'-' | b'+')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.unexpected("in exponent of numeric literal");
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or("0");
        let value = text.parse::<i64>().map_or_else(
            |_| {
                let f: f64 = text.parse().unwrap_or(0.0);
                go_float(f).parse().map_or(Value::Float(f), Value::Int)
            },
            Value::Int,
        );
        Ok(NodeKind::Scalar(value))
    }
    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            match self.byte() {
                None => return Err(JsonError::Eof(self.at)),
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    self.escape(&mut out)?;
                }
                Some(b) if b < 0x20 => return self.unexpected("in string literal"),
                Some(b) => {
                    out.push(b);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Ok(String::from_utf8_lossy(&out).into_owned())
    }
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let plain = match self.byte() {
            Some(c @ (b'"' | b'\\' | b'/')) => c,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let mut code = self.hex()?;
                // A pair of surrogates is one character; half a pair is none.
                if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with(b"\\u") {
                    let after = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    } else {
                        self.at = after;
                    }
                }
                let c = char::from_u32(code).unwrap_or('\u{fffd}');
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return self.unexpected("in string escape code"),
        };
        out.push(plain);
        self.at += 1;
        Ok(())
    }
    fn hex(&mut self) -> Result<u32> {
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|b| (b as char).to_digit(16)) else {
                return self.unexpected("in \\u hexadecimal character escape");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let (node, end) = parse_value(r#" {"a": [1, 2.5, 1e3, "x\u00e4\ud83d\ude00"], "b": null} rest"#, 0).unwrap();
        assert_eq!(node.to_value().to_json(), r#"{"a":[1,2.5,1000,"xä😀"],"b":null}"#);
        assert_eq!(end, 55);
    }

    #[test]
    fn errors() {
        for (text, want) in [
            ("{{ .x }}", "json: offset 2: invalid character '{' looking for beginning of object key string"),
            (r#"{"a": 1 "b": 2}"#, "json: offset 9: invalid character '\"' after object key:value pair"),
            (r#"{"a": [1 2]}"#, "json: offset 10: invalid character '2' after array element"),
            (r#"{"a": tru}"#, "json: offset 10: invalid character '}' in literal true (expecting 'e')"),
            (r#"{"a" 1}"#, "json: offset 6: invalid character '1' after object key"),
            (r#"{"a": "#, "unexpected EOF"),
            (r"{a: 1}", "json: offset 2: invalid character 'a' looking for beginning of object key string"),
        ] {
            assert_eq!(parse_value(text, 0).unwrap_err().text(true), want, "{text}");
        }
    }
}
