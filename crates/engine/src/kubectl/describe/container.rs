//! Containers: what they are to run and how they stand.

use super::{Doc, stamp};
use crate::api::int_or_string::display;
use crate::api::text::go_quote;
use crate::api::{Object, Quantity, Value};

/// `Containers:`, `Init Containers:`; with the Pod, fields that environment variables name are looked up.
pub fn containers(label: &str, all: &Value, statuses: &Value, pod: Option<&Object>, w: &mut Doc, space: &str) {
    let none = if all.items().is_empty() { " <none>" } else { "" };
    w.line(0, &format!("{space}{label}:{none}"));
    let indent = if space.is_empty() { "" } else { " " };
    for c in all.items() {
        let name = c.str_at("name");
        let status = statuses.items().iter().find(|s| s.str_at("name") == name);
        w.line(1, &format!("{indent}{name}:"));
        if let Some(s) = status {
            w.field(2, "Container ID", s.str_at("containerID"));
        }
        w.field(2, "Image", c.str_at("image"));
        if let Some(s) = status {
            w.field(2, "Image ID", s.str_at("imageID"));
        }
        ports(c, w);
        if let Some(profile) = c.at("securityContext.seccompProfile.type").as_str() {
            w.field(2, "SeccompProfile", profile);
        }
        for (title, field) in [("Command", "command"), ("Args", "args")] {
            let words = c.at(field).items();
            if words.is_empty() {
                continue;
            }
            w.line(2, &format!("{title}:"));
            for line in words.iter().filter_map(Value::as_str).flat_map(|s| s.split('\n')) {
                w.line(3, line);
            }
        }
        if let Some(s) = status {
            state("State", s.at("state"), w);
            if !s.at("lastState.terminated").is_null() {
                state("Last State", s.at("lastState"), w);
            }
            w.field(2, "Ready", if s.bool_at("ready") { "True" } else { "False" });
            w.field(2, "Restart Count", &s.int_at("restartCount").unwrap_or(0).to_string());
        }
        resources(c.at("resources"), w, 2);
        for (title, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if let Some(p) = c.get(field).filter(|p| !p.is_null()) {
                w.field(2, title, &probe(p));
            }
        }
        environment(c, pod, w);
        mounts(c, w);
    }
}

fn ports(c: &Value, w: &mut Doc) {
    for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let all: Vec<String> = c
            .at("ports")
            .items()
            .iter()
            .map(|p| {
                let text = format!("{}/{}", p.int_at(field).unwrap_or(0), p.str_at("protocol"));
                if p.str_at("name").is_empty() { text } else { format!("{text} ({})", p.str_at("name")) }
            })
            .collect();
        let text = all.join(", ");
        match all.len() {
            0 => w.field(2, title, "<none>"),
            1 => w.field(2, title, &text),
            _ => w.field(2, &format!("{title}s"), &text),
        }
    }
}

/// `State:` and `Last State:`
fn state(title: &str, s: &Value, w: &mut Doc) {
    if let Some(running) = s.get("running").filter(|v| !v.is_null()) {
        w.field(2, title, "Running");
        w.field(3, "Started", &stamp(running.at("startedAt")));
    } else if let Some(t) = s.get("terminated").filter(|v| !v.is_null()) {
        w.field(2, title, "Terminated");
        for (name, field) in [("Reason", "reason"), ("Message", "message")] {
            if !t.str_at(field).is_empty() {
                w.field(3, name, t.str_at(field));
            }
        }
        w.field(3, "Exit Code", &t.int_at("exitCode").unwrap_or(0).to_string());
        if let Some(signal) = t.int_at("signal").filter(|s| *s > 0) {
            w.field(3, "Signal", &signal.to_string());
        }
        w.field(3, "Started", &stamp(t.at("startedAt")));
        w.field(3, "Finished", &stamp(t.at("finishedAt")));
    } else {
        w.field(2, title, "Waiting");
        let reason = s.str_at("waiting.reason");
        if !reason.is_empty() {
            w.field(3, "Reason", reason);
        }
    }
}

/// `Limits:` and `Requests:`
pub fn resources(r: &Value, w: &mut Doc, level: usize) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let mut any = false;
        for (name, q) in r.at(field).fields() {
            if !any {
                w.line(level, &format!("{title}:"));
            }
            any = true;
            w.field(level + 1, name, &quantity(q));
        }
    }
}

/// A quantity in canonical form.
pub fn quantity(v: &Value) -> String {
    Quantity::from_value(v).map_or_else(|_| display(v), |q| q.to_string())
}

/// A probe on one line. Models `DescribeProbe`.
fn probe(p: &Value) -> String {
    let n = |f: &'static str| p.int_at(f).unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s successThreshold={} failureThreshold={}",
        n("initialDelaySeconds"),
        n("timeoutSeconds"),
        n("periodSeconds"),
        n("successThreshold"),
        n("failureThreshold")
    );
    if let Some(exec) = p.get("exec").filter(|v| !v.is_null()) {
        let words: Vec<&str> = exec.at("command").items().iter().filter_map(Value::as_str).collect();
        return format!("exec [{}] {attributes}", words.join(" "));
    }
    if let Some(http) = p.get("httpGet").filter(|v| !v.is_null()) {
        let scheme = http.at("scheme").as_str().unwrap_or("HTTP").to_lowercase();
        let path = http.str_at("path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        return format!(
            "http-get {scheme}://{}:{}{slash}{path} {attributes}",
            http.str_at("host"),
            display(http.at("port"))
        );
    }
    if let Some(tcp) = p.get("tcpSocket").filter(|v| !v.is_null()) {
        return format!("tcp-socket {}:{} {attributes}", tcp.str_at("host"), display(tcp.at("port")));
    }
    if let Some(grpc) = p.get("grpc").filter(|v| !v.is_null()) {
        return format!("grpc <pod>:{} {} {attributes}", grpc.int_at("port").unwrap_or(0), grpc.str_at("service"));
    }
    format!("unknown {attributes}")
}

fn environment(c: &Value, pod: Option<&Object>, w: &mut Doc) {
    let from = c.at("envFrom").items();
    if !from.is_empty() {
        w.line(2, "Environment Variables from:");
        for e in from {
            let (kind, source) = match e.get("configMapRef") {
                Some(s) => ("ConfigMap", s),
                None => ("Secret", e.at("secretRef")),
            };
            let prefix = match e.str_at("prefix") {
                "" => String::new(),
                p => format!(" with prefix '{p}'"),
            };
            w.line(3, &format!("{}\t{kind}{prefix}\tOptional: {}", source.str_at("name"), source.bool_at("optional")));
        }
    }
    let all = c.at("env").items();
    w.line(2, if all.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for e in all {
        let name = e.str_at("name");
        let source = e.at("valueFrom");
        if source.is_null() {
            for (i, line) in e.str_at("value").split('\n').enumerate() {
                let head = if i == 0 { format!("{name}:") } else { String::new() };
                w.line(3, &format!("{head}\t{line}"));
            }
        } else if let Some(f) = source.get("fieldRef") {
            let path = f.str_at("fieldPath");
            let value = pod.map_or_else(String::new, |p| field_value(p, path));
            let version = f.at("apiVersion").as_str().unwrap_or("v1");
            w.line(3, &format!("{name}:\t{value} ({version}:{path})"));
        } else if let Some(f) = source.get("resourceFieldRef") {
            let resource = f.str_at("resource");
            let whole = Quantity::from_value(c.at("resources").at_path(resource)).unwrap_or_default();
            let divisor = Quantity::at(f, "divisor");
            let value = if whole.is_zero() && resource.starts_with("limits.") {
                "node allocatable".to_owned()
            } else {
                let unit = if divisor.is_zero() { 1_000_000_000 } else { divisor.nanos() };
                ((whole.nanos() + unit - 1) / unit).to_string()
            };
            w.line(3, &format!("{name}:\t{value} ({resource})"));
        } else {
            // kubectl says nothing of a `fileKeyRef`.
            let (noun, s) = match (source.get("secretKeyRef"), source.get("configMapKeyRef")) {
                (Some(s), _) => ("in secret", s),
                (_, Some(s)) => ("of config map", s),
                _ => continue,
            };
            w.line(
                3,
                &format!(
                    "{name}:\t<set to the key '{}' {noun} '{}'>\tOptional: {}",
                    s.str_at("key"),
                    s.str_at("name"),
                    s.bool_at("optional")
                ),
            );
        }
    }
}

/// What a field path of the downward API stands for, where kubectl can tell. Models `EnvValueRetriever`: a single label
/// or annotation (`metadata.labels['app']`) it cannot.
fn field_value(pod: &Object, path: &str) -> String {
    match path {
        "metadata.labels" | "metadata.annotations" => {
            let lines =
                pod.body().at_path(path).fields().map(|(k, v)| format!("{k}={}", go_quote(v.as_str().unwrap_or(""))));
            lines.collect::<Vec<_>>().join("\n")
        }
        "metadata.name" | "metadata.namespace" | "metadata.uid" => {
            pod.body().at_path(path).as_str().unwrap_or("").to_owned()
        }
        // What is known only where the Pod runs.
        _ => String::new(),
    }
}

fn mounts(c: &Value, w: &mut Doc) {
    let mut all: Vec<&Value> = c.at("volumeMounts").items().iter().collect();
    w.line(2, if all.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    all.sort_by_key(|m| m.str_at("mountPath"));
    for m in all {
        let mut flags = if m.bool_at("readOnly") { "ro" } else { "rw" }.to_owned();
        if !m.str_at("subPath").is_empty() {
            flags += &format!(",path={}", go_quote(m.str_at("subPath")));
        }
        w.line(3, &format!("{} from {} ({flags})", m.str_at("mountPath"), m.str_at("name")));
    }
    let devices = c.at("volumeDevices").items();
    if !devices.is_empty() {
        w.line(2, "Devices:");
        for d in devices {
            w.line(3, &format!("{} from {}", d.str_at("devicePath"), d.str_at("name")));
        }
    }
}
