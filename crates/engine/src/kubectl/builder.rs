//! Finding the objects that a command line means.
//!
//! Models cli-runtime `pkg/resource/builder.go`: `job pi`, `job/pi pod/x`, `jobs,pods -l app=x`, `-f file.yaml`.

use std::rc::Rc;

use super::Cx;
use super::args::Parsed;
use super::failure::{Failure, error};
use super::rbac::Deed;
use super::selector::Filter;
use super::session::Io;
use crate::api::text::go_quote;
use crate::api::{KINDS, Kind, Object, ObjectKey, Selector, Value};
use crate::apiserver::Status;
use crate::manifest;
use crate::manifest::local::{self, LocalError};

/// An object that was meant, by name or by what a file holds.
#[derive(Clone, Debug)]
pub struct Info {
    /// Which.
    pub key: ObjectKey,
    /// Its newest version, where it was asked for and is there.
    pub object: Option<Rc<Object>>,
    /// What the file holds.
    pub body: Option<Value>,
    /// The kind as the file writes it.
    pub labelled: String,
    /// The file.
    pub source: String,
}

impl Info {
    /// The object, where it was found.
    pub fn found(&self) -> &Rc<Object> {
        self.object.as_ref().expect("the builder was told to look objects up")
    }
}

/// What to look for and how.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The words.
    pub args: Vec<String>,
    /// `-l`
    pub labels: Option<String>,
    /// `--field-selector`
    pub fields: Option<String>,
    /// `--all`
    pub all: bool,
    /// A kind alone means all of it.
    pub kind_alone: bool,
    /// `-A`
    pub all_namespaces: bool,
    /// `-f`
    pub files: Vec<String>,
    /// Look the objects of files up.
    pub latest: bool,
    /// Look named objects up (else only their names are known).
    pub lookup: bool,
    /// Go on after an error.
    pub go_on: bool,
    /// Whether manifests are checked: not under `--validate=false`.
    pub validate: bool,
    /// Whether a namespace was given that manifests may not contradict.
    pub enforce: bool,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The objects, in order.
    pub infos: Vec<Info>,
    /// What went wrong on the way, where the command goes on after an error.
    pub errors: Vec<Failure>,
    /// Whether one object was meant, not a list.
    pub single: bool,
    /// Whether the objects were named, not selected.
    pub named: bool,
    /// The kinds that were asked for.
    pub kinds: Vec<Kind>,
}

impl Request {
    /// A request from a command's usual flags.
    pub fn of(p: &Parsed) -> Self {
        Self {
            args: p.args.clone(),
            labels: p.text("selector").map(str::to_owned),
            fields: p.text("field-selector").map(str::to_owned),
            all: p.on("all"),
            kind_alone: false,
            all_namespaces: p.on("all-namespaces"),
            files: p.all("filename").iter().map(|s| (*s).to_owned()).collect(),
            latest: true,
            lookup: true,
            go_on: false,
            validate: !matches!(p.text("validate"), Some("false" | "ignore")),
            enforce: p.has("namespace"),
        }
    }
}

/// The namespace that a command acts in.
pub fn namespace(p: &Parsed, cx: &Cx<'_>) -> Rc<str> {
    p.text("namespace").filter(|n| !n.is_empty()).map_or_else(|| cx.home.namespace(), Rc::from)
}

/// The kind that a word means.
pub fn kind_of(word: &str) -> Result<Kind, Failure> {
    if let Some(kind) = Kind::from_resource(word) {
        return Ok(kind);
    }
    match word.split_once('.') {
        Some((name, group)) => {
            error(format!("the server doesn't have a resource type {} in group {}", go_quote(name), go_quote(group)))
        }
        None => error(format!("the server doesn't have a resource type {}", go_quote(word))),
    }
}

/// Categories and lists of kinds: `all`, `job,pod`.
fn kinds_of(word: &str) -> Result<Vec<Kind>, Failure> {
    let mut out: Vec<Kind> = Vec::new();
    for part in word.split(',') {
        if part.eq_ignore_ascii_case("all") {
            // The order of discovery: the core group, then apps, autoscaling and batch, as the groups are served.
            let of =
                |group: &str| KINDS.iter().filter(|k| k.in_all && k.group == group).map(|k| k.kind).collect::<Vec<_>>();
            out.extend(["", "apps", "autoscaling", "batch"].iter().flat_map(|g| of(g)));
        } else {
            out.push(kind_of(part)?);
        }
    }
    let mut seen = Vec::new();
    out.retain(|k| {
        let new = !seen.contains(k);
        seen.push(*k);
        new
    });
    Ok(out)
}

/// `job/pi` as kind and name.
fn tuple(word: &str) -> Result<(Kind, Rc<str>), Failure> {
    let parts: Vec<&str> = word.split('/').collect();
    match parts.as_slice() {
        [resource, name] if !resource.is_empty() && !name.is_empty() && !resource.contains(',') => {
            Ok((kind_of(resource)?, Rc::from(*name)))
        }
        [_, _] => error("arguments in resource/name form must have a single resource and name"),
        _ => error("arguments in resource/name form may not have more than one slash"),
    }
}

const MISSING: &str = "You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'";

/// The text for a kind next to `kind/name`.
pub const MIXED: &str = "there is no need to specify a resource type as a separate argument when passing arguments in \
    resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource \
    resource/<resource_name>'";

/// Finds what a request means.
pub fn find(r: &Request, namespace: &str, cx: &mut Cx<'_>, io: &Io) -> Result<Found, Failure> {
    if !r.files.is_empty() {
        return find_files(r, namespace, cx, io);
    }
    let mut args = r.args.clone();
    if args.len() >= 2 && args[0].contains(',') {
        let kinds: Vec<String> = args[0].split(',').map(str::to_owned).collect();
        if kinds.len() > 1 {
            let names = args.split_off(1);
            args = kinds.iter().flat_map(|k| names.iter().map(move |n| format!("{k}/{n}"))).collect();
        }
    }
    let problems = crate::api::content::path_segment(namespace);
    if !problems.is_empty() && !namespace.is_empty() && !r.all_namespaces {
        return Err(Failure::Plain(format!("invalid namespace {}: [{}]\n", go_quote(namespace), problems.join(" "))));
    }
    let slashes = args.iter().filter(|a| a.contains('/')).count();
    let mut names: Vec<(Kind, Rc<str>)> = Vec::new();
    let mut kinds: Vec<Kind> = Vec::new();
    let mut plain: Vec<String> = Vec::new();
    let mut selects = r.labels.is_some() || r.fields.is_some() || r.all;
    if r.all && r.labels.as_ref().or(r.fields.as_ref()).is_some_and(|s| !s.is_empty()) {
        return error("setting 'all' parameter but found a non empty selector. ");
    }
    if slashes > 0 {
        if slashes != args.len() {
            return error(MIXED);
        }
        names = args.iter().map(|a| tuple(a)).collect::<Result<_, _>>()?;
    } else if let Some(first) = args.first() {
        kinds = kinds_of(first)?;
        plain = args[1..].to_vec();
        selects |= plain.is_empty() && r.kind_alone;
    }
    if selects {
        if !plain.is_empty() {
            return error("name cannot be provided when a selector is specified");
        }
        if !names.is_empty() {
            return error("selectors and the all flag cannot be used when passing resource/name arguments");
        }
        if kinds.is_empty() {
            return error("at least one resource must be specified to use a selector");
        }
        return find_selected(r, &kinds, namespace, cx);
    }
    if names.is_empty() {
        if plain.is_empty() {
            return error(if kinds.is_empty() {
                MISSING
            } else {
                "resource(s) were provided, but no name was specified"
            });
        }
        if kinds.len() > 1 {
            return error("you must specify only one resource");
        }
        names = plain.iter().map(|n| (kinds[0], Rc::from(n.as_str()))).collect();
    }
    let mut out = Found { single: names.len() == 1, named: true, ..Found::default() };
    for (kind, name) in names {
        let namespaced = kind.info().namespaced;
        if namespaced && r.all_namespaces {
            return error("a resource cannot be retrieved by name across all namespaces");
        }
        let key = ObjectKey::new(kind, if namespaced { namespace } else { "" }, name);
        if !out.kinds.contains(&kind) {
            out.kinds.push(kind);
        }
        let object = cx.api.get(&key).cloned();
        let allowed = if r.lookup { cx.may(Deed::on_one("get"), &key) } else { Ok(()) };
        if let Err(status) = allowed {
            if !r.go_on {
                return Err(status.into());
            }
            out.errors.push(status.into());
            continue;
        }
        if object.is_none() && r.lookup {
            let failure = Failure::Status(missing(&key, cx));
            if !r.go_on {
                return Err(failure);
            }
            out.errors.push(failure);
            continue;
        }
        out.infos.push(Info { key, object, body: None, labelled: String::new(), source: String::new() });
    }
    Ok(out)
}

fn find_selected(r: &Request, kinds: &[Kind], namespace: &str, cx: &mut Cx<'_>) -> Result<Found, Failure> {
    let mut out = Found { kinds: kinds.to_vec(), ..Found::default() };
    for kind in kinds {
        let filter = Filter::read(*kind, r.labels.as_deref().unwrap_or(""), r.fields.as_deref().unwrap_or(""));
        let filter = match filter {
            Ok(f) => f,
            Err(status) if r.go_on => {
                out.errors.push(status.into());
                continue;
            }
            Err(status) => return Err(status.into()),
        };
        let everywhere = r.all_namespaces || !kind.info().namespaced;
        let place = ObjectKey::new(*kind, if everywhere { "" } else { namespace }, "");
        match cx.may(Deed::on_all("list"), &place) {
            Ok(()) => {}
            Err(status) if r.go_on => {
                out.errors.push(status.into());
                continue;
            }
            Err(status) => return Err(status.into()),
        }
        let take = |o: &Rc<Object>| Info {
            key: o.key(),
            object: Some(o.clone()),
            body: None,
            labelled: String::new(),
            source: String::new(),
        };
        let store = cx.api.store();
        if everywhere {
            out.infos.extend(store.list(*kind).filter(|o| filter.matches(o)).map(take));
        } else {
            out.infos.extend(store.list_in(*kind, namespace).filter(|o| filter.matches(o)).map(take));
        }
    }
    Ok(out)
}

fn find_files(r: &Request, namespace: &str, cx: &mut Cx<'_>, io: &Io) -> Result<Found, Failure> {
    if !r.args.is_empty() {
        return error(if r.args.iter().any(|a| a.contains('/')) || r.args.len() == 1 {
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        } else {
            "name cannot be provided when a path is specified"
        });
    }
    let mut out = Found { single: r.files.len() == 1, named: true, ..Found::default() };
    let mut count = 0;
    let selector = match r.labels.as_deref() {
        None | Some("") => None,
        Some(text) => Some(Selector::parse(text).map_err(Failure::Error)?),
    };
    let names: Vec<String> = r.files.iter().flat_map(|name| io.names(name, cx)).collect();
    // That a file is missing is seen before anything is done.
    let missing = names.iter().filter_map(|n| io.open(n, cx).err());
    Failure::collect(missing.collect())?;
    for name in &names {
        let (source, text) = match io.open(name, cx) {
            Ok(f) => f,
            Err(e) => {
                out.errors.push(e);
                break;
            }
        };
        'file: for entry in manifest::parse(&text).entries {
            let document = match entry {
                Ok(d) => d,
                Err(e) => {
                    // The other files are read all the same.
                    out.errors.push(Failure::Error(format!("error parsing {source}: {}", e.message)));
                    break;
                }
            };
            out.single &= document.value.get("items").is_none();
            for resource in local::resources(&document.value, &source, r.validate) {
                match resource {
                    Ok(resource) => {
                        if selector.as_ref().is_some_and(|s| !s.matches(resource.value.at("metadata.labels"))) {
                            continue;
                        }
                        count += 1;
                        match from_resource(r, resource, &source, namespace, cx) {
                            Ok(info) => out.infos.push(info),
                            Err(e) => out.errors.push(e),
                        }
                    }
                    Err(LocalError::Skip(text)) => out.errors.push(Failure::Error(text)),
                    Err(LocalError::Stop(text)) => {
                        out.errors.push(Failure::Error(text));
                        break 'file;
                    }
                }
            }
        }
    }
    if !r.go_on && !out.errors.is_empty() {
        return Err(out.errors.remove(0));
    }
    out.single &= count == 1;
    for i in &out.infos {
        if !out.kinds.contains(&i.key.kind) {
            out.kinds.push(i.key.kind);
        }
    }
    Ok(out)
}

/// What the API server says to a request for an object that is not there: perhaps its namespace is not.
pub fn missing(key: &ObjectKey, cx: &Cx<'_>) -> Status {
    let there = key.namespace.is_empty() || cx.api.get(&ObjectKey::new(Kind::Namespace, "", &*key.namespace)).is_some();
    if there { Status::not_found(key.kind, &key.name) } else { Status::not_found(Kind::Namespace, &key.namespace) }
}

/// The key of an object as a manifest gives it.
pub fn key_of(kind: Kind, body: &Value, namespace: &str) -> ObjectKey {
    let own = body.str_at("metadata.namespace");
    let namespace = match (kind.info().namespaced, own) {
        (false, _) => "",
        (true, "") => namespace,
        (true, own) => own,
    };
    ObjectKey::new(kind, namespace, body.str_at("metadata.name"))
}

fn from_resource(
    r: &Request,
    resource: local::Resource,
    source: &str,
    namespace: &str,
    cx: &mut Cx<'_>,
) -> Result<Info, Failure> {
    let key = key_of(resource.kind, &resource.value, namespace);
    if r.enforce && !key.namespace.is_empty() && *key.namespace != *namespace {
        return error(format!(
            "the namespace from the provided object \"{}\" does not match the namespace \"{namespace}\". You must pass \
             '--namespace={}' to perform this operation.",
            key.namespace, key.namespace
        ));
    }
    let object = cx.api.get(&key).cloned();
    if r.latest {
        cx.may(Deed::on_one("get"), &key)?;
    }
    if object.is_none() && r.latest {
        return Err(Failure::Status(missing(&key, cx)));
    }
    Ok(Info { key, object, body: Some(resource.value), labelled: resource.labelled, source: source.to_owned() })
}
