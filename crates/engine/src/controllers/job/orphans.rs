//! Pods that no running Job counts any more, but which still have the finalizer: it is taken from them, so that they can go.
//!
//! Models the orphan queue of `pkg/controller/job/job_controller.go`.

use std::rc::Rc;

use super::claim::selects;
use super::pod::{PodView, TRACKING_FINALIZER};
use super::pods::job_of;
use super::spec::{is_finished, is_managed_elsewhere};
use super::{JobController, remove_finalizer};
use crate::api::{Kind, Object, ObjectKey};
use crate::apiserver::ApiServer;
use crate::clock::{MINUTE, SECOND};
use crate::component::Ctx;

/// What is to be looked at for finalizers that are left over.
#[derive(Clone, Debug)]
pub(super) enum Orphans {
    /// One Pod, and how often that has failed.
    Pod(ObjectKey, u32),
    /// The Pods of a Job that is over or gone.
    OfJob(Rc<Object>),
}

impl JobController {
    pub(super) fn sync_orphans(&mut self, ctx: &mut Ctx<'_>, orphans: Orphans) {
        match orphans {
            Orphans::Pod(key, failures) => self.free_orphan(ctx, &key, failures),
            Orphans::OfJob(job) => {
                let tracked = |p: &&Rc<PodView>| p.tracked && selects(&job, p.object.labels());
                let own = self.pods.of(job.uid()).filter(tracked).map(|p| p.object.key());
                let mut keys: Vec<ObjectKey> = own.collect();
                for name in self.pods.orphans_in(job.namespace()) {
                    let key = ObjectKey::new(Kind::Pod, job.namespace().clone(), name);
                    if ctx.api.get(&key).is_some_and(|p| selects(&job, p.labels())) {
                        keys.push(key);
                    }
                }
                for key in keys {
                    self.free_orphan(ctx, &key, 0);
                }
            }
        }
    }
    /// Takes the finalizer from a Pod, unless a running Job will.
    fn free_orphan(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey, failures: u32) {
        let Some(pod) = ctx.api.get(key).cloned() else { return };
        if !pod.has_finalizer(TRACKING_FINALIZER) {
            return;
        }
        if pod.controller().is_some() {
            let Some(owner) = job_of(&pod).filter(|o| o.api_version.as_ref() == "batch/v1") else { return };
            let job = resolve_job(ctx.api, pod.namespace(), &owner.name, &owner.uid);
            if job.is_some_and(|j| is_managed_elsewhere(j) || !is_finished(j)) {
                return;
            }
        }
        if remove_finalizer(ctx, key).is_err() {
            let delay = (SECOND << failures.min(6)).min(MINUTE);
            ctx.after(&mut self.orphans, delay, Orphans::Pod(key.clone(), failures + 1));
        }
    }
}

/// The Job of a name, where it has that uid.
pub(super) fn resolve_job<'a>(
    api: &'a ApiServer,
    namespace: &Rc<str>,
    name: &Rc<str>,
    uid: &str,
) -> Option<&'a Rc<Object>> {
    api.store().find(Kind::Job, namespace, name).filter(|j| j.uid().as_ref() == uid)
}
