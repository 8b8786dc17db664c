//! What scalars mean under YAML 1.1, and what the tree becomes as JSON.
//!
//! Models `resolve.go` and `decode.go` of go-yaml v2 and `convertToJSONableObject` of `sigs.k8s.io/yaml`.

use super::{Mark, RawKind, RawNode, YamlError};
use crate::api::Value;
use crate::api::text::{go_float, go_quote};
use crate::manifest::tree::{Entry, Node, NodeKind, Position, Span};

/// A scalar's value before it becomes JSON.
#[derive(Clone, Debug, PartialEq)]
enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(String),
}

const TAG: &str = "tag:yaml.org,2002:";

/// Turns a raw document into a tree. Positions are moved by the place where the document begins.
pub(in crate::manifest) fn to_tree(raw: &RawNode, base: Position) -> Result<Node, YamlError> {
    let mut c = Converter { base, decoded: 0, aliased: 0, alias_depth: 0 };
    c.node(raw)
}

struct Converter {
    base: Position,
    decoded: usize,
    aliased: usize,
    alias_depth: usize,
}

/// How large a share of a document may come from aliases.
fn allowed_alias_ratio(decoded: usize) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let n = decoded as f64;
    if n <= LOW {
        0.99
    } else if n >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((n - LOW) / (HIGH - LOW))
    }
}

impl Converter {
    fn position(&self, m: Mark) -> Position {
        Position { offset: self.base.offset + m.pos, line: self.base.line + m.line, column: m.column + 1 }
    }
    fn span(&self, raw: &RawNode) -> Span {
        Span { start: self.position(raw.start), end: self.position(raw.end) }
    }
    fn count(&mut self, raw: &RawNode) -> Result<(), YamlError> {
        self.decoded += 1;
        if self.alias_depth > 0 {
            self.aliased += 1;
        }
        let ratio = self.aliased as f64 / self.decoded as f64;
        if self.aliased > 100 && self.decoded > 1000 && ratio > allowed_alias_ratio(self.decoded) {
            return Err(YamlError::decoder("document contains excessive aliasing".to_owned(), raw.start));
        }
        Ok(())
    }
    fn node(&mut self, raw: &RawNode) -> Result<Node, YamlError> {
        self.count(raw)?;
        let span = self.span(raw);
        let kind = match &raw.kind {
            RawKind::Alias(target) => {
                self.alias_depth += 1;
                let node = self.node(target);
                self.alias_depth -= 1;
                return node.map(|n| Node { span, kind: n.kind });
            }
            RawKind::SelfAlias(name) => {
                let problem = format!("anchor '{name}' value contains itself");
                return Err(YamlError::decoder(problem, raw.start));
            }
            RawKind::Scalar { value, tag, plain } => {
                NodeKind::Scalar(to_json(resolve(value, tag, *plain, raw.start)?, raw.start)?)
            }
            RawKind::Sequence(items) => NodeKind::List(items.iter().map(|i| self.node(i)).collect::<Result<_, _>>()?),
            RawKind::Mapping(_) => {
                let mut entries = Vec::new();
                self.mapping(raw, &mut entries)?;
                NodeKind::Map(entries)
            }
        };
        Ok(Node { span, kind })
    }
    fn mapping(&mut self, raw: &RawNode, out: &mut Vec<Entry>) -> Result<(), YamlError> {
        let RawKind::Mapping(entries) = &raw.kind else { return Ok(()) };
        for (key, value) in entries {
            if is_merge(key) {
                self.merge(value, out)?;
                continue;
            }
            self.count(key)?;
            let target = if let RawKind::Alias(t) = &key.kind { t } else { key };
            let name = match &target.kind {
                RawKind::SelfAlias(_) => {
                    self.node(target)?;
                    continue;
                }
                RawKind::Scalar { value: text, tag, plain } => {
                    key_text(&resolve(text, tag, *plain, key.start)?, value, key.start)?
                }
                _ => {
                    return Err(YamlError::decoder(format!("invalid map key: {}", go_syntax(target)), key.start));
                }
            };
            let key_span = self.span(key);
            let value = self.node(value)?;
            out.push(Entry { key: name, key_span, value });
        }
        Ok(())
    }
    /// `<<: *defaults`: the fields of another mapping. Whatever was written earlier is overridden, as upstream does.
    fn merge(&mut self, value: &RawNode, out: &mut Vec<Entry>) -> Result<(), YamlError> {
        let target = if let RawKind::Alias(t) = &value.kind { t } else { value };
        let wrong =
            || YamlError::decoder("map merge requires map or sequence of maps as the value".to_owned(), value.start);
        match &target.kind {
            RawKind::Mapping(_) => self.merge_one(target, out),
            RawKind::Sequence(items) if !matches!(value.kind, RawKind::Alias(..)) => {
                for item in items.iter().rev() {
                    let inner = if let RawKind::Alias(t) = &item.kind { t } else { item };
                    if !matches!(inner.kind, RawKind::Mapping(_)) {
                        return Err(wrong());
                    }
                    self.merge_one(inner, out)?;
                }
                Ok(())
            }
            _ => Err(wrong()),
        }
    }
    fn merge_one(&mut self, target: &RawNode, out: &mut Vec<Entry>) -> Result<(), YamlError> {
        self.alias_depth += 1;
        let mut merged = Vec::new();
        let result = self.mapping(target, &mut merged);
        self.alias_depth -= 1;
        result?;
        // A field that was there before gives way, without counting as written twice.
        out.retain(|e| !merged.iter().any(|m| m.key == e.key));
        out.append(&mut merged);
        Ok(())
    }
}

fn is_merge(key: &RawNode) -> bool {
    matches!(&key.kind, RawKind::Scalar { value, tag, plain } if value == "<<" && (*plain || tag.strip_prefix(TAG) == Some("merge")))
}

fn short(tag: &str) -> String {
    tag.strip_prefix(TAG).map_or_else(|| tag.to_owned(), |t| format!("!!{t}"))
}

/// The value of a scalar, by its tag or by its looks.
fn resolve(text: &str, tag: &str, plain: bool, mark: Mark) -> Result<Scalar, YamlError> {
    if tag.is_empty() && !plain {
        return Ok(Scalar::Str(text.to_owned()));
    }
    let wanted = match tag {
        "" => "",
        _ => match tag.strip_prefix(TAG) {
            Some(t @ ("str" | "bool" | "int" | "float" | "null" | "timestamp")) => t,
            Some("binary") => return decode_binary(text, mark),
            _ => return Ok(Scalar::Str(text.to_owned())),
        },
    };
    if wanted == "str" {
        return Ok(Scalar::Str(text.to_owned()));
    }
    let found = guess(text);
    let name = match &found {
        Scalar::Null => "null",
        Scalar::Bool(_) => "bool",
        Scalar::Int(_) | Scalar::Uint(_) => "int",
        Scalar::Float(_) => "float",
        Scalar::Str(_) => "str",
    };
    match (wanted, &found) {
        ("float", Scalar::Int(n)) => Ok(Scalar::Float(*n as f64)),
        ("timestamp", Scalar::Str(_)) => Ok(found),
        _ if wanted.is_empty() || wanted == name => Ok(found),
        _ => Err(YamlError::decoder(format!("cannot decode !!{name} `{text}` as a {}", short(tag)), mark)),
    }
}

fn decode_binary(text: &str, mark: Mark) -> Result<Scalar, YamlError> {
    let clean: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    match crate::api::base64::decode(&clean) {
        Ok(bytes) => Ok(Scalar::Str(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) => Err(YamlError::decoder("!!binary value contains invalid base64 data".to_owned(), mark)),
    }
}

/// What an unquoted text without a tag means.
fn guess(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Scalar::Bool(false);
        }
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        _ => {}
    }
    let number = match text.as_bytes()[0] {
        b'.' => looks_like_float(text).then(|| text.parse().ok().map(Scalar::Float)).flatten(),
        b'0'..=b'9' | b'+' | b'-' => guess_number(&text.replace('_', "")),
        _ => None,
    };
    number.unwrap_or_else(|| Scalar::Str(text.to_owned()))
}

fn guess_number(text: &str) -> Option<Scalar> {
    if let Some(n) = parse_int(text) {
        return Some(Scalar::Int(n));
    }
    if let Some(n) = parse_uint(text) {
        return Some(Scalar::Uint(n));
    }
    if looks_like_float(text) {
        return text.parse().ok().filter(|f: &f64| f.is_finite()).map(Scalar::Float);
    }
    None
}

/// A prefix and the base it stands for: `0x1f`, `0o17`, `017`, `0b1`.
fn base(digits: &str) -> (&str, u32) {
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    match lower.as_deref() {
        Some("0x") => (&digits[2..], 16),
        Some("0b") => (&digits[2..], 2),
        Some("0o") => (&digits[2..], 8),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits, 10),
    }
}

fn parse_uint(text: &str) -> Option<u64> {
    let (digits, radix) = base(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { u64::from_str_radix(digits, radix).ok() } else { None }
}

fn parse_int(text: &str) -> Option<i64> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let n = parse_uint(rest)?;
    if negative { 0_i64.checked_sub_unsigned(n) } else { i64::try_from(n).ok() }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn looks_like_float(text: &str) -> bool {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let s = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(s);
    let mut rest = &s[whole..];
    if let Some(r) = rest.strip_prefix('.') {
        let fraction = digits(r);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &r[fraction..];
    } else if whole == 0 {
        return false;
    }
    match rest.strip_prefix(['e', 'E']) {
        Some(r) => {
            let r = r.strip_prefix(['-', '+']).unwrap_or(r);
            !r.is_empty() && digits(r) == r.len()
        }
        None => rest.is_empty(),
    }
}

/// The scalar as JSON, and as that is read again: a float without a fraction is an integer.
fn to_json(scalar: Scalar, mark: Mark) -> Result<Value, YamlError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(b) => Value::Bool(b),
        Scalar::Int(n) => Value::Int(n),
        Scalar::Uint(n) => Value::Float(n as f64),
        Scalar::Float(f) if !f.is_finite() => {
            let name = if f.is_nan() {
                "NaN"
            } else if f > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            // Not go-yaml's error but the JSON encoder's, which has no line and no prefix.
            let mut e = YamlError::decoder(format!("json: unsupported value: {name}"), mark);
            e.stage = super::Stage::Encoder;
            return Err(e);
        }
        Scalar::Float(f) => go_float(f).parse::<i64>().map_or(Value::Float(f), Value::Int),
        Scalar::Str(s) => Value::from(s),
    })
}

/// A key as JSON has it: text.
fn key_text(key: &Scalar, value: &RawNode, mark: Mark) -> Result<String, YamlError> {
    Ok(match key {
        Scalar::Str(s) => s.clone(),
        Scalar::Int(n) => n.to_string(),
        Scalar::Bool(b) => b.to_string(),
        Scalar::Float(f) if f.is_nan() => ".nan".to_owned(),
        Scalar::Float(f) if f.is_infinite() => (if *f > 0.0 { ".inf" } else { "-.inf" }).to_owned(),
        Scalar::Float(f) => (*f as f32).to_string(),
        Scalar::Null | Scalar::Uint(_) => {
            let (kind, text) = if let Scalar::Uint(n) = key {
                ("uint64".to_owned(), format!("{n:#x}"))
            } else {
                ("%!s(<nil>)".to_owned(), "<nil>".to_owned())
            };
            let shown = match go_syntax(value) {
                // Only within something else does Go name the type of nothing.
                nil if nil == "interface {}(nil)" => "<nil>".to_owned(),
                shown => shown,
            };
            let problem = format!("unsupported map key of type: {kind}, key: {text}, value: {shown}");
            let mut e = YamlError::decoder(problem, mark);
            e.stage = super::Stage::Encoder;
            return Err(e);
        }
    })
}

/// A node as Go's `%#v` prints what it decodes to.
fn go_syntax(raw: &RawNode) -> String {
    match &raw.kind {
        RawKind::Alias(target) => go_syntax(target),
        RawKind::SelfAlias(name) => go_quote(name),
        RawKind::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|i| go_syntax(i)).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        RawKind::Mapping(entries) => {
            let mut entries: Vec<String> =
                entries.iter().map(|(k, v)| format!("{}:{}", go_syntax(k), go_syntax(v))).collect();
            entries.sort();
            format!("map[interface {{}}]interface {{}}{{{}}}", entries.join(", "))
        }
        RawKind::Scalar { value, tag, plain } => match resolve(value, tag, *plain, raw.start) {
            Ok(Scalar::Null) => "interface {}(nil)".to_owned(),
            Ok(Scalar::Bool(b)) => b.to_string(),
            Ok(Scalar::Int(n)) => n.to_string(),
            Ok(Scalar::Uint(n)) => format!("{n:#x}"),
            Ok(Scalar::Float(f)) => go_float(f),
            Ok(Scalar::Str(s)) => go_quote(&s),
            Err(_) => go_quote(value),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_of_yaml_1_1() {
        for (text, want) in [
            ("yes", Scalar::Bool(true)),
            ("off", Scalar::Bool(false)),
            ("~", Scalar::Null),
            ("010", Scalar::Int(8)),
            ("08", Scalar::Float(8.0)),
            ("0x10", Scalar::Int(16)),
            ("0o17", Scalar::Int(15)),
            ("0b11", Scalar::Int(3)),
            ("1_000", Scalar::Int(1000)),
            ("-5", Scalar::Int(-5)),
            ("+5", Scalar::Int(5)),
            ("1e1", Scalar::Float(10.0)),
            (".5", Scalar::Float(0.5)),
            ("1.", Scalar::Float(1.0)),
            ("12:30", Scalar::Str("12:30".into())),
            ("2026-01-01", Scalar::Str("2026-01-01".into())),
            ("1.27.0", Scalar::Str("1.27.0".into())),
            ("18446744073709551615", Scalar::Uint(u64::MAX)),
            ("5m", Scalar::Str("5m".into())),
            ("-", Scalar::Str("-".into())),
        ] {
            assert_eq!(guess(text), want, "{text}");
        }
    }
}
