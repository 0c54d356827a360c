//! Pages under random conditions, orders, sizes and directions, during inserts.

use std::collections::{HashMap, HashSet};

use salesgraph::auth::Scope;
use salesgraph::catalog::{ToMany, ToOne};
use salesgraph::error::Code;
use salesgraph::query::{
    Arguments, Below, Condition, Extent, Key, List, Nulls, Order, OrderBy, OrderKey, Page,
    PageSizes, PageTooLarge, Pages, Reader, Row, Rows, Selection, cursor,
};

use crate::support::world::{
    Bounds, Cell, META, Meta, Record, World, key_of, meta, random_condition, random_order,
};

const FIELD: &str = "Query.list";
type Position = (Vec<Cell>, Key);

/// A list to page through.
struct Walk {
    meta: &'static Meta,
    condition: Condition,
    order: Order,
    size: i32,
    backwards: bool,
    /// Below these parents; the first one's list is paged to its end.
    below: Option<(ToMany, Vec<Key>)>,
    selection: Selection,
    key: Vec<usize>,
    /// Joined rows, with the positions of their keys.
    joined: Vec<(ToOne, Vec<usize>)>,
    description: String,
}

impl Walk {
    fn random(world: &mut World, seed: u64, nested: bool) -> Self {
        let mut meta = world.draw.one(&*META);
        let mut below = None;
        if nested {
            while meta.manies.is_empty() {
                meta = world.draw.one(&*META);
            }
            let relation = *world.draw.one(meta.manies);
            let rows = world.rows(meta.table.name).to_vec();
            let mut parents: Vec<Key> =
                (0..4).map(|_| key_of(meta.table, world.draw.one(&rows))).collect();
            parents.sort();
            parents.dedup();
            let busy = rows
                .iter()
                .max_by_key(|row| world.children(meta.table, row, &relation).count())
                .map(|row| key_of(meta.table, row));
            // The one with most children first, so that there are several pages.
            parents.retain(|key| Some(key) != busy.as_ref());
            parents.splice(0..0, busy);
            below = Some((relation, parents));
            meta = self::meta(relation.table.name);
        }
        let condition = match world.draw.below(3) {
            0 => random_condition(world, meta, 3),
            1 => Condition::Not(Box::new(Condition::All(vec![
                random_condition(world, meta, 1),
                random_condition(world, meta, 2),
            ]))),
            _ => Condition::everything(),
        };
        let order = random_order(world, meta);
        let mut selection = Selection::of(meta.table);
        for _ in 0..world.draw.below(3) {
            selection.column(Selection::ROW, world.draw.one(meta.columns));
        }
        if let Some(OrderBy::Related { path, column }) = order.keys.first().map(|key| &key.by)
            && world.draw.flip()
        {
            let source =
                path.iter().fold(Selection::ROW, |source, one| selection.join(source, *one));
            selection.column(source, column);
        }
        let key = selection.key(Selection::ROW);
        let mut joined = Vec::new();
        for relation in meta.ones.iter().filter(|_| world.draw.flip()) {
            let source = selection.join(Selection::ROW, *relation);
            // One relation further, to a row without further joins.
            for further in self::meta(relation.table.name).ones {
                let further = selection.join(source, *further);
                selection.key(further);
            }
            joined.push((*relation, selection.key(source)));
        }
        // Parents have few children: only small pages give more than one.
        let most = if nested { 2 } else { 9 };
        let size = i32::try_from(world.draw.between(1, most)).unwrap();
        let backwards = world.draw.flip();
        let description = format!(
            "seed {seed}: {} {condition:?} by {order:?}, {size} {} below {below:?}",
            meta.table.name,
            if backwards { "backwards" } else { "forwards" },
        );
        Self { meta, condition, order, size, backwards, below, selection, key, joined, description }
    }

    fn page(&self, from: Option<&str>, to: Option<&str>) -> Page {
        let (size, from, to) = (Some(self.size), from.map(str::to_owned), to.map(str::to_owned));
        let arguments = if self.backwards {
            Arguments { first: None, last: size, after: to, before: from }
        } else {
            Arguments { first: size, last: None, after: from, before: to }
        };
        let sizes = PageSizes { default: 5, most: 9 };
        Page::from_params(FIELD, self.meta.table, self.order.clone(), &arguments, sizes)
            .unwrap_or_else(|error| panic!("{}: {}", self.description, error.detail()))
    }

    async fn read(&self, reader: &Reader, page: &Page) -> Pages {
        let list = List {
            rows: Rows::Table,
            selection: &self.selection,
            condition: &self.condition,
            page,
            cursors: true,
        };
        let read = match &self.below {
            None => reader.list(&Scope::everything(), &list).await,
            Some((relation, parents)) => {
                let below = Below { columns: relation.by, parents };
                reader
                    .list_below(&Scope::everything(), &list, below, 1_000)
                    .await
                    .map(Option::unwrap)
            }
        };
        read.unwrap_or_else(|error| panic!("{}: {}", self.description, error.detail()))
    }

    fn key_of(&self, row: &Row) -> Key {
        row.key(self.meta.table.key, self.key.iter().copied()).unwrap().unwrap()
    }

    /// The rows of the lists within bounds: one list, or one for each parent.
    fn expected(&self, world: &World, bounds: &Bounds<'_>) -> Vec<Vec<Position>> {
        let list = |is_in: &dyn Fn(&Record) -> bool| {
            world.list(self.meta.table, &self.condition, &self.order, bounds, is_in)
        };
        match &self.below {
            None => vec![list(&|_| true)],
            Some((relation, parents)) => {
                let of = |parent: &Key, row: &Record| {
                    let key = relation.by.iter().map(|column| row[column.name].clone());
                    let parts = parent.parts().iter();
                    key.eq(parts.map(|part| Some(salesgraph::query::Value::from(*part))))
                };
                parents.iter().map(|parent| list(&|row| of(parent, row))).collect()
            }
        }
    }

    /// Compares pages with their whole lists.
    fn check(&self, world: &World, pages: &Pages, lists: &[Vec<Position>]) {
        assert_eq!(pages.pages.len(), lists.len(), "{}", self.description);
        let size = usize::try_from(self.size).unwrap();
        let mut start = 0;
        for (extent, list) in pages.pages.iter().zip(lists) {
            let keys: Vec<Key> =
                pages.rows[extent.start..extent.end].iter().map(|row| self.key_of(row)).collect();
            let skipped = if self.backwards { list.len().saturating_sub(size) } else { 0 };
            let expected = list.iter().skip(skipped).take(size).map(|(_, key)| key.clone());
            assert_eq!(keys, expected.collect::<Vec<Key>>(), "{}", self.description);
            let end = start + list.len().min(size);
            let has_more = list.len() > size;
            assert_eq!(*extent, Extent { start, end, has_more }, "{}", self.description);
            start = end;
        }
        assert_eq!(pages.rows.len(), start, "{}", self.description);
        for row in &pages.rows {
            let record = world.rows(self.meta.table.name);
            let key = self.key_of(row);
            let record = record.iter().find(|row| key_of(self.meta.table, row) == key).unwrap();
            for (relation, indexes) in &self.joined {
                let found = row.key(relation.table.key, indexes.iter().copied()).unwrap();
                let parent = world.parent(record, relation);
                let expected = parent.map(|parent| key_of(relation.table, parent));
                assert_eq!(found, expected, "{}", self.description);
            }
        }
    }

    /// Pages through the (first) list to its end.
    async fn go(&self, world: &mut World, reader: &Reader) -> usize {
        let all = |world: &World| -> HashMap<Key, Vec<Cell>> {
            let lists = self.expected(world, &Bounds::default());
            lists[0].iter().map(|(values, key)| (key.clone(), values.clone())).collect()
        };
        let before = all(world);
        let mut seen: Vec<Key> = Vec::new();
        let mut at: Option<(String, Position)> = None;
        let mut pages = 0;
        loop {
            let page = self.page(at.as_ref().map(|(cursor, _)| cursor.as_str()), None);
            let position = at.as_ref().map(|(_, position)| position);
            let bounds = if self.backwards {
                Bounds { before: position, after: None }
            } else {
                Bounds { after: position, before: None }
            };
            let read = self.read(reader, &page).await;
            self.check(world, &read, &self.expected(world, &bounds));
            pages += 1;
            let extent = read.pages[0];
            let rows = &read.rows[extent.start..extent.end];
            let keys = rows.iter().map(|row| self.key_of(row));
            if self.backwards {
                seen.extend(keys.rev());
            } else {
                seen.extend(keys);
            }
            let Some(next) = (if self.backwards { rows.first() } else { rows.last() }) else {
                break;
            };
            let key = self.key_of(next);
            let record = world.rows(self.meta.table.name);
            let record = record.iter().find(|row| key_of(self.meta.table, row) == key).unwrap();
            let position = world.position(self.meta.table, record, &self.order);
            at = Some((cursor(FIELD, &page.order, &self.selection, next).unwrap(), position));
            if !extent.has_more {
                break;
            }
            // Random, so on both sides of the cursor; now and then rows on which the order
            // of others depends. They must end for the paging to end.
            for _ in 0..usize::from(pages < 12) * 2 {
                let into = match self.meta.manies {
                    [relation, ..] if world.draw.once_in(4) => meta(relation.table.name),
                    _ => self.meta,
                };
                world.insert(into).await;
            }
        }
        let after = all(world);
        let stayed = |key: &Key| before.contains_key(key) && before.get(key) == after.get(key);
        let mut expected: Vec<Position> = before
            .iter()
            .filter(|(key, _)| stayed(key))
            .map(|(key, values)| (values.clone(), key.clone()))
            .collect();
        expected.sort_by(|a, b| world.order(&self.order, a, b));
        if self.backwards {
            expected.reverse();
        }
        let expected: Vec<Key> = expected.into_iter().map(|(_, key)| key).collect();
        let met: Vec<Key> = seen.iter().filter(|key| stayed(key)).cloned().collect();
        assert_eq!(met, expected, "not each row once: {}", self.description);
        // An inserted row may appear, but once at most.
        let came: Vec<&Key> = seen.iter().filter(|key| !before.contains_key(key)).collect();
        let distinct: HashSet<&&Key> = came.iter().collect();
        let may_move = !self.meta.manies.is_empty() && self.depends_on_others();
        assert!(may_move || distinct.len() == came.len(), "{}", self.description);
        pages
    }

    fn depends_on_others(&self) -> bool {
        !self.order.keys.iter().all(|key| matches!(key.by, OrderBy::Column(_)))
    }
}

async fn walk(seed: u64, walks: usize, nested: bool) {
    let mut world = World::start(seed).await;
    let reader = Reader::new(world.db.pool.clone());
    let mut pages = 0;
    for _ in 0..walks {
        pages += Walk::random(&mut world, seed, nested).go(&mut world, &reader).await;
    }
    assert!(pages > 2 * walks, "seed {seed}: only {pages} pages");
}

#[tokio::test]
async fn a_list_returns_each_row_once_during_inserts() {
    for seed in [1, 2] {
        walk(seed, 20, false).await;
    }
}

#[tokio::test]
async fn a_list_below_a_parent_returns_each_row_once_during_inserts() {
    for seed in [3, 4] {
        walk(seed, 40, true).await;
    }
}

#[tokio::test]
async fn a_page_may_lie_between_any_two_cursors() {
    let seed = 5;
    let mut world = World::start(seed).await;
    let reader = Reader::new(world.db.pool.clone());
    for turn in 0..60 {
        let walk = Walk::random(&mut world, seed, turn % 2 == 0);
        let whole = walk.page(None, None);
        let read = walk.read(&reader, &whole).await;
        if read.rows.is_empty() {
            continue;
        }
        // Any two rows, even one row twice or the later one first.
        let mut places = Vec::new();
        for _ in 0..2 {
            let row = &read.rows[world.draw.below(read.rows.len())];
            let key = walk.key_of(row);
            let rows = world.rows(walk.meta.table.name);
            let record = rows.iter().find(|row| key_of(walk.meta.table, row) == key).unwrap();
            let position = world.position(walk.meta.table, record, &walk.order);
            places.push((cursor(FIELD, &whole.order, &walk.selection, row).unwrap(), position));
        }
        let page = walk.page(Some(&places[0].0), Some(&places[1].0));
        assert!(page.has_after() && page.has_before());
        let (from, to) = (Some(&places[0].1), Some(&places[1].1));
        let bounds = if walk.backwards {
            Bounds { after: to, before: from }
        } else {
            Bounds { after: from, before: to }
        };
        let read = walk.read(&reader, &page).await;
        walk.check(&world, &read, &walk.expected(&world, &bounds));
    }
}

#[tokio::test]
async fn pages_below_parents_respect_the_row_limit() {
    let world = World::start(6).await;
    let reader = Reader::new(world.db.pool.clone());
    let (order, lines) = (meta("sales_order"), meta("sales_order").manies[0]);
    let parents: Vec<Key> =
        world.rows("sales_order").iter().map(|row| key_of(order.table, row)).collect();
    let selection = Selection::of(lines.table);
    let page = Page::from_params(
        FIELD,
        lines.table,
        Order::default(),
        &Arguments { first: Some(2), ..Arguments::default() },
        PageSizes::default(),
    )
    .unwrap();
    let condition = Condition::everything();
    // Without a selection: the limit counts rows.
    let list = List {
        rows: Rows::Table,
        selection: &selection,
        condition: &condition,
        page: &page,
        cursors: false,
    };
    let below = Below { columns: lines.by, parents: &parents };
    let read = reader.list_below(&Scope::everything(), &list, below, 1_000).await.unwrap().unwrap();
    assert!(read.rows.len() > 50 && read.pages.iter().any(|page| page.has_more));
    assert!(reader.list_below(&Scope::everything(), &list, below, 5).await.unwrap().is_none());
    let none = Below { columns: lines.by, parents: &[] };
    let read = reader.list_below(&Scope::everything(), &list, none, 5).await.unwrap().unwrap();
    assert!(read.rows.is_empty() && read.pages.is_empty());
}

#[test]
fn arguments_of_a_page_are_checked() {
    let person = meta("person");
    let key = |name: &str| OrderKey {
        by: OrderBy::Column(person.column("title")),
        direction: salesgraph::query::Direction::Asc,
        nulls: Nulls::First,
        name: name.to_owned(),
    };
    let page = |keys: Vec<OrderKey>, first, last| {
        let arguments = Arguments { first, last, ..Arguments::default() };
        let sizes = PageSizes { default: 5, most: 9 };
        Page::from_params(FIELD, person.table, Order { keys }, &arguments, sizes)
    };
    assert_eq!(page(vec![], None, None).unwrap().limit, 5);
    assert_eq!(page(vec![key("A"), key("B")], Some(0), None).unwrap().limit, 0);
    assert!(!page(vec![], Some(9), None).unwrap().backwards);
    assert!(page(vec![], None, Some(9)).unwrap().backwards);
    for (keys, first, last, start) in [
        (vec![], Some(1), Some(1), "last: "),
        (vec![], Some(-1), None, "first: -1"),
        (vec![], None, Some(-1), "last: -1"),
        (vec![key("A"), key("A")], None, None, "orderBy: A "),
    ] {
        let error = page(keys, first, last).unwrap_err();
        assert_eq!(error.code(), Code::BadUserInput);
        assert!(error.message().starts_with(start), "{}", error.message());
    }
    for (first, last, argument) in [(Some(10), None, "first"), (None, Some(10), "last")] {
        let error = page(vec![], first, last).unwrap_err();
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.downcast_ref::<PageTooLarge>().unwrap().0, argument);
        assert_eq!(
            error.message(),
            format!("{argument}: 10 is more than the 9 rows a page may have")
        );
    }
}
