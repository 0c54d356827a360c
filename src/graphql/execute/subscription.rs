//! Subscriptions: each response is a snapshot, which executing the operation again gives.

use crate::error::Result;
use crate::graphql::execute::data::RootData;
use crate::graphql::plan::target::RootTarget;
use crate::graphql::plan::{Root, RootStep};
use crate::graphql::response::Answer;

/// The response of an operation now.
#[derive(Debug)]
pub struct Snapshot {
    /// The response.
    pub answer: Answer,
    /// Whether it will not change: nothing is followed, or its row has ended.
    pub is_last: bool,
}

impl Snapshot {
    /// The response of an operation that does not follow anything.
    #[must_use]
    pub const fn once(answer: Answer) -> Self {
        Self { answer, is_last: true }
    }
}

/// Whether the row of a root field is followed and has not ended. What is below the row
/// was read after it: below a row that has ended, nothing changes any more.
pub(crate) fn may_change(root: &Root, target: &Result<RootTarget>, data: &RootData) -> bool {
    let (RootStep::Keys { ended_when: Some(column), .. }, Ok(RootTarget::Row(fetch, key))) =
        (&root.step, target)
    else {
        return false;
    };
    let row = data.row(*fetch, key).flatten();
    matches!(row.map(|row| row.is_null(*column)), Some(Ok(true)))
}
