//! Names of revisions: the hash of a pod template, and that of a ControllerRevision's data.
//!
//! Models `ComputeHash` of `pkg/controller/controller_utils.go` and `HashControllerRevision` of
//! `pkg/controller/history/controller_history.go`.

use std::fmt;

use crate::api::text::go_json;
use crate::api::{Value, dump};
use crate::rng::NAME_ALPHABET;

const OFFSET: u32 = 0x811c_9dc5;
const PRIME: u32 = 0x0100_0193;

/// FNV-1a of 32 bits: `fnv.New32a`.
struct Fnv32a(u32);

impl Fnv32a {
    fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(PRIME);
        }
    }
}

impl fmt::Write for Fnv32a {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.mix(text.as_bytes());
        Ok(())
    }
}

/// The decimal digits of a sum in the letters of generated names. Models `rand.SafeEncodeString`.
fn safe_encode(sum: u32) -> String {
    let letter = |digit: u8| char::from(NAME_ALPHABET[usize::from(digit) % NAME_ALPHABET.len()]);
    sum.to_string().bytes().map(letter).collect()
}

/// The hash of a pod template, with the count of collisions where there is one: `pod-template-hash`, and the
/// `controller-revision-hash` of a DaemonSet. It is another one for some templates where their owner was `encoded` in the same
/// sync. Models `ComputeHash`.
pub fn template_hash(template: &Value, collision_count: Option<i64>, encoded: bool) -> String {
    let mut hash = Fnv32a(OFFSET);
    // A hasher takes whatever is written.
    let _ = dump::for_hash("core.PodTemplateSpec", template, encoded, &mut hash);
    if let Some(count) = collision_count {
        hash.mix(&u64::from(count as u32).to_le_bytes());
    }
    safe_encode(hash.0)
}

/// The hash of a revision's data, with the count of collisions. Models `HashControllerRevision`, whose FNV is the older one,
/// which multiplies first.
pub fn data_hash(data: &Value, collision_count: i64) -> String {
    let text = go_json(data);
    let count = (collision_count as i32).to_string();
    let mix = |hash: u32, byte: u8| hash.wrapping_mul(PRIME) ^ u32::from(byte);
    safe_encode(text.bytes().chain(count.bytes()).fold(OFFSET, mix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object};
    use crate::controllers::history;
    use crate::json;

    /// Templates with the hash that upstream's own code makes of each, that of one `encoded` before where it is another,
    /// and that of a StatefulSet's revision of it.
    const HASHES: &str = include_str!("revision/hashes.jsonl");

    #[test]
    fn hashes_are_those_of_upstream() {
        for line in HASHES.lines() {
            let row = Value::from_json(line).unwrap();
            let (what, template) = (row.str_at("what"), row.at("template"));
            let collisions = row.int_at("collisionCount");
            assert_eq!(template_hash(template, collisions, false), row.str_at("hash"), "{what}");
            let encoded = row.at("encoded").as_str().unwrap_or(row.str_at("hash"));
            assert_eq!(template_hash(template, collisions, true), encoded, "{what}, encoded");
            if let Some(revision) = row.at("revision").as_str() {
                let set = Object::new(Kind::StatefulSet, json!({"spec": {"template": (template.clone())}}));
                assert_eq!(data_hash(&history::data(&set), collisions.unwrap_or(0)), revision, "{what}");
            }
        }
    }
}
