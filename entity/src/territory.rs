//! `territory`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "territory", comment = "A sales territory (Sales.SalesTerritory).")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[sea_orm(comment = "Key of the territory in the source system.")]
    pub territory_id: i32,
    #[sea_orm(column_type = "String(StringLen::N(50))", comment = "Name of the territory.")]
    pub name: String,
    #[sea_orm(column_type = "String(StringLen::N(3))")]
    #[sea_orm(comment = "ISO code of the country or region, for instance US.")]
    pub country_region_code: String,
    #[sea_orm(column_type = "String(StringLen::N(50))")]
    #[sea_orm(comment = "Part of the world it belongs to, for instance Europe.")]
    pub territory_group: String,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Sales in the current year as the source keeps them, in USD.")]
    pub sales_ytd: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Sales in the year before as the source keeps them, in USD.")]
    pub sales_last_year: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Costs in the current year as the source keeps them, in USD.")]
    pub cost_ytd: Decimal,
    #[sea_orm(column_type = "Decimal(Some((19, 4)))")]
    #[sea_orm(comment = "Costs in the year before as the source keeps them, in USD.")]
    pub cost_last_year: Decimal,
    #[sea_orm(comment = "The source system's own identifier of the row.")]
    pub rowguid: Uuid,
    #[sea_orm(comment = "When the source system last changed the row.")]
    pub modified_date: DateTime,
    #[sea_orm(comment = "The version of the file the row was read from: load_file.id.")]
    pub source_file_id: i32,
    #[sea_orm(comment = "Line of the file on which the record begins; the header is line 1.")]
    pub source_line: i64,
    #[sea_orm(comment = "When the row was last written.")]
    pub loaded_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
