//! Plain sentences and pages of the documentation for what is wrong with a manifest.

use crate::api::Kind;
use crate::api::field::{ErrorType, FieldError};

type Said = (&'static str, Option<&'static str>);

const OBJECTS: &str = "https://kubernetes.io/docs/concepts/overview/working-with-objects/";

/// What a text is that cannot be read.
pub fn unreadable(message: &str) -> &'static str {
    for (part, help) in [
        ("cannot start any token", "YAML is indented with spaces. A tab here means nothing to it."),
        (
            "mapping values are not allowed",
            "There is a colon too many on this line, or the line above is not finished.",
        ),
        ("did not find expected key", "This line is not indented like the lines it belongs with."),
        (
            "did not find expected '-' indicator",
            "This line stands in a list but does not begin with a dash like its neighbours.",
        ),
        ("could not find expected ':'", "A field needs a colon and a space after its name."),
        ("unknown escape", "In double quotes a backslash begins an escape. Single quotes take it as it is."),
        ("invalid Yaml document separator", "Nothing but a comment may stand after the three dashes."),
        ("unknown anchor", "A `*name` repeats what `&name` marked before, and nothing was marked so."),
        ("the file is", "This is more than the simulator reads at once."),
    ] {
        if message.contains(part) {
            return help;
        }
    }
    "The text is not YAML yet, so nobody looked at its fields."
}

/// Which field a complaint of kubectl's own is about.
pub fn header_field(message: &str) -> &'static str {
    if message.contains("no matches for kind") || message.contains("apiVersion isn't") {
        "apiVersion"
    } else if message.contains("Object 'Kind'") || message.contains("kind isn't") {
        "kind"
    } else if message.contains("metadata") {
        "metadata"
    } else {
        ""
    }
}

/// What a complaint of kubectl's own means.
pub fn header(message: &str) -> Said {
    let help = if message.contains("no matches for kind") {
        "This API server serves no such kind in that group and version."
    } else if message.contains("not set") || message.contains("Object 'Kind'") {
        "Every object names its kind, and the group and version that the kind is in."
    } else {
        "kubectl cannot tell from this which object is meant."
    };
    (help, Some(OBJECTS))
}

/// What a value of a wrong type means.
pub fn wrong_type(message: &str) -> &'static str {
    if message.contains("quantities must match") {
        return "Amounts are a number with a unit such as `500m`, `2`, `64Mi` or `1Gi`.";
    }
    let Some((_, want)) = message.rsplit_once(" of type ") else {
        return "The value cannot be read as what this field holds.";
    };
    match want {
        "string" => "This field is text. Numbers, `true`, `yes` and `null` are text only in quotes.",
        "bool" => "This field is `true` or `false`, without quotes.",
        "int" | "int32" | "int64" => "This field is a whole number, without quotes.",
        w if w.starts_with("[]") => "This field is a list: each item begins with a dash.",
        w if w.starts_with("map[") => "This field is a set of names with values.",
        _ => "This field has fields of its own.",
    }
}

/// What a refused field means.
pub fn field_error(kind: Kind, e: &FieldError) -> &'static str {
    let path = e.path.as_str();
    if path.ends_with("restartPolicy") && matches!(kind, Kind::Job | Kind::CronJob) {
        return "A Job must be able to end. `Always`, which is also what a missing restartPolicy means, would restart the \
                container even after it succeeds.";
    }
    if path.ends_with("restartPolicy") {
        return "What this keeps running is always restarted, so only `Always` is possible.";
    }
    if e.detail.contains("does not match template `labels`") {
        return "The selector must find the Pods made from the template: its labels must stand in the template's labels.";
    }
    if e.detail.contains("RFC 1123") || e.detail.contains("RFC 1035") {
        return "Names are lower-case letters, digits and dashes, with a letter or digit at either end.";
    }
    if e.detail.contains("must be less than or equal to") && path.contains("resources") {
        return "A container cannot be promised more than it may use: requests go up to limits.";
    }
    if e.detail.contains("completionMode") {
        return "Such fields work only with `completionMode: Indexed`, where each Pod has a number.";
    }
    match e.kind {
        ErrorType::Required => "This field must be given.",
        ErrorType::Duplicate => "This must be different for each item of the list.",
        ErrorType::NotSupported => "Only the values named in the message are possible, in exactly this spelling.",
        ErrorType::Forbidden => "This field cannot be used here, or not together with another one.",
        ErrorType::NotFound => "This names something that is not defined in the manifest.",
        ErrorType::TooLong | ErrorType::TooMany => "This is more than the API server accepts.",
        _ => "The field is known, but not with this value.",
    }
}

/// The page about a field of a kind.
pub fn docs(kind: Kind, path: &str) -> Option<&'static str> {
    let has = |s: &str| path.contains(s);
    for (part, page) in [
        ("podFailurePolicy", "https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy"),
        ("successPolicy", "https://kubernetes.io/docs/concepts/workloads/controllers/job/#success-policy"),
        (
            "backoffLimitPerIndex",
            "https://kubernetes.io/docs/concepts/workloads/controllers/job/#backoff-limit-per-index",
        ),
        ("backoffLimit", "https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy"),
        ("completionMode", "https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode"),
        ("schedule", "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax"),
        ("resources", "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"),
        ("Probe", "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"),
        ("affinity", "https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/"),
        ("tolerations", "https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/"),
        ("volume", "https://kubernetes.io/docs/concepts/storage/volumes/"),
        ("metadata.name", "https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"),
        ("abels", "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"),
    ] {
        if has(part) {
            return Some(page);
        }
    }
    Some(match kind {
        Kind::Job => "https://kubernetes.io/docs/concepts/workloads/controllers/job/",
        Kind::CronJob => "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/",
        Kind::Pod => "https://kubernetes.io/docs/concepts/workloads/pods/",
        Kind::Deployment => "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",
        Kind::ReplicaSet => "https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/",
        Kind::StatefulSet => "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/",
        Kind::DaemonSet => "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
        Kind::Service => "https://kubernetes.io/docs/concepts/services-networking/service/",
        Kind::ConfigMap => "https://kubernetes.io/docs/concepts/configuration/configmap/",
        Kind::Secret => "https://kubernetes.io/docs/concepts/configuration/secret/",
        Kind::ResourceQuota => "https://kubernetes.io/docs/concepts/policy/resource-quotas/",
        Kind::LimitRange => "https://kubernetes.io/docs/concepts/policy/limit-range/",
        Kind::Namespace => "https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
        _ => return None,
    })
}
