//! Documents, through the engine.

mod clients;
mod cost;
mod demand_forecast;
mod differential;
mod errors;
mod federation;
mod fields;
mod filter;
mod filter_relations;
mod mutation;
mod mutation_tasks;
mod order;
mod order_documents;
mod read;
mod refuse;
mod schema;
mod select;
mod together;
