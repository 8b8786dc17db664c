//! A rolling update: the new ReplicaSet up and the old ones down, within surge and unavailability.
//!
//! Models `pkg/controller/deployment/rolling.go`.

use std::rc::Rc;

use super::util::{
    active, is_complete, max_unavailable, new_replicas, replicas, sort_by_age, status_count, sum_replicas, sum_status,
};
use super::{DeploymentController, Split, View};
use crate::api::Object;
use crate::apiserver::Status;
use crate::component::Ctx;

impl DeploymentController {
    /// Models `rolloutRolling`.
    pub(super) fn rollout_rolling(&mut self, ctx: &mut Ctx<'_>, view: &mut View) -> Result<(), Status> {
        let split = self.split(ctx, view, true)?;
        let moved = self.scale_up_new(ctx, &view.d, &split)? || self.scale_down_old(ctx, &view.d, &split);
        if !moved && is_complete(&view.d, view.d.at("status")) {
            Self::cleanup(ctx, &view.d, &split.old)?;
        }
        self.sync_rollout_status(ctx, view, &split)
    }

    /// Models `reconcileNewReplicaSet`.
    fn scale_up_new(&mut self, ctx: &mut Ctx<'_>, d: &Rc<Object>, split: &Split) -> Result<bool, Status> {
        let Some(new) = &split.new else { return Ok(false) };
        let (have, wanted) = (replicas(new), replicas(d));
        if have == wanted {
            return Ok(false);
        }
        let size = if have > wanted { wanted } else { new_replicas(d, sum_replicas(&split.all()), have) };
        self.scale_set(ctx, d, new, size, false).map(|(scaled, _)| scaled)
    }

    /// Models `reconcileOldReplicaSets`; a failure to scale is not an error there, and is tried again with the next sync.
    fn scale_down_old(&mut self, ctx: &mut Ctx<'_>, d: &Rc<Object>, split: &Split) -> bool {
        let Some(new) = &split.new else { return false };
        let mut old = active(&split.old);
        if sum_replicas(&old) == 0 {
            return false;
        }
        let least = replicas(d) - max_unavailable(d);
        let new_unavailable = replicas(new) - status_count(new, "availableReplicas");
        let most_down = sum_replicas(&split.all()) - least - new_unavailable;
        if most_down <= 0 {
            return false;
        }
        sort_by_age(&mut old);
        let Ok(cleaned) = self.clean_unhealthy(ctx, d, &mut old, most_down) else { return false };
        let available = sum_status(&old, "availableReplicas") + status_count(new, "availableReplicas");
        let (mut down, may_go) = (0, available - least);
        for rs in &old {
            if down >= may_go {
                break;
            }
            let step = replicas(rs).min(may_go - down);
            if step == 0 {
                continue;
            }
            if self.scale_set(ctx, d, rs, replicas(rs) - step, false).is_err() {
                return false;
            }
            down += step;
        }
        cleaned + down > 0
    }

    /// Scales old ReplicaSets down by the Pods of theirs that are not available. Models `cleanupUnhealthyReplicas`.
    fn clean_unhealthy(
        &mut self,
        ctx: &mut Ctx<'_>,
        d: &Rc<Object>,
        old: &mut [Rc<Object>],
        most: i64,
    ) -> Result<i64, Status> {
        let mut cleaned = 0;
        for rs in old {
            if cleaned >= most {
                break;
            }
            let unhealthy = replicas(rs) - status_count(rs, "availableReplicas");
            if replicas(rs) == 0 || unhealthy == 0 {
                continue;
            }
            let step = unhealthy.min(most - cleaned);
            if step > 0 {
                *rs = self.scale_set(ctx, d, rs, replicas(rs) - step, false)?.1;
            }
            cleaned += step;
        }
        Ok(cleaned)
    }
}
