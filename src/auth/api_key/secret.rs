//! The text of an API key: `sgk_`, its id, `_`, and 256 random bits. It is shown once and
//! stored as a hash. A plain hash is enough: nobody can try all of that many keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::auth::random;
use crate::error::Result;

/// What all keys begin with; programs that search texts for secrets know keys by it.
pub(in crate::auth) const PREFIX: &str = "sgk_";
/// Random bytes of an id, which is written in hexadecimal digits.
const ID_BYTES: usize = 6;
/// Random bytes of the rest.
const SECRET_BYTES: usize = 32;

/// SHA-256 of a key's text.
pub(super) type KeyHash = [u8; 32];

/// A new key.
pub(super) struct NewKey {
    pub(super) id: String,
    /// The whole text.
    pub(super) text: String,
}

impl NewKey {
    pub(super) fn generate() -> Result<Self> {
        let id: [u8; ID_BYTES] = random::bytes()?;
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret: [u8; SECRET_BYTES] = random::bytes()?;
        let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
        Ok(Self { id, text })
    }
}

/// The hash of a key's text.
pub(super) fn hash(text: &str) -> KeyHash {
    Sha256::digest(text).into()
}

/// The id that a text has, if it has the form of a key.
pub(super) fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_secret = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
    (is_id(id) && is_secret).then_some(id)
}

/// Whether it has the form of an id.
pub(super) fn is_id(text: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 2 * ID_BYTES && text.bytes().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_form_and_no_other_text_does() {
        let key = NewKey::generate().unwrap();
        assert_eq!(key.text.len(), 4 + 12 + 1 + 43);
        assert_eq!(id_of(&key.text), Some(&*key.id));
        assert_ne!(key.text, NewKey::generate().unwrap().text);
        for bad in [
            "",
            "sgk_",
            "sgk_1_2",
            &key.text[1..],
            &key.text[..59],
            &format!("{}A", key.text),
            &key.text.to_uppercase(),
        ] {
            assert_eq!(id_of(bad), None, "{bad}");
        }
    }
}
