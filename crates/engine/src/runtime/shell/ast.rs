//! What the parser makes of a script.

use std::rc::Rc;

use super::compile::Prog;

/// A part of a word.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text; quoted text is not split and its `*` are no patterns.
    Text(Rc<str>, bool),
    /// `$name`, `${name...}`
    Var(Rc<Var>, bool),
    /// `$(...)`: the next result of a command substitution.
    Command(Rc<Prog>, bool),
    /// `$((...))`
    Arith(Rc<Word>, bool),
}

/// `${name op word}`
#[derive(Clone, Debug)]
pub struct Var {
    /// The variable.
    pub name: String,
    /// `:-`, `-`, `:=`, `=`, `:+`, `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, `/`, `//`, `:` (substring), `len`, `^^`, `,,`
    /// or nothing.
    pub op: &'static str,
    /// What follows the operator.
    pub arg: Word,
}

/// A word: parts without a space between them.
#[derive(Clone, Debug, Default)]
pub struct Word(pub Vec<Part>);

/// `2>>file`
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The file descriptor.
    pub fd: u8,
    /// `<`, `>`, `>>`, `>&`, `<&`, `<<` (a text), `&>`
    pub op: &'static str,
    /// The file, descriptor or text.
    pub target: Word,
}

/// A command without inner commands.
#[derive(Clone, Debug, Default)]
pub struct Simple {
    /// `NAME=value` before the command.
    pub assigns: Vec<(String, Word)>,
    /// `NAME=(a b)`
    pub arrays: Vec<(String, Vec<Word>)>,
    /// The command's words.
    pub words: Vec<Word>,
    /// Its redirections.
    pub redirects: Vec<Redirect>,
}

/// A command.
#[derive(Clone, Debug)]
pub enum Cmd {
    /// `a=1 b c > d`
    Simple(Simple),
    /// `! a | b`
    Pipe(Vec<Cmd>, bool),
    /// `a && b`
    And(Box<Cmd>, Box<Cmd>),
    /// `a || b`
    Or(Box<Cmd>, Box<Cmd>),
    /// `a; b`
    Seq(Vec<Cmd>),
    /// `a &`
    Background(Box<Cmd>),
    /// Conditions with their branches, and the last branch.
    If(Vec<(Cmd, Cmd)>, Option<Box<Cmd>>),
    /// `while`, or `until` where the flag is set.
    While(Box<Cmd>, Box<Cmd>, bool),
    /// `for name in words`
    For(String, Option<Vec<Word>>, Box<Cmd>),
    /// `for ((a; b; c))`
    ForArith(Word, Word, Word, Box<Cmd>),
    /// `case word in patterns) ...`
    Case(Word, Vec<(Vec<Word>, Cmd)>),
    /// `{ ...; } > x`
    Group(Box<Cmd>, Vec<Redirect>),
    /// `( ... ) > x`
    Subshell(Box<Cmd>, Vec<Redirect>),
    /// `f() { ...; }`
    Function(String, Box<Cmd>),
    /// `(( ... ))`
    Arith(Word),
}
