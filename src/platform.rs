//! The browser. The only module that uses web-sys beyond the events that components are handed.

pub mod clipboard;
pub mod dom;
pub mod files;
pub mod flip;
pub mod frames;
pub mod parts;
pub mod storage;
pub mod ticker;
pub mod turns;
