//! The subresources `scale` and `eviction`.
//!
//! Models `pkg/registry/apps/*/storage/storage.go` (`ScaleREST`) and `pkg/registry/core/pod/storage/eviction.go`.

use std::rc::Rc;

use super::{ApiServer, DeleteOptions, Reason, Status, Subresource, WriteOptions};
use crate::api::{Kind, Object, ObjectKey, Selector, Value};
use crate::json;

/// Whether objects of the kind have a subresource `scale`.
fn scales(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController)
}

impl ApiServer {
    /// `spec.replicas` of an object with a subresource `scale`, and its resourceVersion.
    pub fn scale(&self, key: &ObjectKey) -> Result<(i64, u64), Status> {
        if !scales(key.kind) {
            return Err(Status::no_resource());
        }
        let object = self.get(key).ok_or_else(|| Status::not_found(key.kind, &key.name))?;
        Ok((object.at("spec.replicas").as_i64().unwrap_or(1), object.resource_version()))
    }

    /// Sets `spec.replicas` through the subresource `scale`.
    pub fn set_scale(&mut self, key: &ObjectKey, replicas: i64, options: WriteOptions) -> Result<Rc<Object>, Status> {
        self.scale(key)?;
        let Some(old) = self.get(key) else { return Err(Status::not_found(key.kind, &key.name)) };
        let mut body = old.body().clone();
        body.set("spec.replicas", replicas);
        let (old, tracked) = (old.clone(), self.managers_of(key));
        let made = self.update(key.kind, body, Subresource::Main, options)?;
        if !options.dry_run {
            self.retrack(key, tracked, &old, &made, "scale");
        }
        Ok(made)
    }

    /// Evicts a Pod: deletes it with the condition `DisruptionTarget`, unless a PodDisruptionBudget stands against it.
    pub fn evict(&mut self, key: &ObjectKey, options: &DeleteOptions) -> Result<(), Status> {
        let pod = self.get(key).cloned().ok_or_else(|| Status::not_found(key.kind, &key.name))?;
        let phase = pod.at("status.phase").as_str().unwrap_or("");
        let unguarded = pod.is_deleting() || matches!(phase, "Succeeded" | "Failed" | "Pending");
        if !unguarded {
            self.check_budget(&pod, options.dry_run)?;
        }
        if !options.dry_run {
            let stamp = self.stamp();
            self.mutate(key, Subresource::Status, |body| {
                let condition = json!({
                    "type": "DisruptionTarget",
                    "status": "True",
                    "lastProbeTime": null,
                    "lastTransitionTime": stamp,
                    "reason": "EvictionByEvictionAPI",
                    "message": "Eviction API: evicting",
                });
                let conditions = body.slot("status.conditions").make_array();
                if !conditions.iter().any(|c| c.str_at("type") == "DisruptionTarget") {
                    conditions.push(condition);
                }
            })?;
        }
        self.delete(key, options).map(|_| ())
    }

    fn check_budget(&mut self, pod: &Object, dry_run: bool) -> Result<(), Status> {
        let budgets: Vec<Rc<Object>> = self
            .store
            .list_in(Kind::PodDisruptionBudget, pod.namespace())
            .filter(|b| {
                let selector = b.at("spec.selector");
                Selector::from_object(selector).is_ok_and(|s| s.matches(pod.labels()))
            })
            .cloned()
            .collect();
        let budget = match budgets.as_slice() {
            [] => return Ok(()),
            [one] => one,
            _ => {
                let text =
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
                return Err(Status::new(Reason::Unknown, text));
            }
        };
        let number = |field: &'static str| budget.at("status").int_at(field).unwrap_or(0);
        let (healthy, desired, allowed) =
            (number("currentHealthy"), number("desiredHealthy"), number("disruptionsAllowed"));
        if !pod.condition_is_true("Ready") {
            let always = budget.at("spec.unhealthyPodEvictionPolicy").as_str() == Some("AlwaysAllow");
            if always || (healthy >= desired && desired > 0) {
                return Ok(());
            }
        }
        if number("observedGeneration") < budget.generation() || allowed <= 0 {
            let text = "Cannot evict pod as it would violate the pod's disruption budget.";
            let mut status = Status::new(Reason::TooManyRequests, text);
            let message = if number("observedGeneration") < budget.generation() {
                format!("The disruption budget {} is still being processed by the server.", budget.name())
            } else {
                format!(
                    "The disruption budget {} needs {desired} healthy pods and has {healthy} currently",
                    budget.name()
                )
            };
            status.causes.push(super::Cause { reason: "DisruptionBudget", field: String::new(), message });
            return Err(status);
        }
        if !dry_run {
            let mut body = budget.body().clone();
            body.set("status.disruptionsAllowed", allowed - 1);
            let stamp = self.stamp();
            body.set_key("status.disruptedPods", pod.name(), stamp);
            if allowed == 1 {
                mark_insufficient(&mut body);
            }
            self.update(Kind::PodDisruptionBudget, body, Subresource::Status, WriteOptions::default())?;
        }
        Ok(())
    }
}

/// The budget is used up.
fn mark_insufficient(body: &mut Value) {
    for condition in body.slot("status.conditions").make_array() {
        if condition.str_at("type") == "DisruptionAllowed" {
            condition.set("status", "False");
            condition.set("reason", "InsufficientPods");
        }
    }
}
