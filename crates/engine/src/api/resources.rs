//! What Pods ask of nodes: quantities as whole numbers and the sum over a Pod's containers.
//!
//! Models component-helpers `resource/helpers.go`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Quantity, Value};

/// Amounts by resource name: CPU in thousandths, all else in whole units (bytes, pieces), rounded up.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Amounts {
    /// CPU in thousandths.
    pub cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
    /// Ephemeral storage in bytes.
    pub ephemeral: i64,
    /// Everything else: `pods`, huge pages, extended resources.
    pub other: BTreeMap<Rc<str>, i64>,
}

impl Amounts {
    /// Reads a `ResourceList`.
    pub fn read(list: &Value) -> Self {
        let mut out = Self::default();
        for (name, quantity) in list.fields() {
            let Ok(quantity) = Quantity::from_value(quantity) else { continue };
            match name.as_ref() {
                "cpu" => out.cpu = quantity.milli_value(),
                "memory" => out.memory = quantity.value(),
                "ephemeral-storage" => out.ephemeral = quantity.value(),
                _ => {
                    out.other.insert(name.clone(), quantity.value());
                }
            }
        }
        out
    }
    fn merge(&mut self, by: &Self, how: impl Fn(i64, i64) -> i64) {
        self.cpu = how(self.cpu, by.cpu);
        self.memory = how(self.memory, by.memory);
        self.ephemeral = how(self.ephemeral, by.ephemeral);
        for (k, v) in &by.other {
            let mine = self.other.entry(k.clone()).or_insert(0);
            *mine = how(*mine, *v);
        }
    }
    /// Adds.
    pub fn add(&mut self, by: &Self) {
        self.merge(by, i64::saturating_add);
    }
    /// Takes away.
    pub fn subtract(&mut self, by: &Self) {
        self.merge(by, i64::saturating_sub);
    }
    /// Takes the greater of each.
    pub fn max(&mut self, by: &Self) {
        self.merge(by, i64::max);
    }
}

/// What a Pod asks for: its containers together, or the greatest need while its init containers run, plus overhead.
/// Models `resource.PodRequests`.
pub fn pod_requests(spec: &Value) -> Amounts {
    let requests = |c: &Value| {
        let list = c.at("resources.requests");
        if list.is_null() { None } else { Some(Amounts::read(list)) }
    };
    let mut total = Amounts::default();
    for c in spec.at("containers").items() {
        if let Some(r) = requests(c) {
            total.add(&r);
        }
    }
    let (mut sidecars, mut init) = (Amounts::default(), Amounts::default());
    for c in spec.at("initContainers").items() {
        let mut need = requests(c).unwrap_or_default();
        if c.str_at("restartPolicy") == "Always" {
            total.add(&need);
            sidecars.add(&need);
            need = sidecars.clone();
        } else {
            need.add(&sidecars);
        }
        init.max(&need);
    }
    total.max(&init);
    let pod_level = spec.at("resources.requests");
    if !pod_level.is_null() {
        let level = Amounts::read(pod_level);
        for (name, _) in pod_level.fields() {
            match name.as_ref() {
                "cpu" => total.cpu = level.cpu,
                "memory" => total.memory = level.memory,
                other => {
                    total.other.insert(Rc::from(other), level.other.get(other).copied().unwrap_or(0));
                }
            }
        }
    }
    if !spec.at("overhead").is_null() {
        total.add(&Amounts::read(spec.at("overhead")));
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_containers_count_where_they_need_more() {
        let spec = Value::from_json(
            r#"{"initContainers":[{"restartPolicy":"Always","resources":{"requests":{"cpu":"100m"}}},
                {"resources":{"requests":{"cpu":"2"}}}],
                "containers":[{"resources":{"requests":{"cpu":"500m","memory":"1Mi"}}},{}]}"#,
        )
        .unwrap();
        let r = pod_requests(&spec);
        assert_eq!((r.cpu, r.memory), (2_100, 1 << 20));
    }
}
