//! Objects that the program writes out, field by field: `json!({"a": x, "b": y})`.
//!
//! Their names are part of the program, so where its texts stand says which they are: for a list of such places the sorted
//! list of names is remembered, and where each value goes. An object is then made without a look at a name. What is
//! remembered is forgotten as it likes.

use std::cell::RefCell;
use std::mem::{self, ManuallyDrop};

use crate::Value;
use crate::map::Keys;

const SLOTS: usize = 1024;

/// A field that the program names.
pub type Field = (&'static str, Value);

/// The names of the fields as they are written, which of them are kept, what becomes of those, and which field is the value
/// of each.
struct Known {
    kept: u32,
    names: Vec<&'static str>,
    keys: Keys,
    from: Vec<u8>,
}

thread_local! {
    // Left to the end of the process, as the cache of texts is.
    static CACHE: ManuallyDrop<RefCell<Vec<Option<Known>>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// Which fields are kept, one bit each: all, or those that are not null. None where they are too many to remember.
pub fn kept(fields: &[Field], nulls: bool) -> Option<u32> {
    let all = 1_u32.checked_shl(fields.len() as u32)?.wrapping_sub(1);
    if nulls {
        return Some(all);
    }
    Some(fields.iter().enumerate().fold(all, |kept, (i, (_, v))| if v.is_null() { kept & !(1 << i) } else { kept }))
}

fn names(fields: &[Field], kept: u32) -> impl Iterator<Item = (usize, &'static str)> {
    fields.iter().enumerate().filter(move |(i, _)| kept >> i & 1 == 1).map(|(i, (name, _))| (i, *name))
}

/// By the first and the last name: two lists seldom have both in common.
fn slot(fields: &[Field], kept: u32) -> usize {
    let place = |field: Option<&Field>| field.map_or(0, |(name, _)| name.as_ptr() as usize as u32);
    let mix = |hash: u32, n: u32| (hash.rotate_left(5) ^ n).wrapping_mul(0x9E37_79B1);
    let ends = mix(place(fields.first()), place(fields.last()));
    (mix(mix(ends, fields.len() as u32), kept) >> 16) as usize % SLOTS
}

/// The names and values of a map of these fields, if such a one was made before.
pub fn known(fields: &mut [Field], kept: u32) -> Option<(Keys, Vec<Value>)> {
    CACHE.with(|cache| {
        let cache = cache.borrow();
        let there = cache.get(slot(fields, kept))?.as_ref()?;
        let same = |(a, (b, _)): (&&'static str, &Field)| a.as_ptr() == b.as_ptr() && a.len() == b.len();
        if there.kept != kept || there.names.len() != fields.len() || !there.names.iter().zip(&*fields).all(same) {
            return None;
        }
        let values = there.from.iter().map(|i| mem::take(&mut fields[usize::from(*i)].1)).collect();
        Some((there.keys.clone(), values))
    })
}

/// Remembers what became of fields. Names that are there twice are not for this.
pub fn learn(fields: &[Field], kept: u32, keys: &Keys) {
    if kept.count_ones() as usize != keys.len() {
        return;
    }
    let mut from = vec![0; keys.len()];
    for (i, name) in names(fields, kept) {
        let Some(at) = keys.position(name.as_bytes()) else { return };
        from[at] = i as u8;
    }
    let names = fields.iter().map(|(name, _)| *name).collect();
    CACHE.with(|cache| {
        let mut cache = cache.borrow_mut();
        if cache.is_empty() {
            cache.resize_with(SLOTS, || None);
        }
        cache[slot(fields, kept)] = Some(Known { kept, names, keys: keys.clone(), from });
    });
}

#[cfg(test)]
mod tests {
    use crate::{Map, Value};

    /// The same fields twice: the second time from memory.
    #[test]
    fn a_map_is_the_same_made_from_memory_or_not() {
        for optional in [Value::Null, Value::from("there"), Value::Null, Value::from("there")] {
            let object = Value::object([("b", 1.into()), ("a", optional.clone()), ("c", Value::Null)]);
            let text = if optional.is_null() { r#"{"b":1}"# } else { r#"{"a":"there","b":1}"# };
            assert_eq!(object.to_json(), text);
            assert_eq!(object, Value::from_json(text).unwrap());
            let all = Value::from(Map::of([("b", 1.into()), ("a", optional.clone()), ("c", Value::Null)]));
            let text =
                if optional.is_null() { r#"{"a":null,"b":1,"c":null}"# } else { r#"{"a":"there","b":1,"c":null}"# };
            assert_eq!(all.to_json(), text);
        }
    }

    #[test]
    fn a_name_twice_has_its_last_value() {
        for last in [1, 2] {
            assert_eq!(Value::object([("a", 0.into()), ("a", last.into())]).to_json(), format!(r#"{{"a":{last}}}"#));
        }
    }

    #[test]
    fn more_fields_than_are_remembered() {
        let names: [&'static str; 40] =
            std::array::from_fn(|i| &"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst"[i..i + 5]);
        for _ in 0..2 {
            let map = Map::of(names.map(|n| (n, Value::from(n))));
            assert_eq!(map.len(), 26);
            assert!(map.iter().all(|(k, v)| Some(k.as_ref()) == v.as_str()));
        }
    }
}
