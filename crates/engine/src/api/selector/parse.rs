//! The lexer and parser of kubectl's label selectors. Models the `Lexer` and `Parser` of `pkg/labels/selector.go`.

use super::{FieldError, Operator, Path, Requirement, content};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Error,
    End,
    Close,
    Comma,
    Not,
    DoubleEquals,
    Equals,
    Greater,
    Identifier,
    In,
    Less,
    NotEquals,
    NotIn,
    Open,
}

const SYMBOLS: [(&str, Token); 9] = [
    (")", Token::Close),
    (",", Token::Comma),
    ("!", Token::Not),
    ("==", Token::DoubleEquals),
    ("=", Token::Equals),
    (">", Token::Greater),
    ("<", Token::Less),
    ("!=", Token::NotEquals),
    ("(", Token::Open),
];

fn is_special(b: u8) -> bool {
    b"=!(),><".contains(&b)
}

fn is_blank(b: u8) -> bool {
    b" \t\r\n".contains(&b)
}

/// Splits a text into tokens; the last is always the end.
fn lex(text: &str) -> Vec<(Token, String)> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if is_blank(bytes[at]) {
            at += 1;
        } else if is_special(bytes[at]) {
            let run = bytes[at..].iter().take_while(|b| is_special(**b)).count();
            // The longest known symbol that begins here.
            let known = (1..=run.min(2))
                .rev()
                .find_map(|n| SYMBOLS.iter().find(|(s, _)| *s == &text[at..at + n]).map(|(_, t)| (*t, n)));
            let (token, n) = known.unwrap_or((Token::Error, run));
            out.push((token, text[at..at + n].to_owned()));
            at += n;
        } else {
            let n = bytes[at..].iter().take_while(|b| !is_special(**b) && !is_blank(**b)).count();
            let word = &text[at..at + n];
            let token = match word {
                "in" => Token::In,
                "notin" => Token::NotIn,
                _ => Token::Identifier,
            };
            out.push((token, word.to_owned()));
            at += n;
        }
    }
    out.push((Token::End, String::new()));
    out
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

impl Parser {
    /// The next token; among values, `in` and `notin` are words like any other.
    fn peek(&self, values: bool) -> (Token, &str) {
        let (token, text) = &self.tokens[self.at.min(self.tokens.len() - 1)];
        let token = if values && matches!(token, Token::In | Token::NotIn) { Token::Identifier } else { *token };
        (token, text)
    }
    fn next(&mut self, values: bool) -> (Token, String) {
        let (token, text) = self.peek(values);
        let out = (token, text.to_owned());
        self.at += 1;
        out
    }
    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.next(true);
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.next(true);
        }
        if token != Token::Identifier {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let messages = content::label_key(&key);
        if !messages.is_empty() {
            return Err(FieldError::invalid(&Path::root(), key, messages.join("; ")).to_string());
        }
        if negated {
            return Requirement::new(&key, Operator::DoesNotExist, Vec::new());
        }
        if matches!(self.peek(true).0, Token::End | Token::Comma) {
            return Requirement::new(&key, Operator::Exists, Vec::new());
        }
        let (token, text) = self.next(false);
        let operator = match token {
            Token::In => Operator::In,
            Token::NotIn => Operator::NotIn,
            Token::Equals => Operator::Equals,
            Token::DoubleEquals => Operator::DoubleEquals,
            Token::NotEquals => Operator::NotEquals,
            Token::Greater => Operator::GreaterThan,
            Token::Less => Operator::LessThan,
            _ => return Err(format!("found '{text}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        let mut values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        values.sort();
        values.dedup();
        Requirement::new(&key, operator, values)
    }
    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, text) = self.next(true);
        if token != Token::Open {
            return Err(format!("found '{text}' expected: '('"));
        }
        match self.peek(true) {
            (Token::Identifier | Token::Comma, _) => self.identifiers(),
            (Token::Close, _) => {
                self.at += 1;
                Ok(vec![String::new()])
            }
            (_, text) => Err(format!("found '{text}', expected: ',', ')' or identifier")),
        }
    }
    fn identifiers(&mut self) -> Result<Vec<String>, String> {
        let mut out = Vec::new();
        loop {
            let (token, text) = self.next(true);
            match token {
                Token::Identifier => {
                    out.push(text);
                    match self.peek(true) {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => break,
                        (_, text) => return Err(format!("found '{text}', expected: ',' or ')'")),
                    }
                }
                Token::Comma => {
                    if out.is_empty() {
                        out.push(String::new());
                    }
                    match self.peek(true).0 {
                        Token::Close => {
                            out.push(String::new());
                            break;
                        }
                        Token::Comma => out.push(String::new()),
                        _ => {}
                    }
                }
                _ => return Err(format!("found '{text}', expected: ',', or identifier")),
            }
        }
        self.at += 1;
        Ok(out)
    }
    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.peek(true).0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        let (token, text) = self.next(true);
        if token == Token::Identifier { Ok(text) } else { Err(format!("found '{text}', expected: identifier")) }
    }
}

/// Reads the conditions in the order they are written.
pub(super) fn parse(text: &str) -> Result<Vec<Requirement>, String> {
    let mut p = Parser { tokens: lex(text), at: 0 };
    let mut out = Vec::new();
    loop {
        match p.peek(true) {
            (Token::Identifier | Token::Not, _) => {
                out.push(p.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?);
                match p.next(true) {
                    (Token::End, _) => return Ok(out),
                    (Token::Comma, _) => {
                        let (token, text) = p.peek(true);
                        if !matches!(token, Token::Identifier | Token::Not) {
                            return Err(format!("found '{text}', expected: identifier after ','"));
                        }
                    }
                    (_, text) => return Err(format!("found '{text}', expected: ',' or 'end of string'")),
                }
            }
            (Token::End, _) => return Ok(out),
            (_, text) => return Err(format!("found '{text}', expected: !, identifier, or 'end of string'")),
        }
    }
}
