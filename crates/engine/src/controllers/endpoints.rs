//! The endpoints of Services: which Pods stand behind them, as EndpointSlices and as Endpoints.
//!
//! Models `pkg/controller/endpointslice` and `pkg/controller/endpoint`, with one slice a Service.

use std::rc::Rc;

use super::pod_control::{is_pod_ready, is_pod_terminal};
use crate::api::labels::map_matches;
use crate::api::{Kind, Object, ObjectKey, OwnerReference, Value};
use crate::apiserver::{Change, DeleteOptions, Subresource, WriteOptions};
use crate::clock::Millis;
use crate::component::{Component, Ctx};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it.
const LATENCY: Millis = 8;
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const SLICE_MANAGER: &str = "endpointslice.kubernetes.io/managed-by";
const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct EndpointsController {
    queue: WorkQueue,
}

/// The port of a Pod that a Service's port leads to.
fn target_port(port: &Value, pod: &Object) -> Option<i64> {
    let target = port.at("targetPort");
    let Some(name) = target.as_str() else { return target.as_i64().or(port.int_at("port")) };
    let containers = pod.at("spec.containers").items().iter();
    containers.flat_map(|c| c.at("ports").items()).find(|p| p.str_at("name") == name)?.int_at("containerPort")
}

fn address(pod: &Object) -> Option<Rc<str>> {
    pod.at("status.podIP").as_rc_str().filter(|ip| !ip.is_empty())
}

/// Addresses in the order of their numbers.
fn by_number(ip: &str) -> Vec<u32> {
    ip.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

impl EndpointsController {
    fn observe_pod(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let services = ctx.api.store().list_in(Kind::Service, &change.key.namespace);
        let services: Vec<&Rc<Object>> = services.filter(|s| !s.at("spec.selector").is_null()).collect();
        if services.is_empty() {
            return;
        }
        let matters = |p: &Rc<Object>| (address(p), is_pod_ready(p), p.is_deleting(), is_pod_terminal(p));
        let (before, after) = (change.before.as_ref(), change.after.as_ref());
        if let (Some(b), Some(a)) = (before, after)
            && b.labels() == a.labels()
            && matters(b) == matters(a)
        {
            return;
        }
        let selected = |s: &&&Rc<Object>| {
            let selector = s.at("spec.selector");
            before.iter().chain(&after).any(|p| map_matches(selector, p.labels()))
        };
        let keys: Vec<ObjectKey> = services.iter().filter(selected).map(|s| s.key()).collect();
        for key in keys {
            self.queue.add(ctx, key, LATENCY);
        }
    }

    fn sync(ctx: &mut Ctx<'_>, key: &ObjectKey) {
        let endpoints = ObjectKey::new(Kind::Endpoints, key.namespace.clone(), key.name.clone());
        let Some(service) = ctx.api.get(key).cloned() else {
            let _ = ctx.api.delete(&endpoints, &DeleteOptions::default());
            return;
        };
        let selector = service.at("spec.selector");
        if selector.is_null() || service.at("spec.type").as_str() == Some("ExternalName") {
            return;
        }
        let mut pods: Vec<Rc<Object>> = ctx
            .api
            .store()
            .list_in(Kind::Pod, &key.namespace)
            .filter(|p| map_matches(selector, p.labels()) && !is_pod_terminal(p) && address(p).is_some())
            .cloned()
            .collect();
        pods.sort_by_key(|p| by_number(&address(p).unwrap_or_else(|| Rc::from(""))));
        Self::write_slice(ctx, &service, &pods);
        Self::write_endpoints(ctx, &service, &endpoints, &pods);
    }

    /// The ports of a Service as its Pods have them: the first Pod decides for all.
    fn ports(service: &Object, pods: &[Rc<Object>], named: bool) -> Vec<Value> {
        let Some(pod) = pods.first() else { return Vec::new() };
        let port = |p: &Value| {
            let number = target_port(p, pod)?;
            let mut out = json!({"port": number, "protocol": (p.at("protocol").as_str().unwrap_or("TCP"))});
            let name = p.str_at("name");
            if named || !name.is_empty() {
                out.set("name", name);
            }
            Some(out)
        };
        service.at("spec.ports").items().iter().filter_map(port).collect()
    }

    fn write_slice(ctx: &mut Ctx<'_>, service: &Rc<Object>, pods: &[Rc<Object>]) {
        let lenient = service.at("spec").bool_at("publishNotReadyAddresses");
        let endpoint = |pod: &Rc<Object>| {
            let (ready, going) = (is_pod_ready(pod), pod.is_deleting());
            json!({
                "addresses": [(address(pod))],
                "conditions": {"ready": (lenient || (ready && !going)), "serving": ready, "terminating": going},
                "nodeName": (pod.at("spec.nodeName").clone()),
                "targetRef": {"kind": "Pod", "name": (pod.name()), "namespace": (pod.namespace()), "uid": (pod.uid())},
            })
        };
        let endpoints = Value::array(pods.iter().map(endpoint));
        let ports = Value::from(Self::ports(service, pods, true));
        let mut labels = service.labels().clone();
        labels.make_object().insert(SLICE_MANAGER, "endpointslice-controller.k8s.io");
        labels.make_object().insert(SERVICE_NAME, service.name());
        if service.at("spec.clusterIP").as_str() == Some("None") {
            labels.make_object().insert("service.kubernetes.io/headless", "");
        }
        let is_slice =
            |o: &&Rc<Object>| o.kind() == Kind::EndpointSlice && o.label(SERVICE_NAME) == Some(service.name());
        let there = ctx.api.store().dependents(service.uid()).find(is_slice).cloned();
        let now = ctx.now.rfc3339();
        match there {
            Some(slice) if slice.at("endpoints") == &endpoints && slice.at("ports") == &ports => {}
            Some(slice) => {
                let _ = ctx.api.mutate(&slice.key(), Subresource::Main, |body| {
                    body.set("endpoints", endpoints);
                    body.set("ports", ports);
                    body.set("metadata.labels", labels);
                    body.set_key("metadata.annotations", TRIGGER_TIME, now);
                });
            }
            None => {
                let mut body = json!({
                    "metadata": {
                        "generateName": (format!("{}-", service.name())),
                        "namespace": (service.namespace()),
                        "labels": labels,
                        "ownerReferences": [(OwnerReference::controller_of(service))],
                    },
                    "addressType": "IPv4",
                    "endpoints": endpoints,
                    "ports": ports,
                });
                body.set_key("metadata.annotations", TRIGGER_TIME, now);
                let _ = ctx.api.create(Kind::EndpointSlice, body, WriteOptions::default());
            }
        }
    }

    fn write_endpoints(ctx: &mut Ctx<'_>, service: &Rc<Object>, key: &ObjectKey, pods: &[Rc<Object>]) {
        let lenient = service.at("spec").bool_at("publishNotReadyAddresses");
        let entry = |pod: &Rc<Object>| {
            json!({
                "ip": (address(pod)),
                "nodeName": (pod.at("spec.nodeName").clone()),
                "targetRef": {"kind": "Pod", "name": (pod.name()), "namespace": (pod.namespace()), "uid": (pod.uid())},
            })
        };
        let staying = pods.iter().filter(|p| lenient || !p.is_deleting());
        let (ready, other): (Vec<_>, Vec<_>) = staying.partition(|p| lenient || is_pod_ready(p));
        let mut subset = json!({});
        for (field, list) in [("addresses", ready), ("notReadyAddresses", other)] {
            if !list.is_empty() {
                subset.set(field, Value::array(list.into_iter().map(entry)));
            }
        }
        let subsets = if subset.fields().next().is_some() {
            let ports = Self::ports(service, pods, false);
            if !ports.is_empty() {
                subset.set("ports", ports);
            }
            json!([subset])
        } else {
            Value::Null
        };
        let mut labels = service.labels().clone();
        labels.make_object().insert("endpoints.kubernetes.io/managed-by", "endpoint-controller");
        if service.at("spec.clusterIP").as_str() == Some("None") {
            labels.make_object().insert("service.kubernetes.io/headless", "");
        }
        let now = ctx.now.rfc3339();
        let change = |body: &mut Value| {
            if subsets.is_null() {
                body.unset("subsets");
            } else {
                body.set("subsets", subsets.clone());
            }
            body.set("metadata.labels", labels.clone());
            body.set_key("metadata.annotations", TRIGGER_TIME, now.as_str());
        };
        match ctx.api.get(key) {
            Some(there) if there.at("subsets") == &subsets => {}
            Some(_) => drop(ctx.api.mutate(key, Subresource::Main, change)),
            None => {
                let mut body = json!({"metadata": {"name": (service.name()), "namespace": (service.namespace())}});
                change(&mut body);
                drop(ctx.api.create(Kind::Endpoints, body, WriteOptions::default()));
            }
        }
    }
}

impl Component for EndpointsController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(key) = self.queue.pop() {
            Self::sync(ctx, &key);
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::Pod => self.observe_pod(ctx, change),
            Kind::Service if !change.object().at("spec.selector").is_null() => {
                self.queue.add(ctx, change.key.clone(), LATENCY);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::Bench;

    #[test]
    fn ready_pods_stand_behind_a_service() {
        let (mut b, mut c) = (Bench::new(), EndpointsController::default());
        for (name, ip, ready) in [("a", "10.0.0.10", "True"), ("b", "10.0.0.9", "False")] {
            b.create(
                Kind::Pod,
                &format!(
                    r#"{{"metadata":{{"name":"{name}","labels":{{"app":"x"}}}},
                    "spec":{{"containers":[{{"name":"main","image":"nginx","ports":[{{"name":"web","containerPort":80}}]}}]}}}}"#
                ),
            );
            b.edit(Kind::Pod, name, Subresource::Status, |p| {
                p.set("status.podIP", ip);
                p.set("status.conditions", json!([{"type": "Ready", "status": ready}]));
            });
        }
        b.create(
            Kind::Service,
            r#"{"metadata":{"name":"x"},"spec":{"selector":{"app":"x"},"ports":[{"port":8080,"targetPort":"web"}]}}"#,
        );
        b.run(&mut [&mut c], 100);
        let endpoints = b.get(Kind::Endpoints, "x").unwrap();
        assert_eq!(endpoints.at("subsets.0.addresses.0.ip").as_str(), Some("10.0.0.10"));
        assert_eq!(endpoints.at("subsets.0.notReadyAddresses.0.ip").as_str(), Some("10.0.0.9"));
        assert_eq!(endpoints.at("subsets.0.ports.0.port").as_i64(), Some(80));
        let slice = b.api.store().list(Kind::EndpointSlice).next().unwrap();
        assert_eq!(slice.at("endpoints").items().len(), 2);
        b.edit(Kind::Pod, "b", Subresource::Status, |p| p.set("status.conditions.0.status", "True"));
        b.run(&mut [&mut c], 100);
        assert_eq!(b.get(Kind::Endpoints, "x").unwrap().at("subsets.0.addresses").items().len(), 2);
    }
}
