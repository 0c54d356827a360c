//! What the values of columns are.

use entity::{sales_order, sales_order_line};

use crate::catalog::{Column, Kind, column};
use crate::graphql::inputs;
use crate::graphql::plan::{SelectedMeasure, SelectedMeasures};
use crate::graphql::schema::model::OutputType;
use crate::query::aggregate::{LineValue, Measure, Statistic};
use crate::report::format::Type;

/// Most digits of a sum.
const SUM: u8 = 38;

/// Of a column.
pub(super) fn of_column(column: &Column) -> Type {
    match column.kind {
        Kind::Boolean => Type::Boolean,
        Kind::Small | Kind::Int => Type::Int,
        Kind::Long => Type::Long,
        Kind::Text | Kind::Bytes => Type::Text,
        Kind::Decimal => match column.digits {
            Some((precision, scale)) => Type::Decimal { precision, scale },
            None => Type::Number,
        },
        Kind::Uuid => Type::Uuid,
        Kind::Date => Type::Date,
        Kind::LocalDateTime => Type::LocalDateTime,
        Kind::DateTime => Type::DateTime,
        Kind::IntList => Type::Ints,
        Kind::Json => Type::Json,
    }
}

/// Of a measure.
pub(super) fn of_measure(measures: &SelectedMeasures, number: usize, output: OutputType) -> Type {
    match output {
        OutputType::Int => Type::Int,
        OutputType::Long => Type::Long,
        OutputType::Decimal => {
            let selected = measures.selected.get(number);
            // In another currency it has the digits of the rate, too.
            let is_converted = |subset: usize| {
                measures.subsets.get(subset).is_some_and(|arguments| arguments.has(inputs::IN))
            };
            let kept = selected.filter(|(subset, _)| !is_converted(*subset));
            kept.and_then(|(_, measure)| decimal(measure)).unwrap_or(Type::Number)
        }
    }
}

/// `None` where the number of digits differs from value to value.
fn decimal(measure: &SelectedMeasure) -> Option<Type> {
    let (value, statistic) = match measure {
        SelectedMeasure::Known(Measure::OrderTotal) => {
            let (_, scale) = column(sales_order::Column::TotalDue).digits?;
            return Some(Type::Decimal { precision: SUM, scale });
        }
        SelectedMeasure::Known(Measure::Of(value, statistic)) => (*value, *statistic),
        SelectedMeasure::Known(_) => return None,
        SelectedMeasure::Percentile(value, _) => (*value, Statistic::Percentile(0.0)),
    };
    let (precision, scale) = match value {
        LineValue::OrderQuantity => (5, 0),
        LineValue::UnitPrice => column(sales_order_line::Column::UnitPrice).digits?,
        LineValue::LineTotal => column(sales_order_line::Column::LineTotal).digits?,
    };
    match statistic {
        Statistic::Sum => Some(Type::Decimal { precision: SUM, scale }),
        Statistic::Min | Statistic::Max | Statistic::Percentile(_) => {
            Some(Type::Decimal { precision, scale })
        }
        // Exactly between two values.
        Statistic::Median => Some(Type::Decimal { precision: SUM, scale: scale + 1 }),
        Statistic::Avg | Statistic::Stddev => None,
    }
}
