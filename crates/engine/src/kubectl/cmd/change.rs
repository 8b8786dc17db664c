//! `kubectl patch`, `scale`, `label` and `annotate`.
//!
//! Models `pkg/cmd/{patch,scale,label,annotate}`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::rbac::Deed;
use super::super::session::Io;
use super::common::{DryRun, report, send_patch};
use super::{Done, ok};
use crate::api::content::label_value;
use crate::api::patch::{JsonPatchError, json_patch, merge, strategic};
use crate::api::text::go_quote;
use crate::api::{Map, ObjectKey, Value};
use crate::apiserver::{PatchType, Reason, Status, Subresource, has_status};
use crate::manifest;

pub const PATCH_FLAGS: &str = "allow-missing-template-keys! dry-run=unchanged field-manager f:filename, k:kustomize local! \
    o:output p:patch patch-file record! R:recursive! show-managed-fields! subresource template type";
pub const SCALE_FLAGS: &str = "all! allow-missing-template-keys! current-replicas# dry-run=unchanged f:filename, k:kustomize \
    o:output record! R:recursive! replicas# resource-version l:selector show-managed-fields! template timeout~";
pub const LABEL_FLAGS: &str = "all! A:all-namespaces! allow-missing-template-keys! dry-run=unchanged field-manager \
    field-selector f:filename, k:kustomize list! local! o:output overwrite! record! R:recursive! resource-version l:selector \
    show-managed-fields! template";

/// The warning of the flag that is going.
pub fn deprecated_record(p: &Parsed, io: &mut Io) {
    if p.has("record") {
        io.complain("Flag --record has been deprecated, --record will be removed in the future");
    }
}

/// What `--record` keeps of a command line: its words, then its flags. Models `parseCommandArguments`.
pub fn change_cause(p: &Parsed) -> Option<String> {
    p.on("record").then(|| {
        let words = p.args.iter().map(|a| format!(" {a}"));
        let flags = p.given().map(|(name, value)| format!(" --{name}={value}"));
        format!("kubectl {}{}", p.command, words.chain(flags).collect::<String>())
    })
}

/// The annotation that tells why a rollout's revision was made.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Runs `kubectl patch`.
pub fn patch(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("patch", PATCH_FLAGS, words)?;
    deprecated_record(&p, io);
    let dry = DryRun::read(&p)?;
    let (text, file) = (p.str("patch"), p.str("patch-file"));
    if !text.is_empty() && !file.is_empty() {
        return error("cannot specify --patch and --patch-file together");
    }
    if text.is_empty() && file.is_empty() {
        return error("must specify --patch or --patch-file containing the contents of the patch");
    }
    let how = match p.text("type").unwrap_or("strategic").to_lowercase().as_str() {
        "strategic" | "" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => {
            return error(format!("--type must be one of [json merge strategic], not {}", go_quote(p.str("type"))));
        }
    };
    let subresource = p.str("subresource").to_owned();
    if p.on("local") && !p.has("filename") {
        return error("cannot specify --local and server resources");
    }
    let form = Form::of(&p, io, cx)?;
    let text = if file.is_empty() {
        text.to_owned()
    } else {
        match io.read(file, cx) {
            Some(t) => t.to_string(),
            None => return error(format!("unable to read patch file: open {file}: no such file or directory")),
        }
    };
    let body = read_patch(&text, p.str("patch"));
    if let Err(Failure::Error(_)) = &body {
        body.as_ref().map_err(Clone::clone)?;
    }
    let namespace = builder::namespace(&p, cx);
    let found = builder::find(&Request { go_on: true, ..Request::of(&p) }, &namespace, cx, io)?;
    if found.infos.is_empty() {
        Failure::collect(found.errors.clone())?;
    }
    let body = body?;
    let mut errors = found.errors;
    for info in &found.infos {
        match patch_one(info, how, &body, &subresource, dry, cx, io) {
            Ok(_) if subresource == "scale" && form == Form::Human => {
                io.line(&format!("scale.autoscaling/{} patched", info.key.name));
            }
            Ok((mut value, changed)) => {
                if let Some(cause) = change_cause(&p).filter(|_| dry == DryRun::None) {
                    value = record(&info.key, &cause, cx, io)?;
                }
                // kubectl does not say here that it was a dry run.
                let word = if changed { "patched" } else { "patched (no change)" };
                report(&form, &value, word, DryRun::None, io)?;
            }
            Err(e) => errors.push(e),
        }
    }
    if found.infos.is_empty() && errors.is_empty() {
        return error("no objects passed to patch");
    }
    Failure::collect(errors)?;
    ok()
}

/// Keeps the cause of a change with its object.
fn record(key: &ObjectKey, cause: &str, cx: &mut Cx<'_>, io: &mut Io) -> Result<Value, Failure> {
    let mut body = Value::empty_object();
    body.set_key("metadata.annotations", CHANGE_CAUSE, cause);
    let made = send_patch(key, PatchType::Merge, &body, DryRun::None.options(), cx, io)?;
    Ok(shown(&made))
}

/// A patch as JSON or YAML. What begins like JSON is taken for it and looked at by the API server only.
fn read_patch(text: &str, shown: &str) -> Result<Value, Failure> {
    let invalid =
        || Failure::Status(crate::apiserver::Status::new(crate::apiserver::Reason::BadRequest, "invalid JSON patch"));
    if text.trim_start().starts_with('{') {
        return Value::from_json(text).map_err(|_| invalid());
    }
    if text.trim() == "null" {
        return Ok(Value::empty_object());
    }
    let parsed = manifest::parse(text);
    if let Some(e) = parsed.error() {
        let why = e.message.strip_prefix("error converting YAML to JSON: ").unwrap_or(&e.message);
        return error(format!("unable to parse {}: {why}", go_quote(shown)));
    }
    Ok(parsed.documents().next().map_or(Value::Null, |d| d.value.clone()))
}

fn patch_one(
    info: &Info,
    how: PatchType,
    body: &Value,
    subresource: &str,
    dry: DryRun,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<(Value, bool), Failure> {
    let before = info.found().clone();
    if dry != DryRun::Client {
        let made = match subresource {
            "" => send_patch(&info.key, how, body, dry.options(), cx, io)?,
            "status" if has_status(info.key.kind) => {
                cx.may(Deed { subresource, ..Deed::on_one("patch") }, &info.key)?;
                let made = cx.api.patch(&info.key, how, body, Subresource::Status, dry.options());
                super::common::warn(cx, io);
                made?
            }
            "scale" => {
                cx.may(Deed { subresource, ..Deed::on_one("patch") }, &info.key)?;
                let (replicas, _) = cx.api.scale(&info.key)?;
                let replicas = body.at("spec.replicas").as_i64().unwrap_or(replicas);
                cx.api.set_scale(&info.key, replicas, dry.options())?
            }
            _ => return Err(Failure::from(Status::no_resource())),
        };
        return Ok((shown(&made), made.body() != before.body()));
    }
    let after = match how {
        PatchType::Merge => {
            let mut v = before.body().clone();
            merge(&mut v, body);
            v
        }
        PatchType::Json => json_patch(before.body(), body).map_err(|e| {
            Failure::Error(match e {
                JsonPatchError::Malformed(m) | JsonPatchError::Failed(m) => m,
            })
        })?,
        PatchType::Strategic => strategic(info.key.kind, before.body(), body).map_err(|e| Failure::Error(e.message))?,
    };
    let changed = after != *before.body();
    Ok((after, changed))
}

/// Runs `kubectl scale`.
pub fn scale(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("scale", SCALE_FLAGS, words)?;
    p.require(&["replicas"])?;
    deprecated_record(&p, io);
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let replicas = p.int("replicas").unwrap_or(-1);
    if replicas < 0 {
        return error("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
    }
    let wanted = p.int("current-replicas").unwrap_or(-1);
    if wanted < -1 {
        return error("The --current-replicas must specify an integer of -1 or greater");
    }
    let namespace = builder::namespace(&p, cx);
    let request = Request { go_on: true, kind_alone: p.on("all"), ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    if found.infos.is_empty() {
        Failure::collect(found.errors)?;
        return error("no objects passed to scale");
    }
    for info in &found.infos {
        if wanted >= 0 || p.has("resource-version") {
            cx.may(Deed { subresource: "scale", ..Deed::on_one("get") }, &info.key)?;
        }
        let now = cx.api.scale(&info.key)?.0;
        let version = info.found().resource_version().to_string();
        if let Some(wanted) = p.text("resource-version").filter(|v| !v.is_empty() && *v != version) {
            return error(format!("Expected resource version to be {wanted}, was {version}"));
        }
        if wanted >= 0 && now != wanted {
            return error(format!("Expected replicas to be {wanted}, was {now}"));
        }
        // The object is shown as it was read, with the number changed.
        let mut body = shown(info.found());
        body.set("spec.replicas", replicas);
        if dry != DryRun::Client {
            cx.may(Deed { subresource: "scale", ..Deed::on_one("patch") }, &info.key)?;
            cx.api.set_scale(&info.key, replicas, dry.options())?;
        }
        if let Some(cause) = change_cause(&p).filter(|_| dry == DryRun::None) {
            record(&info.key, &cause, cx, io)?;
        }
        report(&form, &body, "scaled", dry, io)?;
    }
    Failure::collect(found.errors)?;
    ok()
}

/// Resources first, then changes: `job pi a=b c-`.
pub fn resources_and_pairs(args: &[String], what: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut resources, mut pairs) = (Vec::new(), Vec::new());
    for a in args {
        let is_pair = a.contains('=') && !a.starts_with('=') || a.ends_with('-') && a != "-";
        match (is_pair, pairs.is_empty()) {
            (true, _) => pairs.push(a.clone()),
            (false, true) => resources.push(a.clone()),
            (false, false) => {
                return error(format!("all resources must be specified before {what} changes: {a}"));
            }
        }
    }
    Ok((resources, pairs))
}

/// What is to be set and what to be taken away.
struct Changes {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

fn read_changes(pairs: &[String], labels: bool) -> Result<Changes, Failure> {
    let mut c = Changes { set: Vec::new(), remove: Vec::new() };
    for pair in pairs {
        if let Some((key, value)) = pair.split_once('=') {
            if labels {
                if value.contains('=') {
                    return error(format!("invalid label spec: {pair}"));
                }
                let wrong = label_value(value);
                if !wrong.is_empty() {
                    return error(format!("invalid label value: {}: {}", go_quote(pair), wrong.join(";")));
                }
            }
            c.set.push((key.to_owned(), value.to_owned()));
        } else {
            c.remove.push(pair[..pair.len() - 1].to_owned());
        }
    }
    if let Some(key) = c.remove.iter().find(|k| c.set.iter().any(|(s, _)| s == *k)) {
        return error(if labels {
            "can not both modify and remove a label in the same command".to_owned()
        } else {
            format!("can not both modify and remove the following annotation(s) in the same command: {key}")
        });
    }
    Ok(c)
}

/// Runs `kubectl label`.
pub fn label(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    change_map("label", "metadata.labels", words, cx, io)
}

/// Runs `kubectl annotate`.
pub fn annotate(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    change_map("annotate", "metadata.annotations", words, cx, io)
}

fn change_map(command: &'static str, path: &'static str, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let labels = command == "label";
    let noun = if labels { "label" } else { "annotation" };
    let p = Parsed::read(command, LABEL_FLAGS, words)?;
    deprecated_record(&p, io);
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let (resources, pairs) = resources_and_pairs(&p.args, noun)?;
    let changes = read_changes(&pairs, labels)?;
    if p.on("all") && p.has("selector") {
        return error("cannot set --all and --selector at the same time");
    }
    if p.on("all") && p.has("field-selector") {
        return error("cannot set --all and --field-selector at the same time");
    }
    if resources.is_empty() && !p.has("filename") {
        return error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if pairs.is_empty() && !p.on("list") {
        return error(format!("at least one {noun} update is required"));
    }
    let namespace = builder::namespace(&p, cx);
    // Names go before `--all`.
    let all = p.on("all") && resources.len() < 2;
    let request = Request { args: resources, go_on: true, kind_alone: p.on("all"), all, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    if !found.single && !p.str("resource-version").is_empty() {
        return error("--resource-version may only be used with a single resource");
    }
    let mut errors = found.errors;
    for info in &found.infos {
        if p.on("list") {
            if !found.single {
                let kind = info.key.kind;
                io.line(&format!("Listing {noun}s for {}.{}/{}:", kind.name(), kind.info().group, info.key.name));
            }
            let indent = if found.single { "" } else { " " };
            for (k, v) in info.found().at(path).fields() {
                io.line(&format!("{indent}{k}={}", v.as_str().unwrap_or("")));
            }
            continue;
        }
        match change_one(&p, info, path, &changes, labels, dry, cx, io) {
            Ok((value, word)) => report(&form, &value, word, dry, io)?,
            Err(e) => errors.push(e),
        }
    }
    Failure::collect(errors)?;
    ok()
}

#[expect(clippy::too_many_arguments, reason = "one step of one loop")]
fn change_one(
    p: &Parsed,
    info: &Info,
    path: &'static str,
    changes: &Changes,
    labels: bool,
    dry: DryRun,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<(Value, &'static str), Failure> {
    let object = info.found().clone();
    let now = object.at(path);
    let value_of = |k: &str| now.get(k).and_then(Value::as_str);
    if p.text("resource-version").is_some_and(|v| v != object.resource_version().to_string()) {
        let text = format!(
            "Operation cannot be fulfilled on {} \"{}\": the object has been modified; please apply your changes to the \
             latest version and try again",
            info.key.kind.group_resource(),
            info.key.name
        );
        return Err(Status::new(Reason::Conflict, text).into());
    }
    if labels {
        for key in changes.remove.iter().filter(|k| value_of(k).is_none()) {
            io.line(&format!("label {} not found.", go_quote(key)));
        }
    }
    if !p.on("overwrite") {
        let mut texts = Vec::new();
        for (key, value) in &changes.set {
            if let Some(old) = value_of(key).filter(|old| old != value)
                && (labels || key != "kubernetes.io/change-cause")
            {
                texts.push(format!("'{key}' already has a value ({old})"));
            }
        }
        if !texts.is_empty() {
            if labels {
                let all = texts.into_iter().map(|t| Failure::Error(format!("{t}, and --overwrite is false")));
                Failure::collect(all.collect())?;
            } else {
                return error(format!(
                    "--overwrite is false but found the following declared annotation(s): {}",
                    texts.join("; ")
                ));
            }
        }
    }
    let added = changes.set.iter().filter(|(k, v)| value_of(k) != Some(v)).count();
    let removed = changes.remove.iter().filter(|k| value_of(k).is_some()).count();
    let word = match (labels, added, removed) {
        (false, ..) => "annotated",
        (true, 0, 0) => "not labeled",
        (true, 0, _) => "unlabeled",
        (true, _, 0) => "labeled",
        _ => "modified",
    };
    let mut body = shown(&object);
    if added + removed > 0 {
        let mut fields = Map::new();
        for (k, v) in &changes.set {
            fields.insert(k.as_str(), v.as_str());
        }
        for k in &changes.remove {
            fields.insert(k.as_str(), Value::Null);
        }
        let mut patch = Value::empty_object();
        patch.set(path, fields);
        if dry == DryRun::Client {
            merge(&mut body, &patch);
        } else {
            body = shown(send_patch(&info.key, PatchType::Merge, &patch, dry.options(), cx, io)?.as_ref());
        }
    }
    Ok((body, word))
}
