//! The addresses and ports that the API server gives a Service.
//!
//! Models `pkg/registry/core/service/storage/alloc.go`.

use std::collections::BTreeSet;

use crate::api::field::{FieldError, Path};
use crate::api::{Kind, Object, Value};
use crate::apiserver::{Status, Store};
use crate::rng::Rng;

/// Refuses node ports that cannot be given: only what is really made takes one.
pub fn check_node_ports(service: &Object, store: &Store) -> Result<(), Status> {
    let taken: BTreeSet<i64> = store
        .list(Kind::Service)
        .flat_map(|s| s.at("spec.ports").items())
        .filter_map(|p| p.int_at("nodePort"))
        .collect();
    for (i, port) in service.at("spec.ports").items().iter().enumerate() {
        let Some(n) = port.int_at("nodePort").filter(|n| *n != 0) else { continue };
        let why = if !(30_000..=32_767).contains(&n) {
            "provided port is not in the valid range. The range of valid ports is 30000-32767"
        } else if taken.contains(&n) {
            "provided port is already allocated"
        } else {
            continue;
        };
        let path = Path::new("spec.ports").index(i).child("nodePort");
        return Err(Status::invalid_fields(Kind::Service, service.name(), &[FieldError::invalid(&path, n, why)]));
    }
    Ok(())
}

/// Gives a Service its cluster address and node ports, where it asks for them and has none.
pub fn allocate(body: &mut Value, store: &Store, rng: &mut Rng) {
    let kind = body.str_at("spec.type").to_owned();
    if kind == "ExternalName" {
        return;
    }
    if body.str_at("spec.clusterIP").is_empty() {
        let used: BTreeSet<&str> =
            store.list(Kind::Service).map(|s| s.at("spec.clusterIP").as_str().unwrap_or("")).collect();
        let mut ip = String::new();
        while ip.is_empty() || used.contains(ip.as_str()) {
            ip = format!("10.96.{}.{}", rng.below(256), rng.between(2, 254));
        }
        body.set("spec.clusterIP", ip);
    }
    let ip = body.at("spec.clusterIP").clone();
    if body.at("spec.clusterIPs").is_null() {
        body.set("spec.clusterIPs", Value::array([ip.clone()]));
    }
    if body.at("spec.ipFamilies").is_null() {
        body.set("spec.ipFamilies", Value::array(["IPv4".into()]));
    }
    if body.at("spec.ipFamilyPolicy").is_null() {
        body.set("spec.ipFamilyPolicy", "SingleStack");
    }
    if kind == "NodePort" || kind == "LoadBalancer" {
        let used: BTreeSet<i64> = store
            .list(Kind::Service)
            .flat_map(|s| s.at("spec.ports").items())
            .filter_map(|p| p.int_at("nodePort"))
            .collect();
        let mut given = BTreeSet::new();
        for port in body.slot("spec.ports").make_array() {
            while port.int_at("nodePort").unwrap_or(0) == 0 {
                let n = rng.between(30_000, 32_767);
                if !used.contains(&n) && given.insert(n) {
                    port.set("nodePort", n);
                }
            }
        }
    }
}
