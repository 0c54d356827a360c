//! The scope of a caller.

use std::sync::Arc;

use super::{Grant, Grants};
use crate::error::{Code, Error, Result};

/// What a caller may read and do. Every read takes it; no statement can be written without
/// one, and only the statement's tables turn it into SQL. Clones share it.
///
/// Equal scopes see the same, so that what one was answered may be sent to the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scope(Arc<Parts>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Parts {
    org: Option<String>,
    grants: Grants,
    territories: Option<Vec<i32>>,
}

impl Scope {
    /// Of the operator: all rows, every grant, no organisation.
    #[must_use]
    pub fn everything() -> Self {
        Self::new(None, Grants::all(), None)
    }

    /// Of a caller from an organisation, limited to these territories if there is a list: an
    /// empty one is a limit, too.
    #[must_use]
    pub fn new(org: Option<String>, grants: Grants, territories: Option<Vec<i32>>) -> Self {
        let territories = territories.map(|mut list| {
            list.sort_unstable();
            list.dedup();
            list
        });
        Self(Arc::new(Parts { org, grants, territories }))
    }

    /// The caller's organisation.
    #[must_use]
    pub fn org(&self) -> Option<&str> {
        self.0.org.as_deref()
    }

    /// The territories whose rows are visible, in ascending order; `None` if all are.
    #[must_use]
    pub fn territories(&self) -> Option<&[i32]> {
        self.0.territories.as_deref()
    }

    /// The grants of the token. [`Scope::allows`] is what counts.
    #[must_use]
    pub fn grants(&self) -> Grants {
        self.0.grants
    }

    /// Whether the caller may do this. Loads are of all territories, so a caller who is
    /// limited to some has no part in them.
    #[must_use]
    pub fn allows(&self, grant: Grant) -> bool {
        self.require(grant).is_ok()
    }

    /// Refuses a caller who may not do this.
    ///
    /// # Errors
    /// `FORBIDDEN` with what is missing.
    pub fn require(&self, grant: Grant) -> Result<()> {
        if matches!(grant, Grant::LoadsRead | Grant::LoadsWrite) {
            return self.require_all_territories(grant);
        }
        if self.0.grants.has(grant) {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden, format!("this needs the scope {grant}")))
    }

    /// Refuses a caller who may not do this for all territories.
    ///
    /// # Errors
    /// `FORBIDDEN` with what is missing.
    pub fn require_all_territories(&self, grant: Grant) -> Result<()> {
        if !self.0.grants.has(grant) {
            return Err(Error::new(Code::Forbidden, format!("this needs the scope {grant}")));
        }
        if self.0.territories.is_some() {
            let message = "this is about all territories, and your access is limited to some";
            return Err(Error::new(Code::Forbidden, message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_territories_are_the_same_scope() {
        let scope = |territories| Scope::new(None, Grants::all(), Some(territories));
        assert_eq!(scope(vec![4, 1, 4]), scope(vec![1, 4]));
        assert_ne!(scope(vec![]), Scope::everything());
        assert_eq!(scope(vec![]).territories(), Some(&[][..]));
    }

    #[test]
    fn who_is_limited_to_territories_has_no_part_in_loads() {
        let limited = Scope::new(None, Grants::all(), Some(vec![1]));
        assert!(limited.allows(Grant::SalesRead) && !limited.allows(Grant::LoadsRead));
        assert!(Scope::everything().allows(Grant::LoadsWrite));
    }
}
