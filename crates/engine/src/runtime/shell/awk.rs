//! awk, as far as one-liners use it: patterns, fields, variables, arrays, `if`, `for`, `print` and `printf`.

mod parse;

use std::collections::BTreeMap;

use super::limits::LONGEST_TEXT;
use super::regex::Regex;
use super::{Proc, misc};
use parse::{Expr, Pattern, Reader, Statement, tokens};

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
    /// How many steps it may still take for this line. What then still runs is taken to loop for ever.
    fuel: usize,
    /// It made a text longer than any may be.
    too_big: bool,
}

/// How many steps a line's rules may take, a step for each expression and every `BYTES_PER_STEP` of its value.
const FUEL: usize = 200_000;
const BYTES_PER_STEP: usize = 64;
/// How long a program may be.
const MOST_TOKENS: usize = 5_000;
/// How many fields a line may be given.
const MOST_FIELDS: usize = 32_767;

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
        let tokens = tokens(program)?;
        if tokens.len() > MOST_TOKENS {
            return Err("program is too long".into());
        }
        let mut r = Reader { tokens, at: 0, printing: false, depth: 0 };
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
        Ok((Self { rules, vars, items, fields, line, code: 0, out, fuel: FUEL, too_big: false }, files))
    }
    /// Whether it loops for ever.
    pub fn is_stuck(&self) -> bool {
        self.fuel == 0
    }
    /// Whether it made a text for which there is no memory.
    pub fn is_too_big(&self) -> bool {
        self.too_big
    }
    /// How much text it keeps, in bytes.
    pub fn held_text(&self) -> usize {
        self.vars.values().chain(self.items.values()).map(String::len).sum()
    }
    /// Takes a step that gave so much text.
    fn burn(&mut self, bytes: usize) {
        self.too_big |= bytes > LONGEST_TEXT;
        // What prints without end has printed enough.
        self.fuel = if self.too_big || self.out.len() > LONGEST_TEXT {
            0
        } else {
            self.fuel.saturating_sub(1 + bytes / BYTES_PER_STEP)
        };
    }
    /// What BEGIN prints.
    pub fn begin(&mut self, p: &Proc) -> String {
        for (k, v) in p.script.as_ref().map(|s| s.environment()).unwrap_or_default() {
            self.items.insert(("ENVIRON".into(), k.into_owned()), v.into_owned());
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
        if self.fuel > 0 {
            self.fuel = FUEL;
        }
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
            if self.fuel == 0 {
                return Flow::Exit;
            }
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
                    while flow == Flow::On && self.fuel > 0 && self.truth(cond) {
                        flow = self.run(body);
                        if flow == Flow::On {
                            flow = self.run(step);
                        }
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
        if self.fuel == 0 {
            return String::new();
        }
        let value = self.value(e);
        self.burn(value.len());
        value
    }
    fn value(&mut self, e: &Expr) -> String {
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
                } else if n <= MOST_FIELDS {
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
