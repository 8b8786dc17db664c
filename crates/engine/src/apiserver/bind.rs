//! The binding of a Pod to a node.
//!
//! Models `pkg/registry/core/pod/storage/storage.go` (`BindingREST`).

use std::rc::Rc;

use super::{ApiServer, Status};
use crate::api::{Object, ObjectKey};

impl ApiServer {
    /// Binds a Pod to a node: its `spec.nodeName`, and the condition `PodScheduled`, in one version. A nomination is over.
    pub fn bind(&mut self, key: &ObjectKey, node: &str) -> Result<Rc<Object>, Status> {
        let Some(pod) = self.get(key).cloned() else {
            return Err(Status::not_found(key.kind, &key.name));
        };
        if pod.is_deleting() {
            let why = format!("pod {} is being deleted, cannot be assigned to a host", key.name);
            return Err(Status::conflict(key.kind, &key.name, &why));
        }
        if let Some(there) = pod.at("spec.nodeName").as_str().filter(|n| !n.is_empty()) {
            let why = format!("pod {} is already assigned to node \"{there}\"", key.name);
            return Err(Status::conflict(key.kind, &key.name, &why));
        }
        if !pod.at("spec.schedulingGates").items().is_empty() {
            let why = format!("pod {} has non-empty .spec.schedulingGates", key.name);
            return Err(Status::conflict(key.kind, &key.name, &why));
        }
        let mut body = pod.body().clone();
        body.set("spec.nodeName", node);
        body.unset("status.nominatedNodeName");
        let condition = crate::json!({
            "type": "PodScheduled",
            "status": "True",
            "lastProbeTime": null,
            "lastTransitionTime": (self.stamp()),
        });
        let conditions = body.slot("status.conditions").make_array();
        match conditions.iter_mut().find(|c| c.str_at("type") == "PodScheduled") {
            Some(c) => *c = condition,
            None => conditions.push(condition),
        }
        Ok(self.commit(Object::following(&pod, body), Some(&pod)))
    }
}
