//! A Pod as the yard shows it.

use std::rc::Rc;

use batchyard_engine::api::Object;
use batchyard_engine::cluster::WaitKind;
use implicit_clone::unsync::IString as AttrValue;

use super::{World, wait_of};
use crate::podstatus::columns;
use crate::text::{human, left};
use crate::view::{Fact, PodView};

/// The end of a Pod's name that tells it from its siblings: what follows the name of what made it.
fn suffix(object: &Object) -> String {
    let name = object.name();
    let base = object.body().str_at("metadata.generateName");
    let cut = name.strip_prefix(base).filter(|s| !s.is_empty() && !base.is_empty());
    cut.or_else(|| name.rsplit('-').next()).unwrap_or(name).to_owned()
}

/// The view of a Pod whose object is still what it was; none where it waits for something, which is counted down.
pub fn older(view: &Rc<PodView>, object: &Object, world: &World) -> Option<Rc<PodView>> {
    let uid = object.uid();
    let counts = |kind| world.wait(uid, kind).is_some();
    let waits = !matches!(view.fact, Fact::Age | Fact::Restarts(_));
    if waits || counts(WaitKind::CrashLoop) || counts(WaitKind::ImagePull) {
        return None;
    }
    let age = human(world.now - object.creation_time().map_or(world.now, |t| t.0));
    Some(if view.age == age { view.clone() } else { Rc::new(PodView { age: age.into(), ..(**view).clone() }) })
}

/// Derives the view of a Pod.
pub fn view(object: &Object, world: &World) -> PodView {
    let body = object.body();
    let c = columns(object);
    let now = world.now;
    let created = object.creation_time().map_or(now, |t| t.0);
    let uid = object.uid();
    let life = world.history.pod(uid);
    let restart: AttrValue = format!("restart {} in", c.restarts + 1).into();
    let waits = [(WaitKind::CrashLoop, restart), (WaitKind::ImagePull, AttrValue::Static("next try in"))];
    let wait = waits.into_iter().find_map(|(kind, words)| world.wait(uid, kind).map(|t| (words, wait_of(t))));
    let fact = match wait {
        Some((words, wait)) if wait.to > now => Fact::Wait(words, wait),
        _ if c.word == "Terminating" => {
            let end =
                world.wait(uid, WaitKind::Grace).map(|t| t.until.0).or_else(|| object.deletion_time().map(|t| t.0));
            Fact::Grace(format!("grace {}s", left(end.unwrap_or(now) - now)).into())
        }
        _ if c.restarts > 0 => Fact::Restarts(c.restarts),
        _ => Fact::Age,
    };
    let phase = body.str_at("status.phase");
    let index = object.annotation("batch.kubernetes.io/job-completion-index").and_then(|i| i.parse().ok());
    PodView {
        key: [&**uid].concat().into(),
        namespace: object.namespace().to_string().into(),
        name: object.name().to_string().into(),
        id: suffix(object).into(),
        ready: format!("{}/{}", c.ready.0, c.ready.1).into(),
        restarts: c.restarts,
        age: human(now - created).into(),
        node: body.str_at("spec.nodeName").to_owned().into(),
        exit: c.exit,
        fact,
        index,
        since: life.and_then(|l| l.spans.iter().rev().find(|s| s.from <= now)).map_or(created, |s| s.from),
        over: matches!(phase, "Succeeded" | "Failed"),
        succeeded: phase == "Succeeded",
        word: c.word.into(),
    }
}
