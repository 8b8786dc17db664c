//! Changes to the text that put a mistake right, where it is evident what was meant.

use super::check::{is_block, parent};
use super::{Document, Edit, Entry, Fix, Node, NodeKind, Position, Span};
use crate::api::field::{ErrorType, FieldError};
use crate::api::schema::{self, Type};
use crate::api::{KINDS, Kind, Value};

/// One stretch replaced.
pub fn replace(span: Span, text: &str, label: &str) -> Fix {
    Fix { label: label.to_owned(), edits: vec![Edit { span, text: text.to_owned() }] }
}

fn insert(at: Position, text: String, label: String) -> Fix {
    Fix { label, edits: vec![Edit { span: Span { start: at, end: at }, text }] }
}

/// Tabs in the indentation become spaces.
pub fn tabs(text: &str) -> Option<Fix> {
    let mut edits = Vec::new();
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
        if line[..blank].contains('\t') {
            let at = |n: usize| Position { offset: offset + n, line: number + 1, column: n + 1 };
            edits.push(Edit { span: Span { start: at(0), end: at(blank) }, text: line[..blank].replace('\t', "  ") });
        }
        offset += line.len();
    }
    (!edits.is_empty()).then(|| Fix { label: "Indent with spaces".to_owned(), edits })
}

/// `apiVersion` and `kind`.
pub fn header(text: &str, document: &Document, message: &str) -> Option<Fix> {
    let kind = document.value.str_at("kind");
    let version = document.value.str_at("apiVersion");
    let known = KINDS.iter().find(|i| i.name.eq_ignore_ascii_case(kind)).map(|i| i.kind);
    if message.contains("no matches for kind") {
        let at = |key: &str| document.node.field(key).map(|e| e.value.span);
        let known = known.or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|i| i.name).collect();
            let near = nearest(kind, &names)?;
            KINDS.iter().find(|i| i.name == near).map(|i| i.kind)
        })?;
        let mut edits = Vec::new();
        if known.api_version() != version {
            edits.push(Edit { span: at("apiVersion")?, text: known.api_version() });
        }
        if known.name() != kind {
            edits.push(Edit { span: at("kind")?, text: known.name().to_owned() });
        }
        return Some(Fix { label: format!("Write {} of {}", known.name(), known.api_version()), edits });
    }
    let first = document.node.entries().first().filter(|_| is_block(text, &document.node))?;
    let indent = " ".repeat(first.key_span.start.column.saturating_sub(1));
    if message.contains("apiVersion not set") && document.node.field("apiVersion").is_none() {
        let line = format!("apiVersion: {}", known?.api_version());
        return Some(insert(first.key_span.start, format!("{line}\n{indent}"), format!("Add {line}")));
    }
    let one = |v: &str| {
        let mut kinds = KINDS.iter().filter(|i| i.kind.api_version() == v);
        kinds.next().filter(|_| kinds.next().is_none()).map(|i| i.name)
    };
    if message.contains("kind not set") && document.node.field("kind").is_none() {
        let batch = document.value.has("spec.schedule") || document.value.has("spec.jobTemplate");
        let name = match version {
            "batch/v1" => Some(if batch { "CronJob" } else { "Job" }),
            v => one(v),
        }?;
        return Some(insert(first.key_span.start, format!("kind: {name}\n{indent}"), format!("Add kind: {name}")));
    }
    None
}

/// A value of the wrong type.
pub fn wrong_type(text: &str, node: &Node, message: &str) -> Option<Fix> {
    let (_, want) = message.rsplit_once(" of type ")?;
    let NodeKind::Scalar(value) = &node.kind else { return None };
    let written = text.get(node.span.start.offset..node.span.end.offset)?;
    if written.contains('\n') {
        return None;
    }
    let inner = match value {
        Value::Str(s) => s.to_string(),
        _ => written.to_owned(),
    };
    let to = match (want, value) {
        ("string", Value::Int(_) | Value::Float(_) | Value::Bool(_)) => format!("\"{written}\""),
        ("bool", Value::Str(s)) if matches!(&*s.to_ascii_lowercase(), "true" | "false") => s.to_ascii_lowercase(),
        ("int" | "int32" | "int64", Value::Str(s)) if s.trim().parse::<i64>().is_ok() => s.trim().to_owned(),
        ("[]string", Value::Str(_)) => {
            let words: Vec<String> = inner.split_whitespace().map(crate::api::text::go_quote).collect();
            format!("[{}]", words.join(", "))
        }
        _ => return None,
    };
    Some(replace(node.span, &to, &format!("Write {to}")))
}

/// An error of one field.
pub fn field_error(text: &str, document: &Document, path: &str, e: &FieldError) -> Option<Fix> {
    let node = document.node.at(path);
    let known: Vec<&str> = e.detail.split_once("alues: ").map_or_else(Vec::new, |(_, list)| {
        list.split(", ").map(|v| v.trim_matches('"')).filter(|v| !v.is_empty()).collect()
    });
    let restart = path.ends_with(".restartPolicy");
    if matches!(e.kind, ErrorType::NotSupported | ErrorType::Required) && !known.is_empty() {
        if let Some(node) = node {
            let NodeKind::Scalar(Value::Str(s)) = &node.kind else { return None };
            let value = nearest(s, &known).or_else(|| restart.then(|| preferred(&known)).flatten())?;
            return Some(replace(node.span, value, &format!("Use {value}")));
        }
        if restart {
            let value = preferred(&known)?;
            let spec = document.node.at(parent(path)).filter(|n| is_block(text, n))?;
            let first = spec.entries().first()?.key_span.start;
            let indent = " ".repeat(first.column.saturating_sub(1));
            let line = format!("restartPolicy: {value}");
            return Some(insert(first, format!("{line}\n{indent}"), format!("Add {line}")));
        }
        return None;
    }
    let lower = e.detail.contains("RFC 1123") || e.detail.contains("RFC 1035");
    if let (true, Some(Node { span, kind: NodeKind::Scalar(Value::Str(s)) })) = (lower, node) {
        let name: String = s
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let name = name.trim_matches(['-', '.']);
        if !name.is_empty() && name != &**s && s.is_ascii() && !name.contains("..") {
            return Some(replace(*span, name, &format!("Use {name}")));
        }
    }
    None
}

fn preferred<'a>(known: &[&'a str]) -> Option<&'a str> {
    known.iter().find(|k| **k == "Never").or_else(|| known.first()).copied()
}

/// A field that the kind does not have: what it may have been meant as, and a sentence.
pub fn unknown_field(text: &str, document: &Document, kind: Kind, prefix: &str, path: &str) -> (Option<Fix>, String) {
    let full = |p: &str| match (prefix, p) {
        ("", p) => p.to_owned(),
        (a, "") => a.to_owned(),
        (a, b) => format!("{a}.{b}"),
    };
    let name = path.rsplit('.').next().unwrap_or(path);
    let above = parent(path);
    let holder = if full(above).is_empty() { Some(&document.node) } else { document.node.at(&full(above)) };
    let plain = "The API server knows no such field here. Is it spelled and indented as the documentation has it?";
    let (Some(holder), Some(ty)) = (holder, type_at(kind, above)) else { return (None, plain.to_owned()) };
    let Some(entry) = holder.field(name) else { return (None, plain.to_owned()) };
    let names: Vec<&str> = ty.fields.iter().map(|f| f.json).filter(|n| holder.field(n).is_none()).collect();
    if let Some(near) = names.iter().find(|n| n.eq_ignore_ascii_case(name)).copied() {
        let fix = replace(entry.key_span, near, &format!("Write {near}"));
        return (Some(fix), format!("Names of fields mind capitals: it is `{near}`."));
    }
    // The same name at another level is likelier than another name.
    if let Some(to) = elsewhere(document, kind, &full, above, name) {
        let place = if to.is_empty() { "at the top".to_owned() } else { format!("in `{to}`") };
        let target = if full(&to).is_empty() { Some(&document.node) } else { document.node.at(&full(&to)) };
        let fix = target.and_then(|t| carry(text, entry, holder, t, &place));
        return (fix, format!("`{name}` belongs {place}, not here. The indentation decides."));
    }
    if let Some(near) = nearest(name, &names) {
        let fix = replace(entry.key_span, near, &format!("Write {near}"));
        return (Some(fix), format!("There is no `{name}` here, but there is `{near}`."));
    }
    (None, plain.to_owned())
}

/// The struct at a path.
fn type_at(kind: Kind, path: &str) -> Option<&'static Type> {
    if path.is_empty() {
        return Some(schema::of(kind));
    }
    let steps = super::tree::steps(path);
    let names: Vec<String> =
        steps.into_iter().filter_map(|s| if let super::tree::Step::Field(f) = s { Some(f) } else { None }).collect();
    schema::field_at(kind, &names.join("."))?.ty.innermost().as_struct()
}

/// Where else in this object a field of the name may stand: above, below, or at one of the usual places.
fn elsewhere(
    document: &Document,
    kind: Kind,
    full: &impl Fn(&str) -> String,
    above: &str,
    name: &str,
) -> Option<String> {
    let mut places: Vec<String> = Vec::new();
    // Directly below, then upwards, then the usual ones.
    if let Some(ty) = type_at(kind, above) {
        let below = ty.fields.iter().filter(|f| f.ty.as_struct().is_some());
        places.extend(below.map(|f| if above.is_empty() { f.json.to_owned() } else { format!("{above}.{}", f.json) }));
    }
    let mut up = above;
    while !up.is_empty() {
        up = parent(up);
        places.push(up.to_owned());
    }
    let job = if kind == Kind::CronJob { "spec.jobTemplate.spec" } else { "spec" };
    let pod = if kind == Kind::Pod { "spec".to_owned() } else { format!("{job}.template.spec") };
    places.extend([
        job.to_owned(),
        format!("{pod}.containers[0]"),
        pod,
        format!("{job}.template"),
        "metadata".to_owned(),
    ]);
    places.into_iter().find(|p| {
        let node = if full(p).is_empty() { Some(&document.node) } else { document.node.at(&full(p)) };
        p != above
            && node.is_some_and(|n| !n.entries().is_empty() && n.field(name).is_none())
            && type_at(kind, p).is_some_and(|t| t.field(name).is_some())
            // `name` and `labels` are everywhere.
            && !(p.is_empty() && matches!(name, "status"))
    })
}

/// Moves the lines of a field into another object, indented as its fields are.
fn carry(text: &str, entry: &Entry, holder: &Node, target: &Node, place: &str) -> Option<Fix> {
    if !is_block(text, holder) || !is_block(text, target) {
        return None;
    }
    let to = target.entries().first()?.key_span.start;
    let from = entry.key_span.start;
    let line_start = text[..from.offset].rfind('\n').map_or(0, |i| i + 1);
    if !text[line_start..from.offset].trim().is_empty() || holder.entries().len() < 2 {
        return None;
    }
    // The lines up to the next one that is indented no deeper.
    let depth = from.offset - line_start;
    let mut end = line_start;
    for (i, line) in text[line_start..].split_inclusive('\n').enumerate() {
        let content = line.trim_start();
        let dash = content.starts_with("- ") && line.len() - content.len() >= depth;
        if i > 0 && !content.is_empty() && line.len() - content.len() <= depth && !dash {
            break;
        }
        end += line.len();
    }
    if (line_start..end).contains(&to.offset) {
        return None;
    }
    let indent = " ".repeat(to.column.saturating_sub(1));
    let mut moved = String::new();
    for line in text[line_start..end].lines() {
        let bare = line.get(depth..).unwrap_or_else(|| line.trim_start());
        moved.push_str(bare.trim_end());
        moved.push('\n');
        moved.push_str(&indent);
    }
    let lines = text[line_start..end].matches('\n').count();
    let start = Position { offset: line_start, line: from.line, column: 1 };
    let after = Position { offset: end, line: from.line + lines, column: 1 };
    let edits = vec![
        Edit { span: Span { start, end: after }, text: String::new() },
        Edit { span: Span { start: to, end: to }, text: moved },
    ];
    Some(Fix { label: format!("Move it {}", place.replace('`', "")), edits })
}

/// The name that is nearly the one written: other capitals, or a letter or two off.
pub fn nearest<'a>(written: &str, names: &[&'a str]) -> Option<&'a str> {
    if let Some(same) = names.iter().find(|n| n.eq_ignore_ascii_case(written)) {
        return Some(same);
    }
    let most = match written.len() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    names
        .iter()
        .map(|n| (distance(written, n, most), *n))
        .filter(|(d, _)| *d <= most)
        .min_by_key(|(d, _)| *d)
        .map(|(_, n)| n)
}

/// How many letters two words differ by; anything more than `most` is not counted exactly.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most || a.len() > 64 {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        let names = ["image", "imagePullPolicy", "name", "env"];
        assert_eq!(nearest("imagee", &names), Some("image"));
        assert_eq!(nearest("ImagePullPolicy", &names), Some("imagePullPolicy"));
        assert_eq!(nearest("nam", &names), Some("name"));
        assert_eq!(nearest("xyz", &names), None);
        assert_eq!(nearest("en", &names), None);
    }
}
