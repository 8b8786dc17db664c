//! ServiceAccount: every Pod runs as one, and gets its token.
//!
//! Models `plugin/pkg/admission/serviceaccount`.

use crate::api::{Kind, Value};
use crate::apiserver::{Actor, ApiServer, Status, WriteOptions};
use crate::json;

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX: &str = "kube-api-access-";

/// The volume that holds a Pod's token, the cluster's certificate and the namespace.
pub(super) fn token_projection() -> Value {
    json!({
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
            ]}}
        ],
    })
}

impl ApiServer {
    pub(super) fn admit_service_account(&mut self, body: &mut Value) -> Result<(), Status> {
        if body.str_at("spec.serviceAccountName").is_empty() {
            body.set("spec.serviceAccountName", "default");
        }
        let (namespace, name) = (body.str_at("metadata.namespace"), body.str_at("spec.serviceAccountName"));
        if name == "default" && self.store.find(Kind::ServiceAccount, namespace, name).is_none() {
            self.await_default_account(namespace);
        }
        let Some(account) = self.store.find(Kind::ServiceAccount, namespace, name) else {
            let why =
                format!("error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found");
            return Err(Status::forbidden(Kind::Pod, super::name_of(body), &why));
        };
        let mounts = body
            .at("spec.automountServiceAccountToken")
            .as_bool()
            .or(account.at("automountServiceAccountToken").as_bool())
            .unwrap_or(true);
        let pull_secrets = account.at("imagePullSecrets").clone();
        if body.at("spec.imagePullSecrets").items().is_empty() && !pull_secrets.items().is_empty() {
            body.set("spec.imagePullSecrets", pull_secrets);
        }
        let account = body.at("spec.serviceAccountName").clone();
        body.set("spec.serviceAccount", account);
        if mounts {
            self.mount_token(body);
        }
        Ok(())
    }

    /// The plugin asks up to ten times for the account `default` that a namespace does not have yet: the controller makes it
    /// within that time.
    fn await_default_account(&mut self, namespace: &str) {
        let asker = std::mem::replace(&mut self.actor, Actor::Controller("service-account-controller"));
        let body = json!({"metadata": {"name": "default", "namespace": namespace}});
        let made = self.create(Kind::ServiceAccount, body, WriteOptions::default());
        self.actor = asker;
        debug_assert!(made.is_ok(), "a namespace that takes Pods takes a ServiceAccount");
    }

    fn mount_token(&mut self, body: &mut Value) {
        let existing = body
            .at("spec.volumes")
            .items()
            .iter()
            .find(|v| v.str_at("name").starts_with(VOLUME_PREFIX) && !v.at("projected").is_null())
            .map(|v| v.at("name").clone());
        let (name, missing) = match existing {
            Some(name) => (name, false),
            None => (Value::from(format!("{VOLUME_PREFIX}{}", self.rng.name_suffix(5))), true),
        };
        let mut mount = None;
        for list in ["spec.initContainers", "spec.containers"] {
            if body.at(list).items().is_empty() {
                continue;
            }
            for container in body.slot(list).make_array() {
                if container.at("volumeMounts").items().iter().any(|m| m.str_at("mountPath") == TOKEN_PATH) {
                    continue;
                }
                let mount = mount
                    .get_or_insert_with(|| json!({"name": (name.clone()), "readOnly": true, "mountPath": TOKEN_PATH}));
                container.slot("volumeMounts").make_array().push(mount.clone());
            }
        }
        if missing && mount.is_some() {
            let volume = json!({"name": name, "projected": (self.shared.token.clone())});
            body.slot("spec.volumes").make_array().push(volume);
        }
    }
}
