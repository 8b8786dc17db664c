//! Taking a script's steps: commands, redirections, children.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::ast::{Redirect, Simple};
use super::super::compile::{Op, Prog, compile};
use super::super::{
    Fd, Foreground, Machine, Proc, Waiting, Why, arith, builtins, expand, limits, parse, pattern, tools,
};
use super::{Frame, Loop, Options, Script};
use crate::runtime::process::Io;

/// A tool has ended.
pub fn tool_ended(p: &mut Proc, code: i64, checked: bool) {
    match p.script.as_mut() {
        Some(s) => s.concluded(code, checked),
        None => p.exit = Some(code),
    }
}

/// The children that were waited for have ended.
pub fn children_ended(p: &mut Proc, m: &mut Machine, waiting: &Waiting, interrupted: bool) {
    let codes: Vec<i64> = waiting.pids.iter().map(|pid| m.exit_of(*pid).unwrap_or(143)).collect();
    let Some(s) = p.script.as_mut() else { return };
    let last = codes.last().copied().unwrap_or(0);
    match &waiting.why {
        Why::Substitute(pipe) => {
            let text = std::mem::take(&mut m.pipes[*pipe].text);
            s.substituted.push_back(text.trim_end_matches('\n').to_owned());
            s.substituted_status = Some(last);
            s.status = last;
        }
        Why::Pipeline => {
            let failed = codes.iter().rev().find(|c| **c != 0).copied().unwrap_or(0);
            s.status = if s.options.pipefail { failed } else { last };
        }
        Why::Wait => s.status = if interrupted { 143 } else { last },
    }
    if !interrupted {
        m.procs.retain(|c| !waiting.pids.contains(&c.pid) || c.pid == 1);
    }
}

/// Takes the next step of a process's script.
pub fn step(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>) {
    let Some(s) = p.script.as_mut() else { return };
    if let Some(words) = s.first.take() {
        s.push_frame(Rc::default(), Frame::Plain, false);
        run_words(p, m, io, &words, None, false, true);
        return;
    }
    if let Some(name) = s.signals.pop_front() {
        let command = s.traps.get(&name).cloned().unwrap_or_default();
        if let Ok(cmd) = parse::parse(&command, s.options.bash) {
            let status = s.status;
            s.push_frame(Rc::new(compile(&cmd)), Frame::Trap(status), true);
        }
        return;
    }
    let Some(frame) = s.frames.last_mut() else {
        match s.exiting {
            Some(code) => p.exit = Some(code),
            None => {
                let status = s.status;
                s.exit(status);
            }
        }
        return;
    };
    let Some(op) = frame.prog.ops.get(frame.pc).cloned() else {
        s.pop_frame();
        return;
    };
    frame.pc += 1;
    take(p, m, io, op);
}

fn jump(s: &mut Script, to: usize) {
    if let Some(frame) = s.frames.last_mut() {
        frame.pc = to;
    }
}

fn spawn(p: &Proc, m: &mut Machine, prog: &Rc<Prog>, fds: [Fd; 3]) -> u32 {
    let s = p.script.as_ref().expect("only scripts spawn");
    let child = s.child(prog.clone());
    m.spawn(p.pid, fds, p.cwd.clone(), child)
}

fn take(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, op: Op) {
    let forks = matches!(op, Op::Substitute(_) | Op::Pipeline(_) | Op::Subshell(_) | Op::Background(_));
    if forks && let Err((_, why)) = limits::forks(m) {
        return fail(p, m, io, &why);
    }
    let Some(s) = p.script.as_mut() else { return };
    match op {
        Op::Substitute(prog) => {
            let pipe = m.new_pipe();
            let fds = [p.fds[0].clone(), Fd::Pipe(pipe), p.fds[2].clone()];
            let pid = spawn(p, m, &prog, fds);
            p.waiting = Some(Waiting { pids: vec![pid], why: Why::Substitute(pipe) });
        }
        Op::Simple(simple, checked) => run_simple(p, m, io, &simple, checked),
        Op::Jump(to) => jump(s, to),
        Op::JumpIfOk(to) if s.status == 0 => jump(s, to),
        Op::JumpIfFailed(to) if s.status != 0 => jump(s, to),
        Op::JumpIfOk(_) | Op::JumpIfFailed(_) => {}
        Op::Not => s.status = i64::from(s.status == 0),
        Op::Status(n) => s.status = n,
        Op::Check => {
            let status = s.status;
            s.concluded(status, true);
        }
        Op::For(words) => {
            let list = match words {
                Some(words) => match expand::words(p, &words, io) {
                    Ok(list) => list,
                    Err(text) => return fail(p, m, io, &text),
                },
                None => s.params.clone(),
            };
            if let Some(s) = p.script.as_mut() {
                s.fors.push(list.into());
                s.substituted.clear();
                s.status = 0;
            }
        }
        Op::ForNext(name, out) => match s.fors.last_mut().and_then(VecDeque::pop_front) {
            Some(word) => s.set(&name, &word),
            None => jump(s, out),
        },
        Op::Loop(out, next) => {
            let entry = Loop { out, next, fors: s.fors.len(), cases: s.cases.len(), saved: s.saved.len() };
            if let Some(frame) = s.frames.last_mut() {
                frame.loops.push(entry);
            }
        }
        Op::EndLoop => {
            let is_for =
                |prog: &Prog, out: usize| prog.ops.iter().any(|op| matches!(op, Op::ForNext(_, t) if *t == out));
            if let Some(frame) = s.frames.last_mut()
                && let Some(l) = frame.loops.pop()
                && is_for(&frame.prog, l.out)
            {
                s.fors.truncate(l.fors.saturating_sub(1));
            }
        }
        Op::CaseWord(word) => match expand::joined(p, &word, io) {
            Ok(text) => {
                if let Some(s) = p.script.as_mut() {
                    s.cases.push(text);
                    s.substituted.clear();
                }
            }
            Err(text) => fail(p, m, io, &text),
        },
        Op::CaseUnless(patterns, to) => {
            let text: Vec<char> = s.cases.last().map(|t| t.chars().collect()).unwrap_or_default();
            let hit = patterns.iter().any(|w| {
                let pattern = expand::pattern(p, w, io).unwrap_or_default();
                pattern::matches(&pattern.chars().collect::<Vec<_>>(), &text)
            });
            if let Some(s) = p.script.as_mut().filter(|_| !hit) {
                jump(s, to);
            }
        }
        Op::EndCase => {
            s.cases.pop();
        }
        Op::Redirect(list, to) => {
            let before = p.fds.clone();
            match redirect(p, m, io, &list) {
                Ok(()) => {
                    if let Some(s) = p.script.as_mut() {
                        s.saved.push(before);
                    }
                }
                Err(text) => {
                    p.fds = before;
                    complain(p, m, io, &text);
                    if let Some(s) = p.script.as_mut() {
                        s.status = 2;
                        jump(s, to);
                    }
                }
            }
        }
        Op::EndRedirect => {
            if let Some(fds) = s.saved.pop() {
                p.fds = fds;
            }
        }
        Op::Pipeline(parts) => {
            let mut pids = vec![];
            let mut input = p.fds[0].clone();
            for (i, part) in parts.iter().enumerate() {
                let last = i + 1 == parts.len();
                let pipe = (!last).then(|| m.new_pipe());
                let out = pipe.map_or_else(|| p.fds[1].clone(), Fd::Pipe);
                let fds = [input, out, p.fds[2].clone()];
                pids.push(spawn(p, m, part, fds));
                input = pipe.map_or(Fd::Null, Fd::Pipe);
            }
            p.waiting = Some(Waiting { pids, why: Why::Pipeline });
        }
        Op::Subshell(prog) => {
            let pid = spawn(p, m, &prog, p.fds.clone());
            p.waiting = Some(Waiting { pids: vec![pid], why: Why::Pipeline });
        }
        Op::Background(prog) => {
            let fds = [Fd::Null, p.fds[1].clone(), p.fds[2].clone()];
            let pid = spawn(p, m, &prog, fds);
            if let Some(s) = p.script.as_mut() {
                s.last_background = Some(pid);
                s.status = 0;
            }
        }
        Op::Define(name, prog) => {
            Rc::make_mut(&mut s.functions).insert(name, prog);
            s.status = 0;
        }
        Op::Arith(word) => {
            let result = expand::joined(p, &word, io).and_then(|text| {
                let s = p.script.as_mut().expect("it runs a script");
                arith::evaluate(&text, s.as_mut())
            });
            match result {
                Ok(n) => {
                    if let Some(s) = p.script.as_mut() {
                        s.status = i64::from(n == 0);
                    }
                }
                Err(text) => fail(p, m, io, &text),
            }
        }
    }
}

/// Says what is wrong, as the shell does.
pub fn complain(p: &Proc, m: &mut Machine, io: &mut Io<'_>, text: &str) {
    let arg0 = p.script.as_ref().map_or("sh", |s| s.arg0.as_str()).to_owned();
    let fd = p.fds[2].clone();
    let line = if arg0.ends_with("bash") { "line 1" } else { "1" };
    m.write(&fd, &format!("{arg0}: {line}: {text}\n"), io);
}

/// Ends the script for an error in it.
pub fn fail(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, text: &str) {
    complain(p, m, io, text);
    if let Some(s) = p.script.as_mut() {
        s.substituted.clear();
        s.exit(2);
    }
}

/// Opens what redirections name.
pub fn redirect(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, list: &[Redirect]) -> Result<(), String> {
    for r in list {
        if r.op == "<<" || r.op == "<<<" {
            let mut text = expand::joined(p, &r.target, io)?;
            if r.op == "<<<" {
                text.push('\n');
            }
            p.fds[0] = m.new_text(&text);
            continue;
        }
        let target = expand::joined(p, &r.target, io)?;
        let fd = usize::from(r.fd);
        let opened = match r.op {
            ">&" | "<&" => match target.as_str() {
                "-" => Fd::Null,
                n => match n.parse::<usize>().ok().and_then(|n| p.fds.get(n)) {
                    Some(fd) => fd.clone(),
                    None if r.op == ">&" && n.parse::<usize>().is_err() => open(p, m, io, n, true, false)?,
                    None => return Err(format!("{n}: Bad file descriptor")),
                },
            },
            "<" => open(p, m, io, &target, false, false)?,
            ">>" | "&>>" => open(p, m, io, &target, true, true)?,
            _ => open(p, m, io, &target, true, false)?,
        };
        if r.op.starts_with("&>") {
            p.fds[1] = opened.clone();
            p.fds[2] = opened;
        } else if fd < 3 {
            p.fds[fd] = opened;
        }
    }
    Ok(())
}

fn open(p: &Proc, m: &mut Machine, io: &mut Io<'_>, name: &str, write: bool, append: bool) -> Result<Fd, String> {
    use crate::runtime::Stream;
    match name {
        "/dev/null" | "/dev/zero" | "/dev/tty" => return Ok(Fd::Null),
        "/dev/stdin" | "/dev/fd/0" => return Ok(p.fds[0].clone()),
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => return Ok(p.fds[1].clone()),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => return Ok(p.fds[2].clone()),
        "/proc/1/fd/1" => return Ok(Fd::Log(Stream::Stdout)),
        "/proc/1/fd/2" => return Ok(Fd::Log(Stream::Stderr)),
        "" => return Err("cannot open : No such file".into()),
        _ => {}
    }
    let path = p.path(name);
    if !write {
        return match io.files.read(io.view, &path) {
            Some(text) => {
                io.work += text.len();
                Ok(m.new_text(&text))
            }
            None if io.files.is_dir(io.view, &path) => Err(format!("cannot open {name}: Is a directory")),
            None => Err(format!("cannot open {name}: No such file")),
        };
    }
    let made = io.files.write(io.view, &path, "", append);
    made.map_err(|why| {
        let why = if why == "No such file or directory" { "Directory nonexistent" } else { why };
        format!("cannot create {name}: {why}")
    })?;
    Ok(Fd::File(Rc::from(path)))
}

fn run_simple(p: &mut Proc, m: &mut Machine, io: &mut Io<'_>, simple: &Simple, checked: bool) {
    let before = p.fds.clone();
    let expanded = (|| {
        let mut assigns = vec![];
        for (name, word) in &simple.assigns {
            assigns.push((name.clone(), expand::joined(p, word, io)?));
        }
        for (name, list) in &simple.arrays {
            let values = expand::words(p, list, io)?;
            if let Some(s) = p.script.as_mut() {
                s.assign_array(name, values);
            }
        }
        Ok((assigns, expand::words(p, &simple.words, io)?))
    })();
    let (assigns, words) = match expanded {
        Ok(both) => both,
        Err(text) => {
            let text: String = text;
            return fail(p, m, io, &text);
        }
    };
    if p.script.as_ref().is_some_and(|s| s.options.xtrace) {
        let mut parts: Vec<String> = assigns.iter().map(|(k, v)| format!("{k}={v}")).collect();
        parts.extend(words.iter().map(|w| expand::requote(w)));
        let fd = p.fds[2].clone();
        m.write(&fd, &format!("+ {}\n", parts.join(" ")), io);
    }
    if let Err(text) = redirect(p, m, io, &simple.redirects) {
        p.fds = before;
        complain(p, m, io, &text);
        if let Some(s) = p.script.as_mut() {
            s.substituted.clear();
            s.substituted_status = None;
            s.concluded(2, checked);
        }
        return;
    }
    let Some(s) = p.script.as_mut() else { return };
    s.substituted.clear();
    let substituted = s.substituted_status.take();
    if words.is_empty() {
        for (name, value) in &assigns {
            s.assign(name, value);
        }
        s.concluded(substituted.unwrap_or(0), checked);
        p.fds = before;
        return;
    }
    let keep = matches!(words[0].as_str(), "export" | "readonly" | ":" | "eval" | "set" | "exec" | ".");
    let mut undo = vec![];
    for (name, value) in &assigns {
        undo.push((name.clone(), s.vars.get(name).cloned()));
        s.set(name, value);
        s.export(name);
    }
    let restore = (!simple.redirects.is_empty()).then_some(before);
    run_words(p, m, io, &words, restore, checked, false);
    // A tool has read its variables when it started.
    if let Some(s) = p.script.as_mut().filter(|_| !keep) {
        for (name, var) in undo {
            match var {
                Some(var) => {
                    Rc::make_mut(&mut s.vars).insert(name, var);
                }
                None => {
                    Rc::make_mut(&mut s.vars).remove(&name);
                }
            }
        }
    }
}

/// Runs a command of expanded words: a function, a builtin or a tool.
pub fn run_words(
    p: &mut Proc,
    m: &mut Machine,
    io: &mut Io<'_>,
    words: &[String],
    restore: Option<[Fd; 3]>,
    checked: bool,
    first: bool,
) {
    let name = words[0].clone();
    let Some(s) = p.script.as_mut() else { return };
    if let Some(prog) = s.functions.get(name.as_str()).cloned() {
        let params = std::mem::replace(&mut s.params, words[1..].to_vec());
        s.push_frame(prog, Frame::Function(params, vec![]), !checked);
        if let Some(fds) = restore {
            // The frame's end has no redirection to undo: the step after it has.
            let after = Prog { ops: vec![Op::EndRedirect] };
            s.saved.push(fds);
            let function = s.frames.pop().expect("it was just pushed");
            s.push_frame(Rc::new(after), Frame::Plain, true);
            s.frames.push(function);
        }
        return;
    }
    if !first && builtins::is_builtin(&name) {
        match builtins::run(p, m, io, words) {
            builtins::Outcome::Status(code) => {
                if name == "exec" && words.len() == 1 {
                    // Its redirections stay.
                } else if let Some(fds) = restore {
                    p.fds = fds;
                }
                if let Some(s) = p.script.as_mut() {
                    s.concluded(code, checked);
                }
            }
            builtins::Outcome::Tool(tool) => p.tool = Some(Foreground { tool, restore, checked }),
            builtins::Outcome::Moved => {
                if let Some(fds) = restore {
                    p.fds = fds;
                }
            }
            builtins::Outcome::Wait => {
                if let Some(fds) = restore {
                    p.fds = fds;
                }
            }
        }
        return;
    }
    let started = if first {
        // The first command is the process itself.
        tools::begin(p, m, io, words).map(|started| match started {
            tools::Started::Script(script) => {
                p.script = Some(script);
                None
            }
            tools::Started::Tool(tool) => Some(tool),
        })
    } else {
        tools::start(p, m, io, words).map(Some)
    };
    match started {
        Ok(None) => {}
        Ok(Some(tool)) => p.tool = Some(Foreground { tool, restore, checked }),
        Err((code, text)) => {
            if first {
                let fd = p.fds[2].clone();
                m.write(&fd, &format!("{text}\n"), io);
            } else {
                complain(p, m, io, &text);
            }
            if let Some(fds) = restore {
                p.fds = fds;
            }
            tool_ended(p, code, checked);
        }
    }
}

/// Reads a word's text as a script and runs it in this process.
pub fn evaluate(p: &mut Proc, text: &str) -> Result<(), String> {
    let bash = p.script.as_ref().is_some_and(|s| s.options.bash);
    let cmd = parse::parse(text, bash)?;
    if let Some(s) = p.script.as_mut() {
        s.push_frame(Rc::new(compile(&cmd)), Frame::Plain, false);
    }
    Ok(())
}

/// A script run by a shell started as a command: `sh -c text name params...`.
pub fn nested(s: &Script, text: &str, arg0: &str, params: &[String], options: Options) -> Result<Script, String> {
    let cmd = parse::parse(text, options.bash)?;
    let mut child = Script::new(&s.environment(), arg0);
    child.params = params.to_vec();
    child.options = options;
    child.push_frame(Rc::new(compile(&cmd)), Frame::Plain, false);
    Ok(child)
}
