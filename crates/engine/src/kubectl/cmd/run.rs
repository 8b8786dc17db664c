//! `kubectl run`: one Pod.
//!
//! Models `pkg/cmd/run/run.go` and `pkg/generate/versioned/run.go`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder;
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::rbac::Deed;
use super::super::session::{Io, Poll};
use super::common::{DryRun, report_made};
use super::{Done, Flow, Waiting, ok};
use crate::api::{Kind, Map, ObjectKey, Value};
use crate::apiserver::DeleteOptions;
use crate::clock::Time;
use crate::json;
use crate::manifest::decode;

pub const FLAGS: &str = "allow-missing-template-keys! annotations* attach! cascade=background command! dry-run=unchanged \
    detach-keys env* expose! field-manager f:filename, force! grace-period# image image-pull-policy k:kustomize l:labels \
    leave-stdin-open! o:output override-type overrides pod-running-timeout~ port privileged! q:quiet! R:recursive! \
    restart rm! save-config! show-managed-fields! i:stdin! template timeout~ t:tty! wait!";

/// Runs `kubectl run`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("run", FLAGS, words)?;
    p.require(&["image"])?;
    let dry = DryRun::read(&p)?;
    let attach = p.on_or("attach", p.on("stdin") || p.on("tty"));
    let Some(name) = p.args.first().filter(|_| p.dash != Some(0)) else {
        return error("NAME is required for run");
    };
    let image = p.str("image");
    if image.is_empty() {
        return error("--image is required");
    }
    if image.chars().any(char::is_whitespace) || image.starts_with('-') {
        return error(format!("invalid image name {image:?}: invalid reference format"));
    }
    if p.on("tty") && !p.on("stdin") {
        return error("-i/--stdin is required for containers with -t/--tty=true");
    }
    if p.on("expose") && p.str("port").is_empty() {
        return error("--port must be set when exposing a service");
    }
    if p.on("rm") && !attach {
        return error("--rm should only be used for attached containers");
    }
    if attach && dry != DryRun::None {
        return error(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        );
    }
    let restart = match p.text("restart") {
        None | Some("") if p.on("stdin") => "OnFailure",
        None | Some("") => "Always",
        Some(r @ ("Always" | "OnFailure" | "Never")) => r,
        Some(other) => {
            return error(format!("invalid restart policy: {other}, valid values are: Always, OnFailure, Never"));
        }
    };
    match p.str("image-pull-policy") {
        "" | "Always" | "IfNotPresent" | "Never" => {}
        other => {
            let valid = "valid values are: Always, IfNotPresent, Never";
            return error(format!("invalid image pull policy: {other}, {valid}"));
        }
    }
    let form = Form::of(&p, io, cx)?;
    let body = pod(&p, name, restart)?;
    let namespace = builder::namespace(&p, cx);
    let mut typed = decode::decode(Kind::Pod, &body).map_err(|e| Failure::Error(e.message))?.value;
    if p.has("namespace") {
        typed.set("metadata.namespace", &namespace);
    }
    if let Some(text) = p.text("overrides") {
        let Ok(patch) = Value::from_json(text) else { return error("Invalid JSON Patch") };
        match p.str("override-type") {
            "json" => match crate::api::patch::json_patch(&typed, &patch) {
                Ok(patched) => typed = patched,
                Err(_) => return error("Invalid JSON Patch"),
            },
            "strategic" => {
                typed =
                    crate::api::patch::strategic(Kind::Pod, &typed, &patch).map_err(|e| Failure::Error(e.message))?;
            }
            _ => crate::api::patch::merge(&mut typed, &patch),
        }
    }
    let mut service = None;
    if p.on("expose") {
        let Ok(port) = p.str("port").parse::<i64>() else { return error("--port must be a number") };
        let mut body = json!({
            "metadata": {"name": name},
            "spec": {
                "ports": [{"port": port, "protocol": "TCP", "targetPort": port}],
                "selector": (typed.at("metadata.labels").clone())
            }
        });
        if p.has("labels") {
            body.set("metadata.labels", typed.at("metadata.labels").clone());
        }
        service = Some(decode::decode(Kind::Service, &body).map_err(|e| Failure::Error(e.message))?.value);
    }
    if dry == DryRun::Client {
        report_made(&form, &typed, "created", dry, io)?;
        if let Some(s) = service {
            if form == Form::Yaml {
                io.line("---");
            }
            report_made(&form, &s, "created", dry, io)?;
        }
        return ok();
    }
    typed.set("metadata.namespace", &namespace);
    cx.may(Deed::on_all("create"), &builder::key_of(Kind::Pod, &typed, ""))?;
    let made = cx.api.create(Kind::Pod, typed, dry.options())?;
    super::common::warn(cx, io);
    if attach {
        let key = made.key();
        return Attached { key, remove: p.on("rm"), printed: 0, next: cx.now, said: false }.poll(cx, io);
    }
    let mut results = vec![shown(&made)];
    if let Some(mut s) = service {
        s.set("metadata.namespace", &namespace);
        results.push(shown(cx.api.create(Kind::Service, s, dry.options())?.as_ref()));
    }
    for (i, value) in results.iter().enumerate() {
        if i > 0 && form == Form::Yaml {
            io.line("---");
        }
        report_made(&form, value, "created", dry, io)?;
    }
    ok()
}

fn pod(p: &Parsed, name: &str, restart: &str) -> Result<Value, Failure> {
    let mut labels = Map::new();
    match p.text("labels").filter(|l| !l.is_empty()) {
        None => {
            labels.insert("run", name);
        }
        Some(text) => {
            for part in text.split(',') {
                match part.split_once('=') {
                    Some((k, v)) if !v.contains('=') => labels.insert(k, v),
                    _ => return error(format!("unexpected label spec: {part}")),
                };
            }
        }
    }
    let mut container = json!({"name": name, "image": (p.str("image"))});
    let rest = &p.args[1..];
    if !rest.is_empty() {
        let field = if p.on("command") { "command" } else { "args" };
        container.set(field, Value::array(rest.iter().map(Value::from)));
    }
    let mut env = Vec::new();
    for e in p.all("env") {
        match e.split_once('=') {
            Some((k, v)) if !k.is_empty() && crate::api::content::env_name(k).is_empty() => {
                env.push(json!({"name": k, "value": v}));
            }
            _ => return error(format!("invalid env: {e}")),
        }
    }
    if !env.is_empty() {
        container.set("env", env);
    }
    if let Some(port) = p.text("port").filter(|t| !t.is_empty()) {
        match port.parse::<i64>() {
            Ok(n) => container.set("ports", json!([{"containerPort": n}])),
            Err(_) => return error("--port must be a number"),
        }
    }
    if let Some(policy) = p.text("image-pull-policy").filter(|t| !t.is_empty()) {
        container.set("imagePullPolicy", policy);
    }
    if p.on("privileged") {
        container.set("securityContext.privileged", true);
    }
    for flag in ["stdin", "tty"] {
        if p.on(flag) {
            container.set(flag, true);
        }
    }
    if p.on("stdin") && !p.on("leave-stdin-open") {
        container.set("stdinOnce", true);
    }
    let mut body = json!({
        "metadata": {"name": name, "labels": (Value::from(labels))},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart}
    });
    for a in p.all("annotations") {
        match a.split_once('=') {
            Some((k, v)) => body.set_key("metadata.annotations", k, v),
            None => return error(format!("invalid annotations: {a}")),
        }
    }
    Ok(body)
}

/// `run -it`: prints what the Pod's container writes until it ends.
#[derive(Clone)]
pub struct Attached {
    key: ObjectKey,
    remove: bool,
    printed: usize,
    next: Time,
    said: bool,
}

impl Attached {
    /// Goes on.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        self.next = cx.now + 250;
        let Some(pod) = cx.api.get(&self.key).cloned() else { return error(format!("pod {} is gone", self.key.name)) };
        let phase = pod.at("status.phase").as_str().unwrap_or("Pending").to_owned();
        let name = pod.at("spec.containers.0.name").as_str().unwrap_or("").to_owned();
        if phase != "Pending" {
            if !self.said {
                self.said = true;
                io.complain(
                    "All commands and output from this session will be recorded in container logs, including credentials and \
                     sensitive information passed through the command prompt.",
                );
                io.complain("If you don't see a command prompt, try pressing enter.");
            }
            if let Ok(lines) = cx.nodes.logs(&pod, &name, &super::super::LogOptions::default()) {
                for l in &lines[self.printed.min(lines.len())..] {
                    io.line(&l.text);
                }
                self.printed = lines.len();
            }
        }
        if !matches!(phase.as_str(), "Succeeded" | "Failed") {
            return Ok(Flow::Wait(Waiting::Attached(Box::new(self))));
        }
        let code = pod.at("status.containerStatuses.0.state.terminated.exitCode").as_i64().unwrap_or(0);
        if self.remove {
            cx.api.delete(&self.key, &DeleteOptions::default())?;
            io.line(&format!("pod \"{}\" deleted from {} namespace", self.key.name, self.key.namespace));
        }
        if code != 0 {
            io.complain(&format!("pod {}/{} terminated (Error)", self.key.namespace, self.key.name));
        }
        Ok(Flow::Exit(code as i32))
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        Poll::WaitEither(self.next)
    }
}
