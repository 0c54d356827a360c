//! What the protocol asks of a server: who it is, which tools it has, and calls of them.

use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest,
    CustomResult, ErrorCode, ErrorData, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Map, Value as Json};
use tokio::sync::{mpsc, oneshot};

use super::desk::Desk;
use super::tools::{self, Tool};
use crate::auth::Scope;

const INSTRUCTIONS: &str = "Sales data: orders and their lines, customers, products, territories, \
    stores, currency rates and forecasts, behind a GraphQL API. Which tools there are depends on \
    your token. For figures (revenue, counts, the best products, a comparison of months) call \
    sales_aggregate: it computes them exactly. For rows and all else find the names of fields \
    with search_schema, then ask with run_query. \
    Amounts are exact decimals as text: do not round them, and compute with them as decimals. You \
    see what your token allows; an error with the code FORBIDDEN is not mended by asking again.";

/// The server as the protocol sees it. All that a request needs comes with it, by its [`Door`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Assistant;

/// From the protocol to the request that speaks it.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) scope: Scope,
    /// Whether clients may ask for the schema.
    pub(super) tells_schema: bool,
    pub(super) calls: mpsc::Sender<ToolCall>,
}

/// A call of a tool, which the request answers.
#[derive(Debug)]
pub(super) struct ToolCall {
    tool: Tool,
    arguments: Map<String, Json>,
    answer: oneshot::Sender<CallToolResult>,
}

impl ToolCall {
    /// Calls the tool.
    pub(super) async fn answer(self, desk: Desk<'_>) {
        let Self { tool, arguments, answer } = self;
        let outcome = tools::call(tool, arguments, desk).await;
        let result = outcome.within(desk.result_bytes());
        // Whoever waits for it may have gone.
        let _ = answer.send(result);
    }
}

impl Assistant {
    fn door(context: &RequestContext<RoleServer>) -> Result<&Door, ErrorData> {
        let head = context.extensions.get::<axum::http::request::Parts>();
        let door = head.and_then(|head| head.extensions.get::<Door>());
        door.ok_or_else(|| ErrorData::internal_error("the request is unknown", None))
    }
}

impl ServerHandler for Assistant {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let about = Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(about).with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let door = Self::door(&context)?;
        let usable =
            Tool::ALL.into_iter().filter(|tool| tool.is_usable(&door.scope, door.tells_schema));
        let mut result =
            ListToolsResult::with_all_items(usable.map(|tool| tool.definition().clone()).collect());
        // They depend on the token.
        result.cache_scope = Some(CacheScope::Private);
        Ok(result)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let door = Self::door(&context)?;
        let Some(tool) = Tool::named(&request.name) else {
            let known = Tool::ALL.map(Tool::name).join(", ");
            let name: String = request.name.chars().take(100).collect();
            let message = format!("there is no tool {name:?}, but {known}");
            return Err(ErrorData::invalid_params(message, None));
        };
        let (answer, answered) = oneshot::channel();
        let arguments = request.arguments.unwrap_or_default();
        let gone = || ErrorData::internal_error("the request has ended", None);
        let call = ToolCall { tool, arguments, answer };
        door.calls.send(call).await.map_err(|_| gone())?;
        Ok(answered.await.map_err(|_| gone())?.into())
    }

    /// What the library does not know, which a call with parameters of other types is, too.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method: String = request.method.chars().take(100).collect();
        Err(match method.as_str() {
            "tools/call" => ErrorData::invalid_params(
                "tools/call needs name, a text, and may have arguments, an object",
                None,
            ),
            _ => ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method, None),
        })
    }
}
