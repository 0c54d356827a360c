//! The values that one request gives to the arguments of a plan. It is done for
//! the whole document before anything is read, so every refusal comes first.

use async_graphql::Variables;
use uuid::Uuid;

use super::arguments::{Arguments, Given, missing};
use super::model::{Entity, RootField, RootValue};
use super::plan::{Connection, Fetch, Operation, Root, RootStep};
use super::{id, inputs, only, types};
use crate::error::{Code, Error, Result};
use crate::query::{
    self, Condition, Key, KeyPart, Order, Page, PageSizes, PageTooLarge, bad_argument,
};

/// A plan's values.
#[derive(Debug)]
pub(super) struct Bound {
    /// What each root field reads, in their order; an error refuses the field.
    pub(super) roots: Vec<Result<Wanted>>,
    pub(super) asks: Asks,
}

/// What is asked of the connections, by their numbers. Those of refused fields
/// may be missing.
#[derive(Debug)]
pub(super) struct Asks(Vec<Option<Ask>>);

/// What a root field reads.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Nothing, or what its connection says.
    Itself,
    /// One row: which of the field's fetches, and the key.
    One(usize, Key),
    /// The same for a list.
    Each(Vec<(usize, Key)>),
}

/// What is asked of a connection.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) page: Page,
    pub(super) condition: Condition,
}

impl Asks {
    /// Those of the connection with this number.
    pub(super) fn of(&self, number: usize) -> Result<&Ask> {
        let ask = self.0.get(number).and_then(Option::as_ref);
        ask.ok_or_else(|| Error::internal("a list is read without its arguments"))
    }
}

/// Gives a plan its values.
pub(super) fn bind(operation: &Operation, variables: &Variables, sizes: PageSizes) -> Bound {
    let lists = (0..operation.connections).map(|_| None).collect();
    let mut binder = Binder { variables, sizes, lists };
    let roots = operation.roots.iter().map(|root| binder.root(root)).collect();
    Bound { roots, asks: Asks(binder.lists) }
}

struct Binder<'a> {
    variables: &'a Variables,
    sizes: PageSizes,
    lists: Vec<Option<Ask>>,
}

impl Binder<'_> {
    fn root(&mut self, root: &Root) -> Result<Wanted> {
        match &root.step {
            RootStep::Typename(_) | RootStep::Introspection(_) => Ok(Wanted::Itself),
            RootStep::List { field, connection } => {
                let only = match &field.value {
                    RootValue::List { only, .. } => {
                        only::condition(only, self.given(&connection.arguments))?
                    }
                    _ => None,
                };
                self.connection(connection, only)?;
                Ok(Wanted::Itself)
            }
            RootStep::Keys { field, arguments, fetches } => {
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
            RootValue::Id(entity) => {
                let id = given.text("id")?.ok_or_else(|| missing("id"))?;
                Ok(Wanted::One(0, key_of(&id, entity, "id")?))
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
            RootValue::List { .. } => Ok(Wanted::Itself),
        }
    }

    fn connection(&mut self, connection: &Connection, only: Option<Condition>) -> Result<()> {
        let entity = connection.fetch.entity;
        let given = self.given(&connection.arguments);
        let order = match given.get(inputs::ORDER_BY) {
            Some(value) => inputs::order(entity, &value)?,
            None => Order::default(),
        };
        let filter = given.get(inputs::FILTER);
        let filter = filter.map(|value| inputs::condition(entity, &value)).transpose()?;
        let arguments = query::Arguments {
            first: given.int("first")?,
            last: given.int("last")?,
            after: given.text("after")?,
            before: given.text("before")?,
        };
        let page =
            Page::from_params(&connection.field, entity.table, order, &arguments, self.sizes)?;
        let condition = match (only, filter) {
            (Some(only), Some(filter)) => Condition::All(vec![only, filter]),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Condition::everything(),
        };
        if let Some(place) = self.lists.get_mut(connection.number) {
            *place = Some(Ask { page, condition });
        }
        self.below(&connection.fetch)
    }

    fn below(&mut self, fetch: &Fetch) -> Result<()> {
        fetch.below.iter().try_for_each(|many| self.connection(&many.connection, None))
    }
}

/// The entity's place among all, and the key.
fn any(id: &str, argument: &'static str) -> Result<(usize, Key)> {
    let (entity, key) = id::decode(id, types::ALL, argument)?;
    let place = types::ALL.iter().position(|known| known.shape.name == entity.shape.name);
    place
        .map(|place| (place, key))
        .ok_or_else(|| bad_argument(argument, format!("{argument}: not an id of this API")))
}

/// The key of a global id. What has a UUID for its key may be named by that, too.
pub(super) fn key_of(id: &str, entity: &'static Entity, argument: &'static str) -> Result<Key> {
    match (entity.table.key, Uuid::try_parse(id)) {
        ([column], Ok(uuid)) if column.kind == query::Kind::Uuid => Ok(Key::from(uuid)),
        _ => id::decode(id, &[entity], argument).map(|(_, key)| key),
    }
}
