//! What runs below the kubelet: sandboxes, containers, images and the programs in them, in virtual time.
//!
//! Models a CRI runtime (containerd) as far as the kubelet sees it. The programs of an image do not exist here, so a
//! container's behaviour comes from annotations, then from its command, read by a small shell, then from what its image
//! is known to do.

pub mod behaviour;
pub mod files;
pub mod images;
pub mod process;
pub mod programs;
pub mod shell;

use std::borrow::Cow;
use std::rc::Rc;

use crate::clock::Time;
use files::{Mount, View};
use process::Process;

/// Which stream a line was written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line of a container's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// When it was written.
    pub at: Time,
    /// Where to.
    pub stream: Stream,
    /// The text, without its newline.
    pub text: Rc<str>,
}

/// `ContainerState` of the CRI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Made, not started.
    Created,
    /// Its first process runs.
    Running,
    /// Its first process has ended, or never started.
    Exited,
}

/// One instance of a container.
#[derive(Clone, Debug)]
pub struct Container {
    /// 64 hexadecimal digits.
    pub id: Rc<str>,
    /// The name in the Pod's spec.
    pub name: Rc<str>,
    /// Which start this is, from 0.
    pub restart_count: i64,
    /// The image as the Pod names it.
    pub image: Rc<str>,
    /// The image's id, `sha256:...`.
    pub image_id: Rc<str>,
    /// Its state.
    pub state: State,
    /// When it was made.
    pub created_at: Time,
    /// When it started, the beginning of 1970 if it never did.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Time,
    /// Its exit code.
    pub exit_code: i64,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`.
    pub reason: &'static str,
    /// The runtime's own message, with the termination message after it once it has ended.
    pub message: Rc<str>,
    /// Its environment.
    pub env: Rc<Vec<EnvVar>>,
    /// The volumes mounted into it.
    pub mounts: Rc<Vec<Mount>>,
    /// What runs in it.
    pub process: Process,
    /// What it has printed.
    pub logs: Rc<Vec<LogLine>>,
    /// How long they are together, in bytes.
    pub log_bytes: usize,
}

impl Container {
    /// Its view of the Pod's files.
    pub fn view(&self) -> View {
        View { own: self.id.clone(), mounts: self.mounts.clone() }
    }
}

/// The name and value of an environment variable. Most are the same for all containers, and part of the program.
pub type EnvVar = (Cow<'static, str>, Cow<'static, str>);

/// The room a Pod's containers share: its network.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// 64 hexadecimal digits.
    pub id: Rc<str>,
    /// Whether it is up.
    pub ready: bool,
    /// The Pod's address.
    pub ip: Rc<str>,
    /// Which sandbox of the Pod this is, from 0.
    pub attempt: u32,
}
