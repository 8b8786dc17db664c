//! A container's environment, and who it runs as.
//!
//! Models `makeEnvironmentVariables` of `pkg/kubelet/kubelet_pods.go`, `third_party/forked/golang/expansion`, and
//! `verifyRunAsNonRoot`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::pod::Pod;
use super::{env_file, resources};
use crate::api::{Kind, ObjectKey, Value};
use crate::apiserver::ApiServer;
use crate::runtime::EnvVar;

/// Replaces `$(NAME)` by what `lookup` gives; `$$` is a dollar; what is unknown stays as it is.
fn expand_with(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(i) = rest.find('$') {
        out += &rest[..i];
        rest = &rest[i + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match lookup(name) {
                Some(value) => out += &value,
                None => out += &format!("$({name})"),
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out + rest
}

/// Replaces `$(NAME)` in a word of a command.
pub fn expand(word: &str, env: &[EnvVar]) -> String {
    expand_with(word, &|name| env.iter().rev().find(|(k, _)| k == name).map(|(_, v)| v.to_string()))
}

/// The data of a ConfigMap or Secret, by key.
pub fn data_of(api: &ApiServer, kind: Kind, namespace: &Rc<str>, name: &str) -> Option<BTreeMap<String, Rc<str>>> {
    let object = api.get(&ObjectKey::new(kind, namespace.clone(), name))?;
    let mut out = BTreeMap::new();
    for (k, v) in object.at("data").fields() {
        let text = v.as_str().unwrap_or("");
        let text = if kind == Kind::Secret { decode_base64(text) } else { text.to_owned() };
        out.insert(k.to_string(), Rc::from(text));
    }
    for (k, v) in object.at("binaryData").fields() {
        out.insert(k.to_string(), Rc::from(decode_base64(v.as_str().unwrap_or(""))));
    }
    Some(out)
}

/// Decodes base64; bytes that are no text are replaced.
fn decode_base64(text: &str) -> String {
    let (mut bits, mut n, mut out) = (0u32, 0, vec![]);
    for c in text.bytes() {
        let v = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(v);
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

const SOURCES: [(&str, Kind, &str); 2] =
    [("configMap", Kind::ConfigMap, "ConfigMap"), ("secret", Kind::Secret, "Secret")];

fn not_found(kind: Kind, name: &str) -> String {
    format!("{} \"{name}\" not found", if kind == Kind::Secret { "secret" } else { "configmap" })
}

/// The environment that the spec gives a container, services' variables included.
pub fn make(api: &ApiServer, pod: &Pod, spec: &Value, pod_ip: &str, host_ip: &str) -> Result<Vec<EnvVar>, String> {
    let namespace = pod.api.namespace();
    let mut vars: BTreeMap<Cow<'static, str>, Cow<'static, str>> = BTreeMap::new();
    for from in spec.at("envFrom").items() {
        for (field, kind, _) in SOURCES {
            let source = from.at_path(&format!("{field}Ref"));
            if source.is_null() {
                continue;
            }
            let name = source.str_at("name");
            match data_of(api, kind, namespace, name) {
                Some(data) => {
                    let prefix = from.str_at("prefix");
                    vars.extend(data.iter().map(|(k, v)| (format!("{prefix}{k}").into(), v.to_string().into())));
                }
                None if source.bool_at("optional") => {}
                None => return Err(not_found(kind, name)),
            }
        }
    }
    let services = service_vars(api, pod);
    for var in spec.at("env").items() {
        let name = var.str_at("name");
        let value = var.str_at("value");
        let from = var.at("valueFrom");
        let value = if !value.is_empty() {
            let lookup = |n: &str| vars.get(n).or_else(|| services.get(n)).map(ToString::to_string);
            expand_with(value, &lookup)
        } else if !from.at("fieldRef").is_null() {
            field(pod, from.str_at("fieldRef.fieldPath"), pod_ip, host_ip)
        } else if !from.at("resourceFieldRef").is_null() {
            resources::field(pod, spec, from.at("resourceFieldRef"))
        } else if !from.at("fileKeyRef").is_null() {
            match env_file::value(pod, from.at("fileKeyRef"))? {
                Some(value) => value,
                None => continue,
            }
        } else {
            match from_key(api, namespace, from)? {
                Some(value) => value,
                None if from.is_null() => String::new(),
                None => continue,
            }
        };
        vars.insert(name.to_owned().into(), value.into());
    }
    for (k, v) in services {
        vars.entry(k).or_insert(v);
    }
    Ok(vars.into_iter().collect())
}

/// The value of a key of a ConfigMap or Secret; none where it is optional and absent.
fn from_key(api: &ApiServer, namespace: &Rc<str>, from: &Value) -> Result<Option<String>, String> {
    for (field, kind, word) in SOURCES {
        let source = from.at_path(&format!("{field}KeyRef"));
        if source.is_null() {
            continue;
        }
        let (name, key) = (source.str_at("name"), source.str_at("key"));
        let optional = source.bool_at("optional");
        return match data_of(api, kind, namespace, name) {
            Some(data) => match data.get(key) {
                Some(value) => Ok(Some(value.to_string())),
                None if optional => Ok(None),
                None => Err(format!("couldn't find key {key} in {word} {namespace}/{name}")),
            },
            None if optional => Ok(None),
            None => Err(not_found(kind, name)),
        };
    }
    Ok(None)
}

/// The value of a field of the downward API.
pub fn field(pod: &Pod, path: &str, pod_ip: &str, host_ip: &str) -> String {
    let map = |which: &str| -> String {
        let fields = pod.api.body().at_path(&format!("metadata.{which}"));
        fields.fields().map(|(k, v)| format!("{k}={:?}", v.as_str().unwrap_or(""))).collect::<Vec<_>>().join("\n")
    };
    match path {
        "status.hostIP" | "status.hostIPs" => host_ip.to_owned(),
        "status.podIP" | "status.podIPs" => pod_ip.to_owned(),
        "metadata.labels" => map("labels"),
        "metadata.annotations" => map("annotations"),
        _ => {
            let keyed = path.strip_suffix("']").and_then(|p| p.split_once("['"));
            match keyed {
                Some((map, key)) => {
                    pod.api.body().at_path(map).get(key).and_then(Value::as_str).unwrap_or("").to_owned()
                }
                None => pod.api.body().at_path(path).as_str().unwrap_or("").to_owned(),
            }
        }
    }
}

/// What tells every container of the API server.
const KUBERNETES: [(&str, &str); 8] = [
    ("KUBERNETES_PORT", "tcp://10.96.0.1:443"),
    ("KUBERNETES_PORT_443_TCP", "tcp://10.96.0.1:443"),
    ("KUBERNETES_PORT_443_TCP_ADDR", "10.96.0.1"),
    ("KUBERNETES_PORT_443_TCP_PORT", "443"),
    ("KUBERNETES_PORT_443_TCP_PROTO", "tcp"),
    ("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
    ("KUBERNETES_SERVICE_PORT", "443"),
    ("KUBERNETES_SERVICE_PORT_HTTPS", "443"),
];

/// The variables that tell a container of the services of its namespace. Models `envvars.FromServices`.
fn service_vars(api: &ApiServer, pod: &Pod) -> BTreeMap<Cow<'static, str>, Cow<'static, str>> {
    let mut out = BTreeMap::from(KUBERNETES.map(|(name, value)| (name.into(), value.into())));
    let mut put = |name: String, value: String| out.insert(name.into(), value.into());
    let mut add = |prefix: &str, ip: &str, ports: &[Value]| {
        let Some(first) = ports.first() else { return };
        let port = first.int_at("port").unwrap_or(0);
        put(format!("{prefix}_SERVICE_HOST"), ip.to_owned());
        put(format!("{prefix}_SERVICE_PORT"), port.to_string());
        for (i, p) in ports.iter().enumerate() {
            let number = p.int_at("port").unwrap_or(0);
            let protocol = match p.str_at("protocol") {
                "" => "TCP",
                other => other,
            };
            let name = p.str_at("name").to_uppercase().replace('-', "_");
            if !name.is_empty() {
                put(format!("{prefix}_SERVICE_PORT_{name}"), number.to_string());
            }
            let url = format!("{}://{ip}:{number}", protocol.to_lowercase());
            if i == 0 {
                put(format!("{prefix}_PORT"), url.clone());
            }
            let base = format!("{prefix}_PORT_{number}_{protocol}");
            put(base.clone(), url);
            put(format!("{base}_PROTO"), protocol.to_lowercase());
            put(format!("{base}_PORT"), number.to_string());
            put(format!("{base}_ADDR"), ip.to_owned());
        }
    };
    if pod.spec().at("enableServiceLinks").as_bool() != Some(false) {
        for service in api.store().list_in(Kind::Service, pod.api.namespace()) {
            let ip = service.body().str_at("spec.clusterIP");
            if ip.is_empty() || ip == "None" || service.name().as_ref() == "kubernetes" {
                continue;
            }
            let prefix = service.name().to_uppercase().replace('-', "_");
            add(&prefix, ip, service.at("spec.ports").items());
        }
    }
    out
}

/// A container whose image runs as root must not run where the spec forbids it. Models `verifyRunAsNonRoot`.
pub fn verify_user(pod: &Pod, spec: &Value) -> Result<(), String> {
    let of = |field: &'static str| {
        let own = spec.at("securityContext").at(field);
        if own.is_null() { pod.spec().at("securityContext").at(field) } else { own }
    };
    if of("runAsNonRoot").as_bool() != Some(true) {
        return Ok(());
    }
    let name = spec.str_at("name");
    let who = format!("(pod: \"{}\", container: {name})", pod.full_name());
    match of("runAsUser").as_i64() {
        Some(0) => Err(format!("container's runAsUser breaks non-root policy {who}")),
        Some(_) => Ok(()),
        None => Err(format!("container has runAsNonRoot and image will run as root {who}")),
    }
}

/// The host name of a Pod.
pub fn hostname(pod: &Pod) -> String {
    let own = pod.spec().str_at("hostname");
    let name = if own.is_empty() { pod.api.name() } else { own };
    let cut = &name[..name.len().min(63)];
    cut.trim_end_matches(['-', '.']).to_owned()
}

/// Adds what the runtime sets in every container.
pub fn with_defaults(pod: &Pod, vars: Vec<EnvVar>) -> Vec<EnvVar> {
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let defaults = [("PATH", path.into()), ("HOSTNAME", hostname(pod).into()), ("HOME", "/root".into())];
    let mut out: Vec<EnvVar> = Vec::with_capacity(defaults.len() + vars.len());
    out.extend(
        defaults.map(|(k, v)| (k.into(), v)).into_iter().filter(|(k, _)| !vars.iter().any(|(name, _)| name == k)),
    );
    out.extend(vars);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansion() {
        let env = [("A".into(), "1".into())];
        for (text, want) in [("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)x", "$(B)x"), ("$A $", "$A $"), ("a$(A", "a$(A")] {
            assert_eq!(expand(text, &env), want, "{text}");
        }
    }

    #[test]
    fn base64() {
        for (text, want) in [("aGVsbG8=", "hello"), ("", ""), ("YQ==", "a")] {
            assert_eq!(decode_base64(text), want);
        }
    }
}
