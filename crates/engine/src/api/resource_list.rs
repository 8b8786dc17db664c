//! Lists of amounts by resource name, each with the unit it was written in.
//!
//! Models component-helpers `resource/helpers.go` where what comes of it is shown or stored.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Quantity, Value};

/// Amounts by resource name.
pub type ResourceList = BTreeMap<Rc<str>, Quantity>;

/// Reads a `ResourceList`; what is no quantity is left out.
pub fn read_list(v: &Value) -> ResourceList {
    v.fields().filter_map(|(k, q)| Some((k.clone(), Quantity::from_value(q).ok()?))).collect()
}

/// Writes a `ResourceList`.
pub fn write_list(list: &ResourceList) -> Value {
    Value::object_from(list.iter().map(|(k, q)| (k.clone(), Value::from(q.to_string()))))
}

/// Adds one list to another.
pub fn add_to(list: &mut ResourceList, more: &ResourceList) {
    for (k, q) in more {
        list.entry(k.clone()).or_default().add(q);
    }
}

/// What the containers of a Pod together ask for or may use (`requests`, `limits`), or the most while its init containers
/// run. Models `AggregateContainerRequests` and `AggregateContainerLimits`.
pub fn containers_total(spec: &Value, field: &'static str) -> ResourceList {
    let of = |c: &Value| read_list(c.at("resources").at(field));
    let mut total = ResourceList::new();
    for c in spec.at("containers").items() {
        add_to(&mut total, &of(c));
    }
    let (mut sidecars, mut init) = (ResourceList::new(), ResourceList::new());
    for c in spec.at("initContainers").items() {
        let mut need = of(c);
        if c.str_at("restartPolicy") == "Always" {
            add_to(&mut total, &need);
            add_to(&mut sidecars, &need);
            need.clone_from(&sidecars);
        } else {
            add_to(&mut need, &sidecars);
        }
        raise_to(&mut init, need);
    }
    raise_to(&mut total, init);
    total
}

fn raise_to(list: &mut ResourceList, other: ResourceList) {
    for (k, q) in other {
        match list.get_mut(&k) {
            Some(have) if have.nanos() >= q.nanos() => {}
            Some(have) => *have = q,
            None => {
                list.insert(k, q);
            }
        }
    }
}
