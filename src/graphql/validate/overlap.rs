//! Fields of one response key can be merged: they have one shape, and where an object can
//! have both they are the same field with the same arguments.
//!
//! Instead of comparing all pairs, each field is compared with the first of its group, and
//! the selections of a group are compared as one set, so the time grows with the size of
//! the document, its fragments spread, which is limited before.

use std::collections::{HashMap, HashSet};

use async_graphql::Pos;
use async_graphql::parser::types::{BaseType, Type};

use super::errors::Errors;
use super::types::{FieldDefinition, Types, named};
use crate::graphql::language::ast::{
    Document, Field, Fragment, Selection, SelectionSet, same_arguments,
};
use crate::graphql::schema::root_fields::root_name;

/// Most fields that are compared in a document. Those of an interface count for each type.
const MOST: usize = 500_000;

/// Checks a document that is valid otherwise, and has no circles of fragments.
pub(super) fn check<'a>(types: &'a Types, document: &'a Document<'a>, errors: &mut Errors) {
    let fragments = document.fragments.iter();
    let fragments = fragments.map(|fragment| (fragment.name.text, fragment)).collect();
    let mut rule = Overlap { types, fragments, compared: 0 };
    let operations = document.operations.iter();
    let operations = operations.map(|operation| (root_name(operation.kind), &operation.set));
    let fragments = document.fragments.iter().map(|fragment| (fragment.on.text, &fragment.set));
    for root in operations.chain(fragments) {
        let fields = rule.collect([root]);
        if let Err((pos, message)) = rule.shapes(&fields).and_then(|()| rule.merge(&fields)) {
            return errors.add(pos, message);
        }
    }
}

struct Overlap<'a> {
    types: &'a Types,
    fragments: HashMap<&'a str, &'a Fragment<'a>>,
    compared: usize,
}

/// A field and the type it is selected on.
#[derive(Clone, Copy)]
struct Placed<'a> {
    parent: &'a str,
    field: &'a Field<'a>,
    definition: &'a FieldDefinition,
}

type Checked = Result<(), (Pos, String)>;

impl<'a> Overlap<'a> {
    /// The fields of selection sets on types, fragments spread.
    fn collect(
        &mut self,
        sets: impl IntoIterator<Item = (&'a str, &'a SelectionSet<'a>)>,
    ) -> Vec<Placed<'a>> {
        let (mut fields, mut spread) = (Vec::new(), HashSet::new());
        for (parent, set) in sets {
            self.collect_into(&mut fields, &mut spread, parent, set);
        }
        self.compared = self.compared.saturating_add(fields.len());
        fields
    }

    fn collect_into(
        &self,
        fields: &mut Vec<Placed<'a>>,
        spread: &mut HashSet<&'a str>,
        parent: &'a str,
        set: &'a SelectionSet<'a>,
    ) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    let definition = self.types.field(parent, field.name.text);
                    fields.extend(definition.map(|definition| Placed {
                        parent,
                        field,
                        definition,
                    }));
                }
                Selection::Inline(inline) => {
                    let on = inline.on.map_or(parent, |on| on.text);
                    self.collect_into(fields, spread, on, &inline.set);
                }
                Selection::Spread(named) => {
                    if let Some(fragment) = self.fragments.get(named.name.text)
                        && spread.insert(named.name.text)
                    {
                        self.collect_into(fields, spread, fragment.on.text, &fragment.set);
                    }
                }
            }
        }
    }

    /// The selections of a group as one set.
    fn below(&mut self, group: &[Placed<'a>]) -> Vec<Placed<'a>> {
        self.collect(
            group.iter().filter_map(|placed| {
                Some((named(&placed.definition.ty), placed.field.set.as_ref()?))
            }),
        )
    }

    /// Whether all fields of a key have one shape, also where no object can have both.
    fn shapes(&mut self, fields: &[Placed<'a>]) -> Checked {
        self.spend(fields)?;
        for group in by_key(fields) {
            let Some((first, rest)) = group.split_first() else { continue };
            let ty = &first.definition.ty;
            if let Some(other) = rest.iter().find(|it| !self.same_shape(ty, &it.definition.ty)) {
                let other_ty = &other.definition.ty;
                return Err(different(other, &format!("they are {ty} and {other_ty}")));
            }
            let below = self.below(&group);
            self.shapes(&below)?;
        }
        Ok(())
    }

    /// Whether the fields of a key that an object can have together are the same.
    fn merge(&mut self, fields: &[Placed<'a>]) -> Checked {
        self.spend(fields)?;
        for group in by_key(fields) {
            for group in self.by_object(group) {
                let Some((first, rest)) = group.split_first() else { continue };
                for other in rest {
                    let (one, two) = (first.field, other.field);
                    if one.name != two.name {
                        let (one, two) = (one.name.text, two.name.text);
                        return Err(different(other, &format!("they are {one} and {two}")));
                    }
                    if !std::ptr::eq(one, two) && !same_arguments(&one.arguments, &two.arguments) {
                        return Err(different(other, "their arguments differ"));
                    }
                }
                let below = self.below(&group);
                self.merge(&below)?;
            }
        }
        Ok(())
    }

    /// Fields by the object type they are selected on, those on interfaces in each group.
    fn by_object(&self, fields: Vec<Placed<'a>>) -> Vec<Vec<Placed<'a>>> {
        if fields.iter().all(|placed| fields.first().is_some_and(|it| it.parent == placed.parent)) {
            return vec![fields];
        }
        let (objects, others): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|placed| self.types.is_object(placed.parent));
        let groups = grouped(objects, |placed| placed.parent);
        if groups.is_empty() {
            return vec![others];
        }
        let with_others = |mut group: Vec<Placed<'a>>| {
            group.extend(&others);
            group
        };
        groups.into_iter().map(with_others).collect()
    }

    fn spend(&self, fields: &[Placed<'a>]) -> Checked {
        match fields.first() {
            Some(first) if self.compared > MOST => {
                let message = "the document selects too many fields of the same names".to_owned();
                Err((first.field.pos, message))
            }
            _ => Ok(()),
        }
    }

    fn same_shape(&self, one: &Type, other: &Type) -> bool {
        one.nullable == other.nullable
            && match (&one.base, &other.base) {
                (BaseType::List(one), BaseType::List(other)) => self.same_shape(one, other),
                (BaseType::Named(one), BaseType::Named(other)) => {
                    one == other || (self.types.is_composite(one) && self.types.is_composite(other))
                }
                _ => false,
            }
    }
}

fn by_key<'a>(fields: &[Placed<'a>]) -> Vec<Vec<Placed<'a>>> {
    grouped(fields.iter().copied(), |placed| placed.field.key().text)
}

/// Groups in the order of their first fields.
fn grouped<'a>(
    fields: impl IntoIterator<Item = Placed<'a>>,
    key: impl Fn(&Placed<'a>) -> &'a str,
) -> Vec<Vec<Placed<'a>>> {
    let (mut groups, mut known) = (Vec::<Vec<_>>::new(), HashMap::new());
    for placed in fields {
        let index = *known.entry(key(&placed)).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.push(placed),
            None => groups.push(vec![placed]),
        }
    }
    groups
}

fn different(placed: &Placed<'_>, why: &str) -> (Pos, String) {
    let key = placed.field.key().text;
    let message = format!("the selections of {key} ask for different things: {why}; give aliases");
    (placed.field.pos, message)
}
