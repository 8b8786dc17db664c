//! The event recorder: what controllers and kubelets say about objects, as Event objects, alike ones counted together.
//!
//! Models client-go `tools/record` (`event.go`, `events_cache.go`) for components with the old recorder; the scheduler's
//! new-style events are written by [`EventRecorder::new_style`].

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Subresource, WriteOptions};
use crate::component::Ctx;

/// `type` of an Event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EventType {
    /// Something to know.
    Normal,
    /// Something to look into.
    Warning,
}

impl EventType {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

type CorrelationKey = (ObjectKey, Rc<str>, String, EventType, Rc<str>, Rc<str>);

/// Records events of one component (on one node, for a kubelet).
#[derive(Clone, Debug)]
pub struct EventRecorder {
    component: &'static str,
    host: Rc<str>,
    seen: BTreeMap<CorrelationKey, ObjectKey>,
}

impl EventRecorder {
    /// A recorder whose events come from `component`: `job-controller`.
    pub fn new(component: &'static str) -> Self {
        Self::on_host(component, "")
    }
    /// A recorder whose events come from `component` on a node.
    pub fn on_host(component: &'static str, host: impl Into<Rc<str>>) -> Self {
        Self { component, host: host.into(), seen: BTreeMap::new() }
    }
    /// Records an event about an object.
    pub fn event(&mut self, ctx: &mut Ctx<'_>, about: &Object, kind: EventType, reason: &str, message: &str) {
        self.event_about_field(ctx, about, "", kind, reason, message);
    }
    /// Records an event about a part of an object: `spec.containers{main}`.
    pub fn event_about_field(
        &mut self,
        ctx: &mut Ctx<'_>,
        about: &Object,
        field_path: &str,
        kind: EventType,
        reason: &str,
        message: &str,
    ) {
        let key = (about.key(), about.uid().clone(), field_path.to_owned(), kind, Rc::from(reason), Rc::from(message));
        let stamp = ctx.now.rfc3339();
        if let Some(event) = self.seen.get(&key) {
            let counted = ctx.api.mutate(event, Subresource::Main, |body| {
                body.set("count", body.int_at("count").unwrap_or(1) + 1);
                body.set("lastTimestamp", stamp.as_str());
            });
            if matches!(counted, Ok(Some(_))) {
                return;
            }
        }
        let mut body = Self::skeleton(ctx, about, field_path, kind, reason, message);
        body.set("source", Value::object([("component", Value::from(self.component))]));
        if !self.host.is_empty() {
            body.set("source.host", &self.host);
        }
        body.set("firstTimestamp", stamp.as_str());
        body.set("lastTimestamp", stamp.as_str());
        body.set("count", 1);
        body.set("eventTime", Value::Null);
        body.set("reportingComponent", self.component);
        body.set("reportingInstance", &self.host);
        if let Ok(event) = ctx.api.create(Kind::Event, body, WriteOptions::default()) {
            self.seen.insert(key, event.key());
        }
    }
    /// Records an event as the scheduler does, with `eventTime` and `action`. Events about the same version of an
    /// object with the same reason are one series, whatever their message; the API server is told of its second event,
    /// and of no further one. Models `tools/events/event_broadcaster.go`.
    pub fn new_style(
        &mut self,
        ctx: &mut Ctx<'_>,
        about: &Object,
        kind: EventType,
        reason: &str,
        action: &str,
        message: &str,
    ) {
        let version = about.resource_version().to_string();
        let key = (about.key(), about.uid().clone(), version, kind, Rc::from(reason), Rc::from(""));
        if let Some(event) = self.seen.get(&key) {
            let now = ctx.now.rfc3339_micro();
            if ctx.api.get(event).is_some_and(|e| e.at("series").is_null()) {
                let _ = ctx.api.mutate(event, Subresource::Main, |body| {
                    body.set("series.count", 2);
                    body.set("series.lastObservedTime", now);
                });
            }
            return;
        }
        let mut body = Self::skeleton(ctx, about, "", kind, reason, message);
        body.set("source", Value::empty_object());
        body.set("firstTimestamp", Value::Null);
        body.set("lastTimestamp", Value::Null);
        body.set("eventTime", ctx.now.rfc3339_micro());
        body.set("action", action);
        body.set("reportingComponent", self.component);
        body.set("reportingInstance", &self.host);
        if let Ok(event) = ctx.api.create(Kind::Event, body, WriteOptions::default())
            && kind == EventType::Warning
        {
            self.seen.insert(key, event.key());
        }
    }
    fn skeleton(
        ctx: &mut Ctx<'_>,
        about: &Object,
        field_path: &str,
        kind: EventType,
        reason: &str,
        message: &str,
    ) -> Value {
        let namespace = if about.namespace().is_empty() { "default" } else { about.namespace() };
        let nanos = ctx.now.0 as u64 * 1_000_000 + ctx.rng.below(1_000_000);
        let mut body = Value::empty_object();
        body.set("metadata.name", format!("{}.{nanos:x}", about.name()));
        body.set("metadata.namespace", namespace);
        let mut involved = Value::object([
            ("kind", Value::from(about.kind().name())),
            ("name", about.name().into()),
            ("uid", about.uid().into()),
            ("apiVersion", about.kind().api_version().into()),
            ("resourceVersion", about.resource_version().to_string().into()),
        ]);
        if !about.namespace().is_empty() {
            involved.set("namespace", about.namespace());
        }
        if !field_path.is_empty() {
            involved.set("fieldPath", field_path);
        }
        body.set("involvedObject", involved);
        body.set("type", kind.as_str());
        body.set("reason", reason);
        body.set("message", message);
        body
    }
}
