//! How long a Job waits after failures before it makes the next Pod.
//!
//! Models `pkg/controller/job/backoff_utils.go`. The record of a Job is kept in memory alone: it counts failures since the
//! last success, of all Pods together, and grows from 10 s, doubling, to 10 min.

use std::rc::Rc;

use super::pod::PodView;
use crate::clock::{MINUTE, Millis, SECOND, Time};

/// The wait after the first failure.
const DEFAULT_BACKOFF: Millis = 10 * SECOND;
/// The longest wait.
const MAX_BACKOFF: Millis = 10 * MINUTE;

/// Failures since the last success, and when the last one was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct BackoffRecord {
    pub failures_after_last_success: i64,
    pub last_failure_time: Option<Time>,
}

impl BackoffRecord {
    /// The record after Pods that ended since. Models `newBackoffRecord`.
    pub fn after(self, succeeded: &[Rc<PodView>], failed: &[Rc<PodView>]) -> Self {
        let mut failures: Vec<Time> = failed.iter().map(|p| p.finished_time()).collect();
        failures.sort_unstable();
        let Some(last_success) = succeeded.iter().map(|p| p.finished_time()).max() else {
            return Self {
                failures_after_last_success: self.failures_after_last_success + failures.len() as i64,
                last_failure_time: failures.last().copied().or(self.last_failure_time),
            };
        };
        let later = failures.iter().filter(|t| **t > last_success).count();
        Self {
            failures_after_last_success: later as i64,
            last_failure_time: failures.last().copied().filter(|_| later > 0),
        }
    }
    /// How much of the wait is left.
    pub fn remaining(self, now: Time) -> Millis {
        self.last_failure_time.map_or(0, |t| remaining(self.failures_after_last_success, t, now))
    }
}

/// How much of the wait is left for the index whose last failed Pod is given. Models `getRemainingTimePerIndex`.
pub(super) fn remaining_per_index(last_failed: Option<&PodView>, now: Time) -> Millis {
    last_failed.map_or(0, |pod| remaining(pod.absolute_failure_count() + 1, pod.finished_time(), now))
}

/// The wait after so many failures.
pub(super) fn backoff_duration(failures: i64) -> Millis {
    if failures <= 0 {
        return 0;
    }
    DEFAULT_BACKOFF.saturating_mul(1 << (failures - 1).min(30)).min(MAX_BACKOFF)
}

fn remaining(failures: i64, last_failure: Time, now: Time) -> Millis {
    (backoff_duration(failures) - (now - last_failure)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object, Value};

    fn ended(seconds: &[i64]) -> Vec<Rc<PodView>> {
        let pod = |s: &i64| {
            let at = Time::from_seconds(*s).rfc3339();
            let json = format!(
                r#"{{"status":{{"containerStatuses":[{{"state":{{"terminated":{{"finishedAt":"{at}"}}}}}}]}}}}"#
            );
            Rc::new(PodView::new(Rc::new(Object::new(Kind::Pod, Value::from_json(&json).unwrap())), false))
        };
        seconds.iter().map(pod).collect()
    }

    #[test]
    fn records_after_pods_that_ended() {
        let old = BackoffRecord { failures_after_last_success: 3, last_failure_time: Some(Time::from_seconds(5)) };
        for (case, record, succeeded, failed, want) in [
            ("nothing ended", old, &[][..], &[][..], (3, Some(5))),
            ("failures add up and the last one counts", old, &[], &[9, 7], (5, Some(9))),
            ("a success clears it", old, &[9], &[], (0, None)),
            ("a failure before the success is forgotten", old, &[9], &[7], (0, None)),
            ("a failure after the success starts anew", old, &[8], &[7, 9], (1, Some(9))),
            ("a failure at the same second as the success is forgotten", old, &[8], &[8], (0, None)),
            ("the first failure", BackoffRecord::default(), &[], &[1], (1, Some(1))),
        ] {
            let got = record.after(&ended(succeeded), &ended(failed));
            let last = want.1.map(Time::from_seconds);
            let want = BackoffRecord { failures_after_last_success: want.0, last_failure_time: last };
            assert_eq!(got, want, "{case}");
        }
    }

    #[test]
    fn waits_double_up_to_ten_minutes() {
        let waits: Vec<i64> = (0..9).map(|n| backoff_duration(n) / SECOND).collect();
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 320, 600, 600]);
        assert_eq!(backoff_duration(1_000), MAX_BACKOFF);
    }

    #[test]
    fn what_is_left_of_a_wait() {
        let record = BackoffRecord { failures_after_last_success: 2, last_failure_time: Some(Time::from_seconds(100)) };
        for (now, left) in [(100, 20), (105, 15), (120, 0), (500, 0), (99, 21)] {
            assert_eq!(record.remaining(Time::from_seconds(now)), left * SECOND, "{now}");
        }
        assert_eq!(BackoffRecord::default().remaining(Time::from_seconds(5)), 0);
    }
}
