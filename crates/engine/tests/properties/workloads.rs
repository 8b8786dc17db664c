//! Random Deployments, StatefulSets and DaemonSets, and what must hold of their Pods at every instant.

use std::collections::BTreeMap;
use std::fmt::Write;

use batchyard_engine::api::{Kind, Object};
use batchyard_engine::cluster::Cluster;
use proptest::prelude::*;

/// A workload and what its Pods need to become ready.
#[derive(Clone, Debug)]
pub struct Workload {
    pub kind: &'static str,
    pub replicas: i64,
    pub surge: i64,
    pub unavailable: i64,
    pub recreate: bool,
    pub parallel: bool,
    pub min_ready: i64,
    pub delay: i64,
}

/// A Deployment, StatefulSet or DaemonSet.
pub fn workload(kind: &'static str) -> impl Strategy<Value = Workload> {
    (1..5i64, 0..3i64, 0..3i64, any::<bool>(), any::<bool>(), 0..3i64, 0..3i64).prop_map(
        move |(replicas, surge, unavailable, recreate, parallel, min_ready, delay)| Workload {
            kind,
            replicas,
            surge,
            unavailable: if surge == 0 { unavailable.max(1) } else { unavailable },
            recreate: recreate && kind == "Deployment",
            parallel,
            min_ready,
            delay,
        },
    )
}

impl Workload {
    pub fn yaml(&self) -> String {
        let mut text = format!("apiVersion: apps/v1\nkind: {}\nmetadata: {{name: w}}\nspec:\n", self.kind);
        let more = match self.kind {
            "Deployment" if self.recreate => format!("  replicas: {}\n  strategy: {{type: Recreate}}\n", self.replicas),
            "Deployment" => format!(
                "  replicas: {}\n  strategy: {{rollingUpdate: {{maxSurge: {}, maxUnavailable: {}}}}}\n",
                self.replicas, self.surge, self.unavailable
            ),
            "StatefulSet" => format!(
                "  replicas: {}\n  serviceName: w\n  podManagementPolicy: {}\n",
                self.replicas,
                if self.parallel { "Parallel" } else { "OrderedReady" }
            ),
            _ => format!("  updateStrategy: {{rollingUpdate: {{maxUnavailable: {}}}}}\n", self.unavailable.max(1)),
        };
        text += &more;
        let _ = write!(
            text,
            "  minReadySeconds: {}\n  selector: {{matchLabels: {{app: w}}}}\n  template:\n    metadata: {{labels: {{app: w}}}}\n    \
             spec:\n      containers:\n      - name: main\n        image: nginx:1\n        readinessProbe: {{exec: \
             {{command: [\"true\"]}}, initialDelaySeconds: {}, periodSeconds: 1}}\n",
            self.min_ready, self.delay
        );
        text
    }
    /// The most Pods at a time that are not on their way out.
    fn most(&self) -> i64 {
        match self.kind {
            "Deployment" if !self.recreate => self.replicas + self.surge,
            "DaemonSet" => 3,
            _ => self.replicas,
        }
    }
}

fn is_active(pod: &Object) -> bool {
    !pod.is_deleting() && !matches!(pod.at("status.phase").as_str(), Some("Succeeded" | "Failed"))
}

/// Checks the whole history: never too many Pods; one of an ordinal after the other; at the end as many as asked for, all
/// of the newest template, and nothing left without its owner.
pub fn check(cluster: &Cluster, made: &Workload, image: &str) -> Result<(), TestCaseError> {
    let mut pods: BTreeMap<String, std::rc::Rc<Object>> = BTreeMap::new();
    for change in cluster.journal().entries() {
        if change.key.kind != Kind::Pod {
            continue;
        }
        let pod = change.object();
        if change.is_added() && made.kind == "StatefulSet" && !made.parallel {
            let (_, ordinal) = pod.name().rsplit_once('-').expect("an ordinal");
            let ordinal: i64 = ordinal.parse().expect("a number");
            for before in 0..ordinal {
                let ready = pods.values().any(|p| {
                    p.name().as_ref() == format!("w-{before}") && p.condition_is_true("Ready") && is_active(p)
                });
                prop_assert!(ready, "{} made before w-{before} is ready", pod.name());
            }
        }
        if change.is_deleted() {
            pods.remove(pod.uid().as_ref());
        } else {
            pods.insert(pod.uid().to_string(), pod.clone());
        }
        let active = pods.values().filter(|p| is_active(p)).count() as i64;
        prop_assert!(active <= made.most(), "{active} Pods at {:?}, at most {}", change.at, made.most());
    }
    let snapshot = cluster.snapshot();
    let mut count = 0;
    for pod in snapshot.list(Kind::Pod) {
        count += 1;
        prop_assert!(pod.condition_is_true("Ready"), "{} is not ready at the end", pod.name());
        prop_assert_eq!(pod.at("spec.containers.0.image").as_str(), Some(image));
        let owner = pod.controller().expect("every Pod here has one");
        let kind = Kind::find(&owner.api_version, &owner.kind).expect("a kind");
        prop_assert!(snapshot.list(kind).any(|o| o.uid() == &owner.uid), "{}'s owner is gone", pod.name());
    }
    let wanted = if made.kind == "DaemonSet" { 3 } else { made.replicas };
    prop_assert_eq!(count, wanted);
    let busy = snapshot.list(Kind::ReplicaSet).filter(|rs| rs.at("spec.replicas").as_i64() != Some(0)).count();
    prop_assert!(busy <= 1, "{busy} ReplicaSets with Pods at the end");
    for o in snapshot.list(Kind::Deployment) {
        let status = o.at("status");
        for field in ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"] {
            prop_assert_eq!(status.int_at(field), Some(made.replicas), "{}", field);
        }
        let progressing = o.condition("Progressing").map_or("", |c| c.str_at("reason"));
        prop_assert_eq!(progressing, "NewReplicaSetAvailable");
    }
    Ok(())
}
