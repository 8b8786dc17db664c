//! `kubectl cordon`, `uncordon`, `drain` and `taint`.
//!
//! Models `pkg/cmd/{drain,taint}` and `pkg/drain`.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::rbac::Deed;
use super::super::session::{Io, Poll};
use super::common::{DryRun, print_result, report, send_patch};
use super::{Done, Flow, Waiting, ok};
use crate::api::text::go_quote;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{DeleteOptions, PatchType, Reason};
use crate::clock::{SECOND, Time};
use crate::json;

pub const CORDON_FLAGS: &str = "dry-run=unchanged l:selector";
pub const DRAIN_FLAGS: &str = "chunk-size# delete-emptydir-data! disable-eviction! dry-run=unchanged force! grace-period# \
    ignore-daemonsets! pod-selector l:selector skip-wait-for-delete-timeout# timeout~ delete-local-data!";
pub const TAINT_FLAGS: &str = "all! allow-missing-template-keys! dry-run=unchanged field-manager o:output overwrite! l:selector \
    show-managed-fields! template validate=strict";

fn nodes(p: &Parsed, usage: &str, cx: &mut Cx<'_>, io: &Io) -> Result<Vec<Info>, Failure> {
    if p.args.is_empty() && !p.has("selector") {
        return Err(p.usage(format!("USAGE: {usage} [flags]")));
    }
    if !p.args.is_empty() && p.has("selector") {
        return Err(p.usage("cannot specify both a node name and a --selector option"));
    }
    let mut request = Request::of(p);
    request.args = if p.args.is_empty() {
        vec!["nodes".into()]
    } else {
        p.args.iter().map(|n| if n.contains('/') { n.clone() } else { format!("nodes/{n}") }).collect()
    };
    Ok(builder::find(&request, "", cx, io)?.infos)
}

/// Runs `kubectl cordon` and `uncordon`.
pub fn cordon(on: bool, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let command = if on { "cordon" } else { "uncordon" };
    let p = Parsed::read(command, CORDON_FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let infos = nodes(&p, &format!("{command} NODE"), cx, io)?;
    set_schedulable(&infos, on, dry, cx, io);
    ok()
}

fn set_schedulable(infos: &[Info], on: bool, dry: DryRun, cx: &mut Cx<'_>, io: &mut Io) {
    let words = if on { ["cordoned", "already cordoned"] } else { ["uncordoned", "already uncordoned"] };
    for info in infos {
        let o = info.found();
        let already = o.at("spec").bool_at("unschedulable") == on;
        if !already && dry != DryRun::Client {
            let patch = json!({"spec": {"unschedulable": (if on { Value::from(true) } else { Value::Null })}});
            if let Err(e) = send_patch(&info.key, PatchType::Strategic, &patch, dry.options(), cx, io) {
                let verb = if on { "cordon" } else { "uncordon" };
                io.complain(&format!("error: unable to {verb} node {}: {}", go_quote(o.name()), e.raw()));
                continue;
            }
        }
        print_result(&shown(o), words[usize::from(already)], dry, io);
    }
}

/// A `drain` that runs: node after node, its Pods evicted and waited for.
#[derive(Clone)]
pub struct Drain {
    p: Rc<Parsed>,
    dry: DryRun,
    left: Vec<Info>,
    /// Pods of the first node that are to be evicted still.
    evict: Vec<(ObjectKey, Rc<str>)>,
    /// Pods that were evicted and are not gone.
    going: Vec<(ObjectKey, Rc<str>)>,
    started: bool,
    /// When an eviction that was refused is tried again.
    retry: Option<Time>,
    until: Option<Time>,
    failed: Vec<(Rc<str>, Failure)>,
}

/// Runs `kubectl drain`.
pub fn drain(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("drain", DRAIN_FLAGS, words)?;
    if p.has("delete-local-data") {
        io.complain("Flag --delete-local-data has been deprecated, This option is deprecated and will be deleted. Use --delete-emptydir-data.");
    }
    let dry = DryRun::read(&p)?;
    let infos = nodes(&p, "drain NODE", cx, io)?;
    set_schedulable(&infos, true, dry, cx, io);
    let until = p.duration("timeout").filter(|t| *t > 0).map(|t| cx.now + t);
    Drain {
        p: Rc::new(p),
        dry,
        left: infos,
        evict: Vec::new(),
        going: Vec::new(),
        started: false,
        retry: None,
        until,
        failed: Vec::new(),
    }
    .poll(cx, io)
}

impl Drain {
    /// Which Pods of a node go; or why the node cannot be drained.
    fn pods(&self, node: &str, cx: &Cx<'_>, io: &mut Io) -> Result<Vec<Rc<Object>>, Failure> {
        const UNMANAGED: &str = "Pods that declare no controller";
        let selector = match self.p.text("pod-selector") {
            Some(s) => crate::api::Selector::parse(s)
                .map_err(|_| Failure::Error("--pod-selector=<pod_selector> must be a valid label selector".into()))?,
            None => crate::api::Selector::everything(),
        };
        let mut out = Vec::new();
        let (mut errors, mut warnings): (Vec<(String, Vec<String>)>, Vec<(String, Vec<String>)>) = (vec![], vec![]);
        let note = |list: &mut Vec<(String, Vec<String>)>, text: &str, pod: &Object| {
            let name = format!("{}/{}", pod.namespace(), pod.name());
            match list.iter_mut().find(|(t, _)| t == text) {
                Some((_, pods)) => pods.push(name),
                None => list.push((text.to_owned(), vec![name])),
            }
        };
        for pod in cx.api.store().list(Kind::Pod) {
            if pod.at("spec.nodeName").as_str() != Some(node) || !selector.matches(pod.labels()) {
                continue;
            }
            let finished = matches!(pod.at("status.phase").as_str(), Some("Succeeded" | "Failed"));
            let controller = pod.controller();
            if !finished && controller.is_some_and(|c| &*c.kind == "DaemonSet") {
                if self.p.on("ignore-daemonsets") {
                    note(&mut warnings, "ignoring DaemonSet-managed Pods", pod);
                } else {
                    note(&mut errors, "DaemonSet-managed Pods (use --ignore-daemonsets to ignore)", pod);
                }
                continue;
            }
            let local = pod.at("spec.volumes").items().iter().any(|v| v.get("emptyDir").is_some());
            if !finished && local && !self.p.on("delete-emptydir-data") && !self.p.on("delete-local-data") {
                note(&mut errors, "Pods with local storage (use --delete-emptydir-data to override)", pod);
                continue;
            }
            if !finished && controller.is_none() {
                if !self.p.on("force") {
                    note(&mut errors, &format!("{UNMANAGED} (use --force to override)"), pod);
                    continue;
                }
                note(&mut warnings, &format!("deleting {UNMANAGED}"), pod);
            }
            out.push(pod.clone());
        }
        if !errors.is_empty() {
            let texts =
                errors.iter().map(|(t, pods)| Failure::Error(format!("cannot delete {t}: {}", pods.join(", "))));
            let texts: Vec<Failure> = texts.collect();
            return Err(if texts.len() == 1 { texts[0].clone() } else { Failure::Many(texts) });
        }
        if !warnings.is_empty() {
            let texts: Vec<String> = warnings.iter().map(|(t, pods)| format!("{t}: {}", pods.join(", "))).collect();
            io.complain(&format!("Warning: {}", texts.join("; ")));
        }
        Ok(out)
    }
    fn fail(&mut self, why: Failure, io: &mut Io) {
        let info = self.left.remove(0);
        io.complain(&format!(
            "error: unable to drain node {} due to error: {}, continuing command...",
            go_quote(&info.key.name),
            why.raw()
        ));
        self.failed.push((info.key.name.clone(), why));
        self.started = false;
    }
    /// Goes on.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        self.retry = None;
        while let Some(info) = self.left.first().cloned() {
            if !self.started {
                self.started = true;
                match self.pods(&info.key.name, cx, io) {
                    Ok(pods) => {
                        self.evict = pods.iter().map(|p| (p.key(), p.uid().clone())).collect();
                        if self.dry != DryRun::Client && !self.p.on("disable-eviction") && !self.evict.is_empty() {
                            // Each eviction is a goroutine of its own, and the one made last is the first to run.
                            self.evict.rotate_right(1);
                        }
                    }
                    Err(e) => {
                        self.fail(e, io);
                        continue;
                    }
                }
                if self.dry == DryRun::Client {
                    for (key, _) in self.evict.drain(..) {
                        io.line(&format!("evicting pod {}/{} (dry run)", key.namespace, key.name));
                    }
                }
            }
            self.settle(cx, io);
            let waits = !self.evict.is_empty() || !self.going.is_empty();
            if waits && self.until.is_some_and(|t| cx.now >= t) {
                self.time_out(io);
                continue;
            }
            if let Err(e) = self.evict_some(cx, io) {
                self.fail(e, io);
                continue;
            }
            self.settle(cx, io);
            if self.evict.is_empty() && self.going.is_empty() {
                print_result(&shown(info.found()), "drained", self.dry, io);
                self.left.remove(0);
                self.started = false;
                continue;
            }
            return Ok(Flow::Wait(Waiting::Drain(Box::new(self))));
        }
        if self.failed.is_empty() {
            return ok();
        }
        io.complain("There are pending nodes to be drained:");
        for (name, _) in &self.failed {
            io.complain(&format!(" {name}"));
        }
        // What comes as a list of errors stands without a word before it, even where there is but one.
        let lines = |f: &Failure| match f {
            Failure::Many(all) => all.iter().map(Failure::raw).collect::<Vec<_>>().join("\n"),
            one => one.raw(),
        };
        let several = self.failed.len() > 1;
        let texts: Vec<String> = self.failed.iter().map(|(_, f)| if several { f.raw() } else { lines(f) }).collect();
        Err(Failure::Plain(texts.join("\n") + "\n"))
    }
    /// Tells of the Pods that are gone.
    fn settle(&mut self, cx: &Cx<'_>, io: &mut Io) {
        let word = if self.p.on("disable-eviction") { "deleted" } else { "evicted" };
        self.going.retain(|(key, uid)| {
            let there = cx.api.get(key).is_some_and(|o| o.uid() == uid);
            if !there {
                io.line(&format!("pod/{} {word}", key.name));
            }
            there
        });
    }
    /// Ends a node's drain whose time is up.
    fn time_out(&mut self, io: &mut Io) {
        let timeout = crate::clock::go_duration(self.p.duration("timeout").unwrap_or(0));
        let refused = self.evict.first().map(|(key, _)| {
            io.line(&format!("evicting pod {}/{}", key.namespace, key.name));
            let (name, namespace) = (go_quote(&key.name), go_quote(&key.namespace));
            format!("error when evicting pods/{name} -n {namespace}: global timeout reached: {timeout}")
        });
        let slow = self.going.first().map(|(key, _)| {
            let (name, namespace) = (go_quote(&key.name), go_quote(&key.namespace));
            format!(
                "error when waiting for pod {name} in namespace {namespace} to terminate: context deadline exceeded"
            )
        });
        let why = slow.or(refused).unwrap_or_default();
        let node = go_quote(&self.left[0].key.name);
        io.complain(&format!("There are pending pods in node {node} when an error occurred: {why}"));
        for (key, _) in self.evict.drain(..).chain(self.going.drain(..)) {
            io.complain(&format!("pod/{}", key.name));
        }
        self.fail(Failure::Error(why), io);
    }
    fn evict_some(&mut self, cx: &mut Cx<'_>, io: &mut Io) -> Result<(), Failure> {
        let grace = self.p.int("grace-period").filter(|g| *g >= 0);
        let options = DeleteOptions {
            grace_period_seconds: grace,
            dry_run: self.dry == DryRun::Server,
            ..DeleteOptions::default()
        };
        for (key, uid) in std::mem::take(&mut self.evict) {
            if cx.api.get(&key).is_none_or(|o| *o.uid() != uid) {
                continue;
            }
            let result = if self.p.on("disable-eviction") {
                cx.may(Deed::on_one("delete"), &key).and_then(|()| cx.api.delete(&key, &options).map(|_| ()))
            } else {
                io.line(&format!("evicting pod {}/{}{}", key.namespace, key.name, self.dry.suffix()));
                cx.may(Deed { subresource: "eviction", ..Deed::on_all("create") }, &key)
                    .and_then(|()| cx.api.evict(&key, &options))
            };
            match result {
                Ok(()) if self.dry == DryRun::Server => {}
                Ok(()) => self.going.push((key, uid)),
                Err(s) if s.reason == Reason::TooManyRequests => {
                    io.complain(&format!(
                        "error when evicting pods/{} -n {} (will retry after 5s): {}",
                        go_quote(&key.name),
                        go_quote(&key.namespace),
                        s.message
                    ));
                    self.retry = Some(cx.now + 5 * SECOND);
                    self.evict.push((key, uid));
                }
                Err(s) if s.reason == Reason::NotFound => {}
                Err(s) => {
                    return error(format!(
                        "error when evicting pods/{} -n {}: {}",
                        go_quote(&key.name),
                        go_quote(&key.namespace),
                        s.message
                    ));
                }
            }
        }
        self.going.sort();
        Ok(())
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        match (self.retry, self.until) {
            (Some(t), _) => Poll::WaitUntil(t),
            (None, Some(t)) => Poll::WaitEither(t),
            (None, None) => Poll::WaitChange,
        }
    }
}

/// `key=value:effect`, `key:effect`, `key-`, `key:effect-`. Models `parseTaint`.
fn read_taint(p: &Parsed, text: &str) -> Result<(Value, bool), Failure> {
    let (body, remove) = text.strip_suffix('-').map_or((text, false), |b| (b, true));
    let wrong = |why: &[String]| {
        let why = if why.is_empty() { String::new() } else { format!(", {}", why.join("; ")) };
        Err(p.usage(format!("invalid taint spec: {body}{why}")))
    };
    let parts: Vec<&str> = body.split(':').collect();
    let mut t = json!({});
    let key = match parts.as_slice() {
        [key] => *key,
        [head, effect] => {
            if !matches!(*effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
                return Err(p.usage(format!("invalid taint effect: {effect}, unsupported taint effect")));
            }
            let pair: Vec<&str> = head.split('=').collect();
            if pair.len() > 2 {
                return wrong(&[]);
            }
            let value = pair.get(1).copied().unwrap_or("");
            let problems = crate::api::content::label_value(value);
            if !problems.is_empty() {
                return wrong(&problems);
            }
            if !value.is_empty() && !remove {
                t.set("value", value);
            }
            t.set("effect", *effect);
            pair[0]
        }
        _ => return wrong(&[]),
    };
    let problems = crate::api::content::label_key(key);
    if !problems.is_empty() || !remove && parts.len() == 1 {
        return wrong(&problems);
    }
    t.set("key", key);
    Ok((t, remove))
}

/// `key`, or `key:effect`
fn taint_name(t: &Value) -> String {
    match (t.str_at("key"), t.str_at("effect")) {
        (key, "") => key.to_owned(),
        (key, effect) => format!("{key}:{effect}"),
    }
}

/// Whether a taint is of the same key and effect; no effect means any.
fn same_taint(x: &Value, t: &Value) -> bool {
    x.str_at("key") == t.str_at("key") && (t.at("effect").is_null() || x.str_at("effect") == t.str_at("effect"))
}

/// What the changes make of a node's taints, and the word for it. Models `ReorganizeTaints`.
fn retaint(node: &Object, changes: &[(Value, bool)], overwrite: bool) -> Result<(Vec<Value>, &'static str), Failure> {
    let mut all: Vec<Value> = node.at("spec.taints").items().to_vec();
    let there = |t: &Value| node.at("spec.taints").items().iter().any(|x| same_taint(x, t));
    let (add, remove): (Vec<_>, Vec<_>) = changes.iter().partition(|(_, remove)| !remove);
    let taken: Vec<&str> = add.iter().filter(|(t, _)| there(t)).map(|(t, _)| t.str_at("key")).collect();
    if !taken.is_empty() && !overwrite {
        return error(format!(
            "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
            node.name(),
            taken.join(",")
        ));
    }
    let missing = remove.iter().filter(|(t, _)| !there(t)).map(|(t, _)| {
        let text = format!("taint {} not found", go_quote(&taint_name(t)));
        Failure::Error(text)
    });
    Failure::collect(missing.collect())?;
    for (t, remove) in changes {
        all.retain(|x| !same_taint(x, t));
        if !remove {
            all.insert(0, t.clone());
        }
    }
    let word = match (add.is_empty(), remove.is_empty()) {
        (false, true) if !overwrite => "tainted",
        (true, false) if !overwrite => "untainted",
        _ => "modified",
    };
    Ok((all, word))
}

/// Runs `kubectl taint`.
pub fn taint(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("taint", TAINT_FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let is_taint = |a: &&String| a.contains('=') || a.ends_with('-') || a.contains(':');
    let split = p.args.iter().position(|a| is_taint(&a)).unwrap_or(p.args.len());
    let (resources, taints) = p.args.split_at(split);
    if resources.is_empty() {
        return error("one or more resources must be specified as <resource> <name>");
    }
    if p.on("all") && p.has("selector") {
        return error("setting 'all' parameter with a non empty selector is prohibited");
    }
    if taints.is_empty() {
        return error("at least one taint update is required");
    }
    let changes = taints.iter().map(|t| read_taint(&p, t)).collect::<Result<Vec<_>, _>>()?;
    for (i, (t, remove)) in changes.iter().enumerate() {
        let same = |(x, r): &&(Value, bool)| {
            r == remove && x.str_at("key") == t.str_at("key") && x.str_at("effect") == t.str_at("effect")
        };
        if changes[..i].iter().any(|c| same(&c)) {
            let (key, value, effect) = (t.str_at("key"), t.str_at("value"), t.str_at("effect"));
            let text = format!("duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}");
            return Err(p.usage(text));
        }
    }
    let clashes: Vec<String> = changes
        .iter()
        .filter(|(_, remove)| *remove)
        .filter(|(t, _)| changes.iter().any(|(x, remove)| !remove && same_taint(x, t)))
        .map(|(t, _)| format!("{}={}", t.str_at("key"), t.str_at("effect")))
        .collect();
    if builder::kind_of(resources[0].split('/').next().unwrap_or(""))? != Kind::Node {
        return error(format!("invalid resource type {}, only node types are supported", resources[0]));
    }
    if !clashes.is_empty() {
        let text = "can not both modify and remove the following taint(s) in the same command";
        return error(format!("{text}: {}", clashes.join(", ")));
    }
    let request = Request { args: resources.to_vec(), kind_alone: p.on("all"), ..Request::of(&p) };
    let infos = builder::find(&request, "", cx, io)?.infos;
    let mut failures = Vec::new();
    for info in &infos {
        let (all, word) = match retaint(info.found(), &changes, p.on("overwrite")) {
            Ok(done) => done,
            Err(Failure::Many(several)) => {
                failures.extend(several);
                continue;
            }
            Err(why) => {
                failures.push(why);
                continue;
            }
        };
        let mut body = shown(info.found());
        body.set("spec.taints", all.clone());
        if dry != DryRun::Client {
            let patch = json!({"spec": {"taints": (if all.is_empty() { Value::Null } else { Value::from(all) })}});
            body = shown(send_patch(&info.key, PatchType::Merge, &patch, dry.options(), cx, io)?.as_ref());
        }
        // kubectl forgets to say that it was a dry run.
        report(&form, &body, word, DryRun::None, io)?;
    }
    Failure::collect(failures)?;
    ok()
}
