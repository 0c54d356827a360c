//! The tables of the world: columns of every kind, and relations.

use chrono::{Duration, NaiveDate};
use salesgraph::query::{Column, Kind, Table, ToMany, ToOne, Value, tables};
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

const fn int(name: &'static str) -> Column {
    Column::new(name, Kind::Int)
}

const fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text)
}

const COMMON: (&str, &str) =
    ("rowguid, modified_date, source_file_id, source_line", "gen_random_uuid(), now(), 1, 1");

static PERSON: Meta = Meta {
    table: &tables::PERSON,
    columns: &[
        int("business_entity_id"),
        Column::new("name_style", Kind::Boolean),
        text("title").nullable(),
        text("first_name"),
        text("last_name"),
        text("suffix").nullable(),
        Column::new("email_promotion", Kind::Small),
        Column::new("rowguid", Kind::Uuid),
        Column::new("modified_date", Kind::LocalDateTime),
        Column::new("source_line", Kind::Long),
        Column::new("loaded_at", Kind::DateTime),
    ],
    ones: &[],
    manies: &[ToMany { table: &tables::CUSTOMER, by: &[int("person_id").nullable()] }],
    others: ("person_type, source_file_id", "'IN', 1"),
};

static PRODUCT: Meta = Meta {
    table: &tables::PRODUCT,
    columns: &[
        int("product_id"),
        text("name"),
        text("color").nullable(),
        Column::new("list_price", Kind::Decimal),
        Column::new("weight", Kind::Decimal).nullable(),
        int("product_model_id").nullable(),
        Column::new("sell_end_date", Kind::LocalDateTime).nullable(),
    ],
    ones: &[],
    manies: &[
        ToMany { table: &tables::SALES_ORDER_LINE, by: &[int("product_id")] },
        ToMany { table: &tables::SPECIAL_OFFER_PRODUCT, by: &[int("product_id")] },
    ],
    others: (
        "product_number, make_flag, finished_goods_flag, safety_stock_level, reorder_point, \
         standard_cost, days_to_manufacture, sell_start_date, rowguid, modified_date, \
         source_file_id, source_line",
        "'P', true, true, 1, 1, 1, 1, '2000-01-01', gen_random_uuid(), now(), 1, 1",
    ),
};

static CUSTOMER: Meta = Meta {
    table: &tables::CUSTOMER,
    columns: &[
        int("customer_id"),
        int("person_id").nullable(),
        int("store_id").nullable(),
        int("territory_id").nullable(),
        text("account_number"),
    ],
    ones: &[
        ToOne { table: &tables::PERSON, from: &[int("person_id").nullable()] },
        ToOne { table: &tables::TERRITORY, from: &[int("territory_id").nullable()] },
    ],
    manies: &[ToMany { table: &tables::SALES_ORDER, by: &[int("customer_id")] }],
    others: COMMON,
};

static TERRITORY: Meta = Meta {
    table: &tables::TERRITORY,
    columns: &[int("territory_id"), text("name"), Column::new("sales_ytd", Kind::Decimal)],
    ones: &[],
    manies: &[ToMany { table: &tables::CUSTOMER, by: &[int("territory_id").nullable()] }],
    others: (
        "country_region_code, territory_group, sales_last_year, cost_ytd, cost_last_year, rowguid, \
         modified_date, source_file_id, source_line",
        "'US', 'G', 0, 0, 0, gen_random_uuid(), now(), 1, 1",
    ),
};

static OFFER: Meta = Meta {
    table: &tables::SPECIAL_OFFER_PRODUCT,
    columns: &[int("special_offer_id"), int("product_id")],
    ones: &[ToOne { table: &tables::PRODUCT, from: &[int("product_id")] }],
    manies: &[ToMany {
        table: &tables::SALES_ORDER_LINE,
        by: &[int("special_offer_id"), int("product_id")],
    }],
    others: COMMON,
};

static ORDER: Meta = Meta {
    table: &tables::SALES_ORDER,
    columns: &[
        int("sales_order_id"),
        Column::new("order_date", Kind::LocalDateTime),
        Column::new("due_date", Kind::LocalDateTime),
        Column::new("ship_date", Kind::LocalDateTime).nullable(),
        Column::new("status", Kind::Small),
        Column::new("online_order_flag", Kind::Boolean),
        int("customer_id"),
        int("sales_person_id").nullable(),
        text("comment").nullable(),
        Column::new("sub_total", Kind::Decimal),
        Column::new("total_due", Kind::Decimal),
    ],
    ones: &[ToOne { table: &tables::CUSTOMER, from: &[int("customer_id")] }],
    manies: &[ToMany { table: &tables::SALES_ORDER_LINE, by: &[int("sales_order_id")] }],
    others: (
        "tax_amt, freight, revision_number, sales_order_number, bill_to_address_id, \
         ship_to_address_id, ship_method_id, rowguid, modified_date, source_file_id, source_line",
        "0, 0, 1, 'SO', 1, 1, 1, gen_random_uuid(), now(), 1, 1",
    ),
};

static LINE: Meta = Meta {
    table: &tables::SALES_ORDER_LINE,
    columns: &[
        int("sales_order_id"),
        int("sales_order_detail_id"),
        text("carrier_tracking_number").nullable(),
        Column::new("order_quantity", Kind::Small),
        int("product_id"),
        int("special_offer_id"),
        Column::new("unit_price", Kind::Decimal),
        Column::new("line_total", Kind::Decimal),
    ],
    ones: &[
        ToOne { table: &tables::SALES_ORDER, from: &[int("sales_order_id")] },
        ToOne { table: &tables::PRODUCT, from: &[int("product_id")] },
        ToOne {
            table: &tables::SPECIAL_OFFER_PRODUCT,
            from: &[int("special_offer_id"), int("product_id")],
        },
    ],
    manies: &[],
    others: (
        "unit_price_discount, rowguid, modified_date, source_file_id, source_line",
        "0, gen_random_uuid(), now(), 1, 1",
    ),
};

/// All tables.
pub(crate) static META: [&Meta; 7] =
    [&PERSON, &PRODUCT, &TERRITORY, &CUSTOMER, &OFFER, &ORDER, &LINE];

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
        if one.table.name == tables::TERRITORY.name {
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
        (_, Kind::Bytes | Kind::IntList) => panic!("{} has no value", column.name),
    }
}
