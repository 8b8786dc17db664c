use batchyard_engine::api::Kind;
use batchyard_engine::cluster::*;
use std::rc::Rc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[2].parse().unwrap();
    let t0 = std::time::Instant::now();
    let mut config = Config::default();
    let like = config.nodes[0].clone();
    while config.nodes.len() * 100 < n.min(700) {
        let k = config.nodes.len() + 1;
        config.nodes.push(NodeConfig { name: Rc::from(format!("node-{k}")), ..like.clone() });
    }
    let mut c = Cluster::new(config);
    c.advance(c.start() + 2000, u32::MAX);
    let text = if a[1] == "job" {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: many}}\nspec:\n  completions: {n}\n  parallelism: 50\n  completionMode: Indexed\n  template:\n    metadata: {{annotations: {{batchyard.dev/attempts: exit 0 after 3s}}}}\n    spec:\n      restartPolicy: Never\n      containers: [{{name: work, image: busybox}}]\n"
        )
    } else {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {n}\n  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers: [{{name: web, image: nginx}}]\n"
        )
    };
    let out = c.handle(Command::Kubectl {
        line: "kubectl apply -f x.yaml".into(),
        files: Rc::new(vec![("x.yaml".into(), Rc::from(text))]),
    });
    print!("{}{}", out.output.stdout, out.output.stderr);
    let mut tasks = 0;
    for _ in 0..3600 {
        let t = c.now() + 1000;
        tasks += c.advance(t, u32::MAX).tasks;
        let s = c.snapshot();
        let done = if a[1] == "job" {
            s.list(Kind::Job).next().and_then(|o| o.at("status").int_at("succeeded")).unwrap_or(0) == n as i64
        } else {
            s.list(Kind::Deployment).next().and_then(|o| o.at("status").int_at("availableReplicas")).unwrap_or(0)
                == n as i64
        };
        if done {
            break;
        }
    }
    println!(
        "{:?} virtual {} s, {} tasks, {} changes, {} events, deploy {}",
        t0.elapsed(),
        (c.now() - c.start()) / 1000,
        tasks,
        c.journal().len(),
        c.snapshot().list(Kind::Event).count(),
        c.snapshot()
            .list(if a[1] == "job" { Kind::Job } else { Kind::Deployment })
            .next()
            .unwrap()
            .at("status")
            .to_json()
    );
}
