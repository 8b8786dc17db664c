//! Expansion: variables, command substitutions, arithmetic, splitting and file names.

use super::ast::{Part, Var, Word};
use super::limits::FIELD;
use super::{Proc, arith, pattern};
use crate::runtime::files::normalize;
use crate::runtime::process::Io;

/// A character of an expanded word, and whether it was quoted.
type Char = (char, bool);

/// What a part came to.
enum Piece {
    /// Characters of the field.
    Chars(Vec<Char>),
    /// The field ends here.
    Break,
}

/// Expands words to fields.
pub fn words(p: &mut Proc, words: &[Word], io: &mut Io<'_>) -> Result<Vec<String>, String> {
    let mut out = vec![];
    for word in words {
        for field in fields(p, word)? {
            glob(p, &field, io, &mut out);
        }
    }
    io.work += out.iter().map(|f| f.len() + FIELD).sum::<usize>();
    Ok(out)
}

/// Expands a word to one text, without splitting.
pub fn joined(p: &mut Proc, word: &Word, io: &mut Io<'_>) -> Result<String, String> {
    let text = text_of(p, word)?;
    io.work += text.len();
    Ok(text)
}

/// Expands a word to a pattern: quoted characters stand for themselves.
pub fn pattern(p: &mut Proc, word: &Word, io: &mut Io<'_>) -> Result<String, String> {
    let text = pattern_of(p, word)?;
    io.work += text.len();
    Ok(text)
}

fn text_of(p: &mut Proc, word: &Word) -> Result<String, String> {
    let mut out = String::new();
    for part in &word.0 {
        for piece in piece(p, part, false)? {
            match piece {
                Piece::Chars(chars) => out.extend(chars.iter().map(|c| c.0)),
                Piece::Break => out.push(' '),
            }
        }
    }
    Ok(out)
}

fn pattern_of(p: &mut Proc, word: &Word) -> Result<String, String> {
    let mut out = String::new();
    for part in &word.0 {
        for piece in piece(p, part, false)? {
            if let Piece::Chars(chars) = piece {
                for (c, quoted) in chars {
                    if quoted && "*?[]\\".contains(c) {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
        }
    }
    Ok(out)
}

/// The fields of a word.
fn fields(p: &mut Proc, word: &Word) -> Result<Vec<Vec<Char>>, String> {
    let word = &braces(word);
    if let [Part::Text(t, quoted)] = word.0.as_slice() {
        return Ok(vec![tilde(p, t.chars().map(|c| (c, *quoted)).collect())]);
    }
    let mut out: Vec<Vec<Char>> = vec![];
    let mut field: Option<Vec<Char>> = None;
    for part in &word.0 {
        for piece in piece(p, part, true)? {
            match piece {
                Piece::Break => out.extend(field.take()),
                Piece::Chars(chars) => field.get_or_insert_with(Vec::new).extend(chars),
            }
        }
    }
    out.extend(field);
    Ok(out)
}

/// `~` at the beginning of a word.
fn tilde(p: &Proc, chars: Vec<Char>) -> Vec<Char> {
    let alone = chars.first() == Some(&('~', false)) && chars.get(1).is_none_or(|c| c.0 == '/');
    if !alone {
        return chars;
    }
    let home = p.script.as_ref().and_then(|s| s.get("HOME")).unwrap_or("/root");
    home.chars().map(|c| (c, true)).chain(chars.into_iter().skip(1)).collect()
}

/// `{1..3}` as bash has it, where a word is nothing else but text around it. Words with such a range are split here.
fn braces(word: &Word) -> Word {
    let [Part::Text(t, false)] = word.0.as_slice() else { return word.clone() };
    let Some((before, rest)) = t.split_once('{') else { return word.clone() };
    let Some((inner, after)) = rest.split_once('}') else { return word.clone() };
    let list: Vec<String> = match inner.split_once("..") {
        Some((a, b)) => match (a.parse::<i64>(), b.parse::<i64>()) {
            (Ok(a), Ok(b)) if a <= b && b - a < 10_000 => (a..=b).map(|n| n.to_string()).collect(),
            (Ok(a), Ok(b)) if a - b < 10_000 => (b..=a).rev().map(|n| n.to_string()).collect(),
            _ => return word.clone(),
        },
        None if inner.contains(',') => inner.split(',').map(str::to_owned).collect(),
        None => return word.clone(),
    };
    let joined: Vec<String> = list.iter().map(|x| format!("{before}{x}{after}")).collect();
    // The space splits, as it comes from no quotes.
    let var = Var { name: String::new(), op: "", arg: Word(vec![Part::Text(joined.join(" ").into(), false)]) };
    Word(vec![Part::Var(var.into(), false)])
}

/// Splits text as `$IFS` says.
fn split(p: &Proc, text: &str) -> Vec<Piece> {
    let ifs = p.script.as_ref().and_then(|s| s.get("IFS")).unwrap_or(" \t\n").to_owned();
    let mut out = vec![];
    let mut chars: Vec<Char> = vec![];
    let mut just_broke = false;
    for c in text.chars() {
        if ifs.contains(c) {
            let space = c.is_whitespace();
            if !chars.is_empty() {
                out.push(Piece::Chars(std::mem::take(&mut chars)));
            } else if !space && !just_broke {
                out.push(Piece::Chars(vec![]));
            }
            if !just_broke || !space {
                out.push(Piece::Break);
            }
            just_broke = true;
        } else {
            chars.push((c, false));
            just_broke = false;
        }
    }
    if !chars.is_empty() {
        out.push(Piece::Chars(chars));
    }
    out
}

fn quoted(text: &str) -> Vec<Piece> {
    vec![Piece::Chars(text.chars().map(|c| (c, true)).collect())]
}

/// How many command substitutions a word holds: their results are skipped with it.
fn skip(p: &mut Proc, word: &Word) {
    for part in &word.0 {
        match part {
            Part::Command(..) => {
                if let Some(s) = p.script.as_mut() {
                    s.substituted.pop_front();
                }
            }
            Part::Var(var, _) => skip(p, &var.arg),
            Part::Arith(word, _) => skip(p, word),
            Part::Text(..) => {}
        }
    }
}

fn piece(p: &mut Proc, part: &Part, splits: bool) -> Result<Vec<Piece>, String> {
    let plain = |p: &Proc, text: &str, is_quoted: bool| {
        if is_quoted {
            quoted(text)
        } else if splits {
            split(p, text)
        } else {
            vec![Piece::Chars(text.chars().map(|c| (c, false)).collect())]
        }
    };
    match part {
        Part::Text(text, is_quoted) => Ok(vec![Piece::Chars(text.chars().map(|c| (c, *is_quoted)).collect())]),
        Part::Command(_, is_quoted) => {
            let text = p.script.as_mut().and_then(|s| s.substituted.pop_front()).unwrap_or_default();
            Ok(plain(p, &text, *is_quoted))
        }
        Part::Arith(word, is_quoted) => {
            let text = text_of(p, word)?;
            let s = p.script.as_mut().ok_or("no script")?;
            let n = arith::evaluate(&text, s.as_mut())?;
            Ok(plain(p, &n.to_string(), *is_quoted))
        }
        Part::Var(var, is_quoted) => {
            if var.name.is_empty() {
                let text = text_of(p, &var.arg)?;
                return Ok(plain(p, &text, *is_quoted));
            }
            if matches!(var.name.as_str(), "@" | "*") && var.op.is_empty() {
                let params = p.script.as_ref().map(|s| s.params.clone()).unwrap_or_default();
                return Ok(several(p, &params, var.name == "@", *is_quoted, splits));
            }
            if var.op.is_empty()
                && let Some((list, true)) = p.script.as_ref().and_then(|s| s.elements(&var.name))
            {
                return Ok(several(p, &list, var.name.ends_with("[@]"), *is_quoted, splits));
            }
            let text = variable(p, var)?;
            Ok(plain(p, &text, *is_quoted))
        }
    }
}

/// `$@` and `$*`, `${a[@]}` and `${a[*]}`.
fn several(p: &Proc, params: &[String], at: bool, is_quoted: bool, splits: bool) -> Vec<Piece> {
    if is_quoted && (!at || !splits) {
        return quoted(&params.join(" "));
    }
    let mut out = vec![];
    for (i, param) in params.iter().enumerate() {
        if i > 0 {
            out.push(Piece::Break);
        }
        if is_quoted { out.extend(quoted(param)) } else { out.extend(split(p, param)) }
    }
    out
}

/// The value of a variable or special parameter, none where it is not set.
fn value(p: &Proc, name: &str) -> Option<String> {
    let s = p.script.as_ref()?;
    match name {
        "?" => Some(s.status.to_string()),
        "$" => Some(if p.parent == 0 { p.pid } else { main_pid(p) }.to_string()),
        "!" => s.last_background.map(|n| n.to_string()),
        "#" => Some(s.params.len().to_string()),
        "0" => Some(s.arg0.clone()),
        "-" => Some(String::new()),
        "@" | "*" => Some(s.params.join(" ")),
        "RANDOM" => Some(((u64::from(p.pid) * 7919 + s.status as u64 * 104_729 + 12_345) % 32_768).to_string()),
        "PPID" => Some(p.parent.to_string()),
        _ if name.ends_with(']') => s.elements(name).filter(|(l, _)| !l.is_empty()).map(|(l, _)| l.join(" ")),
        _ => match name.parse::<usize>() {
            Ok(n) => s.params.get(n.wrapping_sub(1)).cloned(),
            Err(_) if name == "PWD" => Some(s.get(name).unwrap_or(p.dir()).to_owned()),
            Err(_) => s.get(name).map(str::to_owned),
        },
    }
}

/// `$$` in a subshell is the shell's.
fn main_pid(p: &Proc) -> u32 {
    if p.parent == 1 { 1 } else { p.pid }
}

fn variable(p: &mut Proc, var: &Var) -> Result<String, String> {
    let now = value(p, &var.name);
    let colon = var.op.starts_with(':');
    let missing = now.is_none() || (colon && now.as_deref() == Some(""));
    let unset = |p: &Proc| {
        let nounset = p.script.as_ref().is_some_and(|s| s.options.nounset);
        nounset && now.is_none() && !matches!(var.name.as_str(), "@" | "*" | "!")
    };
    match var.op {
        "" => {
            if unset(p) {
                return Err(format!("{}: parameter not set", var.name));
            }
            Ok(now.unwrap_or_default())
        }
        ":-" | "-" | ":=" | "=" | ":?" | "?" if !missing => {
            skip(p, &var.arg);
            Ok(now.unwrap_or_default())
        }
        ":-" | "-" => text_of(p, &var.arg),
        ":=" | "=" => {
            let text = text_of(p, &var.arg)?;
            if let Some(s) = p.script.as_mut() {
                s.set(&var.name, &text);
            }
            Ok(text)
        }
        ":?" | "?" => {
            let text = text_of(p, &var.arg)?;
            let text = if text.is_empty() { "parameter not set".to_owned() } else { text };
            Err(format!("{}: {text}", var.name))
        }
        ":+" | "+" => {
            if missing {
                skip(p, &var.arg);
                Ok(String::new())
            } else {
                text_of(p, &var.arg)
            }
        }
        "len" => {
            if unset(p) {
                return Err(format!("{}: parameter not set", var.name));
            }
            if let Some((list, true)) = p.script.as_ref().and_then(|s| s.elements(&var.name)) {
                return Ok(list.len().to_string());
            }
            Ok(now.unwrap_or_default().chars().count().to_string())
        }
        "#" | "##" | "%" | "%%" => {
            let cut = pattern_of(p, &var.arg)?;
            Ok(pattern::trim(&now.unwrap_or_default(), &cut, var.op.starts_with('%'), var.op.len() == 2))
        }
        "/" | "//" => {
            let arg = pattern_of(p, &var.arg)?;
            let (from, to) = arg.split_once('/').unwrap_or((&arg, ""));
            Ok(pattern::replace(&now.unwrap_or_default(), from, &to.replace('\\', ""), var.op == "//"))
        }
        "^^" => Ok(now.unwrap_or_default().to_uppercase()),
        ",," => Ok(now.unwrap_or_default().to_lowercase()),
        _ => {
            let arg = text_of(p, &var.arg)?;
            let s = p.script.as_mut().ok_or("no script")?;
            let (from, len) = arg.split_once(':').map_or((arg.as_str(), None), |(f, l)| (f, Some(l)));
            let from = arith::evaluate(from, s.as_mut())?;
            let chars: Vec<char> = now.unwrap_or_default().chars().collect();
            let start = if from < 0 { (chars.len() as i64 + from).max(0) } else { from } as usize;
            let rest = chars.get(start.min(chars.len())..).unwrap_or(&[]);
            let n = match len {
                Some(l) => {
                    let n = arith::evaluate(l, s.as_mut())?;
                    if n < 0 { (rest.len() as i64 + n).max(0) as usize } else { n as usize }
                }
                None => rest.len(),
            };
            Ok(rest.iter().take(n).collect())
        }
    }
}

/// What looking into a folder costs, and what each name in it does, in bytes of work (see `limits`).
const LIST_WORK: usize = 2_048;
const NAME_WORK: usize = 128;

/// Replaces a field with bare `*`, `?` or `[` by the files it matches, if there are any.
fn glob(p: &Proc, field: &[Char], io: &mut Io<'_>, out: &mut Vec<String>) {
    let text: String = field.iter().map(|c| c.0).collect();
    if !field.iter().any(|(c, q)| !q && "*?[".contains(*c)) {
        out.push(text);
        return;
    }
    let mut found = vec![String::new()];
    let mut start = true;
    // Whether the last part was read from a folder, so that what was found is there.
    let mut listed = false;
    let mut chars = vec![];
    for part in field.split(|c| c.0 == '/') {
        let name: String = part.iter().map(|c| c.0).collect();
        let wild = part.iter().any(|(c, q)| !q && "*?[".contains(*c));
        let pattern: Vec<char> = part
            .iter()
            .flat_map(|(c, q)| if *q && "*?[]\\".contains(*c) { vec!['\\', *c] } else { vec![*c] })
            .collect();
        let mut next = vec![];
        for base in &found {
            let glue = |n: &str| if start { n.to_owned() } else { format!("{base}/{n}") };
            if wild {
                let dir = normalize(&p.cwd, if start { "." } else { base });
                let names = io.files.list(io.view, &dir);
                io.work += LIST_WORK + NAME_WORK * names.len();
                for n in names {
                    if n.starts_with('.') && !name.starts_with('.') {
                        continue;
                    }
                    chars.clear();
                    chars.extend(n.chars());
                    if pattern::matches(&pattern, &chars) {
                        next.push(glue(&n));
                    }
                }
            } else {
                next.push(glue(&name));
            }
        }
        found = next;
        start = false;
        listed = wild;
    }
    if !listed {
        io.work += NAME_WORK * found.len();
        found.retain(|f| io.files.get(io.view, &normalize(&p.cwd, f)).is_some());
    }
    if found.is_empty() { out.push(text) } else { out.extend(found) }
}

/// A word as `set -x` shows it.
pub fn requote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+@%^".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
