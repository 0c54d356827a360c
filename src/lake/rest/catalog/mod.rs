//! What a catalogue is asked, and how it is changed.

mod commit;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

pub(in crate::lake) use self::commit::{Commit, Outcome};
use super::call::{Caller, Sent};
use super::http::Answer;
use super::wire::{ConfigAnswer, ErrorAnswer, Loaded, NewTable};
use crate::config::CatalogConfig;
use crate::error::{Code, Error, Result};
use crate::storage::S3Settings;

/// All but what RFC 3986 leaves as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// How long a commit may take, with all its requests.
const LONGEST_COMMIT: Duration = Duration::from_secs(240);
/// What a catalogue lists that commits several tables at once.
const TRANSACTION: &str = "POST /v1/{prefix}/transactions/commit";

/// A catalogue.
pub(in crate::lake) struct Catalog {
    caller: Caller,
    warehouse: Option<String>,
    namespace: String,
    /// Whether the service keeps the tables' files, and removes them.
    is_managed: bool,
    longest_commit: Duration,
    known: OnceCell<Known>,
}

/// What it says of itself.
struct Known {
    /// The base of the URLs of its tables.
    base: String,
    has_transactions: bool,
}

impl Catalog {
    /// A catalogue, without a request.
    ///
    /// # Errors
    /// `CONFIG` if it cannot be used so.
    pub(in crate::lake) async fn new(
        config: &CatalogConfig,
        settings: &S3Settings,
    ) -> Result<Self> {
        let caller = Caller::new(config, settings).await?;
        let is_managed = config.is_of_s3_tables();
        let (warehouse, namespace) = (config.warehouse.clone(), config.namespace.clone());
        let (longest_commit, known) = (LONGEST_COMMIT, OnceCell::new());
        Ok(Self { caller, warehouse, namespace, is_managed, longest_commit, known })
    }

    /// Tells it from others.
    pub(in crate::lake) fn name(&self) -> String {
        let warehouse = self.warehouse.as_deref().unwrap_or_default();
        format!("{} {warehouse} {}", self.caller.uri, self.namespace)
    }

    /// Whether the service keeps the tables' files, and removes them.
    pub(in crate::lake) const fn is_managed(&self) -> bool {
        self.is_managed
    }

    async fn known(&self, stop: &CancellationToken) -> Result<&Known> {
        self.known.get_or_try_init(|| self.ask_config(stop)).await
    }

    async fn ask_config(&self, stop: &CancellationToken) -> Result<Known> {
        let mut url = format!("{}/v1/config", self.caller.uri);
        if let Some(warehouse) = &self.warehouse {
            url = format!("{url}?warehouse={}", segment(warehouse));
        }
        let answer = self.caller.ask(Method::GET, &url, &Bytes::new(), stop).await?;
        if answer.status != StatusCode::OK {
            return Err(self.caller.refused("GET /v1/config", &answer));
        }
        let told: ConfigAnswer = serde_json::from_slice(&answer.body).map_err(|error| {
            let message = format!(
                "{url} is no configuration of an Iceberg REST catalogue; LAKE_CATALOG_URI is the \
                 URL before `/v1`"
            );
            Error::new(Code::Config, message).with_source(error)
        })?;
        self.known_of(told)
    }

    fn known_of(&self, told: ConfigAnswer) -> Result<Known> {
        let of = |name: &str| {
            let told = told.overrides.get(name).or_else(|| told.defaults.get(name));
            told.cloned().flatten().filter(|text| !text.is_empty())
        };
        // A default yields to what this program was told.
        let uri = told.overrides.get("uri").cloned().flatten().filter(|text| !text.is_empty());
        let uri = uri.unwrap_or_else(|| self.caller.uri.clone());
        if is_https(&self.caller.uri) && !is_https(&uri) {
            let message = format!(
                "the catalogue {} wants to be asked without TLS, at {uri}",
                self.caller.uri
            );
            return Err(Error::new(Code::Config, message));
        }
        let prefix = of("prefix").map(|prefix| format!("/{prefix}")).unwrap_or_default();
        let endpoints = told.endpoints.unwrap_or_default();
        Ok(Known {
            base: format!("{}/v1{prefix}", uri.trim_end_matches('/')),
            has_transactions: endpoints.iter().any(|endpoint| endpoint == TRANSACTION),
        })
    }

    async fn tables_url(&self, stop: &CancellationToken) -> Result<String> {
        let base = &self.known(stop).await?.base;
        Ok(format!("{base}/namespaces/{}/tables", segment(&self.namespace)))
    }

    /// A table; `None` if there is none of that name.
    ///
    /// # Errors
    /// Those of requests, and `CONFLICT` if it is of another format version.
    pub(in crate::lake) async fn load(
        &self,
        table: &str,
        stop: &CancellationToken,
    ) -> Result<Option<Loaded>> {
        let url = format!("{}/{}", self.tables_url(stop).await?, segment(table));
        let answer = self.caller.ask(Method::GET, &url, &Bytes::new(), stop).await?;
        match answer.status {
            StatusCode::OK => Loaded::parse(&answer.body, table).map(Some),
            StatusCode::NOT_FOUND if is_iceberg(&answer) => Ok(None),
            _ => Err(self.caller.refused(&format!("loading the table {table}"), &answer)),
        }
    }

    /// Makes a table. One that is there already stays as it is.
    ///
    /// # Errors
    /// Those of requests.
    pub(in crate::lake) async fn create(
        &self,
        new: &NewTable,
        stop: &CancellationToken,
    ) -> Result<Loaded> {
        self.make_namespace(stop).await?;
        let name = &new.name;
        let url = self.tables_url(stop).await?;
        let chosen = NewTable { location: None, ..new.clone() };
        // Not all let their clients choose the place.
        let of_service = (new.location.is_some() && !self.is_managed).then_some(&chosen);
        let first = if self.is_managed { &chosen } else { new };
        let mut refused = None;
        for wanted in [Some(first), of_service].into_iter().flatten() {
            let answer = match self.caller.tell(&url, &body(wanted)?, stop).await? {
                Sent::Answer(answer) => answer,
                Sent::Unknown(error) => match self.load(name, stop).await? {
                    Some(loaded) => return Ok(loaded),
                    None => return Err(error),
                },
            };
            match answer.status {
                status if status.is_success() => return Loaded::parse(&answer.body, name),
                StatusCode::CONFLICT => {
                    if let Some(loaded) = self.load(name, stop).await? {
                        return Ok(loaded);
                    }
                }
                _ => {}
            }
            refused.get_or_insert(answer);
        }
        let answer = refused.ok_or_else(|| Error::internal("no table was asked for"))?;
        Err(self.caller.refused(&format!("creating the table {name}"), &answer))
    }

    async fn make_namespace(&self, stop: &CancellationToken) -> Result<()> {
        let base = &self.known(stop).await?.base;
        let name = &self.namespace;
        let url = format!("{base}/namespaces/{}", segment(name));
        let answer = self.caller.ask(Method::GET, &url, &Bytes::new(), stop).await?;
        match answer.status {
            StatusCode::OK => return Ok(()),
            StatusCode::NOT_FOUND if is_iceberg(&answer) => {}
            _ => {
                return Err(self.caller.refused(&format!("loading the namespace {name}"), &answer));
            }
        }
        let wanted = body(&json!({"namespace": [name], "properties": {}}))?;
        let url = format!("{base}/namespaces");
        let answer = self.caller.ask(Method::POST, &url, &wanted, stop).await?;
        match answer.status {
            status if status.is_success() || status == StatusCode::CONFLICT => Ok(()),
            _ => Err(self.caller.refused(&format!("creating the namespace {name}"), &answer)),
        }
    }
}

fn is_https(uri: &str) -> bool {
    uri.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

fn segment(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, SEGMENT)
}

fn body(of: &impl serde::Serialize) -> Result<Bytes> {
    let failed = |error| Error::internal("a request cannot be written").with_source(error);
    Ok(serde_json::to_vec(of).map_err(failed)?.into())
}

/// Whether it is the catalogue that says so, and no other server.
fn is_iceberg(answer: &Answer) -> bool {
    serde_json::from_slice::<ErrorAnswer>(&answer.body).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::config::CatalogAccess;

    pub(super) async fn catalog(uri: &str) -> Catalog {
        let config = CatalogConfig {
            uri: uri.to_owned(),
            warehouse: None,
            namespace: "salesgraph".to_owned(),
            timeout: Duration::from_secs(60),
            access: CatalogAccess::Open,
        };
        Catalog::new(&config, &S3Settings::default()).await.unwrap()
    }

    #[tokio::test]
    async fn what_a_catalogue_says_of_itself_yields_to_what_this_program_was_told() {
        let told = |json: Json| serde_json::from_value::<ConfigAnswer>(json).unwrap();
        let catalog = catalog("https://catalog.example.com/api").await;
        let base = |json| catalog.known_of(told(json)).map(|known| known.base);
        let usual = "https://catalog.example.com/api/v1";
        assert_eq!(base(json!({})).unwrap(), usual);
        let default = json!({"defaults": {"uri": "https://other.example.com", "prefix": "a"}});
        assert_eq!(base(default).unwrap(), format!("{usual}/a"));
        let both = json!({"defaults": {"prefix": "a"}, "overrides": {"prefix": "b/c", "uri": "https://other.example.com/"}});
        assert_eq!(base(both).unwrap(), "https://other.example.com/v1/b/c");
        let open = json!({"overrides": {"uri": "http://catalog.example.com/api"}});
        let error = base(open).err().unwrap();
        assert!(error.message().contains("without TLS"), "{error:?}");
    }
}
