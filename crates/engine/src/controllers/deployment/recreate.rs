//! The strategy Recreate: all old Pods go before the first new one comes.
//!
//! Models `pkg/controller/deployment/recreate.go`.

use super::util::{active, is_complete, replicas, sum_status};
use super::{DeploymentController, Split, View};
use crate::api::Kind;
use crate::apiserver::Status;
use crate::component::Ctx;
use crate::controllers::pod_control::is_pod_terminal;

impl DeploymentController {
    /// Models `rolloutRecreate`.
    pub(super) fn rollout_recreate(&mut self, ctx: &mut Ctx<'_>, view: &mut View) -> Result<(), Status> {
        let mut split = self.split(ctx, view, false)?;
        let mut scaled = false;
        for rs in active(&split.old) {
            let (down, rs) = self.scale_set(ctx, &view.d, &rs, 0, false)?;
            if let Some(place) = split.old.iter_mut().find(|o| o.uid() == rs.uid()).filter(|_| down) {
                *place = rs;
                scaled = true;
            }
        }
        if scaled || old_pods_running(ctx, view, &split) {
            return self.sync_rollout_status(ctx, view, &split);
        }
        if split.new.is_none() {
            split = self.split(ctx, view, true)?;
        }
        if let Some(new) = &split.new {
            self.scale_set(ctx, &view.d, new, replicas(&view.d), false)?;
        }
        if is_complete(&view.d, view.d.at("status")) {
            Self::cleanup(ctx, &view.d, &split.old)?;
        }
        self.sync_rollout_status(ctx, view, &split)
    }
}

/// Models `oldPodsRunning`.
fn old_pods_running(ctx: &Ctx<'_>, view: &View, split: &Split) -> bool {
    if sum_status(&split.old, "replicas") > 0 {
        return true;
    }
    let old = view.sets.iter().filter(|rs| split.new.as_ref().is_none_or(|n| n.uid() != rs.uid()));
    old.into_iter().any(|rs| ctx.api.store().dependents(rs.uid()).any(|p| p.kind() == Kind::Pod && !is_pod_terminal(p)))
}
