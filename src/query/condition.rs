//! Conditions that rows fulfil or not.

use super::value::Value;
use crate::catalog::Column;
use crate::catalog::{ToMany, ToOne};

/// How a column is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
}

/// Where a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextMatch {
    /// Anywhere.
    Contains,
    /// At the beginning.
    StartsWith,
    /// At the end.
    EndsWith,
}

/// How many of the related rows must fulfil a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one.
    Some,
    /// All; also where there are none.
    Every,
    /// None; also where there are none at all.
    None,
}

/// A condition. A row fulfils it or not, there is no third: every comparison with a
/// column that is null is false, also `Ne` and `negated`, and [`Condition::Not`]
/// makes it true.
#[derive(Debug, Clone)]
pub enum Condition {
    /// All of these; every row when there are none.
    All(Vec<Condition>),
    /// Any of these; no row when there are none.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The column against a value.
    Compare {
        /// The column.
        column: &'static Column,
        /// How.
        comparison: Comparison,
        /// The value, of the column's kind.
        value: Value,
    },
    /// The column is one of these values; or, negated, neither null nor one of them.
    In {
        /// The column.
        column: &'static Column,
        /// The values, of the column's kind.
        values: Vec<Value>,
        /// Whether it must not be one of them.
        negated: bool,
    },
    /// The column holds this text, character by character: none has a meaning.
    Matches {
        /// The column.
        column: &'static Column,
        /// Where.
        how: TextMatch,
        /// The text.
        text: String,
        /// Whether upper and lower case are the same, as the database knows them.
        ignore_case: bool,
    },
    /// The column holds this word, upper and lower case being the same. A column that the
    /// caller may not see holds none.
    Word {
        /// The column.
        column: &'static Column,
        /// The word.
        text: String,
    },
    /// The column is this text but for case.
    EqIgnoreCase {
        /// The column.
        column: &'static Column,
        /// The text.
        text: String,
    },
    /// The column is one of these texts but for case; or, negated, neither null nor
    /// one of them.
    InIgnoreCase {
        /// The column.
        column: &'static Column,
        /// The texts.
        texts: Vec<String>,
        /// Whether it must not be one of them.
        negated: bool,
    },
    /// Whether the column is null.
    IsNull {
        /// The column.
        column: &'static Column,
        /// Whether it must be.
        is: bool,
    },
    /// The related row exists and fulfils this.
    One {
        /// The relation.
        relation: ToOne,
        /// What it must fulfil.
        condition: Box<Condition>,
    },
    /// So many of the related rows fulfil this.
    Many {
        /// The relation.
        relation: ToMany,
        /// How many.
        quantifier: Quantifier,
        /// What they must fulfil.
        condition: Box<Condition>,
    },
    /// The number of related rows that fulfil this is as all comparisons say.
    Count {
        /// The relation.
        relation: ToMany,
        /// What they must fulfil.
        condition: Box<Condition>,
        /// What their number is compared with.
        comparisons: Vec<(Comparison, i64)>,
    },
}

impl Condition {
    /// What every row fulfils.
    #[must_use]
    pub const fn everything() -> Self {
        Self::All(Vec::new())
    }

    /// Whether it may leave a row out, as far as can be seen.
    #[must_use]
    pub const fn leaves_out(&self) -> bool {
        !matches!(self, Self::All(all) if all.is_empty())
    }
}
