//! kubectl: a command line in, what it prints out.
//!
//! Models `k8s.io/kubectl/pkg/cmd`. A [`Session`] is a shell line that runs in virtual time: most lines end at once, `-w`,
//! `wait`, `rollout status`, `logs -f` and `delete` go on as time passes. [`Sessions`] is the component that polls them.

mod args;
mod builder;
mod cmd;
mod completion;
mod describe;
mod failure;
mod files;
mod filters;
mod gotemplate;
mod home;
mod jsonpath;
mod output;
mod pattern;
pub mod printers;
mod rbac;
mod rules;
mod selector;
mod session;
mod sessions;
mod shell;
mod table;
mod textdiff;
mod yaml;

use crate::api::Object;
use crate::apiserver::ApiServer;
use crate::clock::Time;

pub use completion::{Completion, complete};
pub use home::Home;
pub use printers::{PodStatusWord, pod_status_word};
pub use session::{Poll, Session};
pub use sessions::Sessions;
pub use yaml::to_yaml;

/// What a command printed and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Both, in the order in which they were printed, as a terminal shows them.
    pub screen: String,
    /// The exit code.
    pub exit: i32,
    /// Whether the command stopped because its line could not be read (a flag that does not exist, a word that is no
    /// command). kubectl as a library leaves printing such an error to its `main`.
    pub misread: bool,
    /// The name of a text that the command needs before it can go on: see [`Home::provide`].
    pub wants: Option<String>,
    /// A file that the command opens in the page's editor: its name and text (`kubectl edit`, `vi`).
    pub edit: Option<(String, String)>,
    /// Whether the screen is to be cleared first.
    pub clear: bool,
}

/// Which lines of a container's log to give.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogOptions {
    /// The instance before the present one.
    pub previous: bool,
    /// Only lines from this time on.
    pub since: Option<Time>,
}

/// One line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When it was written.
    pub at: Time,
    /// The line, without its end.
    pub text: String,
}

/// What kubectl asks of a node's kubelet.
pub trait Nodes {
    /// The lines that a container has written so far, or what the kubelet answers instead.
    fn logs(&self, pod: &Object, container: &str, options: &LogOptions) -> Result<Vec<LogLine>, String>;
    /// Runs a command in a container: what it prints and its exit code, or what the kubelet answers instead.
    fn exec(&mut self, pod: &Object, container: &str, argv: &[String], now: Time) -> Result<Output, String>;
}

/// What a command may use while it runs.
pub struct Cx<'a> {
    /// The virtual time.
    pub now: Time,
    /// The API server, acting for the learner.
    pub api: &'a mut ApiServer,
    /// Files, variables and settings that last from one command to the next.
    pub home: &'a mut Home,
    /// The kubelets.
    pub nodes: &'a mut dyn Nodes,
}
