//! kubectl: a command line in, what it prints out.
//!
//! Models `k8s.io/kubectl/pkg/cmd`.

/// What a command printed and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: i32,
}
