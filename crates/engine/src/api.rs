//! The API objects: the tree they are made of, the scheme of kinds, selectors and quantities, and typed views.

pub mod base64;
pub mod content;
pub mod defaults;
pub mod dump;
pub mod field;
pub mod image;
pub mod int_or_string;
pub mod labels;
mod object;
pub mod patch;
pub mod quantity;
pub mod resource_list;
pub mod resources;
pub mod schema;
mod scheme;
pub mod selector;
pub mod sha256;
pub mod text;
pub mod typed;
pub mod validation;

pub use batchyard_tree::{Map, Value, order, pool, shared_text};
pub use field::{ErrorType, FieldError, Path};
pub use object::{Object, ObjectKey, OwnerReference};
pub use quantity::Quantity;
pub use scheme::{KINDS, Kind, KindInfo};
pub use selector::Selector;
