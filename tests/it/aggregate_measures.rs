//! What is measured of groups of sales, each against SQL that was written apart.

use serde_json::{Value, json};

use crate::support::draw::Draw;
use crate::support::sales::{
    self, ALL, Ask, DIMENSIONS, Dimension, FILTERS, MEASURES, Measure, key, names, selected, some,
    told,
};
use crate::support::{Api, statements};

/// Compares groups with SQL, to the last.
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
        .map(|node| told(&node["key"], dimensions, &node["measures"], measures))
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
    for dimension in &DIMENSIONS {
        for filter in FILTERS {
            same(&api, &[dimension], filter, &all_measures()).await;
        }
    }
    for filter in FILTERS {
        same(&api, &[], filter, &all_measures()).await;
    }
}

#[tokio::test]
async fn some_measures_by_some_dimensions() {
    let mut draw = Draw::new(2);
    let api = sales::start(2).await;
    for _ in 0..200 {
        let dimensions = some(&mut draw, &DIMENSIONS, 3);
        let filter = *draw.one(&FILTERS);
        same(&api, &dimensions, filter, &some(&mut draw, &MEASURES, 4)).await;
    }
}
