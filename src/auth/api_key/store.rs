//! Making, listing and revoking API keys.

use std::time::SystemTime;

use sqlx::PgPool;

use super::secret::{NewKey, PREFIX, hash, is_id};
use crate::auth::Scope;
use crate::auth::denied::shown;
use crate::db::api_keys::{self, StoredKey};
use crate::error::{Code, Error, Result};

/// Longest name of a key.
const NAME_CHARS: usize = 100;

/// A key to make.
#[derive(Debug)]
pub struct NewApiKey<'a> {
    /// Its name, for people.
    pub name: &'a str,
    /// What its holder may see and do.
    pub scope: Scope,
    /// When it ends; `None` if it does not.
    pub expires: Option<SystemTime>,
}

/// Makes a key. Returns its id and its text, which is nowhere else.
///
/// # Errors
/// `BAD_USER_INPUT` for a bad name, `CONFLICT` if there are too many keys; as any statement.
pub async fn create(pool: &PgPool, key: &NewApiKey<'_>) -> Result<(String, String)> {
    let name = key.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.contains(char::is_control) {
        let message = format!("a key needs a name of at most {NAME_CHARS} characters on one line");
        return Err(Error::new(Code::BadUserInput, message));
    }
    let NewKey { id, text } = NewKey::generate()?;
    let scope = key.scope.grants().to_string();
    let stored = StoredKey {
        id: id.clone(),
        name: name.to_owned(),
        hash: hash(&text).to_vec(),
        org: key.scope.org().map(str::to_owned),
        scope,
        territories: key.scope.territories().map(<[i32]>::to_vec),
        created_at: SystemTime::now().into(),
        expires_at: key.expires.map(Into::into),
        revoked_at: None,
    };
    if api_keys::insert(pool, &stored).await? {
        return Ok((id, text));
    }
    let most = api_keys::MOST;
    let message = format!("there are {most} keys that are in use, the most: revoke some");
    Err(Error::new(Code::Conflict, message))
}

/// All keys, the newest first.
///
/// # Errors
/// As any statement.
pub async fn list(pool: &PgPool) -> Result<Vec<StoredKey>> {
    api_keys::all(pool).await
}

/// Revokes a key: within seconds no server accepts it.
///
/// # Errors
/// `NOT_FOUND` if there is none; as any statement.
pub async fn revoke(pool: &PgPool, id: &str) -> Result<()> {
    if api_keys::revoke(pool, id).await? {
        return Ok(());
    }
    let message = format!("there is no key {}; `salesgraph key list` shows all", shown(id));
    Err(Error::new(Code::NotFound, message))
}

/// The id in the text of a key, even if the rest is cut off, or the text itself if it is an id.
#[must_use]
pub fn id_in(text: &str) -> Option<&str> {
    let key = text.strip_prefix(PREFIX).and_then(|key| key.split('_').next());
    key.or(Some(text)).filter(|id| is_id(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_a_key_and_nothing_else_is_taken_for_one() {
        let NewKey { id, text } = NewKey::generate().unwrap();
        for good in [&*id, &text, &text[..20], &text[..16]] {
            assert_eq!(id_in(good), Some(&*id), "{good}");
        }
        for bad in ["", "sgk_", &text[17..], &text[..15], &id[1..], &id.to_uppercase()] {
            assert_eq!(id_in(bad), None, "{bad}");
        }
    }
}
