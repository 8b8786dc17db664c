//! The little Python that stands in manifests: `print`, `time.sleep`, `sys.exit`, `raise`, assignments, `if` over the
//! environment, `for` over a range. What is not known is passed over.

use std::collections::BTreeMap;

use std::cell::Cell;

use super::limits::LONGEST_TEXT;
use super::play::Play;
use crate::clock::Millis;

/// A value; what is not known is None.
#[derive(Clone, PartialEq, PartialOrd, Debug)]
enum Val {
    None,
    Num(f64),
    Text(String),
}

impl Val {
    fn text(&self) -> String {
        match self {
            Self::None => "None".into(),
            Self::Num(n) => n.to_string(),
            Self::Text(t) => t.clone(),
        }
    }
    fn number(&self) -> f64 {
        match self {
            Self::Num(n) => *n,
            Self::Text(t) => t.trim().parse().unwrap_or(0.0),
            Self::None => 0.0,
        }
    }
    fn truth(&self) -> bool {
        match self {
            Self::None => false,
            Self::Num(n) => *n != 0.0,
            Self::Text(t) => !t.is_empty(),
        }
    }
}

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

struct Run<'a> {
    play: &'a mut Play,
    env: Env<'a>,
    vars: BTreeMap<String, Val>,
    /// How many statements may still run: what then still loops is taken to do so for ever, and is not heard of any more.
    left: u32,
    /// A text became longer than any may be.
    too_big: Cell<bool>,
}

/// How many values an expression may have.
const DEEPEST: u32 = 100;
/// How many statements a program may run: enough for an hour of a loop that sleeps a second.
const STATEMENTS: u32 = 10_000;

/// Plays a program.
pub fn run(play: &mut Play, code: &str, env: Env<'_>) {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for line in code.lines().filter(|l| !l.trim().is_empty() && !l.trim().starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let simple = !line.trim_end().ends_with(':') && !line.contains("if ") && !line.contains("for ");
        let parts = line.split(';').take(if simple { usize::MAX } else { 0 });
        lines.extend(parts.map(|p| (indent, p.trim())));
        if !simple {
            lines.push((indent, line.trim()));
        }
    }
    let mut r = Run { play, env, vars: BTreeMap::new(), left: STATEMENTS, too_big: Cell::new(false) };
    if !r.block(&lines) {
        r.play.wait(30);
    }
}

impl Run<'_> {
    /// Runs lines; says whether the program has ended.
    fn block(&mut self, lines: &[(usize, &str)]) -> bool {
        let (mut i, mut taken) = (0, false);
        while let Some(&(indent, line)) = lines.get(i) {
            let mut inner = &lines[i + 1..];
            inner = &inner[..inner.iter().take_while(|(n, _)| *n > indent).count()];
            i += 1 + inner.len();
            if self.too_big.get() {
                self.play.out_of_memory = true;
                return true;
            }
            if self.left == 0 {
                self.play.never_ends();
                return true;
            }
            self.left -= 1;
            let word = line.split([' ', ':']).next().unwrap_or("");
            if !matches!(word, "if" | "elif" | "else" | "for" | "while" | "try" | "with" | "def" | "except" | "finally")
            {
                if self.statement(line) {
                    return true;
                }
                continue;
            }
            // The colon that ends the head is the last, or the first after which a statement stands.
            let colon = if line.ends_with(':') { line.len() - 1 } else { line.find(": ").unwrap_or(line.len() - 1) };
            let (head, rest) = (line[word.len()..colon].trim(), line[colon..].trim_start_matches(':').trim());
            let one = [(indent + 1, rest)];
            let inner = if rest.is_empty() { inner } else { &one[..] };
            let times = match word {
                "if" => {
                    taken = self.eval(head).truth();
                    usize::from(taken)
                }
                "elif" if !taken => {
                    taken = self.eval(head).truth();
                    usize::from(taken)
                }
                "else" => usize::from(!taken),
                "try" | "with" => 1,
                "while" => usize::MAX,
                "for" => {
                    let range = head.split_once(" in range(").map(|(name, r)| (name, r.trim_end_matches(')')));
                    let Some((name, range)) = range else { continue };
                    let ends: Vec<f64> = range.split(',').map(|e| self.eval(e).number()).collect();
                    let (from, to) = if ends.len() > 1 { (ends[0], ends[1]) } else { (0.0, ends[0]) };
                    for n in (from as i64..to as i64).take(STATEMENTS as usize) {
                        self.vars.insert(name.trim().to_owned(), Val::Num(n as f64));
                        if self.block(inner) {
                            return true;
                        }
                    }
                    0
                }
                _ => 0,
            };
            for _ in 0..times {
                if word == "while" && !self.eval(head).truth() {
                    break;
                }
                if self.block(inner) {
                    return true;
                }
            }
        }
        false
    }
    fn statement(&mut self, line: &str) -> bool {
        let call =
            line.split_once('(').map(|(name, rest)| (name.trim(), rest.rsplit_once(')').map_or(rest, |(a, _)| a)));
        match call {
            Some(("print", args)) => {
                let texts: Vec<String> = self.args(args).iter().map(Val::text).collect();
                self.play.say(0, &texts.join(" "));
            }
            Some(("time.sleep" | "sleep", arg)) => {
                let seconds = self.eval(arg).number();
                self.play.wait((seconds * 1000.0) as Millis);
            }
            Some(("sys.exit" | "exit" | "quit" | "os._exit", arg)) => {
                match self.eval(arg) {
                    Val::Num(n) => self.play.code = n as i64,
                    Val::None => {}
                    Val::Text(t) => {
                        self.play.complain(&t);
                        self.play.code = 1;
                    }
                }
                return true;
            }
            _ if line.starts_with("raise") || line == "1/0" => {
                let error = line.trim_start_matches("raise").trim().replace('(', ": ").replace([')', '"', '\''], "");
                self.play.complain("Traceback (most recent call last):");
                self.play.complain("  File \"<string>\", line 1, in <module>");
                self.play.complain(if line == "1/0" { "ZeroDivisionError: division by zero" } else { &error });
                self.play.code = 1;
                return true;
            }
            _ => {
                if let Some((name, value)) =
                    line.split_once('=').filter(|(n, v)| is_name(n.trim()) && !v.starts_with('='))
                {
                    let value = self.eval(value);
                    self.vars.insert(name.trim().to_owned(), value);
                }
            }
        }
        false
    }
    /// A text that was made, if there is room for it.
    fn text(&self, text: String) -> Val {
        self.too_big.set(self.too_big.get() || text.len() > LONGEST_TEXT);
        if self.too_big.get() { Val::None } else { Val::Text(text) }
    }
    /// `"=" * 20`
    fn repeated(&self, text: &str, times: f64) -> Val {
        let times = times.max(0.0) as usize;
        let fits = text.len().saturating_mul(times) <= LONGEST_TEXT;
        self.too_big.set(self.too_big.get() || !fits);
        if fits { Val::Text(text.repeat(times)) } else { Val::None }
    }
    fn eval(&self, text: &str) -> Val {
        self.eval_within(text, 0)
    }
    fn eval_within(&self, text: &str, depth: u32) -> Val {
        Expr { text: text.as_bytes(), at: 0, of: self, depth }.or()
    }
    /// The arguments of a call; those with names only say how.
    fn args(&self, text: &str) -> Vec<Val> {
        let mut e = Expr { text: text.as_bytes(), at: 0, of: self, depth: 0 };
        let mut out = Vec::new();
        while e.at < text.len() {
            let value = e.or();
            if e.eats("=") {
                e.or();
            } else {
                out.push(value);
            }
            if !e.eats(",") {
                break;
            }
        }
        out
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}

/// An expression, read and reckoned at once.
struct Expr<'a> {
    text: &'a [u8],
    at: usize,
    of: &'a Run<'a>,
    depth: u32,
}

impl Expr<'_> {
    fn eats(&mut self, word: &str) -> bool {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        let after = self.at + word.len();
        let whole = !is_name(word) || !self.text.get(after).is_some_and(u8::is_ascii_alphanumeric);
        let yes = whole && self.text[self.at..].starts_with(word.as_bytes());
        if yes {
            self.at = after;
        }
        yes
    }
    fn or(&mut self) -> Val {
        let mut v = self.and();
        while self.eats("or") {
            let w = self.and();
            v = if v.truth() { v } else { w };
        }
        v
    }
    fn and(&mut self) -> Val {
        let mut v = self.comparison();
        while self.eats("and") {
            let w = self.comparison();
            v = if v.truth() { w } else { v };
        }
        v
    }
    fn comparison(&mut self) -> Val {
        if self.depth <= DEEPEST && self.eats("not") {
            self.depth += 1;
            return Val::Num(f64::from(u8::from(!self.comparison().truth())));
        }
        let a = self.sum();
        for word in ["==", "!=", "<=", ">=", "<", ">", "not in", "in"] {
            if !self.eats(word) {
                continue;
            }
            let b = self.sum();
            let yes = match word {
                "==" => a == b,
                "!=" => a != b,
                "<=" => a <= b,
                ">=" => a >= b,
                "<" => a < b,
                ">" => a > b,
                _ => b.text().contains(&a.text()) == (word == "in"),
            };
            return Val::Num(f64::from(u8::from(yes)));
        }
        a
    }
    fn sum(&mut self) -> Val {
        let mut v = self.product();
        loop {
            if self.eats("+") {
                let w = self.product();
                v = match (&v, &w) {
                    (Val::Num(a), Val::Num(b)) => Val::Num(a + b),
                    _ => self.of.text(v.text() + &w.text()),
                };
            } else if self.eats("-") {
                v = Val::Num(v.number() - self.product().number());
            } else {
                return v;
            }
        }
    }
    fn power(&mut self) -> Val {
        let v = self.atom();
        if self.eats("**") { Val::Num(v.number().powf(self.power().number())) } else { v }
    }
    fn product(&mut self) -> Val {
        let mut v = self.power();
        loop {
            let floor = self.eats("//");
            if floor || self.eats("/") {
                let n = v.number() / self.power().number();
                v = Val::Num(if floor { n.floor() } else { n });
            } else if self.eats("*") {
                let w = self.power();
                v = match (&v, &w) {
                    (Val::Text(t), Val::Num(n)) | (Val::Num(n), Val::Text(t)) => self.of.repeated(t, *n),
                    _ => Val::Num(v.number() * w.number()),
                };
            } else if self.eats("%") {
                let w = self.power();
                v = Val::Num(v.number().rem_euclid(w.number()));
            } else {
                return v;
            }
        }
    }
    fn atom(&mut self) -> Val {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.at = self.text.len();
            return Val::None;
        }
        if self.eats("-") {
            return Val::Num(-self.atom().number());
        }
        if self.eats("(") {
            let v = self.or();
            self.eats(")");
            return v;
        }
        let from = self.at;
        let formatted = self.eats("f\"") || self.eats("f'");
        if formatted || self.eats("\"") || self.eats("'") {
            let quote = self.text[self.at - 1];
            let start = self.at;
            while self.text.get(self.at).is_some_and(|b| *b != quote) {
                self.at += 1;
            }
            let text = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
            self.at += 1;
            self.at = self.at.min(self.text.len());
            return Val::Text(if formatted { self.filled(&text) } else { text.replace("\\n", "\n") });
        }
        let word = |b: &u8| *b == b'_' || *b == b'.' || b.is_ascii_alphanumeric();
        while self.text.get(self.at).is_some_and(word) {
            self.at += 1;
        }
        let name = String::from_utf8_lossy(&self.text[from..self.at]).trim().to_owned();
        if let Ok(n) = name.parse::<f64>() {
            return Val::Num(n);
        }
        let mut args = Vec::new();
        let called = self.eats("(");
        if called || self.eats("[") {
            while !(self.at >= self.text.len() || self.eats(")") || self.eats("]")) {
                let before = self.at;
                args.push(self.or());
                self.eats(",");
                self.at = self.at.max(before + 1);
            }
        }
        let first = args.first().cloned().unwrap_or(Val::None);
        match name.as_str() {
            "int" | "float" | "round" | "abs" => Val::Num(first.number().trunc()),
            "str" => Val::Text(first.text()),
            "len" => Val::Num(first.text().len() as f64),
            "True" => Val::Num(1.0),
            "os.environ.get" | "os.getenv" | "os.environ" => match (self.of.env)(&first.text()) {
                Some(text) => Val::Text(text),
                None => args.get(1).cloned().unwrap_or(Val::None),
            },
            _ => self.of.vars.get(&name).cloned().unwrap_or(Val::None),
        }
    }
    /// The text of `f"..."`.
    fn filled(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inner, tail) = after.split_once('}').unwrap_or((after, ""));
            out = out + before + &self.of.eval_within(inner, self.depth + 1).text();
            rest = tail;
        }
        out + rest
    }
}

#[cfg(test)]
mod tests {
    use super::super::play::Play;
    use super::run;

    #[test]
    fn programs_of_manifests() {
        let env = |name: &str| (name == "INDEX").then(|| "2".to_owned());
        for (code, out, exit) in [
            ("print('a'); print(\"b\", flush=True)", "a\nb", 0),
            ("import os, sys\nprint('x')\nif int(os.environ.get('INDEX')) % 2 == 0:\n  sys.exit(1)\n", "x", 1),
            ("import os\nif os.environ.get(\"INDEX\") == \"2\":\n  exit(0)\nelse:\n  exit(1)", "", 0),
            ("if os.environ['INDEX'] == '3':\n  exit(3)\nelif 1 < 2:\n  print('two')\nprint('end')", "two\nend", 0),
            ("for i in range(2):\n  print(f'n {i + 1}')\n", "n 1\nn 2", 0),
            ("x = 3\nif x > 2 and not x == 4: print('ok')", "ok", 0),
            (
                "raise ValueError('bad')",
                "Traceback (most recent call last):\n  File \"<string>\", line 1, in <module>\nValueError: bad",
                1,
            ),
            ("while True:\n  print('again')", "again", 0),
            ("exit('no')", "no", 1),
            ("print('=' * 3 + '>', 2 * 3 ** 2)", "===> 18", 0),
            ("x = 'a' * 10 ** 9\nprint(len(x))", "", 0),
        ] {
            let mut play = Play::default();
            run(&mut play, code, &env);
            let text = play.texts().into_iter().take(if out == "again" { 1 } else { 9 }).collect::<Vec<_>>().join("\n");
            assert_eq!((text.as_str(), play.code), (out, exit), "{code}");
        }
    }
}
