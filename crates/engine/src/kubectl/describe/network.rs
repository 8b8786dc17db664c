//! Ingresses, network policies, disruption budgets and autoscalers.
//!
//! Models `describeIngressV1`, `describeNetworkPolicy`, `describePodDisruptionBudgetV1` and
//! `describeHorizontalPodAutoscalerV2`.

use super::config::endpoints;
use super::{Doc, Scene, annotations, head, labels, number, stamp};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::kubectl::printers::{format_selector, plain};

pub fn ingress(o: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let backend = |b: &Value| {
        let (service, resource) = (b.at("service"), b.at("resource"));
        let name = service.str_at("name");
        if service.is_null() {
            let group = resource.at("apiGroup").as_str().unwrap_or("<none>");
            return format!("APIGroup: {group}, Kind: {}, Name: {}", resource.str_at("kind"), resource.str_at("name"));
        }
        let port = service.at("port");
        let shown = port.int_at("number").map_or_else(|| port.str_at("name").to_owned(), |n| n.to_string());
        let Some(s) = scene.store.get(&ObjectKey::new(Kind::Service, &**o.namespace(), name)) else {
            return format!("{name}:{shown} (<error: services \"{name}\" not found>)");
        };
        let is_it = |p: &&Value| {
            p.int_at("port").is_some() && p.int_at("port") == port.int_at("number")
                || !port.str_at("name").is_empty() && p.str_at("name") == port.str_at("name")
        };
        let named = s.at("spec.ports").items().iter().rfind(is_it).map_or("", |p| p.str_at("name"));
        format!("{name}:{shown} ({})", endpoints(s, named, scene))
    };
    w.field(0, "Name", o.name());
    labels("Labels", o.labels(), w);
    w.field(0, "Namespace", o.namespace());
    w.field(0, "Address", "");
    w.field(0, "Ingress Class", o.at("spec.ingressClassName").as_str().unwrap_or("<none>"));
    let default = o.at("spec.defaultBackend");
    let default = if default.is_null() { "<default>".to_owned() } else { backend(default) };
    w.field(0, "Default backend", &default);
    let tls = o.at("spec.tls").items();
    if !tls.is_empty() {
        w.line(0, "TLS:");
    }
    for t in tls {
        let hosts: Vec<&str> = t.at("hosts").items().iter().filter_map(Value::as_str).collect();
        let how = match t.str_at("secretName") {
            "" => "SNI routes".to_owned(),
            secret => format!("{secret} terminates"),
        };
        w.line(1, &format!("{how} {}", hosts.join(",")));
    }
    w.line(0, "Rules:");
    w.line(1, "Host\tPath\tBackends");
    w.line(1, "----\t----\t--------");
    let mut any = false;
    for rule in o.at("spec.rules").items().iter().filter(|r| !r.at("http").is_null()) {
        any = true;
        let host = rule.str_at("host");
        w.line(1, &format!("{}\t", if host.is_empty() { "*" } else { host }));
        for route in rule.at("http.paths").items() {
            w.line(2, &format!("\t{} \t{}", route.str_at("path"), backend(route.at("backend"))));
        }
    }
    if !any {
        w.line(1, &format!("*\t*\t{default}"));
    }
    annotations("Annotations", o.at("metadata.annotations"), w);
}

pub fn policy(o: &Object, w: &mut Doc) {
    head(o, w);
    let created = o.creation_time().map_or_else(String::new, |t| {
        let text = t.rfc3339();
        format!("{} {} +0000 UTC", &text[..10], &text[11..19])
    });
    w.field(0, "Created on", &created);
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
    w.line(0, "Spec:");
    let selector = format_selector(o.at("spec.podSelector"));
    let all = "<none> (Allowing the specific traffic to all pods in this namespace)";
    w.line(1, &format!("PodSelector:     {}", if selector == "<none>" { all } else { &selector }));
    let types: Vec<&str> = o.at("spec.policyTypes").items().iter().filter_map(Value::as_str).collect();
    for (name, lower, peers, word, side) in
        [("Ingress", "ingress", "from", "From", "source"), ("Egress", "egress", "to", "To", "destination")]
    {
        if !types.contains(&name) {
            w.line(1, &format!("Not affecting {lower} traffic"));
            continue;
        }
        w.line(1, &format!("Allowing {lower} traffic:"));
        let rules = o.at("spec").at(lower).items();
        if rules.is_empty() {
            w.line(2, &format!("<none> (Selected pods are isolated for {lower} connectivity)"));
        }
        for (i, rule) in rules.iter().enumerate() {
            if i > 0 {
                w.line(2, "----------");
            }
            if rule.at("ports").items().is_empty() {
                w.line(2, "To Port: <any> (traffic allowed to all ports)");
            }
            for p in rule.at("ports").items() {
                let protocol = p.at("protocol").as_str().unwrap_or("TCP");
                let port = if p.at("port").is_null() { "<nil>".to_owned() } else { plain(p.at("port")) };
                w.line(
                    2,
                    &match p.int_at("endPort") {
                        None => format!("To Port: {port}/{protocol}"),
                        Some(end) => format!("To Port Range: {port}-{end}/{protocol}"),
                    },
                );
            }
            if rule.at(peers).items().is_empty() {
                w.line(2, &format!("{word}: <any> (traffic not restricted by {side})"));
            }
            for peer in rule.at(peers).items() {
                w.line(2, &format!("{word}:"));
                for (field, title) in [("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")] {
                    if !peer.at(field).is_null() {
                        w.line(3, &format!("{title}: {}", format_selector(peer.at(field))));
                    }
                }
                let block = peer.at("ipBlock");
                if !block.is_null() {
                    let except: Vec<&str> = block.at("except").items().iter().filter_map(Value::as_str).collect();
                    w.line(3, "IPBlock:");
                    w.line(4, &format!("CIDR: {}", block.str_at("cidr")));
                    w.line(4, &format!("Except: {}", except.join(", ")));
                }
            }
        }
    }
    w.line(1, &format!("Policy Types: {}", types.join(", ")));
}

pub fn budget(o: &Object, w: &mut Doc) {
    head(o, w);
    for (field, title) in [("minAvailable", "Min available"), ("maxUnavailable", "Max unavailable")] {
        let v = o.at("spec").at(field);
        if !v.is_null() {
            w.field(0, title, &plain(v));
        }
    }
    let selector = o.at("spec.selector");
    w.field(0, "Selector", &if selector.is_null() { "<unset>".to_owned() } else { format_selector(selector) });
    w.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        w.field(2, title, &number(o.at("status").at(field)).to_string());
    }
}

pub fn autoscaler(o: &Object, w: &mut Doc) {
    head(o, w);
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
    w.field(0, "CreationTimestamp", &stamp(o.at("metadata.creationTimestamp")));
    let (spec, target) = (o.at("spec"), o.at("spec.scaleTargetRef"));
    w.field(0, "Reference", &format!("{}/{}", target.str_at("kind"), target.str_at("name")));
    w.field(0, "Metrics", "( current / target )");
    for m in spec.at("metrics").items() {
        w.line(1, &metric(m));
    }
    let least = spec.int_at("minReplicas").map_or_else(|| "<unset>".to_owned(), |n| n.to_string());
    w.field(0, "Min replicas", &least);
    w.field(0, "Max replicas", &number(spec.at("maxReplicas")).to_string());
    let behavior = spec.at("behavior");
    if !behavior.is_null() {
        w.line(0, "Behavior:");
        for (title, field) in [("Scale Up", "scaleUp"), ("Scale Down", "scaleDown")] {
            direction(title, behavior.at(field), w);
        }
    }
    let (now, wanted) = (number(o.at("status.currentReplicas")), number(o.at("status.desiredReplicas")));
    w.field(0, &format!("{} pods", target.str_at("kind")), &format!("{now} current / {wanted} desired"));
    let conditions = o.at("status.conditions").items();
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tReason\tMessage");
        w.line(1, "----\t------\t------\t-------");
        for c in conditions {
            let fields = ["type", "status", "reason", "message"].map(|f| c.str_at(f));
            w.line(1, &fields.join("\t"));
        }
    }
}

/// A metric with what is wanted of it; nobody measures what it is.
fn metric(m: &Value) -> String {
    let aim = |target: &Value| match (target.at("averageValue"), target.at("value")) {
        (Value::Null, Value::Null) => {
            target.int_at("averageUtilization").map_or_else(|| "<auto>".to_owned(), |n| format!("{n}%"))
        }
        (Value::Null, value) => plain(value),
        (average, _) => plain(average),
    };
    let by = |target: &Value| if target.str_at("type") == "Value" { "target value" } else { "target average value" };
    let resource = |of: &Value, place: &str| {
        let share = if of.at("target.averageValue").is_null() { "  (as a percentage of request)" } else { "" };
        format!("resource {}{place} on pods{share}:\t<unknown> / {}", of.str_at("name"), aim(of.at("target")))
    };
    match m.str_at("type") {
        "ContainerResource" => {
            let of = m.at("containerResource");
            resource(of, &format!(" of container \"{}\"", of.str_at("container")))
        }
        "Pods" => {
            let of = m.at("pods");
            format!("\"{}\" on pods:\t<unknown> / {}", of.str_at("metric.name"), aim(of.at("target")))
        }
        "Object" => {
            let (of, about) = (m.at("object"), m.at("object.describedObject"));
            let target = of.at("target");
            format!(
                "\"{}\" on {}/{} ({}):\t<unknown> / {}",
                of.str_at("metric.name"),
                about.str_at("kind"),
                about.str_at("name"),
                by(target),
                aim(target)
            )
        }
        "External" => {
            let (of, target) = (m.at("external"), m.at("external.target"));
            format!("\"{}\" ({}):\t<unknown> / {}", of.str_at("metric.name"), by(target), aim(target))
        }
        _ => resource(m.at("resource"), ""),
    }
}

/// How fast an autoscaler may go. Models `printDirectionBehavior`.
fn direction(title: &str, rules: &Value, w: &mut Doc) {
    if rules.is_null() {
        return;
    }
    w.line(1, &format!("{title}:"));
    if let Some(n) = rules.int_at("stabilizationWindowSeconds") {
        w.line(2, &format!("Stabilization Window: {n} seconds"));
    }
    let policies = rules.at("policies").items();
    if !policies.is_empty() {
        w.line(2, &format!("Select Policy: {}", rules.at("selectPolicy").as_str().unwrap_or("Max")));
        w.line(2, "Policies:");
        for p in policies {
            let (value, period) = (number(p.at("value")), number(p.at("periodSeconds")));
            w.line(3, &format!("- Type: {}\tValue: {value}\tPeriod: {period} seconds", p.str_at("type")));
        }
    }
}
