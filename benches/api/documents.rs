//! What is asked for. The texts lie in `documents/`, one folder a side.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::Result;
use crate::secured::TERRITORIES;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/api/documents");

/// One document of the comparison.
#[derive(Debug)]
pub(crate) struct Document {
    /// The name of its files and of `--only`.
    pub(crate) name: &'static str,
    /// What it asks for, for the table.
    pub(crate) title: &'static str,
    /// Its variable, and the statement that gives the values to vary it over as
    /// texts of JSON.
    variable: Option<(&'static str, &'static str)>,
    /// The root field and its argument without which salesgraph cannot answer it.
    needs: (&'static str, Option<&'static str>),
    /// How many times as fast as `PostGraphile` it is to be.
    pub(crate) goal: Option<f64>,
    /// Whether `PostGraphile` has an answer at all.
    pub(crate) in_postgraphile: bool,
}

/// All of them, in the order of the table.
pub(crate) const ALL: &[Document] = &[
    order_page(),
    Document {
        name: "order-list",
        title: "order list: 50 newest orders, their persons, 5 lines each, their products",
        variable: None,
        needs: ("salesOrders", Some("orderBy")),
        goal: Some(4.0),
        in_postgraphile: true,
    },
    Document {
        name: "filtered-list",
        title: "filtered list: orders of a month over 1,000, the 50 largest",
        variable: Some((
            "over",
            "SELECT to_json((1000 + n / 10.0)::numeric(6, 1)::text)::text \
             FROM generate_series(0, 99) AS n",
        )),
        needs: ("salesOrders", Some("filter")),
        goal: Some(4.0),
        in_postgraphile: true,
    },
    Document {
        name: "customers",
        title: "1,000 customers with their persons",
        variable: Some((
            "from",
            "SELECT to_json(customer_id)::text FROM \
             (SELECT customer_id, person_id, row_number() OVER (ORDER BY customer_id DESC) AS place \
              FROM customer) AS customer \
             WHERE person_id IS NOT NULL AND place >= 1000 \
             ORDER BY md5(customer_id::text) LIMIT 40",
        )),
        needs: ("customers", Some("filter")),
        goal: Some(4.0),
        in_postgraphile: true,
    },
    Document {
        name: "top-products",
        title: "top 10 products by quantity over all lines",
        variable: None,
        needs: ("salesAggregate", None),
        goal: None,
        in_postgraphile: true,
    },
    aggregate("sales-by-month", "orders, quantity and total by month, over all lines"),
    aggregate("sales-by-product", "orders, quantity and total by product, over all lines"),
    aggregate("sales-by-customer", "10 customers of the greatest total, over all lines"),
    aggregate("product-medians", "median of the lines' totals by product, over all lines"),
    aggregate("sales-by-several", "by territory, product line, year and channel, over all lines"),
    aggregate("sales-by-store-of-number", "10 stores of orders whose number ends so"),
];

/// What is asked beside a load of orders: one that it does not touch, and one that it does.
pub(crate) const LOADING: &[Document] = &[
    Document {
        name: "product-list",
        title: "50 products with their inventory",
        variable: Some((
            "from",
            "SELECT to_json(product_id)::text FROM product ORDER BY md5(product_id::text) LIMIT 100",
        )),
        needs: ("products", Some("filter")),
        goal: None,
        in_postgraphile: false,
    },
    order_page(),
];

const fn order_page() -> Document {
    Document {
        name: "order-page",
        title: "order page: one order, its customer, person, 20 lines, their products",
        variable: Some((
            "salesOrderId",
            "SELECT to_json(sales_order_id)::text FROM sales_order_line WHERE sales_order_id IN \
             (SELECT sales_order_id FROM sales_order WHERE VISIBLE) GROUP BY sales_order_id \
             ORDER BY least(count(*), 20) DESC, md5(sales_order_id::text) LIMIT 500",
        )),
        needs: ("salesOrder", None),
        goal: Some(4.0),
        in_postgraphile: true,
    }
}

/// One that only salesgraph and Postgres itself are asked for.
const fn aggregate(name: &'static str, title: &'static str) -> Document {
    Document {
        name,
        title,
        variable: None,
        needs: ("salesAggregate", None),
        goal: None,
        in_postgraphile: false,
    }
}

/// The documents that `--only` leaves; all where it names none.
pub(crate) fn chosen(only: &[String]) -> Result<Vec<&'static Document>> {
    let names: Vec<&str> = ALL.iter().map(|document| document.name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("--only {unknown}: there is {}", names.join(", ")).into());
    }
    let wanted = |document: &&Document| only.is_empty() || only.iter().any(|o| o == document.name);
    Ok(ALL.iter().filter(wanted).collect())
}

impl Document {
    /// What salesgraph needs to have, as `field` or `field(argument)`.
    pub(crate) fn field(&self) -> String {
        match self.needs {
            (field, None) => field.to_owned(),
            (field, Some(argument)) => format!("{field}({argument})"),
        }
    }

    /// The values of its variable; one null where it has none. `for_partner`: only those that
    /// lead a partner to rows that it sees.
    pub(crate) async fn values(
        &self,
        connection: &mut PgConnection,
        for_partner: bool,
    ) -> Result<Vec<Value>> {
        let Some((_, statement)) = self.variable else { return Ok(vec![Value::Null]) };
        let visible = match for_partner {
            true => format!("territory_id = ANY (ARRAY{TERRITORIES:?})"),
            false => "true".to_owned(),
        };
        let statement = AssertSqlSafe(statement.replace("VISIBLE", &visible));
        let texts: Vec<String> = sqlx::query_scalar(statement).fetch_all(connection).await?;
        if texts.is_empty() {
            return Err(format!("the data hold no values for {}", self.name).into());
        }
        texts.iter().map(|text| Ok(serde_json::from_str(text)?)).collect()
    }

    /// The bodies of the requests to a side, one for each value.
    pub(crate) fn bodies(&self, side: &str, values: &[Value]) -> Result<Vec<String>> {
        let query = read(&Path::new(side).join(self.name).with_extension("graphql"))?;
        let body = |value: &Value| {
            let variables: Map<String, Value> =
                self.variable.iter().map(|(name, _)| ((*name).to_owned(), value.clone())).collect();
            json!({ "query": query, "variables": variables }).to_string()
        };
        Ok(values.iter().map(body).collect())
    }

    /// The statement with which Postgres itself builds the same JSON.
    pub(crate) fn statement(&self) -> Result<String> {
        read(&Path::new("postgres").join(self.name).with_extension("sql"))
    }
}

fn read(file: &Path) -> Result<String> {
    let path: PathBuf = Path::new(FOLDER).join(file);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}
