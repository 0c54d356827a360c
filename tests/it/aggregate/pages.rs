//! Pages of groups of sales: each group once, in the order of the whole list, and in
//! total all sales.

use serde_json::{Value, json};

use crate::support::Api;
use crate::support::draw::Draw;
use crate::support::sales::{
    self, DIMENSIONS, Dimension, FILTERS, MEASURES, Measure, key, names, selected, some,
};

/// A list of groups to page through.
#[derive(Debug)]
struct List {
    dimensions: Vec<&'static Dimension>,
    measures: Vec<&'static Measure>,
    filter: &'static str,
    having: &'static str,
    order: String,
    top: String,
    fill_gaps: bool,
}

impl List {
    fn random(draw: &mut Draw) -> Self {
        let dimensions = some(draw, &DIMENSIONS, 3);
        let named: Vec<&Measure> = MEASURES.iter().filter(|one| !one.name.is_empty()).collect();
        let mut keys: Vec<String> = Vec::new();
        for _ in 0..draw.below(3) {
            let by = if draw.flip() {
                format!("measure: {}", draw.one(&named).name)
            } else {
                format!("dimension: {}", draw.one(&dimensions).name)
            };
            if !keys.iter().any(|key| key.contains(&format!("{by},"))) {
                let (direction, nulls) = (draw.one(&["ASC", "DESC"]), draw.one(&["FIRST", "LAST"]));
                keys.push(format!("{{ {by}, direction: {direction}, nulls: {nulls} }}"));
            }
        }
        let top = match draw.below(4) {
            0 => format!("{{ by: {}, first: 2 }}", draw.one(&dimensions).name),
            _ => "null".to_owned(),
        };
        let dates = dimensions.iter().filter(|one| one.sql.contains("order_date")).count();
        Self {
            measures: some(draw, &MEASURES, 3),
            filter: draw.one(&FILTERS).0,
            having: *draw.one(&["{}", "{ lineCount: { gt: 1 } }", "{}"]),
            order: keys.join(", "),
            top,
            // With more dimensions, hundreds of days make too many groups.
            fill_gaps: dates == 1 && dimensions.len() == 1 && draw.once_in(3),
            dimensions,
        }
    }

    fn document(&self, page: &str) -> String {
        format!(
            "{{ salesAggregate(filter: {}, groupBy: {}, having: {}, orderBy: [{}], topPerGroup: {},
                fillGaps: {}, {page}) {{
                totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
                edges {{ cursor node {{ {} measures {{ {} }}
                    sums: measures {{ {SUMS} }} }} }} }} }}",
            self.filter,
            names(&self.dimensions),
            self.having,
            self.order,
            self.top,
            self.fill_gaps,
            key(&self.dimensions),
            selected(&self.measures),
        )
    }

    async fn page(&self, api: &Api, page: &str) -> Value {
        api.data(&self.document(page)).await["salesAggregate"].take()
    }

    /// The groups of all pages in turn, and the number of pages.
    async fn walk(&self, api: &Api, size: usize, backwards: bool) -> (Vec<Value>, usize) {
        let (mut edges, mut pages, mut cursor) = (Vec::new(), 0, Value::Null);
        loop {
            let page = if backwards {
                self.page(api, &format!("last: {size}, before: {cursor}")).await
            } else {
                self.page(api, &format!("first: {size}, after: {cursor}")).await
            };
            pages += 1;
            let here = page["edges"].as_array().unwrap();
            let info = &page["pageInfo"];
            let ends = [&info["startCursor"], &info["endCursor"]];
            if let [first, .., last] | [first @ last] = here.as_slice() {
                assert_eq!(ends, [&first["cursor"], &last["cursor"]]);
            }
            assert!(here.len() <= size, "{size}: {self:?}");
            let more = if backwards {
                edges.splice(0..0, here.iter().cloned());
                cursor = info["startCursor"].clone();
                &info["hasPreviousPage"]
            } else {
                edges.extend(here.iter().cloned());
                cursor = info["endCursor"].clone();
                &info["hasNextPage"]
            };
            if *more == json!(false) {
                return (edges, pages);
            }
            assert_eq!(here.len(), size, "more groups, and the page is not full: {self:?}");
        }
    }

    /// Whether every sale is in a group.
    fn is_whole(&self) -> bool {
        self.having == "{}" && self.top == "null"
    }

    /// Whether all lines of an order are in one group.
    fn is_of_orders(&self) -> bool {
        self.dimensions.iter().all(|one| !one.sql.starts_with("l.") && !one.sql.starts_with("p."))
    }
}

const SUMS: &str = "lineCount orderQuantity { sum } lineTotal { sum } orderCount orderTotal";

/// Sums as whole millionths.
fn sums(of: &Value) -> [i128; 5] {
    ["/lineCount", "/orderQuantity/sum", "/lineTotal/sum", "/orderCount", "/orderTotal"].map(|at| {
        let value = of.pointer(at).unwrap_or_else(|| panic!("no {at}: {of}"));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        format!("{whole}{fraction:0<6}").parse().unwrap_or_else(|_| panic!("{text} is no sum"))
    })
}

#[tokio::test]
async fn pages_return_each_group_once_and_in_total_all_sales() {
    let (mut pages, mut whole) = (0, 0);
    for seed in [51, 52] {
        let mut draw = Draw::new(seed);
        let api = sales::start(seed).await;
        for _ in 0..40 {
            let list = List::random(&mut draw);
            let all = list.page(&api, "first: 1000").await;
            let edges = all["edges"].as_array().unwrap();
            assert_eq!(all["totalCount"], edges.len(), "{list:?}");
            let cursors: std::collections::HashSet<String> =
                edges.iter().map(|edge| edge["cursor"].to_string()).collect();
            assert_eq!(cursors.len(), edges.len(), "{list:?}");
            let size = 1 + edges.len() / (2 + draw.below(5)) + draw.below(2);
            for backwards in [false, true] {
                let (walked, number) = list.walk(&api, size, backwards).await;
                let way = if backwards { "backwards" } else { "forwards" };
                assert_eq!(&walked, edges, "seed {seed}: {way} by {size}: {list:?}");
                pages += number;
            }
            if list.is_whole() {
                whole += 1;
                let query = format!(
                    "{{ salesAggregate(filter: {}) {{ nodes {{ measures {{ {SUMS} }} }} }} }}",
                    list.filter
                );
                let wanted =
                    sums(&api.data(&query).await["salesAggregate"]["nodes"][0]["measures"]);
                let mut met = [0; 5];
                for edge in edges {
                    let of = sums(&edge["node"]["sums"]);
                    met.iter_mut().zip(of).for_each(|(sum, value)| *sum += value);
                }
                let same = if list.is_of_orders() { 5 } else { 3 };
                assert_eq!(met[..same], wanted[..same], "seed {seed}: {list:?}");
            }
        }
    }
    assert!(pages > 300 && whole > 30, "only {pages} pages, {whole} of all sales");
}

#[tokio::test]
async fn a_page_may_lie_between_any_two_cursors() {
    let mut draw = Draw::new(53);
    let api = sales::start(53).await;
    for _ in 0..30 {
        let list = List::random(&mut draw);
        let all = list.page(&api, "first: 1000").await;
        let edges = all["edges"].as_array().unwrap();
        if edges.is_empty() {
            continue;
        }
        let (from, to) = (draw.below(edges.len()), draw.below(edges.len()));
        let (after, before) = (&edges[from]["cursor"], &edges[to]["cursor"]);
        let page = list.page(&api, &format!("first: 1000, after: {after}, before: {before}")).await;
        let wanted = edges.get(from + 1..to).unwrap_or_default();
        assert_eq!(page["edges"].as_array().unwrap(), wanted, "{from} to {to}: {list:?}");
        assert_eq!(page["totalCount"], edges.len(), "all there are, on any page");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_one_list() {
    let api = sales::start(54).await;
    let ask = |arguments: &str| {
        format!("{{ salesAggregate(first: 1, {arguments}) {{ edges {{ cursor }} }} }}")
    };
    let own = "groupBy: [PRODUCT, CUSTOMER], orderBy: { measure: LINE_COUNT }";
    let data = api.data(&ask(own)).await;
    let cursor = data["salesAggregate"]["edges"][0]["cursor"].as_str().unwrap().to_owned();
    api.data(&ask(&format!("{own}, after: \"{cursor}\""))).await;
    for other in [
        "groupBy: [PRODUCT, CUSTOMER]",
        "groupBy: [PRODUCT], orderBy: { measure: LINE_COUNT }",
        "groupBy: [PRODUCT, PERSON], orderBy: { measure: LINE_COUNT }",
        "groupBy: [PRODUCT, CUSTOMER, ONLINE], orderBy: { measure: LINE_COUNT }",
        "groupBy: [PRODUCT, CUSTOMER], orderBy: { measure: LINE_COUNT, direction: DESC }",
        "groupBy: [PRODUCT, CUSTOMER], orderBy: { measure: LINE_COUNT, nulls: FIRST }",
        "groupBy: [PRODUCT, CUSTOMER], orderBy: { measure: ORDER_COUNT }",
        "groupBy: [PRODUCT, CUSTOMER], orderBy: { dimension: PRODUCT }",
        "orderBy: { measure: LINE_COUNT }",
    ] {
        for (argument, size) in [("after", "first: 1"), ("before", "last: 1")] {
            let query =
                ask(&format!("{other}, {argument}: \"{cursor}\"")).replace("first: 1", size);
            let refused = api.refusal(&query).await;
            assert_eq!(refused, ("BAD_USER_INPUT".to_owned(), argument.to_owned()), "{query}");
        }
    }
    // Of other lists, altered, and malformed.
    let data = api.data("{ products(first: 1) { edges { cursor } } }").await;
    let product = data["products"]["edges"][0]["cursor"].as_str().unwrap().to_owned();
    let changed = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    for cursor in [product, changed, cursor[..cursor.len() - 3].to_owned(), "x".to_owned()] {
        let refused = api.refusal(&ask(&format!("{own}, after: \"{cursor}\""))).await;
        assert_eq!(refused, ("BAD_USER_INPUT".to_owned(), "after".to_owned()), "{cursor}");
    }
    let query = format!("{{ products(first: 1, after: \"{cursor}\") {{ totalCount }} }}");
    assert_eq!(api.refusal(&query).await.1, "after");
}
