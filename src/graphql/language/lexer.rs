//! Tokens of a document, after the grammar of the September 2025 edition.

use async_graphql::Pos;

use super::string;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// The end of the text.
    End,
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Punctuator(char),
    /// `...`
    Spread,
    Name(&'a str),
    Int(&'a str),
    Float(&'a str),
    String {
        text: String,
        block: bool,
    },
}

/// Text that is not GraphQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) pos: Pos,
}

/// Reads one token after the other.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// Where the line begins.
    line_start: usize,
    /// Bytes of the line that are not the first of their character.
    wide: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, line_start: 0, wide: 0 }
    }

    /// The next token, and where it begins.
    pub(super) fn next(&mut self) -> Result<(Token<'a>, Pos), SyntaxError> {
        self.skip_ignored();
        let pos = self.pos();
        let token = match self.rest() {
            [] => Token::End,
            [b'.', b'.', b'.', ..] => {
                self.at += 3;
                Token::Spread
            }
            [b'"', b'"', b'"', ..] => self.block()?,
            [b'"', ..] => self.string()?,
            [b'0'..=b'9' | b'-', ..] => self.number()?,
            [first, ..] if is_name_start(*first) => Token::Name(self.name()),
            [
                first @ (b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{'
                | b'|' | b'}'),
                ..,
            ] => {
                self.at += 1;
                Token::Punctuator(char::from(*first))
            }
            _ => return Err(self.unexpected("unexpected character")),
        };
        Ok((token, pos))
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn byte(&self, after: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + after).copied()
    }

    fn slice(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    const fn pos(&self) -> Pos {
        Pos { line: self.line, column: 1 + self.at - self.line_start - self.wide }
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { message: message.into(), pos: self.pos() }
    }

    /// What is wrong with the character here.
    fn unexpected(&self, message: &str) -> SyntaxError {
        let next = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        self.error(match next {
            Some(next) => format!("{message} {next:?}"),
            None => format!("{message}: the end of the document"),
        })
    }

    /// White space, line ends, commas, byte order marks and comments.
    fn skip_ignored(&mut self) {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b',', ..] => self.at += 1,
                [b'\n' | b'\r', ..] => self.line_end(),
                [0xEF, 0xBB, 0xBF, ..] => {
                    self.at += 3;
                    self.wide += 2;
                }
                [b'#', ..] => {
                    while self.byte(0).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
                        self.step();
                    }
                }
                _ => return,
            }
        }
    }

    /// One byte of a comment or a string, no line end.
    fn step(&mut self) {
        self.wide += usize::from(self.byte(0).is_some_and(|byte| byte & 0xC0 == 0x80));
        self.at += 1;
    }

    /// A line end, of one or two bytes.
    fn line_end(&mut self) {
        self.at += if self.rest().starts_with(b"\r\n") { 2 } else { 1 };
        self.line += 1;
        self.line_start = self.at;
        self.wide = 0;
    }

    fn name(&mut self) -> &'a str {
        let from = self.at;
        while self.byte(0).is_some_and(|byte| is_name_start(byte) || byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.slice(from)
    }

    fn number(&mut self) -> Result<Token<'a>, SyntaxError> {
        let (from, mut is_float) = (self.at, false);
        self.at += usize::from(self.byte(0) == Some(b'-'));
        if self.byte(0) == Some(b'0') {
            self.at += 1;
            if self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.error("a number has no zero before its other digits"));
            }
        } else {
            self.digits()?;
        }
        if self.byte(0) == Some(b'.') {
            is_float = true;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(0), Some(b'e' | b'E')) {
            is_float = true;
            self.at += 1;
            self.at += usize::from(matches!(self.byte(0), Some(b'+' | b'-')));
            self.digits()?;
        }
        if self.byte(0).is_some_and(|byte| byte == b'.' || is_name_start(byte)) {
            return Err(self.unexpected("a number is followed by"));
        }
        let number = self.slice(from);
        Ok(if is_float { Token::Float(number) } else { Token::Int(number) })
    }

    fn digits(&mut self) -> Result<(), SyntaxError> {
        if !self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.unexpected("a number needs a digit, not"));
        }
        while self.byte(0).is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Token<'a>, SyntaxError> {
        self.at += 1;
        let (mut text, mut from) = (String::new(), self.at);
        loop {
            match self.byte(0) {
                Some(b'"') => {
                    text.push_str(self.slice(from));
                    self.at += 1;
                    return Ok(Token::String { text, block: false });
                }
                Some(b'\\') => {
                    text.push_str(self.slice(from));
                    let (character, length) = string::escape(self.rest())
                        .ok_or_else(|| self.error("not an escape of a character"))?;
                    text.push(character);
                    self.at += length;
                    from = self.at;
                }
                None | Some(b'\n' | b'\r') => return Err(self.error("the string does not end")),
                Some(_) => self.step(),
            }
        }
    }

    fn block(&mut self) -> Result<Token<'a>, SyntaxError> {
        self.at += 3;
        let (mut raw, mut from) = (String::new(), self.at);
        loop {
            match self.rest() {
                [b'"', b'"', b'"', ..] => {
                    raw.push_str(self.slice(from));
                    self.at += 3;
                    return Ok(Token::String { text: string::dedent(&raw), block: true });
                }
                [b'\\', b'"', b'"', b'"', ..] => {
                    raw.push_str(self.slice(from));
                    from = self.at + 1;
                    self.at += 4;
                }
                [b'\n' | b'\r', ..] => {
                    raw.push_str(self.slice(from));
                    raw.push('\n');
                    self.line_end();
                    from = self.at;
                }
                [] => return Err(self.error("the block string does not end")),
                _ => self.step(),
            }
        }
    }
}

const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    type Placed<'a> = (Token<'a>, (usize, usize));

    fn tokens(text: &str) -> Result<Vec<Placed<'_>>, String> {
        let (mut lexer, mut tokens) = (Lexer::new(text), Vec::new());
        loop {
            let (token, pos) = lexer.next().map_err(|error| error.message)?;
            tokens.push((token.clone(), (pos.line, pos.column)));
            if token == Token::End {
                return Ok(tokens);
            }
        }
    }

    fn first(text: &str) -> Result<Token<'_>, String> {
        tokens(text).map(|tokens| tokens[0].0.clone())
    }

    #[test]
    fn places_are_lines_and_characters() {
        let text = "\u{FEFF}a # ü😀\r\n  \"ü😀\" b\r\"\"\"ü\n\"\"\" c\n\n ...";
        let places: Vec<_> = tokens(text).unwrap().into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, [(1, 2), (2, 3), (2, 8), (3, 1), (4, 5), (6, 2), (6, 5)]);
    }

    #[test]
    fn numbers_are_ints_or_floats() {
        for text in ["0", "-0", "7", "-12"] {
            assert_eq!(first(text), Ok(Token::Int(text)));
        }
        for text in ["0.0", "-1.5e-10", "1E+3", "2e7"] {
            assert_eq!(first(text), Ok(Token::Float(text)));
        }
        for text in ["01", "-", "1.", ".5", "1e", "1e+", "1a", "1.2.3", "0x1", "1_0", "+1", "00"] {
            assert!(first(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_end_on_their_line() {
        let string = |text: &str| Ok(Token::String { text: text.to_owned(), block: false });
        assert_eq!(first(r#""a \u{1F600}\uD83D\uDE00 \n""#), string("a 😀😀 \n"));
        assert_eq!(first("\"\""), string(""));
        for text in ["\"a", "\"a\nb\"", r#""\x""#, r#""\uD83D""#, "'a'", "\"\"\"a"] {
            assert!(first(text).is_err(), "{text}");
        }
        let block = first("\"\"\"\n  a\\\"\"\"\r\n    b\n  \"\"\"");
        assert_eq!(block, Ok(Token::String { text: "a\"\"\"\n  b".to_owned(), block: true }));
    }
}
