//! Names of revisions: the hash of a pod template, and the ControllerRevisions of StatefulSets and DaemonSets.
//!
//! Models `ComputeHash` of `pkg/controller/controller_utils.go` and `pkg/controller/history/controller_history.go`. The hash
//! itself is this project's own: upstream hashes Go's printing of a struct. Its letters and its length are upstream's.

use crate::api::Value;
use crate::rng::NAME_ALPHABET;

/// FNV-1 of 32 bits, as `fnv.New32` computes it, with the bytes mixed in before (1a) or after the multiplication.
fn fnv32a(text: &str, salt: Option<i64>) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut mix = |byte: u8| hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().for_each(&mut mix);
    if let Some(salt) = salt {
        salt.to_le_bytes().into_iter().for_each(&mut mix);
    }
    hash
}

/// The hash of a tree, in the letters of generated names. Models `rand.SafeEncodeString`.
pub fn hash(value: &Value, collision_count: Option<i64>) -> String {
    let number = fnv32a(&value.to_json(), collision_count).to_string();
    number.bytes().map(|digit| char::from(NAME_ALPHABET[usize::from(digit) % NAME_ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn hashes_differ_with_the_template_and_the_count() {
        let (a, b) = (json!({"spec": {"x": 1}}), json!({"spec": {"x": 2}}));
        assert_eq!(hash(&a, None), hash(&a.clone(), None));
        assert_ne!(hash(&a, None), hash(&b, None));
        assert_ne!(hash(&a, None), hash(&a, Some(1)));
        assert!(hash(&a, None).bytes().all(|c| NAME_ALPHABET.contains(&c)));
    }
}
