//! The flags that say what a token or an API key is for.

use std::time::Duration;

use crate::auth::{Grant, Grants, Scope, is_organisation};

/// What the holder may see and do.
#[derive(Debug, Clone, clap::Args)]
pub struct Claims {
    /// What the holder may do, as "sales:read persons:read"
    #[arg(long, value_name = "NAMES", value_parser = grants)]
    pub scope: Grants,
    /// The holder's organisation: a-z, 0-9 and -
    #[arg(long, value_name = "NAME", value_parser = organisation)]
    pub org: Option<String>,
    /// Limit the holder to these territories, as 1,4
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub territories: Option<Vec<i32>>,
}

impl Claims {
    /// The scope of these flags.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::new(self.org.clone(), self.scope, self.territories.clone())
    }
}

fn grants(text: &str) -> Result<Grants, String> {
    let named = text.split([' ', ',']).filter(|name| !name.is_empty()).map(Grant::named);
    named.collect::<Option<Grants>>().filter(|grants| *grants != Grants::default()).ok_or_else(
        || format!("expected names from this list, separated by spaces: {}", Grants::all()),
    )
}

fn organisation(text: &str) -> Result<String, String> {
    if is_organisation(text) {
        Ok(text.to_owned())
    } else {
        Err("expected 1 to 63 of a-z, 0-9 and -".to_owned())
    }
}

const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
/// Ten years.
const LONGEST: u64 = 3_650 * 86_400;

/// A time in seconds, minutes, hours or days: `90s`, `30m`, `1h`, `90d`.
pub(super) fn lifetime(text: &str) -> Result<Duration, String> {
    let seconds = UNITS.iter().find_map(|(unit, seconds)| {
        let number: u64 = text.strip_suffix(*unit)?.parse().ok()?;
        number.checked_mul(*seconds)
    });
    seconds
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "expected a time with its unit, such as 30m, 1h or 90d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_known_names_only() {
        let some = grants("sales:read, persons:read").unwrap();
        assert!(some.has(Grant::SalesRead) && some.has(Grant::PersonsRead));
        for bad in ["", "sales", "sales:read sales:write"] {
            assert!(grants(bad).unwrap_err().contains("sales:read"), "{bad}");
        }
    }

    #[test]
    fn a_lifetime_has_a_unit() {
        assert_eq!(lifetime("90d"), Ok(Duration::from_secs(7_776_000)));
        assert_eq!(lifetime("1s"), Ok(Duration::from_secs(1)));
        for bad in ["", "1", "d", "0d", "-1d", "1w", "4000d", "1.5h", "99999999999999999999d"] {
            assert!(lifetime(bad).is_err(), "{bad}");
        }
    }
}
