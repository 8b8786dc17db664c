//! Which events are told again, counted, put together or left out.
//!
//! Models client-go `tools/record/events_cache.go`: ten similar messages within ten minutes become one that says so, alike
//! events are counted, and about one object a source may tell 25 events of a type and then one in five minutes.

use std::rc::Rc;

use super::EventType;
use crate::api::{ObjectKey, shared_text};
use crate::clock::{MINUTE, Millis, Time};
use crate::sorted::SortedMap;

/// How many different messages of one reason make a group.
const SIMILAR: usize = 10;
/// How long similar events are remembered.
const SIMILAR_FOR: Millis = 10 * MINUTE;
/// What one event costs of an object's budget, which grows by one a millisecond.
const COST: Millis = 5 * MINUTE;
/// An object's budget at first and at most.
const BURST: Millis = 25 * COST;
/// How long the new broadcaster remembers an event that is not repeated.
const FINISH: Millis = 6 * MINUTE;
/// How many objects are remembered before old ones are forgotten: upstream's 4096 entries, one for each reason, are about as
/// many Pods with their four or so reasons.
const OBJECTS: usize = 1024;

/// What was said before.
#[derive(Clone, Debug)]
struct Log {
    path: Rc<str>,
    kind: EventType,
    reason: Rc<str>,
    message: Rc<str>,
    known: Known,
}

/// An event that was recorded.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Its object.
    pub event: ObjectKey,
    /// How often it was said.
    pub count: i64,
    /// When it was said first.
    pub first: Time,
}

/// The messages of one reason.
#[derive(Clone, Debug)]
struct Similar {
    kind: EventType,
    reason: Rc<str>,
    /// In order.
    messages: Vec<Rc<str>>,
    last: Time,
    group: Option<Known>,
}

/// An event of the new kind.
#[derive(Clone, Debug)]
struct Series {
    version: u64,
    kind: EventType,
    reason: Rc<str>,
    action: Rc<str>,
    event: ObjectKey,
    last: Time,
    repeated: bool,
}

/// What was said about one object.
#[derive(Clone, Debug)]
struct Seen {
    /// One for Normal and one for Warning events.
    budgets: [Millis; 2],
    last: Time,
    logs: Vec<Log>,
    similar: Vec<Similar>,
    series: Vec<Series>,
}

/// An event that is to be recorded.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    /// When it is said.
    pub now: Time,
    /// The uid of the object it is about.
    pub uid: &'a Rc<str>,
    /// The part of the object it is about.
    pub path: &'a str,
    /// Its type.
    pub kind: EventType,
    /// Its reason.
    pub reason: &'a str,
    /// Its message, or for an event of the new kind its action.
    pub text: &'a str,
}

/// What to do with an event.
#[derive(Debug)]
pub(super) struct Verdict {
    /// The message of the group that it stands for, if it does.
    pub group: Option<String>,
    /// The event that was recorded before, its count already raised.
    pub known: Option<Known>,
    /// Whether nothing is to be recorded: too much was said about the object.
    pub skip: bool,
}

/// What to do with an event of the new kind.
#[derive(Debug)]
pub(super) enum SeriesVerdict {
    /// Record it.
    New,
    /// Make the recorded one a series of two.
    Second(ObjectKey),
    /// It is counted, and recorded when the series ends.
    Counted,
}

/// Remembers what was said, by the uid of the object it was said about.
#[derive(Clone, Debug, Default)]
pub(super) struct Correlator {
    objects: SortedMap<Rc<str>, Rc<Seen>>,
}

impl Correlator {
    fn seen(&mut self, uid: &Rc<str>, now: Time) -> &mut Seen {
        if self.objects.len() >= OBJECTS && !self.objects.contains_key(uid) {
            self.forget_oldest();
        }
        let fresh = || {
            Rc::new(Seen { budgets: [BURST; 2], last: now, logs: Vec::new(), similar: Vec::new(), series: Vec::new() })
        };
        Rc::make_mut(self.objects.or_insert_with(uid, fresh))
    }

    /// Forgets the half of the objects that were spoken of longest ago.
    fn forget_oldest(&mut self) {
        let mut times: Vec<Time> = self.objects.values().map(|s| s.last).collect();
        times.sort_unstable();
        let middle = times[times.len() / 2];
        self.objects.retain(&|_, s| s.last > middle);
    }

    /// Takes up an event; `name` makes the object for one that is recorded.
    pub fn observe(&mut self, said: Said<'_>, name: impl FnOnce() -> ObjectKey) -> Verdict {
        let Said { now, uid, path, kind, reason, text: message } = said;
        let seen = self.seen(uid, now);
        let at = match seen.similar.iter().position(|s| s.kind == kind && s.reason.as_ref() == reason) {
            Some(i) => i,
            None => {
                let reason = shared_text(reason);
                seen.similar.reserve_exact(1);
                seen.similar.push(Similar { kind, reason, messages: Vec::new(), last: now, group: None });
                seen.similar.len() - 1
            }
        };
        let similar = &mut seen.similar[at];
        if now - similar.last > SIMILAR_FOR {
            similar.messages.clear();
        }
        if let Err(place) = similar.messages.binary_search_by(|m| m.as_ref().cmp(message)) {
            similar.messages.reserve_exact(1);
            similar.messages.insert(place, shared_text(message));
        }
        similar.last = now;
        let grouped = similar.messages.len() >= SIMILAR;
        let slot = if grouped {
            similar.messages.remove(0);
            similar.group.as_mut()
        } else {
            let same = |l: &&mut Log| {
                l.kind == kind
                    && l.path.as_ref() == path
                    && l.reason.as_ref() == reason
                    && l.message.as_ref() == message
            };
            seen.logs.iter_mut().find(same).map(|l| &mut l.known)
        };
        let known = if let Some(known) = slot {
            known.count += 1;
            Some(known.clone())
        } else {
            let known = Known { event: name(), count: 1, first: now };
            if grouped {
                similar.group = Some(known);
            } else {
                let (path, message) = (shared_text(path), shared_text(message));
                seen.logs.reserve_exact(1);
                seen.logs.push(Log { path, kind, reason: similar.reason.clone(), message, known });
            }
            None
        };
        let group = grouped.then(|| format!("(combined from similar events): {message}"));
        for budget in &mut seen.budgets {
            *budget = (*budget + (now - seen.last)).min(BURST);
        }
        seen.last = now;
        let budget = &mut seen.budgets[usize::from(kind == EventType::Warning)];
        let skip = *budget < COST;
        if !skip {
            *budget -= COST;
        }
        Verdict { group, known, skip }
    }

    /// The object under which the event that was just observed for the first time is recorded.
    pub fn recorded(&self, uid: &Rc<str>, grouped: bool, kind: EventType, reason: &str) -> Option<ObjectKey> {
        let seen = self.objects.get(uid)?;
        if grouped {
            let similar = seen.similar.iter().find(|s| s.kind == kind && s.reason.as_ref() == reason)?;
            return similar.group.as_ref().map(|k| k.event.clone());
        }
        seen.logs.last().map(|l| l.known.event.clone())
    }

    /// Takes up an event of the new kind. Alike are those about the same version of an object, whatever they say.
    pub fn observe_series(&mut self, said: Said<'_>, version: u64, event: &ObjectKey) -> SeriesVerdict {
        let Said { now, uid, kind, reason, text: action, .. } = said;
        let seen = self.seen(uid, now);
        seen.last = now;
        seen.series.retain(|s| now - s.last <= FINISH);
        let same = |s: &&mut Series| {
            s.version == version && s.kind == kind && s.reason.as_ref() == reason && s.action.as_ref() == action
        };
        match seen.series.iter_mut().find(same) {
            None => {
                let (reason, action) = (shared_text(reason), shared_text(action));
                let event = event.clone();
                seen.series.reserve_exact(1);
                seen.series.push(Series { version, kind, reason, action, event, last: now, repeated: false });
                SeriesVerdict::New
            }
            Some(s) => {
                s.last = now;
                if std::mem::replace(&mut s.repeated, true) {
                    SeriesVerdict::Counted
                } else {
                    SeriesVerdict::Second(s.event.clone())
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;
    use crate::clock::SECOND;

    fn say(c: &mut Correlator, now: Time, message: &str) -> Verdict {
        let name = || ObjectKey::new(Kind::Event, "default", format!("x.{}", now.0));
        let (uid, kind, reason) = (&Rc::from("uid"), EventType::Warning, "FailedCreate");
        c.observe(Said { now, uid, path: "", kind, reason, text: message }, name)
    }

    #[test]
    fn ten_similar_messages_become_one() {
        let mut c = Correlator::default();
        let verdicts: Vec<Verdict> = (0..13).map(|i| say(&mut c, Time(i), &format!("no {i}"))).collect();
        assert!(verdicts[..9].iter().all(|v| v.group.is_none() && v.known.is_none()));
        assert!(verdicts[9].known.is_none());
        assert_eq!(verdicts[9].group.as_deref(), Some("(combined from similar events): no 9"));
        assert_eq!(verdicts[12].known.as_ref().map(|k| k.count), Some(4));
    }

    #[test]
    fn alike_events_are_counted_until_too_many() {
        let mut c = Correlator::default();
        let verdicts: Vec<Verdict> = (0..27).map(|i| say(&mut c, Time(i), "no")).collect();
        assert_eq!(verdicts[24].known.as_ref().map(|k| k.count), Some(25));
        assert_eq!(verdicts.iter().position(|v| v.skip), Some(25));
        let later = say(&mut c, Time(301 * SECOND), "no");
        assert!(!later.skip);
        assert_eq!(later.known.map(|k| k.count), Some(28));
    }

    #[test]
    fn the_new_kind_makes_series() {
        let mut c = Correlator::default();
        let key = ObjectKey::new(Kind::Event, "default", "x.1");
        let mut say = |now: i64, version: u64| {
            let (uid, kind, reason) = (&Rc::from("u"), EventType::Warning, "FailedScheduling");
            let said = Said { now: Time(now), uid, path: "", kind, reason, text: "Scheduling" };
            c.observe_series(said, version, &key)
        };
        assert!(matches!(say(0, 1), SeriesVerdict::New));
        assert!(matches!(say(1, 2), SeriesVerdict::New));
        assert!(matches!(say(2, 2), SeriesVerdict::Second(_)));
        assert!(matches!(say(3, 2), SeriesVerdict::Counted));
        assert!(matches!(say(10 * MINUTE, 2), SeriesVerdict::New));
    }
}
