//! A small cluster for the tests of controllers: the API server, the controllers, and Pods that run and end as told.

use std::collections::BTreeMap;

use super::cronjob::CronJobController;
use super::job::JobController;
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Actor, ApiServer, Change, DeleteOptions, Subresource, WriteOptions};
use crate::clock::{Millis, SECOND, Time};
use crate::component::{Component, Config, Ctx};
use crate::queue::{Due, EventQueue, Sequence};
use crate::rng::Rng;

/// Runs Pods: Running after half a second, ended after the seconds and with the exit code that the template's annotation
/// `test` lists for the nth Pod (`5:1 5:0`; the last repeats), gone three seconds after a deletion.
#[derive(Default)]
struct FakeKubelet {
    queue: EventQueue<(ObjectKey, What)>,
    started: BTreeMap<String, usize>,
}

/// What is to happen to a Pod.
#[derive(Clone, Copy)]
enum What {
    Start,
    End(i64),
    Kill,
}

impl FakeKubelet {
    fn script(&mut self, pod: &Object) -> (Millis, i64) {
        let counted = pod.annotation("batch.kubernetes.io/job-completion-index").unwrap_or("");
        let owner = pod.controller().map_or("", |o| &o.uid);
        let n = self.started.entry(format!("{owner}/{counted}")).or_insert(0);
        let script = pod.annotation("test").unwrap_or("1:0");
        let steps: Vec<&str> = script.split(' ').collect();
        let step = steps[(*n).min(steps.len() - 1)];
        *n += 1;
        let (seconds, code) = step.split_once(':').expect("a step is seconds:code");
        (seconds.parse::<Millis>().unwrap() * SECOND, code.parse().unwrap())
    }
}

fn status(phase: &str, ready: bool, code: Option<i64>, now: Time) -> Value {
    let ready = if ready { "True" } else { "False" };
    let at = now.rfc3339();
    let state = code.map_or(r#"{"running":{}}"#.to_owned(), |c| {
        format!(r#"{{"terminated":{{"exitCode":{c},"finishedAt":"{at}"}}}}"#)
    });
    let json = format!(
        r#"{{"phase":"{phase}","conditions":[{{"type":"Ready","status":"{ready}","lastTransitionTime":"{at}"}}],
        "containerStatuses":[{{"name":"main","restartCount":0,"state":{state}}}]}}"#
    );
    Value::from_json(&json).unwrap()
}

impl Component for FakeKubelet {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let (_, (key, what)) = self.queue.pop().unwrap();
        let Some(pod) = ctx.api.get(&key).cloned() else { return };
        let now = ctx.now;
        let set = |ctx: &mut Ctx<'_>, value: Value| {
            ctx.api.mutate(&key, Subresource::Status, |b| b.set("status", value)).unwrap();
        };
        match what {
            What::Start if !pod.is_deleting() => {
                ctx.api.mutate(&key, Subresource::Main, |b| b.set("spec.nodeName", "node-1")).unwrap();
                set(ctx, status("Running", true, None, now));
                let (seconds, code) = self.script(&pod);
                ctx.after(&mut self.queue, seconds, (key.clone(), What::End(code)));
            }
            What::End(code) if !pod.is_deleting() => {
                set(ctx, status(if code == 0 { "Succeeded" } else { "Failed" }, false, Some(code), now));
            }
            What::Kill => {
                set(ctx, status("Failed", false, Some(143), now));
                let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
                ctx.api.delete(&key, &now).unwrap();
            }
            _ => {}
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if change.key.kind != Kind::Pod {
            return;
        }
        if change.is_added() {
            ctx.after(&mut self.queue, 500, (change.key.clone(), What::Start));
        } else if change.after.as_ref().is_some_and(|p| p.is_deleting())
            && !change.before.as_ref().is_some_and(|p| p.is_deleting())
        {
            ctx.after(&mut self.queue, 3 * SECOND, (change.key.clone(), What::Kill));
        }
    }
}

/// The cluster.
pub struct Testbed {
    pub api: ApiServer,
    pub now: Time,
    pub start: Time,
    /// Seconds from the start at which each Pod was made, with its name's part before the random suffix.
    pub created: Vec<(String, i64)>,
    config: Config,
    rng: Rng,
    sequence: Sequence,
    job: JobController,
    cronjob: CronJobController,
    kubelet: FakeKubelet,
}

impl Testbed {
    pub fn new() -> Self {
        let config = Config::default();
        let start = config.epoch;
        let mut api = ApiServer::new(1);
        api.act(start, Actor::User);
        crate::component::testing::default_namespace(&mut api);
        Self {
            api,
            now: start,
            start,
            created: Vec::new(),
            config,
            rng: Rng::new(1),
            sequence: Sequence::default(),
            job: JobController::default(),
            cronjob: CronJobController::default(),
            kubelet: FakeKubelet::default(),
        }
    }
    /// Makes a Job `j` of a spec (JSON without selector and template) whose Pods follow a script.
    pub fn job(&mut self, spec: &str, script: &str) -> ObjectKey {
        let mut body = Value::from_json(&job_text(spec, script)).unwrap();
        body.set("metadata.name", "j");
        body.set("metadata.namespace", "default");
        self.create(Kind::Job, body)
    }
    pub fn create(&mut self, kind: Kind, body: Value) -> ObjectKey {
        // Not as a learner: objects of tests hold just what the test is about.
        self.api.act(self.now, Actor::System);
        let key = self.api.create(kind, body, WriteOptions::default()).unwrap().key();
        self.tell();
        key
    }
    /// Changes an object.
    pub fn edit(&mut self, key: &ObjectKey, change: impl FnOnce(&mut Value)) {
        self.api.act(self.now, Actor::System);
        self.api.mutate(key, Subresource::Main, change).unwrap().unwrap();
        self.tell();
    }
    pub fn delete(&mut self, key: &ObjectKey) {
        self.api.act(self.now, Actor::User);
        self.api.delete(key, &DeleteOptions::default()).unwrap();
        self.tell();
    }
    /// Runs up to so many seconds after the start.
    pub fn run_to(&mut self, seconds: i64) {
        let until = self.start + seconds * SECOND;
        loop {
            let dues = [self.job.next_due(), self.cronjob.next_due(), self.kubelet.next_due()];
            let next = dues.into_iter().enumerate().filter_map(|(i, d)| Some((d?, i))).min();
            let Some(((at, _), i)) = next.filter(|((at, _), _)| *at <= until) else { break };
            self.now = self.now.max(at);
            let Self { api, rng, sequence, config, job, cronjob, kubelet, now, .. } = self;
            api.act(*now, Actor::System);
            let ctx = &mut Ctx { now: *now, api, rng, sequence, config };
            match i {
                0 => job.run_next(ctx),
                1 => cronjob.run_next(ctx),
                _ => kubelet.run_next(ctx),
            }
            self.tell();
        }
        self.now = until;
    }
    fn tell(&mut self) {
        loop {
            let changes: Vec<_> = self.api.take_changes().collect();
            if changes.is_empty() {
                return;
            }
            for change in changes {
                if change.key.kind == Kind::Pod && change.is_added() {
                    let stem = change.key.name.rsplit_once('-').map_or("", |(s, _)| s).to_owned();
                    self.created.push((stem, (change.at - self.start) / SECOND));
                }
                let Self { api, rng, sequence, config, job, cronjob, kubelet, now, .. } = self;
                let ctx = &mut Ctx { now: *now, api, rng, sequence, config };
                job.observe(ctx, &change);
                cronjob.observe(ctx, &change);
                kubelet.observe(ctx, &change);
            }
        }
    }
    /// When Pods were made, in seconds from the start.
    pub fn creation_seconds(&self) -> Vec<i64> {
        self.created.iter().map(|(_, s)| *s).collect()
    }
    /// The Job's status without times and Pod names.
    pub fn status(&self, key: &ObjectKey) -> String {
        let job = self.api.get(key).unwrap();
        let s = job.at("status");
        let conditions = s.at("conditions").items().iter();
        let conditions: Vec<String> = conditions
            .map(|c| format!("{}={}({})", c.str_at("type"), c.str_at("status"), c.str_at("reason")))
            .collect();
        let count = |f: &'static str| s.int_at(f).unwrap_or(0);
        let mut out =
            format!("a{} s{} f{} t{}", count("active"), count("succeeded"), count("failed"), count("terminating"));
        for field in ["completedIndexes", "failedIndexes"] {
            if let Some(text) = s.at(field).as_str() {
                out.push_str(" [");
                out.push_str(text);
                out.push(']');
            }
        }
        format!("{out} {}", conditions.join(" ")).trim().to_owned()
    }
    /// Reasons of the events about an object, each with how often, in order of the first.
    pub fn events(&self, key: &ObjectKey) -> Vec<String> {
        let about = |e: &&std::rc::Rc<Object>| e.at("involvedObject.name").as_str() == Some(&key.name);
        let mut events: Vec<_> = self.api.store().list(Kind::Event).filter(about).collect();
        events.sort_by_key(|e| e.resource_version());
        events.iter().map(|e| format!("{} {}", e.body().str_at("reason"), e.body().str_at("message"))).collect()
    }
}

/// A Job's body, as the API server would have filled it.
pub fn job_text(spec: &str, script: &str) -> String {
    let mut body = Value::from_json(&format!(r#"{{"spec":{spec}}}"#)).unwrap();
    let template = format!(
        r#"{{"metadata":{{"labels":{{"app":"j"}},"annotations":{{"test":"{script}"}}}},"spec":{{"restartPolicy":"Never","containers":[{{"name":"main","image":"busybox"}}]}}}}"#
    );
    body.set("spec.template", Value::from_json(&template).unwrap());
    body.set("spec.selector.matchLabels.app", "j");
    body.set("metadata.generation", 1);
    body.to_json()
}
