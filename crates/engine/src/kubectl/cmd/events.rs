//! `kubectl events`.
//!
//! Models `pkg/cmd/events`.

use std::collections::VecDeque;
use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::builder;
use super::super::failure::{Failure, error};
use super::super::output::{Form, list_of, shown};
use super::super::rbac::Deed;
use super::super::session::{Io, Poll};
use super::super::table::TabWriter;
use super::{Done, Flow, Waiting, ok};
use crate::api::{Kind, Object, ObjectKey, Value};
use crate::apiserver::Change;
use crate::clock::{Time, human_duration};

pub const FLAGS: &str = "A:all-namespaces! allow-missing-template-keys! chunk-size# for no-headers! o:output \
    show-managed-fields! template types, w:watch!";

/// Which events are shown.
#[derive(Clone)]
struct Filter {
    namespace: Option<Rc<str>>,
    about: Option<(Kind, String)>,
    types: Vec<String>,
}

impl Filter {
    fn matches(&self, e: &Object) -> bool {
        self.namespace.as_ref().is_none_or(|n| n == e.namespace())
            && self.about.as_ref().is_none_or(|(k, n)| {
                let about = e.at("involvedObject");
                about.str_at("kind") == k.name() && about.str_at("name") == n
            })
            && (self.types.is_empty()
                || self.types.iter().any(|t| t.eq_ignore_ascii_case(e.at("type").as_str().unwrap_or(""))))
    }
}

/// An `events -w` that runs.
#[derive(Clone)]
pub struct EventsWatch {
    /// `--request-timeout`
    until: Option<Time>,
    filter: Filter,
    writer: TabWriter,
    headed: bool,
    all: bool,
    queue: VecDeque<Rc<Object>>,
}

/// Runs `kubectl events`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("events", FLAGS, words)?;
    let namespace = builder::namespace(&p, cx);
    let about = match p.text("for").filter(|f| !f.is_empty()) {
        None => None,
        Some(word) => match word.split_once('/') {
            Some((kind, name)) if !kind.is_empty() && !name.is_empty() && !name.contains('/') => {
                Some((builder::kind_of(kind).map_err(Failure::plain)?, name.to_owned()))
            }
            Some((kind, rest)) if !kind.is_empty() && rest.contains('/') => {
                return error("arguments in resource/name form may not have more than one slash");
            }
            _ => return error("--for must be in resource/name form"),
        },
    };
    let types: Vec<String> = p.all("types").iter().map(|t| (*t).to_owned()).collect();
    if types.iter().any(|t| !t.eq_ignore_ascii_case("Normal") && !t.eq_ignore_ascii_case("Warning")) {
        return error("valid --types are Normal or Warning");
    }
    let form = Form::of(&p, io, cx)?;
    let all = p.on("all-namespaces");
    let filter = Filter { namespace: (!all).then(|| namespace.clone()), about, types };
    if p.on("watch") {
        let until = super::request_timeout(&p).map(|t| cx.now + t);
        let watch = EventsWatch {
            until,
            filter,
            writer: TabWriter::table(),
            headed: p.on("no-headers"),
            all,
            queue: VecDeque::new(),
        };
        return Ok(Flow::Wait(Waiting::Events(Box::new(watch))));
    }
    cx.may(Deed::on_all("list"), &ObjectKey::new(Kind::Event, if all { "" } else { &*namespace }, ""))?;
    let mut found: Vec<Rc<Object>> = cx.api.store().list(Kind::Event).filter(|e| filter.matches(e)).cloned().collect();
    if found.is_empty() {
        io.complain(&if all {
            "No events found.".to_owned()
        } else {
            format!("No events found in {namespace} namespace.")
        });
        return ok();
    }
    found.sort_by_key(|e| when(e));
    if form == Form::Name {
        return ok();
    }
    if form != Form::Human {
        let values: Vec<Value> = found.iter().map(|e| shown(e)).collect();
        let text = form.print(&list_of(values.iter()), true)?;
        io.print(&text);
        return ok();
    }
    let mut text = String::new();
    if !p.on("no-headers") {
        text = heading(all);
    }
    found.iter().for_each(|e| text += &row(e, all, cx.now));
    io.print(&TabWriter::table().align(&text));
    ok()
}

fn time(v: &Value) -> Option<Time> {
    v.as_str().and_then(Time::parse_rfc3339)
}

/// When an event last happened. Models `eventTime` of `event_printer.go`.
fn when(e: &Object) -> Option<Time> {
    time(e.at("series.lastObservedTime")).or_else(|| time(e.at("lastTimestamp"))).or_else(|| time(e.at("eventTime")))
}

fn heading(all: bool) -> String {
    format!("{}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n", if all { "NAMESPACE\t" } else { "" })
}

fn row(e: &Object, all: bool, now: Time) -> String {
    let since = |v: &Value| time(v).map_or_else(|| "<unknown>".into(), |t| human_duration(now - t));
    let text = |path: &'static str| e.at(path).as_str().unwrap_or("");
    let first = if e.at("eventTime").is_null() { since(e.at("firstTimestamp")) } else { since(e.at("eventTime")) };
    let count = e.at("count").as_i64().unwrap_or(0);
    let seen = if let Some(n) = e.at("series.count").as_i64() {
        format!("{} (x{n} over {first})", since(e.at("series.lastObservedTime")))
    } else if count > 1 {
        format!("{} (x{count} over {first})", since(e.at("lastTimestamp")))
    } else {
        first
    };
    let namespace = if all { format!("{}\t", e.namespace()) } else { String::new() };
    format!(
        "{namespace}{seen}\t{}\t{}\t{}/{}\t{}\n",
        text("type"),
        text("reason"),
        text("involvedObject.kind"),
        text("involvedObject.name"),
        text("message").trim()
    )
}

impl EventsWatch {
    /// Takes an event that it is to show.
    pub fn observe(&mut self, c: &Change) {
        if let Some(e) = c.after.as_ref().filter(|e| e.kind() == Kind::Event && self.filter.matches(e)) {
            self.queue.push_back(e.clone());
        }
    }
    /// Prints what came in.
    pub fn poll(mut self, cx: &mut Cx<'_>, io: &mut Io) -> Done {
        while let Some(e) = self.queue.pop_front() {
            let mut text = row(&e, self.all, cx.now);
            if !self.headed {
                self.headed = true;
                text = heading(self.all) + &text;
            }
            let aligned = self.writer.align(&text);
            io.print(&aligned);
        }
        if self.until.is_some_and(|t| cx.now >= t) {
            return ok();
        }
        Ok(Flow::Wait(Waiting::Events(Box::new(self))))
    }
    /// What it waits for.
    pub fn until(&self) -> Poll {
        self.until.map_or(Poll::WaitChange, Poll::WaitEither)
    }
}
