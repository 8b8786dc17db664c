//! Which nodes a Pod fits on, and why not on the others.
//!
//! Models the filter plugins under `pkg/scheduler/framework/plugins`, in the order of `getDefaultPlugins`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::node_info::{NodeInfo, PodInfo};
use crate::api::labels::{any_tolerates, node_affinity_matches, selector_matches, taints};
use crate::api::{Object, Value};

/// A filter, named as its plugin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Plugin {
    /// `spec.schedulingGates`
    SchedulingGates,
    /// `spec.nodeName`
    NodeName,
    /// Cordoned nodes.
    NodeUnschedulable,
    /// Taints.
    TaintToleration,
    /// `nodeSelector` and node affinity.
    NodeAffinity,
    /// Ports of the host.
    NodePorts,
    /// Resources.
    NodeResourcesFit,
    /// Volume claims.
    VolumeBinding,
    /// `topologySpreadConstraints`
    PodTopologySpread,
    /// Affinity and anti-affinity to other Pods.
    InterPodAffinity,
}

/// Why a node does not take a Pod.
#[derive(Clone, PartialEq, Debug)]
pub struct Rejection {
    /// Which filter.
    pub plugin: Plugin,
    /// Its words; resources may be short of several kinds.
    pub reasons: Vec<Rc<str>>,
    /// Whether the eviction of other Pods could help.
    pub resolvable: bool,
}

impl Rejection {
    fn new(plugin: Plugin, reason: &str, resolvable: bool) -> Self {
        Self { plugin, reasons: vec![Rc::from(reason)], resolvable }
    }
}

/// All nodes, by name.
pub type Nodes = BTreeMap<Rc<str>, Rc<NodeInfo>>;

/// A hard spread constraint with the number of matching Pods by the key's value.
struct Spread {
    key: Rc<str>,
    max_skew: i64,
    min_domains: i64,
    selector: Value,
    counts: BTreeMap<Rc<str>, i64>,
}

/// What the filters work out once for a Pod before they look at each node. Models the plugins' `PreFilter`.
pub struct PreFilter<'a> {
    info: &'a PodInfo,
    /// The only nodes that node affinity by name allows.
    pub only: Option<BTreeSet<Rc<str>>>,
    /// Number of Pods on which an own affinity term matches, by (key, value).
    affinity: BTreeMap<(Rc<str>, Rc<str>), i64>,
    anti_affinity: BTreeSet<(Rc<str>, Rc<str>)>,
    existing_anti_affinity: BTreeSet<(Rc<str>, Rc<str>)>,
    spread: Vec<Spread>,
    is_first_of_its_kind: bool,
}

/// Nodes that required node affinity names with `matchFields`. `None` where some term allows nodes of any name.
fn only_nodes(spec: &Value) -> Option<BTreeSet<Rc<str>>> {
    let required = spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    let terms = required.at("nodeSelectorTerms").items();
    if terms.is_empty() {
        return None;
    }
    let mut all = BTreeSet::new();
    for term in terms {
        let mut of_term: Option<BTreeSet<Rc<str>>> = None;
        for f in term.at("matchFields").items() {
            if f.str_at("key") == "metadata.name" && f.str_at("operator") == "In" {
                let names: BTreeSet<Rc<str>> = f.at("values").items().iter().filter_map(Value::as_rc_str).collect();
                of_term = Some(of_term.map_or(names.clone(), |t| t.intersection(&names).cloned().collect()));
            }
        }
        all.extend(of_term?);
    }
    Some(all)
}

fn counts_for_spread(spec: &Value, constraint: &Value, node: &Object) -> bool {
    let affinity = constraint.str_at("nodeAffinityPolicy") != "Ignore";
    let honor_taints = constraint.str_at("nodeTaintsPolicy") == "Honor";
    (!affinity || node_affinity_matches(spec, node))
        && (!honor_taints || untolerated(spec, node, &["NoSchedule", "NoExecute"]).is_none())
}

/// What keeps a Pod's volume claims from every node, if anything does. Models the `PreFilter` of `volumebinding` and
/// `volumerestrictions` for a cluster where nothing provides volumes.
pub fn claims_problem(pod: &Object, claim: &dyn Fn(&str) -> Option<Rc<Object>>) -> Option<String> {
    let mut unbound = false;
    for volume in pod.at("spec.volumes").items() {
        let name = if volume.at("ephemeral").is_null() {
            match volume.at("persistentVolumeClaim.claimName").as_str() {
                Some(name) => name.to_owned(),
                None => continue,
            }
        } else {
            format!("{}-{}", pod.name(), volume.str_at("name"))
        };
        let Some(claim) = claim(&name) else {
            return Some(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if claim.is_deleting() {
            return Some(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        unbound |= claim.at("status.phase").as_str() != Some("Bound");
    }
    unbound.then(|| "pod has unbound immediate PersistentVolumeClaims".to_owned())
}

/// The first taint of some effects that a Pod does not tolerate.
pub fn untolerated<'n>(spec: &Value, node: &'n Object, effects: &[&str]) -> Option<&'n Value> {
    let tolerations = spec.at("tolerations").items();
    taints(node).iter().find(|t| effects.contains(&t.str_at("effect")) && !any_tolerates(tolerations, t))
}

/// The Pods that a spread constraint counts: its selector, with the Pod's own values of `matchLabelKeys`.
pub fn spread_selector(constraint: &Value, pod: &Object) -> Value {
    let mut selector = constraint.at("labelSelector").clone();
    for label in constraint.at("matchLabelKeys").items().iter().filter_map(Value::as_str) {
        if let Some(value) = pod.label(label) {
            let requirement = crate::json!({"key": label, "operator": "In", "values": [value]});
            selector.slot("matchExpressions").make_array().push(requirement);
        }
    }
    selector
}

fn spread_constraints(pod: &Object, nodes: &Nodes) -> Vec<Spread> {
    let spec = pod.at("spec");
    let hard: Vec<&Value> = spec
        .at("topologySpreadConstraints")
        .items()
        .iter()
        .filter(|c| c.str_at("whenUnsatisfiable") == "DoNotSchedule")
        .collect();
    let keys: Vec<&str> = hard.iter().map(|c| c.str_at("topologyKey")).collect();
    hard.iter()
        .map(|c| {
            let key = c.rc_str_at("topologyKey");
            let selector = spread_selector(c, pod);
            let mut counts = BTreeMap::new();
            for info in nodes.values() {
                let Some(node) = &info.node else { continue };
                if keys.iter().any(|k| node.label(k).is_none()) || !counts_for_spread(spec, c, node) {
                    continue;
                }
                let matching = info.pods.values().filter(|p| {
                    p.pod.namespace() == pod.namespace()
                        && !p.pod.is_deleting()
                        && selector_matches(&selector, p.pod.labels())
                });
                let value = Rc::from(node.label(&key).unwrap_or(""));
                *counts.entry(value).or_insert(0) += matching.count() as i64;
            }
            Spread {
                key,
                max_skew: c.int_at("maxSkew").unwrap_or(1),
                min_domains: c.int_at("minDomains").unwrap_or(1),
                selector,
                counts,
            }
        })
        .collect()
}

impl<'a> PreFilter<'a> {
    /// Looks at all nodes once.
    pub fn new(info: &'a PodInfo, nodes: &Nodes, namespace_labels: &dyn Fn(&str) -> Value) -> Self {
        let pod = &info.pod;
        let mut pre = Self {
            info,
            only: only_nodes(pod.at("spec")),
            affinity: BTreeMap::new(),
            anti_affinity: BTreeSet::new(),
            existing_anti_affinity: BTreeSet::new(),
            spread: Vec::new(),
            is_first_of_its_kind: false,
        };
        if !pod.at("spec.topologySpreadConstraints").items().is_empty() {
            pre.spread = spread_constraints(pod, nodes);
        }
        for node in nodes.values().filter(|n| n.node.is_some()) {
            let place = |key: &Rc<str>| node.label(key).map(|v| (key.clone(), Rc::from(v)));
            for existing in node.with_anti_affinity() {
                for term in existing.anti_affinity.iter().filter(|t| t.matches(pod, namespace_labels)) {
                    pre.existing_anti_affinity.extend(place(&term.topology_key));
                }
            }
            if info.affinity.is_empty() && info.anti_affinity.is_empty() {
                continue;
            }
            for existing in node.pods.values() {
                if !info.affinity.is_empty() && info.affinity.iter().all(|t| t.matches(&existing.pod, namespace_labels))
                {
                    for p in info.affinity.iter().filter_map(|t| place(&t.topology_key)) {
                        *pre.affinity.entry(p).or_insert(0) += 1;
                    }
                }
                for term in info.anti_affinity.iter().filter(|t| t.matches(&existing.pod, namespace_labels)) {
                    pre.anti_affinity.extend(place(&term.topology_key));
                }
            }
        }
        pre.is_first_of_its_kind =
            pre.affinity.is_empty() && info.affinity.iter().all(|t| t.matches(pod, namespace_labels));
        pre
    }

    /// Whether a node takes the Pod; if not, the first filter that says no.
    pub fn filter(&self, node_info: &NodeInfo) -> Result<(), Rejection> {
        let info = self.info;
        let spec = info.pod.at("spec");
        let node = node_info.node.as_ref().expect("only nodes that are there are filtered");
        if spec.at("nodeName").as_str().is_some_and(|n| !n.is_empty() && n != node.name().as_ref()) {
            return Err(Rejection::new(Plugin::NodeName, "node(s) didn't match the requested node name", false));
        }
        if node.at("spec").bool_at("unschedulable") {
            let taint = crate::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"});
            if !any_tolerates(spec.at("tolerations").items(), &taint) {
                return Err(Rejection::new(Plugin::NodeUnschedulable, "node(s) were unschedulable", false));
            }
        }
        if untolerated(spec, node, &["NoSchedule", "NoExecute"]).is_some() {
            return Err(Rejection::new(Plugin::TaintToleration, "node(s) had untolerated taint(s)", false));
        }
        if !node_affinity_matches(spec, node) {
            let why = "node(s) didn't match Pod's node affinity/selector";
            return Err(Rejection::new(Plugin::NodeAffinity, why, false));
        }
        if node_info.port_taken(info) {
            let why = "node(s) didn't have free ports for the requested pod ports";
            return Err(Rejection::new(Plugin::NodePorts, why, true));
        }
        fits(info, node_info)?;
        self.spread_allows(node)?;
        self.others_allow(node_info)
    }

    fn spread_allows(&self, node: &Object) -> Result<(), Rejection> {
        for c in &self.spread {
            let Some(value) = node.label(&c.key) else {
                let why = "node(s) didn't match pod topology spread constraints (missing required label)";
                return Err(Rejection::new(Plugin::PodTopologySpread, why, false));
            };
            let domains = c.counts.len() as i64;
            let least = if domains < c.min_domains { 0 } else { c.counts.values().copied().min().unwrap_or(0) };
            let own = i64::from(selector_matches(&c.selector, self.info.pod.labels()));
            if c.counts.get(value).copied().unwrap_or(0) + own - least > c.max_skew {
                let why = "node(s) didn't match pod topology spread constraints";
                return Err(Rejection::new(Plugin::PodTopologySpread, why, true));
            }
        }
        Ok(())
    }

    fn others_allow(&self, node: &NodeInfo) -> Result<(), Rejection> {
        let place = |key: &Rc<str>| node.label(key).map(|v| (key.clone(), Rc::from(v)));
        let mut all_there = true;
        for term in &self.info.affinity {
            match place(&term.topology_key) {
                None => {
                    let why = "node(s) didn't match pod affinity rules";
                    return Err(Rejection::new(Plugin::InterPodAffinity, why, false));
                }
                Some(p) => all_there &= self.affinity.get(&p).is_some_and(|n| *n > 0),
            }
        }
        if !all_there && !self.is_first_of_its_kind {
            let why = "node(s) didn't match pod affinity rules";
            return Err(Rejection::new(Plugin::InterPodAffinity, why, false));
        }
        let hit = self.info.anti_affinity.iter().filter_map(|t| place(&t.topology_key));
        if hit.into_iter().any(|p| self.anti_affinity.contains(&p)) {
            let why = "node(s) didn't match pod anti-affinity rules";
            return Err(Rejection::new(Plugin::InterPodAffinity, why, true));
        }
        let labelled = |(key, value): &(Rc<str>, Rc<str>)| node.label(key) == Some(value.as_ref());
        if self.existing_anti_affinity.iter().any(labelled) {
            let why = "node(s) didn't satisfy existing pods anti-affinity rules";
            return Err(Rejection::new(Plugin::InterPodAffinity, why, true));
        }
        Ok(())
    }
}

/// Models `noderesources/fit.go` (`fitsRequest`).
fn fits(info: &PodInfo, node: &NodeInfo) -> Result<(), Rejection> {
    let mut reasons: Vec<Rc<str>> = Vec::new();
    let mut resolvable = true;
    if node.pods.len() as i64 + 1 > node.allowed_pods() {
        reasons.push(Rc::from("Too many pods"));
    }
    let mut check = |name: &str, wanted: i64, used: i64, capacity: i64| {
        if wanted > 0 && wanted > capacity - used {
            reasons.push(Rc::from(format!("Insufficient {name}")));
            resolvable &= wanted <= capacity;
        }
    };
    let (want, used, have) = (&info.requests, &node.requested, &node.allocatable);
    check("cpu", want.cpu, used.cpu, have.cpu);
    check("memory", want.memory, used.memory, have.memory);
    check("ephemeral-storage", want.ephemeral, used.ephemeral, have.ephemeral);
    for (name, wanted) in &want.other {
        let of = |a: &BTreeMap<Rc<str>, i64>| a.get(name).copied().unwrap_or(0);
        check(name, *wanted, of(&used.other), of(&have.other));
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Rejection { plugin: Plugin::NodeResourcesFit, reasons, resolvable })
}
