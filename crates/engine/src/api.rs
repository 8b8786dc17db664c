//! The API objects: the tree they are made of, their typed views, and the scheme of kinds.

mod value;

pub use value::{Map, Value};
