//! The order of texts, eight bytes at a time: keys of maps mostly begin alike, and WebAssembly compares byte by byte.

use std::cmp::Ordering;
use std::rc::Rc;

/// The order of two texts, by their bytes.
pub fn of(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_first_chunk::<8>(), b.split_first_chunk::<8>()) {
        let (x, y) = (u64::from_le_bytes(*x), u64::from_le_bytes(*y));
        if x != y {
            // The first byte that differs; WebAssembly cannot turn a word around.
            let first = (x ^ y).trailing_zeros() & !7;
            return ((x >> first) as u8).cmp(&((y >> first) as u8));
        }
        (a, b) = (rest_a, rest_b);
    }
    for (x, y) in a.iter().zip(b) {
        if x != y {
            return x.cmp(y);
        }
    }
    a.len().cmp(&b.len())
}

/// Whether two texts are the same.
#[inline]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (mut x, mut y) = (a, b);
    while let (Some((u, rest_x)), Some((v, rest_y))) = (x.split_first_chunk::<8>(), y.split_first_chunk::<8>()) {
        if u != v {
            return false;
        }
        (x, y) = (rest_x, rest_y);
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(u), Some(v)) => u == v,
        _ => x.iter().zip(y).all(|(u, v)| u == v),
    }
}

/// The order of two shared texts, which mostly are the very same.
pub fn of_shared(a: &Rc<str>, b: &Rc<str>) -> Ordering {
    if Rc::ptr_eq(a, b) { Ordering::Equal } else { of(a, b) }
}

/// Whether two shared texts, which mostly are the very same, say the same.
#[inline]
pub fn same_shared(a: &Rc<str>, b: &Rc<str>) -> bool {
    Rc::ptr_eq(a, b) || same(a.as_bytes(), b.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_order_of_the_standard_library() {
        let texts = [
            "",
            "a",
            "ab",
            "abcdefgh",
            "abcdefgi",
            "abcdefgha",
            "abcdefghij",
            "abcdefghé",
            "z",
            "é",
            "many-1",
            "many-10",
            "many-1-abcde.17",
        ];
        for a in texts {
            for b in texts {
                assert_eq!(of(a, b), a.cmp(b), "{a} {b}");
                assert_eq!(same(a.as_bytes(), b.as_bytes()), a == b, "{a} {b}");
                assert_eq!(of_shared(&Rc::from(a), &Rc::from(b)), a.cmp(b), "{a} {b}");
                assert_eq!(same_shared(&Rc::from(a), &Rc::from(b)), a == b, "{a} {b}");
            }
        }
    }
}
