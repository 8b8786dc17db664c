//! The commands, and how those that take time go on.
//!
//! Models `pkg/cmd/cmd.go`.

mod apply;
mod auth;
mod builtin;
mod certificate;
mod change;
mod common;
mod config;
mod create;
mod delete;
mod describe;
mod events;
mod explain;
mod get;
mod help;
mod logs;
mod misc;
mod node;
mod replace;
mod rollout;
mod run;
mod set;
mod suggest;
mod wait;

use std::rc::Rc;

pub use apply::LAST_APPLIED;
pub use builtin::NAMES;

use super::Cx;
use super::failure::Failure;
use super::rbac::Visitor;
use super::session::{Io, Poll};
use super::shell::Command;
use crate::apiserver::Change;
use crate::clock::Time;

/// How a command stands after it ran as far as it can.
pub enum Flow {
    /// It has ended.
    Exit(i32),
    /// It waits.
    Wait(Waiting),
}

/// A command that waits.
#[derive(Clone)]
pub enum Waiting {
    /// Has not begun.
    Start(Box<Command>),
    /// `sleep`
    Sleep(Time),
    /// `watch`
    Repeat(Box<builtin::Repeat>),
    /// `get -w`
    Watch(Box<get::Watch>),
    /// `delete`, until the objects are gone.
    Deleted(Box<delete::Deleted>),
    /// `delete`, between two kinds.
    Deleting(Box<delete::Deleting>),
    /// `apply`, between two manifests of one object.
    Applying(Box<apply::Applying>),
    /// `wait`
    Wait(Box<wait::Wait>),
    /// `logs`
    Logs(Box<logs::Logs>),
    /// `rollout status`
    Rollout(Box<rollout::Status>),
    /// `events -w`
    Events(Box<events::EventsWatch>),
    /// `drain`
    Drain(Box<node::Drain>),
    /// `run -it`
    Attached(Box<run::Attached>),
}

/// What a command gives back.
pub type Done = Result<Flow, Failure>;

/// The command has ended well.
pub fn ok() -> Done {
    Ok(Flow::Exit(0))
}

impl Waiting {
    /// Goes on.
    pub fn poll(self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        match self {
            Self::Start(c) => builtin::start(&c, cx, io),
            Self::Repeat(r) => r.poll(cx, io),
            Self::Sleep(until) if cx.now >= until => ok(),
            Self::Sleep(_) => Ok(Flow::Wait(self)),
            Self::Watch(w) => w.poll(cx, io),
            Self::Deleted(d) => d.poll(cx, io),
            Self::Deleting(d) => d.poll(cx, io),
            Self::Applying(a) => a.poll(cx, io),
            Self::Wait(w) => w.poll(cx, io),
            Self::Logs(l) => l.poll(cx, io),
            Self::Rollout(r) => r.poll(cx, io),
            Self::Events(e) => e.poll(cx, io),
            Self::Drain(d) => d.poll(cx, io),
            Self::Attached(a) => a.poll(cx, io),
        }
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        match self {
            Self::Start(_) => Poll::Done,
            Self::Sleep(t) => Poll::WaitUntil(*t),
            Self::Repeat(r) => r.until(),
            Self::Watch(w) => w.until(),
            Self::Events(e) => e.until(),
            Self::Deleted(d) => d.until(),
            Self::Deleting(d) => d.until(),
            Self::Applying(a) => a.until(),
            Self::Wait(w) => w.until(),
            Self::Logs(l) => l.until(),
            Self::Rollout(r) => r.until(),
            Self::Drain(d) => d.until(),
            Self::Attached(a) => a.until(),
        }
    }
    /// Hears of a change.
    pub fn observe(&mut self, change: &Change) {
        match self {
            Self::Watch(w) => w.observe(change),
            Self::Rollout(r) => r.observe(change),
            Self::Events(e) => e.observe(change),
            _ => {}
        }
    }
}

/// The commands, in the order in which kubectl has them: suggestions come in it.
pub const COMMANDS: [&str; 44] = [
    "create",
    "expose",
    "run",
    "set",
    "explain",
    "get",
    "edit",
    "delete",
    "rollout",
    "scale",
    "autoscale",
    "certificate",
    "cluster-info",
    "top",
    "cordon",
    "uncordon",
    "drain",
    "taint",
    "describe",
    "logs",
    "attach",
    "exec",
    "port-forward",
    "proxy",
    "cp",
    "auth",
    "debug",
    "events",
    "diff",
    "apply",
    "patch",
    "replace",
    "wait",
    "kustomize",
    "label",
    "annotate",
    "completion",
    "config",
    "plugin",
    "version",
    "api-versions",
    "api-resources",
    "options",
    "help",
];

/// Runs kubectl with its arguments.
fn kubectl(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    // Flags may stand before the command: `kubectl -n x get pods`.
    let (before, at) = leading_flags(words)?;
    let Some(first) = words.get(at) else { return help::print("", cx, io) };
    let mut rest = words[at + 1..].to_vec();
    if let Some(word) = before.iter().chain(&rest).take_while(|w| *w != "--").find(|w| *w == "-h" || *w == "--help") {
        let _ = word;
        let path: Vec<&str> =
            std::iter::once(first).chain(&rest).map(String::as_str).take_while(|w| !w.starts_with('-')).collect();
        return help::print(&help::command_of(&path), cx, io);
    }
    if let Some(context) = flag(&before, &rest, "--context").filter(|c| c != config::CONTEXT) {
        let text = format!("Error in configuration: context was not found for specified context: {context}\n");
        return Err(Failure::Plain(text));
    }
    for (name, known, wrong) in [
        ("--user", config::USER, "auth info {} does not exist"),
        ("--cluster", config::CLUSTER, "no server found for cluster {}"),
    ] {
        // Some commands have a flag of their own by this name.
        let own = matches!(first.as_str(), "create" | "set" | "config");
        if let Some(given) = flag(&before, &rest, name).filter(|g| g != known && !own) {
            return Err(Failure::Error(wrong.replace("{}", &crate::api::text::go_quote(&given))));
        }
    }
    if let Some(file) = flag(&before, &rest, "--kubeconfig").filter(|f| !f.is_empty()) {
        return Err(Failure::Error(format!("stat {file}: no such file or directory")));
    }
    if let Some(t) = flag(&before, &rest, "--request-timeout")
        && t.parse::<i64>().is_err()
        && crate::clock::parse_go_duration(&t).is_none()
    {
        return Err(Failure::Error(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding \
             time unit (e.g. 1s | 2m | 3h)"
                .into(),
        ));
    }
    let dash = rest.iter().position(|w| w == "--").unwrap_or(rest.len());
    rest.splice(dash..dash, before);
    let rest = rest.as_slice();
    for word in rest.iter().take_while(|w| *w != "--") {
        let value = word.strip_prefix("--dry-run=");
        let text = match value {
            Some(v @ ("true" | "false" | "1" | "0")) => {
                let instead = if matches!(v, "true" | "1") { "client" } else { "none" };
                format!(
                    "731] --dry-run={v} is deprecated (boolean value) and can be replaced with --dry-run={instead}."
                )
            }
            None if word == "--dry-run" => {
                "714] --dry-run is deprecated and can be replaced with --dry-run=client.".into()
            }
            _ => continue,
        };
        let now = cx.now.rfc3339();
        io.complain(&format!("W{}{} {}.000000       1 helpers.go:{text}", &now[5..7], &now[8..10], &now[11..19]));
    }
    cx.home.visitor = visitor(rest);
    cx.api.manage_as(flag(&[], rest, "--field-manager").map_or_else(|| field_manager(first), Rc::from));
    match first.as_str() {
        "get" => get::run(rest, cx, io),
        "apply" => apply::run(rest, cx, io),
        "create" => create::run(rest, cx, io),
        "config" => config::run(rest, cx, io),
        "describe" => describe::run(rest, cx, io),
        "delete" => delete::run(rest, cx, io),
        "replace" => replace::run(rest, cx, io),
        "patch" => change::patch(rest, cx, io),
        "scale" => change::scale(rest, cx, io),
        "label" => change::label(rest, cx, io),
        "annotate" => change::annotate(rest, cx, io),
        "logs" => logs::run(rest, cx, io),
        "rollout" => rollout::run(rest, cx, io),
        "set" => set::run(rest, cx, io),
        "wait" => wait::run(rest, cx, io),
        "events" => events::run(rest, cx, io),
        "run" => run::run(rest, cx, io),
        "cordon" => node::cordon(true, rest, cx, io),
        "uncordon" => node::cordon(false, rest, cx, io),
        "drain" => node::drain(rest, cx, io),
        "taint" => node::taint(rest, cx, io),
        "version" => misc::version(rest, io),
        "api-versions" => misc::api_versions(rest, io),
        "api-resources" => misc::api_resources(rest, cx, io),
        "auth" => auth::run(rest, cx, io),
        "top" => misc::top(rest, cx, io),
        "exec" => misc::exec(rest, cx, io),
        "cp" => misc::cp(rest),
        "port-forward" => misc::unsimulated("port-forward", rest, cx, io),
        "attach" => misc::unsimulated("attach", rest, cx, io),
        "debug" if rest.is_empty() => Err(Failure::Error("you must specify --image when not using --copy-to.".into())),
        "certificate" => certificate::run(rest, cx, io),
        "debug" => misc::unsimulated("debug", rest, cx, io),
        "expose" => misc::expose(rest, cx, io),
        "autoscale" => misc::autoscale(rest, cx, io),
        "diff" => misc::diff(rest, cx, io),
        "edit" => misc::edit(rest, cx, io),
        "explain" => explain::run(rest, cx, io),
        "cluster-info" => misc::cluster_info(rest, io),
        "help" => {
            let path: Vec<&str> = rest.iter().map(String::as_str).collect();
            help::topic(&path, cx, io)
        }
        "completion" => help::completion(rest),
        "plugin" if rest.first().is_some_and(|w| w == "list") => {
            Err(Failure::Error("unable to find any kubectl plugins in your PATH".into()))
        }
        "options" => help::print("options", cx, io),
        "plugin" if rest.is_empty() => help::print(first, cx, io),
        "alpha" => {
            io.complain("No alpha commands are available in this version of kubectl");
            ok()
        }
        verb @ ("proxy" | "plugin" | "kustomize" | "kuberc") => {
            Err(Failure::Error(format!("{verb} is not simulated: it has nothing to work on here")))
        }
        other => Err(misc::unknown(other)),
    }
}

/// The name under which a command manages the fields that it writes.
fn field_manager(command: &str) -> Rc<str> {
    match command {
        "apply" => Rc::from("kubectl-client-side-apply"),
        "annotate" | "autoscale" | "create" | "edit" | "expose" | "label" | "patch" | "replace" | "rollout" | "run"
        | "set" | "taint" => Rc::from(format!("kubectl-{command}")),
        _ => Rc::from("kubectl"),
    }
}

/// `--request-timeout`, where it ends what watches: seconds, or a duration.
fn request_timeout(p: &super::args::Parsed) -> Option<crate::clock::Millis> {
    let text = p.text("request-timeout")?;
    let time = text.parse::<i64>().map(|s| s.saturating_mul(1_000)).ok();
    time.or_else(|| crate::clock::parse_go_duration(text)).filter(|t| *t > 0)
}

/// The flags before the command, and where the command stands.
fn leading_flags(words: &[String]) -> Result<(Vec<String>, usize), Failure> {
    let mut i = 0;
    while let Some(word) = words.get(i).filter(|w| w.starts_with('-') && *w != "--") {
        let name = word.trim_start_matches('-');
        let takes_value = !name.contains('=')
            && (name.len() == 1 && "nsv".contains(name)
                || super::args::flags("").any(|f| f.name == name && f.bare.is_none() && word.starts_with("--")));
        i += 1 + usize::from(takes_value);
        if takes_value && words.get(i - 1).is_none() {
            super::args::Parsed::read("", "", words)?;
        }
    }
    let at = i.min(words.len());
    super::args::Parsed::read("", "", &words[..at]).map_err(|e| no_plugin(words).unwrap_or(e))?;
    Ok((words[..at].to_vec(), at))
}

/// The complaint where flags that nobody knows come before a word that is no command and so might be a plugin's.
/// An unknown flag is thought to have a value. Models cobra's `stripFlags` and `HandlePluginCommand`.
fn no_plugin(words: &[String]) -> Option<Failure> {
    let bare = |name: &str| super::args::flags("").any(|f| f.name == name && f.bare.is_some());
    let mut left = words.iter().take_while(|w| *w != "--");
    while let Some(word) = left.next() {
        if !word.starts_with('-') {
            let known = COMMANDS.contains(&word.as_str());
            let text = format!("Error: flags cannot be placed before plugin name: {}\n", words[0]);
            return (!known).then_some(Failure::Plain(text));
        }
        let long = word.strip_prefix("--");
        if !word.contains('=') && long.map_or(word.len() == 2, |name| !bare(name)) {
            left.next()?;
        }
    }
    None
}

/// Whom `--as` and `--as-group` name.
fn visitor(rest: &[String]) -> Option<Rc<Visitor>> {
    let user = flag(&[], rest, "--as").filter(|u| !u.is_empty())?;
    let mut groups = Vec::new();
    let mut words = rest.iter().take_while(|w| *w != "--");
    while let Some(word) = words.next() {
        match word.strip_prefix("--as-group") {
            Some("") => groups.extend(words.next().cloned()),
            Some(value) => groups.extend(value.strip_prefix('=').map(str::to_owned)),
            None => {}
        }
    }
    Some(Rc::new(Visitor { user, groups }))
}

/// The value of a flag of every command.
fn flag(before: &[String], rest: &[String], name: &str) -> Option<String> {
    let mut all = before.iter().chain(rest.iter()).take_while(|w| *w != "--");
    while let Some(w) = all.next() {
        if w == name {
            return all.next().cloned();
        }
        if let Some(v) = w.strip_prefix(name).and_then(|v| v.strip_prefix('=')) {
            return Some(v.to_owned());
        }
    }
    None
}
