//! Lines as candidates of an exam type them: what the terminal's shell makes of them.

use std::rc::Rc;

use batchyard_engine::cluster::{Cluster, Command, Config};

/// What a line prints on both streams within half an hour, and its exit code.
fn run(line: &str) -> (String, i32) {
    let mut cluster = Cluster::new(Config { seed: 1, ..Config::default() });
    let id = cluster.commands().len();
    let mut outcome = cluster.handle(Command::Kubectl { line: line.to_owned(), files: Rc::default() });
    let end = cluster.now() + 1_800_000;
    while !outcome.finished && cluster.now() < end {
        let next = cluster.next_due().unwrap_or(end).min(end);
        cluster.advance(next, u32::MAX);
        outcome = cluster.outcome(id).unwrap_or(outcome);
    }
    assert!(outcome.finished, "{line} does not end");
    (outcome.output.stdout + &outcome.output.stderr, outcome.output.exit)
}

#[test]
fn lines_of_candidates() {
    const MISSING: &str = "Error from server (NotFound): pods \"x\" not found\n";
    for (line, wanted) in [
        ("for i in 1 2; do echo n$i; done; echo end", "n1\nn2\nend\n"),
        ("for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done", "1\n3\n"),
        ("n=0; while [ $n -lt 2 ]; do n=$((n+1)); echo $n; done", "1\n2\n"),
        ("while true; do echo x; break; done; echo y", "x\ny\n"),
        ("if kubectl get ns default > /dev/null 2>&1; then echo yes; else echo no; fi", "yes\n"),
        ("if kubectl get ns nope 2>/dev/null; then echo yes; elif test 1 -gt 0; then echo other; fi", "other\n"),
        ("kubectl get pod x 2>&1 | wc -l", "1\n"),
        ("kubectl get pod x &> f; cat f", MISSING),
        ("kubectl get pod x 2> f; cat f", MISSING),
        ("kubectl get pod x || echo none", "none\nError from server (NotFound): pods \"x\" not found\n"),
        ("alias k=kubectl; k get ns default -o name", "namespace/default\n"),
        ("export do='--dry-run=client -o name'\nkubectl run p --image=nginx $do", "pod/p\n"),
        ("kubectl create ns $(echo a)-`echo b`", "namespace/a-b created\n"),
        (
            "cat <<EOF | kubectl apply -f -\n{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\nEOF",
            "configmap/c created\n",
        ),
        ("seq 2 | xargs -I{} echo a{}b", "a1b\na2b\n"),
        ("base64 <<< hi", "aGkK\n"),
        ("source <(kubectl completion bash); complete -o default -F __start_kubectl k; set -o vi", ""),
        ("for i in 1", "sh: syntax error: unexpected end of file (expecting \"do\")\n"),
        ("echo a; exit 3; echo b", "a\n"),
        (
            "until kubectl get pod x -o name 2>/dev/null; do kubectl run x --image=nginx; sleep 1; done",
            "pod/x created\npod/x\n",
        ),
    ] {
        assert_eq!(run(line).0, wanted, "{line}");
    }
    assert_eq!(run("exit 3").1, 3);
    assert_eq!(run("false; true").1, 0);
}
