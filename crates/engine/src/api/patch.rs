//! Patches: what a change looks like on the wire, and what becomes of a document it is applied to.
//!
//! [`merge`] is RFC 7386, [`json_patch`] RFC 6902 with the texts of `gopkg.in/evanphx/json-patch.v4`, and [`strategic`]
//! apimachinery's `pkg/util/strategicpatch`, whose merge keys come from [`schema`](super::schema). The two-way and
//! three-way differences that kubectl sends are here too, as they are made of the same parts.

mod diff;
mod json;
mod merge;
mod strategic;

pub use diff::{DiffOptions, three_way, two_way};
pub use json::{JsonPatchError, json_patch};
pub use merge::{create_merge, merge};
pub use strategic::strategic;

use super::schema::{self, Type};
use super::{Kind, Value};

/// Why a strategic merge patch cannot be applied or made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchError {
    /// The text.
    pub message: String,
    /// Whether the API server takes it for a bad request; otherwise it answers with an unspecific error.
    pub bad_request: bool,
}

impl PatchError {
    fn bad_format(what: &str) -> Self {
        Self { message: format!("invalid patch format of {what}"), bad_request: true }
    }
    fn no_merge_key(item: &Value, key: &str) -> Self {
        let message = format!("map: {} does not contain declared merge key: {key}", go_value(item));
        Self { message, bad_request: false }
    }
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), bad_request: false }
    }
}

/// How a field is patched.
#[derive(Clone, Copy)]
struct Strategy {
    /// The struct of the field, or of its items.
    ty: Option<&'static Type>,
    /// `merge`, `replace`, or empty.
    how: &'static str,
    /// Whether a patch says which fields stay.
    retain_keys: bool,
    /// The field that tells items apart.
    key: &'static str,
}

fn strategy(ty: Option<&'static Type>, key: &str) -> Strategy {
    let Some(field) = ty.and_then(|t| t.field(key)) else {
        return Strategy { ty: None, how: "", retain_keys: false, key: "" };
    };
    let mut words = field.patch_strategy.split(',');
    let retain_keys = words.clone().any(|w| w == "retainKeys");
    let how = words.find(|w| *w != "retainKeys").unwrap_or("");
    Strategy { ty: field.ty.innermost().as_struct(), how, retain_keys, key: field.patch_merge_key }
}

fn root(kind: Kind) -> &'static Type {
    schema::of(kind)
}

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

/// A scalar as Go's `%v` prints it; the order of merge keys is the order of these texts.
fn go_scalar(v: &Value) -> String {
    match v {
        Value::Str(s) => s.to_string(),
        Value::Null => "<nil>".to_owned(),
        _ => v.to_json(),
    }
}

/// What Go's JSON decoder calls a value.
pub fn json_type(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value as Go's `%v` prints what was decoded from JSON: `map[spec:map[parallelism:3]]`.
pub fn go_value(v: &Value) -> String {
    match v {
        Value::Object(m) => {
            let fields: Vec<String> = m.iter().map(|(k, v)| format!("{k}:{}", go_value(v))).collect();
            format!("map[{}]", fields.join(" "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(go_value).collect::<Vec<_>>().join(" ")),
        _ => go_scalar(v),
    }
}
