//! Which tick of a schedule is due, and when to look again.
//!
//! Models `mostRecentScheduleTime`, `nextScheduleTimeDuration` and `nextScheduleTime` of
//! `pkg/controller/cronjob/utils.go`.

use super::ZonedSchedule;
use crate::api::Object;
use crate::clock::{Millis, SECOND, Time};

/// Added to a tick so that clocks that differ a little do not make the controller look too early.
const NEXT_SCHEDULE_DELTA: Millis = 100;
/// More missed ticks than these are too many.
const TOO_MANY: i64 = 100;

/// What the reckoning needs to know of a CronJob.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct CronTimes {
    pub creation: Time,
    pub last_schedule: Option<Time>,
    pub starting_deadline_seconds: Option<i64>,
}

impl CronTimes {
    pub fn read(cron_job: &Object) -> Self {
        Self {
            creation: cron_job.creation_time().unwrap_or_default(),
            last_schedule: cron_job.at("status.lastScheduleTime").as_str().and_then(Time::parse_rfc3339),
            starting_deadline_seconds: cron_job.at("spec.startingDeadlineSeconds").as_i64(),
        }
    }
}

/// How many ticks were missed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Missed {
    None,
    Few,
    Many,
}

/// Since when ticks are looked for, and what was found.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Recent {
    earliest: Time,
    tick: Option<Time>,
    missed: Missed,
}

/// The latest tick up to now. The error is for schedules of dates that never come.
fn most_recent_schedule_time(
    times: &CronTimes,
    now: Time,
    schedule: &ZonedSchedule,
    with_starting_deadline: bool,
) -> Result<Recent, &'static str> {
    let mut earliest = times.last_schedule.unwrap_or(times.creation);
    if let Some(seconds) = times.starting_deadline_seconds.filter(|_| with_starting_deadline) {
        earliest = earliest.max(now - seconds.saturating_mul(SECOND));
    }
    let never = "time difference between two schedules is less than 1 second";
    let first = schedule.next(earliest).ok_or(never)?;
    if now < first {
        return Ok(Recent { earliest, tick: None, missed: Missed::None });
    }
    let second = schedule.next(first).ok_or(never)?;
    if now < second {
        return Ok(Recent { earliest, tick: Some(first), missed: Missed::None });
    }
    let between = (second - first) / SECOND;
    if between < 1 {
        return Err(never);
    }
    let elapsed = (now - first) / SECOND;
    let count = elapsed / between + 1;
    // One tick before the latest, were all ticks as far apart as the first two; where they are not, the schedule itself is
    // followed from there.
    let mut tick = None;
    let mut next = schedule.next(first + (count - 2) * between * SECOND);
    while let Some(t) = next.filter(|t| *t <= now) {
        tick = Some(t);
        next = schedule.next(t);
    }
    let missed = match count {
        n if n > TOO_MANY => Missed::Many,
        n if n > 0 => Missed::Few,
        _ => Missed::None,
    };
    Ok(Recent { earliest, tick, missed })
}

/// How long until the controller looks again: the next tick and a little.
pub(super) fn next_schedule_time_delay(times: &CronTimes, now: Time, schedule: &ZonedSchedule) -> Millis {
    let from = match most_recent_schedule_time(times, now, schedule, false) {
        Ok(Recent { tick: Some(tick), .. }) => tick,
        Ok(Recent { earliest, missed: Missed::None, .. }) => earliest,
        Ok(_) | Err(_) => now,
    };
    schedule.next(from).map_or(0, |next| next + NEXT_SCHEDULE_DELTA - now)
}

/// The tick that is due, and whether too many were missed before it.
pub(super) fn next_schedule_time(
    times: &CronTimes,
    now: Time,
    schedule: &ZonedSchedule,
) -> Result<Option<(Time, bool)>, &'static str> {
    let recent = most_recent_schedule_time(times, now, schedule, true)?;
    Ok(recent.tick.map(|tick| (tick, recent.missed == Missed::Many)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cron::{Schedule, Zone};

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(&format!("2026-11-24T{text}Z")).unwrap()
    }

    fn schedule(text: &str) -> ZonedSchedule {
        ZonedSchedule { schedule: Schedule::parse(text).unwrap(), zone: Zone::utc() }
    }

    #[test]
    fn due_ticks() {
        for (case, spec, last, deadline, now, want) in [
            ("before the first tick", "0 * * * *", None, None, "09:59:59", Ok(None)),
            ("at the first tick", "0 * * * *", None, None, "10:00:00", Ok(Some(("10:00:00", false)))),
            ("the same tick until the next", "0 * * * *", None, None, "10:59:59", Ok(Some(("10:00:00", false)))),
            ("the latest of several", "0 * * * *", None, None, "14:30:00", Ok(Some(("14:00:00", false)))),
            ("after the last one handled", "0 * * * *", Some("12:00:00"), None, "12:30:00", Ok(None)),
            ("too many", "* * * * *", None, None, "11:30:30", Ok(Some(("11:30:00", true)))),
            (
                "not too many inside the deadline",
                "* * * * *",
                None,
                Some(60),
                "11:30:30",
                Ok(Some(("11:30:00", false))),
            ),
            ("a deadline shorter than the time since", "0 * * * *", None, Some(10), "10:00:30", Ok(None)),
            ("uneven ticks", "0,50 * * * *", None, None, "12:55:00", Ok(Some(("12:50:00", false)))),
            ("every so often", "@every 7m", Some("09:30:00"), None, "09:45:00", Ok(Some(("09:44:00", false)))),
        ] {
            let times = CronTimes {
                creation: at("09:30:10"),
                last_schedule: last.map(at),
                starting_deadline_seconds: deadline,
            };
            let got = next_schedule_time(&times, at(now), &schedule(spec));
            assert_eq!(got, want.map(|w: Option<(&str, bool)>| w.map(|(t, many)| (at(t), many))), "{case}");
        }
        let times = CronTimes { creation: at("09:30:10"), last_schedule: None, starting_deadline_seconds: None };
        assert!(next_schedule_time(&times, at("10:00:00"), &schedule("59 23 31 2 *")).is_err());
    }

    #[test]
    fn when_to_look_again() {
        for (case, spec, last, now, want) in [
            ("the first tick", "0 * * * *", None, "09:59:00", 60_100),
            ("after a tick that was handled", "0 * * * *", Some("10:00:00"), "10:00:01", 3_599_100),
            ("while a tick waits", "* * * * *", Some("10:00:00"), "10:02:30", 30_100),
        ] {
            let times =
                CronTimes { creation: at("09:30:10"), last_schedule: last.map(at), starting_deadline_seconds: None };
            assert_eq!(next_schedule_time_delay(&times, at(now), &schedule(spec)), want, "{case}");
        }
    }
}
