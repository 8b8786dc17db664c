//! Help texts: a file of their own, which a page loads when one is first asked for.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::failure::Failure;
use super::super::session::Io;
use super::{Done, ok};
use crate::api::text::go_quote;

/// The name under which the help texts are provided.
pub const TEXT: &str = "help";

/// The help of a command: what stands in the text after a line `## kubectl create job`.
fn find(all: &str, command: &str) -> Option<String> {
    let wanted = format!("## {}\n", format!("kubectl {command}").trim_end());
    let rest = &all[all.find(&wanted)? + wanted.len()..];
    let end = rest.find("\n## kubectl").map_or(rest.len(), |n| n + 1);
    Some(rest[..end].trim_end_matches('\n').to_owned() + "\n")
}

fn text(cx: &Cx<'_>) -> Result<Rc<str>, Failure> {
    cx.home.text(TEXT).ok_or_else(|| Failure::Wants(TEXT.to_owned()))
}

/// The table of all that a cluster serves.
pub fn resources(cx: &Cx<'_>) -> Result<String, Failure> {
    Ok(find(&text(cx)?, ":resources").unwrap_or_default())
}

/// Prints the help of a command.
pub fn print(command: &str, cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let all = text(cx)?;
    // A word too many is passed over, as in `kubectl get pods --help`.
    let shorter = command.rsplit_once(' ').map_or("", |(c, _)| c);
    match find(&all, command).or_else(|| find(&all, shorter)) {
        Some(help) => io.print(&help),
        None => io.line(&format!("There is no help for \"kubectl {command}\" here.")),
    }
    ok()
}

/// `kubectl help create job`
pub fn topic(path: &[&str], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let all = text(cx)?;
    let first = path.first().copied().unwrap_or("");
    if find(&all, first).is_none() {
        io.complain(&format!("Unknown help topic [`{}`]\n", path.join(" ")));
        let help = find(&all, "").unwrap_or_default();
        // The list of commands, without the words about kubectl itself.
        let from = help.find("\nBasic Commands").unwrap_or(0);
        io.complain(help[from..].trim_end_matches('\n'));
        return ok();
    }
    print(&command_of(path), cx, io)
}

/// The command that words mean, other names replaced: `create cj` is `create cronjob`.
pub fn command_of(words: &[&str]) -> String {
    let deep = ["create", "rollout", "set", "config", "auth", "top", "apply", "certificate"];
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [group, word, ..] if deep.contains(group) => {
            let known = super::create::KINDS.iter().find(|k| *group == "create" && (k.0 == *word || k.1 == *word));
            let name = known.map_or(*word, |k| k.0);
            let third = words.get(2).filter(|_| matches!(name, "secret" | "service"));
            third.map_or_else(|| format!("{group} {name}"), |t| format!("{group} {name} {t}"))
        }
        [one, ..] => (*one).to_owned(),
    }
}

/// A command that only holds others: its help, or the complaint about a word that is none of them.
pub fn group(name: &'static str, words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read(name, "", words)?;
    if !p.args.is_empty() {
        return Err(p.usage(format!("unknown command {}", go_quote(&p.args.join(" ")))));
    }
    print(name, cx, io)?;
    // Without a command the help is printed and the command has failed; only `rollout` prints it where results go.
    if name != "rollout" {
        let text = std::mem::take(&mut io.out);
        io.err.push_str(&text);
    }
    Ok(super::Flow::Exit(1))
}

/// Runs `kubectl completion`: Tab completes here without it.
pub fn completion(words: &[String]) -> Done {
    let p = Parsed::read("completion", "", words)?;
    match p.args.as_slice() {
        [] => Err(p.usage("Shell not specified.")),
        [shell] if matches!(shell.as_str(), "bash" | "zsh" | "fish" | "powershell") => ok(),
        [shell] => Err(p.usage(format!("Unsupported shell type {}.", go_quote(shell)))),
        _ => Err(p.usage("Too many arguments. Expected only the shell type.")),
    }
}
