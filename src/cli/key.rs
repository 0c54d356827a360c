//! `salesgraph key`

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use clap::Subcommand;
use sqlx::PgPool;

use super::claims::{Claims, lifetime};
use super::exit::Exit;
use super::output::{self, Table};
use super::{operator, wiring};
use crate::auth::api_key::{self, NewApiKey};
use crate::config::Config;
use crate::error::{Code, Error, Result};

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
    let text = match &args.action {
        Action::Create(new) => {
            let mut asked = operator::asks("key create", new.name.clone());
            let made = create(new, config).await;
            if let Ok((id, _)) = &made {
                asked.made(id);
            }
            asked.end(&made);
            format!("{}\n", made?.1)
        }
        Action::List => {
            let pool = database(config).await?;
            let keys = api_key::list(&pool).await?;
            pool.close().await;
            table(&keys)
        }
        Action::Revoke { id } => {
            // The whole key is taken as well: it is what a finder has.
            let id = api_key::id_in(id);
            // What is no id may be a secret.
            let object = id.unwrap_or_default().to_owned();
            let id = Box::pin(operator::asked("key revoke", object, revoke(id, config))).await?;
            format!("revoked {id}\n")
        }
    };
    output::print(&text)?;
    Ok(Exit::Done)
}

async fn database(config: &Config) -> Result<PgPool> {
    wiring::ready_schema(config, false).await?;
    wiring::database(config).await
}

/// The id and the text of the new key.
async fn create(new: &Create, config: &Config) -> Result<(String, String)> {
    let pool = database(config).await?;
    let key = NewApiKey {
        name: &new.name,
        scope: new.claims.scope(),
        expires: new.expires.map(|time| SystemTime::now() + time),
    };
    let made = api_key::create(&pool, &key).await?;
    pool.close().await;
    Ok(made)
}

async fn revoke<'a>(id: Option<&'a str>, config: &Config) -> Result<&'a str> {
    let id = id.ok_or_else(|| {
        let message = "this is no id of an API key; `salesgraph key list` shows all";
        Error::new(Code::BadUserInput, message)
    })?;
    let pool = database(config).await?;
    api_key::revoke(&pool, id).await?;
    pool.close().await;
    Ok(id)
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
