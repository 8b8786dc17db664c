//! `kubectl get`.
//!
//! Models `pkg/cmd/get/get.go`.

mod raw;

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::args::Parsed;
use super::super::builder::{self, Found, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, Table, TableOptions, list_of, shown};
use super::super::selector::Filter;
use super::super::session::{Io, Poll};
use super::super::table::TabWriter;
use super::super::{Cx, jsonpath};
use super::{Done, Flow, Waiting, ok};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::Change;
use crate::clock::{Time, human_duration};

pub const FLAGS: &str = "A:all-namespaces! allow-missing-template-keys! chunk-size# field-selector f:filename, \
    ignore-not-found! k:kustomize L:label-columns, no-headers! o:output output-watch-events! raw R:recursive! l:selector \
    server-print! show-kind! show-labels! show-managed-fields! sort-by subresource template w:watch! watch-only!";

const NOTHING_SAID: &str = "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of \
    supported resources.\n";
const REQUIRED: &str = "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that \
    resource (e.g. kubectl explain pods).";

/// Runs `kubectl get`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("get", FLAGS, words)?;
    super::common::warn_of_short_names(&p.args, io);
    let form = Form::of(&p, io, cx);
    let human = p.str("output").is_empty() && p.str("template").is_empty() || p.str("output") == "wide";
    let watch = p.on("watch") || p.on("watch-only");
    if let Some(path) = p.text("raw").filter(|t| !t.is_empty()) {
        return raw::run(path, &p, cx, io);
    }
    if !watch && p.args.is_empty() && !p.has("filename") {
        io.complain(NOTHING_SAID);
        return Err(p.usage(REQUIRED));
    }
    if p.on("show-labels") && !human {
        return error(format!("--show-labels option cannot be used with {} printer", p.str("output")));
    }
    if p.has("label-columns") && p.str("output").starts_with("custom-columns") {
        return error(format!("--label-columns option cannot be used with {} printer", p.str("output")));
    }
    if p.on("output-watch-events") && !watch {
        return error("--output-watch-events option can only be used with --watch or --watch-only");
    }
    let namespace = builder::namespace(&p, cx);
    let request = Request { kind_alone: true, go_on: !watch, ..Request::of(&p) };
    if watch {
        return start_watch(&p, form?, &request, &namespace, cx, io);
    }
    let mut found = builder::find(&request, &namespace, cx, io)?;
    if p.on("ignore-not-found") {
        found.errors.retain(|e| !e.is_not_found());
    }
    if !human {
        return generic(&p, form, found, cx, io);
    }
    if found.kinds.contains(&Kind::Endpoints) {
        io.complain("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
    }
    if p.str("subresource") == "scale" {
        return scales(&p, &found, cx, io);
    }
    let mut infos = found.infos;
    let kinds: Vec<Kind> = found.kinds.iter().copied().chain(infos.iter().map(|i| i.key.kind)).collect();
    let several = kinds.windows(2).any(|w| w[0] != w[1]);
    // A list comes as a table, whose printer keeps to itself that it cannot sort it.
    if sort(&p, &mut infos).is_err() {
        infos.clear();
    }
    let options = options_of(&p, several);
    let mut text = String::new();
    let mut from = 0;
    while from < infos.len() {
        let kind = infos[from].key.kind;
        let to = from + infos[from..].iter().take_while(|i| i.key.kind == kind).count();
        if from > 0 && !options.no_headers {
            text.push('\n');
        }
        let rows = infos[from..to].iter().map(|i| i.found().as_ref());
        text += &Table::of(kind, options.clone(), rows, cx.now);
        from = to;
    }
    if text.is_empty() && !p.on("ignore-not-found") && found.errors.is_empty() {
        let everywhere = p.on("all-namespaces") || kinds.iter().any(|k| !k.info().namespaced);
        io.complain(&nothing_found(everywhere, &namespace));
    }
    io.print(&text);
    Failure::collect(found.errors)?;
    ok()
}

/// `get --subresource=scale`. Models `printScale`.
fn scales(p: &Parsed, found: &Found, cx: &Cx<'_>, io: &mut Io) -> Done {
    let mut text = String::new();
    for info in &found.infos {
        let (desired, _) = cx.api.scale(&info.key)?;
        let o = info.found();
        let available = o.at("status.replicas").as_i64().unwrap_or(0);
        let age = o.creation_time().map_or_else(|| "<unknown>".into(), |t| human_duration(cx.now - t));
        text += &format!("{}\t{desired}\t{available}\t{age}\n", o.name());
    }
    if !text.is_empty() {
        let head = if p.on("no-headers") { "" } else { "NAME\tDESIRED\tAVAILABLE\tAGE\n" };
        io.print(&TabWriter::table().align(&format!("{head}{text}")));
    }
    Failure::collect(found.errors.clone())?;
    ok()
}

/// `No resources found in default namespace.`
pub fn nothing_found(everywhere: bool, namespace: &str) -> String {
    if everywhere { "No resources found".into() } else { format!("No resources found in {namespace} namespace.") }
}

/// Table options from flags.
pub fn options_of(p: &Parsed, several: bool) -> TableOptions {
    TableOptions {
        wide: p.str("output") == "wide",
        no_headers: p.on("no-headers"),
        show_labels: p.on("show-labels"),
        label_columns: p.all("label-columns").iter().map(|s| (*s).to_owned()).collect(),
        with_namespace: p.on("all-namespaces"),
        with_kind: several || p.on("show-kind"),
        plain: !p.on_or("server-print", true),
    }
}

/// Sorts by `--sort-by`; objects without the field come first.
fn sort(p: &Parsed, infos: &mut [Info]) -> Result<(), Failure> {
    let Some(path) = p.text("sort-by").filter(|t| !t.is_empty() && !infos.is_empty()) else { return Ok(()) };
    let template = jsonpath::relaxed(path).and_then(|t| t).map_err(Failure::Error)?;
    let value = |i: &Info| jsonpath::values(&template, i.found().body()).map(|v| v.into_iter().next());
    let mut found = Vec::new();
    for i in infos.iter() {
        found.push(value(i).map_err(Failure::Error)?);
    }
    if found.iter().all(Option::is_none) {
        let inner = path.trim_start_matches(['{', '.']).trim_end_matches('}');
        return error(format!("couldn't find any field with path \"{{.{inner}}}\" in the list of objects"));
    }
    let mut order: Vec<usize> = (0..infos.len()).collect();
    order.sort_by(|a, b| compare(found[*a].as_ref(), found[*b].as_ref()));
    let sorted: Vec<Info> = order.into_iter().map(|i| infos[i].clone()).collect();
    infos.clone_from_slice(&sorted);
    Ok(())
}

/// Orders values: none before numbers before text, and quantities before other text.
fn compare(a: Option<&Value>, b: Option<&Value>) -> std::cmp::Ordering {
    let rank = |v: Option<&Value>| match v {
        None | Some(Value::Null) => 0,
        Some(Value::Bool(_)) => 1,
        Some(Value::Int(_)) => 2,
        Some(_) => 3,
    };
    match (a, b) {
        (Some(Value::Str(x)), Some(Value::Str(y))) => {
            match (crate::api::Quantity::parse(x), crate::api::Quantity::parse(y)) {
                (Ok(p), Ok(q)) => p.nanos().cmp(&q.nanos()),
                (Err(_), Err(_)) => x.cmp(y),
                (p, q) => p.is_err().cmp(&q.is_err()),
            }
        }
        (Some(Value::Int(x)), Some(Value::Int(y))) => x.cmp(y),
        (Some(Value::Bool(x)), Some(Value::Bool(y))) => x.cmp(y),
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Output for machines: one object, or all in a list.
fn generic(p: &Parsed, form: Result<Form, Failure>, found: Found, cx: &Cx<'_>, io: &mut Io) -> Done {
    if found.single && found.named {
        Failure::collect(found.errors.clone())?;
    }
    if found.infos.is_empty() && p.on("ignore-not-found") {
        Failure::collect(found.errors)?;
        return ok();
    }
    let form = form?;
    let mut infos = found.infos;
    sort(p, &mut infos)?;
    // YAML and JSON leave the managers of fields out unless they are asked for; templates see them.
    let templated = matches!(form, Form::JsonPath(..) | Form::GoTemplate(..) | Form::Columns(_));
    let asked = p.on("show-managed-fields") || templated;
    let full = |i: &Info| {
        let mut v = shown(i.found());
        if asked {
            let managed = cx.api.managed_fields(i.found());
            if !managed.items().is_empty() {
                v.set("metadata.managedFields", managed);
            }
        }
        v
    };
    let shown: Vec<Value> = infos.iter().map(full).collect();
    let value = if found.single && found.named && shown.len() == 1 { shown[0].clone() } else { list_of(shown.iter()) };
    if let Form::Columns(_) = form {
        let (text, failed) = form.print_columns(&value, p.on("no-headers"));
        io.print(&text);
        failed.map_or(Ok(()), Err)?;
    } else {
        io.print(&form.print(&value, p.on("no-headers"))?);
    }
    Failure::collect(found.errors)?;
    ok()
}

/// A `get -w` that runs.
#[derive(Clone)]
pub struct Watch {
    kind: Kind,
    key: Option<ObjectKey>,
    namespace: Option<Rc<str>>,
    filter: Rc<Filter>,
    form: Form,
    table: Table,
    writer: TabWriter,
    events: bool,
    /// When `--request-timeout` ends it.
    until: Option<Time>,
    changes: VecDeque<(Rc<Object>, &'static str)>,
}

fn start_watch(p: &Parsed, form: Form, r: &Request, namespace: &Rc<str>, cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let found = builder::find(r, namespace, cx, io)?;
    let [kind] = found.kinds.as_slice() else {
        return error("you may only specify a single resource type");
    };
    let everywhere = r.all_namespaces || !kind.info().namespaced;
    let filter = Filter::read(*kind, r.labels.as_deref().unwrap_or(""), r.fields.as_deref().unwrap_or(""))?;
    let mut w = Watch {
        kind: *kind,
        key: found.named.then(|| found.infos[0].key.clone()),
        namespace: (!everywhere).then(|| namespace.clone()),
        filter: Rc::new(filter),
        form,
        table: Table::new(*kind, options_of(p, false)),
        writer: TabWriter::table(),
        events: p.on("output-watch-events"),
        until: super::request_timeout(p).map(|t| cx.now + t),
        changes: VecDeque::new(),
    };
    if !p.on("watch-only") {
        let mut text = String::new();
        for info in &found.infos {
            text += &w.show(info.found(), "ADDED", cx)?;
        }
        let aligned = w.aligned(&text);
        io.print(&aligned);
    }
    Ok(Flow::Wait(Waiting::Watch(Box::new(w))))
}

impl Watch {
    /// Takes a change that it is to show.
    pub fn observe(&mut self, c: &Change) {
        let mine = c.key.kind == self.kind
            && self.key.as_ref().is_none_or(|k| *k == c.key)
            && self.namespace.as_ref().is_none_or(|n| *n == c.key.namespace);
        if !mine || !self.filter.matches(c.object()) && c.before.as_ref().is_none_or(|b| !self.filter.matches(b)) {
            return;
        }
        let word = if c.is_deleted() {
            "DELETED"
        } else if c.is_added() {
            "ADDED"
        } else {
            "MODIFIED"
        };
        self.changes.push_back((c.object().clone(), word));
    }
    /// Prints what came in.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        while let Some((o, word)) = self.changes.pop_front() {
            let text = self.show(&o, word, cx)?;
            let aligned = self.aligned(&text);
            io.print(&aligned);
        }
        if self.until.is_some_and(|t| cx.now >= t) {
            return ok();
        }
        Ok(Flow::Wait(Waiting::Watch(Box::new(self))))
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        self.until.map_or(Poll::WaitChange, Poll::WaitEither)
    }
    fn aligned(&mut self, text: &str) -> String {
        if self.form.is_human() { self.writer.align(text) } else { text.to_owned() }
    }
    fn show(&mut self, o: &Object, word: &'static str, cx: &Cx<'_>) -> Result<String, Failure> {
        if !self.form.is_human() {
            return self.form.print(&shown(o), false);
        }
        let text = self.table.row(o, cx.now);
        if !self.events {
            return Ok(text);
        }
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let last = lines.len() - 1;
        for (i, line) in lines.iter_mut().enumerate() {
            *line = format!("{}\t{line}", if i == last { word } else { "EVENT" });
        }
        Ok(lines.join("\n") + "\n")
    }
}
