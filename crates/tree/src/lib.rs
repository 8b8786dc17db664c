//! The values that all objects of the simulated cluster are made of: JSON with structural sharing, its maps and texts.
//!
//! A crate of its own, since most of a run's time is spent here: the page's WebAssembly, otherwise made for size, has this
//! part made for speed (Cargo.toml's `profile.page`).

mod intern;
mod literal;
mod map;
pub mod order;
mod place;
pub mod pool;
mod value;

pub use intern::intern as shared_text;
pub use map::Map;
pub use value::Value;
