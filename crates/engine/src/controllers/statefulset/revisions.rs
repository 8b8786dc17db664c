//! The revisions of a StatefulSet: the one its Pods are leaving and the one they move to.
//!
//! Models `getStatefulSetRevisions` and `truncateHistory` of `stateful_set_control.go`.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::pods::revision_of;
use crate::api::Object;
use crate::apiserver::{DeleteOptions, Reason, Status};
use crate::component::Ctx;
use crate::controllers::history;

/// The two revisions, and how often a name was taken.
pub struct Revisions {
    /// What Pods were made from before.
    pub current: Rc<Object>,
    /// What Pods are made from now.
    pub update: Rc<Object>,
    /// `status.collisionCount`
    pub collisions: i64,
}

/// Finds both revisions among those there are, making or renumbering the newest where the template changed.
pub fn find(ctx: &mut Ctx<'_>, set: &Object, revisions: &[Rc<Object>]) -> Result<Revisions, Status> {
    let mut collisions = set.at("status.collisionCount").as_i64();
    let data = history::data(set);
    let next = revisions.last().map_or(1, |r| history::number(r) + 1);
    let equal = revisions.iter().rfind(|r| *r.at("data") == data);
    let update = match (equal, revisions.last()) {
        (Some(r), Some(last)) if r.uid() == last.uid() || r.at("data") == last.at("data") => last.clone(),
        (Some(r), _) => history::renumber(ctx, r, next)?,
        (None, _) => history::create(ctx, set, &data, next, &mut collisions)?,
    };
    let named = set.at("status.currentRevision").as_str();
    let current = revisions.iter().find(|r| Some(r.name().as_ref()) == named).unwrap_or(&update).clone();
    Ok(Revisions { current, update, collisions: collisions.unwrap_or(0) })
}

/// Deletes the oldest revisions beyond `revisionHistoryLimit` that no Pod and no status names.
pub fn truncate(
    ctx: &mut Ctx<'_>,
    set: &Object,
    pods: &[Rc<Object>],
    revisions: &[Rc<Object>],
    found: &Revisions,
) -> Result<(), Status> {
    let mut live: BTreeSet<&str> = pods.iter().map(|p| revision_of(p)).collect();
    live.insert(found.current.name());
    live.insert(found.update.name());
    let old: Vec<&Rc<Object>> = revisions.iter().filter(|r| !live.contains(r.name().as_ref())).collect();
    let limit = set.at("spec.revisionHistoryLimit").as_i64().unwrap_or(10);
    let surplus = usize::try_from(old.len() as i64 - limit).unwrap_or(0);
    for revision in old.into_iter().take(surplus) {
        match ctx.api.delete(&revision.key(), &DeleteOptions::default()) {
            Err(status) if status.reason != Reason::NotFound => return Err(status),
            _ => {}
        }
    }
    Ok(())
}
