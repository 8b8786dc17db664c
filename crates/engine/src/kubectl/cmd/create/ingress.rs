//! `kubectl create ingress`. Models `pkg/cmd/create/create_ingress.go`.

use super::super::super::Cx;
use super::super::super::args::Parsed;
use super::super::super::failure::error;
use super::super::super::session::Io;
use super::super::Done;
use super::{finish, name, table};
use crate::api::{Kind, Value};
use crate::json;

/// `host/path=service:port[,tls[=secret]]` in its parts.
fn parts(rule: &str) -> Option<(&str, &str, &str, Option<&str>)> {
    let (route, tls) = rule.split_once(',').map_or((rule, None), |(r, t)| (r, Some(t)));
    let (place, service) = route.split_once('=')?;
    let (host, _) = place.split_once('/')?;
    let plain = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let (name, port) = service.split_once(':')?;
    let known = plain(name) && plain(port) && tls.is_none_or(|t| t.starts_with("tls"));
    known.then(|| (host, &place[host.len()..], service, tls.map(|t| t.split_once('=').map_or("", |(_, s)| s))))
}

/// The backend of `service:port`.
fn backend(text: &str) -> Value {
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    let port = match port.parse::<i64>() {
        Ok(n) => json!({"number": n}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": name, "port": port}})
}

/// `kubectl create ingress`
pub fn ingress(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create ingress", table!("class rule* default-backend annotation*"), words)?;
    let name = name(&p)?;
    let (rules, default) = (p.all("rule"), p.str("default-backend"));
    if rules.is_empty() && default.is_empty() {
        return error(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all \
             traffic) or a list of rules (which catch specific paths)",
        );
    }
    let mut body = json!({"metadata": {"name": name}, "spec": {}});
    if p.has("class") {
        body.set("spec.ingressClassName", p.str("class"));
    }
    let mut hosts: Vec<(String, Vec<Value>)> = Vec::new();
    let mut tls: Vec<(String, Vec<Value>)> = Vec::new();
    for rule in rules {
        let Some((host, path, service, secret)) = parts(rule) else {
            return error(format!(
                "rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ));
        };
        // A star at the end asks for all that begins so.
        let (path, how) = path.strip_suffix('*').map_or((path, "Exact"), |p| (p, "Prefix"));
        let route = json!({"backend": (backend(service)), "path": path, "pathType": how});
        match hosts.iter_mut().find(|(h, _)| h == host) {
            Some((_, routes)) => routes.push(route),
            None => hosts.push((host.to_owned(), vec![route])),
        }
        let Some(secret) = secret else { continue };
        if tls.iter().any(|(_, hosts)| hosts.iter().any(|h| h.as_str() == Some(host))) {
            continue;
        }
        match tls.iter_mut().find(|(s, _)| s == secret) {
            Some((_, hosts)) => hosts.push(host.into()),
            None => tls.push((secret.to_owned(), vec![host.into()])),
        }
    }
    for note in p.all("annotation") {
        match note.split_once('=') {
            Some((k, v)) => body.set_key("metadata.annotations", k, v),
            None => return error(format!("annotation {note} is invalid and should be in format key=[value]")),
        }
    }
    if !default.is_empty() {
        if default.split(':').count() != 2 {
            return error("default-backend should be in format servicename:serviceport");
        }
        body.set("spec.defaultBackend", backend(default));
    }
    let rule = |(host, routes): (String, Vec<Value>)| {
        let mut v = json!({"http": {"paths": (Value::from(routes))}});
        if !host.is_empty() {
            v.set("host", host);
        }
        v
    };
    if !hosts.is_empty() {
        body.set("spec.rules", Value::array(hosts.into_iter().map(rule)));
    }
    let secured = |(secret, hosts): (String, Vec<Value>)| {
        let mut v = json!({"hosts": (Value::from(hosts))});
        if !secret.is_empty() {
            v.set("secretName", secret);
        }
        v
    };
    if !tls.is_empty() {
        body.set("spec.tls", Value::array(tls.into_iter().map(secured)));
    }
    finish(&p, Kind::Ingress, body, "failed to create ingress: ", cx, io)
}
