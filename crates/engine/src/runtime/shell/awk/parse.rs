//! Reading an awk program.

use crate::runtime::shell::limits::DEEPEST_TEXT;

#[derive(Clone, Debug)]
pub enum Expr {
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
pub enum Statement {
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
pub enum Pattern {
    Begin,
    End,
    Always,
    When(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    Name(String),
    Op(&'static str),
    Newline,
}

pub const OPS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "++", "--", "!~", "{", "}", "(", ")", "[", "]",
    ",", ";", "+", "-", "*", "/", "%", "^", "!", "<", ">", "=", "~", "?", ":", "$", "|",
];

pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
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

pub struct Reader {
    pub tokens: Vec<Token>,
    pub at: usize,
    /// In a print list `>` is no comparison.
    pub printing: bool,
    /// How deep this stands in statements and expressions.
    pub depth: u32,
}

impl Reader {
    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }
    pub fn is(&self, op: &str) -> bool {
        matches!(self.peek(), Some(Token::Op(o)) if *o == op)
    }
    fn take(&mut self, op: &str) -> bool {
        let yes = self.is(op);
        self.at += usize::from(yes);
        yes
    }
    pub fn word(&mut self, word: &str) -> bool {
        let yes = matches!(self.peek(), Some(Token::Name(n)) if n == word);
        self.at += usize::from(yes);
        yes
    }
    fn expect(&mut self, op: &str) -> Result<(), String> {
        if self.take(op) { Ok(()) } else { Err(format!("syntax error: expected {op}")) }
    }
    pub fn blank(&mut self) {
        while self.is(";") || self.peek() == Some(&Token::Newline) {
            self.at += 1;
        }
    }
    pub fn block(&mut self) -> Result<Vec<Statement>, String> {
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
        self.deeper(Self::statement_inside)
    }
    fn statement_inside(&mut self) -> Result<Statement, String> {
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
    /// Reads what may hold itself.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth >= DEEPEST_TEXT {
            return Err("syntax error: too deeply nested".into());
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }
    pub fn expr(&mut self) -> Result<Expr, String> {
        self.deeper(Self::assignment)
    }
    fn assignment(&mut self) -> Result<Expr, String> {
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
        self.deeper(Self::signed)
    }
    fn signed(&mut self) -> Result<Expr, String> {
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
            Token::Op("$") => Expr::Field(Box::new(self.deeper(Self::primary)?)),
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
