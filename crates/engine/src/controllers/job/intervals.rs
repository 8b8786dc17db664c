//! Sets of completion indexes, as the intervals that `status.completedIndexes` shows.
//!
//! Models `orderedIntervals` and `parseIndexesFromString` of `pkg/controller/job/indexed_job_utils.go`.

use std::fmt;

/// Indexes from the first to the last, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Interval {
    pub first: i64,
    pub last: i64,
}

/// Indexes as intervals in order, with gaps between them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct OrderedIntervals(pub Vec<Interval>);

impl OrderedIntervals {
    /// Reads `1,3-5,7`, leaving out what is not below `completions` and what is no number.
    pub fn parse(text: &str, completions: i64) -> Self {
        let mut result: Vec<Interval> = Vec::new();
        if text.is_empty() {
            return Self::default();
        }
        for part in text.split(',') {
            let mut limits = part.split('-');
            let Some(Ok(first)) = limits.next().map(str::parse::<i64>) else { continue };
            if first >= completions {
                break;
            }
            let last = match limits.next().map(str::parse::<i64>) {
                None => first,
                Some(Ok(last)) => last.min(completions - 1),
                Some(Err(_)) => continue,
            };
            match result.last_mut() {
                Some(before) if before.last == first - 1 => before.last = last,
                _ => result.push(Interval { first, last }),
            }
        }
        Self(result)
    }
    /// These and further indexes, given in order.
    pub fn with_ordered_indexes(&self, indexes: impl IntoIterator<Item = i64>) -> Self {
        self.merge(indexes.into_iter().map(|i| Interval { first: i, last: i }))
    }
    /// These and further intervals, given in order.
    pub fn merge(&self, more: impl IntoIterator<Item = Interval>) -> Self {
        let mut result: Vec<Interval> = Vec::new();
        let mut add = |next: Interval| match result.last_mut() {
            Some(last) if next.first <= last.last + 1 => last.last = last.last.max(next.last),
            _ => result.push(next),
        };
        let mut own = self.0.iter().copied().peekable();
        for next in more {
            while let Some(before) = own.next_if(|i| i.first < next.first) {
                add(before);
            }
            add(next);
        }
        own.for_each(add);
        Self(result)
    }
    /// How many indexes.
    pub fn total(&self) -> i64 {
        self.0.iter().map(|i| i.last - i.first + 1).sum()
    }
    /// Whether an index is among them.
    pub fn has(&self, index: i64) -> bool {
        let i = self.0.partition_point(|i| i.last < index);
        self.0.get(i).is_some_and(|i| i.first <= index)
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for OrderedIntervals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Interval { first, last }) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match last - first {
                0 => write!(f, "{first}")?,
                1 => write!(f, "{first},{last}")?,
                _ => write!(f, "{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsed_and_written() {
        for (text, completions, want, total) in [
            ("", 5, "", 0),
            ("0", 5, "0", 1),
            ("0,1", 5, "0,1", 2),
            ("0,1,2", 5, "0-2", 3),
            ("0-2,4", 5, "0-2,4", 4),
            ("0-9", 5, "0-4", 5),
            ("3-4,7", 5, "3,4", 2),
            ("8", 5, "", 0),
            ("x,1,2-y,3", 5, "1,3", 2),
        ] {
            let got = OrderedIntervals::parse(text, completions);
            assert_eq!((got.to_string().as_str(), got.total()), (want, total), "{text}");
        }
    }

    #[test]
    fn merged() {
        for (a, b, want) in [
            ("", &[1, 2][..], "1,2"),
            ("1,2", &[], "1,2"),
            ("0-2", &[3, 5], "0-3,5"),
            ("4-6", &[1, 2, 3], "1-6"),
            ("1-3,7", &[2, 8, 9], "1-3,7-9"),
            ("0-9", &[4], "0-9"),
        ] {
            let got = OrderedIntervals::parse(a, 100).with_ordered_indexes(b.iter().copied());
            assert_eq!(got.to_string(), want, "{a} with {b:?}");
        }
    }

    #[test]
    fn membership() {
        let set = OrderedIntervals::parse("1,4-6", 100);
        let members: Vec<i64> = (0..8).filter(|i| set.has(*i)).collect();
        assert_eq!(members, [1, 4, 5, 6]);
    }
}
