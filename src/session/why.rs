//! Why? For a Job, a Pod or another workload: what happened, by which rule, and what comes next and when. Composed from the
//! state of the cluster at the moment shown and the history that led to it, never from which example is open.

mod job;
mod other;
mod pod;

use yew::AttrValue;

use super::act::Question;
use super::desk::Desk;
use super::view::Workload;
use super::yaml;

/// An answer. Parts between backticks are Kubernetes' words.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The question.
    pub question: AttrValue,
    /// What happened: facts of this run.
    pub happened: AttrValue,
    /// The rule, in general.
    pub rule: AttrValue,
    /// What comes next, and when.
    pub next: AttrValue,
    /// The line of the manifest that decides it, from 0, and its text.
    pub line: Option<(usize, AttrValue)>,
    /// A page of the documentation: address and title.
    pub docs: (AttrValue, AttrValue),
}

/// A page of the Kubernetes documentation.
fn docs(path: &str, title: &'static str) -> (AttrValue, AttrValue) {
    (["https://kubernetes.io/docs/concepts/workloads/", path].concat().into(), title.into())
}

/// The line of a field of the manifest's workload, below its Job or workload spec.
fn line(desk: &Desk, name: &str, field: &str) -> Option<(usize, AttrValue)> {
    let d = desk.drafts.iter().find(|d| d.name == name).or_else(|| desk.drafts.first())?;
    let all = yaml::fields(&desk.draft);
    let f = yaml::find(&all, d.doc, &[d.spec, field].concat())?;
    Some((f.line, desk.draft.lines().nth(f.line)?.trim().to_owned().into()))
}

/// Answers a question at the moment that is shown.
pub fn answer(desk: &Desk, question: &Question) -> Option<Answer> {
    match question {
        Question::Job(key) => {
            let job = desk.scene.workloads.iter().find_map(|w| match w {
                Workload::Job(j) if key.is_empty() || j.key == *key => Some(j),
                _ => None,
            })?;
            Some(job::answer(desk, job))
        }
        Question::Pod(name) => Some(pod::answer(desk, desk.scene.pod(name)?)),
        Question::Other(key) => other::answer(desk, desk.scene.workloads.iter().find(|w| w.key() == key)?),
    }
}
