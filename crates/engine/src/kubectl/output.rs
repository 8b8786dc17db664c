//! Output forms: `-o yaml`, `json`, `name`, `jsonpath`, `custom-columns`, `go-template`, and tables.
//!
//! Models cli-runtime `pkg/genericclioptions/print_flags.go` and kubectl `pkg/cmd/get/{customcolumn,get_flags}.go`.

mod table;

use std::rc::Rc;

use super::failure::{Failure, error};
use super::jsonpath::{self, Node, Step};
use super::table::TabWriter;
use super::yaml::to_yaml;
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
    /// `-o jsonpath=...`
    JsonPath(Rc<Vec<Node>>, Rc<str>),
    /// `-o go-template=...`
    GoTemplate(Rc<super::gotemplate::Template>, Rc<str>),
    /// `-o custom-columns=...`
    Columns(Rc<Vec<(String, Vec<Step>)>>),
}

const FORMS: &str =
    "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml";
const GET_FORMS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,\
    jsonpath-file,kyaml,name,template,templatefile,wide,yaml";

impl Form {
    /// Reads `-o`. `get` also knows tables with chosen columns.
    pub fn read(text: &str, of_get: bool) -> Result<Self, Failure> {
        let (name, rest) = text.split_once('=').map_or((text, None), |(n, r)| (n, Some(r)));
        match (name, rest) {
            ("", None) => Ok(Self::Human),
            ("wide", None) if of_get => Ok(Self::Wide),
            ("name", None) => Ok(Self::Name),
            ("yaml", None) => Ok(Self::Yaml),
            ("json", None) => Ok(Self::Json),
            ("kyaml", None) => Ok(Self::Kyaml),
            ("jsonpath" | "jsonpath-as-json" | "go-template" | "template", None | Some("")) => {
                error("template format specified but no template given")
            }
            ("jsonpath" | "jsonpath-as-json", Some(template)) => match jsonpath::parse(template) {
                Ok(nodes) => Ok(Self::JsonPath(Rc::new(nodes), Rc::from(template))),
                Err(why) if why.starts_with("unrecognized identifier") => {
                    error(format!("error executing jsonpath {}: Error executing template: {why}", go_quote(template)))
                }
                Err(why) => error(format!("error parsing jsonpath {template}, {why}")),
            },
            ("go-template" | "template", Some(template)) => match super::gotemplate::Template::parse(template) {
                Ok(t) => Ok(Self::GoTemplate(Rc::new(t), Rc::from(template))),
                Err(why) => error(format!("error parsing template {template}, template: output:{why}")),
            },
            ("custom-columns", _) if of_get => columns(rest.unwrap_or("")).map(|c| Self::Columns(Rc::new(c))),
            _ => error(format!(
                "unable to match a printer suitable for the output format {}, allowed formats are: {}",
                go_quote(text),
                if of_get { GET_FORMS } else { FORMS }
            )),
        }
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
            Self::Kyaml => Ok(super::yaml::to_kyaml(value)),
            Self::Name => {
                let one = |v: &Value| name_of(v) + "\n";
                Ok(if is_list(value) { value.at("items").items().iter().map(one).collect() } else { one(value) })
            }
            Self::JsonPath(nodes, template) => jsonpath::execute(nodes, value, true)
                .or_else(|why| error(format!("error executing jsonpath {}: {why}", go_quote(template)))),
            Self::GoTemplate(t, template) => {
                t.execute(value).or_else(|why| error(format!("error executing template {}: {why}", go_quote(template))))
            }
            Self::Columns(columns) => Ok(custom(columns, value, no_headers)),
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
    format!("{}/{}", kind.map_or_else(String::new, Kind::resource_name), v.str_at("metadata.name"))
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
    write_json(v, 0, &mut out);
    out.push('\n');
    out
}

fn write_json(v: &Value, indent: usize, out: &mut String) {
    let pad = |n: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', n));
    };
    match v {
        Value::Object(m) if !m.is_empty() => {
            out.push('{');
            for (i, (k, x)) in m.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                pad(indent + 4, out);
                out.push_str(&go_json_string(k));
                out.push_str(": ");
                write_json(x, indent + 4, out);
            }
            pad(indent, out);
            out.push('}');
        }
        Value::Array(a) if !a.is_empty() => {
            out.push('[');
            for (i, x) in a.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                pad(indent + 4, out);
                write_json(x, indent + 4, out);
            }
            pad(indent, out);
            out.push(']');
        }
        other => out.push_str(&crate::api::text::go_json(other)),
    }
}

fn columns(spec: &str) -> Result<Vec<(String, Vec<Step>)>, Failure> {
    if spec.is_empty() {
        return error("custom-columns format specified but no custom columns given");
    }
    // Commas inside brackets belong to the expression.
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in spec.char_indices() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&spec[start..i]);
                start = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&spec[start..]);
    let mut out = Vec::new();
    for part in parts {
        let Some((header, path)) = part.split_once(':') else {
            return error(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"));
        };
        let steps = jsonpath::relaxed(path).map_err(Failure::Error)?;
        out.push((header.to_owned(), steps));
    }
    Ok(out)
}

fn custom(columns: &[(String, Vec<Step>)], value: &Value, no_headers: bool) -> String {
    let mut text = String::new();
    if !no_headers {
        text = columns.iter().map(|(h, _)| h.as_str()).collect::<Vec<_>>().join("\t") + "\n";
    }
    let one = [value.clone()];
    let items = if is_list(value) { value.at("items").items() } else { &one };
    for item in items {
        let cells: Vec<String> = columns
            .iter()
            .map(|(_, path)| {
                let found = jsonpath::walk(item, item, path, true).unwrap_or_default();
                let texts: Vec<String> = found.iter().map(go_value).collect();
                if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") }
            })
            .collect();
        text += &(cells.join("\t") + "\n");
    }
    TabWriter::table().align(&text)
}

pub use crate::api::patch::go_value;
