//! A Flight SQL endpoint.

use std::collections::VecDeque;
use std::time::Duration;

use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::{FlightEndpoint, FlightInfo};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint as Address};

use super::{Endpoint, Texts, values};
use crate::error::{Code, Error, Result};
use crate::lake::curated::SalesScan;
use crate::lake::{Part, TABLE};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// What tells that rows are where the question was asked.
const HERE: &str = "arrow-flight-reuse-connection:";

type Client = FlightSqlServiceClient<Channel>;

/// An endpoint.
#[derive(Debug)]
pub(super) struct Flight {
    endpoint: Endpoint,
    address: Address,
}

/// A question under way.
#[derive(Debug)]
pub(super) struct Session {
    endpoint: Endpoint,
    channel: Channel,
}

impl Flight {
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self> {
        let address = address_of(&endpoint.url).map_err(|error| {
            let message = format!("lake.engine_url (LAKE_ENGINE_URL) `{}` is no URL", endpoint.url);
            Error::new(Code::Config, message).with_source(error)
        })?;
        Ok(Self { endpoint: endpoint.clone(), address })
    }

    /// Connects, and checks that the table there has as many lines.
    pub(super) async fn begin(&self, scan: &SalesScan) -> Result<Session> {
        let channel =
            self.address.connect().await.map_err(|error| self.failed().with_source(error))?;
        let session = Session { endpoint: self.endpoint.clone(), channel };
        let expected: i64 = scan.files.iter().map(|file| file.rows).sum();
        let count = Part {
            sql: format!("SELECT count(*) AS n FROM {TABLE}"),
            values: Vec::new(),
            totals: Vec::new(),
        };
        let mut counted = session.part(&count).await?;
        let found = counted.try_next().await?;
        let found = found.as_ref().and_then(|batch| batch.value(0, 0)).unwrap_or("nothing");
        if found != expected.to_string() {
            let Endpoint { url, table, .. } = &self.endpoint;
            let message = format!(
                "{table} at {url} has {found} lines and the lake {expected}: the endpoint reads \
                 another table, or another snapshot of it"
            );
            return Err(Error::new(Code::LakeOutdated, message));
        }
        Ok(session)
    }

    fn failed(&self) -> Error {
        let message = format!("{} does not answer", self.endpoint.url);
        Error::new(Code::Unavailable, message)
    }
}

impl Session {
    /// The rows of a part.
    pub(super) async fn part(&self, part: &Part) -> Result<BoxStream<'static, Result<Texts>>> {
        let url = self.endpoint.url.clone();
        let failed = {
            let url = url.clone();
            move |error: FlightError| failure(&url, error)
        };
        let mut client = self.client();
        let sql = part.sql(&self.endpoint.table);
        let info = if part.values.is_empty() {
            client.execute(sql, None).await.map_err(&failed)?
        } else {
            let mut statement = client.prepare(sql, None).await.map_err(&failed)?;
            statement.set_parameters(values::row(&part.values)?).map_err(&failed)?;
            // The statement ends with the connection: closed now, its rows might be gone.
            statement.execute().await.map_err(&failed)?
        };
        let FlightInfo { endpoint: endpoints, .. } = info;
        let state = (VecDeque::from(endpoints), self.endpoint.clone(), client);
        let batches = stream::try_unfold(state, |(mut rest, endpoint, client)| async move {
            let Some(next) = rest.pop_front() else { return Ok(None) };
            let rows = rows_of(next, &endpoint, client.clone()).await?;
            Ok::<_, Error>(Some((rows, (rest, endpoint, client))))
        });
        let texts = batches.try_flatten().and_then(|batch| async move { values::texts(&batch) });
        Ok(texts.boxed())
    }

    fn client(&self) -> Client {
        let mut client = FlightSqlServiceClient::new(self.channel.clone());
        if let Some(token) = &self.endpoint.token {
            client.set_token(token.expose().to_owned());
        }
        client
    }
}

type Batches = BoxStream<'static, Result<datafusion::arrow::array::RecordBatch>>;

/// The rows of a part of a result. Where another server has them it is asked, without the token,
/// which is for the endpoint alone.
async fn rows_of(part: FlightEndpoint, endpoint: &Endpoint, client: Client) -> Result<Batches> {
    let url = endpoint.url.clone();
    let elsewhere = part.location.first().map(|location| location.uri.clone());
    let mut client = match elsewhere.filter(|uri| !uri.is_empty() && !uri.starts_with(HERE)) {
        None => client,
        Some(uri) => {
            let plain = uri
                .replacen("grpc+tls://", "https://", 1)
                .replacen("grpc+tcp://", "http://", 1)
                .replacen("grpc://", "http://", 1);
            let failed = |error: tonic::transport::Error| {
                let message = format!("{url} has rows at {uri}, which does not answer");
                Error::new(Code::Unavailable, message).with_source(error)
            };
            let channel = address_of(&plain).map_err(failed)?.connect().await.map_err(failed)?;
            FlightSqlServiceClient::new(channel)
        }
    };
    let ticket = part.ticket.ok_or_else(|| {
        let message = format!("{url} has answered without a ticket for its rows");
        Error::new(Code::Unavailable, message)
    })?;
    let rows = client.do_get(ticket).await.map_err(|error| failure(&url, error))?;
    Ok(rows.map_err(move |error| failure(&url, error)).boxed())
}

fn address_of(url: &str) -> Result<Address, tonic::transport::Error> {
    let address = Address::from_shared(url.to_owned())?.connect_timeout(CONNECT);
    if url.starts_with("https://") {
        return address.tls_config(ClientTlsConfig::new().with_native_roots());
    }
    Ok(address)
}

/// What an endpoint says may hold values of the question, so it is for the log only.
fn failure(url: &str, error: FlightError) -> Error {
    let message = format!(
        "the engine at {url} has not answered the question, for which the log of the worker has \
         the reason"
    );
    Error::new(Code::LakeUnavailable, message).with_source(error)
}
