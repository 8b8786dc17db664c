//! Conflicts between managers, and what goes when it is no longer applied.

use super::*;
use crate::apiserver::Actor;
use crate::clock::Time;
use crate::component::testing::default_namespace;
use crate::json;

fn deployment(image: &str, replicas: Option<i64>, labels: &str) -> Value {
    let mut body = json!({
        "metadata": {"name": "web", "namespace": "default", "labels": (Value::from_json(labels).unwrap())},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "image": image}]},
            },
        },
    });
    if let Some(n) = replicas {
        body.set("spec.replicas", n);
    }
    body
}

fn server() -> ApiServer {
    let mut api = ApiServer::new(1);
    api.act(Time(0), Actor::User);
    default_namespace(&mut api);
    api
}

fn apply(api: &mut ApiServer, body: Value, manager: &str, force: bool) -> Result<Rc<Object>, Status> {
    let options = ApplyOptions { manager: Rc::from(manager), force, dry_run: false };
    api.apply(Kind::Deployment, body, &options)
}

#[test]
fn two_managers_conflict_until_one_forces() {
    let mut api = server();
    apply(&mut api, deployment("nginx:1", Some(2), "{}"), "ci", false).unwrap();
    apply(&mut api, deployment("nginx:1", Some(2), "{}"), "me", false).unwrap();
    let refused = apply(&mut api, deployment("nginx:2", Some(3), "{}"), "me", false).unwrap_err();
    assert_eq!(
        refused.message,
        "Apply failed with 2 conflicts: conflicts with \"ci\":\n- .spec.replicas\n\
         - .spec.template.spec.containers[name=\"nginx\"].image"
    );
    let forced = apply(&mut api, deployment("nginx:2", Some(3), "{}"), "me", true).unwrap();
    assert_eq!(forced.at("spec.replicas").as_i64(), Some(3));
    apply(&mut api, deployment("nginx:3", Some(3), "{}"), "me", false).unwrap();
}

#[test]
fn scaling_takes_the_replicas() {
    let mut api = server();
    apply(&mut api, deployment("nginx:1", Some(2), "{}"), "kubectl", false).unwrap();
    api.manage_as("kubectl");
    let key = ObjectKey::new(Kind::Deployment, "default", "web");
    api.set_scale(&key, 5, WriteOptions::default()).unwrap();
    let refused = apply(&mut api, deployment("nginx:1", Some(2), "{}"), "kubectl", false).unwrap_err();
    assert_eq!(
        refused.message,
        "Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using apps/v1: .spec.replicas"
    );
    let left = apply(&mut api, deployment("nginx:1", None, "{}"), "kubectl", false).unwrap();
    assert_eq!(left.at("spec.replicas").as_i64(), Some(5));
}

#[test]
fn what_is_no_longer_applied_goes_unless_another_has_it() {
    let mut api = server();
    apply(&mut api, deployment("nginx:1", None, r#"{"a":"1","b":"2"}"#), "ci", false).unwrap();
    apply(&mut api, deployment("nginx:1", None, r#"{"b":"2"}"#), "me", false).unwrap();
    let left = apply(&mut api, deployment("nginx:1", None, "{}"), "ci", false).unwrap();
    assert_eq!(left.labels().to_json(), r#"{"b":"2"}"#);
}

#[test]
fn what_was_applied_on_the_clients_side_is_taken_over() {
    let mut api = server();
    api.manage_as("kubectl-client-side-apply");
    let mut body = deployment("nginx:1", Some(2), "{}");
    body.set_key("metadata.annotations", "kubectl.kubernetes.io/last-applied-configuration", "{}");
    api.create(Kind::Deployment, body, WriteOptions::default()).unwrap();
    let made = apply(&mut api, deployment("nginx:2", Some(4), "{}"), "kubectl", false).unwrap();
    assert_eq!(made.at("spec.replicas").as_i64(), Some(4));
}
