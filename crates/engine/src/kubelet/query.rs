//! What others may ask a kubelet: logs, commands in containers, direct actions, and the waits that run.
//!
//! Models the kubelet's server (`containerLogs`, `exec`); the direct actions are the simulator's own.

use std::rc::Rc;

use super::pod::{Pod, Step, Work};
use super::{Kubelet, hosts, manager, start};
use crate::api::{Object, ObjectKey, Value};
use crate::apiserver::ApiServer;
use crate::clock::{SECOND, Time};
use crate::component::{Ctx, Timer, WaitKind};
use crate::rng::Rng;
use crate::runtime::behaviour::Verb;
use crate::runtime::process::{Io, Process};
use crate::runtime::shell::Machine;
use crate::runtime::{LogLine, State, Stream};

/// What a command in a container printed and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecOutput {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub code: i64,
}

impl Kubelet {
    /// The log of a container by the id in the Pod's status (with or without `containerd://`). None where the runtime
    /// has removed it.
    pub fn logs_of(&self, pod_uid: &str, container_id: &str) -> Option<Rc<Vec<LogLine>>> {
        let id = super::status::id_at_runtime(container_id);
        self.pods.get(pod_uid)?.container(id).map(|c| c.logs.clone())
    }
    /// The log of a container's newest instance, or of the one before. None where there is none (any more).
    pub fn logs(&self, pod_uid: &str, container: &str, previous: bool) -> Option<Rc<Vec<LogLine>>> {
        let pod = self.pods.get(pod_uid)?;
        let mut instances = pod.containers.iter().rev().filter(|c| c.name.as_ref() == container);
        instances.nth(usize::from(previous)).map(|c| c.logs.clone())
    }
    /// What the kubelet answers to a request for a container's log. Models `GetKubeletContainerLogs` and
    /// `validateContainerLogStatus`; the error is the text of a bad request.
    pub fn container_logs(&self, pod: &Object, container: &str, previous: bool) -> Result<Rc<Vec<LogLine>>, String> {
        let id = log_instance(pod, container, previous)?;
        let gone = || {
            let text = Rc::from(format!("unable to retrieve container logs for {id}"));
            Rc::new(vec![LogLine { at: Time(0), stream: Stream::Stdout, text }])
        };
        Ok(self.logs_of(pod.uid(), id).unwrap_or_else(gone))
    }
    /// Runs a command in a running container, its waits taking no time, and returns what came of it. What it writes to
    /// files stays. The error is the kubelet's or the runtime's text.
    pub fn exec(
        &mut self,
        now: Time,
        pod_uid: &str,
        container: &str,
        command: &[String],
    ) -> Result<ExecOutput, String> {
        let not_running = || format!("container not found (\"{container}\")");
        let pod = Rc::make_mut(self.pods.get_mut(pod_uid).ok_or_else(not_running)?);
        let mut running = pod.containers.iter().rev().filter(|c| c.state == State::Running);
        let c = running.find(|c| c.name.as_ref() == container).ok_or_else(not_running)?;
        let (id, view) = (c.id.clone(), c.view());
        let mut rng = Rng::new(now.0 as u64);
        if let Some(why) = Machine::missing(command) {
            let id = rng.hex(4);
            return Err(format!(
                "Internal error occurred: error executing command in container: failed to exec in container: failed to \
                 start exec \"{id}\": OCI runtime exec failed: exec failed: unable to start container process: {why}"
            ));
        }
        let mut machine = Machine::new(command, &c.env, false)?;
        machine.enter(pod.working_dir(&id));
        hosts::write(pod, &id);
        let mut lines: Vec<LogLine> = vec![];
        let mut at = now;
        for _ in 0..1_000 {
            let mut io = Io { now: at, files: &mut pod.files, view: &view, logs: &mut lines, rng: &mut rng, work: 0 };
            machine.run(&mut io);
            match (machine.exit_code(), machine.wake_at()) {
                (None, Some(next)) if next < now + 3600 * SECOND => at = next,
                _ => break,
            }
        }
        pod.signals.extend(machine.take_signals().into_iter().map(|s| (id.clone(), s)));
        if !pod.signals.is_empty() {
            self.signalled.push((now, Rc::from(pod_uid)));
        }
        let text = |stream: Stream| {
            lines.iter().filter(|l| l.stream == stream).map(|l| format!("{}\n", l.text)).collect::<String>()
        };
        let code = machine.exit_code().unwrap_or(130);
        Ok(ExecOutput { stdout: text(Stream::Stdout), stderr: text(Stream::Stderr), code })
    }
    /// Makes a running container fail now: its first process ends with exit code 1, as a program that crashes does.
    /// Returns whether there was one.
    pub fn fail_container(&mut self, ctx: &mut Ctx<'_>, pod_uid: &str, container: &str) -> bool {
        self.replace_process(ctx, pod_uid, container, |now| Process::Step {
            verb: Verb::Exit,
            code: 1,
            ends: Some(now),
        })
    }
    /// Makes a running container hang: it does nothing more, for ever, and ignores SIGTERM. Returns whether there was one.
    pub fn hang_container(&mut self, ctx: &mut Ctx<'_>, pod_uid: &str, container: &str) -> bool {
        self.replace_process(ctx, pod_uid, container, |_| Process::Step { verb: Verb::Hang, code: 0, ends: None })
    }
    fn replace_process(
        &mut self,
        ctx: &mut Ctx<'_>,
        pod_uid: &str,
        container: &str,
        process: impl FnOnce(Time) -> Process,
    ) -> bool {
        let mut found = false;
        let uid = Rc::from(pod_uid);
        self.with_pod(ctx, &uid, |cx, pod| {
            let now = cx.ctx.now;
            let running =
                |c: &&mut crate::runtime::Container| c.name.as_ref() == container && c.state == State::Running;
            if let Some(c) = pod.containers.iter_mut().rev().find(running) {
                found = true;
                c.process = process(now);
                let id = c.id.clone();
                cx.run_process(pod, &id);
            }
        });
        found
    }
}

/// Which instance of a container a log is asked of, from the Pod's status. Models `validateContainerLogStatus`.
fn log_instance<'a>(pod: &'a Object, container: &str, previous: bool) -> Result<&'a str, String> {
    let status = pod.at("status");
    let find = |list: &'static str| status.at(list).items().iter().find(|c| c.str_at("name") == container);
    let who = format!("container \"{container}\" in pod \"{}\"", pod.name());
    let Some(c) = find("containerStatuses").or_else(|| find("initContainerStatuses")) else {
        return Err(format!("{who} is not available"));
    };
    let last = c.str_at("lastState.terminated.containerID");
    if previous {
        return if last.is_empty() { Err(format!("previous terminated {who} not found")) } else { Ok(last) };
    }
    let state = c.at("state");
    let terminated = state.at("terminated");
    let own = if terminated.is_null() { c.str_at("containerID") } else { terminated.str_at("containerID") };
    if !state.at("running").is_null() || (!terminated.is_null() && !own.is_empty()) {
        return Ok(own);
    }
    if !last.is_empty() {
        return Ok(last);
    }
    if !terminated.is_null() || !c.at("lastState.terminated").is_null() {
        return Err(format!("{who} is terminated"));
    }
    Err(match state.str_at("waiting.reason") {
        "ErrImagePull" => format!("{who} is waiting to start: image can't be pulled"),
        "ImagePullBackOff" => format!("{who} is waiting to start: trying and failing to pull image"),
        reason => format!("{who} is waiting to start: {reason}"),
    })
}

/// The waits of a Pod that run now.
pub fn timers(pod: &Pod, api: &ApiServer, out: &mut Vec<Timer>) {
    let now = api.now();
    let key: ObjectKey = pod.api.key();
    let mut add = |container: Option<&Value>, kind: WaitKind, since: Time, until: Time, count: u32| {
        let container = container.and_then(|c| c.at("name").as_rc_str());
        out.push(Timer { object: key.clone(), uid: pod.uid(), container, kind, since, until, count });
    };
    if pod.worker.work() == Work::Sync {
        for c in pod.specs(true).iter().chain(pod.specs(false)) {
            let name = c.str_at("name");
            let newest = pod.containers.iter().rev().find(|x| x.name.as_ref() == name);
            if let Some(newest) = newest.filter(|x| x.state == State::Exited)
                && super::spec::should_restart(c, pod.spec(), newest.exit_code)
                && let Some(entry) = start::crash_entry(pod, c)
            {
                let until = newest.finished_at + entry.backoff;
                if until > now {
                    add(Some(c), WaitKind::CrashLoop, newest.finished_at, until, newest.restart_count as u32 + 1);
                }
            }
            let image = c.str_at("image");
            let waits = newest.is_none() && pod.pull_errors.contains_key(image);
            if let Some(entry) = pod.pulls.entry(image).filter(|_| waits) {
                let until = entry.last_update + entry.backoff;
                let tries = 1 + (entry.backoff / (10 * SECOND)).max(1).ilog2();
                if until > now {
                    add(Some(c), WaitKind::ImagePull, entry.last_update, until, tries);
                }
            }
        }
        if let (Some(seconds), Some(start)) = (pod.spec().int_at("activeDeadlineSeconds"), manager::start_time(pod)) {
            add(None, WaitKind::ActiveDeadline, start, start + seconds.saturating_mul(SECOND), 0);
        }
    }
    let doing = pod.worker.doing.as_ref().filter(|_| pod.worker.work() == Work::Terminating);
    if let (Some(since), Some(sync)) = (pod.worker.terminating_at, doing) {
        let ends = sync.steps.iter().filter_map(|s| match s {
            Step::Kill { kills, .. } => kills.iter().filter_map(super::kill::Kill::deadline).max(),
            _ => None,
        });
        let until = ends.max().or(pod.api.deletion_time()).unwrap_or(since + pod.worker.grace.saturating_mul(SECOND));
        add(None, WaitKind::Grace, since, until, 0);
    }
}
