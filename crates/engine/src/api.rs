//! The API objects: the tree they are made of, the scheme of kinds, selectors and quantities, and typed views.

mod object;
pub mod schema;
mod scheme;
mod value;

pub use object::{Object, ObjectKey, OwnerReference};
pub use scheme::{KINDS, Kind, KindInfo};
pub use value::{Map, Value};
