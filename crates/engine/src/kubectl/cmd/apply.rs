//! `kubectl apply`.
//!
//! Models `pkg/cmd/apply/{apply,patcher}.go`.

mod prune;

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::Form;
use super::super::rbac::Deed;
use super::super::session::{Io, Poll};
use super::common::{DryRun, add_source, finish, print_result, report};
use super::{Done, Flow, Waiting, ok};
use crate::api::patch::{strategic, three_way};
use crate::api::text::go_json;
use crate::api::{Kind, Map, ObjectKey, Value};
use crate::apiserver::{DeleteOptions, PatchType, Reason, UnknownFields, WriteOptions};
use crate::clock::{Millis, Time};

pub const FLAGS: &str = "all! allow-missing-template-keys! applyset cascade=background dry-run=unchanged field-manager \
    f:filename, force! force-conflicts! grace-period# k:kustomize openapi-patch! o:output overwrite! prune! \
    prune-allowlist* R:recursive! l:selector server-side! show-managed-fields! subresource template timeout~ \
    validate=strict wait!";

/// The annotation that holds what was applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Runs `kubectl apply`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    match words.first().map(String::as_str) {
        Some("view-last-applied") => return view_last_applied(&words[1..], cx, io),
        Some("set-last-applied") => return set_last_applied(&words[1..], cx, io),
        Some("edit-last-applied") if words.len() == 1 => {
            return error(
                "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   \
                 '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
            );
        }
        Some("edit-last-applied") => return error("apply edit-last-applied is not simulated: use kubectl edit"),
        _ => {}
    }
    let p = Parsed::read("apply", FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    if !p.args.is_empty() && !p.has("filename") {
        return Err(Failure::Usage(format!("Unexpected args: {}", crate::api::text::go_list(&p.args)), "apply".into()));
    }
    if p.on("force-conflicts") && !p.on("server-side") {
        return error("--force-conflicts only works with --server-side");
    }
    if dry == DryRun::Client && p.on("server-side") {
        return error("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
    }
    if !p.has("filename") {
        if p.has("kustomize") {
            return error("kustomize is not simulated: apply plain manifests with -f");
        }
        return error("must specify one of -f and -k");
    }
    if !p.args.is_empty() {
        return Err(Failure::Usage(format!("Unexpected args: {}", crate::api::text::go_list(&p.args)), "apply".into()));
    }
    let prunes = prune::kinds(&p)?;
    if p.on("prune") && p.on("server-side") {
        return error("--prune is in alpha and doesn't currently work on objects created by server-side apply");
    }
    if p.on("prune") && !p.on("all") && p.str("selector").is_empty() {
        return error(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all \
             flag. If you did not mean to prune all resources, specify a label selector",
        );
    }
    if p.on("all") && !p.str("selector").is_empty() {
        return error("cannot set --all and --selector at the same time");
    }
    if !matches!(p.str("validate"), "" | "strict" | "true" | "warn" | "ignore" | "false") {
        return Err(super::common::invalid_validate(&p));
    }
    let form = Form::of(&p, io, cx)?;
    let namespace = builder::namespace(&p, cx);
    let request = Request { latest: false, go_on: true, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    if found.infos.is_empty() && found.errors.is_empty() {
        return error("no objects passed to apply");
    }
    let left = found.infos;
    Applying {
        p: Rc::new(p),
        dry,
        form,
        left,
        done: Vec::new(),
        unread: found.errors,
        errors: Vec::new(),
        results: Vec::new(),
        next: cx.now,
        forced: Vec::new(),
        prunes,
    }
    .poll(cx, io)
}

/// How long it takes until a second manifest of the same object is applied: the cluster gets to see the first.
const AGAIN: Millis = 100;

/// An `apply` that has not sent everything yet.
#[derive(Clone)]
pub struct Applying {
    p: Rc<Parsed>,
    dry: DryRun,
    form: Form,
    left: Vec<Info>,
    done: Vec<ObjectKey>,
    /// What was wrong with the files.
    unread: Vec<Failure>,
    errors: Vec<Failure>,
    results: Vec<Value>,
    next: Time,
    /// Deleted, since they cannot be changed and `--force` was given: they are made anew.
    forced: Vec<ObjectKey>,
    /// The kinds that `--prune` looks at.
    prunes: Vec<Kind>,
}

impl Applying {
    /// Goes on.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        let p = self.p.clone();
        while let Some(info) = self.left.first().cloned() {
            if cx.now < self.next {
                return Ok(Flow::Wait(Waiting::Applying(Box::new(self))));
            }
            if self.done.contains(&info.key) {
                self.done.clear();
                self.next = cx.now + AGAIN;
                continue;
            }
            let forced = self.forced.contains(&info.key);
            if forced && cx.api.get(&info.key).is_some() {
                self.next = cx.now + AGAIN;
                continue;
            }
            let done = one(&p, &info, self.dry, cx, io);
            if p.on("force")
                && self.dry == DryRun::None
                && !forced
                && matches!(&done, Err(Failure::Status(s)) if matches!(s.reason, Reason::Invalid | Reason::Conflict))
                && cx.api.get(&info.key).is_some()
            {
                cx.api.delete(&info.key, &DeleteOptions::default())?;
                self.forced.push(info.key);
                continue;
            }
            self.left.remove(0);
            self.done.push(info.key.clone());
            match done.map(|(v, word)| (v, if forced { "configured" } else { word })) {
                Ok((value, word)) if self.form == Form::Human => print_result(&value, word, self.dry, io),
                Ok((value, _)) => self.results.push(value),
                Err(e) => self.errors.push(e),
            }
        }
        finish(&self.form, &self.results, io)?;
        // What was wrong with the files is one error among those of the objects.
        let mut errors = self.errors;
        if !self.unread.is_empty() {
            let unread = if errors.is_empty() || self.unread.len() == 1 {
                self.unread
            } else {
                vec![Failure::Many(self.unread)]
            };
            errors.splice(0..0, unread);
        }
        Failure::collect(errors)?;
        if p.on("prune") {
            prune::run(&p, &self.prunes, &self.done, self.dry, cx, io)?;
        }
        ok()
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        Poll::WaitUntil(self.next)
    }
}

/// What kubectl says when it cannot ask for an object by its name.
fn not_retrieved(info: &Info, why: &str) -> String {
    format!(
        "error when retrieving current configuration of:\nResource: \"{}, Resource={}\", GroupVersionKind: \
         \"{}, Kind={}\"\nName: {:?}, Namespace: \"{}\"\nfrom server for: {:?}: {why}",
        super::common::group_version(info.key.kind),
        info.key.kind.info().plural,
        super::common::group_version(info.key.kind),
        info.key.kind.name(),
        info.key.name,
        info.key.namespace,
        info.source
    )
}

/// Applies one object; gives what came of it and the word for it.
fn one(p: &Parsed, info: &Info, dry: DryRun, cx: &mut Cx<'_>, io: &mut Io) -> Result<(Value, &'static str), Failure> {
    let body = info.body.clone().unwrap_or_default();
    if info.key.name.is_empty() {
        let prefix = body.str_at("metadata.generateName");
        if !prefix.is_empty() {
            return error(format!("from {prefix}: cannot use generate name with apply"));
        }
        return error(not_retrieved(info, "resource name may not be empty"));
    }
    let problems = crate::api::content::path_segment(&info.key.name);
    if !problems.is_empty() {
        let why = format!("invalid resource name {:?}: [{}]", info.key.name, problems.join(" "));
        return error(not_retrieved(info, &why));
    }
    let mut body = super::common::with_namespace(body, info.key.kind, &info.key.namespace);
    let server_side = p.on("server-side");
    let unknown_fields = match p.text("validate").unwrap_or("strict") {
        "strict" | "true" => UnknownFields::Refuse,
        "warn" => UnknownFields::Warn,
        _ => UnknownFields::Drop,
    };
    let options = WriteOptions { dry_run: dry == DryRun::Server, unknown_fields };
    if !server_side {
        let text = annotation(&body);
        if !body.at("metadata.annotations").is_null() || body.has("metadata.annotations") {
            body.slot("metadata.annotations").make_object();
        }
        body.set_key("metadata.annotations", LAST_APPLIED, text);
    }
    if server_side {
        prune_nulls(&mut body);
        let made = super::common::server_side(info, &body, p, options.dry_run, cx, io)?;
        return Ok((super::super::output::shown(&made), "serverside-applied"));
    }
    // What was applied before in the same command may be there by now.
    cx.may(Deed::on_one("get"), &info.key).map_err(|mut status| {
        status.message = not_retrieved(info, &status.message);
        status
    })?;
    let Some(current) = cx.api.get(&info.key).cloned() else {
        prune_nulls(&mut body);
        if dry == DryRun::Client {
            return Ok((body, "created"));
        }
        let made = super::common::create(info, body, p, options, cx, io)
            .map_err(|e| add_source("creating", &info.source, e))?;
        return Ok((super::super::output::shown(&made), "created"));
    };
    if current.annotation(LAST_APPLIED).is_none() {
        io.complain(&format!(
            "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl \
             apply should only be used on resources created declaratively by either kubectl create --save-config or \
             kubectl apply. The missing annotation will be patched automatically.",
            info.key.kind.info().plural,
            info.key.name
        ));
    }
    let original = current.annotation(LAST_APPLIED).and_then(|t| Value::from_json(t).ok()).unwrap_or_default();
    let patch = three_way(info.key.kind, &original, &body, current.body()).map_err(|e| Failure::Error(e.message))?;
    if patch.as_object().is_none_or(Map::is_empty) {
        return Ok((super::super::output::shown(&current), "unchanged"));
    }
    if dry == DryRun::Client {
        let patched = strategic(info.key.kind, current.body(), &patch).map_err(|e| Failure::Error(e.message))?;
        return Ok((patched, "configured"));
    }
    let made = super::common::strategic(&info.key, &patch, options, cx, io).map_err(|e| {
        let head = format!(
            "applying patch:\n{}\nto:\nResource: \"{}, Resource={}\", GroupVersionKind: \"{}, Kind={}\"\nName: \"{}\", \
             Namespace: \"{}\"\nfor:",
            go_json(&patch),
            super::common::group_version(info.key.kind),
            info.key.kind.info().plural,
            super::common::group_version(info.key.kind),
            info.key.kind.name(),
            info.key.name,
            info.key.namespace
        );
        add_source(&head, &info.source, add_source("patching", &info.source, e))
    })?;
    let word = if made.resource_version() == current.resource_version() { "unchanged" } else { "configured" };
    let word =
        if patch.as_object().is_some_and(|m| !m.is_empty()) && word == "unchanged" { "configured" } else { word };
    Ok((super::super::output::shown(&made), word))
}

/// What the annotation keeps: the object as applied, with an empty list of annotations.
pub fn annotation(body: &Value) -> String {
    let mut plain = body.clone();
    let mut annotations = plain.at("metadata.annotations").clone();
    annotations.make_object().remove(LAST_APPLIED);
    plain.set("metadata.annotations", annotations);
    go_json(&plain) + "\n"
}

fn prune_nulls(v: &mut Value) {
    match v {
        Value::Object(_) => {
            let m = v.make_object();
            m.retain(|_, x| !x.is_null());
            for (_, x) in m.iter_mut() {
                prune_nulls(x);
            }
        }
        Value::Array(_) => v.make_array().iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

fn set_last_applied(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("apply set-last-applied", "create-annotation! dry-run=unchanged f:filename, o:output", words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let namespace = builder::namespace(&p, cx);
    let found = builder::find(&Request::of(&p), &namespace, cx, io)?;
    for info in &found.infos {
        let body = info.body.clone().unwrap_or_default();
        let body = super::common::with_namespace(body, info.key.kind, &info.key.namespace);
        let now = info.found().annotation(LAST_APPLIED);
        if now.is_none() && !p.on("create-annotation") {
            return error(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command \
                 with --create-annotation",
                info.key.name
            ));
        }
        let text = annotation(&body);
        if now != Some(&text) && dry != DryRun::Client {
            let mut patch = Value::empty_object();
            patch.set_key("metadata.annotations", LAST_APPLIED, text);
            super::common::send_patch(&info.key, PatchType::Merge, &patch, dry.options(), cx, io)?;
        }
        report(&form, info.found().body(), "configured", dry, io)?;
    }
    ok()
}

fn view_last_applied(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("apply view-last-applied", "all! f:filename, o:output l:selector", words)?;
    let namespace = builder::namespace(&p, cx);
    let found = builder::find(&Request { kind_alone: p.on("all"), ..Request::of(&p) }, &namespace, cx, io)?;
    for info in &found.infos {
        let Some(text) = info.found().annotation(LAST_APPLIED) else {
            io.complain(&format!("no last-applied-configuration annotation found on resource: {}", info.key.name));
            continue;
        };
        let v = Value::from_json(text).unwrap_or_default();
        let form = if p.str("output") == "json" { Form::Json } else { Form::Yaml };
        let text = form.print(&v, true)?;
        io.print(&text);
    }
    ok()
}
