//! A Job's podFailurePolicy and successPolicy. Models `validatePodFailurePolicy` and `validateSuccessPolicy`.

use super::{Checks, items};
use crate::api::field::{FieldError, Path};
use crate::api::text::go_quote;
use crate::api::{Value, content};

const ACTIONS: &[&str] = &["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: &[&str] = &["In", "NotIn"];
const STATUSES: &[&str] = &["False", "True", "Unknown"];

impl Checks {
    /// A word that must be one of a few, its absence told with the list of them.
    fn word(&mut self, word: &str, known: &[&str], path: &Path) {
        if word.is_empty() {
            self.required(path, &format!("valid values: {}", Self::word_list(known)));
        } else if !known.contains(&word) {
            self.not_supported(path, word, known);
        }
    }
    pub(super) fn pod_failure_policy(&mut self, spec: &Value, path: &Path) {
        let policy = spec.at("podFailurePolicy");
        let count = policy.at("rules").items().len();
        if count > 20 {
            self.push(FieldError::too_many(&path.child("rules"), count, 20));
        }
        let containers: Vec<&str> = ["containers", "initContainers"]
            .iter()
            .flat_map(|l| spec.at("template.spec").at(l).items())
            .map(|c| c.str_at("name"))
            .collect();
        for (rule, p) in items(policy, "rules", path) {
            let action = rule.str_at("action");
            if action == "FailIndex" {
                if spec.at("backoffLimitPerIndex").is_null() {
                    self.invalid(&p.child("action"), action, "requires the backoffLimitPerIndex to be set");
                }
            } else {
                self.word(action, ACTIONS, &p.child("action"));
            }
            let (codes, conditions) = (rule.at("onExitCodes"), rule.at("onPodConditions").items());
            if !codes.is_null() {
                self.on_exit_codes(codes, &containers, &p.child("onExitCodes"));
            }
            self.on_pod_conditions(rule, &p);
            let detail = match (codes.is_null(), conditions.is_empty()) {
                (false, false) => "specifying both OnExitCodes and OnPodConditions is not supported",
                (true, true) => "specifying one of OnExitCodes and OnPodConditions is required",
                _ => continue,
            };
            self.push(FieldError::invalid_omitted(&p, detail));
        }
    }
    fn on_exit_codes(&mut self, codes: &Value, containers: &[&str], path: &Path) {
        let operator = codes.str_at("operator");
        self.word(operator, OPERATORS, &path.child("operator"));
        if let Some(name) = codes.at("containerName").as_str().filter(|n| !containers.contains(n)) {
            self.invalid(
                &path.child("containerName"),
                name,
                "must be one of the container or initContainer names in the pod template",
            );
        }
        let (values, p) = (codes.at("values"), path.child("values"));
        let list: Vec<i64> = values.items().iter().filter_map(Value::as_i64).collect();
        if list.is_empty() {
            self.invalid(&p, values.clone(), "at least one value is required");
        } else if list.len() > 255 {
            self.push(FieldError::too_many(&p, list.len(), 255));
        }
        for (i, n) in list.iter().enumerate() {
            if operator == "In" && *n == 0 {
                self.invalid(&p.index(i), 0, "must not be 0 for the In operator");
            }
            if list[..i].contains(n) {
                self.duplicate(&p.index(i), *n);
            }
        }
        if list.windows(2).any(|w| w[0] > w[1]) {
            self.invalid(&p, values.clone(), "must be ordered");
        }
    }
    fn on_pod_conditions(&mut self, rule: &Value, path: &Path) {
        let count = rule.at("onPodConditions").items().len();
        if count > 20 {
            self.push(FieldError::too_many(&path.child("onPodConditions"), count, 20));
        }
        for (pattern, p) in items(rule, "onPodConditions", path) {
            let kind = pattern.str_at("type");
            self.messages(&p.child("type"), kind, content::label_key(kind));
            self.word(pattern.str_at("status"), STATUSES, &p.child("status"));
        }
    }

    pub(super) fn success_policy(&mut self, spec: &Value, path: &Path) {
        let policy = spec.at("successPolicy");
        let count = policy.at("rules").items().len();
        if count == 0 {
            self.required(
                &path.child("rules"),
                "at least one rules must be specified when the successPolicy is specified",
            );
        }
        if count > 20 {
            self.push(FieldError::too_many(&path.child("rules"), count, 20));
        }
        let completions = spec.int_at("completions").unwrap_or(0);
        for (rule, p) in items(policy, "rules", path) {
            let (wanted, indexes) = (rule.int_at("succeededCount"), rule.at("succeededIndexes").as_str());
            if wanted.is_none() && indexes.is_none() {
                self.required(&p, "at least one of succeededCount or succeededIndexes must be specified");
            }
            let mut total = 0;
            if let Some(text) = indexes {
                let at = p.child("succeededIndexes");
                if text.len() > 64 << 10 {
                    self.push(FieldError::too_long(&at, 64 << 10));
                }
                match count_indexes(text, completions) {
                    Ok(n) => total = n,
                    Err(e) => self.invalid(&at, text, format!("error parsing succeededIndexes: {e}")),
                }
            }
            if let Some(n) = wanted {
                let at = p.child("succeededCount");
                self.nonnegative_value(&at, n);
                if n > completions {
                    let detail =
                        format!("must be less than or equal to {completions} (the number of specified completions)");
                    self.invalid(&at, n, detail);
                }
                if indexes.is_some() && n > total {
                    let detail = format!(
                        "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
                    );
                    self.invalid(&at, n, detail);
                }
            }
        }
    }
}

/// How many indexes `1,3-5` names. Models `validateIndexesFormat`.
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let number = |s: &str| {
        let n: i64 = s.parse().map_err(|_| format!("cannot convert string to integer for index: {}", go_quote(s)))?;
        if n >= completions { Err(format!("too large index: {}", go_quote(s))) } else { Ok(n) }
    };
    let (mut last, mut total) = (None::<i64>, 0);
    for part in text.split(',') {
        let limits: Vec<&str> = part.split('-').collect();
        let (x, y) = match limits[..] {
            [x] => (number(x)?, number(x)?),
            [x, y] => {
                let (x, y) = (number(x)?, number(y)?);
                if x >= y {
                    return Err(format!("non-increasing order, previous: {x}, current: {y}"));
                }
                (x, y)
            }
            _ => {
                return Err(format!(
                    "the fragment {} violates the requirement that an index interval can have at most two parts separated by '-'",
                    go_quote(part)
                ));
            }
        };
        if let Some(previous) = last.filter(|p| *p >= x) {
            return Err(format!("non-increasing order, previous: {previous}, current: {x}"));
        }
        total += y - x + 1;
        last = Some(y);
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_indexes() {
        for (text, want) in [
            ("", Ok(0)),
            ("0,2-4", Ok(4)),
            ("9", Err("too large index: \"9\"")),
            ("x", Err("cannot convert string to integer for index: \"x\"")),
            ("3,1", Err("non-increasing order, previous: 3, current: 1")),
            ("4-2", Err("non-increasing order, previous: 4, current: 2")),
        ] {
            assert_eq!(count_indexes(text, 5), want.map_err(str::to_owned), "{text}");
        }
    }
}
