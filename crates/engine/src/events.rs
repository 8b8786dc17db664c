//! The event recorder: what controllers and kubelets say about objects, as Event objects, alike ones counted together.
//!
//! Models client-go `tools/record/event.go` for components with the old recorder, and `tools/events/event_broadcaster.go`
//! for the scheduler, whose events have a time in microseconds and an action ([`EventRecorder::new_style`]).

mod correlator;
mod expiry;

use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Subresource, WriteOptions};
use crate::component::Ctx;
use crate::json;
use crate::rng::write_hex;
pub use expiry::EventExpiry;

use correlator::{Correlator, Said, SeriesVerdict};

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

/// Records events of one component (on one node, for a kubelet).
#[derive(Clone, Debug)]
pub struct EventRecorder {
    component: Value,
    host: Value,
    source: Value,
    correlator: Correlator,
}

impl EventRecorder {
    /// A recorder whose events come from `component`: `job-controller`.
    pub fn new(component: &'static str) -> Self {
        Self::on_host(component, "")
    }
    /// A recorder whose events come from `component` on a node.
    pub fn on_host(component: &'static str, host: impl Into<Rc<str>>) -> Self {
        let (component, host) = (Value::from(component), Value::from(host.into()));
        let mut source = Value::object([("component", component.clone())]);
        if host.as_str() != Some("") {
            source.set("host", host.clone());
        }
        Self { component, host, source, correlator: Correlator::default() }
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
        let now = ctx.now;
        let name = || event_key(ctx, about);
        let said = Said { now, uid: about.uid(), path: field_path, kind, reason, text: message };
        let verdict = self.correlator.observe(said, name);
        if verdict.skip {
            return;
        }
        let stamp = ctx.api.stamp();
        let (mut count, mut first) = (1, stamp.clone());
        let key = if let Some(known) = verdict.known {
            let counted = ctx.api.mutate(&known.event, Subresource::Main, |body| {
                body.set("count", known.count);
                body.set("lastTimestamp", stamp.clone());
                if let Some(group) = &verdict.group {
                    body.set("message", group.as_str());
                }
            });
            if matches!(counted, Ok(Some(_))) {
                return;
            }
            (count, first) = (known.count, known.first.rfc3339().into());
            Some(known.event)
        } else {
            self.correlator.recorded(about.uid(), verdict.group.is_some(), kind, reason)
        };
        let Some(key) = key else { return };
        let (component, host) = if verdict.group.is_some() {
            (Value::from(""), Value::from(""))
        } else {
            (self.component.clone(), self.host.clone())
        };
        let event = json!({
            "apiVersion": null,
            "count": count,
            "eventTime": null,
            "firstTimestamp": first,
            "involvedObject": (involved(about, field_path)),
            "kind": null,
            "lastTimestamp": stamp,
            "message": (verdict.group.as_deref().unwrap_or(message)),
            "metadata": (metadata(&key)),
            "reason": reason,
            "reportingComponent": component,
            "reportingInstance": host,
            "source": (self.source.clone()),
            "type": (kind.as_str()),
        });
        keep(ctx, event);
    }
    /// Records an event as the scheduler does, with `eventTime` and `action`.
    pub fn new_style(
        &mut self,
        ctx: &mut Ctx<'_>,
        about: &Object,
        kind: EventType,
        reason: &str,
        action: &str,
        message: &str,
    ) {
        let key = event_key(ctx, about);
        let said = Said { now: ctx.now, uid: about.uid(), path: "", kind, reason, text: action };
        match self.correlator.observe_series(said, about.resource_version(), &key) {
            SeriesVerdict::Counted => return,
            SeriesVerdict::Second(event) => {
                let now = ctx.now.rfc3339_micro();
                let counted = ctx.api.mutate(&event, Subresource::Main, |body| {
                    body.set("series.count", 2);
                    body.set("series.lastObservedTime", now);
                });
                if matches!(counted, Ok(Some(_))) {
                    return;
                }
            }
            SeriesVerdict::New => {}
        }
        let event = json!({
            "action": action,
            "apiVersion": null,
            "eventTime": (ctx.now.rfc3339_micro()),
            "firstTimestamp": null,
            "involvedObject": (involved(about, "")),
            "kind": null,
            "lastTimestamp": null,
            "message": message,
            "metadata": (metadata(&key)),
            "reason": reason,
            "reportingComponent": (self.component.clone()),
            "reportingInstance": (self.host.clone()),
            "source": {},
            "type": (kind.as_str()),
        });
        keep(ctx, event);
    }
}

/// Creates an event. One that cannot be kept, since its namespace goes, is lost, as upstream.
fn keep(ctx: &mut Ctx<'_>, event: Value) {
    let _ = ctx.api.create(Kind::Event, event, WriteOptions::default());
}

/// An event's metadata. Events are half of all objects: what the server fills in has its place, so that nothing grows.
fn metadata(key: &ObjectKey) -> Value {
    json!({
        "creationTimestamp": null,
        "name": (&key.name),
        "namespace": (&key.namespace),
        "resourceVersion": null,
        "uid": null,
    })
}

/// The longest name that an object can have: a DNS subdomain.
const MAX_NAME: usize = 253;

/// The name and namespace of a new event: the object's name and the time in nanoseconds.
fn event_key(ctx: &mut Ctx<'_>, about: &Object) -> ObjectKey {
    let namespace = if about.namespace().is_empty() { Rc::from("default") } else { about.namespace().clone() };
    let nanos = ctx.now.0 as u64 * 1_000_000 + ctx.rng.below(1_000_000);
    // Events are half of all objects: their names are made where the text is to be, digit by digit.
    let mut name = [b'.'; MAX_NAME + 17];
    let of = about.name().as_bytes();
    let of = &of[..of.len().min(MAX_NAME)];
    name[..of.len()].copy_from_slice(of);
    let digits = (u64::BITS - nanos.leading_zeros()).div_ceil(4).max(1) as usize;
    let name = &mut name[..of.len() + 1 + digits];
    write_hex(&mut name[of.len() + 1..], nanos);
    let name = str::from_utf8(name).unwrap_or_default();
    ObjectKey::new(Kind::Event, namespace, name)
}

/// What an event is about.
fn involved(about: &Object, field_path: &str) -> Value {
    let namespace = about.namespace();
    Value::object([
        ("apiVersion", about.at("apiVersion").clone()),
        ("fieldPath", Value::given(field_path)),
        ("kind", about.at("kind").clone()),
        ("name", about.name().into()),
        ("namespace", Value::given(namespace)),
        ("resourceVersion", about.at("metadata.resourceVersion").clone()),
        ("uid", about.uid().into()),
    ])
}
