//! What a request does to an object, and what is refused.

use super::*;
use crate::clock::SECOND;
use crate::component::testing::default_namespace;
use crate::json;
use crate::manifest::decode::decode;

const START: Time = Time(1_795_510_800_000);

fn server() -> ApiServer {
    let mut api = ApiServer::new(1);
    api.act(START, Actor::User);
    default_namespace(&mut api);
    api
}

fn pod(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "main", "image": "busybox:1.36"}]},
    })
}

fn job(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "busybox:1.36"}],
        }}},
    })
}

/// Creates an object as it comes from a client: read into its type first.
fn create(api: &mut ApiServer, kind: Kind, body: Value) -> Result<Rc<Object>, Status> {
    let body = decode(kind, &body).expect("a test's object is right").value;
    api.create(kind, body, WriteOptions::default())
}

fn key(kind: Kind, name: &str) -> ObjectKey {
    ObjectKey::new(kind, "default", name)
}

/// Puts a Pod on a node.
fn running(api: &mut ApiServer, name: &str) -> ObjectKey {
    create(api, Kind::Pod, pod(name)).unwrap();
    api.bind(&key(Kind::Pod, name), "node-1").unwrap();
    key(Kind::Pod, name)
}

#[test]
fn a_pod_is_completed_on_its_way_in() {
    let mut api = server();
    let made = create(&mut api, Kind::Pod, pod("a")).unwrap();
    let volume = made.at("spec.volumes.0.name").as_str().unwrap_or("").to_owned();
    assert!(volume.starts_with("kube-api-access-") && volume.len() == 21, "{volume}");
    assert_eq!(made.at("spec.containers.0.volumeMounts.0.name").as_str(), Some(volume.as_str()));
    for (path, want) in [
        ("spec.serviceAccountName", Value::from("default")),
        ("spec.serviceAccount", "default".into()),
        ("spec.priority", 0.into()),
        ("spec.preemptionPolicy", "PreemptLowerPriority".into()),
        ("spec.enableServiceLinks", true.into()),
        ("spec.tolerations.1.key", "node.kubernetes.io/unreachable".into()),
        ("spec.terminationGracePeriodSeconds", 30.into()),
        ("status.phase", "Pending".into()),
        ("status.qosClass", "BestEffort".into()),
        ("metadata.generation", 1.into()),
        ("metadata.creationTimestamp", "2026-11-24T09:00:00Z".into()),
    ] {
        assert_eq!(made.at(path), &want, "{path}");
    }
}

#[test]
fn creation_is_refused_in_these_words() {
    let mut api = server();
    create(&mut api, Kind::Pod, pod("a")).unwrap();
    let with = |path: &'static str, value: &str| {
        let mut body = pod("b");
        body.set(path, value);
        body
    };
    for (body, text) in [
        (pod("a"), "pods \"a\" already exists"),
        (with("metadata.namespace", "nowhere"), "namespaces \"nowhere\" not found"),
        (
            with("spec.serviceAccountName", "x"),
            "pods \"b\" is forbidden: error looking up service account default/x: serviceaccount \"x\" not found",
        ),
        (
            with("spec.priorityClassName", "urgent"),
            "pods \"b\" is forbidden: no PriorityClass with name urgent was found",
        ),
        (with("metadata.resourceVersion", "7"), "resourceVersion should not be set on objects to be created"),
        (
            with("spec.restartPolicy", "Sometimes"),
            "Pod \"b\" is invalid: spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \
             \"OnFailure\", \"Never\"",
        ),
    ] {
        assert_eq!(create(&mut api, Kind::Pod, body).unwrap_err().message, text);
    }
}

#[test]
fn generated_names_and_dry_runs() {
    let mut api = server();
    let mut body = pod("");
    body.set("metadata.generateName", "web-");
    let made = create(&mut api, Kind::Pod, body).unwrap();
    assert!(made.name().starts_with("web-") && made.name().len() == 9);
    let before = api.resource_version();
    api.create(Kind::Pod, pod("dry"), WriteOptions { dry_run: true, ..WriteOptions::default() }).unwrap();
    assert_eq!(api.resource_version(), before);
    assert!(api.get(&key(Kind::Pod, "dry")).is_none());
}

#[test]
fn updates_keep_what_is_the_servers() {
    let mut api = server();
    let made = create(&mut api, Kind::Job, job("a")).unwrap();
    let mut body = made.body().clone();
    body.set("spec.parallelism", 3);
    body.set("status.active", 9);
    body.set("metadata.creationTimestamp", "1999-01-01T00:00:00Z");
    let updated = api.update(Kind::Job, body.clone(), Subresource::Main, WriteOptions::default()).unwrap();
    assert_eq!(updated.generation(), 2);
    assert!(updated.at("status.active").is_null());
    assert_eq!(updated.creation_time(), made.creation_time());
    let stale = api.update(Kind::Job, body, Subresource::Main, WriteOptions::default()).unwrap_err();
    assert_eq!(
        stale.message,
        "Operation cannot be fulfilled on jobs.batch \"a\": the object has been modified; please apply your changes to the \
         latest version and try again"
    );
    let mut same = updated.body().clone();
    same.set("spec.parallelism", 3);
    let again = api.update(Kind::Job, same, Subresource::Main, WriteOptions::default()).unwrap();
    assert!(Rc::ptr_eq(&again, &updated), "no change, no version");
    let mut status = updated.body().clone();
    status.set("status.active", 2);
    status.set("spec.parallelism", 7);
    let status = api.update(Kind::Job, status, Subresource::Status, WriteOptions::default()).unwrap();
    assert_eq!((status.at("status.active").as_i64(), status.at("spec.parallelism").as_i64()), (Some(2), Some(3)));
    assert!(status.at("spec").same(updated.at("spec")), "what did not change is shared");
}

#[test]
fn a_pod_goes_gracefully() {
    let mut api = server();
    let key = running(&mut api, "a");
    let marked = api.delete(&key, &DeleteOptions::default()).unwrap();
    assert_eq!(marked.deletion_time(), Some(START + 30 * SECOND));
    assert_eq!(marked.generation(), 2);
    // A longer period is ignored, a shorter one moves the end.
    let grace = |s| DeleteOptions { grace_period_seconds: Some(s), ..DeleteOptions::default() };
    assert!(Rc::ptr_eq(&api.delete(&key, &grace(60)).unwrap(), &marked));
    api.act(START + 2 * SECOND, Actor::User);
    let shorter = api.delete(&key, &grace(5)).unwrap();
    assert_eq!(shorter.deletion_time(), Some(START + 5 * SECOND));
    assert_eq!(shorter.generation(), 2);
    api.take_changes().for_each(drop);
    api.delete(&key, &grace(0)).unwrap();
    let changes: Vec<_> = api.take_changes().collect();
    assert_eq!(changes.iter().map(Change::is_deleted).collect::<Vec<_>>(), [false, true]);
    assert!(api.get(&key).is_none());
}

#[test]
fn finalizers_keep_an_object_until_they_are_gone() {
    let mut api = server();
    let mut body = job("a");
    body.set("metadata.finalizers", Value::array(["example.com/keep".into()]));
    create(&mut api, Kind::Job, body).unwrap();
    let key = key(Kind::Job, "a");
    let background = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    assert!(api.delete(&key, &background).unwrap().is_deleting());
    let none = |body: &mut Value| {
        body.unset("metadata.finalizers");
    };
    api.mutate(&key, Subresource::Main, none).unwrap();
    assert!(api.get(&key).is_none());
}

#[test]
fn propagation_becomes_a_finalizer() {
    for (propagation, want) in [
        (Some(Propagation::Foreground), Some("foregroundDeletion")),
        (Some(Propagation::Orphan), Some("orphan")),
        (None, Some("orphan")),
        (Some(Propagation::Background), None),
    ] {
        let mut api = server();
        create(&mut api, Kind::Job, job("a")).unwrap();
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        api.delete(&key(Kind::Job, "a"), &options).unwrap();
        let left = api.get(&key(Kind::Job, "a"));
        let finalizer = left.map(|o| o.at("metadata.finalizers.0").as_str().unwrap_or("").to_owned());
        assert_eq!(finalizer.as_deref(), want, "{propagation:?}");
    }
}

#[test]
fn deletions_have_preconditions() {
    let mut api = server();
    let made = create(&mut api, Kind::Pod, pod("a")).unwrap();
    let options = DeleteOptions { uid: Some(Rc::from("other")), ..DeleteOptions::default() };
    let refused = api.delete(&key(Kind::Pod, "a"), &options).unwrap_err();
    assert_eq!(
        refused.message,
        format!(
            "Operation cannot be fulfilled on Pod \"a\": the UID in the precondition (other) does not match the UID in record \
             ({}). The object might have been deleted and then recreated",
            made.uid()
        )
    );
}

#[test]
fn quotas_are_charged_and_exceeded() {
    let mut api = server();
    let mut quota = json!({"metadata": {"name": "one", "namespace": "default"}, "spec": {"hard": {"pods": "1"}}});
    create(&mut api, Kind::ResourceQuota, quota.clone()).unwrap();
    quota.set("status", json!({"hard": {"pods": "1"}, "used": {"pods": "0"}}));
    api.update(Kind::ResourceQuota, quota, Subresource::Status, WriteOptions::default()).unwrap();
    create(&mut api, Kind::Pod, pod("a")).unwrap();
    let used = api.get(&key(Kind::ResourceQuota, "one")).unwrap().at("status.used.pods").clone();
    assert_eq!(used.as_str(), Some("1"));
    assert_eq!(
        create(&mut api, Kind::Pod, pod("b")).unwrap_err().message,
        "pods \"b\" is forbidden: exceeded quota: one, requested: pods=1, used: pods=1, limited: pods=1"
    );
}

#[test]
fn eviction_asks_the_budget() {
    let mut api = server();
    let key = running(&mut api, "a");
    api.mutate(&key, Subresource::Main, |b| b.set("metadata.labels.app", "web")).unwrap();
    api.mutate(&key, Subresource::Status, |b| b.set("status.phase", "Running")).unwrap();
    let budget = json!({
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    });
    create(&mut api, Kind::PodDisruptionBudget, budget).unwrap();
    let refused = api.evict(&key, &DeleteOptions::default()).unwrap_err();
    assert_eq!(refused.message, "Cannot evict pod as it would violate the pod's disruption budget.");
    api.delete(&self::key(Kind::PodDisruptionBudget, "web"), &DeleteOptions::default()).unwrap();
    api.evict(&key, &DeleteOptions::default()).unwrap();
    let pod = api.get(&key).unwrap();
    assert!(pod.is_deleting() && pod.condition_is_true("DisruptionTarget"));
}

#[test]
fn patches_are_read_as_their_type_says() {
    let mut api = server();
    create(&mut api, Kind::Job, job("a")).unwrap();
    let mut patch = |how, text: &str| {
        let patch = Value::from_json(text).unwrap();
        api.patch(&key(Kind::Job, "a"), how, &patch, Subresource::Main, WriteOptions::default())
    };
    let made = patch(PatchType::Merge, r#"{"spec":{"parallelism":2}}"#).unwrap();
    assert_eq!(made.at("spec.parallelism").as_i64(), Some(2));
    let made = patch(PatchType::Json, r#"[{"op":"replace","path":"/spec/parallelism","value":4}]"#).unwrap();
    assert_eq!(made.at("spec.parallelism").as_i64(), Some(4));
    for (how, text, want) in [
        (
            PatchType::Strategic,
            r#"{"spec":{"parallelism":"3"}}"#,
            " \"\" is invalid: patch: Invalid value: \"map[spec:map[parallelism:3]]\": unrecognized type: int32",
        ),
        (
            PatchType::Strategic,
            r#"{"metadata":{"name":"b"}}"#,
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (
            PatchType::Json,
            r#"[{"op":"remove","path":"/spec/nope"}]"#,
            "the server rejected our request due to an error in our request",
        ),
        (
            PatchType::Merge,
            r#"{"spec":{"completions":9}}"#,
            "Job.batch \"a\" is invalid: spec.completions: Invalid value: 9: field is immutable",
        ),
    ] {
        assert_eq!(patch(how, text).unwrap_err().message, want);
    }
}

#[test]
fn a_runtime_class_completes_its_pods() {
    let mut api = server();
    let class = json!({
        "metadata": {"name": "vault"}, "handler": "vault", "overhead": {"podFixed": {"cpu": "50m"}},
        "scheduling": {"nodeSelector": {"safe": "yes"}, "tolerations": [{"key": "safe", "operator": "Exists"}]},
    });
    create(&mut api, Kind::RuntimeClass, class).unwrap();
    let of = |name: &str, class: &str, more: Value| {
        let mut body = pod(name);
        body.set("spec.runtimeClassName", class);
        for (field, value) in more.fields() {
            body.slot("spec").make_object().insert(field, value.clone());
        }
        body
    };
    let made = create(&mut api, Kind::Pod, of("a", "vault", json!({}))).unwrap();
    assert_eq!(made.at("spec.overhead.cpu").as_str(), Some("50m"));
    assert_eq!(made.at("spec.nodeSelector.safe").as_str(), Some("yes"));
    assert_eq!(made.at("spec.tolerations").items().len(), 3);
    for (class, more, want) in [
        ("none", json!({}), "pod rejected: RuntimeClass \"none\" not found"),
        ("vault", json!({"overhead": {"cpu": "1"}}), "doesn't match RuntimeClass's defined Overhead"),
        (
            "vault",
            json!({"nodeSelector": {"safe": "no"}}),
            "nodeSelector[safe] = yes; pod.spec.nodeSelector[safe] = no",
        ),
    ] {
        let refused = create(&mut api, Kind::Pod, of("b", class, more)).unwrap_err();
        assert!(refused.message.contains(want), "{}", refused.message);
    }
}
