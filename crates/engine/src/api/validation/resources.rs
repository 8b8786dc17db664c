//! Requests and limits. Models `validateResourceRequirements` and the names of resources in `pkg/apis/core/helper`.

use super::{Checks, NEGATIVE, items};
use crate::api::field::{FieldError, Path};
use crate::api::quantity::Quantity;
use crate::api::{Value, content};

const STANDARD: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];
const COUNTS: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_huge_page(name: &str) -> bool {
    name.starts_with("hugepages-")
}
fn is_quota_huge_page(name: &str) -> bool {
    is_huge_page(name) || name.starts_with("requests.hugepages-")
}
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}
fn is_extended(name: &str) -> bool {
    !is_native(name) && !name.starts_with("requests.") && content::label_key(&format!("requests.{name}")).is_empty()
}
/// Whether more of it may be promised than there is.
pub(super) fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

/// Whether a quota knows the name by itself.
pub(super) fn is_quota_resource(name: &str) -> bool {
    (STANDARD.contains(&name) && name != "storage") || is_quota_huge_page(name)
}

impl Checks {
    pub(super) fn resource_name(&mut self, name: &str, path: &Path) -> bool {
        let messages = content::label_key(name);
        if !messages.is_empty() {
            self.messages(path, name, messages);
            return false;
        }
        if !name.contains('/') && !STANDARD.contains(&name) && !is_quota_huge_page(name) {
            self.invalid(path, name, "must be a standard resource type or fully qualified");
            return false;
        }
        true
    }
    /// A name among a container's resources.
    pub(super) fn container_resource_name(&mut self, name: &str, path: &Path) {
        self.resource_name(name, path);
        if !name.contains('/') {
            if !["cpu", "memory", "ephemeral-storage"].contains(&name) && !is_huge_page(name) {
                self.invalid(path, name, "must be a standard resource for containers");
            }
        } else if !is_native(name) && !is_extended(name) {
            self.invalid(path, name, "doesn't follow extended resource name standard");
        }
    }
    /// A name among a quota's resources.
    pub(super) fn quota_resource_name(&mut self, name: &str, path: &Path) {
        self.resource_name(name, path);
        if !name.contains('/') && !is_quota_resource(name) {
            self.invalid(path, name, "must be a standard resource for quota");
        }
    }
    pub(super) fn resource_amount(&mut self, name: &str, amount: &Quantity, path: &Path) {
        if amount.nanos() < 0 {
            self.invalid(path, amount.to_string(), NEGATIVE);
        }
        if (COUNTS.contains(&name) || is_extended(name)) && amount.nanos() % 1_000_000_000 != 0 {
            self.invalid(path, amount.to_string(), "must be an integer");
        }
    }
    /// A container's resources. `claims` are the names of the pod's resource claims.
    pub(super) fn resource_requirements(&mut self, resources: &Value, claims: &[&str], path: &Path) {
        self.requirements(resources, Self::container_resource_name, path);
        self.claim_names(resources, claims, path);
    }
    /// A pod's own resources.
    pub(super) fn pod_requirements(&mut self, resources: &Value, path: &Path) {
        self.requirements(resources, Self::pod_resource_name, path);
    }
    fn pod_resource_name(&mut self, name: &str, path: &Path) {
        if self.resource_name(name, path) && !["cpu", "memory"].contains(&name) && !is_huge_page(name) {
            self.not_supported(path, name, &["cpu", "hugepages-", "memory"]);
        }
    }
    fn requirements(&mut self, resources: &Value, name_rule: fn(&mut Self, &str, &Path), path: &Path) {
        let (limits, requests) = (path.child("limits"), path.child("requests"));
        let mut compute = false;
        let mut huge = false;
        for (name, amount) in resources.at("limits").fields() {
            let p = limits.key(name);
            name_rule(self, name, &p);
            let amount = Quantity::from_value(amount).unwrap_or_default();
            self.resource_amount(name, &amount, &p);
            self.whole_pages(name, &amount, &p);
            compute |= matches!(name.as_ref(), "cpu" | "memory");
            huge |= is_huge_page(name);
        }
        for (name, amount) in resources.at("requests").fields() {
            let p = requests.key(name);
            name_rule(self, name, &p);
            let amount = Quantity::from_value(amount).unwrap_or_default();
            self.resource_amount(name, &amount, &p);
            self.whole_pages(name, &amount, &p);
            let limit = resources.at("limits").get(name).map(|l| Quantity::from_value(l).unwrap_or_default());
            match limit {
                Some(limit) if amount != limit && !is_overcommit_allowed(name) => {
                    self.invalid(&requests, amount.to_string(), format!("must be equal to {name} limit of {limit}"));
                }
                Some(limit) if amount > limit => self.invalid(
                    &requests,
                    amount.to_string(),
                    format!("must be less than or equal to {name} limit of {limit}"),
                ),
                None if !is_overcommit_allowed(name) => {
                    self.required(&limits, "Limit must be set for non overcommitable resources");
                }
                _ => {}
            }
            compute |= matches!(name.as_ref(), "cpu" | "memory");
            huge |= is_huge_page(name);
        }
        if huge && !compute {
            self.forbidden(path, "HugePages require cpu or memory");
        }
    }
    /// Huge pages come in whole ones. Models `validateResourceQuantityHugePageValue`.
    fn whole_pages(&mut self, name: &str, amount: &Quantity, path: &Path) {
        let Some(size) = name.strip_prefix("hugepages-") else { return };
        let size = Quantity::parse(size).map_or(0, |q| q.nanos());
        if size <= 0 || amount.nanos() % size != 0 {
            self.invalid(path, amount.to_string(), format!("{amount} is not positive integer multiple of {name}"));
        }
    }
    fn claim_names(&mut self, resources: &Value, claims: &[&str], path: &Path) {
        let mut seen: Vec<&str> = Vec::new();
        for (claim, p) in items(resources, "claims", path) {
            let name = claim.str_at("name");
            if name.is_empty() {
                self.required(&p.child("name"), "");
                continue;
            }
            if seen.contains(&name) {
                self.duplicate(&p, name);
            } else {
                seen.push(name);
            }
            if !claims.contains(&name) {
                // Where no claims are listed, the message says so.
                let mut e = FieldError::not_found(&p, name);
                if claims.is_empty() {
                    e.detail = "must be one of the names in pod.spec.resourceClaims which is empty".into();
                }
                self.push(e);
            }
        }
    }
}
