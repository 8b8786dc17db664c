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

/// A type of the text: its description and its fields.
///
/// The text has a line `= batch.v1.JobSpec` for each type, then `d` lines with its description, then for each field
/// `. name|type|required|reference|enum,enum` followed by `d` lines.
struct Field {
    name: String,
    ty: String,
    required: bool,
    /// The type that the field's objects have, where they have fields.
    of: String,
    values: Vec<String>,
    description: String,
}

struct Type {
    description: String,
    fields: Vec<Field>,
}

fn read(text: &str, name: &str) -> Option<Type> {
    let head = format!("\n= {name}\n");
    let from = text.find(&head)? + head.len();
    let rest = &text[from..];
    let end = rest.find("\n= ").unwrap_or(rest.len());
    let mut t = Type { description: String::new(), fields: Vec::new() };
    for line in rest[..end].lines() {
        if let Some(d) = line.strip_prefix('d') {
            let target = t.fields.last_mut().map_or(&mut t.description, |f| &mut f.description);
            if !target.is_empty() {
                target.push('\n');
            }
            target.push_str(d.strip_prefix(' ').unwrap_or(d));
            if d.is_empty() {
                target.push('\n');
                target.pop();
            }
        } else if let Some(f) = line.strip_prefix(". ") {
            let parts: Vec<&str> = f.split('|').collect();
            let at = |i: usize| parts.get(i).copied().unwrap_or("");
            t.fields.push(Field {
                name: at(0).to_owned(),
                ty: at(1).to_owned(),
                required: at(2) == "!",
                of: at(3).to_owned(),
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
    let Some(text) = cx.home.text(TEXT) else { return Err(Failure::Wants(TEXT.to_owned())) };
    explain(&text, kind, &path, p.on("recursive"), io)
}

fn explain(text: &Rc<str>, kind: Kind, path: &[&str], recursive: bool, io: &mut Io) -> Done {
    let info = kind.info();
    if !info.group.is_empty() {
        io.line(&format!("GROUP:      {}", info.group));
    }
    io.line(&format!("KIND:       {}\nVERSION:    {}\n", info.name, info.version));
    let root = format!("{}.{}.{}", if info.group.is_empty() { "core" } else { info.group }, info.version, info.name);
    let Some(mut ty) = read(text, &root) else {
        return error(format!("there is no explanation of {} here", info.name));
    };
    let mut field: Option<Field> = None;
    for step in path {
        let Some(i) = ty.fields.iter().position(|f| f.name == *step) else {
            return error(format!("field {} does not exist", go_quote(step)));
        };
        let f = ty.fields.swap_remove(i);
        ty = read(text, &f.of).unwrap_or(Type { description: String::new(), fields: Vec::new() });
        field = Some(f);
    }
    if let Some(f) = &field {
        let required = if f.required { " -required-" } else { "" };
        io.line(&format!("FIELD: {} <{}>{required}", f.name, f.ty));
        if f.values.is_empty() {
            io.line("\n");
        } else {
            io.line("ENUM:");
            f.values.iter().for_each(|v| io.line(&format!("    {v}")));
            io.line("");
        }
    }
    io.line("DESCRIPTION:");
    let own = field.as_ref().map_or("", |f| f.description.as_str());
    for d in [own, ty.description.as_str()] {
        if !d.is_empty() {
            io.print(&wrapped(d, 4));
        }
    }
    if own.is_empty() && ty.description.is_empty() {
        io.line("    <empty>");
    }
    io.line("    ");
    if ty.fields.is_empty() {
        io.line("");
        return ok();
    }
    io.line("FIELDS:");
    let mut seen = Vec::new();
    fields(text, &ty, 1, recursive, &mut seen, io);
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
        if recursive {
            if !f.of.is_empty() && !seen.contains(&f.of) {
                if let Some(inner) = read(text, &f.of) {
                    seen.push(f.of.clone());
                    fields(text, &inner, level + 1, recursive, seen, io);
                    seen.pop();
                }
            }
            continue;
        }
        if f.description.is_empty() {
            io.line("    <no description>");
        } else {
            io.print(&wrapped(&f.description, 4));
        }
        io.line("");
    }
}

/// At most four values, then dots.
fn shortened(values: &[String]) -> String {
    if values.len() > 4 { format!("{}, ....", values[..4].join(", ")) } else { values.join(", ") }
}

/// Paragraphs, wrapped at 80 columns after an indent. Models `wrapString` of `pkg/explain/formatter.go`.
fn wrapped(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = String::new();
    for paragraph in text.split('\n') {
        if paragraph.trim().is_empty() {
            out += &format!("{pad}\n");
            continue;
        }
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 80 - indent {
                out += &format!("{pad}{line}\n");
                line.clear();
            } else if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        out += &format!("{pad}{line}\n");
    }
    out
}
