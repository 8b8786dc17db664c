//! Loops and branches: `for`, `while`, `until` and `if`, found among the statements of a line.

use std::collections::VecDeque;

use super::{Connector, Part, Statement, Word};

/// What a statement is that is no pipeline, and the marks that loops leave in a running script.
#[derive(Clone, PartialEq, Debug)]
pub enum Compound {
    /// `for NAME in WORDS; do BODY; done`
    For(String, Vec<Word>, Vec<Statement>),
    /// `while` (or, where true, `until`) `CONDITION; do BODY; done`
    While(bool, Vec<Statement>, Vec<Statement>),
    /// `if CONDITION; then BODY; else BODY; fi`; each `elif` is an `if` in the second body.
    If(Vec<Statement>, Vec<Statement>, Vec<Statement>),
    /// The condition of a loop has been tried.
    Tried(bool, Vec<Statement>, Vec<Statement>),
    /// The condition of a branch has been tried.
    Decided(Vec<Statement>, Vec<Statement>),
    /// A variable of a loop gets its next value.
    Next(String, String),
    /// Here a round of a loop ends: where `continue` goes.
    Round,
    /// Here a loop ends: where `break` goes.
    End,
}

impl Statement {
    /// A statement that is no pipeline.
    pub fn compound(connector: Connector, what: Compound) -> Self {
        Self { connector, pipeline: Vec::new(), compound: Some(Box::new(what)) }
    }
    /// The unquoted word that it begins with.
    fn keyword(&self) -> &str {
        let first = self.pipeline.first().and_then(|c| c.words.first());
        match first {
            Some(Word(parts, false)) => match parts.as_slice() {
                [Part::Text(t)] => t,
                _ => "",
            },
            _ => "",
        }
    }
    /// The rest after the word that it begins with; none where nothing is left.
    fn without_keyword(mut self, connector: Connector) -> Option<Self> {
        let first = self.pipeline.first_mut()?;
        first.words.remove(0);
        self.connector = connector;
        (!first.words.is_empty()).then_some(self)
    }
}

const KEYWORDS: [&str; 7] = ["do", "done", "then", "elif", "else", "fi", "}"];

/// Puts loops and branches together.
pub fn structure(statements: Vec<Statement>) -> Result<Vec<Statement>, String> {
    let mut left = VecDeque::from(statements);
    block(&mut left, &[]).map(|(all, _)| all)
}

/// The statements up to one of the words that end them, which is taken too.
fn block(left: &mut VecDeque<Statement>, ends: &[&str]) -> Result<(Vec<Statement>, String), String> {
    let mut out = Vec::new();
    while let Some(statement) = left.pop_front() {
        let word = statement.keyword().to_owned();
        if KEYWORDS.contains(&word.as_str()) {
            if !ends.contains(&word.as_str()) {
                return Err(format!("sh: syntax error: unexpected \"{word}\""));
            }
            if let Some(rest) = statement.without_keyword(Connector::Always) {
                left.push_front(rest);
            }
            return Ok((out, word));
        }
        let connector = statement.connector;
        let what = match word.as_str() {
            "for" => {
                let words = &statement.pipeline[0].words;
                let text = |i: usize| match words.get(i).map(|w| w.0.as_slice()) {
                    Some([Part::Text(t)]) => t.as_str(),
                    _ => "",
                };
                if text(1).is_empty() || text(2) != "in" {
                    return Err("sh: syntax error: bad for loop variable".into());
                }
                let (name, values) = (text(1).to_owned(), words[3..].to_vec());
                block(left, &["do"])?;
                Compound::For(name, values, block(left, &["done"])?.0)
            }
            "while" | "until" => {
                if let Some(rest) = statement.without_keyword(Connector::Always) {
                    left.push_front(rest);
                }
                let (condition, _) = block(left, &["do"])?;
                Compound::While(word == "until", condition, block(left, &["done"])?.0)
            }
            "if" => {
                if let Some(rest) = statement.without_keyword(Connector::Always) {
                    left.push_front(rest);
                }
                branch(left)?
            }
            _ => {
                out.push(statement);
                continue;
            }
        };
        out.push(Statement::compound(connector, what));
    }
    match ends.last() {
        None => Ok((out, String::new())),
        Some(end) => Err(format!("sh: syntax error: unexpected end of file (expecting \"{end}\")")),
    }
}

/// After `if` or `elif`.
fn branch(left: &mut VecDeque<Statement>) -> Result<Compound, String> {
    let (condition, _) = block(left, &["then"])?;
    let (body, end) = block(left, &["elif", "else", "fi"])?;
    let other = match end.as_str() {
        "elif" => vec![Statement::compound(Connector::Always, branch(left)?)],
        "else" => block(left, &["fi"])?.0,
        _ => Vec::new(),
    };
    Ok(Compound::If(condition, body, other))
}
