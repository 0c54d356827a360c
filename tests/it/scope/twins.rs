//! Two databases that differ only in what a caller may not see. Whatever it asks, both must
//! answer the same.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Request;
use salesgraph::auth::{Grants, Scope};
use salesgraph::config::RowSecurityMode;
use salesgraph::db::pool::{self, Settings};
use salesgraph::db::row_security::RowSecurity;
use salesgraph::db::schema;
use salesgraph::graphql::errors::settle;
use salesgraph::graphql::{Engine, Limits, OpenOptions};
use salesgraph::query::Reader;
use salesgraph::report::Format;
use salesgraph::report::format::Column;
use serde_json::Value;
use sqlx::Executor as _;

use super::sdl::Sdl;
use crate::support::cluster::note_sales;
use crate::support::export::{collect, encoding, request};
use crate::support::servers::servers;
use crate::support::{TestDb, database, fixture, unmigrated, write};

/// What the fixture lacks: rows of one territory that refer to those of another, rows without
/// a territory, persons of several customers, and values that differ.
const VARIETY: &str = r"
UPDATE customer SET territory_id = NULL WHERE customer_id IN (10, 11);
UPDATE customer SET territory_id = 9 WHERE customer_id = 12;
UPDATE customer SET person_id = customer_id - 20 WHERE customer_id BETWEEN 21 AND 31;
UPDATE customer SET store_id = 900 + customer_id % 9 WHERE customer_id % 4 = 0;
UPDATE sales_order SET
    order_date = order_date + (sales_order_id % 41) * interval '23 days',
    due_date = due_date + (sales_order_id % 41) * interval '23 days',
    ship_date = ship_date + (sales_order_id % 41) * interval '23 days',
    status = 1 + sales_order_id % 6, online_order_flag = sales_order_id % 2 = 0,
    sales_person_id = CASE WHEN sales_order_id % 2 = 1 THEN 270 + sales_order_id % 7 END,
    currency_rate_id = CASE WHEN sales_order_id % 3 = 1 THEN 1 + sales_order_id % 9 END,
    comment = CASE WHEN sales_order_id % 5 = 0 THEN 'of ' || sales_order_id::text END,
    sub_total = sales_order_id, tax_amt = 1, freight = 2, total_due = sales_order_id + 3;
UPDATE sales_order SET territory_id = NULL WHERE customer_id IN (11, 13);
UPDATE sales_order SET territory_id = 2 WHERE customer_id BETWEEN 30 AND 34;
UPDATE sales_order SET territory_id = 7 WHERE customer_id = 12;
UPDATE sales_order_line SET order_quantity = 1 + sales_order_id % 13,
    unit_price = sales_order_id % 97, unit_price_discount = 0,
    line_total = (sales_order_id % 97) * (1 + sales_order_id % 13),
    carrier_tracking_number = 'T' || sales_order_id::text;
UPDATE person SET first_name = 'First' || (business_entity_id % 7)::text,
    middle_name = CASE WHEN business_entity_id % 3 = 0 THEN 'M' END, suffix = 'Jr.',
    person_type = CASE WHEN business_entity_id % 5 = 0 THEN 'SC' ELSE 'IN' END;
";

/// Makes the estimates of both alike.
const COUNT: &str = "VACUUM ANALYZE";

/// Rows that were inserted at different times are of the same one.
const SAME_TIMES: &str = "
DO $$
DECLARE
    time record;
BEGIN
    FOR time IN SELECT attrelid::regclass AS of_table, attname AS name
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
            AND relname <> 'data_version' AND atttypid = 'timestamptz'::regtype
            AND attnum > 0 AND NOT attisdropped
    LOOP
        EXECUTE format('UPDATE %1$s SET %2$I = timestamptz %3$L WHERE %2$I > timestamptz %4$L',
            time.of_table, time.name, '2026-01-01 10:04:30Z', '2026-06-01');
    END LOOP;
END $$";

async fn fill(db: &TestDb) {
    fixture::insert(&db.pool).await;
    db.pool.execute(VARIETY).await.expect("variety");
    note_sales(&db.pool).await;
    db.pool.execute(COUNT).await.expect("statistics");
}

/// Limits that no document of these tests meets.
pub(super) fn limits() -> Limits {
    Limits {
        depth: 32,
        aliases: 1_000_000,
        root_fields: 1_000_000,
        tokens: 1_000_000,
        fields: 1_000_000,
        values: 1_000_000_000,
        cost: 1_000_000_000_000,
        ..Limits::default()
    }
}

/// A database with everything.
pub(super) struct Whole {
    db: TestDb,
}

impl Whole {
    pub(super) async fn start() -> Self {
        let db = database().await;
        fill(&db).await;
        Self { db }
    }

    /// The database's URL.
    pub(super) fn url(&self) -> &str {
        &self.db.url
    }

    /// Over connections of its own: a copy ends those that there are.
    async fn engine(db: &TestDb, mode: RowSecurityMode) -> Engine {
        let pool = pool::connect(&Settings::new(&db.url)).await.expect("connect");
        let row_security = RowSecurity::choose(&pool, mode).await.expect("row-level security");
        // A subgraph answers more: what a router asks.
        Engine::new(Reader::with_row_security(pool, row_security), limits()).as_subgraph()
    }

    /// The same rows in a Postgres of one machine and in a cluster. Where the tests have none, the
    /// second is another database that is read and written as a cluster is.
    pub(super) async fn one_and_many(&self, scope: Scope) -> Twins {
        let off = RowSecurityMode::Off;
        let (engines, other) = if servers().is_cluster() {
            let single = unmigrated().await;
            schema::up(&single.pool).await.expect("the migrations apply");
            fill(&single).await;
            for pool in [&single.pool, &self.db.pool] {
                pool.execute(SAME_TIMES).await.expect("the same times");
            }
            let engines = [Self::engine(&single, off).await, Self::engine(&self.db, off).await];
            (engines, single)
        } else {
            let many = self.db.copy().await;
            many.become_like_a_cluster().await;
            let engines = [Self::engine(&self.db, off).await, Self::engine(&many, off).await];
            (engines, many)
        };
        Twins { engines, scope, _copy: other, asked: 0, answered: 0 }
    }

    /// Values of every field of every type, as somebody who sees everything has them.
    pub(super) async fn values(&self, sdl: &Sdl) -> Values {
        let engine = Self::engine(&self.db, RowSecurityMode::Off).await;
        let mut values = Values::default();
        for document in sdl.everything() {
            let answer = ask(&engine, &document, &Scope::everything()).await;
            assert_eq!(answer["errors"], Value::Null, "{document}");
            values.harvest(&answer["data"]);
            for (list, found) in answer["data"].as_object().expect("data") {
                let key = (String::new(), format!("cursor of {list}"));
                let edges = found["edges"].as_array().into_iter().flatten();
                let cursors = edges.map(|edge| edge["cursor"].to_string());
                values.0.entry(key).or_default().extend(cursors);
            }
        }
        values
    }

    /// A copy in which `hidden` has changed what the caller may not see.
    pub(super) async fn twin(&self, scope: Scope, hidden: &str) -> Twins {
        let copy = self.db.copy().await;
        write(&copy.pool, hidden).await;
        copy.pool.execute(COUNT).await.expect("statistics");
        self.db.forget_statistics().await;
        copy.forget_statistics().await;
        // Row-level security changes nothing of an answer: one has it, the other not.
        let is_cluster = servers().is_cluster();
        let second = if is_cluster { RowSecurityMode::Off } else { RowSecurityMode::On };
        let engines =
            [Self::engine(&self.db, RowSecurityMode::Off).await, Self::engine(&copy, second).await];
        Twins { engines, scope, _copy: copy, asked: 0, answered: 0 }
    }

    /// A copy with the rows of these territories only, and none of what nobody limited to
    /// territories sees.
    pub(super) async fn part(&self, grants: Grants, territories: &[i32]) -> Twins {
        let list: Vec<String> = territories.iter().map(i32::to_string).collect();
        let visible = format!("territory_id = ANY ('{{{}}}'::integer[])", list.join(","));
        let scope = Scope::new(Some("partner".to_owned()), grants, Some(territories.to_vec()));
        self.twin(scope, &HIDE.replace("VISIBLE", &visible)).await
    }
}

/// Visible orders of invisible customers stay: their references lead nowhere then.
const HIDE: &str = r"
ALTER TABLE sales_order DROP CONSTRAINT sales_order_customer_id_fkey;
DELETE FROM sales_order_line WHERE sales_order_id IN
    (SELECT sales_order_id FROM sales_order WHERE (VISIBLE) IS NOT TRUE);
DELETE FROM sales_order WHERE (VISIBLE) IS NOT TRUE;
DELETE FROM customer WHERE (VISIBLE) IS NOT TRUE;
DELETE FROM territory WHERE (VISIBLE) IS NOT TRUE;
DELETE FROM person WHERE NOT EXISTS
    (SELECT FROM customer WHERE person_id = person.business_entity_id);
DELETE FROM store WHERE NOT EXISTS
    (SELECT FROM customer WHERE store_id = store.business_entity_id);
DELETE FROM load_reject;
DELETE FROM load_parked;
DELETE FROM load_step;
";

/// The two, and the caller.
pub(super) struct Twins {
    engines: [Engine; 2],
    pub(super) scope: Scope,
    _copy: TestDb,
    /// Documents asked, and those with an answer without errors.
    pub(super) asked: usize,
    pub(super) answered: usize,
}

impl Twins {
    /// The file of a document, which both give: its columns and rows, or a refusal.
    pub(super) async fn export(&self, document: &str) -> Result<(Vec<Column>, Vec<u8>), String> {
        let [whole, part] = &self.engines;
        let both =
            tokio::join!(export(whole, document, &self.scope), export(part, document, &self.scope));
        let (one, other) = both;
        assert_eq!(one, other, "{:?} sees what it may not see by\n{document}", self.scope);
        one
    }

    /// The answer, which both give.
    pub(super) async fn ask(&mut self, document: &str) -> Value {
        let [whole, part] = &self.engines;
        let asked =
            tokio::join!(ask(whole, document, &self.scope), ask(part, document, &self.scope));
        let (one, other) = asked;
        if one != other {
            let (one, other) = (first_difference(&one, &other), document);
            panic!("{:?} sees what it may not see by\n{other}\n{one}", self.scope);
        }
        self.asked += 1;
        self.answered += usize::from(one["errors"].is_null());
        one
    }

    /// The answer of one of the two, without what it costs: that is estimated by what each knows
    /// of its tables.
    pub(super) async fn answer(&self, engine: usize, document: &str) -> Value {
        let mut answer = ask(&self.engines[engine], document, &self.scope).await;
        answer.as_object_mut().expect("an answer").remove("extensions");
        answer
    }

    /// How their answers differ, if they do.
    pub(super) fn difference(
        &mut self,
        document: &str,
        one: &Value,
        other: &Value,
    ) -> Option<String> {
        self.asked += 1;
        self.answered += usize::from(one["errors"].is_null());
        let shown: String = document.chars().take(400).collect();
        let errors = &other["errors"];
        (one != other).then(|| format!("{shown}\n{}\n{errors}", first_difference(one, other)))
    }
}

fn first_difference(one: &Value, other: &Value) -> String {
    let (one, other) = (one.to_string(), other.to_string());
    let at = one.bytes().zip(other.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let part = |text: &str| {
        let bytes = text.as_bytes();
        let from = at.saturating_sub(150);
        let to = (at + 150).min(bytes.len());
        String::from_utf8_lossy(&bytes[from.min(to)..to]).into_owned()
    };
    format!("whole: …{}…\npart:  …{}…", part(&one), part(&other))
}

async fn export(
    engine: &Engine,
    document: &str,
    scope: &Scope,
) -> Result<(Vec<Column>, Vec<u8>), String> {
    let export = engine.export(&request(document), scope).await;
    let export = export.map_err(|errors| errors[0].message.clone())?;
    let columns = export.columns().to_vec();
    let encoded = export.open(encoding(Format::Csv), OpenOptions::default()).await;
    let encoded = encoded.map_err(|error| error.message().to_owned())?;
    let file =
        collect(encoded).await.unwrap_or_else(|error| panic!("{document}: {}", error.detail()));
    Ok((columns, file.0))
}

async fn ask(engine: &Engine, document: &str, scope: &Scope) -> Value {
    let mut answer = engine.execute(engine.prepare(Request::new(document)), scope).await;
    settle(&mut answer.errors, "test");
    serde_json::from_slice(&answer.to_json().unwrap()).unwrap()
}

/// Values by type and field, as literals of a document.
#[derive(Default)]
pub(super) struct Values(BTreeMap<(String, String), BTreeSet<String>>);

impl Values {
    fn harvest(&mut self, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|value| self.harvest(value)),
            Value::Object(fields) => {
                let ty = fields.get("__typename").and_then(Value::as_str).unwrap_or_default();
                for (name, value) in fields {
                    match value {
                        Value::Array(_) | Value::Object(_) => self.harvest(value),
                        Value::Null => {}
                        scalar => {
                            let key = (ty.to_owned(), name.clone());
                            self.0.entry(key).or_default().insert(scalar.to_string());
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// The values of a field, in ascending order of their texts.
    pub(super) fn of(&self, ty: &str, field: &str) -> Vec<&str> {
        let known = self.0.get(&(ty.to_owned(), field.to_owned()));
        known.into_iter().flatten().map(String::as_str).collect()
    }

    /// Cursors of a list, from somebody who sees all of its rows.
    pub(super) fn cursors(&self, list: &str) -> Vec<&str> {
        self.of("", &format!("cursor of {list}"))
    }

    /// All global ids.
    pub(super) fn ids(&self) -> Vec<&str> {
        let ids = self.0.iter().filter(|((_, field), _)| field == "id");
        ids.flat_map(|(_, values)| values).map(String::as_str).collect()
    }
}
