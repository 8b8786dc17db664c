//! Pods and pod templates. Models `pkg/apis/core/v1/defaults.go` and, for the class of service, `core/helper/qos`.

use super::{default, default_text, each, within};
use crate::api::quantity::Quantity;
use crate::api::{Value, image};

/// A Pod of its own.
pub(super) fn pod(object: &mut Value) {
    within(object, "spec", |spec| {
        pod_spec(spec);
        if spec.int_at("terminationGracePeriodSeconds").is_some_and(|s| s < 0) {
            spec.set("terminationGracePeriodSeconds", 1);
        }
        for list in ["containers", "initContainers"] {
            each(spec, list, requests_follow_limits);
        }
        default(spec, "enableServiceLinks", true);
        if spec.bool_at("hostNetwork") {
            for list in ["containers", "initContainers"] {
                each(spec, list, |c| {
                    each(c, "ports", |p| {
                        let port = p.at("containerPort").clone();
                        default(p, "hostPort", port);
                    });
                });
            }
        }
    });
}

/// The template at a path.
pub(super) fn template(object: &mut Value, path: &'static str) {
    within(object, path, |t| within(t, "spec", pod_spec));
}

/// The spec of a pod or of a pod template.
pub fn pod_spec(spec: &mut Value) {
    default_text(spec, "dnsPolicy", "ClusterFirst");
    default_text(spec, "restartPolicy", "Always");
    default(spec, "securityContext", Value::empty_object());
    default(spec, "terminationGracePeriodSeconds", 30);
    default_text(spec, "schedulerName", "default-scheduler");
    let account = match spec.str_at("serviceAccountName") {
        "" => spec.at("serviceAccount").clone(),
        _ => spec.at("serviceAccountName").clone(),
    };
    if !account.is_null() && (*spec.at("serviceAccount") != account || *spec.at("serviceAccountName") != account) {
        spec.set("serviceAccountName", account.clone());
        spec.set("serviceAccount", account);
    }
    each(spec, "volumes", volume);
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        each(spec, list, container);
    }
    round_resources(spec, "overhead");
    within(spec, "resources", resources);
}

fn container(c: &mut Value) {
    if c.str_at("imagePullPolicy").is_empty() {
        let policy = pull_policy(c.str_at("image"));
        c.set("imagePullPolicy", policy);
    }
    default_text(c, "terminationMessagePath", "/dev/termination-log");
    default_text(c, "terminationMessagePolicy", "File");
    each(c, "ports", |p| default_text(p, "protocol", "TCP"));
    each(c, "env", |e| {
        within(e, "valueFrom", |v| {
            within(v, "fieldRef", |f| default_text(f, "apiVersion", "v1"));
            within(v, "fileKeyRef", |f| default(f, "optional", false));
        });
    });
    within(c, "resources", resources);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        within(c, probe, |p| {
            for (field, value) in
                [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
            {
                if p.int_at(field).unwrap_or(0) == 0 {
                    p.set(field, value);
                }
            }
            within(p, "httpGet", http_get);
            within(p, "grpc", |g| default(g, "service", ""));
        });
    }
    within(c, "lifecycle", |l| {
        for hook in ["postStart", "preStop"] {
            within(l, hook, |h| within(h, "httpGet", http_get));
        }
    });
}

fn http_get(action: &mut Value) {
    default_text(action, "path", "/");
    default_text(action, "scheme", "HTTP");
}

/// `Always` for `latest` or no tag, else `IfNotPresent`; a malformed name has no tag at all.
fn pull_policy(name: &str) -> &'static str {
    if image::parse(name).is_some_and(|i| i.effective_tag() == "latest") { "Always" } else { "IfNotPresent" }
}

fn resources(r: &mut Value) {
    round_resources(r, "limits");
    round_resources(r, "requests");
}

/// Amounts are kept to a thousandth.
pub(super) fn round_resources(v: &mut Value, path: &'static str) {
    let finer = |q: &Quantity| q.nanos() % 1_000_000 != 0;
    if !v.at(path).fields().any(|(_, q)| Quantity::from_value(q).is_ok_and(|q| finer(&q))) {
        return;
    }
    for (_, amount) in v.slot(path).make_object().iter_mut() {
        if let Ok(mut q) = Quantity::from_value(amount)
            && finer(&q)
        {
            q.round_up_milli();
            *amount = Value::from(&q);
        }
    }
}

fn requests_follow_limits(c: &mut Value) {
    let limits = c.at("resources.limits").clone();
    for (name, limit) in limits.fields() {
        if c.at("resources.requests").get(name).is_none() {
            c.set_key("resources.requests", name, limit.clone());
        }
    }
}

fn volume(v: &mut Value) {
    let sources = v.as_object().map_or(0, |m| m.keys().filter(|k| k.as_ref() != "name").count());
    if sources == 0 {
        v.set("emptyDir", Value::empty_object());
    }
    for source in ["secret", "configMap", "downwardAPI", "projected"] {
        within(v, source, |s| default(s, "defaultMode", 0o644));
    }
    let field_ref = |i: &mut Value| within(i, "fieldRef", |f| default_text(f, "apiVersion", "v1"));
    within(v, "downwardAPI", |d| each(d, "items", field_ref));
    within(v, "projected", |p| {
        each(p, "sources", |s| {
            within(s, "serviceAccountToken", |t| default(t, "expirationSeconds", 3600));
            within(s, "downwardAPI", |d| each(d, "items", field_ref));
        });
    });
    within(v, "hostPath", |h| default(h, "type", ""));
    within(v, "image", |i| {
        if i.str_at("pullPolicy").is_empty() {
            let policy = pull_policy(i.str_at("reference"));
            i.set("pullPolicy", policy);
        }
    });
    within(v, "ephemeral", |e| {
        within(e, "volumeClaimTemplate", |t| within(t, "spec", |s| default_text(s, "volumeMode", "Filesystem")));
    });
}

/// The class of service of a Pod: `Guaranteed`, `Burstable` or `BestEffort`. Models `ComputePodQOS`.
pub fn qos_class(pod: &Value) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    let spec = pod.at("spec");
    if !spec.at("resources").is_null() {
        let (limited, used) = amounts(spec.at("resources"));
        return match (used, limited) {
            (false, _) => "BestEffort",
            (_, true) => "Guaranteed",
            _ => "Burstable",
        };
    }
    for c in spec.at("containers").items().iter().chain(spec.at("initContainers").items()) {
        let (limited, used) = amounts(c.at("resources"));
        any |= used;
        guaranteed &= limited;
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (_, true) => "Guaranteed",
        _ => "Burstable",
    }
}

/// Whether cpu and memory are limited to just what is requested, and whether either is named at all.
fn amounts(resources: &Value) -> (bool, bool) {
    let get = |list: &'static str, name: &str| {
        resources.at(list).get(name).and_then(|q| Quantity::from_value(q).ok()).filter(|q| !q.is_zero())
    };
    let (mut limited, mut used) = (true, false);
    for name in ["cpu", "memory"] {
        let (request, limit) = (get("requests", name), get("limits", name));
        used |= request.is_some() || limit.is_some();
        limited &= limit.is_some() && request.as_ref().is_none_or(|r| Some(r) == limit.as_ref());
    }
    (limited, used)
}
