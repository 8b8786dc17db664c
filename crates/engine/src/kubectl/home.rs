//! What lasts from one command line to the next: files written, variables, aliases, the context's namespace, texts.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::rbac::Visitor;

/// A learner's home: cheap to clone, part of the cluster's state, so that going back in time takes it along.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Home {
    /// The namespace of the current context; empty means `default`.
    namespace: Rc<str>,
    pub(super) files: Rc<BTreeMap<String, Rc<str>>>,
    pub(super) vars: Rc<BTreeMap<String, String>>,
    pub(super) aliases: Rc<BTreeMap<String, String>>,
    /// Whom the command that runs acts as, where `--as` names somebody.
    pub(super) visitor: Option<Rc<Visitor>>,
    /// Help, explanations and the like, which a page loads when a command first wants them.
    texts: Rc<BTreeMap<String, Rc<str>>>,
}

impl Home {
    /// The namespace of the current context.
    pub fn namespace(&self) -> Rc<str> {
        if self.namespace.is_empty() { Rc::from("default") } else { self.namespace.clone() }
    }
    /// Sets the namespace of the current context.
    pub fn set_namespace(&mut self, namespace: &str) {
        self.namespace = Rc::from(namespace);
    }
    /// The files written by commands.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Rc<str>)> {
        self.files.iter().map(|(k, v)| (k.as_str(), v))
    }
    /// Writes a file.
    pub fn write(&mut self, name: &str, text: &str) {
        Rc::make_mut(&mut self.files).insert(name.to_owned(), Rc::from(text));
    }
    /// Puts a text (`help`, `explain`) where commands find it.
    pub fn provide(&mut self, name: &str, text: &str) {
        Rc::make_mut(&mut self.texts).insert(name.to_owned(), Rc::from(text));
    }
    /// A text that was provided.
    pub(super) fn text(&self, name: &str) -> Option<Rc<str>> {
        self.texts.get(name).cloned()
    }
}
