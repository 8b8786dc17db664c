//! Fixed runs and measurements that are made natively and as WebAssembly: the histories must be equal to the last byte,
//! and both must be fast. Also what throws broken input at the engine.

pub mod bench;
pub mod fuzz;
pub mod runs;
