//! Quantities: `100m`, `1Gi`, `1e3`.
//!
//! Models apimachinery `pkg/api/resource/quantity.go`: what parses, how it is written canonically, and that a text which
//! already is canonical keeps its very letters. Values are held in billionths, the finest that Kubernetes keeps.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use super::Value;

/// How a quantity is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// `1500m`, `2k`
    #[default]
    DecimalSi,
    /// `1Ki`
    BinarySi,
    /// `1e3`
    DecimalExponent,
}

/// An amount of a resource.
#[derive(Clone, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    /// The text it was read from, where that is canonical enough to be kept.
    text: Option<Rc<str>>,
}

/// Text that does not have the form of a quantity.
pub const FORMAT_ERROR: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMERIC_ERROR: &str = "unable to parse numeric part of quantity";
const SUFFIX_ERROR: &str = "unable to parse quantity's suffix";

const NANO: i128 = 1_000_000_000;
/// Exponents beyond this cannot be held; the value is capped.
const MAX_EXPONENT: i32 = 27;
const DECIMAL_SUFFIXES: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY_SUFFIXES: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// Sign, whole digits, digits after the point and suffix of a text.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

fn split(text: &str) -> Result<Parts<'_>, &'static str> {
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest.trim_start_matches('0');
    let (whole, rest) = rest.split_at(digits(rest));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(r) => r.split_at(digits(r)),
        None => ("", rest),
    };
    let letters = suffix.bytes().take_while(|b| b"eEinumkKMGTP".contains(b)).count();
    let exponent = &suffix[letters..];
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if digits(exponent) != exponent.len() {
        return Err(FORMAT_ERROR);
    }
    Ok(Parts { negative, whole, fraction, suffix })
}

/// What a suffix multiplies by: base, exponent and the format it stands for.
fn interpret(suffix: &str) -> Option<(i128, i32, Format)> {
    if let Some(&(_, e)) = DECIMAL_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((10, e, Format::DecimalSi));
    }
    if let Some(&(_, e)) = BINARY_SUFFIXES.iter().find(|(s, _)| *s == suffix) {
        return Some((2, e, Format::BinarySi));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((10, exponent.parse::<i32>().ok()?, Format::DecimalExponent))
}

/// `n * 10^exponent`, a remainder rounded away from zero, an overflow capped.
fn scale(n: i128, exponent: i32) -> i128 {
    if exponent >= 0 {
        let factor = 10_i128.checked_pow(exponent.unsigned_abs().min(60)).unwrap_or(i128::MAX);
        n.saturating_mul(factor)
    } else {
        10_i128.checked_pow(exponent.unsigned_abs()).map_or(i128::from(n != 0), |d| div_up(n, d))
    }
}

/// Division that rounds away from zero.
fn div_up(n: i128, d: i128) -> i128 {
    let q = n / d;
    if n % d == 0 { q } else { q + n.signum() }
}

impl Quantity {
    /// Reads a quantity; the error is Kubernetes' own text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err(FORMAT_ERROR);
        }
        let p = split(text)?;
        let (base, exponent, format) = interpret(p.suffix).ok_or(SUFFIX_ERROR)?;
        let fraction_len = p.fraction.len() as i32;
        let digits = format!("{}{}", p.whole, p.fraction);
        let mantissa: i128 = if digits.is_empty() {
            0
        } else {
            digits.get(..30).unwrap_or(&digits).parse().map_err(|_| NUMERIC_ERROR)?
        };
        let cut = digits.len().saturating_sub(30) as i32;
        let mut nanos = if base == 2 {
            scale(mantissa.saturating_mul(1_i128 << exponent), 9 - fraction_len + cut)
        } else {
            scale(mantissa, (exponent + 9 - fraction_len + cut).clamp(-60, MAX_EXPONENT + 30))
        };
        let mut format = format;
        if format == Format::BinarySi {
            nanos = nanos.min(i128::from(i64::MAX) * NANO);
            if nanos > 0 && nanos < NANO {
                format = Format::DecimalSi;
            }
        }
        if p.negative {
            nanos = -nanos;
        }
        Ok(Self { nanos, format, text: keeps_text(text, &p, &digits, base, exponent).then(|| Rc::from(text)) })
    }
    /// Reads a JSON value: text, or a number as YAML writes quantities without a unit.
    pub fn from_value(v: &Value) -> Result<Self, &'static str> {
        match v {
            Value::Str(s) => Self::parse(s.trim()),
            Value::Null => Ok(Self::default()),
            _ => Self::parse(&super::text::go_json(v)),
        }
    }
    /// The quantity at a dotted path of a tree, zero where it is absent or wrong.
    pub fn at(v: &Value, path: &'static str) -> Self {
        Self::from_value(v.at(path)).unwrap_or_default()
    }
    /// Whole units.
    pub fn from_int(n: i64, format: Format) -> Self {
        Self { nanos: i128::from(n) * NANO, format, text: None }
    }
    /// Thousandths, as for cpu.
    pub fn from_milli(n: i64, format: Format) -> Self {
        Self { nanos: i128::from(n) * 1_000_000, format, text: None }
    }
    /// The amount in billionths.
    pub fn nanos(&self) -> i128 {
        self.nanos
    }
    /// Whole units, rounded up.
    pub fn value(&self) -> i64 {
        div_up(self.nanos, NANO) as i64
    }
    /// Thousandths, rounded up.
    pub fn milli_value(&self) -> i64 {
        div_up(self.nanos, 1_000_000) as i64
    }
    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }
    /// The text it was read from, where that is kept.
    pub fn kept_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
    /// How it is written.
    pub fn format(&self) -> Format {
        self.format
    }
    /// Adds another amount; a zero takes the other's way of writing.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, self.nanos.saturating_add(other.nanos));
    }
    /// Takes another amount away.
    pub fn sub(&mut self, other: &Self) {
        self.combine(other, self.nanos.saturating_sub(other.nanos));
    }
    fn combine(&mut self, other: &Self, nanos: i128) {
        if self.nanos == 0 {
            self.format = other.format;
        }
        self.nanos = nanos;
        self.text = None;
    }
    /// Rounds up to thousandths, as defaulting does to resource lists.
    pub fn round_up_milli(&mut self) {
        if self.nanos % 1_000_000 != 0 {
            self.nanos = div_up(self.nanos, 1_000_000) * 1_000_000;
            self.text = None;
        }
    }
}

/// Whether a text is close enough to canonical that it is printed back as it was written.
fn keeps_text(text: &str, p: &Parts<'_>, digits: &str, base: i128, exponent: i32) -> bool {
    if text == "0" {
        return true;
    }
    let len = digits.len() as i32;
    let Ok(value) = digits.parse::<i64>() else { return false };
    if base == 2 {
        p.fraction.is_empty() && binary_precision(len, exponent) >= 0 && exponent % 10 == 0 && value & 7 != 0
    } else {
        let scale = exponent - p.fraction.len() as i32;
        len <= 18 && scale >= -9 && scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0')
    }
}

/// The number and the power of ten that Go holds a text's quantity in, where 64 bits do.
pub fn scaled(text: &str) -> Option<(i64, i32)> {
    let p = split(text).ok()?;
    let (base, exponent, _) = interpret(p.suffix)?;
    let digits = if p.whole.is_empty() { format!("0{}", p.fraction) } else { format!("{}{}", p.whole, p.fraction) };
    let (len, decimals) = (digits.len() as i32, p.fraction.len() as i32);
    let number: i64 = digits.parse().ok()?;
    let number = if p.negative { -number } else { number };
    if base == 2 {
        let fits = decimals == 0 && binary_precision(len, exponent) >= 0;
        return fits.then(|| number.checked_mul(1 << exponent)).flatten().map(|n| (n, 0));
    }
    (len <= 18 && exponent - decimals >= -9).then_some((number, exponent - decimals))
}

/// How many more digits a number of binary units could have for Go to hold it in 64 bits.
fn binary_precision(digits: i32, exponent: i32) -> i32 {
    15 - digits - (exponent as f32 * 3.0 / 10.0) as i32 - 1
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(t) = &self.text {
            return f.write_str(t);
        }
        if self.nanos == 0 {
            return f.write_str("0");
        }
        let small = self.nanos.abs() < 1024 * NANO;
        if self.format == Format::BinarySi && !small && self.nanos % NANO == 0 {
            let (mut n, mut power) = (self.nanos / NANO, 0);
            while n % 1024 == 0 && power < 6 {
                n /= 1024;
                power += 1;
            }
            let suffix = if power == 0 { "" } else { BINARY_SUFFIXES[power - 1].0 };
            return write!(f, "{n}{suffix}");
        }
        let (mut n, mut exponent) = (self.nanos, -9);
        while n % 10 == 0 {
            n /= 10;
            exponent += 1;
        }
        while exponent % 3 != 0 {
            n *= 10;
            exponent -= 1;
        }
        if self.format == Format::DecimalExponent {
            return if exponent == 0 { write!(f, "{n}") } else { write!(f, "{n}e{exponent}") };
        }
        while exponent > 18 {
            n *= 1000;
            exponent -= 3;
        }
        let suffix = DECIMAL_SUFFIXES.iter().find(|(_, e)| *e == exponent).map_or("", |(s, _)| s);
        write!(f, "{n}{suffix}")
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}
impl From<&Quantity> for Value {
    fn from(q: &Quantity) -> Self {
        q.to_string().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text() {
        for (text, want) in [
            ("0", "0"),
            ("0m", "0"),
            ("100m", "100m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("0.5", "500m"),
            ("1.5", "1500m"),
            ("2000", "2k"),
            ("1024", "1024"),
            ("1024Mi", "1Gi"),
            ("1025Mi", "1025Mi"),
            ("0.5Gi", "512Mi"),
            ("1.5Gi", "1536Mi"),
            ("128974848", "128974848"),
            ("129e6", "129e6"),
            ("129M", "129M"),
            ("1000000", "1M"),
            ("1e3", "1e3"),
            ("12e6", "12e6"),
            ("10e2", "1e3"),
            ("128974848000m", "128974848"),
            ("0.0001", "100u"),
            ("1E", "1E"),
            ("-1", "-1"),
            ("0.1n", "1n"),
            ("100Ki", "100Ki"),
            ("1Ki", "1Ki"),
            ("8Ki", "8Ki"),
            ("0.5Ki", "512"),
        ] {
            assert_eq!(Quantity::parse(text).map(|q| q.to_string()).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity() {
        for (text, want) in [
            ("", FORMAT_ERROR),
            ("128MB", FORMAT_ERROR),
            ("500 m", FORMAT_ERROR),
            ("1Mi5x", FORMAT_ERROR),
            ("abc", FORMAT_ERROR),
            ("1mm", SUFFIX_ERROR),
            ("1e", SUFFIX_ERROR),
            ("1m5", SUFFIX_ERROR),
        ] {
            assert_eq!(Quantity::parse(text).map(|q| q.to_string()), Err(want), "{text}");
        }
    }

    #[test]
    fn arithmetic_keeps_the_way_of_writing() {
        let mut q = Quantity::default();
        q.add(&Quantity::parse("1Gi").unwrap());
        q.add(&Quantity::parse("512Mi").unwrap());
        assert_eq!(q.to_string(), "1536Mi");
        q.sub(&Quantity::parse("1536Mi").unwrap());
        assert!(q.is_zero());
        assert!(Quantity::parse("999m").unwrap() < Quantity::parse("1").unwrap());
        assert_eq!(Quantity::parse("1001m").unwrap().value(), 2);
        assert_eq!(Quantity::parse("0.0001").unwrap().milli_value(), 1);
    }
}
