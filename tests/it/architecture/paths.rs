//! Finds the paths in a Rust source that start at the crate's root: enough of a
//! lexer to tell code from comments and literals, and no more. What macros
//! make of their tokens is out of its sight.

/// A top-level module that a source names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its name.
    pub(crate) room: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// Every top-level module named by a path in `text`, the source of `module`
/// (`["db", "pool"]`): by `crate::`, by the crate's name, or by `super::`.
pub(crate) fn crate_paths(module: &[String], text: &str) -> Vec<Named> {
    let tokens = tokens(text);
    let mut walk = Walk { tokens: &tokens, at: 0, found: Vec::new() };
    let mut braces: Vec<bool> = Vec::new();
    while let Some(word) = walk.word(0) {
        let depth = module.len() + braces.iter().filter(|is_module| **is_module).count();
        match word {
            "{" => braces.push(walk.at >= 2 && tokens[walk.at - 2].text == "mod"),
            "}" => drop(braces.pop()),
            "crate" | "salesgraph" if walk.word(1) == Some("::") => {
                walk.at += 2;
                walk.tree(Some(0));
                continue;
            }
            "super" | "self" if walk.word(1) == Some("::") => {
                walk.tree(Some(depth));
                continue;
            }
            _ => {}
        }
        walk.at += 1;
    }
    walk.found
}

struct Walk<'a> {
    tokens: &'a [Token],
    at: usize,
    found: Vec<Named>,
}

impl Walk<'_> {
    fn word(&self, ahead: usize) -> Option<&str> {
        self.tokens.get(self.at + ahead).map(|token| token.text.as_str())
    }

    /// Reads a path or a group of paths that starts `depth` modules below the
    /// root; without a depth it starts somewhere below, where nothing matters.
    fn tree(&mut self, depth: Option<usize>) {
        match self.word(0) {
            Some("{") => {
                self.at += 1;
                while self.word(0).is_some_and(|word| word != "}") {
                    self.tree(depth);
                    while self.word(0).is_some_and(|word| word != "," && word != "}") {
                        self.at += 1;
                    }
                    if self.word(0) == Some(",") {
                        self.at += 1;
                    }
                }
                self.at += 1;
            }
            Some("self") if depth.is_some() => self.rest(depth),
            Some("super") if depth.is_some() => {
                self.rest(depth.map(|depth| depth.saturating_sub(1)));
            }
            Some(word) if word.starts_with(is_word) => {
                if depth == Some(0) {
                    let line = self.tokens[self.at].line;
                    self.found.push(Named { room: word.to_owned(), line });
                }
                self.rest(None);
            }
            _ => {}
        }
    }

    fn rest(&mut self, depth: Option<usize>) {
        self.at += 1;
        if self.word(0) == Some("::") {
            self.at += 1;
            self.tree(depth);
        }
    }
}

struct Token {
    text: String,
    line: usize,
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Words, `::` and single characters; comments and literals are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest);
        if length == 0 {
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let taken = match word {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                word => word,
            };
            let line = text[..text.len() - rest.len()].matches('\n').count() + 1;
            tokens.push(Token { text: rest[..taken].to_owned(), line });
            rest = &rest[taken..];
        } else {
            rest = &rest[length..];
        }
    }
    tokens
}

/// The length of the blank, comment or literal that `rest` starts with, or 0.
fn skipped(rest: &str) -> usize {
    let to = |end: Option<usize>| end.unwrap_or(rest.len());
    if rest.starts_with(char::is_whitespace) {
        return to(rest.find(|c: char| !c.is_whitespace()));
    }
    if rest.starts_with("//") {
        return to(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    let prefix = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    if ["r", "br", "cr"].contains(&&rest[..prefix]) {
        let hashes = rest[prefix..].find(|c| c != '#').unwrap_or(0);
        let open = prefix + hashes + 1;
        if rest[prefix + hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            return to(rest[open..].find(&close).map(|at| open + at + close.len()));
        }
    }
    if ["", "b", "c"].contains(&&rest[..prefix]) && rest[prefix..].starts_with('"') {
        return prefix + quoted(&rest[prefix..], '"');
    }
    if let Some(inside) = rest.strip_prefix('\'') {
        // A character, or the name of a lifetime.
        let mut inside = inside.chars();
        return match (inside.next(), inside.next()) {
            (Some('\\'), _) | (_, Some('\'')) => quoted(rest, '\''),
            _ => 1,
        };
    }
    0
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn block_comment(rest: &str) -> usize {
    let mut open = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            open += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            open -= 1;
            at += 2;
            if open == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}
