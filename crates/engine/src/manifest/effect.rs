//! Kinds that the API server takes and stores, and that nothing here acts on: what an editor says beside them.

use crate::api::Kind;

/// What becomes of an object of a kind that has no effect here, or not the one it is made for; none where it has.
/// It begins with "has", and goes on after "is accepted and".
pub fn without_effect(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::ClusterRole
        | Kind::ClusterRoleBinding
        | Kind::ControllerRevision
        | Kind::Ingress
        | Kind::IngressClass
        | Kind::Lease
        | Kind::NetworkPolicy
        | Kind::PodTemplate
        | Kind::Role
        | Kind::RoleBinding
        | Kind::CSIDriver
        | Kind::CustomResourceDefinition
        | Kind::FlowSchema
        | Kind::PriorityLevelConfiguration
        | Kind::MutatingWebhookConfiguration
        | Kind::ValidatingWebhookConfiguration
        | Kind::DeviceClass
        | Kind::ResourceClaim
        | Kind::ResourceClaimTemplate
        | Kind::StorageClass
        | Kind::ValidatingAdmissionPolicy
        | Kind::ValidatingAdmissionPolicyBinding
        | Kind::VolumeAttributesClass => Some("has no effect here"),
        Kind::CertificateSigningRequest => Some("has nobody to sign it here"),
        Kind::HorizontalPodAutoscaler => Some("has no load to follow here"),
        Kind::Endpoints | Kind::EndpointSlice | Kind::Service => Some("has no traffic here"),
        Kind::PersistentVolume | Kind::PersistentVolumeClaim => Some("has no data here"),
        _ => None,
    }
}

/// Why.
pub fn reason(kind: Kind) -> &'static str {
    match kind {
        Kind::ClusterRole | Kind::ClusterRoleBinding | Kind::Role | Kind::RoleBinding => {
            "Whoever asks this cluster may do everything, but for whom --as names."
        }
        Kind::DeviceClass | Kind::ResourceClaim | Kind::ResourceClaimTemplate => "There are no devices here.",
        Kind::CertificateSigningRequest => "It can be approved and denied, and stays without a certificate.",
        Kind::HorizontalPodAutoscaler => "Nobody measures load here: only the least and the most replicas hold.",
        Kind::Endpoints | Kind::EndpointSlice | Kind::Service => {
            "It lists the Pods behind it, and there is no network between them."
        }
        Kind::Ingress | Kind::IngressClass | Kind::NetworkPolicy => "There is no network here.",
        Kind::PersistentVolume | Kind::PersistentVolumeClaim => {
            "A claim is bound to a volume that fits, and containers find nothing in it."
        }
        Kind::CSIDriver | Kind::StorageClass | Kind::VolumeAttributesClass => "Volumes are not made on demand here.",
        _ => "It is stored and listed, and nothing reads it.",
    }
}
