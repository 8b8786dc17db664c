//! What a container's scripts may take: steps before virtual time must pass, memory, processes, calls within calls.
//!
//! A learner's endless loop must not freeze the page, and a text that doubles must not eat its memory. A real node kills the
//! one for memory and lets the other burn its CPU share; so does this one, only sooner.

use super::script::Script;
use super::{Machine, Proc};
use crate::runtime::process::Io;

/// How many bytes of text cost as much as a step.
const BYTES_PER_STEP: usize = 64;
/// How much text may be made before memory is looked at again.
const CHECK_EVERY: usize = 1 << 18;
/// How much text the processes of a container may hold. What doubles passes this and a node's memory within milliseconds.
const MEMORY: usize = 4 << 20;
/// What an element of a list takes besides its text.
pub const FIELD: usize = 32;
/// How much text a tool may make at once.
pub const LONGEST_TEXT: usize = 1 << 20;
/// How long a line without an end may become before it is logged all the same.
pub const LONGEST_LINE: usize = 1 << 16;
/// How many processes a container may have.
const PROCESSES: usize = 1_000;
/// How deep functions may call each other: a real shell's stack of 8 MiB ends about there.
const DEEPEST: usize = 10_000;
/// How deep commands, words and expressions may stand in each other where they are read: each level takes some of the stack.
pub const DEEPEST_TEXT: u32 = 64;
/// How many words `test` takes, which may all be brackets in each other.
pub const TEST_WORDS: usize = 500;
/// What a shell ends with whose stack is full: 128 and SIGSEGV.
const SEGMENTATION_FAULT: i64 = 139;

/// Whether another process may begin; the error is the shell's word for it.
pub fn forks(m: &Machine) -> Result<(), (i64, String)> {
    if m.procs.len() < PROCESSES { Ok(()) } else { Err((2, "can't fork: Resource temporarily unavailable".into())) }
}

impl Machine {
    /// Charges a step of a process, and ends what takes too much.
    pub(super) fn account(&mut self, p: &mut Proc, io: &mut Io<'_>, budget: &mut u32) {
        let work = std::mem::take(&mut io.work);
        let cost = u32::try_from(1 + work / BYTES_PER_STEP).unwrap_or(u32::MAX);
        *budget = budget.saturating_sub(cost);
        self.made = self.made.saturating_add(work);
        if self.made > CHECK_EVERY {
            self.made = 0;
            self.out_of_memory |= self.held() + held_by(p) > MEMORY;
        }
        if self.out_of_memory {
            p.exit = Some(137);
        } else if p.exit.is_none() && p.script.as_ref().is_some_and(|s| s.depth() > DEEPEST) {
            p.exit = Some(SEGMENTATION_FAULT);
        }
    }
    /// How much text it holds, in bytes.
    fn held(&self) -> usize {
        let buffers = self.pipes.iter().chain(&self.texts).map(|b| b.text.len()).sum::<usize>();
        buffers + self.procs.iter().map(held_by).sum::<usize>()
    }
}

fn held_by(p: &Proc) -> usize {
    p.script.as_ref().map_or(0, |s| s.held()) + p.tool.as_ref().map_or(0, |f| f.tool.held_text())
}

impl Script {
    /// How much text its variables and lists hold, in bytes.
    fn held(&self) -> usize {
        let list = |l: &Vec<String>| l.iter().map(|t| t.len() + FIELD).sum::<usize>();
        self.vars.values().map(|v| v.value.len()).sum::<usize>()
            + self.arrays.values().map(list).sum::<usize>()
            + list(&self.params)
    }
}
