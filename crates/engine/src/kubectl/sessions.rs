//! The command lines of a cluster that run or ran, and the home they share.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Cx, Home, Nodes, Output, Poll, Session};
use crate::apiserver::Change;
use crate::component::Ctx;
use crate::queue::{Due, EventQueue};

/// A session that runs, or what is left of one that has ended.
#[derive(Clone)]
enum Entry {
    Running(Box<Session>, Poll),
    Ended(Rc<Output>),
}

/// The sessions, by the place of their command among the learner's commands.
#[derive(Clone, Default)]
pub struct Sessions {
    entries: BTreeMap<usize, Entry>,
    queue: EventQueue<usize>,
    due: BTreeMap<usize, Due>,
    home: Home,
}

impl Sessions {
    /// Starts a session and runs it as far as it can.
    pub fn start(&mut self, id: usize, session: Session, ctx: &mut Ctx<'_>, nodes: &mut dyn Nodes) {
        self.entries.insert(id, Entry::Running(Box::new(session), Poll::WaitChange));
        self.poll(id, ctx, nodes);
    }
    /// What a session has printed, and whether it has ended.
    pub fn outcome(&self, id: usize) -> Option<(Output, bool)> {
        match self.entries.get(&id)? {
            Entry::Running(s, _) => Some((s.output().clone(), false)),
            Entry::Ended(o) => Some(((**o).clone(), true)),
        }
    }
    /// Ctrl+C, for the newest session that runs.
    pub fn interrupt(&mut self) {
        let newest = self.entries.iter_mut().rev().find(|(_, e)| matches!(e, Entry::Running(..)));
        if let Some((id, entry)) = newest {
            if let Entry::Running(s, _) = entry {
                s.interrupt();
                *entry = Entry::Ended(Rc::new(s.output().clone()));
            }
            if let Some(due) = self.due.remove(&id.clone()) {
                self.queue.cancel(due);
            }
        }
    }
    /// When the first session is to be polled.
    pub fn next_due(&self) -> Option<Due> {
        self.queue.next_due()
    }
    /// Polls the session that is due.
    pub fn run_next(&mut self, ctx: &mut Ctx<'_>, nodes: &mut dyn Nodes) {
        if let Some((_, id)) = self.queue.pop() {
            self.due.remove(&id);
            self.poll(id, ctx, nodes);
        }
    }
    /// Tells sessions of a change.
    pub fn observe(&mut self, ctx: &mut Ctx<'_>, change: &Change) {
        let mut wake = Vec::new();
        for (id, entry) in &mut self.entries {
            if let Entry::Running(s, poll) = entry {
                s.observe(change);
                if matches!(poll, Poll::WaitChange | Poll::WaitEither(_)) {
                    wake.push(*id);
                }
            }
        }
        for id in wake {
            self.schedule(id, ctx.now, ctx);
        }
    }
    /// What lasts between commands.
    pub fn home(&self) -> &Home {
        &self.home
    }
    /// What lasts between commands, for changing.
    pub fn home_mut(&mut self) -> &mut Home {
        &mut self.home
    }
    fn schedule(&mut self, id: usize, at: crate::clock::Time, ctx: &mut Ctx<'_>) {
        if let Some(due) = self.due.get(&id).copied() {
            if due.0 <= at {
                return;
            }
            self.queue.cancel(due);
        }
        let due = ctx.at(&mut self.queue, at, id);
        self.due.insert(id, due);
    }
    fn poll(&mut self, id: usize, ctx: &mut Ctx<'_>, nodes: &mut dyn Nodes) {
        let Some(Entry::Running(session, state)) = self.entries.get_mut(&id) else { return };
        let mut cx = Cx { now: ctx.now, api: ctx.api, home: &mut self.home, nodes };
        *state = session.poll(&mut cx);
        let next = *state;
        if next == Poll::Done {
            let output = Rc::new(session.output().clone());
            self.entries.insert(id, Entry::Ended(output));
        }
        if let Poll::WaitUntil(at) | Poll::WaitEither(at) = next {
            self.schedule(id, at, ctx);
        }
    }
    /// Goes on with the sessions that wait for a text.
    pub fn resume(&mut self, ctx: &mut Ctx<'_>, nodes: &mut dyn Nodes) {
        let waiting = |(id, e): (&usize, &Entry)| matches!(e, Entry::Running(_, Poll::WaitText)).then_some(*id);
        let ids: Vec<usize> = self.entries.iter().filter_map(waiting).collect();
        for id in ids {
            self.poll(id, ctx, nodes);
        }
    }
}
