//! Base64 as Go's `encoding/base64` reads and writes it (standard alphabet, padded).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes as text.
pub fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(ALPHABET[(n >> (18 - 6 * i)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn value(b: u8) -> Option<u32> {
    ALPHABET.iter().position(|a| *a == b).map(|i| i as u32)
}

/// Reads text; line breaks are passed over. The error is the offset of the byte at fault, as in Go's
/// `illegal base64 data at input byte 6`.
pub fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let mut i = 0;
    let skip_breaks = |mut i: usize| {
        while i < bytes.len() && matches!(bytes[i], b'\n' | b'\r') {
            i += 1;
        }
        i
    };
    loop {
        i = skip_breaks(i);
        if i >= bytes.len() {
            return Ok(out);
        }
        let (mut n, mut count) = (0, 0);
        while count < 4 {
            i = skip_breaks(i);
            let Some(&b) = bytes.get(i) else { return Err(i - count) };
            i += 1;
            if b == b'=' {
                if count < 2 {
                    return Err(i - 1);
                }
                if count == 2 {
                    i = skip_breaks(i);
                    match bytes.get(i) {
                        Some(b'=') => i += 1,
                        Some(_) => return Err(i - 1),
                        None => return Err(bytes.len()),
                    }
                }
                i = skip_breaks(i);
                if i < bytes.len() {
                    return Err(i);
                }
                break;
            }
            n = (n << 6) | value(b).ok_or(i - 1)?;
            count += 1;
        }
        n <<= 6 * (4 - count as u32);
        let n = n.to_be_bytes();
        out.extend_from_slice(&n[1..count.max(1)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (plain, text) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj"), ("hello\n", "aGVsbG8K")] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Ok(plain.as_bytes()));
        }
    }

    #[test]
    fn the_byte_at_fault() {
        for (text, at) in [("secret!", 6), ("a", 0), ("YWJjZ", 4), ("YQ=", 3), ("YQ==YQ==", 4), ("Y===", 1)] {
            assert_eq!(decode(text), Err(at), "{text}");
        }
    }
}
