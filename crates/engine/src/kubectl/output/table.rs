//! The tables of `kubectl get`.
//!
//! Models cli-runtime `pkg/printers/tableprinter.go`.

use super::super::printers;
use super::super::table::TabWriter;
use crate::api::{Kind, Object, Value};
use crate::clock::Time;

/// What a table shows beside its columns.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// `-o wide`
    pub wide: bool,
    /// `--no-headers`
    pub no_headers: bool,
    /// `--show-labels`
    pub show_labels: bool,
    /// `-L`
    pub label_columns: Vec<String>,
    /// `-A`
    pub with_namespace: bool,
    /// `--show-kind`, or several kinds
    pub with_kind: bool,
    /// `--server-print=false`: the name and the age, as kubectl prints what it knows nothing about.
    pub plain: bool,
}

/// A table of one kind, written row by row.
#[derive(Clone, Debug)]
pub struct Table {
    kind: Kind,
    options: TableOptions,
    headed: bool,
}

impl Table {
    /// A table without rows.
    pub fn new(kind: Kind, options: TableOptions) -> Self {
        Self { kind, options, headed: false }
    }
    /// A row, tab-separated, with the headings before the first.
    pub fn row(&mut self, o: &Object, now: Time) -> String {
        let mut out = String::new();
        if !self.headed && !self.options.no_headers {
            out = self.headings() + "\n";
        }
        self.headed = true;
        let mut cells: Vec<String> = Vec::new();
        if self.options.with_namespace && self.kind.info().namespaced {
            cells.push(o.namespace().to_string());
        }
        for (column, value) in printers::columns(self.kind).zip(printers::row(o, now)) {
            if !self.shows(&column) {
                continue;
            }
            let mut text = match value {
                Value::Str(s) => s.to_string(),
                other => other.to_json(),
            };
            if let Some(i) = text.find(['\n', '\r', '\u{c}']) {
                text.truncate(i);
                text += "...";
            }
            if column.name == "Name" && self.options.with_kind {
                text = format!("{}/{text}", self.kind.resource_name());
            }
            cells.push(text);
        }
        for key in &self.options.label_columns {
            cells.push(o.label(key).unwrap_or("").to_owned());
        }
        if self.options.show_labels {
            cells.push(printers::format_labels(o.labels()));
        }
        out += &cells.join("\t");
        out.push('\n');
        out
    }
    fn shows(&self, column: &printers::Column) -> bool {
        if self.options.plain { matches!(column.name, "Name" | "Age") } else { !column.wide || self.options.wide }
    }
    fn headings(&self) -> String {
        let mut all: Vec<String> = Vec::new();
        if self.options.with_namespace && self.kind.info().namespaced {
            all.push("NAMESPACE".into());
        }
        all.extend(printers::columns(self.kind).filter(|c| self.shows(c)).map(|c| c.name.to_uppercase()));
        all.extend(self.options.label_columns.iter().map(|k| k.rsplit('/').next().unwrap_or("").to_uppercase()));
        if self.options.show_labels {
            all.push("LABELS".into());
        }
        all.join("\t")
    }
    /// All rows at once, aligned.
    pub fn of<'a>(kind: Kind, options: TableOptions, rows: impl Iterator<Item = &'a Object>, now: Time) -> String {
        let mut table = Self::new(kind, options);
        let text: String = rows.map(|o| table.row(o, now)).collect();
        TabWriter::table().align(&text)
    }
}
