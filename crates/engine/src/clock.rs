//! Virtual time: milliseconds since the epoch, how Kubernetes writes it, and how kubectl tells a duration.
//!
//! Models `metav1.Time` (seconds, RFC 3339, UTC), `metav1.MicroTime` and apimachinery's `duration.HumanDuration`.

use std::fmt::Write;
use std::ops::{Add, Sub};

/// A length of virtual time in milliseconds.
pub type Millis = i64;

/// One second in [`Millis`].
pub const SECOND: Millis = 1_000;
/// One minute in [`Millis`].
pub const MINUTE: Millis = 60 * SECOND;
/// One hour in [`Millis`].
pub const HOUR: Millis = 60 * MINUTE;
/// One day in [`Millis`].
pub const DAY: Millis = 24 * HOUR;

/// A moment of virtual time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(pub i64);

impl Add<Millis> for Time {
    type Output = Time;
    fn add(self, ms: Millis) -> Time {
        Time(self.0.saturating_add(ms))
    }
}
impl Sub<Millis> for Time {
    type Output = Time;
    fn sub(self, ms: Millis) -> Time {
        Time(self.0.saturating_sub(ms))
    }
}
impl Sub<Time> for Time {
    type Output = Millis;
    fn sub(self, other: Time) -> Millis {
        self.0.saturating_sub(other.0)
    }
}

/// A date and time of day in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year, as 2026.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u32,
    /// Day of the month, 1 to 31.
    pub day: u32,
    /// Hour, 0 to 23.
    pub hour: u32,
    /// Minute, 0 to 59.
    pub minute: u32,
    /// Second, 0 to 59.
    pub second: u32,
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (i64::from(month) + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

impl Civil {
    /// The moment, this read as UTC.
    pub fn to_time(self) -> Time {
        let days = days_from_civil(self.year, self.month, self.day);
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        Time((days * 86_400 + seconds) * 1000)
    }
    /// Day of the week, 0 is Sunday.
    pub fn weekday(self) -> u32 {
        (days_from_civil(self.year, self.month, self.day) + 4).rem_euclid(7) as u32
    }
}

impl Time {
    /// A moment from whole seconds since the epoch.
    #[must_use]
    pub fn from_seconds(s: i64) -> Self {
        Self(s.saturating_mul(1000))
    }
    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// The same moment without its fraction of a second, as `metav1.Time` keeps it.
    #[must_use]
    pub fn truncate(self) -> Self {
        Self::from_seconds(self.seconds())
    }
    /// Date and time of day in UTC.
    pub fn civil(self) -> Civil {
        let s = self.seconds();
        let z = s.div_euclid(86_400) + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        let t = s.rem_euclid(86_400) as u32;
        Civil {
            year: yoe + era * 400 + i64::from(month <= 2),
            month,
            day: (doy - (153 * mp + 2) / 5 + 1) as u32,
            hour: t / 3600,
            minute: t / 60 % 60,
            second: t % 60,
        }
    }
    /// As `metav1.Time` is written: `2026-11-24T07:06:15Z`.
    pub fn rfc3339(self) -> String {
        let c = self.civil();
        if !(0..=9999).contains(&c.year) {
            return format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute, c.second);
        }
        // Every object carries such times: digit by digit is several times faster.
        let mut text = String::with_capacity(20);
        let mut two = |n: i64, after: &str| {
            text.push(char::from(b'0' + (n / 10 % 10) as u8));
            text.push(char::from(b'0' + (n % 10) as u8));
            text.push_str(after);
        };
        two(c.year / 100, "");
        two(c.year % 100, "-");
        two(i64::from(c.month), "-");
        two(i64::from(c.day), "T");
        two(i64::from(c.hour), ":");
        two(i64::from(c.minute), ":");
        two(i64::from(c.second), "Z");
        text
    }
    /// As `metav1.MicroTime` is written: `2026-11-24T07:06:15.399000Z`.
    pub fn rfc3339_micro(self) -> String {
        let text = self.rfc3339();
        format!("{}.{:06}Z", &text[..text.len() - 1], self.0.rem_euclid(1000) * 1000)
    }
    /// As `date` prints it: `Tue Nov 24 10:00:00 UTC 2026`.
    pub fn date(self) -> String {
        let c = self.civil();
        let (day, month) = (WEEKDAYS[c.weekday() as usize], MONTHS[c.month as usize - 1]);
        format!("{day} {month} {:>2} {:02}:{:02}:{:02} UTC {}", c.day, c.hour, c.minute, c.second, c.year)
    }
    /// As Go's RFC1123Z, which `kubectl describe` prints: `Tue, 24 Nov 2026 07:06:15 +0000`.
    pub fn rfc1123z(self) -> String {
        let c = self.civil();
        let (day, month) = (WEEKDAYS[c.weekday() as usize], MONTHS[c.month as usize - 1]);
        format!("{day}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000", c.day, c.year, c.hour, c.minute, c.second)
    }
    /// Reads RFC 3339, with or without a fraction and with `Z` or an offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let number = |from: usize, to: usize| -> Option<i64> {
            let part = text.get(from..to)?;
            if part.bytes().all(|c| c.is_ascii_digit()) { part.parse().ok() } else { None }
        };
        if bytes.len() < 20
            || bytes[4] != b'-'
            || bytes[7] != b'-'
            || !matches!(bytes[10], b'T' | b't')
            || bytes[13] != b':'
            || bytes[16] != b':'
        {
            return None;
        }
        let civil = Civil {
            year: number(0, 4)?,
            month: number(5, 7)? as u32,
            day: number(8, 10)? as u32,
            hour: number(11, 13)? as u32,
            minute: number(14, 16)? as u32,
            second: number(17, 19)? as u32,
        };
        if !(1..=12).contains(&civil.month) || !(1..=31).contains(&civil.day) || civil.hour > 23 || civil.minute > 59 {
            return None;
        }
        let rest = &text[19..];
        let (fraction, zone) = match rest.strip_prefix('.') {
            Some(r) => r.split_at(r.find(|c: char| !c.is_ascii_digit())?),
            None => ("", rest),
        };
        let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
        let offset = match zone {
            "Z" | "z" => 0,
            _ => {
                let sign = if zone.starts_with('-') { -1 } else { 1 };
                let (hours, minutes) = zone.get(1..)?.split_once(':')?;
                sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?) * MINUTE
            }
        };
        Some(civil.to_time() + ms - offset)
    }
}

/// A duration as kubectl's AGE, DURATION and `(x3 over 2m)` print it. Models `duration.HumanDuration`.
pub fn human_duration(ms: Millis) -> String {
    let s = ms.div_euclid(1000);
    if s < -1 {
        return "<invalid>".into();
    }
    if s < 0 {
        return "0s".into();
    }
    if s < 120 {
        return format!("{s}s");
    }
    let two = |a: i64, ua: &str, b: i64, ub: &str| if b == 0 { format!("{a}{ua}") } else { format!("{a}{ua}{b}{ub}") };
    let m = s / 60;
    let h = m / 60;
    let d = h / 24;
    match () {
        () if m < 10 => two(m, "m", s % 60, "s"),
        () if m < 180 => format!("{m}m"),
        () if h < 8 => two(h, "h", m % 60, "m"),
        () if h < 48 => format!("{h}h"),
        () if d < 8 => two(d, "d", h % 24, "h"),
        () if d < 730 => format!("{d}d"),
        () if d < 365 * 8 => two(d / 365, "y", d % 365, "d"),
        () => format!("{}y", d / 365),
    }
}

/// A duration as Go's `time.Duration.String` prints it, to the millisecond: `1m20s`, `1.234s`, `150ms`, `0s`.
pub fn go_duration(ms: Millis) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let t = ms.unsigned_abs();
    if t == 0 {
        return "0s".into();
    }
    if t < 1000 {
        return format!("{sign}{t}ms");
    }
    let mut out = sign.to_owned();
    let (hours, minutes) = (t / 3_600_000, t / 60_000 % 60);
    if hours > 0 {
        let _ = write!(out, "{hours}h");
    }
    if hours + minutes > 0 {
        let _ = write!(out, "{minutes}m");
    }
    let _ = write!(out, "{}.{:03}", t / 1000 % 60, t % 1000);
    out.truncate(out.trim_end_matches('0').trim_end_matches('.').len());
    out.push('s');
    out
}

/// Reads Go's `time.ParseDuration`: `1h2m3.5s`, `100ms`, `-5s`, `0`. `None` where Go refuses.
pub fn parse_go_duration(text: &str) -> Option<Millis> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0f64;
    while !rest.is_empty() {
        let n = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..n].parse().ok()?;
        rest = &rest[n..];
        let u = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        total += number
            * match &rest[..u] {
                "ns" => 1e-6,
                "us" | "µs" | "μs" => 1e-3,
                "ms" => 1.0,
                "s" => 1e3,
                "m" => 6e4,
                "h" => 3.6e6,
                _ => return None,
            };
        rest = &rest[u..];
    }
    let ms = total.round();
    if ms > 9.2e15 {
        return None;
    }
    Some(if negative { -(ms as i64) } else { ms as i64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_there_and_back() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2026-11-24T07:06:15Z", "2100-03-01T00:00:00Z"] {
            assert_eq!(Time::parse_rfc3339(text).map(Time::rfc3339).as_deref(), Some(text));
        }
        assert_eq!(Time::parse_rfc3339("2026-11-24T07:06:15.399Z").unwrap().0 % 1000, 399);
        assert_eq!(Time::parse_rfc3339("2026-11-24T09:06:15+02:00"), Time::parse_rfc3339("2026-11-24T07:06:15Z"));
        assert_eq!(Time::parse_rfc3339("2026-11-24 07:06"), None);
    }

    #[test]
    fn describe_prints_the_weekday() {
        let t = Time::parse_rfc3339("2026-11-24T07:06:15Z").unwrap();
        assert_eq!(t.rfc1123z(), "Tue, 24 Nov 2026 07:06:15 +0000");
    }

    #[test]
    fn human_durations() {
        for (s, want) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (601, "10m"),
            (179 * 60, "179m"),
            (181 * 60, "3h1m"),
            (8 * 3600, "8h"),
            (49 * 3600, "2d1h"),
            (9 * 86_400, "9d"),
            (800 * 86_400, "2y70d"),
        ] {
            assert_eq!(human_duration(s * SECOND), want, "{s}");
        }
    }

    #[test]
    fn go_durations() {
        for (text, ms) in [("1m20s", 80_000), ("10s", 10_000), ("1.234s", 1_234), ("150ms", 150), ("1h0m0s", 3_600_000)]
        {
            assert_eq!(go_duration(ms), text);
            assert_eq!(parse_go_duration(text), Some(ms));
        }
        assert_eq!(parse_go_duration("5"), None);
        assert_eq!(parse_go_duration("5x"), None);
    }
}
