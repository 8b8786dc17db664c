//! References to images: `registry.example.com:5000/team/app:1.2@sha256:...`.
//!
//! Models `github.com/distribution/reference` and `pkg/util/parsers`.

/// A reference, taken apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Image<'a> {
    /// Registry, where one is named.
    pub domain: Option<&'a str>,
    /// `library/nginx`, as written.
    pub path: &'a str,
    /// The tag, where one is given.
    pub tag: Option<&'a str>,
    /// The digest, where one is given.
    pub digest: Option<&'a str>,
}

/// Reads a reference; `None` where it is malformed.
pub fn parse(text: &str) -> Option<Image<'_>> {
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    let (rest, digest) = match text.split_once('@') {
        Some((r, d)) => (r, Some(d)),
        None => (text, None),
    };
    let (domain, rest) = match rest.split_once('/') {
        Some((d, r)) if d.contains(['.', ':']) || d == "localhost" || d.to_ascii_lowercase() != d => (Some(d), r),
        _ => (None, rest),
    };
    let (path, tag) = match rest.split_once(':') {
        Some((p, t)) => (p, Some(t)),
        None => (rest, None),
    };
    let length = domain.map_or("docker.io/library".len(), str::len) + path.len() + 1;
    let right = length <= 255
        && domain.is_none_or(is_domain)
        && path.split('/').all(is_component)
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest);
    right.then_some(Image { domain, path, tag, digest })
}

impl<'a> Image<'a> {
    /// The tag that is meant: `latest` where neither tag nor digest is given.
    pub fn effective_tag(&self) -> &'a str {
        match (self.tag, self.digest) {
            (Some(t), _) => t,
            (None, Some(_)) => "",
            (None, None) => "latest",
        }
    }
}

/// `[a-z0-9]+((?:[._]|__|[-]+)[a-z0-9]+)*`
fn is_component(s: &str) -> bool {
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = s.as_bytes();
    let ends = bytes.first().is_some_and(|b| alnum(*b)) && bytes.last().is_some_and(|b| alnum(*b));
    ends && s
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

fn is_tag(s: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&s.len()) && word(s.as_bytes()[0]) && s.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(s: &str) -> bool {
    let Some((algorithm, hex)) = s.split_once(':') else { return false };
    let part =
        |p: &str| p.starts_with(|c: char| c.is_ascii_alphabetic()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
    algorithm.split(['-', '_', '+', '.']).all(part) && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_domain(s: &str) -> bool {
    let (host, port) = s.split_once(':').map_or((s, None), |(h, p)| (h, Some(p)));
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(label) && port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (text, want) in [
            ("nginx", Some("latest")),
            ("nginx:1.27", Some("1.27")),
            ("localhost:5000/a/b", Some("latest")),
            ("registry.example.com/team/app:v1", Some("v1")),
            ("busybox@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Some("")),
            ("My/App", None),
            ("my image", None),
            ("nginx:", None),
            ("", None),
            ("a__b.c--d", Some("latest")),
            ("a..b", None),
        ] {
            assert_eq!(parse(text).map(|i| i.effective_tag()), want, "{text}");
        }
    }
}
