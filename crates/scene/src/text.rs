//! How the page writes durations and numbers. Kubernetes' own form (`2m5s`) mirrors `kubectl`; ours has a space (`20 s`).

/// Milliseconds of virtual time.
pub type Ms = i64;

/// A number with so many decimals at most. The standard library would print each digit that tells the number from its neighbours, for
/// which it brings kilobytes of tables.
pub fn decimal(x: f64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    let n = (x * unit as f64).round() as i64;
    let sign = if n < 0 { "-" } else { "" };
    let (whole, rest) = (n.unsigned_abs() / unit as u64, n.unsigned_abs() % unit as u64);
    let text = format!("{sign}{whole}.{rest:0width$}", width = places as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As kubectl prints an age: whole seconds up to two minutes, then minutes and seconds, then coarser; always rounded down.
pub fn human(ms: Ms) -> String {
    let s = ms.div_euclid(1000);
    let (m, h, d) = (s / 60, s / 3600, s / 86_400);
    let two = |a: i64, unit: &str, b: i64, small: &str| {
        if b == 0 { format!("{a}{unit}") } else { format!("{a}{unit}{b}{small}") }
    };
    match s {
        i64::MIN..=0 => "0s".into(),
        1..120 => format!("{s}s"),
        120..600 => two(m, "m", s % 60, "s"),
        600..10_800 => format!("{m}m"),
        10_800..28_800 => two(h, "h", m % 60, "m"),
        28_800..172_800 => format!("{h}h"),
        172_800..691_200 => two(d, "d", h % 24, "h"),
        _ => format!("{d}d"),
    }
}

/// A back-off as the controllers count it, kept exact: `10s`, `2m40s`.
pub fn exact(ms: Ms) -> String {
    let s = ms.div_euclid(1000);
    match (s / 60, s % 60) {
        (0, s) => format!("{s}s"),
        (m, 0) => format!("{m}m"),
        (m, s) => format!("{m}m{s}s"),
    }
}

/// A duration in a sentence of ours: `20 s`, `2 min 40 s`.
pub fn spoken(ms: Ms) -> String {
    let s = ms.div_euclid(1000);
    match (s / 60, s % 60) {
        (0, s) => format!("{s} s"),
        (m, 0) => format!("{m} min"),
        (m, s) => format!("{m} min {s} s"),
    }
}

/// What is left of a wait, in whole seconds, rounded up so that it ends at 0.
pub fn left(ms: Ms) -> i64 {
    (ms.max(0) + 999) / 1000
}

/// The clock since apply: `0:47`, `1:02:03`.
pub fn clock(ms: Ms) -> String {
    let s = ms.max(0) / 1000;
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`.
pub fn ordinal(n: i64) -> String {
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// `1 Pod`, `3 Pods`.
pub fn count(n: i64, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// Cells of the retry meter before its bar: as many as may be used up without an end. Restarts end a Job when they reach
/// `backoffLimit`, failed Pods when they pass it.
pub fn cells(limit: i64, restarts: bool) -> usize {
    (if restarts { limit - 1 } else { limit }).max(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_few_decimals() {
        for (x, places, text) in [
            (0.0, 3, "0"),
            (-0.0004, 3, "0"),
            (12.5, 1, "12.5"),
            (-0.25, 2, "-0.25"),
            (100.0, 2, "100"),
            (1.0 / 3.0, 5, "0.33333"),
            (0.05, 2, "0.05"),
        ] {
            assert_eq!(decimal(x, places), text);
        }
    }

    #[test]
    fn durations_are_written_as_kubectl_writes_them() {
        for (s, want) in [
            (0, "0s"),
            (47, "47s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (601, "10m"),
            (10_860, "3h1m"),
            (90_000, "25h"),
        ] {
            assert_eq!(human(s * 1000), want);
        }
        assert_eq!(exact(160_000), "2m40s");
        assert_eq!(spoken(20_000), "20 s");
        assert_eq!(left(11_001), 12);
        assert_eq!(clock(47_900), "0:47");
        assert_eq!(
            ["1st", "2nd", "3rd", "4th", "11th", "22nd"],
            [1, 2, 3, 4, 11, 22].map(ordinal).each_ref().map(String::as_str)
        );
    }
}
