//! HorizontalPodAutoscalers where nobody measures anything: the bounds hold, and what cannot be measured is said.
//!
//! Models `pkg/controller/podautoscaler/{horizontal,replica_calculator}.go` against an API server that serves no metrics.

use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, Selector, Value};
use crate::apiserver::{Change, Status, Subresource, WriteOptions};
use crate::clock::{Millis, SECOND};
use crate::component::{Component, Ctx};
use crate::events::{EventRecorder, EventType};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it.
const LATENCY: Millis = 10;
/// `--horizontal-pod-autoscaler-sync-period`
const RESYNC: Millis = 15 * SECOND;
const ABSENT: &str = "the server could not find the requested resource";

/// The controller.
#[derive(Clone, Debug)]
pub struct HorizontalController {
    queue: WorkQueue,
    events: EventRecorder,
}

impl Default for HorizontalController {
    fn default() -> Self {
        Self { queue: WorkQueue::default(), events: EventRecorder::new("horizontal-pod-autoscaler") }
    }
}

/// Sets a condition where it stands; its time changes with its status. Models `setConditionInList`.
fn set_condition(status: &mut Value, now: &Value, kind: &str, holds: bool, reason: &str, message: &str) {
    let word = if holds { "True" } else { "False" };
    let list = status.slot("conditions").make_array();
    let at = list.iter().position(|c| c.str_at("type") == kind);
    let since = at
        .filter(|i| list[*i].str_at("status") == word)
        .map_or_else(|| now.clone(), |i| list[i].at("lastTransitionTime").clone());
    let condition = json!({
        "lastTransitionTime": since, "message": message, "reason": reason, "status": word, "type": kind
    });
    match at {
        Some(i) => list[i] = condition,
        None => list.push(condition),
    }
}

/// What cannot be measured of a metric: the reason, the error, and the error as the controller's sum begins with it.
fn unmeasured(metric: &Value, namespace: &str) -> (&'static str, String, String) {
    let custom =
        "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let usage = |of: &Value| {
        let name = of.str_at("name");
        let what = if of.at("target.averageValue").is_null() { "utilization" } else { "usage" };
        format!(
            "failed to get {name} {what}: unable to get metrics for resource {name}: unable to fetch metrics from \
             resource metrics API: {ABSENT} (get pods.metrics.k8s.io)"
        )
    };
    match metric.str_at("type") {
        "ContainerResource" => {
            let of = metric.at("containerResource");
            let why = usage(of);
            let whole = format!("failed to get {} container metric value: {why}", of.str_at("name"));
            ("FailedGetContainerResourceMetric", why, whole)
        }
        "Pods" => {
            let why = format!("unable to get metric {}: {custom}", metric.at("pods").str_at("metric.name"));
            let whole = format!("failed to get pods metric value: {why}");
            ("FailedGetPodsMetric", why, whole)
        }
        "Object" => {
            let of = metric.at("object");
            let (name, kind) = (of.str_at("metric.name"), of.str_at("describedObject.kind"));
            let about = of.str_at("describedObject.name");
            let why = format!("unable to get metric {name} on {kind} {namespace}/{about}: {custom}");
            let whole = format!("failed to get object metric value: {why}");
            ("FailedGetObjectMetric", why, whole)
        }
        "External" => {
            let of = metric.at("external");
            let (name, selector) = (of.str_at("metric.name"), go_selector(of.at("metric.selector")));
            let why = format!(
                "unable to get external metric {namespace}/{name}/{selector}: unable to fetch metrics from external \
                 metrics API: {ABSENT} (get {name}.external.metrics.k8s.io)"
            );
            let whole = format!("failed to get {name} external metric value: {why}");
            ("FailedGetExternalMetric", why, whole)
        }
        _ => {
            let of = metric.at("resource");
            let why = usage(of);
            let whole = format!("failed to get {} resource metric value: {why}", of.str_at("name"));
            ("FailedGetResourceMetric", why, whole)
        }
    }
}

/// A selector as Go's generated `String` methods write it.
fn go_selector(v: &Value) -> String {
    if v.is_null() {
        return "nil".into();
    }
    let labels: String =
        v.at("matchLabels").fields().map(|(k, v)| format!("{k}: {},", v.as_str().unwrap_or(""))).collect();
    let rules = v.at("matchExpressions").items().iter().map(|r| {
        let values: Vec<&str> = r.at("values").items().iter().filter_map(Value::as_str).collect();
        let (key, operator) = (r.str_at("key"), r.str_at("operator"));
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{}],}},", values.join(" "))
    });
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        rules.collect::<String>()
    )
}

/// The object that an autoscaler scales.
fn target(hpa: &Object) -> Result<ObjectKey, Status> {
    let of = hpa.at("spec.scaleTargetRef");
    let (version, kind) = (of.str_at("apiVersion"), of.str_at("kind"));
    match Kind::find(version, kind) {
        Some(kind) => Ok(ObjectKey::new(kind, &**hpa.namespace(), of.str_at("name"))),
        None => {
            let group = version.rsplit_once('/').map_or("", |(group, _)| group);
            let text = format!("no matches for kind \"{kind}\" in group \"{group}\"");
            Err(Status::new(crate::apiserver::Reason::NotFound, text))
        }
    }
}

impl HorizontalController {
    /// Models `reconcileAutoscaler`.
    fn sync(&mut self, ctx: &mut Ctx<'_>, hpa: &Rc<Object>) {
        let now = ctx.api.stamp();
        let mut status = hpa.at("status").clone();
        let scale = target(hpa).and_then(|key| ctx.api.scale(&key).map(|(replicas, _)| (key, replicas)));
        let (key, current) = match scale {
            Ok(found) => found,
            Err(e) => {
                self.events.event(ctx, hpa, EventType::Warning, "FailedGetScale", &e.message);
                let text = format!("the HPA controller was unable to get the target's current scale: {}", e.message);
                set_condition(&mut status, &now, "AbleToScale", false, "FailedGetScale", &text);
                return Self::write(ctx, hpa, status);
            }
        };
        let got = "the HPA controller was able to get the target's current scale";
        set_condition(&mut status, &now, "AbleToScale", true, "SucceededGetScale", got);
        let generation = hpa.at("metadata.generation").as_i64().unwrap_or(1);
        status.set("observedGeneration", generation);
        super::conditions::set_count(&mut status, "currentReplicas", current);
        let least = hpa.at("spec.minReplicas").as_i64().unwrap_or(1);
        let most = hpa.at("spec.maxReplicas").as_i64().unwrap_or(0);
        if current == 0 && least != 0 {
            let text = "scaling is disabled since the replica count of the target is zero";
            set_condition(&mut status, &now, "ScalingActive", false, "ScalingDisabled", text);
            status.set("desiredReplicas", 0);
            return Self::write(ctx, hpa, status);
        }
        let wanted = current.clamp(least.min(most), most);
        if wanted == current {
            self.measure(ctx, hpa, &key, &now, &mut status);
            return Self::write(ctx, hpa, status);
        }
        let bound = if current > most { "above Spec.MaxReplicas" } else { "below Spec.MinReplicas" };
        if ctx.api.set_scale(&key, wanted, WriteOptions::default()).is_ok() {
            let text = format!("New size: {wanted}; reason: Current number of replicas {bound}");
            self.events.event(ctx, hpa, EventType::Normal, "SuccessfulRescale", &text);
            let text = format!("the HPA controller was able to update the target scale to {wanted}");
            set_condition(&mut status, &now, "AbleToScale", true, "SucceededRescale", &text);
            let text = "the HPA controller did not scale the workload to zero";
            set_condition(&mut status, &now, "ScaledToZero", false, "NotScaledToZero", text);
            status.set("desiredReplicas", wanted);
            status.set("lastScaleTime", now);
        }
        Self::write(ctx, hpa, status);
    }

    /// What is said where nothing can be measured. Models `computeReplicasForMetrics`.
    fn measure(&mut self, ctx: &mut Ctx<'_>, hpa: &Rc<Object>, key: &ObjectKey, now: &Value, status: &mut Value) {
        let said = "FailedComputeMetricsReplicas";
        if let Some(text) = Self::ambiguous(ctx, hpa, key) {
            self.events.event(ctx, hpa, EventType::Warning, "AmbiguousSelector", &text);
            set_condition(status, now, "ScalingActive", false, "AmbiguousSelector", &text);
            self.events.event(ctx, hpa, EventType::Warning, said, &text);
            return;
        }
        let metrics = hpa.at("spec.metrics").items();
        let n = metrics.len();
        let mut first = None;
        for metric in metrics {
            let (reason, why, whole) = unmeasured(metric, hpa.namespace());
            self.events.event(ctx, hpa, EventType::Warning, reason, &why);
            first.get_or_insert((reason, why, whole));
        }
        let Some((reason, why, whole)) = first else { return };
        let text = format!("the HPA was unable to compute the replica count: {why}");
        set_condition(status, now, "ScalingActive", false, reason, &text);
        status.set("currentMetrics", Value::array((0..n).map(|_| json!({"type": ""}))));
        let text = format!("invalid metrics ({n} invalid out of {n}), first error is: {whole}");
        self.events.event(ctx, hpa, EventType::Warning, said, &text);
    }

    /// The complaint about Pods that several autoscalers would scale. Models `validateAndParseSelector`: an autoscaler
    /// counts from its first sync on.
    fn ambiguous(ctx: &Ctx<'_>, hpa: &Rc<Object>, key: &ObjectKey) -> Option<String> {
        let store = ctx.api.store();
        let of = |key: &ObjectKey| ctx.api.get(key).and_then(|o| Selector::from_object(o.at("spec.selector")).ok());
        let selector = of(key)?;
        let pods: Vec<&Rc<Object>> =
            store.list_in(Kind::Pod, hpa.namespace()).filter(|p| selector.matches(p.labels())).collect();
        let scalers: Vec<String> = store
            .list_in(Kind::HorizontalPodAutoscaler, hpa.namespace())
            .filter(|o| o.uid() == hpa.uid() || !o.at("status.currentReplicas").is_null())
            .filter(|o| {
                let selector = target(o).ok().and_then(|key| of(&key));
                selector.is_some_and(|s| pods.iter().any(|p| s.matches(p.labels())))
            })
            .map(|o| format!("{}/{}", o.namespace(), o.name()))
            .collect();
        (scalers.len() > 1).then(|| {
            let labels = ctx.api.get(key).map_or(&Value::Null, |o| o.at("spec.selector"));
            format!(
                "pods by selector {} are controlled by more than one HPA (e.g. [{}])",
                crate::api::selector::format_label_selector(labels),
                scalers.join(" ")
            )
        })
    }

    fn write(ctx: &mut Ctx<'_>, hpa: &Rc<Object>, status: Value) {
        // What cannot be written now is tried again at the next sync.
        let _ = ctx.api.mutate(&hpa.key(), Subresource::Status, |body| body.set("status", status));
    }
}

impl Component for HorizontalController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        let Some(hpa) = ctx.api.get(&key).cloned().filter(|h| !h.is_deleting()) else { return };
        self.sync(ctx, &hpa);
        self.queue.add_after(ctx, key, RESYNC);
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind == Kind::HorizontalPodAutoscaler && change.is_added() {
            self.queue.add(ctx, change.key.clone(), LATENCY);
        }
    }
}
