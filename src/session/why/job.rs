//! Why a Job is in its state.

use super::{Answer, docs, line};
use crate::session::desk::Desk;
use crate::session::text::{count, left, ordinal, spoken};
use crate::session::view::{JobView, PodView};

const PAGE: &str = "controllers/job/";

fn page(anchor: &str, title: &'static str) -> (yew::AttrValue, yew::AttrValue) {
    docs(&[PAGE, anchor].concat(), title)
}

fn backoff_page() -> (yew::AttrValue, yew::AttrValue) {
    page("#pod-backoff-failure-policy", "Pod backoff failure policy")
}

/// Answers for a Job.
pub fn answer(desk: &Desk, job: &JobView) -> Answer {
    match &*job.word {
        "" => before(desk, job),
        "Complete" | "SuccessCriteriaMet" => complete(desk, job),
        "Failed" | "FailureTarget" => failed(desk, job),
        "Suspended" => Answer {
            question: "Why does the Job make no Pods?".into(),
            happened: "`suspend` is true, so the Job controller makes no Pods. Those that were active have been deleted.".into(),
            rule: "`suspend` deletes the active Pods. They do not count as failed, and they start over when you resume. `activeDeadlineSeconds` starts anew too.".into(),
            next: "Nothing, until `suspend` is false.".into(),
            line: line(desk, &job.name, "suspend"),
            docs: page("#suspending-a-job", "Suspending a Job"),
        },
        _ => running(desk, job),
    }
}

fn before(desk: &Desk, job: &JobView) -> Answer {
    let t = &job.tracks;
    let next = format!(
        "Apply it: the Job controller makes {} at once.",
        count(t.parallelism.min(t.completions.unwrap_or(t.parallelism)), "Pod")
    );
    Answer {
        question: "Why are the tracks empty?".into(),
        happened: "The manifest is a text so far. No API server has seen it, so no Job exists and no time has passed.".into(),
        rule: "`parallelism` lays the roads, `completions` the siding of successes, `backoffLimit` the berths before the bar.".into(),
        next: next.into(),
        line: line(desk, &job.name, "backoffLimit"),
        docs: page("", "Jobs"),
    }
}

fn active(job: &JobView) -> impl Iterator<Item = &PodView> {
    job.roads.iter().filter_map(|r| r.pod.as_deref())
}

fn exit_words(p: &PodView) -> String {
    p.exit.map_or_else(|| format!("ended as `{}`", p.word), |c| format!("ended with exit code {c}"))
}

fn running(desk: &Desk, job: &JobView) -> Answer {
    let now = desk.run.now();
    let t = &job.tracks;
    let want = t.completions.map_or_else(|| "one success".to_owned(), |n| count(n, "completion"));
    if let Some(wait) = &job.signal.wait {
        let last = desk.scene.pods.iter().filter(|p| p.over && !p.succeeded).max_by_key(|p| p.since);
        let happened = last.map_or_else(
            || "A Pod failed.".to_owned(),
            |p| format!("Pod `{}` {}. {} in all have failed.", p.id, exit_words(p), count(job.failed, "Pod")),
        );
        let full = wait.to - wait.from + 500;
        return Answer {
            question: "Why is no Pod running?".into(),
            happened: happened.into(),
            rule: format!("Before each new Pod the Job controller waits 10 s, doubled for every failure since the last success: {} now, 10 minutes at most.", spoken(full)).into(),
            next: format!("A new Pod in {} s. The failed Pod stays, so its logs can be read.", left(wait.to - now)).into(),
            line: line(desk, &job.name, "backoffLimit"),
            docs: backoff_page(),
        };
    }
    if let Some(p) = active(job).find(|p| matches!(p.look().family, "ErrImagePull" | "ImagePullBackOff")) {
        return Answer {
            question: "Why is the Job still Running?".into(),
            happened: format!("The image of Pod `{}` cannot be pulled, so the kubelet cannot start its container. It asks again after 10 s, 20 s, 40 s and so on, up to 5 minutes.", p.id).into(),
            rule: "A Job counts Pods that ended. This one has not started: its phase is Pending and it stays active.".into(),
            next: "More of the same, until the image appears, you delete the Job, or `activeDeadlineSeconds` runs out.".into(),
            line: line(desk, &job.name, "template.spec.containers.0.image"),
            docs: page("#job-termination-and-cleanup", "Job termination and cleanup"),
        };
    }
    if t.restarts {
        let r = job.used;
        return Answer {
            question: "Why is the same Pod still there?".into(),
            happened: format!("Containers of this Job's Pods have been restarted {}.", times(r)).into(),
            rule: format!("With `restartPolicy: OnFailure` the kubelet restarts a failed container in the same Pod. The Job counts restarts: number {} ends it.", t.limit.max(1)).into(),
            next: format!("Exit 0 in every container is a completion: {} of {want} so far. Another failure is restart {}.", job.succeeded, r + 1).into(),
            line: line(desk, &job.name, "template.spec.restartPolicy"),
            docs: page("#handling-pod-and-container-failures", "Handling Pod and container failures"),
        };
    }
    let newest = active(job).last();
    let question =
        newest.map_or_else(|| "Why is the Job Running?".to_owned(), |p| format!("Why did the Job make Pod {}?", p.id));
    let happened = if job.failed == 0 {
        format!(
            "The Job wants {want}; {} reached so far, {} active.",
            if job.succeeded == 0 { "none".into() } else { job.succeeded.to_string() },
            count(job.active, "Pod")
        )
    } else {
        format!(
            "{} ended in failure, so {} of {want} reached and {} counted.",
            count(job.failed, "Pod"),
            if job.succeeded == 0 { "none".to_owned() } else { job.succeeded.to_string() },
            count(job.failed, "failure")
        )
    };
    let next = if job.used >= t.limit {
        "Exit 0 is a completion. Any other exit ends the Job: no retries are left.".to_owned()
    } else {
        let failures = desk
            .run
            .history
            .work
            .iter()
            .find(|w| w.key == job.key)
            .map_or(0, |w| w.arcs.iter().filter(|a| a.from <= now).count());
        let wait = 10_000_i64.saturating_mul(1 << failures.min(6)).min(600_000);
        format!(
            "Exit 0 is a completion. Any other exit is failure {}: the controller waits {} and makes another Pod. Failure {} ends the Job.",
            job.failed + 1,
            spoken(wait),
            t.limit + 1
        )
    };
    Answer {
        question: question.into(),
        happened: happened.into(),
        rule: format!("With `restartPolicy: Never` a failed Pod is replaced by a new one, as long as no more than `backoffLimit` ({}) Pods have failed.", t.limit).into(),
        next: next.into(),
        line: line(desk, &job.name, "backoffLimit").or_else(|| line(desk, &job.name, "template.spec.restartPolicy")),
        docs: backoff_page(),
    }
}

fn times(n: i64) -> String {
    match n {
        0 => "never".into(),
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times"),
    }
}

fn complete(desk: &Desk, job: &JobView) -> Answer {
    let next = match (&job.ttl, &*job.word) {
        (_, "SuccessCriteriaMet") => "The Job is Complete once its remaining Pods have stopped.".to_owned(),
        (Some((w, _)), _) => format!(
            "`ttlSecondsAfterFinished` deletes the Job in {} s, Pods and logs too.",
            left(w.to - desk.run.now())
        ),
        _ => "Nothing. A finished Job does not run again; its Pods and their logs stay until you delete it.".into(),
    };
    Answer {
        question: "Why is the Job Complete?".into(),
        happened: format!("{} succeeded and {} failed. Reason: `{}`.", count(job.succeeded, "Pod"), job.failed, or(&job.reason, "CompletionsReached")).into(),
        rule: "Exit 0 is how a Job's Pod should end. When enough Pods have succeeded the Job gets `SuccessCriteriaMet`, then `Complete`.".into(),
        next: next.into(),
        line: line(desk, &job.name, "completions"),
        docs: page("#job-termination-and-cleanup", "Job termination and cleanup"),
    }
}

fn or<'a>(text: &'a str, other: &'a str) -> &'a str {
    if text.is_empty() { other } else { text }
}

fn failed(desk: &Desk, job: &JobView) -> Answer {
    let t = &job.tracks;
    let closing = &*job.word == "FailureTarget";
    let (rule, field, docs) = match &*job.reason {
        "DeadlineExceeded" => (
            "`activeDeadlineSeconds` counts from the start of the Job, all retries included. When it is over, running Pods are stopped and the Job is Failed.".to_owned(),
            "activeDeadlineSeconds",
            page("#job-termination-and-cleanup", "Job termination and cleanup"),
        ),
        "PodFailurePolicy" => (
            "A rule of `podFailurePolicy` whose action is `FailJob` ends the Job at once, whatever `backoffLimit` still allows.".to_owned(),
            "podFailurePolicy",
            page("#pod-failure-policy", "Pod failure policy"),
        ),
        "FailedIndexes" | "MaxFailedIndexesExceeded" => (
            "With `backoffLimitPerIndex` each index is retried on its own. The Job ends when every index has ended, and is Failed if any of them did.".to_owned(),
            "backoffLimitPerIndex",
            page("#backoff-limit-per-index", "Backoff limit per index"),
        ),
        _ if t.restarts => (
            format!("With `OnFailure` the Job counts restarts. It fails when they reach `backoffLimit` {}, and deletes the Pod that is still running.", t.limit),
            "backoffLimit",
            backoff_page(),
        ),
        _ => (
            format!("A Job fails when more Pods have failed than `backoffLimit` allows. {} make at most {}.", count(t.limit, "retry").replace("retrys", "retries"), count(t.limit + 1, "Pod")),
            "backoffLimit",
            backoff_page(),
        ),
    };
    let last = desk.scene.pods.iter().filter(|p| p.over && !p.succeeded).max_by_key(|p| p.since);
    let said = format!(
        "The Job got `FailureTarget`{}, reason `{}`.",
        if closing { "" } else { ", then `Failed`" },
        job.reason
    );
    let happened = match last.filter(|_| !t.restarts && &*job.reason == "BackoffLimitExceeded") {
        Some(p) => format!("Pod `{}` {}: the {} failure. {said}", p.id, exit_words(p), ordinal(job.failed)),
        None => format!("{said} {}", capital(&job.message)),
    };
    let next = if closing {
        "The decision is made. The Job is Failed when its last Pod has stopped."
    } else {
        "Nothing. A Failed Job is final. Delete it and apply it again, or change the manifest before you do."
    };
    Answer {
        question: "Why did the Job stop retrying?".into(),
        happened: happened.into(),
        rule: rule.into(),
        next: next.into(),
        line: line(desk, &job.name, field),
        docs,
    }
}

fn capital(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`.") }
}
