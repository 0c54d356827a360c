//! Parses executable documents by the grammar of the September 2025 edition: descriptions
//! before definitions, directives after the default of a variable. Selection sets may be
//! empty, as in graphql-js 17.

use async_graphql::parser::types::{BaseType, OperationType, Type};
use async_graphql::{Name as TypeName, Pos, Positioned};

use super::ast::{
    Argument, Directive, Document, Field, Fragment, Inline, Name, Operation, Selection,
    SelectionSet, Spread, Value, ValueKind, VariableDefinition,
};
use super::lexer::{Lexer, SyntaxError, Token};

type Parsed<T> = Result<T, SyntaxError>;

/// Definitions of types, which are no part of a request.
const TYPE_SYSTEM: [&str; 9] =
    ["schema", "scalar", "type", "interface", "union", "enum", "input", "directive", "extend"];

/// Parses a document. It recurses into brackets: their depth is limited before.
///
/// # Errors
/// When the text is no executable document.
pub(crate) fn parse(text: &str) -> Parsed<Document<'_>> {
    let mut lexer = Lexer::new(text);
    let (token, pos) = lexer.next()?;
    let mut parser = Parser { lexer, token, pos };
    let mut document = Document::default();
    loop {
        parser.definition(&mut document)?;
        if parser.token == Token::End {
            return Ok(document);
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token<'a>,
    pos: Pos,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Parsed<Token<'a>> {
        let (token, pos) = self.lexer.next()?;
        self.pos = pos;
        Ok(std::mem::replace(&mut self.token, token))
    }

    /// The error that something else was expected here.
    fn expected(&self, what: &str) -> SyntaxError {
        let found = match &self.token {
            Token::End => "the end of the document".to_owned(),
            Token::Punctuator(character) => format!("{character:?}"),
            Token::Spread => "\"...\"".to_owned(),
            Token::Name(text) | Token::Int(text) | Token::Float(text) => format!("{text:?}"),
            Token::String { .. } => "a string".to_owned(),
        };
        SyntaxError { message: format!("expected {what}, found {found}"), pos: self.pos }
    }

    fn is(&self, punctuator: char) -> bool {
        self.token == Token::Punctuator(punctuator)
    }

    /// Whether this is next, which is then read.
    fn skip(&mut self, punctuator: char) -> Parsed<bool> {
        let is = self.is(punctuator);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, punctuator: char) -> Parsed<()> {
        if self.skip(punctuator)? {
            return Ok(());
        }
        Err(self.expected(&format!("{punctuator:?}")))
    }

    fn name(&mut self) -> Parsed<Name<'a>> {
        let pos = self.pos;
        match self.token {
            Token::Name(text) => {
                self.advance()?;
                Ok(Name { text, pos })
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// Items up to a closing bracket, of which there may have to be one.
    fn items<T>(
        &mut self,
        (open, close): (char, char),
        at_least_one: bool,
        item: impl Fn(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        while (at_least_one && items.is_empty()) || !self.is(close) {
            items.push(item(self)?);
        }
        self.expect(close)?;
        Ok(items)
    }

    fn definition(&mut self, document: &mut Document<'a>) -> Parsed<()> {
        let pos = self.pos;
        let described = matches!(self.token, Token::String { .. });
        if described {
            self.advance()?;
            if self.is('{') {
                let message = "a query without the word query has no description".to_owned();
                return Err(SyntaxError { message, pos });
            }
        }
        let kind = match self.token {
            Token::Punctuator('{') => {
                document.operations.push(Operation {
                    pos,
                    kind: OperationType::Query,
                    name: None,
                    variables: Vec::new(),
                    directives: Vec::new(),
                    set: self.set()?,
                });
                return Ok(());
            }
            Token::Name("query") => OperationType::Query,
            Token::Name("mutation") => OperationType::Mutation,
            Token::Name("subscription") => OperationType::Subscription,
            Token::Name("fragment") => {
                document.fragments.push(self.fragment(pos)?);
                return Ok(());
            }
            Token::Name(name) if TYPE_SYSTEM.contains(&name) => {
                let message = format!("a request defines no types: {name:?} is not executable");
                return Err(SyntaxError { message, pos: self.pos });
            }
            _ => return Err(self.expected("an operation or a fragment")),
        };
        self.advance()?;
        let name = if matches!(self.token, Token::Name(_)) { Some(self.name()?) } else { None };
        let variables =
            if self.is('(') { self.items(('(', ')'), true, Self::variable)? } else { Vec::new() };
        let directives = self.directives(false)?;
        let set = self.set()?;
        document.operations.push(Operation { pos, kind, name, variables, directives, set });
        Ok(())
    }

    fn fragment(&mut self, pos: Pos) -> Parsed<Fragment<'a>> {
        self.advance()?;
        let name = self.fragment_name()?;
        if self.token != Token::Name("on") {
            return Err(self.expected("\"on\""));
        }
        self.advance()?;
        let on = self.name()?;
        let directives = self.directives(false)?;
        Ok(Fragment { pos, name, on, directives, set: self.set()? })
    }

    fn fragment_name(&mut self) -> Parsed<Name<'a>> {
        if self.token == Token::Name("on") {
            return Err(self.expected("the name of a fragment"));
        }
        self.name()
    }

    fn variable(&mut self) -> Parsed<VariableDefinition<'a>> {
        let pos = self.pos;
        if matches!(self.token, Token::String { .. }) {
            self.advance()?;
        }
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        let of_type = self.pos;
        let ty = Positioned::new(self.ty()?, of_type);
        let default = if self.skip('=')? { Some(self.value(true)?) } else { None };
        let directives = self.directives(true)?;
        Ok(VariableDefinition { pos, name, ty, default, directives })
    }

    fn ty(&mut self) -> Parsed<Type> {
        let base = if self.skip('[')? {
            let inner = self.ty()?;
            self.expect(']')?;
            BaseType::List(Box::new(inner))
        } else {
            BaseType::Named(TypeName::new(self.name()?.text))
        };
        Ok(Type { base, nullable: !self.skip('!')? })
    }

    fn set(&mut self) -> Parsed<SelectionSet<'a>> {
        let pos = self.pos;
        Ok(SelectionSet { pos, items: self.items(('{', '}'), false, Self::selection)? })
    }

    fn selection(&mut self) -> Parsed<Selection<'a>> {
        let pos = self.pos;
        if self.token != Token::Spread {
            return self.field().map(Selection::Field);
        }
        self.advance()?;
        let on = match self.token {
            Token::Name("on") => {
                self.advance()?;
                Some(self.name()?)
            }
            Token::Name(_) => {
                let name = self.fragment_name()?;
                let directives = self.directives(false)?;
                return Ok(Selection::Spread(Spread { pos, name, directives }));
            }
            _ => None,
        };
        let directives = self.directives(false)?;
        Ok(Selection::Inline(Inline { pos, on, directives, set: self.set()? }))
    }

    fn field(&mut self) -> Parsed<Field<'a>> {
        let pos = self.pos;
        let first = self.name()?;
        let (alias, name) =
            if self.skip(':')? { (Some(first), self.name()?) } else { (None, first) };
        let arguments = self.arguments(false)?;
        let directives = self.directives(false)?;
        let set = if self.is('{') { Some(self.set()?) } else { None };
        Ok(Field { pos, alias, name, arguments, directives, set })
    }

    fn directives(&mut self, constant: bool) -> Parsed<Vec<Directive<'a>>> {
        let mut directives = Vec::new();
        while self.is('@') {
            let pos = self.pos;
            self.advance()?;
            let name = self.name()?;
            directives.push(Directive { pos, name, arguments: self.arguments(constant)? });
        }
        Ok(directives)
    }

    fn arguments(&mut self, constant: bool) -> Parsed<Vec<Argument<'a>>> {
        if !self.is('(') {
            return Ok(Vec::new());
        }
        self.items(('(', ')'), true, |parser| parser.argument(constant))
    }

    fn argument(&mut self, constant: bool) -> Parsed<Argument<'a>> {
        let name = self.name()?;
        self.expect(':')?;
        Ok(Argument { name, value: self.value(constant)? })
    }

    fn value(&mut self, constant: bool) -> Parsed<Value<'a>> {
        let pos = self.pos;
        let kind = match self.token {
            Token::Punctuator('$') if constant => {
                let message = "a constant value has no variables".to_owned();
                return Err(SyntaxError { message, pos });
            }
            Token::Punctuator('$') => {
                self.advance()?;
                ValueKind::Variable(self.name()?.text)
            }
            Token::Punctuator('[') => {
                ValueKind::List(self.items(('[', ']'), false, |parser| parser.value(constant))?)
            }
            Token::Punctuator('{') => {
                ValueKind::Object(
                    self.items(('{', '}'), false, |parser| parser.argument(constant))?,
                )
            }
            Token::Name(_) | Token::Int(_) | Token::Float(_) | Token::String { .. } => {
                match self.advance()? {
                    Token::Name("true") => ValueKind::Boolean(true),
                    Token::Name("false") => ValueKind::Boolean(false),
                    Token::Name(name) if name != "null" => ValueKind::Enum(name),
                    Token::Int(number) => ValueKind::Int(number),
                    Token::Float(number) => ValueKind::Float(number),
                    Token::String { text, block } => ValueKind::String { text, block },
                    _ => ValueKind::Null,
                }
            }
            _ => return Err(self.expected("a value")),
        };
        Ok(Value { pos, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_the_september_2025_edition() {
        for text in [
            "{a}",
            "{}",
            "{ a {} }",
            "query {a}",
            "query Q ( $i : ID ! , $l:[ [ Int! ] ]=[[1],null] @x(y: {}) @z ) @w { a }",
            "\"described\" query Q($a: Int = 1 @d) { a(b: $a) }",
            "\"\"\"described\"\"\" fragment on1 on T { a }",
            "query (\"a variable\" $a: Int) { a }",
            "mutation m { fragment: query(on: on, type: null, true: TRUE) { on ... @a { b } } }",
            "{ ...on1 @a ... on T { b } ... { c } ...on T{d} }",
            "{ a(b: [], c: {}, d: [1 2,3], e: {f: $g h: \"\"\"i\"\"\"}) }",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
        for text in [
            "",
            "# only a comment",
            "{",
            "{ a }}",
            "\"described\" { a }",
            "\"described\"",
            "a { b }",
            "query Q() { a }",
            "query Q",
            "query ($a) { a }",
            "query ($a: Int = $b) { a }",
            "query ($a: Int @d(e: $f)) { a }",
            "query ($a: Int @d = 1) { a }",
            "query ($a: [Int) { a }",
            "query ($a: Int!!) { a }",
            "{ a() }",
            "{ a(b) }",
            "{ a(b: $) }",
            "{ a: }",
            "{ a: b: c }",
            "{ ... on { a } }",
            "{ ...f(a: 1) }",
            "fragment on on T { a }",
            "fragment f T { a }",
            "fragment f($a: Int) on T { a }",
            "type T { a: Int }",
            "extend type T { a: Int }",
            "{ a(b: {c}) }",
            "{ a & b }",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_is_where_the_text_is_wrong() {
        let error = parse("{\n  a(b: 1) ü\n}").unwrap_err();
        assert_eq!((error.pos.line, error.pos.column), (2, 11));
        assert_eq!(error.message, "unexpected character 'ü'");
        let error = parse("query($a: Int = $b) { a }").unwrap_err();
        assert_eq!((error.pos.line, error.pos.column), (1, 17));
    }
}
