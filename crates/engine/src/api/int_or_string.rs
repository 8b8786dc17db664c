//! Values that are a number or a percentage: `maxSurge: 25%`.
//!
//! Models apimachinery `pkg/util/intstr`.

use super::Value;
use super::text::go_quote;

/// The value of an int-or-string: a number as it is, a percentage of `total` rounded up or down.
/// The error is Kubernetes' own text. Models `GetScaledValueFromIntOrPercent`.
pub fn scaled(v: &Value, total: i64, round_up: bool) -> Result<i64, String> {
    if let Some(n) = v.as_i64() {
        return Ok(n);
    }
    let text = v.as_str().ok_or_else(|| "nil value for IntOrString".to_owned())?;
    let percent = percent(text).map_err(|e| format!("invalid value for IntOrString: {e}"))?;
    let exact = percent as f64 * total as f64 / 100.0;
    Ok(if round_up { exact.ceil() } else { exact.floor() } as i64)
}

/// The number before the percent sign.
fn percent(text: &str) -> Result<i64, String> {
    let Some(number) = text.strip_suffix('%') else {
        return Err("invalid type: string is not a percentage".to_owned());
    };
    number.parse().map_err(|_| {
        format!("invalid value {}: strconv.Atoi: parsing {}: invalid syntax", go_quote(text), go_quote(number))
    })
}

/// Whether the value is text of the form `25%`.
pub fn is_percent(v: &Value) -> bool {
    v.as_str().and_then(|s| s.strip_suffix('%')).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// How it prints: the number, or the text.
pub fn display(v: &Value) -> String {
    match v {
        Value::Int(n) => n.to_string(),
        _ => v.as_str().unwrap_or("0").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_as_asked() {
        for (v, total, up, want) in [
            (Value::from(3), 10, true, Ok(3)),
            (Value::from("25%"), 10, true, Ok(3)),
            (Value::from("25%"), 10, false, Ok(2)),
            (Value::from("100%"), 4, false, Ok(4)),
            (
                Value::from("5"),
                4,
                false,
                Err("invalid value for IntOrString: invalid type: string is not a percentage"),
            ),
        ] {
            assert_eq!(scaled(&v, total, up), want.map_err(str::to_owned));
        }
    }
}
