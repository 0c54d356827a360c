//! The values that one request gives to the arguments of a plan. It is done for
//! the whole document before anything is read, so every refusal comes first.

use async_graphql::Variables;

use crate::error::{Code, Error, Result};
use crate::graphql::inputs::Grouping;
use crate::graphql::inputs::arguments::{Arguments, Given, missing};
use crate::graphql::inputs::root_arguments;
use crate::graphql::plan::{
    Connection, Fetch, Measured, Operation, Root, RootStep, Sales, WantedMeasure,
};
use crate::graphql::schema::global_id;
use crate::graphql::schema::model::{RootField, RootValue};
use crate::graphql::{inputs, types};
use crate::query::aggregate::{Groups, Measure, Measures, SALES_GROUP, Statistic};
use crate::query::{
    self, Condition, Key, KeyPart, Order, Page, PageSizes, PageTooLarge, Rows, bad_argument,
};

/// A plan's values.
#[derive(Debug)]
pub(crate) struct Bound {
    /// What each root field reads, in their order; an error refuses the field.
    pub(crate) roots: Vec<Result<Wanted>>,
    pub(crate) asks: Asks,
}

/// What is asked of the connections, by their numbers. Those of refused fields
/// may be missing.
#[derive(Debug)]
pub(crate) struct Asks {
    lists: Vec<Option<Ask>>,
    sales: Vec<Option<(Condition, Measures)>>,
}

/// What a root field reads.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Nothing, or what its connection says.
    Itself,
    /// One row: which of the field's fetches, and the key.
    One(usize, Key),
    /// The same for a list.
    Each(Vec<(usize, Key)>),
    /// The row that a command with this input names: one of the key, once it has run.
    Command(Arguments),
}

/// What is asked of a connection.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) page: Page,
    pub(crate) condition: Condition,
    /// Where its rows are groups of sales.
    groups: Option<Groups>,
}

impl Ask {
    /// Where the rows come from.
    pub(crate) fn rows(&self) -> Rows<'_> {
        self.groups.as_ref().map_or(Rows::Table, Rows::Groups)
    }
}

impl Asks {
    /// Those of the connection with this number.
    pub(crate) fn of(&self, number: usize) -> Result<&Ask> {
        let ask = self.lists.get(number).and_then(Option::as_ref);
        ask.ok_or_else(|| Error::internal("a list is read without its arguments"))
    }

    /// Which lines are measured, and what of them, by the number of [`Sales`].
    pub(crate) fn sales(&self, number: usize) -> Result<(&Condition, &Measures)> {
        let ask = self.sales.get(number).and_then(Option::as_ref);
        let (lines, measures) =
            ask.ok_or_else(|| Error::internal("sales are measured without their arguments"))?;
        Ok((lines, measures))
    }
}

/// Gives a plan its values.
pub(crate) fn bind(operation: &Operation, variables: &Variables, sizes: PageSizes) -> Bound {
    let lists = (0..operation.connections).map(|_| None).collect();
    let sales = (0..operation.sales).map(|_| None).collect();
    let mut binder = Binder { variables, sizes, asks: Asks { lists, sales } };
    let roots = operation.roots.iter().map(|root| binder.root(root)).collect();
    Bound { roots, asks: binder.asks }
}

struct Binder<'a> {
    variables: &'a Variables,
    sizes: PageSizes,
    asks: Asks,
}

impl Binder<'_> {
    fn root(&mut self, root: &Root) -> Result<Wanted> {
        match &root.step {
            RootStep::Typename(_) | RootStep::Introspection(_) => Ok(Wanted::Itself),
            RootStep::List { field, connection } => {
                let only = match &field.value {
                    RootValue::List { only, .. } => {
                        root_arguments::condition(only, self.given(&connection.arguments))?
                    }
                    _ => None,
                };
                self.connection(connection, only)?;
                Ok(Wanted::Itself)
            }
            RootStep::Keys { field, arguments, fetches, .. } => {
                let wanted = self.wanted(field, self.given(arguments))?;
                for fetch in fetches {
                    self.below(fetch)?;
                }
                Ok(wanted)
            }
        }
    }

    fn given<'b>(&'b self, arguments: &'b Arguments) -> Given<'b> {
        Given { arguments, variables: self.variables }
    }

    fn wanted(&self, field: &RootField, given: Given<'_>) -> Result<Wanted> {
        match &field.value {
            RootValue::Key(_) => {
                let parts = field.arguments.iter().map(|argument| {
                    let part = given.int(argument.name)?;
                    let part = part.ok_or_else(|| missing(argument.name))?;
                    Ok(KeyPart::Int(i64::from(part)))
                });
                Ok(Wanted::One(0, Key::new(parts.collect::<Result<_>>()?)))
            }
            RootValue::Id(entity) | RootValue::Followed { of: entity, .. } => {
                let id = given.text("id")?.ok_or_else(|| missing("id"))?;
                Ok(Wanted::One(0, global_id::key_of(&id, entity, "id")?))
            }
            RootValue::Node => {
                let id = given.text("id")?.ok_or_else(|| missing("id"))?;
                let (fetch, key) = any(&id, "id")?;
                Ok(Wanted::One(fetch, key))
            }
            RootValue::Nodes => {
                let ids = given.texts("ids")?;
                let most = self.sizes.most;
                if u32::try_from(ids.len()).is_ok_and(|ids| ids <= most) {
                    let each = ids.iter().map(|id| any(id, "ids")).collect::<Result<_>>()?;
                    return Ok(Wanted::Each(each));
                }
                let message = format!("ids: {} ids are more than {most}, the limit", ids.len());
                Err(Error::new(Code::BadUserInput, message).with_source(PageTooLarge("ids")))
            }
            RootValue::Command { .. } => {
                let input = given.object(inputs::INPUT)?.ok_or_else(|| missing(inputs::INPUT))?;
                Ok(Wanted::Command(input))
            }
            RootValue::List { .. } | RootValue::Groups(_) => Ok(Wanted::Itself),
        }
    }

    fn connection(&mut self, connection: &Connection, only: Option<Condition>) -> Result<()> {
        let entity = connection.fetch.entity;
        if entity.table.name == SALES_GROUP.name {
            return self.groups(connection);
        }
        let given = self.given(&connection.arguments);
        let order = match given.get(inputs::ORDER_BY) {
            Some(value) => inputs::order(entity, &value)?,
            None => Order::default(),
        };
        let filter = given.get(inputs::FILTER);
        let filter = filter.map(|value| inputs::condition(entity, &value)).transpose()?;
        let page = self.page(connection, order, given)?;
        let condition = match (only, filter) {
            (Some(only), Some(filter)) => Condition::All(vec![only, filter]),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Condition::everything(),
        };
        self.ask(connection, Ask { page, condition, groups: None })
    }

    fn groups(&mut self, connection: &Connection) -> Result<()> {
        let measures = self.measures(&connection.fetch.measured)?;
        let given = self.given(&connection.arguments);
        let Grouping { groups, having, order } =
            inputs::grouping(given, measures, self.sizes.most)?;
        let page = self.page(connection, order, given)?;
        self.ask(connection, Ask { page, condition: having, groups: Some(groups) })
    }

    fn page(&self, connection: &Connection, order: Order, given: Given<'_>) -> Result<Page> {
        let arguments = query::Arguments {
            first: given.int("first")?,
            last: given.int("last")?,
            after: given.text("after")?,
            before: given.text("before")?,
        };
        let table = connection.fetch.entity.table;
        Page::from_params(&connection.field, table, order, &arguments, self.sizes)
    }

    fn ask(&mut self, connection: &Connection, ask: Ask) -> Result<()> {
        if let Some(place) = self.asks.lists.get_mut(connection.number) {
            *place = Some(ask);
        }
        self.below(&connection.fetch)
    }

    fn below(&mut self, fetch: &Fetch) -> Result<()> {
        fetch.below.iter().try_for_each(|many| self.connection(&many.connection, None))?;
        fetch.sales.iter().try_for_each(|sales| self.sales(sales))
    }

    fn sales(&mut self, sales: &Sales) -> Result<()> {
        let mut measures = self.measures(&sales.measured)?;
        // All that is measured is of the one part, which need not be asked line by line.
        let lines = match measures.subsets.first_mut() {
            Some(lines) => std::mem::replace(lines, Condition::everything()),
            None => Condition::everything(),
        };
        if let Some(place) = self.asks.sales.get_mut(sales.number) {
            *place = Some((lines, measures));
        }
        Ok(())
    }

    /// What is selected, with the parts of the lines that the arguments name.
    fn measures(&self, measured: &Measured) -> Result<Measures> {
        let mut measures = Measures::default();
        for arguments in &measured.subsets {
            let filter = self.given(arguments).get(inputs::FILTER);
            let lines = match filter {
                Some(filter) => inputs::condition(&types::SALES_ORDER_LINE, &filter)?,
                None => Condition::everything(),
            };
            measures.subset(lines);
        }
        for (subset, wanted) in &measured.wanted {
            let measure = match wanted {
                WantedMeasure::Known(measure) => *measure,
                WantedMeasure::Percentile(value, arguments) => {
                    let share = self.given(arguments).number("p")?.ok_or_else(|| missing("p"))?;
                    if !(0.0..=1.0).contains(&share) {
                        return Err(bad_argument("p", format!("p: {share} is not from 0 to 1")));
                    }
                    Measure::Of(*value, Statistic::Percentile(share))
                }
            };
            // At the place they have in the plan, also where two are the same.
            measures.wanted.push((*subset, measure));
        }
        Ok(measures)
    }
}

/// The entity's place among all, and the key.
fn any(id: &str, argument: &'static str) -> Result<(usize, Key)> {
    let (entity, key) = global_id::decode(id, &types::ALL, argument)?;
    let place = types::ALL.iter().position(|known| known.shape.name == entity.shape.name);
    place
        .map(|place| (place, key))
        .ok_or_else(|| bad_argument(argument, format!("{argument}: not an id of this API")))
}
