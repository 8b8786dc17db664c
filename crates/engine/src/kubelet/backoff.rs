//! Exponential back-off by key: crash looping containers and images that cannot be pulled.
//!
//! Models client-go `util/flowcontrol/backoff.go`, without jitter.

use std::collections::BTreeMap;

use crate::clock::{Millis, Time};

/// One key's back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// How long to wait.
    pub backoff: Millis,
    /// When the wait was last made longer.
    pub last_update: Time,
}

/// Back-offs of a pod's containers or images.
#[derive(Clone, Debug)]
pub struct Backoff {
    initial: Millis,
    max: Millis,
    entries: BTreeMap<String, Entry>,
}

impl Backoff {
    /// Back-offs that start at `initial` and double up to `max`.
    pub fn new(initial: Millis, max: Millis) -> Self {
        Self { initial, max, entries: BTreeMap::new() }
    }
    /// Whether what was going on until `event` lasted long enough for the back-off to start anew.
    fn expired(&self, event: Time, entry: Entry) -> bool {
        event - entry.last_update > 2 * self.max
    }
    /// The current wait of a key.
    pub fn get(&self, key: &str) -> Millis {
        self.entries.get(key).map_or(0, |e| e.backoff)
    }
    /// Makes the wait longer, after what happened at `event`.
    pub fn next(&mut self, key: &str, event: Time, now: Time) {
        let backoff = match self.entries.get(key) {
            Some(e) if !self.expired(event, *e) => (e.backoff * 2).min(self.max),
            _ => self.initial,
        };
        self.entries.insert(key.to_owned(), Entry { backoff, last_update: now });
    }
    /// Whether the wait counted from `event` (a container's exit) is still running; if so, until when.
    pub fn until_since(&self, key: &str, event: Time, now: Time) -> Option<Time> {
        let entry = *self.entries.get(key)?;
        let until = event + entry.backoff;
        (!self.expired(event, entry) && now < until).then_some(until)
    }
    /// Whether the wait counted from its last update (a failed pull) is still running; if so, until when.
    pub fn until_since_update(&self, key: &str, now: Time) -> Option<Time> {
        let entry = *self.entries.get(key)?;
        let until = entry.last_update + entry.backoff;
        (!self.expired(now, entry) && now < until).then_some(until)
    }
    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<Entry> {
        self.entries.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SECOND;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let mut b = Backoff::new(10 * SECOND, 300 * SECOND);
        let mut now = Time(0);
        let mut waits = vec![];
        for _ in 0..8 {
            let exit = now;
            let until = b.until_since("k", exit, now).unwrap_or(now);
            waits.push((until - exit) / SECOND);
            now = until;
            b.next("k", exit, now);
            now = now + SECOND;
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn ten_good_minutes_reset() {
        let mut b = Backoff::new(10 * SECOND, 300 * SECOND);
        for _ in 0..4 {
            b.next("k", Time(0), Time(0));
        }
        assert_eq!(b.get("k"), 80 * SECOND);
        let exit = Time(601 * SECOND);
        assert_eq!(b.until_since("k", exit, exit), None);
        b.next("k", exit, exit);
        assert_eq!(b.get("k"), 10 * SECOND);
    }
}
