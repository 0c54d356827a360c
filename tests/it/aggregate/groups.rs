//! `having`, `orderBy`, `topPerGroup` and `fillGaps` of groups of sales.

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::support::draw::Draw;
use crate::support::sales::{
    self, ALL, Ask, DIMENSIONS, Dimension, FILTERS, MEASURES, Measure, group_values, key, names,
    selected, some,
};
use crate::support::{Api, on_one_machine};

type Groups = Vec<Vec<Option<String>>>;

fn one(name: &str) -> &'static Dimension {
    DIMENSIONS.iter().find(|one| one.name == name).unwrap_or_else(|| panic!("no {name}"))
}

/// The measures that groups can be ordered and filtered by.
fn named() -> Vec<&'static Measure> {
    MEASURES.iter().filter(|one| !one.name.is_empty()).collect()
}

/// All groups with these arguments, and their `totalCount`.
async fn listed(
    api: &Api,
    dimensions: &[&Dimension],
    arguments: &str,
    measures: &[&Measure],
) -> (Groups, Value) {
    let (mut groups, mut after) = (Groups::new(), "null".to_owned());
    loop {
        let query = format!(
            "{{ salesAggregate(groupBy: {}, first: 1000, after: {after}, {arguments}) {{
                totalCount pageInfo {{ hasNextPage endCursor }}
                nodes {{ {} measures {{ __typename {} }} }} }} }}",
            names(dimensions),
            key(dimensions),
            selected(measures),
        );
        let mut list = api.data(&query).await["salesAggregate"].take();
        let of = |node: &Value| group_values(&node["key"], dimensions, &node["measures"], measures);
        groups.extend(list["nodes"].as_array().unwrap().iter().map(of));
        if list["pageInfo"]["hasNextPage"] == false {
            return (groups, list["totalCount"].take());
        }
        after = list["pageInfo"]["endCursor"].to_string();
    }
}

/// A filter of groups: `/unitPrice/avg` with `{gt: 1}` is `{unitPrice: {avg: {gt: 1}}}`.
fn having(measure: &Measure, comparison: &str) -> String {
    let names: Vec<&str> = measure.pointer.split('/').skip(1).collect();
    let open: String = names.iter().map(|name| format!("{{ {name}: ")).collect();
    format!("{open}{comparison}{}", " }".repeat(names.len()))
}

#[tokio::test]
async fn having_filters_by_measures_that_are_not_selected() {
    let api = sales::start(11).await;
    let pool = &api.db.pool;
    for (turn, dimension) in ["CUSTOMER", "ORDER_DATE", "PRODUCT"].into_iter().enumerate() {
        let dimensions = [one(dimension)];
        let all = Ask { dimensions: &dimensions, ..ALL };
        let mut kept = BTreeSet::new();
        for measure in named().into_iter().skip(turn).step_by(3) {
            let of = Ask { measures: &[measure], ..all }.groups(pool).await;
            let middle = of[of.len() / 2][1].clone().or_else(|| of[0][1].clone()).unwrap();
            let is_decimal = !measure.pointer.ends_with("Count")
                && !["/orderQuantity/sum", "/orderQuantity/min", "/orderQuantity/max"]
                    .contains(&measure.pointer);
            let value = if is_decimal { format!("\"{middle}\"") } else { middle.clone() };
            for (how, sql) in [("gt", ">"), ("lte", "<=")] {
                let filter = having(measure, &format!("{{ {how}: {value} }}"));
                let positive = format!("(({}) {sql} {middle})", measure.sql);
                let negative = format!("{positive} IS NOT TRUE");
                for (filter, sql) in
                    [(filter.clone(), positive), (format!("{{ not: {filter} }}"), negative)]
                {
                    let wanted = Ask { having: &sql, ..all }.groups(pool).await;
                    let arguments = format!("having: {filter}");
                    let (groups, count) = listed(&api, &dimensions, &arguments, &[]).await;
                    assert_eq!(groups, wanted, "{dimension}: {filter} is not {sql}");
                    assert_eq!(count, wanted.len(), "{dimension}: {filter}");
                    kept.insert(wanted.len());
                }
            }
        }
        assert!(kept.len() > 2, "{dimension}: always {kept:?} groups");
    }
    // Over all their lines, even where `measures` has a filter of its own.
    let dimensions = [one("CUSTOMER")];
    let (wanted, _) =
        listed(&api, &dimensions, "having: { lineCount: { gt: 9 }, orderCount: { lt: 5 } }", &[])
            .await;
    let sql = "g.n > 9 AND (SELECT count(DISTINCT x) FROM unnest(g.orders) AS x) < 5";
    let by_sql = Ask { dimensions: &dimensions, having: sql, ..ALL }.groups(pool).await;
    assert_eq!(wanted, by_sql);
    assert!(!wanted.is_empty());
    let query = "{ salesAggregate(groupBy: CUSTOMER, having: { or: [{ and: [
        { lineCount: { gt: 9 } }, { not: { orderCount: { gte: 5 } } }] }, { lineCount: { lt: 0 } }] })
        { nodes { key { customer { customerId } } measures(filter: { productId: { eq: 1 } }) {
            lineCount } } } }";
    let data = api.data(query).await;
    let nodes = data["salesAggregate"]["nodes"].as_array().unwrap();
    let met: Groups = nodes
        .iter()
        .map(|node| group_values(&node["key"], &dimensions, &Value::Null, &[]))
        .collect();
    assert_eq!(met, by_sql);
}

#[tokio::test]
async fn groups_are_ordered_by_measures_and_dimensions() {
    let mut draw = Draw::new(12);
    let api = sales::start(12).await;
    let pool = &api.db.pool;
    for (at, measure) in named().into_iter().enumerate() {
        for direction in ["ASC", "DESC"] {
            for nulls in ["FIRST", "LAST"] {
                let dimensions = some(&mut draw, &DIMENSIONS, 2);
                let sql = format!("({}) {direction} NULLS {nulls}", measure.sql);
                let ask = Ask { dimensions: &dimensions, order: &sql, ..ALL };
                // Whether it is selected or not.
                let measures = if at % 2 == 0 { vec![measure] } else { Vec::new() };
                let wanted = Ask { measures: &measures, ..ask }.groups(pool).await;
                let arguments = format!(
                    "orderBy: {{ measure: {}, direction: {direction}, nulls: {nulls} }}",
                    measure.name
                );
                let (groups, _) = listed(&api, &dimensions, &arguments, &measures).await;
                let by = names(&dimensions);
                assert_eq!(groups, wanted, "{arguments} of {by}");
            }
        }
    }
    let lines = &MEASURES[1];
    for dimension in &DIMENSIONS {
        for direction in ["ASC", "DESC"] {
            for nulls in ["FIRST", "LAST"] {
                let dimensions = [*draw.one(&[one("PRODUCT"), one("ORDER_MONTH")]), dimension];
                if dimensions[0].name == dimension.name {
                    continue;
                }
                let sql = format!("k1 {direction} NULLS {nulls}, g.n DESC");
                let ask = Ask { dimensions: &dimensions, order: &sql, measures: &[lines], ..ALL };
                let arguments = format!(
                    "orderBy: [{{ dimension: {}, direction: {direction}, nulls: {nulls} }},
                               {{ measure: LINE_COUNT, direction: DESC }}]",
                    dimension.name
                );
                let (groups, _) = listed(&api, &dimensions, &arguments, &[lines]).await;
                assert_eq!(groups, ask.groups(pool).await, "{arguments}");
            }
        }
    }
}

#[tokio::test]
async fn top_per_group_keeps_the_first_groups_of_each() {
    let mut draw = Draw::new(13);
    let api = sales::start(13).await;
    for _ in 0..60 {
        let dimensions = some(&mut draw, &DIMENSIONS, 3);
        let by: Vec<usize> = (0..dimensions.len()).filter(|_| draw.flip()).collect();
        let measures = named();
        let measure = *draw.one(&measures);
        let first = draw.between(1, 3);
        let filter = *draw.one(&FILTERS);
        let (kept, having) = *draw.one(&[("{}", "true"), ("{ lineCount: { gt: 1 } }", "g.n > 1")]);
        let (nulls, direction) = (*draw.one(&["FIRST", "LAST"]), *draw.one(&["ASC", "DESC"]));
        let columns: Vec<String> = by.iter().map(|at| format!("k{at}")).collect();
        let partition = match columns.as_slice() {
            [] => String::new(),
            columns => format!("PARTITION BY {}", columns.join(", ")),
        };
        let order = format!("({}) {direction} NULLS {nulls}", measure.sql);
        let of: Vec<&Dimension> = by.iter().map(|at| dimensions[*at]).collect();
        let arguments = format!(
            "filter: {}, having: {kept}, topPerGroup: {{ by: {}, first: {first} }},
             orderBy: {{ measure: {}, direction: {direction}, nulls: {nulls} }}",
            filter.0,
            names(&of),
            measure.name,
        );
        let wanted = Ask {
            dimensions: &dimensions,
            predicate: filter.1,
            having,
            order: &order,
            top: Some((&partition, first)),
            measures: &[measure],
        };
        let wanted = wanted.groups(&api.db.pool).await;
        let (groups, count) = listed(&api, &dimensions, &arguments, &[measure]).await;
        assert_eq!(groups, wanted, "{arguments} of {}", names(&dimensions));
        assert_eq!(count, wanted.len(), "{arguments}");
    }
}

/// The buckets of all days from the first order to the last, within bounds.
async fn buckets(api: &Api, dates: &Dimension, from: &str, to: &str) -> Vec<String> {
    let bucket = dates.sql.replace("o.order_date", "day");
    let sql = format!(
        "SELECT DISTINCT ({bucket})::text FROM (
            SELECT generate_series(greatest(min(order_date)::date, {from}),
                                   least(max(order_date), {to}), interval '1 day') AS day
            FROM sales_order) AS days"
    );
    let mut machine = on_one_machine(&api.db.pool, &sql).await;
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *machine).await.unwrap()
}

/// Bounds of days: in a filter, and from and to in SQL.
const PERIODS: [(&str, &str, &str); 5] = [
    ("", "NULL::timestamp", "NULL::timestamp"),
    ("gte: \"2011-02-11\"", "timestamp '2011-02-11'", "NULL::timestamp"),
    (
        "gt: \"2011-02-01\", lt: \"2011-11-08\"",
        "NULL::timestamp",
        "timestamp '2011-11-07 23:59:59'",
    ),
    (
        "gte: \"2011-06-03\", lte: \"2011-09-14\"",
        "timestamp '2011-06-03'",
        "timestamp '2011-09-14'",
    ),
    // Wider than the orders.
    ("gte: \"2010-01-01\", lt: \"2020-01-01\"", "NULL::timestamp", "NULL::timestamp"),
];

#[tokio::test]
async fn fill_gaps_adds_a_group_for_each_bucket_without_sales() {
    let api = sales::start(14).await;
    let pool = &api.db.pool;
    // The measures over no lines: zeros and nulls.
    let measures: Vec<&Measure> = MEASURES.iter().collect();
    let nothing = Ask { predicate: "false", measures: &measures, ..ALL }.groups(pool).await;
    let all_dates: Vec<&Dimension> =
        DIMENSIONS.iter().filter(|one| one.sql.contains("order_date")).collect();
    assert_eq!(all_dates.len(), 6);
    for (turn, dates) in all_dates.into_iter().enumerate() {
        for (bounds, from, to) in PERIODS {
            for other in [None, Some(["PRODUCT_COLOR", "ONLINE"][turn % 2])] {
                let filter = format!(
                    "{{ order: {{ orderDate: {{ {bounds} }} }}, productId: {{ in: [1, 2, 3, 4] }} }}"
                );
                let mut dimensions = vec![dates];
                dimensions.splice(0..0, other.map(one));
                let predicate = format!(
                    "coalesce(o.order_date >= {from}, true) AND coalesce(o.order_date <= {to}, true)
                     AND l.product_id < 5"
                );
                let ask = Ask { dimensions: &dimensions, predicate: &predicate, ..ALL };
                let there = Ask { measures: &measures, ..ask }.groups(pool).await;
                let others: BTreeSet<Vec<Option<String>>> =
                    there.iter().map(|group| group[..dimensions.len() - 1].to_vec()).collect();
                let mut wanted: Groups = Vec::new();
                for other in if dimensions.len() == 1 { [vec![]].into() } else { others } {
                    for bucket in buckets(&api, dates, from, to).await {
                        let key = [other.clone(), vec![Some(bucket)]].concat();
                        let found = there.iter().find(|group| group[..key.len()] == key[..]);
                        let zeros = || [key.clone(), nothing[0].clone()].concat();
                        wanted.push(found.cloned().unwrap_or_else(zeros));
                    }
                }
                let arguments = format!("filter: {filter}, fillGaps: true");
                let (mut groups, count) = listed(&api, &dimensions, &arguments, &measures).await;
                assert_eq!(count, groups.len());
                groups.sort();
                wanted.sort();
                assert_eq!(groups, wanted, "{} of {}", names(&dimensions), filter);
            }
        }
    }
}

#[tokio::test]
async fn added_groups_are_filtered_ordered_and_limited_like_others() {
    let api = sales::start(15).await;
    let dimensions = [one("ORDER_MONTH")];
    let lines = [&MEASURES[1]];
    let (all, _) = listed(&api, &dimensions, "fillGaps: true", &lines).await;
    let zero = |group: &Vec<Option<String>>| group[1].as_deref() == Some("0");
    assert!(all.iter().filter(|group| zero(group)).count() > 20, "{all:?}");
    assert!(all.is_sorted() && all.iter().any(|group| !zero(group)));
    let arguments = "fillGaps: true, having: { lineCount: { eq: 0 } }";
    let (zeros, _) = listed(&api, &dimensions, arguments, &lines).await;
    let wanted: Groups = all.iter().filter(|group| zero(group)).cloned().collect();
    assert_eq!(zeros, wanted);
    let arguments = "fillGaps: true, orderBy: { measure: LINE_COUNT }";
    let (ordered, _) = listed(&api, &dimensions, arguments, &lines).await;
    assert_eq!(ordered[..wanted.len()], wanted);
    let both = [one("ONLINE"), dimensions[0]];
    let arguments = "fillGaps: true, topPerGroup: { by: ONLINE, first: 2 },
                     orderBy: { dimension: ORDER_MONTH, direction: DESC }";
    let (top, count) = listed(&api, &both, arguments, &lines).await;
    let last: BTreeSet<&Option<String>> = top.iter().map(|group| &group[1]).collect();
    let wanted: BTreeSet<&Option<String>> =
        all[all.len() - 2..].iter().map(|group| &group[0]).collect();
    assert_eq!((last, count), (wanted, 4.into()));
}

#[tokio::test]
async fn no_gaps_are_filled_outside_the_range_of_orders() {
    let api = sales::start(16).await;
    let (after, before) = ("gte: \"2030-01-01\", lt: \"2031-01-01\"", "lt: \"2001-01-01\"");
    let empty = Api::over(crate::support::database().await).await;
    for by in
        ["ORDER_DATE", "ORDER_WEEK", "ORDER_MONTH", "ORDER_QUARTER", "ORDER_YEAR", "ORDER_WEEKDAY"]
    {
        let dimensions = [one(by)];
        for (api, bounds) in [(&api, after), (&api, before), (&empty, after), (&empty, "")] {
            let arguments =
                format!("fillGaps: true, filter: {{ order: {{ orderDate: {{ {bounds} }} }} }}");
            let (groups, _) = listed(api, &dimensions, &arguments, &[]).await;
            assert_eq!(groups, Groups::new(), "{by} {bounds}");
        }
    }
}
