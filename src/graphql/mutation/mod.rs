//! The root fields of mutations: commands, one file each.

mod cancel_report;
mod payload;
mod refresh_currency_rates;
mod refresh_demand_forecast;
mod replay_rejects;
mod replay_source_failures;
mod request_report;
mod save_query;
mod start_load;

use crate::graphql::schema::model::RootField;

pub(super) fn fields() -> Vec<RootField> {
    vec![
        start_load::field(),
        replay_rejects::field(),
        refresh_demand_forecast::field(),
        refresh_currency_rates::field(),
        replay_source_failures::field(),
        request_report::field(),
        cancel_report::field(),
        save_query::save_field(),
        save_query::delete_field(),
    ]
}
