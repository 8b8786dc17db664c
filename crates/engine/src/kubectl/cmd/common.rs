//! What many commands share: dry runs, results, requests to the API server.
//!
//! Models `pkg/cmd/util/helpers.go` and cli-runtime `pkg/printers/name.go`.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::Info;
use super::super::failure::{Failure, error};
use super::super::output::{Form, list_of, name_of};
use super::super::rbac::Deed;
use super::super::session::Io;
use crate::api::text::go_quote;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{ApplyOptions, PatchType, Reason, Status, Subresource, WriteOptions};
use crate::json;
use crate::manifest::decode;

/// `--dry-run`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DryRun {
    /// For real.
    None,
    /// Nothing is sent.
    Client,
    /// Sent and checked, not kept.
    Server,
}

impl DryRun {
    /// Reads the flag.
    pub fn read(p: &Parsed) -> Result<Self, Failure> {
        match p.text("dry-run") {
            None | Some("none" | "false" | "0") => Ok(Self::None),
            Some("client" | "unchanged" | "true" | "1") => Ok(Self::Client),
            Some("server") => Ok(Self::Server),
            Some(other) => {
                error(format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."))
            }
        }
    }
    /// What stands after a result.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }
    /// How the API server is asked.
    pub fn options(self) -> WriteOptions {
        WriteOptions { dry_run: self == Self::Server, ..WriteOptions::default() }
    }
}

/// Whom `--user`, `--group` and `--serviceaccount` name, as subjects of a binding.
pub fn subjects(p: &Parsed) -> Result<Vec<Value>, Failure> {
    let mut out = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in p.all(flag) {
            out.push(json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}));
        }
    }
    for account in p.all("serviceaccount") {
        match account.split_once(':') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
                out.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
            }
            _ => return error("serviceaccount must be <namespace>:<name>"),
        }
    }
    Ok(out)
}

/// `batch/v1`, and `/v1` for core.
pub fn group_version(kind: Kind) -> String {
    format!("{}/{}", kind.info().group, kind.info().version)
}

/// The warning of a short name that two groups have.
pub fn warn_of_short_names(args: &[String], io: &mut Io) {
    let is_short = |word: &str| word.split(['/', '.']).next().is_some_and(|w| w.eq_ignore_ascii_case("ev"));
    if args.first().is_some_and(|a| a.split(',').any(is_short)) {
        io.complain("Warning: short name \"ev\" could also match lower priority resource events.events.k8s.io");
    }
}

/// `job.batch/pi created`
pub fn print_result(value: &Value, word: &str, dry: DryRun, io: &mut Io) {
    io.line(&format!("{} {word}{}", name_of(value), dry.suffix()));
}

/// Prints what a command made, for `-o`: one object, or a list.
pub fn finish(form: &Form, results: &[Value], io: &mut Io) -> Result<(), Failure> {
    let text = match results {
        [] => return Ok(()),
        [one] => form.print(one, false)?,
        many => form.print(&list_of(many.iter()), false)?,
    };
    io.print(&text);
    Ok(())
}

/// Prints a result in words, or in the form asked for.
pub fn report(form: &Form, value: &Value, word: &str, dry: DryRun, io: &mut Io) -> Result<(), Failure> {
    if *form == Form::Human {
        print_result(value, word, dry, io);
        return Ok(());
    }
    let text = form.print(value, false)?;
    io.print(&text);
    Ok(())
}

/// [`report`] of an object that the command itself has made.
pub fn report_made(form: &Form, value: &Value, word: &str, dry: DryRun, io: &mut Io) -> Result<(), Failure> {
    match form {
        Form::Json | Form::Kyaml => io.print(&form.print_made(value)?),
        _ => report(form, value, word, dry, io)?,
    }
    Ok(())
}

/// An error with the file it is about. Models `AddSourceToErr`.
pub fn add_source(verb: &str, source: &str, failure: Failure) -> Failure {
    if source.is_empty() {
        return failure;
    }
    match failure {
        Failure::Status(mut s) => {
            s.message = format!("error when {verb} {}: {}", go_quote(source), s.message);
            Failure::Status(s)
        }
        other => Failure::Error(format!("error when {verb} {}: {}", go_quote(source), other.raw())),
    }
}

/// The complaint about `--validate`.
pub fn invalid_validate(p: &Parsed) -> Failure {
    let value = go_quote(p.str("validate"));
    let text = format!("invalid - validate option {value}; must be one of: strict (or true), warn, ignore (or false)");
    Failure::Error(text)
}

/// What the API server says to the fields that it does not know of what is applied on its side.
fn undeclared(info: &Info, body: &Value, decoded: &decode::Decoded) -> Option<Failure> {
    let paths: Vec<String> = decoded
        .strict
        .iter()
        .filter_map(|e| e.message.strip_prefix("unknown field \"")?.strip_suffix('"'))
        .map(|path| format!("{}: field not declared in schema", keyed(body, path)))
        .collect();
    let text = match paths.as_slice() {
        [] => return None,
        [one] => one.clone(),
        many => format!("errors:\n  {}", many.join("\n  ")),
    };
    let (kind, key) = (info.key.kind, &info.key);
    let text = format!(
        "failed to create typed patch object ({}/{}; {}, Kind={}): {text}",
        key.namespace,
        key.name,
        kind.api_version(),
        kind.name()
    );
    Some(Status::new(Reason::Unknown, text).into())
}

/// A path with items by their name, as in `.spec.containers[name="c"].x`.
fn keyed(body: &Value, path: &str) -> String {
    let (mut at, mut out) = (body, String::new());
    for step in path.split('.') {
        let (field, index) = step.split_once('[').map_or((step, None), |(f, i)| (f, Some(i.trim_end_matches(']'))));
        at = at.at_path(field);
        out += &format!(".{field}");
        if let Some(index) = index {
            at = at.at_path(index);
            match at.str_at("name") {
                "" => out += &format!("[{index}]"),
                name => out += &format!("[name={}]", go_quote(name)),
            }
        }
    }
    out
}

/// A manifest with its namespace filled in.
pub fn with_namespace(mut body: Value, kind: Kind, namespace: &str) -> Value {
    if kind.info().namespaced && body.str_at("metadata.namespace") != namespace {
        body.set("metadata.namespace", namespace);
    }
    body
}

/// What the API server makes of a manifest before it looks at what it says: `--validate` decides how strict.
pub fn decoded(kind: Kind, labelled: &str, body: &Value, p: &Parsed, io: &mut Io) -> Result<Value, Failure> {
    let labelled = if labelled.is_empty() { kind.name() } else { labelled };
    let refuse =
        |why: &str| Failure::Status(Status::new(Reason::BadRequest, decode::cannot_be_handled(kind, labelled, why)));
    if labelled != kind.name() {
        let (kind, version) = (go_quote(labelled), go_quote(&kind.api_version()));
        let scheme = "scheme \"pkg/runtime/scheme.go:111\"";
        return Err(refuse(&format!("no kind {kind} is registered for version {version} in {scheme}")));
    }
    let decoded = decode::decode(kind, body).map_err(|e| refuse(&e.message))?;
    if !decoded.strict.is_empty() {
        match p.text("validate").unwrap_or("strict") {
            "strict" | "true" => return Err(refuse(&decode::strict_text(&decoded.strict))),
            "warn" => decoded.strict.iter().for_each(|e| io.complain(&format!("Warning: {}", e.message))),
            _ => {}
        }
    }
    Ok(decoded.value)
}

/// Creates an object from a manifest.
pub fn create(
    info: &Info,
    body: Value,
    p: &Parsed,
    options: WriteOptions,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<Rc<Object>, Failure> {
    let kind = info.key.kind;
    let mut body = decoded(kind, &info.labelled, &body, p, io)?;
    // kubectl takes the version of an exported object away; the API server would refuse it.
    body.unset("metadata.resourceVersion");
    cx.may(Deed::on_all("create"), &info.key)?;
    let made = cx.api.create(kind, body, options);
    warn(cx, io);
    Ok(made?)
}

/// Sends a patch.
pub fn send_patch(
    key: &ObjectKey,
    how: PatchType,
    patch: &Value,
    options: WriteOptions,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<Rc<Object>, Failure> {
    cx.may(Deed::on_one("patch"), key)?;
    let made = cx.api.patch(key, how, patch, Subresource::Main, options);
    warn(cx, io);
    Ok(made?)
}

/// Sends a strategic merge patch.
pub fn strategic(
    key: &ObjectKey,
    patch: &Value,
    options: WriteOptions,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<Rc<Object>, Failure> {
    send_patch(key, PatchType::Strategic, patch, options, cx, io)
}

/// Prints the warnings that came with the API server's answer.
pub fn warn(cx: &mut Cx<'_>, io: &mut Io) {
    for text in cx.api.take_warnings() {
        io.complain(&format!("Warning: {text}"));
    }
}

/// What kubectl adds to a conflict of field managers.
const CONFLICT_HELP: &str = "
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Applies on the server's side.
pub fn server_side(
    info: &Info,
    body: &Value,
    p: &Parsed,
    dry_run: bool,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<Rc<Object>, Failure> {
    if let Ok(d) = decode::decode(info.key.kind, body)
        && let Some(failure) = undeclared(info, body, &d)
    {
        return Err(failure);
    }
    let config = decoded(info.key.kind, &info.labelled, body, p, io)?;
    let manager = p.text("field-manager").unwrap_or("kubectl");
    let options = ApplyOptions { manager: Rc::from(manager), force: p.on("force-conflicts"), dry_run };
    cx.may(Deed::on_one("patch"), &info.key)?;
    let made = cx.api.apply(info.key.kind, config, &options);
    warn(cx, io);
    made.map_err(|status| {
        if status.causes.iter().any(|c| c.reason == "FieldManagerConflict") {
            return Failure::Error(format!("{}{CONFLICT_HELP}", status.message));
        }
        Failure::from(status)
    })
}
