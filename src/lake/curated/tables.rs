//! The tables of the lake: those of Postgres, and the wide one.

use std::fmt::Write as _;
use std::sync::LazyLock;

use crate::catalog::{self, Column, Kind, Table};
use crate::dataset;
use crate::lake::iceberg::column::Type;
use crate::lake::iceberg::schema::Wanted;

/// The wide table.
pub(super) const SALES: &str = "sales";
pub(super) const ORDERS: &str = "sales_order";
pub(super) const LINES: &str = "sales_order_line";
/// The column by whose month tables are partitioned.
const ORDER_DATE: &str = "order_date";
/// What the wide table has of the line only: where rows came from, and when.
const OF_THE_ROW: [&str; 5] =
    ["rowguid", "modified_date", "source_file_id", "source_line", "loaded_at"];
/// The names of persons in the wide table.
const NAMES: [&str; 5] = ["title", "first_name", "middle_name", "last_name", "suffix"];

/// A table of the lake.
#[derive(Debug)]
pub(super) struct LakeTable {
    pub(super) name: &'static str,
    pub(super) columns: Vec<LakeColumn>,
    /// Whether it has a partition for each month of the order date.
    pub(super) is_by_month: bool,
    /// What its rows are selected from.
    from: String,
    /// How they are ordered.
    order: String,
}

/// A column of it.
#[derive(Debug)]
pub(super) struct LakeColumn {
    pub(super) name: String,
    pub(super) ty: Type,
    pub(super) is_personal: bool,
    is_key: bool,
    nullable: bool,
    /// Its value in SQL.
    sql: String,
    doc: String,
    /// The table of Postgres that it comes from, and the column there.
    of: (&'static str, &'static str),
}

/// A column of the wide table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// The column of the wide table that has what a column of a table of Postgres has for the line,
/// its order, its product, the order's customer and territory, or the customer's person. `None`
/// if there is none; names of persons are there only if `persons`.
#[must_use]
pub fn sales_column(table: &str, column: &str, persons: bool) -> Option<SalesColumn> {
    static COLUMNS: LazyLock<Vec<LakeColumn>> = LazyLock::new(|| sales().columns);
    // What refers to a row has its key.
    let of = match (table, column) {
        (ORDERS, "sales_order_id" | "territory_id") => (LINES, column),
        ("product", "product_id") => (LINES, column),
        ("customer", "customer_id") => (ORDERS, column),
        ("territory", "territory_id") => (LINES, column),
        ("person", "business_entity_id") => ("customer", "person_id"),
        ("special_offer_product", "special_offer_id" | "product_id") => (LINES, column),
        of => of,
    };
    let found = COLUMNS.iter().find(|known| known.of == of);
    let found = found.filter(|known| persons || !known.is_personal)?;
    Some(SalesColumn { name: found.name.clone(), ty: found.ty })
}

/// All tables, those of Postgres first. Personal data are in them if `persons`.
pub(super) fn all(persons: bool) -> Vec<LakeTable> {
    let mut tables: Vec<LakeTable> =
        dataset::ALL.iter().filter_map(|dataset| of_dataset(dataset.table)).collect();
    tables.push(sales());
    for table in &mut tables {
        table.columns.retain(|column| persons || !column.is_personal);
    }
    tables
}

fn of_dataset(name: &'static str) -> Option<LakeTable> {
    let table = catalog::tables().find(|table| table.name == name)?;
    let mut columns: Vec<LakeColumn> =
        table.columns.iter().map(|column| lake_column(column, column.name, name, table)).collect();
    let mut from = name.to_owned();
    if name == LINES {
        if let Some(date) = table_of(ORDERS).column(ORDER_DATE) {
            columns.push(lake_column(date, ORDER_DATE, ORDERS, table));
        }
        from = format!("{LINES} JOIN {ORDERS} USING (sales_order_id)");
    }
    let keys: Vec<String> =
        table.key.iter().map(|column| format!("{name}.{}", column.name)).collect();
    Some(LakeTable {
        name: table.name,
        columns,
        is_by_month: matches!(name, ORDERS | LINES),
        from,
        order: keys.join(", "),
    })
}

/// Each line with its order, product, customer and territory. A row that is missing leaves
/// nulls, and never the line out.
fn sales() -> LakeTable {
    let lines = table_of(LINES);
    let mut columns: Vec<LakeColumn> =
        lines.columns.iter().map(|column| lake_column(column, column.name, LINES, lines)).collect();
    for name in [ORDERS, "product", "customer", "territory"] {
        let table = table_of(name);
        for column in table.columns {
            let is_repeated = OF_THE_ROW.contains(&column.name)
                || table.key.iter().any(|key| key.name == column.name)
                || (name == ORDERS && lines.column(column.name).is_some());
            if is_repeated {
                continue;
            }
            let own = if name == ORDERS || column.name.starts_with(name) {
                column.name.to_owned()
            } else {
                format!("{name}_{}", column.name)
            };
            columns.push(lake_column(column, &own, name, lines));
        }
    }
    let person = table_of("person");
    for column in NAMES.iter().filter_map(|name| person.column(name)) {
        let own = format!("person_{}", column.name);
        columns.push(lake_column(column, &own, person.name, lines));
    }
    for column in &mut columns {
        // Rows of the other tables may be missing.
        column.nullable |= !column.is_key && column.name != ORDER_DATE;
    }
    LakeTable {
        name: SALES,
        columns,
        is_by_month: true,
        from: "sales_order_line JOIN sales_order USING (sales_order_id) \
               LEFT JOIN product ON product.product_id = sales_order_line.product_id \
               LEFT JOIN customer ON customer.customer_id = sales_order.customer_id \
               LEFT JOIN territory ON territory.territory_id = sales_order.territory_id \
               LEFT JOIN person ON person.business_entity_id = customer.person_id"
            .to_owned(),
        order: "sales_order_line.sales_order_id, sales_order_line.sales_order_detail_id".to_owned(),
    }
}

#[expect(clippy::expect_used, reason = "a test goes through all tables")]
fn table_of(name: &str) -> &'static Table {
    catalog::tables().find(|table| table.name == name).expect("a table of the catalog")
}

/// A column of `table` under a name in a table whose key is that of `of`.
fn lake_column(column: &Column, name: &str, table: &'static str, of: &Table) -> LakeColumn {
    let ty = match (column.kind, column.digits) {
        _ if column.codes.is_some() => Type::String,
        (Kind::Boolean, _) => Type::Boolean,
        (Kind::Small | Kind::Int, _) => Type::Int,
        (Kind::Long, _) => Type::Long,
        (Kind::Decimal, Some((precision, scale))) => Type::Decimal { precision, scale },
        (Kind::Date, _) => Type::Date,
        (Kind::LocalDateTime | Kind::DateTime, _) => Type::Timestamp,
        _ => Type::String,
    };
    let mut sql = format!("{table}.{}", column.name);
    if column.kind == Kind::DateTime {
        // No reader shows a time with a zone as another does.
        sql.push_str(" AT TIME ZONE 'UTC'");
    } else if ty == Type::String && (column.kind != Kind::Text || column.codes.is_some()) {
        sql.push_str("::text");
    } else if column.kind == Kind::Small {
        sql.push_str("::integer");
    }
    let mut doc = column.sql_comment();
    if column.kind == Kind::DateTime {
        doc.push_str(" In UTC.");
    }
    LakeColumn {
        name: name.to_owned(),
        ty,
        is_personal: column.is_personal,
        is_key: table == of.name && of.key.iter().any(|key| key.name == column.name),
        nullable: column.nullable,
        sql,
        doc,
        of: (table, column.name),
    }
}

impl LakeTable {
    /// The column by whose month it is partitioned.
    pub(super) const fn month_of(&self) -> Option<&'static str> {
        if self.is_by_month { Some(ORDER_DATE) } else { None }
    }

    /// The rows, or those of a month: from $1 to before $2, of orders from $3 to $4.
    pub(super) fn select(&self) -> String {
        let key = if self.name == ORDERS { ORDERS } else { LINES };
        self.statement(&format!(" AND {key}.sales_order_id BETWEEN $3 AND $4"))
    }

    /// What its rows are, whichever way they are found.
    pub(super) fn definition(&self) -> String {
        self.statement("")
    }

    fn statement(&self, bounds: &str) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|column| column.sql.as_str()).collect();
        let mut sql = format!("SELECT {} FROM {}", columns.join(", "), self.from);
        if self.is_by_month {
            let _ = write!(
                sql,
                " WHERE {ORDERS}.{ORDER_DATE} >= $1::date AND {ORDERS}.{ORDER_DATE} < $2::date\
                 {bounds}"
            );
        }
        let _ = write!(sql, " ORDER BY {}", self.order);
        sql
    }

    /// Its columns, as its metadata are to have them.
    pub(super) fn wanted(&self) -> Vec<Wanted<'_>> {
        let wanted = |column: &'_ LakeColumn| -> (bool, bool) { (!column.nullable, column.is_key) };
        self.columns
            .iter()
            .map(|column| {
                let (required, is_key) = wanted(column);
                Wanted { name: &column.name, ty: column.ty, required, is_key, doc: &column.doc }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_are_unique_and_personal_data_are_left_out() {
        for persons in [false, true] {
            for table in all(persons) {
                let mut names: Vec<&str> =
                    table.columns.iter().map(|column| column.name.as_str()).collect();
                names.sort_unstable();
                let before = names.len();
                names.dedup();
                assert_eq!(names.len(), before, "{}", table.name);
                let has_names = names.iter().any(|name| name.ends_with("last_name"));
                let may_have = persons && matches!(table.name, "person" | SALES);
                assert_eq!(has_names, may_have, "{}", table.name);
            }
        }
    }

    #[test]
    fn a_column_of_the_wide_table_is_found_by_where_it_comes_from() {
        let name =
            |table, column, persons| sales_column(table, column, persons).map(|column| column.name);
        for (table, column, expected) in [
            (LINES, "unit_price", Some("unit_price")),
            (LINES, "loaded_at", Some("loaded_at")),
            (ORDERS, "loaded_at", None),
            (ORDERS, "status", Some("status")),
            (ORDERS, "sales_order_id", Some("sales_order_id")),
            ("product", "product_id", Some("product_id")),
            ("product", "class", Some("product_class")),
            ("product", "product_line", Some("product_line")),
            ("customer", "customer_id", Some("customer_id")),
            ("customer", "territory_id", Some("customer_territory_id")),
            ("territory", "name", Some("territory_name")),
            ("store", "name", None),
        ] {
            assert_eq!(name(table, column, false).as_deref(), expected, "{table}.{column}");
        }
        assert_eq!(name("person", "last_name", false), None);
        assert_eq!(name("person", "last_name", true).as_deref(), Some("person_last_name"));
    }

    #[test]
    fn the_way_to_rows_is_no_part_of_what_they_are() {
        for table in all(true).iter().filter(|table| table.is_by_month) {
            assert!(table.select().contains("BETWEEN $3"), "{}", table.name);
            assert!(!table.definition().contains("BETWEEN"), "{}", table.name);
        }
    }

    #[test]
    fn the_wide_table_has_the_columns_of_all_its_tables() {
        let all = all(false);
        let sales = all.last().expect("the wide table");
        let names: Vec<&str> = sales.columns.iter().map(|column| column.name.as_str()).collect();
        for name in [
            "line_total", "order_date", "status", "total_due", "customer_id", "product_name",
            "product_line", "product_class", "customer_person_id", "territory_name",
            "territory_group", "customer_account_number", "territory_id",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
    }
}
