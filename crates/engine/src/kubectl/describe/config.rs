//! Namespaces, quotas, limits, configuration, accounts, services and access.

use super::container::quantity;
use super::{Doc, Scene, annotations, head, labels, number};
use std::rc::Rc;

use crate::api::int_or_string::display;
use crate::api::{Kind, Object, Quantity, Value, base64};
use crate::kubectl::printers::first_three;

pub fn namespace(n: &Object, scene: &Scene<'_>, w: &mut Doc) {
    w.field(0, "Name", n.name());
    labels("Labels", n.labels(), w);
    annotations("Annotations", n.at("metadata.annotations"), w);
    w.field(0, "Status", n.at("status.phase").as_str().unwrap_or(""));
    w.line(0, "");
    let quotas: Vec<_> = scene.store.list_in(Kind::ResourceQuota, n.name()).collect();
    if quotas.is_empty() {
        w.line(0, "No resource quota.");
    } else {
        w.line(0, "Resource Quotas");
        for q in quotas {
            w.field(1, "Name", q.name());
            w.line(1, "Resource\tUsed\tHard");
            w.line(1, "--------\t---\t---");
            for (r, used, hard) in quota_rows(q) {
                w.line(1, &format!("{r}\t{used}\t{hard}"));
            }
        }
    }
    w.line(0, "");
    let limits: Vec<_> = scene.store.list_in(Kind::LimitRange, n.name()).collect();
    if limits.is_empty() {
        w.line(0, "No LimitRange resource.");
        return;
    }
    w.line(0, "Resource Limits");
    w.line(0, &format!(" {LIMIT_HEADS}"));
    w.line(0, &format!(" {LIMIT_RULES}"));
    for l in limits {
        limit_rows(l, " ", w);
    }
}

/// Resource, used and hard of a quota.
fn quota_rows(q: &Object) -> Vec<(String, String, String)> {
    let used = q.at("status.used");
    q.at("status.hard")
        .fields()
        .map(|(r, hard)| {
            let hard = Quantity::from_value(hard).unwrap_or_default();
            let mut u = Quantity::from_value(used.get(r).unwrap_or(&Value::Null)).unwrap_or_default();
            if u.format() != hard.format() {
                u = Quantity::from_int(u.value(), hard.format());
            }
            (r.to_string(), u.to_string(), hard.to_string())
        })
        .collect()
}

pub fn quota(q: &Object, w: &mut Doc) {
    head(q, w);
    let mut scopes: Vec<&str> = q.at("spec.scopes").items().iter().filter_map(Value::as_str).collect();
    scopes.sort_unstable();
    if !scopes.is_empty() {
        w.field(0, "Scopes", &scopes.join(", "));
        for scope in scopes {
            let text = match scope {
                "Terminating" => {
                    "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
                }
                "NotTerminating" => {
                    "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
                }
                "BestEffort" => {
                    "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
                }
                "NotBestEffort" => {
                    "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
                }
                _ => continue,
            };
            w.line(0, &format!(" * {text}"));
        }
    }
    w.line(0, "Resource\tUsed\tHard");
    w.line(0, "--------\t----\t----");
    for (r, used, hard) in quota_rows(q) {
        w.line(0, &format!("{r}\t{used}\t{hard}"));
    }
}

const LIMIT_HEADS: &str = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio";
const LIMIT_RULES: &str = "----\t--------\t---\t---\t---------------\t-------------\t-----------------------";

pub fn limit_range(l: &Object, w: &mut Doc) {
    head(l, w);
    w.line(0, LIMIT_HEADS);
    w.line(0, LIMIT_RULES);
    limit_rows(l, "", w);
}

fn limit_rows(l: &Object, prefix: &str, w: &mut Doc) {
    const COLUMNS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in l.at("spec.limits").items() {
        let mut names: Vec<&str> = COLUMNS.iter().flat_map(|c| item.at(c).fields().map(|(k, _)| k.as_ref())).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let cells = COLUMNS.iter().map(|c| item.at(c).get(name).map_or_else(|| "-".to_owned(), quantity));
            let cells: Vec<String> = cells.collect();
            w.line(0, &format!("{prefix}{}\t{name}\t{}", item.str_at("type"), cells.join("\t")));
        }
    }
}

pub fn config_map(c: &Object, w: &mut Doc) {
    head(c, w);
    labels("Labels", c.labels(), w);
    annotations("Annotations", c.at("metadata.annotations"), w);
    w.line(0, "\nData\n====");
    for (k, v) in c.at("data").fields() {
        w.line(0, &format!("{k}:\n----\n{}\n", v.as_str().unwrap_or("")));
    }
    w.line(0, "\nBinaryData\n====");
    for (k, v) in c.at("binaryData").fields() {
        w.line(0, &format!("{k}: {} bytes", decoded_len(v)));
    }
    w.line(0, "");
}

fn decoded_len(v: &Value) -> usize {
    base64::decode(v.as_str().unwrap_or("")).map_or(0, |b| b.len())
}

pub fn secret(s: &Object, w: &mut Doc) {
    head(s, w);
    labels("Labels", s.labels(), w);
    annotations("Annotations", s.at("metadata.annotations"), w);
    w.line(0, "");
    w.field(0, "Type", s.at("type").as_str().unwrap_or(""));
    w.line(0, "\nData\n====");
    for (k, v) in s.at("data").fields() {
        w.field(0, k, &format!("{} bytes", decoded_len(v)));
    }
}

pub fn service_account(s: &Object, w: &mut Doc) {
    head(s, w);
    labels("Labels", s.labels(), w);
    annotations("Annotations", s.at("metadata.annotations"), w);
    let secrets = s.at("imagePullSecrets").items();
    if secrets.is_empty() {
        w.line(0, "Image pull secrets:\t<none>");
    }
    for (i, p) in secrets.iter().enumerate() {
        let head = if i == 0 { "Image pull secrets:" } else { "                   " };
        w.line(0, &format!("{head}\t{}", p.str_at("name")));
    }
}

/// The ready endpoints behind a Service's port. Models `formatEndpointSlices`.
pub fn endpoints(s: &Object, port: &str, scene: &Scene<'_>) -> String {
    let is_slice =
        |o: &&Rc<Object>| o.kind() == Kind::EndpointSlice && o.label("kubernetes.io/service-name") == Some(s.name());
    let slices: Vec<_> = scene.store.list_in(Kind::EndpointSlice, s.namespace()).filter(is_slice).collect();
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut list = Vec::new();
    for slice in slices {
        for p in slice.at("ports").items().iter().filter(|p| p.str_at("name") == port) {
            let ready = slice.at("endpoints").items().iter().filter(|e| e.at("conditions").bool_at("ready"));
            let number = number(p.at("port"));
            list.extend(ready.map(|e| format!("{}:{number}", e.at("addresses.0").as_str().unwrap_or(""))));
        }
    }
    first_three(list, "").as_str().unwrap_or("").to_owned()
}

pub fn service(s: &Object, scene: &Scene<'_>, w: &mut Doc) {
    let spec = s.at("spec");
    head(s, w);
    labels("Labels", s.labels(), w);
    annotations("Annotations", s.at("metadata.annotations"), w);
    w.field(0, "Selector", &super::super::printers::format_labels(spec.at("selector")));
    w.field(0, "Type", spec.str_at("type"));
    if let Some(policy) = spec.at("ipFamilyPolicy").as_str() {
        w.field(0, "IP Family Policy", policy);
    }
    let list = |field: &'static str| {
        let all: Vec<&str> = spec.at(field).items().iter().filter_map(Value::as_str).collect();
        if all.is_empty() { "<none>".to_owned() } else { all.join(",") }
    };
    w.field(0, "IP Families", &list("ipFamilies"));
    w.field(0, "IP", spec.str_at("clusterIP"));
    w.field(0, "IPs", &list("clusterIPs"));
    if !spec.str_at("externalName").is_empty() {
        w.field(0, "External Name", spec.str_at("externalName"));
    }
    for p in spec.at("ports").items() {
        let name = p.at("name").as_str().filter(|n| !n.is_empty()).unwrap_or("<unset>");
        let protocol = p.str_at("protocol");
        w.line(0, &format!("Port:\t{name}\t{}/{protocol}", number(p.at("port"))));
        w.line(0, &format!("TargetPort:\t{}/{protocol}", display(p.at("targetPort"))));
        if let Some(n) = p.int_at("nodePort").filter(|n| *n != 0) {
            w.line(0, &format!("NodePort:\t{name}\t{n}/{protocol}"));
        }
        w.field(0, "Endpoints", &endpoints(s, p.str_at("name"), scene));
    }
    w.field(0, "Session Affinity", spec.str_at("sessionAffinity"));
    for (title, field) in
        [("External Traffic Policy", "externalTrafficPolicy"), ("Internal Traffic Policy", "internalTrafficPolicy")]
    {
        if let Some(policy) = spec.at(field).as_str().filter(|p| !p.is_empty()) {
            w.field(0, title, policy);
        }
    }
}

pub fn priority_class(p: &Object, w: &mut Doc) {
    w.field(0, "Name", p.name());
    w.field(0, "Value", &number(p.at("value")).to_string());
    w.field(0, "GlobalDefault", &(p.at("globalDefault").as_bool() == Some(true)).to_string());
    w.field(0, "PreemptionPolicy", p.at("preemptionPolicy").as_str().unwrap_or("PreemptLowerPriority"));
    w.field(0, "Description", p.at("description").as_str().unwrap_or(""));
    w.field(0, "Annotations", &super::super::printers::format_labels(p.at("metadata.annotations")));
}

pub fn role(r: &Object, w: &mut Doc) {
    w.field(0, "Name", r.name());
    labels("Labels", r.labels(), w);
    annotations("Annotations", r.at("metadata.annotations"), w);
    w.line(0, "PolicyRule:");
    w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    w.line(1, "---------\t-----------------\t--------------\t-----");
    super::super::rules::rows(r.at("rules").items()).iter().for_each(|row| w.line(1, row));
}

pub fn role_binding(r: &Object, w: &mut Doc) {
    w.field(0, "Name", r.name());
    labels("Labels", r.labels(), w);
    annotations("Annotations", r.at("metadata.annotations"), w);
    w.line(0, "Role:");
    w.field(1, "Kind", r.at("roleRef.kind").as_str().unwrap_or(""));
    w.field(1, "Name", r.at("roleRef.name").as_str().unwrap_or(""));
    w.line(0, "Subjects:");
    w.line(1, "Kind\tName\tNamespace");
    w.line(1, "----\t----\t---------");
    for s in r.at("subjects").items() {
        w.line(1, &format!("{}\t{}\t{}", s.str_at("kind"), s.str_at("name"), s.str_at("namespace")));
    }
}
