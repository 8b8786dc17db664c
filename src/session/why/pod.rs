//! Why a Pod is in its state.

use batchyard_engine::api::{Kind, ObjectKey};

use super::{Answer, docs, line};
use crate::session::desk::Desk;
use crate::session::text::{human, left, spoken};
use crate::session::view::{Fact, PodView};

struct Parts {
    happened: String,
    rule: String,
    next: String,
    field: &'static str,
    page: (&'static str, &'static str),
}

const LIFECYCLE: (&str, &str) = ("pods/pod-lifecycle/", "Pod lifecycle");
const RESTARTS: (&str, &str) = ("pods/pod-lifecycle/#restart-policy", "How Pods handle problems with containers");

/// Answers for a Pod.
pub fn answer(desk: &Desk, pod: &PodView) -> Answer {
    let key = ObjectKey::new(Kind::Pod, &*pod.namespace, &*pod.name);
    let snapshot = desk.run.cluster().snapshot();
    let object = snapshot.get(&key);
    let message = |condition: &str| {
        object.and_then(|o| o.condition(condition)).map(|c| c.str_at("message").to_owned()).unwrap_or_default()
    };
    let policy = object.map_or("", |o| o.body().str_at("spec.restartPolicy"));
    let owner = object.and_then(|o| o.controller()).map(|o| (o.kind.to_string(), o.name.to_string()));
    let now = desk.run.now();
    let wait = match &pod.fact {
        Fact::Wait(_, w) => Some(left(w.to - now)),
        _ => None,
    };
    let since = human(now - pod.since);
    let of_job = owner.as_ref().is_some_and(|(k, _)| k == "Job");
    let p = parts(pod, policy, &message("PodScheduled"), wait, &since, of_job);
    let name = owner.map_or_else(|| pod.name.to_string(), |(_, n)| n);
    Answer {
        question: format!("Why is Pod {} {}?", pod.id, pod.word).into(),
        happened: p.happened.into(),
        rule: p.rule.into(),
        next: p.next.into(),
        line: line(desk, &name, p.field),
        docs: docs(p.page.0, p.page.1),
    }
}

fn parts(pod: &PodView, policy: &str, scheduling: &str, wait: Option<i64>, since: &str, of_job: bool) -> Parts {
    let code = pod.exit.unwrap_or(1);
    let place = if pod.node.is_empty() { "no node yet".to_owned() } else { format!("`{}`", pod.node) };
    let counts = if of_job { "The Job counts it as failed" } else { "Its controller makes another in its place" };
    match pod.look().family {
        "Pending" => Parts {
            happened: if scheduling.is_empty() { "The Pod was accepted and waits to be placed on a node.".into() } else { format!("The scheduler found no node for it: `{scheduling}`") },
            rule: "The scheduler binds a Pod to a node that has room for its requests and fits its selectors and tolerations.".into(),
            next: if scheduling.is_empty() { "It is bound in a moment.".into() } else { "It is tried again when something on the nodes changes. A Job counts it as active meanwhile.".into() },
            field: "template.spec.containers.0.resources",
            page: ("../scheduling-eviction/kube-scheduler/", "Kubernetes Scheduler"),
        },
        "ContainerCreating" => Parts {
            happened: format!("The Pod is on {place}. Its image is being pulled and its sandbox is set up, or an init container still runs."),
            rule: "A Pod's phase is Pending until all its init containers have ended with exit 0 and its containers have been started.".into(),
            next: "Running, when its first container has started.".into(),
            field: "template.spec.containers.0.image",
            page: LIFECYCLE,
        },
        "Running" | "NotReady" => Parts {
            happened: format!("Its container has been running on {place} for {since}."),
            rule: match policy {
                "Never" => "With `restartPolicy: Never` its first exit is also its last: exit 0 is Completed, anything else Error.".into(),
                "OnFailure" => "With `restartPolicy: OnFailure` exit 0 ends it; any other exit restarts the container in the same Pod.".into(),
                _ => "With `restartPolicy: Always` every exit restarts the container, exit 0 too.".into(),
            },
            next: "Whatever its container does. The behaviour panel says what that is.".into(),
            field: "template.spec.restartPolicy",
            page: RESTARTS,
        },
        "Completed" => Parts {
            happened: format!("Every container ended with exit 0, {since} ago."),
            rule: if policy == "Always" { "Exit 0 is an exit like any other under `restartPolicy: Always`: the kubelet starts the container again.".into() } else { "Exit 0. This is how a Job's Pod should end.".into() },
            next: match wait {
                Some(s) => format!("Restart {} in {s} s.", pod.restarts + 1),
                None => "Nothing. The Pod and its logs stay until the Job is deleted.".into(),
            },
            field: "template.spec.restartPolicy",
            page: LIFECYCLE,
        },
        "CrashLoopBackOff" => Parts {
            happened: format!("The container has ended and been restarted {} so far. `restartPolicy` is `{policy}`, so the kubelet restarts it in the same Pod.", crate::session::text::count(pod.restarts, "time")),
            rule: "It waits before each restart: 0, 10, 20, 40, 80, 160, then 300 s. CrashLoopBackOff is the wait, not the end.".into(),
            next: wait.map_or_else(|| "The next restart is due.".into(), |s| format!("Restart {} in {s} s.", pod.restarts + 1)),
            field: "template.spec.restartPolicy",
            page: RESTARTS,
        },
        "ErrImagePull" | "ImagePullBackOff" => Parts {
            happened: "The kubelet could not pull the image, so the container has not been started.".into(),
            rule: "It tries again after 10 s, 20 s, 40 s and so on, up to 5 minutes. A Pod that has not started is active, not failed.".into(),
            next: wait.map_or_else(|| "Another try.".into(), |s| format!("The next try in {s} s.")),
            field: "template.spec.containers.0.image",
            page: ("../containers/images/#imagepullbackoff", "ImagePullBackOff"),
        },
        "Terminating" => Parts {
            happened: "Somebody asked for its deletion: you, its controller, or the end of its Job.".into(),
            rule: "Its containers get SIGTERM, and SIGKILL when the grace period (30 s unless `terminationGracePeriodSeconds` says otherwise) is over. A process that is PID 1 and handles no SIGTERM takes all of it.".into(),
            next: "It is gone when its containers have stopped and its finalizers are removed.".into(),
            field: "template.spec.terminationGracePeriodSeconds",
            page: ("pods/pod-lifecycle/#pod-termination", "Termination of Pods"),
        },
        "OOMKilled" => Parts {
            happened: format!("The container passed its memory limit and was killed with exit code {code}, {since} ago."),
            rule: format!("OOMKilled is a failure like any other. {counts}."),
            next: next_of(pod, policy, wait),
            field: "template.spec.containers.0.resources",
            page: ("../configuration/manage-resources-containers/", "Resource management for Pods and containers"),
        },
        "Unknown" => Parts {
            happened: "Its node does not report on it.".into(),
            rule: "Nobody knows whether its containers still run.".into(),
            next: "It is known again when the node is back.".into(),
            field: "template",
            page: LIFECYCLE,
        },
        _ => Parts {
            happened: match pod.exit {
                Some(c) => format!("Its container ended with exit code {c}, {since} ago."),
                None => format!("It has been `{}` for {since}.", pod.word),
            },
            rule: if policy == "Never" { format!("With `restartPolicy: Never` the Pod stays as it ended. {counts}.") } else { format!("With `restartPolicy: {policy}` the kubelet restarts the container in the same Pod.") },
            next: next_of(pod, policy, wait),
            field: "template.spec.restartPolicy",
            page: RESTARTS,
        },
    }
}

fn next_of(pod: &PodView, policy: &str, wait: Option<i64>) -> String {
    match (policy, wait) {
        ("Never", _) => "Nothing, for this Pod. It stays, so its logs can be read.".into(),
        (_, Some(s)) => format!("Restart {} in {}.", pod.restarts + 1, spoken(s * 1000)),
        _ => format!("Restart {} at once, unless its Pod is stopped.", pod.restarts + 1),
    }
}
