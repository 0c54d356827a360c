//! Grants: what a caller may do, as OAuth's scopes name it.

use std::fmt;

/// Something a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grant {
    /// Read sales: orders, customers, products and what is derived from them.
    SalesRead,
    /// Read the personal data of persons: names and demographics.
    PersonsRead,
    /// Read the organisation's reports.
    ReportsRead,
    /// Make reports.
    ReportsWrite,
    /// Read the load ledger and its rejects.
    LoadsRead,
    /// Start loads and replay rejects.
    LoadsWrite,
}

impl Grant {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::SalesRead,
        Self::PersonsRead,
        Self::ReportsRead,
        Self::ReportsWrite,
        Self::LoadsRead,
        Self::LoadsWrite,
    ];

    /// As a token's claim names it: `sales:read`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SalesRead => "sales:read",
            Self::PersonsRead => "persons:read",
            Self::ReportsRead => "reports:read",
            Self::ReportsWrite => "reports:write",
            Self::LoadsRead => "loads:read",
            Self::LoadsWrite => "loads:write",
        }
    }

    /// The grant of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of grants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Grants(u8);

impl Grants {
    /// Every grant.
    #[must_use]
    pub fn all() -> Self {
        Grant::ALL.into_iter().collect()
    }

    /// Those that a text separated by spaces names. Names of other systems mean nothing here.
    #[must_use]
    pub fn known_in(text: &str) -> Self {
        text.split_ascii_whitespace().filter_map(Grant::named).collect()
    }

    /// Whether it has this grant.
    #[must_use]
    pub const fn has(self, grant: Grant) -> bool {
        self.0 & grant.bit() != 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Grant> {
        Grant::ALL.into_iter().filter(move |grant| self.has(*grant))
    }
}

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        Self(grants.into_iter().fold(0, |bits, grant| bits | grant.bit()))
    }
}

/// As a claim: names separated by spaces.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Grant::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_known_by_their_names() {
        let grants = Grants::known_in("openid loads:read  sales:read other:read");
        assert!(grants.has(Grant::SalesRead) && grants.has(Grant::LoadsRead));
        assert!(!grants.has(Grant::PersonsRead));
        assert_eq!(grants.to_string(), "sales:read loads:read");
        assert_eq!(Grants::known_in(&Grants::all().to_string()), Grants::all());
    }
}
