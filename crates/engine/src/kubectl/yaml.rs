//! YAML as `kubectl -o yaml` prints it.
//!
//! Models the emitter of `go.yaml.in/yaml/v2` behind `sigs.k8s.io/yaml`: keys sorted, lists not indented, quotes where a
//! reader of YAML 1.1 would not see text, long lines folded after 80 columns.

use crate::api::Value;
use crate::api::schema::Type;
use crate::api::text::go_float;

const WIDTH: usize = 80;

/// A value as a YAML document, with a line end.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(m) if !m.is_empty() => map(value, 0, false, &mut out),
        Value::Array(a) if !a.is_empty() => list(value, 0, false, &mut out),
        _ => {
            scalar(value, 0, 0, &mut out);
            out.push('\n');
        }
    }
    out
}

/// A value as KYAML: flow style, keys bare, texts in double quotes.
pub fn to_kyaml(value: &Value, ty: Option<&'static Type>) -> String {
    let mut out = String::from("---\n");
    kyaml(value, ty, 0, &mut out);
    out.push('\n');
    out
}

fn kyaml(value: &Value, ty: Option<&'static Type>, indent: usize, out: &mut String) {
    match value {
        Value::Object(m) if !m.is_empty() => {
            out.push_str("{\n");
            for (k, v, ty) in super::output::ordered(value, ty) {
                pad(indent + 2, out);
                let plain = !reads_otherwise(k)
                    && k.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.' | b'/'));
                if plain {
                    out.push_str(k);
                } else {
                    out.push_str(&crate::api::text::go_quote(k));
                }
                out.push_str(": ");
                kyaml(v, ty, indent + 2, out);
                out.push_str(",\n");
            }
            pad(indent, out);
            out.push('}');
        }
        Value::Array(a) if !a.is_empty() => {
            let objects = a.iter().all(|v| v.as_object().is_some_and(|m| !m.is_empty()));
            if objects {
                out.push('[');
                for (i, v) in a.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    kyaml(v, ty, indent, out);
                }
                out.push(']');
                return;
            }
            out.push_str("[\n");
            for v in a.iter() {
                pad(indent + 2, out);
                kyaml(v, ty, indent + 2, out);
                out.push_str(",\n");
            }
            pad(indent, out);
            out.push(']');
        }
        Value::Str(s) if s.contains('\n') => {
            out.push_str("\"\\\n");
            let mut lines = s.split_inclusive('\n').peekable();
            while let Some(line) = lines.next() {
                pad(indent + 3, out);
                let quoted = crate::api::text::go_quote(line);
                out.push_str(&quoted[1..quoted.len() - 1]);
                if lines.peek().is_some() || s.ends_with('\n') {
                    out.push_str("\\\n");
                }
            }
            if s.ends_with('\n') {
                pad(indent + 2, out);
            }
            out.push('"');
        }
        Value::Str(s) => out.push_str(&crate::api::text::go_quote(s)),
        other => scalar(other, 0, 0, out),
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// What follows `key:` or `-`; `indent` is that of the map or list around it.
fn node(value: &Value, indent: usize, in_list: bool, out: &mut String) {
    match value {
        Value::Object(m) if !m.is_empty() => {
            if in_list {
                out.push(' ');
            } else {
                out.push('\n');
            }
            map(value, indent + 2, in_list, out);
        }
        Value::Array(a) if !a.is_empty() => {
            if in_list {
                out.push(' ');
                list(value, indent + 2, true, out);
            } else {
                out.push('\n');
                list(value, indent, false, out);
            }
        }
        _ => {
            out.push(' ');
            let column = out.len() - out.rfind('\n').map_or(0, |i| i + 1);
            scalar(value, indent + 2, column, out);
            out.push('\n');
        }
    }
}

fn map(value: &Value, indent: usize, mut inline: bool, out: &mut String) {
    for (key, v) in value.fields() {
        if !inline {
            pad(indent, out);
        }
        inline = false;
        text(key, indent, 0, true, out);
        out.push(':');
        node(v, indent, false, out);
    }
}

fn list(value: &Value, indent: usize, mut inline: bool, out: &mut String) {
    for v in value.items() {
        if !inline {
            pad(indent, out);
        }
        inline = false;
        out.push('-');
        node(v, indent, true, out);
    }
}

fn scalar(value: &Value, indent: usize, column: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Float(f) => out.push_str(&go_float(*f)),
        Value::Str(s) => text(s, indent, column, false, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// What a text allows. Models `yaml_emitter_analyze_scalar`.
struct Allowed {
    plain: bool,
    single: bool,
    block: bool,
}

fn analyze(s: &str) -> Allowed {
    if s.is_empty() {
        return Allowed { plain: true, single: true, block: false };
    }
    let mut a = Allowed { plain: true, single: true, block: true };
    if s.starts_with("---") || s.starts_with("...") {
        a.plain = false;
    }
    let (mut before_blank, mut previous_space, mut previous_break) = (true, false, false);
    let mut chars = s.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        let last = chars.peek().is_none();
        let then_blank = chars.peek().is_none_or(|n| matches!(n, ' ' | '\t' | '\n' | '\r'));
        let indicates = match c {
            '#' if !first => before_blank,
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => first,
            '?' | '-' => first && then_blank,
            ':' => then_blank,
            _ => false,
        };
        if indicates {
            a.plain = false;
        }
        let is_break = matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        let printable = c == '\n' || (' '..='~').contains(&c) || (c >= '\u{a0}' && c != '\u{feff}');
        if !printable {
            a = Allowed { plain: false, single: false, block: false };
        }
        if c == ' ' {
            if first || last {
                a.plain = false;
            }
            if last {
                a.block = false;
            }
            if previous_break {
                (a.plain, a.single) = (false, false);
            }
            (previous_space, previous_break) = (true, false);
        } else if is_break {
            a.plain = false;
            if previous_space {
                a = Allowed { plain: false, single: false, block: false };
            }
            (previous_space, previous_break) = (false, true);
        } else {
            (previous_space, previous_break) = (false, false);
        }
        before_blank = matches!(c, ' ' | '\t') || is_break;
        first = false;
    }
    a
}

/// Whether YAML 1.1 reads a plain text as anything but text. Models `resolve` and `isBase60Float` of yaml.v2.
pub(super) fn reads_otherwise(s: &str) -> bool {
    if matches!(
        s,
        "" | "~"
            | "y"
            | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "true"
            | "True"
            | "TRUE"
            | "false"
            | "False"
            | "FALSE"
            | "on"
            | "On"
            | "ON"
            | "off"
            | "Off"
            | "OFF"
            | "null"
            | "Null"
            | "NULL"
            | "<<"
            | ".nan"
            | ".NaN"
            | ".NAN"
            | ".inf"
            | ".Inf"
            | ".INF"
            | "+.inf"
            | "+.Inf"
            | "+.INF"
            | "-.inf"
            | "-.Inf"
            | "-.INF"
    ) {
        return true;
    }
    let first = s.as_bytes()[0];
    match first {
        b'.' => is_float(s),
        b'+' | b'-' | b'0'..=b'9' => {
            let plain = s.replace('_', "");
            is_time(s) || is_int(&plain) || is_float(&plain) || is_base_60(s)
        }
        _ => false,
    }
}

fn is_int(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    let digits = |t: &str, radix| !t.is_empty() && t.chars().all(|c| c.is_digit(radix));
    let lower = body.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        return digits(hex, 16) && hex.len() <= 16;
    }
    if let Some(bits) = lower.strip_prefix("0b") {
        return digits(bits, 2) && bits.len() <= 64;
    }
    if let Some(octal) = lower.strip_prefix("0o") {
        return digits(octal, 8);
    }
    if body.len() > 1 && body.starts_with('0') {
        return digits(body, 8);
    }
    digits(body, 10) && body.len() <= 20
}

fn is_float(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    let (number, exponent) = match body.find(['e', 'E']) {
        Some(i) => (&body[..i], Some(&body[i + 1..])),
        None => (body, None),
    };
    let digits = |t: &str| t.bytes().all(|c| c.is_ascii_digit());
    let number_ok = match number.split_once('.') {
        Some((a, b)) => digits(a) && digits(b) && !(a.is_empty() && b.is_empty()),
        None => !number.is_empty() && digits(number),
    };
    number_ok
        && exponent.is_none_or(|e| {
            let e = e.strip_prefix(['+', '-']).unwrap_or(e);
            !e.is_empty() && digits(e)
        })
}

fn is_base_60(s: &str) -> bool {
    let body = s.strip_prefix(['+', '-']).unwrap_or(s);
    let Some((head, rest)) = body.split_once(':') else { return false };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let sixty = |t: &str| matches!(t.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let numeric = |t: &str| t.bytes().all(|c| c.is_ascii_digit() || c == b'_');
    head.starts_with(|c: char| c.is_ascii_digit()) && numeric(head) && rest.split(':').all(sixty) && numeric(fraction)
}

/// `2026-11-24`, `2026-11-24T07:06:15Z`, `2026-11-24 07:06:15`.
fn is_time(s: &str) -> bool {
    let b = s.as_bytes();
    if b.len() < 8 || !b[..4].iter().all(u8::is_ascii_digit) || b[4] != b'-' {
        return false;
    }
    let date_end = s.find(['T', 't', ' ']).unwrap_or(s.len());
    let mut parts = s[5..date_end].split('-');
    let short = |t: Option<&str>, max: u32| {
        t.is_some_and(|t| (1..=2).contains(&t.len()) && t.parse::<u32>().is_ok_and(|n| n >= 1 && n <= max))
    };
    if !(short(parts.next(), 12) && short(parts.next(), 31) && parts.next().is_none()) {
        return false;
    }
    if date_end == s.len() {
        return true;
    }
    let clock = &s[date_end + 1..];
    let zoned = b[date_end] != b' ';
    let clock = match (zoned, clock.find(['Z', '+', '-'])) {
        (true, Some(i)) => &clock[..i],
        (true, None) => return false,
        (false, _) => clock,
    };
    let clock = clock.split('.').next().unwrap_or("");
    let parts: Vec<&str> = clock.split(':').collect();
    parts.len() == 3 && parts.iter().all(|p| (1..=2).contains(&p.len()) && p.bytes().all(|c| c.is_ascii_digit()))
}

fn text(s: &str, indent: usize, column: usize, key: bool, out: &mut String) {
    let allowed = analyze(s);
    let multiline = s.contains('\n');
    if multiline && !key && allowed.block {
        return literal(s, indent, out);
    }
    let plain_means_text = !reads_otherwise(s);
    if !multiline && plain_means_text && allowed.plain && !(key && s.is_empty()) {
        return folded(s, indent, column, !key, out);
    }
    if !multiline && plain_means_text && allowed.single {
        out.push('\'');
        folded(&s.replace('\'', "''"), indent, column + 1, !key, out);
        out.push('\'');
        return;
    }
    double_quoted(s, indent, column, !key, out);
}

/// Breaks a line at a space after the 80th column.
fn folded(s: &str, indent: usize, mut column: usize, breaks: bool, out: &mut String) {
    let mut spaces = false;
    let mut chars = s.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        if c == ' ' {
            if breaks && !spaces && !first && column > WIDTH && chars.peek().is_some_and(|n| *n != ' ') {
                out.push('\n');
                pad(indent, out);
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
            spaces = true;
        } else {
            out.push(c);
            column += 1;
            spaces = false;
        }
        first = false;
    }
}

fn literal(s: &str, indent: usize, out: &mut String) {
    out.push('|');
    if s.starts_with([' ', '\n']) {
        out.push('2');
    }
    if !s.ends_with('\n') {
        out.push('-');
    } else if s == "\n" || s.ends_with("\n\n") {
        out.push('+');
    }
    for line in s.strip_suffix('\n').unwrap_or(s).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, out);
            out.push_str(line);
        }
    }
}

fn double_quoted(s: &str, indent: usize, column: usize, breaks: bool, out: &mut String) {
    out.push('"');
    let mut column = column + 1;
    let mut spaces = false;
    let count = s.chars().count();
    let mut chars = s.chars().enumerate().peekable();
    while let Some((i, c)) = chars.next() {
        let before = out.len();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c if (c as u32) < 0x20 || ('\u{7f}'..'\u{a0}').contains(&c) => {
                out.push_str(&format!("\\x{:02X}", c as u32));
            }
            '\u{feff}' => out.push_str("\\uFEFF"),
            ' ' if breaks && !spaces && column > WIDTH && i > 0 && i + 1 < count => {
                out.push('\n');
                pad(indent, out);
                if chars.peek().is_some_and(|(_, n)| *n == ' ') {
                    out.push('\\');
                }
                column = indent;
                spaces = true;
                continue;
            }
            c => out.push(c),
        }
        spaces = c == ' ';
        column += out[before..].chars().count();
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn texts_keep_their_meaning() {
        for (text, want) in [
            ("web", "web\n"),
            ("1", "\"1\"\n"),
            ("yes", "\"yes\"\n"),
            ("0x1f", "\"0x1f\"\n"),
            ("1.5", "\"1.5\"\n"),
            ("2026-11-24T07:06:15Z", "\"2026-11-24T07:06:15Z\"\n"),
            ("08", "\"08\"\n"),
            ("a: b", "'a: b'\n"),
            ("# c", "'# c'\n"),
            ("*/5 * * * *", "'*/5 * * * *'\n"),
            ("", "\"\"\n"),
            ("it's", "it's\n"),
            ("100m", "100m\n"),
            ("a\nb\n", "|\n  a\n  b\n"),
        ] {
            assert_eq!(to_yaml(&json!({"a": text})), format!("a: {want}"), "{text}");
        }
    }

    #[test]
    fn lists_are_not_indented() {
        let v = json!({"spec": {"containers": [{"name": "a", "args": ["x"]}], "empty": {}, "none": []}});
        assert_eq!(to_yaml(&v), "spec:\n  containers:\n  - args:\n    - x\n    name: a\n  empty: {}\n  none: []\n");
    }
}
