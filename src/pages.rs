//! The pages of the site.

pub mod sandbox;
