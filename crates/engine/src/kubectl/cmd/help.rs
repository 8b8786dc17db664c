//! Help texts: a file of their own, which a page loads when one is first asked for.

use super::super::Cx;
use super::super::failure::Failure;
use super::super::session::Io;
use super::{Done, ok};

/// The name under which the help texts are provided.
pub const TEXT: &str = "help";

/// Prints the help of a command: what stands in the text after a line `## kubectl create job`.
pub fn print(command: &str, cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let Some(all) = cx.home.text(TEXT) else { return Err(Failure::Wants(TEXT.to_owned())) };
    let wanted = format!("## {}\n", format!("kubectl {command}").trim_end());
    match all.find(&wanted) {
        Some(i) => {
            let rest = &all[i + wanted.len()..];
            let end = rest.find("\n## kubectl").map_or(rest.len(), |n| n + 1);
            io.print(&rest[..end]);
        }
        None => io.line(&format!("There is no help for \"kubectl {command}\" here.")),
    }
    ok()
}
