//! `ConvertedAmount`: an amount in another currency.

use std::sync::LazyLock;

use crate::graphql::schema::model::{Field, FieldValue, Inputs, ObjectType, Roots, Type};
use crate::query::CONVERTED_AMOUNT as AMOUNTS;

/// An amount in another currency. It is computed for each query and has no id.
pub(crate) static CONVERTED_AMOUNT: LazyLock<Type> = LazyLock::new(|| {
    let descriptions = [
        "The currency that was asked for.",
        "The amount in this currency, exact: with all digits of amount and rate, and 16 and more \
         significant ones where the rate is known the other way round only. Null where no rate \
         is known.",
        "What one US dollar was worth; null where no rate is known.",
        "The day of the rate, the last on or before that of the amount; null where no rate is \
         known, and for USD.",
        "Why the amount is null; null where it is not.",
    ];
    let fields = AMOUNTS.key.iter().zip(descriptions).map(|(column, description)| Field {
        name: column.api_name().leak(),
        description,
        value: FieldValue::Column(column),
    });
    let shape = ObjectType {
        name: "ConvertedAmount",
        description: "An amount in another currency, by the rate of its day.",
        fields: fields.collect::<Vec<_>>().leak(),
    };
    Type { table: &AMOUNTS, shape, roots: Roots::default(), inputs: Inputs::default() }
});
