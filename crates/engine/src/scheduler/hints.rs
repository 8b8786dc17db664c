//! Which changes may make a Pod schedulable that was refused: queueing hints.
//!
//! Models `EventsToRegister` and the hint functions of the plugins under `pkg/scheduler/framework/plugins`.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::filters::{Plugin, untolerated};
use super::node_info::PodInfo;
use crate::api::labels::{node_affinity_matches, selector_matches, taints};
use crate::api::resources::Amounts;
use crate::api::{Object, Value};

/// A change that may help.
pub enum ClusterEvent<'a> {
    /// A Pod got a node.
    PodAssigned(&'a Rc<Object>),
    /// A Pod with a node went or ended.
    PodLeft(&'a Rc<Object>),
    /// The labels of a Pod with a node changed.
    PodRelabelled(&'a Rc<Object>, &'a Rc<Object>),
    /// A volume claim came or changed.
    Claim(&'a Object),
    /// A node came, changed or went.
    Node(Option<&'a Rc<Object>>, Option<&'a Rc<Object>>),
}

fn taint_signature(node: &Object) -> (bool, &[Value]) {
    (node.at("spec").bool_at("unschedulable"), taints(node))
}

/// Whether a change of a node's matters of one filter turned it from one that refuses into one that may not.
fn node_helps(plugin: Plugin, info: &PodInfo, before: Option<&Rc<Object>>, after: &Rc<Object>) -> bool {
    let spec = info.pod.at("spec");
    let relabelled = before.is_none_or(|b| b.labels() != after.labels());
    let retainted = before.is_none_or(|b| taint_signature(b) != taint_signature(after));
    let open = |n: &Object| untolerated(spec, n, &["NoSchedule", "NoExecute"]).is_none();
    match plugin {
        Plugin::NodeAffinity => {
            relabelled && node_affinity_matches(spec, after) && before.is_none_or(|b| !node_affinity_matches(spec, b))
        }
        Plugin::TaintToleration => retainted && open(after) && before.is_none_or(|b| !open(b)),
        Plugin::NodeUnschedulable => {
            let cordoned = |n: &Object| n.at("spec").bool_at("unschedulable");
            !cordoned(after) && before.is_none_or(|b| cordoned(b))
        }
        Plugin::NodeResourcesFit => {
            let give = |n: &Object| Amounts::read(n.at("status.allocatable"));
            let (have, want) = (give(after), &info.requests);
            let enough = want.cpu <= have.cpu && want.memory <= have.memory && want.ephemeral <= have.ephemeral;
            let more = |b: &Rc<Object>| {
                let had = give(b);
                have.cpu > had.cpu
                    || have.memory > had.memory
                    || have.ephemeral > had.ephemeral
                    || have.other.iter().any(|(k, v)| *v > had.other.get(k).copied().unwrap_or(0))
            };
            enough && before.is_none_or(more)
        }
        Plugin::PodTopologySpread => relabelled || retainted,
        Plugin::InterPodAffinity => relabelled,
        Plugin::NodePorts | Plugin::NodeName => before.is_none(),
        Plugin::SchedulingGates | Plugin::VolumeBinding => false,
    }
}

fn in_a_spread(pod: &Object, other: &Object) -> bool {
    pod.namespace() == other.namespace()
        && pod
            .at("spec.topologySpreadConstraints")
            .items()
            .iter()
            .any(|c| selector_matches(c.at("labelSelector"), other.labels()))
}

impl ClusterEvent<'_> {
    /// Whether the change may make a Pod schedulable that these filters refused.
    pub fn may_help(
        &self,
        pod: &Rc<Object>,
        refused_by: &BTreeSet<Plugin>,
        namespace_labels: &dyn Fn(&str) -> Value,
    ) -> bool {
        let info = LazyCell::new(|| PodInfo::new(pod));
        let wanted =
            |p: &Object| !info.affinity.is_empty() && info.affinity.iter().all(|t| t.matches(p, namespace_labels));
        let unwanted = |p: &Object| info.anti_affinity.iter().any(|t| t.matches(p, namespace_labels));
        refused_by.iter().any(|plugin| match (self, plugin) {
            (Self::Node(before, Some(after)), plugin) => node_helps(*plugin, &info, *before, after),
            (Self::Claim(claim), Plugin::VolumeBinding) => claim.namespace() == pod.namespace(),
            (Self::Node(_, None), plugin) => *plugin == Plugin::PodTopologySpread,
            (Self::PodLeft(_), Plugin::NodeResourcesFit) => true,
            (Self::PodLeft(p), Plugin::NodePorts) => PodInfo::new(p).ports_clash(&info),
            (Self::PodLeft(p), Plugin::InterPodAffinity) => {
                unwanted(p) || PodInfo::new(p).anti_affinity.iter().any(|t| t.matches(pod, namespace_labels))
            }
            (Self::PodAssigned(p), Plugin::InterPodAffinity) => wanted(p),
            (Self::PodRelabelled(b, a), Plugin::InterPodAffinity) => {
                (!wanted(b) && wanted(a)) || (unwanted(b) && !unwanted(a))
            }
            (Self::PodLeft(p) | Self::PodAssigned(p), Plugin::PodTopologySpread) => in_a_spread(pod, p),
            (Self::PodRelabelled(b, a), Plugin::PodTopologySpread) => in_a_spread(pod, b) || in_a_spread(pod, a),
            _ => false,
        })
    }
}

/// Whether a Pod is held back before it is tried: by its gates, or as it waits for devices, which nobody gives out here.
pub fn is_gated(pod: &Object) -> bool {
    ["spec.schedulingGates", "spec.resourceClaims"].iter().any(|list| !pod.at(list).items().is_empty())
}

/// Whether a change of the Pod itself may help: its gates, labels, tolerations, node selector or requests.
pub fn own_change_may_help(before: &Object, after: &Object, refused_by: &BTreeSet<Plugin>) -> bool {
    let changed = |path: &'static str| before.at(path) != after.at(path);
    refused_by.iter().any(|plugin| match plugin {
        Plugin::SchedulingGates => !is_gated(after),
        Plugin::TaintToleration | Plugin::NodeUnschedulable => changed("spec.tolerations"),
        Plugin::PodTopologySpread => changed("metadata.labels") || changed("spec.tolerations"),
        Plugin::InterPodAffinity => changed("metadata.labels"),
        Plugin::NodeResourcesFit => changed("spec.containers"),
        Plugin::NodeAffinity => changed("spec.nodeSelector") || changed("spec.affinity"),
        Plugin::NodeName | Plugin::NodePorts | Plugin::VolumeBinding => false,
    })
}
