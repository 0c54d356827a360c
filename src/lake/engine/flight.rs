//! A Flight SQL endpoint.

use std::collections::VecDeque;
use std::time::Duration;

use arrow_flight::error::FlightError;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::{FlightSqlServiceClient, PreparedStatement};
use arrow_flight::{FlightEndpoint, FlightInfo, Ticket};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint as Address};

use super::{Endpoint, Texts, values};
use crate::error::{Code, Error, Result};
use crate::lake::curated::SalesScan;
use crate::lake::{Part, TABLE};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Most bytes of a message with rows. The default of 4 MB is less than the rows that some engines
/// put into one.
const MOST_OF_MESSAGE: usize = 64 << 20;
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
        let mut prepared = Prepared(None);
        let sql = part.sql(&self.endpoint.table);
        let info = if part.values.is_empty() {
            client.execute(sql, None).await.map_err(&failed)?
        } else {
            let statement = client.prepare(sql, None).await.map_err(&failed)?;
            let statement = prepared.0.insert(statement);
            statement.set_parameters(values::row(&part.values)?).map_err(&failed)?;
            statement.execute().await.map_err(&failed)?
        };
        let FlightInfo { endpoint: endpoints, .. } = info;
        let state = (VecDeque::from(endpoints), self.endpoint.clone(), client, prepared);
        let batches = stream::try_unfold(state, |state| async move {
            let (mut rest, endpoint, client, mut prepared) = state;
            let Some(next) = rest.pop_front() else {
                // Earlier, its rows might be gone.
                prepared.close().await;
                return Ok(None);
            };
            let rows = rows_of(next, &endpoint, &client).await?;
            Ok::<_, Error>(Some((rows, (rest, endpoint, client, prepared))))
        });
        let texts = batches.try_flatten().and_then(|batch| async move { values::texts(&batch) });
        Ok(texts.boxed())
    }

    fn client(&self) -> Client {
        let mut client = client(self.channel.clone());
        if let Some(token) = &self.endpoint.token {
            client.set_token(token.expose().to_owned());
        }
        client
    }
}

fn client(channel: Channel) -> Client {
    let inner = FlightServiceClient::new(channel).max_decoding_message_size(MOST_OF_MESSAGE);
    FlightSqlServiceClient::new_from_inner(inner)
}

/// A statement at the endpoint, if there is one, which is closed there in the end.
struct Prepared(Option<PreparedStatement<Channel>>);

impl Prepared {
    async fn close(&mut self) {
        if let Some(statement) = self.0.take() {
            close(statement).await;
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // Its rows were not read to the end.
        if let (Some(statement), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(close(statement));
        }
    }
}

async fn close(statement: PreparedStatement<Channel>) {
    // The endpoint forgets it at some time in any case.
    if !matches!(timeout(CONNECT, statement.close()).await, Ok(Ok(()))) {
        tracing::debug!("a statement was not closed at the endpoint");
    }
}

type Batches = BoxStream<'static, Result<datafusion::arrow::array::RecordBatch>>;

/// The rows of a part of a result, from the first of the places that gives them.
async fn rows_of(part: FlightEndpoint, endpoint: &Endpoint, here: &Client) -> Result<Batches> {
    let url = &endpoint.url;
    let ticket = part.ticket.ok_or_else(|| {
        let message = format!("{url} has answered without a ticket for its rows");
        Error::new(Code::Unavailable, message)
    })?;
    let mut places = part.location.into_iter().map(|location| location.uri);
    let mut place = places.next().unwrap_or_default();
    loop {
        let rows = rows_at(&place, ticket.clone(), url, here.clone()).await;
        match (rows, places.next()) {
            (Err(error), Some(next)) => {
                tracing::debug!(place, error = error.detail(), "rows are taken from elsewhere");
                place = next;
            }
            (rows, _) => return rows,
        }
    }
}

/// The rows at a place. Where that is another server it is asked without the token, which is for
/// the endpoint alone, and not in plain text if the endpoint is asked with TLS.
async fn rows_at(place: &str, ticket: Ticket, url: &str, here: Client) -> Result<Batches> {
    let mut client = if place.is_empty() || place.starts_with(HERE) {
        here
    } else {
        let address = elsewhere(place, url)?;
        let failed = |error: tonic::transport::Error| {
            let message = format!("{url} has rows at {place}, which does not answer");
            Error::new(Code::Unavailable, message).with_source(error)
        };
        client(address_of(&address).map_err(failed)?.connect().await.map_err(failed)?)
    };
    let url = url.to_owned();
    let rows = client.do_get(ticket).await.map_err(|error| failure(&url, error))?;
    Ok(rows.map_err(move |error| failure(&url, error)).boxed())
}

/// The address of another server.
fn elsewhere(place: &str, url: &str) -> Result<String> {
    let address = place
        .replacen("grpc+tls://", "https://", 1)
        .replacen("grpc+tcp://", "http://", 1)
        .replacen("grpc://", "http://", 1);
    if url.starts_with("https://") && !address.starts_with("https://") {
        let message = format!("{url} has rows at {place}, where they would be read without TLS");
        return Err(Error::new(Code::LakeUnavailable, message));
    }
    Ok(address)
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

#[cfg(test)]
mod tests {
    use super::elsewhere;
    use crate::error::Code;

    #[test]
    fn rows_are_not_read_in_plain_text_where_the_endpoint_has_tls() {
        let tls = "https://engine:443";
        for place in ["grpc://other:1", "grpc+tcp://other:1", "http://other:1", "other:1"] {
            assert_eq!(elsewhere(place, tls).unwrap_err().code(), Code::LakeUnavailable, "{place}");
        }
        assert_eq!(elsewhere("grpc+tls://other:1", tls).unwrap(), "https://other:1");
        assert_eq!(elsewhere("grpc+tcp://other:1", "http://engine").unwrap(), "http://other:1");
    }
}
