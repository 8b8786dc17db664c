//! `-o go-template`: the part of Go's `text/template` that fits a command line.
//!
//! Text, `{{.path.to.field}}`, `{{range}}`, `{{if}}`, `{{with}}`, `{{else}}`, `{{end}}`, variables, string constants, and
//! the functions `len`, `index`, `eq`, `ne`, `lt`, `gt`, `and`, `or`, `not`, `print`, `printf`, `println`, `exists` and
//! `base64decode`, also behind a pipe.

mod eval;
mod printf;

use crate::api::Value;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    Text(String),
    Print(Pipe),
    Assign(String, Pipe),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Vec<String>, Pipe, Vec<Node>, Vec<Node>),
}

/// Commands joined by `|`; each gets the value of the one before as its last argument.
type Pipe = Vec<Vec<Arg>>;

/// A word of a command.
#[derive(Clone, Debug, PartialEq)]
enum Arg {
    /// `.a.b`, from the dot, or `$.a`, `$x.a`.
    Path(String, Vec<String>),
    Value(Value),
    Word(String),
    /// `(pipe)`, and `.a.b` after it.
    Pipe(Pipe, Vec<String>),
}

/// A template, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<Node>,
}

impl Template {
    /// Reads a template. The error begins with the line, as Go's does after the template's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut p = Parser { text, at: 0 };
        let (nodes, end) = p.nodes()?;
        match end {
            None => Ok(Self { nodes }),
            Some(word) => Err(format!("{}: unexpected {{{{{word}}}}}", p.line())),
        }
    }
    /// Fills it in.
    pub fn execute(&self, value: &Value) -> Result<String, String> {
        eval::run(&self.nodes, value)
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn line(&self) -> usize {
        self.text[..self.at.min(self.text.len())].matches('\n').count() + 1
    }
    /// Pieces up to the end, or up to `end` or `else`, which is given back with what follows it.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<String>), String> {
        let mut out: Vec<Node> = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(start) = rest.find("{{") else {
                if !rest.is_empty() {
                    out.push(Node::Text(rest.to_owned()));
                }
                self.at = self.text.len();
                return Ok((out, None));
            };
            let mut before = rest[..start].to_owned();
            self.at += start + 2;
            let line = self.line();
            let Some(len) = close(&self.text[self.at..]) else { return Err(format!("{line}: unclosed action")) };
            let mut action = &self.text[self.at..self.at + len];
            self.at += len + 2;
            if let Some(a) = action.strip_prefix("- ") {
                action = a;
                before.truncate(before.trim_end().len());
            }
            if let Some(a) = action.strip_suffix(" -") {
                action = a;
                let after = &self.text[self.at..];
                self.at += after.len() - after.trim_start().len();
            }
            if !before.is_empty() {
                out.push(Node::Text(before));
            }
            let action = action.trim();
            if action.starts_with("/*") {
                continue;
            }
            let (word, args) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
            let args = args.trim();
            match word {
                "" => return Err(format!("{line}: missing value for command")),
                "end" | "else" => return Ok((out, Some(action.to_owned()))),
                "if" | "with" => {
                    let pipe = Self::pipe(args, line, word)?;
                    let (body, other) = self.branches(word)?;
                    out.push(if word == "if" { Node::If(pipe, body, other) } else { Node::With(pipe, body, other) });
                }
                "range" => {
                    let (names, args) = match args.split_once(":=") {
                        Some((v, a)) => (v.split(',').map(|n| n.trim().to_owned()).collect(), a.trim()),
                        None => (Vec::new(), args),
                    };
                    let pipe = Self::pipe(args, line, word)?;
                    let (body, other) = self.branches(word)?;
                    out.push(Node::Range(names, pipe, body, other));
                }
                _ => {
                    let assignment = action.split_once(":=").or_else(|| action.split_once(" = "));
                    match assignment.filter(|_| action.starts_with('$')) {
                        Some((name, value)) => {
                            out.push(Node::Assign(name.trim().to_owned(), Self::pipe(value, line, "command")?));
                        }
                        None => out.push(Node::Print(Self::pipe(action, line, "command")?)),
                    }
                }
            }
        }
    }
    /// The body of a block and what stands after its `else`.
    fn branches(&mut self, what: &str) -> Result<(Vec<Node>, Vec<Node>), String> {
        let (body, end) = self.nodes()?;
        match end.as_deref() {
            Some("end") => Ok((body, Vec::new())),
            Some(other) if other.starts_with("else") => {
                let line = self.line();
                let condition = other[4..].trim();
                if let Some(c) = condition.strip_prefix("if ") {
                    let pipe = Self::pipe(c, line, "if")?;
                    let (inner, rest) = self.branches("if")?;
                    return Ok((body, vec![Node::If(pipe, inner, rest)]));
                }
                let (rest, end) = self.nodes()?;
                if end.as_deref() != Some("end") {
                    return Err(format!("{}: unexpected EOF", self.line()));
                }
                Ok((body, rest))
            }
            _ => {
                let _ = what;
                Err(format!("{}: unexpected EOF", self.line()))
            }
        }
    }
    fn pipe(text: &str, line: usize, context: &str) -> Result<Pipe, String> {
        let mut words = Words { chars: text.chars().collect(), at: 0 };
        let pipe = words.pipe().map_err(|why| format!("{line}: {why}"))?;
        if pipe.iter().any(Vec::is_empty) {
            return Err(format!("{line}: missing value for {context}"));
        }
        Ok(pipe)
    }
}

/// Where an action's `}}` stands, outside of quotes.
fn close(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(q), c) if c == q && !escaped => quote = None,
            (None, '"' | '`') => quote = Some(c),
            (None, '}') if text[i..].starts_with("}}") => return Some(i),
            _ => {}
        }
        escaped = false;
    }
    None
}

struct Words {
    chars: Vec<char>,
    at: usize,
}

impl Words {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    fn pipe(&mut self) -> Result<Pipe, String> {
        let mut out = vec![Vec::new()];
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() => self.at += 1,
                ')' => break,
                '|' => {
                    self.at += 1;
                    out.push(Vec::new());
                }
                _ => {
                    let arg = self.arg()?;
                    out.last_mut().expect("one is always there").push(arg);
                }
            }
        }
        Ok(out)
    }
    fn name(&mut self) -> String {
        let from = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        self.chars[from..self.at].iter().collect()
    }
    fn steps(&mut self) -> Vec<String> {
        let mut steps = Vec::new();
        while self.peek() == Some('.') {
            self.at += 1;
            let name = self.name();
            if !name.is_empty() {
                steps.push(name);
            }
        }
        steps
    }
    fn arg(&mut self) -> Result<Arg, String> {
        match self.peek() {
            Some('.') => Ok(Arg::Path(String::new(), self.steps())),
            Some('$') => {
                self.at += 1;
                let name = format!("${}", self.name());
                Ok(Arg::Path(name, self.steps()))
            }
            Some('(') => {
                self.at += 1;
                let inner = self.pipe()?;
                if self.peek() != Some(')') {
                    return Err("unclosed left paren".into());
                }
                self.at += 1;
                Ok(Arg::Pipe(inner, self.steps()))
            }
            Some(q @ ('"' | '`')) => {
                self.at += 1;
                let mut text = String::new();
                loop {
                    match self.peek() {
                        None => {
                            return Err(if q == '"' {
                                "unterminated quoted string"
                            } else {
                                "unterminated raw quoted string"
                            }
                            .into());
                        }
                        Some(c) if c == q => break,
                        Some('\\') if q == '"' => {
                            self.at += 1;
                            text.push(match self.peek() {
                                Some('n') => '\n',
                                Some('t') => '\t',
                                Some('r') => '\r',
                                Some(c) => c,
                                None => '\\',
                            });
                        }
                        Some(c) => text.push(c),
                    }
                    self.at += 1;
                }
                self.at += 1;
                Ok(Arg::Value(text.into()))
            }
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let from = self.at;
                self.at += 1;
                while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '.') {
                    self.at += 1;
                }
                let word: String = self.chars[from..self.at].iter().collect();
                match (word.parse::<i64>(), word.parse::<f64>()) {
                    (Ok(n), _) => Ok(Arg::Value(n.into())),
                    (_, Ok(f)) => Ok(Arg::Value(f.into())),
                    _ => Err(format!("bad number syntax: {word:?}")),
                }
            }
            Some(c) if c.is_alphabetic() || c == '_' => match self.name().as_str() {
                "true" => Ok(Arg::Value(true.into())),
                "false" => Ok(Arg::Value(false.into())),
                "nil" => Ok(Arg::Value(Value::Null)),
                word if eval::is_function(word) => Ok(Arg::Word(word.to_owned())),
                word => Err(format!("function {word:?} not defined")),
            },
            Some(c) => Err(format!("unexpected {c:?} in command")),
            None => Err("unexpected end of command".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let v = Value::from_json(r#"{"items":[{"n":"a","k":1},{"n":"b","k":2}],"m":{"x":"1"},"d":"aGk="}"#).unwrap();
        for (template, want) in [
            ("{{range .items}}{{.n}}{{\"\\n\"}}{{end}}", "a\nb\n"),
            ("{{range $i, $e := .items}}{{$i}}={{$e.n}} {{end}}", "0=a 1=b "),
            ("{{range $k, $v := .m}}{{$k}}:{{$v}}{{end}}", "x:1"),
            ("{{.nope}}", "<no value>"),
            ("{{len .items}} {{(index .items 1).n}}", "2 b"),
            ("{{if eq .m.x \"1\"}}yes{{else}}no{{end}}", "yes"),
            ("{{if .nope}}yes{{else if .m}}m{{end}}", "m"),
            ("{{with .m}}{{.x}}{{end}} {{.d | base64decode}}", "1 hi"),
            ("{{printf \"%s-%d\" .m.x 3}}", "1-3"),
            ("{{range .none}}x{{else}}none{{end}}", "none"),
        ] {
            assert_eq!(Template::parse(template).unwrap().execute(&v).as_deref(), Ok(want), "{template}");
        }
        assert_eq!(Template::parse("{{.a").unwrap_err(), "1: unclosed action");
        assert!(Template::parse("{{foo}}").is_err() && Template::parse("{{end}}").is_err());
    }
}
