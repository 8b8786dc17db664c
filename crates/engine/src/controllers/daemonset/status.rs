//! The status of a DaemonSet.
//!
//! Models `updateDaemonSetStatus`.

use super::pods::{is_available, is_updated};
use super::{DaemonSetController, Round};
use crate::apiserver::{Status, Subresource};
use crate::clock::SECOND;
use crate::component::Ctx;
use crate::controllers::conditions::set_count;
use crate::controllers::pod_control::is_pod_ready;

impl DaemonSetController {
    /// Counts nodes by how their Pods are, and writes that down.
    pub(super) fn update_status(&mut self, ctx: &mut Ctx<'_>, round: &Round) -> Result<(), Status> {
        let mut by_node = self.by_node(ctx, &round.ds)?;
        for pods in by_node.values_mut() {
            pods.retain(|p| Some(p.uid()) != self.newest.as_ref());
        }
        by_node.retain(|_, pods| !pods.is_empty());
        let (mut desired, mut current, mut misscheduled) = (0, 0, 0);
        let (mut ready, mut updated, mut available) = (0, 0, 0);
        for target in &round.nodes {
            let pods = by_node.get(&target.name);
            if !target.should_run {
                misscheduled += i64::from(pods.is_some());
                continue;
            }
            desired += 1;
            let Some(pod) = pods.and_then(|p| p.first()) else { continue };
            current += 1;
            ready += i64::from(is_pod_ready(pod));
            available += i64::from(is_available(pod, round));
            updated += i64::from(is_updated(pod, round));
        }
        let generation = round.ds.generation();
        ctx.api.mutate(&round.ds.key(), Subresource::Status, |body| {
            let status = body.slot("status");
            status.set("currentNumberScheduled", current);
            status.set("numberMisscheduled", misscheduled);
            status.set("desiredNumberScheduled", desired);
            status.set("numberReady", ready);
            status.set("observedGeneration", generation);
            set_count(status, "updatedNumberScheduled", updated);
            set_count(status, "numberAvailable", available);
            set_count(status, "numberUnavailable", desired - available);
        })?;
        if round.min_ready > 0 && ready != available {
            self.queue.add_after(ctx, round.ds.key(), round.min_ready * SECOND);
        }
        Ok(())
    }
}
