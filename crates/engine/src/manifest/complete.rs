//! Completion and hover. The text under the cursor is rarely whole, so the place is found from lines and indentation, not
//! from a parsed tree.

use super::{Position, Span};
use crate::api::schema::{self, Field, Ty, Type};
use crate::api::{KINDS, Kind};

/// Something that may be written at the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// The name or value.
    pub label: String,
    /// Its type in a few words; `required` where it is.
    pub detail: String,
    /// What is written in place of `span`.
    pub insert: String,
    /// What is replaced.
    pub span: Span,
}

/// What is known of the field under the cursor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hover {
    /// The field, its name alone.
    pub span: Span,
    /// `spec.template.spec.restartPolicy`
    pub path: String,
    /// `string`, `list of Container`
    pub ty: String,
    /// Whether it must be given.
    pub required: bool,
    /// What it is if it is not given, as YAML; empty where nothing is said.
    pub default: String,
    /// Values it may have.
    pub values: Vec<&'static str>,
    /// The type that has the field, as the text of explanations names it: `batch.v1.JobSpec`.
    pub owner: String,
    /// The name of the field.
    pub field: String,
}

/// What may be written at an offset.
pub fn complete(text: &str, offset: usize) -> Vec<Completion> {
    let Some(place) = Place::find(text, offset) else { return Vec::new() };
    let typed = place.typed.to_ascii_lowercase();
    let all = if place.in_value { values(&place) } else { names(&place) };
    let fits = |c: &&Completion| c.label.to_ascii_lowercase().starts_with(&typed);
    let near = |c: &&Completion| c.label.to_ascii_lowercase().contains(&typed);
    let mut out: Vec<Completion> = all.iter().filter(fits).cloned().collect();
    let more: Vec<Completion> = all.iter().filter(near).filter(|c| !out.contains(c)).cloned().collect();
    out.extend(more);
    out
}

/// What the field at an offset is.
pub fn hover(text: &str, offset: usize) -> Option<Hover> {
    let place = Place::at_key(text, offset)?;
    let (name, span) = (place.key?, place.key_span);
    let at_top = place.parents.is_empty();
    let path = place.parents.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".");
    if at_top && matches!(name, "apiVersion" | "kind") {
        let kind = place.kind.unwrap_or(Kind::Pod);
        return Some(Hover {
            span,
            path,
            ty: "string".to_owned(),
            required: true,
            default: String::new(),
            values: Vec::new(),
            owner: owner(schema::of(kind)),
            field: name.to_owned(),
        });
    }
    let ty = struct_at(place.kind?, &place.parents)?;
    let field = ty.field(name)?;
    let named = field.ty.named().filter(|t| t.is_enum);
    Some(Hover {
        span,
        path,
        ty: words(field.ty),
        required: field.required,
        default: field.default.trim_matches('"').to_owned(),
        values: named.map(|t| t.constants.clone()).unwrap_or_default(),
        owner: owner(ty),
        field: field.json.to_owned(),
    })
}

/// The first sentence about a field in the text of explanations (the one `kubectl explain` reads).
pub fn explanation(explanations: &str, owner: &str, field: &str) -> Option<String> {
    let from = explanations.find(&format!("\n= {owner}\n"))? + 1;
    let rest = &explanations[from..];
    let rest = &rest[..rest.find("\n= ").unwrap_or(rest.len())];
    let at = rest.find(&format!("\n. {field}|"))? + 1;
    let description = rest[at..].lines().skip(1).map_while(|l| l.strip_prefix('d')).map(str::trim);
    let paragraph: Vec<&str> = description.take_while(|l| !l.is_empty()).collect();
    let text = paragraph.join(" ");
    let end = text.find(". ").map_or(text.len(), |i| i + 1);
    (!text.is_empty()).then(|| text[..end].to_owned())
}

fn owner(ty: &Type) -> String {
    format!("{}.{}.{}", ty.group, ty.package, ty.name)
}

/// A type in a few words.
fn words(ty: Ty) -> String {
    match ty.resolve() {
        Ty::String => "string".to_owned(),
        Ty::Bool => "boolean".to_owned(),
        Ty::Int | Ty::Int32 | Ty::Int64 | Ty::Byte => "integer".to_owned(),
        Ty::Float64 => "number".to_owned(),
        Ty::Bytes => "base64 text".to_owned(),
        Ty::Quantity => "quantity".to_owned(),
        Ty::IntOrString => "integer or percentage".to_owned(),
        Ty::Time | Ty::MicroTime => "time".to_owned(),
        Ty::Duration => "duration".to_owned(),
        Ty::Raw => "any object".to_owned(),
        Ty::Named(id) => schema::get(id).name.to_owned(),
        Ty::List(t) => format!("list of {}", words(*t)),
        Ty::Map(_, t) => format!("map of {}", words(*t)),
    }
}

/// The struct that the parents lead to.
fn struct_at(kind: Kind, parents: &[String]) -> Option<&'static Type> {
    let mut ty = schema::of(kind);
    for step in parents {
        let mut next = ty.field(step)?.ty.resolve();
        while let Ty::List(item) = next {
            next = item.resolve();
        }
        ty = next.as_struct()?;
    }
    Some(ty)
}

fn names(place: &Place<'_>) -> Vec<Completion> {
    let mut out = Vec::new();
    let indent = " ".repeat(place.column);
    let mut offer = |label: &str, detail: String, after: &str| {
        if !place.siblings.contains(&label) {
            let insert = if place.has_colon { label.to_owned() } else { format!("{label}:{after}") };
            out.push(Completion { label: label.to_owned(), detail, insert, span: place.span });
        }
    };
    if place.parents.is_empty() {
        offer("apiVersion", "string, required".to_owned(), " ");
        offer("kind", "string, required".to_owned(), " ");
    }
    let Some(kind) = place.kind else {
        if place.parents.is_empty() {
            offer("metadata", "ObjectMeta".to_owned(), &format!("\n{indent}  "));
            offer("spec", "what is wanted".to_owned(), &format!("\n{indent}  "));
        }
        return out;
    };
    let Some(ty) = struct_at(kind, &place.parents) else { return out };
    let hidden = |f: &&Field| place.parents.is_empty() && f.json == "status";
    let (first, second): (Vec<&Field>, Vec<&Field>) = ty.fields.iter().filter(|f| !hidden(f)).partition(|f| f.required);
    for f in first.into_iter().chain(second) {
        let after = match f.ty.resolve() {
            Ty::Named(_) | Ty::Map(..) => format!("\n{indent}  "),
            Ty::List(_) => format!("\n{indent}- "),
            _ => " ".to_owned(),
        };
        let needed = if f.required { ", required" } else { "" };
        offer(f.json, words(f.ty) + needed, &after);
    }
    out
}

fn values(place: &Place<'_>) -> Vec<Completion> {
    let one = |label: &str, detail: &str| Completion {
        label: label.to_owned(),
        detail: detail.to_owned(),
        insert: label.to_owned(),
        span: place.span,
    };
    let key = place.key.unwrap_or("");
    if place.parents.is_empty() && key == "kind" {
        let version = place.version;
        let fits = KINDS.iter().filter(|i| version.is_empty() || i.kind.api_version() == version);
        return fits.map(|i| one(i.name, &i.kind.api_version())).collect();
    }
    if place.parents.is_empty() && key == "apiVersion" {
        let mut out: Vec<Completion> = Vec::new();
        for info in KINDS.iter().filter(|i| place.kind_text.is_empty() || i.name == place.kind_text) {
            let version = info.kind.api_version();
            if !out.iter().any(|c| c.label == version) {
                out.push(one(&version, "group and version"));
            }
        }
        return out;
    }
    let Some(field) = place.kind.and_then(|k| struct_at(k, &place.parents)).and_then(|t| t.field(key)) else {
        return Vec::new();
    };
    let mut ty = field.ty;
    while let Ty::List(item) = ty.resolve() {
        ty = *item;
    }
    if let Some(named) = ty.named().filter(|t| !t.constants.is_empty() && t.underlying.is_some()) {
        let is_default = |c: &str| if field.default.trim_matches('"') == c { "default" } else { "" };
        return named.constants.iter().map(|c| one(c, is_default(c))).collect();
    }
    match ty.resolve() {
        Ty::Bool => vec![one("true", ""), one("false", "")],
        _ => Vec::new(),
    }
}

/// Where the cursor is.
struct Place<'a> {
    kind: Option<Kind>,
    kind_text: &'a str,
    version: &'a str,
    /// Fields from the top down to what holds the field at the cursor.
    parents: Vec<String>,
    /// The column of the field's name.
    column: usize,
    /// The field of the line, where it has one.
    key: Option<&'a str>,
    key_span: Span,
    has_colon: bool,
    in_value: bool,
    /// What has been typed of the name or value.
    typed: &'a str,
    /// What a completion replaces.
    span: Span,
    /// Names that the object has already.
    siblings: Vec<&'a str>,
}

/// A line taken apart.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    /// Where it begins in the whole text.
    offset: usize,
    number: usize,
    /// The column of its first dash.
    dash: Option<usize>,
    /// The column of what follows dashes and blanks.
    column: usize,
    /// The name before a colon.
    key: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn read(text: &'a str, offset: usize, number: usize) -> Self {
        let mut column = text.len() - text.trim_start_matches(' ').len();
        let mut dash = None;
        while text[column..].starts_with("- ") || &text[column..] == "-" {
            dash = dash.or(Some(column));
            let rest = &text[column + 1..];
            column += 1 + rest.len() - rest.trim_start_matches(' ').len();
        }
        let rest = &text[column..];
        let colon = rest
            .match_indices(':')
            .map(|(i, _)| i)
            .find(|&i| rest[i + 1..].is_empty() || rest[i + 1..].starts_with(' '));
        let key = colon.map(|i| rest[..i].trim_end().trim_matches(['"', '\'']));
        let key = key.filter(|k| !k.is_empty() && !rest.starts_with(['#', '{', '[']));
        Self { text, offset, number, dash, column, key }
    }
    fn is_blank(&self) -> bool {
        let rest = self.text[self.column..].trim_start();
        self.dash.is_none() && (rest.is_empty() || rest.starts_with('#'))
    }
    fn span(&self, from: usize, to: usize) -> Span {
        let at = |n: usize| Position {
            offset: self.offset + n,
            line: self.number,
            column: self.text[..n].chars().count() + 1,
        };
        Span { start: at(from), end: at(to) }
    }
    /// The value after the colon, without quotes and comment.
    fn value(&self) -> &'a str {
        let value = self.text[self.column..].split_once(": ").map_or("", |(_, v)| v);
        value.split(" #").next().unwrap_or("").trim().trim_matches(['"', '\''])
    }
}

impl<'a> Place<'a> {
    fn at_key(text: &'a str, offset: usize) -> Option<Self> {
        let place = Self::find(text, offset)?;
        let touches = place.key_span.touches(offset);
        touches.then_some(place)
    }

    fn find(text: &'a str, offset: usize) -> Option<Self> {
        if !text.is_char_boundary(offset) || text.len() > super::MAX_BYTES {
            return None;
        }
        let (lines, here) = document(text, offset);
        let line = *lines.get(here)?;
        let in_line = offset - line.offset;
        if in_line > line.text.len() || line.text.trim_start().starts_with('#') {
            return None;
        }
        let top = |name: &str| lines.iter().find(|l| l.column == 0 && l.key == Some(name)).map_or("", Line::value);
        let (version, kind_text) = (top("apiVersion"), top("kind"));
        let kind = Kind::find(version, kind_text)
            .or_else(|| KINDS.iter().find(|i| i.name == kind_text && version.is_empty()).map(|i| i.kind));
        // On an empty line the cursor's own column counts.
        let column = if line.is_blank() { in_line } else { line.column };
        let mut place = Place {
            kind,
            kind_text,
            version,
            parents: Vec::new(),
            column,
            key: line.key,
            key_span: Span::default(),
            has_colon: line.key.is_some(),
            in_value: false,
            typed: "",
            span: line.span(in_line, in_line),
            siblings: Vec::new(),
        };
        place.climb(&lines, here, column);
        match line.key {
            Some(key) => {
                let from = column + line.text[column..].find(key).unwrap_or(0);
                place.key_span = line.span(from, from + key.len());
                let after = column + line.text[column..].find(": ").map_or(line.text.len() - column, |i| i + 2);
                if in_line >= after && line.text[..in_line].contains(':') {
                    let typed = line.text[after..in_line].trim_start();
                    let typed_from = in_line - typed.len();
                    let rest = line.text[in_line..].find([' ', '#']).map_or(line.text.len(), |i| in_line + i);
                    place.in_value = true;
                    place.typed = typed.trim_matches(['"', '\'']);
                    place.span = line.span(typed_from, rest);
                } else if in_line >= from && in_line <= from + key.len() {
                    place.typed = &line.text[from..in_line];
                    place.span = place.key_span;
                    place.siblings.retain(|s| *s != key);
                } else {
                    return None;
                }
            }
            None if in_line >= column => {
                place.typed = line.text[column..in_line].trim_end();
                place.span = line.span(column, line.text.trim_end().len().max(in_line));
                place.item_of_scalars(line.dash.is_some());
            }
            None => return None,
        }
        Some(place)
    }

    /// An item of a list of plain values: the value is completed, not a name.
    fn item_of_scalars(&mut self, dash: bool) {
        let Some(kind) = self.kind.filter(|_| dash) else { return };
        let Some((last, above)) = self.parents.split_last() else { return };
        let field = struct_at(kind, above).and_then(|t| t.field(last));
        let Some(field) = field.filter(|f| f.ty.innermost().as_struct().is_none()) else { return };
        self.key = Some(field.json);
        self.in_value = true;
        self.parents.pop();
    }

    /// Finds the fields above the line, and the names beside it.
    fn climb(&mut self, lines: &[Line<'a>], here: usize, column: usize) {
        let own_dash = lines[here].dash;
        let mut limit = own_dash.map_or(column, |d| d + 1);
        let mut beside = own_dash.is_none();
        for line in lines[..here].iter().rev().filter(|l| !l.is_blank()) {
            let first = line.dash.unwrap_or(line.column);
            if beside && line.column == column {
                self.siblings.extend(line.key);
            }
            if let (Some(key), true) = (line.key, line.column < limit) {
                self.parents.push(key.to_owned());
                limit = line.column;
                beside = false;
            } else if beside && line.column < column {
                beside = false;
            }
            if let Some(d) = line.dash.filter(|&d| d < limit) {
                limit = d + 1;
                beside = false;
            }
            if first == 0 && line.dash.is_none() && limit == 0 {
                break;
            }
        }
        self.parents.reverse();
        for line in lines[here + 1..].iter().filter(|l| !l.is_blank()) {
            if line.dash.unwrap_or(line.column) < column {
                break;
            }
            if line.column == column && line.dash.is_none() {
                self.siblings.extend(line.key);
            }
        }
    }
}

/// The lines of the document that holds the offset, and which of them holds it.
fn document(text: &str, offset: usize) -> (Vec<Line<'_>>, usize) {
    let (mut lines, mut here, mut at) = (Vec::new(), None, 0);
    for (i, raw) in text.split('\n').enumerate() {
        let bare = raw.strip_suffix('\r').unwrap_or(raw);
        if bare.starts_with("---") {
            if here.is_some() {
                break;
            }
            lines.clear();
        } else {
            if (at..=at + raw.len()).contains(&offset) {
                here = Some(lines.len());
            }
            lines.push(Line::read(bare, at, i + 1));
        }
        at += raw.len() + 1;
    }
    let here = here.unwrap_or(usize::MAX);
    (lines, here)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: db\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: a\n        image: x\n        env:\n        - name: A\n          value: b\n";

    /// Completions where `|` stands.
    fn at(text: &str) -> Vec<String> {
        let offset = text.find('|').unwrap();
        complete(&text.replacen('|', "", 1), offset).into_iter().map(|c| c.insert).collect()
    }

    #[test]
    fn completions() {
        for (from, to, first, absent) in [
            ("Never", "|", "Always", "Sometimes"),
            ("Never", "On|", "OnFailure", "Always"),
            ("  template:\n", "  comp|\n  template:\n", "completions: ", "template:\n    "),
            ("        image: x\n", "        image: x\n        comm|\n", "command:\n        - ", "image: "),
            ("        image: x\n", "        image: x\n        |\n", "resources:\n          ", "name: "),
            ("- name: A", "- na|", "name: ", "value: "),
            ("kind: Job", "kind: |", "Job", "Pod"),
            ("apiVersion: batch/v1", "api|", "apiVersion: ", "kind: "),
            ("  template:\n", "  suspend: |\n  template:\n", "true", "x"),
        ] {
            let got = at(&JOB.replacen(from, to, 1));
            assert!(got.iter().any(|g| g == first), "{to}: {first} not in {got:?}");
            assert!(got.iter().all(|g| g != absent), "{to}: {absent} in {got:?}");
        }
        assert!(at("|").contains(&"apiVersion: ".to_owned()));
    }

    #[test]
    fn hovers() {
        for (word, path, ty, owner) in [
            ("restartPolicy", "spec.template.spec.restartPolicy", "string", "core.v1.PodSpec"),
            ("value", "spec.template.spec.containers.env.value", "string", "core.v1.EnvVar"),
            ("containers", "spec.template.spec.containers", "list of Container", "core.v1.PodSpec"),
            ("metadata", "metadata", "ObjectMeta", "batch.v1.Job"),
        ] {
            let h = hover(JOB, JOB.find(word).unwrap() + 1).unwrap_or_else(|| panic!("{word}"));
            assert_eq!((h.path.as_str(), h.ty.as_str(), h.owner.as_str()), (path, ty, owner));
        }
        assert_eq!(hover(JOB, JOB.find("Never").unwrap()), None);
    }

    #[test]
    fn nothing_panics_at_any_offset() {
        let odd = format!("{JOB}---\n- - a: ü\n\t: x\n? y\n\"a\": 'b\n[{{\n-\n  -");
        for n in 0..=odd.len() + 2 {
            let _ = (complete(&odd, n), hover(&odd, n));
        }
    }

    #[test]
    fn explanations_are_one_sentence() {
        let text = "\n= batch.v1.JobSpec\nd JobSpec.\n. suspend|boolean|||\nd Suspend says so. And more.\nd\nd More.\n";
        assert_eq!(explanation(text, "batch.v1.JobSpec", "suspend").as_deref(), Some("Suspend says so."));
        assert_eq!(explanation(text, "batch.v1.JobSpec", "x"), None);
    }
}
