//! `kubectl apply --prune`: deletes what was applied before and is not applied any more.
//!
//! Models kubectl `pkg/cmd/apply/prune.go` and `pkg/util/prune/prune.go`.

use std::rc::Rc;

use super::super::super::Cx;
use super::super::super::args::Parsed;
use super::super::super::failure::{Failure, error};
use super::super::super::output::Form;
use super::super::super::session::Io;
use super::super::common::{DryRun, report};
use super::LAST_APPLIED;
use crate::api::{Kind, Object, ObjectKey, Selector};
use crate::apiserver::DeleteOptions;

/// The kinds without `--prune-allowlist`, in the order in which they are looked through.
const KINDS: [Kind; 16] = [
    Kind::ConfigMap,
    Kind::Endpoints,
    Kind::PersistentVolumeClaim,
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Secret,
    Kind::Service,
    Kind::Job,
    Kind::CronJob,
    Kind::Ingress,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::Namespace,
    Kind::PersistentVolume,
];

const WARNING: &str = "      1 prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used \
    with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly \
    in the --prune-allowlist flag.";

/// The kinds that a command prunes: those of `--prune-allowlist`, or the usual ones.
pub fn kinds(p: &Parsed) -> Result<Vec<Kind>, Failure> {
    let listed = p.all("prune-allowlist");
    let one = |text: &&str| {
        let parts: Vec<&str> = text.split('/').collect();
        let [group, version, kind] = parts[..] else {
            return error(format!("invalid GroupVersionKind format: {text}, please follow <group/version/kind>"));
        };
        let api_version = if group == "core" { version.to_owned() } else { format!("{group}/{version}") };
        match Kind::find(&api_version, kind) {
            Some(kind) => Ok(kind),
            None => error(format!("no matches for kind {kind:?} in version {api_version:?}")),
        }
    };
    if listed.is_empty() { Ok(KINDS.to_vec()) } else { listed.iter().map(one).collect() }
}

/// Deletes what was applied before, matches, and is not among what was applied now.
pub fn run(
    p: &Parsed,
    kinds: &[Kind],
    applied: &[ObjectKey],
    dry: DryRun,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<(), Failure> {
    let form = Form::of(p, io, cx)?;
    let selector = Selector::parse(p.str("selector")).map_err(Failure::Error)?;
    let mut namespaces: Vec<&str> = applied.iter().map(|k| &*k.namespace).filter(|n| !n.is_empty()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    let (within, across): (Vec<Kind>, Vec<Kind>) = kinds.iter().partition(|k| k.info().namespaced);
    if p.all("prune-allowlist").is_empty() {
        // kubectl's log tells this to everybody, as a namespace always is set in the end.
        let now = cx.now.rfc3339_micro();
        let (month, day, clock) = (&now[5..7], &now[8..10], now[11..].trim_end_matches('Z'));
        io.complain(&format!("W{month}{day} {clock} {WARNING}"));
    }
    if kinds.contains(&Kind::Endpoints) && !namespaces.is_empty() {
        io.complain("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
    }
    let places = namespaces.iter().flat_map(|n| within.iter().map(move |k| (*k, *n)));
    for (kind, namespace) in places.chain(across.iter().map(|k| (*k, ""))) {
        let goes = |o: &&Rc<Object>| {
            o.annotation(LAST_APPLIED).is_some() && selector.matches(o.labels()) && !applied.contains(&o.key())
        };
        let old: Vec<Rc<Object>> = cx.api.store().list_in(kind, namespace).filter(goes).cloned().collect();
        for o in old {
            if dry == DryRun::None {
                cx.api.delete(&o.key(), &DeleteOptions::default())?;
            }
            report(&form, &super::super::super::output::shown(&o), "pruned", dry, io)?;
        }
    }
    Ok(())
}
