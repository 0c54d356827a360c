//! How much a document asks for, fragments spread, without spreading them: a
//! few fragments that spread each other many times are an endless document.

use std::collections::HashMap;
use std::ops::AddAssign;

use async_graphql::Name;
use async_graphql::parser::types::{
    ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};

/// Most selection sets within each other, fragments counted. It bounds how far
/// whatever walks through the document recurses.
const MOST_SETS: usize = 32;

/// The size of a document. Of what is counted for an operation it is the most
/// that any of them has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Deepest nesting of fields.
    pub(crate) depth: usize,
    /// Selections of the largest operation; arguments and directives count as
    /// selections do.
    pub(crate) largest: usize,
    /// Fields of an operation that have an alias.
    pub(crate) aliases: usize,
    /// Fields of an operation at its root.
    pub(crate) root_fields: usize,
    /// Directives of an operation, its own and those of its variables included.
    pub(crate) directives: usize,
    /// Deepest nesting of the schema's own lists, in what asks for the schema.
    pub(crate) introspection: usize,
    /// Selections of all operations and fragments, and their variables.
    pub(crate) total: usize,
}

/// How many selections a variable counts as: validation looks through all of them
/// wherever one is used.
const VARIABLE: usize = 10;

/// The lists of the schema's own types. Each leads to types again, so that what
/// nests them grows by the size of the schema at every level. No type of ours has
/// fields of these names.
const SCHEMA_LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];

/// What cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endless {
    /// This fragment spreads itself.
    Circle(Name),
    /// There are more sets within each other than anything of use has.
    Deep,
}

/// Measures a document that was not validated.
pub(crate) fn measure(document: &ExecutableDocument) -> Result<Size, Endless> {
    let mut measure = Measure { document, known: HashMap::new() };
    let mut size = Size::default();
    for (_, operation) in document.operations.iter() {
        let extent = measure.set(&operation.node.selection_set.node, 1)?;
        let directives = extent.directives.saturating_add(outer_directives(&operation.node));
        size.depth = size.depth.max(extent.depth);
        size.largest = size.largest.max(extent.selections);
        size.aliases = size.aliases.max(extent.aliases);
        size.root_fields = size.root_fields.max(extent.fields);
        size.directives = size.directives.max(directives);
        size.introspection = size.introspection.max(extent.introspection);
        let variables = operation.node.variable_definitions.len().saturating_mul(VARIABLE);
        size.total = size.total.saturating_add(extent.selections).saturating_add(variables);
    }
    for name in document.fragments.keys() {
        let extent = measure.fragment(name, 1)?;
        size.total = size.total.saturating_add(extent.selections);
    }
    Ok(size)
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// Of each fragment once it is known; `None` while it is being measured.
    known: HashMap<&'a str, Option<Extent>>,
}

/// The extent of a selection set.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    selections: usize,
    /// Fields of the set itself.
    fields: usize,
    aliases: usize,
    directives: usize,
    introspection: usize,
    depth: usize,
    sets: usize,
}

impl<'a> Measure<'a> {
    /// `level` sets hold this one, itself counted.
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Extent, Endless> {
        if level > MOST_SETS {
            return Err(Endless::Deep);
        }
        let mut extent = Extent { sets: 1, ..Extent::default() };
        for item in &set.items {
            extent.selections = extent.selections.saturating_add(arguments(&item.node));
            let directives = item.node.directives().len();
            extent.directives = extent.directives.saturating_add(directives);
            extent += match &item.node {
                Selection::Field(field) => {
                    let set = &field.node.selection_set.node;
                    let inner = if set.items.is_empty() {
                        Extent::default()
                    } else {
                        self.set(set, level + 1)?
                    };
                    let alias = usize::from(field.node.alias.is_some());
                    Extent {
                        fields: 1,
                        aliases: inner.aliases.saturating_add(alias),
                        depth: inner.depth.saturating_add(1),
                        introspection: inner.introspection
                            + usize::from(SCHEMA_LISTS.contains(&field.node.name.node.as_str())),
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
            if level + extent.sets > MOST_SETS + 1 {
                return Err(Endless::Deep);
            }
        }
        Ok(extent)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Extent, Endless> {
        match self.known.get(name.as_str()) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => return Err(Endless::Circle(name.clone())),
            None => {}
        }
        // Validation says which fragments are missing.
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Extent::default());
        };
        self.known.insert(name, None);
        let extent = self.set(&fragment.node.selection_set.node, level)?;
        self.known.insert(name, Some(extent));
        Ok(extent)
    }
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

impl AddAssign for Extent {
    /// Adds a selection that holds another extent.
    fn add_assign(&mut self, inner: Self) {
        self.selections = self.selections.saturating_add(inner.selections).saturating_add(1);
        self.fields = self.fields.saturating_add(inner.fields);
        self.aliases = self.aliases.saturating_add(inner.aliases);
        self.directives = self.directives.saturating_add(inner.directives);
        self.introspection = self.introspection.max(inner.introspection);
        self.depth = self.depth.max(inner.depth);
        self.sets = self.sets.max(inner.sets.saturating_add(1));
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use async_graphql::parser::parse_query;

    use super::*;

    fn of(text: &str) -> Result<Size, Endless> {
        measure(&parse_query(text).unwrap())
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
        assert!(matches!(of(circle), Err(Endless::Circle(_))));
        // The chain is not even used, and may be met at any of its links.
        let mut chain = "{ a }".to_owned();
        for n in 0..20_000 {
            let _ = write!(chain, "fragment f{n} on T {{ ...f{} }}", n + 1);
        }
        chain.push_str("fragment f20000 on T { b }");
        assert_eq!(of(&chain), Err(Endless::Deep));
        let sets = |n: usize| format!("{}{{ a {}", "{ ... ".repeat(n - 1), "}".repeat(n));
        assert!(of(&sets(MOST_SETS)).is_ok());
        assert_eq!(of(&sets(MOST_SETS + 1)), Err(Endless::Deep));
    }
}
