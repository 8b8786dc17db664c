//! batchyard's page: an editor, a yard, a timeline and a terminal over a simulated cluster.
//!
//! A library, so that the command line tool can draw the same pictures: [`session`] knows no browser.

mod app;
mod components;
mod pages;
mod platform;
pub mod session;

pub use app::start;
pub use pages::widget::{call as embed_call, mount as embed_mount};
