//! The scheme: every kind the API server serves, with its group, version, names and scope.
//!
//! Models what `kubectl api-resources` lists for the groups a learner of batch workloads meets.

/// Declares [`Kind`] and its table from one list, so that neither can miss a kind.
macro_rules! kinds {
    ($($kind:ident $group:literal $version:literal $plural:literal [$($short:literal)*] $scope:ident $all:ident;)*) => {
        /// A kind of API object.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind {
            $(#[doc = concat!("`", stringify!($kind), "`")] $kind,)*
        }
        /// Every kind, in the order of the table.
        pub const KINDS: &[KindInfo] = &[
            $(KindInfo {
                kind: Kind::$kind,
                name: stringify!($kind),
                group: $group,
                version: $version,
                plural: $plural,
                short_names: &[$($short),*],
                namespaced: kinds!(@scope $scope),
                in_all: kinds!(@all $all),
            },)*
        ];
    };
    (@scope namespaced) => { true };
    (@scope cluster) => { false };
    (@all all) => { true };
    (@all alone) => { false };
}

/// What the scheme knows of a kind.
#[derive(Debug)]
pub struct KindInfo {
    /// The kind.
    pub kind: Kind,
    /// Its name, as in manifests: `CronJob`.
    pub name: &'static str,
    /// The API group, empty for core: `batch`.
    pub group: &'static str,
    /// The version: `v1`.
    pub version: &'static str,
    /// The resource, as in URLs and kubectl: `cronjobs`.
    pub plural: &'static str,
    /// Short names for kubectl: `cj`.
    pub short_names: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether `kubectl get all` lists it.
    pub in_all: bool,
}

kinds! {
    ConfigMap "" "v1" "configmaps" ["cm"] namespaced alone;
    Endpoints "" "v1" "endpoints" ["ep"] namespaced alone;
    Event "" "v1" "events" ["ev"] namespaced alone;
    LimitRange "" "v1" "limitranges" ["limits"] namespaced alone;
    Namespace "" "v1" "namespaces" ["ns"] cluster alone;
    Node "" "v1" "nodes" ["no"] cluster alone;
    PersistentVolumeClaim "" "v1" "persistentvolumeclaims" ["pvc"] namespaced alone;
    PersistentVolume "" "v1" "persistentvolumes" ["pv"] cluster alone;
    Pod "" "v1" "pods" ["po"] namespaced all;
    PodTemplate "" "v1" "podtemplates" [] namespaced alone;
    ReplicationController "" "v1" "replicationcontrollers" ["rc"] namespaced all;
    ResourceQuota "" "v1" "resourcequotas" ["quota"] namespaced alone;
    Secret "" "v1" "secrets" [] namespaced alone;
    ServiceAccount "" "v1" "serviceaccounts" ["sa"] namespaced alone;
    Service "" "v1" "services" ["svc"] namespaced all;
    MutatingWebhookConfiguration "admissionregistration.k8s.io" "v1" "mutatingwebhookconfigurations" [] cluster alone;
    ValidatingAdmissionPolicy "admissionregistration.k8s.io" "v1" "validatingadmissionpolicies" [] cluster alone;
    ValidatingAdmissionPolicyBinding "admissionregistration.k8s.io" "v1" "validatingadmissionpolicybindings" [] cluster alone;
    ValidatingWebhookConfiguration "admissionregistration.k8s.io" "v1" "validatingwebhookconfigurations" [] cluster alone;
    CustomResourceDefinition "apiextensions.k8s.io" "v1" "customresourcedefinitions" ["crd" "crds"] cluster alone;
    ControllerRevision "apps" "v1" "controllerrevisions" [] namespaced alone;
    DaemonSet "apps" "v1" "daemonsets" ["ds"] namespaced all;
    Deployment "apps" "v1" "deployments" ["deploy"] namespaced all;
    ReplicaSet "apps" "v1" "replicasets" ["rs"] namespaced all;
    StatefulSet "apps" "v1" "statefulsets" ["sts"] namespaced all;
    HorizontalPodAutoscaler "autoscaling" "v2" "horizontalpodautoscalers" ["hpa"] namespaced all;
    CronJob "batch" "v1" "cronjobs" ["cj"] namespaced all;
    Job "batch" "v1" "jobs" [] namespaced all;
    CertificateSigningRequest "certificates.k8s.io" "v1" "certificatesigningrequests" ["csr"] cluster alone;
    Lease "coordination.k8s.io" "v1" "leases" [] namespaced alone;
    EndpointSlice "discovery.k8s.io" "v1" "endpointslices" [] namespaced alone;
    FlowSchema "flowcontrol.apiserver.k8s.io" "v1" "flowschemas" [] cluster alone;
    PriorityLevelConfiguration "flowcontrol.apiserver.k8s.io" "v1" "prioritylevelconfigurations" [] cluster alone;
    IngressClass "networking.k8s.io" "v1" "ingressclasses" [] cluster alone;
    Ingress "networking.k8s.io" "v1" "ingresses" ["ing"] namespaced alone;
    NetworkPolicy "networking.k8s.io" "v1" "networkpolicies" ["netpol"] namespaced alone;
    RuntimeClass "node.k8s.io" "v1" "runtimeclasses" [] cluster alone;
    PodDisruptionBudget "policy" "v1" "poddisruptionbudgets" ["pdb"] namespaced alone;
    ClusterRoleBinding "rbac.authorization.k8s.io" "v1" "clusterrolebindings" [] cluster alone;
    ClusterRole "rbac.authorization.k8s.io" "v1" "clusterroles" [] cluster alone;
    RoleBinding "rbac.authorization.k8s.io" "v1" "rolebindings" [] namespaced alone;
    Role "rbac.authorization.k8s.io" "v1" "roles" [] namespaced alone;
    DeviceClass "resource.k8s.io" "v1" "deviceclasses" [] cluster alone;
    ResourceClaim "resource.k8s.io" "v1" "resourceclaims" [] namespaced alone;
    ResourceClaimTemplate "resource.k8s.io" "v1" "resourceclaimtemplates" [] namespaced alone;
    PriorityClass "scheduling.k8s.io" "v1" "priorityclasses" ["pc"] cluster alone;
    CSIDriver "storage.k8s.io" "v1" "csidrivers" [] cluster alone;
    StorageClass "storage.k8s.io" "v1" "storageclasses" ["sc"] cluster alone;
    VolumeAttributesClass "storage.k8s.io" "v1" "volumeattributesclasses" ["vac"] cluster alone;
}

impl Kind {
    /// The table's row.
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }
    /// The name: `CronJob`.
    pub fn name(self) -> &'static str {
        self.info().name
    }
    /// `batch/v1`, or `v1` for core.
    pub fn api_version(self) -> String {
        let i = self.info();
        if i.group.is_empty() { i.version.to_owned() } else { format!("{}/{}", i.group, i.version) }
    }
    /// The singular resource, as kubectl takes it: `cronjob`.
    pub fn singular(self) -> String {
        self.name().to_ascii_lowercase()
    }
    /// How kubectl names the resource of an object: `cronjob.batch`, `pod`.
    pub fn resource_name(self) -> String {
        let i = self.info();
        if i.group.is_empty() { self.singular() } else { format!("{}.{}", self.singular(), i.group) }
    }
    /// How the API server names the resource: `cronjobs.batch`, `pods`.
    pub fn group_resource(self) -> String {
        let i = self.info();
        if i.group.is_empty() { i.plural.to_owned() } else { format!("{}.{}", i.plural, i.group) }
    }
    /// The kind with a group and version as a manifest's apiVersion says, of the given name. Exact, as the API server is.
    pub fn find(api_version: &str, kind: &str) -> Option<Self> {
        KINDS.iter().find(|i| i.name == kind && i.kind.api_version() == api_version).map(|i| i.kind)
    }
    /// The kind that kubectl means by a resource argument: plural, singular or short name, in any case, with or without a group.
    pub fn from_resource(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let (name, group) = word.split_once('.').map_or((word.as_str(), None), |(n, g)| (n, Some(g)));
        let short = |i: &KindInfo| i.short_names.contains(&name);
        let named = |i: &KindInfo| i.plural == name || short(i) || i.name.eq_ignore_ascii_case(name);
        let exact =
            |i: &&KindInfo| named(i) && group.is_none_or(|g| g == i.group || g == format!("{}.{}", i.version, i.group));
        // The beginning of a group will do; a short name may have any version.
        let begun = |i: &&KindInfo| {
            group.is_some_and(|g| {
                let of = |g: &str| !i.group.is_empty() && i.group.starts_with(g);
                let versioned = g.split_once('.').is_some_and(|(_, g)| g == i.group || of(g));
                named(i) && !g.is_empty() && of(g) || short(i) && versioned
            })
        };
        KINDS.iter().find(exact).or_else(|| KINDS.iter().find(begun)).map(|i| i.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for info in KINDS {
            assert_eq!(info.kind.info().name, info.name);
            assert_eq!(Kind::find(&info.kind.api_version(), info.name), Some(info.kind));
        }
    }

    #[test]
    fn kubectl_words() {
        for (word, want) in [
            ("po", Some(Kind::Pod)),
            ("CronJobs", Some(Kind::CronJob)),
            ("jobs.batch", Some(Kind::Job)),
            ("job.v1.batch", Some(Kind::Job)),
            ("jobs.apps", None),
            ("deploy", Some(Kind::Deployment)),
            ("pods.v1.", Some(Kind::Pod)),
            ("pods.v1", None),
            ("widgets", None),
            ("jobs.bat", Some(Kind::Job)),
            ("deploy.v9.apps", Some(Kind::Deployment)),
            ("deployments.v9.apps", None),
            ("po.v2.", Some(Kind::Pod)),
        ] {
            assert_eq!(Kind::from_resource(word), want, "{word}");
        }
    }
}
