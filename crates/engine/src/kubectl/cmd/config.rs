//! `kubectl config`: the one context of the simulated cluster.
//!
//! Models `pkg/cmd/config`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::failure::error;
use super::super::output::Form;
use super::super::session::Io;
use super::super::table::TabWriter;
use super::{Done, ok};
use crate::json;

/// The context that kubectl starts with.
pub const CONTEXT: &str = "kubernetes-admin@kubernetes";
/// Its cluster.
pub const CLUSTER: &str = "kubernetes";
/// Its user.
pub const USER: &str = "kubernetes-admin";

/// Runs `kubectl config`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let rest = words.get(1..).unwrap_or(&[]);
    match words.first().map_or("", String::as_str) {
        "current-context" => {
            io.line(CONTEXT);
            ok()
        }
        "set-context" => {
            let p = Parsed::read("config set-context", "cluster user current!", rest)?;
            if p.args.is_empty() && !p.on("current") {
                return error("you must specify a non-empty context name or --current");
            }
            if p.args.first().is_some_and(|n| n != CONTEXT) {
                io.line(&format!("Context {:?} created.", p.args[0]));
                return ok();
            }
            if p.has("namespace") {
                cx.home.set_namespace(p.str("namespace"));
            }
            io.line(&format!("Context {CONTEXT:?} modified."));
            ok()
        }
        "use-context" | "use" => {
            let p = Parsed::read("config use-context", "", rest)?;
            match p.args.first() {
                Some(name) if name == CONTEXT => {
                    io.line(&format!("Switched to context {CONTEXT:?}."));
                    ok()
                }
                Some(name) => error(format!("no context exists with the name: {name:?}")),
                None => {
                    super::help::print("config use-context", cx, io)?;
                    error("Unexpected args: []")
                }
            }
        }
        "get-contexts" => {
            let p = Parsed::read("config get-contexts", "no-headers! o:output", rest)?;
            if p.str("output") == "name" {
                io.line(CONTEXT);
                return ok();
            }
            let namespace = cx.home.namespace();
            let shown = if *namespace == *"default" { "" } else { &namespace };
            let head = if p.on("no-headers") { "" } else { "CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n" };
            let text = format!("{head}*\t{CONTEXT}\t{CLUSTER}\t{USER}\t{shown}\n");
            io.print(&TabWriter::table().align(&text));
            ok()
        }
        "get-clusters" => {
            io.line("NAME");
            io.line(CLUSTER);
            ok()
        }
        "get-users" => {
            io.line("NAME");
            io.line(USER);
            ok()
        }
        "view" => {
            let flags =
                "allow-missing-template-keys! flatten! merge! minify! o:output raw! show-managed-fields! template";
            let p = Parsed::read("config view", flags, rest)?;
            let form = match p.str("output") {
                "" if p.str("template").is_empty() => Form::Yaml,
                _ => Form::of(&p, io, cx)?,
            };
            let mut context = json!({"cluster": CLUSTER, "user": USER});
            let namespace = cx.home.namespace();
            if *namespace != *"default" {
                context.set("namespace", &namespace);
            }
            let server = "https://127.0.0.1:16443";
            let v = json!({
                "apiVersion": "v1",
                "clusters": [{"cluster": {"insecure-skip-tls-verify": true, "server": server}, "name": CLUSTER}],
                "contexts": [{"context": (context), "name": CONTEXT}],
                "current-context": CONTEXT,
                "kind": "Config",
                "users": [{"name": USER, "user": {"token": "REDACTED"}}]
            });
            io.print(&form.print(&v, false)?);
            ok()
        }
        // What changes the file alone has nothing to change here.
        word @ ("rename-context" | "delete-context" | "delete-cluster" | "delete-user") => {
            let p = Parsed::read("config", "", rest)?;
            let Some(name) = p.args.first().filter(|_| p.args.len() == 1 + usize::from(word == "rename-context"))
            else {
                return Err(p.usage(format!("unexpected args: {}", crate::api::text::go_list(&p.args))));
            };
            const FILE: &str = "/root/.kube/config";
            match word {
                "rename-context" if name == CONTEXT => error("renaming the one context is not simulated"),
                "rename-context" => error(format!("cannot rename the context {name:?}, it's not in {FILE}")),
                "delete-user" => error(format!("cannot delete user {name}, not in {FILE}")),
                _ => error(format!("cannot delete {} {name}, not in {FILE}", word.trim_start_matches("delete-"))),
            }
        }
        word @ ("set" | "unset" | "set-cluster" | "set-credentials") => {
            const FLAGS: &str = "server certificate-authority embed-certs! insecure-skip-tls-verify! proxy-url \
                tls-server-name client-certificate client-key token username password set-raw-bytes!";
            let p = Parsed::read("config", FLAGS, rest)?;
            let Some(name) = p.args.first() else {
                return Err(p.usage(format!("unexpected args: {}", crate::api::text::go_list(&p.args))));
            };
            match word {
                "set-cluster" => io.line(&format!("Cluster {name:?} set.")),
                "set-credentials" => io.line(&format!("User {name:?} set.")),
                _ => io.line(&format!("Property {name:?} {word}.")),
            }
            ok()
        }
        _ => super::help::group("config", words, cx, io),
    }
}
