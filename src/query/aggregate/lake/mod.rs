//! Grouping on another engine: what is to be added up, as SQL over the wide table of the lake,
//! and the measures of that, in Postgres.
//!
//! The engine adds up, counts and picks, which every engine does exactly. What depends on
//! Postgres stays there: quotients and roots to so many digits, the order of texts, which groups
//! a page has. So an answer is the same to the last digit, and in the same order.

mod condition;
mod cut;
mod decimal;
mod parts;
mod refusal;
mod text;

pub use parts::Asked;

use condition::Compiler;
use refusal::unsupported;

use super::groups::Groups;
use super::resolve::{Decides, Resolve};
use super::row_of::RowOf;
use super::shown::Shown;
use crate::auth::Scope;
use crate::error::{Code, Error, Result};
use crate::query::condition::Condition;
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
        let resolve = Resolve { reader, scope, decides: &Lake { scope, persons } };
        let mut groups = self.clone();
        groups.lines = resolve.condition(&self.lines).await?;
        for subset in &mut groups.measures.subsets {
            subset.lines = resolve.condition(&subset.lines).await?;
        }
        parts::ask(&groups, scope, persons, shown)
    }
}

/// What the lake can decide, and about whose keys Postgres is asked.
#[derive(Clone, Copy)]
struct Lake<'a> {
    scope: &'a Scope,
    persons: bool,
}

/// Most keys of one condition.
const MOST_KEYS: usize = 10_000;

impl Decides for Lake<'_> {
    const SMALL: &'static [&'static str] = &["product", "store", "territory"];
    const LARGE: &'static [&'static str] = &[];
    const MOST_KEYS: usize = MOST_KEYS;

    fn can(&self, condition: &Condition, row: RowOf) -> Result<bool> {
        match Compiler::new(self.scope, self.persons).whether(condition, row, 0) {
            Err(error) if error.code() == Code::LakeUnsupported => Ok(false),
            Err(error) => Err(error),
            Ok(_) => Ok(true),
        }
    }

    fn too_many(&self, table: &str) -> Option<Error> {
        Some(unsupported(format!(
            "more than {MOST_KEYS} rows of {table} fulfil a condition that the lake cannot \
             decide: ask for fewer, or with engine: POSTGRES"
        )))
    }
}
