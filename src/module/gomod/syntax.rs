//! Lines and blocks of `go.mod` files, each with its comments.

use super::lex::{Kind, Lexer, Token};
use super::{GoModFault, InvalidGoMod};

/// One line of words, or the words before the `(` of a block.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// The words as written, at least one.
    pub(super) words: Vec<&'a str>,
    /// Its number in the file, from 1.
    pub(super) number: usize,
    /// Comments on the lines right above, with their slashes. In a block, an empty text stands for empty lines.
    pub(super) above: Vec<&'a str>,
    /// Comments at its end, with their slashes.
    pub(super) trailing: Vec<&'a str>,
}

/// A line of its own, or a block.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) head: Line<'a>,
    /// What stands between the parentheses; `None` for a line of its own.
    pub(super) block: Option<Vec<Line<'a>>>,
}

/// Reads all of a file.
///
/// Source: Go Modules Reference, "Lexical elements" and "Grammar"; for comments the behaviour of
/// `golang.org/x/mod/modfile`.
pub(super) fn parse(text: &str) -> Result<Vec<Statement<'_>>, InvalidGoMod> {
    let mut parser = Parser {
        lexer: Lexer::new(text),
        peeked: None,
        statements: Vec::new(),
        last: Place::Elsewhere,
    };
    parser.file()?;
    Ok(parser.statements)
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    peeked: Option<Token<'a>>,
    statements: Vec<Statement<'a>>,
    last: Place,
}

/// What the next trailing comment belongs to: the last thing before it that begins and ends on one line.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A parenthesis or a loose comment; nobody asks for these.
    Elsewhere,
    /// The head of this statement.
    Head(usize),
    /// This line in the block of this statement.
    Inner(usize, usize),
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<(), InvalidGoMod> {
        let mut above = Vec::new();
        loop {
            match self.peek()?.kind {
                Kind::End => return Ok(()),
                Kind::Newline => {
                    self.next()?;
                    // An empty line cuts comments off from what follows.
                    if !std::mem::take(&mut above).is_empty() {
                        self.last = Place::Elsewhere;
                    }
                }
                Kind::OwnComment => above.push(self.next()?.text),
                _ => {
                    let above = std::mem::take(&mut above);
                    self.statement(above)?;
                }
            }
        }
    }

    fn statement(&mut self, above: Vec<&'a str>) -> Result<(), InvalidGoMod> {
        let first = self.next()?;
        let mut end_line = first.end_line;
        let mut head = Line {
            words: vec![first.text],
            number: first.line,
            above,
            trailing: Vec::new(),
        };
        let index = self.statements.len();
        loop {
            let token = self.next()?;
            if token.kind.ends_line() {
                if head.number == end_line {
                    self.last = Place::Head(index);
                }
                self.statements.push(Statement { head, block: None });
                self.attach(token);
                return Ok(());
            }
            if token.kind != Kind::Open {
                head.words.push(token.text);
                end_line = token.end_line;
                continue;
            }
            // A parenthesis opens a block only at the end of its line, or when it is closed at once.
            let next = self.peek()?.kind;
            if next.ends_line() {
                return self.block(head);
            }
            head.words.push(token.text);
            if next == Kind::Close {
                let close = self.next()?;
                if self.peek()?.kind.ends_line() {
                    head.words.pop();
                    self.next()?;
                    self.last = Place::Elsewhere;
                    self.statements.push(Statement {
                        head,
                        block: Some(Vec::new()),
                    });
                    return Ok(());
                }
                head.words.push(close.text);
            }
        }
    }

    fn block(&mut self, head: Line<'a>) -> Result<(), InvalidGoMod> {
        let index = self.statements.len();
        let start = head.number;
        self.last = Place::Elsewhere;
        self.statements.push(Statement {
            head,
            block: Some(Vec::new()),
        });
        let mut above: Vec<&'a str> = Vec::new();
        let mut lines = 0;
        loop {
            match self.peek()?.kind {
                Kind::TrailingComment => {
                    let comment = self.next()?;
                    self.attach(comment);
                }
                Kind::Newline => {
                    self.next()?;
                    // Several empty lines count once, and none counts right after the parenthesis.
                    let counts = match above.last() {
                        Some(last) => !last.is_empty(),
                        None => lines > 0,
                    };
                    if counts {
                        above.push("");
                    }
                }
                Kind::OwnComment => above.push(self.next()?.text),
                Kind::End => {
                    return Err(InvalidGoMod {
                        line: start,
                        kind: GoModFault::OpenBlock,
                    });
                }
                Kind::Close => {
                    self.next()?;
                    let token = self.next()?;
                    if !token.kind.ends_line() {
                        return Err(InvalidGoMod {
                            line: token.line,
                            kind: GoModFault::AfterBlock,
                        });
                    }
                    self.last = Place::Elsewhere;
                    return Ok(());
                }
                Kind::Open | Kind::Word => {
                    let above = std::mem::take(&mut above);
                    self.inner_line(index, lines, above)?;
                    lines += 1;
                }
            }
        }
    }

    fn inner_line(
        &mut self,
        statement: usize,
        index: usize,
        above: Vec<&'a str>,
    ) -> Result<(), InvalidGoMod> {
        let mut line = Line {
            above,
            ..Line::default()
        };
        let mut end_line = 0;
        loop {
            let token = self.next()?;
            if token.kind.ends_line() {
                if line.number == end_line {
                    self.last = Place::Inner(statement, index);
                }
                if let Some(Statement {
                    block: Some(lines), ..
                }) = self.statements.get_mut(statement)
                {
                    lines.push(line);
                }
                self.attach(token);
                return Ok(());
            }
            if line.words.is_empty() {
                line.number = token.line;
            }
            end_line = token.end_line;
            line.words.push(token.text);
        }
    }

    /// Hands a trailing comment to where it belongs; other tokens are ignored.
    fn attach(&mut self, token: Token<'a>) {
        if token.kind != Kind::TrailingComment {
            return;
        }
        let line = match self.last {
            Place::Elsewhere => None,
            Place::Head(statement) => self.statements.get_mut(statement).map(|s| &mut s.head),
            Place::Inner(statement, line) => self
                .statements
                .get_mut(statement)
                .and_then(|s| s.block.as_mut()?.get_mut(line)),
        };
        if let Some(line) = line {
            line.trailing.push(token.text);
        }
    }

    fn peek(&mut self) -> Result<Token<'a>, InvalidGoMod> {
        let token = match self.peeked {
            Some(token) => token,
            None => self.lexer.next()?,
        };
        self.peeked = Some(token);
        Ok(token)
    }

    fn next(&mut self) -> Result<Token<'a>, InvalidGoMod> {
        match self.peeked.take() {
            Some(token) => Ok(token),
            None => self.lexer.next(),
        }
    }
}
