//! `kubectl auth`.
//!
//! Models `pkg/cmd/auth`.

use super::super::args::Parsed;
use super::super::failure::error;
use super::super::output::Form;
use super::super::session::Io;
use super::super::table::TabWriter;
use super::super::{Cx, builder, rbac, rules};
use super::{Done, Flow, ok};
use crate::api::{Kind, Value};
use crate::json;

/// Runs `kubectl auth`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    match words.first().map_or("", String::as_str) {
        "can-i" => {
            let p =
                Parsed::read("auth can-i", "A:all-namespaces! list! no-headers! q:quiet! subresource", &words[1..])?;
            if p.on("list") {
                let namespace = builder::namespace(&p, cx);
                let user = if p.has("as") { p.str("as") } else { "kubernetes-admin" };
                let mut groups = p.all("as-group");
                if !p.has("as") {
                    groups.push("system:masters");
                }
                let rules = rbac::rules_of(cx.api.store(), user, &groups, &namespace);
                let mut rows = rules::rows(&rules);
                if !p.on("no-headers") {
                    rows.insert(0, "Resources\tNon-Resource URLs\tResource Names\tVerbs".to_owned());
                }
                io.print(&TabWriter::table().align(&(rows.join("\n") + "\n")));
                return ok();
            }
            if p.args.len() < 2 {
                return error(
                    "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' \
                     for help and examples.",
                );
            }
            let resource = p.args[1].split('/').next().unwrap_or("");
            if !resource.is_empty() && resource != "*" && Kind::from_resource(resource).is_none() {
                io.complain(&format!("Warning: the server doesn't have a resource type '{resource}'"));
                io.complain("");
            }
            if Kind::from_resource(resource).is_some_and(|k| !k.info().namespaced) && !p.on("all-namespaces") {
                io.complain(&format!("Warning: resource '{resource}' is not namespace scoped"));
                io.complain("");
            }
            let namespace = builder::namespace(&p, cx);
            let (verb, of) = (p.args[0].as_str(), p.args[1].as_str());
            let asked = rbac::Asked::read(verb, of, p.str("subresource"), &namespace);
            let allowed = !p.has("as") || rbac::allows(cx.api.store(), p.str("as"), &p.all("as-group"), &asked);
            if !p.on("quiet") {
                io.line(if allowed { "yes" } else { "no" });
            }
            Ok(Flow::Exit(i32::from(!allowed)))
        }
        "whoami" => {
            let p = Parsed::read(
                "auth whoami",
                "allow-missing-template-keys! o:output show-managed-fields! template",
                &words[1..],
            )?;
            let form = Form::of(&p, io, cx)?;
            let (user, uid) = if p.has("as") { (p.str("as"), p.str("as-uid")) } else { ("kubernetes-admin", "admin") };
            let mut groups = if p.has("as") { p.all("as-group") } else { vec!["system:masters"] };
            groups.push("system:authenticated");
            if form != Form::Human {
                let mut review = json!({
                    "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview",
                    "metadata": {"creationTimestamp": (cx.now.rfc3339())},
                    "status": {"userInfo": {"groups": (Value::array(groups.iter().map(|g| (*g).into()))), "username": user}}
                });
                if !uid.is_empty() {
                    review.set("status.userInfo.uid", uid);
                }
                io.print(&form.print(&review, false)?);
                return ok();
            }
            let uid = if uid.is_empty() { String::new() } else { format!("UID\t{uid}\n") };
            let groups = groups.join(" ");
            io.print(
                &TabWriter::table().align(&format!("ATTRIBUTE\tVALUE\nUsername\t{user}\n{uid}Groups\t[{groups}]\n")),
            );
            ok()
        }
        "reconcile" if words.len() == 1 => error("must specify one of -f and -k"),
        "reconcile" => error("auth reconcile is not simulated: apply the manifest"),
        _ => super::help::group("auth", words, cx, io),
    }
}
