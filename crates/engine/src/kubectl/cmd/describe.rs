//! `kubectl describe`.
//!
//! Models `pkg/cmd/describe/describe.go`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Request};
use super::super::describe::{Scene, describe};
use super::super::failure::Failure;
use super::super::session::Io;
use super::get::nothing_found;
use super::{Done, ok};
use crate::api::Kind;

pub const FLAGS: &str = "A:all-namespaces! chunk-size# f:filename, k:kustomize R:recursive! l:selector show-events!";

/// Runs `kubectl describe`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("describe", FLAGS, words)?;
    super::common::warn_of_short_names(&p.args, io);
    if p.args.is_empty() && !p.has("filename") {
        return Err(Failure::Error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of \
             supported resources."
                .into(),
        ));
    }
    let namespace = builder::namespace(&p, cx);
    let request = Request { kind_alone: true, go_on: true, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    if found.infos.iter().any(|i| i.key.kind == Kind::Endpoints) {
        io.complain("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
    }
    let mut events = p.on_or("show-events", true);
    if !p.has("show-events") && (found.infos.len() > 1 || !found.errors.is_empty()) {
        events = false;
    }
    if found.infos.is_empty() && found.errors.len() == 1 && found.errors[0].is_not_found() && p.args.len() == 2 {
        return matching(&p, found.errors[0].clone(), &namespace, cx, io);
    }
    let scene = Scene { store: cx.api.store(), now: cx.now, events };
    let texts: Vec<String> = found.infos.iter().map(|i| describe(i.found(), &scene)).collect();
    io.print(&texts.join("\n\n"));
    if found.infos.is_empty() && found.errors.is_empty() {
        io.complain(&nothing_found(p.on("all-namespaces"), &namespace));
    }
    Failure::collect(found.errors)?;
    ok()
}

/// All objects whose name begins with the word that is no name.
fn matching(p: &Parsed, otherwise: Failure, namespace: &str, cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let request = Request { args: vec![p.args[0].clone()], kind_alone: true, ..Request::of(p) };
    let found = builder::find(&request, namespace, cx, io)?;
    let events = p.on_or("show-events", false);
    let scene = Scene { store: cx.api.store(), now: cx.now, events };
    let mut any = false;
    for info in found.infos.iter().filter(|i| i.key.name.starts_with(p.args[1].as_str())) {
        any = true;
        io.line(&describe(info.found(), &scene));
    }
    if any { ok() } else { Err(otherwise) }
}
