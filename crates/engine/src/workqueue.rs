//! A controller's queue of keys: each at most once, now or later, with a growing delay for those that fail.
//!
//! Models client-go `util/workqueue` (queue, delaying queue and rate limiting queue). A key that waits and is added for
//! now is synced twice, as upstream.

use crate::api::ObjectKey;
use crate::clock::{Millis, Time};
use crate::component::Ctx;
use crate::queue::{Due, EventQueue};
use crate::sorted::SortedMap;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lane {
    Ready,
    Again,
    Waiting,
}

/// Keys to sync and when.
#[derive(Clone, Debug)]
pub struct WorkQueue {
    queue: EventQueue<(Lane, ObjectKey)>,
    ready: SortedMap<ObjectKey, Due>,
    again: SortedMap<ObjectKey, Due>,
    waiting: SortedMap<ObjectKey, Due>,
    failures: SortedMap<ObjectKey, u32>,
    base_delay: Millis,
    max_delay: Millis,
}

impl Default for WorkQueue {
    /// The delays of `DefaultTypedControllerRateLimiter`, in whole milliseconds: 5 ms doubling to 1000 s.
    fn default() -> Self {
        Self::with_delays(5, 1_000_000)
    }
}

impl WorkQueue {
    /// A queue whose failing keys wait `base_delay`, doubling up to `max_delay`.
    pub fn with_delays(base_delay: Millis, max_delay: Millis) -> Self {
        Self {
            queue: EventQueue::default(),
            ready: SortedMap::new(),
            again: SortedMap::new(),
            waiting: SortedMap::new(),
            failures: SortedMap::new(),
            base_delay,
            max_delay,
        }
    }
    /// Adds a key to be synced after the informer's latency. Added twice before it is synced, it is synced once, at the
    /// earlier of the two times.
    pub fn add(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey, latency: Millis) {
        Self::place(&mut self.queue, &mut self.ready, ctx, key, latency, Lane::Ready);
    }
    /// Adds a key to be synced after the informer's latency, and once more where it is about to be synced for another change.
    /// What one sync of another controller writes in an instant here lies milliseconds apart in a real cluster; that can be
    /// seen where each sync tells something.
    pub fn add_apart(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey, latency: Millis) {
        if let Some(due) = self.ready.get(&key) {
            let delay = due.0 + latency - ctx.now;
            Self::place(&mut self.queue, &mut self.again, ctx, key, delay, Lane::Again);
        } else {
            self.add(ctx, key, latency);
        }
    }
    /// Adds a key to be synced after a delay. Of several delays of one key the earliest counts.
    pub fn add_after(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey, delay: Millis) {
        Self::place(&mut self.queue, &mut self.waiting, ctx, key, delay, Lane::Waiting);
    }
    fn place(
        queue: &mut EventQueue<(Lane, ObjectKey)>,
        lane: &mut SortedMap<ObjectKey, Due>,
        ctx: &mut Ctx<'_>,
        key: ObjectKey,
        delay: Millis,
        which: Lane,
    ) {
        let at = ctx.now + delay.max(0);
        if let Some(due) = lane.get(&key).copied() {
            if due.0 <= at {
                return;
            }
            queue.cancel(due);
        }
        let due = queue.push(ctx.sequence, at, (which, key.clone()));
        lane.insert(key, due);
    }
    /// Adds a key again after a failure, each time after twice the delay.
    pub fn add_rate_limited(&mut self, ctx: &mut Ctx<'_>, key: ObjectKey) {
        let n = self.failures.or_insert_with(&key, || 0);
        let delay = self.base_delay.saturating_mul(1 << (*n).min(40)).min(self.max_delay);
        *n += 1;
        self.add_after(ctx, key, delay);
    }
    /// How often a key has failed in a row.
    pub fn failures(&self, key: &ObjectKey) -> u32 {
        self.failures.get(key).copied().unwrap_or(0)
    }
    /// Forgets a key's failures.
    pub fn forget(&mut self, key: &ObjectKey) {
        self.failures.remove(key);
    }
    /// When the next key is due.
    pub fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    /// Takes the next key.
    pub fn pop(&mut self) -> Option<ObjectKey> {
        let (_, (lane, key)) = self.queue.pop()?;
        match lane {
            Lane::Ready => self.ready.remove(&key),
            Lane::Again => self.again.remove(&key),
            Lane::Waiting => self.waiting.remove(&key),
        };
        Some(key)
    }
    /// When a waiting key is due.
    pub fn waits_until(&self, key: &ObjectKey) -> Option<Time> {
        self.waiting.get(key).map(|due| due.0)
    }
}
