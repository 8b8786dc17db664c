//! `kubectl logs`.
//!
//! Models `pkg/cmd/logs/logs.go` and `pkg/polymorphichelpers/logsforobject.go`.

use std::rc::Rc;

use super::super::args::Parsed;
use super::super::builder::{self, Request};
use super::super::failure::{Failure, error};
use super::super::rbac::Deed;
use super::super::session::{Io, Poll};
use super::super::{Cx, LogOptions};
use super::{Done, Flow, Waiting, ok};
use crate::api::text::go_quote;
use crate::api::{Kind, Object, ObjectKey, Selector, Value};
use crate::apiserver::{Reason, Status};
use crate::clock::{Millis, SECOND, Time};

pub const FLAGS: &str = "all-containers! all-pods! c:container f:follow! ignore-errors! insecure-skip-tls-verify-backend! \
    limit-bytes# max-log-requests# pod-running-timeout~ prefix! p:previous! l:selector since~ since-time tail# timestamps!";

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the \
    logs command";

/// How often a followed log is looked at.
const FOLLOW: Millis = 250;

/// What is asked for of each container.
#[derive(Clone, Debug)]
struct Wanted {
    options: LogOptions,
    tail: Option<usize>,
    timestamps: bool,
    prefix: bool,
    follow: bool,
    ignore_errors: bool,
    limit: Option<usize>,
}

/// A container whose log is printed.
#[derive(Clone, Debug)]
struct Stream {
    pod: ObjectKey,
    uid: Rc<str>,
    container: Rc<str>,
    /// How many lines are printed already; none before the first look.
    printed: Option<usize>,
    done: bool,
}

/// A `logs` that waits for a Pod, or follows.
#[derive(Clone)]
pub struct Logs {
    p: Rc<Parsed>,
    wanted: Wanted,
    streams: Vec<Stream>,
    /// The selector of a workload whose Pods are not there yet.
    pods_of: Option<(Rc<str>, Rc<Selector>)>,
    until: Time,
    timeout: Millis,
    /// When a followed container that cannot be read yet is asked again.
    retry: Option<Time>,
    /// When a followed log is looked at again.
    next: Time,
}

/// Runs `kubectl logs`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("logs", FLAGS, words)?;
    let selector = p.text("selector").filter(|s| !s.is_empty());
    let mut container = p.text("container").map(str::to_owned);
    match p.args.as_slice() {
        [] if selector.is_none() => return Err(p.usage(USAGE)),
        [_] if selector.is_some() => return Err(p.usage("only a selector (-l) or a POD name is allowed")),
        [] | [_] => {}
        [_, c] => container = Some(c.clone()),
        _ => return Err(p.usage(USAGE)),
    }
    let since = match p.text("since-time") {
        Some(text) => match Time::parse_rfc3339(text) {
            Some(t) => Some(t),
            None => {
                return error(format!(
                    "parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse {0} as \"2006\"",
                    go_quote(text)
                ));
            }
        },
        None => whole_seconds(&p).map(|s| cx.now - s * SECOND),
    };
    let namespace = builder::namespace(&p, cx);
    let not_found = |e: Failure| match e {
        Failure::Status(s) if s.reason == Reason::NotFound => {
            Failure::Error(format!("error from server (NotFound): {} in namespace {}", s.message, go_quote(&namespace)))
        }
        other => other,
    };
    let mut target = None;
    let mut selected = Vec::new();
    if let Some(selector) = selector {
        let request = Request {
            args: vec!["pods".into()],
            labels: Some(selector.to_owned()),
            lookup: true,
            ..Request::default()
        };
        selected = builder::find(&request, &namespace, cx, io)?.infos;
        if selected.is_empty() {
            io.complain(&format!("No resources found in {namespace} namespace."));
        }
    } else {
        let word = &p.args[0];
        let word = if word.contains('/') { word.clone() } else { format!("pods/{word}") };
        let request = Request { args: vec![word], lookup: true, ..Request::default() };
        target = builder::find(&request, &namespace, cx, io).map_err(not_found)?.infos.pop();
    }
    if p.has("since") && p.has("since-time") {
        return error("at most one of `sinceTime` or `sinceSeconds` may be specified");
    }
    if p.on("all-containers") && container.is_some() {
        return error(format!(
            "--all-containers=true should not be specified with container name {}",
            container.unwrap_or_default()
        ));
    }
    if p.has("container") && p.args.len() == 2 {
        return error("only one of -c or an inline [CONTAINER] arg is allowed");
    }
    if p.int("limit-bytes").is_some_and(|n| n < 0) {
        return error("--limit-bytes must be greater than 0");
    }
    if p.duration("since").is_some_and(|n| n < 0) {
        return error("--since must be greater than 0");
    }
    let tail = p.int("tail").unwrap_or(if selector.is_some() { 10 } else { -1 });
    if tail < -1 {
        return error("--tail must be greater than or equal to -1");
    }
    let wanted = Wanted {
        options: LogOptions { previous: p.on("previous"), since },
        tail: usize::try_from(tail).ok(),
        timestamps: p.on("timestamps"),
        prefix: p.on("prefix") || p.on("all-pods"),
        follow: p.on("follow"),
        ignore_errors: p.on("ignore-errors"),
        limit: p.int("limit-bytes").filter(|n| *n > 0).map(|n| n as usize),
    };
    let timeout = p.duration("pod-running-timeout").unwrap_or(20 * SECOND);
    let mut logs = Logs {
        p: Rc::new(p),
        wanted,
        streams: Vec::new(),
        pods_of: None,
        until: cx.now + timeout,
        timeout,
        retry: None,
        next: cx.now,
    };
    for info in &selected {
        logs.add_pod(info.found(), container.as_deref(), io)?;
    }
    if let Some(info) = target {
        let object = info.found();
        if object.kind() == Kind::Pod {
            logs.add_pod(object, container.as_deref(), io)?;
        } else {
            let selector = match object.kind() {
                Kind::Job | Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => {
                    Selector::from_object(object.at("spec.selector")).map_err(Failure::Error)?
                }
                Kind::ReplicationController | Kind::Service if !object.at("spec.selector").is_null() => {
                    Selector::from_labels(object.at("spec.selector"))
                }
                kind => {
                    let name = kind.name();
                    return error(format!(
                        "cannot get the logs from *v1.{name}: selector for *v1.{name} not implemented"
                    ));
                }
            };
            logs.pods_of = Some((object.namespace().clone(), Rc::new(selector)));
        }
    }
    logs.poll(cx, io)
}

/// `--since` as the API server is asked: in seconds, rounded.
fn whole_seconds(p: &Parsed) -> Option<i64> {
    // Less than a millisecond is no time here, but something to the API server.
    let given = p.text("since").is_some_and(|t| t.contains(|c: char| matches!(c, '1'..='9')));
    p.duration("since").filter(|_| given).map(|d| (d + SECOND / 2).div_euclid(SECOND))
}

/// The order in which Pods are chosen for their logs. Models `podutils.ByLogging`.
fn choose(pods: &mut [Rc<Object>]) {
    let phase = |p: &Object| match p.at("status.phase").as_str() {
        Some("Pending") => 2,
        Some("Unknown") => 1,
        _ => 0,
    };
    let restarts = |p: &Object| {
        p.at("status.containerStatuses").items().iter().filter_map(|c| c.int_at("restartCount")).max().unwrap_or(0)
    };
    let ready = |p: &Object| {
        p.condition("Ready")
            .filter(|c| c.str_at("status") == "True")
            .map(|c| Time::parse_rfc3339(c.str_at("lastTransitionTime")))
    };
    pods.sort_by_key(|p| {
        (
            p.at("spec.nodeName").is_null(),
            phase(p),
            ready(p).is_none(),
            ready(p).flatten(),
            std::cmp::Reverse(restarts(p)),
            p.creation_time(),
        )
    });
}

/// `a, b, c (init)`
pub fn all_container_names(pod: &Object) -> String {
    let names = |field: &'static str, note: &str| -> Vec<String> {
        pod.at(field).items().iter().map(|c| format!("{}{note}", c.str_at("name"))).collect()
    };
    let mut all = names("spec.containers", "");
    all.extend(names("spec.ephemeralContainers", " (ephem)"));
    all.extend(names("spec.initContainers", " (init)"));
    all.join(", ")
}

/// The container that is meant where none is named; says so where there are others.
pub fn default_container(pod: &Object, quiet: bool, io: &mut Io) -> Rc<str> {
    let has = |name: &str| {
        ["spec.containers", "spec.initContainers"]
            .iter()
            .any(|f| pod.at(f).items().iter().any(|c| c.str_at("name") == name))
    };
    if let Some(name) = pod.annotation("kubectl.kubernetes.io/default-container").filter(|n| !n.is_empty()) {
        if has(name) {
            return Rc::from(name);
        }
        io.complain(&format!("Default container name {} not found in pod {}", go_quote(name), pod.name()));
    }
    let name = pod.at("spec.containers.0.name").as_str().unwrap_or("").to_owned();
    let several = pod.at("spec.containers").items().len() > 1 || !pod.at("spec.initContainers").items().is_empty();
    if several && !quiet {
        io.complain(&format!("Defaulted container {} out of: {}", go_quote(&name), all_container_names(pod)));
    }
    Rc::from(name)
}

/// Whether a Pod has a container of a name.
pub fn has_container(pod: &Object, name: &str) -> bool {
    ["spec.containers", "spec.initContainers"]
        .iter()
        .any(|f| pod.at(f).items().iter().any(|c| c.str_at("name") == name))
}

impl Logs {
    fn add_pod(&mut self, pod: &Object, container: Option<&str>, io: &mut Io) -> Result<(), Failure> {
        if whole_seconds(&self.p) == Some(0) {
            return Err(Failure::Plain(format!(
                "The PodLogOptions {} is invalid: sinceSeconds: Invalid value: 0: must be greater than 0\n",
                go_quote(pod.name())
            )));
        }
        let mut names: Vec<Rc<str>> = Vec::new();
        if self.p.on("all-containers") {
            for field in ["spec.initContainers", "spec.containers"] {
                names.extend(pod.at(field).items().iter().map(|c| Rc::from(c.str_at("name"))));
            }
        } else {
            let name = match container {
                Some(c) => Rc::from(c),
                None => default_container(pod, self.p.on("all-pods"), io),
            };
            if !has_container(pod, &name) {
                return error(format!(
                    "container {name} is not valid for pod {} out of: {}",
                    pod.name(),
                    all_container_names(pod)
                ));
            }
            names.push(name);
        }
        for container in names {
            self.streams.push(Stream { pod: pod.key(), uid: pod.uid().clone(), container, printed: None, done: false });
        }
        Ok(())
    }
    /// Goes on.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        if let Some((namespace, selector)) = self.pods_of.clone() {
            let all = cx.api.store().list_in(Kind::Pod, &namespace).filter(|p| selector.matches(p.labels()));
            let mut pods: Vec<Rc<Object>> = all.cloned().collect();
            if pods.is_empty() {
                if cx.now >= self.until {
                    return error("timed out waiting for the condition");
                }
                return Ok(Flow::Wait(Waiting::Logs(Box::new(self))));
            }
            self.pods_of = None;
            choose(&mut pods);
            let p = self.p.clone();
            let container = p.text("container").or_else(|| p.args.get(1).map(String::as_str));
            if p.on("all-pods") {
                for pod in &pods {
                    self.add_pod(pod, container, io)?;
                }
            } else {
                if pods.len() > 1 {
                    io.complain(&format!("Found {} pods, using pod/{}", pods.len(), pods[0].name()));
                }
                self.add_pod(&pods[0], container, io)?;
            }
        }
        let most = self.p.int("max-log-requests").unwrap_or(5) as usize;
        if self.wanted.follow && self.streams.len() > most {
            return error(format!(
                "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use \
                 --max-log-requests to increase the limit",
                self.streams.len()
            ));
        }
        self.retry = None;
        self.next = cx.now + FOLLOW;
        let mut streams = std::mem::take(&mut self.streams);
        for s in streams.iter_mut().filter(|s| !s.done) {
            self.read(s, cx, io)?;
        }
        self.streams = streams;
        if self.streams.iter().all(|s| s.done) {
            return ok();
        }
        Ok(Flow::Wait(Waiting::Logs(Box::new(self))))
    }
    /// Prints what a container has written since the last time.
    fn read(&mut self, s: &mut Stream, cx: &mut Cx<'_>, io: &mut Io) -> Result<(), Failure> {
        let Some(pod) = cx.api.get(&s.pod).filter(|p| *p.uid() == s.uid).cloned() else {
            s.done = true;
            if s.printed.is_none() {
                return Err(Status::not_found(Kind::Pod, &s.pod.name).into());
            }
            return Ok(());
        };
        if pod.at("spec.nodeName").is_null() {
            s.done = !self.wanted.follow;
            return Ok(());
        }
        cx.may(Deed { subresource: "log", ..Deed::on_one("get") }, &s.pod)?;
        match cx.nodes.logs(&pod, &s.container, &self.wanted.options) {
            Ok(lines) => {
                let first = s.printed.is_none();
                let mut from = s.printed.unwrap_or(0).min(lines.len());
                if first {
                    from = self.wanted.tail.map_or(0, |n| lines.len().saturating_sub(n));
                }
                let mut text = String::new();
                for l in &lines[from..] {
                    if self.wanted.prefix {
                        text += &format!("[pod/{}/{}] ", s.pod.name, s.container);
                    }
                    if self.wanted.timestamps {
                        let stamp = l.at.rfc3339_micro();
                        text += &format!("{}000Z ", stamp.trim_end_matches('Z'));
                    }
                    text += &l.text;
                    text.push('\n');
                }
                if let Some(limit) = self.wanted.limit {
                    text = text.chars().take(limit).collect();
                }
                io.print(&text);
                s.printed = Some(lines.len());
                s.done = !self.wanted.follow || ended(&pod, &s.container, self.wanted.options.previous);
                Ok(())
            }
            Err(why) => {
                let failure = Failure::Status(Status::new(Reason::BadRequest, why));
                if self.wanted.ignore_errors {
                    io.line(&format!("error: {}", failure.raw()));
                    s.done = true;
                    return Ok(());
                }
                if self.wanted.follow && cx.now < self.until {
                    io.complain(&failure.raw());
                    self.retry = Some(cx.now + SECOND);
                    return Ok(());
                }
                s.done = true;
                if self.wanted.follow {
                    return error("timed out waiting for the condition");
                }
                Err(failure)
            }
        }
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        let _ = self.timeout;
        if self.pods_of.is_some() {
            return Poll::WaitEither(self.until);
        }
        Poll::WaitEither(self.retry.unwrap_or(self.next))
    }
}

/// Whether a container writes no more: it has ended, and this instance is not the present one.
fn ended(pod: &Object, container: &str, previous: bool) -> bool {
    if previous {
        return true;
    }
    let fields = ["status.containerStatuses", "status.initContainerStatuses"];
    let status = fields.iter().flat_map(|f| pod.at(f).items()).find(|c| c.str_at("name") == container);
    status.is_some_and(|c| {
        !c.at("state.terminated").is_null()
            || matches!(c.at("state.waiting.reason"), Value::Str(r) if &**r == "CrashLoopBackOff")
    })
}
