//! `kubectl rollout`.
//!
//! Models `pkg/cmd/rollout` and `pkg/polymorphichelpers/{history,rollback,rollout_status}.go`.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::describe::describe_template;
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::session::{Io, Poll};
use super::super::table::TabWriter;
use super::common::{DryRun, print_result, report, send_patch, strategic};
use super::{Done, Flow, LAST_APPLIED, Waiting, ok};
use crate::api::patch::strategic as apply_strategic;
use crate::api::text::go_quote;
use crate::api::{Kind, Map, Object, ObjectKey, Value};
use crate::apiserver::{Change, PatchType};
use crate::clock::Time;
use crate::json;

pub const FLAGS: &str = "allow-missing-template-keys! field-manager f:filename, k:kustomize o:output R:recursive! l:selector \
    show-managed-fields! template";
pub const HISTORY_FLAGS: &str = "allow-missing-template-keys! f:filename, k:kustomize o:output R:recursive! revision# l:selector \
    show-managed-fields! template";
pub const STATUS_FLAGS: &str = "f:filename, k:kustomize R:recursive! revision# l:selector timeout~ w:watch!";
pub const UNDO_FLAGS: &str = "allow-missing-template-keys! dry-run=unchanged f:filename, k:kustomize o:output R:recursive! \
    l:selector show-managed-fields! template to-revision#";

const REVISION: &str = "deployment.kubernetes.io/revision";
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Runs `kubectl rollout`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let rest = words.get(1..).unwrap_or(&[]);
    match words.first().map_or("", String::as_str) {
        "status" => status(rest, cx, io),
        "history" => history(rest, cx, io),
        "undo" => undo(rest, cx, io),
        "pause" => change("rollout pause", rest, cx, io),
        "resume" => change("rollout resume", rest, cx, io),
        "restart" => change("rollout restart", rest, cx, io),
        _ => super::help::group("rollout", words, cx, io),
    }
}

fn find(p: &Parsed, cx: &mut Cx<'_>, io: &Io) -> Result<(Vec<Info>, Vec<Failure>), Failure> {
    if p.args.is_empty() && !p.has("filename") {
        return error("required resource not specified");
    }
    let namespace = builder::namespace(p, cx);
    let request = Request { kind_alone: true, go_on: true, ..Request::of(p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    Ok((found.infos, found.errors))
}

/// `Job.batch`
fn group_kind(kind: Kind) -> String {
    let group = kind.info().group;
    if group.is_empty() { kind.name().to_owned() } else { format!("{}.{group}", kind.name()) }
}

fn rolls(kind: Kind) -> bool {
    matches!(kind, Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
}

/// A `rollout status` that watches.
#[derive(Clone)]
pub struct Status {
    left: Vec<ObjectKey>,
    /// Versions of the first object that were not looked at yet.
    queue: VecDeque<Option<Rc<Object>>>,
    started: bool,
    revision: i64,
    watch: bool,
    until: Option<Time>,
    errors: Vec<Failure>,
}

fn status(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("rollout status", STATUS_FLAGS, words)?;
    let (infos, errors) = find(&p, cx, io)?;
    Failure::collect(errors)?;
    if infos.is_empty() {
        io.complain(&super::get::nothing_found(false, &builder::namespace(&p, cx)));
        return ok();
    }
    let timeout = p.duration("timeout").filter(|t| *t > 0);
    Status {
        left: infos.into_iter().map(|i| i.key).collect(),
        queue: VecDeque::new(),
        started: false,
        revision: p.int("revision").unwrap_or(0),
        watch: p.on_or("watch", true),
        until: timeout.map(|t| cx.now + t),
        errors: Vec::new(),
    }
    .poll(cx, io)
}

impl Status {
    /// Takes a version that it is to look at.
    pub fn observe(&mut self, c: &Change) {
        if self.started && self.left.first() == Some(&c.key) {
            self.queue.push_back(c.after.clone());
        }
    }
    /// Looks at what came in.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        while let Some(key) = self.left.first().cloned() {
            if !rolls(key.kind) {
                let text = format!("no status viewer has been implemented for {}", group_kind(key.kind));
                self.errors.push(Failure::Error(text));
                self.left.remove(0);
                continue;
            }
            if !self.started {
                self.started = true;
                self.queue.push_back(cx.api.get(&key).cloned());
            }
            let mut done = false;
            while let Some(version) = self.queue.pop_front() {
                let Some(o) = version else { return error("object has been deleted") };
                let (text, finished) = told(&o, self.revision)?;
                io.print(&text);
                done = finished || !self.watch;
                if done {
                    break;
                }
            }
            if !done {
                if self.until.is_some_and(|t| cx.now >= t) {
                    return error("timed out waiting for the condition");
                }
                return Ok(Flow::Wait(Waiting::Rollout(Box::new(self))));
            }
            self.left.remove(0);
            self.queue.clear();
            self.started = false;
        }
        Failure::collect(self.errors)?;
        ok()
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        self.until.map_or(Poll::WaitChange, Poll::WaitEither)
    }
}

/// How a rollout stands, and whether it is done.
fn told(o: &Object, revision: i64) -> Result<(String, bool), Failure> {
    let n = |path: &'static str| o.at(path).as_i64().unwrap_or(0);
    let name = go_quote(o.name());
    let observed = o.generation() <= n("status.observedGeneration");
    match o.kind() {
        Kind::Deployment => {
            if revision > 0 {
                let running = o.annotation(REVISION).and_then(|r| r.parse::<i64>().ok()).unwrap_or(0);
                if running != revision {
                    return error(format!(
                        "desired revision ({revision}) is different from the running revision ({running})"
                    ));
                }
            }
            if !observed {
                return Ok(("Waiting for deployment spec update to be observed...\n".into(), false));
            }
            if o.condition("Progressing").is_some_and(|c| c.str_at("reason") == "ProgressDeadlineExceeded") {
                return error(format!("deployment {name} exceeded its progress deadline"));
            }
            let (wanted, updated, all, available) = (
                o.at("spec.replicas").as_i64(),
                n("status.updatedReplicas"),
                n("status.replicas"),
                n("status.availableReplicas"),
            );
            let head = format!("Waiting for deployment {name} rollout to finish:");
            if let Some(wanted) = wanted.filter(|w| updated < *w) {
                return Ok((format!("{head} {updated} out of {wanted} new replicas have been updated...\n"), false));
            }
            if all > updated {
                return Ok((format!("{head} {} old replicas are pending termination...\n", all - updated), false));
            }
            if available < updated {
                return Ok((format!("{head} {available} of {updated} updated replicas are available...\n"), false));
            }
            Ok((format!("deployment {name} successfully rolled out\n"), true))
        }
        Kind::DaemonSet => {
            if o.at("spec.updateStrategy.type").as_str() != Some("RollingUpdate") {
                return error("rollout status is only available for RollingUpdate strategy type");
            }
            if !observed {
                return Ok(("Waiting for daemon set spec update to be observed...\n".into(), false));
            }
            let (wanted, updated, available) =
                (n("status.desiredNumberScheduled"), n("status.updatedNumberScheduled"), n("status.numberAvailable"));
            let head = format!("Waiting for daemon set {name} rollout to finish:");
            if updated < wanted {
                return Ok((format!("{head} {updated} out of {wanted} new pods have been updated...\n"), false));
            }
            if available < wanted {
                return Ok((format!("{head} {available} of {wanted} updated pods are available...\n"), false));
            }
            Ok((format!("daemon set {name} successfully rolled out\n"), true))
        }
        _ => {
            if o.at("spec.updateStrategy.type").as_str() != Some("RollingUpdate") {
                return error("rollout status is only available for RollingUpdate strategy type");
            }
            if n("status.observedGeneration") == 0 || !observed {
                return Ok(("Waiting for statefulset spec update to be observed...\n".into(), false));
            }
            let (wanted, ready, updated) = (n("spec.replicas"), n("status.readyReplicas"), n("status.updatedReplicas"));
            if ready < wanted {
                return Ok((format!("Waiting for {} pods to be ready...\n", wanted - ready), false));
            }
            if !o.at("spec.updateStrategy.rollingUpdate").is_null() {
                let part = wanted - n("spec.updateStrategy.rollingUpdate.partition");
                if updated < part {
                    return Ok((
                        format!(
                            "Waiting for partitioned roll out to finish: {updated} out of {part} new pods have been updated...\n"
                        ),
                        false,
                    ));
                }
                return Ok((format!("partitioned roll out complete: {updated} new pods have been updated...\n"), true));
            }
            let text = |path: &'static str| o.at(path).as_str().unwrap_or("").to_owned();
            if text("status.updateRevision") != text("status.currentRevision") {
                return Ok((
                    format!(
                        "waiting for statefulset rolling update to complete {updated} pods at revision {}...\n",
                        text("status.updateRevision")
                    ),
                    false,
                ));
            }
            Ok((
                format!(
                    "statefulset rolling update complete {} pods at revision {}...\n",
                    n("status.currentReplicas"),
                    text("status.currentRevision")
                ),
                true,
            ))
        }
    }
}

/// A revision: its number, its Pod template, and where it is kept.
struct Revision {
    number: i64,
    template: Value,
    cause: String,
    keeper: Rc<Object>,
}

fn revisions(o: &Object, cx: &Cx<'_>) -> Vec<Revision> {
    let deployment = o.kind() == Kind::Deployment;
    let kind = if deployment { Kind::ReplicaSet } else { Kind::ControllerRevision };
    let mine = cx
        .api
        .store()
        .list_in(kind, o.namespace())
        .filter(|r| r.controller().is_some_and(|c| c.uid == *o.uid()))
        .cloned();
    let mut all: Vec<Revision> = mine
        .filter_map(|r| {
            let cause = r.annotation(CHANGE_CAUSE).unwrap_or("").to_owned();
            let (number, template) = if deployment {
                let mut t = r.at("spec.template").clone();
                if !cause.is_empty() {
                    t.set_key("metadata.annotations", CHANGE_CAUSE, cause.as_str());
                }
                (r.annotation(REVISION)?.parse().ok()?, t)
            } else {
                let applied = apply_strategic(o.kind(), o.body(), r.at("data")).ok()?;
                (r.at("revision").as_i64()?, applied.at("spec.template").clone())
            };
            Some(Revision { number, template, cause, keeper: r })
        })
        .collect();
    all.sort_by_key(|r| r.number);
    all
}

fn history(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("rollout history", HISTORY_FLAGS, words)?;
    if p.int("revision").is_some_and(|n| n < 0) {
        return error(format!("revision must be a positive integer: {}", p.str("revision")));
    }
    let wanted = p.int("revision").unwrap_or(0);
    let form = Form::of(&p, io, cx)?;
    let (infos, mut errors) = find(&p, cx, io)?;
    for info in &infos {
        let o = info.found();
        if !rolls(o.kind()) {
            errors.push(Failure::Error(format!(
                "no history viewer has been implemented for {}",
                go_quote(&group_kind(o.kind()))
            )));
            continue;
        }
        let all = revisions(o, cx);
        if form != Form::Human {
            for r in all.iter().filter(|r| wanted == 0 || r.number == wanted) {
                let text = form.print(&shown(&r.keeper), false)?;
                io.print(&text);
            }
            continue;
        }
        let mut head = String::new();
        let text = if all.is_empty() {
            "No rollout history found.".to_owned()
        } else if wanted > 0 {
            let Some(r) = all.iter().find(|r| r.number == wanted) else {
                errors.push(Failure::Error("unable to find the specified revision".into()));
                continue;
            };
            head = format!("with revision #{wanted}");
            describe_template(&r.template)
        } else {
            let cause = |r: &Revision| if r.cause.is_empty() { "<none>".to_owned() } else { r.cause.clone() };
            let rows: String = all.iter().map(|r| format!("{}\t{}\n", r.number, cause(r))).collect();
            TabWriter::describe().align(&format!("REVISION\tCHANGE-CAUSE\n{rows}"))
        };
        print_result(&shown(o), &format!("{head}\n{text}"), DryRun::None, io);
    }
    Failure::collect(errors)?;
    ok()
}

/// A template without the label that tells ReplicaSets apart.
fn bare(template: &Value) -> Value {
    let mut t = template.clone();
    if t.at("metadata.labels").get("pod-template-hash").is_some() {
        t.slot("metadata.labels").make_object().remove("pod-template-hash");
    }
    t
}

fn undo(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("rollout undo", UNDO_FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let (infos, mut errors) = find(&p, cx, io)?;
    for info in &infos {
        let o = info.found().clone();
        if o.annotation(LAST_APPLIED).is_some() {
            io.complain(&format!(
                "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the \
                 {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider \
                 using 'kubectl apply' with your previous configuration file instead.",
                o.kind().info().plural,
                o.name()
            ));
        }
        match undo_one(&p, &o, dry, cx, io) {
            Ok(word) => report(&form, &shown(&o), &word, dry, io)?,
            Err(e) => errors.push(e),
        }
    }
    Failure::collect(errors)?;
    ok()
}

fn undo_one(p: &Parsed, o: &Rc<Object>, dry: DryRun, cx: &mut Cx<'_>, io: &mut Io) -> Result<String, Failure> {
    if !rolls(o.kind()) {
        return error(format!("no rollbacker has been implemented for {}", go_quote(&group_kind(o.kind()))));
    }
    let wanted = p.int("to-revision").unwrap_or(0);
    let missing = || error(format!("unable to find specified revision {wanted} in history"));
    if wanted < 0 {
        return missing();
    }
    let all = revisions(o, cx);
    let deployment = o.kind() == Kind::Deployment;
    let target = if wanted > 0 {
        match all.iter().find(|r| r.number == wanted) {
            Some(r) => r,
            None => return missing(),
        }
    } else if all.len() < 2 {
        return error(if deployment {
            format!("no rollout history found for deployment {}", go_quote(o.name()))
        } else {
            "no last revision to roll back to".to_owned()
        });
    } else {
        &all[all.len() - 2]
    };
    if dry == DryRun::Client {
        return Ok(describe_template(&target.template));
    }
    if deployment && o.at("spec").bool_at("paused") {
        return error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        );
    }
    let same = if deployment {
        bare(target.keeper.at("spec.template")) == bare(o.at("spec.template"))
    } else {
        target.template == *o.at("spec.template")
    };
    if same {
        return Ok(format!("skipped rollback (current template already matches revision {wanted})"));
    }
    let failed = |e: Failure| Failure::Error(format!("failed restoring revision {wanted}: {}", e.raw()));
    if deployment {
        const KEPT: [&str; 6] = [
            LAST_APPLIED,
            REVISION,
            "deployment.kubernetes.io/revision-history",
            "deployment.kubernetes.io/desired-replicas",
            "deployment.kubernetes.io/max-replicas",
            "deprecated.deployment.rollback.to",
        ];
        let mut annotations = Map::new();
        for (k, v) in o.at("metadata.annotations").fields().filter(|(k, _)| KEPT.contains(&k.as_ref())) {
            annotations.insert(k.clone(), v.clone());
        }
        for (k, v) in target.keeper.at("metadata.annotations").fields().filter(|(k, _)| !KEPT.contains(&k.as_ref())) {
            annotations.insert(k.clone(), v.clone());
        }
        let template = bare(target.keeper.at("spec.template"));
        let patch = json!([
            {"op": "replace", "path": "/spec/template", "value": template},
            {"op": "replace", "path": "/metadata/annotations", "value": (Value::from(annotations))}
        ]);
        send_patch(&o.key(), PatchType::Json, &patch, dry.options(), cx, io).map_err(failed)?;
    } else {
        let data = target.keeper.at("data").clone();
        strategic(&o.key(), &data, dry.options(), cx, io).map_err(failed)?;
    }
    Ok("rolled back".into())
}

/// `pause`, `resume` and `restart`.
fn change(command: &'static str, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read(command, FLAGS, words)?;
    let form = Form::of(&p, io, cx)?;
    let (infos, mut errors) = find(&p, cx, io)?;
    if infos.is_empty() && errors.is_empty() {
        io.complain(&super::get::nothing_found(false, &builder::namespace(&p, cx)));
        return ok();
    }
    for info in &infos {
        let o = info.found();
        let paused = o.at("spec").bool_at("paused");
        let deployment = o.kind() == Kind::Deployment;
        let wrong = match command {
            "rollout pause" if !deployment => Some("pausing is not supported"),
            "rollout pause" if paused => Some("is already paused"),
            "rollout resume" if !deployment => Some("resuming is not supported"),
            "rollout resume" if !paused => Some("is not paused"),
            "rollout restart" if !rolls(o.kind()) => Some("restarting is not supported"),
            "rollout restart" if deployment && paused => {
                Some("can't restart paused deployment (run rollout resume first)")
            }
            _ => None,
        };
        if let Some(why) = wrong {
            errors.push(Failure::Error(format!("error: {} {} {why}", o.kind().group_resource(), go_quote(o.name()))));
            continue;
        }
        let (patch, word) = match command {
            "rollout pause" => (json!({"spec": {"paused": true}}), "paused"),
            "rollout resume" => (json!({"spec": {"paused": null}}), "resumed"),
            _ => (
                json!({"spec": {"template": {"metadata": {"annotations": {
                    "kubectl.kubernetes.io/restartedAt": (cx.now.rfc3339())
                }}}}}),
                "restarted",
            ),
        };
        match strategic(&info.key, &patch, DryRun::None.options(), cx, io) {
            Ok(made) => report(&form, &shown(&made), word, DryRun::None, io)?,
            Err(e) => errors.push(Failure::Error(format!("failed to patch: {}", e.raw()))),
        }
    }
    Failure::collect(errors)?;
    ok()
}
