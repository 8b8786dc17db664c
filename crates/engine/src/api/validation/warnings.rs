//! Warnings: what the API server takes but does not like. Models `WarningsOnCreate` of the strategies, `pkg/api/job` and
//! `pkg/api/pod/warnings.go`.

use super::items;
use crate::api::field::Path;
use crate::api::quantity::Quantity;
use crate::api::text::go_quote;
use crate::api::{Kind, Value, content};

/// The warnings about a new object.
pub fn warnings(kind: Kind, object: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match kind {
        Kind::Pod => {
            name(&mut out, object, "the Pod's hostname");
            pod(&mut out, object, &Path::root());
        }
        Kind::PodTemplate => pod(&mut out, object.at("template"), &Path::new("template")),
        Kind::Job => {
            name(&mut out, object, "Pod names and hostnames");
            job_spec(&mut out, object.at("spec"), &Path::new("spec"));
        }
        Kind::CronJob => {
            name(&mut out, object, "Pod names and hostnames");
            job_spec(&mut out, object.at("spec.jobTemplate.spec"), &Path::new("spec.jobTemplate.spec"));
        }
        Kind::Deployment => {
            name(&mut out, object, "Pod names and hostnames");
            pod(&mut out, object.at("spec.template"), &Path::new("spec.template"));
        }
        Kind::StatefulSet => {
            pod(&mut out, object.at("spec.template"), &Path::new("spec.template"));
            claims(&mut out, object);
            if object.int_at("spec.revisionHistoryLimit").is_some_and(|n| n < 0) {
                out.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".to_owned());
            }
        }
        Kind::ReplicaSet => {
            name(&mut out, object, "Pod names and hostnames");
            pod(&mut out, object.at("spec.template"), &Path::new("spec.template"));
        }
        Kind::DaemonSet | Kind::ReplicationController => {
            pod(&mut out, object.at("spec.template"), &Path::new("spec.template"));
        }
        Kind::ResourceQuota => quota(&mut out, object),
        Kind::PersistentVolumeClaim => claim_spec(&mut out, object.at("spec"), &Path::new("spec")),
        _ => {}
    }
    out
}

/// The warnings about a change.
pub fn warnings_on_update(kind: Kind, object: &Value, old: &Value) -> Vec<String> {
    let changed = object.at("metadata.generation") != old.at("metadata.generation");
    let mut out = match kind {
        Kind::Job | Kind::CronJob | Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet => {
            let mut list = if changed { warnings(kind, object) } else { Vec::new() };
            // A name cannot change, so it is told only once.
            list.retain(|w| !w.starts_with("metadata.name: "));
            list
        }
        Kind::Pod => warnings(kind, object),
        _ => Vec::new(),
    };
    if kind == Kind::CronJob && object.str_at("spec.schedule").contains("TZ") {
        out.push("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details".to_owned());
    }
    out
}

fn name(out: &mut Vec<String>, object: &Value, where_used: &str) {
    let messages = content::dns_label(object.str_at("metadata.name"));
    if !messages.is_empty() {
        out.push(format!(
            "metadata.name: this is used in {where_used}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            messages.join(" ")
        ));
    }
}

/// A quota that asks for more than it allows.
fn quota(out: &mut Vec<String>, object: &Value) {
    let hard = object.at("spec.hard");
    let get = |name: &str| hard.get(name).and_then(|q| Quantity::from_value(q).ok());
    for name in ["cpu", "memory", "ephemeral-storage"] {
        let (mut key, limit_key) = (format!("requests.{name}"), format!("limits.{name}"));
        let mut request = get(&key);
        if request.is_none() && name != "ephemeral-storage" {
            request = get(name);
            name.clone_into(&mut key);
        }
        if let (Some(request), Some(limit)) = (request, get(&limit_key))
            && request > limit
        {
            out.push(format!("ResourceQuota {key} ({request}) should be less than {limit_key} ({limit})"));
        }
    }
}

fn job_spec(out: &mut Vec<String>, spec: &Value, path: &Path) {
    let number = |f: &'static str| spec.int_at(f).unwrap_or(0);
    if spec.str_at("completionMode") == "Indexed" && number("completions") > 100_000 && number("parallelism") > 10_000 {
        out.push(format!("{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail"));
    }
    pod(out, spec.at("template"), &path.child("template"));
}

fn claims(out: &mut Vec<String>, object: &Value) {
    for (claim, p) in items(object.at("spec"), "volumeClaimTemplates", &Path::new("spec")) {
        claim_spec(out, claim.at("spec"), &p.child("spec"));
    }
}

fn claim_spec(out: &mut Vec<String>, spec: &Value, path: &Path) {
    if let Some(q) = spec.at("resources.requests").get("storage").and_then(|q| Quantity::from_value(q).ok())
        && q.nanos() % 1_000_000_000 != 0
    {
        let p = path.child("resources.requests").key("storage");
        out.push(format!("{p}: fractional byte value {} is invalid, must be an integer", go_quote(&q.to_string())));
    }
}

const OLD_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", r#"deprecated since v1.14; use "kubernetes.io/arch" instead"#),
    ("beta.kubernetes.io/os", r#"deprecated since v1.14; use "kubernetes.io/os" instead"#),
    (
        "failure-domain.beta.kubernetes.io/region",
        r#"deprecated since v1.17; use "topology.kubernetes.io/region" instead"#,
    ),
    ("failure-domain.beta.kubernetes.io/zone", r#"deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#),
    ("beta.kubernetes.io/instance-type", r#"deprecated since v1.17; use "node.kubernetes.io/instance-type" instead"#),
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    ("scheduler.alpha.kubernetes.io/preferAvoidPods", "deprecated since v1.22; use Taints and Tolerations instead"),
    ("node-role.kubernetes.io/master", r#"use "node-role.kubernetes.io/control-plane" instead"#),
];

fn old_label(key: &str) -> Option<&'static str> {
    OLD_LABELS.iter().find(|(k, _)| *k == key).map(|(_, m)| *m)
}

/// A Pod or template: both have `metadata` and `spec`.
fn pod(out: &mut Vec<String>, object: &Value, path: &Path) {
    let (spec, p) = (object.at("spec"), path.child("spec"));
    for (key, _) in spec.at("nodeSelector").fields() {
        if let Some(m) = old_label(key) {
            out.push(format!("{}: {m}", p.child("nodeSelector").key(key)));
        }
    }
    node_affinity(out, spec, &p);
    for (c, cp) in items(spec, "topologySpreadConstraints", &p) {
        let key = c.str_at("topologyKey");
        if let Some(m) = old_label(key) {
            out.push(format!("{}: {key} is {m}", cp.child("topologyKey")));
        }
        if c.at("labelSelector").is_null() {
            out.push(format!("{}: a null labelSelector results in matching no pod", cp.child("labelSelector")));
        }
    }
    for (key, m) in [
        (
            "scheduler.alpha.kubernetes.io/critical-pod",
            "non-functional in v1.16+; use the \"priorityClassName\" field instead",
        ),
        ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
        ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ] {
        if object.at("metadata.annotations").get(key).is_some() {
            out.push(format!("{}: {m}", path.child("metadata.annotations").key(key)));
        }
    }
    profiles(out, object, &path.child("metadata.annotations"));
    volumes(out, spec, &p);
    duplicates(out, spec, &p);
    containers(out, spec, &p);
    ports(out, spec, &p);
    if spec.int_at("terminationGracePeriodSeconds").is_some_and(|n| n < 0) {
        out.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            p.child("terminationGracePeriodSeconds")
        ));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let (a, ap) = (spec.at("affinity").at(kind), p.child("affinity").child(kind));
        for (term, tp) in items(a, "requiredDuringSchedulingIgnoredDuringExecution", &ap) {
            if term.at("labelSelector").is_null() {
                out.push(format!("{}: a null labelSelector results in matching no pod", tp.child("labelSelector")));
            }
        }
        for (term, tp) in items(a, "preferredDuringSchedulingIgnoredDuringExecution", &ap) {
            if term.at("podAffinityTerm.labelSelector").is_null() {
                let at = tp.child("podAffinityTerm.labelSelector");
                out.push(format!("{at}: a null labelSelector results in matching no pod"));
            }
        }
    }
}

fn node_affinity(out: &mut Vec<String>, spec: &Value, path: &Path) {
    let (a, p) = (spec.at("affinity.nodeAffinity"), path.child("affinity.nodeAffinity"));
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    for (term, tp) in items(a.at(required), "nodeSelectorTerms", &p.child(required)) {
        node_selector_term(out, term, false, &tp);
    }
    for (term, tp) in items(a, "preferredDuringSchedulingIgnoredDuringExecution", &p) {
        node_selector_term(out, term.at("preference"), true, &tp.child("preference"));
    }
}

fn node_selector_term(out: &mut Vec<String>, term: &Value, values: bool, path: &Path) {
    for (e, p) in items(term, "matchExpressions", path) {
        let key = e.str_at("key");
        if let Some(m) = old_label(key) {
            out.push(format!("{}: {key} is {m}", p.child("key")));
        }
        for (v, vp) in items(e, "values", &p).filter(|_| values) {
            let v = v.as_str().unwrap_or("");
            for m in content::label_value(v) {
                out.push(format!("{vp}: {v} is invalid, {m}"));
            }
        }
    }
}

fn volumes(out: &mut Vec<String>, spec: &Value, path: &Path) {
    for (v, p) in items(spec, "volumes", path) {
        for (kind, shown, m) in [
            ("photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
            ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
            ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
            ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
            ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
            ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
            ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
        ] {
            if !v.at(kind).is_null() {
                out.push(format!("{}: {m}", p.child(shown)));
            }
        }
        let template = v.at("ephemeral.volumeClaimTemplate.spec");
        if !template.is_null() {
            claim_spec(out, template, &p.child("ephemeral.volumeClaimTemplate.spec"));
        }
    }
    overlapping_paths(out, spec);
}

/// Files of one volume that lie at, or below, each other's place.
fn overlapping_paths(out: &mut Vec<String>, spec: &Value) {
    for v in spec.at("volumes").items() {
        let name = v.str_at("name");
        for (kind, label, field) in
            [("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", "")]
        {
            let source = v.at(kind);
            let description =
                if field.is_empty() { label.to_owned() } else { format!("{label} {}", go_quote(source.str_at(field))) };
            let paths: Vec<(String, String)> =
                source.at("items").items().iter().map(|i| (i.str_at("path").to_owned(), String::new())).collect();
            collisions(out, name, &description, &paths);
        }
        let mut all: Vec<(String, String)> = Vec::new();
        for source in v.at("projected.sources").items() {
            if source.fields().next().is_none() {
                out.push(format!("volume {} (Projected) has no sources provided", go_quote(name)));
            }
            let mut add = |list: &Value, from: String| {
                all.extend(list.items().iter().map(|i| (i.str_at("path").to_owned(), from.clone())));
            };
            for (kind, label) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                let part = source.at(kind);
                add(part.at("items"), format!("{label} {}", go_quote(part.str_at("name"))));
            }
            add(source.at("downwardAPI.items"), "DownwardAPI".to_owned());
            if let Some(p) = source.at("serviceAccountToken.path").as_str() {
                all.push((p.to_owned(), "ServiceAccountToken".to_owned()));
            }
        }
        collisions(out, name, "Projected", &all);
    }
}

fn collisions(out: &mut Vec<String>, volume: &str, description: &str, paths: &[(String, String)]) {
    let shown = |(path, source): &(String, String)| {
        if source.is_empty() { go_quote(path) } else { format!("{} ({source})", go_quote(path)) }
    };
    let trimmed: Vec<(String, String)> =
        paths.iter().map(|(p, s)| (p.trim_end_matches('/').to_owned(), s.clone())).collect();
    for (i, a) in trimmed.iter().enumerate().filter(|(_, a)| !a.0.is_empty()) {
        for b in trimmed[..i].iter().filter(|b| !b.0.is_empty()) {
            let (x, y) = (format!("{}/", a.0), format!("{}/", b.0));
            if x.starts_with(&y) || y.starts_with(&x) {
                out.push(format!(
                    "volume {} ({description}): overlapping paths: {} with {}",
                    go_quote(volume),
                    shown(a),
                    shown(b)
                ));
            }
        }
    }
}

fn duplicates(out: &mut Vec<String>, spec: &Value, path: &Path) {
    for (list, field, noun) in [("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")] {
        let mut seen: Vec<&str> = Vec::new();
        for (item, p) in items(spec, list, path) {
            let value = item.str_at(field);
            if seen.contains(&value) {
                out.push(format!("{}: duplicate {noun} {}", p.child(field), go_quote(value)));
            }
            seen.push(value);
        }
    }
    for (item, p) in items(spec, "imagePullSecrets", path) {
        if item.str_at("name").is_empty() {
            out.push(format!("{}: invalid empty name \"\"", p.child("name")));
        }
    }
}

/// Init containers come first, as Kubernetes walks them.
fn all_containers<'a>(spec: &'a Value, path: &Path) -> Vec<(&'a Value, Path)> {
    ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|l| items(spec, l, path)).collect()
}

fn containers(out: &mut Vec<String>, spec: &Value, path: &Path) {
    for (c, p) in all_containers(spec, path) {
        for resource in ["memory", "ephemeral-storage"] {
            for list in ["limits", "requests"] {
                let amount = c.at("resources").at(list).get(resource).and_then(|q| Quantity::from_value(q).ok());
                if let Some(q) = amount.filter(|q| q.nanos() % 1_000_000_000 != 0) {
                    out.push(format!(
                        "{}: fractional byte value {} is invalid, must be an integer",
                        p.child("resources").child(list).key(resource),
                        go_quote(&q.to_string())
                    ));
                }
            }
        }
        let mut names: Vec<&str> = Vec::new();
        for (e, ep) in items(c, "env", &p) {
            let name = e.str_at("name");
            if names.contains(&name) {
                let reference = format!("$({name})");
                let value = e.str_at("value");
                if !e.at("valueFrom").is_null() || value == reference || !value.contains(&reference) {
                    out.push(format!(
                        "{ep}: hides previous definition of {}, which may be dropped when using apply",
                        go_quote(name)
                    ));
                }
            } else {
                names.push(name);
            }
        }
    }
}

fn ports(out: &mut Vec<String>, spec: &Value, path: &Path) {
    let all: Vec<(&Value, Path)> =
        all_containers(spec, path).into_iter().flat_map(|(c, p)| items(c, "ports", &p).collect::<Vec<_>>()).collect();
    let number = |p: &Value, f: &'static str| p.int_at(f).unwrap_or(0);
    for (i, (port, p)) in all.iter().enumerate() {
        for (other, op) in &all[..i] {
            if number(port, "containerPort") != number(other, "containerPort")
                || port.str_at("protocol") != other.str_at("protocol")
            {
                continue;
            }
            let (ip, other_ip) = (port.str_at("hostIP"), other.str_at("hostIP"));
            let (host, other_host) = (number(port, "hostPort"), number(other, "hostPort"));
            if ip == other_ip && host == other_host {
                out.push(format!("{p}: duplicate port definition with {op}"));
            } else if host == 0 || other_host == 0 {
                out.push(format!("{p}: overlapping port definition with {op}"));
            } else if host == other_host && ip.is_empty() != other_ip.is_empty() {
                out.push(format!("{p}: dangerously ambiguous port definition with {op}"));
            }
        }
    }
    let mut names: Vec<(&str, &Path)> = Vec::new();
    for (port, p) in &all {
        let name = port.str_at("name");
        if name.is_empty() {
            continue;
        }
        match names.iter().find(|(n, _)| *n == name) {
            Some((_, first)) => out.push(format!(
                "{p}: duplicate port name {} with {first}, services and probes that select ports by name will use {first}",
                go_quote(name)
            )),
            None => names.push((name, p)),
        }
    }
}
/// Profiles that are given by annotations, as before there were fields for them.
fn profiles(out: &mut Vec<String>, object: &Value, path: &Path) {
    let (spec, annotations) = (object.at("spec"), object.at("metadata.annotations"));
    let mut tell = |key: &str, field: &str, since: &str| {
        if annotations.get(key).is_some() {
            out.push(format!("{}: {since}; use the {} field instead", path.key(key), go_quote(field)));
        }
    };
    const NO_MORE: &str = "non-functional in v1.27+";
    if spec.at("securityContext.seccompProfile").is_null() {
        tell("seccomp.security.alpha.kubernetes.io/pod", "seccompProfile", NO_MORE);
    }
    for c in ["initContainers", "containers"].iter().flat_map(|list| spec.at(list).items()) {
        let name = c.str_at("name");
        if c.at("securityContext.seccompProfile").is_null() {
            tell(&format!("container.seccomp.security.alpha.kubernetes.io/{name}"), "seccompProfile", NO_MORE);
        }
        let key = format!("container.apparmor.security.beta.kubernetes.io/{name}");
        tell(&key, "appArmorProfile", "deprecated since v1.30");
    }
}
