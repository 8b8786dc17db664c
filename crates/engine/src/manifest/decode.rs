//! Strict decoding: a JSON tree read into a kind's types, as the API server reads it.
//!
//! What comes out is what Go would write for the typed object: unknown fields gone, structs that are values there even if
//! empty, empty optional fields left out. Models `sigs.k8s.io/json` and the JSON serializer of apimachinery.

use crate::api::quantity::Quantity;
use crate::api::schema::{self, Ty, Type};
use crate::api::text::{go_float, go_quote};
use crate::api::typed::{encode, zero};
use crate::api::{Kind, Map, Value, base64};
use crate::clock::{Time, parse_go_duration};

/// What was read.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The typed object as JSON, `apiVersion` and `kind` first.
    pub value: Value,
    /// What only strict decoding minds: `unknown field "spec.x"`, with the path in question.
    pub strict: Vec<StrictError>,
}

/// A complaint of strict decoding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StrictError {
    /// `unknown field "spec.x"`
    pub message: String,
    /// `spec.x`
    pub path: String,
}

/// An object that cannot be read into its type.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// Kubernetes' text: `json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32`.
    pub message: String,
    /// Where, with list indices: `spec.parallelism`.
    pub path: String,
}

/// Reads a tree as a kind.
pub fn decode(kind: Kind, value: &Value) -> Result<Decoded, DecodeError> {
    let mut d = Decoder::default();
    let mut out = d.object(schema::of(kind), value, true)?;
    if let Some(e) = d.saved {
        return Err(e);
    }
    let map = out.make_object();
    map.insert("apiVersion", kind.api_version());
    map.insert("kind", kind.name());
    Ok(Decoded { value: out, strict: d.strict })
}

/// Reads a tree as one type: for parts of objects, as kubectl checks `metadata`.
pub fn decode_field(owner: &'static str, name: &'static str, ty: Ty, value: &Value) -> Result<Value, DecodeError> {
    let mut d = Decoder { owner, fields: vec![name], path: name.to_owned(), ..Decoder::default() };
    let out = d.value(ty, value)?;
    d.saved.map_or(Ok(out), Err)
}

/// What the API server answers when it cannot read a request, and with which kind and version it was labelled.
pub fn cannot_be_handled(kind: Kind, labelled: &str, reason: &str) -> String {
    format!("{labelled} in version {} cannot be handled as a {}: {reason}", go_quote(kind.info().version), kind.name())
}

/// The text of strict errors together: `strict decoding error: unknown field "a", unknown field "b"`.
pub fn strict_text(errors: &[StrictError]) -> String {
    let texts: Vec<&str> = errors.iter().map(|e| e.message.as_str()).collect();
    format!("strict decoding error: {}", texts.join(", "))
}

#[derive(Default)]
struct Decoder {
    /// The first error that does not stop the reading; it is reported at the end.
    saved: Option<DecodeError>,
    strict: Vec<StrictError>,
    /// The struct whose field is being read.
    owner: &'static str,
    /// Names of the fields on the way, as errors print them.
    fields: Vec<&'static str>,
    /// The place with list indices and map keys, as strict errors print it.
    path: String,
}

/// What Go calls a JSON value in messages.
fn noun(v: &Value) -> &'static str {
    match v {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Decoder {
    fn type_error(&self, what: &str, go_type: &str) -> DecodeError {
        let message = if self.owner.is_empty() && self.fields.is_empty() {
            format!("json: cannot unmarshal {what} into Go value of type {go_type}")
        } else {
            let field = self.fields.join(".");
            format!("json: cannot unmarshal {what} into Go struct field {}.{field} of type {go_type}", self.owner)
        };
        DecodeError { message, path: self.path.clone() }
    }
    fn save(&mut self, e: DecodeError) {
        self.saved.get_or_insert(e);
    }
    /// Notes a value of the wrong kind; nothing is stored for it.
    fn mismatch(&mut self, v: &Value, ty: Ty) -> Value {
        let e = self.type_error(noun(v), &ty.go_name());
        self.save(e);
        Value::Null
    }
    /// An error that ends the reading at once, as those of types with their own way of reading do.
    fn fatal<T>(&self, message: impl Into<String>) -> Result<T, DecodeError> {
        Err(DecodeError { message: message.into(), path: self.path.clone() })
    }

    /// Reads a value; null where it is empty or of the wrong kind.
    fn value(&mut self, ty: Ty, v: &Value) -> Result<Value, DecodeError> {
        let resolved = ty.resolve();
        Ok(match (resolved, v) {
            (Ty::Raw, _) => v.clone(),
            (_, Value::Null)
            | (Ty::String, Value::Str(_))
            | (Ty::Bool, Value::Bool(_))
            | (Ty::Float64, Value::Int(_) | Value::Float(_)) => v.clone(),
            (Ty::Int | Ty::Int64 | Ty::Int32 | Ty::Byte, Value::Int(_) | Value::Float(_)) => self.integer(ty, v),
            (Ty::Quantity, _) => match Quantity::from_value(v) {
                Ok(q) => Value::from(&q),
                Err(e) => return self.fatal(e),
            },
            (Ty::IntOrString, Value::Str(_)) => v.clone(),
            (Ty::IntOrString, Value::Int(n)) if i32::try_from(*n).is_ok() => v.clone(),
            (Ty::IntOrString, _) => {
                let what =
                    if matches!(v, Value::Int(_) | Value::Float(_)) { number_noun(v) } else { noun(v).to_owned() };
                return Err(self.type_error(&what, "int32"));
            }
            (Ty::Time | Ty::MicroTime | Ty::Duration, _) => return self.moment(resolved, v),
            (Ty::Bytes, Value::Str(s)) => match base64::decode(s) {
                Ok(bytes) => Value::from(base64::encode(&bytes)),
                Err(at) => {
                    let message = format!("illegal base64 data at input byte {at}");
                    self.save(DecodeError { message, path: self.path.clone() });
                    Value::Null
                }
            },
            (Ty::List(item), Value::Array(items)) => self.list(*item, items)?,
            (Ty::Map(_, item), Value::Object(map)) => self.map(*item, map)?,
            (Ty::Named(id), Value::Object(_)) => self.object(schema::get(id), v, false)?,
            _ => self.mismatch(v, ty),
        })
    }
    fn integer(&mut self, ty: Ty, v: &Value) -> Value {
        let fits = match (ty.resolve(), v) {
            (Ty::Int32, Value::Int(n)) => i32::try_from(*n).is_ok(),
            (Ty::Byte, Value::Int(n)) => u8::try_from(*n).is_ok(),
            (_, Value::Int(_)) => true,
            _ => false,
        };
        if fits {
            return v.clone();
        }
        let e = self.type_error(&number_noun(v), &ty.go_name());
        self.save(e);
        Value::Null
    }
    fn moment(&mut self, ty: Ty, v: &Value) -> Result<Value, DecodeError> {
        let Some(text) = v.as_str() else { return Err(self.type_error(noun(v), "string")) };
        if ty == Ty::Duration {
            return match parse_go_duration(text) {
                Some(ms) => Ok(Value::from(crate::clock::go_duration(ms))),
                None => self.fatal(format!("time: invalid duration {}", go_quote(text))),
            };
        }
        match Time::parse_rfc3339(text) {
            Some(t) if ty == Ty::MicroTime => Ok(Value::from(t.rfc3339_micro())),
            Some(t) => Ok(Value::from(t.rfc3339())),
            None => {
                let layout =
                    if ty == Ty::MicroTime { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
                self.fatal(time_error(text, layout))
            }
        }
    }
    fn list(&mut self, item: Ty, items: &[Value]) -> Result<Value, DecodeError> {
        let length = self.path.len();
        let mut out = Vec::with_capacity(items.len());
        for (i, v) in items.iter().enumerate() {
            self.path.push_str(&format!("[{i}]"));
            let value = self.value(item, v)?;
            out.push(if value.is_null() { zero(item) } else { value });
            self.path.truncate(length);
        }
        Ok(Value::from(out))
    }
    fn map(&mut self, item: Ty, map: &Map) -> Result<Value, DecodeError> {
        let length = self.path.len();
        let mut out = Map::new();
        for (key, v) in map.iter() {
            self.push_path(key);
            let value = self.value(item, v)?;
            out.insert(key.clone(), if value.is_null() { zero(item) } else { value });
            self.path.truncate(length);
        }
        Ok(Value::from(out))
    }
    fn push_path(&mut self, key: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }
    fn object(&mut self, ty: &'static Type, v: &Value, top: bool) -> Result<Value, DecodeError> {
        let Value::Object(map) = v else {
            let e = self.type_error(noun(v), &ty.go_name());
            self.save(e);
            return Ok(Value::Null);
        };
        let (owner, depth, length) = (self.owner, self.fields.len(), self.path.len());
        let mut read = Map::new();
        for (key, v) in map.iter() {
            if top && matches!(key.as_ref(), "apiVersion" | "kind") {
                continue;
            }
            let Some(field) = ty.field(key) else {
                self.push_path(key);
                let path = self.path.clone();
                self.path.truncate(length);
                self.unknown(path);
                continue;
            };
            self.owner = ty.name;
            if !field.embedded.is_empty() {
                self.fields.push(field.embedded);
            }
            self.fields.push(field.json);
            self.push_path(key);
            let value = self.value(field.ty, v)?;
            if !value.is_null() {
                read.insert(field.json, value);
            }
            self.owner = owner;
            self.fields.truncate(depth);
            self.path.truncate(length);
        }
        Ok(encode(ty, read))
    }
    fn unknown(&mut self, path: String) {
        let error = StrictError { message: format!("unknown field {}", go_quote(&path)), path };
        if self.strict.len() < 100 && !self.strict.contains(&error) {
            self.strict.push(error);
        }
    }
}

fn number_noun(v: &Value) -> String {
    match v {
        Value::Int(n) => format!("number {n}"),
        Value::Float(f) => format!("number {}", go_float(*f)),
        _ => noun(v).to_owned(),
    }
}

/// What Go's `time.Parse` says, for the usual way to be wrong: from the start.
fn time_error(text: &str, layout: &str) -> String {
    let q = go_quote(text);
    let digits =
        |from: usize, n: usize| text.get(from..from + n).is_some_and(|s| s.bytes().all(|b| b.is_ascii_digit()));
    let literal = |from: usize, c: u8| text.as_bytes().get(from) == Some(&c);
    // Each element of the layout: where it begins in the text, whether it is there, and its name in the layout.
    let elements = [
        (0, digits(0, 4), "2006"),
        (4, literal(4, b'-'), "-"),
        (5, digits(5, 2), "01"),
        (7, literal(7, b'-'), "-"),
        (8, digits(8, 2), "02"),
        (10, literal(10, b'T'), "T"),
        (11, digits(11, 2), "15"),
        (13, literal(13, b':'), ":"),
        (14, digits(14, 2), "04"),
        (16, literal(16, b':'), ":"),
        (17, digits(17, 2), "05"),
    ];
    let (at, name) = elements.iter().find(|e| !e.1).map_or((text.len().min(19), "Z07:00"), |e| (e.0, e.2));
    let rest = text.get(at..).unwrap_or("");
    format!("parsing time {q} as {}: cannot parse {} as {}", go_quote(layout), go_quote(rest), go_quote(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, json: &str) -> Result<Decoded, DecodeError> {
        decode(kind, &Value::from_json(json).unwrap())
    }

    #[test]
    fn wrong_types() {
        for (kind, json, want) in [
            (
                Kind::Job,
                r#"{"spec":{"parallelism":"2"}}"#,
                "json: cannot unmarshal string into Go struct field JobSpec.spec.parallelism of type int32",
            ),
            (
                Kind::Job,
                r#"{"spec":{"parallelism":1.5}}"#,
                "json: cannot unmarshal number 1.5 into Go struct field JobSpec.spec.parallelism of type int32",
            ),
            (
                Kind::Pod,
                r#"{"spec":{"volumes":[{"emptyDir":"x"}]}}"#,
                "json: cannot unmarshal string into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource",
            ),
            (
                Kind::Pod,
                r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"1 cpu"}}}]}}"#,
                crate::api::quantity::FORMAT_ERROR,
            ),
            (
                Kind::Pod,
                r#"{"metadata":{"creationTimestamp":"today"}}"#,
                r#"parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006""#,
            ),
        ] {
            assert_eq!(read(kind, json).unwrap_err().message, want, "{json}");
        }
    }

    #[test]
    fn unknown_fields_and_the_typed_form() {
        let d =
            read(Kind::Pod, r#"{"spec":{"containers":[{"name":"a","cmd":1,"env":[]}],"x":{}},"labels":{}}"#).unwrap();
        let texts: Vec<&str> = d.strict.iter().map(|e| e.message.as_str()).collect();
        assert_eq!(
            texts,
            [r#"unknown field "labels""#, r#"unknown field "spec.containers[0].cmd""#, r#"unknown field "spec.x""#]
        );
        assert_eq!(
            d.value.to_json(),
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":[{"name":"a","resources":{}}]},"status":{}}"#
        );
    }

    #[test]
    fn null_in_lists_and_maps_is_the_zero_value() {
        let d = read(Kind::ConfigMap, r#"{"data":{"a":null}}"#).unwrap();
        assert_eq!(d.value.at("data.a"), &Value::from(""));
    }
}
