//! Everything that is wrong with a text, for an editor: what `kubectl apply` would print, each at its place, with a plain
//! sentence, a page of the documentation and, where it is evident, a fix.

use super::decode::{cannot_be_handled, decode};
use super::local::{self, Resource};
use super::{Diagnostic, Document, Fix, NodeKind, ParseError, Severity, Span, effect, fix, help, parse};
use crate::api::text::go_quote;
use crate::api::{Kind, Value, defaults, validation};

/// No more than this many are told: a text that is all wrong is not read line by line.
const MOST: usize = 50;

/// Reads a text and says what is wrong with it, in the order of the text.
pub fn check(text: &str, file: &str) -> Vec<Diagnostic> {
    let mark = '\u{feff}';
    if let Some(rest) = text.strip_prefix(mark) {
        let mut found = check(rest, file);
        for place in found.iter_mut().flat_map(places) {
            *place += mark.len_utf8();
        }
        return found;
    }
    let mut c = Check { text, file, found: Vec::new() };
    for entry in parse(text).entries {
        match entry {
            Ok(document) => c.document(&document),
            Err(e) => c.unreadable(&e),
        }
    }
    let mut found = c.found;
    // The last line is read as if it were ended.
    for place in found.iter_mut().flat_map(places) {
        *place = (*place).min(text.len());
    }
    found.sort_by_key(|d| (d.span.start.offset, d.severity));
    found.truncate(MOST);
    found
}

/// All offsets of a diagnostic.
fn places(d: &mut Diagnostic) -> impl Iterator<Item = &mut usize> {
    let edits = d.fix.iter_mut().flat_map(|f| &mut f.edits).map(|e| &mut e.span);
    edits.chain([&mut d.span]).flat_map(|span| [&mut span.start.offset, &mut span.end.offset])
}

struct Check<'a> {
    text: &'a str,
    file: &'a str,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn say(
        &mut self,
        severity: Severity,
        message: String,
        span: Span,
        (help, docs): (&str, Option<&'static str>),
        fix: Option<Fix>,
    ) {
        if self.found.len() < MOST * 4 {
            self.found.push(Diagnostic { severity, message, span, help: help.to_owned(), fix, docs });
        }
    }

    fn unreadable(&mut self, e: &ParseError) {
        let message = format!("error: error parsing {}: {}", self.file, e.message);
        self.say(Severity::Error, message, e.span, (help::unreadable(&e.message), None), fix::tabs(self.text));
    }

    fn document(&mut self, document: &Document) {
        let mut twice = Vec::new();
        document.node.duplicates("", &mut twice);
        for (path, span) in twice {
            let message = format!("{} is written twice; the last one counts", go_quote(&path));
            let help = "kubectl keeps the last of them without a word. One of the two is not what you meant.";
            self.say(Severity::Warning, message, span, (help, None), None);
        }
        for resource in local::resources(&document.value, self.file, true) {
            match resource {
                Ok(resource) => self.resource(document, &resource),
                Err(e) => self.local(document, e.message()),
            }
        }
    }

    /// What kubectl says before it asks the API server.
    fn local(&mut self, document: &Document, message: &str) {
        let text = format!("error: {message}");
        // A name that is no text is told with its place.
        if let (true, Err(e)) = (message.contains("json: "), local::check_metadata(&document.value)) {
            let fix = document.node.at(&e.path).and_then(|n| fix::wrong_type(self.text, n, &e.message));
            let span = document.node.locate(&e.path);
            return self.say(Severity::Error, text, span, (help::wrong_type(&e.message), None), fix);
        }
        let fix = fix::header(self.text, document, message);
        let span = document.node.locate(help::header_field(message));
        self.say(Severity::Error, text, span, help::header(message), fix);
    }

    fn resource(&mut self, document: &Document, resource: &Resource) {
        let (kind, prefix) = (resource.kind, resource.path.as_str());
        let full = |path: &str| match (prefix, path) {
            ("", p) => p.to_owned(),
            (p, "") => p.to_owned(),
            (a, b) => format!("{a}.{b}"),
        };
        if resource.labelled != kind.name() {
            let why = format!(
                "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
                go_quote(&resource.labelled),
                go_quote(&kind.api_version())
            );
            let message = bad_request(kind, &resource.labelled, &why);
            let span = document.node.locate(&full("kind"));
            let fix = fix::replace(span, kind.name(), &format!("Write {}", kind.name()));
            let help = ("Kinds are written with capitals.", None);
            return self.say(Severity::Error, message, span, help, Some(fix));
        }
        if let Some(becomes) = effect::without_effect(kind) {
            let message = format!("{} is accepted and {becomes}.", kind.name());
            let span = document.node.locate(&full("kind"));
            self.say(Severity::Info, message, span, (effect::reason(kind), None), None);
        }
        let decoded = match decode(kind, &resource.value) {
            Ok(decoded) => decoded,
            Err(e) => {
                let path = full(&e.path);
                let message = bad_request(kind, kind.name(), &e.message);
                let fix = document.node.at(&path).and_then(|n| fix::wrong_type(self.text, n, &e.message));
                let span = document.node.locate(&path);
                let said = (help::wrong_type(&e.message), help::docs(kind, &e.path));
                return self.say(Severity::Error, message, span, said, fix);
            }
        };
        for e in &decoded.strict {
            let message = bad_request(kind, kind.name(), &format!("strict decoding error: {}", e.message));
            let (fix, help) = fix::unknown_field(self.text, document, kind, prefix, &e.path);
            let span = key_span(document, &full(&e.path));
            self.say(Severity::Error, message, span, (&help, help::docs(kind, parent(&e.path))), fix);
        }
        let body = prepared(kind, decoded.value);
        for e in validation::validate_create(kind, &body) {
            let path = full(e.path.as_str());
            let message = format!("The {} {} is invalid: {e}", kind.name(), go_quote(body.str_at("metadata.name")));
            let fix = fix::field_error(self.text, document, &path, &e);
            let said = (help::field_error(kind, &e), help::docs(kind, e.path.as_str()));
            self.say(Severity::Error, message, document.node.locate(&path), said, fix);
        }
        for text in validation::warnings(kind, &body) {
            let path = text.split([':', ' ']).next().unwrap_or("").to_owned();
            let path = if path.contains(['.', '[']) { full(&path) } else { full("") };
            let said = ("The cluster takes it, and warns.", help::docs(kind, &path));
            self.say(Severity::Warning, format!("Warning: {text}"), document.node.locate(&path), said, None);
        }
    }
}

fn bad_request(kind: Kind, labelled: &str, why: &str) -> String {
    format!("Error from server (BadRequest): {}", cannot_be_handled(kind, labelled, why))
}

/// The name of the field at a path, where unknown fields are underlined.
fn key_span(document: &Document, path: &str) -> Span {
    let last = path.rsplit('.').next().unwrap_or(path);
    let above = parent(path);
    let holder = if above.is_empty() { Some(&document.node) } else { document.node.at(above) };
    holder.and_then(|n| n.field(last)).map_or_else(|| document.node.locate(path), |e| e.key_span)
}

/// The path of what holds a field.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(above, _)| above)
}

/// An object as the API server checks it: completed and made ready, with a name and a uid.
fn prepared(kind: Kind, mut body: Value) -> Value {
    if kind.info().namespaced && body.str_at("metadata.namespace").is_empty() {
        body.set("metadata.namespace", "default");
    }
    defaults::apply(kind, &mut body);
    if body.str_at("metadata.name").is_empty() && !body.str_at("metadata.generateName").is_empty() {
        let name = [body.str_at("metadata.generateName"), "00000"].concat();
        body.set("metadata.name", name);
    }
    body.set("metadata.uid", "00000000-0000-4000-8000-000000000000");
    defaults::prepare_for_create(kind, &mut body);
    body
}

/// Whether a node is written over several lines in block style: its fields each on a line of their own.
pub(super) fn is_block(text: &str, node: &super::Node) -> bool {
    matches!(node.kind, NodeKind::Map(_) | NodeKind::List(_))
        && !text.get(node.span.start.offset..).is_some_and(|t| t.starts_with(['{', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: db\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: a\n        image: x\n";

    fn fixed(text: &str, message: &str) -> String {
        let found = check(text, "job.yaml");
        let d =
            found.iter().find(|d| d.message.contains(message)).unwrap_or_else(|| panic!("{message} not in {found:?}"));
        assert!(!d.help.is_empty(), "{d:?}");
        let mut edits = d.fix.clone().unwrap_or_else(|| panic!("no fix: {d:?}")).edits;
        edits.sort_by_key(|e| std::cmp::Reverse(e.span.start.offset));
        edits.iter().fold(text.to_owned(), |mut t, e| {
            t.replace_range(e.span.start.offset..e.span.end.offset, &e.text);
            t
        })
    }

    #[test]
    fn a_good_manifest_has_nothing() {
        assert_eq!(check(JOB, "job.yaml"), []);
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", JOB.trim_end().replace('\n', "\n  "));
        assert_eq!(check(&list, "job.yaml"), []);
    }

    #[test]
    fn what_has_no_effect_is_told_at_its_kind() {
        let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n";
        let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n  spec: {ports: [{port: 80}]}\n";
        let found = check(&format!("{JOB}---\n{role}---\n{list}"), "all.yaml");
        let said: Vec<_> = found.iter().map(|d| (d.severity, &*d.message, d.span.start.line)).collect();
        assert_eq!(
            said,
            [
                (Severity::Info, "Role is accepted and has no effect here.", 14),
                (Severity::Info, "Service is accepted and has no traffic here.", 21),
            ]
        );
    }

    #[test]
    fn fixes_put_it_right() {
        for (from, to, message) in [
            ("  template:", "  Template:", "unknown field \\\"spec.Template\\\""),
            ("restartPolicy: Never", "restartPolicy: never", "Unsupported value"),
            ("restartPolicy: Never", "restartPolicy: Always", "valid values"),
            ("      restartPolicy: Never\n", "", "valid values"),
            ("batch/v1", "v1", "no matches for kind"),
            ("apiVersion: batch/v1\n", "", "apiVersion not set"),
            ("kind: Job", "kind: job", "no kind \"job\" is registered"),
            ("        image: x", "        imagee: x", "imagee"),
            ("name: db", "name: 5", "cannot unmarshal number"),
            ("        image: x", "        image: x\n        command: ls", "cannot unmarshal string"),
            ("  template:", "  parallelism: \"2\"\n  template:", "cannot unmarshal string"),
            ("  template:\n    spec:", "  template:\n    backoffLimit: 2\n    spec:", "unknown field"),
            ("spec:\n  template:", "spec:\n\ttemplate:", "found character that cannot start any token"),
        ] {
            let text = JOB.replacen(from, to, 1);
            let message = message.replace('\\', "");
            let after = fixed(&text, &message);
            let left: Vec<String> = check(&after, "job.yaml").into_iter().map(|d| d.message).collect();
            assert!(left.iter().all(|m| !m.contains(&*message)), "{after}\n{left:?}");
        }
    }

    #[test]
    fn places() {
        let text = JOB.replace("image: x", "imag: x");
        let lines: Vec<usize> = check(&text, "f").iter().map(|d| d.span.start.line).collect();
        assert_eq!(lines[0], 10);
        let unknown = check(&text, "f").into_iter().find(|d| d.message.contains("imag\"")).unwrap();
        assert_eq!((unknown.span.start.line, unknown.span.start.column, unknown.span.end.column), (11, 9, 13));
    }
}
