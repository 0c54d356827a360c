//! Row-level security behind the conditions that the API writes into its statements: see
//! [`row_security`](crate::row_security).

use sea_orm_migration::prelude::*;

use crate::row_security::{apply, revoke};

/// See the module.
#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let up = format!("{LOCK}{}", apply());
        manager.get_connection().execute_unprepared(&up).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let down = format!("{LOCK}{}", revoke());
        manager.get_connection().execute_unprepared(&down).await.map(drop)
    }
}

/// In the order in which a load locks them: children, and then the parents that their keys
/// are looked up in.
const LOCK: &str = "
LOCK TABLE sales_order_line, sales_order, customer, person, store, territory,
    demand_forecast_span, demand_forecast_date, demand_forecast_stock, load_reject, load_parked,
    load_checkpoint, load_run_file, load_file, load_step, load_run IN ACCESS EXCLUSIVE MODE;
";
