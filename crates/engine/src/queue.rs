//! The event queue: what is due when, and in which order where times are equal (the order of pushing).

use crate::clock::Time;
use crate::sorted::SortedMap;

/// When something is due, and its place among what is due at the same time.
pub type Due = (Time, u64);

/// Hands out the places, one for the whole cluster, so that order is kept across queues.
#[derive(Clone, Debug, Default)]
pub struct Sequence(u64);

impl Sequence {
    /// The next place.
    pub fn take(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// A queue of tasks by time, first in first out where times are equal. Push and pop are O(log n).
#[derive(Clone, Debug)]
pub struct EventQueue<T> {
    tasks: SortedMap<Due, T>,
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        Self { tasks: SortedMap::new() }
    }
}

impl<T: Clone> EventQueue<T> {
    /// Adds a task and returns its key, by which it can be cancelled.
    pub fn push(&mut self, sequence: &mut Sequence, at: Time, task: T) -> Due {
        let due = (at, sequence.take());
        self.tasks.insert(due, task);
        due
    }
    /// When the first task is due.
    pub fn next_due(&self) -> Option<Due> {
        self.tasks.first().map(|(due, _)| *due)
    }
    /// Takes the first task.
    pub fn pop(&mut self) -> Option<(Time, T)> {
        self.tasks.pop_first().map(|((at, _), task)| (at, task))
    }
    /// Takes a task away before it is due.
    pub fn cancel(&mut self, due: Due) -> Option<T> {
        self.tasks.remove(&due)
    }
    /// All tasks, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Time, &T)> {
        self.tasks.iter().map(|((at, _), task)| (*at, task))
    }
    /// How many tasks wait.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }
    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_times_keep_their_order_across_queues() {
        let mut seq = Sequence::default();
        let (mut a, mut b) = (EventQueue::default(), EventQueue::default());
        a.push(&mut seq, Time(5), "a5");
        b.push(&mut seq, Time(5), "b5");
        a.push(&mut seq, Time(1), "a1");
        let gone = a.push(&mut seq, Time(2), "gone");
        assert_eq!(a.cancel(gone), Some("gone"));
        assert_eq!(a.pop(), Some((Time(1), "a1")));
        assert!(a.next_due() < b.next_due());
    }
}
