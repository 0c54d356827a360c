//! Which measures can be read from what the loader keeps ready: sales by product and
//! day, and by day. They answer exactly what the lines answer; what they cannot
//! answer goes to the lines.

use chrono::NaiveTime;
use sqlx::Row as _;

use super::by::By;
use super::dimension::Dimension;
use super::measure::{Measure, Measures};
use crate::auth::Scope;
use crate::catalog::ToOne;
use crate::catalog::table;
use crate::catalog::{Column, Kind, Table};
use crate::error::{Error, Result};
use crate::query::condition::{Comparison, Condition};
use crate::query::executor::Reader;
use crate::query::value::Value;
use entity::{product, sales_order, sales_order_line};
use sea_orm::EntityName;

/// Where measures are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The order lines.
    Lines,
    /// What the lines of a product on a day come to.
    ProductDays,
    /// What the lines of a day come to.
    Days,
}

/// A day, which stands for the orders made on it.
pub(super) static DAY: Table =
    Table::derived("sales_by_day", &[Column::derived("order_date", Kind::LocalDateTime)]);

/// What is right of `sales_by_product_day` at the moment.
static CURRENT_PRODUCT_DAYS: Table = Table::derived("current_sales_by_product_day", &[]);
/// What is right of `sales_by_day` at the moment.
static CURRENT_DAYS: Table = Table::derived("current_sales_by_day", &[]);

impl Origin {
    /// The most compact one that has an answer.
    pub(super) fn of(scope: &Scope, filter: &Condition, measures: &Measures, by: By<'_>) -> Self {
        // They hold the sales of everybody.
        if scope.territories().is_some() {
            return Self::Lines;
        }
        let by_product = match by {
            By::Dimensions(dimensions) if dimensions.iter().all(|one| is_of_days(one)) => {
                dimensions.iter().any(|one| is_product(one))
            }
            By::Owners { path: [], columns: [column], .. } if column.name == "product_id" => true,
            _ => return Self::Lines,
        };
        let mut needs_product = by_product || is_by_product_attribute(by);
        for condition in std::iter::once(filter).chain(measures.lines()) {
            match needs(condition) {
                Some(product) => needs_product |= product,
                None => return Self::Lines,
            }
        }
        // An order has several products, and counts for each, but only one day.
        let has = |measure: &Measure| match measure {
            Measure::CustomerCount | Measure::WithoutRate => false,
            Measure::OrderCount | Measure::OrderTotal => by_product || !needs_product,
            other => other.is_of_parts(),
        };
        if !measures.wanted.iter().all(|(_, measure)| has(measure)) {
            return Self::Lines;
        }
        if needs_product { Self::ProductDays } else { Self::Days }
    }

    /// The table or view.
    pub(super) fn table(self) -> &'static Table {
        match self {
            Self::Lines => table::<sales_order_line::Entity>(),
            Self::ProductDays => &CURRENT_PRODUCT_DAYS,
            Self::Days => &CURRENT_DAYS,
        }
    }
}

/// Whether few orders are of days that may have changed: these days are made from their
/// lines each time. In this order the index is read from its end, and not the table.
const IS_KEPT: &str = "
    SELECT count(*) <= 10000 FROM (
        SELECT 1 FROM sales_order WHERE order_date >= (SELECT since FROM sales_rollup_due)
        ORDER BY order_date DESC LIMIT 10001) AS due";

impl Reader {
    /// Whether what has an answer by day is to be read so. It would be right in any
    /// case, but slower than from the lines while much is due.
    pub(super) async fn reads_by_day(&self, origin: Origin) -> Result<bool> {
        if origin == Origin::Lines {
            return Ok(false);
        }
        let rows = self.fetch_all(None, || sqlx::query(IS_KEPT)).await?;
        let row = rows.first().ok_or_else(|| Error::internal("the days gave no row"))?;
        Ok(row.try_get(0)?)
    }
}

fn is_product(dimension: &Dimension) -> bool {
    dimension.path.is_empty() && dimension.column.name == "product_id"
}

fn is_of_product(dimension: &Dimension) -> bool {
    matches!(dimension.path.as_slice(), [to] if is_to::<product::Entity>(to))
}

fn is_of_days(dimension: &Dimension) -> bool {
    dimension.is_of_dates() || is_product(dimension) || is_of_product(dimension)
}

fn is_by_product_attribute(by: By<'_>) -> bool {
    matches!(by, By::Dimensions(dimensions) if dimensions.iter().any(|one| is_of_product(one)))
}

fn is_to<E: EntityName>(relation: &ToOne) -> bool {
    relation.table.name == table::<E>().name
}

/// Whether a condition on lines is one on their products; `None` if it is about
/// something else than products and days.
fn needs(lines: &Condition) -> Option<bool> {
    match lines {
        Condition::All(all) | Condition::Any(all) => {
            all.iter().try_fold(false, |product, one| Some(needs(one)? | product))
        }
        Condition::Not(inner) => needs(inner),
        Condition::Compare { column, .. }
        | Condition::In { column, .. }
        | Condition::IsNull { column, .. } => (column.name == "product_id").then_some(true),
        Condition::One { relation, .. } if is_to::<product::Entity>(relation) => Some(true),
        Condition::One { relation, condition } if is_to::<sales_order::Entity>(relation) => {
            is_about_days(condition).then_some(false)
        }
        _ => None,
    }
}

/// Whether a condition on orders holds for all or none of those of a day.
fn is_about_days(order: &Condition) -> bool {
    match order {
        Condition::All(all) | Condition::Any(all) => all.iter().all(is_about_days),
        Condition::Not(inner) => is_about_days(inner),
        Condition::Compare {
            column,
            comparison: Comparison::Gte | Comparison::Lt,
            value: Value::LocalDateTime(time),
        } => column.name == "order_date" && time.time() == NaiveTime::MIN,
        _ => false,
    }
}
