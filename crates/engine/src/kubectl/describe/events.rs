//! The events of a description.
//!
//! Models `DescribeEvents` and client-go `reference` (which events are about an object).

use super::{Doc, Scene};
use crate::api::{Kind, Object, Value};
use crate::clock::{Time, human_duration};

/// Whether an event is about an object.
pub fn is_about(event: &Object, o: &Object) -> bool {
    let about = event.at("involvedObject");
    if about.str_at("name") != o.name().as_ref() || about.str_at("kind") != o.kind().name() {
        return false;
    }
    let uid = about.str_at("uid");
    uid == o.uid().as_ref() || o.kind() == Kind::Node && uid == o.name().as_ref()
}

fn since(v: &Value, now: Time) -> String {
    v.as_str().and_then(Time::parse_rfc3339).map_or_else(|| "<unknown>".into(), |t| human_duration(now - t))
}

/// Writes the events of an object.
pub fn describe(o: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let namespace = if o.namespace().is_empty() { "default" } else { o.namespace() };
    let mut all: Vec<&Object> =
        scene.store.list_in(Kind::Event, namespace).filter(|e| is_about(e, o)).map(AsRef::as_ref).collect();
    if all.is_empty() {
        w.field(0, "Events", "<none>");
        return;
    }
    w.flush();
    all.sort_by_key(|e| last(e));
    w.line(0, "Events:");
    w.line(1, "Type\tReason\tAge\tFrom\tMessage");
    w.line(1, "----\t------\t----\t----\t-------");
    for e in all {
        let text = |path: &'static str| e.at(path).as_str().unwrap_or("");
        let first = if e.at("eventTime").is_null() { e.at("firstTimestamp") } else { e.at("eventTime") };
        let first = since(first, scene.now);
        let count = e.at("count").as_i64().unwrap_or(0);
        let age = if let Some(n) = e.at("series.count").as_i64() {
            format!("{} (x{n} over {first})", since(e.at("series.lastObservedTime"), scene.now))
        } else if count > 1 {
            format!("{} (x{count} over {first})", since(e.at("lastTimestamp"), scene.now))
        } else {
            first
        };
        let from = match text("source.component") {
            "" => text("reportingComponent"),
            c => c,
        };
        let mut message = text("message").trim().to_owned();
        let path = text("involvedObject.fieldPath");
        if !path.is_empty() {
            message = format!("{path}: {message}");
        }
        w.line(1, &format!("{}\t{}\t{age}\t{from}\t{message}", text("type"), text("reason")));
    }
}

/// What events are sorted by: when they last happened.
pub fn last(e: &Object) -> Option<Time> {
    let time = |path: &'static str| e.at(path).as_str().and_then(Time::parse_rfc3339);
    time("lastTimestamp")
}
