//! Who may do what: roles and their bindings, as `kubectl auth can-i --as` asks about them, and as every request made
//! with `--as` is held to them.
//!
//! Models `plugin/pkg/auth/authorizer/rbac/rbac.go` and the texts of `endpoints/handlers/responsewriters/errors.go`. The
//! learner is an administrator, who may do everything.

use super::Cx;
use crate::api::text::go_quote;
use crate::api::{Kind, ObjectKey, Value};
use crate::apiserver::{Reason, Status, Store};
use crate::json;

/// Whom a command acts as: `--as`, `--as-group`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visitor {
    /// The user.
    pub user: String,
    /// The groups.
    pub groups: Vec<String>,
}

/// What a request is about: a verb and what comes after the resource in its path.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// `get`, `list`, `create` ...
    pub verb: &'a str,
    /// `log`, `scale`, or nothing.
    pub subresource: &'a str,
    /// Whether the request names the object: all do but those that list and create.
    pub named: bool,
}

impl<'a> Deed<'a> {
    /// A request for one object.
    pub fn on_one(verb: &'a str) -> Self {
        Self { verb, subresource: "", named: true }
    }
    /// A request for a kind.
    pub fn on_all(verb: &'a str) -> Self {
        Self { verb, subresource: "", named: false }
    }
}

impl Cx<'_> {
    /// Refuses what whom `--as` names may not do.
    pub fn may(&self, deed: Deed<'_>, key: &ObjectKey) -> Result<(), Status> {
        let Some(visitor) = &self.home.visitor else { return Ok(()) };
        let Deed { verb, subresource, named } = deed;
        let (info, name) = (key.kind.info(), if named { &*key.name } else { "" });
        let resource =
            if subresource.is_empty() { info.plural.to_owned() } else { format!("{}/{subresource}", info.plural) };
        let asked = Asked { verb, group: info.group, resource, name, namespace: &key.namespace };
        let groups: Vec<&str> = visitor.groups.iter().map(String::as_str).collect();
        if allows(self.api.store(), &visitor.user, &groups, &asked) {
            return Ok(());
        }
        let place = if key.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {}", go_quote(&key.namespace))
        };
        let why = format!(
            "User {} cannot {verb} resource {} in API group {} {place}",
            go_quote(&visitor.user),
            go_quote(&asked.resource),
            go_quote(info.group)
        );
        if named {
            return Err(Status::forbidden(key.kind, name, &why));
        }
        Err(Status::new(Reason::Forbidden, format!("{} is forbidden: {why}", key.kind.group_resource())))
    }
}

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
        let has = |field: &'static str, wanted: &str| {
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

/// Everything that the roles bound to a user, or to one of the groups, allow in a namespace.
pub fn rules_of(store: &Store, user: &str, groups: &[&str], namespace: &str) -> Vec<Value> {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    let of_account = account.map(|(ns, _)| format!("system:serviceaccounts:{ns}"));
    let mut all: Vec<&str> = groups.to_vec();
    all.push("system:authenticated");
    if let Some(group) = &of_account {
        all.extend(["system:serviceaccounts", group.as_str()]);
    }
    let mut out = default_rules(account.is_some());
    if all.contains(&"system:masters") {
        out.extend(cluster_role("cluster-admin"));
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
    let mut take = |binding: &Value, namespace: &str| {
        if !binding.at("subjects").items().iter().any(|s| is_meant(s, namespace)) {
            return;
        }
        let role = binding.at("roleRef");
        let name = role.str_at("name");
        let found = match role.str_at("kind") {
            "ClusterRole" => store.find(Kind::ClusterRole, "", name),
            _ => store.find(Kind::Role, namespace, name),
        };
        match found {
            Some(found) => out.extend(found.at("rules").items().iter().cloned()),
            None if role.str_at("kind") == "ClusterRole" => out.extend(cluster_role(name)),
            None => {}
        }
    };
    store.list(Kind::ClusterRoleBinding).for_each(|b| take(b.body(), ""));
    if !namespace.is_empty() {
        store.list_in(Kind::RoleBinding, namespace).for_each(|b| take(b.body(), namespace));
    }
    out
}

/// Whether the roles bound to a user, or to one of the groups, allow it.
pub fn allows(store: &Store, user: &str, groups: &[&str], asked: &Asked<'_>) -> bool {
    rules_of(store, user, groups, asked.namespace).iter().any(|rule| asked.is_covered_by(rule))
}

/// What everybody may do: ask about themselves, and find out what there is. Models `system:basic-user`,
/// `system:discovery`, `system:public-info-viewer` and what service accounts have beyond.
fn default_rules(of_account: bool) -> Vec<Value> {
    let paths = |list: &str| json!({"nonResourceURLs": (words(list)), "verbs": ["get"]});
    let create = |group: &str, list: &str| rule(group, list, "create");
    let mut out = vec![
        create("authentication.k8s.io", "selfsubjectreviews"),
        create("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
        paths("/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"),
        paths("/healthz /livez /readyz /version /version/"),
    ];
    if of_account {
        out.push(paths(
            "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/",
        ));
        out.push(rule("certificates.k8s.io", "clustertrustbundles", READ));
    }
    out
}

fn words(list: &str) -> Value {
    Value::array(list.split(' ').map(Value::from))
}

fn rule(group: &str, resources: &str, verbs: &str) -> Value {
    json!({"apiGroups": [group], "resources": (words(resources)), "verbs": (words(verbs))})
}

const READ: &str = "get list watch";
const WRITE: &str = "create delete deletecollection patch update";

/// What the ClusterRole `view` lets be read, by group.
const VIEWED: [(&str, &str); 10] = [
    (
        "",
        "bindings configmaps endpoints events limitranges namespaces namespaces/status persistentvolumeclaims \
         persistentvolumeclaims/status pods pods/log pods/status replicationcontrollers replicationcontrollers/scale \
         replicationcontrollers/status resourcequotas resourcequotas/status serviceaccounts services services/status",
    ),
    ("events.k8s.io", "events"),
    ("discovery.k8s.io", "endpointslices"),
    (
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets \
         replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status",
    ),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    ("batch", "cronjobs cronjobs/status jobs jobs/status"),
    (
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status \
         networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale",
    ),
    ("policy", "poddisruptionbudgets poddisruptionbudgets/status"),
    ("networking.k8s.io", "ingresses ingresses/status networkpolicies"),
    ("resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
];

/// What the ClusterRole `edit` lets be written, by group.
const EDITED: [(&str, &str); 10] = [
    (
        "",
        "configmaps events persistentvolumeclaims pods pods/attach pods/exec pods/portforward pods/proxy \
         replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy",
    ),
    ("events.k8s.io", "events"),
    (
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets \
         statefulsets/scale",
    ),
    ("autoscaling", "horizontalpodautoscalers"),
    ("batch", "cronjobs jobs"),
    (
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets \
         replicasets/scale replicationcontrollers/scale",
    ),
    ("policy", "poddisruptionbudgets"),
    ("networking.k8s.io", "ingresses networkpolicies"),
    ("coordination.k8s.io", "leases"),
    ("resource.k8s.io", "resourceclaims resourceclaimtemplates"),
];

/// The rules of the roles for people that every cluster has.
fn cluster_role(name: &str) -> Vec<Value> {
    let mut out = Vec::new();
    if name == "cluster-admin" {
        out.push(rule("*", "*", "*"));
        out.push(json!({"nonResourceURLs": ["*"], "verbs": ["*"]}));
    }
    if matches!(name, "view" | "edit" | "admin") {
        out.extend(VIEWED.iter().map(|(group, resources)| rule(group, resources, READ)));
    }
    if matches!(name, "edit" | "admin") {
        out.extend(EDITED.iter().map(|(group, resources)| rule(group, resources, WRITE)));
        let read = "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy";
        out.push(rule("", read, READ));
        out.push(rule("", "serviceaccounts", "impersonate"));
        out.push(rule("", "pods/eviction serviceaccounts/token", "create"));
        out.push(rule("coordination.k8s.io", "leases", READ));
    }
    if name == "admin" {
        out.push(rule("authorization.k8s.io", "localsubjectaccessreviews", "create"));
        for verbs in [READ, WRITE] {
            out.push(rule("rbac.authorization.k8s.io", "rolebindings roles", verbs));
        }
    }
    out
}
