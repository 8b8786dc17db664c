//! What a Pod's RuntimeClass adds to it: overhead, and where it may run.
//!
//! Models `plugin/pkg/admission/runtimeclass/admission.go`.

use super::super::{ApiServer, Status};
use super::name_of;
use crate::api::{Kind, Value};

impl ApiServer {
    /// Completes a new Pod by its RuntimeClass, or refuses it.
    pub(super) fn admit_runtime_class(&self, body: &mut Value) -> Result<(), Status> {
        let refused = |body: &Value, why: &str| Err(Status::forbidden(Kind::Pod, name_of(body), why));
        let has_overhead = body.at("spec.overhead").fields().next().is_some();
        let name = body.str_at("spec.runtimeClassName");
        if name.is_empty() {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return if has_overhead { refused(body, why) } else { Ok(()) };
        }
        let Some(class) = self.store.find(Kind::RuntimeClass, "", name) else {
            return refused(body, &format!("pod rejected: RuntimeClass {name:?} not found"));
        };
        let overhead = class.at("overhead.podFixed");
        if has_overhead && body.at("spec.overhead") != overhead {
            return refused(body, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
        }
        if !overhead.is_null() {
            body.set("spec.overhead", overhead.clone());
        }
        for (key, wanted) in class.at("scheduling.nodeSelector").fields() {
            let wanted = wanted.as_str().unwrap_or("");
            let own = body.at("spec.nodeSelector").get(key).and_then(Value::as_str);
            if let Some(own) = own.filter(|own| *own != wanted) {
                let why = format!(
                    "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {wanted}; pod.spec.nodeSelector[{key}] = {own}"
                );
                return refused(body, &why);
            }
            body.set_key("spec.nodeSelector", key, wanted);
        }
        for toleration in class.at("scheduling.tolerations").items() {
            if !body.at("spec.tolerations").items().contains(toleration) {
                body.slot("spec.tolerations").make_array().push(toleration.clone());
            }
        }
        Ok(())
    }
}
