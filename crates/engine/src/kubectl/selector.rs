//! Which objects `-l` and `--field-selector` let through.
//!
//! Models the field label conversions of `pkg/apis/*/v1/conversion.go` and `pkg/registry/*/strategy.go`.

use crate::api::selector::{FieldTerm, parse_fields};
use crate::api::text::go_quote;
use crate::api::{Kind, Object, Selector, Value};
use crate::apiserver::{Reason, Status};

/// A label and a field selector, read.
pub struct Filter {
    labels: Selector,
    fields: Vec<FieldTerm>,
}

/// The fields that can be selected by, beside name and namespace.
fn fields_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Pod => {
            "spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork status.phase \
             status.podIP status.podIPs status.nominatedNodeName"
        }
        Kind::Event => {
            "involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid \
             involvedObject.apiVersion involvedObject.resourceVersion involvedObject.fieldPath reason \
             reportingComponent source type"
        }
        Kind::Job => "status.successful",
        Kind::Node => "spec.unschedulable",
        Kind::Namespace => "status.phase",
        Kind::Secret => "type",
        Kind::ReplicaSet | Kind::ReplicationController => "status.replicas",
        _ => "",
    }
}

fn unknown(kind: Kind, field: &str) -> String {
    match kind {
        Kind::Job | Kind::CronJob => format!("field label \"{field}\" not supported for {}", kind.name()),
        Kind::Pod | Kind::Node | Kind::Event | Kind::Namespace | Kind::Secret | Kind::ReplicationController => {
            format!("field label not supported: {field}")
        }
        Kind::ReplicaSet => format!("field label not supported for appsv1.ReplicaSet: {field}"),
        _ => format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""),
    }
}

impl Filter {
    /// Reads both selectors for a kind, as the API server does when it lists.
    pub fn read(kind: Kind, labels: &str, fields: &str) -> Result<Self, Status> {
        let info = kind.info();
        let refuse = |why: String| {
            let text = format!(
                "Unable to find \"{}/{}, Resource={}\" that match label selector {}, field selector {}: {why}",
                info.group,
                info.version,
                info.plural,
                go_quote(labels),
                go_quote(fields)
            );
            Status::new(Reason::BadRequest, text)
        };
        let selector = Selector::parse(labels).map_err(refuse)?;
        let terms = parse_fields(fields).map_err(refuse)?;
        for t in &terms {
            let known = matches!(t.field.as_str(), "metadata.name" | "metadata.namespace")
                || fields_of(kind).split_ascii_whitespace().any(|f| f == t.field);
            if !known {
                return Err(refuse(unknown(kind, &t.field)));
            }
        }
        Ok(Self { labels: selector, fields: terms })
    }
    /// Whether an object passes.
    pub fn matches(&self, o: &Object) -> bool {
        self.labels.matches(o.labels()) && self.fields.iter().all(|t| (field_value(o, &t.field) == t.value) == t.equal)
    }
}

fn field_value(o: &Object, field: &str) -> String {
    match field {
        "source" if o.kind() == Kind::Event => {
            let component = o.at("source.component").as_str().unwrap_or("");
            let from = if component.is_empty() { o.at("reportingComponent").as_str().unwrap_or("") } else { component };
            from.to_owned()
        }
        "status.successful" => o.at("status.succeeded").as_i64().unwrap_or(0).to_string(),
        "status.replicas" => o.body().at_path(field).as_i64().unwrap_or(0).to_string(),
        "spec.unschedulable" | "spec.hostNetwork" => o.body().at_path(field).as_bool().unwrap_or(false).to_string(),
        _ => match o.body().at_path(field) {
            Value::Str(s) => s.to_string(),
            Value::Null => String::new(),
            other => other.to_json(),
        },
    }
}
