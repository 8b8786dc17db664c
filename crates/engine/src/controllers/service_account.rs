//! What every namespace has: a ServiceAccount `default`, and the ConfigMap with the cluster's certificate.
//!
//! Models `pkg/controller/serviceaccount/serviceaccounts_controller.go` and
//! `pkg/controller/certificates/rootcacertpublisher/publisher.go`.

use crate::api::{Kind, ObjectKey, Value};
use crate::apiserver::{ApiServer, Change, WriteOptions};
use crate::clock::Millis;
use crate::component::{Component, Ctx};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that it causes.
const LATENCY: Millis = 5;

/// A certificate that certifies nothing: there is no server to trust.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
QSBzaW11bGF0ZWQgY2x1c3RlciBoYXMgbm8gY2VydGlmaWNhdGUgYXV0aG9yaXR5
LiBUaGlzIGlzIG9ubHkgaGVyZSBiZWNhdXNlIGEgcmVhbCBvbmUgaGFzIGl0Lg==
-----END CERTIFICATE-----
";

const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
                           endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
                           guaranteed across distributions of Kubernetes clusters.";

/// Makes what a namespace lacks.
pub fn ensure(api: &mut ApiServer, namespace: &str) {
    let missing = |api: &ApiServer, kind: Kind, name: &str| api.store().find(kind, namespace, name).is_none();
    if missing(api, Kind::ServiceAccount, "default") {
        let body = json!({"metadata": {"name": "default", "namespace": namespace}});
        let _ = api.create(Kind::ServiceAccount, body, WriteOptions::default());
    }
    if missing(api, Kind::ConfigMap, "kube-root-ca.crt") {
        let mut body = json!({"metadata": {"name": "kube-root-ca.crt", "namespace": namespace}});
        body.set_key("metadata.annotations", "kubernetes.io/description", DESCRIPTION);
        body.set_key("data", "ca.crt", Value::from(CERTIFICATE));
        let _ = api.create(Kind::ConfigMap, body, WriteOptions::default());
    }
}

/// The controller.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccountController {
    queue: WorkQueue,
}

impl Component for ServiceAccountController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }

    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        let Some(key) = self.queue.pop() else { return };
        if ctx.api.get(&key).is_some_and(|n| !n.is_deleting()) {
            ensure(ctx.api, &key.name);
        }
    }

    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let namespace = match change.key.kind {
            Kind::Namespace if change.is_added() => &change.key.name,
            Kind::ServiceAccount if change.is_deleted() && change.key.name.as_ref() == "default" => {
                &change.key.namespace
            }
            Kind::ConfigMap if change.is_deleted() && change.key.name.as_ref() == "kube-root-ca.crt" => {
                &change.key.namespace
            }
            _ => return,
        };
        let key = ObjectKey::new(Kind::Namespace, "", namespace.clone());
        self.queue.add(ctx, key, LATENCY);
    }
}
