//! The scanner: text to tokens, with indentation turned into block starts and ends.
//!
//! Models `scannerc.go`.

use std::collections::VecDeque;

use super::{Mark, Stage, YamlError};

/// How a scalar was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    Plain,
    Quoted,
    Block,
}

/// What a token is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    StreamEnd,
    VersionDirective(u8, u8),
    TagDirective(String, String),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Tag(String, String),
    Scalar(String, Style),
}

/// A token and where it is.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: Mark,
    pub end: Mark,
}

/// A place where a key without `?` may have begun.
#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token_number: usize,
    mark: Mark,
}

pub(super) type Result<T> = std::result::Result<T, YamlError>;

pub(super) struct Scanner<'a> {
    text: &'a [u8],
    pub mark: Mark,
    tokens: VecDeque<Token>,
    tokens_parsed: usize,
    pub indent: isize,
    indents: Vec<isize>,
    pub flow_level: usize,
    pub simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    ended: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            mark: Mark::default(),
            tokens: VecDeque::new(),
            tokens_parsed: 0,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            ended: false,
        }
    }

    /// The byte at a distance, 0 beyond the end.
    pub(super) fn at(&self, i: usize) -> u8 {
        self.text.get(self.mark.pos + i).copied().unwrap_or(0)
    }
    pub(super) fn is_end(&self, i: usize) -> bool {
        self.at(i) == 0
    }
    pub(super) fn is_blank(&self, i: usize) -> bool {
        matches!(self.at(i), b' ' | b'\t')
    }
    /// Line feed, carriage return, NEL, LS or PS.
    pub(super) fn is_break(&self, i: usize) -> bool {
        match self.at(i) {
            b'\r' | b'\n' => true,
            0xc2 => self.at(i + 1) == 0x85,
            0xe2 => self.at(i + 1) == 0x80 && matches!(self.at(i + 2), 0xa8 | 0xa9),
            _ => false,
        }
    }
    pub(super) fn is_break_or_end(&self, i: usize) -> bool {
        self.is_end(i) || self.is_break(i)
    }
    pub(super) fn is_blank_or_end(&self, i: usize) -> bool {
        self.is_blank(i) || self.is_break_or_end(i)
    }
    pub(super) fn is_word(&self, i: usize) -> bool {
        self.at(i).is_ascii_alphanumeric() || matches!(self.at(i), b'_' | b'-')
    }
    fn width(&self) -> usize {
        match self.at(0) {
            b if b & 0x80 == 0 => 1,
            b if b & 0xe0 == 0xc0 => 2,
            b if b & 0xf0 == 0xe0 => 3,
            _ => 4,
        }
    }
    /// Goes one character on.
    pub(super) fn skip(&mut self) {
        self.mark.pos += self.width();
        self.mark.index += 1;
        self.mark.column += 1;
    }
    /// Goes to the next line.
    pub(super) fn skip_line(&mut self) {
        let mut ignored = Vec::new();
        self.read_line(&mut ignored);
    }
    /// Takes a character.
    pub(super) fn read(&mut self, out: &mut Vec<u8>) {
        let w = self.width();
        out.extend_from_slice(self.text.get(self.mark.pos..self.mark.pos + w).unwrap_or(&[]));
        self.skip();
    }
    /// Takes a line break, written as a line feed (LS and PS stay what they are).
    pub(super) fn read_line(&mut self, out: &mut Vec<u8>) {
        match self.at(0) {
            b'\r' if self.at(1) == b'\n' => {
                out.push(b'\n');
                self.mark.pos += 2;
                self.mark.index += 1;
            }
            b'\r' | b'\n' => {
                out.push(b'\n');
                self.mark.pos += 1;
            }
            0xc2 => {
                out.push(b'\n');
                self.mark.pos += 2;
            }
            0xe2 => {
                out.extend_from_slice(&self.text[self.mark.pos..self.mark.pos + 3]);
                self.mark.pos += 3;
            }
            _ => return,
        }
        self.mark.index += 1;
        self.mark.column = 0;
        self.mark.line += 1;
    }
    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }
    pub(super) fn skip_comment(&mut self) {
        if self.at(0) == b'#' {
            while !self.is_break_or_end(0) {
                self.skip();
            }
        }
    }
    pub(super) fn error<T>(&self, context: Mark, problem: &str) -> Result<T> {
        Err(YamlError { stage: Stage::Scanner, problem: problem.to_owned(), mark: self.mark, context })
    }

    /// The next token, without taking it.
    pub(super) fn peek(&mut self) -> Result<&Token> {
        self.fetch_more()?;
        match self.tokens.front() {
            Some(t) => Ok(t),
            None => Err(YamlError::decoder("did not find expected <stream-start>".to_owned(), self.mark)),
        }
    }
    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token> {
        let token = self.peek()?.clone();
        // The end of the stream stays, so that reading on finds it again.
        if token.kind != Kind::StreamEnd {
            self.tokens.pop_front();
            self.tokens_parsed += 1;
        }
        Ok(token)
    }

    /// Takes the next token if it is as asked for.
    pub(super) fn take_if(&mut self, wanted: impl Fn(&Kind) -> bool) -> Result<Option<Token>> {
        if wanted(&self.peek()?.kind) { self.take().map(Some) } else { Ok(None) }
    }

    /// Reads on until the first token is certain: no key that would come before it can still turn up.
    fn fetch_more(&mut self) -> Result<()> {
        loop {
            if !self.tokens.is_empty() {
                let head = self.tokens_parsed;
                let Some(i) = self.simple_keys.iter().position(|k| k.possible && k.token_number == head) else {
                    return Ok(());
                };
                if !self.simple_key_valid(i)? {
                    return Ok(());
                }
            }
            if self.ended {
                return Ok(());
            }
            self.fetch_next()?;
        }
    }

    fn fetch_next(&mut self) -> Result<()> {
        self.skip_to_next_token();
        self.unroll_indent(self.mark.column as isize);
        if self.is_end(0) {
            return self.fetch_stream_end();
        }
        let (c, first) = (self.at(0), self.mark.column == 0);
        let indicator = |s: &Self, b: u8| first && (0..3).all(|i| s.at(i) == b) && s.is_blank_or_end(3);
        if first && c == b'%' {
            return self.fetch_directive();
        }
        if indicator(self, b'-') {
            return self.fetch_document_indicator(Kind::DocumentStart);
        }
        if indicator(self, b'.') {
            return self.fetch_document_indicator(Kind::DocumentEnd);
        }
        let flow = self.flow_level > 0;
        let before_blank = self.is_blank_or_end(1);
        match c {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                self.push_indicator(Kind::FlowEntry);
                Ok(())
            }
            b'-' if before_blank => self.fetch_block_entry(),
            b'?' if flow || before_blank => self.fetch_key(),
            b':' if flow || before_blank => self.fetch_value(),
            b'*' | b'&' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let token = self.scan_anchor(c == b'*')?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'!' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let token = self.scan_tag()?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'|' | b'>' if !flow => {
                self.remove_simple_key()?;
                self.simple_key_allowed = true;
                let token = self.scan_block_scalar(c == b'|')?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let token = self.scan_quoted(c == b'\'')?;
                self.tokens.push_back(token);
                Ok(())
            }
            _ if self.begins_plain(c, flow) => {
                self.save_simple_key()?;
                self.simple_key_allowed = false;
                let token = self.scan_plain()?;
                self.tokens.push_back(token);
                Ok(())
            }
            _ => self.error(self.mark, "found character that cannot start any token"),
        }
    }

    fn begins_plain(&self, c: u8, flow: bool) -> bool {
        let special = self.is_blank_or_end(0) || b"-?:,[]{}#&*!|>'\"%@`".contains(&c);
        !special || (c == b'-' && !self.is_blank(1)) || (!flow && matches!(c, b'?' | b':') && !self.is_blank_or_end(1))
    }

    /// Passes blanks, comments and line breaks. Tabs count as blanks only where no key may begin.
    fn skip_to_next_token(&mut self) {
        loop {
            // A byte-order mark counts as one only at the very start.
            if self.mark.pos == 0 && self.text.starts_with(&[0xef, 0xbb, 0xbf]) {
                self.skip();
            }
            while self.at(0) == b' ' || ((self.flow_level > 0 || !self.simple_key_allowed) && self.at(0) == b'\t') {
                self.skip();
            }
            self.skip_comment();
            if !self.is_break(0) {
                return;
            }
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Whether a possible key is still one: it must end on its line and within 1024 characters.
    fn simple_key_valid(&mut self, i: usize) -> Result<bool> {
        let key = self.simple_keys[i];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < self.mark.line || key.mark.index + 1024 < self.mark.index {
            if key.required {
                return self.error(key.mark, "could not find expected ':'");
            }
            self.simple_keys[i].possible = false;
            return Ok(false);
        }
        Ok(true)
    }
    fn save_simple_key(&mut self) -> Result<()> {
        let required = self.flow_level == 0 && self.indent == self.mark.column as isize;
        if self.simple_key_allowed {
            let key = SimpleKey {
                possible: true,
                required,
                token_number: self.tokens_parsed + self.tokens.len(),
                mark: self.mark,
            };
            self.remove_simple_key()?;
            if let Some(last) = self.simple_keys.last_mut() {
                *last = key;
            }
        }
        Ok(())
    }
    fn remove_simple_key(&mut self) -> Result<()> {
        let Some(&key) = self.simple_keys.last() else { return Ok(()) };
        if key.possible {
            if key.required {
                return self.error(key.mark, "could not find expected ':'");
            }
            if let Some(last) = self.simple_keys.last_mut() {
                last.possible = false;
            }
        }
        Ok(())
    }

    /// Opens a block where the column lies deeper; its token goes before the token of the given number, or last.
    fn roll_indent(&mut self, column: usize, number: Option<usize>, kind: Kind, mark: Mark) {
        if self.flow_level > 0 || self.indent >= column as isize {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column as isize;
        let token = Token { kind, start: mark, end: mark };
        match number {
            Some(n) => self.tokens.insert(n - self.tokens_parsed, token),
            None => self.tokens.push_back(token),
        }
    }
    /// Closes the blocks that lie deeper than the column.
    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.tokens.push_back(Token { kind: Kind::BlockEnd, start: self.mark, end: self.mark });
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// A token of one character.
    fn push_indicator(&mut self, kind: Kind) {
        let start = self.mark;
        self.skip();
        self.tokens.push_back(Token { kind, start, end: self.mark });
    }

    fn fetch_stream_end(&mut self) -> Result<()> {
        if self.mark.column != 0 {
            self.mark.column = 0;
            self.mark.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.tokens.push_back(Token { kind: Kind::StreamEnd, start: self.mark, end: self.mark });
        self.ended = true;
        Ok(())
    }
    fn fetch_directive(&mut self) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }
    fn fetch_document_indicator(&mut self, kind: Kind) -> Result<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark;
        for _ in 0..3 {
            self.skip();
        }
        self.tokens.push_back(Token { kind, start, end: self.mark });
        Ok(())
    }
    fn fetch_flow_start(&mut self, kind: Kind) -> Result<()> {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey::default());
        self.flow_level += 1;
        if self.flow_level > super::MAX_DEPTH {
            return self.error(self.mark, &format!("exceeded max depth of {}", super::MAX_DEPTH));
        }
        self.simple_key_allowed = true;
        self.push_indicator(kind);
        Ok(())
    }
    fn fetch_flow_end(&mut self, kind: Kind) -> Result<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            self.simple_keys.pop();
        }
        self.simple_key_allowed = false;
        self.push_indicator(kind);
        Ok(())
    }
    fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.error(self.mark, "block sequence entries are not allowed in this context");
            }
            self.roll_indent(self.mark.column, None, Kind::BlockSequenceStart, self.mark);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.push_indicator(Kind::BlockEntry);
        Ok(())
    }
    fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.error(self.mark, "mapping keys are not allowed in this context");
            }
            self.roll_indent(self.mark.column, None, Kind::BlockMappingStart, self.mark);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.push_indicator(Kind::Key);
        Ok(())
    }
    fn fetch_value(&mut self) -> Result<()> {
        let last = self.simple_keys.len() - 1;
        if self.simple_key_valid(last)? {
            let key = self.simple_keys[last];
            let token = Token { kind: Kind::Key, start: key.mark, end: key.mark };
            self.tokens.insert(key.token_number - self.tokens_parsed, token);
            self.roll_indent(key.mark.column, Some(key.token_number), Kind::BlockMappingStart, key.mark);
            self.simple_keys[last].possible = false;
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.error(self.mark, "mapping values are not allowed in this context");
                }
                self.roll_indent(self.mark.column, None, Kind::BlockMappingStart, self.mark);
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.push_indicator(Kind::Value);
        Ok(())
    }
}
