//! The one source of chance: a seeded generator whose state is part of the cluster's, so that a run can be told again.

use std::rc::Rc;

/// `SplitMix64` (Steele, Lea, Flood 2014): 64 bits of state, the same numbers natively and in WebAssembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(u64);

/// The letters of generated names: no vowels, no 0, 1 or 3. Models apimachinery `util/rand`.
pub const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Rng {
    /// A generator that gives the same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// A number from 0 up to, without, `n` (0 where `n` is 0).
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 { 0 } else { ((u128::from(self.next_u64()) * u128::from(n)) >> 64) as u64 }
    }
    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }
    /// A number from 0 up to, without, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// A suffix as Kubernetes makes for `generateName`, `n` letters long.
    pub fn name_suffix(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(NAME_ALPHABET[self.below(27) as usize])).collect()
    }
    /// A random (version 4) UUID. No two are alike: it is a text of its own, and not for the cache of texts.
    pub fn uuid(&mut self) -> Rc<str> {
        let (a, b) = (self.next_u64(), self.next_u64());
        let mut text = [b'-'; 36];
        write_hex(&mut text[..8], a >> 32);
        write_hex(&mut text[9..13], a >> 16);
        write_hex(&mut text[14..18], a & 0xfff | 0x4000);
        write_hex(&mut text[19..23], b >> 48 & 0x3fff | 0x8000);
        write_hex(&mut text[24..], b);
        Rc::from(str::from_utf8(&text).unwrap_or_default())
    }
    /// So many random hexadecimal digits, in sixteens: the id of a container.
    pub fn hex(&mut self, sixteens: usize) -> String {
        let mut text = vec![0; 16 * sixteens];
        for part in text.chunks_mut(16) {
            write_hex(part, self.next_u64());
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

/// Writes the last hexadecimal digits of a number, as many as there is room for.
pub fn write_hex(to: &mut [u8], mut n: u64) {
    for digit in to.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(n & 15) as usize];
        n >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_numbers() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        assert_eq!((0..9).map(|_| a.next_u64()).collect::<Vec<_>>(), (0..9).map(|_| b.next_u64()).collect::<Vec<_>>());
        assert_ne!(Rng::new(7).next_u64(), Rng::new(8).next_u64());
    }

    #[test]
    fn suffixes_use_the_alphabet() {
        let s = Rng::new(1).name_suffix(200);
        assert!(s.bytes().all(|c| NAME_ALPHABET.contains(&c)));
    }

    #[test]
    fn uuids_are_version_4() {
        let u = Rng::new(3).uuid();
        assert_eq!((u.len(), &u[14..15]), (36, "4"));
        assert!("89ab".contains(&u[19..20]));
    }
}
