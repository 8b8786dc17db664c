//! Priority: a Pod's number, from its class.
//!
//! Models `plugin/pkg/admission/priority`.

use std::rc::Rc;

use crate::api::{Kind, Object, Value};
use crate::apiserver::{ApiServer, Status};

impl ApiServer {
    /// Refuses a second default among the classes.
    pub(in crate::apiserver) fn check_default_class(&self, kind: Kind, body: &Value) -> Result<(), Status> {
        if kind != Kind::PriorityClass || !body.bool_at("globalDefault") {
            return Ok(());
        }
        let name = body.str_at("metadata.name");
        let is_other = |c: &&Rc<Object>| c.name().as_ref() != name && c.at("globalDefault").as_bool() == Some(true);
        match self.store.list(Kind::PriorityClass).find(is_other) {
            None => Ok(()),
            Some(there) => {
                let why =
                    format!("PriorityClass {} is already marked as default. Only one default can exist", there.name());
                Err(Status::forbidden(kind, name, &why))
            }
        }
    }

    pub(super) fn admit_priority(&self, body: &mut Value) -> Result<(), Status> {
        let name = body.str_at("spec.priorityClassName");
        let class = if name.is_empty() {
            self.store
                .list(Kind::PriorityClass)
                .filter(|c| c.at("globalDefault").as_bool() == Some(true))
                .min_by_key(|c| c.at("value").as_i64().unwrap_or(0))
        } else {
            let found = self.store.find(Kind::PriorityClass, "", name);
            if found.is_none() {
                let why = format!("no PriorityClass with name {name} was found");
                return Err(Status::forbidden(Kind::Pod, super::name_of(body), &why));
            }
            found
        };
        let value = class.map_or(0, |c| c.at("value").as_i64().unwrap_or(0));
        let policy = class.and_then(|c| c.at("preemptionPolicy").as_rc_str());
        let policy = policy.unwrap_or_else(|| Rc::from("PreemptLowerPriority"));
        if let Some(given) = body.int_at("spec.priority").filter(|p| *p != value) {
            let why = format!(
                "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller \
                 computed {value} from the given PriorityClass name"
            );
            return Err(Status::forbidden(Kind::Pod, super::name_of(body), &why));
        }
        if let Some(given) = body.at("spec.preemptionPolicy").as_str().filter(|p| *p != policy.as_ref()) {
            let why = format!(
                "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission \
                 controller computed {policy} from the given PriorityClass name"
            );
            return Err(Status::forbidden(Kind::Pod, super::name_of(body), &why));
        }
        if let Some(class) = class.filter(|_| body.str_at("spec.priorityClassName").is_empty()) {
            let name = class.name().clone();
            body.set("spec.priorityClassName", name);
        }
        body.set("spec.priority", value);
        body.set("spec.preemptionPolicy", policy);
        Ok(())
    }
}
