//! What resolvers of root fields return: what to read. It is read when the
//! selection is known.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use async_graphql::parser::types::{Field, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, OutputType, PathSegment, Positioned, QueryPathSegment, ServerResult, Value,
};

use super::errors::server_error;
use super::execute::Execution;
use super::failure::{Failure, Outcome, Path, element};
use super::model::Entity;
use super::plan::PageArguments;
use super::planner::Planner;
use super::{id, register, types};
use crate::error::{Error, Result};
use crate::query::{Equals, Key, MAX_SIZE, bad_argument};

/// A type of the schema that is an entity.
pub(super) trait Typed: Send + Sync + 'static {
    /// The entity.
    fn entity() -> &'static Entity;
}

/// The row with this key, or null.
pub(super) struct ByKey<T> {
    key: Key,
    of: PhantomData<fn() -> T>,
}

impl<T> ByKey<T> {
    pub(super) fn new(key: impl Into<Key>) -> Self {
        Self { key: key.into(), of: PhantomData }
    }
}

/// A page of a table.
pub(super) struct Listing<T> {
    /// The root field; its cursors are good for no other.
    field: &'static str,
    arguments: PageArguments,
    only: Vec<Equals>,
    of: PhantomData<fn() -> T>,
}

impl<T> Listing<T> {
    pub(super) fn new(field: &'static str, first: Option<i32>, after: Option<String>) -> Self {
        Self { field, arguments: PageArguments { first, after }, only: Vec::new(), of: PhantomData }
    }

    /// Keeps it to the rows that fulfil all of these.
    pub(super) fn only(self, only: Vec<Equals>) -> Self {
        Self { only, ..self }
    }
}

/// The row of any entity with this id, or null.
pub(super) struct ById(pub(super) String);

/// The rows of any entities with these ids, or nulls.
pub(super) struct ByIds(pub(super) Vec<String>);

impl<T: Typed> OutputType for ByKey<T> {
    fn type_name() -> Cow<'static, str> {
        T::entity().shape.name.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::entity(registry, T::entity());
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        read(context, field, What::Row(T::entity(), &self.key)).await
    }
}

impl<T: Typed> OutputType for Listing<T> {
    fn type_name() -> Cow<'static, str> {
        register::connection_name(T::entity()).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::entity(registry, T::entity());
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        let page = PageOf {
            entity: T::entity(),
            name: format!("Query.{}", self.field),
            arguments: &self.arguments,
            only: &self.only,
        };
        read(context, field, What::Page(page)).await
    }
}

impl OutputType for ById {
    fn type_name() -> Cow<'static, str> {
        "Node".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::node(registry);
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        read(context, field, What::Node(&self.0)).await
    }
}

impl OutputType for ByIds {
    fn type_name() -> Cow<'static, str> {
        "[Node]".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        register::node(registry);
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        read(context, field, What::Nodes(&self.0)).await
    }
}

/// A root field being read.
struct Root<'a> {
    key: &'a str,
    planner: Planner<'a>,
    /// What is selected of it, here and elsewhere under the same response key.
    sets: Vec<&'a SelectionSet>,
    execution: Execution<'a>,
}

/// What a root field reads.
enum What<'a> {
    Row(&'static Entity, &'a Key),
    Page(PageOf<'a>),
    Node(&'a str),
    Nodes(&'a [String]),
}

/// A page of a table.
struct PageOf<'a> {
    entity: &'static Entity,
    /// As cursors name it.
    name: String,
    arguments: &'a PageArguments,
    only: &'a [Equals],
}

/// Reads a root field, and tells of what failed in it.
async fn read(
    context: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    what: What<'_>,
) -> ServerResult<Value> {
    let root = Root::new(context)
        .map_err(|error| context.set_error_path(server_error(error, field.pos)))?;
    let value = root.read(what).await.map_err(|failure| failure.into_server_error(field.pos));
    let failures = root.execution.failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    for failure in failures {
        context.add_error(failure.into_server_error(field.pos));
    }
    value
}

impl<'a> Root<'a> {
    fn new(context: &ContextSelectionSet<'a>) -> Result<Self> {
        let Some(QueryPathSegment::Name(key)) = context.path_node.map(|node| node.segment) else {
            return Err(Error::internal("a root field is not at the root"));
        };
        let (Some(reader), Some(scope), Some(budget)) =
            (context.data_opt(), context.data_opt(), context.data_opt())
        else {
            return Err(Error::internal("the request came without database, scope or budget"));
        };
        let planner = Planner::new(context.query_env);
        let sets = planner.root(key)?;
        let execution = Execution { reader, scope, budget, failures: Mutex::default() };
        Ok(Self { key, planner, sets, execution })
    }

    fn path(&self) -> Path {
        vec![PathSegment::Field(self.key.to_owned())]
    }

    async fn read(&self, what: What<'_>) -> Outcome<Value> {
        let here = |_| self.path();
        match what {
            What::Row(entity, key) => self.by_key(entity, key).await,
            What::Page(page) => {
                let plan = self
                    .planner
                    .connection(page.entity, page.name, page.arguments, &self.sets)
                    .map_err(Failure::of(&here))?;
                self.execution.list(&plan, page.only, &here).await
            }
            What::Node(id) => {
                let found = id::decode(id, types::ALL, "id");
                let (entity, key) = found.map_err(Failure::of(&here))?;
                self.by_key(entity, &key).await
            }
            What::Nodes(ids) => self.by_ids(ids).await,
        }
    }

    async fn by_key(&self, entity: &'static Entity, key: &Key) -> Outcome<Value> {
        let here = |_| self.path();
        let plan = self.planner.row(entity, &self.sets).map_err(Failure::of(&here))?;
        let keys = std::slice::from_ref(key);
        let mut values = self.execution.by_keys(&plan, keys, &here).await?;
        Ok(values.pop().unwrap_or(Value::Null))
    }

    /// One statement for each type among the ids, and for each relation of a type.
    async fn by_ids(&self, ids: &[String]) -> Outcome<Value> {
        let here = |_| self.path();
        let wanted = decode(ids).map_err(Failure::of(&here))?;
        let mut values = vec![Value::Null; wanted.len()];
        for entity in types::ALL {
            let (places, keys): (Vec<usize>, Vec<&Key>) = wanted
                .iter()
                .enumerate()
                .filter(|(_, (known, _))| known.shape.name == entity.shape.name)
                .map(|(place, (_, key))| (place, key))
                .unzip();
            if keys.is_empty() {
                continue;
            }
            let plan = self.planner.row(entity, &self.sets).map_err(Failure::of(&here))?;
            let at =
                |key: usize| element(self.path(), places.get(key).copied().unwrap_or_default());
            match self.execution.by_shared_keys(&plan, &keys, &at).await {
                Ok(found) => {
                    for (place, value) in places.iter().zip(found) {
                        if let Some(slot) = values.get_mut(*place) {
                            *slot = value;
                        }
                    }
                }
                Err(failure) => self.execution.report(failure),
            }
        }
        Ok(Value::List(values))
    }
}

fn decode(ids: &[String]) -> Result<Vec<(&'static Entity, Key)>> {
    let most = usize::try_from(MAX_SIZE).unwrap_or(usize::MAX);
    if ids.len() > most {
        let message = format!("ids: {} ids are more than {most}", ids.len());
        return Err(bad_argument("ids", message));
    }
    ids.iter().map(|id| id::decode(id, types::ALL, "ids")).collect()
}
