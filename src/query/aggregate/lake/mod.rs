//! Grouping on another engine: what is to be added up, as SQL over the wide table of the lake,
//! and the measures of that, in Postgres.
//!
//! The engine adds up, counts and picks, which every engine does exactly. What depends on
//! Postgres stays there: quotients and roots to so many digits, the order of texts, which groups
//! a page has. So an answer is the same to the last digit, and in the same order.

mod answer;
mod condition;
mod cut;
mod decimal;
mod parts;
mod refusal;
mod resolve;
mod text;
mod total;

pub use answer::{Form, LakeAnswer};
pub use cut::Shown;
pub use parts::Asked;

use refusal::unsupported;

use super::groups::Groups;
use crate::auth::Scope;
use crate::error::Result;
use crate::query::executor::Reader;

impl Groups {
    /// What an engine is asked that has the wide table, for a list of which this is shown.
    /// `persons` says whether that has the names of persons.
    ///
    /// # Errors
    /// `LAKE_UNSUPPORTED` with what the lake has no answer to; `FORBIDDEN` where the caller may
    /// not see what is asked about; those of Postgres, which is asked for the keys of a few
    /// products, stores and territories.
    pub async fn ask(
        &self,
        reader: &Reader,
        scope: &Scope,
        persons: bool,
        shown: Shown<'_>,
    ) -> Result<Asked> {
        if !self.measures.currencies().is_empty() {
            return Err(unsupported(
                "the lake has no rates: measures(in:) is answered with engine: POSTGRES",
            ));
        }
        let resolve = resolve::Resolve { reader, scope, persons };
        let mut groups = self.clone();
        groups.lines = resolve.condition(&self.lines).await?;
        for subset in &mut groups.measures.subsets {
            subset.lines = resolve.condition(&subset.lines).await?;
        }
        parts::ask(&groups, scope, persons, shown)
    }
}
