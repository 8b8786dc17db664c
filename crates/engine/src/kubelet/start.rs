//! Starting a container: the crash loop's back-off, the image, the configuration, creation, start, and the postStart hook.
//!
//! Models `doBackOff` and `startContainer` of `pkg/kubelet/kuberuntime`, and `pkg/kubelet/images/image_manager.go`.

use std::rc::Rc;

use super::kill::{self, Kill, KillReason};
use super::pod::{Ended, Pod, Sync};
use super::{Cx, env, exec, hosts, volumes};
use crate::api::{Quantity, Value};
use crate::clock::{Millis, SECOND, Time, go_duration};
use crate::events::EventType;
use crate::runtime::images::{self, Image};
use crate::runtime::process::{Io, Process};
use crate::runtime::{Container, EnvVar, LogLine, State, behaviour, programs};

/// How long the runtime takes to make and start a container.
const CREATE_TIME: Millis = 6;

/// How long it takes to fill more memory than there may be.
const FILL_TIME: Millis = 500;

/// How far the start of a container is.
#[derive(Clone, Debug)]
pub enum StartAt {
    /// Nothing is done yet.
    New,
    /// The image is being pulled.
    Pulling {
        /// Until when.
        until: Time,
        /// Since when.
        since: Time,
        /// The image with its tag.
        image: String,
        /// What comes of it.
        result: Result<Image, String>,
    },
    /// The container is being made.
    Creating {
        /// Until when.
        until: Time,
        /// The image's id.
        image_id: Rc<str>,
        /// Its environment.
        env: Rc<Vec<EnvVar>>,
    },
    /// The postStart hook runs.
    PostStart {
        /// The container.
        id: Rc<str>,
        /// Until when, if that is known.
        until: Option<Time>,
        /// The command that runs.
        exec: Option<u32>,
    },
    /// The postStart hook failed: the container is being stopped.
    Killing {
        /// The stop.
        kills: Vec<Kill>,
        /// What the hook said.
        message: Rc<str>,
    },
}

/// What came of looking at a start.
pub enum Progress {
    /// It goes on then, or when something ends.
    Wait(Option<Time>),
    /// The next look can be at once.
    Again,
    /// The container has started.
    Started,
    /// It has not, why, and the message.
    Failed(&'static str, Rc<str>),
}

/// The key of a container's crash loop: a changed container starts anew.
fn crash_key(spec: &Value) -> String {
    [spec.str_at("name"), "/", spec.str_at("image")].concat()
}

/// The crash loop's entry of a container, for the timers.
pub fn crash_entry(pod: &Pod, spec: &Value) -> Option<super::backoff::Entry> {
    pod.crashes.entry(&crash_key(spec))
}

/// Goes on with the start of a container.
pub fn advance(cx: &mut Cx<'_, '_>, pod: &mut Pod, sync: &mut Sync, spec: &Value, at: &mut StartAt) -> Progress {
    let now = cx.ctx.now;
    match at {
        StartAt::New => begin(cx, pod, sync, spec, at),
        StartAt::Pulling { until, since, image, result } => {
            if now < *until {
                return Progress::Wait(Some(*until));
            }
            let (since, image, result) = (*since, image.clone(), result.clone());
            pulled(cx, pod, spec, at, since, &image, result)
        }
        StartAt::Creating { until, image_id, env } => {
            if now < *until {
                return Progress::Wait(Some(*until));
            }
            let (image_id, env) = (image_id.clone(), env.clone());
            create(cx, pod, sync, spec, at, image_id, &env)
        }
        StartAt::PostStart { id, until, exec } => {
            let ended = match exec {
                Some(n) => pod.execs.get(n).and_then(|e| e.done),
                None => until.is_some_and(|u| u <= now).then_some(Ended::Code(0)),
            };
            let Some(ended) = ended else { return Progress::Wait(*until) };
            let id = id.clone();
            let output = exec.and_then(|n| pod.execs.remove(&n)).map(|e| exec::output(&e)).unwrap_or_default();
            let (error, output) = match ended {
                Ended::Code(0) => return Progress::Started,
                Ended::Code(code) => (format!("command exited with {code}"), output),
                Ended::GaveUp => ("command exited with 137".to_owned(), output),
                Ended::Missing => (output.trim_end().to_owned(), String::new()),
            };
            let name = spec.str_at("name");
            let command: Vec<&str> =
                spec.at("lifecycle.postStart.exec.command").items().iter().filter_map(Value::as_str).collect();
            let message = format!(
                "Exec lifecycle hook ([{}]) for Container \"{name}\" in Pod \"{}\" failed - error: {error}, message: \
                 {output:?}",
                command.join(" "),
                pod.full_name(),
            );
            cx.container_event(pod, name, EventType::Warning, "FailedPostStartHook", "PostStartHook failed");
            let kill = Kill::new(pod, &id, "FailedPostStartHook".into(), KillReason::Other, None);
            *at = StartAt::Killing { kills: kill.into_iter().collect(), message: Rc::from(message) };
            Progress::Again
        }
        StartAt::Killing { kills, message } => {
            let message = message.clone();
            match kill::advance(cx, pod, kills) {
                Some(when) => Progress::Wait(Some(when)),
                None => Progress::Failed("PostStartHookError", message),
            }
        }
    }
}

/// The crash loop's back-off and the image's presence.
fn begin(cx: &mut Cx<'_, '_>, pod: &mut Pod, sync: &mut Sync, spec: &Value, at: &mut StartAt) -> Progress {
    let now = cx.ctx.now;
    let name = spec.str_at("name");
    let exited = sync.observed.containers.iter().find(|c| c.name.as_ref() == name && c.state == State::Exited);
    if let Some(finished) = exited.map(|c| c.finished_at) {
        let key = crash_key(spec);
        if let Some(until) = pod.crashes.until_since(&key, finished, now) {
            let who = pod.full_name();
            let text = format!("Back-off restarting failed container {name} in pod {who}");
            cx.container_event(pod, name, EventType::Warning, "BackOff", &text);
            sync.backoff_until = Some(sync.backoff_until.map_or(until, |u| u.min(until)));
            let wait = go_duration(pod.crashes.get(&key));
            let text = format!("back-off {wait} restarting failed container={name} pod={who}");
            return Progress::Failed("CrashLoopBackOff", Rc::from(text));
        }
        pod.crashes.next(&key, finished, now);
    }
    ensure_image(cx, pod, spec, at)
}

/// An event about the image, and the one that says the container did not start for it.
fn image_failure(cx: &mut Cx<'_, '_>, pod: &mut Pod, name: &str, why: &'static str, message: &str) -> Progress {
    cx.container_event(pod, name, EventType::Warning, "Failed", &format!("Error: {why}"));
    Progress::Failed(why, Rc::from(message))
}

fn ensure_image(cx: &mut Cx<'_, '_>, pod: &mut Pod, spec: &Value, at: &mut StartAt) -> Progress {
    let now = cx.ctx.now;
    let (name, requested) = (spec.str_at("name"), spec.str_at("image"));
    let image = match images::apply_default_tag(requested) {
        Ok(image) => image,
        Err(why) => {
            let text = format!("Failed to apply default image tag \"{requested}\": {why}");
            cx.container_event(pod, name, EventType::Warning, "InspectFailed", &text);
            return image_failure(cx, pod, name, "InvalidImageName", &text);
        }
    };
    let policy = spec.str_at("imagePullPolicy");
    let present = cx.node(pod).images.get(&images::canonical(&image)).cloned();
    if policy != "Always" {
        if let Some(present) = present {
            let text =
                format!("Container image \"{requested}\" already present on machine and can be accessed by the pod");
            cx.container_event(pod, name, EventType::Normal, "Pulled", &text);
            return configure(cx, pod, spec, at, present.id);
        }
        if policy == "Never" {
            let text = format!("Container image \"{requested}\" is not present with pull policy of Never");
            cx.container_event(pod, name, EventType::Warning, "ErrImageNeverPull", &text);
            return image_failure(cx, pod, name, "ErrImageNeverPull", &text);
        }
    }
    if pod.pulls.until_since_update(requested, now).is_some() {
        let mut text = format!("Back-off pulling image \"{requested}\"");
        cx.container_event(pod, name, EventType::Normal, "BackOff", &text);
        if let Some(error) = pod.pull_errors.get(requested) {
            text = format!("{text}: {error}");
        }
        return image_failure(cx, pod, name, "ImagePullBackOff", &text);
    }
    pod.pull_errors.remove(requested);
    cx.container_event(pod, name, EventType::Normal, "Pulling", &format!("Pulling image \"{requested}\""));
    let pull = images::pull(&image, pod.api.annotation("batchyard.dev/image-pull"));
    *at = StartAt::Pulling { until: now + pull.time, since: now, image, result: pull.result };
    Progress::Again
}

fn pulled(
    cx: &mut Cx<'_, '_>,
    pod: &mut Pod,
    spec: &Value,
    at: &mut StartAt,
    since: Time,
    image: &str,
    result: Result<Image, String>,
) -> Progress {
    let (name, requested) = (spec.str_at("name"), spec.str_at("image"));
    match result {
        Err(error) => {
            let text = format!("Failed to pull image \"{requested}\": {error}");
            cx.container_event(pod, name, EventType::Warning, "Failed", &text);
            pod.pulls.next(requested, cx.ctx.now, cx.ctx.now);
            pod.pull_errors.insert(requested.to_owned(), Rc::from(format!("ErrImagePull: {error}")));
            image_failure(cx, pod, name, "ErrImagePull", &error)
        }
        Ok(pulled) => {
            let took = go_duration(cx.ctx.now - since);
            let text = format!(
                "Successfully pulled image \"{requested}\" in {took} ({took} including waiting). Image size: {} bytes.",
                pulled.size
            );
            cx.container_event(pod, name, EventType::Normal, "Pulled", &text);
            let id = pulled.id.clone();
            cx.node(pod).images.insert(images::canonical(image), pulled);
            configure(cx, pod, spec, at, id)
        }
    }
}

/// Works out the container's environment, and who it runs as.
fn configure(cx: &mut Cx<'_, '_>, pod: &mut Pod, spec: &Value, at: &mut StartAt, image_id: Rc<str>) -> Progress {
    let ip = pod.sandbox.as_ref().map_or_else(|| Rc::from(""), |s| s.ip.clone());
    let host_ip = cx.node(pod).ip.clone();
    let made = env::make(cx.ctx.api, pod, spec, &ip, &host_ip).and_then(|env| {
        env::verify_user(pod, spec)?;
        Ok(env::with_defaults(pod, env))
    });
    match made {
        Ok(env) => {
            *at = StartAt::Creating { until: cx.ctx.now + CREATE_TIME, image_id, env: Rc::new(env) };
            Progress::Again
        }
        Err(why) => {
            cx.container_event(pod, spec.str_at("name"), EventType::Warning, "Failed", &format!("Error: {why}"));
            Progress::Failed("CreateContainerConfigError", Rc::from(why))
        }
    }
}

fn create(
    cx: &mut Cx<'_, '_>,
    pod: &mut Pod,
    sync: &mut Sync,
    spec: &Value,
    at: &mut StartAt,
    image_id: Rc<str>,
    env: &Rc<Vec<EnvVar>>,
) -> Progress {
    let now = cx.ctx.now;
    let name = spec.rc_str_at("name");
    let id = cx.new_id();
    let restart_count = sync.observed.find(&name).map_or(0, |c| c.restart_count + 1);
    let mut container = Container {
        id: id.clone(),
        name: name.clone(),
        restart_count,
        image: spec.rc_str_at("image"),
        image_id,
        state: State::Created,
        created_at: now,
        started_at: Time(0),
        finished_at: Time(0),
        exit_code: 0,
        reason: "",
        message: Rc::from(""),
        env: env.clone(),
        mounts: Rc::new(volumes::mounts(spec)),
        process: Process::None,
        logs: Rc::new(Vec::new()),
        log_bytes: 0,
    };
    cx.container_event(pod, &name, EventType::Normal, "Created", "Container created");
    pod.dirty = true;
    let mut logs: Vec<LogLine> = vec![];
    match launch(cx, pod, spec, &container, env, &mut logs) {
        Ok(process) => {
            if matches!(process, Process::Shell(_)) {
                hosts::write(pod, &id);
            }
            container.process = process;
            container.state = State::Running;
            container.started_at = now;
            container.logs = Rc::new(logs);
            pod.containers.reserve_exact(1);
            pod.containers.push(container);
            cx.container_event(pod, &name, EventType::Normal, "Started", "Container started");
            cx.start_process(pod, &id);
            let hook = spec.at("lifecycle.postStart");
            if hook.is_null() {
                return Progress::Started;
            }
            let (until, exec) = exec::hook(cx, pod, &id, hook);
            *at = StartAt::PostStart { id, until, exec };
            Progress::Again
        }
        Err(text) => {
            let message: Rc<str> = Rc::from(text);
            container.message = message.clone();
            pod.containers.reserve_exact(1);
            pod.containers.push(container);
            pod.finish(&id, 128, "StartError", now);
            cx.noticed(pod);
            cx.container_event(pod, &name, EventType::Warning, "Failed", &format!("Error: {message}"));
            Progress::Failed("RunContainerError", message)
        }
    }
}

/// What runs in a container: the step of its script, its command, or what its image runs.
fn launch(
    cx: &mut Cx<'_, '_>,
    pod: &mut Pod,
    spec: &Value,
    container: &Container,
    env: &[EnvVar],
    logs: &mut Vec<LogLine>,
) -> Result<Process, String> {
    let view = container.view();
    let words = |list: &'static str| -> Vec<String> {
        spec.at(list).items().iter().filter_map(Value::as_str).map(|w| env::expand(w, env)).collect()
    };
    let (command, args) = (words("command"), words("args"));
    let app = pod.specs(false).iter().any(|c| c.str_at("name") == container.name.as_ref());
    let for_ever = super::spec::is_sidecar(spec) || (app && pod.spec().str_at("restartPolicy") == "Always");
    let serves = for_ever || !spec.at("ports").items().is_empty();
    let mut io = Io { now: cx.ctx.now, files: &mut pod.files, view: &view, logs, rng: cx.ctx.rng, work: 0 };
    if let Some(script) = behaviour::script(&pod.api, &container.name) {
        let key = behaviour::attempt_key(&pod.api, &container.name);
        let n = cx.attempts.or_insert_with(&Rc::from(key), || 0);
        let step = behaviour::step_at(script, *n)?;
        *n += 1;
        return Ok(Process::step(step, &mut io));
    }
    let limit = |of: &Value| Quantity::from_value(of.at("resources.limits.memory")).ok().map(|q| q.value());
    let limit = limit(spec).or_else(|| limit(pod.api.at("spec")));
    if let (Some(bytes), Some(limit)) = (programs::appetite(&command, &args, &container.image), limit)
        && bytes > limit
    {
        return Ok(Process::Step { verb: behaviour::Verb::Oom, code: 137, ends: Some(cx.ctx.now + FILL_TIME) });
    }
    let mut process = programs::launch(&command, &args, &container.image, serves, env, &mut io)?;
    if let Process::Shell(machine) = &mut process {
        machine.enter(spec.str_at("workingDir"));
    }
    Ok(process)
}

/// How long a failed start waits where nothing says otherwise, in milliseconds.
pub const DEFAULT_BACKOFF: Millis = 10 * SECOND;
