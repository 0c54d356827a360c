//! `salesgraph key`

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use clap::Subcommand;

use super::claims::{Claims, lifetime};
use super::exit::Exit;
use super::output::{self, Table};
use super::wiring;
use crate::auth::api_key::{self, NewApiKey};
use crate::config::Config;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  salesgraph key create --name warehouse --org acme --scope sales:read
  salesgraph key create --name till --org acme --scope sales:read \\
                        --territories 1,4 --expires 90d
  salesgraph key list
  salesgraph key revoke 3f9a0c12be77

A key is sent as a token is: `Authorization: Bearer sgk_...`. It is printed once and
stored only as a hash. A revoked key works for five seconds more at most.";

/// Arguments of `key`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with API keys.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Make a key and print it
    Create(Create),
    /// List all keys
    List,
    /// Revoke a key
    Revoke {
        /// Its id, as `list` shows it: the part of the key after sgk_
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// The key to make.
#[derive(Debug, Clone, clap::Args)]
pub struct Create {
    /// Its name, for people
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// What the holder may see and do.
    #[command(flatten)]
    pub claims: Claims,
    /// How long it is valid: 30m, 1h, 90d [default: until it is revoked]
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub expires: Option<Duration>,
}

/// Makes, lists or revokes.
pub async fn run(args: &Args, config: &Config) -> Result<Exit> {
    wiring::ready_schema(config, false).await?;
    let pool = wiring::database(config).await?;
    match &args.action {
        Action::Create(create) => {
            let key = NewApiKey {
                name: &create.name,
                scope: create.claims.scope(),
                expires: create.expires.map(|time| SystemTime::now() + time),
            };
            let (id, text) = api_key::create(&pool, &key).await?;
            tracing::info!(id, org = key.scope.org(), scope = %key.scope.grants(), "API key made");
            output::print(&format!("{text}\n"))?;
        }
        Action::List => {
            let text = table(&api_key::list(&pool).await?);
            output::print(&text)?;
        }
        Action::Revoke { id } => {
            // The whole key is taken as well: it is what a finder has.
            let id = api_key::id_in(id);
            api_key::revoke(&pool, id).await?;
            tracing::info!(id, "API key revoked");
            output::print(&format!("revoked {id}\n"))?;
        }
    }
    pool.close().await;
    Ok(Exit::Done)
}

fn table(keys: &[api_key::StoredKey]) -> String {
    if keys.is_empty() {
        return "no keys\n".to_owned();
    }
    let mut table =
        Table::new(["id", "name", "org", "scope", "territories", "made", "expires", "state"]);
    let now = Utc::now();
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M").to_string();
    for key in keys {
        let territories = key.territories.as_ref().map_or_else(
            || "all".to_owned(),
            |ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        );
        let state = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            (None, _) => "in use",
        };
        table.push([
            key.id.as_str().into(),
            key.name.as_str().into(),
            key.org.as_deref().unwrap_or_default().into(),
            key.scope.as_str().into(),
            territories.into(),
            time(key.created_at).into(),
            key.expires_at.map_or_else(String::new, time).into(),
            state.into(),
        ]);
    }
    table.render()
}
