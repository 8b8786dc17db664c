//! A bench for tests of components: an API server and a clock, without the rest of a cluster.

use super::{Component, Config, Ctx};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::{Actor, ApiServer, Change, Subresource, WriteOptions};
use crate::clock::{Millis, Time};
use crate::queue::Sequence;
use crate::rng::Rng;
use std::rc::Rc;

/// An API server, the time and chance.
pub struct Bench {
    /// The time.
    pub now: Time,
    /// The API server.
    pub api: ApiServer,
    rng: Rng,
    sequence: Sequence,
    config: Config,
    /// Everything that happened.
    pub changes: Vec<Change>,
}

/// Makes the namespace `default` with its ServiceAccount, untold.
pub fn default_namespace(api: &mut ApiServer) {
    for (kind, json) in [
        (Kind::Namespace, r#"{"metadata":{"name":"default"}}"#),
        (Kind::ServiceAccount, r#"{"metadata":{"name":"default","namespace":"default"}}"#),
    ] {
        let body = Value::from_json(json).expect("this JSON is right");
        api.create(kind, body, WriteOptions::default()).expect("every cluster has these");
    }
    api.take_changes().for_each(drop);
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// A cluster with nothing but the namespace `default`.
    pub fn new() -> Self {
        let config = Config::default();
        let mut api = ApiServer::new(1);
        api.act(config.epoch, Actor::User);
        default_namespace(&mut api);
        Self { now: config.epoch, api, rng: Rng::new(1), sequence: Sequence::default(), config, changes: Vec::new() }
    }
    /// Creates an object in the namespace `default` (or none) from JSON.
    pub fn create(&mut self, kind: Kind, json: &str) -> Rc<Object> {
        let mut body = Value::from_json(json).expect("a test's JSON is right");
        if kind.info().namespaced {
            body.set("metadata.namespace", "default");
        }
        // Not as a learner: objects of tests hold just what the test is about.
        self.api.act(self.now, Actor::System);
        self.api.create(kind, body, WriteOptions::default()).expect("a test's object is right")
    }
    /// Nodes `node-1` and so on, of 4 CPUs, 8 GiB and 110 Pods.
    pub fn nodes(&mut self, n: usize) {
        for i in 1..=n {
            self.create(
                Kind::Node,
                &format!(
                    r#"{{"metadata":{{"name":"node-{i}","labels":{{"kubernetes.io/hostname":"node-{i}"}}}},"spec":{{}},
                    "status":{{"allocatable":{{"cpu":"4","memory":"8Gi","pods":"110"}},
                    "conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
                ),
            );
        }
    }
    /// An object by kind and name.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Rc<Object>> {
        let namespace = if kind.info().namespaced { "default" } else { "" };
        self.api.get(&ObjectKey::new(kind, namespace, name))
    }
    /// Edits an object.
    pub fn edit(&mut self, kind: Kind, name: &str, part: Subresource, change: impl FnOnce(&mut Value)) {
        let key = self.get(kind, name).expect("a test's object is there").key();
        self.api.act(self.now, Actor::System);
        self.api.mutate(&key, part, change).expect("a test's edit is right");
    }
    /// Runs components for some time.
    pub fn run(&mut self, components: &mut [&mut dyn Component], time: Millis) {
        let until = self.now + time;
        loop {
            loop {
                let changes: Vec<_> = self.api.take_changes().collect();
                if changes.is_empty() {
                    break;
                }
                for change in &changes {
                    for c in components.iter_mut() {
                        let Self { now, api, rng, sequence, config, .. } = self;
                        c.observe(&mut Ctx { now: *now, api, rng, sequence, config }, change);
                    }
                }
                self.changes.extend(changes);
            }
            let due = components.iter().enumerate().filter_map(|(i, c)| Some((c.next_due()?, i))).min();
            let Some(((at, _), i)) = due.filter(|((at, _), _)| *at <= until) else { break };
            self.now = self.now.max(at);
            self.api.act(self.now, Actor::System);
            let Self { now, api, rng, sequence, config, .. } = self;
            components[i].run_next(&mut Ctx { now: *now, api, rng, sequence, config });
        }
        self.now = until;
    }
    /// The events so far: about, reason and message.
    pub fn events(&self) -> Vec<String> {
        let mut list: Vec<&Rc<Object>> = self.api.store().list(Kind::Event).collect();
        list.sort_by_key(|e| e.resource_version());
        list.iter()
            .map(|e| {
                format!(
                    "{} {} {}",
                    e.at("involvedObject.name").as_str().unwrap_or(""),
                    e.at("reason").as_str().unwrap_or(""),
                    e.at("message").as_str().unwrap_or("")
                )
            })
            .collect()
    }
}
