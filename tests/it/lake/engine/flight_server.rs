//! A Flight SQL server with the table `sales` of a lake, by arrow-flight and DataFusion.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, CommandPreparedStatementQuery, CommandStatementQuery,
    DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, FlightDescriptor, FlightEndpoint, FlightInfo, Ticket, decode::FlightRecordBatchStream,
};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion::catalog::MemorySchemaProvider;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider};
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::memory::InMemory;
use object_store::{ObjectStoreExt as _, path::Path};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};
use url::Url;

use crate::support::TestApp;

/// A running server.
pub(super) struct FlightServer {
    pub(super) url: String,
    asked: Arc<AtomicUsize>,
    statements: Statements,
    task: JoinHandle<()>,
}

/// Statements by their handles, with their values once they are bound.
type Statements = Arc<Mutex<HashMap<Vec<u8>, (String, Vec<ScalarValue>)>>>;

struct Service {
    context: SessionContext,
    token: String,
    asked: Arc<AtomicUsize>,
    prepared: AtomicUsize,
    statements: Statements,
}

impl FlightServer {
    /// A server with the table as it is now. The token is required.
    pub(super) async fn start(app: &TestApp, token: &str) -> Self {
        let context = context(app).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let statements = Statements::default();
        let service = Service {
            context,
            token: token.to_owned(),
            asked: Arc::clone(&asked),
            prepared: AtomicUsize::new(0),
            statements: Arc::clone(&statements),
        };
        let incoming = futures_util::stream::unfold(listener, |listener| async move {
            let accepted = listener.accept().await.map(|(stream, _)| stream);
            Some((accepted, listener))
        });
        let task = tokio::spawn(async move {
            Server::builder()
                .add_service(FlightServiceServer::new(service))
                .serve_with_incoming(incoming)
                .await
                .expect("the server works");
        });
        Self { url, asked, statements, task }
    }

    /// How many prepared statements were not closed.
    pub(super) async fn open_statements(&self) -> usize {
        self.statements.lock().await.len()
    }

    /// How many statements were executed.
    pub(super) fn questions(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for FlightServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The files of the table, as they are in the bucket, as `lake.sales`.
async fn context(app: &TestApp) -> SessionContext {
    let context = SessionContext::new_with_config(SessionConfig::new());
    let store = InMemory::new();
    let url = Url::parse("memory://files/").expect("a URL");
    let mut paths = Vec::new();
    for uri in app.lake_objects().await {
        let key = uri.split_once("/lake/").map(|(_, rest)| format!("lake/{rest}")).expect("a key");
        if !key.contains("curated/sales/data/") {
            continue;
        }
        let bytes = app.bucket.get_bytes(&key, 1 << 30).await.expect("S3").expect("a file");
        let name = format!("{}.parquet", paths.len());
        store.put(&Path::from(name.as_str()), bytes.into()).await.expect("it is put");
        paths.push(ListingTableUrl::parse(format!("{url}{name}")).expect("a URL"));
    }
    context.register_object_store(&url, Arc::new(store));
    let config = ListingTableConfig::new_with_multi_paths(paths)
        .with_listing_options(ListingOptions::new(Arc::new(ParquetFormat::default())))
        .infer_schema(&context.state())
        .await
        .expect("a schema");
    let table = Arc::new(ListingTable::try_new(config).expect("a table"));
    let schema = Arc::new(MemorySchemaProvider::new());
    schema.register_table("sales".to_owned(), table).expect("it is registered");
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema("lake", schema).expect("it is registered");
    context.register_catalog("datafusion", Arc::new(catalog));
    context
}

fn failed(error: impl std::fmt::Display) -> Status {
    Status::internal(error.to_string())
}

type Data = Pin<Box<dyn Stream<Item = Result<arrow_flight::FlightData, Status>> + Send>>;

impl Service {
    fn require_token<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let given = request.metadata().get("authorization").and_then(|it| it.to_str().ok());
        if given == Some(&format!("Bearer {}", self.token)) {
            return Ok(());
        }
        Err(Status::unauthenticated("no such token"))
    }

    async fn plan(&self, sql: &str, values: &[ScalarValue]) -> Result<DataFrame, Status> {
        let plan = self.context.sql(sql).await.map_err(failed)?;
        plan.with_param_values(values.to_vec()).map_err(failed)
    }

    fn info(
        &self,
        schema: &Schema,
        ticket: Vec<u8>,
        of: FlightDescriptor,
    ) -> Result<FlightInfo, Status> {
        let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket));
        let info = FlightInfo::new().try_with_schema(schema).map_err(failed)?;
        Ok(info.with_endpoint(endpoint).with_descriptor(of))
    }

    async fn rows(&self, sql: &str, values: &[ScalarValue]) -> Result<Response<Data>, Status> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let plan = self.plan(sql, values).await?;
        let rows = plan.execute_stream().await.map_err(failed)?;
        let schema = rows.schema();
        let rows = rows.map_err(|error| FlightError::ExternalError(Box::new(error)));
        let data = FlightDataEncoderBuilder::new().with_schema(schema).build(rows);
        Ok(Response::new(data.map_err(failed).boxed()))
    }
}

#[tonic::async_trait]
impl FlightSqlService for Service {
    type FlightService = Self;

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.require_token(&request)?;
        let plan = self.plan(&query.query, &[]).await?;
        let ticket = TicketStatementQuery { statement_handle: query.query.into_bytes().into() };
        let ticket = ticket.as_any().encode_to_vec();
        self.info(plan.schema().as_arrow(), ticket, request.into_inner()).map(Response::new)
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<<Self as FlightService>::DoGetStream>, Status> {
        self.require_token(&request)?;
        let sql = String::from_utf8(ticket.statement_handle.to_vec()).map_err(failed)?;
        self.rows(&sql, &[]).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        self.require_token(&request)?;
        let mut statements = self.statements.lock().await;
        let number = self.prepared.fetch_add(1, Ordering::Relaxed);
        let handle = format!("statement {number}").into_bytes();
        statements.insert(handle.clone(), (query.query, Vec::new()));
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: handle.into(),
            ..ActionCreatePreparedStatementResult::default()
        })
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Result<DoPutPreparedStatementResult, Status> {
        self.require_token(&request)?;
        let data = request.into_inner().map_err(FlightError::from);
        let batches = FlightRecordBatchStream::new_from_flight_data(data);
        let batches: Vec<RecordBatch> = batches.try_collect().await.map_err(failed)?;
        let mut values = Vec::new();
        for column in batches.first().expect("a row of values").columns() {
            values.push(ScalarValue::try_from_array(column, 0).map_err(failed)?);
        }
        let handle = query.prepared_statement_handle;
        let mut statements = self.statements.lock().await;
        statements.get_mut(handle.as_ref()).expect("a statement").1 = values;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) })
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.require_token(&request)?;
        let handle = query.prepared_statement_handle.to_vec();
        let (sql, values) = self.statements.lock().await[&handle].clone();
        let plan = self.plan(&sql, &values).await?;
        let ticket = query.as_any().encode_to_vec();
        self.info(plan.schema().as_arrow(), ticket, request.into_inner()).map(Response::new)
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Result<Response<<Self as FlightService>::DoGetStream>, Status> {
        self.require_token(&request)?;
        let handle = query.prepared_statement_handle.to_vec();
        let (sql, values) = self.statements.lock().await[&handle].clone();
        self.rows(&sql, &values).await
    }

    async fn do_action_close_prepared_statement(
        &self,
        closed: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Result<(), Status> {
        self.require_token(&request)?;
        let handle = closed.prepared_statement_handle.to_vec();
        let found = self.statements.lock().await.remove(&handle);
        found.map(|_| ()).ok_or_else(|| Status::not_found("no such statement"))
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}

    async fn do_handshake(
        &self,
        _: Request<Streaming<arrow_flight::HandshakeRequest>>,
    ) -> Result<
        Response<
            Pin<Box<dyn Stream<Item = Result<arrow_flight::HandshakeResponse, Status>> + Send>>,
        >,
        Status,
    > {
        Err(Status::unimplemented("a token is given"))
    }
}
