//! `kubectl explain`.
//!
//! Models `pkg/explain/v2` and its template `plaintext.tmpl`. Types and structure come from the table of fields; the
//! descriptions are a text of their own, which a page loads when it is first wanted.

use std::rc::Rc;

use super::super::Cx;
use super::super::args::Parsed;
use super::super::failure::{Failure, error};
use super::super::session::Io;
use super::{Done, ok};
use crate::api::Kind;
use crate::api::text::go_quote;

pub const FLAGS: &str = "api-version o:output recursive!";
/// The name under which the descriptions are provided.
pub const TEXT: &str = "explain";

/// A field of a type.
struct Field {
    name: String,
    ty: String,
    required: bool,
    /// The type that the field's objects have, where they have fields.
    of: String,
    values: Vec<String>,
    description: String,
}

/// A type of the text: a line `= batch.v1.JobSpec`, `d` lines with its description, then for each field
/// `. name|type|!|type of its fields|values` and `d` lines.
#[derive(Default)]
struct Type {
    description: String,
    fields: Vec<Field>,
}

fn read(text: &str, name: &str) -> Option<Type> {
    let head = format!("\n= {name}\n");
    let from = text.find(&head)? + head.len();
    let rest = &text[from..];
    let end = rest.find("\n= ").unwrap_or(rest.len());
    let mut t = Type::default();
    for line in rest[..end].lines() {
        if let Some(d) = line.strip_prefix('d') {
            let target = t.fields.last_mut().map_or(&mut t.description, |f| &mut f.description);
            target.push_str(d.strip_prefix(' ').unwrap_or(d));
            target.push('\n');
        } else if let Some(f) = line.strip_prefix(". ") {
            let parts: Vec<&str> = f.split('|').collect();
            let at = |i: usize| parts.get(i).copied().unwrap_or("").to_owned();
            t.fields.push(Field {
                name: at(0),
                ty: at(1),
                required: at(2) == "!",
                of: at(3),
                values: at(4).split(',').filter(|v| !v.is_empty()).map(str::to_owned).collect(),
                description: String::new(),
            });
        }
    }
    Some(t)
}

/// Runs `kubectl explain`.
pub fn run(words: &[String], cx: &mut Cx<'_>, io: &mut Io) -> Done {
    let p = Parsed::read("explain", FLAGS, words)?;
    super::common::warn_of_short_names(&p.args, io);
    let word = match p.args.as_slice() {
        [] => {
            return error(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of \
                 supported resources.",
            );
        }
        [one] => one,
        _ => return error("We accept only this format: explain RESOURCE"),
    };
    if !matches!(p.str("output"), "" | "plaintext" | "plaintext-openapiv2") {
        return error(format!("unrecognized format: {}", p.str("output")));
    }
    if word.starts_with('.') {
        return error("invalid jsonpath syntax, first node must be field node");
    }
    let mut path: Vec<&str> = word.split('.').filter(|s| !s.is_empty()).collect();
    let resource = if path.is_empty() { "" } else { path.remove(0) };
    // `jobs.batch` and `jobs.v1.batch` name the kind, not fields.
    let mut kind = Kind::from_resource(resource);
    for n in (1..=path.len().min(4)).rev() {
        let full = format!("{resource}.{}", path[..n].join("."));
        if let Some(k) = Kind::from_resource(&full) {
            kind = Some(k);
            path.drain(..n);
            break;
        }
    }
    let Some(kind) = kind else {
        return Err(Failure::Plain(format!("the server doesn't have a resource type {}\n", go_quote(resource))));
    };
    if let Some(version) = p.text("api-version").filter(|v| *v != kind.api_version() && !v.is_empty()) {
        let plural = kind.info().plural;
        return error(format!("couldn't find resource for \"{version}, Resource={plural}\""));
    }
    let Some(text) = cx.home.text(TEXT) else { return Err(Failure::Wants(TEXT.to_owned())) };
    explain(&text, kind, &path, p.on("recursive"), io)
}

fn explain(text: &Rc<str>, kind: Kind, path: &[&str], recursive: bool, io: &mut Io) -> Done {
    let info = kind.info();
    if !info.group.is_empty() {
        io.line(&format!("GROUP:      {}", info.group));
    }
    io.line(&format!("KIND:       {}\nVERSION:    {}\n", info.name, info.version));
    let group = if info.group.is_empty() { "core" } else { info.group.split('.').next().unwrap_or("") };
    let Some(mut ty) = read(text, &format!("{group}.{}.{}", info.version, info.name)) else {
        return error(format!("there is no explanation of {} here", info.name));
    };
    let mut field: Option<Field> = None;
    for step in path {
        let Some(i) = ty.fields.iter().position(|f| f.name == *step) else {
            return error(format!("field {} does not exist", go_quote(path.last().unwrap_or(step))));
        };
        let f = ty.fields.swap_remove(i);
        ty = read(text, &f.of).unwrap_or_default();
        field = Some(f);
    }
    if let Some(f) = &field {
        io.line(&format!("FIELD: {} <{}>", f.name, f.ty));
        if !f.values.is_empty() {
            io.print("ENUM:");
            f.values.iter().for_each(|v| io.print(&format!("\n    {v}")));
        }
        io.line("\n");
    }
    let own = field.as_ref().map_or("", |f| f.description.as_str());
    let about = format!("{own}{}", ty.description);
    let about = if about.is_empty() { "<empty>" } else { &about };
    io.print(&format!("DESCRIPTION:\n{}\n", indented(&wrapped(about, 76), 4)));
    if !ty.fields.is_empty() {
        io.line("FIELDS:");
        fields(text, &ty, 1, recursive, &mut Vec::new(), io);
    }
    io.line("");
    ok()
}

fn fields(text: &Rc<str>, ty: &Type, level: usize, recursive: bool, seen: &mut Vec<String>, io: &mut Io) {
    let pad = "  ".repeat(level);
    for f in &ty.fields {
        let required = if f.required { " -required-" } else { "" };
        io.line(&format!("{pad}{}\t<{}>{required}", f.name, f.ty));
        if !f.values.is_empty() {
            io.line(&format!("{pad}enum: {}", shortened(&f.values)));
        }
        if !recursive {
            let about =
                if f.description.is_empty() { "<no description>" } else { f.description.trim_end_matches('\n') };
            io.print(&format!("{}\n\n", indented(&wrapped(about, 78 - 2 * level), 2 * level + 2)));
        } else if !f.of.is_empty()
            && !seen.contains(&f.of)
            && let Some(inner) = read(text, &f.of)
        {
            seen.push(f.of.clone());
            fields(text, &inner, level + 1, recursive, seen, io);
            seen.pop();
        }
    }
}

/// At most four values, then dots.
fn shortened(values: &[String]) -> String {
    if values.len() > 4 { format!("{}, ....", values[..4].join(", ")) } else { values.join(", ") }
}

fn indented(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

/// Breaks lines at blanks, as `mitchellh/go-wordwrap` does.
fn wrapped(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let (mut space, mut word) = (String::new(), String::new());
    let (mut spaces, mut letters, mut current) = (0, 0, 0);
    for c in text.chars().map(Some).chain([None]) {
        match c {
            None | Some('\n') => {
                if letters == 0 {
                    if current + spaces > limit {
                        current = 0;
                    } else {
                        current += spaces;
                        out += &space;
                    }
                } else {
                    out += &space;
                    out += &word;
                }
                let _ = current;
                (space, word, spaces, letters) = (String::new(), String::new(), 0, 0);
                out.extend(c);
                current = 0;
            }
            Some(c) if c.is_whitespace() && c != '\u{a0}' => {
                if spaces == 0 || letters > 0 {
                    current += spaces + letters;
                    out += &space;
                    out += &word;
                    (space, word, spaces, letters) = (String::new(), String::new(), 0, 0);
                }
                space.push(c);
                spaces += 1;
            }
            Some(c) => {
                word.push(c);
                letters += 1;
                if current + letters + spaces > limit && letters < limit {
                    out.push('\n');
                    current = 0;
                    space.clear();
                    spaces = 0;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks() {
        assert_eq!(wrapped("one two three\nfour", 8), "one two\nthree\nfour");
        assert_eq!(wrapped("a-very-long-word x", 4), "a-very-long-word\nx");
    }

    #[test]
    fn types_are_read() {
        let text = "\n= batch.v1.Job\nd A job.\n. spec|JobSpec|!|batch.v1.JobSpec|\nd What.\nd\nd More.\n= batch.v1.JobSpec\nd Spec.\n";
        let t = read(text, "batch.v1.Job").unwrap();
        assert_eq!((t.description.as_str(), t.fields[0].description.as_str()), ("A job.\n", "What.\n\nMore.\n"));
        assert!(t.fields[0].required && read(text, "batch.v1.JobSpec").is_some() && read(text, "x").is_none());
    }
}
