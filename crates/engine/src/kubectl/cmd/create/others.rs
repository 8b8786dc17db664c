//! `kubectl create namespace`, `serviceaccount`, `quota`, `role`, `rolebinding`, `priorityclass`, `poddisruptionbudget` and
//! `service`.

use super::super::super::Cx;
use super::super::super::args::Parsed;
use super::super::super::builder;
use super::super::super::failure::{Failure, error};
use super::super::super::session::Io;
use super::super::Done;
use super::{finish, name, table};
use crate::api::{Kind, Map, Value};
use crate::json;

fn texts<'a>(all: impl IntoIterator<Item = &'a str>) -> Value {
    Value::array(all.into_iter().map(Value::from))
}

/// `kubectl create namespace`
pub fn namespace(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create namespace", table!(""), words)?;
    let body = json!({"metadata": {"name": (name(&p)?)}});
    finish(&p, Kind::Namespace, body, "", cx, io)
}

/// `kubectl create serviceaccount`
pub fn service_account(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create serviceaccount", table!(""), words)?;
    let body = json!({"metadata": {"name": (name(&p)?)}});
    finish(&p, Kind::ServiceAccount, body, "failed to create serviceaccount: ", cx, io)
}

/// `kubectl create quota`
pub fn quota(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create quota", table!("hard scopes"), words)?;
    let mut body = json!({"metadata": {"name": (name(&p)?)}});
    let mut hard = Map::new();
    for part in p.str("hard").split(',').filter(|s| !s.is_empty()) {
        match part.split_once('=') {
            Some((k, v)) if !v.contains('=') => {
                if let Err(why) = crate::api::Quantity::parse(v) {
                    return error(why);
                }
                hard.insert(k, v);
            }
            _ => return error(format!("Invalid argument syntax {part}, expected <resource>=<value>")),
        }
    }
    if !hard.is_empty() {
        body.set("spec.hard", hard);
    }
    if p.has("scopes") {
        if p.str("scopes").split(',').any(str::is_empty) {
            return error("invalid resource quota scope \"\"");
        }
        body.set("spec.scopes", texts(p.str("scopes").split(',')));
    }
    finish(&p, Kind::ResourceQuota, body, "failed to create quota: ", cx, io)
}

/// `kubectl create role` and `clusterrole`
pub fn role(which: &str, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let cluster = which == "clusterrole";
    let command = if cluster { "create clusterrole" } else { "create role" };
    let p = Parsed::read(command, table!("verb, resource, resource-name* non-resource-url, aggregation-rule"), words)?;
    let name = name(&p)?.to_owned();
    let verbs = p.all("verb");
    if cluster && p.has("aggregation-rule") {
        let others = ["verb", "resource", "resource-name", "non-resource-url"];
        if others.iter().any(|f| p.has(f)) {
            return error(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            );
        }
        let pairs = p.all("aggregation-rule").into_iter().filter_map(|rule| rule.split_once('='));
        let labels = Value::object_from(pairs.map(|(k, v)| (k, Value::from(v))));
        let body = json!({
            "metadata": {"name": (name.as_str())},
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": labels}]},
            "rules": null
        });
        return finish(&p, Kind::ClusterRole, body, "", cx, io);
    }
    if verbs.is_empty() {
        return error("at least one verb must be specified");
    }
    let standard = [
        "*",
        "get",
        "delete",
        "list",
        "create",
        "update",
        "patch",
        "watch",
        "proxy",
        "deletecollection",
        "use",
        "bind",
        "escalate",
        "impersonate",
    ];
    for verb in verbs.iter().filter(|v| !standard.contains(v)) {
        io.complain(&format!("Warning: '{verb}' is not a standard resource verb"));
    }
    let named = p.has("resource") || (cluster && p.has("non-resource-url"));
    if !named {
        return error(if cluster {
            "one of resource or nonResourceURL must be specified"
        } else {
            "at least one resource must be specified"
        });
    }
    // One rule for each API group, in the order in which the groups are first named.
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for r in p.all("resource") {
        let (word, sub) = r.split_once('/').map_or((r, None), |(w, s)| (w, Some(s)));
        let kind = builder::kind_of(word).map_err(Failure::plain)?;
        let full = kind.info().plural.to_owned() + &sub.map_or_else(String::new, |s| format!("/{s}"));
        match groups.iter_mut().find(|(g, _)| *g == kind.info().group) {
            Some((_, all)) => all.push(full),
            None => groups.push((kind.info().group, vec![full])),
        }
    }
    groups.sort_by_key(|(g, _)| *g);
    let mut rules: Vec<Value> = groups
        .iter()
        .map(|(group, resources)| {
            let names = p.all("resource-name");
            let names = if names.is_empty() { Value::Null } else { texts(names) };
            Value::object([
                ("apiGroups", texts([*group])),
                ("resources", texts(resources.iter().map(String::as_str))),
                ("resourceNames", names),
                ("verbs", texts(verbs.iter().copied())),
            ])
        })
        .collect();
    if p.has("non-resource-url") {
        rules.push(
            json!({"nonResourceURLs": (texts(p.all("non-resource-url"))), "verbs": (texts(verbs.iter().copied()))}),
        );
    }
    let body = json!({"metadata": {"name": (name.as_str())}, "rules": (Value::from(rules))});
    finish(&p, if cluster { Kind::ClusterRole } else { Kind::Role }, body, "", cx, io)
}

/// `kubectl create rolebinding` and `clusterrolebinding`
pub fn role_binding(which: &str, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let cluster = which == "clusterrolebinding";
    let command = if cluster { "create clusterrolebinding" } else { "create rolebinding" };
    let p = Parsed::read(command, table!("clusterrole role user* group* serviceaccount*"), words)?;
    let name = name(&p)?.to_owned();
    if p.has("clusterrole") == p.has("role") && !cluster {
        return error("exactly one of clusterrole or role must be specified");
    }
    if cluster {
        p.require(&["clusterrole"])?;
    }
    let (kind, role) = if p.has("role") { ("Role", p.str("role")) } else { ("ClusterRole", p.str("clusterrole")) };
    let subjects = super::super::common::subjects(&p)?;
    let mut body = json!({
        "metadata": {"name": (name.as_str())},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role}
    });
    if !subjects.is_empty() {
        body.set("subjects", subjects);
    }
    let failed = if cluster { "failed to create clusterrolebinding: " } else { "failed to create rolebinding: " };
    finish(&p, if cluster { Kind::ClusterRoleBinding } else { Kind::RoleBinding }, body, failed, cx, io)
}

/// `kubectl create priorityclass`
pub fn priority_class(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p =
        Parsed::read("create priorityclass", table!("value# global-default! description preemption-policy"), words)?;
    let body = json!({
        "metadata": {"name": (name(&p)?)},
        "value": (p.int("value").unwrap_or(0)),
        "globalDefault": (p.on("global-default")),
        "description": (p.str("description")),
        "preemptionPolicy": (p.text("preemption-policy").unwrap_or("PreemptLowerPriority"))
    });
    finish(&p, Kind::PriorityClass, body, "failed to create priorityclass: ", cx, io)
}

/// `kubectl create poddisruptionbudget`
pub fn budget(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create poddisruptionbudget", table!("min-available max-unavailable selector"), words)?;
    let name = name(&p)?.to_owned();
    if p.str("selector").is_empty() {
        return error("a selector must be specified");
    }
    let (min, max) = (p.str("min-available"), p.str("max-unavailable"));
    match (min.is_empty(), max.is_empty()) {
        (true, true) => return error("one of min-available or max-unavailable must be specified"),
        (false, false) => return error("min-available and max-unavailable cannot be both specified"),
        _ => {}
    }
    let labels: Map = p
        .str("selector")
        .split(',')
        .filter_map(|t| t.split_once('='))
        .map(|(k, v)| (k.to_owned(), Value::from(v.trim_start_matches('='))))
        .collect();
    let number = |t: &str| t.parse::<i64>().map_or_else(|_| Value::from(t), Value::from);
    let mut body =
        json!({"metadata": {"name": (name.as_str())}, "spec": {"selector": {"matchLabels": (Value::from(labels))}}});
    if min.is_empty() {
        body.set("spec.maxUnavailable", number(max));
    } else {
        body.set("spec.minAvailable", number(min));
    }
    finish(&p, Kind::PodDisruptionBudget, body, "failed to create poddisruptionbudgets: ", cx, io)
}

/// `kubectl create service clusterip|nodeport|loadbalancer|externalname`
pub fn service(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let (command, ty): (&'static str, &str) = match words.first().map_or("", String::as_str) {
        "clusterip" => ("create service clusterip", "ClusterIP"),
        "nodeport" => ("create service nodeport", "NodePort"),
        "loadbalancer" => ("create service loadbalancer", "LoadBalancer"),
        "externalname" => ("create service externalname", "ExternalName"),
        _ => return super::super::help::group("create service", words, cx, io),
    };
    let p = Parsed::read(command, table!("tcp, clusterip node-port# external-name"), &words[1..])?;
    let name = name(&p)?.to_owned();
    let mut ports = Vec::new();
    for port in p.all("tcp") {
        let (outer, inner) = port.split_once(':').unwrap_or((port, port));
        let target = inner.parse::<i64>().map_or_else(|_| Value::from(inner), Value::from);
        let mut entry = json!({
            "name": (port.replace(':', "-")), "port": (outer.parse::<i64>().unwrap_or(0)), "protocol": "TCP", "targetPort": target
        });
        if let Some(node) = p.int("node-port") {
            entry.set("nodePort", node);
        }
        ports.push(entry);
    }
    if ports.is_empty() && ty != "ExternalName" && p.str("clusterip") != "None" {
        return error("at least one tcp port specifier must be provided");
    }
    let mut body = json!({
        "metadata": {"name": (name.as_str()), "labels": {"app": (name.as_str())}},
        "spec": {"type": ty, "selector": {"app": (name.as_str())}}
    });
    if !ports.is_empty() {
        body.set("spec.ports", ports);
    }
    for (flag, field) in [("clusterip", "spec.clusterIP"), ("external-name", "spec.externalName")] {
        if p.has(flag) {
            body.set(field, p.str(flag));
        }
    }
    finish(&p, Kind::Service, body, &format!("failed to create {ty} service: "), cx, io)
}
