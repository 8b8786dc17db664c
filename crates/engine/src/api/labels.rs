//! Label selectors, node selectors, and taints with their tolerations, read from their trees.
//!
//! Models apimachinery `pkg/labels`, component-helpers `scheduling/corev1` (`helpers.go`, `nodeaffinity`).

use super::{Object, Value};

/// Whether the labels (or null) meet one `matchExpressions` entry.
fn requirement_met(requirement: &Value, value: Option<&str>) -> bool {
    let listed = |v: &str| requirement.at("values").items().iter().any(|x| x.as_str() == Some(v));
    let compare = |greater: bool| {
        let bound = requirement.at("values.0").as_str().and_then(|x| x.parse::<i64>().ok());
        match (value.and_then(|v| v.parse::<i64>().ok()), bound) {
            (Some(v), Some(b)) => {
                if greater {
                    v > b
                } else {
                    v < b
                }
            }
            _ => false,
        }
    };
    match requirement.str_at("operator") {
        "In" => value.is_some_and(listed),
        "NotIn" => !value.is_some_and(listed),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compare(true),
        "Lt" => compare(false),
        _ => false,
    }
}

/// Whether a `metav1.LabelSelector` selects labels. Null selects nothing, an empty selector everything.
pub fn selector_matches(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    map_matches(selector.at("matchLabels"), labels)
        && selector
            .at("matchExpressions")
            .items()
            .iter()
            .all(|r| requirement_met(r, labels.get(r.str_at("key")).and_then(Value::as_str)))
}

/// Whether labels hold every pair of a map; null asks for nothing.
pub fn map_matches(pairs: &Value, labels: &Value) -> bool {
    pairs.fields().all(|(k, v)| labels.get(k) == Some(v))
}

/// Whether a selector has neither labels nor expressions.
pub fn selector_is_empty(selector: &Value) -> bool {
    selector.at("matchLabels").fields().next().is_none() && selector.at("matchExpressions").items().is_empty()
}

/// Whether a node meets one term of a node selector. An empty term is met by none.
pub fn node_term_matches(term: &Value, node: &Object) -> bool {
    let (labels, fields) = (term.at("matchExpressions").items(), term.at("matchFields").items());
    if labels.is_empty() && fields.is_empty() {
        return false;
    }
    labels.iter().all(|r| requirement_met(r, node.label(r.str_at("key"))))
        && fields.iter().all(|r| r.str_at("key") == "metadata.name" && requirement_met(r, Some(node.name())))
}

/// Whether a node meets a Pod's `nodeSelector` and required node affinity. Models `GetRequiredNodeAffinity(pod).Match`.
pub fn node_affinity_matches(pod_spec: &Value, node: &Object) -> bool {
    if !map_matches(pod_spec.at("nodeSelector"), node.labels()) {
        return false;
    }
    let required = pod_spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    required.is_null() || required.at("nodeSelectorTerms").items().iter().any(|t| node_term_matches(t, node))
}

/// Whether a toleration tolerates a taint. Models `Toleration.ToleratesTaint`.
pub fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let (effect, key) = (toleration.str_at("effect"), toleration.str_at("key"));
    if (!effect.is_empty() && effect != taint.str_at("effect")) || (!key.is_empty() && key != taint.str_at("key")) {
        return false;
    }
    match toleration.str_at("operator") {
        "" | "Equal" => toleration.str_at("value") == taint.str_at("value"),
        "Exists" => true,
        _ => false,
    }
}

/// Whether any of a list of tolerations tolerates a taint.
pub fn any_tolerates(tolerations: &[Value], taint: &Value) -> bool {
    tolerations.iter().any(|t| tolerates(t, taint))
}

/// A node's taints.
pub fn taints(node: &Object) -> &[Value] {
    node.at("spec.taints").items()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    fn v(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    #[test]
    fn selectors() {
        let labels = v(r#"{"app":"a","tier":"web"}"#);
        for (selector, want) in [
            ("null", false),
            ("{}", true),
            (r#"{"matchLabels":{"app":"a"}}"#, true),
            (r#"{"matchLabels":{"app":"b"}}"#, false),
            (r#"{"matchExpressions":[{"key":"app","operator":"In","values":["b","a"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"app","operator":"NotIn","values":["a"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"x","operator":"NotIn","values":["a"]}]}"#, true),
            (
                r#"{"matchExpressions":[{"key":"x","operator":"DoesNotExist"},{"key":"tier","operator":"Exists"}]}"#,
                true,
            ),
        ] {
            assert_eq!(selector_matches(&v(selector), &labels), want, "{selector}");
        }
    }

    #[test]
    fn node_selectors() {
        let node = Object::new(Kind::Node, v(r#"{"metadata":{"name":"node-1","labels":{"disk":"ssd","n":"5"}}}"#));
        for (spec, want) in [
            ("{}", true),
            (r#"{"nodeSelector":{"disk":"hdd"}}"#, false),
            (
                r#"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
                {"matchFields":[{"key":"metadata.name","operator":"In","values":["node-1"]}]}]}}}}"#,
                true,
            ),
            (
                r#"{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
                {"matchExpressions":[{"key":"n","operator":"Gt","values":["5"]}]},{}]}}}}"#,
                false,
            ),
        ] {
            assert_eq!(node_affinity_matches(&v(spec), &node), want, "{spec}");
        }
    }

    #[test]
    fn tolerations() {
        let taint = v(r#"{"key":"k","value":"v","effect":"NoSchedule"}"#);
        for (toleration, want) in [
            (r#"{"operator":"Exists"}"#, true),
            (r#"{"key":"k","operator":"Exists","effect":"NoExecute"}"#, false),
            (r#"{"key":"k","value":"v"}"#, true),
            (r#"{"key":"k","operator":"Equal","value":"w","effect":"NoSchedule"}"#, false),
        ] {
            assert_eq!(tolerates(&v(toleration), &taint), want, "{toleration}");
        }
    }
}
