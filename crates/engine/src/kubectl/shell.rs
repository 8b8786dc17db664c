//! The shell of the page's terminal: words, quotes, variables, pipes, redirections, `;`, `&&` and `||`.
//!
//! A small part of POSIX `sh`, as far as learners type it. Containers have a shell of their own in the runtime.

mod compound;

use std::rc::Rc;

use super::Cx;
use super::session::{Io, Poll, Session};
use crate::runtime::shell::arithmetic;

pub use compound::Compound;

/// When a statement runs, by how the one before it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connector {
    /// `;` or a new line
    Always,
    /// `&&`
    IfTrue,
    /// `||`
    IfFalse,
}

/// A part of a word.
#[derive(Clone, PartialEq, Debug)]
enum Part {
    Text(String),
    /// A variable; whether it stands in quotes.
    Var(String, bool),
    /// `$(...)`; whether it stands in quotes.
    Substitution(String, bool),
    /// `$((...))`
    Sum(String),
}

/// A word before variables are filled in. The flag says whether any of it was quoted.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Word(Vec<Part>, bool);

/// A redirection before variables are filled in.
#[derive(Clone, PartialEq, Debug)]
struct RawRedirect {
    fd: u8,
    input: bool,
    append: bool,
    target: Word,
    here: bool,
}

/// A command before variables are filled in.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RawCommand {
    words: Vec<Word>,
    redirects: Vec<RawRedirect>,
}

/// A pipeline and when it runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Statement {
    /// When.
    pub connector: Connector,
    /// What.
    pub pipeline: Vec<RawCommand>,
    /// A loop or branch in place of a pipeline.
    pub compound: Option<Box<Compound>>,
}

/// A command, ready to run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Command {
    /// Its words.
    pub words: Vec<String>,
}

/// A redirection, ready.
#[derive(Clone, PartialEq, Debug)]
pub struct Redirect {
    /// 1 or 2.
    pub fd: u8,
    /// `<`
    pub input: bool,
    /// `>>`
    pub append: bool,
    /// The file.
    pub target: String,
    /// The text of `<<END`.
    pub text: Option<Rc<str>>,
}

struct Reader<'a> {
    chars: Vec<char>,
    at: usize,
    out: Vec<Statement>,
    pipeline: Vec<RawCommand>,
    command: RawCommand,
    connector: Connector,
    /// Redirections that wait for their here-document: the end word and whether it was quoted.
    here: Vec<(String, bool)>,
    line: &'a str,
}

/// Reads a line (or several).
pub fn parse(line: &str) -> Result<Vec<Statement>, String> {
    let mut r = Reader {
        chars: line.chars().collect(),
        at: 0,
        out: Vec::new(),
        pipeline: Vec::new(),
        command: RawCommand::default(),
        connector: Connector::Always,
        here: Vec::new(),
        line,
    };
    r.read()?;
    compound::structure(r.out)
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    fn ahead(&self, n: usize) -> Option<char> {
        self.chars.get(self.at + n).copied()
    }
    fn end_command(&mut self) {
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() || !command.redirects.is_empty() {
            self.pipeline.push(command);
        }
    }
    fn end_statement(&mut self, next: Connector) {
        self.end_command();
        let pipeline = std::mem::take(&mut self.pipeline);
        if !pipeline.is_empty() {
            self.out.push(Statement { connector: self.connector, pipeline, compound: None });
        }
        self.connector = next;
    }
    fn read(&mut self) -> Result<(), String> {
        while let Some(c) = self.peek() {
            match c {
                '\\' if self.ahead(1) == Some('\n') => self.at += 2,
                ' ' | '\t' | '\r' => self.at += 1,
                '\n' => {
                    self.at += 1;
                    self.here_documents();
                    self.end_statement(Connector::Always);
                }
                ';' => {
                    self.at += 1;
                    self.end_statement(Connector::Always);
                }
                '&' if self.ahead(1) == Some('&') => {
                    self.at += 2;
                    self.end_statement(Connector::IfTrue);
                }
                '&' if self.ahead(1) != Some('>') => {
                    self.at += 1;
                    self.end_statement(Connector::Always);
                }
                '|' if self.ahead(1) == Some('|') => {
                    self.at += 2;
                    self.end_statement(Connector::IfFalse);
                }
                '|' => {
                    self.at += 1;
                    self.end_command();
                }
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '>' | '<' => self.redirect(1)?,
                '&' => {
                    self.at += 1;
                    self.redirect(1)?;
                    let target = Word(vec![Part::Text("1".into())], false);
                    self.command.redirects.push(RawRedirect { fd: 2, input: false, append: true, target, here: false });
                }
                '1' | '2' if self.ahead(1) == Some('>') => {
                    self.at += 1;
                    self.redirect(c as u8 - b'0')?;
                }
                _ => {
                    let word = self.word()?;
                    self.command.words.push(word);
                }
            }
        }
        self.end_statement(Connector::Always);
        Ok(())
    }
    fn redirect(&mut self, fd: u8) -> Result<(), String> {
        let input = self.peek() == Some('<');
        self.at += 1;
        if input && self.peek() == Some('(') {
            // `<(...)`: what is read there is of use to `source` alone, which needs nothing here.
            let end = self.chars[self.at..].iter().position(|c| *c == ')');
            self.at += end.map_or(self.chars.len() - self.at, |n| n + 1);
            return Ok(());
        }
        let doubled = self.peek() == Some(if input { '<' } else { '>' });
        self.at += usize::from(doubled);
        if input && doubled && self.peek() == Some('<') {
            // `<<< word`
            self.at += 1;
            while matches!(self.peek(), Some(' ' | '\t')) {
                self.at += 1;
            }
            let mut target = self.word()?;
            target.0.push(Part::Text("\n".into()));
            target.1 = true;
            self.command.redirects.push(RawRedirect { fd, input, append: true, target, here: false });
            return Ok(());
        }
        if !input && self.peek() == Some('&') {
            // `2>&1`: both go the same way.
            self.at += 1;
            let target = self.word()?;
            self.command.redirects.push(RawRedirect { fd: 2, input: false, append: true, target, here: false });
            return Ok(());
        }
        let dash = input && doubled && self.peek() == Some('-');
        self.at += usize::from(dash);
        while matches!(self.peek(), Some(' ' | '\t')) {
            self.at += 1;
        }
        if self.peek().is_none_or(|c| matches!(c, '\n' | ';' | '|' | '&' | '<' | '>')) {
            return Err("sh: syntax error: unexpected end of line".into());
        }
        let target = self.word()?;
        if input && doubled {
            let end: String = target.0.iter().map(|p| if let Part::Text(t) = p { t.as_str() } else { "" }).collect();
            self.here.push((end, target.1));
        }
        self.command.redirects.push(RawRedirect { fd, input, append: doubled, target, here: input && doubled });
        Ok(())
    }
    /// After a line with `<<END`: the lines up to `END` become the redirection's text.
    fn here_documents(&mut self) {
        for (end, quoted) in std::mem::take(&mut self.here) {
            let mut text = String::new();
            while self.at < self.chars.len() {
                let rest = &self.chars[self.at..];
                let stop = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
                let line: String = rest[..stop].iter().collect();
                self.at = (self.at + stop + 1).min(self.chars.len());
                if line.trim_start_matches('\t') == end {
                    break;
                }
                text += &line;
                text.push('\n');
            }
            let word = if quoted { Word(vec![Part::Text(text)], true) } else { in_quotes(&text) };
            let all = self.pipeline.iter_mut().chain(std::iter::once(&mut self.command));
            if let Some(r) = all.flat_map(|c| c.redirects.iter_mut()).find(|r| r.here) {
                r.target = word;
                r.here = false;
                r.append = true;
            }
        }
    }
    fn word(&mut self) -> Result<Word, String> {
        let mut w = Word::default();
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\n' | '\r' | ';' | '|' | '&' | '<' | '>' => break,
                '\\' => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => {}
                        Some(c) => text.push(c),
                        None => text.push('\\'),
                    }
                    w.1 = true;
                    self.at += 1;
                }
                '\'' => {
                    let from = self.at + 1;
                    let Some(n) = self.chars[from..].iter().position(|c| *c == '\'') else {
                        return Err(self.unterminated('\''));
                    };
                    text.extend(&self.chars[from..from + n]);
                    w.1 = true;
                    self.at = from + n + 1;
                }
                '"' => {
                    self.at += 1;
                    w.1 = true;
                    loop {
                        match self.peek() {
                            None => return Err(self.unterminated('"')),
                            Some('"') => break,
                            Some('\\') if matches!(self.ahead(1), Some('"' | '\\' | '$' | '`')) => {
                                text.extend(self.ahead(1));
                                self.at += 2;
                            }
                            Some('\\') if self.ahead(1) == Some('\n') => self.at += 2,
                            Some('$') => self.dollar(&mut w, &mut text, true),
                            Some(c) => {
                                text.push(c);
                                self.at += 1;
                            }
                        }
                    }
                    self.at += 1;
                }
                '$' => self.dollar(&mut w, &mut text, false),
                '`' => {
                    let rest = &self.chars[self.at + 1..];
                    let Some(n) = rest.iter().position(|c| *c == '`') else { return Err(self.unterminated('`')) };
                    let inner: String = rest[..n].iter().collect();
                    w.0.push(Part::Text(std::mem::take(&mut text)));
                    w.0.push(Part::Substitution(inner, false));
                    self.at += n + 2;
                }
                c => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if !text.is_empty() || w.0.is_empty() {
            w.0.push(Part::Text(text));
        }
        Ok(w)
    }
    fn unterminated(&self, quote: char) -> String {
        let _ = self.line;
        format!("sh: syntax error: unterminated quoted string ({quote})")
    }
    /// At a `$`: a variable, a substitution, or just the sign.
    fn dollar(&mut self, w: &mut Word, text: &mut String, quoted: bool) {
        let rest: String = self.chars[self.at + 1..].iter().collect();
        let mut push = |part| {
            if !text.is_empty() {
                w.0.push(Part::Text(std::mem::take(text)));
            }
            w.0.push(part);
        };
        if let Some(inner) = rest.strip_prefix('{')
            && let Some(end) = inner.find('}')
        {
            push(Part::Var(inner[..end].to_owned(), quoted));
            self.at += 3 + inner[..end].chars().count();
        } else if let Some(inner) = rest.strip_prefix("((")
            && let Some(end) = inner.find("))")
        {
            push(Part::Sum(inner[..end].to_owned()));
            self.at += 5 + inner[..end].chars().count();
        } else if rest.starts_with('(') {
            let mut depth = 0;
            let end = rest.char_indices().find(|(_, c)| {
                depth += match c {
                    '(' => 1,
                    ')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            let end = end.map_or(rest.len(), |(i, _)| i);
            let inner = &rest[1..end];
            push(Part::Substitution(inner.to_owned(), quoted));
            self.at += 2 + inner.chars().count() + usize::from(end < rest.len());
        } else if rest.starts_with('?') {
            push(Part::Var("?".into(), quoted));
            self.at += 2;
        } else {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                text.push('$');
                self.at += 1;
            } else {
                self.at += 1 + name.len();
                push(Part::Var(name, quoted));
            }
        }
    }
}

/// A text with its variables, as between double quotes.
fn in_quotes(text: &str) -> Word {
    let mut r = Reader {
        chars: text.chars().collect(),
        at: 0,
        out: Vec::new(),
        pipeline: Vec::new(),
        command: RawCommand::default(),
        connector: Connector::Always,
        here: Vec::new(),
        line: text,
    };
    let (mut w, mut out) = (Word::default(), String::new());
    while let Some(c) = r.peek() {
        if c == '$' {
            r.dollar(&mut w, &mut out, true);
        } else {
            out.push(c);
            r.at += 1;
        }
    }
    w.0.push(Part::Text(out));
    w
}

fn variable(name: &str, cx: &Cx<'_>, status: i32) -> String {
    match name {
        "?" => status.to_string(),
        "HOME" => "/root".into(),
        "USER" => "root".into(),
        "PWD" => "/root".into(),
        _ => cx.home.vars.get(name).cloned().unwrap_or_default(),
    }
}

/// The values that a loop goes over.
pub fn fill_all(words: &[Word], cx: &mut Cx<'_>, status: i32, io: &Io) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for w in words {
        out.extend(fill(w, cx, status, io)?);
    }
    Ok(out)
}

/// Fills a word in; unquoted variables fall apart into words at blanks.
fn fill(word: &Word, cx: &mut Cx<'_>, status: i32, io: &Io) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut any = word.1;
    for part in &word.0 {
        let (text, quoted) = match part {
            Part::Text(t) => {
                any |= !t.is_empty();
                current += t;
                continue;
            }
            Part::Var(name, quoted) => (variable(name, cx, status), *quoted),
            Part::Sum(text) => (arithmetic(text, &|name| variable(name, cx, status))?, true),
            Part::Substitution(line, quoted) => {
                let mut inner = Session::new(line, io.files.clone());
                if inner.poll(cx) != Poll::Done {
                    return Err(format!("sh: $({line}): a command that waits cannot stand here"));
                }
                (inner.output().stdout.trim_end_matches('\n').to_owned(), *quoted)
            }
        };
        if quoted {
            any = true;
            current += &text;
            continue;
        }
        let mut pieces = text.split_ascii_whitespace();
        if text.starts_with(|c: char| c.is_ascii_whitespace()) && any {
            out.push(std::mem::take(&mut current));
            any = false;
        }
        if let Some(first) = pieces.next() {
            current += first;
            any = true;
        }
        for piece in pieces {
            out.push(std::mem::replace(&mut current, piece.to_owned()));
        }
    }
    if any {
        out.push(current);
    }
    Ok(out)
}

/// Whether a word sends output to a file or takes input from one.
pub fn is_redirect(word: &str) -> bool {
    matches!(word, ">" | ">>" | "<" | "2>" | "&>")
}

/// Fills a command in: aliases, variables, substitutions.
pub fn expand(raw: RawCommand, cx: &mut Cx<'_>, status: i32, io: &Io) -> Result<(Command, Vec<Redirect>), String> {
    let mut words = Vec::new();
    let mut raw_words = raw.words;
    if let [Word(first, false), ..] = raw_words.as_slice()
        && let [Part::Text(name)] = first.as_slice()
        && let Some(text) = cx.home.aliases.get(name).cloned()
        && let Ok(statements) = parse(&text)
        && let Some(c) = statements.into_iter().next().and_then(|s| s.pipeline.into_iter().next())
    {
        raw_words.splice(0..1, c.words);
    }
    for w in &raw_words {
        words.extend(fill(w, cx, status, io)?);
    }
    let mut redirects = Vec::new();
    for r in raw.redirects {
        let text = if r.target.0.len() == 1 && r.target.1 {
            match &r.target.0[0] {
                Part::Text(t) => t.clone(),
                _ => fill(&r.target, cx, status, io)?.join(" "),
            }
        } else if r.input && r.append {
            let quoted = Word(r.target.0, true);
            fill(&quoted, cx, status, io)?.join("")
        } else {
            fill(&r.target, cx, status, io)?.join(" ")
        };
        let is_text = r.input && r.append;
        redirects.push(Redirect {
            fd: r.fd,
            input: r.input,
            append: r.append,
            target: if is_text { String::new() } else { text.clone() },
            text: is_text.then(|| Rc::from(text)),
        });
    }
    Ok((Command { words }, redirects))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        let text = |w: &Word| {
            w.0.iter()
                .map(|p| match p {
                    Part::Text(t) => t.clone(),
                    Part::Var(n, _) => format!("<{n}>"),
                    Part::Substitution(n, _) => format!("({n})"),
                    Part::Sum(n) => format!("(({n}))"),
                })
                .collect::<String>()
        };
        parse(line).unwrap().iter().flat_map(|s| &s.pipeline).map(|c| c.words.iter().map(text).collect()).collect()
    }

    #[test]
    fn loops_are_put_together() {
        for (line, parts) in [
            ("for i in 1 2; do echo $i; done; echo end", 2),
            ("if a; then b; elif c; then d; else e; fi", 1),
            ("while a; do b; if c; then break; fi; done", 1),
            ("until a\ndo b\ndone", 1),
            ("for i in a; do for j in b; do c; done; done", 1),
        ] {
            assert_eq!(parse(line).map(|s| s.len()), Ok(parts), "{line}");
        }
        for (line, why) in [
            ("for i in 1 2; do echo", "sh: syntax error: unexpected end of file (expecting \"done\")"),
            ("done", "sh: syntax error: unexpected \"done\""),
            ("if a; then b; done", "sh: syntax error: unexpected \"done\""),
            ("for x; do y; done", "sh: syntax error: bad for loop variable"),
        ] {
            assert_eq!(parse(line).map(|s| s.len()), Err(why.to_owned()), "{line}");
        }
    }

    #[test]
    fn words_and_quotes() {
        for (line, want) in [
            ("kubectl get pods", vec![vec!["kubectl", "get", "pods"]]),
            (r#"a 'b c' "d $x" \$e"#, vec![vec!["a", "b c", "d <x>", "$e"]]),
            ("a '' b", vec![vec!["a", "", "b"]]),
            ("a | b -c; d && e", vec![vec!["a"], vec!["b", "-c"], vec!["d"], vec!["e"]]),
            ("a $do # comment", vec![vec!["a", "<do>"]]),
            ("a --x=$(b c) ${y}z", vec![vec!["a", "--x=(b c)", "<y>z"]]),
            ("a > f 2>&1", vec![vec!["a"]]),
        ] {
            assert_eq!(words(line), want, "{line}");
        }
        assert!(parse("echo 'x").is_err());
    }
}
