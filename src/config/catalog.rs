//! `[lake]`: the Iceberg REST catalogue of its tables.

use std::time::Duration;

use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::Secret;
use super::values::Values;
use crate::error::{Code, Error, Result};

const SECTION: ConfigKey = ConfigKey::of("lake");

/// Where the catalogue is.
pub const URI: ConfigKey = ConfigKey {
    name: "catalog_uri",
    env: "LAKE_CATALOG_URI",
    doc: "the Iceberg REST catalogue that names the tables of the lake, such as \
          `https://catalog.example.com/api/catalog`; without it they are named in `lake` of the \
          database",
    visibility: Visibility::WithoutPassword,
    ..SECTION
};

/// The warehouse.
pub const WAREHOUSE: ConfigKey = ConfigKey {
    name: "catalog_warehouse",
    env: "LAKE_CATALOG_WAREHOUSE",
    doc: "the warehouse in that catalogue: in Polaris the catalogue's name, in Glue the account's \
          id, in S3 Tables the ARN of the table bucket",
    ..SECTION
};

/// The namespace.
pub const NAMESPACE: ConfigKey = ConfigKey {
    name: "catalog_namespace",
    env: "LAKE_CATALOG_NAMESPACE",
    default: Some("salesgraph"),
    doc: "the namespace of the tables in that catalogue, which no other database may write",
    ..SECTION
};

/// A token.
pub const TOKEN: ConfigKey = ConfigKey {
    name: "catalog_token",
    env: "LAKE_CATALOG_TOKEN",
    doc: "a bearer token for that catalogue",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// What tokens are asked for with.
pub const CREDENTIAL: ConfigKey = ConfigKey {
    name: "catalog_credential",
    env: "LAKE_CATALOG_CREDENTIAL",
    doc: "`client id:client secret`, with which tokens for that catalogue are asked for, and anew \
          before they expire (OAuth 2, client credentials)",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// Who gives tokens.
pub const OAUTH2_SERVER_URI: ConfigKey = ConfigKey {
    name: "catalog_oauth2_server_uri",
    env: "LAKE_CATALOG_OAUTH2_SERVER_URI",
    doc: "where tokens are asked for; `v1/oauth/tokens` below the catalogue unless set",
    visibility: Visibility::WithoutPassword,
    ..SECTION
};

/// What tokens are for.
pub const SCOPE: ConfigKey = ConfigKey {
    name: "catalog_scope",
    env: "LAKE_CATALOG_SCOPE",
    default: Some("catalog"),
    doc: "the scope of these tokens, such as `PRINCIPAL_ROLE:ALL` for Polaris",
    ..SECTION
};

/// The name of the service that requests are signed for.
pub const SIGNING_NAME: ConfigKey = ConfigKey {
    name: "catalog_signing_name",
    env: "LAKE_CATALOG_SIGNING_NAME",
    doc: "signs requests to that catalogue with the credentials of the storage (AWS signature \
          version 4) for this service; unless set, for the service in a host such as \
          `glue.eu-west-1.amazonaws.com`",
    ..SECTION
};

/// The region that requests are signed for.
pub const SIGNING_REGION: ConfigKey = ConfigKey {
    name: "catalog_signing_region",
    env: "LAKE_CATALOG_SIGNING_REGION",
    doc: "the region of that signature; unless set, that in the host, else that of the storage",
    ..SECTION
};

/// How long an answer may take.
pub const TIMEOUT: ConfigKey = ConfigKey {
    name: "catalog_timeout",
    env: "LAKE_CATALOG_TIMEOUT",
    default: Some("60s"),
    doc: "how long an answer of that catalogue may take, to its last byte; 5 minutes at most",
    ..SECTION
};

/// Where the tables of the lake are named, if not in the database.
#[derive(Debug, Clone)]
pub struct CatalogConfig {
    /// The base of all its URLs.
    pub uri: String,
    /// Its warehouse.
    pub warehouse: Option<String>,
    /// The namespace of the tables.
    pub namespace: String,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How it knows this program.
    pub access: CatalogAccess,
}

/// How a catalogue knows this program.
#[derive(Debug, Clone)]
pub enum CatalogAccess {
    /// It does not ask.
    Open,
    /// By a token.
    Token(Secret),
    /// By tokens that are asked for.
    Client {
        /// Id of the client.
        id: String,
        /// Its secret.
        secret: Secret,
        /// Where tokens are asked for.
        server: Option<String>,
        /// What they are for.
        scope: String,
    },
    /// By signatures of AWS.
    Signed {
        /// The service.
        name: String,
        /// The region.
        region: Option<String>,
    },
}

impl CatalogConfig {
    /// Whether its tables are in table buckets of S3 Tables, whose service removes files.
    #[must_use]
    pub fn is_of_s3_tables(&self) -> bool {
        const NAME: &str = "s3tables";
        let is_signed_for = match &self.access {
            CatalogAccess::Signed { name, .. } => name == NAME,
            CatalogAccess::Open | CatalogAccess::Token(_) | CatalogAccess::Client { .. } => false,
        };
        let is_host = service_of(&self.uri).is_some_and(|(service, _)| service == NAME);
        let warehouse = self.warehouse.as_deref().unwrap_or_default();
        // An ARN, or the catalogue of table buckets in Glue.
        let is_bucket = warehouse.contains(":s3tables:") || warehouse.contains("s3tablescatalog");
        is_signed_for || is_host || is_bucket
    }
}

pub(super) fn read(values: &Values) -> Result<Option<CatalogConfig>> {
    let namespace = values.required(&NAMESPACE, namespace)?;
    let scope = values.required(&SCOPE, parse::text)?;
    let timeout = values.required(&TIMEOUT, timeout)?;
    let secret = |text: &str| parse::text(text).map(Secret::new);
    let (token, credential) =
        (values.optional(&TOKEN, secret)?, values.optional(&CREDENTIAL, client)?);
    let server = values.optional(&OAUTH2_SERVER_URI, url)?;
    let name = values.optional(&SIGNING_NAME, parse::text)?;
    let region = values.optional(&SIGNING_REGION, parse::text)?;
    let warehouse = values.optional(&WAREHOUSE, parse::text)?;
    let Some(uri) = values.optional(&URI, url)? else {
        const ALONE: &[ConfigKey] =
            &[WAREHOUSE, TOKEN, CREDENTIAL, OAUTH2_SERVER_URI, SIGNING_NAME, SIGNING_REGION];
        return match ALONE.iter().find(|key| values.has_any(&[**key])) {
            None => Ok(None),
            Some(key) => {
                let message = format!("{key} is set, and {URI} ({}) is not: set it too", URI.env);
                Err(Error::new(Code::Config, message))
            }
        };
    };
    let (of_host, region_of_host) = service_of(&uri).unzip();
    let access = match (token, credential, name) {
        (None, None, name) => match name.or(of_host) {
            Some(name) => CatalogAccess::Signed { name, region: region.or(region_of_host) },
            None => CatalogAccess::Open,
        },
        (Some(token), None, None) => CatalogAccess::Token(token),
        (None, Some((id, secret)), None) => CatalogAccess::Client { id, secret, server, scope },
        _ => {
            let message = format!("set one of {TOKEN}, {CREDENTIAL} and {SIGNING_NAME} only");
            return Err(Error::new(Code::Config, message));
        }
    };
    Ok(Some(CatalogConfig { uri, warehouse, namespace, timeout, access }))
}

/// The service and the region in the name of a host of AWS.
fn service_of(uri: &str) -> Option<(String, String)> {
    let host = uri.split("://").nth(1)?.split(['/', ':']).next()?;
    let host = host.to_ascii_lowercase();
    let domains = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
    let host = domains.iter().find_map(|domain| host.strip_suffix(domain))?;
    // An endpoint in a network of one's own.
    let host = host.strip_suffix(".vpce").unwrap_or(host);
    let mut parts = host.rsplit('.');
    let (region, service) = (parts.next()?, parts.next()?);
    let service = service.strip_suffix("-fips").unwrap_or(service);
    Some((service.to_owned(), region.to_owned()))
}

fn client(text: &str) -> Result<(String, Secret), String> {
    match text.trim().split_once(':') {
        Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
            Ok((id.to_owned(), Secret::new(secret)))
        }
        _ => Err("expected the id of a client, a colon and its secret".to_owned()),
    }
}

fn url(text: &str) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host)
            if !host.is_empty() && !host.starts_with('/') && !host.contains(['@', '?', '#']) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("expected http:// or https:// with a host, without a password".to_owned()),
    }
}

/// Names that every catalogue takes.
fn namespace(text: &str) -> Result<String, String> {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let text = text.trim();
    if text.is_empty() || text.len() > 255 || !text.bytes().all(is_fine) {
        return Err("expected letters a to z, digits and _".to_owned());
    }
    Ok(text.to_owned())
}

fn timeout(text: &str) -> Result<Duration, String> {
    let parsed = parse::duration(text).ok();
    let is_fine = |time: &Duration| !time.is_zero() && *time <= Duration::from_secs(300);
    parsed.filter(is_fine).ok_or_else(|| "expected a time up to 5 minutes, such as 60s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_aws_tell_the_service_and_the_region() {
        let of = |uri| service_of(uri).unzip();
        let some = |text: &str| Some(text.to_owned());
        let glue = of("https://glue.eu-west-1.amazonaws.com/iceberg");
        assert_eq!(glue, (some("glue"), some("eu-west-1")));
        let tables = of("https://s3tables.cn-north-1.amazonaws.com.cn/iceberg");
        assert_eq!(tables, (some("s3tables"), some("cn-north-1")));
        let gateway = of("https://abc.execute-api.us-east-1.amazonaws.com:443/v");
        assert_eq!(gateway, (some("execute-api"), some("us-east-1")));
        assert_eq!(of("https://catalog.example.com/x.amazonaws.com"), (None, None));
        for host in [
            "glue-fips.us-east-1.amazonaws.com",
            "vpce-0a-1b.glue.us-east-1.vpce.amazonaws.com",
            "glue.us-east-1.api.aws",
            "Glue.us-east-1.amazonaws.com:443",
        ] {
            let uri = format!("https://{host}/iceberg");
            let of_host = service_of(&uri).unzip();
            assert_eq!(of_host, (some("glue"), some("us-east-1")), "{host}");
        }
    }

    #[test]
    fn table_buckets_are_known_by_any_sign() {
        let config = |uri: &str, warehouse: &str, access| CatalogConfig {
            uri: uri.to_owned(),
            warehouse: Some(warehouse.to_owned()),
            namespace: "salesgraph".to_owned(),
            timeout: Duration::from_secs(1),
            access,
        };
        let signed = |name: &str| CatalogAccess::Signed { name: name.to_owned(), region: None };
        let (glue, own) =
            ("https://glue.eu-west-1.amazonaws.com/iceberg", "https://tables.internal");
        let arn = "arn:aws-us-gov:s3tables:us-gov-west-1:111122223333:bucket/sales";
        for is_of in [
            config("https://s3tables-fips.us-east-1.amazonaws.com/iceberg", "x", signed("x")),
            config(
                "https://vpce-1.s3tables.us-east-1.vpce.amazonaws.com",
                "x",
                CatalogAccess::Open,
            ),
            config(own, "x", signed("s3tables")),
            config(own, arn, CatalogAccess::Open),
            config(glue, "111122223333:s3tablescatalog/sales", signed("glue")),
        ] {
            assert!(is_of.is_of_s3_tables(), "{is_of:?}");
        }
        assert!(!config(glue, "111122223333", signed("glue")).is_of_s3_tables());
        assert!(!config(own, "sales", CatalogAccess::Open).is_of_s3_tables());
    }

    #[test]
    fn passwords_belong_elsewhere() {
        assert!(url("https://me:secret@host").is_err());
        assert!(url("ftp://host").is_err());
        assert_eq!(url("http://host:8181/catalog/").as_deref(), Ok("http://host:8181/catalog"));
        assert!(client("nothing").is_err());
        assert_eq!(
            client("id:a:b").map(|(id, secret)| (id, secret.expose().to_owned())),
            Ok(("id".to_owned(), "a:b".to_owned()))
        );
    }
}
