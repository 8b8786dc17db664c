//! What the scheduler knows of a node: the sums over its Pods, kept as Pods come and go.
//!
//! Models `pkg/scheduler/framework/types.go` (`NodeInfo`, `PodInfo`).

use std::rc::Rc;

use crate::api::labels::selector_matches;
use crate::api::resources::{Amounts, pod_requests};
use crate::api::{Object, ObjectKey, Value};
use crate::sorted::SortedMap;

/// One term of inter-pod affinity or anti-affinity, with the Pod's own namespace filled in.
#[derive(Clone, Debug)]
pub struct AffinityTerm {
    /// The node label whose values are the places told apart.
    pub topology_key: Rc<str>,
    selector: Value,
    namespaces: Vec<Rc<str>>,
    /// `namespaceSelector`; null where there is none. An empty one means every namespace.
    namespace_selector: Value,
}

impl AffinityTerm {
    fn read(term: &Value, pod: &Object) -> Self {
        let mut namespaces: Vec<Rc<str>> = term.at("namespaces").items().iter().filter_map(Value::as_rc_str).collect();
        if namespaces.is_empty() && term.at("namespaceSelector").is_null() {
            namespaces.push(pod.namespace().clone());
        }
        let mut selector = term.at("labelSelector").clone();
        for (keys, operator) in [("matchLabelKeys", "In"), ("mismatchLabelKeys", "NotIn")] {
            for key in term.at(keys).items().iter().filter_map(Value::as_str) {
                if let Some(value) = pod.label(key) {
                    let requirement = crate::json!({"key": key, "operator": operator, "values": [value]});
                    selector.slot("matchExpressions").make_array().push(requirement);
                }
            }
        }
        Self {
            topology_key: term.at("topologyKey").as_rc_str().unwrap_or_else(|| Rc::from("")),
            selector,
            namespaces,
            namespace_selector: term.at("namespaceSelector").clone(),
        }
    }
    /// Whether the term is about a Pod. `namespace_labels` looks a namespace's labels up.
    pub fn matches(&self, pod: &Object, namespace_labels: &dyn Fn(&str) -> Value) -> bool {
        let named = self.namespaces.iter().any(|n| n == pod.namespace());
        let selected = || {
            !self.namespace_selector.is_null()
                && selector_matches(&self.namespace_selector, &namespace_labels(pod.namespace()))
        };
        (named || selected()) && selector_matches(&self.selector, pod.labels())
    }
}

/// The terms of a list of the Pod's `spec.affinity`.
fn terms(pod: &Object, path: &'static str) -> Vec<AffinityTerm> {
    pod.at("spec.affinity").at(path).items().iter().map(|t| AffinityTerm::read(t, pod)).collect()
}

/// Weighted terms of the Pod's `spec.affinity`.
fn weighted(pod: &Object, path: &'static str) -> Vec<(i64, AffinityTerm)> {
    let list = pod.at("spec.affinity").at(path).items();
    list.iter().map(|t| (t.int_at("weight").unwrap_or(0), AffinityTerm::read(t.at("podAffinityTerm"), pod))).collect()
}

/// A port of the host that a Pod wants: protocol, address, number.
pub type HostPort = (Rc<str>, Rc<str>, i64);

/// A Pod with what scheduling asks of it read once.
#[derive(Debug)]
pub struct PodInfo {
    /// The Pod.
    pub pod: Rc<Object>,
    /// What it asks for.
    pub requests: Amounts,
    /// Its priority.
    pub priority: i64,
    /// Required affinity.
    pub affinity: Vec<AffinityTerm>,
    /// Required anti-affinity.
    pub anti_affinity: Vec<AffinityTerm>,
    /// Preferred affinity, and anti-affinity with negative weights.
    pub preferred: Vec<(i64, AffinityTerm)>,
    /// Ports of the host.
    pub host_ports: Vec<HostPort>,
}

impl PodInfo {
    /// Reads a Pod.
    pub fn new(pod: &Rc<Object>) -> Self {
        let spec = pod.at("spec");
        let text = |v: &Value, otherwise: &str| v.as_rc_str().unwrap_or_else(|| Rc::from(otherwise));
        let mut host_ports = Vec::new();
        for list in ["containers", "initContainers"] {
            for c in spec.at(list).items() {
                if list == "initContainers" && c.str_at("restartPolicy") != "Always" {
                    continue;
                }
                for p in c.at("ports").items() {
                    if let Some(n) = p.int_at("hostPort").filter(|n| *n > 0) {
                        host_ports.push((text(p.at("protocol"), "TCP"), text(p.at("hostIP"), "0.0.0.0"), n));
                    }
                }
            }
        }
        let (mut affinity, mut anti_affinity, mut preferred) = (Vec::new(), Vec::new(), Vec::new());
        if !spec.at("affinity").is_null() {
            affinity = terms(pod, "podAffinity.requiredDuringSchedulingIgnoredDuringExecution");
            anti_affinity = terms(pod, "podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution");
            preferred = weighted(pod, "podAffinity.preferredDuringSchedulingIgnoredDuringExecution");
            let anti = weighted(pod, "podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution");
            preferred.extend(anti.into_iter().map(|(w, t)| (-w, t)));
        }
        Self {
            requests: pod_requests(spec),
            priority: spec.int_at("priority").unwrap_or(0),
            affinity,
            anti_affinity,
            preferred,
            host_ports,
            pod: pod.clone(),
        }
    }
    /// Whether two Pods want the same port of a host.
    pub fn ports_clash(&self, other: &Self) -> bool {
        let any = |ip: &str| ip.is_empty() || ip == "0.0.0.0" || ip == "::";
        self.host_ports.iter().any(|(protocol, ip, n)| {
            other.host_ports.iter().any(|(p, i, m)| protocol == p && n == m && (ip == i || any(ip) || any(i)))
        })
    }
}

/// A node and the Pods on it.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// The node; none while Pods are bound to a node that is not there.
    pub node: Option<Rc<Object>>,
    /// What it has to give.
    pub allocatable: Amounts,
    /// What its Pods ask for.
    pub requested: Amounts,
    /// Its Pods.
    pub pods: SortedMap<ObjectKey, Rc<PodInfo>>,
    /// How many of them have required anti-affinity.
    with_anti_affinity: usize,
    /// How many of them want ports of the host.
    with_ports: usize,
    /// How many of them have preferred affinity or anti-affinity.
    with_preferred: usize,
}

impl NodeInfo {
    /// A node without Pods.
    pub fn new(node: Option<Rc<Object>>) -> Self {
        let mut info = Self {
            node: None,
            allocatable: Amounts::default(),
            requested: Amounts::default(),
            pods: SortedMap::new(),
            with_anti_affinity: 0,
            with_ports: 0,
            with_preferred: 0,
        };
        info.set_node(node);
        info
    }
    /// Takes over a new version of the node.
    pub fn set_node(&mut self, node: Option<Rc<Object>>) {
        self.allocatable = node.as_ref().map_or_else(Amounts::default, |n| Amounts::read(n.at("status.allocatable")));
        self.node = node;
    }
    /// How many Pods the node takes.
    pub fn allowed_pods(&self) -> i64 {
        self.allocatable.other.get("pods").copied().unwrap_or(0)
    }
    fn count(&mut self, info: &PodInfo, by: isize) {
        let step = |n: &mut usize, yes: bool| *n = n.saturating_add_signed(if yes { by } else { 0 });
        step(&mut self.with_anti_affinity, !info.anti_affinity.is_empty());
        step(&mut self.with_ports, !info.host_ports.is_empty());
        step(&mut self.with_preferred, !info.preferred.is_empty());
    }
    /// Counts a Pod in, in place of an older version of it.
    pub fn add(&mut self, info: Rc<PodInfo>) {
        self.remove(&info.pod.key());
        self.requested.add(&info.requests);
        self.count(&info, 1);
        self.pods.insert(info.pod.key(), info);
    }
    /// Counts a Pod out.
    pub fn remove(&mut self, key: &ObjectKey) -> Option<Rc<PodInfo>> {
        let info = self.pods.remove(key)?;
        self.requested.subtract(&info.requests);
        self.count(&info, -1);
        Some(info)
    }
    /// Pods with required anti-affinity.
    pub fn with_anti_affinity(&self) -> impl Iterator<Item = &Rc<PodInfo>> {
        let any = self.with_anti_affinity > 0;
        self.pods.values().filter(move |_| any).filter(|p| !p.anti_affinity.is_empty())
    }
    /// Pods with preferred affinity or anti-affinity.
    pub fn with_preferred(&self) -> impl Iterator<Item = &Rc<PodInfo>> {
        let any = self.with_preferred > 0;
        self.pods.values().filter(move |_| any).filter(|p| !p.preferred.is_empty())
    }
    /// Whether a Pod of the node holds a port that the given one wants.
    pub fn port_taken(&self, info: &PodInfo) -> bool {
        self.with_ports > 0 && !info.host_ports.is_empty() && self.pods.values().any(|p| p.ports_clash(info))
    }
    /// The value of one of the node's labels.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.node.as_ref()?.label(key)
    }
}
