//! Tokens of `go.mod` files.

use super::super::unicode::is_print;
use super::{GoModFault, InvalidGoMod};

/// A token and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As written: quotes included, comments with their slashes and without their line end.
    pub(super) text: &'a str,
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// The line on which it ends: another one only for a string with an escaped newline.
    pub(super) end_line: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    End,
    Newline,
    /// A comment that is alone on its line; the line end belongs to it.
    OwnComment,
    /// A comment after other tokens; the line end belongs to it.
    TrailingComment,
    Open,
    Close,
    /// Anything else: a bare word, a quoted string, a bracket, a comma.
    Word,
}

impl Kind {
    /// Whether the token ends a line.
    pub(super) fn ends_line(self) -> bool {
        matches!(self, Self::End | Self::Newline | Self::TrailingComment)
    }
}

/// Cuts tokens off the front of the text.
pub(super) struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    /// Whether only blanks were seen on the current line.
    blank_so_far: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
            blank_so_far: true,
        }
    }

    /// The next token; [`Kind::End`] again and again after the last.
    pub(super) fn next(&mut self) -> Result<Token<'a>, InvalidGoMod> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
        if self.rest.starts_with("//") {
            return Ok(self.comment());
        }
        if self.rest.starts_with("/*") {
            return Err(self.refuse(GoModFault::BlockComment));
        }
        let Some(first) = self.rest.chars().next() else {
            return Ok(self.take(Kind::End, 0));
        };
        match first {
            '\n' => Ok(self.take(Kind::Newline, 1)),
            '(' => Ok(self.take(Kind::Open, 1)),
            ')' => Ok(self.take(Kind::Close, 1)),
            '[' | ']' | '{' | '}' | ',' => Ok(self.take(Kind::Word, 1)),
            '"' | '`' => self.string(first),
            _ => self.word(first),
        }
    }

    fn comment(&mut self) -> Token<'a> {
        let kind = match self.blank_so_far {
            true => Kind::OwnComment,
            false => Kind::TrailingComment,
        };
        let len = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        let mut token = self.take(kind, len);
        token.text = token.text.strip_suffix('\n').unwrap_or(token.text);
        token.text = token.text.strip_suffix('\r').unwrap_or(token.text);
        token.end_line = token.line;
        token
    }

    fn string(&mut self, quote: char) -> Result<Token<'a>, InvalidGoMod> {
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\n' => break,
                _ if c == quote => return Ok(self.take(Kind::Word, at + 1)),
                // Whatever is escaped belongs to the string, even a newline. Such a string is valid nowhere, but it
                // may stand in a directive that we skip.
                '\\' if quote == '"' => {
                    chars.next();
                }
                _ => {}
            }
        }
        Err(self.refuse(GoModFault::OpenString))
    }

    fn word(&mut self, first: char) -> Result<Token<'a>, InvalidGoMod> {
        if !word_char(first) {
            return Err(self.refuse(GoModFault::Character(first)));
        }
        let len = self.rest.find(|c| !word_char(c)).unwrap_or(self.rest.len());
        let word = &self.rest[..len];
        let comment = word.find("//").unwrap_or(len);
        if word[..comment].contains("/*") {
            return Err(self.refuse(GoModFault::BlockComment));
        }
        Ok(self.take(Kind::Word, comment))
    }

    fn take(&mut self, kind: Kind, len: usize) -> Token<'a> {
        let (text, rest) = self.rest.split_at(len);
        let line = self.line;
        self.rest = rest;
        self.line += text.bytes().filter(|&b| b == b'\n').count();
        self.blank_so_far = text.ends_with('\n');
        Token {
            kind,
            text,
            line,
            end_line: self.line,
        }
    }

    fn refuse(&self, kind: GoModFault) -> InvalidGoMod {
        InvalidGoMod {
            line: self.line,
            kind,
        }
    }
}

fn word_char(c: char) -> bool {
    !matches!(c, ' ' | '(' | ')' | '[' | ']' | '{' | '}' | ',') && is_print(c)
}
