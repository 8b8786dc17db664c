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

/// Refuses address families that this cluster, which has IPv4 alone, cannot give. Models `initIPFamilyFields`.
pub fn check_families(service: &Value) -> Result<(), Status> {
    let spec = service.at("spec");
    // A headless Service without a selector may name what it likes.
    if spec.str_at("type") == "ExternalName"
        || spec.str_at("clusterIP") == "None" && spec.at("selector").fields().count() == 0
    {
        return Ok(());
    }
    let (families, policy) = (spec.at("ipFamilies").items(), spec.str_at("ipFamilyPolicy"));
    let mut wrong = Vec::new();
    let at = Path::new("spec");
    if policy == "SingleStack" && families.len() == 2 {
        let why = "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified";
        wrong.push(FieldError::invalid(&at.child("ipFamilyPolicy"), policy, why));
    } else {
        if policy == "RequireDualStack" {
            let why = "this cluster is not configured for dual-stack services";
            wrong.push(FieldError::invalid(&at.child("ipFamilyPolicy"), policy, why));
        }
        for (i, family) in families.iter().enumerate().filter(|(_, f)| f.as_str() != Some("IPv4")) {
            let path = at.child("ipFamilies").index(i);
            let family = family.as_str().unwrap_or_default();
            wrong.push(FieldError::invalid(&path, family, "not configured on this cluster"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid_fields(Kind::Service, service.str_at("metadata.name"), &wrong))
    }
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
