//! Binds the values of one request to the arguments of a plan: of all of them before
//! anything is read, so that every refusal comes first.

use std::time::Duration;

use async_graphql::Variables;

use super::target::{Most, RootTarget, target};
use crate::config::DocumentLimits;
use crate::error::{Error, Result};
use crate::graphql::inputs::Grouping;
use crate::graphql::inputs::arguments::{Arguments, Given, missing};
use crate::graphql::inputs::root_arguments;
use crate::graphql::plan::{
    Connection, Converted, Fetch, Link, Operation, Root, RootStep, Sales, SelectedMeasure,
    SelectedMeasures,
};
use crate::graphql::schema::model::RootValue;
use crate::graphql::{inputs, types};
use crate::query::aggregate::{Groups, Measure, Measures, SALES_GROUP, Statistic};
use crate::query::{self, Condition, Currency, Order, Page, PageSizes, Rows, bad_argument};

/// How long a link lasts unless the request says so, in seconds.
const LINK_SECONDS: u64 = 900;
/// Currencies of measures of one statement: each needs the rates of all days.
const MOST_CURRENCIES: usize = 8;
/// S3 signs for a week at most.
const LINK_RANGE: std::ops::RangeInclusive<u64> = 1..=604_800;

/// The values of a plan.
#[derive(Debug)]
pub(crate) struct BoundOperation {
    /// What each root field reads, in their order; an error refuses the field.
    pub(crate) roots: Vec<Result<RootTarget>>,
    pub(crate) bindings: Bindings,
}

/// The values of connections and sales, by their numbers. Those of refused root fields
/// may be missing.
#[derive(Debug)]
pub(crate) struct Bindings {
    lists: Vec<Option<ListBinding>>,
    sales: Vec<Option<(Condition, Measures)>>,
    links: Vec<Option<Duration>>,
    currencies: Vec<Option<Currency>>,
}

/// The values of a connection.
#[derive(Debug)]
pub(crate) struct ListBinding {
    pub(crate) page: Page,
    pub(crate) condition: Condition,
    /// Where its rows are groups of sales.
    groups: Option<Groups>,
}

impl ListBinding {
    /// What is measured, where its rows are groups of sales.
    pub(super) fn measures(&self) -> Option<&Measures> {
        self.groups.as_ref().map(|groups| &groups.measures)
    }

    /// The groups of sales, if its rows are such.
    pub(crate) const fn groups(&self) -> Option<&Groups> {
        self.groups.as_ref()
    }

    /// Where the rows come from.
    pub(crate) fn rows(&self) -> Rows<'_> {
        self.groups.as_ref().map_or(Rows::Table, Rows::Groups)
    }
}

impl Bindings {
    /// For how many the lake is asked.
    pub(crate) fn of_lake(&self) -> usize {
        let groups = self.lists.iter().flatten().filter_map(ListBinding::groups);
        groups.filter(|groups| groups.is_of_lake()).count()
    }

    /// Those of the connection with this number.
    pub(crate) fn list(&self, number: usize) -> Result<&ListBinding> {
        let binding = self.lists.get(number).and_then(Option::as_ref);
        binding.ok_or_else(|| Error::internal("a connection has no values"))
    }

    /// Which lines are measured, and which measures, by the number of [`Sales`].
    pub(crate) fn sales(&self, number: usize) -> Result<(&Condition, &Measures)> {
        let binding = self.sales.get(number).and_then(Option::as_ref);
        let (lines, measures) = binding.ok_or_else(|| Error::internal("sales have no values"))?;
        Ok((lines, measures))
    }

    /// The currency of the converted amounts with this number.
    pub(crate) fn currency(&self, number: usize) -> Result<Currency> {
        let binding = self.currencies.get(number).copied().flatten();
        binding.ok_or_else(|| Error::internal("an amount has no currency"))
    }

    /// How long the links with this number last.
    pub(crate) fn link(&self, number: usize) -> Result<Duration> {
        let binding = self.links.get(number).copied().flatten();
        binding.ok_or_else(|| Error::internal("a link has no values"))
    }
}

/// Binds values to the arguments of a plan.
pub(crate) fn bind(
    operation: &Operation,
    variables: &Variables,
    limits: &DocumentLimits,
) -> BoundOperation {
    bind_pages(operation, variables, limits, false)
}

/// The same for whole lists: the arguments of their pages are not looked at.
pub(crate) fn bind_whole(
    operation: &Operation,
    variables: &Variables,
    limits: &DocumentLimits,
) -> BoundOperation {
    bind_pages(operation, variables, limits, true)
}

fn bind_pages(
    operation: &Operation,
    variables: &Variables,
    limits: &DocumentLimits,
    is_whole: bool,
) -> BoundOperation {
    let sizes = PageSizes { default: limits.page_size_default, most: limits.page_size_max };
    let most = Most::of(operation, variables, limits);
    let lists = (0..operation.connections).map(|_| None).collect();
    let sales = (0..operation.sales).map(|_| None).collect();
    let links = vec![None; operation.links];
    let currencies = vec![None; operation.converted];
    let bindings = Bindings { lists, sales, links, currencies };
    let mut binder = Binder { variables, sizes, most, is_whole, bindings };
    let roots = operation.roots.iter().map(|root| binder.root(root)).collect();
    BoundOperation { roots, bindings: binder.bindings }
}

struct Binder<'a> {
    variables: &'a Variables,
    sizes: PageSizes,
    most: Most,
    is_whole: bool,
    bindings: Bindings,
}

impl Binder<'_> {
    fn root(&mut self, root: &Root) -> Result<RootTarget> {
        match &root.step {
            RootStep::Typename(_) | RootStep::Introspection(_) | RootStep::Service(_) => {
                Ok(RootTarget::Unkeyed)
            }
            RootStep::List { field, connection } => {
                let only = match &field.value {
                    RootValue::List { only, .. } => {
                        root_arguments::condition(only, self.given(&connection.arguments))?
                    }
                    _ => None,
                };
                self.connection(connection, only)?;
                Ok(RootTarget::Unkeyed)
            }
            RootStep::Keys { field, arguments, fetches, .. } => {
                let target = target(field, self.given(arguments), self.most)?;
                for fetch in fetches {
                    self.below(fetch)?;
                }
                Ok(target)
            }
        }
    }

    fn given<'b>(&'b self, arguments: &'b Arguments) -> Given<'b> {
        Given { arguments, variables: self.variables }
    }

    fn connection(&mut self, connection: &Connection, only: Option<Condition>) -> Result<()> {
        let of = connection.fetch.of;
        if of.table.name == SALES_GROUP.name {
            return self.groups(connection);
        }
        let given = self.given(&connection.arguments);
        let order = match given.get(inputs::ORDER_BY) {
            Some(value) => inputs::order(of, &value)?,
            None => Order::default(),
        };
        let filter = given.get(inputs::FILTER);
        let filter = filter.map(|value| inputs::condition(of, &value)).transpose()?;
        let page = self.page(connection, order, given)?;
        let condition = match (only, filter) {
            (Some(only), Some(filter)) => Condition::All(vec![only, filter]),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Condition::everything(),
        };
        self.bind(connection, ListBinding { page, condition, groups: None })
    }

    fn groups(&mut self, connection: &Connection) -> Result<()> {
        let measures = self.measures(&connection.fetch.measures)?;
        let given = self.given(&connection.arguments);
        let Grouping { groups, having, order } =
            inputs::grouping(given, measures, self.sizes.most)?;
        if groups.is_of_lake() && self.is_whole {
            let message = "engine: a file is made from one moment of Postgres: leave it out here";
            return Err(bad_argument(inputs::ENGINE, message.to_owned()));
        }
        let page = self.page(connection, order, given)?;
        self.bind(connection, ListBinding { page, condition: having, groups: Some(groups) })
    }

    fn page(&self, connection: &Connection, order: Order, given: Given<'_>) -> Result<Page> {
        if self.is_whole {
            return Page::whole(connection.fetch.of.table, order);
        }
        let arguments = query::Arguments {
            first: given.int("first")?,
            last: given.int("last")?,
            after: given.text("after")?,
            before: given.text("before")?,
        };
        let table = connection.fetch.of.table;
        Page::from_params(&connection.field, table, order, &arguments, self.sizes)
    }

    fn bind(&mut self, connection: &Connection, binding: ListBinding) -> Result<()> {
        if let Some(slot) = self.bindings.lists.get_mut(connection.number) {
            *slot = Some(binding);
        }
        self.below(&connection.fetch)
    }

    fn below(&mut self, fetch: &Fetch) -> Result<()> {
        fetch.below.iter().try_for_each(|many| self.connection(&many.connection, None))?;
        fetch.sales.iter().try_for_each(|sales| self.sales(sales))?;
        fetch.links.iter().try_for_each(|link| self.link(link))?;
        fetch.converted.iter().try_for_each(|converted| self.converted(converted))
    }

    fn converted(&mut self, converted: &Converted) -> Result<()> {
        let currency = self.given(&converted.arguments).currency(inputs::CURRENCY)?;
        let currency = currency.ok_or_else(|| missing(inputs::CURRENCY))?;
        if let Some(slot) = self.bindings.currencies.get_mut(converted.number) {
            *slot = Some(currency);
        }
        Ok(())
    }

    fn link(&mut self, link: &Link) -> Result<()> {
        let given = self.given(&link.arguments).int(inputs::EXPIRES_IN)?;
        let seconds = given.map_or(Ok(LINK_SECONDS), |given| {
            u64::try_from(given).ok().filter(|given| LINK_RANGE.contains(given)).ok_or_else(|| {
                let message = format!(
                    "expiresIn: {given} is not from {} to {} seconds",
                    LINK_RANGE.start(),
                    LINK_RANGE.end()
                );
                bad_argument(inputs::EXPIRES_IN, message)
            })
        })?;
        if let Some(slot) = self.bindings.links.get_mut(link.number) {
            *slot = Some(Duration::from_secs(seconds));
        }
        Ok(())
    }

    fn sales(&mut self, sales: &Sales) -> Result<()> {
        let mut measures = self.measures(&sales.measures)?;
        // There is one subset, so its condition can keep the lines of the statement itself.
        let lines = match measures.subsets.first_mut() {
            Some(subset) => std::mem::replace(&mut subset.lines, Condition::everything()),
            None => Condition::everything(),
        };
        if let Some(slot) = self.bindings.sales.get_mut(sales.number) {
            *slot = Some((lines, measures));
        }
        Ok(())
    }

    /// The selected measures, with the subsets of lines that the arguments name.
    fn measures(&self, selected: &SelectedMeasures) -> Result<Measures> {
        let mut measures = Measures::default();
        let mut currencies = Vec::new();
        for arguments in &selected.subsets {
            let filter = self.given(arguments).get(inputs::FILTER);
            let lines = match filter {
                Some(filter) => inputs::condition(&types::SALES_ORDER_LINE, &filter)?,
                None => Condition::everything(),
            };
            let currency = self.given(arguments).currency(inputs::IN)?;
            let currency = currency.filter(|currency| *currency != Currency::STORED);
            if let Some(currency) = currency.filter(|currency| !currencies.contains(currency)) {
                currencies.push(currency);
            }
            if currencies.len() > MOST_CURRENCIES {
                let message = format!("in: more than {MOST_CURRENCIES} currencies at a time");
                return Err(bad_argument(inputs::IN, message));
            }
            measures.subset(lines, currency);
        }
        for (subset, measure) in &selected.selected {
            let measure = match measure {
                SelectedMeasure::Known(measure) => *measure,
                SelectedMeasure::Percentile(value, arguments) => {
                    let fraction =
                        self.given(arguments).number("p")?.ok_or_else(|| missing("p"))?;
                    if !(0.0..=1.0).contains(&fraction) {
                        return Err(bad_argument("p", format!("p: {fraction} is not from 0 to 1")));
                    }
                    Measure::Of(*value, Statistic::Percentile(fraction))
                }
            };
            // At its index in the plan, even if another is the same.
            measures.wanted.push((*subset, measure));
        }
        Ok(measures)
    }
}
