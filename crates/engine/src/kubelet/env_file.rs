//! Variables from a file of a volume, which an init container wrote (`fileKeyRef`).
//!
//! Models `ParseEnv` of `pkg/kubelet/util/env` and its use in `makeEnvironmentVariables`.

use super::pod::Pod;
use super::volumes;
use crate::api::Value;

/// The value of a key of a file of variables; empty where the file does not have it. Every value stands in single quotes,
/// in which anything may stand, line ends too. None where the file is not written like that.
fn parse(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches([' ', '\t']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=')?;
        if name.is_empty() || name.ends_with([' ', '\t']) {
            return None;
        }
        if value.starts_with([' ', '\t']) {
            // As in a shell, the variable is empty and what follows is not its value.
            if name == key {
                return Some(String::new());
            }
            continue;
        }
        let mut rest = value.strip_prefix('\'')?;
        let mut found = String::new();
        let after = loop {
            if let Some((inside, after)) = rest.split_once('\'') {
                found += inside;
                break after.trim_start_matches([' ', '\t']);
            }
            found = [&*found, rest, "\n"].concat();
            rest = lines.next()?;
        };
        if !after.is_empty() && !after.starts_with('#') {
            return None;
        }
        if name == key {
            return Some(found);
        }
    }
    Some(String::new())
}

/// The value that a `fileKeyRef` stands for; none where it is optional and absent.
pub fn value(pod: &Pod, source: &Value) -> Result<Option<String>, String> {
    let (volume, path, key) = (source.str_at("volumeName"), source.str_at("path"), source.str_at("key"));
    if !pod.spec().at("volumes").items().iter().any(|v| v.str_at("name") == volume) {
        return Err(format!("cannot find the volume \"{volume}\" referenced by FileKeyRef"));
    }
    let text = pod.files.read_in(&volumes::space(volume), &["/", path.trim_matches('/')].concat());
    let found = text.and_then(|t| parse(&t, key)).ok_or("couldn't parse env file")?;
    if !found.is_empty() {
        return Ok(Some(found));
    }
    if source.bool_at("optional") {
        return Ok(None);
    }
    let folder = format!("/var/lib/kubelet/pods/{}/volumes/kubernetes.io~empty-dir", pod.uid());
    Err(format!("environment variable key \"{key}\" not found in file \"{folder}/{volume}/{path}\""))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn files_of_variables() {
        for (text, want) in [
            ("A='1'\nB='2'\n", Some("2")),
            ("# B='no'\n\n \tB='2' # two\n", Some("2")),
            ("B='a\nb'\n", Some("a\nb")),
            ("A='1'\n", Some("")),
            ("B= '2'\n", Some("")),
            ("B=2\n", None),
            ("B='2\n", None),
            ("B='2' 3\n", None),
            ("B ='2'\n", None),
            ("nothing\n", None),
        ] {
            assert_eq!(parse(text, "B").as_deref(), want, "{text:?}");
        }
    }
}
