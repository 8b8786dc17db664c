//! Why a command stops, and what kubectl prints then.
//!
//! Models `checkErr` and `StandardErrorMessage` of kubectl `pkg/cmd/util/helpers.go`.

use crate::apiserver::{Reason, Status};

/// Why a command stops.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// `error: text`
    Error(String),
    /// An error with the advice to look at the command's help. The second is the command: `create job`.
    Usage(String, String),
    /// The line could not be read; the text is whole.
    Misread(String),
    /// A refusal of the API server.
    Status(Status),
    /// Several errors, each on a line of its own.
    Many(Vec<Failure>),
    /// Text printed as it is.
    Plain(String),
    /// A text is needed that is not at hand yet.
    Wants(String),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

/// An error with a text.
pub fn error<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Error(text.into()))
}

impl Failure {
    /// Puts several errors into one; none where there is none.
    pub fn collect(mut errors: Vec<Failure>) -> Result<(), Failure> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(Self::Many(errors)),
        }
    }
    /// The same as it stands, without `error: `: where a kind is looked for outside of the builder.
    pub fn plain(self) -> Self {
        Self::Plain(self.message() + "\n")
    }
    /// Whether the API server said that there is no such object.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status(s) if s.reason == Reason::NotFound)
    }
    /// The text without `error: ` in front, as it stands in a list or after a prefix.
    pub fn message(&self) -> String {
        match self {
            Self::Status(s) if s.reason == Reason::Unknown => format!("Error from server: {}", s.message),
            Self::Status(s) => format!("Error from server ({}): {}", s.reason.as_str(), s.message),
            Self::Error(t) | Self::Usage(t, _) | Self::Misread(t) | Self::Plain(t) => t.clone(),
            Self::Many(all) => {
                let texts: Vec<String> = all.iter().map(Self::raw).collect();
                if texts.len() == 1 { texts[0].clone() } else { format!("[{}]", texts.join(", ")) }
            }
            Self::Wants(_) => String::new(),
        }
    }
    /// As Go's `err.Error()`.
    pub fn raw(&self) -> String {
        match self {
            Self::Status(s) => s.message.clone(),
            other => other.message(),
        }
    }
    /// What is printed on standard error.
    pub fn print(&self) -> String {
        let line = match self {
            Self::Status(s) if s.reason == Reason::Invalid => return invalid(s),
            Self::Status(_) => self.message(),
            Self::Error(t) if t.starts_with("error: ") => t.clone(),
            Self::Error(t) => format!("error: {t}"),
            Self::Usage(t, command) => format!("error: {t}\nSee 'kubectl {command} -h' for help and examples"),
            Self::Many(all) => all.iter().map(Self::message).collect::<Vec<_>>().join("\n"),
            Self::Misread(t) | Self::Plain(t) => t.clone(),
            Self::Wants(_) => return String::new(),
        };
        if line.is_empty() || line.ends_with('\n') { line } else { line + "\n" }
    }
}

/// The refusal of an object whose fields are wrong, field by field.
fn invalid(s: &Status) -> String {
    let mut head = String::from("The request is invalid");
    if s.kind.is_some() || !s.name.is_empty() {
        head = format!("The {} \"{}\" is invalid", s.kind.map_or("", |k| k.name()), s.name);
    } else if s.causes.is_empty() && !s.message.is_empty() {
        head = format!("{head}: {}", s.message);
    }
    let mut causes: Vec<String> = Vec::new();
    for c in &s.causes {
        let text = format!("{}: {}", c.field, c.message);
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    match causes.as_slice() {
        [] => format!("{head}\n"),
        [one] => format!("{head}: {one}\n"),
        many => {
            let lines: String = many.iter().map(|c| format!("* {c}\n")).collect();
            format!("{head}: \n{lines}")
        }
    }
}
