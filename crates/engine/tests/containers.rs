//! Containers told again: going back and forward, in steps or at once, gives the same history, byte for byte.

use std::rc::Rc;

use batchyard_engine::cluster::{Cluster, Command, Config, Time};

const MANIFEST: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: loop, annotations: {batchyard.dev/attempts: exit 1 after 3s}}
spec:
  containers: [{name: main, image: busybox}]
---
apiVersion: v1
kind: Pod
metadata: {name: script}
spec:
  restartPolicy: OnFailure
  volumes: [{name: state, emptyDir: {}}]
  initContainers:
  - {name: side, image: busybox, restartPolicy: Always, command: [sh, -c, 'trap "echo bye; exit 0" TERM; while sleep 1; do date +%s > /state/now; done'],
     volumeMounts: [{name: state, mountPath: /state}]}
  containers:
  - name: main
    image: busybox
    command: [sh, -c, 'n=$(cat /state/n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > /state/n; seq 3 | while read i; do echo "$n.$i"; sleep 2; done; cat /state/now; [ $n -ge 3 ]']
    volumeMounts: [{name: state, mountPath: /state}]
---
apiVersion: v1
kind: Pod
metadata: {name: probed}
spec:
  containers:
  - name: main
    image: nginx
    readinessProbe: {exec: {command: [sh, -c, 'test $(($(date +%s) % 20)) -gt 9']}, periodSeconds: 3}
    livenessProbe: {exec: {command: ['false']}, initialDelaySeconds: 20, periodSeconds: 5}
---
apiVersion: v1
kind: Pod
metadata: {name: typo}
spec:
  containers: [{name: main, image: 'nginx:does-not-exist'}]
"#;

fn start() -> (Cluster, Time) {
    let mut cluster = Cluster::new(Config::default());
    let t = cluster.start() + 2_000;
    cluster.advance(t, u32::MAX);
    let files = Rc::new(vec![("x.yaml".to_owned(), Rc::from(MANIFEST))]);
    let out = cluster.handle(Command::Kubectl { line: "kubectl apply -f x.yaml".into(), files });
    assert_eq!(out.output.exit, 0, "{}", out.output.stderr);
    (cluster, t)
}

fn logs(cluster: &mut Cluster, pod: &str) -> String {
    let line = format!("kubectl logs {pod} -c main");
    cluster.handle(Command::Kubectl { line, files: Rc::default() }).output.stdout
}

#[test]
fn the_same_history_however_it_is_reached() {
    let (mut at_once, t) = start();
    at_once.advance(t + 120_000, u32::MAX);
    let (hash, len) = (at_once.journal().hash(), at_once.journal().len());

    let (mut in_steps, _) = start();
    for ms in (0..=120_000).step_by(137) {
        in_steps.advance(t + ms, u32::MAX);
    }
    in_steps.advance(t + 120_000, u32::MAX);
    assert_eq!((in_steps.journal().hash(), in_steps.journal().len()), (hash, len));

    for back in [500, 15_000, 61_000, 119_000] {
        at_once.seek(t + back);
        at_once.seek(t + 120_000);
        assert_eq!((at_once.journal().hash(), at_once.journal().len()), (hash, len), "{back}");
    }
    assert!(logs(&mut at_once, "script").starts_with("3.1\n3.2\n3.3\n"), "{}", logs(&mut at_once, "script"));

    // What a journal does not hold is the same, too.
    let mut again = at_once.clone();
    again.seek(t + 10_000);
    assert_eq!(logs(&mut again, "script"), logs(&mut { start_at(10_000) }, "script"));
}

fn start_at(ms: i64) -> Cluster {
    let (mut cluster, t) = start();
    cluster.advance(t + ms, u32::MAX);
    cluster
}

/// A container that reads a file of a ConfigMap sees a new text within a minute and a half, and not at once; one that has the
/// file by its `subPath` never does.
#[test]
fn volumes_follow_their_configmap() {
    let manifest = |word: &str| {
        let pod = |name: &str, mount: &str| {
            format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  volumes: [{{name: v, configMap: {{name: c}}}}]\n  \
                 containers:\n  - {{name: main, image: busybox, command: [sh, -c, 'while sleep 1; do cat /etc/c/word; done'], volumeMounts: [{{name: v, {mount}}}]}}\n"
            )
        };
        let map = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{word: {word}}}\n");
        map + &pod("whole", "mountPath: /etc/c") + &pod("part", "mountPath: /etc/c/word, subPath: word")
    };
    let mut cluster = Cluster::new(Config::default());
    let apply = |cluster: &mut Cluster, word: &str| {
        let files = Rc::new(vec![("x.yaml".to_owned(), Rc::from(manifest(word)))]);
        let out = cluster.handle(Command::Kubectl { line: "kubectl apply -f x.yaml".into(), files });
        assert_eq!(out.output.exit, 0, "{}", out.output.stderr);
        let t = cluster.now() + if word == "old" { 20_000 } else { 95_000 };
        cluster.advance(t, u32::MAX);
    };
    apply(&mut cluster, "old");
    apply(&mut cluster, "new");
    let whole = logs(&mut cluster, "whole");
    assert!(whole.starts_with("old\n") && whole.ends_with("new\n"), "{whole}");
    let old = whole.lines().filter(|l| *l == "old").count();
    assert!(old > 20, "it takes a while: {old}");
    assert!(logs(&mut cluster, "part").lines().all(|l| l == "old"));
}

/// A ConfigMap that goes while it is mounted leaves its files, and the kubelet says again and again that it cannot set the volume up.
#[test]
fn a_volume_outlives_its_configmap() {
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {word: old}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  \
                    volumes: [{name: v, configMap: {name: c}}]\n  containers:\n  - {name: main, image: busybox, command: [sh, -c, 'while sleep 1; do cat /c/word; done'], \
                    volumeMounts: [{name: v, mountPath: /c}]}\n";
    let mut cluster = Cluster::new(Config::default());
    let files = Rc::new(vec![("x.yaml".to_owned(), Rc::from(manifest))]);
    let run = |cluster: &mut Cluster, line: &str, seconds: i64| {
        let out = cluster.handle(Command::Kubectl { line: line.into(), files: files.clone() }).output;
        assert_eq!(out.exit, 0, "{}", out.stderr);
        let t = cluster.now() + seconds * 1_000;
        cluster.advance(t, u32::MAX);
        out.stdout
    };
    run(&mut cluster, "kubectl apply -f x.yaml", 10);
    run(&mut cluster, "kubectl delete cm c", 125);
    let told =
        "kubectl get events --field-selector reason=FailedMount -o jsonpath='{.items[*].count} {.items[*].message}'";
    let told = run(&mut cluster, told, 0);
    assert!(told.ends_with(" MountVolume.SetUp failed for volume \"v\" : configmap \"c\" not found"), "{told}");
    let times: i64 = told.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    assert!((6..=9).contains(&times), "{told}");
    assert!(logs(&mut cluster, "p").ends_with("old\n"));
    run(&mut cluster, "kubectl apply -f x.yaml", 200);
    let again = "kubectl get events --field-selector reason=FailedMount -o jsonpath='{.items[*].count}'";
    let count = run(&mut cluster, again, 300);
    assert_eq!(run(&mut cluster, again, 0), count, "once it is back, all is well");
}
