//! The schema's types, made of their [`model`](super::model).

use async_graphql::indexmap::{IndexMap, IndexSet};
use async_graphql::parser::types::OperationType;
use async_graphql::registry::{MetaEnumValue, MetaField, MetaInputValue, MetaType, Registry};

use super::meta::{fields, input, object, plain};
use super::model::{Argument, Field, FieldValue, ObjectType, RootField, RootValue, Type};
use super::{root_fields, scalars};
use crate::catalog::Enumeration;
use crate::graphql::{inputs, types};

/// Name and description of the interface of all entities.
const NODE: (&str, &str) = ("Node", "Anything with a global id.");

/// Makes a root and all it refers to known.
pub(crate) fn root(registry: &mut Registry, kind: OperationType) {
    let name = root_fields::root_name(kind);
    let description = match kind {
        OperationType::Query => "Everything that can be read.",
        OperationType::Mutation => "Everything that can be changed.",
        OperationType::Subscription => "What can be followed while it changes.",
    };
    let list: Vec<MetaField> =
        root_fields::fields(kind).iter().map(|field| root_field(registry, field)).collect();
    let is_subscription = matches!(kind, OperationType::Subscription);
    let mut meta = object(name, description, list);
    if let MetaType::Object { is_subscription: is, .. } = &mut meta {
        *is = is_subscription;
    }
    registry.types.insert(name.to_owned(), meta);
}

/// A field of a root; all it refers to becomes known.
pub(crate) fn root_field(registry: &mut Registry, field: &'static RootField) -> MetaField {
    node(registry);
    let (ty, of) = match &field.value {
        RootValue::Key(of) | RootValue::Id(of) | RootValue::Followed { of, .. } => {
            entity(registry, of);
            (of.shape.name.to_owned(), None)
        }
        RootValue::Value(of, column) => {
            entity(registry, of);
            let ty = scalars::type_name(column.kind);
            scalars::register(registry, ty);
            (ty.to_owned(), None)
        }
        RootValue::List { of, .. } => {
            entity(registry, of);
            (connection_name(of), Some(*of))
        }
        RootValue::Groups(of) => {
            groups(registry, of);
            (connection_name(of), None)
        }
        RootValue::Node => (NODE.0.to_owned(), None),
        RootValue::Nodes => (format!("[{}]", NODE.0), None),
        RootValue::Entities => ("[_Entity]!".to_owned(), None),
        RootValue::Service => ("_Service!".to_owned(), None),
        RootValue::Command { returns, .. } => {
            shape(registry, &returns.shape);
            (returns.shape.name.to_owned(), None)
        }
    };
    let mut meta = plain(field.name, field.description, ty);
    for own in field.arguments {
        let argument = input(own.name, own.ty, own.description);
        meta.args.insert(own.name.to_owned(), argument);
    }
    match (&field.value, of) {
        (_, Some(of)) => meta.args.extend(list_arguments(of)),
        (RootValue::Groups(_), None) => meta.args.extend(page_arguments()),
        // GraphQL knows no input type without fields.
        (RootValue::Command { input: fields, .. }, None) if !fields.is_empty() => {
            let ty = command_input(registry, field.name, fields);
            let argument = input(inputs::INPUT, &format!("{ty}!"), "What it works on.");
            meta.args.insert(inputs::INPUT.to_owned(), argument);
        }
        _ => {}
    }
    meta
}

/// Makes the type of a command's input known: `ReplayRejectsInput` of `replayRejects`.
fn command_input(registry: &mut Registry, field: &str, fields: &[Argument]) -> String {
    let (first, rest) = field.split_at(1);
    let name = format!("{}{rest}Input", first.to_ascii_uppercase());
    for field in fields {
        scalars::register(registry, field.ty.trim_matches(['[', ']', '!']));
    }
    let fields = fields.iter().map(|field| input(field.name, field.ty, field.description));
    inputs::register_object(registry, &name, &format!("What {field} takes."), fields.collect());
    name
}

/// Makes an entity, its connection and all they refer to known.
pub(crate) fn entity(registry: &mut Registry, entity: &'static Type) {
    let name = entity.shape.name;
    if registry.types.contains_key(name) {
        return;
    }
    shape(registry, &entity.shape);
    registry.add_implements(name, NODE.0);
    connection(registry, name);
    inputs::register(registry, entity);
    node(registry);
}

/// Makes groups of sales, their connection and all they refer to known.
fn groups(registry: &mut Registry, groups: &'static Type) {
    shape(registry, &groups.shape);
    connection(registry, groups.shape.name);
    inputs::register_groups(registry);
}

/// The name of the type of an edge of an entity's connection.
pub(crate) fn edge_name(entity: &Type) -> String {
    format!("{}Edge", entity.shape.name)
}

/// The name of an entity's connection type.
pub(crate) fn connection_name(entity: &Type) -> String {
    format!("{}Connection", entity.shape.name)
}

/// Makes the interface and all that implement it known.
pub(crate) fn node(registry: &mut Registry) {
    if registry.types.contains_key(NODE.0) {
        return;
    }
    let id = Field::ID;
    registry.types.insert(
        NODE.0.to_owned(),
        MetaType::Interface {
            name: NODE.0.to_owned(),
            description: Some(NODE.1.to_owned()),
            fields: fields([plain(id.name, id.description, "ID!".to_owned())]),
            possible_types: types::ALL
                .iter()
                .map(|entity| entity.shape.name.to_owned())
                .collect::<IndexSet<_>>(),
            extends: false,
            inaccessible: false,
            tags: Vec::new(),
            keys: None,
            visible: None,
            rust_typename: None,
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        },
    );
    for known in types::ALL.iter() {
        entity(registry, known);
    }
}

fn shape(registry: &mut Registry, shape: &'static ObjectType) {
    if registry.types.contains_key(shape.name) {
        return;
    }
    // Known before its fields are, because they may lead back to it.
    registry.types.insert(shape.name.to_owned(), object(shape.name, shape.description, []));
    let list: Vec<MetaField> = shape.fields.iter().map(|entry| field(registry, entry)).collect();
    registry.types.insert(shape.name.to_owned(), object(shape.name, shape.description, list));
}

fn field(registry: &mut Registry, field: &'static Field) -> MetaField {
    let (ty, nullable) = match &field.value {
        FieldValue::Id => ("ID".to_owned(), false),
        FieldValue::Column(column) => {
            let ty = match column.codes {
                Some(codes) => {
                    enumeration(registry, codes);
                    codes.name
                }
                None => {
                    let ty = scalars::type_name(column.kind);
                    scalars::register(registry, ty);
                    ty
                }
            };
            (ty.to_owned(), column.nullable || column.is_personal || column.is_of_loads)
        }
        FieldValue::One(to, from) => {
            entity(registry, to);
            (to.shape.name.to_owned(), from.iter().any(|column| column.nullable))
        }
        FieldValue::Many(of, _) => {
            entity(registry, of);
            (connection_name(of), false)
        }
        FieldValue::Group(group) => {
            shape(registry, group);
            (group.name.to_owned(), false)
        }
        FieldValue::GroupUnlessNull(group, _) => {
            shape(registry, group);
            (group.name.to_owned(), true)
        }
        FieldValue::Measures(measures) | FieldValue::Sales(measures, _) => {
            shape(registry, measures);
            (measures.name.to_owned(), false)
        }
        FieldValue::Measure(measure, shown) => {
            // What is not known in a currency is null.
            let nullable = !measure.is_zero_of_nothing() || measure.is_amount();
            (scalars::shown(registry, *shown).to_owned(), nullable)
        }
        FieldValue::Percentile(_, shown) => (scalars::shown(registry, *shown).to_owned(), true),
        FieldValue::Link(_) => ("String".to_owned(), true),
        FieldValue::Converted(..) => {
            shape(registry, &types::CONVERTED_AMOUNT.shape);
            (types::CONVERTED_AMOUNT.shape.name.to_owned(), false)
        }
    };
    let ty = if nullable { ty } else { format!("{ty}!") };
    let mut meta = plain(field.name, field.description, ty);
    meta.args = match &field.value {
        FieldValue::Many(of, _) => list_arguments(of),
        FieldValue::Measures(_) | FieldValue::Sales(..) => {
            let filter = inputs::filter_name(&types::SALES_ORDER_LINE);
            let description = "Keeps what is measured to the order lines that fulfil it.";
            let filter = input(inputs::FILTER, &filter, description);
            scalars::register(registry, "Currency");
            let description = "The currency of the amounts, each by the last rate on or before \
                               the date of its order; USD by default.";
            let currency = input(inputs::IN, "Currency", description);
            IndexMap::from([(inputs::FILTER.to_owned(), filter), (inputs::IN.to_owned(), currency)])
        }
        FieldValue::Converted(..) => {
            scalars::register(registry, "Currency");
            let currency = input(inputs::CURRENCY, "Currency!", "The currency of the amount.");
            IndexMap::from([(inputs::CURRENCY.to_owned(), currency)])
        }
        FieldValue::Percentile(..) => {
            let share = input("p", "Float!", "Which share of the lines is below, 0 to 1.");
            IndexMap::from([("p".to_owned(), share)])
        }
        FieldValue::Link(_) => {
            let description = "How long the link lasts, in seconds: 1 to 604800, by default 900.";
            let expires_in = input(inputs::EXPIRES_IN, "Int", description);
            IndexMap::from([(inputs::EXPIRES_IN.to_owned(), expires_in)])
        }
        _ => IndexMap::new(),
    };
    meta
}

fn connection(registry: &mut Registry, name: &str) {
    let page_info = object(
        "PageInfo",
        "Where a page stands in its list.",
        [
            plain("endCursor", "Cursor of the last row; null on an empty page.", "String".into()),
            plain("hasNextPage", "Whether rows follow this page.", "Boolean!".into()),
            plain("hasPreviousPage", "Whether rows come before this page.", "Boolean!".into()),
            plain(
                "startCursor",
                "Cursor of the first row; null on an empty page.",
                "String".into(),
            ),
        ],
    );
    registry.types.entry("PageInfo".to_owned()).or_insert(page_info);
    let edge = object(
        &format!("{name}Edge"),
        &format!("A {name} in a list."),
        [
            plain(
                "cursor",
                "Opaque; as `after` it asks for the rows that follow this one, as `before` for those \
                 that precede it, in the same list and order.",
                "String!".into(),
            ),
            plain("node", "The row itself.", format!("{name}!")),
        ],
    );
    let connection = object(
        &format!("{name}Connection"),
        &format!("A page of a list of {name}."),
        [
            plain(
                "edges",
                "The rows of the page, each with its cursor.",
                format!("[{name}Edge!]!"),
            ),
            plain("nodes", "The rows of the page.", format!("[{name}!]!")),
            plain("pageInfo", "Where the page stands in the list.", "PageInfo!".into()),
            plain(
                "totalCount",
                "Rows of the whole list, over all pages. Counted only when asked for. Each list and \
                 each count is read by itself, at its own moment: while data is loaded, they may \
                 differ by rows that just came in.",
                "Int!".into(),
            ),
        ],
    );
    registry.types.insert(edge.name().to_owned(), edge);
    registry.types.insert(connection.name().to_owned(), connection);
}

fn enumeration(registry: &mut Registry, codes: &'static Enumeration) {
    registry.types.entry(codes.name.to_owned()).or_insert_with(|| MetaType::Enum {
        name: codes.name.to_owned(),
        description: Some(codes.description.to_owned()),
        enum_values: codes
            .values
            .iter()
            .map(|value| {
                let meta = MetaEnumValue {
                    name: value.name.to_owned(),
                    description: Some(value.description.to_owned()),
                    deprecation: Default::default(),
                    visible: None,
                    inaccessible: false,
                    tags: Vec::new(),
                    directive_invocations: Vec::new(),
                };
                (value.name.to_owned(), meta)
            })
            .collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    });
}

/// The arguments of every list.
fn list_arguments(of: &Type) -> IndexMap<String, MetaInputValue> {
    let filter = inputs::filter_name(of);
    let order = format!("[{}!]", inputs::order_name(of));
    let arguments = [
        (
            inputs::FILTER,
            &filter,
            "Keeps the list to the rows that fulfil it; without it, or null, all rows do.",
        ),
        (
            inputs::ORDER_BY,
            &order,
            "Order of the list, the most important key first; rows that are equal in all of them, \
             and lists without, are in the order of the key.",
        ),
    ];
    let named =
        arguments.map(|(name, ty, description)| (name.to_owned(), input(name, ty, description)));
    page_arguments().chain(named).collect()
}

/// The arguments of every page.
fn page_arguments() -> impl Iterator<Item = (String, MetaInputValue)> {
    [
        (
            "first",
            "Int",
            "Most rows of the page, from the beginning of the list, for each parent: 0 to 1000, by \
             default 50, unless the server is configured otherwise.",
        ),
        ("after", "String", "Cursor of the row the page comes after; by default the beginning."),
        (
            "last",
            "Int",
            "The same from the end of the list; the rows still come in the order of the list. Not \
             together with first.",
        ),
        ("before", "String", "Cursor of the row the page ends before; by default the end."),
    ]
    .into_iter()
    .map(|(name, ty, description)| (name.to_owned(), input(name, ty, description)))
}
