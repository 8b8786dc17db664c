//! `kubectl cordon`, `uncordon`, `drain` and `taint`.
//!
//! Models `pkg/cmd/{drain,taint}` and `pkg/drain`.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
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
                    Ok(pods) => self.evict = pods.iter().map(|p| (p.key(), p.uid().clone())).collect(),
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
            if let Err(e) = self.evict_some(cx, io) {
                self.fail(e, io);
                continue;
            }
            let mut gone = Vec::new();
            self.going.retain(|(key, uid)| {
                let there = cx.api.get(key).is_some_and(|o| o.uid() == uid);
                if !there {
                    gone.push(key.clone());
                }
                there
            });
            for key in gone {
                let word = if self.p.on("disable-eviction") { "deleted" } else { "evicted" };
                io.line(&format!("pod/{} {word}", key.name));
            }
            if self.evict.is_empty() && self.going.is_empty() {
                print_result(&shown(info.found()), "drained", self.dry, io);
                self.left.remove(0);
                self.started = false;
                continue;
            }
            if self.until.is_some_and(|t| cx.now >= t) {
                let e = Failure::Error(
                    "global timeout reached: ".to_owned()
                        + &crate::clock::go_duration(self.p.duration("timeout").unwrap_or(0)),
                );
                self.evict.clear();
                self.going.clear();
                self.fail(e, io);
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
        let failures: Vec<Failure> = self.failed.into_iter().map(|(_, f)| f).collect();
        Failure::collect(failures)?;
        ok()
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
                cx.api.delete(&key, &options).map(|_| ())
            } else {
                io.complain(&format!("evicting pod {}/{}", key.namespace, key.name));
                cx.api.evict(&key, &options)
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

/// `key=value:effect`, `key:effect`, `key-`, `key:effect-`
fn read_taint(p: &Parsed, text: &str) -> Result<(Value, bool), Failure> {
    let (body, remove) = text.strip_suffix('-').map_or((text, false), |b| (b, true));
    let (head, effect) = body.split_once(':').map_or((body, ""), |(h, e)| (h, e));
    let (key, value) = head.split_once('=').unwrap_or((head, ""));
    if key.is_empty() || head.matches('=').count() > 1 {
        return error(format!("invalid taint spec: {text}"));
    }
    let any_effect = remove && effect.is_empty();
    if !any_effect && !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
        if !effect.is_empty() {
            return Err(p.usage(format!("invalid taint effect: {effect}, unsupported taint effect")));
        }
        let wrong = crate::api::content::label_key(head);
        let why = if wrong.is_empty() { String::new() } else { format!(", {}", wrong.join("; ")) };
        return Err(p.usage(format!("invalid taint spec: {text}{why}")));
    }
    let wrong = crate::api::content::label_value(value);
    if !remove && !wrong.is_empty() {
        return Err(p.usage(format!("invalid taint spec: {text}, {}", wrong.join("; "))));
    }
    let mut t = json!({"key": key});
    if !value.is_empty() {
        t.set("value", value);
    }
    if !effect.is_empty() {
        t.set("effect", effect);
    }
    Ok((t, remove))
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
    if builder::kind_of(resources[0].split('/').next().unwrap_or(""))? != Kind::Node {
        return error(format!("invalid resource type {}, only node types are supported", resources[0]));
    }
    let request = Request { args: resources.to_vec(), kind_alone: p.on("all"), ..Request::of(&p) };
    let infos = builder::find(&request, "", cx, io)?.infos;
    for info in &infos {
        let mut all: Vec<Value> = info.found().at("spec.taints").items().to_vec();
        let (mut added, mut removed) = (0, 0);
        for (t, remove) in &changes {
            let same = |x: &Value| {
                x.str_at("key") == t.str_at("key")
                    && (t.at("effect").is_null() || x.str_at("effect") == t.str_at("effect"))
            };
            let there = all.iter().any(same);
            if *remove {
                if !there {
                    let effect = t.str_at("effect");
                    let full = if effect.is_empty() {
                        t.str_at("key").to_owned()
                    } else {
                        format!("{}:{effect}", t.str_at("key"))
                    };
                    return error(format!("taint {} not found", go_quote(&full)));
                }
                all.retain(|x| !same(x));
                removed += 1;
            } else {
                if there && !p.on("overwrite") {
                    return error(format!(
                        "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                        info.key.name,
                        t.str_at("key")
                    ));
                }
                all.retain(|x| !same(x));
                all.insert(0, t.clone());
                added += 1;
            }
        }
        let word = match (added, removed) {
            (0, _) => "untainted",
            (_, 0) => "tainted",
            _ => "modified",
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
    ok()
}
