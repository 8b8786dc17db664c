//! Everything of a cluster that changes, and the loop that runs it.
//!
//! The loop takes the component whose first task is due first, lets it run, and tells all components of what changed in
//! the store. A new component is one line in the list of `components!`.

use super::{Command, Outcome, Snapshot};
use crate::api::{Kind, Object};
use crate::apiserver::{Actor, ApiServer, Change, Store};
use crate::clock::Time;
use crate::component::{Component, Config, Ctx, Timer};
use crate::controllers::cronjob::CronJobController;
use crate::controllers::daemonset::DaemonSetController;
use crate::controllers::deployment::DeploymentController;
use crate::controllers::disruption::DisruptionController;
use crate::controllers::endpoints::EndpointsController;
use crate::controllers::garbage_collector::GarbageCollector;
use crate::controllers::horizontal::HorizontalController;
use crate::controllers::job::JobController;
use crate::controllers::namespace::NamespaceController;
use crate::controllers::node::NodeLifecycleController;
use crate::controllers::persistentvolume::PersistentVolumeController;
use crate::controllers::podgc::PodGarbageCollector;
use crate::controllers::replicaset::{ReplicaSetController, ReplicationManager};
use crate::controllers::resource_quota::ResourceQuotaController;
use crate::controllers::service_account::ServiceAccountController;
use crate::controllers::statefulset::StatefulSetController;
use crate::controllers::tainteviction::TaintEvictionController;
use crate::controllers::ttl_after_finished::TtlAfterFinished;
use crate::events::EventExpiry;
use crate::kubectl::{self, LogLine, LogOptions, Nodes, Sessions};
use crate::kubelet::Kubelet;
use crate::queue::{Due, Sequence};
use crate::rng::Rng;
use crate::scheduler::Scheduler;
use std::cmp::Ordering;

/// A component and who it acts as.
type As<C> = (C, Actor);

/// Declares [`Components`] from one list of field, type and actor.
macro_rules! components {
    ($($field:ident: $type:ty as $actor:expr;)*) => {
        /// The components, in the order in which they hear of a change.
        #[derive(Clone, Default)]
        struct Components {
            $($field: $type,)*
        }

        impl Components {
            const COUNT: usize = [$(stringify!($field)),*].len();

            fn all(&self) -> [&dyn Component; Self::COUNT] {
                [$(&self.$field as &dyn Component),*]
            }
            fn all_mut(&mut self) -> [As<&mut dyn Component>; Self::COUNT] {
                [$((&mut self.$field as &mut dyn Component, $actor)),*]
            }
            /// Which component has the first task, and when it is due.
            fn first(&self) -> Option<(usize, Due)> {
                let dues = [$(self.$field.next_due()),*];
                let dues = dues.into_iter().enumerate().filter_map(|(i, due)| Some((i, due?)));
                dues.min_by_key(|(_, due)| *due)
            }
            /// Tells every component of a change.
            fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
                $(
                    ctx.api.act(ctx.now, $actor);
                    self.$field.observe(ctx, change);
                )*
            }
        }
    };
}

components! {
    deployment: DeploymentController as Actor::Controller("deployment-controller");
    daemonset: DaemonSetController as Actor::Controller("daemonset-controller");
    statefulset: StatefulSetController as Actor::Controller("statefulset-controller");
    replicaset: ReplicaSetController as Actor::Controller("replicaset-controller");
    replication: ReplicationManager as Actor::Controller("replication-controller");
    cronjob: CronJobController as Actor::Controller("cronjob-controller");
    job: JobController as Actor::Controller("job-controller");
    node_lifecycle: NodeLifecycleController as Actor::Controller("node-controller");
    endpoints: EndpointsController as Actor::Controller("endpointslice-controller");
    persistent_volume: PersistentVolumeController as Actor::Controller("persistentvolume-controller");
    pod_garbage_collector: PodGarbageCollector as Actor::Controller("pod-garbage-collector");
    taint_eviction: TaintEvictionController as Actor::Controller("taint-eviction-controller");
    disruption: DisruptionController as Actor::Controller("disruption-controller");
    horizontal: HorizontalController as Actor::Controller("horizontal-pod-autoscaler");
    scheduler: Scheduler as Actor::Scheduler;
    kubelet: Kubelet as Actor::System;
    garbage_collector: GarbageCollector as Actor::Controller("generic-garbage-collector");
    ttl_after_finished: TtlAfterFinished as Actor::Controller("ttl-after-finished-controller");
    resource_quota: ResourceQuotaController as Actor::Controller("resourcequota-controller");
    service_account: ServiceAccountController as Actor::Controller("service-account-controller");
    namespace: NamespaceController as Actor::Controller("namespace-controller");
}

/// The kubelets, as kubectl asks them.
impl Nodes for Components {
    fn logs(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<Vec<LogLine>, String> {
        let lines = self.kubelet.container_logs(pod, container, options.previous)?;
        let recent = lines.iter().filter(|l| options.since.is_none_or(|t| l.at >= t));
        Ok(recent.map(|l| LogLine { at: l.at, text: l.text.to_string() }).collect())
    }
    fn exec(&mut self, pod: &Object, container: &str, argv: &[String], now: Time) -> Result<kubectl::Output, String> {
        let out = self.kubelet.exec(now, pod.uid(), container, argv)?;
        Ok(kubectl::Output {
            stdout: out.stdout,
            stderr: out.stderr,
            exit: out.code as i32,
            ..kubectl::Output::default()
        })
    }
}

/// The task that is next: whose, and when it is due.
#[derive(Clone, Copy)]
pub(super) struct Next {
    component: usize,
    due: Due,
}

impl Next {
    /// When it is due.
    pub fn at(self) -> Time {
        self.due.0
    }
}

/// Everything that changes.
#[derive(Clone)]
pub(super) struct World {
    now: Time,
    api: ApiServer,
    rng: Rng,
    sequence: Sequence,
    components: Components,
    sessions: Sessions,
    event_expiry: EventExpiry,
    /// How many commands there have been: the next one's place.
    commands: usize,
    /// Changes that the journal has not: those that all components have heard of, and while they are told the rest.
    told: Vec<Change>,
}

impl World {
    pub fn new(config: &Config) -> Self {
        let mut world = Self {
            now: config.epoch,
            api: ApiServer::new(config.seed),
            rng: Rng::new(config.seed),
            sequence: Sequence::default(),
            components: Components::default(),
            sessions: Sessions::default(),
            event_expiry: EventExpiry::default(),
            commands: 0,
            told: Vec::new(),
        };
        world.api.limit_objects(config.max_objects);
        world.api.act(world.now, Actor::System);
        super::bootstrap::bootstrap(&mut world.api, config);
        world.tell(config);
        world
    }
    pub fn now(&self) -> Time {
        self.now
    }
    pub fn set_now(&mut self, now: Time) {
        self.now = self.now.max(now);
    }
    pub fn store(&self) -> &Store {
        self.api.store()
    }
    /// How many objects there are.
    pub fn objects(&self) -> usize {
        self.api.store().len()
    }
    /// When something happens next. That old events go is not worth waiting for.
    pub fn next_due(&self) -> Option<Time> {
        self.first().map(|(_, due)| due.0)
    }
    /// The next task.
    pub fn next(&self) -> Option<Next> {
        let expiry = self.event_expiry.next_due().map(|due| (Components::COUNT + 1, due));
        let (component, due) = self.first().into_iter().chain(expiry).min_by_key(|(_, due)| *due)?;
        Some(Next { component, due })
    }
    fn first(&self) -> Option<(usize, Due)> {
        let session = self.sessions.next_due().map(|due| (Components::COUNT, due));
        self.components.first().into_iter().chain(session).min_by_key(|(_, due)| *due)
    }
    pub fn run(&mut self, next: Next, config: &Config) {
        let i = next.component;
        self.now = self.now.max(next.at());
        let Self { now, api, rng, sequence, components, sessions, event_expiry, .. } = self;
        match i.cmp(&Components::COUNT) {
            Ordering::Greater => {
                api.act(*now, Actor::System);
                event_expiry.run_next(&mut Ctx { now: *now, api, rng, sequence, config });
            }
            Ordering::Equal => {
                api.act(*now, Actor::User);
                sessions.run_next(&mut Ctx { now: *now, api, rng, sequence, config }, components);
            }
            Ordering::Less => {
                let mut all = components.all_mut();
                let (component, actor) = &mut all[i];
                api.act(*now, actor.clone());
                component.run_next(&mut Ctx { now: *now, api, rng, sequence, config });
            }
        }
        self.tell(config);
    }
    pub fn handle(&mut self, command: &Command, config: &Config) -> Outcome {
        let id = self.commands;
        self.commands += 1;
        let Self { now, api, rng, sequence, components, sessions, .. } = self;
        api.act(*now, Actor::User);
        let mut ctx = Ctx { now: *now, api, rng, sequence, config };
        let mut refused = None;
        match command {
            Command::Kubectl { line, files } => {
                let session = kubectl::Session::new(line, files.clone());
                sessions.start(id, session, &mut ctx, components);
            }
            Command::FailContainer { namespace, pod, container }
            | Command::HangContainer { namespace, pod, container } => {
                let uid = ctx.api.store().find(Kind::Pod, namespace, pod).map(|p| p.uid().clone());
                let done = uid.is_some_and(|uid| match command {
                    Command::FailContainer { .. } => components.kubelet.fail_container(&mut ctx, &uid, container),
                    _ => components.kubelet.hang_container(&mut ctx, &uid, container),
                });
                if !done {
                    let stderr = format!("error: pod \"{pod}\" has no running container \"{container}\"\n");
                    let output = kubectl::Output { stderr, exit: 1, ..kubectl::Output::default() };
                    refused = Some(Outcome { output, finished: true });
                }
            }
            Command::Interrupt => sessions.interrupt(),
            Command::Provide { name, text } => {
                sessions.home_mut().provide(name, text);
                sessions.resume(&mut ctx, components);
            }
        }
        self.tell(config);
        refused.or_else(|| self.outcome(id)).unwrap_or(Outcome { finished: true, ..Outcome::default() })
    }
    pub fn outcome(&self, command: usize) -> Option<Outcome> {
        self.sessions.outcome(command).map(|(output, finished)| Outcome { output, finished })
    }
    pub fn home(&self) -> &kubectl::Home {
        self.sessions.home()
    }
    /// Tells every component of every change, until there is none left.
    fn tell(&mut self, config: &Config) {
        let Self { now, api, rng, sequence, components, sessions, event_expiry, told, .. } = self;
        let mut next = told.len();
        loop {
            told.extend(api.take_changes());
            let Some(change) = told.get(next) else { return };
            next += 1;
            let ctx = &mut Ctx { now: *now, api, rng, sequence, config };
            sessions.observe(ctx, change);
            // Events are half of all changes, and no other component acts on them.
            if change.key.kind == Kind::Event {
                event_expiry.observe(ctx, change);
            } else {
                components.observe(ctx, change);
            }
        }
    }
    /// The changes since it was last asked, oldest first. Their list keeps its room.
    pub fn take_journal(&mut self) -> impl Iterator<Item = Change> {
        self.told.drain(..)
    }
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.now, self.api.store().clone())
    }
    pub fn timers(&self) -> Vec<Timer> {
        let mut out = Vec::new();
        for component in self.components.all() {
            component.timers(&self.api, &mut out);
        }
        out
    }
}
