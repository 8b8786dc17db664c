//! Admission: what may be refused or added before an object is stored.
//!
//! Models the plugins that a cluster runs by default, in their order (`pkg/kubeapiserver/options/plugins.go`):
//! NamespaceLifecycle, LimitRanger, ServiceAccount, Priority, DefaultTolerationSeconds, RuntimeClass mutate; LimitRanger and
//! ResourceQuota validate.

mod limit_ranger;
mod priority;
pub mod quota;
mod runtime_class;
mod service_account;

use std::rc::Rc;

use super::{ApiServer, Status};
use crate::api::{Kind, Object, Value};
use crate::json;

/// Parts that are the same in every Pod, so that all Pods share them.
#[derive(Clone)]
pub(super) struct Shared {
    /// The tolerations of a node that is not ready or cannot be reached.
    tolerations: Value,
    /// What the volume with a Pod's token projects.
    token: Value,
}

impl Shared {
    pub fn new() -> Self {
        let toleration =
            |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
        Self { tolerations: Value::array(TAINTS.map(toleration)), token: service_account::token_projection() }
    }
}

const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/// The name by which admission speaks of an object that has none yet.
pub(super) fn name_of(body: &Value) -> &str {
    match body.str_at("metadata.name") {
        "" => match body.str_at("metadata.generateName") {
            "" => "Unknown",
            prefix => prefix,
        },
        name => name,
    }
}

impl ApiServer {
    /// Refuses what a namespace cannot take. Models `plugin/pkg/admission/namespace/lifecycle`.
    pub(super) fn admit_namespace(&self, kind: Kind, body: &Value) -> Result<(), Status> {
        if !kind.info().namespaced {
            return Ok(());
        }
        let name = body.str_at("metadata.namespace");
        let Some(namespace) = self.store.find(Kind::Namespace, "", name) else {
            return Err(Status::not_found(Kind::Namespace, name));
        };
        if namespace.is_deleting() {
            let why = format!("unable to create new content in namespace {name} because it is being terminated");
            return Err(Status::forbidden(kind, name_of(body), &why));
        }
        Ok(())
    }

    /// Lets the mutating plugins complete a new Pod. Returns whether a LimitRange changed what its containers ask for.
    pub(super) fn admit_pod(&mut self, body: &mut Value) -> Result<bool, Status> {
        let limited = self.default_limits(body);
        self.admit_service_account(body)?;
        self.admit_priority(body)?;
        self.default_tolerations(body);
        self.admit_runtime_class(body)?;
        Ok(limited)
    }

    /// Gives an Ingress the class that is the default one, of several the newest. Models
    /// `plugin/pkg/admission/network/defaultingressclass`.
    pub(super) fn admit_ingress(&self, kind: Kind, body: &mut Value) {
        let said = |body: &Value| {
            !body.at("spec.ingressClassName").is_null()
                || body.at("metadata.annotations").get("kubernetes.io/ingress.class").is_some()
        };
        if kind != Kind::Ingress || said(body) {
            return;
        }
        let default = "ingressclass.kubernetes.io/is-default-class";
        let is_default =
            |c: &&Rc<Object>| c.at("metadata.annotations").get(default).and_then(Value::as_str) == Some("true");
        let classes = self.store.list(Kind::IngressClass).filter(is_default);
        if let Some(class) =
            classes.max_by(|a, b| a.creation_time().cmp(&b.creation_time()).then(b.name().cmp(a.name())))
        {
            body.set("spec.ingressClassName", class.name().clone());
        }
    }

    /// Models `plugin/pkg/admission/defaulttolerationseconds`.
    pub(super) fn default_tolerations(&self, body: &mut Value) {
        if body.at("spec.tolerations").items().is_empty() {
            body.set("spec.tolerations", self.shared.tolerations.clone());
            return;
        }
        for (i, key) in TAINTS.into_iter().enumerate() {
            let tolerated = body.at("spec.tolerations").items().iter().any(|t| {
                matches!(t.str_at("key"), "") | (t.str_at("key") == key)
                    && matches!(t.str_at("effect"), "" | "NoExecute")
            });
            if !tolerated {
                let toleration = self.shared.tolerations.items()[i].clone();
                body.slot("spec.tolerations").make_array().push(toleration);
            }
        }
    }
}
