//! Durations as `@every` takes them, with Go's error texts.
//!
//! Models Go's `time.ParseDuration`, to the nanosecond.

/// Go's quoting of a string in an error: double quotes and backslashes escaped, control characters in hex.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_ascii_control() => {
                out.push_str("\\x");
                for half in [u32::from(c) >> 4, u32::from(c) & 15] {
                    out.push(char::from_digit(half, 16).expect("half a byte is a hex digit"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The digits at the start of a text as a number, and the rest; none where they overflow 63 bits.
fn leading_integer(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut number = 0u64;
    for digit in text[..end].bytes() {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        if number > 1 << 63 {
            return None;
        }
    }
    Some((number, &text[end..]))
}

/// Reads a duration in nanoseconds.
pub(super) fn parse(original: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", quote(original));
    let (negative, mut rest) = match original.as_bytes().first() {
        Some(b'-') => (true, &original[1..]),
        Some(b'+') => (false, &original[1..]),
        _ => (false, original),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        if !rest.starts_with(|c: char| c == '.' || c.is_ascii_digit()) {
            return Err(invalid());
        }
        let before = rest.len();
        let (mut value, mut tail) = leading_integer(rest).ok_or_else(invalid)?;
        let digits_before = tail.len() != before;
        let (mut fraction, mut scale, mut digits_after) = (0u64, 1f64, false);
        if let Some(t) = tail.strip_prefix('.') {
            let end = t.find(|c: char| !c.is_ascii_digit()).unwrap_or(t.len());
            digits_after = end > 0;
            for digit in t[..end].bytes() {
                // Digits beyond what fits are dropped.
                if let Some(f) = fraction.checked_mul(10).map(|f| f + u64::from(digit - b'0')).filter(|f| *f < 1 << 63)
                {
                    fraction = f;
                    scale *= 10.0;
                } else {
                    break;
                }
            }
            tail = &t[end..];
        }
        if !digits_before && !digits_after {
            return Err(invalid());
        }
        let end = tail.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(tail.len());
        if end == 0 {
            return Err(format!("time: missing unit in duration {}", quote(original)));
        }
        let unit: u64 = match &tail[..end] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            u => return Err(format!("time: unknown unit {} in duration {}", quote(u), quote(original))),
        };
        value = value.checked_mul(unit).filter(|v| *v <= 1 << 63).ok_or_else(invalid)?;
        value += (fraction as f64 * (unit as f64 / scale)) as u64;
        total = total.checked_add(value).filter(|t| *t <= 1 << 63).ok_or_else(invalid)?;
        rest = &tail[end..];
    }
    if negative {
        return Ok((total as i64).wrapping_neg());
    }
    i64::try_from(total).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations() {
        for (text, want) in [
            ("1h30m", Ok(5_400_000_000_000)),
            ("1.5h", Ok(5_400_000_000_000)),
            ("-.5s", Ok(-500_000_000)),
            ("0", Ok(0)),
            ("", Err("time: invalid duration \"\"")),
            ("5", Err("time: missing unit in duration \"5\"")),
            ("5x", Err("time: unknown unit \"x\" in duration \"5x\"")),
            (".s", Err("time: invalid duration \".s\"")),
            ("5 m", Err("time: unknown unit \" m\" in duration \"5 m\"")),
            ("99999999999h", Err("time: invalid duration \"99999999999h\"")),
        ] {
            assert_eq!(parse(text), want.map_err(str::to_owned), "{text}");
        }
    }
}
