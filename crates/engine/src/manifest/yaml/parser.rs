//! The parser: tokens to nodes.
//!
//! Models the state machine of `parserc.go` and the node tree of `decode.go`, as one function a construct.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::scanner::{Kind, Result, Scanner, Style};
use super::{MAX_DEPTH, Mark, RawKind, RawNode, Stage, YamlError};

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    reader_error: Option<YamlError>,
    tags: Vec<(String, String)>,
    /// `None` while the anchored node is still being read.
    anchors: BTreeMap<String, Option<Rc<RawNode>>>,
    depth: usize,
}

fn error<T>(problem: &str, mark: Mark, context: Mark) -> Result<T> {
    Err(YamlError { stage: Stage::Parser, problem: problem.to_owned(), mark, context })
}

/// The first character that YAML does not allow.
fn control_character(text: &str) -> Option<YamlError> {
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
            || c as u32 >= 0x10000
    };
    text.contains(|c| !allowed(c)).then(|| YamlError {
        stage: Stage::Reader,
        problem: "control characters are not allowed".to_owned(),
        mark: Mark { pos: text.find(|c| !allowed(c)).unwrap_or(0), ..Mark::default() },
        context: Mark::default(),
    })
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            scanner: Scanner::new(text),
            reader_error: control_character(text),
            tags: Vec::new(),
            anchors: BTreeMap::new(),
            depth: 0,
        }
    }
    fn kind(&mut self) -> Result<&Kind> {
        Ok(&self.scanner.peek()?.kind)
    }
    fn mark(&mut self) -> Result<Mark> {
        Ok(self.scanner.peek()?.start)
    }
    fn skip(&mut self) -> Result<()> {
        self.scanner.take().map(|_| ())
    }

    /// The first document.
    pub(super) fn document(&mut self) -> Result<Option<Rc<RawNode>>> {
        let Some(e) = self.reader_error.take() else { return self.first_document() };
        // The text is read by blocks, so what is wrong in an earlier block is found first.
        const BLOCK: usize = 512;
        let block = e.mark.pos / BLOCK * BLOCK;
        match self.first_document() {
            Err(earlier) if self.scanner.mark.pos + 4 < block => Err(earlier),
            _ => Err(e),
        }
    }
    fn first_document(&mut self) -> Result<Option<Rc<RawNode>>> {
        self.process_directives()?;
        let explicit = match self.kind()? {
            Kind::StreamEnd => return Ok(None),
            Kind::DocumentStart => {
                self.skip()?;
                true
            }
            _ => false,
        };
        let mark = self.mark()?;
        let root = match self.kind()? {
            Kind::VersionDirective(..)
            | Kind::TagDirective(..)
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd
                if explicit =>
            {
                empty(mark)
            }
            _ => self.node(true, false)?,
        };
        // What follows a document must be its end or the start of another.
        if *self.kind()? == Kind::DocumentEnd {
            self.skip()?;
        }
        Ok(Some(root))
    }

    /// Whether anything but a new document follows is found only when go-yaml reads on, which it does not for one
    /// document; so nothing is checked there.
    fn process_directives(&mut self) -> Result<()> {
        let mut version = false;
        let mut any = false;
        loop {
            let mark = self.mark()?;
            match self.kind()?.clone() {
                Kind::VersionDirective(major, minor) => {
                    if version {
                        return error("found duplicate %YAML directive", mark, Mark::default());
                    }
                    if (major, minor) != (1, 1) {
                        return error("found incompatible YAML document", mark, Mark::default());
                    }
                    version = true;
                }
                Kind::TagDirective(handle, prefix) => {
                    if self.tags.iter().any(|(h, _)| *h == handle) {
                        return error("found duplicate %TAG directive", mark, Mark::default());
                    }
                    self.tags.push((handle, prefix));
                }
                Kind::DocumentStart => break,
                _ if any => return error("did not find expected <document start>", mark, Mark::default()),
                _ => break,
            }
            any = true;
            self.skip()?;
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tags.iter().any(|(h, _)| h == handle) {
                self.tags.push((handle.to_owned(), prefix.to_owned()));
            }
        }
        Ok(())
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Rc<RawNode>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let mark = self.mark()?;
            return error(&format!("exceeded max depth of {MAX_DEPTH}"), mark, mark);
        }
        let out = self.node_inside(block, indentless);
        self.depth -= 1;
        out
    }

    fn node_inside(&mut self, block: bool, indentless: bool) -> Result<Rc<RawNode>> {
        let token = self.scanner.peek()?.clone();
        if let Kind::Alias(name) = token.kind {
            self.skip()?;
            return match self.anchors.get(&name) {
                Some(Some(node)) => {
                    Ok(Rc::new(RawNode { start: token.start, end: token.end, kind: RawKind::Alias(node.clone()) }))
                }
                // Wrong, but found only when the tree is read.
                Some(None) => {
                    Ok(Rc::new(RawNode { start: token.start, end: token.end, kind: RawKind::SelfAlias(name) }))
                }
                None => Err(YamlError::decoder(format!("unknown anchor '{name}' referenced"), token.start)),
            };
        }
        let start = token.start;
        let (mut anchor, mut tag) = (None, None);
        let mut end = start;
        for _ in 0..2 {
            let token = self.scanner.peek()?.clone();
            match token.kind {
                Kind::Anchor(name) if anchor.is_none() => anchor = Some(name),
                Kind::Tag(handle, suffix) if tag.is_none() => tag = Some((handle, suffix, token.start)),
                _ => break,
            }
            end = token.end;
            self.skip()?;
        }
        let tag = match tag {
            None => String::new(),
            Some((handle, suffix, _)) if handle.is_empty() => suffix,
            Some((handle, suffix, mark)) => match self.tags.iter().find(|(h, _)| *h == handle) {
                Some((_, prefix)) => format!("{prefix}{suffix}"),
                None => return error("found undefined tag handle", mark, start),
            },
        };
        if let Some(name) = &anchor {
            self.anchors.insert(name.clone(), None);
        }
        let node = self.content(block, indentless, start, end, tag, anchor.is_some())?;
        if let Some(name) = anchor {
            self.anchors.insert(name, Some(node.clone()));
        }
        Ok(node)
    }

    fn content(
        &mut self,
        block: bool,
        indentless: bool,
        start: Mark,
        end: Mark,
        tag: String,
        anchored: bool,
    ) -> Result<Rc<RawNode>> {
        let token = self.scanner.peek()?.clone();
        match token.kind {
            Kind::BlockEntry if indentless => self.indentless_sequence(start),
            Kind::Scalar(value, style) => {
                self.skip()?;
                let plain = (tag.is_empty() && style == Style::Plain) || tag == "!";
                Ok(Rc::new(RawNode { start, end: token.end, kind: RawKind::Scalar { value, tag, plain } }))
            }
            Kind::FlowSequenceStart => self.flow_sequence(start),
            Kind::FlowMappingStart => self.flow_mapping(start),
            Kind::BlockSequenceStart if block => self.block_sequence(start),
            Kind::BlockMappingStart if block => self.block_mapping(start),
            _ if anchored || !tag.is_empty() => {
                let plain = tag.is_empty();
                Ok(Rc::new(RawNode { start, end, kind: RawKind::Scalar { value: String::new(), tag, plain } }))
            }
            _ => error("did not find expected node content", token.start, start),
        }
    }

    fn block_sequence(&mut self, start: Mark) -> Result<Rc<RawNode>> {
        let context = self.scanner.take()?.start;
        let mut items = Vec::new();
        loop {
            let token = self.scanner.take()?;
            match token.kind {
                Kind::BlockEntry => items.push(match self.kind()? {
                    Kind::BlockEntry | Kind::BlockEnd => empty(token.end),
                    _ => self.node(true, false)?,
                }),
                Kind::BlockEnd => return Ok(sequence(start, end_of(&items, token.start), items)),
                _ => return error("did not find expected '-' indicator", token.start, context),
            }
        }
    }

    fn indentless_sequence(&mut self, start: Mark) -> Result<Rc<RawNode>> {
        let mut items = Vec::new();
        loop {
            let mark = self.mark()?;
            if *self.kind()? != Kind::BlockEntry {
                return Ok(sequence(start, end_of(&items, mark), items));
            }
            let token = self.scanner.take()?;
            items.push(match self.kind()? {
                Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => empty(token.end),
                _ => self.node(true, false)?,
            });
        }
    }

    fn block_mapping(&mut self, start: Mark) -> Result<Rc<RawNode>> {
        let context = self.scanner.take()?.start;
        let mut entries = Vec::new();
        loop {
            let token = self.scanner.take_if(|k| matches!(k, Kind::Key | Kind::BlockEnd))?;
            let key = match token {
                Some(t) if t.kind == Kind::Key => match self.kind()? {
                    Kind::Key | Kind::Value | Kind::BlockEnd => empty(t.end),
                    _ => self.node(true, true)?,
                },
                Some(t) => {
                    let end = entries.last().map_or(t.start, |(_, v): &(_, Rc<RawNode>)| v.end);
                    return Ok(mapping(start, end, entries));
                }
                None => {
                    let mark = self.mark()?;
                    return error("did not find expected key", mark, context);
                }
            };
            let value = match self.scanner.take_if(|k| *k == Kind::Value)? {
                Some(t) => match self.kind()? {
                    Kind::Key | Kind::Value | Kind::BlockEnd => empty(t.end),
                    _ => self.node(true, true)?,
                },
                None => empty(self.mark()?),
            };
            entries.push((key, value));
        }
    }

    fn flow_sequence(&mut self, start: Mark) -> Result<Rc<RawNode>> {
        let context = self.scanner.take()?.start;
        let mut items = Vec::new();
        loop {
            if *self.kind()? != Kind::FlowSequenceEnd {
                if !items.is_empty() && self.scanner.take_if(|k| *k == Kind::FlowEntry)?.is_none() {
                    let mark = self.mark()?;
                    return error("did not find expected ',' or ']'", mark, context);
                }
                let mark = self.mark()?;
                match self.kind()? {
                    Kind::Key => {
                        self.skip()?;
                        items.push(self.flow_pair(mark)?);
                        continue;
                    }
                    Kind::FlowSequenceEnd => {}
                    _ => {
                        items.push(self.node(false, false)?);
                        continue;
                    }
                }
            }
            let end = self.scanner.take()?.end;
            return Ok(sequence(start, end, items));
        }
    }

    /// `[a: b]`: a mapping of one pair in a list.
    fn flow_pair(&mut self, start: Mark) -> Result<Rc<RawNode>> {
        let mark = self.mark()?;
        let key = match self.kind()? {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // As upstream: the token is passed, so a lone `?` swallows what follows.
                self.skip()?;
                empty(mark)
            }
            _ => self.node(false, false)?,
        };
        let value = match self.scanner.take_if(|k| *k == Kind::Value)? {
            Some(t) => match self.kind()? {
                Kind::FlowEntry | Kind::FlowSequenceEnd => empty(t.end),
                _ => self.node(false, false)?,
            },
            None => empty(self.mark()?),
        };
        let end = value.end;
        Ok(mapping(start, end, vec![(key, value)]))
    }

    fn flow_mapping(&mut self, start: Mark) -> Result<Rc<RawNode>> {
        let context = self.scanner.take()?.start;
        let mut entries = Vec::new();
        loop {
            if *self.kind()? != Kind::FlowMappingEnd {
                if !entries.is_empty() && self.scanner.take_if(|k| *k == Kind::FlowEntry)?.is_none() {
                    let mark = self.mark()?;
                    return error("did not find expected ',' or '}'", mark, context);
                }
                let mark = self.mark()?;
                match self.kind()? {
                    Kind::Key => {
                        self.skip()?;
                        let key = match self.kind()? {
                            Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => empty(mark),
                            _ => self.node(false, false)?,
                        };
                        let value = match self.scanner.take_if(|k| *k == Kind::Value)? {
                            Some(t) => match self.kind()? {
                                Kind::FlowEntry | Kind::FlowMappingEnd => empty(t.end),
                                _ => self.node(false, false)?,
                            },
                            None => empty(self.mark()?),
                        };
                        entries.push((key, value));
                        continue;
                    }
                    Kind::FlowMappingEnd => {}
                    _ => {
                        let key = self.node(false, false)?;
                        let value = empty(self.mark()?);
                        entries.push((key, value));
                        continue;
                    }
                }
            }
            let end = self.scanner.take()?.end;
            return Ok(mapping(start, end, entries));
        }
    }
}

fn empty(mark: Mark) -> Rc<RawNode> {
    let kind = RawKind::Scalar { value: String::new(), tag: String::new(), plain: true };
    Rc::new(RawNode { start: mark, end: mark, kind })
}
fn sequence(start: Mark, end: Mark, items: Vec<Rc<RawNode>>) -> Rc<RawNode> {
    Rc::new(RawNode { start, end, kind: RawKind::Sequence(items) })
}
fn mapping(start: Mark, end: Mark, entries: Vec<(Rc<RawNode>, Rc<RawNode>)>) -> Rc<RawNode> {
    Rc::new(RawNode { start, end, kind: RawKind::Mapping(entries) })
}
/// A block ends where its last item does, not where the next token begins.
fn end_of(items: &[Rc<RawNode>], otherwise: Mark) -> Mark {
    items.last().map_or(otherwise, |i| i.end)
}
