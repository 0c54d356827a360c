//! The statements of a question. Each groups the lines of its own reading: of lines, of orders,
//! which count once however many of their lines are in a group, and of the values in a group,
//! of which some are picked by their place.

use std::fmt::Write as _;

use super::super::answer::Form;
use super::super::dimension::{Bucket, Dimension};
use super::super::gaps::Period;
use super::super::groups::Groups;
use super::super::measure::{LineValue, Subset};
use super::super::row_of::RowOf;
use super::super::shown::Shown;
use super::super::total::{Total, What, all_needed};
use super::condition::Compiler;
use super::cut;
use crate::auth::Scope;
use crate::error::Result;
use crate::lake::{Bound, Part, Question, TABLE};

/// A question, and how its answer is read.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What the engine is asked.
    pub question: Question,
    /// How its answer is read.
    pub form: Form,
}

/// What a question of groups is.
pub(super) fn ask(
    groups: &Groups,
    scope: &Scope,
    persons: bool,
    shown: Shown<'_>,
) -> Result<Asked> {
    let totals = all_needed(&groups.measures);
    let writer = Writer { groups, scope, persons, totals: &totals };
    let is_of_orders = |total: &Total| total.what.is_of_orders();
    let mut parts = Vec::new();
    // Groups of orders are all groups as well.
    if totals.is_empty() || !totals.iter().all(is_of_orders) {
        parts.push(writer.lines()?);
    }
    if totals.iter().any(is_of_orders) {
        parts.push(writer.orders()?);
    }
    for (value, subset) in writer.picked() {
        parts.push(writer.picks(value, subset)?);
    }
    if let ([only], Some(after)) = (parts.as_mut_slice(), cut::after(groups, &totals, shown)) {
        only.sql = format!("SELECT * FROM ({}) AS q{after}", only.sql);
    }
    let period = Period::of(&groups.lines);
    let micros =
        |time: Option<chrono::NaiveDateTime>| time.map(|time| time.and_utc().timestamp_micros());
    let mut squares: Vec<String> = Vec::new();
    for total in &totals {
        if let What::Squares(value) = total.what
            && !squares.iter().any(|known| known == value.column())
        {
            squares.push(value.column().to_owned());
        }
    }
    let question = Question {
        keys: groups.dimensions.len(),
        totals: totals.len(),
        squares,
        from: micros(period.from),
        to: micros(period.to),
        parts,
    };
    let is_parted = question.parts.len() > 1;
    let form = Form { dimensions: groups.dimensions.clone(), totals, is_parted };
    Ok(Asked { question, form })
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    groups: &'a Groups,
    scope: &'a Scope,
    persons: bool,
    totals: &'a [Total],
}

impl Writer<'_> {
    /// The totals of lines.
    fn lines(self) -> Result<Part> {
        let mut written = Written::new();
        for (place, Total { subset, what }) in self.totals.iter().enumerate() {
            let sql = match what {
                What::Lines => "count(*)".to_owned(),
                What::Sum(value) => format!("sum({})", summand(*value)),
                What::Squares(value) => {
                    let value = summand(*value);
                    format!("sum({value} * {value})")
                }
                What::Least(value) => format!("min(b.{})", value.column()),
                What::Greatest(value) => format!("max(b.{})", value.column()),
                What::Orders | What::Customers | What::OrderTotal | What::At(..) => continue,
            };
            written.total(place, &format!("{sql}{}", self.filter("b", *subset)));
        }
        if written.totals.is_empty() {
            // What the groups are is asked in any case.
            written.items.push("count(*) AS n".to_owned());
        }
        let keys = self.keys("b");
        let before = format!("SELECT {} FROM ", listed(&[&keys, &written.items]));
        self.part(&before, &self.group_by("b", &[]), written.totals)
    }

    /// The totals of orders.
    fn orders(self) -> Result<Part> {
        let mut written = Written::new();
        for (place, Total { subset, what }) in self.totals.iter().enumerate() {
            let sql = match what {
                What::Orders => "count(*)",
                What::Customers => "count(DISTINCT o.customer_id)",
                What::OrderTotal => "sum(o.total_due)",
                _ => continue,
            };
            written.total(place, &format!("{sql}{}", self.filter("o", *subset)));
        }
        let keys = self.keys("o");
        let of_line = self.keys("b");
        let mut of_order = vec![
            "b.sales_order_id".to_owned(),
            "max(b.total_due) AS total_due".to_owned(),
            "max(b.customer_id) AS customer_id".to_owned(),
        ];
        for (index, subset) in self.groups.measures.subsets.iter().enumerate() {
            if subset.leaves_out() {
                of_order.push(format!("bool_or(b.f{index}) AS f{index}"));
            }
        }
        let before = format!(
            "SELECT {} FROM (SELECT {} FROM ",
            listed(&[&keys, &written.items]),
            listed(&[&of_line, &of_order])
        );
        let after =
            format!("{}) AS o{}", self.group_by("b", &["sales_order_id"]), self.group_by("o", &[]));
        self.part(&before, &after, written.totals)
    }

    /// Which values of which parts something is picked of.
    fn picked(self) -> Vec<(LineValue, usize)> {
        let mut found = Vec::new();
        for Total { subset, what } in self.totals {
            if let What::At(value, _) = what
                && !found.contains(&(*value, *subset))
            {
                found.push((*value, *subset));
            }
        }
        found
    }

    /// What is picked of the values of a part. Equal values are put together first: prices and
    /// totals are few.
    fn picks(self, value: LineValue, subset: usize) -> Result<Part> {
        let mut compiler = Compiler::new(self.scope, self.persons);
        let base = self.base(&mut compiler)?;
        let mut written = Written::new();
        for (place, total) in self.totals.iter().enumerate() {
            let What::At(of, share) = total.what else { continue };
            if of != value || total.subset != subset {
                continue;
            }
            let share = compiler.bind(Bound::Double(format!("{share:?}")))?;
            // The place as Postgres has it: 1 or more.
            let rank = format!(
                "greatest(1, CAST(ceil(CAST({share} AS DOUBLE) * CAST(c.lines AS DOUBLE)) AS \
                 BIGINT))"
            );
            let sql =
                format!("max(CASE WHEN c.upto >= {rank} AND c.upto - c.n < {rank} THEN c.x END)");
            written.total(place, &sql);
        }
        let keys = self.keys("c");
        let of_values = self.keys("a");
        let of_lines = self.keys("b");
        let by: Vec<String> =
            (0..self.groups.dimensions.len()).map(|it| format!("a.k{it}")).collect();
        let partition =
            if by.is_empty() { String::new() } else { format!("PARTITION BY {}", by.join(", ")) };
        let sums = vec![
            "a.x".to_owned(),
            "a.n".to_owned(),
            format!(
                "CAST(sum(a.n) OVER ({partition} ORDER BY a.x ROWS BETWEEN UNBOUNDED PRECEDING \
                 AND CURRENT ROW) AS BIGINT) AS upto"
            ),
            format!(
                "CAST(sum(a.n) OVER ({partition} ORDER BY a.x ROWS BETWEEN UNBOUNDED PRECEDING \
                 AND UNBOUNDED FOLLOWING) AS BIGINT) AS lines"
            ),
        ];
        let column = value.column();
        let counted = vec![format!("b.{column} AS x"), "count(*) AS n".to_owned()];
        let part = self.groups.measures.subsets.get(subset).is_some_and(Subset::leaves_out);
        let of_part = if part { format!(" WHERE b.f{subset}") } else { String::new() };
        let sql = format!(
            "SELECT {} FROM (SELECT {} FROM (SELECT {} FROM ({base}) AS b{of_part}{}) AS a) AS c{}",
            listed(&[&keys, &written.items]),
            listed(&[&of_values, &sums]),
            listed(&[&of_lines, &counted]),
            self.group_by("b", &[column]),
            self.group_by("c", &[])
        );
        Ok(Part { sql, values: compiler.into_values(), totals: written.totals })
    }

    /// A statement around the lines.
    fn part(self, before: &str, after: &str, totals: Vec<usize>) -> Result<Part> {
        let mut compiler = Compiler::new(self.scope, self.persons);
        let base = self.base(&mut compiler)?;
        let sql = format!("{before}({base}) AS b{after}");
        Ok(Part { sql, values: compiler.into_values(), totals })
    }

    /// What is read of each line, and of which lines.
    fn base(self, compiler: &mut Compiler<'_>) -> Result<String> {
        let mut items = Vec::new();
        for (index, dimension) in self.groups.dimensions.iter().enumerate() {
            items.push(format!("{} AS k{index}", key(dimension, compiler)?));
        }
        // Those that are not asked for cost nothing: files have columns.
        for column in OF_LINES {
            items.push(format!("s.{column} AS {column}"));
        }
        compiler.may_nest = false;
        for (index, subset) in self.groups.measures.subsets.iter().enumerate() {
            if subset.leaves_out() {
                let whether = compiler.whether(&subset.lines, RowOf::LINE, 0)?;
                // Not IS TRUE: of what is never null, DataFusion 55.2 refuses to make a filter.
                items.push(format!("CASE WHEN {whether} THEN TRUE END AS f{index}"));
            }
        }
        compiler.may_nest = true;
        let mut sql = format!("SELECT {} FROM {TABLE} AS s", items.join(", "));
        if self.groups.lines.leaves_out() {
            let whether = compiler.whether(&self.groups.lines, RowOf::LINE, 0)?;
            let _ = write!(sql, " WHERE {whether}");
        }
        Ok(sql)
    }

    fn keys(self, alias: &str) -> Vec<String> {
        let keys = 0..self.groups.dimensions.len();
        keys.map(|index| format!("{alias}.k{index} AS k{index}")).collect()
    }

    fn group_by(self, alias: &str, more: &[&str]) -> String {
        let keys = (0..self.groups.dimensions.len()).map(|index| format!("{alias}.k{index}"));
        let more = more.iter().map(|name| format!("{alias}.{name}"));
        let all: Vec<String> = keys.chain(more).collect();
        if all.is_empty() { String::new() } else { format!(" GROUP BY {}", all.join(", ")) }
    }

    /// Keeps an aggregate to a part of the lines.
    fn filter(self, alias: &str, subset: usize) -> String {
        let part = self.groups.measures.subsets.get(subset);
        if part.is_some_and(Subset::leaves_out) {
            return format!(" FILTER (WHERE {alias}.f{subset})");
        }
        String::new()
    }
}

/// What is read of each line.
const OF_LINES: [&str; 6] =
    ["sales_order_id", "order_quantity", "unit_price", "line_total", "total_due", "customer_id"];

/// A value as it is added up: a quantity as a number whose square has room.
fn summand(value: LineValue) -> String {
    match value {
        LineValue::OrderQuantity => "CAST(b.order_quantity AS DECIMAL(10, 0))".to_owned(),
        other => format!("b.{}", other.column()),
    }
}

/// The value of a line by which it is grouped.
fn key(dimension: &Dimension, compiler: &Compiler<'_>) -> Result<String> {
    Ok(match dimension.bucket {
        Some(Bucket::Day) => "CAST(s.order_date AS DATE)".to_owned(),
        // Numbers, of which Postgres makes dates: DataFusion's date_trunc counts nanoseconds, of
        // which there are too many before 1677 and after 2262. 1969-12-29 was a Monday.
        Some(Bucket::Week) => "CAST(floor((date_part('epoch', CAST(s.order_date AS DATE)) / 86400 \
                               + 3) / 7) AS INTEGER)"
            .to_owned(),
        Some(Bucket::Month) => format!("({} * 12 + {} - 1)", date_part("year"), date_part("month")),
        Some(Bucket::Quarter) => {
            format!("({} * 4 + {} - 1)", date_part("year"), date_part("quarter"))
        }
        Some(Bucket::Year) => date_part("year"),
        // Engines number weekdays alike only where Sunday is 0.
        Some(Bucket::Weekday) => "CASE WHEN date_part('dow', s.order_date) = 0 THEN 7 ELSE \
                                  CAST(date_part('dow', s.order_date) AS INTEGER) END"
            .to_owned(),
        None => {
            let table = dimension.path.last().map_or("sales_order_line", |last| last.table.name);
            let column = compiler.column(RowOf::of(table), &dimension.value)?;
            format!("s.{}", column.name)
        }
    })
}

fn date_part(part: &str) -> String {
    format!("CAST(date_part('{part}', s.order_date) AS INTEGER)")
}

fn listed(all: &[&[String]]) -> String {
    all.concat().join(", ")
}

struct Written {
    items: Vec<String>,
    totals: Vec<usize>,
}

impl Written {
    const fn new() -> Self {
        Self { items: Vec::new(), totals: Vec::new() }
    }

    fn total(&mut self, place: usize, sql: &str) {
        self.items.push(format!("{sql} AS t{place}"));
        self.totals.push(place);
    }
}
