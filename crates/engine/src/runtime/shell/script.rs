//! A running script: where it is, its variables, and how its steps are taken.

mod step;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::compile::{Prog, compile};
use super::{Fd, arith, parse};
use crate::runtime::EnvVar;

pub use step::{children_ended, complain, evaluate, fail, nested, step, tool_ended};

/// A variable.
#[derive(Clone, Debug)]
pub struct Var {
    pub value: Rc<str>,
    pub exported: bool,
}

#[derive(Clone, Debug)]
struct Loop {
    out: usize,
    next: usize,
    fors: usize,
    cases: usize,
    saved: usize,
}

/// What a frame is for.
#[derive(Clone, Debug)]
pub enum Frame {
    /// The script, `eval` or `.`.
    Plain,
    /// A function: the parameters and variables to go back to.
    Function(Vec<String>, Vec<(String, Option<Var>)>),
    /// A trap: the status to go back to.
    Trap(i64),
}

#[derive(Clone, Debug)]
struct Running {
    prog: Rc<Prog>,
    pc: usize,
    kind: Frame,
    loops: Vec<Loop>,
    /// Called where a failure does not count for `set -e`.
    unchecked: bool,
    /// How deep `for`, `case` and redirections were when it began.
    depths: (usize, usize, usize),
}

/// Options of `set`.
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub errexit: bool,
    pub nounset: bool,
    pub xtrace: bool,
    pub pipefail: bool,
    /// Whether it is bash.
    pub bash: bool,
}

/// A running script.
#[derive(Clone, Debug)]
pub struct Script {
    frames: Vec<Running>,
    pub vars: Rc<BTreeMap<String, Var>>,
    /// The arrays of bash.
    pub arrays: Rc<BTreeMap<String, Vec<String>>>,
    pub params: Vec<String>,
    pub arg0: String,
    functions: Rc<BTreeMap<Rc<str>, Rc<Prog>>>,
    pub status: i64,
    pub options: Options,
    pub traps: BTreeMap<String, String>,
    signals: VecDeque<String>,
    saved: Vec<[Fd; 3]>,
    fors: Vec<VecDeque<String>>,
    cases: Vec<String>,
    pub substituted: VecDeque<String>,
    /// The status of the last command substitution since the last command.
    pub substituted_status: Option<i64>,
    pub last_background: Option<u32>,
    /// It has been told to exit.
    exiting: Option<i64>,
    /// What the first step runs, where it is not a script.
    first: Option<Vec<String>>,
}

impl Script {
    pub fn new(env: &[EnvVar], arg0: &str) -> Self {
        let var = |v: &str| Var { value: Rc::from(v), exported: true };
        let vars = env.iter().map(|(k, v)| (k.to_string(), var(v))).collect();
        Self {
            frames: vec![],
            vars: Rc::new(vars),
            arrays: Rc::default(),
            params: vec![],
            arg0: arg0.to_owned(),
            functions: Rc::default(),
            status: 0,
            options: Options::default(),
            traps: BTreeMap::new(),
            signals: VecDeque::new(),
            saved: vec![],
            fors: vec![],
            cases: vec![],
            substituted: VecDeque::new(),
            substituted_status: None,
            last_background: None,
            exiting: None,
            first: None,
        }
    }
    /// Runs a command, then ends with its status.
    pub fn start_words(&mut self, words: &[String]) {
        self.first = Some(words.to_vec());
    }
    /// A script for a child: the same variables and functions, no traps.
    fn child(&self, prog: Rc<Prog>) -> Self {
        let mut child = Self {
            frames: vec![],
            traps: self.traps.iter().filter(|(_, c)| c.is_empty()).map(|(s, c)| (s.clone(), c.clone())).collect(),
            signals: VecDeque::new(),
            saved: vec![],
            exiting: None,
            ..self.clone()
        };
        child.push_frame(prog, Frame::Plain, false);
        child
    }
    pub fn push_frame(&mut self, prog: Rc<Prog>, kind: Frame, unchecked: bool) {
        let unchecked = unchecked || self.frames.last().is_some_and(|f| f.unchecked);
        let depths = (self.fors.len(), self.cases.len(), self.saved.len());
        self.frames.push(Running { prog, pc: 0, kind, loops: vec![], unchecked, depths });
    }
    /// How deep calls are in calls.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }
    pub fn has_signals(&self) -> bool {
        !self.signals.is_empty()
    }
    pub fn saved_fds(&self) -> impl Iterator<Item = &[Fd; 3]> {
        self.saved.iter()
    }
    /// Takes a signal for which there is a trap. An empty trap ignores it.
    pub fn take_signal(&mut self, name: &str) -> bool {
        match self.traps.get(name) {
            Some(command) => {
                if !command.is_empty() {
                    self.signals.push_back(name.to_owned());
                }
                true
            }
            None => false,
        }
    }
    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|v| v.value.as_ref())
    }
    pub fn set(&mut self, name: &str, value: &str) {
        let exported = self.vars.get(name).is_some_and(|v| v.exported);
        Rc::make_mut(&mut self.vars).insert(name.to_owned(), Var { value: Rc::from(value), exported });
    }
    /// Sets a variable, or adds to its end where the name ends with `+`.
    pub fn assign(&mut self, name: &str, value: &str) {
        match name.strip_suffix('+') {
            Some(name) => {
                let text = [self.get(name).unwrap_or(""), value].concat();
                self.set(name, &text);
            }
            None => self.set(name, value),
        }
    }
    /// Sets an array, or adds to its end where the name ends with `+`. Its first element is what its bare name stands for.
    pub fn assign_array(&mut self, name: &str, values: Vec<String>) {
        let arrays = Rc::make_mut(&mut self.arrays);
        let (name, list) = match name.strip_suffix('+') {
            Some(name) => (name, [arrays.remove(name).unwrap_or_default(), values].concat()),
            None => (name, values),
        };
        let first = list.first().cloned().unwrap_or_default();
        arrays.insert(name.to_owned(), list);
        self.set(name, &first);
    }
    /// The elements that `name[index]` stands for, and whether it names all of them.
    pub fn elements(&self, name: &str) -> Option<(Vec<String>, bool)> {
        let (name, index) = name.strip_suffix(']')?.split_once('[')?;
        let own = self.get(name).map(|v| vec![v.to_owned()]);
        let list = self.arrays.get(name).cloned().or(own).unwrap_or_default();
        if matches!(index, "@" | "*") {
            return Some((list, true));
        }
        let plain = index.replace(['$', '{', '}', '"'], "");
        let of = |n: &str| {
            n.parse::<usize>().map_or_else(
                |_| self.get(n).unwrap_or("").to_owned(),
                |n| self.params.get(n.wrapping_sub(1)).cloned().unwrap_or_default(),
            )
        };
        let at: i64 = super::arithmetic(&plain, &of).ok()?.parse().ok()?;
        let at = if at < 0 { at + list.len() as i64 } else { at };
        let found = usize::try_from(at).ok().and_then(|i| list.get(i).cloned());
        Some((found.into_iter().collect(), false))
    }
    pub fn export(&mut self, name: &str) {
        let vars = Rc::make_mut(&mut self.vars);
        vars.entry(name.to_owned()).or_insert(Var { value: Rc::from(""), exported: true }).exported = true;
    }
    pub fn unset(&mut self, name: &str) {
        Rc::make_mut(&mut self.vars).remove(name);
        if self.functions.contains_key(name) {
            Rc::make_mut(&mut self.functions).remove(name);
        }
    }
    /// Makes a variable local to the function that runs.
    pub fn localize(&mut self, name: &str) {
        let before = self.vars.get(name).cloned();
        for frame in self.frames.iter_mut().rev() {
            if let Frame::Function(_, locals) = &mut frame.kind {
                locals.push((name.to_owned(), before));
                return;
            }
        }
    }
    pub fn is_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }
    /// The exported variables.
    pub fn environment(&self) -> Vec<EnvVar> {
        self.vars
            .iter()
            .filter(|(_, v)| v.exported)
            .map(|(k, v)| (k.clone().into(), v.value.to_string().into()))
            .collect()
    }
    /// Ends the script, its EXIT trap first.
    pub fn exit(&mut self, code: i64) {
        self.frames.clear();
        self.fors.clear();
        self.cases.clear();
        if let Some(trap) = self.traps.remove("EXIT").filter(|_| self.exiting.is_none())
            && let Ok(cmd) = parse::parse(&trap, self.options.bash)
        {
            self.push_frame(Rc::new(compile(&cmd)), Frame::Plain, true);
        }
        self.exiting = Some(code & 255);
    }
    /// `return`: ends the function. Returns how many redirections then last, none outside of a function.
    pub fn return_from(&mut self, code: i64) -> Option<usize> {
        let n = self.frames.iter().rposition(|f| matches!(f.kind, Frame::Function(..)))?;
        let saved = self.frames[n].depths.2;
        while self.frames.len() > n {
            self.pop_frame();
        }
        self.status = code;
        Some(saved)
    }
    /// Undoes redirections until so many last. Returns the file descriptors to go back to.
    pub fn unwind(&mut self, saved: usize) -> Option<[Fd; 3]> {
        let fds = self.saved.get(saved).cloned();
        self.saved.truncate(saved);
        fds
    }
    fn pop_frame(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        self.fors.truncate(frame.depths.0);
        self.cases.truncate(frame.depths.1);
        match frame.kind {
            Frame::Function(params, locals) => {
                self.params = params;
                for (name, before) in locals.into_iter().rev() {
                    match before {
                        Some(var) => {
                            Rc::make_mut(&mut self.vars).insert(name, var);
                        }
                        None => self.unset(&name),
                    }
                }
            }
            Frame::Trap(status) => self.status = status,
            Frame::Plain => {}
        }
    }
    /// `break` and `continue`, over so many loops.
    pub fn leave_loops(&mut self, n: usize, go_on: bool) -> Option<usize> {
        let frame = self.frames.last_mut()?;
        let keep = frame.loops.len().saturating_sub(n.max(1));
        let target = frame.loops.get(keep)?.clone();
        frame.loops.truncate(keep + 1);
        frame.pc = if go_on { target.next } else { target.out };
        self.cases.truncate(target.cases);
        self.fors.truncate(target.fors);
        Some(target.saved)
    }
    /// A command has ended with a status.
    fn concluded(&mut self, status: i64, checked: bool) {
        self.status = status;
        let unchecked = self.frames.last().is_some_and(|f| f.unchecked);
        if status != 0 && checked && !unchecked && self.options.errexit && self.exiting.is_none() {
            self.exit(status);
        }
    }
}

impl arith::Vars for Script {
    fn get(&self, name: &str) -> String {
        match name.parse::<usize>() {
            Ok(0) => self.arg0.clone(),
            Ok(n) => self.params.get(n - 1).cloned().unwrap_or_default(),
            Err(_) => Script::get(self, name).unwrap_or("").to_owned(),
        }
    }
    fn set(&mut self, name: &str, value: i64) {
        Script::set(self, name, &value.to_string());
    }
}
