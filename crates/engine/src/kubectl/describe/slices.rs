//! Endpoints and their slices, storage classes and ingress classes.
//!
//! Models `describeEndpoints`, `describeEndpointSliceV1`, `describeStorageClass` and `describeIngressClassV1`.

use super::{Doc, annotations, head, labels};
use crate::api::{Object, Value};
use crate::kubectl::printers::format_labels;

/// A text, or the word for none.
fn or<'a>(v: &'a Value, none: &'a str) -> &'a str {
    v.as_str().filter(|t| !t.is_empty()).unwrap_or(none)
}

fn ports(list: &Value, level: usize, w: &mut Doc) {
    w.line(level, "Name\tPort\tProtocol");
    w.line(level, "----\t----\t--------");
    for p in list.items() {
        let number = p.int_at("port").map_or_else(|| "<unset>".to_owned(), |n| n.to_string());
        w.line(level, &format!("{}\t{number}\t{}", or(p.at("name"), "<unset>"), p.str_at("protocol")));
    }
}

fn titled(o: &Object, w: &mut Doc) {
    head(o, w);
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
}

pub fn endpoints(o: &Object, w: &mut Doc) {
    titled(o, w);
    w.line(0, "Subsets:");
    for subset in o.at("subsets").items() {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let all: Vec<&str> = subset.at(field).items().iter().map(|a| a.str_at("ip")).collect();
            w.field(1, title, if all.is_empty() { "<none>".to_owned() } else { all.join(",") }.as_str());
        }
        if !subset.at("ports").items().is_empty() {
            w.line(1, "Ports:");
            ports(subset.at("ports"), 2, w);
        }
        w.line(0, "");
    }
}

pub fn endpoint_slice(o: &Object, w: &mut Doc) {
    titled(o, w);
    w.field(0, "AddressType", o.at("addressType").as_str().unwrap_or(""));
    if o.at("ports").items().is_empty() {
        w.line(0, "Ports: <unset>");
    } else {
        w.line(0, "Ports:");
        ports(o.at("ports"), 1, w);
    }
    if o.at("endpoints").items().is_empty() {
        w.line(0, "Endpoints: <none>");
        return;
    }
    w.line(0, "Endpoints:");
    for e in o.at("endpoints").items() {
        let all: Vec<&str> = e.at("addresses").items().iter().filter_map(Value::as_str).collect();
        w.field(1, "- Addresses", if all.is_empty() { "<none>".to_owned() } else { all.join(", ") }.as_str());
        w.line(2, "Conditions:");
        let ready = e.at("conditions.ready").as_bool();
        w.field(3, "Ready", ready.map_or("<unset>".to_owned(), |b| b.to_string()).as_str());
        w.field(2, "Hostname", or(e.at("hostname"), "<unset>"));
        let target = e.at("targetRef");
        if !target.is_null() {
            w.field(2, "TargetRef", &format!("{}/{}", target.str_at("kind"), target.str_at("name")));
        }
        w.field(2, "NodeName", or(e.at("nodeName"), "<unset>"));
        w.field(2, "Zone", or(e.at("zone"), "<unset>"));
    }
}

pub fn storage_class(o: &Object, w: &mut Doc) {
    const DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";
    w.field(0, "Name", o.name());
    w.field(0, "IsDefaultClass", if o.annotation(DEFAULT) == Some("true") { "Yes" } else { "No" });
    w.field(0, "Annotations", &format_labels(o.at("metadata.annotations")));
    w.field(0, "Provisioner", or(o.at("provisioner"), ""));
    w.field(0, "Parameters", &format_labels(o.at("parameters")));
    let expands = match o.at("allowVolumeExpansion").as_bool() {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    };
    w.field(0, "AllowVolumeExpansion", expands);
    let options = o.at("mountOptions").items();
    if options.is_empty() {
        w.field(0, "MountOptions", "<none>");
    } else {
        w.line(0, "MountOptions:");
        options.iter().filter_map(Value::as_str).for_each(|option| w.line(1, option));
    }
    for (title, field) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        w.field(0, title, or(o.at(field), ""));
    }
    if o.at("allowedTopologies").is_null() {
        return;
    }
    w.line(0, "AllowedTopologies:");
    for (i, term) in o.at("allowedTopologies").items().iter().enumerate() {
        w.begin(1, &format!("Term {i}:\t"));
        for (j, e) in term.at("matchLabelExpressions").items().iter().enumerate() {
            if j > 0 {
                w.begin(1, "\t");
            }
            let values: Vec<&str> = e.at("values").items().iter().filter_map(Value::as_str).collect();
            w.line(0, &format!("{} in [{}]", e.str_at("key"), values.join(", ")));
        }
    }
}

pub fn ingress_class(o: &Object, w: &mut Doc) {
    w.field(0, "Name", o.name());
    labels("Labels", o.labels(), w);
    annotations("Annotations", o.at("metadata.annotations"), w);
    w.field(0, "Controller", or(o.at("spec.controller"), ""));
    let p = o.at("spec.parameters");
    if !p.is_null() {
        w.line(0, "Parameters:");
        for (title, field) in [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")] {
            if field != "apiGroup" || !p.at(field).is_null() {
                w.field(1, title, p.str_at(field));
            }
        }
    }
}
