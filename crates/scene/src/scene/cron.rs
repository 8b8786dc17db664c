//! A CronJob as its card shows it: the dial, the next runs in its zone, the Jobs that are kept.

use std::rc::Rc;

use batchyard_engine::api::{Kind, Object};
use batchyard_engine::cluster::{Schedule, Time, WaitKind, Zone};
use implicit_clone::unsync::IString as AttrValue;

use super::{World, object_key, wait_of};
use crate::text::{Ms, human};
use crate::view::{CronView, Face, Wait};

const HOUR: Ms = 3_600_000;
const DAY: Ms = 86_400_000;
/// Points on a face at most; a denser schedule is drawn as they are.
const POINTS: usize = 60;

/// A schedule of five fields, `@hourly`, or one that begins with `TZ=`, in a zone.
pub struct Plan {
    schedule: Schedule,
    zone: Zone,
}

impl Plan {
    /// Reads a schedule; none where the controller could not either.
    pub fn read(schedule: &str, zone: &str) -> Option<Self> {
        let zone = if zone.is_empty() { Zone::utc() } else { Zone::load(zone).ok()? };
        Some(Self { schedule: Schedule::parse(schedule).ok()?, zone })
    }
    /// What is added to UTC at a moment.
    pub fn offset(&self, at: Ms) -> Ms {
        self.zone.offset(at.div_euclid(1000)) * 1000
    }
    /// The next runs after a moment.
    pub fn next(&self, after: Ms, count: usize) -> Vec<Ms> {
        let mut at = Time(after);
        let mut out = Vec::new();
        while out.len() < count {
            let Some(next) = self.schedule.next(at, &self.zone) else { break };
            out.push(next.0);
            at = next;
        }
        out
    }
    /// The face that fits, and the points on it.
    pub fn face(&self, now: Ms) -> (Face, Vec<f64>) {
        let runs = self.next(now, POINTS + 1);
        let offset = self.offset(now);
        let gap = runs.windows(2).map(|w| w[1] - w[0]).max().or_else(|| runs.first().map(|_| DAY)).unwrap_or(DAY * 9);
        let (face, turn) = match gap {
            g if g <= HOUR => (Face::Hour, HOUR),
            g if g <= DAY + 2 * HOUR => (Face::Day, DAY),
            _ => return (Face::None, Vec::new()),
        };
        let mut points: Vec<f64> = Vec::new();
        for run in runs {
            let part = (run + offset).rem_euclid(turn) as f64 / turn as f64;
            if !points.iter().any(|p| (p - part).abs() < 1e-6) {
                points.push(part);
            }
        }
        (face, points)
    }
}

/// `09:31`, with the day of the week where it is not today's.
fn clock_of(at: Ms, offset: Ms, now: Ms) -> String {
    let local = Time(at + offset).civil();
    let today = (now + offset).div_euclid(DAY) == (at + offset).div_euclid(DAY);
    let time = format!("{:02}:{:02}", local.hour, local.minute);
    if today {
        return time;
    }
    let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][local.weekday() as usize % 7];
    format!("{day} {time}")
}

/// The part of a CronJob's card that its schedule alone decides.
pub fn planned(schedule: &str, zone: &str, now: Ms) -> (Face, Ms, Vec<f64>, Vec<(AttrValue, AttrValue)>) {
    let Some(plan) = Plan::read(schedule, zone) else { return (Face::None, 0, Vec::new(), Vec::new()) };
    let (face, due) = plan.face(now);
    let next = plan
        .next(now, 5)
        .into_iter()
        .map(|t| (clock_of(t, plan.offset(t), now).into(), format!("in {}", human(t - now)).into()));
    (face, plan.offset(now), due, next.collect())
}

/// Derives the view of a CronJob.
pub fn view(object: &Object, world: &World) -> CronView {
    let (body, now) = (object.body(), world.now);
    let spec = body.at("spec");
    let zone = spec.str_at("timeZone");
    let (face, offset, due, next) = planned(spec.str_at("schedule"), zone, now);
    let suspended = spec.bool_at("suspend");
    let jobs: Vec<&Rc<Object>> =
        world.list(Kind::Job).filter(|j| j.controller().is_some_and(|c| c.uid == *object.uid())).collect();
    let finished = |condition: &str| -> Rc<[(AttrValue, AttrValue)]> {
        let mut list: Vec<_> = jobs.iter().filter(|j| j.condition_is_true(condition)).collect();
        list.sort_by_key(|j| j.creation_time());
        list.iter()
            .map(|j| (short(j.name(), object.name()), human(now - j.creation_time().map_or(now, |t| t.0)).into()))
            .collect()
    };
    let active = jobs
        .iter()
        .filter(|j| !j.condition_is_true("Complete") && !j.condition_is_true("Failed"))
        .map(|j| j.name().to_string().into())
        .collect();
    let last = Time::parse_rfc3339(body.str_at("status.lastScheduleTime"));
    let timer = world.wait(object.uid(), WaitKind::CronNext).map(wait_of).filter(|w| w.to > now);
    let own = || Plan::read(spec.str_at("schedule"), zone)?.next(now, 1).first().map(|t| Wait { from: now, to: *t });
    CronView {
        key: object_key(object),
        name: object.name().to_string().into(),
        schedule: spec.str_at("schedule").to_owned().into(),
        zone: if zone.is_empty() { "<none>".into() } else { zone.to_owned().into() },
        offset,
        policy: spec.str_at("concurrencyPolicy").to_owned().into(),
        suspended,
        wait: if suspended { None } else { timer.or_else(own) },
        face,
        due: due.into(),
        next: if suspended { Rc::new([]) } else { next.into() },
        last: last.map_or_else(|| "<none>".into(), |t| human(now - t.0).into()),
        active,
        good: finished("Complete"),
        bad: finished("Failed"),
        keep_good: spec.int_at("successfulJobsHistoryLimit").unwrap_or(3),
        keep_bad: spec.int_at("failedJobsHistoryLimit").unwrap_or(1),
    }
}

/// The name of a Job without that of its CronJob.
fn short(name: &str, cron: &str) -> AttrValue {
    name.strip_prefix(cron).and_then(|r| r.strip_prefix('-')).unwrap_or(name).to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_face_fits_the_schedule() {
        let now = Time::parse_rfc3339("2026-11-24T09:00:10Z").expect("a time").0;
        let face = |s: &str| planned(s, "", now).0;
        assert_eq!(
            [face("* * * * *"), face("*/15 * * * *"), face("0 2 * * *"), face("0 2 * * 1"), face("not one")],
            [Face::Hour, Face::Hour, Face::Day, Face::None, Face::None]
        );
        let next = planned("0 2 * * *", "Europe/Berlin", now).3;
        assert_eq!((next.len(), &*next[0].0, &*next[0].1), (5, "Wed 02:00", "in 15h"));
    }
}
