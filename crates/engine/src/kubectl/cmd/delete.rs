//! `kubectl delete`: asks, and waits until what was deleted is gone.
//!
//! Models `pkg/cmd/delete/delete.go` and the `IsDeleted` condition of `pkg/cmd/wait`.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::rbac::Deed;
use super::super::session::{Io, Poll};
use super::common::{DryRun, add_source};
use super::{Done, Flow, Waiting, ok};
use crate::api::ObjectKey;
use crate::apiserver::{DeleteOptions, Propagation, Status};
use crate::clock::{HOUR, Millis, Time};

pub const FLAGS: &str = "all! A:all-namespaces! cascade=background dry-run=unchanged field-selector f:filename, force! \
    grace-period# ignore-not-found! i:interactive! k:kustomize now! o:output raw R:recursive! l:selector timeout~ wait!";

/// `--cascade`
pub fn cascade(p: &Parsed, io: &mut Io) -> Result<Propagation, Failure> {
    match p.text("cascade") {
        None | Some("background") => Ok(Propagation::Background),
        Some("foreground") => Ok(Propagation::Foreground),
        Some("orphan") => Ok(Propagation::Orphan),
        Some("true") => {
            io.complain(
                "warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.",
            );
            Ok(Propagation::Background)
        }
        Some("false") => {
            io.complain(
                "warning: --cascade=false is deprecated (boolean value) and can be replaced with --cascade=orphan.",
            );
            Ok(Propagation::Orphan)
        }
        Some(other) => {
            error(format!("invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""))
        }
    }
}

/// Runs `kubectl delete`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("delete", FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let propagation = cascade(&p, io)?;
    let selected = p.on("all") || p.has("selector") || p.has("field-selector");
    let force = p.on("force");
    let mut grace = p.int("grace-period").unwrap_or(-1);
    if p.on("now") {
        if grace != -1 {
            return error("--now and --grace-period cannot be specified together");
        }
        grace = 1;
    }
    if grace == 0 && !force {
        grace = 1;
    }
    if force && grace < 0 {
        grace = 0;
    }
    let namespace = builder::namespace(&p, cx);
    let request = Request { lookup: false, latest: false, go_on: true, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    if !matches!(p.str("output"), "" | "name") {
        return error(format!("unexpected -o output mode: {}. We only support '-o name'", p.str("output")));
    }
    if force && grace > 0 {
        return error("--force and --grace-period greater than 0 cannot be specified together");
    }
    if force {
        io.complain(
            "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The \
             resource may continue to run on the cluster indefinitely.",
        );
    }
    let options = DeleteOptions {
        grace_period_seconds: (grace >= 0).then_some(grace),
        propagation: Some(propagation),
        dry_run: dry == DryRun::Server,
        ..DeleteOptions::default()
    };
    if p.has("namespace") && found.infos.iter().any(|i| !i.key.kind.info().namespaced) {
        io.complain("Warning: deleting cluster-scoped resources, not scoped to the provided namespace");
    }
    let ignore = p.on_or("ignore-not-found", selected);
    let job = Job { p, dry, options, grace, ignore, named: found.named };
    Deleting { job: Rc::new(job), left: found.infos, errors: found.errors, waits: Vec::new(), any: false, next: cx.now }
        .poll(cx, io)
}

/// How everything is deleted.
struct Job {
    p: Parsed,
    dry: DryRun,
    options: DeleteOptions,
    grace: i64,
    ignore: bool,
    named: bool,
}

/// The time between the deletion of one kind's objects and the next kind's: what depends on the first goes meanwhile.
const BETWEEN: Millis = 100;

/// A `delete` that has not asked for everything yet: kind after kind.
#[derive(Clone)]
pub struct Deleting {
    job: Rc<Job>,
    left: Vec<Info>,
    errors: Vec<Failure>,
    waits: Vec<(ObjectKey, Rc<str>)>,
    any: bool,
    next: Time,
}

impl Deleting {
    /// Deletes the next kind's objects.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        let job = self.job.clone();
        if cx.now < self.next {
            return Ok(Flow::Wait(Waiting::Deleting(Box::new(self))));
        }
        let kind = self.left.first().map(|i| i.key.kind);
        while let Some(info) = self.left.first().filter(|i| Some(i.key.kind) == kind).cloned() {
            self.left.remove(0);
            self.any |= job.named;
            let uid = cx.api.get(&info.key).map(|o| o.uid().clone());
            if job.dry == DryRun::Client {
                if uid.is_none() && info.body.is_none() {
                    self.errors.push(Status::not_found(info.key.kind, &info.key.name).into());
                    continue;
                }
            } else if let Err(status) = cx
                .may(Deed::on_one("delete"), &info.key)
                .and_then(|()| cx.api.delete(&info.key, &job.options).map(|_| ()))
            {
                let failure = add_source("deleting", &info.source, status.into());
                if !(job.ignore && failure.is_not_found()) {
                    self.errors.push(failure);
                }
                continue;
            }
            self.any = true;
            io.line(&text(&job.p, &info, job.grace, job.dry));
            self.waits.extend(uid.map(|uid| (info.key.clone(), uid)));
        }
        if !self.left.is_empty() {
            // Named objects are asked for one after the other; a kind's are listed first.
            self.next = cx.now + if job.named { 0 } else { BETWEEN };
            return Ok(Flow::Wait(Waiting::Deleting(Box::new(self))));
        }
        Failure::collect(self.errors)?;
        if !self.any {
            io.line("No resources found");
            return ok();
        }
        if !job.p.on_or("wait", true) || job.dry != DryRun::None {
            return ok();
        }
        let timeout = job.p.duration("timeout").filter(|t| *t != 0).unwrap_or(168 * HOUR);
        Deleted { left: self.waits, until: cx.now + timeout, then: After::Nothing }.poll(cx, io)
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        Poll::WaitUntil(self.next)
    }
}

/// What `delete` says of one object.
fn text(p: &Parsed, info: &Info, grace: i64, dry: DryRun) -> String {
    let kind = info.key.kind.resource_name();
    if p.str("output") == "name" {
        return format!("{kind}/{}", info.key.name);
    }
    let mut word = if grace == 0 { "force deleted" } else { "deleted" }.to_owned();
    if info.key.kind.info().namespaced {
        word += &format!(" from {} namespace", info.key.namespace);
    }
    format!("{kind} \"{}\" {word}{}", info.key.name, dry.suffix())
}

/// What follows once everything is gone.
#[derive(Clone)]
pub enum After {
    /// Nothing.
    Nothing,
    /// The objects are made anew: `replace --force`.
    Create(Rc<super::replace::Recreate>),
}

/// Waits until objects of given uids are gone.
#[derive(Clone)]
pub struct Deleted {
    /// Those that are still there.
    pub left: Vec<(ObjectKey, Rc<str>)>,
    /// When to give up.
    pub until: Time,
    /// What follows.
    pub then: After,
}

impl Deleted {
    /// Looks again.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        self.left.retain(|(key, uid)| cx.api.get(key).is_some_and(|o| o.uid() == uid));
        if self.left.is_empty() {
            return match self.then {
                After::Nothing => ok(),
                After::Create(r) => r.run(cx, io),
            };
        }
        if cx.now >= self.until {
            let errors = self.left.iter().map(|(k, _)| {
                Failure::Error(format!("timed out waiting for the condition on {}/{}", k.kind.info().plural, k.name))
            });
            Failure::collect(errors.collect())?;
        }
        Ok(Flow::Wait(Waiting::Deleted(Box::new(self))))
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        Poll::WaitEither(self.until)
    }
}
