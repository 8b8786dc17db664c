//! Cron schedules exactly as Kubernetes reads them, time zones, and the next time a schedule fires.
//!
//! Models robfig/cron v3 (`parser.go`, `spec.go`, `constantdelay.go`), the panic recovery of Kubernetes'
//! `pkg/util/parsers`, and the time zones of Go's `time`.

mod duration;
mod next;
mod parse;
mod zone;

use std::rc::Rc;

pub use zone::Zone;

use crate::clock::Time;

/// Set in a field's bits where the field is a star.
const STAR: u64 = 1 << 63;

/// A parsed schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    kind: ScheduleKind,
    /// The zone of a `TZ=` or `CRON_TZ=` prefix, which goes before the caller's.
    zone: Option<Rc<Zone>>,
}

#[derive(Clone, PartialEq, Debug)]
enum ScheduleKind {
    Spec(Spec),
    /// `@every`: whole seconds.
    Every(i64),
}

/// The five fields as sets of bits.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Spec {
    minute: u64,
    hour: u64,
    day_of_month: u64,
    month: u64,
    day_of_week: u64,
}

impl Schedule {
    /// Parses `*/5 * * * *`, `@daily`, `@every 1h30m`, each with an optional `TZ=Zone ` before it. The error is robfig's text.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text)
    }
    /// The first time after `after` at which the schedule fires in a time zone; none within five years where a date that
    /// never comes is asked for.
    pub fn next(&self, after: Time, zone: &Zone) -> Option<Time> {
        let zone = self.zone.as_deref().unwrap_or(zone);
        match &self.kind {
            ScheduleKind::Spec(spec) => next::next(spec, after.seconds(), zone).map(Time::from_seconds),
            ScheduleKind::Every(seconds) => Some(Time::from_seconds(after.seconds() + seconds)),
        }
    }
}
