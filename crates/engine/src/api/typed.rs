//! The typed form of an object: what Go's `json.Marshal` writes for a struct, with what is left out when empty and what is
//! not.

use super::schema::{self, Field, Ty, Type};
use super::{Map, Value};

/// An empty struct of a type of the table: `core.PodStatus`.
pub fn empty(name: &str) -> Value {
    schema::find(name).map_or(Value::Null, |t| encode(t, Map::new()))
}

/// What an absent value of a type is, where Go has no way to leave it out: in a list or a map.
pub fn zero(ty: Ty) -> Value {
    match ty.resolve() {
        Ty::String | Ty::Bytes | Ty::Duration => Value::from(""),
        Ty::Bool => Value::Bool(false),
        Ty::Int | Ty::Int32 | Ty::Int64 | Ty::Byte | Ty::Float64 | Ty::IntOrString => Value::Int(0),
        Ty::Quantity => Value::from("0"),
        Ty::Named(id) => encode(schema::get(id), Map::new()),
        Ty::Time | Ty::MicroTime | Ty::Raw | Ty::List(_) | Ty::Map(..) => Value::Null,
    }
}

fn is_empty(v: &Value) -> bool {
    match v {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::Int(n) => *n == 0,
        Value::Float(f) => *f == 0.0,
        Value::Str(s) => s.is_empty(),
        Value::Array(a) => a.is_empty(),
        Value::Object(m) => m.is_empty(),
    }
}

/// What `json.Marshal` writes for a struct whose fields were read.
pub fn encode(ty: &'static Type, mut read: Map) -> Value {
    let mut out = Map::new();
    for field in &ty.fields {
        let value = read.remove(field.json).unwrap_or_default();
        if let Some(value) = encode_field(field, value) {
            out.insert(field.json, value);
        }
    }
    Value::from(out)
}

fn encode_field(field: &Field, value: Value) -> Option<Value> {
    if field.pointer {
        return if value.is_null() && field.omitempty { None } else { Some(value) };
    }
    let resolved = field.ty.resolve();
    if value.is_null() && !field.omitempty {
        return Some(match resolved {
            Ty::List(_) | Ty::Map(..) => Value::Null,
            _ => zero(field.ty),
        });
    }
    match resolved {
        // A struct by value is never empty to Go, save where the tag says `omitzero`.
        Ty::Named(_) | Ty::Quantity | Ty::IntOrString if value.is_null() => Some(zero(field.ty)),
        Ty::Time if value.is_null() && field.json == "creationTimestamp" => None,
        Ty::Time | Ty::MicroTime => Some(value),
        Ty::Named(_) => Some(value),
        _ if field.omitempty && is_empty(&value) => None,
        _ => Some(value),
    }
}
