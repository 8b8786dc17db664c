//! `-o go-template`: the part of Go's `text/template` that fits a command line.

use crate::api::Value;

/// A template, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {}

impl Template {
    /// Reads a template.
    pub fn parse(_text: &str) -> Result<Self, String> {
        Ok(Self {})
    }
    /// Fills it in.
    pub fn execute(&self, _value: &Value) -> Result<String, String> {
        Ok(String::new())
    }
}
