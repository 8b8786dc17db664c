//! From commands to steps: a script that can stop anywhere and go on later, and be copied in between.

use std::rc::Rc;

use super::ast::{Cmd, Part, Redirect, Simple, Word};

/// A step.
#[derive(Clone, Debug)]
pub enum Op {
    /// Runs a command substitution; its output waits for the next command.
    Substitute(Rc<Prog>),
    /// Runs a simple command. The flag: a failure ends the script under `set -e`.
    Simple(Rc<Simple>, bool),
    /// Goes on elsewhere.
    Jump(usize),
    /// Goes on elsewhere if the last command succeeded.
    JumpIfOk(usize),
    /// Goes on elsewhere if the last command failed.
    JumpIfFailed(usize),
    /// Turns the last command's status around.
    Not,
    /// Sets the last command's status.
    Status(i64),
    /// Ends the script under `set -e` if the last command failed.
    Check,
    /// Begins a `for` over words (all parameters, if none are given).
    For(Option<Rc<Vec<Word>>>),
    /// Sets the variable to the next word, or goes on elsewhere.
    ForNext(Rc<str>, usize),
    /// A loop begins: where `break` and `continue` go.
    Loop(usize, usize),
    /// A loop ends.
    EndLoop,
    /// Puts a `case` word on the stack.
    CaseWord(Rc<Word>),
    /// Goes on elsewhere unless a pattern matches the word.
    CaseUnless(Rc<Vec<Word>>, usize),
    /// Takes the `case` word off the stack.
    EndCase,
    /// Redirects until the matching end; goes on elsewhere if that fails.
    Redirect(Rc<Vec<Redirect>>, usize),
    /// The end of a redirection.
    EndRedirect,
    /// Runs the parts of a pipeline beside each other.
    Pipeline(Rc<Vec<Rc<Prog>>>),
    /// Runs commands in a process of their own.
    Subshell(Rc<Prog>),
    /// Starts commands in a process of their own.
    Background(Rc<Prog>),
    /// Defines a function.
    Define(Rc<str>, Rc<Prog>),
    /// Evaluates an expression; the status tells whether it is not zero.
    Arith(Rc<Word>),
}

/// Steps.
#[derive(Clone, Debug, Default)]
pub struct Prog {
    /// In order.
    pub ops: Vec<Op>,
}

/// Compiles a command.
pub fn compile(cmd: &Cmd) -> Prog {
    let mut prog = Prog::default();
    prog.add(cmd, true);
    prog
}

impl Prog {
    fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }
    /// Makes the jump at a place go to here.
    fn land(&mut self, place: usize) {
        let here = self.ops.len();
        match &mut self.ops[place] {
            Op::Jump(t) | Op::JumpIfOk(t) | Op::JumpIfFailed(t) => *t = here,
            Op::ForNext(_, t) | Op::CaseUnless(_, t) | Op::Redirect(_, t) | Op::Loop(t, _) => *t = here,
            _ => {}
        }
    }
    fn substitutions(&mut self, word: &Word) {
        for part in &word.0 {
            match part {
                Part::Command(prog, _) => {
                    self.push(Op::Substitute(prog.clone()));
                }
                Part::Var(var, _) => self.substitutions(&var.arg),
                Part::Arith(word, _) => self.substitutions(word),
                Part::Text(..) => {}
            }
        }
    }
    fn redirects(&mut self, list: &[Redirect]) -> usize {
        for r in list {
            self.substitutions(&r.target);
        }
        self.push(Op::Redirect(Rc::new(list.to_vec()), 0))
    }
    /// Adds a command. `checked`: its failure counts for `set -e`.
    fn add(&mut self, cmd: &Cmd, checked: bool) {
        match cmd {
            Cmd::Simple(s) => {
                for (_, w) in &s.assigns {
                    self.substitutions(w);
                }
                for w in s.arrays.iter().flat_map(|(_, list)| list).chain(&s.words) {
                    self.substitutions(w);
                }
                for r in &s.redirects {
                    self.substitutions(&r.target);
                }
                self.push(Op::Simple(Rc::new(s.clone()), checked));
            }
            Cmd::Seq(list) => list.iter().for_each(|c| self.add(c, checked)),
            Cmd::Pipe(parts, negated) => {
                if let [one] = parts.as_slice() {
                    self.add(one, false);
                } else {
                    let progs = parts.iter().map(|p| Rc::new(compile(p))).collect();
                    self.push(Op::Pipeline(Rc::new(progs)));
                    if checked && !negated {
                        self.push(Op::Check);
                    }
                }
                if *negated {
                    self.push(Op::Not);
                }
            }
            Cmd::And(a, b) => {
                self.add(a, false);
                let skip = self.push(Op::JumpIfFailed(0));
                self.add(b, checked);
                self.land(skip);
            }
            Cmd::Or(a, b) => {
                self.add(a, false);
                let skip = self.push(Op::JumpIfOk(0));
                self.add(b, checked);
                self.land(skip);
            }
            Cmd::Background(c) => {
                let prog = Rc::new(compile(c));
                self.push(Op::Background(prog));
            }
            Cmd::If(arms, other) => {
                let mut ends = vec![];
                for (cond, body) in arms {
                    self.add(cond, false);
                    let next = self.push(Op::JumpIfFailed(0));
                    self.add(body, checked);
                    ends.push(self.push(Op::Jump(0)));
                    self.land(next);
                }
                match other {
                    Some(c) => self.add(c, checked),
                    None => {
                        self.push(Op::Status(0));
                    }
                }
                for end in ends {
                    self.land(end);
                }
            }
            Cmd::While(cond, body, until) => {
                let enter = self.push(Op::Loop(0, 0));
                let start = self.ops.len();
                self.set_continue(enter, start);
                self.add(cond, false);
                let out = self.push(if *until { Op::JumpIfOk(0) } else { Op::JumpIfFailed(0) });
                self.add(body, checked);
                self.push(Op::Jump(start));
                self.land(out);
                self.push(Op::Status(0));
                self.land(enter);
                self.push(Op::EndLoop);
            }
            Cmd::For(name, words, body) => {
                for w in words.iter().flatten() {
                    self.substitutions(w);
                }
                self.push(Op::For(words.clone().map(Rc::new)));
                let enter = self.push(Op::Loop(0, 0));
                let start = self.push(Op::ForNext(Rc::from(name.as_str()), 0));
                self.set_continue(enter, start);
                self.add(body, checked);
                self.push(Op::Jump(start));
                self.land(start);
                self.land(enter);
                self.push(Op::EndLoop);
            }
            Cmd::ForArith(init, cond, step, body) => {
                let arith = |p: &mut Self, w: &Word| {
                    p.substitutions(w);
                    p.push(Op::Arith(Rc::new(w.clone())));
                };
                arith(self, init);
                let enter = self.push(Op::Loop(0, 0));
                let start = self.ops.len();
                arith(self, cond);
                let out = self.push(Op::JumpIfFailed(0));
                self.add(body, checked);
                let step_at = self.ops.len();
                self.set_continue(enter, step_at);
                arith(self, step);
                self.push(Op::Jump(start));
                self.land(out);
                self.push(Op::Status(0));
                self.land(enter);
                self.push(Op::EndLoop);
            }
            Cmd::Case(word, arms) => {
                self.substitutions(word);
                self.push(Op::CaseWord(Rc::new(word.clone())));
                let mut ends = vec![];
                for (patterns, body) in arms {
                    let next = self.push(Op::CaseUnless(Rc::new(patterns.clone()), 0));
                    self.add(body, checked);
                    ends.push(self.push(Op::Jump(0)));
                    self.land(next);
                }
                self.push(Op::Status(0));
                for end in ends {
                    self.land(end);
                }
                self.push(Op::EndCase);
            }
            Cmd::Group(body, redirects) => {
                if redirects.is_empty() {
                    self.add(body, checked);
                } else {
                    let enter = self.redirects(redirects);
                    self.add(body, checked);
                    self.push(Op::EndRedirect);
                    self.land(enter);
                }
            }
            Cmd::Subshell(body, redirects) => {
                let enter = (!redirects.is_empty()).then(|| self.redirects(redirects));
                let prog = Rc::new(compile(body));
                self.push(Op::Subshell(prog));
                if let Some(enter) = enter {
                    self.push(Op::EndRedirect);
                    self.land(enter);
                }
                if checked {
                    self.push(Op::Check);
                }
            }
            Cmd::Function(name, body) => {
                let prog = Rc::new(compile(body));
                self.push(Op::Define(Rc::from(name.as_str()), prog));
            }
            Cmd::Arith(word) => {
                self.substitutions(word);
                self.push(Op::Arith(Rc::new(word.clone())));
                if checked {
                    self.push(Op::Check);
                }
            }
        }
    }
    fn set_continue(&mut self, place: usize, to: usize) {
        if let Op::Loop(_, c) = &mut self.ops[place] {
            *c = to;
        }
    }
}
