//! Commands about the cluster itself, and those that have no counterpart here and say so.
//!
//! Models `pkg/cmd/{version,apiresources,top,cp,exec,expose,autoscale,diff}`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown};
use super::super::rbac::Deed;
use super::super::session::Io;
use super::super::table::TabWriter;
use super::super::yaml::to_yaml;
use super::common::{DryRun, report};
use super::{Done, Flow, ok};
use crate::api::patch::three_way;
use crate::api::text::go_quote;
use crate::api::{Kind, Value};
use crate::json;
use crate::manifest::decode;

pub const VERSION_FLAGS: &str = "client! o:output";
pub const RESOURCES_FLAGS: &str = "allow-missing-template-keys! api-group cached! categories, namespaced! no-headers! o:output \
    show-managed-fields! sort-by template verbs,";
pub const EXEC_FLAGS: &str = "c:container f:filename, pod-running-timeout~ q:quiet! i:stdin! t:tty!";
pub const EXPOSE_FLAGS: &str = "allow-missing-template-keys! cluster-ip dry-run=unchanged external-ip field-manager f:filename, \
    k:kustomize l:labels load-balancer-ip name o:output override-type overrides port protocol R:recursive! save-config! \
    selector session-affinity show-managed-fields! target-port template type";
pub const AUTOSCALE_FLAGS: &str = "allow-missing-template-keys! cpu cpu-percent# dry-run=unchanged field-manager f:filename, \
    k:kustomize max# memory min# name o:output R:recursive! save-config! show-managed-fields! template";
pub const DIFF_FLAGS: &str = "concurrency# field-manager f:filename, force-conflicts! k:kustomize prune! prune-allowlist* \
    R:recursive! l:selector server-side! show-managed-fields!";

const RELEASE: &str = "v1.37.2";
const KUSTOMIZE: &str = "v5.8.1";

/// The API versions that a cluster of this release serves.
const API_VERSIONS: &str = "admissionregistration.k8s.io/v1 apiextensions.k8s.io/v1 apiregistration.k8s.io/v1 apps/v1 \
    authentication.k8s.io/v1 authorization.k8s.io/v1 autoscaling/v1 autoscaling/v2 batch/v1 certificates.k8s.io/v1 \
    coordination.k8s.io/v1 discovery.k8s.io/v1 events.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1 networking.k8s.io/v1 \
    node.k8s.io/v1 policy/v1 rbac.authorization.k8s.io/v1 resource.k8s.io/v1 scheduling.k8s.io/v1 storage.k8s.io/v1 \
    storagemigration.k8s.io/v1 v1";

/// Runs `kubectl version`.
pub fn version(words: &[String], io: &mut Io) -> Done {
    let p = Parsed::read("version", VERSION_FLAGS, words)?;
    if !p.args.is_empty() {
        return error(format!("extra arguments: {}", crate::api::text::go_list(&p.args)));
    }
    let client_only = p.on("client");
    match p.str("output") {
        "" => {
            io.line(&format!("Client Version: {RELEASE}\nKustomize Version: {KUSTOMIZE}"));
            if !client_only {
                io.line(&format!("Server Version: {RELEASE}"));
            }
        }
        form @ ("json" | "yaml") => {
            let mut v = json!({"clientVersion": (built(false)), "kustomizeVersion": KUSTOMIZE});
            if !client_only {
                v.set("serverVersion", built(true));
            }
            io.print(&if form == "json" { ordered_version(&v) } else { to_yaml(&v) });
        }
        _ => return error("--output must be 'yaml' or 'json'"),
    }
    ok()
}

/// Runs `kubectl api-versions`.
pub fn api_versions(words: &[String], io: &mut Io) -> Done {
    let p = Parsed::read("api-versions", "", words)?;
    if !p.args.is_empty() {
        return Err(p.usage(format!("unexpected arguments: {}", crate::api::text::go_list(&p.args))));
    }
    API_VERSIONS.split_ascii_whitespace().for_each(|v| io.line(v));
    ok()
}

/// What a binary says of how it was built, in Go's order.
const BUILT: [(&str, &str); 13] = [
    ("major", "1"),
    ("minor", "37"),
    ("emulationMajor", "1"),
    ("emulationMinor", "37"),
    ("minCompatibilityMajor", "1"),
    ("minCompatibilityMinor", "36"),
    ("gitVersion", RELEASE),
    ("gitCommit", "0000000000000000000000000000000000000000"),
    ("gitTreeState", "clean"),
    ("buildDate", "1970-01-01T00:00:00Z"),
    ("goVersion", "go1.26.8"),
    ("compiler", "gc"),
    ("platform", "linux/amd64"),
];

fn built(server: bool) -> Value {
    let mine = BUILT.iter().filter(|(k, _)| server || !(k.starts_with("emulation") || k.starts_with("minC")));
    Value::object_from(mine.map(|(k, v)| (*k, Value::from(*v))))
}

/// The server's version as it answers `/version`.
pub fn server_version() -> String {
    let fields = BUILT.iter().map(|(k, v)| format!("  {k:?}: {v:?}"));
    format!("{{\n{}\n}}", fields.collect::<Vec<_>>().join(",\n"))
}

/// The versions as JSON, in Go's order.
fn ordered_version(v: &Value) -> String {
    let part = |name: &str| {
        let fields =
            BUILT.iter().filter_map(|(k, _)| v.at_path(name).get(k).map(|x| format!("    {k:?}: {}", x.to_json())));
        format!("  {name:?}: {{\n{}\n  }}", fields.collect::<Vec<_>>().join(",\n"))
    };
    let mut parts = vec![part("clientVersion"), format!("  \"kustomizeVersion\": {KUSTOMIZE:?}")];
    if v.get("serverVersion").is_some() {
        parts.push(part("serverVersion"));
    }
    format!("{{\n{}\n}}\n", parts.join(",\n"))
}

/// Runs `kubectl api-resources`: the table of all that a cluster serves stands with the help texts.
pub fn api_resources(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("api-resources", RESOURCES_FLAGS, words)?;
    if !p.args.is_empty() {
        return Err(p.usage(format!("unexpected arguments: {}", crate::api::text::go_list(&p.args))));
    }
    let table = super::help::resources(cx)?;
    // name, short names, version, whether in a namespace, kind, verbs, categories
    let mut rows: Vec<Vec<&str>> = table.lines().map(|l| l.split('\t').collect()).collect();
    rows.retain(|r| r.len() == 7);
    let group_of = |r: &Vec<&str>| r[2].rsplit_once('/').map_or("", |(g, _)| g).to_owned();
    if let Some(group) = p.text("api-group") {
        rows.retain(|r| group_of(r) == group);
    }
    if p.has("namespaced") {
        rows.retain(|r| (r[3] == "true") == p.on("namespaced"));
    }
    let verbs = p.all("verbs");
    rows.retain(|r| verbs.iter().all(|v| r[5].split(',').any(|x| x == *v)));
    let categories = p.all("categories");
    rows.retain(|r| categories.iter().all(|c| r[6].split(',').any(|x| x == *c)));
    let output = p.str("output");
    match p.str("sort-by") {
        "name" => rows.sort_by_key(|r| r[0]),
        "kind" => rows.sort_by_key(|r| r[4]),
        "" => {}
        _ => return error("--sort-by accepts only name or kind"),
    }
    let full =
        |r: &Vec<&str>| if group_of(r).is_empty() { r[0].to_owned() } else { format!("{}.{}", r[0], group_of(r)) };
    match output {
        "" | "wide" | "name" => {}
        _ => {
            let form = Form::of(&p, io, cx)?;
            let list = rows.iter().map(|r| resource_of(r, &group_of(r)));
            let v = json!({
                "apiVersion": "v1", "groupVersion": "", "kind": "APIResourceList", "resources": (Value::array(list))
            });
            io.print(&form.print(&v, false)?);
            return ok();
        }
    }
    if output == "name" {
        rows.iter().for_each(|r| io.line(&full(r)));
        return ok();
    }
    let columns = if output == "wide" { 7 } else { 5 };
    let mut text = String::new();
    if !p.on("no-headers") {
        let heads = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES"];
        text = heads[..columns].join("\t") + "\n";
    }
    for r in rows {
        text += &(r[..columns].join("\t") + "\n");
    }
    io.print(&TabWriter::table().align(&text));
    ok()
}

/// A resource as discovery gives it.
fn resource_of(r: &[&str], group: &str) -> Value {
    let list = |text: &str| Value::array(text.split(',').filter(|t| !t.is_empty()).map(Value::from));
    let mut v = json!({
        "name": (r[0]), "singularName": (r[4].to_lowercase()), "namespaced": (r[3] == "true"),
        "version": (r[2].rsplit('/').next().unwrap_or("")), "kind": (r[4]), "verbs": (list(r[5]))
    });
    if !group.is_empty() {
        v.set("group", group);
    }
    for (field, text) in [("shortNames", r[1]), ("categories", r[6])] {
        if !text.is_empty() {
            v.set(field, list(text));
        }
    }
    v
}

/// Runs `kubectl top`.
pub fn top(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    match words.first().map_or("", String::as_str) {
        "pod" | "pods" | "po" | "node" | "nodes" | "no" => {
            let sorts = words.iter().find_map(|w| w.strip_prefix("--sort-by="));
            if sorts.is_some_and(|by| !matches!(by, "" | "cpu" | "memory")) {
                return error("--sort-by accepts only cpu or memory");
            }
            error("Metrics API not available")
        }
        _ => super::help::group("top", words, cx, io),
    }
}

/// Runs `kubectl exec`.
pub fn exec(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("exec", EXEC_FLAGS, words)?;
    let before = p.before_dash();
    let command = p.after_dash();
    if p.dash.is_none() && p.args.len() > 1 {
        return Err(p.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead"));
    }
    let Some(name) = before.first() else {
        return error("pod, type/name or --filename must be specified");
    };
    if command.is_empty() {
        return error("you must specify at least one command for the container");
    }
    let namespace = builder::namespace(&p, cx);
    let word = if name.contains('/') { name.clone() } else { format!("pods/{name}") };
    let request = Request { args: vec![word], lookup: true, ..Request::default() };
    let found = builder::find(&request, &namespace, cx, io)?;
    let mut pod = found.infos[0].found().clone();
    if pod.kind() != Kind::Pod {
        let selector = crate::api::Selector::from_object(pod.at("spec.selector")).map_err(Failure::Error)?;
        let mine = cx.api.store().list_in(Kind::Pod, &namespace).find(|p| selector.matches(p.labels()));
        match mine {
            Some(p) => pod = p.clone(),
            None => return error("timed out waiting for the condition"),
        }
    }
    let phase = pod.at("status.phase").as_str().unwrap_or("").to_owned();
    if matches!(phase.as_str(), "Succeeded" | "Failed") {
        return error(format!("cannot exec into a container in a completed pod; current phase is {phase}"));
    }
    let container = match p.text("container").filter(|c| !c.is_empty()) {
        Some(c) => c.into(),
        None => super::logs::default_container(&pod, p.on("quiet"), io),
    };
    if !super::logs::has_container(&pod, &container) {
        return error(format!(
            "container {container} is not valid for pod {} out of: {}",
            pod.name(),
            super::logs::all_container_names(&pod)
        ));
    }
    if pod.at("spec.nodeName").is_null() {
        return error(format!("unable to upgrade connection: pod {} does not have a host assigned", pod.name()));
    }
    if let Err(status) = cx.may(Deed { subresource: "exec", named: true, ..Deed::on_all("create") }, &pod.key()) {
        return error(format!("unable to upgrade connection: {}", status.message));
    }
    match cx.nodes.exec(&pod, &container, command, cx.now) {
        Ok(out) => {
            io.print(&out.stdout);
            if !out.stderr.is_empty() {
                io.complain(out.stderr.trim_end_matches('\n'));
            }
            if out.exit != 0 {
                io.complain(&format!("command terminated with exit code {}", out.exit));
            }
            Ok(Flow::Exit(out.exit))
        }
        Err(why) => error(format!("Internal error occurred: {why}")),
    }
}

/// Runs `kubectl cp`.
pub fn cp(words: &[String]) -> Done {
    let p = Parsed::read("cp", "c:container no-preserve! retries#", words)?;
    let [from, to] = p.args.as_slice() else {
        return error("source and destination are required");
    };
    if !from.contains(':') && !to.contains(':') {
        return error("one of src or dest must be a remote file specification");
    }
    error("copying files is not simulated: containers here have no files but those of emptyDir volumes")
}

/// Runs `kubectl port-forward`, `attach` and `debug`, which look for their Pod and then cannot go on.
pub fn unsimulated(verb: &'static str, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    const FLAGS: &str = "address, pod-running-timeout~ c:container q:quiet! i:stdin! t:tty! image copy-to target profile \
        share-processes! attach! same-node! replace! set-image arguments-only! env* keep-annotations! custom";
    let p = Parsed::read(verb, FLAGS, words)?;
    let least = if verb == "port-forward" { 2 } else { 1 };
    let Some(name) = p.args.first().filter(|_| p.args.len() >= least) else {
        return if verb == "port-forward" {
            Err(p.usage("TYPE/NAME and list of ports are required for port-forward"))
        } else {
            error(format!("at least 1 argument is required for {verb}"))
        };
    };
    if verb == "debug" && !p.has("image") && !p.has("copy-to") {
        return error("you must specify --image when not using --copy-to.");
    }
    let namespace = builder::namespace(&p, cx);
    let word = if name.contains('/') { name.clone() } else { format!("pods/{name}") };
    let request = Request { args: vec![word], lookup: true, ..Request::default() };
    builder::find(&request, &namespace, cx, io)?;
    error(format!("{verb} is not simulated: there is no network and no terminal inside containers here"))
}

/// Runs `kubectl expose`: a Service is made and stored, and has no effect here.
pub fn expose(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("expose", EXPOSE_FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let namespace = builder::namespace(&p, cx);
    let request = Request { labels: None, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    for info in &found.infos {
        let o = info.found();
        let selector = match o.kind() {
            Kind::Deployment | Kind::ReplicaSet => o.at("spec.selector.matchLabels").clone(),
            Kind::ReplicationController | Kind::Service => o.at("spec.selector").clone(),
            Kind::Pod => o.labels().clone(),
            kind => {
                let group = kind.info().group;
                let full = if group.is_empty() { kind.name().to_owned() } else { format!("{}.{group}", kind.name()) };
                return error(format!("cannot expose a {full}"));
            }
        };
        let mut ports: Vec<i64> = p.str("port").split(',').filter_map(|t| t.parse().ok()).collect();
        if ports.is_empty() {
            let spec = if o.kind() == Kind::Pod { "spec" } else { "spec.template.spec" };
            for c in o.at(spec).at("containers").items() {
                ports.extend(c.at("ports").items().iter().filter_map(|x| x.int_at("containerPort")));
            }
        }
        if ports.is_empty() {
            return error("couldn't find port via --port flag or introspection");
        }
        let target = p.text("target-port").map(|t| t.parse::<i64>().map_or_else(|_| Value::from(t), Value::from));
        let several = ports.len() > 1;
        let entries = ports.iter().enumerate().map(|(i, port)| {
            let mut e = json!({"port": (*port), "protocol": (p.text("protocol").unwrap_or("TCP")), "targetPort": (target.clone().unwrap_or(Value::from(*port)))});
            if several {
                e.set("name", format!("port-{}", i + 1));
            }
            e
        });
        let name = p.text("name").unwrap_or(o.name());
        let mut body = json!({
            "metadata": {"name": name},
            "spec": {"ports": (Value::array(entries)), "selector": selector}
        });
        if !o.labels().is_null() {
            body.set("metadata.labels", o.labels().clone());
        }
        if p.has("type") {
            body.set("spec.type", p.str("type"));
        }
        let typed = decode::decode(Kind::Service, &body).map_err(|e| Failure::Error(e.message))?.value;
        finish(Kind::Service, typed, "exposed", dry, &form, &p, cx, io)?;
    }
    ok()
}

/// Runs `kubectl autoscale`: an autoscaler is made and stored, and has no effect here.
pub fn autoscale(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("autoscale", AUTOSCALE_FLAGS, words)?;
    p.require(&["max"])?;
    if p.has("cpu-percent") {
        io.complain(
            "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for \
             utilization or '500m' for milliCPU).",
        );
    }
    let dry = DryRun::read(&p)?;
    let form = Form::of(&p, io, cx)?;
    let max = p.int("max").unwrap_or(-1);
    let min = p.int("min").unwrap_or(-1);
    if max < 1 {
        return error(format!("--max=MAXPODS is required and must be at least 1, max: {max}"));
    }
    if max < min {
        return error(format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"));
    }
    let namespace = builder::namespace(&p, cx);
    let found = builder::find(&Request::of(&p), &namespace, cx, io)?;
    for info in &found.infos {
        let o = info.found();
        if !matches!(o.kind(), Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::ReplicationController) {
            let (version, plural) = (o.kind().api_version(), o.kind().info().plural);
            return error(format!(
                "cannot autoscale a {}: could not find scale subresource for {version}, Resource={plural} in discovery \
                 information",
                o.kind().name()
            ));
        }
        let name = p.text("name").filter(|n| !n.is_empty()).unwrap_or(o.name());
        let mut body = json!({
            "metadata": {"name": name},
            "spec": {
                "maxReplicas": max,
                "scaleTargetRef": {
                    "apiVersion": (o.kind().api_version()), "kind": (o.kind().name()), "name": (o.name())
                }
            }
        });
        if min > 0 {
            body.set("spec.minReplicas", min);
        }
        let percent = |t: &str| t.trim_end_matches('%').parse::<i64>().ok();
        let mut metrics = Vec::new();
        for resource in ["cpu", "memory"] {
            let wanted = p.text(resource).and_then(percent).or(p.int("cpu-percent").filter(|_| resource == "cpu"));
            if let Some(n) = wanted.filter(|n| *n > 0) {
                metrics.push(json!({"type": "Resource", "resource": {
                    "name": resource, "target": {"type": "Utilization", "averageUtilization": n}
                }}));
            }
        }
        if !metrics.is_empty() {
            body.set("spec.metrics", metrics);
        }
        let kind = Kind::HorizontalPodAutoscaler;
        let typed = decode::decode(kind, &body).map_err(|e| Failure::Error(e.message))?.value;
        finish(kind, typed, "autoscaled", dry, &form, &p, cx, io)?;
    }
    ok()
}

#[expect(clippy::too_many_arguments, reason = "the end of two commands")]
fn finish(
    kind: Kind,
    mut body: Value,
    word: &str,
    dry: DryRun,
    form: &Form,
    p: &Parsed,
    cx: &mut Cx<'_>,
    io: &mut Io,
) -> Result<(), Failure> {
    if dry == DryRun::Client {
        return report(form, &body, word, dry, io);
    }
    body.set("metadata.namespace", builder::namespace(p, cx));
    cx.may(Deed::on_all("create"), &builder::key_of(kind, &body, ""))?;
    let made = cx.api.create(kind, body, dry.options())?;
    report(form, &shown(&made), word, dry, io)
}

/// Runs `kubectl diff`: what `apply` would change, line by line.
pub fn diff(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    // 1 says that there are differences, so an error is more.
    difference(words, cx, io).or_else(|e| {
        io.fail(&e);
        Ok(Flow::Exit(2))
    })
}

fn difference(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("diff", DIFF_FLAGS, words)?;
    if !p.has("filename") {
        return error("must specify one of -f and -k");
    }
    let namespace = builder::namespace(&p, cx);
    let request = Request { latest: false, go_on: true, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    Failure::collect(found.errors)?;
    let mut differs = false;
    for info in &found.infos {
        cx.may(Deed::on_one("get"), &info.key)?;
        let body = info.body.clone().unwrap_or_default();
        let mut body = super::common::with_namespace(body, info.key.kind, &info.key.namespace);
        let (before, after) = match &info.object {
            None => {
                let dry = DryRun::Server.options();
                let made = super::common::create(info, body, &p, dry, cx, io)?;
                let mut made = shown(&made);
                made.unset("metadata.resourceVersion");
                (String::new(), to_yaml(&made))
            }
            Some(current) => {
                let text = super::apply::annotation(&body);
                body.set_key("metadata.annotations", super::LAST_APPLIED, text);
                let original =
                    current.annotation(super::LAST_APPLIED).and_then(|t| Value::from_json(t).ok()).unwrap_or_default();
                let patch = three_way(info.key.kind, &original, &body, current.body())
                    .map_err(|e| Failure::Error(e.message))?;
                let dry = DryRun::Server.options();
                let mut after = super::common::strategic(&info.key, &patch, dry, cx, io)?.body().clone();
                // The version and what was applied last are no differences.
                after.set("metadata.resourceVersion", current.body().at("metadata.resourceVersion").clone());
                if let Some(text) = current.annotation(super::LAST_APPLIED) {
                    after.set_key("metadata.annotations", super::LAST_APPLIED, text);
                }
                (to_yaml(current.body()), to_yaml(&after))
            }
        };
        if before != after {
            differs = true;
            let kind = info.key.kind;
            let group = if kind.info().group.is_empty() { String::new() } else { format!("{}.", kind.info().group) };
            let file =
                format!("{group}{}.{}.{}.{}", kind.info().version, kind.name(), info.key.namespace, info.key.name);
            io.print(&format!(
                "diff -u -N /tmp/LIVE/{file} /tmp/MERGED/{file}\n--- /tmp/LIVE/{file}\n+++ /tmp/MERGED/{file}\n"
            ));
            io.print(&super::super::textdiff::unified(&before, &after));
        }
    }
    Ok(Flow::Exit(i32::from(differs)))
}

/// Runs `kubectl edit`: the object opens in the page's editor, to be applied from there.
pub fn edit(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read(
        "edit",
        "allow-missing-template-keys! field-manager f:filename, k:kustomize o:output output-patch! R:recursive! save-config! \
         show-managed-fields! subresource template validate=strict windows-line-endings!",
        words,
    )?;
    let namespace = builder::namespace(&p, cx);
    let found = builder::find(&Request { kind_alone: true, ..Request::of(&p) }, &namespace, cx, io)?;
    let values: Vec<Value> = found.infos.iter().map(|i| shown(i.found())).collect();
    if values.is_empty() {
        return error("edit cancelled, no objects found");
    }
    let text = match values.as_slice() {
        [one] => to_yaml(one),
        many => to_yaml(&super::super::output::list_of(many.iter())),
    };
    let name = found
        .infos
        .first()
        .map_or_else(String::new, |i| format!("kubectl-edit-{}-{}.yaml", i.key.kind.singular(), i.key.name));
    io.complain(&format!("{name} is open in the editor; Apply sends your changes."));
    io.edit = Some((name, text));
    ok()
}

/// Runs `kubectl cluster-info`.
pub fn cluster_info(words: &[String], io: &mut Io) -> Done {
    if words.first().is_some_and(|w| w == "dump") {
        return error("cluster-info dump is not simulated: use kubectl get -A -o yaml");
    }
    io.print(
        "Kubernetes control plane is running at https://127.0.0.1:16443\n\nTo further debug and diagnose cluster problems, use \
         'kubectl cluster-info dump'.\n",
    );
    ok()
}

/// The complaint about a word that is no command, with what may have been meant.
pub fn unknown(word: &str) -> Failure {
    let mut near = super::suggest::near(word, super::COMMANDS.iter().copied());
    let meant = match word {
        "list" | "ls" => "get",
        "rm" | "remove" => "delete",
        "inspect" => "describe",
        "stats" => "top",
        _ => "",
    };
    if !meant.is_empty() && !near.contains(&format!("\t{meant}\n")) {
        near += &format!("\t{meant}\n");
    }
    let mut text = format!("error: unknown command {} for \"kubectl\"\n", go_quote(word));
    if !near.is_empty() {
        text += &format!("\nDid you mean this?\n{near}");
    }
    Failure::Misread(text)
}
