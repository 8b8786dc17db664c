//! Reading a command's flags and arguments.
//!
//! Models `spf13/pflag` and the way `spf13/cobra` uses it: long and short flags, `--flag=value` and `--flag value`, flags
//! between arguments, `--` to end them, and its error texts.

use super::failure::Failure;
use crate::clock::{Millis, parse_go_duration};

/// How a flag takes its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    /// `--flag`, `--flag=false`
    Bool,
    /// One text; given again, the last counts.
    Text,
    /// A whole number.
    Int,
    /// A Go duration.
    Duration,
    /// Texts, one a flag.
    Array,
    /// Texts, several a flag with commas between them.
    Slice,
}

/// A flag that a command knows.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its long name.
    pub name: &'static str,
    /// Its letter.
    pub letter: Option<char>,
    /// How it takes its value.
    pub ty: Type,
    /// What it means without a value.
    pub bare: Option<&'static str>,
}

/// Flags that every command knows.
const GLOBAL: &str = "n:namespace context kubeconfig s:server user cluster token as as-group* as-uid request-timeout \
    v:v# warnings-as-errors! cache-dir certificate-authority client-certificate client-key disable-compression! \
    insecure-skip-tls-verify! match-server-version! password username profile profile-output tls-server-name \
    log-flush-frequency~ vmodule kuberc as-user-extra* h:help!";

/// Reads one word of a flag table: `o:output`, `all!`, `tail#`, `timeout~`, `env*`, `label-columns,`, `dry-run=unchanged`.
fn read(word: &'static str) -> Flag {
    let (letter, rest) = match word.split_once(':') {
        Some((l, r)) if l.len() == 1 => (l.chars().next(), r),
        _ => (None, word),
    };
    if let Some((name, bare)) = rest.split_once('=') {
        return Flag { name, letter, ty: Type::Text, bare: Some(bare) };
    }
    let cut = &rest[..rest.len() - 1];
    let (name, ty) = match rest.as_bytes()[rest.len() - 1] {
        b'!' => (cut, Type::Bool),
        b'#' => (cut, Type::Int),
        b'~' => (cut, Type::Duration),
        b'*' => (cut, Type::Array),
        b',' => (cut, Type::Slice),
        _ => (rest, Type::Text),
    };
    Flag { name, letter, ty, bare: (ty == Type::Bool).then_some("true") }
}

/// The flags of a table, those of every command after them.
pub fn flags(table: &'static str) -> impl Iterator<Item = Flag> {
    table.split_ascii_whitespace().chain(GLOBAL.split_ascii_whitespace()).map(read)
}

/// A command's words, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The command: `create job`.
    pub command: &'static str,
    /// What are not flags.
    pub args: Vec<String>,
    /// How many arguments stand before `--`, where there is one.
    pub dash: Option<usize>,
    values: Vec<(&'static str, String)>,
}

fn wrong(command: &str, text: &str) -> Failure {
    let path = if command.is_empty() { String::new() } else { format!(" {command}") };
    Failure::Misread(format!("error: {text}\nSee 'kubectl{path} --help' for usage.\n"))
}

impl Parsed {
    /// Takes words apart by a flag table.
    pub fn read(command: &'static str, table: &'static str, words: &[String]) -> Result<Self, Failure> {
        let mut p = Self { command, ..Self::default() };
        let mut i = 0;
        while i < words.len() {
            let word = &words[i];
            i += 1;
            if word == "--" {
                p.dash = Some(p.args.len());
                p.args.extend_from_slice(&words[i..]);
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((n, v)) => (n, Some(v)),
                    None => (long, None),
                };
                if name.is_empty() || name.starts_with('-') {
                    return Err(wrong(command, &format!("bad flag syntax: {word}")));
                }
                let wanted = name.replace('_', "-");
                let Some(flag) = flags(table).find(|f| f.name == wanted) else {
                    return Err(wrong(command, &format!("unknown flag: --{name}")));
                };
                let value = match (value, flag.bare) {
                    (Some(v), _) => v.to_owned(),
                    (None, Some(bare)) => bare.to_owned(),
                    (None, None) => {
                        let Some(v) = words.get(i) else {
                            return Err(wrong(command, &format!("flag needs an argument: --{name}")));
                        };
                        i += 1;
                        v.clone()
                    }
                };
                p.set(flag, &value)?;
            } else if word.len() > 1 && word.starts_with('-') {
                p.letters(table, &word[1..], words, &mut i)?;
            } else {
                p.args.push(word.clone());
            }
        }
        Ok(p)
    }
    /// `-o yaml`, `-oyaml`, `-o=yaml`, `-Aw`.
    fn letters(&mut self, table: &'static str, word: &str, words: &[String], next: &mut usize) -> Result<(), Failure> {
        let mut rest = word;
        while let Some(letter) = rest.chars().next() {
            let after = &rest[letter.len_utf8()..];
            let Some(flag) = flags(table).find(|f| f.letter == Some(letter)) else {
                return Err(wrong(self.command, &format!("unknown shorthand flag: '{letter}' in -{word}")));
            };
            if let Some(value) = after.strip_prefix('=').filter(|v| !v.is_empty()) {
                return self.set(flag, value);
            }
            if let Some(bare) = flag.bare {
                self.set(flag, bare)?;
                rest = after;
                continue;
            }
            if !after.is_empty() {
                return self.set(flag, after);
            }
            let Some(value) = words.get(*next) else {
                return Err(wrong(self.command, &format!("flag needs an argument: '{letter}' in -{word}")));
            };
            *next += 1;
            return self.set(flag, value);
        }
        Ok(())
    }
    fn set(&mut self, flag: Flag, value: &str) -> Result<(), Failure> {
        let why = match flag.ty {
            Type::Bool if !matches!(value, "true" | "false" | "1" | "0" | "t" | "f" | "T" | "F" | "True" | "False") => {
                Some(format!("strconv.ParseBool: parsing {value:?}: invalid syntax"))
            }
            Type::Int if value.parse::<i64>().is_err() => {
                Some(format!("strconv.ParseInt: parsing {value:?}: invalid syntax"))
            }
            Type::Duration if parse_go_duration(value).is_none() => {
                let numeric = !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit());
                let why = if numeric { "missing unit in duration" } else { "invalid duration" };
                Some(format!("time: {why} {value:?}"))
            }
            _ => None,
        };
        if let Some(why) = why {
            let shown = flag.letter.map_or_else(|| format!("--{}", flag.name), |l| format!("-{l}, --{}", flag.name));
            return Err(wrong(self.command, &format!("invalid argument {value:?} for {shown:?} flag: {why}")));
        }
        if flag.ty == Type::Slice {
            self.values.extend(value.split(',').map(|v| (flag.name, v.to_owned())));
            return Ok(());
        }
        if flag.ty != Type::Array {
            self.values.retain(|(n, _)| *n != flag.name);
        }
        self.values.push((flag.name, value.to_owned()));
        Ok(())
    }
    /// Whether the flag was given at all.
    pub fn has(&self, name: &str) -> bool {
        self.values.iter().any(|(n, _)| *n == name)
    }
    /// A flag's value.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }
    /// A flag's value, empty where it was not given.
    pub fn str(&self, name: &str) -> &str {
        self.text(name).unwrap_or("")
    }
    /// All values of a flag that may be given again and again.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values.iter().filter(|(n, _)| *n == name).map(|(_, v)| v.as_str()).collect()
    }
    /// Every flag that was given, with its value, in order.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str()))
    }
    /// Whether a flag is on.
    pub fn on(&self, name: &str) -> bool {
        self.on_or(name, false)
    }
    /// Whether a flag is on, where it has a default.
    pub fn on_or(&self, name: &str, default: bool) -> bool {
        self.text(name).map_or(default, |v| matches!(v, "true" | "1" | "t" | "T" | "True"))
    }
    /// A number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|v| v.parse().ok())
    }
    /// A duration.
    pub fn duration(&self, name: &str) -> Option<Millis> {
        self.text(name).and_then(parse_go_duration)
    }
    /// The arguments after `--`.
    pub fn after_dash(&self) -> &[String] {
        self.dash.map_or(&[], |n| &self.args[n..])
    }
    /// The arguments before `--`.
    pub fn before_dash(&self) -> &[String] {
        &self.args[..self.dash.unwrap_or(self.args.len())]
    }
    /// The complaint that flags are missing which the command cannot do without.
    pub fn require(&self, names: &[&str]) -> Result<(), Failure> {
        let missing: Vec<String> = names.iter().filter(|n| !self.has(n)).map(|n| format!("{n:?}")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::Misread(format!("error: required flag(s) {} not set\n", missing.join(", "))))
    }
    /// A usage error of the command.
    pub fn usage(&self, text: impl Into<String>) -> Failure {
        Failure::Usage(text.into(), self.command.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Parsed, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Parsed::read("get", "o:output A:all-namespaces! w:watch! tail# timeout~ L:label-columns,", &words)
            .map_err(|f| f.print().lines().next().unwrap_or("").to_owned())
    }

    #[test]
    fn forms_of_flags() {
        for line in ["pods -o yaml", "pods -oyaml", "-o=yaml pods", "--output=yaml pods", "pods --output yaml"] {
            let p = parse(line).unwrap();
            assert_eq!((p.str("output"), p.args.as_slice()), ("yaml", &["pods".to_owned()][..]), "{line}");
        }
        let p = parse("-Aw -n x pods -- -o yaml").unwrap();
        assert!(p.on("all-namespaces") && p.on("watch") && !p.has("output"));
        assert_eq!((p.str("namespace"), p.dash, p.args.len()), ("x", Some(1), 3));
        assert_eq!(parse("pods -La,b").unwrap().all("label-columns"), ["a", "b"]);
    }

    #[test]
    fn complaints() {
        for (line, want) in [
            ("pods --nope", "error: unknown flag: --nope"),
            ("pods -x", "error: unknown shorthand flag: 'x' in -x"),
            ("pods -n", "error: flag needs an argument: 'n' in -n"),
            (
                "pods --v=high",
                "error: invalid argument \"high\" for \"-v, --v\" flag: strconv.ParseInt: parsing \"high\": invalid syntax",
            ),
            (
                "pods --timeout=1",
                "error: invalid argument \"1\" for \"--timeout\" flag: time: missing unit in duration \"1\"",
            ),
        ] {
            assert_eq!(parse(line).unwrap_err(), want);
        }
    }
}
