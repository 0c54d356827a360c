//! `[jwt]`: an issuer of tokens. Further ones are tables of the same keys, `[jwt.NAME]`,
//! in the TOML file.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ::http::Uri;

use super::key::{ConfigKey, Visibility};
use super::parse;
use super::secret::Secret;
use super::values::{Values, config_error};
use crate::error::Result;

const SECTION: ConfigKey = ConfigKey::of("jwt");

/// The algorithms of its signatures.
pub const ALGORITHM: ConfigKey = ConfigKey {
    name: "algorithm",
    env: "JWT_ALGORITHM",
    doc: "the algorithms of an issuer's signatures, one or several of `HS256`, `RS256`, `ES256`, \
          `EdDSA`; no others are accepted, whatever a token says",
    is_list: true,
    ..SECTION
};

/// The secret of HS256.
pub const SECRET: ConfigKey = ConfigKey {
    name: "secret",
    env: "JWT_SECRET",
    doc: "the secret of `HS256`, of 32 bytes or more: `openssl rand -base64 48` makes one",
    visibility: Visibility::Hidden,
    ..SECTION
};

/// Where its public keys are.
pub const JWKS_URL: ConfigKey = ConfigKey {
    name: "jwks_url",
    env: "JWT_JWKS_URL",
    doc: "where the issuer publishes its keys (JWKS) for the other algorithms: `https`, or `http` on \
          this machine; redirects are not followed",
    visibility: Visibility::WithoutPassword,
    ..SECTION
};

/// The same as a file.
pub const JWKS_FILE: ConfigKey = ConfigKey {
    name: "jwks_file",
    env: "JWT_JWKS_FILE",
    doc: "the same as a file, which is read again when it changes",
    ..SECTION
};

/// Its name in tokens.
pub const ISSUER: ConfigKey = ConfigKey {
    name: "issuer",
    env: "JWT_ISSUER",
    doc: "the claim `iss` of the issuer's tokens, exactly",
    ..SECTION
};

/// This API's name in tokens.
pub const AUDIENCE: ConfigKey = ConfigKey {
    name: "audience",
    env: "JWT_AUDIENCE",
    doc: "the names of this API in the claim `aud`, one of which a token must have",
    is_list: true,
    ..SECTION
};

/// The claim that has it.
pub const AUDIENCE_CLAIM: ConfigKey = ConfigKey {
    name: "audience_claim",
    env: "JWT_AUDIENCE_CLAIM",
    default: Some("aud"),
    doc: "another claim that has the audience: Cognito's access tokens have `client_id`",
    ..SECTION
};

/// The claim of the caller.
pub const CLAIM_SUBJECT: ConfigKey = ConfigKey {
    name: "claim_subject",
    env: "JWT_CLAIM_SUBJECT",
    default: Some("sub"),
    doc: "the claim that says who calls; here and below, `a.b` is the claim of that name, or else `b` \
          in the object `a`",
    ..SECTION
};

/// The claim of the caller's organisation.
pub const CLAIM_ORG: ConfigKey = ConfigKey {
    name: "claim_org",
    env: "JWT_CLAIM_ORG",
    default: Some("org"),
    doc: "the claim of the caller's organisation: 1 to 63 of `a-z`, `0-9` and `-`",
    ..SECTION
};

/// The claim of what the caller may do.
pub const CLAIM_SCOPE: ConfigKey = ConfigKey {
    name: "claim_scope",
    env: "JWT_CLAIM_SCOPE",
    default: Some("scope"),
    doc: "the claim of what the caller may do: a text with spaces, or a list",
    ..SECTION
};

/// The claim of the caller's territories.
pub const CLAIM_TERRITORIES: ConfigKey = ConfigKey {
    name: "claim_territories",
    env: "JWT_CLAIM_TERRITORIES",
    default: Some("territories"),
    doc: "the claim of the territories that the caller is limited to: a list of ids, or a text of \
          ids with commas",
    ..SECTION
};

/// Whether tokens without territories are refused.
pub const TERRITORIES_REQUIRED: ConfigKey = ConfigKey {
    name: "territories_required",
    env: "JWT_TERRITORIES_REQUIRED",
    default: Some("false"),
    doc: "whether tokens without the claim of the territories are refused: `true` for an issuer \
          whose tokens are for partners only",
    ..SECTION
};

/// What precedes each scope.
pub const SCOPE_PREFIX: ConfigKey = ConfigKey {
    name: "scope_prefix",
    env: "JWT_SCOPE_PREFIX",
    doc: "what precedes each scope in tokens, such as `resource-server/`; others are then ignored",
    ..SECTION
};

/// The keys of the section.
pub const KEYS: &[ConfigKey] = &[
    ALGORITHM, SECRET, JWKS_URL, JWKS_FILE, ISSUER, AUDIENCE, AUDIENCE_CLAIM, CLAIM_SUBJECT,
    CLAIM_ORG, CLAIM_SCOPE, CLAIM_TERRITORIES, TERRITORIES_REQUIRED, SCOPE_PREFIX,
];

/// A shorter secret can be guessed from one token.
const SECRET_BYTES: usize = 32;
/// Longest name of an issuer.
const ISSUER_BYTES: usize = 1_024;

/// The section's values.
#[derive(Debug, Clone, Default)]
pub struct JwtConfig {
    /// The issuers whose tokens are accepted; none of them has the name of another.
    pub issuers: Vec<IssuerConfig>,
}

/// An issuer of tokens.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The algorithms of its signatures.
    pub algorithms: BTreeSet<JwtAlgorithm>,
    /// The secret of HS256; given exactly if that is one of them.
    pub secret: Option<Secret>,
    /// Where its public keys are; given exactly if there are other algorithms.
    pub jwks: Option<JwksLocation>,
    /// Its name in tokens.
    pub issuer: String,
    /// The names of this API in tokens.
    pub audience: Vec<String>,
    /// Where tokens say what.
    pub claims: ClaimNames,
    /// Whether tokens without territories are refused; else their callers see all.
    pub territories_required: bool,
    /// What precedes each scope.
    pub scope_prefix: Option<String>,
}

/// The names of an issuer's claims.
#[derive(Debug, Clone)]
pub struct ClaimNames {
    /// Of the audience.
    pub audience: String,
    /// Of the caller.
    pub subject: String,
    /// Of the caller's organisation.
    pub org: String,
    /// Of what the caller may do.
    pub scope: String,
    /// Of the territories that the caller is limited to.
    pub territories: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let [audience, subject, org, scope, territories] =
            [AUDIENCE_CLAIM, CLAIM_SUBJECT, CLAIM_ORG, CLAIM_SCOPE, CLAIM_TERRITORIES]
                .map(|key| key.default.unwrap_or_default().to_owned());
        Self { audience, subject, org, scope, territories }
    }
}

/// An algorithm of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
    /// RSA, PKCS#1 1.5, with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// EdDSA on Ed25519.
    EdDsa,
}

impl FromStr for JwtAlgorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "HS256" => Ok(Self::Hs256),
            "RS256" => Ok(Self::Rs256),
            "ES256" => Ok(Self::Es256),
            "EdDSA" => Ok(Self::EdDsa),
            _ => Err("expected one or several of HS256, RS256, ES256, EdDSA".to_owned()),
        }
    }
}

/// Where the public keys of an issuer are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwksLocation {
    /// At this URL: `https`, or `http` at a loopback address.
    Url(Uri),
    /// In this file.
    File(PathBuf),
}

impl JwtConfig {
    pub(super) fn read(values: &Values) -> Result<Self> {
        let mut issuers = Vec::new();
        if values.has_any(KEYS) {
            issuers.push(IssuerConfig::read(values)?);
        }
        for values in values.tables(SECTION.section) {
            issuers.push(IssuerConfig::read(values)?);
        }
        let mut names = BTreeSet::new();
        match issuers.iter().find(|issuer| !names.insert(&issuer.issuer)) {
            None => Ok(Self { issuers }),
            Some(twice) => Err(config_error(format!(
                "two issuers have the {ISSUER} `{}`: write one that lists the algorithms and \
                 audiences of both",
                twice.issuer
            ))),
        }
    }
}

impl IssuerConfig {
    /// Whether its name is a URL, at which clients find it.
    #[must_use]
    pub fn is_at_url(&self) -> bool {
        let url: Option<Uri> = self.issuer.parse().ok();
        url.is_some_and(|url| {
            matches!(url.scheme_str(), Some("http" | "https")) && url.authority().is_some()
        })
    }

    fn read(values: &Values) -> Result<Self> {
        let algorithms = values.required(&ALGORITHM, algorithms)?;
        let secret = values.optional(&SECRET, secret)?;
        let url = values.optional(&JWKS_URL, jwks_url)?.map(JwksLocation::Url);
        let file = values.optional(&JWKS_FILE, parse::text)?.map(PathBuf::from);
        let [algorithm, secret_name, url_name, file_name] =
            [ALGORITHM, SECRET, JWKS_URL, JWKS_FILE].map(|key| values.name(&key));
        if url.is_some() && file.is_some() {
            return Err(config_error(format!("{url_name} and {file_name} are both set: set one")));
        }
        let jwks = url.or(file.map(JwksLocation::File));
        let uses_secret = algorithms.contains(&JwtAlgorithm::Hs256);
        let uses_keys = algorithms.iter().any(|algorithm| *algorithm != JwtAlgorithm::Hs256);
        if uses_secret && secret.is_none() {
            return Err(values.not_set(&SECRET));
        }
        let problem = match (&secret, &jwks) {
            (Some(_), _) if !uses_secret => {
                format!("{secret_name} is for HS256, which {algorithm} does not list")
            }
            (_, None) if uses_keys => {
                format!("{algorithm} needs the issuer's public keys: set {url_name} or {file_name}")
            }
            (_, Some(_)) if !uses_keys => {
                format!("HS256 has no public keys: leave out {url_name} and {file_name}")
            }
            _ => String::new(),
        };
        if !problem.is_empty() {
            return Err(config_error(problem));
        }
        Ok(Self {
            algorithms,
            secret,
            jwks,
            issuer: values.required(&ISSUER, issuer)?,
            audience: values.required(&AUDIENCE, list)?,
            claims: ClaimNames {
                audience: values.required(&AUDIENCE_CLAIM, parse::text)?,
                subject: values.required(&CLAIM_SUBJECT, parse::text)?,
                org: values.required(&CLAIM_ORG, parse::text)?,
                scope: values.required(&CLAIM_SCOPE, parse::text)?,
                territories: values.required(&CLAIM_TERRITORIES, parse::text)?,
            },
            territories_required: values.required(&TERRITORIES_REQUIRED, parse::boolean)?,
            scope_prefix: values.optional(&SCOPE_PREFIX, parse::text)?,
        })
    }
}

fn list(text: &str) -> Result<Vec<String>, String> {
    let elements = text.split(',').map(str::trim);
    elements
        .map(|element| if element.is_empty() { None } else { Some(element.to_owned()) })
        .collect::<Option<_>>()
        .ok_or_else(|| "expected one or several texts, separated by commas".to_owned())
}

fn algorithms(text: &str) -> Result<BTreeSet<JwtAlgorithm>, String> {
    text.split(',').map(|name| name.trim().parse()).collect()
}

fn secret(text: &str) -> Result<Secret, String> {
    if text.len() < SECRET_BYTES {
        return Err(format!(
            "expected {SECRET_BYTES} bytes or more, because a shorter secret can be guessed: \
             `openssl rand -base64 48` makes one"
        ));
    }
    Ok(Secret::new(text))
}

fn issuer(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.len() > ISSUER_BYTES {
        return Err(format!("expected a text of at most {ISSUER_BYTES} bytes"));
    }
    Ok(text.to_owned())
}

fn jwks_url(text: &str) -> Result<Uri, String> {
    let url: Option<Uri> = text.trim().parse().ok();
    let allowed = |url: &Uri| {
        let authority = url.authority()?;
        let host = authority.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        let is_here = host.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_safe =
            url.scheme_str() == Some("https") || url.scheme_str() == Some("http") && is_here;
        (is_safe && !host.is_empty() && !authority.as_str().contains('@')).then_some(())
    };
    url.filter(|url| allowed(url).is_some()).ok_or_else(|| {
        "expected an https URL without a user, or an http one of localhost: who can change the \
         keys on their way can sign any token"
            .to_owned()
    })
}
