//! The types of filters, made of the model.

use async_graphql::registry::{MetaInputValue, MetaType, Registry};

use super::comparison::{self, Operand};
use super::type_names::filter_name;
use crate::catalog::Kind;
use crate::graphql::schema::meta::input;
use crate::graphql::schema::model::{Field, FieldValue, Inputs, ObjectType, Type};
use crate::graphql::schema::scalars;
use crate::query::{Comparison, Quantifier};

/// All of these.
pub(super) const AND: &str = "and";
/// Any of these.
pub(super) const OR: &str = "or";
/// Not this.
pub(super) const NOT: &str = "not";
/// Words to look for.
pub(super) const KEYWORD: &str = "keyword";
/// How many of the rows that refer to one must match, and what that says.
pub(super) const QUANTIFIERS: [(&str, Quantifier, &str); 3] = [
    ("some", Quantifier::Some, "At least one of them matches."),
    ("every", Quantifier::Every, "All of them match; also where there are none."),
    ("none", Quantifier::None, "None of them matches; also where there are none."),
];
/// How many rows refer to one.
pub(super) const COUNT: &str = "count";
/// The type that compares it.
pub(super) const COUNT_FILTER: &str = "CountFilter";
/// The type that compares global ids.
pub(super) const ID_FILTER: &str = "IDFilter";

/// What holds for all filters.
pub(super) const MEANING: &str = "All fields given must hold; without any it matches everything. Leave out \
                       what is not asked for: null is refused, and a variable that is not given \
                       counts as left out. At most 10 filters in each other and 500 conditions.";

/// The name of the filter by the rows that refer to one.
pub(super) fn list_filter_name(of: &Type) -> String {
    format!("{}ListFilter", of.shape.name)
}

/// The name of the filter by a group of fields.
pub(super) fn group_filter_name(group: &ObjectType) -> String {
    format!("{}Filter", group.name)
}

/// Makes the filter of an entity known, and those it leads to.
pub(super) fn filter(registry: &mut Registry, entity: &'static Type) {
    let name = filter_name(entity);
    if registry.types.contains_key(&name) {
        return;
    }
    let description = format!("Which rows of {} are meant. {MEANING}", entity.shape.name);
    // Known before its fields are, because they may lead back to it.
    insert(registry, &name, &description, Vec::new());
    let mut fields = shape(registry, &entity.shape, &name);
    for path in &entity.inputs.paths {
        filter(registry, path.to);
        fields.push(input(
            path.name,
            &filter_name(path.to),
            &format!("The {} it leads to is there and matches.", path.to.shape.name),
        ));
    }
    if let Inputs { keyword: Some(keyword), .. } = &entity.inputs {
        let description = format!(
            "Each of these words is found, ignoring case, in one of: {}. Without any word it \
             matches everything.",
            keyword.description
        );
        fields.push(input(KEYWORD, "String", &description));
    }
    insert(registry, &name, &description, fields);
}

/// The fields of a filter by the fields of a shape.
fn shape(registry: &mut Registry, shape: &'static ObjectType, name: &str) -> Vec<MetaInputValue> {
    let list = format!("[{name}!]");
    let mut fields = vec![
        input(AND, &list, "All of these match; an empty list matches everything."),
        input(OR, &list, "One of these matches; an empty list matches nothing."),
        input(NOT, name, "This does not match, also because something is null."),
    ];
    fields.extend(shape.fields.iter().filter_map(|entry| field(registry, entry)));
    fields
}

fn field(registry: &mut Registry, field: &'static Field) -> Option<MetaInputValue> {
    let (ty, description) = match &field.value {
        FieldValue::Id => {
            ids(registry);
            (ID_FILTER.to_owned(), field.description.to_owned())
        }
        FieldValue::Column(column) => {
            let name = compared(registry, Operand::of(column)?);
            (name, field.description.to_owned())
        }
        FieldValue::One(to, _) => {
            filter(registry, to);
            (filter_name(to), format!("It is there and matches: {}", field.description))
        }
        FieldValue::Many(of, _) => {
            (listed(registry, of), format!("How many of these match: {}", field.description))
        }
        FieldValue::Group(group) | FieldValue::GroupUnlessNull(group, _) => {
            let name = group_filter_name(group);
            if !registry.types.contains_key(&name) {
                let description = format!("{} {MEANING}", group.description);
                insert(registry, &name, &description, Vec::new());
                let fields = shape(registry, group, &name);
                insert(registry, &name, &description, fields);
            }
            (name, field.description.to_owned())
        }
        FieldValue::Measures(_)
        | FieldValue::Sales(..)
        | FieldValue::Measure(..)
        | FieldValue::Percentile(..)
        | FieldValue::Converted(..)
        | FieldValue::Link(_) => return None,
    };
    Some(input(field.name, &ty, &description))
}

/// Makes the type known that compares values with others.
pub(super) fn compared(registry: &mut Registry, operand: Operand) -> String {
    let name = operand.filter_name();
    if registry.types.contains_key(&name) {
        return name;
    }
    let more = match operand {
        Operand::Scalar(kind) => {
            scalars::register(registry, scalars::type_name(kind));
            match kind {
                Kind::LocalDateTime => " Instead of its midnight a bare date may be given.",
                Kind::DateTime => " Any offset may be given.",
                Kind::Decimal => " At most 1000 digits; they are compared exactly.",
                Kind::Text => " At most 10000 bytes; order and case are those of the database.",
                _ => "",
            }
        }
        Operand::Code(..) => "",
    };
    let description = format!(
        "Compares values of type {}; all given must hold.{more} What is null only matches isNull.",
        operand.type_name()
    );
    let fields = operand
        .operators()
        .map(|operator| input(operator.name, &operator.takes(operand), operator.description))
        .collect();
    insert(registry, &name, &description, fields);
    name
}

fn ids(registry: &mut Registry) {
    let fields = vec![
        input("eq", "ID", "The row with this id."),
        input("in", "[ID!]", "The rows with these ids; an empty list matches nothing."),
    ];
    insert(registry, ID_FILTER, "Picks rows by their global ids.", fields);
}

fn listed(registry: &mut Registry, of: &'static Type) -> String {
    let name = list_filter_name(of);
    filter(registry, of);
    if registry.types.contains_key(&name) {
        return name;
    }
    let element = filter_name(of);
    let mut fields: Vec<MetaInputValue> = QUANTIFIERS
        .iter()
        .map(|(quantifier, _, description)| input(quantifier, &element, description))
        .collect();
    fields.push(input(COUNT, COUNT_FILTER, "Their number is as this says."));
    let description =
        format!("How many of a list's rows of {} match; all given must hold.", of.shape.name);
    insert(registry, &name, &description, fields);
    let numbers = comparison::plain()
        .map(|(operator, comparison)| {
            // There is always a number.
            let description = match comparison {
                Comparison::Ne => "Not equal to this.",
                _ => operator.description,
            };
            input(operator.name, "Int", description)
        })
        .collect();
    insert(registry, COUNT_FILTER, "Compares a number of rows; all given must hold.", numbers);
    name
}

/// Makes an input type known.
pub(in crate::graphql) fn insert(
    registry: &mut Registry,
    name: &str,
    description: &str,
    fields: Vec<MetaInputValue>,
) {
    let object = MetaType::InputObject {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        input_fields: fields.into_iter().map(|field| (field.name.clone(), field)).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        oneof: false,
        directive_invocations: Vec::new(),
    };
    registry.types.insert(name.to_owned(), object);
}
