//! Commands that run in the shell itself.

use super::script::{self, Options};
use super::tools::Tool;
use super::{Line, Machine, Proc, Waiting, Why, arith, misc, tools};
use crate::runtime::process::Io;

/// What came of a builtin.
pub enum Outcome {
    /// It ended with a status.
    Status(i64),
    /// It goes on as a tool.
    Tool(Tool),
    /// It has moved the script elsewhere.
    Moved,
    /// It waits for children.
    Wait,
}

const NAMES: &[&str] = &[
    ":", "true", "false", "echo", "printf", "test", "[", "[[", "cd", "pwd", "exit", "return", "break", "continue",
    "shift", "set", "unset", "export", "readonly", "local", "declare", "typeset", "eval", "exec", "trap", "wait",
    "kill", "read", "let", "umask", "type", "command", "alias", "unalias", "hash", "times", "ulimit", ".", "source",
    "jobs", "shopt", "bg", "fg", "disown", "getopts", "builtin",
];

/// Whether a command runs in the shell itself.
pub fn is_builtin(name: &str) -> bool {
    NAMES.contains(&name)
}

/// The number of a signal.
pub fn signal_number(name: &str) -> Option<i64> {
    const SIGNALS: [(&str, i64); 12] = [
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ABRT", 6),
        ("KILL", 9),
        ("USR1", 10),
        ("SEGV", 11),
        ("USR2", 12),
        ("PIPE", 13),
        ("ALRM", 14),
        ("TERM", 15),
        ("CHLD", 17),
    ];
    SIGNALS.iter().find(|(n, _)| *n == name).map(|(_, n)| *n)
}

/// A signal's name from how scripts write it: `SIGTERM`, `TERM`, `term`, `15`.
fn signal_name(word: &str) -> String {
    let word = word.to_ascii_uppercase();
    let word = word.strip_prefix("SIG").unwrap_or(&word);
    match word {
        "0" | "EXIT" => "EXIT".into(),
        "1" => "HUP".into(),
        "2" => "INT".into(),
        "3" => "QUIT".into(),
        "9" => "KILL".into(),
        "10" => "USR1".into(),
        "12" => "USR2".into(),
        "15" => "TERM".into(),
        other => other.into(),
    }
}

fn name_is_valid(name: &str) -> bool {
    name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
}

/// Runs a builtin.
pub fn run(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, words: &[String]) -> Outcome {
    let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let number = |i: usize, default: i64| args.get(i).map_or(Some(default), |a| a.parse::<i64>().ok());
    let Some(s) = p.script.as_mut() else { return Outcome::Status(1) };
    let status = match words[0].as_str() {
        "false" => 1,
        "echo" => {
            let text = misc::echo(&args);
            let fd = p.fds[1].clone();
            m.write(&fd, &text, io);
            0
        }
        "printf" => {
            let (text, code) = misc::printf(&args);
            let fd = p.fds[1].clone();
            m.write(&fd, &text, io);
            code
        }
        "test" | "[" | "[[" => {
            let name = words[0].as_str();
            let close = match name {
                "[" => "]",
                "[[" => "]]",
                _ => "",
            };
            if !close.is_empty() && args.last() != Some(&close) {
                script::complain(p, m, io, &format!("{name}: missing {close}"));
                return Outcome::Status(2);
            }
            let n = args.len() - usize::from(!close.is_empty());
            match misc::test(p, io, &args[..n]) {
                Ok(yes) => i64::from(!yes),
                Err(text) => {
                    script::complain(p, m, io, &format!("{name}: {text}"));
                    2
                }
            }
        }
        "cd" => {
            let to = args.first().copied().unwrap_or("/root");
            let path = p.path(to);
            if io.files.is_dir(io.view, &path) {
                p.cwd = path;
                0
            } else {
                script::complain(p, m, io, &format!("cd: can't cd to {to}"));
                2
            }
        }
        "pwd" => {
            let text = format!("{}\n", p.dir());
            let fd = p.fds[1].clone();
            m.write(&fd, &text, io);
            0
        }
        "exit" => {
            let code = number(0, s.status).unwrap_or(2);
            s.exit(code);
            return Outcome::Moved;
        }
        "return" => {
            let code = number(0, s.status).unwrap_or(2);
            match s.return_from(code) {
                Some(saved) => {
                    if let Some(fds) = s.unwind(saved) {
                        p.fds = fds;
                    }
                }
                None => s.exit(code),
            }
            return Outcome::Moved;
        }
        "break" | "continue" => {
            let n = number(0, 1).unwrap_or(1).max(1) as usize;
            if let Some(saved) = s.leave_loops(n, words[0] == "continue")
                && let Some(fds) = s.unwind(saved)
            {
                p.fds = fds;
            }
            s.status = 0;
            return Outcome::Moved;
        }
        "shift" => {
            let n = number(0, 1).unwrap_or(1).max(0) as usize;
            let ok = n <= s.params.len();
            if ok {
                s.params.drain(..n);
            }
            i64::from(!ok)
        }
        "set" => set(p, m, io, &args),
        "unset" => {
            args.iter().filter(|a| !a.starts_with('-')).for_each(|a| s.unset(a));
            0
        }
        "export" | "readonly" | "local" | "declare" | "typeset" => {
            for arg in args.iter().filter(|a| !a.starts_with('-')) {
                let (name, value) = arg.split_once('=').map_or((*arg, None), |(n, v)| (n, Some(v)));
                if !name_is_valid(name) {
                    script::complain(p, m, io, &format!("{}: {name}: bad variable name", words[0]));
                    return Outcome::Status(2);
                }
                if matches!(words[0].as_str(), "local" | "declare" | "typeset") {
                    s.localize(name);
                }
                if let Some(value) = value {
                    s.set(name, value);
                }
                if words[0] == "export" || args.contains(&"-x") {
                    s.export(name);
                }
            }
            0
        }
        "eval" => {
            let text = args.join(" ");
            if let Err(text) = script::evaluate(p, &text) {
                script::fail(p, m, io, &text);
            }
            return Outcome::Moved;
        }
        "." | "source" => return source(p, m, io, &args),
        "exec" => return exec(p, m, io, &words[1..]),
        "builtin" => return run(p, m, io, &words[1..]),
        "command" => return command(p, m, io, &words[1..]),
        "trap" => trap(p, m, io, &args),
        "wait" => return wait(p, m, &args),
        "kill" => kill(p, m, io, &args),
        "read" => return read(s.get("IFS").unwrap_or(" \t\n"), &args),
        "let" => {
            let mut last = 0;
            for arg in &args {
                match arith::evaluate(arg, s.as_mut()) {
                    Ok(n) => last = n,
                    Err(text) => {
                        script::complain(p, m, io, &text);
                        return Outcome::Status(2);
                    }
                }
            }
            i64::from(last == 0)
        }
        "type" => return command(p, m, io, &[vec!["-V".to_owned()], words[1..].to_vec()].concat()),
        "getopts" => 1,
        _ => 0,
    };
    Outcome::Status(status)
}

fn set(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, args: &[&str]) -> i64 {
    let Some(s) = p.script.as_mut() else { return 1 };
    if args.is_empty() {
        let text: String = s.vars.iter().map(|(k, v)| format!("{k}='{}'\n", v.value)).collect();
        let fd = p.fds[1].clone();
        m.write(&fd, &text, io);
        return 0;
    }
    let mut i = 0;
    while let Some(arg) = args.get(i) {
        let on = arg.starts_with('-');
        if *arg == "--" {
            s.params = args[i + 1..].iter().map(|a| (*a).to_owned()).collect();
            return 0;
        }
        if !on && !arg.starts_with('+') {
            s.params = args[i..].iter().map(|a| (*a).to_owned()).collect();
            return 0;
        }
        i += 1 + options(&mut s.options, arg, args.get(i + 1).copied());
    }
    0
}

/// Sets what an option word says. Returns whether it took the next word, too.
pub fn options(o: &mut Options, word: &str, next: Option<&str>) -> usize {
    let on = word.starts_with('-');
    let mut took = 0;
    for c in word[1..].chars() {
        match c {
            'e' => o.errexit = on,
            'u' => o.nounset = on,
            'x' => o.xtrace = on,
            'o' => {
                took = 1;
                match next {
                    Some("pipefail") => o.pipefail = on,
                    Some("errexit") => o.errexit = on,
                    Some("nounset") => o.nounset = on,
                    Some("xtrace") => o.xtrace = on,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    took
}

fn trap(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, args: &[&str]) -> i64 {
    let Some(s) = p.script.as_mut() else { return 1 };
    let args: Vec<&str> = args.iter().copied().filter(|a| *a != "--").collect();
    match args.as_slice() {
        [] => {
            let text: String = s.traps.iter().map(|(n, c)| format!("trap -- '{c}' {n}\n")).collect();
            let fd = p.fds[1].clone();
            m.write(&fd, &text, io);
        }
        [one] => {
            s.traps.remove(&signal_name(one));
        }
        [command, signals @ ..] => {
            for signal in signals {
                let name = signal_name(signal);
                if *command == "-" {
                    s.traps.remove(&name);
                } else {
                    s.traps.insert(name, (*command).to_owned());
                }
            }
        }
    }
    0
}

fn wait(p: &mut Proc, m: &mut Machine, args: &[&str]) -> Outcome {
    let own = p.pid;
    let pids: Vec<u32> = if args.iter().all(|a| a.starts_with('-')) {
        m.procs.iter().filter(|c| c.parent == own && c.exit.is_none()).map(|c| c.pid).collect()
    } else {
        args.iter().filter_map(|a| a.trim_start_matches('%').parse().ok()).collect()
    };
    if pids.is_empty() {
        return Outcome::Status(0);
    }
    let all = args.is_empty();
    let mut waited = pids;
    if all {
        // Without arguments the status is 0, whatever the children's is: a child that is no more.
        waited.push(u32::MAX);
    }
    p.waiting = Some(Waiting { pids: waited, why: Why::Wait });
    Outcome::Wait
}

fn kill(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, args: &[&str]) -> i64 {
    let mut signal = "TERM".to_owned();
    let mut status = 0;
    let mut words = args.iter();
    while let Some(arg) = words.next() {
        if let Some(name) = arg.strip_prefix('-') {
            let name = match name {
                "s" | "n" => words.next().copied().unwrap_or("TERM"),
                "l" => return 0,
                other => other,
            };
            signal = if name == "0" { "0".into() } else { signal_name(name) };
            continue;
        }
        let Ok(pid) = arg.trim_start_matches('%').parse::<u32>() else {
            script::complain(p, m, io, &format!("kill: Illegal number: {arg}"));
            status = 2;
            continue;
        };
        let shielded = m.is_container && pid == 1;
        let found = if pid == p.pid {
            if signal != "0" {
                p.signal(&signal, shielded && signal != "KILL", io.now);
            }
            true
        } else {
            m.kill(pid, &signal, io.now)
        };
        if !found {
            script::complain(p, m, io, &format!("kill: ({arg}) - No such process"));
            status = 1;
        }
    }
    status
}

fn read(ifs: &str, args: &[&str]) -> Outcome {
    let mut names: Vec<String> = vec![];
    let mut raw = false;
    let mut words = args.iter();
    while let Some(arg) = words.next() {
        match *arg {
            "-r" => raw = true,
            "-p" | "-t" | "-n" | "-d" => {
                words.next();
            }
            a if a.starts_with('-') => raw |= a.contains('r'),
            a => names.push(a.to_owned()),
        }
    }
    if names.is_empty() {
        names.push("REPLY".to_owned());
    }

    Outcome::Tool(Tool::Read { names, raw, ifs: ifs.to_owned() })
}

/// Goes on with `read`. Returns its status once there is a line.
pub fn read_poll(p: &mut Proc, m: &mut Machine, names: &[String], raw: bool, ifs: &str) -> Option<i64> {
    let fd = p.fds[0].clone();
    let (line, status) = match m.read_line(&fd, p.pid) {
        Line::Wait => return None,
        Line::End => (String::new(), 1),
        Line::Text(line) => (line, 0),
    };
    let line = if raw { line } else { line.replace('\\', "") };
    let s = p.script.as_mut()?;
    let is_ifs = |c: char| ifs.contains(c);
    let blank = |c: char| ifs.contains(c) && c.is_whitespace();
    let mut rest = line.trim_matches(blank);
    for (i, name) in names.iter().enumerate() {
        if i + 1 == names.len() {
            s.set(name, rest);
        } else {
            let end = rest.find(is_ifs).unwrap_or(rest.len());
            s.set(name, &rest[..end]);
            rest = rest[end..].trim_start_matches(blank);
            if rest.starts_with(|c: char| is_ifs(c)) {
                rest = rest[1..].trim_start_matches(blank);
            }
        }
    }
    Some(status)
}

fn source(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, args: &[&str]) -> Outcome {
    let name = args.first().copied().unwrap_or("");
    let path = p.path(name);
    let result = match io.files.read(io.view, &path) {
        Some(text) => script::evaluate(p, &text),
        None => Err(format!(".: cannot open {name}: No such file")),
    };
    if let Err(text) = result {
        script::fail(p, m, io, &text);
    }
    Outcome::Moved
}

fn exec(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, words: &[String]) -> Outcome {
    if words.is_empty() {
        return Outcome::Status(0);
    }
    match tools::start(p, m, io, words) {
        Ok(tool) => {
            // The shell is no more: its traps do not count.
            if let Some(s) = p.script.as_mut() {
                s.traps.clear();
            }
            Outcome::Tool(Tool::Exec(Box::new(tool)))
        }
        Err((code, text)) => {
            script::complain(p, m, io, &format!("exec: {text}"));
            if let Some(s) = p.script.as_mut() {
                s.exit(code);
            }
            Outcome::Moved
        }
    }
}

fn command(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, words: &[String]) -> Outcome {
    match words {
        [flag, names @ ..] if flag == "-v" || flag == "-V" => {
            let mut status = 0;
            for name in names {
                let s = p.script.as_ref();
                let text = if is_builtin(name) || s.is_some_and(|s| s.is_function(name)) {
                    name.clone()
                } else if tools::exists(name) {
                    if name.contains('/') { name.clone() } else { format!("/usr/bin/{name}") }
                } else {
                    status = 127;
                    continue;
                };
                let text = if flag == "-V" { format!("{name} is {text}") } else { text };
                let fd = p.fds[1].clone();
                m.write(&fd, &format!("{text}\n"), io);
            }
            Outcome::Status(status)
        }
        [] => Outcome::Status(0),
        [name, ..] if is_builtin(name) => run(p, m, io, words),
        _ => match tools::start(p, m, io, words) {
            Ok(tool) => Outcome::Tool(tool),
            Err((code, text)) => {
                script::complain(p, m, io, &text);
                Outcome::Status(code)
            }
        },
    }
}
