//! Fixed runs, whose histories must come out the same natively and as WebAssembly.

use batchyard_engine::rng::Rng;

/// The random numbers' own hash.
pub fn chance() -> u64 {
    let mut rng = Rng::new(7);
    (0..1000).fold(0, |hash, _| hash ^ rng.next_u64().rotate_left((hash & 63) as u32) ^ rng.unit().to_bits())
}
