//! The dimensions of groups of sales: each value of `SalesDimension`, and what is selected of
//! the key of a group.

use crate::auth::{Grant, Scope};
use crate::graphql::Guide;
use crate::http::mcp::outcome::BadArgument;
use crate::http::mcp::tools::measures::upper;

/// The enumeration of their names.
const DIMENSION: &str = "SalesDimension";
/// The object of their values.
const KEY: &str = "SalesGroupKey";

/// What the key has of these dimensions.
pub(super) fn selection(
    argument: &str,
    dimensions: &[String],
    scope: &Scope,
) -> Result<String, BadArgument> {
    let parts = dimensions.iter().map(|dimension| {
        one(dimension, scope).ok_or_else(|| {
            let known = Guide::get().values(DIMENSION);
            let known: Vec<&str> = known.iter().map(|value| value.name).collect();
            let (known, name) = (known.join(", "), dimension.chars().take(100));
            let name: String = name.collect();
            BadArgument::new(argument, format!("there is no dimension {name}, but {known}"))
        })
    });
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(" "))
}

/// The values of its own name or key, and of what a row is shown by.
fn one(dimension: &str, scope: &Scope) -> Option<String> {
    let guide = Guide::get();
    guide.values(DIMENSION).iter().find(|value| value.name == dimension)?;
    let leaves = guide.leaves(KEY, 1).into_iter().flatten();
    let is_its = |leaf: &&str| {
        let name = upper(&[*leaf]);
        name.strip_suffix("_ID").unwrap_or(&name) == dimension
    };
    let row = match dimension {
        "PRODUCT" => Some("product { productId name productNumber }"),
        "CUSTOMER" => Some("customer { customerId accountNumber }"),
        "PERSON" if scope.allows(Grant::PersonsRead) => {
            Some("person { businessEntityId firstName lastName }")
        }
        "PERSON" => Some("person { businessEntityId }"),
        "STORE" => Some("store { name }"),
        "TERRITORY" => Some("territory { name }"),
        _ => None,
    };
    let parts: Vec<&str> = leaves.filter(is_its).chain(row).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_of_the_schema_has_a_selection() {
        let everything = Scope::everything();
        for value in Guide::get().values(DIMENSION) {
            assert!(one(value.name, &everything).is_some(), "{}", value.name);
        }
        assert_eq!(one("STORE", &everything).unwrap(), "storeId store { name }");
        assert_eq!(one("ORDER_MONTH", &everything).unwrap(), "orderMonth");
        assert_eq!(one("} x {", &everything), None);
    }
}
