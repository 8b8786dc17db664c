//! The parser: POSIX shell, with the few things of bash that are common in manifests.

mod words;

use std::rc::Rc;

use super::ast::{Cmd, Part, Redirect, Simple, Word};
use super::limits::DEEPEST_TEXT;

/// A script that cannot be read, as the shell says it.
pub type Error = String;

struct Parser<'a> {
    /// Whether arrays are known, as bash knows them.
    bash: bool,
    text: &'a [char],
    at: usize,
    /// Here-documents whose text comes after the line: descriptor's redirect is found by its place among all.
    heredocs: Vec<(String, bool, bool)>,
    texts: Vec<Word>,
    /// How deep this stands in commands and words.
    depth: u32,
}

/// Reads a script, with bash's arrays or without.
pub fn parse(script: &str, bash: bool) -> Result<Cmd, Error> {
    parse_at(script, bash, 0)
}

fn parse_at(script: &str, bash: bool, depth: u32) -> Result<Cmd, Error> {
    let text: Vec<char> = script.chars().collect();
    let mut p = Parser::new(&text, bash, depth)?;
    let cmd = p.list(&[])?;
    p.space();
    if p.at < p.text.len() {
        return Err(p.unexpected());
    }
    Ok(cmd)
}

/// Reads the inside of a double-quoted word or of a here-document.
fn parse_quoted(text: &str, bash: bool, depth: u32) -> Result<Word, Error> {
    let text: Vec<char> = text.chars().collect();
    let mut p = Parser::new(&text, bash, depth)?;
    p.quoted_parts(None)
}

const KEYWORDS: [&str; 15] =
    ["if", "then", "elif", "else", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "{", "}"];

fn is_name_char(c: char, first: bool) -> bool {
    c == '_' || c.is_ascii_alphabetic() || (!first && c.is_ascii_digit())
}

impl<'a> Parser<'a> {
    fn new(text: &'a [char], bash: bool, depth: u32) -> Result<Self, Error> {
        let fits = depth < DEEPEST_TEXT;
        fits.then_some(Self { bash, text, at: 0, heredocs: vec![], texts: vec![], depth }).ok_or_else(too_deep)
    }
}

fn too_deep() -> Error {
    "Syntax error: too deeply nested".into()
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }
    fn looking_at(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }
    fn eat(&mut self, what: &str) -> bool {
        let yes = self.looking_at(what);
        if yes {
            self.at += what.chars().count();
        }
        yes
    }
    fn unexpected(&self) -> Error {
        let what = match self.peek() {
            None => "end of file".to_owned(),
            Some('\n') => "newline".to_owned(),
            Some(c) => {
                let word = self.bare();
                let operator = ["&&", "||", ";;", "<<", ">>"].into_iter().find(|op| self.looking_at(op));
                format!(
                    "\"{}\"",
                    operator.map_or_else(|| if word.is_empty() { c.to_string() } else { word }, str::to_owned)
                )
            }
        };
        format!("Syntax error: {what} unexpected")
    }
    /// Skips spaces, comments and continued lines, but no newlines.
    fn space(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.at += 1,
                Some('\\') if self.text.get(self.at + 1) == Some(&'\n') => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }
    fn newline(&mut self) -> Result<(), Error> {
        self.at += 1;
        for (end, dash, raw) in std::mem::take(&mut self.heredocs) {
            let mut text = String::new();
            loop {
                let line: String = self.text[self.at..].iter().take_while(|c| **c != '\n').collect();
                if self.at >= self.text.len() {
                    break;
                }
                self.at = (self.at + line.chars().count() + 1).min(self.text.len());
                let line = if dash { line.trim_start_matches('\t').to_owned() } else { line };
                if line == end {
                    break;
                }
                text += &line;
                text.push('\n');
            }
            let word = if raw {
                Word(vec![Part::Text(Rc::from(text), true)])
            } else {
                parse_quoted(&text, self.bash, self.depth + 1)?
            };
            self.texts.push(word);
        }
        Ok(())
    }
    /// Skips spaces and newlines.
    fn blank(&mut self) -> Result<(), Error> {
        loop {
            self.space();
            if self.peek() == Some('\n') {
                self.newline()?;
            } else {
                return Ok(());
            }
        }
    }
    /// The bare word at this place, without taking it.
    fn bare(&self) -> String {
        let end = |c: &&char| !c.is_whitespace() && !";&|()<>\"'$`\\".contains(**c);
        self.text[self.at.min(self.text.len())..].iter().take_while(end).collect()
    }
    fn keyword(&mut self, word: &str) -> Result<bool, Error> {
        self.blank()?;
        let yes = self.bare() == word;
        if yes {
            self.at += word.chars().count();
        }
        Ok(yes)
    }
    fn expect(&mut self, word: &str) -> Result<(), Error> {
        if self.keyword(word)? { Ok(()) } else { Err(format!("{} (expecting \"{word}\")", self.unexpected())) }
    }
    /// Commands up to one of the given words.
    fn list(&mut self, ends: &[&str]) -> Result<Cmd, Error> {
        let mut out = vec![];
        loop {
            self.blank()?;
            let word = self.bare();
            if self.peek().is_none()
                || ends.contains(&word.as_str())
                || self.peek() == Some(')')
                || self.looking_at(";;")
            {
                break;
            }
            let mut cmd = self.and_or()?;
            self.space();
            match self.peek() {
                Some('&') => {
                    self.at += 1;
                    cmd = Cmd::Background(Box::new(cmd));
                }
                Some(';') if !self.looking_at(";;") => self.at += 1,
                Some('\n') => self.newline()?,
                None | Some(')') => {}
                _ if self.looking_at(";;") => {}
                _ => return Err(self.unexpected()),
            }
            out.push(cmd);
        }
        Ok(if out.len() == 1 { out.remove(0) } else { Cmd::Seq(out) })
    }
    /// Commands up to the given words, of which there must be at least one.
    fn body(&mut self, ends: &[&str]) -> Result<Cmd, Error> {
        let cmd = self.list(ends)?;
        if matches!(&cmd, Cmd::Seq(c) if c.is_empty()) { Err(self.unexpected()) } else { Ok(cmd) }
    }
    fn and_or(&mut self) -> Result<Cmd, Error> {
        let mut left = self.pipeline()?;
        loop {
            self.space();
            let and = self.looking_at("&&");
            if !and && !self.looking_at("||") {
                return Ok(left);
            }
            self.at += 2;
            self.blank()?;
            let right = Box::new(self.pipeline()?);
            left = if and { Cmd::And(Box::new(left), right) } else { Cmd::Or(Box::new(left), right) };
        }
    }
    fn pipeline(&mut self) -> Result<Cmd, Error> {
        self.space();
        let mut negated = false;
        while self.bare() == "!" {
            self.at += 1;
            self.space();
            negated = !negated;
        }
        if self.bare() == "time" {
            self.at += 4;
            self.space();
        }
        let mut parts = vec![self.command()?];
        loop {
            self.space();
            if self.peek() == Some('|') && !self.looking_at("||") {
                self.at += 1;
                let both = self.eat("&");
                if both && let Some(Cmd::Simple(s)) = parts.last_mut() {
                    let target = Word(vec![Part::Text(Rc::from("1"), false)]);
                    s.redirects.push(Redirect { fd: 2, op: ">&", target });
                }
                self.blank()?;
                parts.push(self.command()?);
            } else {
                break;
            }
        }
        Ok(if parts.len() == 1 && !negated { parts.remove(0) } else { Cmd::Pipe(parts, negated) })
    }
    fn command(&mut self) -> Result<Cmd, Error> {
        if self.depth >= DEEPEST_TEXT {
            return Err(too_deep());
        }
        self.depth += 1;
        let command = self.command_inside();
        self.depth -= 1;
        command
    }
    fn command_inside(&mut self) -> Result<Cmd, Error> {
        self.space();
        if self.looking_at("((") {
            let start = self.at;
            self.at += 2;
            if let Ok(word) = self.arith("))") {
                return Ok(Cmd::Arith(word));
            }
            self.at = start;
        }
        if self.eat("(") {
            let body = self.body(&[])?;
            self.blank()?;
            if !self.eat(")") {
                return Err(self.unexpected());
            }
            return Ok(Cmd::Subshell(Box::new(body), self.redirects()?));
        }
        let word = self.bare();
        let compound = match word.as_str() {
            "{" => {
                self.at += 1;
                let body = self.body(&["}"])?;
                self.expect("}")?;
                body
            }
            "if" => self.if_command()?,
            "while" | "until" => {
                self.at += 5;
                let cond = self.body(&["do"])?;
                self.expect("do")?;
                let body = self.body(&["done"])?;
                self.expect("done")?;
                Cmd::While(Box::new(cond), Box::new(body), word == "until")
            }
            "for" => self.for_command()?,
            "case" => self.case_command()?,
            "function" => {
                self.at += 8;
                self.space();
                let name = self.bare();
                self.at += name.chars().count();
                self.space();
                let _ = self.eat("()");
                self.blank()?;
                return Ok(Cmd::Function(name, Box::new(self.command()?)));
            }
            w if KEYWORDS.contains(&w) && w != "in" => return Err(self.unexpected()),
            _ => return self.simple(),
        };
        let redirects = self.redirects()?;
        Ok(if redirects.is_empty() && word != "{" { compound } else { Cmd::Group(Box::new(compound), redirects) })
    }
    fn if_command(&mut self) -> Result<Cmd, Error> {
        self.at += 2;
        let mut arms = vec![];
        loop {
            let cond = self.body(&["then"])?;
            self.expect("then")?;
            arms.push((cond, self.body(&["elif", "else", "fi"])?));
            if self.keyword("elif")? {
                continue;
            }
            let other = if self.keyword("else")? { Some(Box::new(self.body(&["fi"])?)) } else { None };
            self.expect("fi")?;
            return Ok(Cmd::If(arms, other));
        }
    }
    fn for_command(&mut self) -> Result<Cmd, Error> {
        self.at += 3;
        self.space();
        if self.eat("((") {
            let (a, b) = (self.arith(";")?, self.arith(";")?);
            let c = self.arith("))")?;
            self.space();
            let _ = self.eat(";");
            let body = self.loop_body()?;
            return Ok(Cmd::ForArith(a, b, c, Box::new(body)));
        }
        let name = self.bare();
        self.at += name.chars().count();
        let mut words = None;
        if self.keyword("in")? {
            let mut list = vec![];
            loop {
                self.space();
                match self.peek() {
                    None | Some(';' | '\n') => break,
                    _ => list.push(self.word()?),
                }
            }
            words = Some(list);
        }
        self.space();
        let _ = self.eat(";");
        let body = self.loop_body()?;
        Ok(Cmd::For(name, words, Box::new(body)))
    }
    fn loop_body(&mut self) -> Result<Cmd, Error> {
        self.expect("do")?;
        let body = self.body(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }
    fn case_command(&mut self) -> Result<Cmd, Error> {
        self.at += 4;
        self.space();
        let word = self.word()?;
        self.expect("in")?;
        let mut arms = vec![];
        while !self.keyword("esac")? {
            let _ = self.eat("(");
            let mut patterns = vec![];
            loop {
                self.space();
                patterns.push(self.word()?);
                self.space();
                if self.eat(")") {
                    break;
                }
                if !self.eat("|") {
                    return Err(self.unexpected());
                }
            }
            arms.push((patterns, self.list(&["esac"])?));
            self.blank()?;
            let _ = self.eat(";;");
        }
        Ok(Cmd::Case(word, arms))
    }
    fn redirects(&mut self) -> Result<Vec<Redirect>, Error> {
        let mut out = vec![];
        loop {
            self.space();
            match self.redirect()? {
                Some(r) => out.push(r),
                None => return Ok(out),
            }
        }
    }
    fn redirect(&mut self) -> Result<Option<Redirect>, Error> {
        let start = self.at;
        let mut fd = None;
        if let Some(d) = self.peek().and_then(|c| c.to_digit(10))
            && matches!(self.text.get(self.at + 1), Some('<' | '>'))
        {
            fd = Some(d as u8);
            self.at += 1;
        }
        let op = ["&>>", "&>", "<<-", "<<<", "<<", ">>", ">&", "<&", ">|", "<>", ">", "<"];
        let Some(op) = op.into_iter().find(|op| self.eat(op)) else {
            self.at = start;
            return Ok(None);
        };
        self.space();
        let default = u8::from(!op.starts_with('<'));
        if op == "<<" || op == "<<-" {
            let quoted = matches!(self.peek(), Some('\'' | '"'));
            let word = self.word()?;
            let end: String =
                word.0.iter().map(|p| if let Part::Text(t, _) = p { t.to_string() } else { String::new() }).collect();
            self.heredocs.push((end, op == "<<-", quoted));
            // The text follows after the line; it is put in once the whole command is read.
            let place = self.texts.len() + self.heredocs.len() - 1;
            let target = Word(vec![Part::Text(Rc::from(place.to_string()), true)]);
            return Ok(Some(Redirect { fd: fd.unwrap_or(0), op: "<<place", target }));
        }
        let target = self.word()?;
        let op = match op {
            ">|" => ">",
            "<>" => "<",
            op => op,
        };
        Ok(Some(Redirect { fd: fd.unwrap_or(default), op, target }))
    }
    fn simple(&mut self) -> Result<Cmd, Error> {
        let mut s = Simple::default();
        loop {
            self.space();
            if let Some(r) = self.redirect()? {
                s.redirects.push(r);
                continue;
            }
            match self.peek() {
                None | Some(';' | '\n' | '&' | '|' | ')') => break,
                Some('(') => {
                    if s.words.len() == 1 && self.eat("()") {
                        let [Part::Text(name, false)] = s.words[0].0.as_slice() else { return Err(self.unexpected()) };
                        let name = name.to_string();
                        self.blank()?;
                        return Ok(Cmd::Function(name, Box::new(self.command()?)));
                    }
                    return Err(self.unexpected());
                }
                _ => {}
            }
            if matches!(s.words.as_slice(), [Word(w)] if matches!(w.as_slice(), [Part::Text(t, false)] if t.as_ref() == "[["))
            {
                self.brackets(&mut s.words)?;
                continue;
            }
            if s.words.is_empty()
                && let Some(name) = self.assignment()
            {
                if self.bash && self.looking_at("(") {
                    s.arrays.push((name, self.array()?));
                    continue;
                }
                let value = if matches!(self.peek(), None | Some(' ' | '\t' | '\n' | ';' | '&' | '|' | ')')) {
                    Word::default()
                } else {
                    self.word()?
                };
                s.assigns.push((name, value));
                continue;
            }
            s.words.push(self.word()?);
        }
        if s.words.is_empty() && s.assigns.is_empty() && s.arrays.is_empty() && s.redirects.is_empty() {
            return Err(self.unexpected());
        }
        if s.redirects.iter().any(|r| r.op == "<<place") {
            self.fill_heredocs(&mut s)?;
        }
        Ok(Cmd::Simple(s))
    }
    /// The inside of `[[ ... ]]`, where operators are words.
    fn brackets(&mut self, words: &mut Vec<Word>) -> Result<(), Error> {
        loop {
            self.blank()?;
            let operator = ["&&", "||", "<", ">", "(", ")"].into_iter().find(|op| self.eat(op));
            let word = match operator {
                Some(op) => Word(vec![Part::Text(Rc::from(op), true)]),
                None => self.word()?,
            };
            let ends = matches!(word.0.as_slice(), [Part::Text(t, false)] if t.as_ref() == "]]");
            words.push(word);
            if ends {
                return Ok(());
            }
        }
    }
    /// Reads ahead the here-documents of a command.
    fn fill_heredocs(&mut self, s: &mut Simple) -> Result<(), Error> {
        let back = self.at;
        while self.peek().is_some_and(|c| c != '\n') {
            self.at += 1;
        }
        let line_end = self.at;
        if self.peek().is_some() {
            self.newline()?;
        }
        let after = self.at;
        for r in &mut s.redirects {
            if r.op == "<<place" {
                let [Part::Text(place, _)] = r.target.0.as_slice() else { continue };
                let place: usize = place.parse().unwrap_or(0);
                r.op = "<<";
                r.target = self.texts.get(place).cloned().unwrap_or_default();
            }
        }
        if line_end == back {
            // Nothing else on the line: go on after the texts, as if at its end.
            self.at = after.saturating_sub(1).max(back);
            if after > back && self.text.get(self.at) != Some(&'\n') {
                self.at = after;
            }
        } else {
            return Err("Syntax error: a here-document must end its line".into());
        }
        Ok(())
    }
    /// `(a b c)`
    fn array(&mut self) -> Result<Vec<Word>, Error> {
        self.at += 1;
        let mut words = vec![];
        loop {
            self.blank()?;
            if self.eat(")") {
                return Ok(words);
            }
            words.push(self.word()?);
        }
    }
    /// `NAME=` (in bash also `NAME+=`), taken if it is there.
    fn assignment(&mut self) -> Option<String> {
        let mut i = self.at;
        while let Some(c) = self.text.get(i)
            && is_name_char(*c, i == self.at)
        {
            i += 1;
        }
        if i == self.at {
            return None;
        }
        let name: String = self.text[self.at..i].iter().collect();
        let more = self.bash && self.text.get(i) == Some(&'+');
        i += usize::from(more);
        if self.text.get(i) != Some(&'=') {
            return None;
        }
        self.at = i + 1;
        Some(if more { name + "+" } else { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_parses_and_what_does_not() {
        for (script, ok) in [
            ("echo a; echo b", true),
            ("if true; then echo a; elif false; then echo b; else echo c; fi", true),
            ("for i in 1 2 3; do\n echo $i\ndone", true),
            ("for ((i=0; i<3; i++)); do echo $i; done", true),
            ("while true; do sleep 1; done &", true),
            ("case $x in a|b) echo 1;; *) echo 2;; esac", true),
            ("f() { echo $1; }; f x", true),
            ("trap \"echo stopping; sleep 3; exit 0\" TERM; while true; do sleep 0.2; done", true),
            ("echo \"$(date) ${x:-none} $((1 + 2))\" > /dev/null 2>&1", true),
            ("cat <<EOF\nhello $x\nEOF\necho after", true),
            ("( a; b ) | c", true),
            ("if true; then", false),
            ("echo 'open", false),
            ("done", false),
            ("a && ", false),
            ("for i in 1; echo", false),
        ] {
            assert_eq!(parse(script, false).is_ok(), ok, "{script}: {:?}", parse(script, false).err());
        }
        for script in ["a=(1 2)", "a+=(\n x # y\n)", "echo ${a[1]} \"${a[@]}\" ${#a[@]}"] {
            assert!(parse(script, true).is_ok(), "{script}: {:?}", parse(script, true).err());
        }
        let unexpected = "Syntax error: \"(\" unexpected";
        assert_eq!(parse("a=(1 2)", false).err().as_deref(), Some(unexpected));
    }
}
