//! `kubectl create configmap` and `secret`.
//!
//! Models `pkg/cmd/create/create_{configmap,secret,secret_docker,secret_tls}.go` and `pkg/generate/generate.go`.

use super::super::super::Cx;
use super::super::super::args::Parsed;
use super::super::super::failure::{Failure, error};
use super::super::super::session::Io;
use super::super::Done;
use super::{finish, name, table};
use crate::api::content::{config_key, strict_env_name};
use crate::api::text::{go_json, go_json_string};
use crate::api::{Kind, Map, Value, base64, sha256};
use crate::json;

/// Keys and values from `--from-literal`, `--from-file` and `--from-env-file`.
fn sources(p: &Parsed, noun: &str, name: &str, cx: &Cx<'_>, io: &Io) -> Result<Vec<(String, String)>, Failure> {
    if p.has("from-env-file") && (p.has("from-file") || p.has("from-literal")) {
        return error("from-env-file cannot be combined with from-file or from-literal");
    }
    let mut out: Vec<(String, String)> = Vec::new();
    let mut add = |key: &str, value: String| -> Result<(), Failure> {
        let wrong = config_key(key);
        if !wrong.is_empty() {
            return if noun == "ConfigMap" {
                error(format!("{key:?} is not a valid key name for a ConfigMap: {}", wrong.join(",")))
            } else {
                error(format!("{key:?} is not valid key name for a Secret {}", wrong.join(";")))
            };
        }
        if out.iter().any(|(k, _)| k == key) {
            return if noun == "ConfigMap" {
                error(format!(
                    "cannot add key {key:?}, another key by that name already exists in Data for ConfigMap {name:?}"
                ))
            } else {
                error(format!("cannot add key {key}, another key by that name already exists"))
            };
        }
        out.push((key.to_owned(), value));
        Ok(())
    };
    for source in p.all("from-file") {
        let (key, path) = match source.split_once('=') {
            Some(("", _)) => return error(format!("key name for file path {} missing", &source[1..])),
            Some((key, "")) => return error(format!("file path for key name {key} missing")),
            Some((_, path)) if path.contains('=') => {
                return error("key names or file paths cannot contain '='");
            }
            Some((key, path)) => (key.to_owned(), path),
            None => (source.rsplit('/').next().unwrap_or(source).to_owned(), source),
        };
        match io.read(path, cx) {
            Some(text) => add(&key, text.to_string())?,
            None => return error(format!("error reading {path}: no such file or directory")),
        }
    }
    for literal in p.all("from-literal") {
        match literal.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                let bare = |q: char| value.strip_prefix(q).and_then(|v| v.strip_suffix(q)).filter(|_| value.len() > 1);
                add(key, bare('"').or_else(|| bare('\'')).unwrap_or(value).to_owned())?;
            }
            _ => return error(format!("invalid literal source {literal}, expected key=value")),
        }
    }
    for path in p.all("from-env-file") {
        let Some(text) = io.read(path, cx) else {
            return error(format!("error reading {path}: no such file or directory"));
        };
        for line in text.lines().map(str::trim_start).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let wrong = strict_env_name(key);
            if !wrong.is_empty() {
                return error(format!("{key:?} is not a valid key name: {}", wrong.join(";")));
            }
            add(key, value.to_owned())?;
        }
    }
    Ok(out)
}

/// With `--append-hash`, ends the name with a hash of what the object holds. Models kubectl `pkg/util/hash`.
fn append_hash(p: &Parsed, kind: Kind, body: &mut Value) {
    if !p.on("append-hash") {
        return;
    }
    let name = body.str_at("metadata.name").to_owned();
    let mut data = body.at("data").clone();
    data.make_object();
    let mut hashed = json!({"kind": (kind.name()), "name": (name.as_str()), "data": (data)});
    if kind == Kind::Secret {
        hashed.set("type", body.str_at("type"));
    }
    // Digits and letters that might make a word are others.
    let other = |c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        same => same,
    };
    let hash: String = sha256::hex(&go_json(&hashed)).chars().take(10).map(other).collect();
    body.set("metadata.name", format!("{name}-{hash}"));
}

/// `kubectl create configmap`
pub fn config_map(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create configmap", table!("from-file, from-literal* from-env-file, append-hash!"), words)?;
    let name = name(&p)?.to_owned();
    let data = sources(&p, "ConfigMap", &name, cx, io)?;
    let mut body = json!({"metadata": {"name": (name.as_str())}});
    if !data.is_empty() {
        body.set("data", data.into_iter().map(|(k, v)| (k, Value::from(v))).collect::<Map>());
    }
    append_hash(&p, Kind::ConfigMap, &mut body);
    finish(&p, Kind::ConfigMap, body, "failed to create configmap: ", cx, io)
}

fn encoded(data: impl IntoIterator<Item = (String, String)>) -> Map {
    data.into_iter().map(|(k, v)| (k, Value::from(base64::encode(v.as_bytes())))).collect()
}

/// `kubectl create secret generic|docker-registry|tls`
pub fn secret(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let rest = words.get(1..).unwrap_or(&[]);
    match words.first().map_or("", String::as_str) {
        "generic" => generic(rest, cx, io),
        "docker-registry" => docker(rest, cx, io),
        "tls" => tls(rest, cx, io),
        _ => super::super::help::group("create secret", words, cx, io),
    }
}

fn generic(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read(
        "create secret generic",
        table!("from-file, from-literal* from-env-file, type append-hash!"),
        words,
    )?;
    let name = name(&p)?.to_owned();
    let data = sources(&p, "Secret", &name, cx, io)?;
    let mut body = json!({"metadata": {"name": (name.as_str())}});
    if !data.is_empty() {
        body.set("data", encoded(data));
    }
    if p.has("type") {
        body.set("type", p.str("type"));
    }
    append_hash(&p, Kind::Secret, &mut body);
    finish(&p, Kind::Secret, body, "failed to create secret ", cx, io)
}

fn docker(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read(
        "create secret docker-registry",
        table!("docker-username docker-password docker-email docker-server append-hash! from-file,"),
        words,
    )?;
    let name = name(&p)?.to_owned();
    let (user, password) = (p.str("docker-username"), p.str("docker-password"));
    if user.is_empty() || password.is_empty() {
        return error(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        );
    }
    let server = p.text("docker-server").unwrap_or("https://index.docker.io/v1/");
    // Go writes these fields in the order of its struct.
    let email = match p.text("docker-email") {
        Some(e) => format!(",\"email\":{}", go_json_string(e)),
        None => String::new(),
    };
    let auth = base64::encode(format!("{user}:{password}").as_bytes());
    let config = format!(
        "{{\"auths\":{{{}:{{\"username\":{},\"password\":{}{email},\"auth\":\"{auth}\"}}}}}}",
        go_json_string(server),
        go_json_string(user),
        go_json_string(password)
    );
    let mut body = json!({
        "metadata": {"name": (name.as_str())},
        "type": "kubernetes.io/dockerconfigjson",
        "data": (Value::from(encoded([(".dockerconfigjson".to_owned(), config)])))
    });
    append_hash(&p, Kind::Secret, &mut body);
    finish(&p, Kind::Secret, body, "failed to create secret ", cx, io)
}

fn tls(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create secret tls", table!("cert key append-hash!"), words)?;
    let name = name(&p)?.to_owned();
    if p.str("cert").is_empty() || p.str("key").is_empty() {
        return error("key and cert must be specified");
    }
    let read = |flag: &str| match io.read(p.str(flag), cx) {
        Some(text) => Ok(text.to_string()),
        None => error(format!("Cannot read file {0}, open {0}: no such file or directory", p.str(flag))),
    };
    if !read("cert")?.contains("-----BEGIN ") {
        return error("tls: failed to find any PEM data in certificate input");
    }
    let data = encoded([("tls.crt".to_owned(), read("cert")?), ("tls.key".to_owned(), read("key")?)]);
    let mut body = json!({
        "metadata": {"name": (name.as_str())}, "type": "kubernetes.io/tls", "data": (Value::from(data))
    });
    append_hash(&p, Kind::Secret, &mut body);
    finish(&p, Kind::Secret, body, "failed to create secret ", cx, io)
}
