//! Random Jobs and what a learner does to them.

use proptest::prelude::*;

/// A Job.
#[derive(Clone, Debug)]
pub struct Job {
    pub completions: Option<u32>,
    pub parallelism: u32,
    pub indexed: bool,
    pub backoff_limit: u32,
    pub per_index: Option<u32>,
    pub max_failed: Option<u32>,
    pub on_failure: bool,
    pub replace_failed: bool,
    pub deadline: Option<u32>,
    pub grace: u32,
    pub success_count: Option<u32>,
    pub policy: Option<(&'static str, u32)>,
    /// Steps of the Pods: exit code and seconds; none hangs.
    pub attempts: Vec<Option<(u32, u32)>>,
}

impl Job {
    /// The manifest.
    pub fn yaml(&self) -> String {
        let field = |name: &str, n: Option<u32>| n.map_or(String::new(), |n| format!("  {name}: {n}\n"));
        let flag = |text: &str, on: bool| if on { text.to_owned() } else { String::new() };
        let rules = |policy: &str, rule: String| format!("  {policy}:\n    rules:\n    - {rule}\n");
        let spec = [
            field("parallelism", Some(self.parallelism)),
            field("backoffLimit", Some(self.backoff_limit)),
            field("completions", self.completions),
            flag("  completionMode: Indexed\n", self.indexed),
            field("backoffLimitPerIndex", self.per_index),
            field("maxFailedIndexes", self.per_index.and(self.max_failed)),
            flag("  podReplacementPolicy: Failed\n", self.replace_failed),
            field("activeDeadlineSeconds", self.deadline),
            self.success_count.map_or(String::new(), |n| rules("successPolicy", format!("succeededCount: {n}"))),
            self.policy.map_or(String::new(), |(action, code)| {
                let codes = format!("{{operator: In, values: [{code}]}}");
                rules("podFailurePolicy", format!("action: {action}\n      onExitCodes: {codes}"))
            }),
        ]
        .concat();
        let step =
            |s: &Option<(u32, u32)>| s.map_or("hang".to_owned(), |(code, after)| format!("exit {code} after {after}s"));
        let attempts = self.attempts.iter().map(step).collect::<Vec<_>>().join("; ");
        let policy = if self.on_failure { "OnFailure" } else { "Never" };
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\nspec:\n{spec}  template:\n    metadata:\n      annotations:\n        batchyard.dev/attempts: {attempts:?}\n    spec:\n      restartPolicy: {policy}\n      terminationGracePeriodSeconds: {}\n      containers:\n      - name: main\n        image: busybox:1.36\n",
            self.grace
        )
    }
}

fn attempt() -> impl Strategy<Value = Option<(u32, u32)>> {
    prop_oneof![
        5 => (1..9u32).prop_map(|s| Some((0, s))),
        5 => (prop_oneof![Just(1u32), Just(42)], 1..9u32).prop_map(Some),
        1 => Just(None),
    ]
}

/// Valid Jobs.
pub fn job() -> impl Strategy<Value = Job> {
    let size = (prop::option::weighted(0.8, 0..6u32), 0..4u32, any::<bool>(), 0..4u32);
    let limits = (prop::option::of(0..3u32), prop::option::of(0..2u32), any::<bool>(), any::<bool>());
    let ends = (prop::option::weighted(0.2, 1..40u32), 0..8u32, prop::option::weighted(0.2, 1..3u32));
    let rule = prop_oneof![Just("Ignore"), Just("Count"), Just("FailJob"), Just("FailIndex")];
    let policy = prop::option::weighted(0.3, (rule, prop_oneof![Just(1u32), Just(42)]));
    (size, limits, ends, policy, prop::collection::vec(attempt(), 1..5)).prop_map(
        |((completions, parallelism, indexed, backoff_limit), limits, (deadline, grace, success), policy, attempts)| {
            let (per_index, max_failed, on_failure, replace_failed) = limits;
            let indexed = indexed && completions.is_some_and(|n| n > 0);
            let per_index = per_index.filter(|_| indexed);
            let on_failure = on_failure && per_index.is_none();
            let policy = policy.filter(|(action, _)| !on_failure && (*action != "FailIndex" || per_index.is_some()));
            Job {
                completions,
                parallelism,
                indexed,
                backoff_limit,
                per_index,
                max_failed: max_failed.map(|n| n.min(completions.unwrap_or(0))),
                on_failure,
                replace_failed: replace_failed || policy.is_some(),
                deadline,
                grace,
                success_count: success.filter(|n| indexed && Some(*n) <= completions),
                policy,
                attempts,
            }
        },
    )
}

/// A command, so many seconds after the one before.
#[derive(Clone, Debug)]
pub struct Action {
    pub after: i64,
    pub line: String,
}

/// What a learner does to the Job `j`.
pub fn actions() -> impl Strategy<Value = Vec<Action>> {
    let patch = |spec: &str| format!("kubectl patch job j --type=merge -p '{{\"spec\":{{{spec}}}}}'");
    let line = prop_oneof![
        Just(patch("\"suspend\":true")),
        Just(patch("\"suspend\":false")),
        (0..4u32).prop_map(move |n| patch(&format!("\"parallelism\":{n}"))),
        (0..5u32).prop_map(move |n| patch(&format!("\"backoffLimit\":{n}"))),
        Just("kubectl delete pod -l job-name=j --wait=false".to_owned()),
    ];
    prop::collection::vec((0..30i64, line).prop_map(|(after, line)| Action { after, line }), 0..4)
}
