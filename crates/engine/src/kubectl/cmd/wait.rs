//! `kubectl wait`.
//!
//! Models `pkg/cmd/wait`.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder::{self, Request};
use super::super::failure::{Failure, error};
use super::super::jsonpath;
use super::super::output::{Form, go_value, shown};
use super::super::session::{Io, Poll};
use super::common::{DryRun, report};
use super::{Done, Flow, Waiting, ok};
use crate::api::text::go_quote;
use crate::api::{Object, ObjectKey, Value};
use crate::apiserver::Status;
use crate::clock::{Millis, SECOND, Time};

pub const FLAGS: &str = "all! A:all-namespaces! allow-missing-template-keys! field-selector f:filename, for* local! o:output \
    R:recursive! l:selector show-managed-fields! template timeout~";

/// What is waited for.
#[derive(Clone, Debug)]
enum Condition {
    Delete,
    Create,
    Status(String, String),
    Path(jsonpath::Template, Option<String>),
}

fn read(text: &str) -> Result<Condition, Failure> {
    let lower = text.to_lowercase();
    if lower == "delete" {
        return Ok(Condition::Delete);
    }
    if lower == "create" {
        return Ok(Condition::Create);
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(Condition::Status(name.to_owned(), value.to_owned()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let (path, value) = match rest.find('}') {
            Some(i) => (&rest[..=i], rest[i + 1..].strip_prefix('=')),
            None => rest.split_once('=').map_or((rest, None), |(p, v)| (p, Some(v))),
        };
        if value == Some("") {
            return error(
                "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
            );
        }
        if path.starts_with('{') != path.ends_with('}') {
            return error(jsonpath::UNEXPECTED);
        }
        let relaxed = path.trim_start_matches('{').trim_end_matches('}');
        let parsed = jsonpath::parse(&format!(
            "{{{}}}",
            if relaxed.starts_with('.') { relaxed.to_owned() } else { format!(".{relaxed}") }
        ));
        return match parsed.map_err(Failure::Error)?.into_iter().next() {
            Some(path) => Ok(Condition::Path(vec![path], value.map(|v| v.trim_matches('"').to_owned()))),
            None => error(format!("jsonpath expression {path} is not valid")),
        };
    }
    error(format!("unrecognized condition: {}", go_quote(text)))
}

impl Condition {
    /// Whether an object is as it is waited for.
    fn met(&self, o: &Object) -> Result<bool, Failure> {
        match self {
            Self::Create => Ok(true),
            Self::Delete => Ok(false),
            Self::Status(name, value) => {
                let Some(c) =
                    o.at("status.conditions").items().iter().find(|c| c.str_at("type").eq_ignore_ascii_case(name))
                else {
                    return Ok(false);
                };
                let seen = c.int_at("observedGeneration").or(o.at("status.observedGeneration").as_i64());
                let stale = o.generation() > 0 && seen.is_some_and(|g| g < o.generation());
                Ok(!stale && c.str_at("status").eq_ignore_ascii_case(value))
            }
            Self::Path(steps, value) => {
                let found = jsonpath::values(steps, o.body()).map_err(Failure::Error)?;
                let Some(first) = found.first() else { return Ok(false) };
                let Some(value) = value else { return Ok(true) };
                if found.len() > 1 {
                    return error("given jsonpath expression matches more than one value");
                }
                match first {
                    Value::Object(_) | Value::Array(_) => {
                        error("jsonpath leads to a nested object or list which is not supported")
                    }
                    scalar => Ok(go_value(scalar).trim() == value.trim()),
                }
            }
        }
    }
}

/// A `wait` that runs: one object after the other, one condition after the other.
#[derive(Clone)]
pub struct Wait {
    left: Vec<(ObjectKey, Option<Rc<str>>)>,
    conditions: Rc<Vec<Condition>>,
    /// Which condition of the first object is next.
    at: usize,
    until: Time,
    once: bool,
    /// The time is over: what is left is not waited for.
    over: bool,
    errors: Vec<Failure>,
    form: Form,
    /// For `--for=create`: what is to be found first.
    create: Option<Rc<(Request, Rc<str>)>>,
}

/// Runs `kubectl wait`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("wait", FLAGS, words)?;
    let texts = p.all("for");
    if texts.is_empty() || texts.iter().any(|t| t.is_empty()) {
        return error(format!("unrecognized condition: {}", if texts.is_empty() { "[]".into() } else { go_quote("") }));
    }
    let conditions = texts.iter().map(|t| read(t)).collect::<Result<Vec<_>, _>>()?;
    let form = Form::of(&p, io, cx)?;
    let timeout: Millis = match p.duration("timeout") {
        None => 30 * SECOND,
        Some(t) if t < 0 => 168 * crate::clock::HOUR,
        Some(t) => t,
    };
    let namespace = builder::namespace(&p, cx);
    let all = p.on("all");
    let request = Request { go_on: true, latest: true, all: false, kind_alone: all, ..Request::of(&p) };
    let creates = conditions.iter().any(|c| matches!(c, Condition::Create));
    let mut w = Wait {
        left: Vec::new(),
        conditions: Rc::new(conditions),
        at: 0,
        until: cx.now + timeout,
        once: timeout == 0,
        over: false,
        errors: Vec::new(),
        form,
        create: creates.then(|| Rc::new((request.clone(), namespace.clone()))),
    };
    if !creates {
        w.find(&request, &namespace, cx, io)?;
    }
    w.poll(cx, io)
}

impl Wait {
    fn find(&mut self, request: &Request, namespace: &str, cx: &mut Cx<'_>, io: &Io) -> Result<(), Failure> {
        let found = builder::find(request, namespace, cx, io)?;
        let deletes = self.conditions.iter().any(|c| matches!(c, Condition::Delete));
        self.errors = found.errors;
        if deletes {
            self.errors.retain(|e| !e.is_not_found());
        }
        if found.infos.is_empty() && self.errors.is_empty() && !deletes {
            return error("no matching resources found");
        }
        self.left = found.infos.iter().map(|i| (i.key.clone(), i.object.as_ref().map(|o| o.uid().clone()))).collect();
        Ok(())
    }
    /// Looks again.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        if let Some(what) = self.create.clone() {
            let found = builder::find(&what.0, &what.1, cx, io);
            let there = found.as_ref().is_ok_and(|f| !f.infos.is_empty());
            match found {
                Err(e) if !e.is_not_found() => return Err(e),
                _ => {}
            }
            if !there {
                if cx.now >= self.until {
                    return error("timed out waiting for the condition");
                }
                return Ok(Flow::Wait(Waiting::Wait(Box::new(self))));
            }
            self.create = None;
            self.find(&what.0, &what.1, cx, io)?;
        }
        while let Some((key, uid)) = self.left.first().cloned() {
            let Some(condition) = self.conditions.get(self.at).cloned() else {
                self.next();
                continue;
            };
            let object = cx.api.get(&key).cloned();
            let name = format!("{}/{}", key.kind.info().plural, key.name);
            let met = match (&condition, &object) {
                _ if self.over => false,
                (Condition::Delete, None) => true,
                (Condition::Delete, Some(o)) => uid.as_ref().is_some_and(|u| u != o.uid()),
                (_, None) => {
                    self.errors.push(Status::not_found(key.kind, &key.name).into());
                    self.next();
                    continue;
                }
                (c, Some(o)) => match c.met(o) {
                    Ok(met) => met,
                    Err(e) => {
                        self.errors.push(e);
                        self.next();
                        continue;
                    }
                },
            };
            if met {
                let mut value = object.as_ref().map_or_else(Value::empty_object, |o| shown(o));
                if object.is_none() {
                    value.set("apiVersion", key.kind.api_version());
                    value.set("kind", key.kind.name());
                    value.set("metadata.name", &key.name);
                }
                report(&self.form, &value, "condition met", DryRun::None, io)?;
                self.at += 1;
                continue;
            }
            if self.once {
                self.errors.push(Failure::Error(format!("condition not met for {name}")));
                self.next();
                continue;
            }
            if self.over || cx.now >= self.until {
                // Once the time is over, what is deleted is not even asked for.
                let text = if self.over && matches!(condition, Condition::Delete) {
                    "context deadline exceeded".to_owned()
                } else {
                    format!("timed out waiting for the condition on {name}")
                };
                self.over = true;
                self.errors.push(Failure::Error(text));
                self.next();
                continue;
            }
            return Ok(Flow::Wait(Waiting::Wait(Box::new(self))));
        }
        Failure::collect(self.errors)?;
        ok()
    }
    fn next(&mut self) {
        self.left.remove(0);
        self.at = 0;
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        Poll::WaitEither(self.until)
    }
}
