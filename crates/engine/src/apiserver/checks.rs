//! Where defaulting, decoding and validation meet the verbs.

use super::{Actor, ApiServer, PatchType, Status};
use crate::api::schema::{self, Ty};
use crate::api::{Kind, Object, Value, patch, validation};
use crate::manifest::decode::{cannot_be_handled, decode};

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
    ) -> Result<Value, Status> {
        match decode(kind, body) {
            Ok(decoded) => {
                for error in decoded.strict {
                    self.warn(error.message);
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
    let ty = schema::field_at(kind, &steps)?.ty;
    let value = body.at(&steps);
    // The path may lead to an item of the field's list.
    let ty = if steps.rsplit('.').next().is_some_and(|s| s.parse::<usize>().is_ok()) { ty.element()? } else { ty };
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
        let body = json!({"spec": {"parallelism": "3", "suspend": 1, "template": "x"}});
        for (path, want) in [
            ("spec.parallelism", "unrecognized type: int32"),
            ("spec.suspend", "unrecognized type: bool"),
            ("spec.template", "cannot restore struct from: string"),
        ] {
            assert_eq!(conversion_error(Kind::Job, path, &body).as_deref(), Some(want));
        }
    }
}
