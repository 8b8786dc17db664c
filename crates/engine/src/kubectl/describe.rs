//! `kubectl describe`: what is known of an object, as text.
//!
//! Models kubectl `pkg/describe/describe.go`.

mod certificate;
mod config;
mod container;
mod events;
mod generic;
mod network;
mod node;
mod pod;
mod slices;
mod storage;
mod template;
mod workloads;

use std::rc::Rc;

use super::table::TabWriter;
use crate::api::{Kind, Object, Value};
use crate::apiserver::Store;
use crate::clock::Time;

/// Text that is being written, tabs between its columns.
#[derive(Default)]
pub struct Doc {
    text: String,
    done: String,
}

impl Doc {
    /// A line, two blanks in front for each level.
    pub fn line(&mut self, level: usize, line: &str) {
        self.begin(level, line);
        self.text.push('\n');
    }
    /// Text at a level, without an end of line.
    pub fn begin(&mut self, level: usize, text: &str) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
        self.text.push_str(text);
    }
    /// `Name:` and a value in the next column.
    pub fn field(&mut self, level: usize, name: &str, value: &str) {
        self.begin(level, name);
        self.text.push_str(":\t");
        self.text.push_str(value);
        self.text.push('\n');
    }
    /// Aligns what is written so far: what follows has columns of its own.
    pub fn flush(&mut self) {
        let text = std::mem::take(&mut self.text);
        self.done += &TabWriter::describe().align(&text);
    }
    /// The whole text.
    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }
}

/// What a description may look at.
pub struct Scene<'a> {
    /// The objects.
    pub store: &'a Store,
    /// The time.
    pub now: Time,
    /// Whether events are shown.
    pub events: bool,
}

/// Describes an object.
pub fn describe(o: &Rc<Object>, scene: &Scene<'_>) -> String {
    let mut w = Doc::default();
    match o.kind() {
        Kind::Pod => pod::describe(o, scene, &mut w),
        Kind::Job => workloads::job(o, scene, &mut w),
        Kind::CronJob => workloads::cron_job(o, &mut w),
        Kind::Deployment => workloads::deployment(o, scene, &mut w),
        Kind::ReplicaSet | Kind::ReplicationController => workloads::replica_set(o, scene, &mut w),
        Kind::StatefulSet => workloads::stateful_set(o, scene, &mut w),
        Kind::DaemonSet => workloads::daemon_set(o, scene, &mut w),
        Kind::Node => node::describe(o, scene, &mut w),
        Kind::Namespace => config::namespace(o, scene, &mut w),
        Kind::ResourceQuota => config::quota(o, &mut w),
        Kind::LimitRange => config::limit_range(o, &mut w),
        Kind::ConfigMap => config::config_map(o, &mut w),
        Kind::Secret => config::secret(o, &mut w),
        Kind::ServiceAccount => config::service_account(o, &mut w),
        Kind::Service => config::service(o, scene, &mut w),
        Kind::PriorityClass => config::priority_class(o, &mut w),
        Kind::PersistentVolumeClaim => storage::claim(o, scene, &mut w),
        Kind::PersistentVolume => storage::volume(o, scene, &mut w),
        Kind::Ingress => network::ingress(o, scene, &mut w),
        Kind::NetworkPolicy => network::policy(o, &mut w),
        Kind::PodDisruptionBudget => network::budget(o, &mut w),
        Kind::HorizontalPodAutoscaler => network::autoscaler(o, &mut w),
        Kind::CertificateSigningRequest => certificate::signing_request(o, &mut w),
        Kind::Role | Kind::ClusterRole => config::role(o, &mut w),
        Kind::RoleBinding | Kind::ClusterRoleBinding => config::role_binding(o, &mut w),
        Kind::Endpoints => slices::endpoints(o, &mut w),
        Kind::EndpointSlice => slices::endpoint_slice(o, &mut w),
        Kind::StorageClass => slices::storage_class(o, &mut w),
        Kind::IngressClass => slices::ingress_class(o, &mut w),
        _ => generic::describe(o, &mut w),
    }
    let silent = matches!(
        o.kind(),
        Kind::Namespace
            | Kind::ResourceQuota
            | Kind::LimitRange
            | Kind::Secret
            | Kind::Role
            | Kind::ClusterRole
            | Kind::RoleBinding
            | Kind::ClusterRoleBinding
            | Kind::NetworkPolicy
    );
    if scene.events && !silent {
        events::describe(o, scene, &mut w);
    }
    w.finish()
}

/// Describes a Pod template alone.
pub fn describe_template(t: &Value) -> String {
    let mut w = Doc::default();
    template::pod_template(t, &mut w);
    // `rollout history` writes it without aligning it.
    w.text
}

/// Name, namespace.
fn head(o: &Object, w: &mut Doc) {
    w.field(0, "Name", o.name());
    w.field(0, "Namespace", o.namespace());
}

/// A time as describe prints it.
fn stamp(v: &Value) -> String {
    v.as_str().and_then(Time::parse_rfc3339).map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".into(), Time::rfc1123z)
}

/// A number, 0 where there is none.
fn number(v: &Value) -> i64 {
    v.as_i64().unwrap_or(0)
}

/// `a=b` line by line. Models `printLabelsMultiline`.
fn labels(title: &str, map: &Value, w: &mut Doc) {
    w.begin(0, &format!("{title}:\t"));
    let mut any = false;
    for (k, v) in map.fields() {
        if any {
            w.begin(0, "\t");
        }
        any = true;
        w.line(0, &format!("{k}={}", v.as_str().unwrap_or("")));
    }
    if !any {
        w.line(0, "<none>");
    }
}

/// Annotations line by line, long ones below their key. Models `printAnnotationsMultiline`.
fn annotations(title: &str, map: &Value, w: &mut Doc) {
    const LONGEST: usize = 140;
    w.begin(0, &format!("{title}:\t"));
    let mut any = false;
    for (k, v) in map.fields().filter(|(k, _)| k.as_ref() != super::cmd::LAST_APPLIED) {
        if any {
            w.begin(0, "\t");
        }
        any = true;
        let v = v.as_str().unwrap_or("");
        let v = v.strip_suffix('\n').unwrap_or(v);
        if v.len() + k.len() + 2 > LONGEST || v.contains('\n') {
            w.line(0, &format!("{k}:"));
            for line in v.split('\n') {
                let short = match line.char_indices().nth(LONGEST - 2) {
                    Some((i, _)) => format!("{}...", &line[..i]),
                    None => line.to_owned(),
                };
                w.line(0, &format!("\t  {short}"));
            }
        } else {
            w.line(0, &format!("{k}: {v}"));
        }
    }
    if !any {
        w.line(0, "<none>");
    }
}

/// `Controlled By:`, where something controls the object.
fn controlled_by(o: &Object, w: &mut Doc) {
    if let Some(c) = o.controller() {
        w.field(0, "Controlled By", &format!("{}/{}", c.kind, c.name));
    }
}

/// `Conditions:` of the workloads of apps/v1.
fn conditions(o: &Object, w: &mut Doc) {
    let all = o.at("status.conditions").items();
    if all.is_empty() {
        return;
    }
    w.line(0, "Conditions:");
    w.line(1, "Type\tStatus\tReason");
    w.line(1, "----\t------\t------");
    for c in all {
        w.line(1, &format!("{} \t{}\t{}", c.str_at("type"), c.str_at("status"), c.str_at("reason")));
    }
}
