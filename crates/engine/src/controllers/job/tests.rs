//! Jobs from beginning to end, against the golden timelines: when Pods are made, what the status and the events say.

use crate::api::Kind;
use crate::controllers::testbed::Testbed;

#[test]
fn timelines() {
    for (case, spec, script, seconds, creations, status) in [
        (
            "one Pod succeeds",
            r#"{"completions":1,"parallelism":1}"#,
            "2:0",
            10,
            &[0][..],
            "a0 s1 f0 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "each failure doubles the wait, and one more than the limit fails the Job",
            r#"{"completions":1,"parallelism":1,"backoffLimit":3}"#,
            "1:1",
            200,
            &[0, 11, 32, 73],
            "a0 s0 f4 t0 FailureTarget=True(BackoffLimitExceeded) Failed=True(BackoffLimitExceeded)",
        ),
        (
            "a limit of 0 makes one Pod",
            r#"{"completions":1,"parallelism":1,"backoffLimit":0}"#,
            "1:1",
            60,
            &[0],
            "a0 s0 f1 t0 FailureTarget=True(BackoffLimitExceeded) Failed=True(BackoffLimitExceeded)",
        ),
        (
            "a second try succeeds",
            r#"{"completions":1,"parallelism":1,"backoffLimit":6}"#,
            "1:1 1:0",
            60,
            &[0, 11],
            "a0 s1 f1 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "failures of parallel Pods add up: three at once wait 40 s",
            r#"{"completions":3,"parallelism":3,"backoffLimit":6}"#,
            "1:1 1:1 1:1 1:0",
            120,
            &[0, 0, 0, 41, 41, 41],
            "a0 s3 f3 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "a window of two slides over six completions",
            r#"{"completions":6,"parallelism":2}"#,
            "4:0",
            60,
            &[0, 0, 5, 5, 11, 11],
            "a0 s6 f0 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "a work queue ends when all Pods have after the first success",
            r#"{"parallelism":3}"#,
            "2:0 5:0 9:0",
            30,
            &[0, 0, 0],
            "a0 s3 f0 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        ("without parallelism nothing runs", r#"{"completions":2,"parallelism":0}"#, "1:0", 20, &[], "a0 s0 f0 t0"),
        (
            "no completions are reached at once",
            r#"{"completions":0,"parallelism":1}"#,
            "1:0",
            20,
            &[],
            "a0 s0 f0 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "indexes are counted in order",
            r#"{"completions":4,"parallelism":2,"completionMode":"Indexed"}"#,
            "2:0",
            30,
            &[0, 0, 3, 3],
            "a0 s4 f0 t0 [0-3] SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "each index has its own limit and its own wait",
            r#"{"completions":2,"parallelism":2,"completionMode":"Indexed","backoffLimitPerIndex":1}"#,
            "2:1",
            60,
            &[0, 0, 12, 12],
            "a0 s0 f4 t0 [0,1] FailureTarget=True(FailedIndexes) Failed=True(FailedIndexes)",
        ),
        (
            "too many failed indexes",
            r#"{"completions":4,"parallelism":2,"completionMode":"Indexed","backoffLimitPerIndex":0,"maxFailedIndexes":1}"#,
            "2:1",
            60,
            &[0, 0],
            "a0 s0 f2 t0 [0,1] FailureTarget=True(MaxFailedIndexesExceeded) Failed=True(MaxFailedIndexesExceeded)",
        ),
        (
            "a deadline stops what runs",
            r#"{"completions":1,"parallelism":1,"activeDeadlineSeconds":5}"#,
            "60:0",
            30,
            &[0],
            "a0 s0 f1 t0 FailureTarget=True(DeadlineExceeded) Failed=True(DeadlineExceeded)",
        ),
        (
            "a rule fails the Job at the first failure",
            r#"{"completions":1,"parallelism":1,"podReplacementPolicy":"Failed","podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"operator":"In","values":[42]}}]}}"#,
            "2:42",
            30,
            &[0],
            "a0 s0 f1 t0 FailureTarget=True(PodFailurePolicy) Failed=True(PodFailurePolicy)",
        ),
        (
            "an ignored failure counts for nothing but the wait",
            r#"{"completions":1,"parallelism":1,"backoffLimit":0,"podReplacementPolicy":"Failed","podFailurePolicy":{"rules":[{"action":"Ignore","onExitCodes":{"operator":"In","values":[42]}}]}}"#,
            "2:42 2:0",
            40,
            &[0, 12],
            "a0 s1 f0 t0 SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)",
        ),
        (
            "a success policy ends the Job before its other indexes",
            r#"{"completions":3,"parallelism":3,"completionMode":"Indexed","successPolicy":{"rules":[{"succeededCount":1}]}}"#,
            "2:0",
            30,
            &[0, 0, 0],
            "a0 s3 f0 t0 [0-2] SuccessCriteriaMet=True(SuccessPolicy) Complete=True(SuccessPolicy)",
        ),
        (
            "another controller's Job is left alone",
            r#"{"completions":1,"parallelism":1,"managedBy":"example.com/other"}"#,
            "1:0",
            20,
            &[],
            "a0 s0 f0 t0",
        ),
    ] {
        let mut t = Testbed::new();
        let key = t.job(spec, script);
        t.run_to(seconds);
        assert_eq!(t.creation_seconds(), creations, "{case}");
        assert_eq!(t.status(&key), status, "{case}");
    }
}

#[test]
fn suspending_deletes_the_pods_without_counting_them_and_resuming_makes_new_ones() {
    let mut t = Testbed::new();
    let key = t.job(r#"{"completions":2,"parallelism":2,"activeDeadlineSeconds":20}"#, "9:0");
    t.run_to(3);
    t.edit(&key, |b| {
        b.set("spec.suspend", true);
    });
    t.run_to(15);
    assert_eq!(t.status(&key), "a0 s0 f0 t0 Suspended=True(JobSuspended)");
    t.edit(&key, |b| {
        b.set("spec.suspend", false);
    });
    t.run_to(30);
    assert_eq!(
        t.status(&key),
        "a0 s2 f0 t0 Suspended=False(JobResumed) SuccessCriteriaMet=True(CompletionsReached) Complete=True(CompletionsReached)"
    );
    let reasons: Vec<String> = t.events(&key).iter().map(|e| e.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(
        reasons,
        [
            "SuccessfulCreate",
            "SuccessfulCreate",
            "SuccessfulDelete",
            "SuccessfulDelete",
            "Suspended",
            "SuccessfulCreate",
            "SuccessfulCreate",
            "Resumed",
            "Completed"
        ]
    );
}

#[test]
fn a_deleted_pod_counts_as_failed_and_is_replaced_after_the_wait() {
    for (policy, failed_at_3, creations) in [("TerminatingOrFailed", 1, [0, 11]), ("Failed", 0, [0, 14])] {
        let mut t = Testbed::new();
        let key = t.job(&format!(r#"{{"completions":1,"parallelism":1,"podReplacementPolicy":"{policy}"}}"#), "30:0");
        t.run_to(1);
        let pod = t.api.store().list(Kind::Pod).next().unwrap().key();
        t.delete(&pod);
        t.run_to(3);
        assert_eq!(t.api.get(&key).unwrap().at("status.failed").as_i64().unwrap_or(0), failed_at_3, "{policy}");
        t.run_to(30);
        assert_eq!(t.creation_seconds(), creations, "{policy}");
    }
}

#[test]
fn fewer_parallel_pods_are_kept_where_parallelism_is_lowered() {
    let mut t = Testbed::new();
    let key = t.job(r#"{"completions":9,"parallelism":4}"#, "60:0");
    t.run_to(5);
    t.edit(&key, |b| {
        b.set("spec.parallelism", 1);
        b.set("metadata.generation", 2);
    });
    t.run_to(20);
    assert_eq!(t.status(&key), "a1 s0 f0 t0");
    let deleted = t.events(&key).iter().filter(|e| e.starts_with("SuccessfulDelete")).count();
    assert_eq!(deleted, 3);
}

#[test]
fn orphans_are_adopted_and_pods_whose_labels_change_are_let_go() {
    let mut t = Testbed::new();
    let key = t.job(r#"{"completions":2,"parallelism":1}"#, "60:0");
    t.run_to(2);
    let pod = t.api.store().list(Kind::Pod).next().unwrap().key();
    t.edit(&pod, |b| b.set("metadata.labels.app", "other"));
    t.run_to(5);
    let released = t.api.get(&pod).unwrap();
    assert!(released.controller().is_none() && !released.has_finalizer("batch.kubernetes.io/job-tracking"));
    assert_eq!(t.api.store().count(Kind::Pod), 2);
    t.edit(&pod, |b| b.set("metadata.labels.app", "j"));
    t.run_to(15);
    // The adopted Pod is one too many; it is the older one, so that the new one goes.
    let pods: Vec<_> = t.api.store().list(Kind::Pod).map(|p| p.key()).collect();
    assert_eq!(pods, [pod]);
    assert_eq!(t.status(&key), "a1 s0 f0 t0");
}

#[test]
fn a_job_that_is_deleted_leaves_pods_that_can_go() {
    let mut t = Testbed::new();
    let key = t.job(r#"{"completions":2,"parallelism":2}"#, "60:0");
    t.run_to(2);
    t.delete(&key);
    t.run_to(4);
    assert!(t.api.store().list(Kind::Pod).all(|p| p.at("metadata.finalizers").is_null()));
}
