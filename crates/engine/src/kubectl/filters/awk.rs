//! awk, as far as columns are picked with it: `{print $1, $3}`, a condition or a pattern in front.

use super::super::pattern::Pattern;
use super::{Filtered, Options};

/// `{print $1, $2}` with a condition: `/x/`, `NR>1`, `$3 == "Running"`.
pub(super) fn awk(o: &Options<'_>, lines: &[&str]) -> Filtered {
    let unknown = || Filtered::wrong("awk: only `CONDITION {print FIELDS}` is simulated".to_owned());
    let Some(script) = o.rest.first().map(|s| s.trim()) else { return unknown() };
    let (condition, action) = match script.split_once('{') {
        Some((c, a)) => (c.trim(), a.trim().trim_end_matches('}').trim().trim_end_matches(';')),
        None => (script, "print"),
    };
    let Some(printed) = action.strip_prefix("print") else { return unknown() };
    let separator = o.value('F');
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        let fields: Vec<&str> = match separator {
            Some(s) if s != " " => line.split(s).collect(),
            _ => line.split_whitespace().collect(),
        };
        let value = |term: &str| -> Option<String> {
            let term = term.trim();
            if let Some(text) = term.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
                return Some(text.replace("\\t", "\t").replace("\\n", "\n"));
            }
            Some(match term {
                "NR" => (i + 1).to_string(),
                "NF" => fields.len().to_string(),
                "$0" => (*line).to_owned(),
                "$NF" => fields.last().copied().unwrap_or("").to_owned(),
                _ => match term.strip_prefix('$') {
                    Some(n) => match n.parse::<usize>().ok()?.checked_sub(1) {
                        Some(n) => fields.get(n).copied().unwrap_or("").to_owned(),
                        None => (*line).to_owned(),
                    },
                    None => term.parse::<f64>().ok().map(|_| term.to_owned())?,
                },
            })
        };
        let mut holds = true;
        for clause in condition.split("&&").map(str::trim).filter(|c| !c.is_empty()) {
            let Some(hit) = awk_clause(clause, line, &value) else { return unknown() };
            holds &= hit;
        }
        if !holds {
            continue;
        }
        let mut columns = Vec::new();
        for column in split_unquoted(printed.trim(), ',') {
            let mut text = String::new();
            for term in split_unquoted(&column, ' ').iter().filter(|t| !t.is_empty()) {
                let Some(v) = value(term) else { return unknown() };
                text += &v;
            }
            columns.push(text);
        }
        let text = if printed.trim().is_empty() { (*line).to_owned() } else { columns.join(" ") };
        out += &text;
        out.push('\n');
    }
    Filtered::out(out)
}

/// Whether a condition of `awk` holds; none where it is not understood.
fn awk_clause(clause: &str, line: &str, value: &dyn Fn(&str) -> Option<String>) -> Option<bool> {
    let expression = |t: &str| {
        let text = t.trim().strip_prefix('/')?.strip_suffix('/')?;
        Pattern::new(text, true, false)
    };
    if let Some(pattern) = expression(clause) {
        return Some(pattern.is_in(line));
    }
    for operator in ["!~", "~", "==", "!=", ">=", "<=", ">", "<"] {
        let Some((left, right)) = clause.split_once(operator) else { continue };
        let left = value(left)?;
        if let Some(pattern) = expression(right) {
            return Some(pattern.is_in(&left) == (operator == "~"));
        }
        let right = value(right)?;
        let order = match (left.parse::<f64>(), right.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => left.cmp(&right),
        };
        return Some(match operator {
            "==" => order.is_eq(),
            "!=" => order.is_ne(),
            ">=" => order.is_ge(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            _ => order.is_lt(),
        });
    }
    None
}

/// Splits at a character that is not in double quotes.
fn split_unquoted(text: &str, at: char) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        quoted ^= c == '"';
        if c == at && !quoted {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out
}
