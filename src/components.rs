//! The parts of the page, each a function of a part of the scene.

pub mod assist;
pub mod behaviour;
pub mod cards;
pub mod clockwork;
pub mod code;
pub mod dialogs;
pub mod editor;
pub mod examples;
pub mod gantt;
pub mod glyph;
pub mod inspector;
pub mod jobcard;
pub mod outcome;
pub mod paced;
pub mod pod;
pub mod settings;
pub mod share;
pub mod signal;
pub mod stage;
pub mod terminal;
pub mod top;
pub mod tour;
pub mod transport;
pub mod why;
pub mod yard;

#[cfg(test)]
mod tests;
