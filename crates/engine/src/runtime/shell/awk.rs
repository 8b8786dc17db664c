//! awk, as far as one-liners use it: patterns, fields, variables, arrays, `if`, `for`, `print` and `printf`.

use std::collections::BTreeMap;

use super::regex::Regex;
use super::{Proc, misc};

#[derive(Clone, Debug)]
enum Expr {
    Text(String),
    Number(f64),
    Var(String),
    Item(String, Box<Expr>),
    Field(Box<Expr>),
    Regex(String),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Assign(&'static str, Box<Expr>, Box<Expr>),
    /// The step, and whether the value is that after it.
    Step(f64, bool, Box<Expr>),
    Cond(Box<Expr>, Box<Expr>, Box<Expr>),
    In(Box<Expr>, String),
    Call(String, Vec<Expr>),
}

#[derive(Clone, Debug)]
enum Statement {
    Print(Vec<Expr>),
    Printf(Vec<Expr>),
    Expr(Expr),
    If(Expr, Vec<Statement>, Vec<Statement>),
    While(Expr, Vec<Statement>, Vec<Statement>),
    ForIn(String, String, Vec<Statement>),
    Next,
    Exit(Option<Expr>),
}

#[derive(Clone, Debug)]
enum Pattern {
    Begin,
    End,
    Always,
    When(Expr),
}

/// What statements end with.
#[derive(PartialEq)]
enum Flow {
    On,
    Next,
    Exit,
}

/// A running awk.
#[derive(Clone, Debug)]
pub struct Awk {
    rules: Vec<(Pattern, Option<Vec<Statement>>)>,
    vars: BTreeMap<String, String>,
    items: BTreeMap<(String, String), String>,
    fields: Vec<String>,
    line: String,
    code: i64,
    out: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    Op(&'static str),
    Newline,
}

const OPS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "++", "--", "!~", "{", "}", "(", ")", "[", "]",
    ",", ";", "+", "-", "*", "/", "%", "^", "!", "<", ">", "=", "~", "?", ":", "$", "|",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let c: Vec<char> = text.chars().collect();
    let mut out: Vec<Token> = vec![];
    let mut i = 0;
    while i < c.len() {
        match c[i] {
            ' ' | '\t' | '\r' => i += 1,
            '\n' => {
                out.push(Token::Newline);
                i += 1;
            }
            '#' => {
                while i < c.len() && c[i] != '\n' {
                    i += 1;
                }
            }
            '"' => {
                let mut t = String::new();
                i += 1;
                while i < c.len() && c[i] != '"' {
                    if c[i] == '\\' && i + 1 < c.len() {
                        i += 1;
                        t.push(match c[i] {
                            'n' => '\n',
                            't' => '\t',
                            other => other,
                        });
                    } else {
                        t.push(c[i]);
                    }
                    i += 1;
                }
                i += 1;
                out.push(Token::Text(t));
            }
            d if d.is_ascii_digit() || (d == '.' && c.get(i + 1).is_some_and(char::is_ascii_digit)) => {
                let t: String = c[i..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').collect();
                i += t.len();
                out.push(Token::Number(t.parse().unwrap_or(0.0)));
            }
            a if a == '_' || a.is_ascii_alphabetic() => {
                let t: String = c[i..].iter().take_while(|c| **c == '_' || c.is_ascii_alphanumeric()).collect();
                i += t.len();
                out.push(Token::Name(t));
            }
            '/' if !matches!(
                out.last(),
                Some(Token::Number(_) | Token::Text(_) | Token::Name(_) | Token::Op(")" | "]"))
            ) =>
            {
                let mut t = String::new();
                i += 1;
                while i < c.len() && c[i] != '/' {
                    if c[i] == '\\' && c.get(i + 1) == Some(&'/') {
                        i += 1;
                    }
                    t.push(c[i]);
                    i += 1;
                }
                i += 1;
                out.push(Token::Regex(t));
            }
            _ => {
                let op = OPS.iter().find(|op| op.chars().enumerate().all(|(n, o)| c.get(i + n) == Some(&o)));
                let op = op.ok_or_else(|| format!("syntax error at {}", c[i]))?;
                i += op.len();
                out.push(Token::Op(op));
            }
        }
    }
    Ok(out)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// In a print list `>` is no comparison.
    printing: bool,
}

impl Reader {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }
    fn is(&self, op: &str) -> bool {
        matches!(self.peek(), Some(Token::Op(o)) if *o == op)
    }
    fn take(&mut self, op: &str) -> bool {
        let yes = self.is(op);
        self.at += usize::from(yes);
        yes
    }
    fn word(&mut self, word: &str) -> bool {
        let yes = matches!(self.peek(), Some(Token::Name(n)) if n == word);
        self.at += usize::from(yes);
        yes
    }
    fn expect(&mut self, op: &str) -> Result<(), String> {
        if self.take(op) { Ok(()) } else { Err(format!("syntax error: expected {op}")) }
    }
    fn blank(&mut self) {
        while self.is(";") || self.peek() == Some(&Token::Newline) {
            self.at += 1;
        }
    }
    fn block(&mut self) -> Result<Vec<Statement>, String> {
        self.expect("{")?;
        let mut out = vec![];
        loop {
            self.blank();
            if self.take("}") {
                return Ok(out);
            }
            if self.peek().is_none() {
                return Err("syntax error: missing }".into());
            }
            out.push(self.statement()?);
        }
    }
    fn body(&mut self) -> Result<Vec<Statement>, String> {
        while self.peek() == Some(&Token::Newline) {
            self.at += 1;
        }
        if self.is("{") {
            return self.block();
        }
        let one = self.statement()?;
        Ok(vec![one])
    }
    fn list(&mut self) -> Result<Vec<Expr>, String> {
        let ends = |r: &Self| {
            matches!(r.peek(), None | Some(Token::Newline))
                || r.is(";")
                || r.is("}")
                || r.is(")")
                || r.is(">")
                || r.is("|")
        };
        let mut out = vec![];
        while !ends(self) {
            out.push(self.expr()?);
            if !self.take(",") {
                break;
            }
        }
        Ok(out)
    }
    fn statement(&mut self) -> Result<Statement, String> {
        if self.word("print") {
            self.printing = true;
            let list = self.list();
            self.printing = false;
            return Ok(Statement::Print(list?));
        }
        if self.word("printf") {
            self.printing = true;
            let bracket = self.take("(");
            let list = self.list();
            if bracket {
                self.expect(")")?;
            }
            self.printing = false;
            return Ok(Statement::Printf(list?));
        }
        if self.word("next") {
            return Ok(Statement::Next);
        }
        if self.word("exit") {
            return Ok(Statement::Exit(self.list()?.into_iter().next()));
        }
        if self.word("if") {
            self.expect("(")?;
            let cond = self.expr()?;
            self.expect(")")?;
            let yes = self.body()?;
            let back = self.at;
            self.blank();
            let no = if self.word("else") {
                self.body()?
            } else {
                self.at = back;
                vec![]
            };
            return Ok(Statement::If(cond, yes, no));
        }
        if self.word("while") {
            self.expect("(")?;
            let cond = self.expr()?;
            self.expect(")")?;
            return Ok(Statement::While(cond, self.body()?, vec![]));
        }
        if self.word("for") {
            self.expect("(")?;
            if let (Some(Token::Name(v)), Some(Token::Name(i)), Some(Token::Name(a))) =
                (self.tokens.get(self.at), self.tokens.get(self.at + 1), self.tokens.get(self.at + 2))
                && i == "in"
            {
                let (v, a) = (v.clone(), a.clone());
                self.at += 3;
                self.expect(")")?;
                return Ok(Statement::ForIn(v, a, self.body()?));
            }
            let init = Statement::Expr(self.expr()?);
            self.expect(";")?;
            let cond = self.expr()?;
            self.expect(";")?;
            let step = Statement::Expr(self.expr()?);
            self.expect(")")?;
            let body = self.body()?;
            return Ok(Statement::If(Expr::Number(1.0), vec![init, Statement::While(cond, body, vec![step])], vec![]));
        }
        Ok(Statement::Expr(self.expr()?))
    }
    fn expr(&mut self) -> Result<Expr, String> {
        let left = self.ternary()?;
        for op in ["=", "+=", "-=", "*=", "/=", "%="] {
            if self.take(op) {
                let right = self.expr()?;
                let op = OPS.iter().find(|o| **o == op).expect("it is in the list");
                return Ok(Expr::Assign(op, Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }
    fn ternary(&mut self) -> Result<Expr, String> {
        let cond = self.binary(0)?;
        if !self.take("?") {
            return Ok(cond);
        }
        let yes = self.expr()?;
        self.expect(":")?;
        let no = self.expr()?;
        Ok(Expr::Cond(Box::new(cond), Box::new(yes), Box::new(no)))
    }
    fn binary(&mut self, level: usize) -> Result<Expr, String> {
        const LEVELS: [&[&str]; 7] = [
            &["||"],
            &["&&"],
            &["~", "!~"],
            &["==", "!=", "<=", ">=", "<", ">"],
            &[" "],
            &["+", "-"],
            &["*", "/", "%"],
        ];
        let Some(ops) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        if level == 2 && self.word("in") {
            let Some(Token::Name(array)) = self.peek().cloned() else { return Err("syntax error at in".into()) };
            self.at += 1;
            return Ok(Expr::In(Box::new(left), array));
        }
        'next: loop {
            for op in *ops {
                let joins = *op == " "
                    && match self.peek() {
                        Some(Token::Number(_) | Token::Text(_)) => true,
                        Some(Token::Name(n)) => n != "in",
                        Some(Token::Op(o)) => matches!(*o, "$" | "("),
                        _ => false,
                    };
                if joins || (!(self.printing && *op == ">") && self.take(op)) {
                    let right = self.binary(level + 1)?;
                    left = Expr::Binary(op, Box::new(left), Box::new(right));
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }
    fn unary(&mut self) -> Result<Expr, String> {
        if self.take("!") {
            return Ok(Expr::Not(Box::new(self.unary()?)));
        }
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.unary()?)));
        }
        if self.take("+") {
            return self.unary();
        }
        for (op, by) in [("++", 1.0), ("--", -1.0)] {
            if self.take(op) {
                return Ok(Expr::Step(by, true, Box::new(self.unary()?)));
            }
        }
        let base = self.primary()?;
        if self.take("^") {
            return Ok(Expr::Binary("^", Box::new(base), Box::new(self.unary()?)));
        }
        for (op, by) in [("++", 1.0), ("--", -1.0)] {
            if self.take(op) {
                return Ok(Expr::Step(by, false, Box::new(base)));
            }
        }
        Ok(base)
    }
    fn primary(&mut self) -> Result<Expr, String> {
        let token = self.peek().cloned().ok_or("syntax error: unexpected end")?;
        self.at += 1;
        Ok(match token {
            Token::Number(n) => Expr::Number(n),
            Token::Text(t) => Expr::Text(t),
            Token::Regex(r) => Expr::Regex(r),
            Token::Op("$") => Expr::Field(Box::new(self.primary()?)),
            Token::Op("(") => {
                let printing = std::mem::take(&mut self.printing);
                let inner = self.expr();
                self.printing = printing;
                let inner = inner?;
                self.expect(")")?;
                inner
            }
            Token::Name(n) => {
                if self.take("[") {
                    let key = self.expr()?;
                    self.expect("]")?;
                    Expr::Item(n, Box::new(key))
                } else if self.take("(") {
                    let args = self.list()?;
                    self.expect(")")?;
                    Expr::Call(n, args)
                } else if n == "length" {
                    Expr::Call(n, vec![])
                } else {
                    Expr::Var(n)
                }
            }
            other => return Err(format!("syntax error near {other:?}")),
        })
    }
}

fn number(text: &str) -> f64 {
    let t = text.trim();
    let end = t
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || (*i == 0 && matches!(c, '-' | '+'))))
        .map_or(t.len(), |(i, _)| i);
    t[..end].parse().unwrap_or(0.0)
}

fn show(n: f64) -> String {
    if n.fract() == 0.0 && n.abs() < 1e15 {
        return format!("{n:.0}");
    }
    // Six significant digits, as CONVFMT has it.
    let digits = (5 - n.abs().log10().floor() as i32).clamp(0, 20) as usize;
    let text = format!("{n:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn looks_numeric(text: &str) -> bool {
    !text.trim().is_empty() && text.trim().parse::<f64>().is_ok()
}

impl Awk {
    /// Reads the arguments. Returns the files, too.
    pub fn new(args: &[&str]) -> Result<(Self, Vec<String>), String> {
        let mut vars = BTreeMap::from([("FS".to_owned(), " ".to_owned()), ("OFS".to_owned(), " ".to_owned())]);
        let (mut program, mut files) = (None, vec![]);
        let mut i = 0;
        while let Some(arg) = args.get(i) {
            i += 1;
            let mut value = |own: &str| {
                if own.is_empty() {
                    i += 1;
                    args.get(i - 1).copied().unwrap_or("").to_owned()
                } else {
                    own.to_owned()
                }
            };
            if let Some(own) = arg.strip_prefix("-F") {
                let separator = value(own).replace("\\t", "\t");
                vars.insert("FS".into(), separator);
            } else if let Some(own) = arg.strip_prefix("-v") {
                if let Some((k, v)) = value(own).split_once('=') {
                    vars.insert(k.to_owned(), v.to_owned());
                }
            } else if program.is_none() {
                program = Some(*arg);
            } else {
                files.push((*arg).to_owned());
            }
        }
        let program = program.ok_or("no program text")?;
        let mut r = Reader { tokens: tokens(program)?, at: 0, printing: false };
        let mut rules = vec![];
        loop {
            r.blank();
            if r.peek().is_none() {
                break;
            }
            let pattern = if r.word("BEGIN") {
                Pattern::Begin
            } else if r.word("END") {
                Pattern::End
            } else if r.is("{") {
                Pattern::Always
            } else {
                Pattern::When(r.expr()?)
            };
            let action = if r.is("{") { Some(r.block()?) } else { None };
            rules.push((pattern, action));
        }
        let items = BTreeMap::new();
        let (fields, line, out) = (vec![], String::new(), String::new());
        Ok((Self { rules, vars, items, fields, line, code: 0, out }, files))
    }
    /// What BEGIN prints.
    pub fn begin(&mut self, p: &Proc) -> String {
        for (k, v) in p.script.as_ref().map(|s| s.environment()).unwrap_or_default() {
            self.items.insert(("ENVIRON".into(), k), v);
        }
        self.run_rules(|p| matches!(p, Pattern::Begin));
        std::mem::take(&mut self.out)
    }
    /// What comes of a line, and whether awk ends.
    pub fn line(&mut self, line: &str, n: usize) -> (String, bool) {
        self.vars.insert("NR".into(), n.to_string());
        self.vars.insert("FNR".into(), n.to_string());
        line.clone_into(&mut self.line);
        self.split();
        let flow = self.run_rules(|p| matches!(p, Pattern::Always | Pattern::When(_)));
        (std::mem::take(&mut self.out), flow == Flow::Exit)
    }
    /// What END prints, and the status.
    pub fn finish(&mut self) -> (String, i64) {
        self.run_rules(|p| matches!(p, Pattern::End));
        (std::mem::take(&mut self.out), self.code)
    }
    fn split(&mut self) {
        let separator = self.var("FS");
        self.fields = pieces(&self.line, &separator);
        self.vars.insert("NF".into(), self.fields.len().to_string());
    }
    fn var(&self, name: &str) -> String {
        self.vars.get(name).cloned().unwrap_or_default()
    }
    fn run_rules(&mut self, wanted: impl Fn(&Pattern) -> bool) -> Flow {
        for (pattern, action) in self.rules.clone() {
            if !wanted(&pattern) {
                continue;
            }
            if let Pattern::When(e) = &pattern
                && !self.truth(e)
            {
                continue;
            }
            match action {
                None => self.out += &format!("{}\n", self.line),
                Some(list) => match self.run(&list) {
                    Flow::On => {}
                    Flow::Next => return Flow::Next,
                    Flow::Exit => return Flow::Exit,
                },
            }
        }
        Flow::On
    }
    fn run(&mut self, list: &[Statement]) -> Flow {
        for s in list {
            let flow = match s {
                Statement::Print(list) => {
                    let parts: Vec<String> = list.iter().map(|e| self.eval(e)).collect();
                    let text = if list.is_empty() { self.line.clone() } else { parts.join(&self.var("OFS")) };
                    self.out += &format!("{text}\n");
                    Flow::On
                }
                Statement::Printf(list) => {
                    let parts: Vec<String> = list.iter().map(|e| self.eval(e)).collect();
                    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
                    self.out += &misc::printf(&words).0;
                    Flow::On
                }
                Statement::Expr(e) => {
                    self.eval(e);
                    Flow::On
                }
                Statement::If(cond, yes, no) => {
                    if self.truth(cond) {
                        self.run(yes)
                    } else {
                        self.run(no)
                    }
                }
                Statement::While(cond, body, step) => {
                    let mut flow = Flow::On;
                    let mut left = 100_000;
                    while flow == Flow::On && left > 0 && self.truth(cond) {
                        flow = self.run(body);
                        if flow == Flow::On {
                            flow = self.run(step);
                        }
                        left -= 1;
                    }
                    flow
                }
                Statement::ForIn(var, array, body) => {
                    let keys: Vec<String> =
                        self.items.keys().filter(|(a, _)| a == array).map(|(_, k)| k.clone()).collect();
                    let mut flow = Flow::On;
                    for key in keys {
                        self.vars.insert(var.clone(), key);
                        flow = self.run(body);
                        if flow != Flow::On {
                            break;
                        }
                    }
                    flow
                }
                Statement::Next => Flow::Next,
                Statement::Exit(code) => {
                    if let Some(e) = code {
                        self.code = number(&self.eval(e)) as i64;
                    }
                    Flow::Exit
                }
            };
            if flow != Flow::On {
                return flow;
            }
        }
        Flow::On
    }
    fn truth(&mut self, e: &Expr) -> bool {
        let text = self.eval(e);
        if looks_numeric(&text) { number(&text) != 0.0 } else { !text.is_empty() }
    }
    fn matches(&mut self, text: &str, e: &Expr) -> bool {
        let pattern = match e {
            Expr::Regex(r) => r.clone(),
            e => self.eval(e),
        };
        Regex::new(&pattern, true, false).is_some_and(|r| r.is_match(text))
    }
    fn eval(&mut self, e: &Expr) -> String {
        match e {
            Expr::Text(t) => t.clone(),
            Expr::Number(n) => show(*n),
            Expr::Var(n) => self.var(n),
            Expr::Item(a, k) => {
                let key = (a.clone(), self.eval(k));
                self.items.entry(key).or_default().clone()
            }
            Expr::Field(n) => {
                let n = number(&self.eval(n)) as usize;
                if n == 0 { self.line.clone() } else { self.fields.get(n - 1).cloned().unwrap_or_default() }
            }
            Expr::Regex(_) => {
                let line = self.line.clone();
                u8::from(self.matches(&line, e)).to_string()
            }
            Expr::Not(e) => u8::from(!self.truth(e)).to_string(),
            Expr::Negative(e) => show(-number(&self.eval(e))),
            Expr::Cond(c, a, b) => {
                if self.truth(c) {
                    self.eval(a)
                } else {
                    self.eval(b)
                }
            }
            Expr::In(k, a) => {
                let key = (a.clone(), self.eval(k));
                u8::from(self.items.contains_key(&key)).to_string()
            }
            Expr::Assign(op, to, value) => {
                let mut value = self.eval(value);
                if *op != "=" {
                    let now = self.eval(to);
                    value = show(arithmetic(&op[..1], number(&now), number(&value)));
                }
                self.assign(to, value.clone());
                value
            }
            Expr::Step(by, after, to) => {
                let now = number(&self.eval(to));
                self.assign(to, show(now + by));
                show(if *after { now + by } else { now })
            }
            Expr::Binary(op, a, b) => self.binary(op, a, b),
            Expr::Call(name, args) => self.call(name, args),
        }
    }
    fn binary(&mut self, op: &str, a: &Expr, b: &Expr) -> String {
        let flag = |yes: bool| u8::from(yes).to_string();
        match op {
            "&&" => return flag(self.truth(a) && self.truth(b)),
            "||" => return flag(self.truth(a) || self.truth(b)),
            "~" | "!~" => {
                let text = self.eval(a);
                return flag(self.matches(&text, b) == (op == "~"));
            }
            _ => {}
        }
        let (x, y) = (self.eval(a), self.eval(b));
        match op {
            " " => x + &y,
            "==" | "!=" | "<" | ">" | "<=" | ">=" => {
                let order =
                    if looks_numeric(&x) && looks_numeric(&y) { number(&x).total_cmp(&number(&y)) } else { x.cmp(&y) };
                flag(match op {
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    "<" => order.is_lt(),
                    ">" => order.is_gt(),
                    "<=" => order.is_le(),
                    _ => order.is_ge(),
                })
            }
            _ => show(arithmetic(op, number(&x), number(&y))),
        }
    }
    fn assign(&mut self, to: &Expr, value: String) {
        match to {
            Expr::Var(n) => {
                self.vars.insert(n.clone(), value);
            }
            Expr::Item(a, k) => {
                let key = (a.clone(), self.eval(k));
                self.items.insert(key, value);
            }
            Expr::Field(n) => {
                let n = number(&self.eval(n)) as usize;
                if n == 0 {
                    self.line = value;
                    self.split();
                } else {
                    if self.fields.len() < n {
                        self.fields.resize(n, String::new());
                    }
                    self.fields[n - 1] = value;
                    self.line = self.fields.join(&self.var("OFS"));
                    self.vars.insert("NF".into(), self.fields.len().to_string());
                }
            }
            _ => {}
        }
    }
    fn call(&mut self, name: &str, args: &[Expr]) -> String {
        let values: Vec<String> = match (name, args) {
            ("split", [text, Expr::Var(_), rest @ ..]) => {
                let mut v = vec![self.eval(text), String::new()];
                v.extend(rest.iter().map(|e| self.eval(e)).collect::<Vec<_>>());
                v
            }
            ("sub" | "gsub" | "match", _) => vec![],
            _ => args.iter().map(|e| self.eval(e)).collect(),
        };
        let arg = |i: usize| values.get(i).cloned().unwrap_or_default();
        match name {
            "length" => {
                let text = values.first().cloned().unwrap_or_else(|| self.line.clone());
                text.chars().count().to_string()
            }
            "substr" => {
                let text: Vec<char> = arg(0).chars().collect();
                let from = (number(&arg(1)) as i64 - 1).max(0) as usize;
                let len = values.get(2).map_or(usize::MAX, |n| number(n).max(0.0) as usize);
                text.iter().skip(from).take(len).collect()
            }
            "index" => arg(0).find(&arg(1)).map_or(0, |i| i + 1).to_string(),
            "toupper" => arg(0).to_uppercase(),
            "tolower" => arg(0).to_lowercase(),
            "int" => show(number(&arg(0)).trunc()),
            "sqrt" => show(number(&arg(0)).sqrt()),
            "sprintf" => {
                let words: Vec<&str> = values.iter().map(String::as_str).collect();
                misc::printf(&words).0
            }
            "split" => {
                let Some(Expr::Var(array)) = args.get(1) else { return "0".into() };
                let separator = if values.len() > 2 { arg(2) } else { self.var("FS") };
                let parts = pieces(&arg(0), &separator);
                self.items.retain(|(a, _), _| a != array);
                for (i, part) in parts.iter().enumerate() {
                    self.items.insert((array.clone(), (i + 1).to_string()), part.clone());
                }
                parts.len().to_string()
            }
            "sub" | "gsub" => {
                let whole = Expr::Field(Box::new(Expr::Number(0.0)));
                let target = args.get(2).unwrap_or(&whole).clone();
                let text = self.eval(&target);
                let with = args.get(1).map(|e| self.eval(e)).unwrap_or_default();
                let pattern = match args.first() {
                    Some(Expr::Regex(r)) => r.clone(),
                    Some(e) => self.eval(e),
                    None => return "0".into(),
                };
                let Some(regex) = Regex::new(&pattern, true, false) else { return "0".into() };
                let (new, hit) = super::sed::substitute(&regex, &text, &with, name == "gsub");
                if hit {
                    self.assign(&target, new);
                }
                u8::from(hit).to_string()
            }
            "match" => match args {
                [text, e] => {
                    let text = self.eval(text);
                    u8::from(self.matches(&text, e)).to_string()
                }
                _ => "0".into(),
            },
            _ => String::new(),
        }
    }
}

fn arithmetic(op: &str, a: f64, b: f64) -> f64 {
    match op {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => a.powf(b),
    }
}

/// The fields of a line.
fn pieces(line: &str, separator: &str) -> Vec<String> {
    let mut chars = separator.chars();
    match (chars.next(), chars.next()) {
        (None | Some(' '), None) => line.split_whitespace().map(str::to_owned).collect(),
        _ if line.is_empty() => vec![],
        (Some(c), None) => line.split(c).map(str::to_owned).collect(),
        _ => {
            let Some(regex) = Regex::new(separator, true, false) else { return vec![line.to_owned()] };
            let text: Vec<char> = line.chars().collect();
            let (mut out, mut at) = (vec![], 0);
            while let Some((from, to, _)) = regex.find(&text, at).filter(|m| m.1 > m.0) {
                out.push(text[at..from].iter().collect());
                at = to;
            }
            out.push(text[at..].iter().collect());
            out
        }
    }
}
