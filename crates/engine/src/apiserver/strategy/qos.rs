//! The quality of service class of a Pod.
//!
//! Models `pkg/apis/core/v1/helper/qos/qos.go`.

use crate::api::{Quantity, Value};

/// `Guaranteed` where every container has limits of cpu and memory and asks for all of them, `BestEffort` where none has
/// any, else `Burstable`. Models `ComputePodQOS`.
pub fn qos_class(spec: &Value) -> &'static str {
    let pod_level = spec.at("resources");
    if !pod_level.at("requests").is_null() || !pod_level.at("limits").is_null() {
        return of(pod_level);
    }
    let containers = spec.at("initContainers").items().iter().chain(spec.at("containers").items());
    agreed(containers.map(|c| of(c.at("resources"))))
}

/// The class that all parts have; parts of different classes make a `Burstable` whole.
fn agreed(classes: impl Iterator<Item = &'static str>) -> &'static str {
    let mut found = None;
    for class in classes {
        if found.is_some_and(|f| f != class) {
            return "Burstable";
        }
        found = Some(class);
    }
    found.unwrap_or("BestEffort")
}

fn of(resources: &Value) -> &'static str {
    let (requests, limits) = (resources.at("requests"), resources.at("limits"));
    agreed(["cpu", "memory"].into_iter().map(|name| {
        let (request, limit) = (Quantity::at(requests, name), Quantity::at(limits, name));
        match (request == limit, request.is_zero()) {
            (false, _) => "Burstable",
            (true, true) => "BestEffort",
            (true, false) => "Guaranteed",
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        for (resources, want) in [
            ("{}", "BestEffort"),
            (r#"{"requests":{"cpu":"0"}}"#, "BestEffort"),
            (r#"{"requests":{"cpu":"1"}}"#, "Burstable"),
            (r#"{"requests":{"cpu":"1"},"limits":{"cpu":"1"}}"#, "Burstable"),
            (r#"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"1000m","memory":"1Gi"}}"#, "Guaranteed"),
            (r#"{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"cpu":"2","memory":"1Gi"}}"#, "Burstable"),
            (r#"{"limits":{"cpu":"2"}}"#, "Burstable"),
        ] {
            let spec = Value::from_json(&format!(r#"{{"containers":[{{"resources":{resources}}}]}}"#)).unwrap();
            assert_eq!(qos_class(&spec), want, "{resources}");
        }
    }
}
