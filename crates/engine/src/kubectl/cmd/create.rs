//! `kubectl create`: from files, and object by object.
//!
//! Models `pkg/cmd/create`.

mod config;
mod ingress;
mod others;
mod workloads;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Info, Request};
use super::super::failure::{Failure, error};
use super::super::output::{Form, shown, typed_json};
use super::super::rbac::Deed;
use super::super::session::Io;
use super::apply::{LAST_APPLIED, annotation};
use super::common::{DryRun, add_source, create, report, report_made, with_namespace};
use super::{Done, ok};
use crate::api::{Kind, ObjectKey, Value, schema};
use crate::clock::{MINUTE, SECOND};
use crate::manifest::decode;

pub const FLAGS: &str = "allow-missing-template-keys! dry-run=unchanged edit! field-manager f:filename, k:kustomize o:output raw \
    R:recursive! save-config! l:selector show-managed-fields! template validate=strict windows-line-endings!";

/// The kinds that have a command of their own, with the flags they know beside [`COMMON`]: name, other names, flags.
pub const KINDS: &[(&str, &str, &str)] = &[
    ("clusterrole", "", "verb, non-resource-url, resource, resource-name* aggregation-rule"),
    ("clusterrolebinding", "", "clusterrole user* group* serviceaccount*"),
    ("configmap", "cm", "from-file, from-literal* from-env-file, append-hash!"),
    ("cronjob", "cj", "image schedule restart"),
    ("deployment", "deploy", "image, port# r:replicas#"),
    ("ingress", "ing", "class rule* default-backend annotation*"),
    ("job", "", "image from"),
    ("namespace", "ns", ""),
    ("poddisruptionbudget", "pdb", "min-available max-unavailable selector"),
    ("priorityclass", "pc", "value# global-default! description preemption-policy"),
    ("quota", "resourcequota", "hard scopes"),
    ("role", "", "verb, resource, resource-name*"),
    ("rolebinding", "", "clusterrole role user* group* serviceaccount*"),
    ("secret", "", ""),
    ("service", "svc", ""),
    ("serviceaccount", "sa", ""),
    ("token", "", "audience* duration~ bound-object-kind bound-object-name bound-object-uid o:output"),
];

/// Flags of all of them.
const COMMON: &str = "allow-missing-template-keys! dry-run=unchanged field-manager o:output save-config! show-managed-fields! \
    template validate=strict";

/// A kind's command with all its flags, as one table.
macro_rules! table {
    ($own:literal) => {
        concat!(
            $own,
            " allow-missing-template-keys! dry-run=unchanged field-manager o:output save-config! show-managed-fields! template validate=strict"
        )
    };
}
use table;

/// Runs `kubectl create`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let _ = COMMON;
    let kind = words.first().map_or("", String::as_str);
    let rest = words.get(1..).unwrap_or(&[]);
    match kind {
        "job" => workloads::job(rest, cx, io),
        "cronjob" | "cj" => workloads::cron_job(rest, cx, io),
        "deployment" | "deploy" => workloads::deployment(rest, cx, io),
        "configmap" | "cm" => config::config_map(rest, cx, io),
        "secret" => config::secret(rest, cx, io),
        "namespace" | "ns" => others::namespace(rest, cx, io),
        "serviceaccount" | "sa" => others::service_account(rest, cx, io),
        "quota" | "resourcequota" => others::quota(rest, cx, io),
        "role" | "clusterrole" => others::role(kind, rest, cx, io),
        "rolebinding" | "clusterrolebinding" => others::role_binding(kind, rest, cx, io),
        "priorityclass" | "pc" => others::priority_class(rest, cx, io),
        "poddisruptionbudget" | "pdb" => others::budget(rest, cx, io),
        "service" | "svc" => others::service(rest, cx, io),
        "ingress" | "ing" => ingress::ingress(rest, cx, io),
        "token" => {
            let p = Parsed::read(
                "create token",
                "audience* duration~ bound-object-kind bound-object-name bound-object-uid o:output",
                rest,
            )?;
            let account = name(&p)?;
            let key = ObjectKey::new(Kind::ServiceAccount, builder::namespace(&p, cx), account);
            if let Err(status) = cx.may(Deed { subresource: "token", named: true, ..Deed::on_all("create") }, &key) {
                return error(format!("failed to create token: {}", status.message));
            }
            if cx.api.get(&key).is_none() {
                return error(format!("failed to create token: serviceaccounts {account:?} not found"));
            }
            if p.duration("duration").is_some_and(|d| d > 0 && d < 10 * MINUTE) {
                let seconds = p.duration("duration").unwrap_or(0) / SECOND;
                return error(format!(
                    "failed to create token: TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid \
                     value: {seconds}: may not specify a duration less than 10 minutes"
                ));
            }
            error("create token is not simulated: there is nobody to log in to")
        }
        // Any other word is an argument of `create` itself, which takes none.
        _ => from_files(words, cx, io),
    }
}

fn from_files(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("create", FLAGS, words)?;
    let dry = DryRun::read(&p)?;
    if !p.has("filename") {
        if p.has("kustomize") {
            return error("kustomize is not simulated: create plain manifests with -f");
        }
        if p.args.is_empty() {
            return error("must specify one of -f and -k");
        }
    }
    if !p.args.is_empty() {
        return Err(p.usage(format!("Unexpected args: {}", crate::api::text::go_list(&p.args))));
    }
    if !matches!(p.str("validate"), "" | "strict" | "true" | "warn" | "ignore" | "false") {
        return Err(super::common::invalid_validate(&p));
    }
    let form = Form::of(&p, io, cx)?;
    let namespace = builder::namespace(&p, cx);
    let request = Request { latest: false, go_on: true, ..Request::of(&p) };
    let found = builder::find(&request, &namespace, cx, io)?;
    let mut errors = Vec::new();
    let mut count = 0;
    for info in &found.infos {
        match one(&p, info, dry, cx, io) {
            Ok(value) => {
                count += 1;
                report(&form, &value, "created", dry, io)?;
            }
            Err(e) => errors.push(e),
        }
    }
    errors.extend(found.errors);
    Failure::collect(errors)?;
    if count == 0 {
        return error("no objects passed to create");
    }
    ok()
}

fn one(p: &Parsed, info: &Info, dry: DryRun, cx: &mut Cx<'_>, io: &mut Io) -> Result<Value, Failure> {
    let mut body = with_namespace(info.body.clone().unwrap_or_default(), info.key.kind, &info.key.namespace);
    if p.on("save-config") {
        let text = annotation(&body);
        body.set_key("metadata.annotations", LAST_APPLIED, text);
    }
    if dry == DryRun::Client {
        return Ok(body);
    }
    let made = create(info, body, p, dry.options(), cx, io).map_err(|e| add_source("creating", &info.source, e))?;
    Ok(shown(&made))
}

/// The name of the object, the only argument.
fn name(p: &Parsed) -> Result<&str, Failure> {
    match p.before_dash() {
        [one] => Ok(one),
        many => Err(p.usage(format!("exactly one NAME is required, got {}", many.len()))),
    }
}

/// Sends what a command has put together, and prints it. `failed` stands before the API server's words.
fn finish(p: &Parsed, kind: Kind, mut body: Value, failed: &str, cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let dry = DryRun::read(p)?;
    let form = Form::of(p, io, cx)?;
    body.set("apiVersion", kind.api_version());
    body.set("kind", kind.name());
    let namespaced = kind.info().namespaced;
    if namespaced && p.has("namespace") {
        body.set("metadata.namespace", builder::namespace(p, cx));
    }
    let mut typed = decode::decode(kind, &body).map_err(|e| Failure::Error(e.message))?.value;
    if p.on("save-config") {
        let text = typed_json(&typed, schema::of(kind)) + "\n";
        typed.set_key("metadata.annotations", LAST_APPLIED, text);
    }
    if dry == DryRun::Client {
        report_made(&form, &typed, "created", dry, io)?;
        return ok();
    }
    let mut sent = typed;
    if namespaced {
        sent.set("metadata.namespace", builder::namespace(p, cx));
    }
    let place = builder::key_of(kind, &sent, "");
    let made = cx.may(Deed::on_all("create"), &place).and_then(|()| cx.api.create(kind, sent, dry.options()));
    match made {
        Ok(made) => {
            let shown = shown(&made);
            report_made(&form, &shown, "created", dry, io)?;
            ok()
        }
        Err(status) if failed.is_empty() => Err(status.into()),
        Err(status) => error(format!("{failed}{}", status.message)),
    }
}
