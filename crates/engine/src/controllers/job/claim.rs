//! Which Pods are a Job's: its own, less those whose labels no longer match, and orphans that it adopts.
//!
//! Models `getPodsForJob` of `pkg/controller/job/job_controller.go` and `ClaimPods` of
//! `pkg/controller/controller_ref_manager.go`.

use std::rc::Rc;

use super::pod::{PodView, TRACKING_FINALIZER};
use super::{JobController, remove_finalizer_of};
use crate::api::selector::Selector;
use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{Reason, Status, Subresource};
use crate::component::Ctx;

/// The Job's Pods that can still matter to it, by name.
pub(super) fn claim_pods(c: &JobController, ctx: &mut Ctx<'_>, job: &Object) -> Result<Vec<Rc<PodView>>, Status> {
    let selector = Selector::from_object(job.at("spec.selector"))
        .map_err(|e| Status::new(Reason::InternalError, format!("couldn't convert Job selector: {e}")))?;
    let mut claimed = Vec::new();
    let mut refused = None;
    for pod in c.pods.of(job.uid()) {
        if selector.matches(pod.object.labels()) {
            claimed.push(pod.clone());
        } else if !job.is_deleting()
            && let Err(status) = release(ctx, job, &pod.object)
        {
            refused.get_or_insert(status);
        }
    }
    if !job.is_deleting() {
        for name in c.pods.orphans_in(job.namespace()) {
            let key = ObjectKey::new(Kind::Pod, job.namespace().clone(), name);
            let Some(pod) = ctx.api.get(&key).cloned() else { continue };
            if pod.is_deleting() || !selector.matches(pod.labels()) {
                continue;
            }
            match adopt(ctx, job, &key) {
                Ok(Some(pod)) => claimed.push(Rc::new(PodView::new(pod, false))),
                Ok(None) => {}
                Err(status) => {
                    refused.get_or_insert(status);
                }
            }
        }
    }
    refused.map_or(Ok(claimed), Err)
}

/// Makes the Job the Pod's controller, and has the Pod wait to be counted.
fn adopt(ctx: &mut Ctx<'_>, job: &Object, pod: &ObjectKey) -> Result<Option<Rc<Object>>, Status> {
    ctx.api.mutate(pod, Subresource::Main, |body| {
        body.slot("metadata.ownerReferences").make_array().push(OwnerReference::controller_of(job));
        let finalizers = body.slot("metadata.finalizers").make_array();
        if !finalizers.iter().any(|f| f.as_str() == Some(TRACKING_FINALIZER)) {
            finalizers.push(TRACKING_FINALIZER.into());
        }
    })
}

/// Takes the Job from the Pod's owners, and the finalizer with it. A Pod that is gone is no failure.
fn release(ctx: &mut Ctx<'_>, job: &Object, pod: &Object) -> Result<(), Status> {
    let released = ctx.api.mutate(&pod.key(), Subresource::Main, |body| {
        let owners = body.slot("metadata.ownerReferences").make_array();
        owners.retain(|o| o.at("uid").as_str() != Some(job.uid()));
        if owners.is_empty() {
            body.unset("metadata.ownerReferences");
        }
        remove_finalizer_of(body);
    });
    match released {
        Err(status) if !matches!(status.reason, Reason::NotFound | Reason::Invalid) => Err(status),
        _ => Ok(()),
    }
}

/// Whether the Job's selector selects a Pod's labels.
pub(super) fn selects(job: &Object, labels: &Value) -> bool {
    Selector::from_object(job.at("spec.selector")).is_ok_and(|s| s.matches(labels))
}
