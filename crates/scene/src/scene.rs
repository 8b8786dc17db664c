//! The scene at an instant, derived from the objects of the cluster, its running waits and the history.

mod cron;
mod job;
mod pod;
mod replicas;
mod timeline;

use std::rc::Rc;

use batchyard_engine::api::{Kind, Object};
use batchyard_engine::cluster::{Cluster, Timer, WaitKind};
use implicit_clone::unsync::IString as AttrValue;

pub use cron::planned;
pub use job::laid;
pub use timeline::{timeline, whole_timeline};

use super::history::{History, key_of};
use super::text::Ms;
use super::view::{PodView, Scene, Wait, Workload};

/// What a scene is derived from.
pub struct World<'a> {
    /// The moment.
    pub now: Ms,
    /// All objects of the kinds that are shown, at that moment.
    pub objects: Vec<Rc<Object>>,
    /// Waits that run.
    pub timers: Vec<Timer>,
    /// The run so far.
    pub history: &'a History,
}

/// The kinds that the stage shows, in the order in which they are listed.
const KINDS: [Kind; 7] =
    [Kind::CronJob, Kind::Job, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::Pod];

impl<'a> World<'a> {
    /// The world of a cluster now.
    pub fn of(cluster: &Cluster, history: &'a History) -> Self {
        let snapshot = cluster.snapshot();
        let objects = KINDS
            .iter()
            .flat_map(|k| snapshot.list(*k))
            .filter(|o| &**o.namespace() != "kube-system")
            .cloned()
            .collect();
        Self { now: cluster.now().0, objects, timers: cluster.timers(), history }
    }
    fn list(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Rc<Object>> {
        self.objects.iter().filter(move |o| o.kind() == kind)
    }
    /// The running wait of an object.
    fn wait(&self, uid: &str, kind: WaitKind) -> Option<&Timer> {
        self.timers.iter().filter(|t| t.kind == kind && &*t.uid == uid).min_by_key(|t| t.until)
    }
}

fn wait_of(timer: &Timer) -> Wait {
    Wait { from: timer.since.0, to: timer.until.0 }
}

/// Derives the scene.
pub fn scene(world: &World) -> Scene {
    let pods: Vec<(Rc<Object>, Rc<PodView>)> =
        world.list(Kind::Pod).map(|o| (o.clone(), Rc::new(pod::view(o, world)))).collect();
    let mut scene = Scene::default();
    for object in world.objects.iter().filter(|o| o.kind() != Kind::Pod && o.kind() != Kind::ReplicaSet) {
        match object.kind() {
            Kind::Job => scene.workloads.push(Workload::Job(Rc::new(job::view(object, &pods, world)))),
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => {
                scene.workloads.push(Workload::Replicas(Rc::new(replicas::view(object, &pods, world))));
            }
            Kind::CronJob => scene.workloads.push(Workload::Cron(Rc::new(cron::view(object, world)))),
            _ => {}
        }
    }
    scene
        .workloads
        .extend(pods.iter().filter(|(o, _)| o.controller().is_none()).map(|(_, v)| Workload::Pod(v.clone())));
    // In the order in which they came into being: that of the manifest.
    let born = |key: &str, kind: &str| {
        world.history.work.iter().position(|w| w.key == key && w.kind.name() == kind).unwrap_or(usize::MAX)
    };
    scene.workloads.sort_by_key(|w| born(w.key(), w.kind()));
    scene.pods = pods.into_iter().map(|(_, v)| v).collect();
    scene
}

fn object_key(object: &Object) -> AttrValue {
    key_of(object)
}
