//! When a schedule fires next, in a time zone whose clock jumps.
//!
//! Models robfig/cron v3 `spec.go` (`Next`, `dayMatches`) over the calendar of Go's `time`: 2 am on the night when the
//! clock goes forward never comes, and on the night when it goes back it comes twice.

use super::{STAR, Spec, Zone};
use crate::clock::{Civil, Time, days_from_civil};

const HOUR: i64 = 3600;
const MINUTE: i64 = 60;

/// A moment and what a clock on the wall of the zone shows.
struct Wall<'a> {
    zone: &'a Zone,
    unix: i64,
    civil: Civil,
}

impl<'a> Wall<'a> {
    fn at(zone: &'a Zone, unix: i64) -> Self {
        let civil = Time::from_seconds(unix + zone.offset(unix)).civil();
        Self { zone, unix, civil }
    }
    /// Models Go's `time.Date`, which normalizes the day and picks one of two zones around a jump.
    fn date(zone: &'a Zone, days: i64, seconds_of_day: i64) -> Self {
        let local = days * 86_400 + seconds_of_day;
        let (mut offset, start, end) = zone.lookup(local);
        if offset != 0 {
            let utc = local - offset;
            if utc < start || utc >= end {
                offset = zone.offset(utc);
            }
        }
        Self::at(zone, local - offset)
    }
    fn days(&self) -> i64 {
        days_from_civil(self.civil.year, self.civil.month, self.civil.day)
    }
    fn seconds_of_day(&self) -> i64 {
        i64::from(self.civil.hour) * HOUR + i64::from(self.civil.minute) * MINUTE + i64::from(self.civil.second)
    }
    fn add(&mut self, seconds: i64) {
        *self = Self::at(self.zone, self.unix + seconds);
    }
    fn add_day(&mut self) {
        *self = Self::date(self.zone, self.days() + 1, self.seconds_of_day());
    }
    fn add_month(&mut self) {
        let Civil { year, month, day, .. } = self.civil;
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        *self = Self::date(self.zone, days_from_civil(year, month, 1) + i64::from(day) - 1, self.seconds_of_day());
    }
}

fn day_matches(spec: &Spec, civil: Civil) -> bool {
    let day_of_month = spec.day_of_month >> civil.day & 1 == 1;
    let day_of_week = spec.day_of_week >> civil.weekday() & 1 == 1;
    if spec.day_of_month & STAR != 0 || spec.day_of_week & STAR != 0 {
        day_of_month && day_of_week
    } else {
        day_of_month || day_of_week
    }
}

/// The first second after `after`, in seconds since the epoch, that matches; none within five years.
pub(super) fn next(spec: &Spec, after: i64, zone: &Zone) -> Option<i64> {
    if spec.minute & !STAR == 0 || spec.hour & !STAR == 0 {
        // A field of commas alone parses to nothing; the search would end at the limit of years.
        return None;
    }
    let mut t = Wall::at(zone, after + 1);
    let mut added = false;
    let year_limit = t.civil.year + 5;
    'wrap: loop {
        if t.civil.year > year_limit {
            return None;
        }
        while spec.month >> t.civil.month & 1 == 0 {
            if !added {
                added = true;
                t = Wall::date(zone, days_from_civil(t.civil.year, t.civil.month, 1), 0);
            }
            t.add_month();
            if t.civil.month == 1 {
                continue 'wrap;
            }
        }
        while !day_matches(spec, t.civil) {
            if !added {
                added = true;
                t = Wall::date(zone, t.days(), 0);
            }
            t.add_day();
            // Where midnight does not exist the clock shows one hour more or less.
            let hour = i64::from(t.civil.hour);
            if hour > 12 {
                t.add((24 - hour) * HOUR);
            } else if hour > 0 {
                t.add(-hour * HOUR);
            }
            if t.civil.day == 1 {
                continue 'wrap;
            }
        }
        while spec.hour >> t.civil.hour & 1 == 0 {
            if !added {
                added = true;
                t = Wall::date(zone, t.days(), i64::from(t.civil.hour) * HOUR);
            }
            t.add(HOUR);
            if t.civil.hour == 0 {
                continue 'wrap;
            }
        }
        while spec.minute >> t.civil.minute & 1 == 0 {
            if !added {
                added = true;
                t = Wall::at(zone, t.unix.div_euclid(MINUTE) * MINUTE);
            }
            t.add(MINUTE);
            if t.civil.minute == 0 {
                continue 'wrap;
            }
        }
        if t.civil.second == 0 {
            return Some(t.unix);
        }
        added = true;
        t.add(i64::from(60 - t.civil.second));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Schedule, Zone};
    use crate::clock::Time;

    fn next(schedule: &str, zone: &str, after: &str) -> String {
        let after = Time::parse_rfc3339(after).unwrap();
        let found = Schedule::parse(schedule).unwrap().next(after, &Zone::load(zone).unwrap());
        found.map_or_else(|| "never".to_owned(), Time::rfc3339)
    }

    #[test]
    fn next_in_utc() {
        for (schedule, after, want) in [
            ("* * * * *", "2026-11-24T07:06:15.4Z", "2026-11-24T07:07:00Z"),
            ("* * * * *", "2026-11-24T07:07:00Z", "2026-11-24T07:08:00Z"),
            ("*/15 * * * *", "2026-11-24T07:46:00Z", "2026-11-24T08:00:00Z"),
            ("0 0 31 * *", "2026-11-24T00:00:00Z", "2026-12-31T00:00:00Z"),
            ("0 0 29 2 *", "2026-11-24T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("59 23 31 2 *", "2026-11-24T00:00:00Z", "never"),
            (", * * * *", "2026-11-24T00:00:00Z", "never"),
            ("0 0 13 * 5", "2026-11-24T00:00:00Z", "2026-11-27T00:00:00Z"),
            ("0 0 */2 * 5", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
            ("0 0 * * MON", "2026-11-24T00:00:00Z", "2026-11-30T00:00:00Z"),
            ("@yearly", "2026-11-24T00:00:00Z", "2027-01-01T00:00:00Z"),
            ("@weekly", "2026-11-24T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("@every 90s", "2026-11-24T07:06:15.4Z", "2026-11-24T07:07:45Z"),
            ("@every 10ms", "2026-11-24T07:06:15.4Z", "2026-11-24T07:06:16Z"),
            ("TZ=Asia/Tokyo 0 9 * * *", "2026-11-24T07:06:15Z", "2026-11-25T00:00:00Z"),
        ] {
            assert_eq!(next(schedule, "UTC", after), want, "{schedule} after {after}");
        }
    }

    #[test]
    fn two_in_the_morning_is_skipped_in_spring_and_comes_twice_in_autumn() {
        for (schedule, zone, after, want) in [
            ("30 2 * * *", "America/New_York", "2026-03-07T08:00:00Z", "2026-03-09T06:30:00Z"),
            ("30 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T05:30:00Z"),
            ("30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
            ("30 1 * * *", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"),
            ("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-24T21:00:00Z"),
            ("0 9 * * *", "Asia/Kathmandu", "2026-11-24T00:00:00Z", "2026-11-24T03:15:00Z"),
        ] {
            assert_eq!(next(schedule, zone, after), want, "{schedule} in {zone} after {after}");
        }
    }
}
