//! The pages of the site.

pub mod common;
pub mod compare;
pub mod sandbox;
pub mod widget;
