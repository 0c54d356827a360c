//! Subscriptions: each answer is a snapshot, what executing the operation now answers.

use crate::error::Result;
use crate::graphql::execute::RootData;
use crate::graphql::plan::bind::Wanted;
use crate::graphql::plan::{Root, RootStep};
use crate::graphql::response::Answer;

/// What an operation answers now.
#[derive(Debug)]
pub struct Look {
    /// The answer.
    pub answer: Answer,
    /// Whether it stays like this: there is nothing to follow, or not any more.
    pub is_last: bool,
}

impl Look {
    /// The answer to what is not followed.
    #[must_use]
    pub const fn once(answer: Answer) -> Self {
        Self { answer, is_last: true }
    }
}

/// Whether the row of a root field is one that changes still. What is below it was read
/// later: of a row that has ended, everything is of its last state.
pub(crate) fn goes_on(root: &Root, wanted: &Result<Wanted>, data: &RootData) -> bool {
    let (RootStep::Keys { ended_when: Some(ended_when), .. }, Ok(Wanted::One(of, key))) =
        (&root.step, wanted)
    else {
        return false;
    };
    let row = match data {
        RootData::Keys(found) => found.get(*of).and_then(|found| found.as_ref()?.row(key)),
        _ => None,
    };
    matches!(row.map(|row| row.is_null(*ended_when)), Some(Ok(true)))
}
