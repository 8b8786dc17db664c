//! `kubectl certificate approve` and `deny`. Nobody signs here, as in a cluster whose controllers have no key to sign with.
//!
//! Models `pkg/cmd/certificates/certificates.go`.

use super::super::args::Parsed;
use super::super::builder::{self, Request};
use super::super::failure::error;
use super::super::output::{Form, shown};
use super::super::rbac::Deed;
use super::super::session::Io;
use super::super::{Cx, output};
use super::common::{DryRun, report};
use super::{Done, ok};
use crate::api::Kind;
use crate::apiserver::Subresource;
use crate::json;

const FLAGS: &str = "allow-missing-template-keys! f:filename, force! k:kustomize o:output R:recursive! \
    show-managed-fields! template";

/// Runs `kubectl certificate`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let (kind, opposite, reason, word) = match words.first().map_or("", String::as_str) {
        "approve" => ("Approved", "Denied", "KubectlApprove", "approved"),
        "deny" => ("Denied", "Approved", "KubectlDeny", "denied"),
        _ => return super::help::print("certificate", cx, io),
    };
    let verb = words[0].as_str();
    let p =
        Parsed::read(if verb == "approve" { "certificate approve" } else { "certificate deny" }, FLAGS, &words[1..])?;
    let form = Form::of(&p, io, cx)?;
    if p.args.is_empty() && !p.has("filename") {
        return error("one or more CSRs must be specified as <name> or -f <filename>");
    }
    let mut args = p.args.clone();
    if !args.is_empty() {
        args.insert(0, "certificatesigningrequests".to_owned());
    }
    let request = Request { args, ..Request::of(&p) };
    let found = builder::find(&request, "", cx, io)?;
    for info in &found.infos {
        if info.key.kind != Kind::CertificateSigningRequest {
            return error(format!("can only {verb} certificate signing requests"));
        }
        let request = info.found().clone();
        let has = |kind: &str| request.at("status.conditions").items().iter().any(|c| c.str_at("type") == kind);
        if has(opposite) {
            let name = crate::api::text::go_quote(request.name());
            return error(format!("certificate signing request {name} is already {opposite}"));
        }
        let mut body = shown(&request);
        if !has(kind) || p.on("force") {
            let now = cx.api.stamp();
            cx.may(Deed { subresource: "approval", ..Deed::on_one("update") }, &info.key)?;
            let made = cx.api.mutate(&info.key, Subresource::Status, |body| {
                let list = body.slot("status.conditions").make_array();
                list.retain(|c| c.str_at("type") != kind);
                list.push(json!({
                    "lastTransitionTime": (now.clone()), "lastUpdateTime": now, "reason": reason, "status": "True", "type": kind,
                    "message": (format!("This CSR was {word} by kubectl certificate {verb}."))
                }));
            })?;
            if let Some(made) = made {
                body = output::shown(&made);
            }
        }
        report(&form, &body, word, DryRun::None, io)?;
    }
    ok()
}
