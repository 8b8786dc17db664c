//! What differs between kinds in how the server handles them, beyond what [`defaults`](crate::api::defaults) prepares.
//!
//! Models the small methods of the strategies under `pkg/registry/*/*/strategy.go`.

mod service;

use std::rc::Rc;

pub(super) use service::{allocate as allocate_service, check_families, check_node_ports};

use crate::api::{Kind, Map, Value};

/// Whether an update without a resourceVersion is taken.
pub(super) fn allows_unconditional_update(kind: Kind) -> bool {
    !matches!(kind, Kind::PodDisruptionBudget | Kind::Lease)
}

/// Whether a subresource `status` exists.
pub fn has_status(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Pod
            | Kind::Job
            | Kind::CronJob
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ReplicationController
            | Kind::PodDisruptionBudget
            | Kind::HorizontalPodAutoscaler
            | Kind::CertificateSigningRequest
            | Kind::FlowSchema
            | Kind::PriorityLevelConfiguration
            | Kind::Ingress
            | Kind::Namespace
            | Kind::Node
            | Kind::PersistentVolume
            | Kind::PersistentVolumeClaim
            | Kind::ResourceQuota
            | Kind::Service
    )
}

/// The default of `propagationPolicy`: Jobs and ReplicationControllers of v1 leave their Pods behind.
pub(super) fn orphans_by_default(kind: Kind) -> bool {
    matches!(kind, Kind::Job | Kind::ReplicationController)
}

/// Fields of metadata that a client cannot change.
pub(super) const SYSTEM_FIELDS: [&str; 4] =
    ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"];

/// Copies a field of metadata from the old version, or takes it away where that has none.
pub(super) fn keep_metadata(body: &mut Value, old: &Map, field: &str) {
    let metadata = body.slot("metadata");
    match old.get(field) {
        Some(v) if metadata.get(field).is_some_and(|have| have.same(v)) => {}
        Some(v) => {
            metadata.make_object().insert(field, v.clone());
        }
        None if metadata.get(field).is_some() => {
            metadata.make_object().remove(field);
        }
        None => {}
    }
}

/// The name that `generateName` gives: the prefix, cut so that five letters more still make a label.
pub(super) fn generated_name(prefix: &str, suffix: &str) -> Rc<str> {
    let mut base = prefix;
    if base.len() > 58 {
        let mut end = 58;
        while !base.is_char_boundary(end) {
            end -= 1;
        }
        base = &base[..end];
    }
    Rc::from(format!("{base}{suffix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_prefixes_are_cut() {
        assert_eq!(generated_name("pi-", "abcde").as_ref(), "pi-abcde");
        assert_eq!(generated_name(&"x".repeat(80), "abcde").len(), 63);
    }
}
