//! What `resourceFieldRef` tells a container of its requests and limits.
//!
//! Models `ExtractContainerResourceValue` of `pkg/api/v1/resource`; without a limit the node's own counts.

use super::pod::Pod;
use crate::api::{Quantity, Value};

/// CPU and memory of a node, where a container has no limit: in thousandths and in bytes.
const NODE: [(&str, i64); 2] = [("cpu", 4_000), ("memory", 8 << 30)];

/// The value of a `resourceFieldRef`.
pub fn field(pod: &Pod, own: &Value, reference: &Value) -> String {
    let other = reference.str_at("containerName");
    let spec = if other.is_empty() { own } else { pod.find_spec(other).map_or(own, |(_, c)| c) };
    let Some((list, resource)) = reference.str_at("resource").split_once('.') else { return String::new() };
    let amount = spec.at("resources").at_path(list).get(resource);
    let is_cpu = resource == "cpu";
    let divisor = Quantity::from_value(reference.at("divisor")).ok().filter(|d| !d.is_zero());
    let node = NODE.iter().find(|(n, _)| *n == resource).filter(|_| list == "limits").map_or(0, |(_, v)| *v);
    let quantity = amount.and_then(|a| Quantity::from_value(a).ok());
    let (value, unit) = if is_cpu {
        (quantity.map_or(node, |q| q.milli_value()), divisor.map_or(1000, |d| d.milli_value()))
    } else {
        (quantity.map_or(node, |q| q.value()), divisor.map_or(1, |d| d.value()))
    };
    // Rounded up, as upstream.
    let unit = unit.max(1);
    ((value + unit - 1) / unit).to_string()
}
