//! `kubectl set image`, `env`, `resources` and `serviceaccount`.
//!
//! Models `pkg/cmd/set`.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::session::Io;
use super::change::{CHANGE_CAUSE, change_cause, deprecated_record, resources_and_pairs};
use super::common::{DryRun, report, send_patch, strategic, subjects};
use super::{Done, ok};
use crate::api::patch::two_way;
use crate::api::text::go_quote;
use crate::api::{Kind, Object, ObjectKey, Quantity, Value, base64};
use crate::apiserver::PatchType;
use crate::json;
use crate::manifest::decode::decode;

macro_rules! flags {
    ($own:literal) => {
        concat!(
            $own,
            " all! allow-missing-template-keys! dry-run=unchanged field-manager f:filename, k:kustomize local! o:output \
             record! R:recursive! l:selector show-managed-fields! template"
        )
    };
}
pub const IMAGE_FLAGS: &str = flags!("");
const IMAGE_FLAGS_SELECTOR: &str = flags!("resource-version");
const SUBJECT_FLAGS: &str = flags!("group* serviceaccount* user*");
pub const ENV_FLAGS: &str = flags!("c:containers e:env* from keys, list! overwrite! prefix resolve!");
pub const RESOURCES_FLAGS: &str = flags!("c:containers limits requests");

/// Runs `kubectl set`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let rest = words.get(1..).unwrap_or(&[]);
    match words.first().map_or("", String::as_str) {
        "image" => image(rest, cx, io),
        "env" => env(rest, cx, io),
        "resources" => resources(rest, cx, io),
        "serviceaccount" | "sa" => service_account(rest, cx, io),
        "selector" => selector(rest, cx, io),
        "subject" => subject(rest, cx, io),
        _ => super::help::group("set", words, cx, io),
    }
}

/// Where a kind keeps its Pod's spec.
pub fn pod_spec_path(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Pod => Some("spec"),
        Kind::CronJob => Some("spec.jobTemplate.spec.template.spec"),
        Kind::Deployment
        | Kind::ReplicaSet
        | Kind::StatefulSet
        | Kind::DaemonSet
        | Kind::Job
        | Kind::ReplicationController => Some("spec.template.spec"),
        _ => None,
    }
}

/// The objects and what is to be done to them.
struct Job<'a> {
    p: &'a Parsed,
    resources: Vec<String>,
    /// `image updated`
    word: &'static str,
    /// `failed to patch image update to pod template: `
    failed: &'static str,
}

impl Job<'_> {
    fn find(&self, cx: &mut Cx<'_>, io: &Io) -> Result<Vec<Info>, Failure> {
        let namespace = builder::namespace(self.p, cx);
        let request =
            Request { args: self.resources.clone(), go_on: true, kind_alone: self.p.on("all"), ..Request::of(self.p) };
        let request = Request { latest: !self.p.on("local"), ..request };
        let mut found = builder::find(&request, &namespace, cx, io)?;
        Failure::collect(found.errors)?;
        if self.p.on("local") {
            for info in &mut found.infos {
                let body = info.body.clone().unwrap_or_default();
                let typed = decode(info.key.kind, &body).map_err(|e| Failure::Error(e.message))?.value;
                info.object = Some(Rc::new(Object::new(info.key.kind, typed)));
            }
        }
        Ok(found.infos)
    }
    /// Changes the Pod specs of all objects and sends what differs.
    fn run(
        &self,
        infos: &[Info],
        mut change: impl FnMut(&mut Value, &Info) -> Vec<String>,
        cx: &mut Cx<'_>,
        io: &mut Io,
    ) -> Done {
        let dry = DryRun::read(self.p)?;
        let form = Form::of(self.p, io, cx)?;
        let mut errors: Vec<Failure> = Vec::new();
        for info in infos {
            let before = info.found().body();
            let Some(path) = pod_spec_path(info.key.kind) else {
                errors.push(Failure::Error(format!(
                    "error: {}/{} the object is not a pod or does not have a pod template: {}",
                    info.key.kind.info().plural,
                    info.key.name,
                    info.key.kind.name()
                )));
                continue;
            };
            let mut after = before.clone();
            let wrong = change(after.slot(path), info);
            if let Some(cause) = change_cause(self.p) {
                after.set_key("metadata.annotations", CHANGE_CAUSE, cause);
            }
            errors.extend(wrong.into_iter().map(Failure::Error));
            let patch = two_way(info.key.kind, before, &after).map_err(|e| Failure::Error(e.message))?;
            if patch.as_object().is_none_or(crate::api::Map::is_empty) {
                continue;
            }
            if dry == DryRun::Client || self.p.on("local") {
                report(&form, &after, self.word, dry, io)?;
                continue;
            }
            match strategic(&info.key, &patch, dry.options(), cx, io) {
                Ok(made) => report(&form, &shown(&made), self.word, dry, io)?,
                Err(e) => errors.push(Failure::Error(format!("{}{}", self.failed, e.raw()))),
            }
        }
        Failure::collect(errors)?;
        ok()
    }
}

/// `a*` and the like. Models `selectString`.
fn selects(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
    }
}

fn containers_of(spec: &mut Value, init: bool, mut change: impl FnMut(&mut Value) -> bool) -> bool {
    let field = if init { "initContainers" } else { "containers" };
    if spec.at(field).items().is_empty() {
        return false;
    }
    let mut any = false;
    for c in spec.slot(field).make_array() {
        any |= change(c);
    }
    any
}

fn image(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("set image", IMAGE_FLAGS, words)?;
    deprecated_record(&p, io);
    let (resources, pairs) = resources_and_pairs(&p.args, "image")?;
    let mut images: Vec<(String, String)> = Vec::new();
    for pair in &pairs {
        match pair.split_once('=') {
            Some((name, image)) => images.push((name.to_owned(), image.to_owned())),
            _ => return error(format!("invalid image format: {pair}")),
        }
    }
    let job = Job { p: &p, resources, word: "image updated", failed: "failed to patch image update to pod template: " };
    let infos = job.find(cx, io)?;
    let mut errors = Vec::new();
    if p.on("all") && p.has("selector") {
        errors.push(Failure::Error("cannot set --all and --selector at the same time".into()));
    }
    if images.is_empty() {
        errors.push(Failure::Error("at least one image update is required".into()));
    } else if images.len() > 1 && images.iter().any(|(n, _)| n == "*") {
        let text =
            "all containers are already specified by *, but saw more than one container_name=container_image pairs";
        errors.push(Failure::Error(text.into()));
    }
    Failure::collect(errors)?;
    let change = |spec: &mut Value, _: &Info| {
        let mut wrong = Vec::new();
        for (name, image) in &images {
            let mut set = |c: &mut Value| {
                let mine = name == "*" || c.str_at("name") == name;
                if mine && c.str_at("image") != image {
                    c.set("image", image.as_str());
                }
                mine
            };
            let init = containers_of(spec, true, &mut set);
            if !(containers_of(spec, false, &mut set) || init) {
                wrong.push(format!("error: unable to find container named {}", go_quote(name)));
            }
        }
        wrong
    };
    job.run(&infos, change, cx, io)
}

fn resources(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("set resources", RESOURCES_FLAGS, words)?;
    deprecated_record(&p, io);
    let job = Job {
        p: &p,
        resources: p.args.clone(),
        word: "resource requirements updated",
        failed: "failed to patch resources update to pod template ",
    };
    let infos = job.find(cx, io)?;
    if p.on("all") && p.has("selector") {
        return error("cannot set --all and --selector at the same time");
    }
    if p.str("limits").is_empty() && p.str("requests").is_empty() {
        return error("you must specify an update to requests or limits (in the form of --requests/--limits)");
    }
    let mut wanted: Vec<(&str, String, String)> = Vec::new();
    for side in ["limits", "requests"] {
        for part in p.str(side).split(',').filter(|s| !s.is_empty()) {
            match part.split_once('=') {
                Some((k, v)) if !v.contains('=') => match Quantity::parse(v) {
                    Ok(q) => wanted.push((side, k.to_owned(), q.to_string())),
                    Err(why) => return error(why),
                },
                _ => return error(format!("Invalid argument syntax {part}, expected <resource>=<value>")),
            }
        }
    }
    let which = p.text("containers").unwrap_or("*").to_owned();
    let change = |spec: &mut Value, _: &Info| {
        let mut set = |c: &mut Value| {
            if !selects(&which, c.str_at("name")) {
                return false;
            }
            for (side, k, v) in &wanted {
                c.slot_path(&format!("resources.{side}")).make_object().insert(k, v.as_str());
            }
            true
        };
        let any = containers_of(spec, false, &mut set);
        if containers_of(spec, true, &mut set) || any {
            Vec::new()
        } else {
            vec![format!("error: unable to find container named {which}")]
        }
    };
    job.run(&infos, change, cx, io)
}

fn env(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("set env", ENV_FLAGS, words)?;
    if p.on("all") && p.has("selector") {
        return error("cannot set --all and --selector at the same time");
    }
    let is_change = |a: &str| a.contains('=') || a.ends_with('-') && a.len() > 1;
    let split = p.args.iter().position(|a| is_change(a)).unwrap_or(p.args.len());
    if p.args[split..].iter().any(|a| !is_change(a)) {
        return error(format!("all resources must be specified before environment changes: {}", p.args.join(" ")));
    }
    if split == 0 && !p.has("filename") {
        return error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if p.on("list") && p.has("output") {
        return error("--list and --output may not be specified together");
    }
    let mut set: Vec<Value> = Vec::new();
    let mut remove: Vec<String> = Vec::new();
    let changes = p.all("env").into_iter().map(str::to_owned).chain(p.args[split..].iter().cloned());
    for change in changes {
        match change.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                let wrong = crate::api::content::env_name(name);
                if !wrong.is_empty() {
                    return error(format!(
                        "environment variables must be of the form key=value, but is {}",
                        go_quote(&change)
                    ));
                }
                set.push(Value::object([("name", Value::from(name)), ("value", value.into())]));
            }
            None => remove.push(change.trim_end_matches('-').to_owned()),
            _ => return error(format!("invalid env format: {change}")),
        }
    }
    let job = Job {
        p: &p,
        resources: p.args[..split].to_vec(),
        word: "env updated",
        failed: "failed to patch env update to pod template: ",
    };
    if let Some(from) = p.text("from") {
        let namespace = builder::namespace(&p, cx);
        let request = Request { args: vec![from.to_owned()], lookup: true, ..Request::default() };
        for info in builder::find(&request, &namespace, cx, io)?.infos {
            let o = info.found();
            let field = match o.kind() {
                Kind::Secret => "secretKeyRef",
                Kind::ConfigMap => "configMapKeyRef",
                _ => return error("unsupported resource specified in --from"),
            };
            let keys = p.all("keys");
            for (key, _) in o.at("data").fields().filter(|(k, _)| keys.is_empty() || keys.contains(&k.as_ref())) {
                let name: String = key
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' })
                    .collect();
                if name != key.as_ref() {
                    io.complain(&format!("Warning: key {key} transferred to {name}"));
                }
                let mut e = json!({"name": (format!("{}{name}", p.str("prefix")))});
                *e.slot_path(&format!("valueFrom.{field}")) = json!({"name": (o.name()), "key": key});
                set.push(e);
            }
        }
    }
    let infos = job.find(cx, io)?;
    let which = p.text("containers").unwrap_or("*").to_owned();
    let mut unmatched = Vec::new();
    let mut change = |spec: &mut Value, info: &Info| {
        let mut apply = |c: &mut Value| {
            if !selects(&which, c.str_at("name")) {
                return false;
            }
            let env = c.slot("env").make_array();
            env.retain(|e| !remove.iter().any(|r| e.str_at("name") == r));
            for e in &set {
                match env.iter_mut().find(|x| x.str_at("name") == e.str_at("name")) {
                    Some(old) => *old = e.clone(),
                    None => env.push(e.clone()),
                }
            }
            if env.is_empty() {
                c.unset("env");
            }
            true
        };
        let any = containers_of(spec, false, &mut apply);
        if !(containers_of(spec, true, &mut apply) || any) {
            unmatched.push(format!(
                "Warning: {}/{} does not have any containers matching {}",
                info.key.kind.name(),
                info.key.name,
                go_quote(&which)
            ));
        }
        Vec::new()
    };
    if p.on("list") {
        // What would be set is listed, too, and nothing is changed.
        for info in &infos {
            let Some(path) = pod_spec_path(info.key.kind) else { continue };
            let mut spec = info.found().at(path).clone();
            if !(set.is_empty() && remove.is_empty()) {
                change(&mut spec, info);
            }
            list_env(&p, info, &spec, &which, cx, io);
        }
        return ok();
    }
    let done = job.run(&infos, change, cx, io);
    unmatched.iter().for_each(|text| io.complain(text));
    done
}

/// The value behind a reference. Models kubectl `pkg/cmd/set/env/env_resolve.go`.
fn resolved(info: &Info, source: &Value, cx: &Cx<'_>) -> Option<String> {
    let (o, namespace) = (info.found(), info.key.namespace.clone());
    if let Some(f) = source.get("fieldRef") {
        return Some(match f.str_at("fieldPath") {
            "metadata.name" => o.name().to_string(),
            "metadata.namespace" => namespace.to_string(),
            path => o.body().at_path(path).as_str().unwrap_or("").to_owned(),
        });
    }
    let (kind, of) = match source.get("secretKeyRef") {
        Some(s) => (Kind::Secret, s),
        None => (Kind::ConfigMap, source.get("configMapKeyRef")?),
    };
    let key = ObjectKey::new(kind, namespace, of.str_at("name"));
    let text = cx.api.get(&key)?.at("data").get(of.str_at("key"))?.as_str()?.to_owned();
    if kind == Kind::ConfigMap {
        return Some(text);
    }
    base64::decode(&text).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn list_env(p: &Parsed, info: &Info, spec: &Value, which: &str, cx: &Cx<'_>, io: &mut Io) {
    for field in ["containers", "initContainers"] {
        for c in spec.at(field).items().iter().filter(|c| selects(which, c.str_at("name"))) {
            io.line(&format!("# {} {}, container {}", info.key.kind.name(), info.key.name, c.str_at("name")));
            for e in c.at("env").items() {
                let source = e.at("valueFrom");
                if source.is_null() {
                    io.line(&format!("{}={}", e.str_at("name"), e.str_at("value")));
                    continue;
                }
                if let Some(value) = resolved(info, source, cx).filter(|_| p.on("resolve")) {
                    io.line(&format!("{}={value}", e.str_at("name")));
                    continue;
                }
                let text = if let Some(f) = source.get("fieldRef") {
                    format!("field path {}", f.str_at("fieldPath"))
                } else if let Some(f) = source.get("resourceFieldRef") {
                    format!("resource field {}", f.str_at("resource"))
                } else if let Some(s) = source.get("secretKeyRef") {
                    format!("secret {}, key {}", s.str_at("name"), s.str_at("key"))
                } else {
                    let m = source.at("configMapKeyRef");
                    format!("configmap {}, key {}", m.str_at("name"), m.str_at("key"))
                };
                io.line(&format!("# {} from {text}", e.str_at("name")));
            }
        }
    }
}

/// `kubectl set subject`
fn subject(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("set subject", SUBJECT_FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let job = Job { p: &p, resources: p.args.clone(), word: "", failed: "" };
    let infos = job.find(cx, io)?;
    let subjects = subjects(&p)?;
    if subjects.is_empty() {
        return error("you must specify at least one value of user, group or serviceaccount");
    }
    for info in infos {
        if !matches!(info.key.kind, Kind::RoleBinding | Kind::ClusterRoleBinding) {
            let which = format!("{}/{}", info.key.kind.info().plural, info.key.name);
            return error(format!("{which} setting subjects is only supported for RoleBinding/ClusterRoleBinding"));
        }
        let mut body = info.found().body().clone();
        if subjects.iter().all(|s| body.at("subjects").items().contains(s)) {
            continue;
        }
        let list = body.slot("subjects").make_array();
        for subject in &subjects {
            if !list.contains(subject) {
                list.push(subject.clone());
            }
        }
        if dry != DryRun::Client {
            let patch = json!({"subjects": (body.at("subjects").clone())});
            let made = send_patch(&info.key, PatchType::Merge, &patch, dry.options(), cx, io)?;
            body = shown(&made);
        }
        report(&form, &body, "subjects updated", dry, io)?;
    }
    ok()
}

/// `kubectl set selector`
fn selector(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("set selector", IMAGE_FLAGS_SELECTOR, words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let Some((expression, resources)) = p.args.split_last().filter(|(e, r)| e.contains('=') && !r.is_empty()) else {
        return error("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    };
    let job = Job { p: &p, resources: resources.to_vec(), word: "", failed: "" };
    for info in job.find(cx, io)? {
        if info.key.kind != Kind::Service {
            return error("setting a selector is only supported for Services");
        }
        let mut body = info.found().body().clone();
        let pairs = expression.split(',').filter_map(|e| e.split_once('='));
        body.set("spec.selector", Value::object_from(pairs.map(|(k, v)| (k, Value::from(v)))));
        if dry != DryRun::Client {
            let patch = two_way(info.key.kind, info.found().body(), &body).map_err(|e| Failure::Error(e.message))?;
            body = shown(strategic(&info.key, &patch, dry.options(), cx, io)?.as_ref());
        }
        report(&form, &body, "selector updated", dry, io)?;
    }
    ok()
}

fn service_account(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("set serviceaccount", IMAGE_FLAGS, words)?;
    let Some((account, resources)) = p.args.split_last() else {
        return error("serviceaccount is required");
    };
    let job = Job {
        p: &p,
        resources: resources.to_vec(),
        word: "serviceaccount updated",
        failed: "failed to patch ServiceAccountName ",
    };
    let infos = job.find(cx, io)?;
    let change = |spec: &mut Value, _: &Info| {
        spec.set("serviceAccountName", account.as_str());
        Vec::new()
    };
    job.run(&infos, change, cx, io)
}
