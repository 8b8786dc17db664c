//! How Go writes values into messages: quoted strings (`%q`) and JSON with its HTML escapes.
//!
//! Models `strconv.Quote`, `encoding/json` and `strconv.FormatFloat`.

use std::fmt::Write;

use super::Value;

/// A string as Go's `%q` prints it.
pub fn go_quote(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if is_printable(c) => out.push(c),
            c if (c as u32) < 0x10000 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => {
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
        }
    }
    out.push('"');
    out
}

/// A list of texts as Go prints it: `[a b]`.
pub fn go_list(words: &[String]) -> String {
    format!("[{}]", words.join(" "))
}

/// Go's `strconv.IsPrint`, near enough: blanks other than the ASCII one and control characters are not.
fn is_printable(c: char) -> bool {
    c == ' '
        || !(c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}'))
}

/// JSON as Go's `json.Marshal` writes it: no blanks, fields sorted, `<`, `>` and `&` escaped.
pub fn go_json(v: &Value) -> String {
    let mut out = String::new();
    write_json(&mut out, v);
    out
}

fn write_json(out: &mut String, v: &Value) {
    match v {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(n) => {
            let _ = write!(out, "{n}");
        }
        Value::Float(f) => out.push_str(&go_float(*f)),
        Value::Str(s) => write_string(out, s),
        Value::Array(a) => {
            out.push('[');
            for (i, x) in a.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(out, x);
            }
            out.push(']');
        }
        Value::Object(m) => {
            out.push('{');
            for (i, (k, x)) in m.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_string(out, k);
                out.push(':');
                write_json(out, x);
            }
            out.push('}');
        }
    }
}

/// A string as `json.Marshal` writes it, with its quotes.
pub fn go_json_string(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 2);
    write_string(&mut out, s);
    out
}

fn write_string(out: &mut String, s: &str) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{0}'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// A number as `json.Marshal` writes a float64: plain between 1e-6 and 1e21, else with an exponent.
pub fn go_float(f: f64) -> String {
    let a = f.abs();
    if f == 0.0 {
        return if f.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    if !(1e-6..1e21).contains(&a) {
        let s = format!("{f:e}");
        let (mantissa, exponent) = s.split_once('e').unwrap_or((&s, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(("+", exponent), |d| ("-", d));
        return format!("{mantissa}e{sign}{}", if sign == "+" { format!("{digits:0>2}") } else { digits.to_owned() });
    }
    format!("{f}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn quoted() {
        for (s, want) in [
            ("a\"b\\", r#""a\"b\\""#),
            ("tab\there", r#""tab\there""#),
            ("ä€", "\"ä€\""),
            ("\u{a0}", r#""\u00a0""#),
            ("\u{1}", r#""\x01""#),
        ] {
            assert_eq!(go_quote(s), want);
        }
    }

    #[test]
    fn json_escapes_html() {
        assert_eq!(
            go_json(&json!({"b": "<&>", "a": [1, true, null]})),
            r#"{"a":[1,true,null],"b":"\u003c\u0026\u003e"}"#
        );
    }

    #[test]
    fn floats() {
        for (f, want) in [(1.5, "1.5"), (1e21, "1e+21"), (1e-7, "1e-7"), (100.0, "100"), (-0.25, "-0.25")] {
            assert_eq!(go_float(f), want);
        }
    }
}
