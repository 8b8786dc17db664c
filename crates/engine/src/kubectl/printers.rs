//! The rows and columns of tables, as the API server makes them for `kubectl get`.
//!
//! Models `pkg/printers/internalversion/printers.go`. A row has all cells, those of `-o wide` too; [`columns`] says which.

mod other;
mod pod;
mod workloads;

pub use other::{first_three, plain, signing_status};
pub use pod::{PodStatusWord, pod_status_word};
pub use workloads::{job_completions, job_status_word};

pub(super) use crate::api::selector::format_label_selector as format_selector;
use crate::api::{Kind, Object, Selector, Value};
use crate::clock::{Time, human_duration};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading, as the API server names it: `Nominated Node`.
    pub name: &'static str,
    /// Whether only `-o wide` shows it.
    pub wide: bool,
}

/// Headings by kind: names parted by `|`, those with `*` are for `-o wide`.
fn headings(kind: Kind) -> &'static str {
    match kind {
        Kind::Pod => "Name|Ready|Status|Restarts|Age|*IP|*Node|*Nominated Node|*Readiness Gates",
        Kind::Job => "Name|Status|Completions|Duration|Age|*Containers|*Images|*Selector",
        Kind::CronJob => "Name|Schedule|Timezone|Suspend|Active|Last Schedule|Age|*Containers|*Images|*Selector",
        Kind::Deployment => "Name|Ready|Up-to-date|Available|Age|*Containers|*Images|*Selector",
        Kind::ReplicaSet | Kind::ReplicationController => {
            "Name|Desired|Current|Ready|Age|*Containers|*Images|*Selector"
        }
        Kind::StatefulSet => "Name|Ready|Age|*Containers|*Images",
        Kind::DaemonSet => {
            "Name|Desired|Current|Ready|Up-to-date|Available|Node Selector|Age|*Containers|*Images|*Selector"
        }
        Kind::Event => "Last Seen|Type|Reason|Object|*Subobject|*Source|Message|*First Seen|*Count|*Name",
        Kind::Namespace => "Name|Status|Age",
        Kind::Node => {
            "Name|Status|Roles|Age|Version|*Internal-IP|*External-IP|*OS-Image|*Kernel-Version|*Container-Runtime"
        }
        Kind::Secret => "Name|Type|Data|Age",
        Kind::ConfigMap => "Name|Data|Age",
        Kind::ResourceQuota => "Name|Request|Limit|Age",
        Kind::Service => "Name|Type|Cluster-IP|External-IP|Port(s)|Age|*Selector",
        Kind::Ingress => "Name|Class|Hosts|Address|Ports|Age",
        Kind::IngressClass => "Name|Controller|Parameters|Age",
        Kind::Endpoints => "Name|Endpoints|Age",
        Kind::EndpointSlice => "Name|AddressType|Ports|Endpoints|Age",
        Kind::PersistentVolume => {
            "Name|Capacity|Access Modes|Reclaim Policy|Status|Claim|StorageClass|VolumeAttributesClass|Reason|Age|*VolumeMode"
        }
        Kind::PersistentVolumeClaim => {
            "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|*VolumeMode"
        }
        Kind::StorageClass => "Name|Provisioner|ReclaimPolicy|VolumeBindingMode|AllowVolumeExpansion|Age",
        Kind::HorizontalPodAutoscaler => "Name|Reference|Targets|MinPods|MaxPods|Replicas|Age",
        Kind::NetworkPolicy => "Name|Pod-Selector|Age",
        Kind::RoleBinding | Kind::ClusterRoleBinding => "Name|Role|Age|*Users|*Groups|*ServiceAccounts",
        Kind::Role | Kind::ClusterRole => "Name|Created At",
        Kind::LimitRange => "Name|Created At",
        Kind::Lease => "Name|Holder|Age",
        Kind::PodDisruptionBudget => "Name|Min Available|Max Unavailable|Allowed Disruptions|Age",
        Kind::PriorityClass => "Name|Value|Global-Default|Age|PreemptionPolicy",
        Kind::CustomResourceDefinition => "Name|Scope|Versions|Created At",
        Kind::MutatingWebhookConfiguration | Kind::ValidatingWebhookConfiguration => "Name|Webhooks|Age",
        Kind::CertificateSigningRequest => "Name|Age|SignerName|Requestor|RequestedDuration|Condition",
        Kind::FlowSchema => "Name|PriorityLevel|MatchingPrecedence|DistinguisherMethod|Age|MissingPL",
        Kind::PriorityLevelConfiguration => "Name|Type|NominalConcurrencyShares|Queues|HandSize|QueueLengthLimit|Age",
        Kind::RuntimeClass => "Name|Handler|Age",
        Kind::CSIDriver => {
            "Name|AttachRequired|PodInfoOnMount|StorageCapacity|TokenRequests|RequiresRepublish|Modes|Age"
        }
        Kind::VolumeAttributesClass => "Name|DriverName|Age",
        Kind::ResourceClaim => "Name|State|Age",
        Kind::ValidatingAdmissionPolicy => "Name|Validations|ParamKind|Age",
        Kind::ValidatingAdmissionPolicyBinding => "Name|PolicyName|ParamRef|Age",
        Kind::ControllerRevision => "Name|Controller|Revision|Age",
        Kind::PodTemplate => "Name|Containers|Images|Pod Labels",
        _ => "Name|Age",
    }
}

/// The columns of a kind's table.
pub fn columns(kind: Kind) -> impl Iterator<Item = Column> {
    headings(kind).split('|').map(|h| match h.strip_prefix('*') {
        Some(name) => Column { name, wide: true },
        None => Column { name: h, wide: false },
    })
}

/// The cells of an object, text or integers, one for each of [`columns`].
pub fn row(object: &Object, now: Time) -> Vec<Value> {
    match object.kind() {
        Kind::Pod => pod::row(object, now),
        Kind::Job => workloads::job(object, now),
        Kind::CronJob => workloads::cron_job(object, now),
        Kind::Deployment => workloads::deployment(object, now),
        Kind::ReplicaSet | Kind::ReplicationController => workloads::replica_set(object, now),
        Kind::StatefulSet => workloads::stateful_set(object, now),
        Kind::DaemonSet => workloads::daemon_set(object, now),
        Kind::ControllerRevision => workloads::controller_revision(object, now),
        _ => other::row(object, now),
    }
}

/// How long ago a time of an object was. Models `translateTimestampSince`.
pub(super) fn since(time: &Value, now: Time) -> String {
    match time.as_str().and_then(Time::parse_rfc3339) {
        Some(t) => human_duration(now - t),
        None => "<unknown>".into(),
    }
}

/// The AGE of an object.
pub(super) fn age(object: &Object, now: Time) -> Value {
    object.creation_time().map_or_else(|| Value::from("<unknown>"), |t| human_duration(now - t).into())
}

/// `a=b,c=d`, or `<none>`. Models `labels.FormatLabels`.
pub fn format_labels(labels: &Value) -> String {
    let text = labels.fields().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or(""))).collect::<Vec<_>>().join(",");
    if text.is_empty() { "<none>".into() } else { text }
}

/// A label selector as text, empty where it selects everything.
pub(super) fn selector_text(selector: &Value) -> String {
    Selector::from_object(selector).map_or_else(|_| "<invalid>".into(), |s| s.to_string())
}

/// Names and images of containers, each joined by commas.
pub(super) fn containers(pod_spec: &Value) -> [Value; 2] {
    let join = |field: &'static str| {
        let all: Vec<&str> = pod_spec.at("containers").items().iter().map(|c| c.str_at(field)).collect();
        Value::from(all.join(","))
    };
    [join("name"), join("image")]
}
