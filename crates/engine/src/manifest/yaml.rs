//! YAML 1.1 as kubectl reads it: the scanner and parser of libyaml, the rules of go-yaml v2 for what a scalar means.
//!
//! Kubernetes' error texts and line numbers come from these very steps, so they are followed closely. Models
//! `go.yaml.in/yaml/v2` (`scannerc.go`, `parserc.go`, `decode.go`, `resolve.go`) and `sigs.k8s.io/yaml`.

use std::rc::Rc;

mod parser;
mod resolve;
mod scalar;
mod scanner;

pub(super) use resolve::to_tree;

/// A place in the text: counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Mark {
    /// Byte offset.
    pub pos: usize,
    /// Characters before it.
    pub index: usize,
    /// Line.
    pub line: usize,
    /// Characters before it in its line.
    pub column: usize,
}

/// Who found the error: it decides how the line is counted in the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    Reader,
    Scanner,
    Parser,
    Decoder,
    /// The JSON that is made of the tree.
    Encoder,
}

/// An error with the text go-yaml gives it.
#[derive(Clone, Debug)]
pub(super) struct YamlError {
    pub stage: Stage,
    pub problem: String,
    pub mark: Mark,
    pub context: Mark,
}

impl YamlError {
    pub(super) fn decoder(problem: String, mark: Mark) -> Self {
        Self { stage: Stage::Decoder, problem, mark, context: mark }
    }
    /// The line as go-yaml counts it: from 1 for the scanner, one too few for the parser, none on the first line.
    fn line(&self) -> Option<usize> {
        let line = match self.stage {
            Stage::Reader | Stage::Decoder | Stage::Encoder => 0,
            _ if self.mark.line != 0 => self.mark.line + usize::from(self.stage == Stage::Scanner),
            _ => self.context.line,
        };
        (line != 0).then_some(line)
    }
    /// `yaml: line 5: mapping values are not allowed in this context`
    pub(super) fn text(&self) -> String {
        match self.line() {
            Some(line) => format!("yaml: line {line}: {}", self.problem),
            None if self.stage == Stage::Encoder => self.problem.clone(),
            None => format!("yaml: {}", self.problem),
        }
    }
    /// Where to point in the text: at the place itself, not at the line the message says.
    pub(super) fn place(&self, text: &str) -> usize {
        let at = self.mark.pos.min(text.len());
        // At a line's end, the line is meant, not the next one's start.
        let before = text.get(..at).unwrap_or("").trim_end().len();
        if at >= text.trim_end().len() { before.saturating_sub(1) } else { at }
    }
}

/// A node as written.
#[derive(Debug)]
pub(super) struct RawNode {
    pub start: Mark,
    pub end: Mark,
    pub kind: RawKind,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum RawKind {
    Scalar {
        value: String,
        tag: String,
        plain: bool,
    },
    Sequence(Vec<Rc<RawNode>>),
    Mapping(Vec<(Rc<RawNode>, Rc<RawNode>)>),
    Alias(Rc<RawNode>),
    /// An alias within the very node it names.
    SelfAlias(String),
}

/// The deepest nesting that is read. The real limit is 10,000; a browser's stack holds less, and no manifest comes near.
pub(super) const MAX_DEPTH: usize = 100;

/// Reads the first document of a text; `None` where there is none.
pub(super) fn parse(text: &str) -> Result<Option<Rc<RawNode>>, YamlError> {
    parser::Parser::new(text).document()
}
