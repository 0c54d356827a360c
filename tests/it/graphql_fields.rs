//! Every field of every type gives what is in its column.

use salesgraph::graphql;

use crate::support::Api;

#[tokio::test]
async fn every_field_of_every_type_can_be_read() {
    use salesgraph::graphql::model::FieldValue;
    let api = Api::start().await;
    for (list, name) in [
        ("persons", "Person"),
        ("products", "Product"),
        ("customers", "Customer"),
        ("specialOfferProducts", "SpecialOfferProduct"),
        ("salesOrders", "SalesOrder"),
        ("salesOrderLines", "SalesOrderLine"),
        ("loadRuns", "LoadRun"),
        ("loadRejects", "LoadReject"),
        ("loadParked", "LoadParked"),
    ] {
        let entity = graphql::types::ALL.iter().find(|entity| entity.shape.name == name).unwrap();
        let fields: Vec<String> = entity
            .shape
            .fields
            .iter()
            .map(|field| match &field.value {
                FieldValue::One(..) | FieldValue::Group(_) | FieldValue::GroupUnlessNull(..) => {
                    format!("{} {{ __typename }}", field.name)
                }
                FieldValue::Many(..) => format!("{}(first: 1) {{ totalCount }}", field.name),
                _ => field.name.to_owned(),
            })
            .collect();
        let query = format!("{{ {list}(first: 3) {{ nodes {{ {} }} }} }}", fields.join(" "));
        let data = api.data(&query).await;
        let first = &data[list]["nodes"][0];
        assert_eq!(first.as_object().unwrap().len(), entity.shape.fields.len(), "{list}");
    }
}
