//! Clients' own tools on the schema, with the configurations in `tests/clients` that
//! the documentation points to.

use crate::support::npm::Clients;

/// graphql-codegen generates types for the schema and for operations; a program that
/// uses them passes the strict compiler.
#[tokio::test]
async fn typescript_types_are_generated_from_the_schema() {
    let Some(clients) = Clients::installed("types for TypeScript").await else { return };
    clients.run_bin("graphql-codegen", &["--config", "codegen.ts"]).await;
    clients.run_bin("tsc", &["--project", ".", "--noEmit", "--strict"]).await;
}

/// The Relay compiler accepts the connections for pagination, and entities for
/// refetching by `node`.
#[tokio::test]
async fn relay_compiles_pagination_and_refetching() {
    let Some(clients) = Clients::installed("the Relay compiler").await else { return };
    clients.run_bin("relay-compiler", &["relay.config.json"]).await;
    for operation in [
        "ordersPageQuery", "ordersListPaginationQuery", "ordersCustomerRefetchQuery",
        "ordersProgressSubscription",
    ] {
        let artifact = format!("relay/__generated__/{operation}.graphql.ts");
        assert!(clients.has(&artifact), "{artifact} was not generated");
    }
}
