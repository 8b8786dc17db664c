//! Commands run in a container: lifecycle hooks, exec probes and `kubectl exec`.
//!
//! Models `pkg/kubelet/lifecycle/handlers.go` and the CRI's ExecSync.

use std::rc::Rc;

use super::pod::{Ended, Exec, Pod, Purpose};
use super::{Cx, EXEC_TIME, Task, hosts, kill};
use crate::api::Value;
use crate::clock::{Millis, SECOND, Time};
use crate::runtime::process::Io;
use crate::runtime::shell::Machine;
use crate::runtime::{LogLine, Stream};

/// Starts a lifecycle hook. Returns when it ends, where that is known, or the command that runs.
pub fn hook(cx: &mut Cx<'_, '_>, pod: &mut Pod, container: &Rc<str>, hook: &Value) -> (Option<Time>, Option<u32>) {
    let command: Vec<String> =
        hook.at("exec.command").items().iter().filter_map(|w| w.as_str().map(str::to_owned)).collect();
    if !command.is_empty() {
        return (None, Some(start(cx, pod, container, &command, Purpose::Hook, None)));
    }
    let seconds = hook.int_at("sleep.seconds").unwrap_or(0);
    (Some(cx.ctx.now + seconds * SECOND), None)
}

/// Starts a command in a container.
pub fn start(
    cx: &mut Cx<'_, '_>,
    pod: &mut Pod,
    container: &Rc<str>,
    command: &[String],
    purpose: Purpose,
    timeout: Option<Millis>,
) -> u32 {
    let n = pod.next_exec;
    pod.next_exec += 1;
    hosts::write(pod, container);
    let env = pod.container(container).map(|c| c.env.clone()).unwrap_or_default();
    let (machine, output, done) = match (Machine::missing(command), Machine::new(command, &env, false)) {
        (None, Ok(mut machine)) => {
            machine.enter(pod.working_dir(container));
            (machine, vec![], None)
        }
        (why, _) => {
            let text = Rc::from(why.unwrap_or_default());
            let line = LogLine { at: cx.ctx.now, stream: Stream::Stderr, text };
            (Machine::ended(126), vec![line], Some(Ended::Missing))
        }
    };
    let deadline = timeout.map(|t| cx.ctx.now + t);
    // It takes as long to begin as a container's own process does, which so is ahead of a probe made at its start.
    let due = done.is_none().then(|| cx.after(EXEC_TIME, Task::Exec(pod.uid(), n)));
    pod.execs.insert(n, Exec { machine, container: container.clone(), output, purpose, deadline, done, due });
    if done.is_some() {
        advance(cx, pod, n);
    }
    n
}

/// Lets a command run up to now.
pub fn advance(cx: &mut Cx<'_, '_>, pod: &mut Pod, n: u32) {
    let now = cx.ctx.now;
    let Some(mut exec) = pod.execs.remove(&n) else { return };
    if exec.done.is_none() {
        if let Some(c) = pod.container(&exec.container) {
            let view = c.view();
            let mut io =
                Io { now, files: &mut pod.files, view: &view, logs: &mut exec.output, rng: cx.ctx.rng, work: 0 };
            exec.machine.run(&mut io);
            let signals = exec.machine.take_signals();
            exec.done = match exec.machine.exit_code() {
                Some(code) => Some(Ended::Code(code)),
                None => exec.deadline.is_some_and(|d| d <= now).then_some(Ended::GaveUp),
            };
            for name in signals {
                kill::signal(cx, pod, &exec.container, &name);
            }
        } else {
            exec.done = Some(Ended::Code(137));
        }
    }
    let uid = pod.uid();
    if exec.done.is_none() {
        let when = [exec.machine.wake_at(), exec.deadline].into_iter().flatten().min();
        if let Some(at) = when {
            exec.due = Some(cx.at(at, Task::Exec(uid, n)));
        }
    } else if exec.purpose == Purpose::Hook {
        cx.after(0, Task::Step(uid));
    }
    pod.execs.insert(n, exec);
}

/// What a command has printed, both streams together.
pub fn output(exec: &Exec) -> String {
    exec.output.iter().map(|l| format!("{}\n", l.text)).collect()
}
