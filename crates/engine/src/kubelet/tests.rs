//! Lives of single Pods, from binding to removal, against a bare API server.

use std::rc::Rc;

use super::Kubelet;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Actor, ApiServer, DeleteOptions, WriteOptions};
use crate::clock::{SECOND, Time};
use crate::component::{Component, Config, Ctx, WaitKind};
use crate::queue::Sequence;
use crate::rng::Rng;

/// A kubelet with an API server, and what happened.
pub struct Bench {
    api: ApiServer,
    pub kubelet: Kubelet,
    rng: Rng,
    sequence: Sequence,
    config: Config,
    now: Time,
    /// Lines like `4.6 Running/Error/0` and `0.5 Pulled: text`.
    pub seen: Vec<String>,
}

impl Bench {
    pub fn new() -> Self {
        let config = Config::default();
        let mut bench = Self {
            api: ApiServer::new(1),
            kubelet: Kubelet::default(),
            rng: Rng::new(1),
            sequence: Sequence::default(),
            now: config.epoch,
            config,
            seen: vec![],
        };
        bench.api.act(bench.now, Actor::User);
        for (kind, text) in [
            (Kind::Namespace, r#"{"metadata":{"name":"default"}}"#),
            (Kind::ServiceAccount, r#"{"metadata":{"name":"default","namespace":"default"}}"#),
            (Kind::Node, r#"{"metadata":{"name":"node-1"}}"#),
        ] {
            // A cluster may hold them from the start.
            let _ = bench.api.create(kind, Value::from_json(text).unwrap(), WriteOptions::default());
        }
        bench.api.take_changes().for_each(drop);
        bench
    }
    /// A Pod with one container of the given command (a JSON list), policy, annotation and more of its spec.
    pub fn pod(&mut self, name: &str, text: &str) {
        let mut body = Value::from_json(text).unwrap();
        body.set("metadata.name", name);
        body.set("metadata.namespace", "default");
        body.set("spec.nodeName", "node-1");
        body.set("status.phase", "Pending");
        if body.at("spec.terminationGracePeriodSeconds").is_null() {
            body.set("spec.terminationGracePeriodSeconds", 30);
        }
        for c in body.slot("spec.containers").make_array() {
            if c.at("image").is_null() {
                c.set("image", "busybox:1.36");
            }
            c.set("terminationMessagePath", "/dev/termination-log");
        }
        self.api.act(self.now, Actor::User);
        self.api.create(Kind::Pod, body, WriteOptions::default()).unwrap();
        self.tell();
    }
    pub fn delete(&mut self, name: &str, grace: Option<i64>) {
        self.api.act(self.now, Actor::User);
        let key = ObjectKey::new(Kind::Pod, "default", name);
        let options = DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() };
        self.api.delete(&key, &options).unwrap();
        self.tell();
    }
    pub fn get(&self, name: &str) -> Option<Rc<Object>> {
        self.api.get(&ObjectKey::new(Kind::Pod, "default", name)).cloned()
    }
    fn tell(&mut self) {
        loop {
            let changes: Vec<_> = self.api.take_changes().collect();
            if changes.is_empty() {
                return;
            }
            for change in changes {
                let t = (self.now - self.config.epoch) as f64 / 1000.0;
                let o = change.object();
                let line = match change.key.kind {
                    Kind::Event => format!("{}: {}", o.body().str_at("reason"), o.body().str_at("message")),
                    Kind::Pod if change.is_deleted() => "(deleted)".to_owned(),
                    Kind::Pod => describe(o),
                    _ => continue,
                };
                self.seen.push(format!("{t:.1} {line}"));
                let Self { api, kubelet, rng, sequence, config, now, .. } = self;
                kubelet.observe(&mut Ctx { now: *now, api, rng, sequence, config }, &change);
            }
        }
    }
    /// Runs up to so many seconds from the start.
    pub fn run(&mut self, seconds: i64) {
        let until = self.config.epoch + seconds * SECOND;
        while let Some((at, _)) = self.kubelet.next_due().filter(|d| d.0 <= until) {
            self.now = self.now.max(at);
            self.api.act(self.now, Actor::System);
            let Self { api, kubelet, rng, sequence, config, now, .. } = self;
            kubelet.run_next(&mut Ctx { now: *now, api, rng, sequence, config });
            self.tell();
        }
        self.now = until;
    }
    /// Acts on the kubelet directly, now.
    fn act<T>(&mut self, work: impl FnOnce(&mut Kubelet, &mut Ctx<'_>) -> T) -> T {
        let Self { api, kubelet, rng, sequence, config, now, .. } = self;
        api.act(*now, Actor::User);
        let result = work(kubelet, &mut Ctx { now: *now, api, rng, sequence, config });
        self.tell();
        result
    }
    pub fn has(&self, text: &str) -> bool {
        self.seen.iter().any(|l| l.contains(text))
    }
    pub fn logs(&self, name: &str, container: &str) -> String {
        let uid = self.get(name).map(|p| p.uid().to_string()).unwrap_or_default();
        let lines = self.kubelet.logs(&uid, container, false).unwrap_or_default();
        lines.iter().map(|l| format!("{}\n", l.text)).collect()
    }
    /// When something was first seen, in seconds.
    pub fn when(&self, text: &str) -> f64 {
        let line = self.seen.iter().find(|l| l.contains(text));
        let line = line.unwrap_or_else(|| panic!("no {text:?} in {:#?}", self.seen));
        line.split(' ').next().unwrap().parse().unwrap()
    }
}

fn describe(o: &Object) -> String {
    let mut text = o.body().str_at("status.phase").to_owned();
    for list in ["status.initContainerStatuses", "status.containerStatuses"] {
        for c in o.at(list).items() {
            let state = c.at("state");
            let word = match (state.at("running").is_null(), state.str_at("waiting.reason")) {
                (false, _) => "Running",
                (true, "") => state.str_at("terminated.reason"),
                (true, word) => word,
            };
            let ready = if c.bool_at("ready") { "+" } else { "" };
            text += &format!(" {word}{ready}/{}", c.int_at("restartCount").unwrap_or(0));
        }
    }
    text
}

fn one(policy: &str, steps: &str) -> String {
    format!(
        r#"{{"metadata":{{"annotations":{{"batchyard.dev/attempts":"{steps}"}}}},
            "spec":{{"restartPolicy":"{policy}","containers":[{{"name":"main"}}]}}}}"#
    )
}

#[test]
fn a_pod_that_fails_for_good() {
    let mut b = Bench::new();
    b.pod("p", &one("Never", "exit 3 after 3s"));
    b.run(20);
    for text in ["Pending ContainerCreating/0", "Running Running+/0", "Running Error/0", "Failed Error/0"] {
        assert!(b.has(text), "{text}: {:#?}", b.seen);
    }
    let (exit, failed) = (b.when("Running Error/0"), b.when("Failed Error/0"));
    assert!((0.9..1.2).contains(&(failed - exit)), "{:#?}", b.seen);
    let p = b.get("p").unwrap();
    assert_eq!(p.body().int_at("status.containerStatuses.0.state.terminated.exitCode"), Some(3));
    let kinds: Vec<&str> = p.at("status.conditions").items().iter().map(|c| c.str_at("type")).collect();
    assert_eq!(kinds, ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]);
}

#[test]
fn a_crash_loop() {
    let mut b = Bench::new();
    b.pod("p", &one("Always", "exit 1 after 3s"));
    b.run(150);
    for (text, least, most) in [
        // The first restart is at once, so that the end before it may not be seen.
        ("Running Running+/1", 3.0, 6.0),
        ("Running Error/1", 6.0, 9.0),
        ("Running CrashLoopBackOff/1", 16.0, 26.0),
        ("Running Running+/2", 16.0, 26.0),
        ("Running Running+/3", 40.0, 60.0),
    ] {
        assert!((least..most).contains(&b.when(text)), "{text}: {:#?}", b.seen);
    }
}

#[test]
fn a_deletion() {
    let mut b = Bench::new();
    b.pod("p", r#"{"spec":{"containers":[{"name":"main","image":"nginx:1.29"}]}}"#);
    b.run(5);
    b.delete("p", None);
    b.run(20);
    assert!(b.has("Killing: Stopping container main"), "{:#?}", b.seen);
    assert!(b.when("(deleted)") < 7.5, "{:#?}", b.seen);
    assert!(b.kubelet.pods.is_empty());
}

#[test]
fn a_pull_that_fails() {
    let mut b = Bench::new();
    b.pod("p", r#"{"spec":{"containers":[{"name":"main","image":"private/app:1"}]}}"#);
    b.run(60);
    assert!(b.when("ErrImagePull/0") < 3.0, "{:#?}", b.seen);
    assert!((10.0..17.0).contains(&b.when("ImagePullBackOff/0")), "{:#?}", b.seen);
    let text = b.get("p").unwrap();
    let text = text.body().str_at("status.containerStatuses.0.state.waiting.message").to_owned();
    assert!(text.contains("insufficient_scope"), "{text}");
}

#[test]
fn commands_in_a_container_leave_their_files_and_signals() {
    let mut b = Bench::new();
    let probe = r#""readinessProbe":{"exec":{"command":["cat","/tmp/ok"]},"periodSeconds":2}"#;
    let script = r#"["sh","-c","trap 'echo bye; exit 0' TERM; while true; do sleep 1; done"]"#;
    b.pod(
        "p",
        &format!(
            r#"{{"spec":{{"restartPolicy":"Never","containers":[{{"name":"main","command":{script},{probe}}}]}}}}"#
        ),
    );
    b.run(6);
    assert!(!b.has("Running+/0"), "{:#?}", b.seen);
    assert!(b.has("Unhealthy: Readiness probe failed: cat: /tmp/ok: No such file"), "{:#?}", b.seen);
    let words = |w: &[&str]| w.iter().map(|x| (*x).to_owned()).collect::<Vec<_>>();
    let uid = b.get("p").unwrap().uid().to_string();
    let out = b.kubelet.exec(b.now, &uid, "main", &words(&["sh", "-c", "touch /tmp/ok; echo $HOSTNAME"])).unwrap();
    assert_eq!((out.stdout.as_str(), out.code), ("p\n", 0));
    b.run(12);
    assert!(b.has("Running+/0"), "{:#?}", b.seen);
    b.kubelet.exec(b.now, &uid, "main", &words(&["kill", "1"])).unwrap();
    b.run(20);
    assert!(b.has("Succeeded Completed/0"), "{:#?}", b.seen);
    assert_eq!(b.logs("p", "main"), "bye\n");
    assert!(b.kubelet.exec(b.now, &uid, "main", &words(&["ls"])).is_err());
}

#[test]
fn direct_actions_and_timers() {
    let mut b = Bench::new();
    b.pod("p", r#"{"spec":{"containers":[{"name":"main","image":"nginx:1.29"}]}}"#);
    b.run(5);
    let uid = b.get("p").unwrap().uid().to_string();
    for n in 1..=2 {
        assert!(b.act(|k, ctx| k.fail_container(ctx, &uid, "main")), "failure {n}");
        b.run(5 + 2 * n);
    }
    let mut timers = vec![];
    b.kubelet.timers(&b.api, &mut timers);
    let t = &timers[0];
    assert_eq!((t.kind, t.count, t.container.as_deref()), (WaitKind::CrashLoop, 2, Some("main")));
    assert_eq!(t.until - t.since, 10 * SECOND);
    b.run(30);
    assert!(b.has("Running Running+/2"), "{:#?}", b.seen);
    assert!(b.act(|k, ctx| k.hang_container(ctx, &uid, "main")));
    b.delete("p", Some(4));
    b.run(31);
    timers.clear();
    b.kubelet.timers(&b.api, &mut timers);
    assert_eq!((timers[0].kind, timers[0].until - timers[0].since), (WaitKind::Grace, 4 * SECOND));
    b.run(40);
    assert!((33.0..35.5).contains(&b.when("(deleted)")), "{:#?}", b.seen);
    assert!(!b.act(|k, ctx| k.hang_container(ctx, &uid, "main")));
}

#[test]
fn idle_pods_cost_nothing() {
    let mut b = Bench::new();
    for n in 0..20 {
        b.pod(&format!("p{n}"), r#"{"spec":{"containers":[{"name":"main","image":"nginx:1.29"}]}}"#);
    }
    b.run(20);
    assert_eq!(b.kubelet.next_due(), None);
}

#[test]
fn a_probe_without_its_program_says_nothing_about_the_container() {
    let mut b = Bench::new();
    let probe = r#""livenessProbe":{"exec":{"command":["nope"]},"periodSeconds":2,"failureThreshold":1}"#;
    b.pod("p", &format!(r#"{{"spec":{{"containers":[{{"name":"main","image":"nginx",{probe}}}]}}}}"#));
    b.run(20);
    let text =
        "Liveness probe errored and resulted in unknown state: exec: \"nope\": executable file not found in $PATH";
    assert!(b.has(text), "{:#?}", b.seen);
    assert!(!b.has("Killing"), "{:#?}", b.seen);
}

#[test]
fn a_probe_made_at_the_start_finds_what_the_container_does_first() {
    for n in 0..12 {
        let mut b = Bench::new();
        let name = format!("p{n}");
        let probe = r#""readinessProbe":{"exec":{"command":["cat","/tmp/ok"]},"periodSeconds":5}"#;
        let script = r#"["sh","-c","touch /tmp/ok; sleep 60"]"#;
        b.pod(&name, &format!(r#"{{"spec":{{"containers":[{{"name":"main","command":{script},{probe}}}]}}}}"#));
        b.run(8);
        assert!(b.when("Running Running+/0") < 1.5 && !b.has("Unhealthy"), "{:#?}", b.seen);
    }
}

#[test]
fn a_probe_that_takes_longer_than_its_period_goes_on() {
    let mut b = Bench::new();
    // Slow until the file is there, and stuck for a while once more when the container has been restarted.
    let probe = r#""readinessProbe":{"exec":{"command":["sh","-c","sleep 1.5; test -f /tmp/ok"]},
        "periodSeconds":1,"timeoutSeconds":5}"#;
    let script = r#"["sh","-c","sleep 7; touch /tmp/ok; sleep 13; exit 1"]"#;
    b.pod("p", &format!(r#"{{"spec":{{"containers":[{{"name":"main","command":{script},{probe}}}]}}}}"#));
    b.run(60);
    let failures = b.seen.iter().filter(|l| l.contains("Unhealthy")).count();
    assert!(failures >= 3, "{:#?}", b.seen);
    assert!((7.5..11.0).contains(&b.when("Running Running+/0")), "{:#?}", b.seen);
    assert!((20.0..32.0).contains(&b.when("Running Running+/1")), "{:#?}", b.seen);
}

#[test]
fn what_was_called_for_during_a_probe_that_went_with_its_container_is_over() {
    let mut b = Bench::new();
    // In the first life the probe is stuck, in the second it fails at once.
    let probe = r#""readinessProbe":{"exec":{"command":["sh","-c","[ -e /w/two ] || sleep 30; exit 1"]},
        "periodSeconds":5,"timeoutSeconds":40}"#;
    let script = r#"["sh","-c","[ -e /w/two ] && sleep 60; sleep 8; touch /w/two; exit 1"]"#;
    let mount = r#""volumeMounts":[{"name":"w","mountPath":"/w"}]"#;
    b.pod(
        "p",
        &format!(
            r#"{{"spec":{{"volumes":[{{"name":"w","emptyDir":{{}}}}],
            "containers":[{{"name":"main","command":{script},{mount},{probe}}}]}}}}"#
        ),
    );
    b.run(13);
    assert!(b.has("Running Running/1"), "{:#?}", b.seen);
    let first = format!("{:.1} Unhealthy", b.when("Unhealthy"));
    assert_eq!(b.seen.iter().filter(|l| l.starts_with(&first)).count(), 1, "{:#?}", b.seen);
}
