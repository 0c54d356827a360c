use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;

use super::Guide;
use crate::graphql::sdl;

fn names(text: &str) -> Vec<String> {
    let found = Guide::get().search(text, 10).into_iter();
    found.map(|found| found.name).collect()
}

#[test]
fn what_is_asked_for_comes_first() {
    for (text, expected) in [
        ("list price of a product", "Product.listPrice"),
        ("salesAggregate", "Query.salesAggregate"),
        ("territories", "Query.territories"),
        ("demand forecast", "Query.demandForecast"),
        ("requestReport", "Mutation.requestReport"),
        ("fillGaps", "Query.salesAggregate(fillGaps:)"),
        ("ORDER_WEEKDAY", "SalesDimension.ORDER_WEEKDAY"),
        ("SalesTopPerGroup", "SalesTopPerGroup"),
    ] {
        let found = names(text);
        assert!(found.iter().take(3).any(|name| name == expected), "{text}: {found:?}");
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    assert!(names("zebra quagga").is_empty());
    assert!(names("").is_empty());
    assert!(names("\u{0}\u{202e}  ;;").is_empty());
    assert!(Guide::get().search(&"order ".repeat(10_000), 5).len() <= 5);
}

#[test]
fn every_part_is_valid_sdl_of_the_schema() {
    let sdl = sdl();
    // The SDL separates arguments by commas, which SDL need not have.
    let known: BTreeSet<&str> = sdl.lines().map(|line| line.trim().trim_end_matches(',')).collect();
    let found = Guide::get().search("order product name of the key report", usize::MAX);
    assert!(found.len() > 500, "{}", found.len());
    for found in found {
        assert!(parse_schema(&found.sdl).is_ok(), "{}", found.sdl);
        let of_member = found.name.contains('.');
        for line in found.sdl.lines().filter(|_| of_member) {
            let line = line.trim();
            let is_known = known.contains(line)
                || known.iter().any(|known| known.starts_with(line.trim_end_matches(" {")));
            assert!(is_known, "{}: {line}", found.name);
        }
    }
}

#[test]
fn every_input_has_a_schema_that_ends() {
    let guide = Guide::get();
    let inputs: Vec<&String> = guide.registry.types.keys().collect();
    assert!(inputs.len() > 100, "{}", inputs.len());
    for name in inputs {
        let text = guide.schema_of(name).to_string();
        assert!(text.len() < 100_000, "{name}: {}", text.len());
    }
}
