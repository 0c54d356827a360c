//! `Territory`.

use super::common::{MODIFIED_DATE, ROWGUID, SOURCE};
use super::sales_measures::OF_TERRITORY;
use super::{CUSTOMER, SALES_ORDER};
use crate::graphql::schema::model::{Aggregate, Entity, Field, Inputs, Shape};
use crate::query::{Column, Kind, ToMany, tables};

/// A sales territory (Sales.SalesTerritory).
pub(crate) static TERRITORY: Entity = Entity {
    table: &tables::TERRITORY,
    shape: Shape {
        name: "Territory",
        description: "A sales territory (Sales.SalesTerritory).",
        fields: &[
            Field::id(),
            Field::column(
                "territoryId",
                Column::new("territory_id", Kind::Int),
                "Key of the territory in the source system.",
            ),
            Field::column("name", Column::new("name", Kind::Text), "Name of the territory."),
            Field::column(
                "countryRegionCode",
                Column::new("country_region_code", Kind::Text),
                "ISO code of the country or region, for instance US.",
            ),
            Field::column(
                "group",
                Column::new("territory_group", Kind::Text),
                "Part of the world it belongs to, for instance Europe.",
            ),
            Field::column(
                "salesYtd",
                Column::new("sales_ytd", Kind::Decimal),
                "Sales in the current year as the source keeps them, in USD.",
            ),
            Field::column(
                "salesLastYear",
                Column::new("sales_last_year", Kind::Decimal),
                "Sales in the year before as the source keeps them, in USD.",
            ),
            Field::column(
                "costYtd",
                Column::new("cost_ytd", Kind::Decimal),
                "Costs in the current year as the source keeps them, in USD.",
            ),
            Field::column(
                "costLastYear",
                Column::new("cost_last_year", Kind::Decimal),
                "Costs in the year before as the source keeps them, in USD.",
            ),
            ROWGUID,
            MODIFIED_DATE,
            Field::many(
                "customers",
                &CUSTOMER,
                &[Column::new("territory_id", Kind::Int)],
                "Customers of the territory.",
            ),
            Field::many(
                "orders",
                &SALES_ORDER,
                &[Column::new("territory_id", Kind::Int)],
                "Orders of the territory.",
            ),
            Field::sales(&OF_TERRITORY, "What the lines of the territory's orders come to."),
            SOURCE,
        ],
    },
    inputs: Inputs {
        aggregates: &[
            Aggregate {
                name: "CUSTOMER_COUNT",
                description: "By the number of its customers.",
                of: ToMany {
                    table: &tables::CUSTOMER,
                    by: &[Column::new("territory_id", Kind::Int)],
                },
                sum: None,
            },
            Aggregate {
                name: "ORDER_COUNT",
                description: "By the number of its orders.",
                of: ToMany {
                    table: &tables::SALES_ORDER,
                    by: &[Column::new("territory_id", Kind::Int)],
                },
                sum: None,
            },
            Aggregate {
                name: "ORDER_TOTAL",
                description: "By the sum of totalDue of its orders; 0 without orders.",
                of: ToMany {
                    table: &tables::SALES_ORDER,
                    by: &[Column::new("territory_id", Kind::Int)],
                },
                sum: Some(Column::new("total_due", Kind::Decimal)),
            },
        ],
        ..Inputs::NONE
    },
};
