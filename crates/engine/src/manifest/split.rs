//! A file in its documents, the way kubectl cuts it.
//!
//! Models `YAMLOrJSONDecoder` and `YAMLReader` of apimachinery `pkg/util/yaml` and the reading of files in cli-runtime.

use std::borrow::Cow;

use super::json::{self, JsonError};
use super::tree::{Node, Position, Span};
use super::yaml;

/// Where reading went wrong.
#[derive(Clone, Debug)]
pub struct ParseError {
    /// What kubectl prints after `error parsing FILE: `.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// Bytes as text: a byte-order mark chooses the encoding and goes; what is not UTF-8 becomes a replacement character.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let wide = |bytes: &[u8], from: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|c| if c.len() == 2 { from([c[0], c[1]]) } else { 0xfffd });
        char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => Cow::Owned(wide(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(wide(rest, u16::from_be_bytes)),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// The documents of a file in order, each a tree (none for an empty document) or an error.
pub(super) fn documents(text: &str) -> Vec<Result<Node, ParseError>> {
    // kubectl reads by lines and ends each with a line feed, the last one too.
    let text = if text.ends_with('\n') { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}\n")) };
    let mut out = Vec::new();
    let (mut from, mut json_error) = (0, None);
    if text.trim_start().starts_with('{') {
        match json_documents(&text, &mut out) {
            JsonEnd::Done => return out,
            JsonEnd::Failed(e) => {
                out.push(Err(json_failure(&text, &e, false)));
                return out;
            }
            JsonEnd::Yaml(at, e) => (from, json_error) = (at, Some(e)),
        }
    }
    yaml_documents(&text, from, json_error, &mut out);
    out
}

enum JsonEnd {
    /// All was JSON.
    Done,
    /// It is JSON for certain, and wrong.
    Failed(JsonError),
    /// From here on it may be YAML; the JSON error is told if it is not.
    Yaml(usize, JsonError),
}

fn json_documents(text: &str, out: &mut Vec<Result<Node, ParseError>>) -> JsonEnd {
    let mut at = 0;
    loop {
        if text.as_bytes()[at..].iter().all(|b| json::is_blank(*b)) {
            return JsonEnd::Done;
        }
        match json::parse_value(text, at) {
            Ok((node, end)) => {
                out.push(Ok(node));
                at = end;
            }
            Err(e) if out.len() > 1 => return JsonEnd::Failed(e),
            Err(e) => {
                // Blanks up to and with the first line feed are passed.
                let rest = &text[at..];
                let blanks = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
                let skip = rest[..blanks].find('\n').map_or(blanks, |i| i + 1);
                return JsonEnd::Yaml(at + skip, e);
            }
        }
    }
}

fn json_failure(text: &str, e: &JsonError, wrapped: bool) -> ParseError {
    let offset = e.offset().min(text.len());
    ParseError { message: e.text(wrapped), span: point(text, offset) }
}

/// One character at an offset.
fn point(text: &str, offset: usize) -> Span {
    let offset = (0..=offset.min(text.len())).rev().find(|o| text.is_char_boundary(*o)).unwrap_or(0);
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let start = Position { offset, line, column };
    let width = text[offset..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    Span { start, end: Position { offset: offset + width, line, column: column + usize::from(width > 0) } }
}

fn yaml_documents(text: &str, from: usize, json_error: Option<JsonError>, out: &mut Vec<Result<Node, ParseError>>) {
    let mut json_error = json_error;
    let mut base = Position { offset: from, line: text[..from].matches('\n').count() + 1, column: 1 };
    let mut start = base;
    let mut push = |text: &str, start: Position, end: usize, out: &mut Vec<Result<Node, ParseError>>| {
        let first_error = json_error.take();
        match document(&text[start.offset..end], start) {
            Ok(Some(node)) => out.push(Ok(node)),
            Ok(None) => {}
            Err(e) => out.push(Err(first_error.map_or(e, |j| json_failure(text, &j, true)))),
        }
    };
    for line in text[from..].split_inclusive('\n') {
        let at = base;
        base.offset += line.len();
        base.line += 1;
        let Some(rest) = line.strip_prefix("---") else { continue };
        let rest = rest.trim();
        if !rest.is_empty() && !rest.starts_with('#') {
            let width = line.trim_end().len();
            let end =
                Position { offset: at.offset + width, line: at.line, column: line.trim_end().chars().count() + 1 };
            out.push(Err(ParseError {
                message: format!("invalid Yaml document separator: {rest}"),
                span: Span { start: at, end },
            }));
            start = base;
        } else if at.offset > start.offset {
            push(text, start, at.offset, out);
            start = base;
        }
    }
    if text.len() > start.offset {
        push(text, start, text.len(), out);
    }
}

fn document(text: &str, base: Position) -> Result<Option<Node>, ParseError> {
    let tree = yaml::parse(text).and_then(|raw| raw.map(|r| yaml::to_tree(&r, base)).transpose());
    tree.map_err(|e| {
        let local = point(text, e.place(text));
        let shift = |p: Position| Position { offset: p.offset + base.offset, line: p.line + base.line - 1, ..p };
        ParseError {
            message: format!("error converting YAML to JSON: {}", e.text()),
            span: Span { start: shift(local.start), end: shift(local.end) },
        }
    })
}
