//! The syntax tree of a document: all that its text says, also what is not valid, such as
//! a name that is given twice. It borrows from the text.

use async_graphql::parser::types::{OperationType, Type};
use async_graphql::{Pos, Positioned};

/// An executable document.
#[derive(Debug, Default)]
pub(crate) struct Document<'a> {
    pub(crate) operations: Vec<Operation<'a>>,
    pub(crate) fragments: Vec<Fragment<'a>>,
}

/// A name and where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name<'a> {
    pub(crate) text: &'a str,
    pub(crate) pos: Pos,
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) pos: Pos,
    pub(crate) kind: OperationType,
    pub(crate) name: Option<Name<'a>>,
    pub(crate) variables: Vec<VariableDefinition<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) set: SelectionSet<'a>,
}

/// The definition of a fragment.
#[derive(Debug)]
pub(crate) struct Fragment<'a> {
    pub(crate) pos: Pos,
    pub(crate) name: Name<'a>,
    pub(crate) on: Name<'a>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) set: SelectionSet<'a>,
}

/// The definition of a variable.
#[derive(Debug)]
pub(crate) struct VariableDefinition<'a> {
    pub(crate) pos: Pos,
    pub(crate) name: Name<'a>,
    pub(crate) ty: Positioned<Type>,
    pub(crate) default: Option<Value<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
}

/// A selection set, which may be empty.
#[derive(Debug)]
pub(crate) struct SelectionSet<'a> {
    pub(crate) pos: Pos,
    pub(crate) items: Vec<Selection<'a>>,
}

/// One of a selection set.
#[derive(Debug)]
pub(crate) enum Selection<'a> {
    Field(Field<'a>),
    Spread(Spread<'a>),
    Inline(Inline<'a>),
}

/// A field.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) pos: Pos,
    pub(crate) alias: Option<Name<'a>>,
    pub(crate) name: Name<'a>,
    pub(crate) arguments: Vec<Argument<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) set: Option<SelectionSet<'a>>,
}

impl<'a> Field<'a> {
    /// Its key in the response.
    pub(crate) fn key(&self) -> Name<'a> {
        self.alias.unwrap_or(self.name)
    }
}

/// A fragment that is spread.
#[derive(Debug)]
pub(crate) struct Spread<'a> {
    pub(crate) pos: Pos,
    pub(crate) name: Name<'a>,
    pub(crate) directives: Vec<Directive<'a>>,
}

/// An inline fragment.
#[derive(Debug)]
pub(crate) struct Inline<'a> {
    pub(crate) pos: Pos,
    pub(crate) on: Option<Name<'a>>,
    pub(crate) directives: Vec<Directive<'a>>,
    pub(crate) set: SelectionSet<'a>,
}

/// A directive where it is used.
#[derive(Debug)]
pub(crate) struct Directive<'a> {
    pub(crate) pos: Pos,
    pub(crate) name: Name<'a>,
    pub(crate) arguments: Vec<Argument<'a>>,
}

/// An argument, or a field of an input object.
#[derive(Debug, PartialEq)]
pub(crate) struct Argument<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) value: Value<'a>,
}

/// A value.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    pub(crate) pos: Pos,
    pub(crate) kind: ValueKind<'a>,
}

/// What a value is. Numbers are as they are written.
#[derive(Debug)]
pub(crate) enum ValueKind<'a> {
    Variable(&'a str),
    Int(&'a str),
    Float(&'a str),
    String {
        text: String,
        /// Whether it is written as a block string.
        block: bool,
    },
    Boolean(bool),
    Null,
    Enum(&'a str),
    List(Vec<Value<'a>>),
    Object(Vec<Argument<'a>>),
}

/// Equal wherever they are.
impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Equal wherever they are, and in whatever order the fields of objects are: the sense in
/// which arguments of fields that merge have to be equal.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (ValueKind::Variable(one), ValueKind::Variable(two))
            | (ValueKind::Int(one), ValueKind::Int(two))
            | (ValueKind::Float(one), ValueKind::Float(two))
            | (ValueKind::Enum(one), ValueKind::Enum(two)) => one == two,
            (
                ValueKind::String { text: one, block: first },
                ValueKind::String { text: two, block: second },
            ) => one == two && first == second,
            (ValueKind::Boolean(one), ValueKind::Boolean(two)) => one == two,
            (ValueKind::Null, ValueKind::Null) => true,
            (ValueKind::List(one), ValueKind::List(two)) => one == two,
            (ValueKind::Object(one), ValueKind::Object(two)) => same_arguments(one, two),
            _ => false,
        }
    }
}

/// Whether these are the same arguments in any order. Names are given once.
pub(crate) fn same_arguments(one: &[Argument<'_>], two: &[Argument<'_>]) -> bool {
    fn sorted<'b, 'a>(list: &'b [Argument<'a>]) -> Vec<&'b Argument<'a>> {
        let mut sorted: Vec<_> = list.iter().collect();
        sorted.sort_by_key(|argument| argument.name.text);
        sorted
    }
    // Each value is compared once: twice at each level would be 2 to the power of their depth.
    one.len() == two.len() && sorted(one) == sorted(two)
}
