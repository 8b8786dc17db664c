//! Errors about fields, as validation reports them, and the paths they name.
//!
//! Models apimachinery `pkg/util/validation/field`.

use std::fmt;

use super::Value;
use super::text::{go_json, go_quote};

/// Where a field is: `spec.template.spec.containers[0].image`, `data[key]`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Path(String);

impl Path {
    /// A path of one step (or several, dots between).
    pub fn new(step: &str) -> Self {
        Self(step.to_owned())
    }
    /// The empty path.
    pub fn root() -> Self {
        Self::default()
    }
    /// A field below.
    #[must_use]
    pub fn child(&self, step: &str) -> Self {
        if self.0.is_empty() { Self::new(step) } else { Self(format!("{}.{step}", self.0)) }
    }
    /// An item of the list.
    #[must_use]
    pub fn index(&self, i: usize) -> Self {
        Self(format!("{}[{i}]", self.0))
    }
    /// A value of the map.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(format!("{}[{key}]", self.0))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("<nil>") } else { f.write_str(&self.0) }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorType {
    /// `Not found`
    NotFound,
    /// `Required value`
    Required,
    /// `Duplicate value`
    Duplicate,
    /// `Invalid value`
    Invalid,
    /// `Unsupported value`
    NotSupported,
    /// `Forbidden`
    Forbidden,
    /// `Too long`
    TooLong,
    /// `Too many`
    TooMany,
    /// `Too few`
    TooFew,
    /// `Internal error`
    Internal,
    /// `Invalid value`, of a wrong type.
    TypeInvalid,
}

impl ErrorType {
    /// As messages print it.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::TooFew => "Too few",
            Self::Internal => "Internal error",
        }
    }
    /// The `reason` of a cause in a Status.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TooFew => "FieldValueTooFew",
            Self::Internal => "InternalError",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }
}

/// One field's error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// What is wrong.
    pub kind: ErrorType,
    /// The field.
    pub path: Path,
    /// The value as messages print it (text in quotes, objects as JSON), where the kind of error prints one.
    pub value: Option<String>,
    /// What the value should be.
    pub detail: String,
}

/// A value as messages print it.
fn printed(v: &Value) -> String {
    match v {
        Value::Str(s) => go_quote(s),
        _ => go_json(v),
    }
}

impl FieldError {
    fn new(kind: ErrorType, path: &Path, value: Option<String>, detail: impl Into<String>) -> Self {
        Self { kind, path: path.clone(), value, detail: detail.into() }
    }
    /// A value is missing.
    pub fn required(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Required, path, None, detail)
    }
    /// A value is malformed.
    pub fn invalid(path: &Path, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Invalid, path, Some(printed(&value.into())), detail)
    }
    /// A value is malformed, its text given ready: an object in its internal form.
    pub fn invalid_text(path: &Path, value: String, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Invalid, path, Some(value), detail)
    }
    /// A value is malformed and not worth printing.
    pub fn invalid_omitted(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Invalid, path, None, detail)
    }
    /// A value is none of the known ones.
    pub fn not_supported(path: &Path, value: impl Into<Value>, known: &[&str]) -> Self {
        Self::not_supported_text(path, printed(&value.into()), known)
    }
    /// A value is none of the known ones, its text given ready.
    pub fn not_supported_text(path: &Path, value: String, known: &[&str]) -> Self {
        let known: Vec<String> = known.iter().map(|k| go_quote(k)).collect();
        let detail = if known.is_empty() { String::new() } else { format!("supported values: {}", known.join(", ")) };
        Self::new(ErrorType::NotSupported, path, Some(value), detail)
    }
    /// A value may not be given here.
    pub fn forbidden(path: &Path, detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Forbidden, path, None, detail)
    }
    /// A value that must be unique is there twice.
    pub fn duplicate(path: &Path, value: impl Into<Value>) -> Self {
        Self::new(ErrorType::Duplicate, path, Some(printed(&value.into())), "")
    }
    /// What a value refers to is not there.
    pub fn not_found(path: &Path, value: impl Into<Value>) -> Self {
        Self::new(ErrorType::NotFound, path, Some(printed(&value.into())), "")
    }
    /// Text is too long.
    pub fn too_long(path: &Path, max: usize) -> Self {
        let unit = if max == 1 { "byte" } else { "bytes" };
        Self::new(ErrorType::TooLong, path, None, format!("may not be more than {max} {unit}"))
    }
    /// A list has too many items.
    pub fn too_many(path: &Path, actual: usize, max: usize) -> Self {
        let unit = if max == 1 { "item" } else { "items" };
        Self::new(ErrorType::TooMany, path, Some(actual.to_string()), format!("must have at most {max} {unit}"))
    }
    /// Everything but the path: `Invalid value: -1: must be greater than or equal to 0`.
    pub fn body(&self) -> String {
        let mut s = self.kind.text().to_owned();
        if let Some(v) = &self.value {
            s.push_str(": ");
            s.push_str(v);
        }
        if !self.detail.is_empty() {
            s.push_str(": ");
            s.push_str(&self.detail);
        }
        s
    }
    /// The cause in a Status: reason, message and field.
    pub fn cause(&self) -> Value {
        Value::object([
            ("reason", Value::from(self.kind.reason())),
            ("message", self.body().into()),
            ("field", self.path.to_string().into()),
        ])
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.body())
    }
}

/// Several errors as one text: alone as it is, else `[a, b]`, each text once. Models `ErrorList.ToAggregate`.
pub fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for e in errors {
        let text = e.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match &texts[..] {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn rendering() {
        let p = Path::new("spec").child("containers").index(0).child("env").key("x");
        for (e, want) in [
            (FieldError::required(&p, ""), "spec.containers[0].env[x]: Required value"),
            (
                FieldError::invalid(&p, -1, "must be positive"),
                "spec.containers[0].env[x]: Invalid value: -1: must be positive",
            ),
            (FieldError::invalid(&p, "a\"", "bad"), "spec.containers[0].env[x]: Invalid value: \"a\\\"\": bad"),
            (
                FieldError::invalid(&p, json!({"a": [1, 2]}), ""),
                "spec.containers[0].env[x]: Invalid value: {\"a\":[1,2]}",
            ),
            (
                FieldError::not_supported(&p, "x", &["A", "B"]),
                "spec.containers[0].env[x]: Unsupported value: \"x\": supported values: \"A\", \"B\"",
            ),
            (FieldError::too_many(&p, 21, 20), "spec.containers[0].env[x]: Too many: 21: must have at most 20 items"),
            (FieldError::too_long(&p, 63), "spec.containers[0].env[x]: Too long: may not be more than 63 bytes"),
        ] {
            assert_eq!(e.to_string(), want);
        }
        let e = FieldError::required(&Path::new("a"), "");
        assert_eq!(aggregate(&[e.clone(), e.clone()]), "a: Required value");
        assert_eq!(
            aggregate(&[e, FieldError::required(&Path::new("b"), "")]),
            "[a: Required value, b: Required value]"
        );
    }
}
