//! The size of a document as if its fragments were spread, without spreading them: a few
//! fragments that spread each other can make an exponential document.

use std::collections::HashMap;
use std::ops::AddAssign;

use async_graphql::Name;
use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};

use crate::graphql::schema::form::Form;

/// Most nested selection sets, fragments included. It bounds all recursion over documents.
const MAX_SETS: usize = 32;

/// The size of a document; counts of an operation are those of the largest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Deepest nesting of fields.
    pub(crate) depth: usize,
    /// Selections of an operation; arguments and directives count as selections.
    pub(crate) largest: usize,
    /// Aliases of an operation.
    pub(crate) aliases: usize,
    /// Root fields of an operation.
    pub(crate) root_fields: usize,
    /// Directives of an operation and its variables.
    pub(crate) directives: usize,
    /// Deepest nesting of lists in introspection.
    pub(crate) introspection: usize,
    /// The field by which an operation asks for the schema, if any does.
    pub(crate) asks_schema: Option<&'static str>,
    /// Selections of all operations and fragments, with their variables.
    pub(crate) total: usize,
}

/// The selections that a variable counts as: at each use validation searches all of them.
const VARIABLE: usize = 10;

/// The lists of introspection types. Each leads to types again, so the response grows by
/// the size of the schema at every level. No other type has fields of these names.
const SCHEMA_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// The root fields that tell the schema; the last, where it is that of a subgraph. `__typename`
/// does not.
const SCHEMA_ROOTS: [&str; 3] = ["__schema", "__type", SERVICE];
const SERVICE: &str = "_service";

/// Why a document has no size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SizeError {
    /// This fragment spreads itself.
    FragmentCycle(Name),
    /// Selection sets are nested too deeply.
    TooDeep,
}

/// The size of a document, which need not be valid.
pub(crate) fn size_of(document: &ExecutableDocument, form: Form) -> Result<Size, SizeError> {
    let mut sizer = Sizer { document, form, known: HashMap::new() };
    let mut size = Size::default();
    for (_, operation) in document.operations.iter() {
        let extent = sizer.set(&operation.node.selection_set.node, 1)?;
        let directives = extent.directives.saturating_add(outer_directives(&operation.node));
        size.depth = size.depth.max(extent.depth);
        size.largest = size.largest.max(extent.selections);
        size.aliases = size.aliases.max(extent.aliases);
        size.root_fields = size.root_fields.max(extent.fields);
        size.directives = size.directives.max(directives);
        size.introspection = size.introspection.max(extent.introspection);
        size.asks_schema = size.asks_schema.or(extent.asks_schema);
        let variables = operation.node.variable_definitions.len().saturating_mul(VARIABLE);
        size.total = size.total.saturating_add(extent.selections).saturating_add(variables);
    }
    for name in document.fragments.keys() {
        let extent = sizer.fragment(name, 1)?;
        size.total = size.total.saturating_add(extent.selections);
    }
    Ok(size)
}

struct Sizer<'a> {
    document: &'a ExecutableDocument,
    form: Form,
    /// The size of each fragment; `None` while it is computed.
    known: HashMap<&'a str, Option<SetSize>>,
}

/// The size of a selection set.
#[derive(Debug, Clone, Copy, Default)]
struct SetSize {
    selections: usize,
    /// Fields of the set itself.
    fields: usize,
    aliases: usize,
    directives: usize,
    introspection: usize,
    asks_schema: Option<&'static str>,
    depth: usize,
    sets: usize,
}

impl<'a> Sizer<'a> {
    /// `level` counts the sets around this one, and itself.
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<SetSize, SizeError> {
        if level > MAX_SETS {
            return Err(SizeError::TooDeep);
        }
        let mut extent = SetSize { sets: 1, ..SetSize::default() };
        for item in &set.items {
            extent.selections = extent.selections.saturating_add(arguments(&item.node));
            let directives = item.node.directives().len();
            extent.directives = extent.directives.saturating_add(directives);
            extent += match &item.node {
                Selection::Field(field) => {
                    let set = &field.node.selection_set.node;
                    let inner = if set.items.is_empty() {
                        SetSize::default()
                    } else {
                        self.set(set, level + 1)?
                    };
                    let alias = usize::from(field.node.alias.is_some());
                    let name = field.node.name.node.as_str();
                    SetSize {
                        fields: 1,
                        asks_schema: inner.asks_schema.or_else(|| schema_root(name, self.form)),
                        aliases: inner.aliases.saturating_add(alias),
                        depth: inner.depth.saturating_add(1),
                        introspection: inner.introspection
                            + usize::from(SCHEMA_LISTS.contains(&name)),
                        ..inner
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.set(&fragment.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1)?
                }
            };
            if level + extent.sets > MAX_SETS + 1 {
                return Err(SizeError::TooDeep);
            }
        }
        Ok(extent)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<SetSize, SizeError> {
        match self.known.get(name.as_str()) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => return Err(SizeError::FragmentCycle(name.clone())),
            None => {}
        }
        // Validation reports missing fragments.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(SetSize::default());
        };
        self.known.insert(name, None);
        let extent = self.set(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(extent));
        Ok(extent)
    }
}

/// The field of this name, if it tells the schema.
fn schema_root(name: &str, form: Form) -> Option<&'static str> {
    let is_known = |root: &&str| *root != SERVICE || form == Form::Subgraph;
    SCHEMA_ROOTS.into_iter().filter(is_known).find(|root| *root == name)
}

/// Arguments and directives of a selection.
fn arguments(selection: &Selection) -> usize {
    let own = match selection {
        Selection::Field(field) => field.node.arguments.len(),
        _ => 0,
    };
    let directives = selection.directives().iter();
    directives.fold(own, |sum, directive| sum + 1 + directive.node.arguments.len())
}

/// Directives of an operation outside of its selections.
fn outer_directives(operation: &OperationDefinition) -> usize {
    let variables = operation.variable_definitions.iter();
    variables.map(|variable| variable.node.directives.len()).sum::<usize>()
        + operation.directives.len()
}

impl AddAssign for SetSize {
    /// Adds a selection with a set of this size.
    fn add_assign(&mut self, inner: Self) {
        self.selections = self.selections.saturating_add(inner.selections).saturating_add(1);
        self.fields = self.fields.saturating_add(inner.fields);
        self.aliases = self.aliases.saturating_add(inner.aliases);
        self.directives = self.directives.saturating_add(inner.directives);
        self.introspection = self.introspection.max(inner.introspection);
        self.asks_schema = self.asks_schema.or(inner.asks_schema);
        self.depth = self.depth.max(inner.depth);
        self.sets = self.sets.max(inner.sets.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;

    use super::*;

    fn of(text: &str) -> Result<Size, SizeError> {
        size_of(&parse_query(text).unwrap(), Form::Api)
    }

    #[test]
    fn every_selection_counts_where_it_is_spread() {
        let text =
            "{ a { __typename ...f } b { ...f } } fragment f on T { c { d } ... on U { e } }";
        // a, __typename, ...f, c, d, ..., e; b, ...f, c, d, ..., e; and those of f.
        let size = of(text).unwrap();
        assert_eq!((size.depth, size.largest, size.total), (3, 13, 17));
        let many = format!("{{ {} }}", "__typename ".repeat(5_000));
        assert_eq!(of(&many).unwrap().largest, 5_000);
        assert_eq!(of("query($a: Int, $b: Int) { a }").unwrap().total, 21);
        assert_eq!(of("{ a(b: 1, c: 2) @skip(if: true) { d } }").unwrap().largest, 6);
    }

    #[test]
    fn aliases_root_fields_and_directives_count_where_they_are_spread() {
        let text = "query A($a: Int @a) @b { x: a @c { y: b ...f @d } ...f ...f ... { b } }
            query B { z: a } fragment f on Query @unseen { v: c @e w: d }";
        let size = of(text).unwrap();
        // x, y and three times v, w.
        assert_eq!(size.aliases, 8);
        // a, b and twice c, d.
        assert_eq!(size.root_fields, 6);
        // a, b, c, d and three times e.
        assert_eq!(size.directives, 7);
    }

    #[test]
    fn what_tells_the_schema_is_found_where_there_is_such_a_field() {
        for (text, of_api, of_subgraph) in [
            ("{ a { __typename } }", None, None),
            ("{ a ...f } fragment f on Query { b: __type }", Some("__type"), Some("__type")),
            ("query a { a } query b { __schema }", Some("__schema"), Some("__schema")),
            ("{ ... { a: _service } }", None, Some("_service")),
        ] {
            let document = parse_query(text).unwrap();
            let asks = |form| size_of(&document, form).unwrap().asks_schema;
            assert_eq!((asks(Form::Api), asks(Form::Subgraph)), (of_api, of_subgraph), "{text}");
        }
    }

    #[test]
    fn a_bomb_is_measured_at_once() {
        let mut text = "{ ...f0 }".to_owned();
        for n in 0..25 {
            let inner = format!("...f{} ", n + 1).repeat(1_000);
            let _ = write!(text, "fragment f{n} on Query {{ {inner} }}");
        }
        text.push_str("fragment f25 on Query { b: a @c }");
        let Size { largest, aliases, root_fields, directives, .. } = of(&text).unwrap();
        assert_eq!([largest, aliases, root_fields, directives], [usize::MAX; 4]);
    }

    #[test]
    fn circles_and_chains_end() {
        let circle = "{ a } fragment f on T { ...g } fragment g on T { b { ...f } }";
        assert!(matches!(of(circle), Err(SizeError::FragmentCycle(_))));
        // The chain is not even used, and may be met at any of its links.
        let mut chain = "{ a }".to_owned();
        for n in 0..20_000 {
            let _ = write!(chain, "fragment f{n} on T {{ ...f{} }}", n + 1);
        }
        chain.push_str("fragment f20000 on T { b }");
        assert_eq!(of(&chain), Err(SizeError::TooDeep));
        let sets = |n: usize| format!("{}{{ a {}", "{ ... ".repeat(n - 1), "}".repeat(n));
        assert!(of(&sets(MAX_SETS)).is_ok());
        assert_eq!(of(&sets(MAX_SETS + 1)), Err(SizeError::TooDeep));
    }
}
