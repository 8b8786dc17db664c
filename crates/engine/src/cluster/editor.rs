//! What an editor asks about a manifest that is being written: what is wrong with it, how it could go on, what a field is.

pub use crate::manifest::{
    Completion, Diagnostic, Hover, Position, Severity, check, complete, explanation, hover, without_effect,
};
