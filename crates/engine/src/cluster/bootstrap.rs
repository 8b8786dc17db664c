//! What a fresh cluster holds before a learner does anything.
//!
//! Models what kube-apiserver (`pkg/controlplane`), kube-controller-manager and the kubelets make when they start.

use crate::api::{Kind, Value};
use crate::apiserver::{ApiServer, WriteOptions};
use crate::clock::Time;
use crate::component::{Config, NodeConfig};
use crate::controllers::service_account;
use crate::json;

/// Makes the namespaces with what each has, the nodes, the system's priority classes and the API server's Service.
pub fn bootstrap(api: &mut ApiServer, config: &Config) {
    let mut create = |kind: Kind, body: Value| {
        api.create(kind, body, WriteOptions::default()).expect("an empty cluster takes what it starts with");
    };
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        create(Kind::Namespace, json!({"metadata": {"name": name}}));
    }
    for (name, value, description) in [
        (
            "system-node-critical",
            2_000_001_000_i64,
            "Used for system critical pods that must not be moved from their current node.",
        ),
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
    ] {
        create(
            Kind::PriorityClass,
            json!({
                "metadata": {"name": name},
                "value": value,
                "description": description,
                "preemptionPolicy": "PreemptLowerPriority",
            }),
        );
    }
    create(
        Kind::Service,
        json!({
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": {"component": "apiserver", "provider": "kubernetes"},
            },
            "spec": {
                "clusterIP": "10.96.0.1",
                "clusterIPs": ["10.96.0.1"],
                "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
                "sessionAffinity": "None",
                "type": "ClusterIP",
            },
        }),
    );
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        service_account::ensure(api, name);
    }
    for node in &config.nodes {
        api.create(Kind::Node, node_object(node, config.epoch), WriteOptions::default())
            .expect("an empty cluster takes its nodes");
    }
}

fn node_object(node: &NodeConfig, now: Time) -> Value {
    let stamp = Value::from(now.rfc3339());
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": status,
            "lastHeartbeatTime": (stamp.clone()),
            "lastTransitionTime": (stamp.clone()),
            "reason": reason,
            "message": message,
        })
    };
    let amounts = json!({
        "cpu": (node.cpus.to_string()),
        "ephemeral-storage": "0",
        "memory": (crate::api::Quantity::from_int(node.memory_bytes, crate::api::quantity::Format::BinarySi).to_string()),
        "pods": "110",
    });
    let mut labels = Value::empty_object();
    for (key, value) in [
        ("beta.kubernetes.io/arch", "amd64"),
        ("beta.kubernetes.io/os", "linux"),
        ("kubernetes.io/arch", "amd64"),
        ("kubernetes.io/hostname", node.name.as_ref()),
        ("kubernetes.io/os", "linux"),
    ] {
        labels.make_object().insert(key, value);
    }
    json!({
        "metadata": {
            "name": (&node.name),
            "labels": labels,
            "annotations": {"node.alpha.kubernetes.io/ttl": "0"},
        },
        "spec": {"providerID": (format!("kubemark://{}", node.name))},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": "192.0.2.2"},
                {"type": "Hostname", "address": (&node.name)},
            ],
            "allocatable": (amounts.clone()),
            "capacity": amounts,
            "conditions": [
                (condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")),
                (condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure")),
                (condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available")),
                (condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")),
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10260}},
            "declaredFeatures": [
                "ExtendWebSocketsToKubelet",
                "InPlacePodLevelResourcesVerticalScaling",
                "InPlacePodVerticalScalingInitContainers",
                "RestartAllContainersOnContainerExits",
            ],
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "containerd://2.1.4",
                "kernelVersion": "3.16.0-0.bpo.4-amd64",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.37.2",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 7 (wheezy)",
                "runningInUserNamespace": false,
                "systemUUID": "",
            },
        },
    })
}
