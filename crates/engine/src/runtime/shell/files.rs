//! Programs that work on files: ls, touch, mkdir, rm, mv, cp and their like.

use super::Proc;
use crate::runtime::files::Node;
use crate::runtime::process::Io;

/// What a program printed, what it complained of, and its status.
pub type Ended = (String, String, i64);

/// Runs such a program, if there is one of this name.
pub fn run(p: &Proc, io: &mut Io<'_>, name: &str, args: &[&str]) -> Option<Ended> {
    let flags: String = args.iter().filter(|a| a.starts_with('-')).map(|a| &a[1..]).collect();
    let names: Vec<&str> = args.iter().copied().filter(|a| !a.starts_with('-')).collect();
    let mut out = String::new();
    let mut errors: Vec<String> = vec![];
    match name {
        "ls" => list(p, io, &flags, &names, &mut out, &mut errors),
        "touch" => {
            for n in &names {
                if let Err(why) = io.files.write(io.view, &p.path(n), "", true) {
                    errors.push(format!("touch: cannot touch '{n}': {why}"));
                }
            }
        }
        "mkdir" => {
            for n in names.iter().filter(|n| !n.chars().all(|c| c.is_ascii_digit())) {
                let path = p.path(n);
                let mut made = Ok(());
                if flags.contains('p') {
                    let mut at = String::new();
                    for part in path.split('/').filter(|x| !x.is_empty()) {
                        at = format!("{at}/{part}");
                        if !io.files.is_dir(io.view, &at) {
                            made = io.files.make_dir(io.view, &at);
                        }
                    }
                } else {
                    made = io.files.make_dir(io.view, &path);
                }
                if let Err(why) = made {
                    errors.push(format!("mkdir: cannot create directory '{n}': {why}"));
                }
            }
        }
        "rm" | "rmdir" => {
            for n in &names {
                let path = p.path(n);
                let is_dir = io.files.is_dir(io.view, &path);
                let recursive = flags.contains(['r', 'R']) || name == "rmdir";
                let result = if is_dir && !recursive { Err("Is a directory") } else { io.files.remove(io.view, &path) };
                if let Err(why) = result
                    && !flags.contains('f')
                {
                    errors.push(format!("{name}: cannot remove '{n}': {why}"));
                }
            }
        }
        "mv" | "cp" => copy(p, io, name, &names, &mut errors),
        "find" => {
            let root = names.first().copied().unwrap_or(".");
            let pattern = args.iter().position(|a| *a == "-name").and_then(|i| args.get(i + 1)).copied();
            find(p, io, root, pattern, &mut out);
        }
        "stat" | "readlink" | "realpath" => {
            for n in &names {
                let path = p.path(n);
                if io.files.get(io.view, &path).is_some() {
                    out += &format!("{}\n", if path.is_empty() { "/" } else { &path });
                } else {
                    errors.push(format!("{name}: cannot stat '{n}': No such file or directory"));
                }
            }
        }
        "ln" | "chmod" | "chown" => {}
        _ => return None,
    }
    let code = if errors.is_empty() {
        0
    } else if name == "ls" {
        2
    } else {
        1
    };
    Some((out, errors.join("\n"), code))
}

fn list(p: &Proc, io: &Io<'_>, flags: &str, names: &[&str], out: &mut String, errors: &mut Vec<String>) {
    let here = ["."];
    let names = if names.is_empty() { &here[..] } else { names };
    let long = |n: &str, node: &Node| match node {
        Node::Dir => format!("drwxr-xr-x    2 root     root          4096 {n}\n"),
        Node::File(text) => format!("-rw-r--r--    1 root     root      {:>8} {n}\n", text.len()),
    };
    for n in names {
        let path = p.path(n);
        match io.files.get(io.view, &path) {
            None => errors.push(format!("ls: cannot access '{n}': No such file or directory")),
            Some(Node::Dir) if !flags.contains('d') => {
                if names.len() > 1 {
                    *out += &format!("{n}:\n");
                }
                for entry in io.files.list(io.view, &path) {
                    if entry.starts_with('.') && !flags.contains(['a', 'A']) {
                        continue;
                    }
                    let node = io.files.get(io.view, &format!("{path}/{entry}")).unwrap_or(Node::Dir);
                    *out += &if flags.contains('l') { long(&entry, &node) } else { format!("{entry}\n") };
                }
            }
            Some(node) => *out += &if flags.contains('l') { long(n, &node) } else { format!("{n}\n") },
        }
    }
}

fn copy(p: &Proc, io: &mut Io<'_>, name: &str, names: &[&str], errors: &mut Vec<String>) {
    let Some((target, sources)) = names.split_last().filter(|(_, s)| !s.is_empty()) else {
        errors.push(format!("{name}: missing file operand"));
        return;
    };
    for source in sources {
        let from = p.path(source);
        let mut to = p.path(target);
        if io.files.is_dir(io.view, &to) {
            to = format!("{to}/{}", source.rsplit('/').next().unwrap_or(source));
        }
        let result = match io.files.read(io.view, &from) {
            None => Err("No such file or directory"),
            Some(text) => io
                .files
                .write(io.view, &to, &text, false)
                .and_then(|()| if name == "mv" { io.files.remove(io.view, &from) } else { Ok(()) }),
        };
        if let Err(why) = result {
            errors.push(format!("{name}: cannot stat '{source}': {why}"));
        }
    }
}

fn find(p: &Proc, io: &Io<'_>, at: &str, pattern: Option<&str>, out: &mut String) {
    let path = p.path(at);
    let last: Vec<char> = at.rsplit('/').next().unwrap_or(at).chars().collect();
    let wanted = pattern.is_none_or(|x| super::pattern::matches(&x.chars().collect::<Vec<_>>(), &last));
    if wanted {
        *out += &format!("{at}\n");
    }
    if io.files.is_dir(io.view, &path) {
        for entry in io.files.list(io.view, &path) {
            find(p, io, &format!("{}/{entry}", at.trim_end_matches('/')), pattern, out);
        }
    }
}
