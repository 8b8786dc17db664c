//! Where the fields of a manifest stand in its text, and small edits of it that leave the rest as it is written.
//!
//! A scanner of block style by indentation, not a parser: the engine judges manifests. It serves the marks beside lines,
//! the behaviour panel, quick fixes and "line 8" in explanations; what it cannot follow (flow style, anchors) it leaves alone.

/// A field or a list entry and the line on which its key stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Which document of the text, from 0.
    pub doc: usize,
    /// The dotted path, entries of lists by number: `spec.template.spec.containers.0.image`.
    pub path: String,
    /// The line, from 0.
    pub line: usize,
    /// The column of the key.
    pub indent: usize,
    /// The value that follows on the line, without a comment; empty for a mapping below.
    pub value: String,
    /// Where that value stands in its line.
    pub at: (usize, usize),
}

/// All fields of a text, in order.
pub fn fields(text: &str) -> Vec<Field> {
    let mut out = Vec::new();
    // Open levels: column of the key, and the path with it. A list adds a level of its own, with its count.
    let mut stack: Vec<(usize, String)> = Vec::new();
    let mut counts: Vec<(usize, String, usize)> = Vec::new();
    let mut doc = 0;
    let mut block: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        let body = line.trim_start_matches(' ');
        let mut indent = line.len() - body.len();
        if let Some(of) = block {
            if body.is_empty() || indent > of {
                continue;
            }
            block = None;
        }
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        if line.starts_with("---") {
            doc += usize::from(!out.is_empty() || number > 0)
                * usize::from(out.last().is_some_and(|f: &Field| f.doc == doc));
            stack.clear();
            counts.clear();
            continue;
        }
        let mut rest = body;
        while let Some(after) = rest.strip_prefix("- ").or_else(|| (rest == "-").then_some("")) {
            while stack.last().is_some_and(|(i, p)| {
                *i > indent || (*i == indent && p.ends_with(|c: char| c.is_ascii_digit()) && is_entry(p))
            }) {
                stack.pop();
            }
            let parent = stack.last().map(|(_, p)| p.clone()).unwrap_or_default();
            let n = match counts.iter_mut().find(|(i, p, _)| *i == indent && *p == parent) {
                Some((_, _, n)) => {
                    *n += 1;
                    *n
                }
                None => {
                    counts.push((indent, parent.clone(), 0));
                    0
                }
            };
            stack.push((indent, join(&parent, &n.to_string())));
            let skipped = rest.len() - after.trim_start_matches(' ').len();
            indent += skipped;
            rest = &rest[skipped..];
        }
        let Some((key, after)) = key(rest) else { continue };
        while stack.last().is_some_and(|(i, p)| *i > indent || (*i == indent && !is_entry(p))) {
            stack.pop();
        }
        // An entry of a list at the same column as a key closes with it: `- a: 1` then `b: 2` further left.
        while stack.last().is_some_and(|(i, p)| *i == indent && is_entry(p)) {
            stack.pop();
        }
        let parent = stack.last().map(|(_, p)| p.clone()).unwrap_or_default();
        let path = join(&parent, &key);
        let value = strip_comment(after);
        let start = line.len() - after.len() + (value.len() - value.trim_start().len());
        let value = value.trim();
        if value.starts_with('|') || value.starts_with('>') {
            block = Some(indent);
        }
        out.push(Field {
            doc,
            path: path.clone(),
            line: number,
            indent,
            value: value.to_owned(),
            at: (start, start + value.len()),
        });
        stack.push((indent, path));
    }
    out
}

fn is_entry(path: &str) -> bool {
    path.rsplit('.').next().is_some_and(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit()))
}

fn join(parent: &str, key: &str) -> String {
    // A key with dots (an annotation) is kept whole behind a slash-safe mark: paths are only compared, never split.
    if parent.is_empty() { key.to_owned() } else { [parent, ".", key].concat() }
}

fn key(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with(['"', '\'']);
    let end = if quoted {
        let q = text.chars().next()?;
        let close = text[1..].find(q)? + 2;
        text[close..].starts_with(':').then_some(close)?
    } else {
        let mut found = None;
        for (i, c) in text.char_indices() {
            match c {
                ':' if text[i + 1..].is_empty() || text[i + 1..].starts_with(' ') => {
                    found = Some(i);
                    break;
                }
                '{' | '[' | '#' | '"' | '\'' if i == 0 => return None,
                _ => {}
            }
        }
        found?
    };
    Some((text[..end].trim_matches(['"', '\'']).to_owned(), &text[end + 1..]))
}

/// The text without a trailing comment.
fn strip_comment(text: &str) -> &str {
    let mut quote = None;
    let mut last = ' ';
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '#') if last == ' ' || i == 0 => return text[..i].trim_end(),
            _ => {}
        }
        last = c;
    }
    text.trim_end()
}

/// The value without its quotes.
pub fn unquote(value: &str) -> String {
    let v = value.trim();
    if v.len() >= 2 && v.starts_with('"') && v.ends_with('"') {
        return v[1..v.len() - 1].replace("\\\"", "\"").replace("\\\\", "\\");
    }
    if v.len() >= 2 && v.starts_with('\'') && v.ends_with('\'') {
        return v[1..v.len() - 1].replace("''", "'");
    }
    v.to_owned()
}

/// The field at a path of a document.
pub fn find<'a>(fields: &'a [Field], doc: usize, path: &str) -> Option<&'a Field> {
    fields.iter().find(|f| f.doc == doc && f.path == path)
}

/// The line (from 0) on which a path stands, or the nearest of its parents.
pub fn line_of(fields: &[Field], doc: usize, path: &str) -> Option<usize> {
    let mut path = path;
    loop {
        if let Some(f) = find(fields, doc, path) {
            return Some(f.line);
        }
        path = &path[..path.rfind('.')?];
    }
}

/// The text with a scalar at a path. `keys` are the steps of the path, so that a key may hold dots. Parents that are missing
/// are added at the end of the nearest one that is there; none if that one is not in block style.
pub fn set(text: &str, doc: usize, keys: &[&str], value: &str) -> Option<String> {
    let all = fields(text);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if let Some(f) = find(&all, doc, &keys.join(".")) {
        let line = &lines[f.line];
        let gap = if f.value.is_empty() && !line[..f.at.0].ends_with(' ') { " " } else { "" };
        lines[f.line] = [&line[..f.at.0], gap, value, &line[f.at.1..]].concat();
        return Some(finish(lines));
    }
    let mut depth = keys.len() - 1;
    let parent = loop {
        if depth == 0 {
            break None;
        }
        if let Some(f) = find(&all, doc, &keys[..depth].join(".")) {
            break Some(f);
        }
        depth -= 1;
    };
    let parent = parent?;
    if !parent.value.is_empty() && parent.value != "{}" {
        return None;
    }
    let child = all.iter().find(|f| f.doc == doc && f.line > parent.line && f.indent > parent.indent);
    let step = child.filter(|f| f.path.starts_with(&parent.path)).map_or(2, |f| f.indent - parent.indent);
    if parent.value == "{}" {
        let line = &lines[parent.line];
        lines[parent.line] = [line[..parent.at.0].trim_end(), &line[parent.at.1..]].concat();
    }
    let mut new = Vec::new();
    for (i, key) in keys[depth..].iter().enumerate() {
        let pad = " ".repeat(parent.indent + step * (i + 1));
        let end = if depth + i + 1 == keys.len() { [": ", value].concat() } else { ":".into() };
        new.push([&pad, *key, &end].concat());
    }
    lines.splice((parent.line + 1)..=parent.line, new);
    Some(finish(lines))
}

/// The text without the field at a path (and what is below it), and without parents that are then empty.
pub fn remove(text: &str, doc: usize, keys: &[&str]) -> String {
    let all = fields(text);
    let Some(f) = find(&all, doc, &keys.join(".")) else { return text.to_owned() };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let inside = |l: &String| l.trim().is_empty() || l.len() - l.trim_start_matches(' ').len() > f.indent;
    let end = lines.iter().skip(f.line + 1).position(|l| !inside(l)).map_or(lines.len(), |n| f.line + 1 + n);
    lines.drain(f.line..end);
    let rest = finish(lines);
    if keys.len() < 2 {
        return rest;
    }
    let parent = &keys[..keys.len() - 1];
    let path = parent.join(".");
    let left = fields(&rest);
    let has_children = left.iter().any(|g| g.doc == doc && g.path.len() > path.len() && g.path.starts_with(&path));
    match find(&left, doc, &path) {
        Some(p) if p.value.is_empty() && !has_children => remove(&rest, doc, parent),
        _ => rest,
    }
}

fn finish(lines: Vec<String>) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "# a Job\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: db\nspec:\n  backoffLimit: 3 # retries\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: a\n        image: x:1\n        command: [\"sh\"]\n      - name: b\n        args:\n        - one\n        - two: 2\n          three: 3\n";

    #[test]
    fn fields_are_found_by_path() {
        let f = fields(JOB);
        let line = |p: &str| find(&f, 0, p).map(|f| f.line + 1);
        assert_eq!(line("spec.backoffLimit"), Some(7));
        assert_eq!(line("spec.template.spec.containers.0.image"), Some(13));
        assert_eq!(line("spec.template.spec.containers.1.name"), Some(15));
        assert_eq!(line("spec.template.spec.containers.1.args.1.three"), Some(19));
        assert_eq!(find(&f, 0, "spec.backoffLimit").map(|f| f.value.as_str()), Some("3"));
        assert_eq!(line_of(&f, 0, "spec.template.spec.nodeName"), Some(8));
    }

    #[test]
    fn documents_are_told_apart() {
        let two = format!("---\n{JOB}---\nkind: Pod\nmetadata:\n  name: p\n");
        let f = fields(&two);
        assert_eq!(find(&f, 1, "metadata.name").map(|f| f.value.as_str()), Some("p"));
        assert_eq!(find(&f, 0, "metadata.name").map(|f| f.value.as_str()), Some("db"));
    }

    #[test]
    fn a_block_scalar_holds_no_fields() {
        let f = fields("a: |\n  b: 1\n\n  c: 2\nd: 3\n");
        assert_eq!(f.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["a", "d"]);
    }

    #[test]
    fn a_value_is_set_in_place_or_added_with_its_parents() {
        let set3 = set(JOB, 0, &["spec", "backoffLimit"], "5").expect("set");
        assert!(set3.contains("  backoffLimit: 5 # retries\n"));
        let keys = ["spec", "template", "metadata", "annotations", "batchyard.dev/attempts"];
        let noted = set(JOB, 0, &keys, "\"exit 0 after 3s\"").expect("added");
        assert!(noted.contains("  template:\n    metadata:\n      annotations:\n        batchyard.dev/attempts: \"exit 0 after 3s\"\n    spec:\n"), "{noted}");
        let again = set(&noted, 0, &keys, "\"hang\"").expect("set");
        assert!(again.contains("        batchyard.dev/attempts: \"hang\"\n"));
        assert_eq!(remove(&again, 0, &keys), JOB);
    }
}
