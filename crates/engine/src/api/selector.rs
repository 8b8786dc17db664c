//! Selectors: which objects are meant, by their labels or by a few fields.
//!
//! Models apimachinery `pkg/labels/selector.go`, `pkg/fields/selector.go` and `LabelSelectorAsSelector`.

use std::fmt;

use super::field::{FieldError, Path, aggregate};
use super::text::go_quote;
use super::{Value, content};

mod parse;

/// How a label is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// `k in (a,b)`
    In,
    /// `k notin (a,b)`
    NotIn,
    /// `k=v`
    Equals,
    /// `k==v`
    DoubleEquals,
    /// `k!=v`
    NotEquals,
    /// `k`
    Exists,
    /// `!k`
    DoesNotExist,
    /// `k>1`
    GreaterThan,
    /// `k<1`
    LessThan,
}

/// One condition on a label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// The comparison.
    pub operator: Operator,
    /// What it is compared with.
    pub values: Vec<String>,
}

impl Requirement {
    /// A condition, checked. Models `labels.NewRequirement`.
    pub fn new(key: &str, operator: Operator, values: Vec<String>) -> Result<Self, String> {
        let mut errors = Vec::new();
        let listed = || Value::array(values.iter().map(Value::from));
        let path = Path::new("values");
        let messages = content::label_key(key);
        if !messages.is_empty() {
            errors.push(FieldError::invalid(&Path::new("key"), key, messages.join("; ")));
        }
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                errors.push(FieldError::invalid(
                    &path,
                    listed(),
                    "for 'in', 'notin' operators, values set can't be empty",
                ));
            }
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                errors.push(FieldError::invalid(
                    &path,
                    listed(),
                    "values set must be empty for exists and does not exist",
                ));
            }
            Operator::GreaterThan | Operator::LessThan => {
                for (i, v) in values.iter().enumerate().filter(|(_, v)| v.parse::<i64>().is_err()) {
                    errors.push(FieldError::invalid(
                        &path.index(i),
                        v.as_str(),
                        "for 'Gt', 'Lt' operators, the value must be an integer",
                    ));
                }
            }
            _ => {}
        }
        for (i, v) in values.iter().enumerate() {
            let messages = content::label_value(v);
            if !messages.is_empty() {
                errors.push(FieldError::invalid(&path.index(i).key(key), v.as_str(), messages.join("; ")));
            }
        }
        if errors.is_empty() { Ok(Self { key: key.to_owned(), operator, values }) } else { Err(aggregate(&errors)) }
    }
    /// Whether labels (an object of texts, or null) fulfil it.
    pub fn matches(&self, labels: &Value) -> bool {
        let label = labels.get(&self.key).and_then(Value::as_str);
        let listed = |l: &str| self.values.iter().any(|v| v == l);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => label.is_some_and(listed),
            Operator::NotIn | Operator::NotEquals => !label.is_some_and(listed),
            Operator::Exists => label.is_some(),
            Operator::DoesNotExist => label.is_none(),
            Operator::GreaterThan | Operator::LessThan => {
                let number = |s: &str| s.parse::<i64>().ok();
                match (label.and_then(number), self.values.first().and_then(|v| number(v))) {
                    (Some(l), Some(v)) if self.operator == Operator::GreaterThan => l > v,
                    (Some(l), Some(v)) => l < v,
                    _ => false,
                }
            }
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        let mut values = self.values.clone();
        values.sort();
        let values = values.join(",");
        match self.operator {
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::Exists => write!(f, "{key}"),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

/// A selector on labels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// Matches nothing: what a missing selector means.
    Nothing,
    /// Every condition holds, in order of key; none of them: everything matches.
    All(Vec<Requirement>),
}

impl Default for Selector {
    fn default() -> Self {
        Self::everything()
    }
}

impl Selector {
    /// Matches everything.
    pub fn everything() -> Self {
        Self::All(Vec::new())
    }
    /// Reads kubectl's syntax: `app=web,tier in (a,b),!x`. The error is Kubernetes' own text.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::parse(text).map(Self::sorted)
    }
    /// Reads a `LabelSelector` object (`matchLabels`, `matchExpressions`).
    pub fn from_object(v: &Value) -> Result<Self, String> {
        if v.is_null() {
            return Ok(Self::Nothing);
        }
        let mut out = Vec::new();
        for (k, l) in v.at("matchLabels").fields() {
            out.push(Requirement::new(k, Operator::Equals, vec![l.as_str().unwrap_or("").to_owned()])?);
        }
        for e in v.at("matchExpressions").items() {
            let operator = match e.str_at("operator") {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("{} is not a valid label selector operator", go_quote(other))),
            };
            let values = e.at("values").items().iter().filter_map(Value::as_str).map(str::to_owned).collect();
            out.push(Requirement::new(e.str_at("key"), operator, values)?);
        }
        Ok(Self::sorted(out))
    }
    /// A selector that wants each of the labels of an object of texts.
    pub fn from_labels(v: &Value) -> Self {
        let equals = |(k, l): (&std::rc::Rc<str>, &Value)| Requirement {
            key: k.to_string(),
            operator: Operator::Equals,
            values: vec![l.as_str().unwrap_or("").to_owned()],
        };
        Self::sorted(v.fields().map(equals).collect())
    }
    fn sorted(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Self::All(requirements)
    }
    /// Whether labels (an object of texts, or null) match.
    pub fn matches(&self, labels: &Value) -> bool {
        match self {
            Self::Nothing => false,
            Self::All(requirements) => requirements.iter().all(|r| r.matches(labels)),
        }
    }
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(r) if r.is_empty())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::All(requirements) = self else { return Ok(()) };
        let texts: Vec<String> = requirements.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join(","))
    }
}

/// How a `LabelSelector` object prints: `app=web,tier in (a,b)`, `<none>` when it selects nothing.
/// Models `metav1.FormatLabelSelector`.
pub fn format_label_selector(v: &Value) -> String {
    match Selector::from_object(v) {
        Ok(s) => {
            let text = s.to_string();
            if text.is_empty() { "<none>".to_owned() } else { text }
        }
        Err(_) => "<error>".to_owned(),
    }
}

/// One condition on a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldTerm {
    /// `status.phase`
    pub field: String,
    /// `Running`
    pub value: String,
    /// Whether it must be equal or must differ.
    pub equal: bool,
}

/// Reads a field selector: `status.phase!=Running,metadata.name=x`. The error is Kubernetes' own text.
pub fn parse_fields(text: &str) -> Result<Vec<FieldTerm>, String> {
    let mut parts = split_terms(text);
    parts.sort_unstable();
    let mut out = Vec::new();
    for part in parts.into_iter().filter(|p| !p.is_empty()) {
        let at = part.find('=').map(|i| if i > 0 && part.as_bytes()[i - 1] == b'!' { i - 1 } else { i });
        let Some(at) = at else {
            return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
        };
        let (field, rest) = part.split_at(at);
        let (equal, value) = if let Some(v) = rest.strip_prefix("!=") {
            (false, v)
        } else {
            (true, rest.strip_prefix("==").unwrap_or(&rest[1..]))
        };
        out.push(FieldTerm { field: field.to_owned(), value: unescape(value)?, equal });
    }
    Ok(out)
}

fn split_terms(text: &str) -> Vec<&str> {
    let (mut out, mut start, mut escaped) = (Vec::new(), 0, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                out.push(&text[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence = other.map_or("\\".to_owned(), |c| format!("\\{c}"));
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            ',' | '=' => {
                return Err(format!("invalid field selector: unescaped character in value: {}", c as u32));
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn kubectl_syntax_matches_labels() {
        let labels = json!({"app": "web", "tier": "front", "n": "5"});
        for (text, want) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("app=web", true),
            ("app==web,tier!=back", true),
            ("app in (web, db)", true),
            ("app notin (web)", false),
            ("x notin (web)", true),
            ("n>4", true),
            ("n<5", false),
            ("x=", false),
        ] {
            assert_eq!(Selector::parse(text).map(|s| s.matches(&labels)), Ok(want), "{text}");
        }
    }

    #[test]
    fn printing_sorts_keys_and_values() {
        assert_eq!(Selector::parse("z=1,a in (y,x),!b").unwrap().to_string(), "a in (x,y),!b,z=1");
    }

    #[test]
    fn errors() {
        for (text, want) in [
            ("app=web=x", "found '=', expected: ',' or 'end of string'"),
            ("=x", "found '=', expected: !, identifier, or 'end of string'"),
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("app in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
            ("app in x", "unable to parse requirement: found 'x' expected: '('"),
            ("a,", "found '', expected: identifier after ','"),
        ] {
            assert_eq!(Selector::parse(text), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn objects() {
        let s = Selector::from_object(&json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]
        }))
        .unwrap();
        assert_eq!(s.to_string(), "app=web,tier in (a,b)");
        assert!(s.matches(&json!({"app": "web", "tier": "b"})));
        assert!(!s.matches(&Value::Null));
        assert!(!Selector::from_object(&Value::Null).unwrap().matches(&json!({"a": "b"})));
        assert!(Selector::from_object(&json!({})).unwrap().matches(&Value::Null));
    }

    #[test]
    fn fields() {
        let terms = parse_fields("status.phase!=Running,metadata.name=x").unwrap();
        assert_eq!(terms[0], FieldTerm { field: "metadata.name".into(), value: "x".into(), equal: true });
        assert!(!terms[1].equal);
        assert_eq!(parse_fields("abc"), Err("invalid selector: 'abc'; can't understand 'abc'".to_owned()));
    }
}
