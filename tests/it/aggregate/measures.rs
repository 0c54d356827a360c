//! Measures of groups of sales, each compared with independent SQL.

use serde_json::{Value, json};

use crate::support::draw::Draw;
use crate::support::sales::{
    self, ALL, Ask, DIMENSIONS, Dimension, FILTERS, MEASURES, Measure, group_values, key, names,
    selected, some,
};
use crate::support::{Api, statements};

/// Compares all groups with SQL.
async fn same(api: &Api, dimensions: &[&Dimension], filter: (&str, &str), measures: &[&Measure]) {
    let query = format!(
        "{{ salesAggregate(filter: {}, groupBy: {}, first: 1000) {{
            totalCount nodes {{ {} measures {{ {} }} }} }} }}",
        filter.0,
        names(dimensions),
        key(dimensions),
        selected(measures),
    );
    let data = api.data(&query).await;
    let groups: Vec<_> = (data["salesAggregate"]["nodes"].as_array().unwrap().iter())
        .map(|node| group_values(&node["key"], dimensions, &node["measures"], measures))
        .collect();
    let wanted =
        Ask { dimensions, predicate: filter.1, measures, ..ALL }.groups(&api.db.pool).await;
    assert_eq!(groups, wanted, "{query}");
    assert_eq!(data["salesAggregate"]["totalCount"], json!(wanted.len()), "{query}");
}

fn all_measures() -> Vec<&'static Measure> {
    MEASURES.iter().collect()
}

#[tokio::test]
async fn every_measure_by_every_dimension_under_every_filter() {
    let api = sales::start(1).await;
    for (turn, dimension) in DIMENSIONS.iter().enumerate() {
        for filter in FILTERS.into_iter().skip(turn % 2).step_by(2).chain([FILTERS[0]]) {
            same(&api, &[dimension], filter, &all_measures()).await;
        }
    }
    for filter in FILTERS {
        same(&api, &[], filter, &all_measures()).await;
    }
}

#[tokio::test]
async fn random_measures_by_random_dimensions() {
    let mut draw = Draw::new(2);
    let api = sales::start(2).await;
    for _ in 0..200 {
        let dimensions = some(&mut draw, &DIMENSIONS, 3);
        let filter = *draw.one(&FILTERS);
        same(&api, &dimensions, filter, &some(&mut draw, &MEASURES, 4)).await;
    }
}

/// The groups of an answer, each mapped by `read`.
fn groups<T>(data: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    data["salesAggregate"]["nodes"].as_array().unwrap().iter().map(read).collect()
}

#[tokio::test]
async fn group_keys_identify_customer_and_product() {
    let api = sales::start(1).await;
    let one = |name: &str| {
        let found = DIMENSIONS.iter().find(|dimension| dimension.name == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    // Fourteen persons share three names, and twenty customers share fourteen persons.
    let data = api
        .data(
            "{ salesAggregate(groupBy: PERSON) { nodes {
                key { person { businessEntityId firstName lastName customers { nodes {
                    customerId } } } }
                measures { customerCount } } } }",
        )
        .await;
    let names = groups(&data, |node| node["key"]["person"]["lastName"].to_string());
    let distinct: std::collections::HashSet<&String> = names.iter().collect();
    assert!(distinct.len() == 4 && names.len() > 10, "{names:?}");
    let several = groups(&data, |node| {
        let of_person = node["key"]["person"]["customers"]["nodes"].as_array().map(Vec::len);
        let counted = node["measures"]["customerCount"].as_u64().unwrap();
        assert!(
            node["key"]["person"].is_null()
                || usize::try_from(counted).unwrap() <= of_person.unwrap(),
            "{node}"
        );
        of_person.is_some() && counted > 1
    });
    assert!(several.contains(&true), "no person bought as two customers: {data}");
    // Some orders have a product in several lines and under several offers.
    let mut more = 0;
    let data = api
        .data(
            "{ salesAggregate(groupBy: PRODUCT) { nodes { measures { orderCount lineCount } } } }",
        )
        .await;
    for node in groups(&data, |node| node["measures"].clone()) {
        more += u32::from(node["lineCount"].as_u64() > node["orderCount"].as_u64());
    }
    assert!(more > 3, "{data}");
    for name in ["PERSON", "CUSTOMER", "PRODUCT", "STORE", "TERRITORY"] {
        same(&api, &[one(name)], FILTERS[0], &all_measures()).await;
    }
    // Sales without a value form a group, which comes last.
    for (name, pointer) in [
        ("PERSON", "/person"),
        ("SALES_PERSON", "/salesPersonId"),
        ("PRODUCT_LINE", "/productLine"),
        ("PRODUCT_CLASS", "/productClass"),
        ("PRODUCT_COLOR", "/productColor"),
    ] {
        let key = key(&[one(name)]);
        let query = format!(
            "{{ salesAggregate(groupBy: {name}) {{ nodes {{ {key} measures {{ lineCount }} }} }} }}"
        );
        let data = api.data(&query).await;
        let nulls = groups(&data, |node| node["key"].pointer(pointer) == Some(&Value::Null));
        assert!(nulls.len() > 1 && nulls.last() == Some(&true), "{data}");
        assert_eq!(nulls.iter().filter(|null| **null).count(), 1, "{data}");
    }
}

#[tokio::test]
async fn a_group_is_measured_under_several_filters() {
    let mut draw = Draw::new(3);
    let api = sales::start(3).await;
    let keyed: Vec<&Dimension> = DIMENSIONS.iter().filter(|one| !one.document.is_empty()).collect();
    for turn in 0..60 {
        let dimensions: Vec<&Dimension> = match turn % 4 {
            0 => Vec::new(),
            _ => some(&mut draw, &keyed, 2).into_iter().copied().collect(),
        };
        let measures = if turn % 3 == 0 { all_measures() } else { some(&mut draw, &MEASURES, 3) };
        let whole = *draw.one(&FILTERS);
        let parts: Vec<(&str, &str)> = (0..3).map(|_| *draw.one(&FILTERS)).collect();
        let list = selected(&measures);
        let aliased: String = (parts.iter().enumerate())
            .map(|(at, part)| format!("part{at}: measures(filter: {}) {{ {list} }}", part.0))
            .collect();
        let query = format!(
            "{{ salesAggregate(filter: {}, groupBy: {}, first: 1000) {{ nodes {{
                {} {aliased} measures {{ lineCount }} }} }} }}",
            whole.0,
            names(&dimensions),
            key(&dimensions),
        );
        let (data, seen) = statements::during(api.data(&query)).await;
        // One for the groups, and one for each type that the keys refer to.
        assert!(seen.len() <= 1 + dimensions.len(), "{seen:?}");
        let pool = &api.db.pool;
        let whole = Ask { dimensions: &dimensions, predicate: whole.1, ..ALL };
        let keys = whole.groups(pool).await;
        let nothing = Ask { predicate: "false", measures: &measures, ..ALL }.groups(pool).await;
        for (at, part) in parts.iter().enumerate() {
            let both = format!("({}) AND ({})", whole.predicate, part.1);
            let there = Ask { predicate: &both, measures: &measures, ..whole }.groups(pool).await;
            let wanted: Vec<Vec<Option<String>>> = (keys.iter())
                .map(|key| {
                    let found = there.iter().find(|group| group[..key.len()] == key[..]);
                    found.cloned().unwrap_or_else(|| [key.clone(), nothing[0].clone()].concat())
                })
                .collect();
            let name = format!("part{at}");
            let met = groups(&data, |node| {
                group_values(&node["key"], &dimensions, &node[&name], &measures)
            });
            assert_eq!(met, wanted, "{name} of {query}");
        }
    }
}

#[tokio::test]
async fn no_sales_make_one_group_without_group_by_and_no_group_with_it() {
    let api = sales::start(1).await;
    let list = selected(&all_measures());
    for (filter, rest) in [
        ("{ productId: { in: [] } }", "lineCount"),
        ("{ order: { orderDate: { gte: \"2030-01-01\" } } }", &*list),
        ("{ orderQuantity: { lt: 0 } }", &*list),
    ] {
        for by in ["", "groupBy: [], ", "groupBy: null, "] {
            let query = format!(
                "{{ salesAggregate({by}filter: {filter}) {{ totalCount nodes {{
                    key {{ productColor orderYear person {{ lastName }} }}
                    measures {{ {rest} lineCount orderCount customerCount orderTotal
                        orderQuantity {{ sum avg min max }} unitPrice {{ sum avg min max }}
                        lineTotal {{ sum avg min max }} }} }} }} }}"
            );
            let data = api.data(&query).await;
            let groups = &data["salesAggregate"];
            assert_eq!(groups["totalCount"], 1, "{query}");
            let [group] = groups["nodes"].as_array().unwrap().as_slice() else { panic!("{data}") };
            let key = json!({ "productColor": null, "orderYear": null, "person": null });
            assert_eq!(group["key"], key);
            let measures = &group["measures"];
            for count in ["lineCount", "orderCount", "customerCount"] {
                assert_eq!(measures[count], 0, "{query}");
            }
            assert_eq!(measures["orderTotal"], "0.0000");
            for (value, zero) in [
                ("orderQuantity", json!(0)),
                ("unitPrice", json!("0.0000")),
                ("lineTotal", json!("0.000000")),
            ] {
                let statistic = &measures[value];
                assert_eq!(statistic["sum"], zero, "{query}");
                let nulls = ["avg", "min", "max"].map(|name| &statistic[name]);
                assert_eq!(nulls, [&Value::Null; 3], "{query}");
            }
        }
        let query = format!(
            "{{ salesAggregate(groupBy: ORDER_YEAR, filter: {filter}) {{ totalCount nodes {{
                measures {{ lineCount }} }} }} }}"
        );
        let none = json!({ "salesAggregate": { "totalCount": 0, "nodes": [] } });
        assert_eq!(api.data(&query).await, none);
    }
}

#[tokio::test]
async fn only_selected_measures_are_computed() {
    let api = sales::start(1).await;
    for measure in &MEASURES {
        // By offer, which has no precomputed totals.
        let query = format!(
            "{{ salesAggregate(groupBy: SPECIAL_OFFER) {{ nodes {{ measures {{ {} }} }} }} }}",
            measure.document
        );
        let (_, seen) = statements::during(api.data(&query)).await;
        let [statement] = seen.as_slice() else { panic!("{query}: {seen:?}") };
        assert!(statement.contains("v000") && !statement.contains("v001"), "{statement}");
        let of_order = ["ORDER_TOTAL", "CUSTOMER_COUNT"].contains(&measure.name);
        let joined = statement.contains("JOIN");
        assert_eq!(joined, of_order, "the orders are read: {statement}");
        let statistics = [
            ("avg(", "_AVG"),
            ("percentile_disc(ARRAY", "_MEDIAN"),
            ("var_samp", "_STDDEV"),
            ("DISTINCT", "CUSTOMER_COUNT"),
            ("total_due", "ORDER_TOTAL"),
        ];
        for (sql, name) in statistics {
            let is = measure.name.ends_with(name);
            assert_eq!(statement.contains(sql), is, "{}: {sql} in {statement}", measure.name);
        }
    }
    let (_, seen) =
        statements::during(api.data(
            "{ salesAggregate(groupBy: PRODUCT) { nodes { key { product { productId } } } } }",
        ))
        .await;
    assert!(!seen[0].contains("v000"), "{seen:?}");
    // Without nodes only the number of groups is read.
    let (_, seen) = statements::during(
        api.data("{ salesAggregate(groupBy: [CUSTOMER], first: 0) { totalCount } }"),
    )
    .await;
    assert_eq!(seen.len(), 1, "{seen:?}");
}
