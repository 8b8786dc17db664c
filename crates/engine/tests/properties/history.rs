//! Histories of a Job and what a learner does to it, told whole, in parts, and back and forth; and what becomes of what it owns.

use batchyard_engine::api::KINDS;
use batchyard_engine::cluster::{Cluster, Time};
use proptest::prelude::*;

use crate::manifest::{Action, Job};
use crate::{applied, kubectl, run};

/// A Job, what is done to it, and how long it is watched after that.
#[derive(Clone, Debug)]
pub struct Story {
    pub job: Job,
    pub actions: Vec<Action>,
    pub rest: i64,
    pub seed: u64,
}

impl Story {
    /// The story up to a second of it.
    pub fn tell(&self, seconds: i64) -> Cluster {
        let mut cluster = applied(&self.job.yaml(), self.seed);
        let mut left = seconds;
        for action in &self.actions {
            if action.after > left {
                break;
            }
            left -= action.after;
            run(&mut cluster, action.after);
            kubectl(&mut cluster, &action.line, "");
        }
        run(&mut cluster, left);
        cluster
    }
    /// How long it is.
    pub fn seconds(&self) -> i64 {
        self.rest + self.actions.iter().map(|a| a.after).sum::<i64>()
    }
}

/// A story.
pub fn story() -> impl Strategy<Value = Story> {
    (crate::manifest::job(), crate::manifest::actions(), 1..60i64, 0..9u64)
        .prop_map(|(job, actions, rest, seed)| Story { job, actions, rest, seed })
}

/// Every object there is, as it is.
pub fn objects(cluster: &Cluster) -> String {
    let snapshot = cluster.snapshot();
    let all = KINDS.iter().flat_map(|info| snapshot.list(info.kind));
    all.map(|o| o.body().to_json() + "\n").collect()
}

/// The same seconds, in steps of so many tasks and so many milliseconds, come to the same.
pub fn in_parts(story: &Story, step: i64, budget: u32) -> Result<(), TestCaseError> {
    let whole = story.tell(story.seconds());
    let mut parts = applied(&story.job.yaml(), story.seed);
    let advance = |cluster: &mut Cluster, until: Time| {
        while cluster.now() < until {
            let next = until.min(cluster.now() + step);
            while !cluster.advance(next, budget).finished {}
        }
    };
    for action in &story.actions {
        let until = parts.now() + action.after * 1000;
        advance(&mut parts, until);
        kubectl(&mut parts, &action.line, "");
    }
    let until = parts.now() + story.rest * 1000;
    advance(&mut parts, until);
    prop_assert_eq!(parts.journal().hash(), whole.journal().hash());
    prop_assert_eq!(objects(&parts), objects(&whole));
    Ok(())
}

/// Going to a second, from wherever, shows what the story told up to that second shows; and nothing is lost by it.
pub fn back_and_forth(story: &Story, places: &[i64]) -> Result<(), TestCaseError> {
    let mut cluster = story.tell(story.seconds());
    let (hash, end, last) = (cluster.journal().hash(), cluster.now(), objects(&cluster));
    for place in places.iter().map(|p| p % (story.seconds() + 1)) {
        let at = cluster.start() + place * 1000;
        cluster.seek(at);
        prop_assert_eq!(cluster.now(), at);
        prop_assert_eq!(objects(&cluster), objects(&story.tell(place)), "after {} s", place);
    }
    cluster.seek(end);
    prop_assert_eq!(objects(&cluster), last);
    prop_assert_eq!(cluster.journal().hash(), hash);
    Ok(())
}

/// Once a Job is deleted and its collector has come by, nothing names an owner that is gone; its Pods are left, and left
/// alone, only where that was asked for.
pub fn owners(story: &Story, cascade: &str) -> Result<(), TestCaseError> {
    let mut cluster = story.tell(story.seconds());
    let of_job = |cluster: &Cluster| {
        let snapshot = cluster.snapshot();
        let pods = snapshot.list(batchyard_engine::api::Kind::Pod);
        pods.filter(|p| p.label("job-name") == Some("j")).map(|p| p.uid().to_string()).collect::<Vec<_>>()
    };
    let before = of_job(&cluster);
    kubectl(&mut cluster, &format!("kubectl delete job j --cascade={cascade} --wait=false"), "");
    // Grace periods are eight seconds at most.
    run(&mut cluster, 60);
    let snapshot = cluster.snapshot();
    let all = || KINDS.iter().flat_map(|info| snapshot.list(info.kind));
    let uids: Vec<&str> = all().map(|o| o.uid().as_ref()).collect();
    for object in all() {
        for owner in object.owners() {
            prop_assert!(
                uids.contains(&owner.uid.as_ref()),
                "{:?} is owned by {} {}, which is gone",
                object.key(),
                owner.kind,
                owner.name
            );
        }
    }
    let after = of_job(&cluster);
    if cascade == "orphan" {
        let kept = before.iter().filter(|p| after.contains(p)).count();
        let deleted = cluster
            .journal()
            .entries()
            .iter()
            .filter(|c| c.is_deleted() && before.contains(&c.object().uid().to_string()));
        prop_assert_eq!(kept + deleted.count(), before.len(), "orphans vanished");
    } else {
        prop_assert_eq!(after, Vec::<String>::new(), "Pods outlive their Job");
    }
    Ok(())
}
