//! Events go by themselves an hour after they were last written.
//!
//! Models `--event-ttl` of the API server and `storage/etcd3/lease_manager.go`: what is written within a minute shares a lease
//! of an hour and a minute, up to a thousand events, and all of a lease go at once.

use std::rc::Rc;

use crate::api::{Kind, Object};
use crate::apiserver::{Change, DeleteOptions};
use crate::clock::{MINUTE, Millis, Time};
use crate::component::{Component, Ctx};
use crate::queue::{Due, EventQueue};

/// How long an event is kept at least.
const TTL: Millis = 60 * MINUTE;
/// How long a lease is given out again.
const REUSE: Millis = MINUTE;
/// The most events of a lease.
const OBJECTS: u32 = 1000;

/// The leases of events. The task of each is the version that was written.
#[derive(Clone, Debug, Default)]
pub struct EventExpiry {
    tasks: EventQueue<Rc<Object>>,
    /// When the lease that is given out now ends, and how many it was given to.
    lease: Option<(Time, u32)>,
}

impl Component for EventExpiry {
    fn next_due(&self) -> Option<Due> {
        self.tasks.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some((_, event)) = self.tasks.pop() else { return };
        let key = event.key();
        // One that was written again has a later lease.
        if ctx.api.get(&key).is_some_and(|there| Rc::ptr_eq(there, &event)) {
            let _ = ctx.api.delete(&key, &DeleteOptions::default());
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let Some(event) = change.after.as_ref().filter(|_| change.key.kind == Kind::Event) else { return };
        let (ends, given) = match self.lease {
            Some((ends, given)) if ctx.now + TTL < ends && given < OBJECTS => (ends, given + 1),
            _ => (ctx.now + TTL + REUSE, 1),
        };
        self.lease = Some((ends, given));
        ctx.at(&mut self.tasks, ends, event.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::Subresource;
    use crate::component::testing::Bench;

    #[test]
    fn an_event_goes_an_hour_after_it_was_last_written() {
        let (mut b, mut expiry) = (Bench::new(), EventExpiry::default());
        for name in ["once", "again"] {
            b.create(Kind::Event, &format!(r#"{{"metadata":{{"name":"{name}"}},"message":"x"}}"#));
        }
        b.run(&mut [&mut expiry], TTL / 2);
        b.edit(Kind::Event, "again", Subresource::Main, |e| e.set("count", 2));
        b.run(&mut [&mut expiry], TTL / 2);
        assert!(b.get(Kind::Event, "once").is_some());
        b.run(&mut [&mut expiry], REUSE);
        assert!(b.get(Kind::Event, "once").is_none() && b.get(Kind::Event, "again").is_some());
        b.run(&mut [&mut expiry], TTL / 2);
        assert!(b.get(Kind::Event, "again").is_none());
    }
}
