//! What clients' own tools make of the schema, with the configurations in
//! `tests/clients` that users are pointed at.

use crate::support::npm::Clients;

/// graphql-codegen makes types of the schema and of operations, and a program that
/// uses them passes the strict compiler.
#[tokio::test]
async fn typescript_types_are_made_of_the_schema() {
    let Some(clients) = Clients::installed("types for TypeScript").await else { return };
    clients.run_bin("graphql-codegen", &["--config", "codegen.ts"]).await;
    clients.run_bin("tsc", &["--project", ".", "--noEmit", "--strict"]).await;
}

/// The Relay compiler takes the connections for its pagination, and entities for
/// its refetching by `node`.
#[tokio::test]
async fn relay_compiles_pagination_and_refetching() {
    let Some(clients) = Clients::installed("the Relay compiler").await else { return };
    clients.run_bin("relay-compiler", &["relay.config.json"]).await;
    for operation in [
        "ordersPageQuery", "ordersListPaginationQuery", "ordersCustomerRefetchQuery",
        "ordersProgressSubscription",
    ] {
        let artifact = format!("relay/__generated__/{operation}.graphql.ts");
        assert!(clients.has(&artifact), "{artifact} was not made");
    }
}
