//! `salesgraph token`

use std::time::Duration;

use super::claims::{Claims, lifetime};
use super::exit::Exit;
use super::output;
use crate::auth::TokenSigner;
use crate::config::Config;
use crate::error::{Code, Error, Result};

const EXAMPLES: &str = "\
Examples:
  salesgraph token --scope \"sales:read persons:read\" --org acme
  salesgraph token --scope sales:read --org acme --territories 1,4 --ttl 15m

Signs with the secret of the first issuer that has one (JWT_ALGORITHM=HS256,
JWT_SECRET). It is for development, and for programs under one hand with the API:
who knows the secret can sign any token.";

/// Arguments of `token`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What the holder may see and do.
    #[command(flatten)]
    pub claims: Claims,
    /// How long it is valid: 30m, 1h, 90d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = lifetime)]
    pub ttl: Duration,
    /// Who the holder is
    #[arg(long, value_name = "NAME", default_value = "salesgraph-token")]
    pub subject: String,
}

/// Prints a token.
pub fn run(args: &Args, config: &Config) -> Result<Exit> {
    if args.subject.is_empty() || args.subject.len() > 255 {
        let message = "--subject: expected a text of 1 to 255 bytes";
        return Err(Error::new(Code::BadUserInput, message));
    }
    let signer = TokenSigner::of(&config.jwt.issuers)?;
    let token = signer.sign(&args.subject, &args.claims.scope(), args.ttl)?;
    output::print(&format!("{token}\n"))?;
    Ok(Exit::Done)
}
