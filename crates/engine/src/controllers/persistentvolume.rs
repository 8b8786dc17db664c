//! The volume binder: claims to volumes that were made by hand. Nothing makes volumes on demand here.
//!
//! Models `pkg/controller/volume/persistentvolume/pv_controller.go` (`syncUnboundClaim`, `bind`) and, for the finalizer
//! of claims, `pkg/controller/volume/pvcprotection`.

use std::rc::Rc;

use crate::api::{Kind, Object, ObjectKey, Quantity};
use crate::apiserver::{Change, Subresource};
use crate::clock::{Millis, SECOND};
use crate::component::{Component, Ctx};
use crate::events::{EventRecorder, EventType};
use crate::json;
use crate::queue::Due;
use crate::workqueue::WorkQueue;

/// From a change to the sync that answers it.
const LATENCY: Millis = 5;
/// How often an unbound claim is looked at again.
const RESYNC: Millis = 15 * SECOND;
const PROTECTION: &str = "kubernetes.io/pvc-protection";
const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";

/// The controller.
#[derive(Clone, Debug)]
pub struct PersistentVolumeController {
    queue: WorkQueue,
    events: EventRecorder,
}

impl Default for PersistentVolumeController {
    fn default() -> Self {
        Self { queue: WorkQueue::default(), events: EventRecorder::new("persistentvolume-controller") }
    }
}

fn storage(o: &Object, path: &'static str) -> i128 {
    Quantity::at(o.body(), path).nanos()
}

fn class(o: &Object) -> &str {
    o.at("spec.storageClassName").as_str().unwrap_or("")
}

/// Whether a volume is for a claim: promised to it, or free and large enough, of its class and with its access modes.
fn matches(volume: &Object, claim: &Object) -> bool {
    let promised = volume.at("spec.claimRef");
    if !promised.is_null() {
        let uid = promised.at("uid").as_str().unwrap_or("");
        return promised.str_at("namespace") == claim.namespace().as_ref()
            && promised.str_at("name") == claim.name().as_ref()
            && (uid.is_empty() || uid == claim.uid().as_ref());
    }
    let modes = volume.at("spec.accessModes").items();
    !volume.is_deleting()
        && class(volume) == class(claim)
        && claim.at("spec.accessModes").items().iter().all(|m| modes.contains(m))
        && storage(volume, "spec.capacity.storage") >= storage(claim, "spec.resources.requests.storage")
}

/// Whether a Pod that has not ended uses a claim.
fn in_use(ctx: &Ctx<'_>, claim: &Object) -> bool {
    ctx.api.store().list_in(Kind::Pod, claim.namespace()).any(|p| {
        let volumes = p.at("spec.volumes").items();
        !super::pod_control::is_pod_terminal(p)
            && volumes.iter().any(|v| v.at("persistentVolumeClaim").str_at("claimName") == claim.name().as_ref())
    })
}

impl PersistentVolumeController {
    fn sync(&mut self, ctx: &mut Ctx<'_>, key: &ObjectKey) {
        let Some(claim) = ctx.api.get(key).cloned() else { return };
        if claim.is_deleting() {
            if claim.has_finalizer(PROTECTION) && !in_use(ctx, &claim) {
                let _ = ctx.api.mutate(key, Subresource::Main, |body| {
                    let list = body.slot("metadata.finalizers").make_array();
                    list.retain(|f| f.as_str() != Some(PROTECTION));
                });
            }
            return;
        }
        if claim.at("status.phase").as_str() == Some("Bound") {
            return;
        }
        let named = claim.at("spec.volumeName").as_str().unwrap_or("").to_owned();
        let fitting = |v: &&Rc<Object>| (named.is_empty() || v.name().as_ref() == named) && matches(v, &claim);
        let smallest = |v: &&Rc<Object>| (v.at("spec.claimRef").is_null(), storage(v, "spec.capacity.storage"));
        if let Some(volume) = ctx.api.store().list(Kind::PersistentVolume).filter(fitting).min_by_key(smallest).cloned()
        {
            Self::bind(ctx, &claim, &volume);
            return;
        }
        if named.is_empty() {
            self.say_why(ctx, &claim);
        }
        self.queue.add_after(ctx, key.clone(), RESYNC);
    }

    /// What holds an unbound claim up.
    fn say_why(&mut self, ctx: &mut Ctx<'_>, claim: &Rc<Object>) {
        let name = class(claim);
        let (kind, reason, text) = if name.is_empty() {
            let text = "no persistent volumes available for this claim and no storage class is set";
            (EventType::Normal, "FailedBinding", text.to_owned())
        } else {
            match ctx.api.get(&ObjectKey::new(Kind::StorageClass, "", name)) {
                None => {
                    let text = format!("storageclass.storage.k8s.io \"{name}\" not found");
                    (EventType::Warning, "ProvisioningFailed", text)
                }
                Some(class) if class.body().str_at("volumeBindingMode") == "WaitForFirstConsumer" => {
                    let text = "waiting for first consumer to be created before binding";
                    (EventType::Normal, "WaitForFirstConsumer", text.to_owned())
                }
                Some(class) if class.body().str_at("provisioner") == "kubernetes.io/no-provisioner" => {
                    let text = "no volume plugin matched name: kubernetes.io/no-provisioner";
                    (EventType::Warning, "ProvisioningFailed", text.to_owned())
                }
                Some(class) => {
                    let provisioner = class.body().str_at("provisioner");
                    let text = format!(
                        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or \
                         manually by the system administrator. If volume creation is delayed, please verify that the \
                         provisioner is running and correctly registered."
                    );
                    (EventType::Normal, "ExternalProvisioning", text)
                }
            }
        };
        self.events.event(ctx, claim, kind, reason, &text);
    }

    fn bind(ctx: &mut Ctx<'_>, claim: &Rc<Object>, volume: &Rc<Object>) {
        let reference = json!({
            "kind": "PersistentVolumeClaim",
            "namespace": (claim.namespace()),
            "name": (claim.name()),
            "uid": (claim.uid()),
            "apiVersion": "v1",
            "resourceVersion": (claim.resource_version().to_string()),
        });
        let _ = ctx.api.mutate(&volume.key(), Subresource::Main, |body| {
            body.set("spec.claimRef", reference);
            body.set_key("metadata.annotations", "pv.kubernetes.io/bound-by-controller", "yes");
        });
        let _ = ctx.api.mutate(&volume.key(), Subresource::Status, |body| body.set("status.phase", "Bound"));
        let _ = ctx.api.mutate(&claim.key(), Subresource::Main, |body| {
            body.set("spec.volumeName", volume.name());
            body.set_key("metadata.annotations", "pv.kubernetes.io/bind-completed", "yes");
            body.set_key("metadata.annotations", "pv.kubernetes.io/bound-by-controller", "yes");
        });
        let (modes, capacity) = (volume.at("spec.accessModes").clone(), volume.at("spec.capacity").clone());
        let _ = ctx.api.mutate(&claim.key(), Subresource::Status, |body| {
            body.set("status.phase", "Bound");
            body.set("status.accessModes", modes);
            body.set("status.capacity", capacity);
        });
    }

    fn observe_volume(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        if let Some(volume) = change.after.as_ref().filter(|v| v.is_deleting() && v.has_finalizer(VOLUME_PROTECTION)) {
            if volume.at("status.phase").as_str() != Some("Bound") {
                let _ = ctx.api.mutate(&change.key, Subresource::Main, |body| {
                    let list = body.slot("metadata.finalizers").make_array();
                    list.retain(|f| f.as_str() != Some(VOLUME_PROTECTION));
                });
            }
            return;
        }
        if let Some(volume) = &change.after
            && !matches!(volume.at("status.phase").as_str(), Some("Bound" | "Released"))
        {
            if volume.at("status.phase").as_str() != Some("Available") && volume.at("spec.claimRef").is_null() {
                let _ = ctx.api.mutate(&change.key, Subresource::Status, |body| body.set("status.phase", "Available"));
            }
            let claims: Vec<ObjectKey> = ctx.api.store().list(Kind::PersistentVolumeClaim).map(|c| c.key()).collect();
            for key in claims {
                self.queue.add(ctx, key, LATENCY);
            }
        }
    }
}

impl Component for PersistentVolumeController {
    fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    fn run_next(&mut self, ctx: &mut Ctx<'_>) {
        if let Some(key) = self.queue.pop() {
            self.sync(ctx, &key);
        }
    }
    fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        match change.key.kind {
            Kind::PersistentVolumeClaim if change.after.is_some() => {
                let settled = change.before.as_ref().is_some_and(|b| b.at("spec") == change.object().at("spec"));
                if !settled || change.object().is_deleting() {
                    self.queue.add(ctx, change.key.clone(), LATENCY);
                }
            }
            Kind::PersistentVolumeClaim => {
                let bound = |v: &&Rc<Object>| v.at("spec.claimRef.uid").as_str() == Some(change.object().uid());
                let volume = ctx.api.store().list(Kind::PersistentVolume).find(bound).map(|v| v.key());
                if let Some(key) = volume {
                    let _ = ctx.api.mutate(&key, Subresource::Status, |body| body.set("status.phase", "Released"));
                }
            }
            Kind::PersistentVolume => self.observe_volume(ctx, change),
            Kind::Pod if change.is_deleted() && ctx.api.store().count(Kind::PersistentVolumeClaim) > 0 => {
                let pod = change.object();
                for volume in pod.at("spec.volumes").items() {
                    let name = volume.at("persistentVolumeClaim").str_at("claimName");
                    let key = ObjectKey::new(Kind::PersistentVolumeClaim, pod.namespace().clone(), name);
                    if ctx.api.get(&key).is_some_and(|c| c.is_deleting()) {
                        self.queue.add(ctx, key, LATENCY);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::testing::Bench;

    const CLAIM: &str = r#"{"metadata":{"name":"disk"},"spec":{"storageClassName":"","accessModes":["ReadWriteOnce"],
        "resources":{"requests":{"storage":"1Gi"}}}}"#;

    #[test]
    fn a_claim_without_a_volume_waits_and_says_so() {
        let (mut b, mut c) = (Bench::new(), PersistentVolumeController::default());
        b.create(Kind::PersistentVolumeClaim, CLAIM);
        b.run(&mut [&mut c], 31_000);
        let events = b.events();
        assert!(events[0].starts_with("disk FailedBinding no persistent volumes available"), "{events:?}");
        assert_eq!(b.api.store().list(Kind::Event).next().unwrap().at("count").as_i64(), Some(3));
    }

    #[test]
    fn the_smallest_volume_that_fits_is_bound() {
        let (mut b, mut c) = (Bench::new(), PersistentVolumeController::default());
        for (name, size) in [("small", "500Mi"), ("big", "10Gi"), ("fits", "2Gi")] {
            b.create(
                Kind::PersistentVolume,
                &format!(
                    r#"{{"metadata":{{"name":"{name}"}},"spec":{{"capacity":{{"storage":"{size}"}},
                    "accessModes":["ReadWriteOnce"],"hostPath":{{"path":"/mnt"}}}}}}"#
                ),
            );
        }
        b.create(Kind::PersistentVolumeClaim, CLAIM);
        b.run(&mut [&mut c], 1_000);
        let claim = b.get(Kind::PersistentVolumeClaim, "disk").unwrap();
        assert_eq!(
            (claim.at("status.phase").as_str(), claim.at("spec.volumeName").as_str()),
            (Some("Bound"), Some("fits"))
        );
        assert_eq!(b.get(Kind::PersistentVolume, "fits").unwrap().at("status.phase").as_str(), Some("Bound"));
        assert_eq!(b.get(Kind::PersistentVolume, "big").unwrap().at("status.phase").as_str(), Some("Available"));
    }
}
