//! What resolvers of root fields return: what to read. It is read when the
//! selection is known.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use async_graphql::parser::types::{Field, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, QueryPathSegment, ServerResult, Value,
};

use super::errors::server_error;
use super::execute::Execution;
use super::model::Entity;
use super::plan::{PageArguments, Planner};
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
        by_key(context, T::entity(), &self.key)
            .await
            .map_err(|error| context.set_error_path(server_error(error, field.pos)))
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
        let read = async {
            let planner = Planner::new(context.query_env);
            let plan = planner.connection(
                T::entity(),
                format!("Query.{}", self.field),
                &self.arguments,
                &selected(context, &planner)?,
            )?;
            execution(context)?.list(&plan, &self.only).await
        };
        read.await.map_err(|error| context.set_error_path(server_error(error, field.pos)))
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
        let read = async {
            let (entity, key) = id::decode(&self.0, types::ALL, "id")?;
            by_key(context, entity, &key).await
        };
        read.await.map_err(|error| context.set_error_path(server_error(error, field.pos)))
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
        by_ids(context, &self.0)
            .await
            .map_err(|error| context.set_error_path(server_error(error, field.pos)))
    }
}

/// One statement for each type among the ids, and for each relation of a type.
async fn by_ids(context: &ContextSelectionSet<'_>, ids: &[String]) -> Result<Value> {
    let most = usize::try_from(MAX_SIZE).unwrap_or(usize::MAX);
    if ids.len() > most {
        let message = format!("ids: {} ids are more than {most}", ids.len());
        return Err(bad_argument("ids", message));
    }
    let wanted: Vec<(&Entity, Key)> =
        ids.iter().map(|id| id::decode(id, types::ALL, "ids")).collect::<Result<_>>()?;
    let execution = execution(context)?;
    let planner = Planner::new(context.query_env);
    let sets = selected(context, &planner)?;
    let mut found = HashMap::new();
    for entity in types::ALL {
        let name = entity.shape.name;
        let mut keys: Vec<Key> = wanted
            .iter()
            .filter(|(known, _)| known.shape.name == name)
            .map(|(_, key)| key.clone())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            continue;
        }
        let plan = planner.row(entity, &sets)?;
        let values = execution.by_keys(&plan, &keys).await?;
        found.extend(keys.into_iter().map(|key| (name, key)).zip(values));
    }
    wanted
        .into_iter()
        .map(|(entity, key)| match found.get(&(entity.shape.name, key)) {
            Some(value) => execution.copy(value),
            None => Ok(Value::Null),
        })
        .collect::<Result<_>>()
        .map(Value::List)
}

async fn by_key(
    context: &ContextSelectionSet<'_>,
    entity: &'static Entity,
    key: &Key,
) -> Result<Value> {
    let planner = Planner::new(context.query_env);
    let plan = planner.row(entity, &selected(context, &planner)?)?;
    let mut values = execution(context)?.by_keys(&plan, std::slice::from_ref(key)).await?;
    Ok(values.pop().unwrap_or(Value::Null))
}

/// What is selected of the root field: this selection of it and others of the
/// same response key.
fn selected<'a>(
    context: &ContextSelectionSet<'a>,
    planner: &Planner<'a>,
) -> Result<Vec<&'a SelectionSet>> {
    match context.path_node.map(|node| node.segment) {
        Some(QueryPathSegment::Name(key)) => planner.root(key),
        _ => Err(Error::internal("a root field is not at the root")),
    }
}

fn execution<'a>(context: &ContextSelectionSet<'a>) -> Result<Execution<'a>> {
    match (context.data_opt(), context.data_opt(), context.data_opt()) {
        (Some(reader), Some(scope), Some(budget)) => Ok(Execution { reader, scope, budget }),
        _ => Err(Error::internal("the request came without database, scope or budget")),
    }
}
