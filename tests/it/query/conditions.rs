//! Conditions: the rows that Postgres finds, compared with those found in Rust.

use std::collections::BTreeSet;

use entity::{person, sales_order};
use salesgraph::auth::Scope;
use salesgraph::catalog::{Column, Kind, ToOne, column, table};
use salesgraph::error::Code;
use salesgraph::query::{
    Arguments, Below, Comparison, Condition, Key, List, Order, Page, PageSizes, Reader, Rows,
    Selection, TextMatch, Value,
};

use crate::support::world::{META, Meta, World, condition_of, conditions, key_of, meta};

/// The keys of the rows that meet a condition, and their count.
async fn found(reader: &Reader, meta: &Meta, condition: &Condition) -> (BTreeSet<Key>, i64) {
    let mut selection = Selection::of(meta.table);
    let key = selection.key(Selection::ROW);
    let page = Page::from_params(
        "list",
        meta.table,
        Order::default(),
        &Arguments { first: Some(1_000), ..Arguments::default() },
        PageSizes::default(),
    )
    .unwrap();
    let list =
        List { rows: Rows::Table, selection: &selection, condition, page: &page, cursors: false };
    let pages = reader.list(&Scope::everything(), &list).await.unwrap();
    let keys = pages
        .rows
        .iter()
        .map(|row| row.key(meta.table.key, key.clone()).unwrap().unwrap())
        .collect();
    (keys, reader.count(&Scope::everything(), meta.table, Rows::Table, condition).await.unwrap())
}

#[tokio::test]
async fn every_condition_finds_its_rows() {
    let seed = 20_110_531;
    let mut world = World::start(seed).await;
    let reader = Reader::new(world.db.pool.clone());
    for variant in conditions() {
        let mut sizes = BTreeSet::new();
        for meta in META.iter() {
            for turn in 0..12 {
                let condition = condition_of(&mut world, meta, variant, turn % 4);
                let rows = world.rows(meta.table.name);
                let expected: BTreeSet<Key> = rows
                    .iter()
                    .filter(|row| world.holds(meta.table, row, &condition))
                    .map(|row| key_of(meta.table, row))
                    .collect();
                let (keys, count) = found(&reader, meta, &condition).await;
                let of = format!("seed {seed}, {} {condition:?}", meta.table.name);
                assert_eq!(keys, expected, "{of}");
                assert_eq!(usize::try_from(count), Ok(expected.len()), "{of}");
                sizes.insert(expected.len());
            }
        }
        assert!(sizes.len() > 3, "{variant} finds always the same number of rows: {sizes:?}");
    }
}

#[tokio::test]
async fn rows_are_counted_per_parent() {
    let seed = 7;
    let mut world = World::start(seed).await;
    let reader = Reader::new(world.db.pool.clone());
    for meta in META.iter() {
        for relation in meta.manies {
            let child = self::meta(relation.table.name);
            for variant in conditions() {
                let condition = condition_of(&mut world, child, variant, 2);
                let rows = world.rows(meta.table.name);
                let parents: Vec<Key> = rows.iter().map(|row| key_of(meta.table, row)).collect();
                let expected: Vec<usize> = rows
                    .iter()
                    .map(|row| {
                        let children = world.children(meta.table, row, relation);
                        children.filter(|row| world.holds(child.table, row, &condition)).count()
                    })
                    .collect();
                let below = Below { columns: relation.by, parents: &parents };
                let counts =
                    reader.count_below(&Scope::everything(), child.table, &condition, below).await;
                let counts: Vec<usize> =
                    counts.unwrap().into_iter().map(|count| count.try_into().unwrap()).collect();
                assert_eq!(counts, expected, "seed {seed}, {} {condition:?}", child.table.name);
            }
        }
    }
}

#[tokio::test]
async fn invalid_conditions_are_refused_as_bad_input() {
    let world = World::start(1).await;
    let reader = Reader::new(world.db.pool.clone());
    let person = meta("person");
    let title = person.column("title");
    let no_text = "a\0b".to_owned();
    let refused = [
        Condition::Compare {
            column: title,
            comparison: Comparison::Eq,
            value: Value::Text(no_text.clone()),
        },
        Condition::In { column: title, values: vec![Value::Text(no_text.clone())], negated: true },
        Condition::Matches {
            column: title,
            how: TextMatch::Contains,
            text: no_text.clone(),
            ignore_case: false,
        },
        Condition::EqIgnoreCase { column: title, text: no_text.clone() },
        Condition::InIgnoreCase { column: title, texts: vec![no_text], negated: false },
        (0..100).fold(Condition::everything(), |inner, _| Condition::Not(Box::new(inner))),
        (0..100).fold(Condition::everything(), |inner, _| Condition::All(vec![inner])),
        Condition::Any(vec![
            Condition::Compare {
                column: title,
                comparison: Comparison::Eq,
                value: Value::Text(String::new()),
            };
            70_000
        ]),
    ];
    for condition in refused {
        let error = reader
            .count(&Scope::everything(), person.table, Rows::Table, &condition)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::BadUserInput, "{}", error.detail());
        assert!(error.message().starts_with("filter: "), "{}", error.message());
    }
}

#[tokio::test]
async fn a_selection_reads_a_row_and_related_rows() {
    static LINES: Column = Column::computed(
        "lines",
        Kind::Long,
        "(SELECT count(*) FROM sales_order_line l WHERE l.sales_order_id = @.sales_order_id)",
    );
    let world = World::start(3).await;
    let reader = Reader::new(world.db.pool.clone());
    let order = meta("sales_order");
    let to_customer = order.ones[0];
    let to_person: ToOne = meta("customer").ones[0];

    let mut selection = Selection::of(order.table);
    let key = selection.key(Selection::ROW);
    let customer = selection.join(Selection::ROW, to_customer);
    let person = selection.join(customer, to_person);
    assert_eq!(selection.join(Selection::ROW, to_customer), customer);
    assert_eq!(selection.table_of(person).name, table::<person::Entity>().name);
    let total_due = selection.column(Selection::ROW, column(sales_order::Column::TotalDue));
    let last_name = selection.column(person, column(person::Column::LastName));
    let lines = selection.column(Selection::ROW, &LINES);
    assert_eq!(selection.column(person, column(person::Column::LastName)), last_name);
    let person_key = selection.key(person);

    let rows = world.rows("sales_order");
    let mut keys: Vec<Key> = rows.iter().map(|row| key_of(order.table, row)).collect();
    keys.push(Key::from([999_999]));
    let read = reader.by_keys(&Scope::everything(), &selection, &keys).await.unwrap();
    assert_eq!(read.len(), rows.len());
    let mut without = 0;
    for row in read {
        let own = row.key(order.table.key, key.clone()).unwrap().unwrap();
        let record = rows.iter().find(|row| key_of(order.table, row) == own).unwrap();
        let Some(Value::Decimal(due)) = &record["total_due"] else { panic!("{record:?}") };
        // With all decimals of the column.
        assert_eq!(row.text(total_due).unwrap(), Some(format!("{due}00").as_str()));
        let count = world.children(order.table, record, &order.manies[0]).count();
        assert_eq!(row.get::<i64>(lines).unwrap(), Some(count.try_into().unwrap()));
        let parent = world.parent(record, &to_customer).unwrap();
        let parent = world.parent(parent, &to_person);
        let name = parent.and_then(|person| person["last_name"].clone());
        assert_eq!(row.text(last_name).unwrap().map(|name| Value::Text(name.to_owned())), name);
        let found = row.key(table::<person::Entity>().key, person_key.clone()).unwrap();
        assert_eq!(found, parent.map(|person| key_of(table::<person::Entity>(), person)));
        without += usize::from(found.is_none());
    }
    assert!(without > 0 && without < rows.len(), "{without} orders without a person");

    // By a composite key, one of them twice.
    let line = meta("sales_order_line");
    let mut selection = Selection::of(line.table);
    let product = selection.join(Selection::ROW, line.ones[1]);
    let key = selection.key(Selection::ROW);
    let product_key = selection.key(product);
    let keys: Vec<Key> =
        world.rows("sales_order_line").iter().take(9).map(|row| key_of(line.table, row)).collect();
    let read = reader.by_keys(&Scope::everything(), &selection, &keys).await.unwrap();
    let found: BTreeSet<Key> =
        read.iter().map(|row| row.key(line.table.key, key.clone()).unwrap().unwrap()).collect();
    assert_eq!(found, keys.into_iter().collect());
    assert!(read.iter().all(|row| !row.is_null(product_key[0]).unwrap()));
}
