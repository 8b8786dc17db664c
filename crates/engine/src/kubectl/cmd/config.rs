//! `kubectl config`: the one context of the simulated cluster.
//!
//! Models `pkg/cmd/config`.

use super::super::Cx;
use super::super::args::Parsed;
use super::super::failure::error;
use super::super::session::Io;
use super::super::table::TabWriter;
use super::{Done, ok};

/// The context that kubectl starts with.
pub const CONTEXT: &str = "kubernetes-admin@kubernetes";
const CLUSTER: &str = "kubernetes";
const USER: &str = "kubernetes-admin";

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
            let namespace = cx.home.namespace();
            let line = if *namespace == *"default" { String::new() } else { format!("    namespace: {namespace}\n") };
            io.print(&format!(
                "apiVersion: v1\nclusters:\n- cluster:\n    server: https://kubernetes.invalid:6443\n  name: {CLUSTER}\ncontexts:\n\
                 - context:\n    cluster: {CLUSTER}\n{line}    user: {USER}\n  name: {CONTEXT}\ncurrent-context: {CONTEXT}\n\
                 kind: Config\nusers:\n- name: {USER}\n  user: {{}}\n"
            ));
            ok()
        }
        _ => super::help::group("config", words, cx, io),
    }
}
