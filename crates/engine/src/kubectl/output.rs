//! Output forms: `-o yaml`, `json`, `name`, `jsonpath`, `custom-columns`, `go-template`, and tables.
//!
//! Models cli-runtime `pkg/genericclioptions/print_flags.go` and kubectl `pkg/cmd/get/{customcolumn,get_flags}.go`.

mod table;

use std::rc::Rc;

use super::Cx;
use super::args::Parsed;
use super::failure::{Failure, error};
use super::jsonpath::{self, Template};
use super::session::Io;
use super::table::TabWriter;
use super::yaml::to_yaml;
use crate::api::schema::{self, Type};
use crate::api::text::{go_json_string, go_quote};
use crate::api::{Kind, Object, Value};

pub use table::{Table, TableOptions};

/// A form of output.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// A table, or the command's own words.
    Human,
    /// A table with all columns.
    Wide,
    /// `-o name`
    Name,
    /// `-o yaml`
    Yaml,
    /// `-o json`
    Json,
    /// `-o kyaml`
    Kyaml,
    /// `-o jsonpath=...`; the last two say whether it is one `as-json`, and whether what is missing is nothing.
    JsonPath(Rc<Template>, Rc<str>, bool, bool),
    /// `-o go-template=...`
    GoTemplate(Rc<super::gotemplate::Template>, Rc<str>),
    /// `-o custom-columns=...`
    Columns(Rc<Vec<Column>>),
}

const FORMS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
/// The forms whose template may follow after `=`.
const TEMPLATED: [&str; 9] = [
    "custom-columns",
    "custom-columns-file",
    "go-template",
    "go-template-file",
    "jsonpath",
    "jsonpath-as-json",
    "jsonpath-file",
    "template",
    "templatefile",
];

impl Form {
    /// Reads `-o` and `--template`. `get` also knows tables with chosen columns.
    pub fn of(p: &Parsed, io: &Io, cx: &Cx<'_>) -> Result<Self, Failure> {
        let of_get = p.command == "get";
        let given = p.str("template");
        let text = if !given.is_empty() && !p.has("output") { "go-template" } else { p.str("output") };
        let (name, template) = match text.split_once('=') {
            Some((n, t)) if given.is_empty() && TEMPLATED.contains(&n) => (n, t),
            _ => (text, given),
        };
        let file = |what: &str| match io.read(template, cx) {
            Some(text) => Ok(text),
            None => error(format!("error reading {what}{template}, open {template}: no such file or directory")),
        };
        if of_get && name.starts_with("custom-columns") && TEMPLATED.contains(&name) {
            if template.is_empty() {
                return error("custom-columns format specified but no custom columns given");
            }
            let columns = match name {
                "custom-columns" => columns(template),
                _ => columns_of(&file("template ")?),
            };
            return columns.map(|c| Self::Columns(Rc::new(c)));
        }
        let templated = TEMPLATED.contains(&name) && !name.starts_with("custom-columns");
        if templated && template.is_empty() {
            return error("template format specified but no template given");
        }
        let template = match name {
            "jsonpath-file" | "go-template-file" | "templatefile" => file("--template ")?,
            _ => Rc::from(template),
        };
        match name {
            "" => Ok(Self::Human),
            "wide" if of_get => Ok(Self::Wide),
            "name" => Ok(Self::Name),
            "yaml" => Ok(Self::Yaml),
            "json" => Ok(Self::Json),
            "kyaml" => Ok(Self::Kyaml),
            _ if templated && name.starts_with("jsonpath") => match jsonpath::parse(&template) {
                Ok(nodes) => {
                    let lenient = p.on_or("allow-missing-template-keys", true);
                    Ok(Self::JsonPath(Rc::new(nodes), template, name == "jsonpath-as-json", lenient))
                }
                Err(why) => error(format!("error parsing jsonpath {template}, {why}")),
            },
            _ if templated => match super::gotemplate::Template::parse(&template) {
                Ok(t) => Ok(Self::GoTemplate(Rc::new(t), template)),
                Err(why) => error(format!("error parsing template {template}, template: output:{why}")),
            },
            _ => error(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {}",
                go_quote(text),
                if of_get {
                    format!("custom-columns,custom-columns-file,{},wide,yaml", &FORMS[..FORMS.len() - 5])
                } else {
                    FORMS.to_owned()
                }
            )),
        }
    }
    /// Prints an object that the command itself has made: it is of Go's types, whose fields have an order.
    pub fn print_made(&self, value: &Value) -> Result<String, Failure> {
        let kind = Kind::find(value.str_at("apiVersion"), value.str_at("kind"));
        let ty = kind.map(schema::of);
        match self {
            Self::Json => {
                let mut out = String::new();
                write_json(value, ty, Some(0), &mut out);
                Ok(out + "\n")
            }
            Self::Kyaml => Ok(super::yaml::to_kyaml(value, ty)),
            _ => self.print(value, false),
        }
    }
    /// Prints objects in columns; what could be printed before an error is printed, too.
    pub fn print_columns(&self, value: &Value, no_headers: bool) -> (String, Option<Failure>) {
        let Self::Columns(columns) = self else { return (String::new(), None) };
        let mut text = String::new();
        if !no_headers {
            text = columns.iter().map(|(h, _)| h.as_str()).collect::<Vec<_>>().join("\t") + "\n";
        }
        let one = [value.clone()];
        let items = if is_list(value) { value.at("items").items() } else { &one };
        let mut failed = columns.iter().find_map(|(_, path)| path.as_ref().err().cloned());
        for item in items {
            if failed.is_some() {
                break;
            }
            match row(columns, item) {
                Ok(row) => text += &row,
                Err(why) => failed = Some(why),
            }
        }
        (TabWriter::table().align(&text), failed.map(Failure::Error))
    }
    /// Whether a person reads it: a table.
    pub fn is_human(&self) -> bool {
        matches!(self, Self::Human | Self::Wide)
    }
    /// Prints one object, or a list of objects.
    pub fn print(&self, value: &Value, no_headers: bool) -> Result<String, Failure> {
        match self {
            Self::Human | Self::Wide => Ok(String::new()),
            Self::Yaml => Ok(to_yaml(value)),
            Self::Json => Ok(json(value)),
            Self::Kyaml => Ok(super::yaml::to_kyaml(value, None)),
            Self::Name => {
                let one = |v: &Value| name_of(v) + "\n";
                Ok(if is_list(value) { value.at("items").items().iter().map(one).collect() } else { one(value) })
            }
            Self::JsonPath(nodes, template, as_json, lenient) => {
                let text = if *as_json {
                    let print = |found: Vec<Vec<Value>>| found.into_iter().map(|r| json(&Value::from(r))).collect();
                    jsonpath::find(nodes, value, *lenient).map(print)
                } else {
                    jsonpath::execute(nodes, value, *lenient)
                };
                text.or_else(|why| {
                    error(format!(
                        "error executing jsonpath {}: Error executing template: {why}. Printing more information for \
                         debugging the template:\n\ttemplate was:\n\t\t{template}\n\tobject given to jsonpath engine \
                         was:\n\t\t{}\n\n",
                        go_quote(template),
                        jsonpath::go_syntax(value)
                    ))
                })
            }
            Self::GoTemplate(t, template) => {
                t.execute(value).or_else(|why| error(format!("error executing template {}: {why}", go_quote(template))))
            }
            Self::Columns(_) => {
                let (text, failed) = self.print_columns(value, no_headers);
                failed.map_or(Ok(text), Err)
            }
        }
    }
}

/// Whether a value is a list of objects.
pub fn is_list(v: &Value) -> bool {
    v.str_at("kind").ends_with("List") && v.get("items").is_some()
}

/// `job.batch/pi` of an object's tree.
pub fn name_of(v: &Value) -> String {
    let kind = Kind::find(v.str_at("apiVersion"), v.str_at("kind"));
    let name = v.at("metadata.name").as_str().filter(|n| !n.is_empty()).unwrap_or("<unknown>");
    format!("{}/{name}", kind.map_or_else(String::new, Kind::resource_name))
}

/// Objects as one `List`.
pub fn list_of<'a>(objects: impl Iterator<Item = &'a Value>) -> Value {
    let items: Vec<Value> = objects.cloned().collect();
    crate::json!({
        "apiVersion": "v1",
        "items": (Value::from(items)),
        "kind": "List",
        "metadata": {"resourceVersion": ""}
    })
}

/// An object as `-o yaml` and `-o json` show it.
pub fn shown(o: &Object) -> Value {
    let mut body = o.body().clone();
    if !body.at("metadata.managedFields").is_null() {
        body.unset("metadata.managedFields");
    }
    body
}

/// JSON with an indent of four.
fn json(v: &Value) -> String {
    let mut out = String::new();
    write_json(v, None, Some(0), &mut out);
    out.push('\n');
    out
}

/// JSON on one line, with the fields in the order of Go's types.
pub fn typed_json(v: &Value, ty: &'static Type) -> String {
    let mut out = String::new();
    write_json(v, Some(ty), None, &mut out);
    out
}

/// The fields of an object with their types, in the order of the type where there is one.
pub fn ordered<'a>(v: &'a Value, ty: Option<&'static Type>) -> Vec<(&'a str, &'a Value, Option<&'static Type>)> {
    let mut fields: Vec<_> = v.fields().map(|(k, x)| (k.as_ref(), x, None)).collect();
    if let Some(ty) = ty {
        // `kind` and `apiVersion` are not in the table of fields: they come first.
        let at = |k: &str| match k {
            "kind" => 0,
            "apiVersion" => 1,
            _ => 2 + ty.fields.iter().position(|f| f.json == k).unwrap_or(ty.fields.len()),
        };
        fields.sort_by_key(|(k, _, _)| at(k));
        for (k, _, t) in &mut fields {
            *t = ty.field(k).and_then(|f| f.ty.innermost().as_struct());
        }
    }
    fields
}

/// Writes JSON: on one line, or over lines with an indent of four.
fn write_json(v: &Value, ty: Option<&'static Type>, indent: Option<usize>, out: &mut String) {
    let inner = indent.map(|n| n + 4);
    let line = |n: Option<usize>, out: &mut String| {
        if let Some(n) = n {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', n));
        }
    };
    match v {
        Value::Object(m) if !m.is_empty() => {
            out.push('{');
            for (i, (k, x, t)) in ordered(v, ty).into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(inner, out);
                out.push_str(&go_json_string(k));
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write_json(x, t, inner, out);
            }
            line(indent, out);
            out.push('}');
        }
        Value::Array(a) if !a.is_empty() => {
            out.push('[');
            for (i, x) in a.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                line(inner, out);
                write_json(x, ty, inner, out);
            }
            line(indent, out);
            out.push(']');
        }
        other => out.push_str(&crate::api::text::go_json(other)),
    }
}

/// A column of `-o custom-columns`: its title, and its path or what is wrong with it, which is told only after the titles.
pub type Column = (String, Result<Template, String>);

fn columns(spec: &str) -> Result<Vec<Column>, Failure> {
    let column = |part: &str| match part.split_once(':') {
        None => error(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")),
        Some((header, path)) => Ok((header.to_owned(), jsonpath::relaxed(path).map_err(Failure::Error)?)),
    };
    spec.split(',').map(column).collect()
}

/// The columns of a file: a line of headers and a line of paths.
fn columns_of(text: &str) -> Result<Vec<Column>, Failure> {
    let mut lines = text.lines();
    let mut line = |what: &str| match lines.next() {
        Some(l) => Ok(l.split_whitespace().collect::<Vec<_>>()),
        None => error(format!(
            "invalid template, missing {what} line. Expected format is one line of space separated headers, one line of \
             space separated column specs."
        )),
    };
    let (headers, specs) = (line("header")?, line("spec")?);
    if headers.len() != specs.len() {
        let (a, b) = (headers.len(), specs.len());
        return error(format!("number of headers ({a}) and field specifications ({b}) don't match"));
    }
    let column = |(h, p): (&&str, &str)| Ok(((*h).to_owned(), jsonpath::relaxed(p).map_err(Failure::Error)?));
    headers.iter().zip(specs).map(column).collect()
}

/// The cells of one object.
fn row(columns: &[Column], item: &Value) -> Result<String, String> {
    let mut cells: Vec<String> = Vec::new();
    for path in columns.iter().filter_map(|(_, path)| path.as_ref().ok()) {
        let found = jsonpath::find(path, item, true)?;
        let mut texts: Vec<String> = found.iter().flatten().map(go_value).collect();
        if found.first().is_none_or(Vec::is_empty) {
            texts.insert(0, "<none>".to_owned());
        }
        cells.push(texts.join(","));
    }
    Ok(cells.join("\t") + "\n")
}

pub use crate::api::patch::go_value;
