//! Root fields of the types over tables: by key, and lists.

use crate::graphql::schema::model::{Argument, RootField, RootValue, Type};
use crate::graphql::types;

/// Those that the types declare.
pub(super) fn fields() -> Vec<RootField> {
    let by_key = types::ALL.iter().filter(|of| of.roots.by_key).map(|of| by_key(of));
    let declared = by_key.chain(types::ALL.iter().filter_map(|of| list(of)));
    declared.chain([document()]).collect()
}

/// `salesOrderDocument(id:)`.
fn document() -> RootField {
    RootField {
        name: "salesOrderDocument",
        description: "The order with this id as a JSON document with its lines, in the format in \
                      which the loader takes orders; null when there is none.",
        arguments: &[Argument {
            name: "id",
            ty: "ID!",
            description: "Global id, or salesOrderId.",
        }],
        value: RootValue::Value(&types::SALES_ORDER, &types::DOCUMENT),
    }
}

/// `salesOrder(salesOrderId:)`.
fn by_key(of: &'static Type) -> RootField {
    let arguments = of.table.key.iter().map(|column| Argument {
        name: column.api_name().leak(),
        ty: "Int!",
        description: column.description().leak(),
    });
    let name = of.shape.name;
    let (first, rest) = name.split_at(1);
    let noun = name.chars().fold(String::new(), |mut noun, letter| {
        if letter.is_ascii_uppercase() && !noun.is_empty() {
            noun.push(' ');
        }
        noun.push(letter.to_ascii_lowercase());
        noun
    });
    RootField {
        name: format!("{}{rest}", first.to_ascii_lowercase()).leak(),
        description: format!("The {noun} with this key; null when there is none.").leak(),
        arguments: arguments.collect::<Vec<_>>().leak(),
        value: RootValue::Key(of),
    }
}

fn list(of: &'static Type) -> Option<RootField> {
    let (name, description) = of.roots.list.as_ref()?;
    Some(RootField { name, description, arguments: &[], value: RootValue::List { of, only: &[] } })
}
