//! `kubectl replace`, also by deleting and making anew.
//!
//! Models `pkg/cmd/replace/replace.go`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::rbac::Deed;
use super::super::session::Io;
use super::common::{DryRun, add_source, create, decoded, report, with_namespace};
use super::delete::{After, Deleted, cascade};
use super::{Done, ok};
use crate::apiserver::{DeleteOptions, Subresource};

pub const FLAGS: &str = "allow-missing-template-keys! cascade=background dry-run=unchanged field-manager f:filename, force! \
    grace-period# k:kustomize o:output raw R:recursive! save-config! show-managed-fields! subresource template timeout~ \
    validate=strict wait!";

/// What `replace --force` makes anew once the old is gone.
#[derive(Clone)]
pub struct Recreate {
    p: Parsed,
    infos: Vec<Info>,
    form: Form,
}

/// Runs `kubectl replace`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("replace", FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let propagation = cascade(&p, io)?;
    let mut grace = p.int("grace-period").unwrap_or(-1);
    if grace >= 0 && !p.on("force") {
        return error("--grace-period must have --force specified");
    }
    if p.has("timeout") && !p.on("force") {
        return error("--timeout must have --force specified");
    }
    if !p.has("filename") {
        return error("must specify one of -f and -k");
    }
    let namespace = builder::namespace(&p, cx);
    let request = Request { latest: false, go_on: true, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    if found.infos.is_empty() && found.errors.is_empty() {
        return error("no objects passed to replace");
    }
    // As in `delete`, what is to go at once gets a second, and is waited for.
    if grace == 0 {
        grace = 1;
    }
    if p.on("force") {
        Failure::collect(found.errors)?;
        let mut left = Vec::new();
        for info in &found.infos {
            let Some(old) = cx.api.get(&info.key).cloned() else { continue };
            let options = DeleteOptions {
                grace_period_seconds: (grace >= 0).then_some(grace),
                propagation: Some(propagation),
                ..DeleteOptions::default()
            };
            cx.may(Deed::on_one("delete"), &info.key)?;
            cx.api.delete(&info.key, &options)?;
            let from = if info.key.kind.info().namespaced {
                format!(" from {} namespace", info.key.namespace)
            } else {
                String::new()
            };
            io.line(&format!("{} \"{}\" deleted{from}", info.key.kind.resource_name(), info.key.name));
            left.push((info.key.clone(), old.uid().clone()));
        }
        let timeout = p.duration("timeout").filter(|t| *t > 0).unwrap_or(5 * crate::clock::MINUTE);
        let then = After::Create(std::rc::Rc::new(Recreate { p, infos: found.infos, form }));
        return Deleted { left, until: cx.now + timeout, then }.poll(cx, io);
    }
    let mut errors = found.errors;
    for info in &found.infos {
        let body = with_namespace(info.body.clone().unwrap_or_default(), info.key.kind, &info.key.namespace);
        let result = if dry == DryRun::Client {
            Ok(body)
        } else {
            decoded(info.key.kind, &info.labelled, &body, &p, io)
                .and_then(|body| cx.may(Deed::on_one("update"), &info.key).map(|()| body).map_err(Failure::from))
                .and_then(|body| Ok(cx.api.update(info.key.kind, body, Subresource::Main, dry.options())?))
                .map(|o| shown(&o))
                .map_err(|e| add_source("replacing", &info.source, e))
        };
        match result {
            Ok(value) => report(&form, &value, "replaced", dry, io)?,
            Err(e) => errors.push(e),
        }
    }
    Failure::collect(errors)?;
    ok()
}

impl Recreate {
    /// Makes the objects anew.
    pub fn run(&self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        for info in &self.infos {
            let body = with_namespace(info.body.clone().unwrap_or_default(), info.key.kind, &info.key.namespace);
            let made = create(info, body, &self.p, DryRun::None.options(), cx, io)?;
            report(&self.form, &shown(&made), "replaced", DryRun::None, io)?;
        }
        ok()
    }
}
