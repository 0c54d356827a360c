use super::*;
use crate::auth::Scope;
use crate::catalog::{ToMany, column, table, to_many, to_one};
use crate::query::cursor::{Position, encode};
use crate::query::{
    Arguments, Condition, Direction, Key, Nulls, Order, OrderBy, OrderKey, Page, PageSizes, Rows,
    Value,
};
use entity::{customer, person, sales_order, sales_order_line};

fn customer() -> ToOne {
    to_one(sales_order::Relation::Customer)
}

fn person() -> ToOne {
    to_one(customer::Relation::Person)
}

fn lines() -> ToMany {
    to_many(sales_order_line::Relation::SalesOrder)
}

/// The statement for sales orders with total and, `joined`, their persons' names.
fn text(keys: &[(OrderBy, Direction)], joined: bool, after: Option<Vec<Option<Value>>>) -> String {
    let mut selection = Selection::of(table::<sales_order::Entity>());
    selection.column(Selection::ROW, column(sales_order::Column::TotalDue));
    if joined {
        let customer = selection.join(Selection::ROW, customer());
        let person = selection.join(customer, person());
        selection.column(person, column(person::Column::LastName));
    }
    let keys = keys.iter().enumerate().map(|(index, (by, direction))| OrderKey {
        by: by.clone(),
        direction: *direction,
        nulls: Nulls::Last,
        name: index.to_string(),
    });
    let order = Order { keys: keys.collect() };
    let after =
        after.map(|values| encode("list", &order, &Position { values, key: Key::from([7]) }));
    let arguments = Arguments { first: Some(10), after, ..Arguments::default() };
    let sizes = PageSizes::default();
    let page = Page::from_params("list", selection.table(), order, &arguments, sizes).unwrap();
    let condition = Condition::everything();
    let list = List {
        rows: Rows::Table,
        selection: &selection,
        condition: &condition,
        page: &page,
        cursors: true,
    };
    let scope = Scope::everything();
    let mut statement = Statement::new(&scope);
    Paging::of(&list, Layout::Single).write(&mut statement).unwrap();
    statement.text
}

#[test]
fn a_plain_page_is_a_plain_statement() {
    assert_eq!(
        text(&[], false, None),
        "SELECT t0.total_due::text, t0.sales_order_id FROM sales_order AS t0 \
         ORDER BY t0.sales_order_id LIMIT 11"
    );
    assert_eq!(
        text(&[], false, Some(vec![])),
        "SELECT t0.total_due::text, t0.sales_order_id FROM sales_order AS t0 \
         WHERE (t0.sales_order_id) > ($1) ORDER BY t0.sales_order_id LIMIT 11"
    );
}

#[test]
fn rows_that_are_only_read_are_joined_to_the_page() {
    assert_eq!(
        text(
            &[(OrderBy::Column(column(sales_order::Column::TotalDue)), Direction::Desc)],
            true,
            None
        ),
        "SELECT child.c0::text, t2.last_name, child.s1 FROM (\
         SELECT t0.total_due AS s0, t0.sales_order_id AS s1, t0.total_due AS c0, \
         t0.customer_id AS j1_0 FROM sales_order AS t0 \
         ORDER BY t0.total_due DESC, t0.sales_order_id LIMIT 11) AS child \
         LEFT JOIN customer AS t1 ON t1.customer_id = child.j1_0 \
         LEFT JOIN person AS t2 ON t2.business_entity_id = t1.person_id \
         ORDER BY child.s0 DESC, child.s1"
    );
}

#[test]
fn rows_that_are_sorted_by_are_joined_once() {
    let by = OrderBy::Related {
        path: vec![customer(), person()],
        column: column(person::Column::LastName),
    };
    assert_eq!(
        text(&[(by, Direction::Asc)], true, None),
        "SELECT t0.total_due::text, t2.last_name, t0.sales_order_id FROM sales_order AS t0 \
         LEFT JOIN customer AS t1 ON t1.customer_id = t0.customer_id \
         LEFT JOIN person AS t2 ON t2.business_entity_id = t1.person_id \
         ORDER BY t2.last_name NULLS LAST, t0.sales_order_id LIMIT 11"
    );
}

#[test]
fn an_index_can_begin_at_the_first_key_of_a_position() {
    let due = Some(Value::Decimal("12.5".to_owned()));
    let tail = |text: &str| text.split_once(" WHERE ").unwrap().1.to_owned();
    let total = OrderBy::Column(column(sales_order::Column::TotalDue));
    assert_eq!(
        tail(&text(&[(total.clone(), Direction::Asc)], false, Some(vec![due.clone()]))),
        "(t0.total_due, t0.sales_order_id) > ($1::numeric, $2) \
         ORDER BY t0.total_due, t0.sales_order_id LIMIT 11"
    );
    assert_eq!(
        tail(&text(&[(total, Direction::Desc)], false, Some(vec![due]))),
        "t0.total_due <= $1::numeric AND (t0.total_due < $1::numeric OR (\
         t0.total_due = $1::numeric AND (t0.sales_order_id > $2))) \
         ORDER BY t0.total_due DESC, t0.sales_order_id LIMIT 11"
    );
    assert_eq!(
        tail(&text(
            &[(OrderBy::Column(column(sales_order::Column::Comment)), Direction::Asc)],
            false,
            Some(vec![None])
        )),
        "((t0.comment IS NULL AND (t0.sales_order_id > $1))) \
         ORDER BY t0.comment NULLS LAST, t0.sales_order_id LIMIT 11"
    );
}

#[test]
fn children_are_aggregated_in_one_pass() {
    assert_eq!(
        text(&[(OrderBy::Count(lines()), Direction::Desc)], false, None),
        "SELECT t0.total_due::text, coalesce(a1.value, 0), t0.sales_order_id \
         FROM sales_order AS t0 LEFT JOIN (\
         SELECT count(*) AS value, e1.sales_order_id AS k1 FROM sales_order_line AS e1 \
         GROUP BY e1.sales_order_id) AS a1 ON a1.k1 = t0.sales_order_id \
         ORDER BY coalesce(a1.value, 0) DESC, t0.sales_order_id LIMIT 11"
    );
}
