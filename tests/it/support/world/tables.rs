//! The tables of the world: columns of every kind, and relations.

use std::sync::LazyLock;

use chrono::{Duration, NaiveDate};
use entity::{
    customer, person, product, sales_order, sales_order_line, special_offer_product, territory,
};
use salesgraph::catalog::{Column, Kind, Table, ToMany, ToOne, columns, table, to_many, to_one};
use salesgraph::query::Value;
use uuid::Uuid;

use super::Record;
use crate::support::draw::Draw;

/// The description of a table.
pub(crate) struct Meta {
    pub(crate) table: &'static Table,
    pub(crate) columns: &'static [Column],
    pub(crate) ones: &'static [ToOne],
    pub(crate) manies: &'static [ToMany],
    /// Other required columns, and values for them.
    pub(super) others: (&'static str, &'static str),
}

const COMMON: (&str, &str) =
    ("rowguid, modified_date, source_file_id, source_line", "gen_random_uuid(), now(), 1, 1");

/// All tables.
pub(crate) static META: LazyLock<[Meta; 7]> =
    LazyLock::new(|| [person(), product(), territory(), customer(), offer(), order(), line()]);

fn person() -> Meta {
    use person::Column::*;

    Meta {
        table: table::<person::Entity>(),
        columns: columns([
            BusinessEntityId, NameStyle, Title, FirstName, LastName, Suffix, EmailPromotion,
            Rowguid, ModifiedDate, SourceLine, LoadedAt,
        ]),
        ones: &[],
        manies: vec![to_many(customer::Relation::Person)].leak(),
        others: ("person_type, source_file_id", "'IN', 1"),
    }
}

fn product() -> Meta {
    use product::Column::*;

    Meta {
        table: table::<product::Entity>(),
        columns: columns([ProductId, Name, Color, ListPrice, Weight, ProductModelId, SellEndDate]),
        ones: &[],
        manies: vec![
            to_many(sales_order_line::Relation::Product),
            to_many(special_offer_product::Relation::Product),
        ]
        .leak(),
        others: (
            "product_number, make_flag, finished_goods_flag, safety_stock_level, reorder_point, \
         standard_cost, days_to_manufacture, sell_start_date, rowguid, modified_date, \
         source_file_id, source_line",
            "'P', true, true, 1, 1, 1, 1, '2000-01-01', gen_random_uuid(), now(), 1, 1",
        ),
    }
}

fn customer() -> Meta {
    use customer::Column::*;

    Meta {
        table: table::<customer::Entity>(),
        columns: columns([CustomerId, PersonId, StoreId, TerritoryId, AccountNumber]),
        ones: vec![to_one(customer::Relation::Person), to_one(customer::Relation::Territory)]
            .leak(),
        manies: vec![to_many(sales_order::Relation::Customer)].leak(),
        others: COMMON,
    }
}

fn territory() -> Meta {
    use territory::Column::*;

    Meta {
        table: table::<territory::Entity>(),
        columns: columns([TerritoryId, Name, SalesYtd]),
        ones: &[],
        manies: vec![to_many(customer::Relation::Territory)].leak(),
        others: (
            "country_region_code, territory_group, sales_last_year, cost_ytd, cost_last_year, rowguid, \
         modified_date, source_file_id, source_line",
            "'US', 'G', 0, 0, 0, gen_random_uuid(), now(), 1, 1",
        ),
    }
}

fn offer() -> Meta {
    use special_offer_product::Column::*;

    Meta {
        table: table::<special_offer_product::Entity>(),
        columns: columns([SpecialOfferId, ProductId]),
        ones: vec![to_one(special_offer_product::Relation::Product)].leak(),
        manies: vec![to_many(sales_order_line::Relation::SpecialOfferProduct)].leak(),
        others: COMMON,
    }
}

fn order() -> Meta {
    use sales_order::Column::*;

    Meta {
        table: table::<sales_order::Entity>(),
        columns: columns([
            SalesOrderId, OrderDate, DueDate, ShipDate, Status, OnlineOrderFlag, CustomerId,
            SalesPersonId, Comment, SubTotal, TotalDue,
        ]),
        ones: vec![to_one(sales_order::Relation::Customer)].leak(),
        manies: vec![to_many(sales_order_line::Relation::SalesOrder)].leak(),
        others: (
            "tax_amt, freight, revision_number, sales_order_number, bill_to_address_id, \
         ship_to_address_id, ship_method_id, rowguid, modified_date, source_file_id, source_line",
            "0, 0, 1, 'SO', 1, 1, 1, gen_random_uuid(), now(), 1, 1",
        ),
    }
}

fn line() -> Meta {
    use sales_order_line::Column::*;

    Meta {
        table: table::<sales_order_line::Entity>(),
        columns: columns([
            SalesOrderId, SalesOrderDetailId, CarrierTrackingNumber, OrderQuantity, ProductId,
            SpecialOfferId, UnitPrice, LineTotal,
        ]),
        ones: vec![
            to_one(sales_order_line::Relation::SalesOrder),
            to_one(sales_order_line::Relation::Product),
            to_one(sales_order_line::Relation::SpecialOfferProduct),
        ]
        .leak(),
        manies: &[],
        others: (
            "unit_price_discount, rowguid, modified_date, source_file_id, source_line",
            "0, gen_random_uuid(), now(), 1, 1",
        ),
    }
}

/// The table of this name.
pub(crate) fn meta(table: &str) -> &'static Meta {
    META.iter().find(|meta| meta.table.name == table).expect("a table")
}

impl Meta {
    pub(crate) fn column(&self, name: &str) -> &'static Column {
        self.columns.iter().find(|column| column.name == name).expect("a column")
    }

    /// The table that the column refers to, and the column there. A territory may be
    /// missing.
    pub(super) fn parent_of(&self, column: &str) -> Option<(&'static Table, &'static str)> {
        let one = self.ones.iter().find(|one| one.from[0].name == column)?;
        if one.table.name == table::<territory::Entity>().name {
            return None;
        }
        Some((one.table, one.table.key[0].name))
    }
}

/// Makes a row meet the database's constraints.
pub(super) fn reconcile(meta: &Meta, record: &mut Record) {
    match meta.table.name {
        "customer" if record["person_id"].is_none() && record["store_id"].is_none() => {
            record.insert("store_id", Some(Value::Int(1)));
        }
        "sales_order" => {
            let due = record["order_date"].clone();
            record.insert("due_date", due.clone());
            if record["ship_date"].is_some() {
                record.insert("ship_date", due);
            }
            let total = record["total_due"].clone();
            record.insert("sub_total", total);
        }
        "sales_order_line" => {
            record.insert("order_quantity", Some(Value::Int(1)));
            let price = record["unit_price"].clone();
            record.insert("line_total", price);
        }
        _ => {}
    }
}

/// One of the few values that a column may have.
pub(super) fn random_value(draw: &mut Draw, texts: &[&str], column: &Column) -> Value {
    let days = draw.between(0, 4);
    let time = NaiveDate::from_ymd_opt(2011, 5, 31).expect("a day").and_hms_micro_opt(1, 2, 3, 4);
    let time = time.expect("a time") + Duration::days(days);
    match (column.name, column.kind) {
        ("email_promotion", _) => Value::Int(draw.between(0, 2)),
        ("status", _) => Value::Int(draw.between(1, 6)),
        ("special_offer_id", _) => Value::Int(draw.between(1, 3)),
        ("sales_order_detail_id", _) => Value::Int(draw.between(1, 5)),
        ("business_entity_id" | "product_id" | "customer_id" | "sales_order_id", _) => {
            Value::Int(draw.between(-1_000, 1_000))
        }
        (_, Kind::Small | Kind::Int | Kind::Long) => Value::Int(draw.between(1, 5)),
        (_, Kind::Boolean) => Value::Boolean(draw.flip()),
        (_, Kind::Text) => Value::Text((*draw.one(texts)).to_owned()),
        (_, Kind::Decimal) => {
            Value::Decimal(format!("{}.{:02}", draw.between(0, 2), 50 * draw.between(0, 1) + 1))
        }
        (_, Kind::Uuid) => {
            Value::Uuid(Uuid::from_u128(draw.below(1 << 20).try_into().expect("fits")))
        }
        (_, Kind::Date) => Value::Date(time.date()),
        (_, Kind::LocalDateTime) => Value::LocalDateTime(time),
        (_, Kind::DateTime) => Value::DateTime(time.and_utc()),
        (_, Kind::Bytes | Kind::IntList | Kind::Json) => panic!("{} has no value", column.name),
    }
}
