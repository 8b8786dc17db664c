//! Who may do what: roles and their bindings, as `kubectl auth can-i --as` asks about them.
//!
//! Models `plugin/pkg/auth/authorizer/rbac/rbac.go`. The cluster itself lets everybody do everything.

use crate::api::{Kind, Value};
use crate::apiserver::Store;

/// What somebody would like to do.
#[derive(Debug)]
pub struct Asked<'a> {
    verb: &'a str,
    group: &'a str,
    /// `pods`, `pods/log`, or a path.
    resource: String,
    name: &'a str,
    /// Empty for what is in no namespace.
    namespace: &'a str,
}

impl<'a> Asked<'a> {
    /// Reads the words of `can-i`.
    pub fn read(verb: &'a str, of: &'a str, subresource: &str, namespace: &'a str) -> Self {
        if of.starts_with('/') {
            return Self { verb, group: "", resource: of.to_owned(), name: "", namespace: "" };
        }
        let (word, name) = of.split_once('/').unwrap_or((of, ""));
        let kind = Kind::from_resource(word);
        let plural = kind.map_or(word, |k| k.info().plural);
        let resource = if subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{subresource}") };
        let within = kind.is_none_or(|k| k.info().namespaced);
        let group = kind.map_or(if word == "*" { "*" } else { "" }, |k| k.info().group);
        Self { verb, group, resource, name, namespace: if within { namespace } else { "" } }
    }
    fn is_covered_by(&self, rule: &Value) -> bool {
        let has = |field: &str, wanted: &str| {
            rule.at(field).items().iter().filter_map(Value::as_str).any(|v| v == "*" || v == wanted)
        };
        if self.resource.starts_with('/') {
            return has("verbs", self.verb) && has("nonResourceURLs", &self.resource);
        }
        let names = rule.at("resourceNames").items();
        has("verbs", self.verb)
            && has("apiGroups", self.group)
            && has("resources", &self.resource)
            && (names.is_empty() || names.iter().any(|n| n.as_str() == Some(self.name)))
    }
}

/// Whether the roles bound to a user, or to one of the groups, allow it.
pub fn allows(store: &Store, user: &str, groups: &[&str], asked: &Asked<'_>) -> bool {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let of_account = account.map(|(ns, _)| format!("system:serviceaccounts:{ns}"));
    let mut all: Vec<&str> = groups.to_vec();
    all.push("system:authenticated");
    if let Some(group) = &of_account {
        all.extend(["system:serviceaccounts", group.as_str()]);
    }
    if all.contains(&"system:masters") {
        return true;
    }
    let is_meant = |subject: &Value, namespace: &str| match subject.str_at("kind") {
        "User" => subject.str_at("name") == user,
        "Group" => all.contains(&subject.str_at("name")),
        "ServiceAccount" => {
            let own = subject.str_at("namespace");
            account == Some((if own.is_empty() { namespace } else { own }, subject.str_at("name")))
        }
        _ => false,
    };
    let role_allows = |binding: &Value, namespace: &str| {
        let role = binding.at("roleRef");
        let name = role.str_at("name");
        let found = match role.str_at("kind") {
            "ClusterRole" if name == "cluster-admin" => return true,
            "ClusterRole" => store.find(Kind::ClusterRole, "", name),
            _ => store.find(Kind::Role, namespace, name),
        };
        found.is_some_and(|role| role.at("rules").items().iter().any(|rule| asked.is_covered_by(rule)))
    };
    let bound = |binding: &Value, namespace: &str| {
        binding.at("subjects").items().iter().any(|s| is_meant(s, namespace)) && role_allows(binding, namespace)
    };
    store.list(Kind::ClusterRoleBinding).any(|b| bound(b.body(), ""))
        || !asked.namespace.is_empty()
            && store.list_in(Kind::RoleBinding, asked.namespace).any(|b| bound(b.body(), asked.namespace))
}
