//! Volumes: waiting until they are mounted, what is in them, and the failures when a source is missing.
//!
//! Models `pkg/kubelet/volumemanager` (its 300 ms poll), the operation executor's back-off, and `pkg/volume/configmap`,
//! `secret`, `projected`, `downwardapi` and `emptydir`.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::pod::Pod;
use super::{Cx, env, resources};
use crate::api::{Kind, ObjectKey, Value};
use crate::clock::{MINUTE, Millis, SECOND, Time};
use crate::events::EventType;
use crate::runtime::files::Mount;

/// How often the worker looks whether the volumes are mounted, and when it gives up.
const POLL: Millis = 300;
const TIMEOUT: Millis = 2 * MINUTE + 3 * SECOND;
/// The wait after a failed mount doubles from here.
const FIRST_RETRY: Millis = 500;
const MAX_RETRY: Millis = 2 * MINUTE + 2 * SECOND;
/// How long a sync of a volume takes to begin.
const RECONCILE: Millis = 100;

/// What came of looking for the volumes.
pub enum Wait {
    /// Not yet: look again then.
    Until(Time),
    /// All are there.
    Mounted,
    /// It took too long.
    GaveUp,
}

/// The volumes that a container uses; what none uses is never set up.
fn volumes(pod: &Pod) -> impl Iterator<Item = &Value> {
    let used = |name: &str| {
        let containers = || pod.specs(true).iter().chain(pod.specs(false));
        let by = |list: &'static str, field: &'static str| {
            containers().any(|c| c.at(list).items().iter().any(|m| m.str_at(field) == name))
        };
        by("volumeMounts", "name") || by("volumeDevices", "name")
    };
    pod.spec().at("volumes").items().iter().filter(move |v| used(v.str_at("name")))
}

/// Whether the Pod mounts anything.
pub fn has_any(pod: &Pod) -> bool {
    volumes(pod).next().is_some()
}

/// The space of the Pod's files that is a volume.
pub fn space(volume: &str) -> Rc<str> {
    ["volume/", volume].concat().into()
}

/// The mounts of a container of the spec.
pub fn mounts(container: &Value) -> Vec<Mount> {
    let list = container.at("volumeMounts").items();
    list.iter()
        .map(|m| {
            let sub = m.str_at("subPath");
            Mount {
                path: Rc::from(m.str_at("mountPath").trim_end_matches('/')),
                space: space(m.str_at("name")),
                sub_path: Rc::from(if sub.is_empty() { String::new() } else { format!("/{}", sub.trim_matches('/')) }),
                read_only: m.bool_at("readOnly"),
            }
        })
        .collect()
}

/// Looks for the volumes; mounts what is due.
pub fn wait(cx: &mut Cx<'_, '_>, pod: &mut Pod, next: &mut Option<Time>, deadline: &mut Option<Time>) -> Wait {
    let now = cx.ctx.now;
    let first = deadline.is_none();
    let end = *deadline.get_or_insert(now + TIMEOUT);
    if first {
        *next = Some(now + POLL);
        return Wait::Until(now + POLL);
    }
    if next.is_some_and(|at| now < at) {
        return Wait::Until(next.expect("it was just looked at"));
    }
    let mut missing = false;
    let mut soonest: Option<Time> = None;
    for volume in volumes(pod).cloned().collect::<Vec<_>>() {
        let name = volume.rc_str_at("name");
        let (failures, retry) = pod.mount_failures.get(&name).copied().unwrap_or((0, now));
        if now < retry {
            missing = true;
            soonest = Some(soonest.map_or(retry, |s| s.min(retry)));
            continue;
        }
        match contents(cx, pod, &volume) {
            Ok(files) => {
                pod.mount_failures.remove(&name);
                fill(pod, &name, &files);
            }
            Err(why) => {
                missing = true;
                let retry = failed(cx, pod, name, failures, &why);
                soonest = Some(soonest.map_or(retry, |s| s.min(retry)));
            }
        }
    }
    if !missing {
        pod.mounted = true;
        return Wait::Mounted;
    }
    if now >= end {
        *deadline = None;
        return Wait::GaveUp;
    }
    // A mount that succeeds is noticed at the next poll.
    let at = soonest.map_or(now + POLL, |s| now + ((s - now).max(1) + POLL - 1) / POLL * POLL).min(end);
    *next = Some(at);
    Wait::Until(at)
}

/// Notes that a volume could not be set up. Returns when that is tried again.
fn failed(cx: &mut Cx<'_, '_>, pod: &mut Pod, name: Rc<str>, failures: u32, why: &str) -> Time {
    let text = format!("MountVolume.SetUp failed for volume \"{name}\" : {why}");
    cx.pod_event(pod, EventType::Warning, "FailedMount", &text);
    let wait = FIRST_RETRY.saturating_mul(1 << failures.min(20)).min(MAX_RETRY) + RECONCILE;
    let retry = cx.ctx.now + wait;
    pod.mount_failures.insert(name, (failures + 1, retry));
    retry
}

/// The name of the ConfigMap or Secret that a volume or a projected source takes its files from.
fn source_name(source: &Value, kind: Kind, projected: bool) -> Option<&str> {
    match kind {
        Kind::ConfigMap => source.at("configMap.name"),
        _ if projected => source.at("secret.name"),
        _ => source.at("secret.secretName"),
    }
    .as_str()
}

/// Whether a volume of the Pod is made of a ConfigMap or Secret.
pub fn use_source(pod: &Pod, key: &ObjectKey) -> bool {
    let is = |v: &Value, projected| source_name(v, key.kind, projected) == Some(key.name.as_ref());
    volumes(pod).any(|v| is(v, false) || v.at("projected.sources").items().iter().any(|s| is(s, true)))
}

/// Puts what the sources hold by now in the place of the files, where they have changed. A file that is mounted by its
/// `subPath` stays what it was. Where a source is gone the files stay, and setting them up is tried again and again.
pub fn refresh(cx: &mut Cx<'_, '_>, pod: &mut Pod) {
    if !std::mem::take(&mut pod.stale_volumes) || pod.worker.terminating_at.is_some() {
        return;
    }
    let now = cx.ctx.now;
    let mut soonest: Option<Time> = None;
    for volume in volumes(pod).cloned().collect::<Vec<_>>() {
        let name = volume.rc_str_at("name");
        let by_path = |c: &Value| {
            let mut mounts = c.at("volumeMounts").items().iter();
            mounts.any(|m| m.str_at("name") == &*name && !m.str_at("subPath").is_empty())
        };
        let is_source = ["configMap", "secret", "projected"].iter().any(|s| !volume.at(s).is_null());
        if !is_source {
            continue;
        }
        let (failures, retry) = pod.mount_failures.get(&name).copied().unwrap_or((0, now));
        if now < retry {
            pod.stale_volumes = true;
            continue;
        }
        match contents(cx, pod, &volume) {
            Ok(files) => {
                pod.mount_failures.remove(&name);
                if !pod.specs(true).iter().chain(pod.specs(false)).any(by_path) {
                    pod.files.clear(&space(&name));
                    fill(pod, &name, &files);
                }
            }
            Err(why) => {
                let retry = failed(cx, pod, name, failures, &why);
                soonest = Some(soonest.map_or(retry, |s| s.min(retry)));
            }
        }
    }
    if let Some(at) = soonest {
        pod.stale_volumes = true;
        cx.refresh_volumes(pod, at);
    }
}

fn fill(pod: &mut Pod, name: &str, files: &BTreeMap<String, Rc<str>>) {
    let space = space(name);
    for (path, text) in files {
        // A volume may be a single file, too.
        let path = if path.is_empty() { String::new() } else { ["/", path].concat() };
        pod.files.put(&space, path, text.clone());
    }
}

type Contents = BTreeMap<String, Rc<str>>;

/// What is in a volume when it is mounted.
fn contents(cx: &mut Cx<'_, '_>, pod: &Pod, volume: &Value) -> Result<Contents, String> {
    let mut out = Contents::new();
    if !volume.at("configMap").is_null() {
        keyed(cx, pod, Kind::ConfigMap, volume.at("configMap"), "name", &mut out)?;
    } else if !volume.at("secret").is_null() {
        keyed(cx, pod, Kind::Secret, volume.at("secret"), "secretName", &mut out)?;
    } else if !volume.at("downwardAPI").is_null() {
        downward(cx, pod, volume.at("downwardAPI"), &mut out);
    } else if !volume.at("persistentVolumeClaim").is_null() {
        let name = volume.str_at("persistentVolumeClaim.claimName");
        let key = ObjectKey::new(Kind::PersistentVolumeClaim, pod.api.namespace().clone(), name);
        if cx.ctx.api.get(&key).is_none() {
            return Err(format!("persistentvolumeclaim \"{name}\" not found"));
        }
    } else if let Some(path) = volume.at("hostPath.path").as_str() {
        out.extend(host_file(pod, path).map(|text| (String::new(), text)));
    } else {
        let mut wrong: Vec<String> = Vec::new();
        for source in volume.at("projected.sources").items() {
            if !source.at("configMap").is_null() {
                wrong.extend(keyed(cx, pod, Kind::ConfigMap, source.at("configMap"), "name", &mut out).err());
            } else if !source.at("secret").is_null() {
                wrong.extend(keyed(cx, pod, Kind::Secret, source.at("secret"), "name", &mut out).err());
            } else if let Some(name) = source.at("clusterTrustBundle.name").as_str() {
                // No such thing exists here.
                if !source.bool_at("clusterTrustBundle.optional") {
                    wrong.push(format!(
                        "while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io \"{name}\" not found"
                    ));
                }
            } else if !source.at("podCertificate").is_null() {
                // And nobody signs.
                wrong.push("credential bundle is not issued yet".to_owned());
            } else if !source.at("downwardAPI").is_null() {
                downward(cx, pod, source.at("downwardAPI"), &mut out);
            } else if !source.at("serviceAccountToken").is_null() {
                let path = source.str_at("serviceAccountToken.path");
                out.insert(path.to_owned(), Rc::from("token-of-this-pod"));
            }
        }
        // An aggregate tells each cause once.
        let mut told: Vec<String> = Vec::new();
        for why in wrong {
            if !told.contains(&why) {
                told.push(why);
            }
        }
        match &told[..] {
            [] => {}
            [why] => return Err(why.clone()),
            _ => return Err(format!("[{}]", told.join(", "))),
        }
    }
    Ok(out)
}

/// What every machine has in a file of its own.
fn host_file(pod: &Pod, path: &str) -> Option<Rc<str>> {
    match path {
        "/etc/hostname" => Some(Rc::from(format!("{}\n", pod.node))),
        "/etc/machine-id" => {
            // Thirty-two hexadecimal digits that stay the same.
            let hash =
                |seed: u64| pod.node.bytes().fold(seed, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
            Some(Rc::from(format!("{:016x}{:016x}\n", hash(0xcbf2_9ce4_8422_2325), hash(0x9ae1_6a3b_2f90_404f))))
        }
        _ => None,
    }
}

/// The files of a ConfigMap or Secret.
fn keyed(
    cx: &mut Cx<'_, '_>,
    pod: &Pod,
    kind: Kind,
    source: &Value,
    name_field: &'static str,
    out: &mut Contents,
) -> Result<(), String> {
    let name = source.str_at(name_field);
    let optional = source.bool_at("optional");
    let word = if kind == Kind::Secret { "secret" } else { "configmap" };
    let data = match env::data_of(cx.ctx.api, kind, pod.api.namespace(), name) {
        Some(data) => data,
        // Every namespace has it; a simulated one may not.
        None if optional || name == "kube-root-ca.crt" => return Ok(()),
        None => return Err(format!("{word} \"{name}\" not found")),
    };
    let items = source.at("items").items();
    if items.is_empty() {
        out.extend(data);
        return Ok(());
    }
    for item in items {
        let key = item.str_at("key");
        match data.get(key) {
            Some(text) => {
                out.insert(item.str_at("path").to_owned(), text.clone());
            }
            None if optional => {}
            None => {
                let word = if kind == Kind::Secret {
                    "references non-existent secret"
                } else {
                    "configmap references non-existent config"
                };
                return Err(format!("{word} key: {key}"));
            }
        }
    }
    Ok(())
}

fn downward(cx: &mut Cx<'_, '_>, pod: &Pod, source: &Value, out: &mut Contents) {
    let host_ip = cx.node(pod).ip.clone();
    for item in source.at("items").items() {
        let text = if item.at("fieldRef").is_null() {
            resources::field(pod, &Value::Null, item.at("resourceFieldRef"))
        } else {
            env::field(pod, item.str_at("fieldRef.fieldPath"), "", &host_ip)
        };
        out.insert(item.str_at("path").to_owned(), Rc::from(text));
    }
}
