//! Reading the tool's own arguments.

use batchyard_engine::clock::{Millis, parse_go_duration};

/// Arguments, taken apart: flags with a value, flags without, and the rest.
pub struct Args {
    values: Vec<(String, String)>,
    switches: Vec<String>,
    /// What are not flags.
    pub rest: Vec<String>,
}

impl Args {
    /// Takes words apart. `valued` and `switches` are the flags there are; with `stop`, the first word that is no flag ends
    /// them.
    pub fn read(words: &[String], valued: &[&str], switches: &[&str], stop: bool) -> Result<Self, String> {
        let mut args = Self { values: Vec::new(), switches: Vec::new(), rest: Vec::new() };
        let mut i = 0;
        while i < words.len() {
            let word = &words[i];
            i += 1;
            if word == "--" {
                args.rest.extend_from_slice(&words[i..]);
                break;
            }
            let Some(flag) = word.strip_prefix("--") else {
                args.rest.push(word.clone());
                if stop {
                    args.rest.extend_from_slice(&words[i..]);
                    break;
                }
                continue;
            };
            let (name, value) = flag.split_once('=').map_or((flag, None), |(n, v)| (n, Some(v.to_owned())));
            if switches.contains(&name) && value.is_none() {
                args.switches.push(name.to_owned());
            } else if valued.contains(&name) {
                let value = match value {
                    Some(v) => v,
                    None => {
                        i += 1;
                        words.get(i - 1).cloned().ok_or_else(|| format!("--{name} needs a value"))?
                    }
                };
                args.values.push((name.to_owned(), value));
            } else {
                let known: Vec<String> = valued.iter().chain(switches).map(|f| format!("--{f}")).collect();
                return Err(format!("there is no flag --{name} here; there are {}", known.join(", ")));
            }
        }
        Ok(args)
    }
    /// The value of a flag.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
    /// Whether a switch is on.
    pub fn on(&self, name: &str) -> bool {
        self.switches.iter().any(|s| s == name)
    }
    /// A duration.
    pub fn duration(&self, name: &str) -> Result<Option<Millis>, String> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match parse_go_duration(text) {
            Some(ms) if ms >= 0 => Ok(Some(ms)),
            _ => Err(format!("--{name}: {text:?} is no duration; write 90s, 5m or 1h30m")),
        }
    }
    /// A number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, String> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| format!("--{name}: {text:?} is no whole number"))
    }
}

/// A file's text, with an error that names it. Manifests may hold any bytes.
pub fn read_file(path: &str) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
