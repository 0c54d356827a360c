//! What access control costs: the same servers with tokens, asked by a caller who sees
//! everything and by a partner who is limited to two territories.

use std::process::Command as Plain;

use ::salesgraph::config;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::Result;
use crate::args::Args;
use crate::program::Program;
use crate::salesgraph;

const SECRET: &str = "a secret of the benchmark, 32 bytes or more";
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "salesgraph";
/// The territories of the partner.
pub(crate) const TERRITORIES: [i32; 2] = [1, 4];
const SCOPE: &str = "sales:read persons:read";

/// Who asks which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Caller {
    /// A token of HS256 that sees everything.
    Hs256,
    /// The same of ES256.
    Es256,
    /// A token of HS256 that sees two territories.
    Partner,
}

impl Caller {
    pub(crate) const ALL: [Self; 3] = [Self::Hs256, Self::Es256, Self::Partner];

    /// What it is called in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Es256 => "ES256",
            Self::Partner => "a partner",
        }
    }

    /// The least share of the rate without access control.
    pub(crate) const fn goal(self) -> f64 {
        match self {
            Self::Hs256 | Self::Es256 => 0.95,
            Self::Partner => 0.85,
        }
    }
}

/// The servers with tokens, and a token for each caller.
pub(crate) struct Secured {
    /// By algorithm, HS256 first; without and with the response cache.
    servers: [[Program; 2]; 2],
    tokens: [String; 3],
    _folder: TempDir,
}

impl Secured {
    pub(crate) async fn start(args: &Args, database_url: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let set = folder.path().join("jwks.json");
        std::fs::write(&set, key_set(&key).to_string())?;
        let hs256 = [("JWT_ALGORITHM", "HS256".to_owned()), ("JWT_SECRET", SECRET.to_owned())];
        let es256 = [
            ("JWT_ALGORITHM", "ES256".to_owned()),
            ("JWT_JWKS_FILE", set.to_string_lossy().into_owned()),
        ];
        let start = async |settings: &[(&str, String)], cache, name| {
            let mut command = Command::new(&args.bin);
            salesgraph::configure(&mut command, args, database_url, cache);
            command.args(["serve", "--bind", "127.0.0.1:0"]);
            command.env("JWT_ISSUER", ISSUER).env("JWT_AUDIENCE", AUDIENCE);
            for (name, value) in settings {
                command.env(name, value);
            }
            Program::start(name, &mut command).await
        };
        let servers = [
            [start(&hs256, false, "HS256").await?, start(&hs256, true, "HS256, cache on").await?],
            [start(&es256, false, "ES256").await?, start(&es256, true, "ES256, cache on").await?],
        ];
        let tokens = [made_by_program(args, false)?, signed(&key)?, made_by_program(args, true)?];
        Ok(Self { servers, tokens, _folder: folder })
    }

    /// The server that a caller asks, and the value of its header.
    pub(crate) fn of(&self, caller: Caller, cache: bool) -> (&Program, String) {
        let [hs256, es256] = &self.servers;
        let [full, signed, partner] = &self.tokens;
        let ([plain, cached], token) = match caller {
            Caller::Hs256 => (hs256, full),
            Caller::Es256 => (es256, signed),
            Caller::Partner => (hs256, partner),
        };
        (if cache { cached } else { plain }, format!("Bearer {token}"))
    }

    pub(crate) async fn stop(self) -> Result<()> {
        for program in self.servers.into_iter().flatten() {
            program.stop().await?;
        }
        Ok(())
    }
}

/// `salesgraph token`.
fn made_by_program(args: &Args, is_limited: bool) -> Result<String> {
    let mut command = Plain::new(&args.bin);
    command
        .args(["token", "--org", "bench", "--scope", SCOPE, "--ttl", "6h"])
        .env_remove(config::FILE_ENV)
        .envs([("JWT_ALGORITHM", "HS256"), ("JWT_SECRET", SECRET)])
        .envs([("JWT_ISSUER", ISSUER), ("JWT_AUDIENCE", AUDIENCE)]);
    if is_limited {
        command.args(["--territories", &TERRITORIES.map(|id| id.to_string()).join(",")]);
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn key_set(key: &EcdsaKeyPair) -> serde_json::Value {
    // An uncompressed point: 4, x, y.
    let point = key.public_key().as_ref();
    let part = |range| URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default());
    json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "kid": "bench", "alg": "ES256", "use": "sig",
        "x": part(1..33), "y": part(33..65),
    }] })
}

fn signed(key: &EcdsaKeyPair) -> Result<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": "bench" });
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "bench", "org": "bench", "scope": SCOPE,
        "exp": now + 6 * 3600,
    });
    let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let signature = key.sign(&SystemRandom::new(), text.as_bytes())?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
