//! The scanner's longer tokens: scalars, anchors, tags and directives.
//!
//! Models the `yaml_parser_scan_*` functions of `scannerc.go`.

use super::Mark;
use super::scanner::{Kind, Result, Scanner, Style, Token};

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

impl Scanner<'_> {
    fn read_word(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while self.is_word(0) {
            self.read(&mut out);
        }
        out
    }

    /// `%YAML 1.1` or `%TAG ! tag:example.com,2000:`
    pub(super) fn scan_directive(&mut self) -> Result<Token> {
        let start = self.mark;
        self.skip();
        let name = self.read_word();
        if name.is_empty() {
            return self.error(start, "could not find expected directive name");
        }
        if !self.is_blank_or_end(0) {
            return self.error(start, "found unexpected non-alphabetical character");
        }
        let kind = match name.as_slice() {
            b"YAML" => {
                self.skip_blanks();
                let major = self.scan_version_number(start)?;
                if self.at(0) != b'.' {
                    return self.error(start, "did not find expected digit or '.' character");
                }
                self.skip();
                Kind::VersionDirective(major, self.scan_version_number(start)?)
            }
            b"TAG" => {
                self.skip_blanks();
                let handle = self.scan_tag_handle(true, start)?;
                if !self.is_blank(0) {
                    return self.error(start, "did not find expected whitespace");
                }
                self.skip_blanks();
                let prefix = self.scan_tag_uri(&[], start)?;
                if !self.is_blank_or_end(0) {
                    return self.error(start, "did not find expected whitespace or line break");
                }
                Kind::TagDirective(text(handle), text(prefix))
            }
            _ => return self.error(start, "found unknown directive name"),
        };
        let end = self.mark;
        self.skip_blanks();
        self.skip_comment();
        if !self.is_break_or_end(0) {
            return self.error(start, "did not find expected comment or line break");
        }
        self.skip_line();
        Ok(Token { kind, start, end })
    }
    fn scan_version_number(&mut self, start: Mark) -> Result<u8> {
        let (mut value, mut length) = (0, 0);
        while self.at(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return self.error(start, "found extremely long version number");
            }
            value = value * 10 + (self.at(0) - b'0');
            self.skip();
        }
        if length == 0 {
            return self.error(start, "did not find expected version number");
        }
        Ok(value)
    }

    /// `*name` or `&name`
    pub(super) fn scan_anchor(&mut self, alias: bool) -> Result<Token> {
        let start = self.mark;
        self.skip();
        let name = self.read_word();
        if name.is_empty() || !(self.is_blank_or_end(0) || b"?:,]}%@`".contains(&self.at(0))) {
            return self.error(start, "did not find expected alphabetic or numeric character");
        }
        let name = text(name);
        let kind = if alias { Kind::Alias(name) } else { Kind::Anchor(name) };
        Ok(Token { kind, start, end: self.mark })
    }

    /// `!!str`, `!local`, `!<uri>`
    pub(super) fn scan_tag(&mut self) -> Result<Token> {
        let start = self.mark;
        let (handle, suffix);
        if self.at(1) == b'<' {
            self.skip();
            self.skip();
            suffix = self.scan_tag_uri(&[], start)?;
            handle = Vec::new();
            if self.at(0) != b'>' {
                return self.error(start, "did not find the expected '>'");
            }
            self.skip();
        } else {
            let head = self.scan_tag_handle(false, start)?;
            if head.len() > 1 && head.ends_with(b"!") {
                suffix = self.scan_tag_uri(&[], start)?;
                handle = head;
            } else {
                let uri = self.scan_tag_uri(&head, start)?;
                // A lone `!` means: no tag, but no guessing either.
                (handle, suffix) = if uri.is_empty() { (uri, b"!".to_vec()) } else { (b"!".to_vec(), uri) };
            }
        }
        if !self.is_blank_or_end(0) {
            return self.error(start, "did not find expected whitespace or line break");
        }
        Ok(Token { kind: Kind::Tag(text(handle), text(suffix)), start, end: self.mark })
    }
    fn scan_tag_handle(&mut self, directive: bool, start: Mark) -> Result<Vec<u8>> {
        if self.at(0) != b'!' {
            return self.error(start, "did not find expected '!'");
        }
        let mut out = Vec::new();
        self.read(&mut out);
        while self.is_word(0) {
            self.read(&mut out);
        }
        if self.at(0) == b'!' {
            self.read(&mut out);
        } else if directive && out != b"!" {
            return self.error(start, "did not find expected '!'");
        }
        Ok(out)
    }
    fn scan_tag_uri(&mut self, head: &[u8], start: Mark) -> Result<Vec<u8>> {
        let mut found = !head.is_empty();
        let mut out = head.get(1..).unwrap_or(&[]).to_vec();
        while self.is_word(0) || (!self.is_end(0) && b";/?:@&=+$,.!~*'()[]%".contains(&self.at(0))) {
            if self.at(0) == b'%' {
                let hex = |b: u8| (b as char).to_digit(16);
                let (Some(high), Some(low)) = (hex(self.at(1)), hex(self.at(2))) else {
                    return self.error(start, "did not find URI escaped octet");
                };
                out.push((high * 16 + low) as u8);
                for _ in 0..3 {
                    self.skip();
                }
            } else {
                self.read(&mut out);
            }
            found = true;
        }
        if found { Ok(out) } else { self.error(start, "did not find expected tag URI") }
    }

    /// `|` or `>` and the indented lines below.
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Token> {
        let start = self.mark;
        self.skip();
        let (mut keep, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.at(0) {
                c @ (b'+' | b'-') if keep.is_none() => keep = Some(c == b'+'),
                b'0' if increment == 0 => return self.error(start, "found an indentation indicator equal to 0"),
                c if c.is_ascii_digit() && increment == 0 => increment = isize::from(c - b'0'),
                _ => break,
            }
            self.skip();
        }
        self.skip_blanks();
        self.skip_comment();
        if !self.is_break_or_end(0) {
            return self.error(start, "did not find expected comment or line break");
        }
        self.skip_line();
        let mut end = self.mark;
        let mut indent = if increment > 0 { self.indent.max(0) + increment } else { 0 };
        let (mut out, mut leading_break, mut breaks) = (Vec::new(), Vec::new(), Vec::new());
        self.scan_block_breaks(&mut indent, &mut breaks, start, &mut end)?;
        let mut leading_blank = false;
        while self.mark.column as isize == indent && !self.is_end(0) {
            let trailing_blank = self.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && leading_break.first() == Some(&b'\n') {
                if breaks.is_empty() {
                    out.push(b' ');
                }
            } else {
                out.append(&mut leading_break);
            }
            leading_break.clear();
            out.append(&mut breaks);
            leading_blank = self.is_blank(0);
            while !self.is_break_or_end(0) {
                self.read(&mut out);
            }
            self.read_line(&mut leading_break);
            self.scan_block_breaks(&mut indent, &mut breaks, start, &mut end)?;
        }
        if keep != Some(false) {
            out.append(&mut leading_break);
        }
        if keep == Some(true) {
            out.append(&mut breaks);
        }
        Ok(Token { kind: Kind::Scalar(text(out), Style::Block), start, end })
    }
    /// Passes indentation and empty lines, and finds the indentation where it was not said.
    fn scan_block_breaks(
        &mut self,
        indent: &mut isize,
        breaks: &mut Vec<u8>,
        start: Mark,
        end: &mut Mark,
    ) -> Result<()> {
        *end = self.mark;
        let mut deepest = 0;
        loop {
            while (*indent == 0 || (self.mark.column as isize) < *indent) && self.at(0) == b' ' {
                self.skip();
            }
            deepest = deepest.max(self.mark.column as isize);
            if (*indent == 0 || (self.mark.column as isize) < *indent) && self.at(0) == b'\t' {
                return self.error(start, "found a tab character where an indentation space is expected");
            }
            if !self.is_break(0) {
                break;
            }
            self.read_line(breaks);
            *end = self.mark;
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }

    fn at_document_indicator(&self) -> bool {
        let c = self.at(0);
        self.mark.column == 0
            && matches!(c, b'-' | b'.')
            && self.at(1) == c
            && self.at(2) == c
            && self.is_blank_or_end(3)
    }

    /// `'...'` or `"..."`
    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<Token> {
        let start = self.mark;
        let quote = if single { b'\'' } else { b'"' };
        self.skip();
        let mut out = Vec::new();
        loop {
            if self.at_document_indicator() {
                return self.error(start, "found unexpected document indicator");
            }
            if self.is_end(0) {
                return self.error(start, "found unexpected end of stream");
            }
            let mut leading_blanks = false;
            while !self.is_blank_or_end(0) {
                let c = self.at(0);
                if single && c == b'\'' && self.at(1) == b'\'' {
                    out.push(b'\'');
                    self.skip();
                    self.skip();
                } else if c == quote {
                    break;
                } else if !single && c == b'\\' && self.is_break(1) {
                    self.skip();
                    self.skip_line();
                    leading_blanks = true;
                    break;
                } else if !single && c == b'\\' {
                    self.scan_escape(&mut out, start)?;
                } else {
                    self.read(&mut out);
                }
            }
            if self.at(0) == quote {
                break;
            }
            let mut fold = Fold { leading_blanks, ..Fold::default() };
            while self.is_blank(0) || self.is_break(0) {
                fold.take(self);
            }
            fold.finish(&mut out);
        }
        self.skip();
        Ok(Token { kind: Kind::Scalar(text(out), Style::Quoted), start, end: self.mark })
    }
    fn scan_escape(&mut self, out: &mut Vec<u8>, start: Mark) -> Result<()> {
        let simple: &[u8] = match self.at(1) {
            b'0' => b"\0",
            b'a' => b"\x07",
            b'b' => b"\x08",
            b't' | b'\t' => b"\t",
            b'n' => b"\n",
            b'v' => b"\x0b",
            b'f' => b"\x0c",
            b'r' => b"\r",
            b'e' => b"\x1b",
            b' ' => b" ",
            b'"' => b"\"",
            b'\'' => b"'",
            b'\\' => b"\\",
            b'N' => "\u{85}".as_bytes(),
            b'_' => "\u{a0}".as_bytes(),
            b'L' => "\u{2028}".as_bytes(),
            b'P' => "\u{2029}".as_bytes(),
            b'x' => return self.scan_code(out, 2, start),
            b'u' => return self.scan_code(out, 4, start),
            b'U' => return self.scan_code(out, 8, start),
            _ => return self.error(start, "found unknown escape character"),
        };
        out.extend_from_slice(simple);
        self.skip();
        self.skip();
        Ok(())
    }
    fn scan_code(&mut self, out: &mut Vec<u8>, length: usize, start: Mark) -> Result<()> {
        self.skip();
        self.skip();
        let mut value: u32 = 0;
        for k in 0..length {
            let Some(digit) = (self.at(k) as char).to_digit(16) else {
                return self.error(start, "did not find expected hexdecimal number");
            };
            value = (value << 4) | digit;
        }
        let Some(c) = char::from_u32(value) else {
            return self.error(start, "found invalid Unicode character escape code");
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        for _ in 0..length {
            self.skip();
        }
        Ok(())
    }

    /// A scalar without quotes, which may go on over lines.
    pub(super) fn scan_plain(&mut self) -> Result<Token> {
        let start = self.mark;
        let mut end = self.mark;
        let indent = self.indent + 1;
        let mut out = Vec::new();
        let mut fold = Fold::default();
        loop {
            if self.at_document_indicator() || self.at(0) == b'#' {
                break;
            }
            while !self.is_blank_or_end(0) {
                let c = self.at(0);
                if (c == b':' && self.is_blank_or_end(1)) || (self.flow_level > 0 && b",?[]{}".contains(&c)) {
                    break;
                }
                if fold.leading_blanks || !fold.blanks.is_empty() {
                    std::mem::take(&mut fold).finish(&mut out);
                }
                self.read(&mut out);
                end = self.mark;
            }
            if !(self.is_blank(0) || self.is_break(0)) {
                break;
            }
            while self.is_blank(0) || self.is_break(0) {
                if fold.leading_blanks && (self.mark.column as isize) < indent && self.at(0) == b'\t' {
                    return self.error(start, "found a tab character that violates indentation");
                }
                fold.take(self);
            }
            if self.flow_level == 0 && (self.mark.column as isize) < indent {
                break;
            }
        }
        if fold.leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(Token { kind: Kind::Scalar(text(out), Style::Plain), start, end })
    }
}

/// Blanks and line breaks between the words of a scalar: one break becomes a blank, more become one fewer.
#[derive(Default)]
struct Fold {
    blanks: Vec<u8>,
    first_break: Vec<u8>,
    more_breaks: Vec<u8>,
    leading_blanks: bool,
}

impl Fold {
    fn take(&mut self, s: &mut Scanner<'_>) {
        if s.is_blank(0) {
            if self.leading_blanks { s.skip() } else { s.read(&mut self.blanks) }
        } else if self.leading_blanks {
            s.read_line(&mut self.more_breaks);
        } else {
            self.blanks.clear();
            s.read_line(&mut self.first_break);
            self.leading_blanks = true;
        }
    }
    fn finish(mut self, out: &mut Vec<u8>) {
        if !self.leading_blanks {
            out.append(&mut self.blanks);
        } else if self.first_break.first() == Some(&b'\n') {
            if self.more_breaks.is_empty() {
                out.push(b' ');
            } else {
                out.append(&mut self.more_breaks);
            }
        } else {
            out.append(&mut self.first_break);
            out.append(&mut self.more_breaks);
        }
    }
}
