//! Image names, what the registry answers, and the images a node holds.
//!
//! Models `pkg/util/parsers`, distribution's reference grammar, and containerd's texts for failed pulls.

use std::fmt::Write;
use std::rc::Rc;

use crate::clock::{Millis, parse_go_duration};

/// How long the registry takes for an image, and for a refusal.
pub const PULL_TIME: Millis = 800;
/// How long the registry takes to refuse.
pub const REFUSAL_TIME: Millis = 500;

/// Words in a name that say there is no such image.
const MISSING: [&str; 4] = ["does-not-exist", "non-existing", "non-existent", "nonexistent"];

/// An image on a node.
#[derive(Clone, Debug)]
pub struct Image {
    /// `sha256:...`
    pub id: Rc<str>,
    /// Its size in bytes.
    pub size: u64,
}

/// What a pull comes to, and how long it takes.
#[derive(Clone, Debug)]
pub struct Pull {
    /// How long it takes.
    pub time: Millis,
    /// The image, or the runtime's error as gRPC prints it.
    pub result: Result<Image, String>,
}

fn is_alnum(c: u8) -> bool {
    c.is_ascii_digit() || c.is_ascii_lowercase()
}

/// One component of a repository path: runs of letters and digits between `.`, `_`, `__` or dashes.
fn component_is_valid(text: &str) -> bool {
    let b = text.as_bytes();
    let (Some(first), Some(last)) = (b.first(), b.last()) else { return false };
    if !is_alnum(*first) || !is_alnum(*last) {
        return false;
    }
    let mut i = 0;
    while i < b.len() {
        if is_alnum(b[i]) {
            i += 1;
            continue;
        }
        let run = b[i..].iter().take_while(|c| !is_alnum(**c)).count();
        let ok = match &text[i..i + run] {
            "." | "_" | "__" => true,
            dashes => dashes.bytes().all(|c| c == b'-'),
        };
        if !ok {
            return false;
        }
        i += run;
    }
    true
}

fn domain_is_valid(text: &str) -> bool {
    let (host, port) = text.split_once(':').map_or((text, None), |(h, p)| (h, Some(p)));
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    host.split('.').all(label) && port.is_none_or(|p| !p.is_empty() && p.bytes().all(|c| c.is_ascii_digit()))
}

fn tag_is_valid(tag: &str) -> bool {
    let b = tag.as_bytes();
    !b.is_empty()
        && b.len() <= 128
        && (b[0].is_ascii_alphanumeric() || b[0] == b'_')
        && b.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-'))
}

/// Checks an image's name and adds the tag `latest` where it has neither tag nor digest.
pub fn apply_default_tag(image: &str) -> Result<String, String> {
    let fail = |why: &str| Err(format!("couldn't parse image name \"{image}\": {why}"));
    let invalid = "invalid reference format";
    let (rest, digest) = image.split_once('@').map_or((image, None), |(r, d)| (r, Some(d)));
    if let Some(d) = digest {
        let hex = d.split_once(':').map(|(_, h)| h);
        if hex.is_none_or(|h| h.len() < 32 || !h.bytes().all(|c| c.is_ascii_hexdigit())) {
            return fail(invalid);
        }
    }
    let last_slash = rest.rfind('/').map_or(0, |i| i + 1);
    let (path, tag) = match rest[last_slash..].find(':') {
        Some(i) => (&rest[..last_slash + i], Some(&rest[last_slash + i + 1..])),
        None => (rest, None),
    };
    let is_id = path.len() == 64 && path.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
    if is_id {
        return fail(&format!("invalid repository name ({path}), cannot specify 64-byte hexadecimal strings"));
    }
    let (domain, remote) = match path.split_once('/') {
        Some((first, rest))
            if first.contains(['.', ':']) || first == "localhost" || first.to_ascii_lowercase() != first =>
        {
            (Some(first), rest)
        }
        _ => (None, path),
    };
    if remote.to_ascii_lowercase() != remote {
        let library = if domain.is_none() && !remote.contains('/') { "library/" } else { "" };
        return fail(&format!("{invalid}: repository name ({library}{remote}) must be lowercase"));
    }
    if !domain.is_none_or(domain_is_valid)
        || !remote.split('/').all(component_is_valid)
        || tag.is_some_and(|t| !tag_is_valid(t))
    {
        return fail(invalid);
    }
    Ok(if tag.is_none() && digest.is_none() { format!("{image}:latest") } else { image.to_owned() })
}

/// An image's name in full, as containerd spells it.
pub fn canonical(image: &str) -> String {
    let first = image.split('/').next().unwrap_or("");
    let mut name = if !image.contains('/') {
        ["docker.io/library/", image].concat()
    } else if !first.contains(['.', ':']) && first != "localhost" {
        ["docker.io/", image].concat()
    } else {
        image.to_owned()
    };
    if !name[name.rfind('/').unwrap_or(0)..].contains([':', '@']) {
        name += ":latest";
    }
    name
}

/// The last part of an image's repository: `nginx` of `docker.io/library/nginx:1.29`.
pub fn repository_name(image: &str) -> String {
    let name = canonical(image);
    let last = name.rsplit('/').next().unwrap_or("");
    last.split([':', '@']).next().unwrap_or("").to_owned()
}

/// 64 hexadecimal digits that depend on a text alone.
fn digest(text: &str) -> (String, u8) {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for b in text.bytes() {
        hash = (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut rng = crate::rng::Rng::new(hash);
    let mut hex = String::with_capacity(64);
    let mut first = 0;
    for i in 0..4 {
        let n = rng.next_u64();
        if i == 0 {
            first = (n >> 56) as u8;
        }
        let _ = write!(hex, "{n:016x}");
    }
    (hex, first)
}

/// What the registry makes of a pull of `image`, given the Pod's `batchyard.dev/image-pull` annotation. Repositories
/// with `does-not-exist` or `private` in their name, and tags with `does-not-exist`, cannot be pulled.
pub fn pull(image: &str, annotation: Option<&str>) -> Pull {
    let name = canonical(image);
    let split = name.rfind([':', '@']).unwrap_or(name.len());
    let (repository, tag) = (&name[..split], name.get(split + 1..).unwrap_or(""));
    let slow = annotation.and_then(|a| a.strip_prefix("after ")).and_then(parse_go_duration);
    let missing = |text: &str| MISSING.iter().any(|word| text.contains(word));
    if missing(repository) || repository.contains("private") {
        let text = format!(
            "rpc error: code = Unknown desc = failed to pull and unpack image \"{name}\": failed to resolve reference \
             \"{name}\": pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed"
        );
        return Pull { time: REFUSAL_TIME, result: Err(text) };
    }
    if missing(tag) || annotation == Some("not-found") {
        let text = format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{name}\": failed to resolve reference \
             \"{name}\": {name}: not found"
        );
        return Pull { time: REFUSAL_TIME, result: Err(text) };
    }
    let (hex, first) = digest(&name);
    let image = Image { id: Rc::from(format!("sha256:{hex}")), size: 4_270_000 + u64::from(first) * 1000 };
    Pull { time: slow.unwrap_or(PULL_TIME), result: Ok(image) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_tags_and_bad_names() {
        for (image, want) in [
            ("busybox", Ok("busybox:latest")),
            ("busybox:1.36", Ok("busybox:1.36")),
            ("registry.local:5000/team/app", Ok("registry.local:5000/team/app:latest")),
            (
                "Busybox",
                Err(
                    "couldn't parse image name \"Busybox\": invalid reference format: repository name (library/Busybox) must be lowercase",
                ),
            ),
            ("busybox:", Err("couldn't parse image name \"busybox:\": invalid reference format")),
            ("my app", Err("couldn't parse image name \"my app\": invalid reference format")),
            ("UPPER/case:1", Ok("UPPER/case:1")),
        ] {
            assert_eq!(apply_default_tag(image), want.map(str::to_owned).map_err(str::to_owned), "{image}");
        }
    }

    #[test]
    fn full_names() {
        for (image, want) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("team/app:2", "docker.io/team/app:2"),
            ("localhost/app", "localhost/app:latest"),
            ("quay.io/x/y", "quay.io/x/y:latest"),
        ] {
            assert_eq!(canonical(image), want);
        }
        assert_eq!(repository_name("quay.io/x/nginx:1.29"), "nginx");
    }

    #[test]
    fn the_registry_refuses() {
        assert!(pull("private/app:1", None).result.unwrap_err().contains("insufficient_scope"));
        assert!(pull("app:does-not-exist", None).result.unwrap_err().ends_with(": not found"));
        assert!(pull("app:1", Some("not-found")).result.unwrap_err().contains("code = NotFound"));
        assert_eq!(pull("app:1", Some("after 5s")).time, 5_000);
        assert_eq!(pull("app:1", None).time, PULL_TIME);
    }
}
