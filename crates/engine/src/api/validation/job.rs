//! Jobs and CronJobs. Models `pkg/apis/batch/validation/validation.go`.

use super::{Checks, internal_json};
use crate::api::field::{FieldError, Path};
use crate::api::selector::Selector;
use crate::api::{Value, content};
use crate::cron::{Schedule, Zone};
use crate::json;

impl Checks {
    pub(super) fn job_create(&mut self, job: &Value) {
        self.object_meta(job.at("metadata"), true, content::dns_subdomain);
        self.generated_selector(job);
        self.job_spec_with_selector(job.at("spec"), &Path::new("spec"));
        self.name_allows_completions(job);
    }
    /// The labels and the selector that the API server makes must not have been set otherwise.
    fn generated_selector(&mut self, job: &Value) {
        let selector = job.at("spec.selector");
        if job.bool_at("spec.manualSelector") || selector.is_null() {
            return;
        }
        let (name, uid) = (job.str_at("metadata.name"), job.str_at("metadata.uid"));
        if uid.is_empty() {
            self.required(&Path::new("metadata.uid"), "");
        }
        let path = Path::new("spec.template.metadata");
        let labels = job.at("spec.template.metadata.labels");
        for (key, want) in [
            ("controller-uid", uid),
            ("job-name", name),
            ("batch.kubernetes.io/controller-uid", uid),
            ("batch.kubernetes.io/job-name", name),
        ] {
            let at = path.child("labels").key(key);
            match labels.get(key).and_then(Value::as_str) {
                None => self.required(&at, &format!("must be '{want}'")),
                Some(v) if v != want => self.invalid(&at, labels.clone(), format!("must be '{want}'")),
                Some(_) => {}
            }
        }
        let expected = json!({
            "batch.kubernetes.io/controller-uid": uid,
            "batch.kubernetes.io/job-name": name,
            "controller-uid": uid,
            "job-name": name
        });
        if Selector::from_object(selector).is_ok_and(|s| !s.matches(&expected)) {
            let shown = internal_json("meta.LabelSelector", selector);
            self.push(FieldError::invalid_text(&Path::new("spec.selector"), shown, "`selector` not auto-generated"));
        }
    }
    pub(super) fn name_allows_completions(&mut self, job: &Value) {
        let completions = job.int_at("spec.completions").unwrap_or(0);
        if job.str_at("spec.completionMode") == "Indexed" && completions > 0 {
            let name = job.str_at("metadata.name");
            let longest = format!("{name}-{}", completions - 1);
            if !content::dns_label(&longest).is_empty() {
                self.invalid(
                    &Path::new("metadata.name"),
                    name,
                    format!("will not able to create pod with invalid DNS label: {longest}"),
                );
            }
        }
    }
    pub(super) fn job_spec_with_selector(&mut self, spec: &Value, path: &Path) {
        self.job_spec(spec, path);
        let selector = spec.at("selector");
        if selector.is_null() {
            self.required(&path.child("selector"), "");
        } else {
            self.label_selector(selector, &path.child("selector"));
        }
        let labels = spec.at("template.metadata.labels");
        if let Ok(s) = Selector::from_object(selector) {
            self.selector_matches(s.matches(labels), labels, &path.child("template"));
        }
    }
    fn job_spec(&mut self, spec: &Value, path: &Path) {
        for field in [
            "parallelism",
            "completions",
            "activeDeadlineSeconds",
            "backoffLimit",
            "ttlSecondsAfterFinished",
            "backoffLimitPerIndex",
            "maxFailedIndexes",
        ] {
            self.nonnegative(spec, field, path);
        }
        if !spec.at("maxFailedIndexes").is_null() && spec.at("backoffLimitPerIndex").is_null() {
            self.required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
        }
        if let Some(by) = spec.at("managedBy").as_str() {
            self.domain_prefixed_path(by, &path.child("managedBy"));
            if by.len() > 63 {
                self.push(FieldError::too_long(&path.child("managedBy"), 63));
            }
        }
        self.completion_mode(spec, path);
        if !spec.at("podFailurePolicy").is_null() {
            self.pod_failure_policy(spec, &path.child("podFailurePolicy"));
        }
        if !spec.at("successPolicy").is_null() {
            let p = path.child("successPolicy");
            if spec.str_at("completionMode") == "Indexed" {
                self.success_policy(spec, &p);
            } else {
                let shown = internal_json("batch.SuccessPolicy", spec.at("successPolicy"));
                self.push(FieldError::invalid_text(&p, shown, "requires indexed completion mode"));
            }
        }
        if let Some(policy) = spec.at("podReplacementPolicy").as_str() {
            let known: &[&str] =
                if spec.at("podFailurePolicy").is_null() { &["Failed", "TerminatingOrFailed"] } else { &["Failed"] };
            if !known.contains(&policy) {
                self.not_supported(&path.child("podReplacementPolicy"), policy, known);
            }
        }
        self.pod_template(spec.at("template"), &path.child("template"));
        let p = path.child("template.spec.restartPolicy");
        match spec.str_at("template.spec.restartPolicy") {
            "" | "Always" => self.required(&p, "valid values: \"OnFailure\", \"Never\""),
            "Never" => {}
            "OnFailure" if spec.at("podFailurePolicy").is_null() => {}
            "OnFailure" => {
                self.invalid(&p, "OnFailure", "only \"Never\" is supported when podFailurePolicy is specified");
            }
            other => self.not_supported(&p, other, &["OnFailure", "Never"]),
        }
    }
    fn domain_prefixed_path(&mut self, text: &str, path: &Path) {
        if text.is_empty() {
            return self.required(path, "");
        }
        match text.split_once('/') {
            Some((host, rest)) if !host.is_empty() && !rest.is_empty() => {
                self.messages(path, host, content::dns_subdomain(host));
                self.messages(path, rest, content::http_path(rest));
            }
            _ => self.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")"),
        }
    }
    fn completion_mode(&mut self, spec: &Value, path: &Path) {
        let mode = spec.at("completionMode").as_str();
        if let Some(m) = mode.filter(|m| !["NonIndexed", "Indexed"].contains(m)) {
            self.not_supported(&path.child("completionMode"), m, &["NonIndexed", "Indexed"]);
        }
        let number = |f: &'static str| spec.int_at(f);
        if mode == Some("Indexed") {
            let (completions, parallelism, most) =
                (number("completions"), number("parallelism"), number("maxFailedIndexes"));
            if completions.is_none() {
                self.required(&path.child("completions"), "when completion mode is Indexed");
            }
            let parallel = path.child("parallelism");
            let failed = path.child("maxFailedIndexes");
            if let Some(n) = parallelism.filter(|n| *n > 100_000) {
                self.invalid(&parallel, n, "must be less than or equal to 100000 when completion mode is Indexed");
            }
            if let Some(n) = most.filter(|n| completions.is_some_and(|c| *n > c)) {
                self.invalid(&failed, n, "must be less than or equal to completions");
            }
            if let Some(n) = most.filter(|n| *n > 100_000) {
                self.invalid(&failed, n, "must be less than or equal to 100000");
            }
            if completions.is_some_and(|c| c > 100_000) && !spec.at("backoffLimitPerIndex").is_null() {
                const LIMIT: &str = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
                if most.is_none() {
                    self.required(&failed, "must be specified when completions is above 100000");
                }
                if let Some(n) = parallelism.filter(|n| *n > 10_000) {
                    self.invalid(&parallel, n, LIMIT);
                }
                if let Some(n) = most.filter(|n| *n > 10_000) {
                    self.invalid(&failed, n, LIMIT);
                }
            }
        }
        if matches!(mode, None | Some("NonIndexed")) {
            for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
                if let Some(n) = number(field) {
                    self.invalid(&path.child(field), n, "requires indexed completion mode");
                }
            }
        }
    }

    pub(super) fn cron_job_create(&mut self, object: &Value) {
        self.object_meta(object.at("metadata"), true, content::dns_subdomain);
        self.cron_job_spec(object.at("spec"), None);
        let name = object.str_at("metadata.name");
        if name.len() > 52 {
            self.invalid(&Path::new("metadata.name"), name, "must be no more than 52 characters");
        }
    }
    pub(super) fn cron_job_spec(&mut self, spec: &Value, old: Option<&Value>) {
        let path = Path::new("spec");
        let schedule = spec.str_at("schedule");
        if schedule.is_empty() {
            self.required(&path.child("schedule"), "");
        } else {
            let allowed = old.is_some_and(|o| o.str_at("schedule").contains("TZ"));
            self.schedule(schedule, allowed, !spec.at("timeZone").is_null(), &path.child("schedule"));
        }
        self.nonnegative(spec, "startingDeadlineSeconds", &path);
        if old.is_none_or(|o| o.at("timeZone") != spec.at("timeZone")) {
            self.time_zone(spec.at("timeZone"), &path.child("timeZone"));
        }
        self.one_of(
            &path.child("concurrencyPolicy"),
            spec.str_at("concurrencyPolicy"),
            &["Allow", "Forbid", "Replace"],
        );
        let (job, p) = (spec.at("jobTemplate.spec"), path.child("jobTemplate.spec"));
        self.job_spec(job, &p);
        if !job.at("selector").is_null() {
            let shown = internal_json("meta.LabelSelector", job.at("selector"));
            self.push(FieldError::invalid_text(&p.child("selector"), shown, "`selector` will be auto-generated"));
        }
        if job.bool_at("manualSelector") {
            self.not_supported(&p.child("manualSelector"), true, &["nil", "false"]);
        }
        self.nonnegative(spec, "successfulJobsHistoryLimit", &path);
        self.nonnegative(spec, "failedJobsHistoryLimit", &path);
    }
    fn schedule(&mut self, schedule: &str, zone_allowed: bool, has_zone: bool, path: &Path) {
        if let Err(e) = Schedule::parse(schedule) {
            self.invalid(path, schedule, e);
        }
        if schedule.contains("TZ") {
            if !zone_allowed {
                self.invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
            } else if has_zone {
                self.invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
            }
        }
    }
    fn time_zone(&mut self, zone: &Value, path: &Path) {
        let Some(name) = zone.as_str() else { return };
        if name.is_empty() {
            return self.invalid(path, "", "timeZone must be nil or non-empty string");
        }
        let right = |part: &str| {
            (1..=14).contains(&part.len())
                && !matches!(part, "." | "..")
                && !part.starts_with('-')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+".contains(&b))
        };
        if !name.split('/').all(right) {
            return self.invalid(path, name, format!("unknown time zone {name}"));
        }
        if name.eq_ignore_ascii_case("Local") {
            self.invalid(
                path,
                name,
                "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
            );
        }
        if let Err(e) = Zone::load(name) {
            self.invalid(path, name, e);
        }
    }
}
