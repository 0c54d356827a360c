//! The schema as async-graphql knows it, which answers introspection and prints the SDL. [`Engine`](super::Engine) executes the rest.

pub(crate) mod builder;
pub(crate) mod federation;
pub(crate) mod form;
pub(crate) mod global_id;
pub(crate) mod introspection;
pub(crate) mod meta;
pub mod model;
pub(crate) mod registry;
pub(crate) mod root_fields;
pub(crate) mod scalars;

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::futures_util::Stream;
use async_graphql::parser::types::{Field, OperationType};
use async_graphql::registry::Registry;
use async_graphql::{
    CacheControl, ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned,
    Response, SDLExportOptions, SchemaBuilder, ServerError, ServerResult, SubscriptionType,
    ValidationResult, Value,
};

use self::form::Form;
use self::root_fields::root_name;

/// The schema of async-graphql.
pub(crate) type Schema = async_graphql::Schema<Root<false>, Root<true>, Subscription>;

pub(crate) fn build(form: Form) -> Schema {
    schema_builder(form).extension(SkipValidation).finish()
}

/// The SDL, sorted.
#[must_use]
pub fn sdl() -> String {
    sdl_of(Form::Api, SDLExportOptions::new())
}

/// The SDL of the schema as a subgraph, as `_service` tells it.
#[must_use]
pub fn subgraph_sdl() -> &'static str {
    static SDL: LazyLock<String> =
        LazyLock::new(|| sdl_of(Form::Subgraph, SDLExportOptions::new().federation()));
    &SDL
}

fn sdl_of(form: Form, options: SDLExportOptions) -> String {
    let options = options
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions()
        .use_space_ident();
    let mut text = schema_builder(form).finish().sdl_with_options(options).trim().to_owned();
    text.push('\n');
    text
}

fn schema_builder(form: Form) -> SchemaBuilder<Root<false>, Root<true>, Subscription> {
    let builder = Schema::build(Root, Root, Subscription);
    match form {
        Form::Api => builder,
        Form::Subgraph => builder
            .register_output_type::<federation::SubgraphTypes>()
            .enable_subscription_in_federation(),
    }
}

/// The types that documents name, to check variables against. They are made once.
pub(crate) fn registry(form: Form) -> &'static Registry {
    static API: LazyLock<Registry> = LazyLock::new(|| registered(Form::Api));
    static SUBGRAPH: LazyLock<Registry> = LazyLock::new(|| registered(Form::Subgraph));
    match form {
        Form::Api => &API,
        Form::Subgraph => &SUBGRAPH,
    }
}

fn registered(form: Form) -> Registry {
    let mut registry = Registry::default();
    for kind in [OperationType::Query, OperationType::Mutation, OperationType::Subscription] {
        registry::root(&mut registry, kind);
    }
    if form == Form::Subgraph {
        federation::extend(&mut registry);
    }
    registry
}

/// Documents are validated before, by rules that are complete.
struct SkipValidation;

impl ExtensionFactory for SkipValidation {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for SkipValidation {
    async fn validation(
        &self,
        _context: &ExtensionContext<'_>,
        _next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let cache_control = CacheControl::default();
        Ok(ValidationResult { cache_control, complexity: 0, depth: 0 })
    }
}

/// The root of queries, or of mutations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root<const MUTATION: bool>;

impl<const MUTATION: bool> Root<MUTATION> {
    const KIND: OperationType =
        if MUTATION { OperationType::Mutation } else { OperationType::Query };
}

impl<const MUTATION: bool> OutputType for Root<MUTATION> {
    fn type_name() -> Cow<'static, str> {
        root_name(Self::KIND).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry::root(registry, Self::KIND);
        Self::qualified_type_name()
    }

    async fn resolve(
        &self,
        context: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        async_graphql::resolver_utils::resolve_container(context, self).await
    }
}

impl<const MUTATION: bool> ContainerType for Root<MUTATION> {
    async fn resolve_field(&self, _context: &Context<'_>) -> ServerResult<Option<Value>> {
        // Only introspection is executed by async-graphql.
        Ok(None)
    }
}

impl<const MUTATION: bool> ObjectType for Root<MUTATION> {}

/// The root of subscriptions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subscription;

impl SubscriptionType for Subscription {
    fn type_name() -> Cow<'static, str> {
        root_name(OperationType::Subscription).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry::root(registry, OperationType::Subscription);
        Self::qualified_type_name()
    }

    fn create_field_stream<'a>(
        &'a self,
        _context: &'a Context<'_>,
    ) -> Option<Pin<Box<dyn Stream<Item = Response> + Send + 'a>>> {
        None
    }
}
