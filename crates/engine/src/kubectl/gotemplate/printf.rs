//! `printf` of templates. Models Go's fmt/print.go and fmt/format.go for what JSON can hold.

use crate::api::Value;
use crate::api::patch::go_value;
use crate::api::text::go_quote;
use crate::kubectl::jsonpath::go_type;

/// The widest that anything is printed, so that no template fills the page's memory.
const WIDEST: usize = 1_000;

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Default)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl Flags {
    fn pad(&self, text: &str) -> String {
        let room = " ".repeat(self.width.saturating_sub(text.chars().count()));
        if self.minus {
            format!("{text}{room}")
        } else if self.zero {
            room.replace(' ', "0") + text
        } else {
            room + text
        }
    }
    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }
    /// A number's sign and digits; zeros stand between them.
    fn number(&self, sign: &str, digits: &str) -> String {
        let room = self.width.saturating_sub(sign.len() + digits.len());
        if self.zero { format!("{sign}{}{digits}", "0".repeat(room)) } else { self.pad(&format!("{sign}{digits}")) }
    }
}

/// `int64=2`
fn typed(v: &Value, f: &Flags) -> String {
    format!("{}={}", go_type(v), value(v, 'v', f))
}

fn string(s: &str, verb: char, f: &Flags) -> Option<String> {
    let cut = |s: &str| s.chars().take(f.precision.unwrap_or(usize::MAX)).collect::<String>();
    Some(match verb {
        'v' if f.sharp => f.pad(&go_quote(s)),
        'v' | 's' => f.pad(&cut(s)),
        'q' => f.pad(&go_quote(&cut(s))),
        'x' => f.pad(&s.bytes().map(|b| format!("{b:02x}")).collect::<String>()),
        'X' => f.pad(&s.bytes().map(|b| format!("{b:02X}")).collect::<String>()),
        _ => return None,
    })
}

fn integer(n: i64, verb: char, f: &Flags) -> Option<String> {
    let size = n.unsigned_abs();
    let character = u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
    let (prefix, digits) = match verb {
        'v' | 'd' => ("", size.to_string()),
        'b' => ("0b", format!("{size:b}")),
        'o' => ("0", format!("{size:o}")),
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        'c' => return Some(f.pad(&character.to_string())),
        'q' => {
            let quoted = go_quote(&character.to_string());
            return Some(
                f.pad(&format!("'{}'", quoted[1..quoted.len() - 1].replace("\\\"", "\"").replace('\'', "\\'"))),
            );
        }
        'U' => return Some(f.pad(&format!("U+{n:04X}"))),
        _ => return None,
    };
    let sign = format!("{}{}", f.sign(n < 0), if f.sharp { prefix } else { "" });
    Some(match f.precision {
        Some(p) => Flags { zero: false, ..*f }.number(&sign, &format!("{digits:0>p$}")),
        None => f.number(&sign, &digits),
    })
}

fn float(x: f64, verb: char, f: &Flags) -> Option<String> {
    let size = x.abs();
    let digits = match verb {
        'f' | 'F' => format!("{size:.*}", f.precision.unwrap_or(6)),
        'e' | 'E' => {
            let text = format!("{size:.*e}", f.precision.unwrap_or(6));
            let (digits, exponent) = text.split_once('e')?;
            let exponent: i32 = exponent.parse().ok()?;
            let sign = if exponent < 0 { '-' } else { '+' };
            let text = format!("{digits}e{sign}{:02}", exponent.abs());
            if verb == 'E' { text.to_uppercase() } else { text }
        }
        'v' | 'g' | 'G' => {
            let p = f.precision.map_or(size, |p| format!("{size:.*e}", p.max(1) - 1).parse().unwrap_or(size));
            let text = go_value(&Value::Float(p));
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
        _ => return None,
    };
    Some(f.number(f.sign(x.is_sign_negative()), &digits))
}

fn value(v: &Value, verb: char, f: &Flags) -> String {
    let shown = match v {
        Value::Null => Some(f.pad("<nil>")),
        Value::Bool(b) => matches!(verb, 'v' | 't').then(|| f.pad(if *b { "true" } else { "false" })),
        Value::Int(n) => integer(*n, verb, f),
        Value::Float(x) => float(*x, verb, f),
        Value::Str(s) => string(s, verb, f),
        Value::Array(a) => Some(format!("[{}]", a.iter().map(|v| value(v, verb, f)).collect::<Vec<_>>().join(" "))),
        Value::Object(m) => {
            let entries = m.iter().map(|(k, v)| format!("{}:{}", value(&k.clone().into(), verb, f), value(v, verb, f)));
            Some(format!("map[{}]", entries.collect::<Vec<_>>().join(" ")))
        }
    };
    shown.unwrap_or_else(|| format!("%!{verb}({})", typed(v, f)))
}

/// Fills a format in.
pub(super) fn printf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut args = args.iter();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut f = Flags::default();
        while let Some(c) = chars.next_if(|c| "-+# 0".contains(*c)) {
            match c {
                '-' => f.minus = true,
                '+' => f.plus = true,
                '#' => f.sharp = true,
                ' ' => f.space = true,
                _ => f.zero = true,
            }
        }
        f.zero &= !f.minus;
        let mut number = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            if chars.next_if_eq(&'*').is_some() {
                return args.next().and_then(Value::as_i64).map_or(0, |n| usize::try_from(n).unwrap_or(0));
            }
            let mut digits = String::new();
            while let Some(c) = chars.next_if(char::is_ascii_digit) {
                digits.push(c);
            }
            digits.parse().unwrap_or(0)
        };
        f.width = number(&mut chars).min(WIDEST);
        if chars.next_if_eq(&'.').is_some() {
            f.precision = Some(number(&mut chars).min(WIDEST));
        }
        out += &match chars.next() {
            None => "%!(NOVERB)".to_owned(),
            Some('%') => "%".to_owned(),
            Some(verb) => match (verb, args.next()) {
                (verb, None) => format!("%!{verb}(MISSING)"),
                ('T', Some(v)) => f.pad(go_type(v)),
                // `%+v` asks for the names of fields, not for a sign.
                ('v', Some(v)) => value(v, 'v', &Flags { plus: false, ..f }),
                (verb, Some(Value::Null)) => format!("%!{verb}(<nil>)"),
                (verb, Some(v)) => value(v, verb, &f),
            },
        };
    }
    let extra: Vec<String> =
        args.map(|v| if v.is_null() { "<nil>".into() } else { typed(v, &Flags::default()) }).collect();
    if !extra.is_empty() {
        out += &format!("%!(EXTRA {})", extra.join(", "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a Go program printed them.
    #[test]
    fn formats() {
        let list = || Value::from_json(r#"["a", 1]"#).unwrap();
        let object = || Value::from_json(r#"{"k": "v", "n": 2}"#).unwrap();
        for (format, v, want) in [
            ("%v", Value::Int(2), "2"),
            ("%v", Value::Null, "<nil>"),
            ("%v", object(), "map[k:v n:2]"),
            ("%s", Value::Int(2), "%!s(int64=2)"),
            ("%s", Value::Bool(true), "%!s(bool=true)"),
            ("%s", Value::Null, "%!s(<nil>)"),
            ("%s", list(), "[a %!s(int64=1)]"),
            ("%d", "ab".into(), "%!d(string=ab)"),
            ("%d", Value::Float(1.5), "%!d(float64=1.5)"),
            ("%d", object(), "map[%!d(string=k):%!d(string=v) %!d(string=n):2]"),
            ("%q", "ab".into(), "\"ab\""),
            ("%q", Value::Int(65), "'A'"),
            ("%q", Value::Bool(true), "%!q(bool=true)"),
            ("%f", Value::Float(1.5), "1.500000"),
            ("%.1f", Value::Int(2), "%!f(int64=2)"),
            ("%.0f", Value::Float(1.5), "2"),
            ("%03d", Value::Int(-7), "-07"),
            ("%03d", "ab".into(), "%!d(string=0ab)"),
            ("%5s|", Value::Int(2), "%!s(int64=    2)|"),
            ("%-5s|", "ab".into(), "ab   |"),
            ("%5d|", Value::Int(-7), "   -7|"),
            ("%-5d|", list(), "[%!d(string=a    ) 1    ]|"),
            ("%05.1f", Value::Float(1.5), "001.5"),
            ("%05.1f", Value::Int(2), "%!f(int64=    2)"),
            ("%05.1f", Value::Bool(true), "%!f(bool=0true)"),
            ("%x", "ab".into(), "6162"),
            ("%X", Value::Int(255), "FF"),
            ("%#x", Value::Int(255), "0xff"),
            ("%T", list(), "[]interface {}"),
            ("%e", Value::Float(1.5), "1.500000e+00"),
            ("%+d", Value::Int(2), "+2"),
            ("%+d", Value::Float(3.0), "%!d(float64=+3)"),
            ("% d", Value::Int(2), " 2"),
            ("%.2s", Value::Int(-7), "%!s(int64=-07)"),
            ("%.1s", "ab".into(), "a"),
            ("%06v|", Value::Bool(true), "00true|"),
            ("%-6v|", Value::Null, "<nil> |"),
            ("%+v", Value::Int(2), "2"),
            ("%#v", "ab".into(), "\"ab\""),
            ("%z", Value::Int(2), "%!z(int64=2)"),
            ("%U", Value::Int(2), "U+0002"),
            ("%.3v", Value::Int(2), "002"),
            ("%.2g", Value::Float(1.25), "1.2"),
            ("%999999999d", Value::Int(1), &format!("{:>1000}", 1)),
        ] {
            assert_eq!(printf(format, &[v]), want, "{format}");
        }
        assert_eq!(printf("%s %s", &["a".into()]), "a %!s(MISSING)");
        assert_eq!(printf("%s", &["a".into(), "b".into(), Value::Int(3)]), "a%!(EXTRA string=b, int64=3)");
        assert_eq!(printf("a%", &["b".into()]), "a%!(NOVERB)%!(EXTRA string=b)");
        assert_eq!(printf("%!", &["b".into()]), "%!!(string=b)");
        assert_eq!(printf("%*d|%5%|", &[Value::Int(5), Value::Int(3)]), "    3|%|");
    }
}
