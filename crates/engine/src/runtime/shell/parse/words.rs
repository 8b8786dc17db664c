//! The parser's words: quotes, variables, substitutions and arithmetic.

use std::rc::Rc;

use super::super::ast::{Part, Var, Word};
use super::super::compile::compile;
use super::{Error, Parser, is_name_char, parse_at, parse_quoted};

/// Ends a run of plain characters.
fn flush(parts: &mut Vec<Part>, text: &mut String) {
    if !text.is_empty() {
        parts.push(Part::Text(Rc::from(std::mem::take(text)), false));
    }
}

impl Parser<'_> {
    pub(super) fn word(&mut self) -> Result<Word, Error> {
        let mut parts: Vec<Part> = vec![];
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        Some(c) => {
                            flush(&mut parts, &mut text);
                            parts.push(Part::Text(Rc::from(c.to_string()), true));
                            self.at += 1;
                        }
                        None => text.push('\\'),
                    }
                }
                '\'' => {
                    flush(&mut parts, &mut text);
                    self.at += 1;
                    let inner: String = self.text[self.at..].iter().take_while(|c| **c != '\'').collect();
                    self.at += inner.chars().count() + 1;
                    if self.at > self.text.len() {
                        return Err("Syntax error: Unterminated quoted string".into());
                    }
                    parts.push(Part::Text(Rc::from(inner), true));
                }
                '"' => {
                    flush(&mut parts, &mut text);
                    self.at += 1;
                    let inner = self.quoted_parts(Some('"'))?;
                    if inner.0.is_empty() {
                        parts.push(Part::Text(Rc::from(""), true));
                    }
                    parts.extend(inner.0);
                }
                '$' | '`' => match self.dollar(false)? {
                    Some(part) => {
                        flush(&mut parts, &mut text);
                        parts.push(part);
                    }
                    None => text.push('$'),
                },
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        flush(&mut parts, &mut text);
        if parts.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Word(parts))
    }
    /// The inside of double quotes, up to the closing one, or to the end of the text.
    pub(super) fn quoted_parts(&mut self, close: Option<char>) -> Result<Word, Error> {
        let mut parts = vec![];
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                if close.is_some() {
                    return Err("Syntax error: Unterminated quoted string".into());
                }
                break;
            };
            if Some(c) == close {
                self.at += 1;
                break;
            }
            match c {
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        Some(c @ ('$' | '`' | '"' | '\\')) => {
                            text.push(c);
                            self.at += 1;
                        }
                        _ => text.push('\\'),
                    }
                }
                '$' | '`' => match self.dollar(true)? {
                    Some(part) => {
                        if !text.is_empty() {
                            parts.push(Part::Text(Rc::from(std::mem::take(&mut text)), true));
                        }
                        parts.push(part);
                    }
                    None => text.push('$'),
                },
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() {
            parts.push(Part::Text(Rc::from(text), true));
        }
        Ok(Word(parts))
    }
    /// Text up to an end that is not within brackets, as a word in which variables are replaced.
    pub(super) fn arith(&mut self, end: &str) -> Result<Word, Error> {
        let (start, mut depth) = (self.at, 0);
        while self.at < self.text.len() {
            if depth == 0 && self.looking_at(end) {
                let inner: String = self.text[start..self.at].iter().collect();
                self.at += end.chars().count();
                return parse_quoted(&inner, self.bash, self.depth + 1);
            }
            match self.text[self.at] {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                break;
            }
            self.at += 1;
        }
        self.at = start;
        Err("Syntax error: Missing '))'".into())
    }
    /// Text up to the closing bracket, quotes and inner brackets skipped.
    pub(super) fn bracketed(&mut self, open: char, close: char) -> Result<String, Error> {
        let (start, mut depth) = (self.at, 1);
        let mut quote = None;
        while let Some(c) = self.peek() {
            match (quote, c) {
                (_, '\\') => self.at += 1,
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (Some('\''), _) => {}
                (_, c) if c == open => depth += 1,
                (_, c) if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        let inner = self.text[start..self.at].iter().collect();
                        self.at += 1;
                        return Ok(inner);
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
        Err(format!("Syntax error: Missing '{close}'"))
    }
    /// What follows a `$` or a backquote. None for a dollar that stands for itself.
    pub(super) fn dollar(&mut self, quoted: bool) -> Result<Option<Part>, Error> {
        if self.eat("`") {
            let mut inner = String::new();
            while let Some(c) = self.peek().filter(|c| *c != '`') {
                self.at += 1;
                match (c, self.peek()) {
                    ('\\', Some(n @ ('`' | '$' | '\\'))) => {
                        inner.push(n);
                        self.at += 1;
                    }
                    _ => inner.push(c),
                }
            }
            self.at += 1;
            return Ok(Some(Part::Command(Rc::new(compile(&parse_at(&inner, self.bash, self.depth + 1)?)), quoted)));
        }
        self.at += 1;
        if self.looking_at("((") {
            let start = self.at;
            self.at += 2;
            match self.arith("))") {
                Ok(word) => return Ok(Some(Part::Arith(Rc::new(word), quoted))),
                Err(_) => self.at = start,
            }
        }
        if self.eat("(") {
            let inner = self.bracketed('(', ')')?;
            return Ok(Some(Part::Command(Rc::new(compile(&parse_at(&inner, self.bash, self.depth + 1)?)), quoted)));
        }
        if self.eat("{") {
            let inner = self.bracketed('{', '}')?;
            return Ok(Some(Part::Var(Rc::new(braced(&inner, quoted, self.bash, self.depth + 1)?), quoted)));
        }
        let plain = |name: String| Part::Var(Rc::new(Var { name, op: "", arg: Word::default() }), quoted);
        match self.peek() {
            Some(c) if is_name_char(c, true) => {
                let start = self.at;
                while self.peek().is_some_and(|c| is_name_char(c, false)) {
                    self.at += 1;
                }
                Ok(Some(plain(self.text[start..self.at].iter().collect())))
            }
            Some(c) if "?$!#@*-0123456789".contains(c) => {
                self.at += 1;
                Ok(Some(plain(c.to_string())))
            }
            _ => Ok(None),
        }
    }
}

/// The inside of `${...}`.
fn braced(inner: &str, quoted: bool, bash: bool, depth: u32) -> Result<Var, Error> {
    if let Some(name) = inner.strip_prefix('#').filter(|n| !n.is_empty()) {
        return Ok(Var { name: name.to_owned(), op: "len", arg: Word::default() });
    }
    let first_is_special = inner.starts_with(|c: char| "?$!#@*-".contains(c));
    let n = if first_is_special {
        1
    } else {
        inner.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(inner.len())
    };
    // The index of an array belongs to the name.
    let index = if bash && inner[n..].starts_with('[') { inner[n..].find(']').map_or(0, |i| i + 1) } else { 0 };
    let (name, rest) = inner.split_at(n + index);
    if name.is_empty() {
        return Err("Bad substitution".into());
    }
    let ops = [":-", ":=", ":+", ":?", "##", "%%", "//", "^^", ",,", "-", "=", "+", "?", "#", "%", "/", ":"];
    if rest.is_empty() {
        return Ok(Var { name: name.to_owned(), op: "", arg: Word::default() });
    }
    let op = ops.into_iter().find(|op| rest.starts_with(op)).ok_or("Bad substitution")?;
    let arg = &rest[op.len()..];
    let arg = if quoted || op == ":" {
        parse_quoted(arg, bash, depth)?
    } else {
        // Quotes inside count, spaces do not end the word.
        let text: Vec<char> = arg.chars().collect();
        let mut p = Parser::new(&text, bash, depth)?;
        let mut parts = vec![];
        while p.at < text.len() {
            let start = p.at;
            match p.word() {
                Ok(word) => parts.extend(word.0),
                Err(e) if !matches!(text[start], ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>') => {
                    return Err(e);
                }
                Err(_) => {
                    parts.push(Part::Text(Rc::from(text[start].to_string()), true));
                    p.at = start + 1;
                }
            }
        }
        Word(parts)
    };
    Ok(Var { name: name.to_owned(), op, arg })
}
