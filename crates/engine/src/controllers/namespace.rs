//! The deletion of namespaces: first their Pods, then everything else, then the namespace.
//!
//! Models `pkg/controller/namespace/namespace_controller.go` and `deletion/namespaced_resources_deleter.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::api::{KINDS, Kind, Object, Value};
use crate::apiserver::{Change, DeleteOptions, Propagation, Subresource};
use crate::clock::{Millis, SECOND};
use crate::component::{Component, Ctx};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// The controller gives informers this long to hear of everything that is in the namespace.
const GRACE: Millis = 5 * SECOND;
/// How long finalizers are thought to take.
const FINALIZER_SECONDS: i64 = 15;

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct NamespaceController {
    queue: WorkQueue,
}

/// What a sweep left behind.
#[derive(Default)]
struct Remains {
    resources: BTreeMap<String, usize>,
    finalizers: BTreeMap<Rc<str>, usize>,
    estimate: i64,
}

impl Component for NamespaceController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }

    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        let Some(namespace) = ctx.api.get(&key).cloned() else { return };
        if !namespace.is_deleting() || namespace.at("spec.finalizers").items().is_empty() {
            return;
        }
        let remains = sweep(ctx, &key.name);
        report(ctx, &namespace, &remains);
        if remains.estimate > 0 {
            self.queue.add_after(ctx, key, (remains.estimate / 2 + 1) * SECOND);
            return;
        }
        ctx.api.finalize_namespace(&key.name);
    }

    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind != Kind::Namespace {
            return;
        }
        let begins = change.after.as_ref().is_some_and(|a| a.is_deleting())
            && change.before.as_ref().is_none_or(|b| !b.is_deleting());
        if begins {
            self.queue.add_after(ctx, change.key.clone(), GRACE);
        }
    }
}

/// Deletes what is in a namespace: while there are Pods, only those.
fn sweep(ctx: &mut Ctx<'_>, namespace: &str) -> Remains {
    let mut remains = Remains::default();
    let kinds = KINDS.iter().filter(|i| i.namespaced).map(|i| i.kind);
    for kind in std::iter::once(Kind::Pod).chain(kinds.filter(|k| *k != Kind::Pod)) {
        if remains.estimate > 0 && remains.resources.contains_key("pods.") {
            break;
        }
        let grace = |o: &Object| match (o.kind(), o.at("status.phase").as_str()) {
            (Kind::Pod, Some("Succeeded" | "Failed")) => 0,
            (Kind::Pod, _) => o.at("spec.terminationGracePeriodSeconds").as_i64().unwrap_or(0),
            _ => 0,
        };
        let longest = ctx.api.store().list_in(kind, namespace).map(|o| grace(o)).max().unwrap_or(0);
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        let _ = ctx.api.delete_collection(kind, namespace, |_| true, &options);
        let info = kind.info();
        for object in ctx.api.store().list_in(kind, namespace) {
            *remains.resources.entry(format!("{}.{}", info.plural, info.group)).or_default() += 1;
            let finalizers = object.at("metadata.finalizers").items();
            for f in finalizers.iter().filter_map(Value::as_rc_str) {
                *remains.finalizers.entry(f).or_default() += 1;
            }
            let seconds = if finalizers.is_empty() { longest.max(1) } else { longest.max(FINALIZER_SECONDS) };
            remains.estimate = remains.estimate.max(seconds);
        }
    }
    remains
}

fn listed<K: std::fmt::Display>(counts: &BTreeMap<K, usize>, verb: &str) -> String {
    let parts: Vec<String> = counts.iter().map(|(k, n)| format!("{k} {verb} {n} resource instances")).collect();
    parts.join(", ")
}

/// Writes the conditions. Models `deletion/status_condition_utils.go`.
fn report(ctx: &mut Ctx<'_>, namespace: &Object, remains: &Remains) {
    let stamp = ctx.now.rfc3339();
    let resources = if remains.resources.is_empty() {
        ("False", "ContentRemoved", "All content successfully removed".to_owned())
    } else {
        let text = format!("Some resources are remaining: {}", listed(&remains.resources, "has"));
        ("True", "SomeResourcesRemain", text)
    };
    let finalizers = if remains.finalizers.is_empty() {
        ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished".to_owned())
    } else {
        let list = listed(&remains.finalizers, "in");
        let text = format!("Some content in the namespace has finalizers remaining: {list}");
        ("True", "SomeFinalizersRemain", text)
    };
    let fixed = |reason, text: &str| ("False", reason, text.to_owned());
    let conditions = [
        ("NamespaceDeletionDiscoveryFailure", fixed("ResourcesDiscovered", "All resources successfully discovered")),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            fixed("ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            fixed("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", resources),
        ("NamespaceFinalizersRemaining", finalizers),
    ];
    let _ = ctx.api.mutate(&namespace.key(), Subresource::Status, |body| {
        let list = body.slot("status.conditions").make_array();
        for (kind, (status, reason, message)) in conditions {
            let condition = json!({
                "type": kind,
                "status": status,
                "lastTransitionTime": (stamp.as_str()),
                "reason": reason,
                "message": (message.as_str()),
            });
            match list.iter_mut().find(|c| c.str_at("type") == kind) {
                Some(c) if c.str_at("status") == status && c.str_at("message") == message => {}
                Some(c) => *c = condition,
                None => list.push(condition),
            }
        }
    });
}
