//! Arithmetic: `$(( ... ))`, `(( ... ))` and the numbers of `test` and `expr`.

use super::limits::DEEPEST_TEXT;

/// What an expression reads and sets variables with.
pub trait Vars {
    /// The value of a variable, empty where it is not set.
    fn get(&self, name: &str) -> String;
    /// Sets a variable.
    fn set(&mut self, name: &str, value: i64);
}

struct Eval<'a> {
    text: Vec<char>,
    at: usize,
    vars: &'a mut dyn Vars,
    depth: u32,
    /// How many brackets and signs this stands in.
    nested: u32,
}

/// Evaluates an expression.
pub fn evaluate(text: &str, vars: &mut dyn Vars) -> Result<i64, String> {
    evaluate_at(text, vars, 0)
}

fn evaluate_at(text: &str, vars: &mut dyn Vars, depth: u32) -> Result<i64, String> {
    if text.trim().is_empty() {
        return Ok(0);
    }
    if depth > 16 {
        return Err(format!("arithmetic expression: recursion: \"{text}\""));
    }
    let mut e = Eval { text: text.chars().collect(), at: 0, vars, depth, nested: 0 };
    let mut value = e.assign()?;
    while e.take(",") {
        value = e.assign()?;
    }
    e.space();
    if e.at < e.text.len() {
        return Err(format!("arithmetic expression: expecting EOF: \"{text}\""));
    }
    Ok(value)
}

const BINARY: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];

fn apply(op: &str, a: i64, b: i64) -> Result<i64, String> {
    Ok(match op {
        "||" => i64::from(a != 0 || b != 0),
        "&&" => i64::from(a != 0 && b != 0),
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<<" => a.wrapping_shl(b as u32),
        ">>" => a.wrapping_shr(b as u32),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "**" => (0..b.clamp(0, 64)).fold(1, |n: i64, _| n.wrapping_mul(a)),
        _ if b == 0 => return Err("arithmetic expression: division by zero".into()),
        "/" => a.wrapping_div(b),
        _ => a.wrapping_rem(b),
    })
}

impl Eval<'_> {
    fn space(&mut self) {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
    }
    fn looking_at(&self, op: &str) -> bool {
        op.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c))
    }
    fn take(&mut self, op: &str) -> bool {
        self.space();
        let yes = self.looking_at(op);
        if yes {
            self.at += op.len();
        }
        yes
    }
    fn bad<T>(&self) -> Result<T, String> {
        Err(format!("arithmetic expression: expecting primary: \"{}\"", self.text.iter().collect::<String>()))
    }
    fn name(&mut self) -> Option<String> {
        self.space();
        let rest = &self.text[self.at.min(self.text.len())..];
        if !rest.first().is_some_and(|c| *c == '_' || c.is_ascii_alphabetic()) {
            return None;
        }
        let name: String = rest.iter().take_while(|c| **c == '_' || c.is_ascii_alphanumeric()).collect();
        self.at += name.len();
        Some(name)
    }
    fn value_of(&mut self, name: &str) -> Result<i64, String> {
        let text = self.vars.get(name);
        match text.trim().parse() {
            Ok(n) => Ok(n),
            Err(_) => evaluate_at(&text, self.vars, self.depth + 1),
        }
    }
    fn assign(&mut self) -> Result<i64, String> {
        let start = self.at;
        if let Some(name) = self.name() {
            self.space();
            for op in ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^="] {
                if self.looking_at(op) && !(op == "=" && self.looking_at("==")) {
                    self.at += op.len();
                    let right = self.assign()?;
                    let value =
                        if op == "=" { right } else { apply(&op[..op.len() - 1], self.value_of(&name)?, right)? };
                    self.vars.set(&name, value);
                    return Ok(value);
                }
            }
            self.at = start;
        }
        let cond = self.binary(0)?;
        if !self.take("?") {
            return Ok(cond);
        }
        let a = self.assign()?;
        if !self.take(":") {
            return self.bad();
        }
        let b = self.assign()?;
        Ok(if cond != 0 { a } else { b })
    }
    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(ops) = BINARY.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        'next: loop {
            self.space();
            for op in *ops {
                let longer = |o: &str| self.looking_at(o);
                let other = match *op {
                    "|" => longer("||") || longer("|="),
                    "&" => longer("&&") || longer("&="),
                    "<" => longer("<<"),
                    ">" => longer(">>"),
                    "*" => longer("**"),
                    _ => false,
                };
                if self.looking_at(op) && !other {
                    self.at += op.len();
                    let right = self.binary(level + 1)?;
                    left = apply(op, left, right)?;
                    continue 'next;
                }
            }
            return Ok(left);
        }
    }
    fn unary(&mut self) -> Result<i64, String> {
        if self.nested >= DEEPEST_TEXT {
            return Err("arithmetic expression: expression recursion level exceeded".into());
        }
        self.nested += 1;
        let value = self.unary_inside();
        self.nested -= 1;
        value
    }
    fn unary_inside(&mut self) -> Result<i64, String> {
        for op in ["++", "--"] {
            if self.take(op) {
                if let Some(name) = self.name() {
                    let value = self.value_of(&name)?.wrapping_add(if op == "++" { 1 } else { -1 });
                    self.vars.set(&name, value);
                    return Ok(value);
                }
                self.at -= 2;
                break;
            }
        }
        if self.take("-") {
            return Ok(self.unary()?.wrapping_neg());
        }
        if self.take("+") {
            return self.unary();
        }
        if self.take("!") {
            return Ok(i64::from(self.unary()? == 0));
        }
        if self.take("~") {
            return Ok(!self.unary()?);
        }
        let base = self.primary()?;
        if self.take("**") { apply("**", base, self.unary()?) } else { Ok(base) }
    }
    fn primary(&mut self) -> Result<i64, String> {
        if self.take("(") {
            let value = self.assign()?;
            return if self.take(")") { Ok(value) } else { self.bad() };
        }
        if let Some(name) = self.name() {
            let value = self.value_of(&name)?;
            for (op, by) in [("++", 1), ("--", -1)] {
                if self.looking_at(op) {
                    self.at += 2;
                    self.vars.set(&name, value.wrapping_add(by));
                }
            }
            return Ok(value);
        }
        self.space();
        let digits: String =
            self.text[self.at.min(self.text.len())..].iter().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if digits.is_empty() {
            return self.bad();
        }
        self.at += digits.len();
        let parsed = if let Some(hex) = digits.strip_prefix("0x") {
            i64::from_str_radix(hex, 16)
        } else if digits.len() > 1 && digits.starts_with('0') {
            i64::from_str_radix(&digits[1..], 8)
        } else {
            digits.parse()
        };
        parsed.or_else(|_| self.bad())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    impl Vars for BTreeMap<String, String> {
        fn get(&self, name: &str) -> String {
            BTreeMap::get(self, name).cloned().unwrap_or_default()
        }
        fn set(&mut self, name: &str, value: i64) {
            self.insert(name.into(), value.to_string());
        }
    }

    #[test]
    fn expressions() {
        let mut vars = BTreeMap::from([("n".to_owned(), "5".to_owned())]);
        for (text, want) in [
            ("1 + 2 * 3", 7),
            ("(1 + 2) * 3", 9),
            ("n * 2", 10),
            ("n % 3 == 2 && n > 4", 1),
            ("7 / 2", 3),
            ("-n + 1", -4),
            ("n++", 5),
            ("n", 6),
            ("n += 4", 10),
            ("x = n > 3 ? 1 : 2", 1),
            ("2 ** 10", 1024),
            ("0x10 + 010", 24),
            ("1 << 4", 16),
            ("!n", 0),
            ("", 0),
            ("undefined + 1", 1),
        ] {
            assert_eq!(evaluate(text, &mut vars), Ok(want), "{text}");
        }
        assert!(evaluate("1 / 0", &mut vars).unwrap_err().contains("division by zero"));
        assert!(evaluate("1 +", &mut vars).is_err());
    }
}
