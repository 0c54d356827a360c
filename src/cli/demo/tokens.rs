//! The tokens of a demo: who sees what.

use std::time::Duration;

use crate::auth::{Grant, Grants, Scope, TokenSigner};
use crate::error::Result;

/// They end with the demo, if it ends before.
const TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The territories of the partner.
const TERRITORIES: [i32; 2] = [1, 4];

/// A token, and what it shows.
pub(super) struct DemoToken {
    pub(super) shows: &'static str,
    pub(super) token: String,
}

/// Three callers who see different things.
pub(super) fn sign(signer: &TokenSigner) -> Result<[DemoToken; 3]> {
    let without_persons = Grant::ALL.into_iter().filter(|grant| *grant != Grant::PersonsRead);
    let partner = [Grant::SalesRead, Grant::PersonsRead, Grant::ReportsRead, Grant::ReportsWrite];
    let of = |subject: &str, org: &str, grants: Grants, territories: Option<Vec<i32>>| {
        let scope = Scope::new(Some(org.to_owned()), grants, territories);
        signer.sign(subject, &scope, TTL)
    };
    Ok([
        DemoToken { shows: "Everything:", token: of("operator", "demo", Grants::all(), None)? },
        DemoToken {
            shows: "A partner of the territories 1 and 4 sees their customers and orders only:",
            token: of(
                "partner",
                "acme",
                partner.into_iter().collect(),
                Some(TERRITORIES.to_vec()),
            )?,
        },
        DemoToken {
            shows: "Without the scope persons:read, names are null:",
            token: of("analyst", "demo", without_persons.collect(), None)?,
        },
    ])
}
