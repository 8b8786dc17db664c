//! The disruption controller: how many Pods of a PodDisruptionBudget may be evicted now.
//!
//! Models `pkg/controller/disruption/disruption.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::conditions::scaled;
use super::pod_control::is_pod_ready;
use crate::api::labels::selector_matches;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Change, Status, Subresource};
use crate::clock::{MINUTE, Millis, Time};
use crate::component::{Component, Ctx};
use crate::events::{EventRecorder, EventType};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it.
const LATENCY: Millis = 6;
/// From a new budget to its first sync. A file's budget is sent after the workload that it guards, whose Pods are there by
/// then.
const FIRST: Millis = 20;
/// How long an evicted Pod is expected to be deleted soon.
const DELETION_TIMEOUT: Millis = 2 * MINUTE;

/// The controller.
#[derive(Clone, Debug)]
pub struct DisruptionController {
    queue: WorkQueue,
    events: EventRecorder,
}

impl Default for DisruptionController {
    fn default() -> Self {
        Self { queue: WorkQueue::default(), events: EventRecorder::new("controllermanager") }
    }
}

/// The object that says how many Pods there are to be: the owner's owner for a ReplicaSet of a Deployment.
fn scale_of(ctx: &Ctx<'_>, pod: &Object) -> Option<(Rc<str>, i64)> {
    let mut object = owner_of(ctx, pod)?;
    if object.kind() == Kind::ReplicaSet
        && let Some(deployment) = owner_of(ctx, &object)
    {
        object = deployment;
    }
    let scaled = [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::ReplicationController];
    let kind = object.kind();
    scaled.contains(&kind).then(|| (object.uid().clone(), object.at("spec.replicas").as_i64().unwrap_or(1)))
}

/// The controller of an object, if it is there.
fn owner_of(ctx: &Ctx<'_>, object: &Object) -> Option<Rc<Object>> {
    let owner = object.controller()?;
    let kind = Kind::find(&owner.api_version, &owner.kind)?;
    let key = ObjectKey::new(kind, object.namespace().clone(), owner.name.clone());
    ctx.api.get(&key).filter(|o| o.uid() == &owner.uid).cloned()
}

/// Pods expected and the least of them that must be healthy.
struct Expected {
    count: i64,
    healthy: i64,
    unmanaged: bool,
}

impl DisruptionController {
    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if ctx.api.store().count(Kind::PodDisruptionBudget) == 0 {
            return;
        }
        let pod = change.object();
        let budgets: Vec<ObjectKey> = ctx
            .api
            .store()
            .list_in(Kind::PodDisruptionBudget, pod.namespace())
            .filter(|b| selector_matches(b.at("spec.selector"), pod.labels()))
            .map(|b| b.key())
            .collect();
        for key in budgets {
            self.queue.add(ctx, key, LATENCY);
        }
    }

    /// Models `getExpectedPodCount` and `getExpectedScale`.
    fn expected(ctx: &Ctx<'_>, budget: &Object, pods: &[Rc<Object>]) -> Result<Expected, String> {
        let (least, most) = (budget.at("spec.minAvailable"), budget.at("spec.maxUnavailable"));
        if most.is_null() && least.as_str().is_none() {
            let healthy = least.as_i64().unwrap_or(0);
            return Ok(Expected { count: pods.len() as i64, healthy, unmanaged: false });
        }
        let mut scales: BTreeMap<Rc<str>, i64> = BTreeMap::new();
        let mut unmanaged = false;
        for pod in pods {
            if pod.controller().is_none() {
                unmanaged = true;
                continue;
            }
            let Some((uid, scale)) = scale_of(ctx, pod) else {
                return Err(format!("found no controllers for pod \"{}\"", pod.name()));
            };
            scales.insert(uid, scale);
        }
        let count: i64 = scales.values().sum();
        let healthy =
            if most.is_null() { scaled(least, count, true) } else { (count - scaled(most, count, true)).max(0) };
        Ok(Expected { count, healthy, unmanaged })
    }

    /// Models `trySync`.
    fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(budget) = ctx.api.get(key).cloned() else { return Ok(()) };
        let selected = |p: &&Rc<Object>| selector_matches(budget.at("spec.selector"), p.labels());
        let pods: Vec<Rc<Object>> =
            ctx.api.store().list_in(Kind::Pod, budget.namespace()).filter(selected).cloned().collect();
        if pods.is_empty() {
            self.events.event(ctx, &budget, EventType::Normal, "NoPods", "No matching pods found");
        }
        let expected = match Self::expected(ctx, &budget, &pods) {
            Ok(expected) => expected,
            Err(why) => {
                let text = format!("Failed to calculate the number of expected pods: {why}");
                self.events.event(ctx, &budget, EventType::Warning, "CalculateExpectedPodCountFailed", &text);
                return Self::fail_safe(ctx, &budget, &why);
            }
        };
        if expected.unmanaged {
            let text = format!(
                "Pods selected by this PodDisruptionBudget (selector: {}) were found to be unmanaged. As a result, the \
                 status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account \
                 for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.",
                go_selector(budget.at("spec.selector"))
            );
            self.events.event(ctx, &budget, EventType::Warning, "UnmanagedPods", &text);
        }
        let mut disrupted = json!({});
        let mut recheck: Option<Time> = None;
        for pod in pods.iter().filter(|p| !p.is_deleting()) {
            let Some(at) = budget.at("status.disruptedPods").get(pod.name()) else { continue };
            let Some(until) = at.as_str().and_then(Time::parse_rfc3339).map(|t| t + DELETION_TIMEOUT) else { continue };
            if until >= ctx.now {
                disrupted.make_object().insert(pod.name().clone(), at.clone());
                recheck = Some(recheck.map_or(until, |r| r.min(until)));
            }
        }
        let counts = |p: &&Rc<Object>| !p.is_deleting() && is_pod_ready(p) && disrupted.get(p.name()).is_none();
        let healthy = pods.iter().filter(counts).count() as i64;
        let allowed = if expected.count <= 0 { 0 } else { (healthy - expected.healthy).max(0) };
        let mut status = json!({
            "observedGeneration": (budget.generation()),
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": (expected.healthy),
            "expectedPods": (expected.count),
        });
        if disrupted.fields().next().is_some() {
            status.set("disruptedPods", disrupted);
        }
        Self::write(ctx, &budget, status, allowed)?;
        if let Some(at) = recheck {
            self.queue.add_after(ctx, key.clone(), at - ctx.now);
        }
        Ok(())
    }

    fn write(ctx: &mut Ctx<'_>, budget: &Object, mut status: Value, allowed: i64) -> Result<(), Status> {
        let (word, reason) = if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        let old = budget.condition("DisruptionAllowed");
        let since = old
            .filter(|c| c.str_at("status") == word)
            .map_or_else(|| Value::from(ctx.now.rfc3339()), |c| c.at("lastTransitionTime").clone());
        status.set(
            "conditions",
            json!([{
                "type": "DisruptionAllowed",
                "status": word,
                "observedGeneration": (budget.generation()),
                "lastTransitionTime": since,
                "reason": reason,
                "message": "",
            }]),
        );
        ctx.api.mutate(&budget.key(), Subresource::Status, |body| body.set("status", status)).map(|_| ())
    }

    /// No eviction is allowed while it is not known how many are. Models `failSafe`.
    fn fail_safe(ctx: &mut Ctx<'_>, budget: &Object, why: &str) -> Result<(), Status> {
        let now = ctx.now.rfc3339();
        ctx.api
            .mutate(&budget.key(), Subresource::Status, |body| {
                body.set("status.disruptionsAllowed", 0);
                let condition = json!({
                    "type": "DisruptionAllowed",
                    "status": "False",
                    "observedGeneration": (budget.generation()),
                    "lastTransitionTime": (now.as_str()),
                    "reason": "SyncFailed",
                    "message": why,
                });
                super::conditions::set(body.slot("status"), condition, true);
            })
            .map(|_| ())
    }
}

/// A selector as Go prints a pointer to it with `%v`.
fn go_selector(selector: &Value) -> String {
    let labels: Vec<String> =
        selector.at("matchLabels").fields().map(|(k, v)| format!("{k}: {}", v.as_str().unwrap_or(""))).collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{},}},MatchExpressions:[]LabelSelectorRequirement{{}},}}",
        labels.join(",")
    )
}

impl Component for DisruptionController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        match self.sync(ctx, &key) {
            Ok(()) => self.queue.forget(&key),
            Err(_) => self.queue.add_rate_limited(ctx, key),
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Pod => self.observe_pod(ctx, change),
            Kind::PodDisruptionBudget => {
                let latency = if change.is_added() { FIRST } else { LATENCY };
                self.queue.add(ctx, change.key.clone(), latency);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::Bench;

    #[test]
    fn ready_pods_beyond_the_least_may_go() {
        let (mut b, mut c) = (Bench::new(), DisruptionController::default());
        for name in ["a", "b"] {
            b.create(
                Kind::Pod,
                &format!(
                    r#"{{"metadata":{{"name":"{name}","labels":{{"app":"x"}}}},
                    "spec":{{"containers":[{{"name":"main","image":"nginx"}}]}}}}"#
                ),
            );
            b.edit(Kind::Pod, name, Subresource::Status, |p| {
                p.set("status", json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}));
            });
        }
        b.create(
            Kind::PodDisruptionBudget,
            r#"{"metadata":{"name":"x"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}}"#,
        );
        b.run(&mut [&mut c], 100);
        let status = b.get(Kind::PodDisruptionBudget, "x").unwrap().at("status").clone();
        let n = |f: &'static str| status.int_at(f).unwrap_or(-1);
        assert_eq!(
            (n("disruptionsAllowed"), n("currentHealthy"), n("desiredHealthy"), n("expectedPods")),
            (1, 2, 1, 2)
        );
        assert!(b.get(Kind::PodDisruptionBudget, "x").unwrap().condition_is_true("DisruptionAllowed"));
    }
}
