//! Where defaulting, decoding and validation meet the verbs.

use super::{Actor, ApiServer, PatchType, Status, UnknownFields};
use crate::api::schema::{self, Ty};
use crate::api::{Kind, Object, Value, patch, text, validation};
use crate::manifest::decode::{cannot_be_handled, decode, strict_text};

impl ApiServer {
    /// Refuses a new object that breaks a rule of its kind. What a controller makes from a template was checked with it,
    /// unless a LimitRange changed it since.
    pub(super) fn validate_new(&mut self, kind: Kind, body: &Value, limited: bool) -> Result<(), Status> {
        if self.actor != Actor::User && !limited {
            return Ok(());
        }
        let errors = validation::validate_create(kind, body);
        if !errors.is_empty() {
            return Err(Status::invalid_fields(kind, body.str_at("metadata.name"), &errors));
        }
        if self.actor == Actor::User {
            for text in validation::warnings(kind, body) {
                self.warn(text);
            }
        }
        Ok(())
    }

    /// Refuses a change that breaks a rule of the kind. Controllers keep to the rules.
    pub(super) fn validate_update(&mut self, kind: Kind, body: &Value, old: &Object) -> Result<(), Status> {
        if self.actor != Actor::User {
            return Ok(());
        }
        let errors = validation::validate_update(kind, body, old.body());
        if !errors.is_empty() {
            return Err(Status::invalid_fields(kind, body.str_at("metadata.name"), &errors));
        }
        if self.actor == Actor::User {
            for text in validation::warnings_on_update(kind, body, old.body()) {
                self.warn(text);
            }
        }
        Ok(())
    }

    /// Reads what a patch made as an object of the kind again.
    pub(super) fn decode_patched(
        &mut self,
        kind: Kind,
        body: &Value,
        how: PatchType,
        patch: &Value,
        unknown: UnknownFields,
    ) -> Result<Value, Status> {
        let said = (body.str_at("apiVersion"), body.str_at("kind"));
        if Kind::find(said.0, said.1) != Some(kind) {
            let (version, name) = (text::go_quote(said.0), text::go_quote(said.1));
            let why =
                format!("no kind {name} is registered for version {version} in scheme \"pkg/runtime/scheme.go:111\"");
            return Err(Status::invalid_patch(&body.to_json(), &why));
        }
        match decode(kind, body) {
            Ok(decoded) => {
                match unknown {
                    UnknownFields::Refuse if !decoded.strict.is_empty() => {
                        return Err(Status::invalid_patch(&patch::go_value(patch), &strict_text(&decoded.strict)));
                    }
                    UnknownFields::Warn => decoded.strict.into_iter().for_each(|e| self.warn(e.message)),
                    _ => {}
                }
                Ok(decoded.value)
            }
            Err(e) if how == PatchType::Strategic => {
                let why = conversion_error(kind, &e.path, body).unwrap_or(e.message);
                Err(Status::invalid_patch(&patch::go_value(patch), &why))
            }
            Err(e) => {
                let text = cannot_be_handled(kind, kind.name(), &e.message);
                Err(Status::invalid_patch(&body.to_json(), &text))
            }
        }
    }

    /// Takes the warnings that came with the last requests.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Says something to the client beside the answer. Only people read it.
    pub(super) fn warn(&mut self, text: String) {
        if self.actor == Actor::User && !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}

/// Why a value does not convert to the type at its path. Models `fromUnstructured` in apimachinery
/// `pkg/runtime/converter.go`.
fn conversion_error(kind: Kind, path: &str, body: &Value) -> Option<String> {
    let steps = path.replace('[', ".").replace(']', "");
    let (mut ty, mut value) = (None, body);
    for step in steps.split('.') {
        ty = Some(match ty.map(Ty::resolve) {
            None => schema::of(kind).field(step)?.ty,
            Some(t @ (Ty::List(_) | Ty::Map(..))) => t.element()?,
            Some(t) => t.as_struct()?.field(step)?.ty,
        });
        value = match step.parse::<usize>() {
            Ok(i) if value.as_array().is_some() => value.items().get(i)?,
            _ => value.get(step)?,
        };
    }
    let ty = match ty?.resolve() {
        // Errors name the map, not the entry in it.
        Ty::Map(_, element) if value.as_object().is_some() => {
            value = value.fields().map(|(_, v)| v).find(|v| !matches!(v, Value::Str(_)))?;
            *element
        }
        t => t,
    };
    let from = match value {
        Value::Null => return None,
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    };
    Some(match ty.resolve() {
        Ty::Named(_) => format!("cannot restore struct from: {from}"),
        Ty::List(_) => format!("cannot restore slice from {from}"),
        Ty::Map(..) => format!("cannot restore map from {from}"),
        Ty::String | Ty::Bool | Ty::Int | Ty::Int32 | Ty::Int64 | Ty::Float64 | Ty::Byte => {
            let to = ty.resolve().go_name();
            let convertible = match value {
                Value::Int(_) => to != "bool",
                Value::Float(_) => to.starts_with("int"),
                _ => false,
            };
            if convertible { format!("cannot convert {from} to {to}") } else { format!("unrecognized type: {to}") }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn conversions() {
        let body = json!({
            "spec": {"parallelism": "3", "suspend": 1, "template": "x"},
            "metadata": {"labels": {"a": "b", "c": 5}},
        });
        for (path, want) in [
            ("spec.parallelism", "unrecognized type: int32"),
            ("spec.suspend", "unrecognized type: bool"),
            ("spec.template", "cannot restore struct from: string"),
            ("metadata.labels", "cannot convert int64 to string"),
            ("metadata.labels.c", "cannot convert int64 to string"),
        ] {
            assert_eq!(conversion_error(Kind::Job, path, &body).as_deref(), Some(want));
        }
    }
}
