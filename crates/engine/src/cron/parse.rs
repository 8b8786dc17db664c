//! From the text of a schedule to its sets of bits, with robfig's error texts.
//!
//! Models robfig/cron v3 `parser.go` with the options of `ParseStandard`: five fields and descriptors.

use std::rc::Rc;

use super::{STAR, Schedule, ScheduleKind, Spec, Zone, duration};

struct Bounds {
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS_OF_MONTH: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const DAYS_OF_WEEK: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

pub(super) fn parse(text: &str) -> Result<Schedule, String> {
    if text.is_empty() {
        return Err("empty spec string".to_owned());
    }
    let (mut rest, mut zone) = (text, None);
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        // robfig slices up to a space that it does not look for; Kubernetes recovers from the panic.
        let Some(space) = text.find(' ') else {
            return Err("invalid schedule format: runtime error: slice bounds out of range [:-1]".to_owned());
        };
        let name = &text[text.find('=').map_or(0, |i| i + 1)..space];
        zone = Some(Rc::new(Zone::load(name).map_err(|e| format!("provided bad location {name}: {e}"))?));
        rest = text[space..].trim();
    }
    if rest.starts_with('@') {
        return Ok(Schedule { kind: descriptor(rest)?, zone });
    }
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let [minute, hour, day_of_month, month, day_of_week] = fields[..] else {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    };
    let spec = Spec {
        minute: field(minute, &MINUTES)?,
        hour: field(hour, &HOURS)?,
        day_of_month: field(day_of_month, &DAYS_OF_MONTH)?,
        month: field(month, &MONTHS)?,
        day_of_week: field(day_of_week, &DAYS_OF_WEEK)?,
    };
    Ok(Schedule { kind: ScheduleKind::Spec(spec), zone })
}

/// A comma list of ranges.
fn field(text: &str, bounds: &Bounds) -> Result<u64, String> {
    text.split(',').filter(|r| !r.is_empty()).try_fold(0, |set, r| Ok(set | range(r, bounds)?))
}

/// `number | number "-" number [ "/" number ]`, where a star or question mark is the whole range.
fn range(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = parts[0].split('-').collect();
    let mut star = 0;
    let (start, mut end);
    if matches!(ends[0], "*" | "?") {
        (start, end, star) = (bounds.min, bounds.max, STAR);
    } else {
        start = number_or_name(ends[0], bounds)?;
        end = match ends[..] {
            [_] => start,
            [_, last] => number_or_name(last, bounds)?,
            _ => return Err(format!("too many hyphens: {text}")),
        };
    }
    let step = match parts[..] {
        [_] => 1,
        [_, step] => {
            let step = number(step)?;
            if ends.len() == 1 {
                end = bounds.max;
            }
            if step > 1 {
                star = 0;
            }
            step
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    let Bounds { min, max, .. } = *bounds;
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(bits(start, end, step) | star)
}

fn bits(start: u64, end: u64, step: u64) -> u64 {
    (start..=end).step_by(usize::try_from(step).unwrap_or(usize::MAX)).fold(0, |set, i| set | 1 << i)
}

fn all(bounds: &Bounds) -> u64 {
    bits(bounds.min, bounds.max, 1) | STAR
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<u64, String> {
    match bounds.names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        Some(i) => Ok(bounds.min + i as u64),
        None => number(text),
    }
}

/// Models Go's `strconv.Atoi`.
fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let why = if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        "invalid syntax"
    } else if let Ok(n) = text.parse::<i64>() {
        return u64::try_from(n).map_err(|_| format!("negative number ({n}) not allowed: {text}"));
    } else {
        "value out of range"
    };
    Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {}: {why}", duration::quote(text)))
}

fn descriptor(text: &str) -> Result<ScheduleKind, String> {
    let once = |bounds: &Bounds| 1 << bounds.min;
    let hourly = Spec {
        minute: once(&MINUTES),
        hour: all(&HOURS),
        day_of_month: all(&DAYS_OF_MONTH),
        month: all(&MONTHS),
        day_of_week: all(&DAYS_OF_WEEK),
    };
    let daily = Spec { hour: once(&HOURS), ..hourly };
    let monthly = Spec { day_of_month: once(&DAYS_OF_MONTH), ..daily };
    Ok(ScheduleKind::Spec(match text {
        "@yearly" | "@annually" => Spec { month: once(&MONTHS), ..monthly },
        "@monthly" => monthly,
        "@weekly" => Spec { day_of_week: once(&DAYS_OF_WEEK), ..daily },
        "@daily" | "@midnight" => daily,
        "@hourly" => hourly,
        _ => {
            let Some(every) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let ns = duration::parse(every).map_err(|e| format!("failed to parse duration {text}: {e}"))?;
            return Ok(ScheduleKind::Every((ns / 1_000_000_000).max(1)));
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits_of(list: &[u64]) -> u64 {
        list.iter().fold(0, |set, i| set | 1 << i)
    }

    #[test]
    fn ranges() {
        for (text, bounds, want) in [
            ("5", &MINUTES, bits_of(&[5])),
            ("5-8", &HOURS, bits_of(&[5, 6, 7, 8])),
            ("5-9/2", &HOURS, bits_of(&[5, 7, 9])),
            ("20/2", &HOURS, bits_of(&[20, 22])),
            ("*/6", &HOURS, bits_of(&[0, 6, 12, 18])),
            ("*/1", &DAYS_OF_WEEK, bits_of(&[0, 1, 2, 3, 4, 5, 6]) | STAR),
            ("?", &DAYS_OF_WEEK, bits_of(&[0, 1, 2, 3, 4, 5, 6]) | STAR),
            ("*-3", &DAYS_OF_WEEK, bits_of(&[0, 1, 2, 3, 4, 5, 6]) | STAR),
            ("Jan,MAR-may", &MONTHS, bits_of(&[1, 3, 4, 5])),
            ("+5", &MINUTES, bits_of(&[5])),
            (",", &MINUTES, 0),
        ] {
            assert_eq!(field(text, bounds), Ok(want), "{text}");
        }
    }

    #[test]
    fn error_texts() {
        for (text, want) in [
            ("", "empty spec string"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("0 */5 * * * *", "expected exactly 5 fields, found 6: [0 */5 * * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("0 0 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("0 0 * * 7", "end of range (7) above maximum (6): 7"),
            ("0 0 * * sunday", "failed to parse int from sunday: strconv.Atoi: parsing \"sunday\": invalid syntax"),
            ("0 0 * * FRI-MON", "beginning of range (5) beyond end of range (1): FRI-MON"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("*/-5 * * * *", "negative number (-5) not allowed: -5"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("*/2/3 * * * *", "too many slashes: */2/3"),
            ("- * * * *", "failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax"),
            (
                "99999999999999999999 * * * *",
                "failed to parse int from 99999999999999999999: strconv.Atoi: parsing \"99999999999999999999\": value out of range",
            ),
            ("@reboot", "unrecognized descriptor: @reboot"),
            ("@Daily", "unrecognized descriptor: @Daily"),
            ("@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\""),
            ("TZ=0", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
            ("TZ=Mars/Base 0 3 * * *", "provided bad location Mars/Base: unknown time zone Mars/Base"),
        ] {
            assert_eq!(parse(text).unwrap_err(), want, "{text}");
        }
    }
}
