//! The scene at an instant, derived from the objects of the cluster, its running waits and the history.

mod cron;
mod job;
mod pod;
mod replicas;
mod timeline;

use std::collections::BTreeMap;
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
    /// Waits that run, by the uid of what waits.
    pub timers: Vec<Timer>,
    /// The run so far.
    pub history: &'a History,
}

/// The kinds that the stage shows, in the order in which they are listed.
const KINDS: [Kind; 9] = [
    Kind::CronJob,
    Kind::Job,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::ReplicationController,
    Kind::Pod,
    Kind::Node,
];

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
        let mut timers = cluster.timers();
        timers.sort_by(|a, b| a.uid.cmp(&b.uid));
        Self { now: cluster.now().0, objects, timers, history }
    }
    fn list(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &Rc<Object>> {
        self.objects.iter().filter(move |o| o.kind() == kind)
    }
    /// The running wait of an object.
    fn wait(&self, uid: &str, kind: WaitKind) -> Option<&Timer> {
        let first = self.timers.partition_point(|t| &*t.uid < uid);
        let own = self.timers[first..].iter().take_while(|t| &*t.uid == uid);
        own.filter(|t| t.kind == kind).min_by_key(|t| t.until)
    }
}

fn wait_of(timer: &Timer) -> Wait {
    Wait { from: timer.since.0, to: timer.until.0 }
}

/// Pods as they were seen last, by the address of their object: one that has not changed has only grown older.
#[derive(Clone, Default)]
pub struct Seen(BTreeMap<usize, (Rc<Object>, Rc<PodView>)>);

/// Derives the scene.
pub fn scene(world: &World) -> Scene {
    scene_since(world, &mut Seen::default())
}

/// Derives the scene, with what was seen of its Pods before.
pub fn scene_since(world: &World, seen: &mut Seen) -> Scene {
    let view = |o: &Rc<Object>| {
        let before = seen.0.get(&(Rc::as_ptr(o) as usize));
        let same = before.and_then(|(_, v)| pod::older(v, o, world));
        (o.clone(), same.unwrap_or_else(|| Rc::new(pod::view(o, world))))
    };
    let pods: Vec<(Rc<Object>, Rc<PodView>)> = world.list(Kind::Pod).map(view).collect();
    seen.0 = pods.iter().map(|p| (Rc::as_ptr(&p.0) as usize, p.clone())).collect();
    let mut scene = Scene::default();
    // The ReplicaSets of a Deployment are not shown by themselves.
    for object in world.objects.iter().filter(|o| o.kind() != Kind::ReplicaSet || o.controller().is_none()) {
        match object.kind() {
            Kind::Job => scene.workloads.push(Workload::Job(Rc::new(job::view(object, &pods, world)))),
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::ReplicationController => {
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
    let cordoned = |n: &Object| n.at("spec.unschedulable").as_bool() == Some(true);
    scene.nodes = world.list(Kind::Node).map(|n| (n.name().to_string().into(), cordoned(n))).collect();
    scene.pods = pods.into_iter().map(|(_, v)| v).collect();
    scene
}

fn object_key(object: &Object) -> AttrValue {
    key_of(object)
}
