//! The index of Pods by the Job that controls them, as small as it can be: a Pod that has ended and was counted is left out,
//! so that a sync of a Job of thousands of Pods looks at the few that run.

use std::rc::Rc;

use super::pod::{Phase, PodView};
use crate::api::{Object, OwnerReference};
use crate::apiserver::Change;
use crate::sorted::{SortedMap, SortedSet};

type Pods = SortedMap<Rc<str>, Rc<PodView>>;

/// Pods by the uid of their Job, and those that nobody controls.
#[derive(Clone, Default)]
pub(super) struct PodIndex {
    by_job: SortedMap<Rc<str>, Pods>,
    orphans: SortedSet<(Rc<str>, Rc<str>)>,
}

/// The reference to the Job that controls a Pod.
pub(super) fn job_of(pod: &Object) -> Option<&OwnerReference> {
    pod.controller().filter(|o| o.kind.as_ref() == "Job")
}

impl PodIndex {
    /// The Pods of a Job, by name.
    pub fn of(&self, job_uid: &str) -> impl Iterator<Item = &Rc<PodView>> {
        self.by_job.get(job_uid).into_iter().flat_map(Pods::values)
    }
    /// Names of the Pods of a namespace that nobody controls.
    pub fn orphans_in(&self, namespace: &Rc<str>) -> Vec<Rc<str>> {
        let range = self.orphans.starting(&|(ns, name)| (ns, name.as_ref()).cmp(&(namespace, "")));
        range.take_while(|(ns, _)| ns == namespace).map(|(_, name)| name.clone()).collect()
    }
    /// Follows a change of a Pod.
    pub fn observe(&mut self, change: &Change) {
        let before = change.before.as_deref();
        let old = before.and_then(job_of).map(|o| &o.uid);
        let Some(pod) = &change.after else {
            if let Some(uid) = old {
                self.remove(uid, &change.key.name);
            }
            self.set_orphan(before, false);
            return;
        };
        let new = job_of(pod).map(|o| &o.uid);
        if let Some(uid) = old.filter(|o| Some(*o) != new) {
            self.remove(uid, &change.key.name);
        }
        let orphan = pod.controller().is_none();
        if orphan != before.is_some_and(|b| b.controller().is_none()) {
            self.set_orphan(Some(pod), orphan);
        }
        let Some(uid) = new else { return };
        let relabelled = before.is_some_and(|b| !b.labels().same(pod.labels()) && b.labels() != pod.labels());
        let view = PodView::new(pod.clone(), relabelled || self.was_relabelled(uid, &change.key.name));
        let judged_by_policy = view.phase == Phase::Failed && view.deleting;
        if view.is_terminal() && !view.tracked && !view.relabelled && !judged_by_policy {
            self.remove(uid, &change.key.name);
        } else {
            let pods = self.by_job.or_insert_with(uid, Pods::default);
            pods.insert(change.key.name.clone(), Rc::new(view));
        }
    }
    fn was_relabelled(&self, uid: &str, name: &str) -> bool {
        self.by_job.get(uid).and_then(|pods| pods.get(name)).is_some_and(|p| p.relabelled)
    }
    fn remove(&mut self, uid: &str, name: &str) {
        if let Some(pods) = self.by_job.get_mut(uid) {
            pods.remove(name);
            if pods.is_empty() {
                self.by_job.remove(uid);
            }
        }
    }
    fn set_orphan(&mut self, pod: Option<&Object>, orphan: bool) {
        let Some(pod) = pod else { return };
        let entry = (pod.namespace().clone(), pod.name().clone());
        if orphan {
            self.orphans.insert(entry);
        } else {
            self.orphans.remove(&entry);
        }
    }
}
