//! Fixed runs and measurements that are made natively and as WebAssembly: the histories must be equal to the last byte,
//! and both must be fast.

pub mod bench;
pub mod runs;
