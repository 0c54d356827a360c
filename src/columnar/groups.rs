//! The groups of an answer: which of them there are, and which of these are shown.

use std::cmp::Ordering;

use super::key::Dimensions;
use super::question::{Among, Keys};

/// Groups with their totals.
#[derive(Debug, Clone)]
pub struct Groups {
    /// How many there are of which these are the first.
    pub count: usize,
    /// By what they are made, dimension by dimension.
    pub keys: Vec<Keys>,
    /// What they come to, total by total: whole numbers, of decimal ones without the point.
    /// `None` is nothing.
    pub totals: Vec<Vec<Option<i128>>>,
    /// How many of them are here.
    pub len: usize,
}

/// What is shown of all groups.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// What they must fulfil.
    pub having: Option<Having>,
    /// What they are ordered by: the first keys, or all.
    pub order: Vec<SortKey>,
    /// How many are shown of the first ones in this order. Those that are equal to the last of
    /// them come with them. `None` is all.
    pub first: Option<usize>,
}

/// A condition on the totals of a group.
#[derive(Debug, Clone)]
pub enum Having {
    /// All of these.
    All(Vec<Having>),
    /// Any of these.
    Any(Vec<Having>),
    /// Not this.
    Not(Box<Having>),
    /// A total is among these.
    Is(OfTotal, Among),
}

/// A total as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfTotal {
    /// Its place.
    pub place: usize,
    /// Whether nothing is 0.
    pub is_zero_of_nothing: bool,
}

/// What groups are ordered by.
#[derive(Debug, Clone, Copy)]
pub struct SortKey {
    /// By what.
    pub by: SortBy,
    /// Whether the greatest come first.
    pub is_descending: bool,
    /// Whether nothing comes before everything, whatever the direction.
    pub is_null_first: bool,
}

/// What groups are ordered by.
#[derive(Debug, Clone, Copy)]
pub enum SortBy {
    /// The dimension at this place, which is none of texts.
    Dimension(usize),
    /// A total.
    Total(OfTotal),
}

type Totals = Vec<Vec<Option<i128>>>;

impl OfTotal {
    fn of(self, totals: &Totals, group: usize) -> Option<i128> {
        let nothing = self.is_zero_of_nothing.then_some(0);
        totals.get(self.place)?.get(group).copied().flatten().or(nothing)
    }
}

impl Having {
    fn holds(&self, totals: &Totals, group: usize) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(totals, group)),
            Self::Any(any) => any.iter().any(|one| one.holds(totals, group)),
            Self::Not(inner) => !inner.holds(totals, group),
            Self::Is(total, among) => among.has(total.of(totals, group)),
        }
    }
}

impl Groups {
    /// Those that are shown of all.
    pub(super) fn of(
        dimensions: &Dimensions<'_>,
        keys: &[u64],
        totals: &Totals,
        shown: &Shown,
    ) -> Self {
        let mut kept: Vec<usize> = (0..keys.len()).collect();
        if let Some(having) = &shown.having {
            kept.retain(|group| having.holds(totals, *group));
        }
        let count = kept.len();
        if let Some(first) = shown.first.filter(|first| *first < count) {
            keep_first(&mut kept, first, &Comparing::of(dimensions, keys, totals, &shown.order));
        }
        let of_kept: Vec<u64> = kept.iter().filter_map(|group| keys.get(*group).copied()).collect();
        let keys = dimensions
            .all
            .iter()
            .enumerate()
            .map(|(place, one)| one.keys(&dimensions.codes(place, &of_kept)))
            .collect();
        let of_kept = |all: &Vec<Option<i128>>| {
            kept.iter().map(|group| all.get(*group).copied().flatten()).collect()
        };
        let totals = totals.iter().map(of_kept).collect();
        Self { count, keys, totals, len: kept.len() }
    }
}

/// Keeps the first ones, and those that are equal to the last of them.
fn keep_first(kept: &mut Vec<usize>, first: usize, comparing: &Comparing<'_>) {
    let Some(last) = first.checked_sub(1) else { return kept.clear() };
    // By the first key alone, of which the values lie side by side: few are left by that.
    let mut by_first: Vec<i128> = kept.iter().map(|group| comparing.first(*group)).collect();
    let of_groups = by_first.clone();
    let boundary = *by_first.select_nth_unstable(last).1;
    drop(by_first);
    let mut of_groups = of_groups.into_iter();
    kept.retain(|_| of_groups.next().is_some_and(|first| first <= boundary));
    let (_, boundary, _) =
        kept.select_nth_unstable_by(last, |one, other| comparing.compare(*one, *other));
    let boundary = *boundary;
    kept.retain(|group| comparing.compare(*group, boundary).is_le());
}

/// An order of groups.
struct Comparing<'a> {
    keys: Vec<(Sorted<'a>, SortKey)>,
}

enum Sorted<'a> {
    /// Codes, and which of them is null.
    Codes(Vec<u32>, Option<u32>),
    Totals(&'a Totals, OfTotal),
}

impl<'a> Comparing<'a> {
    fn of(
        dimensions: &Dimensions<'_>,
        keys: &[u64],
        totals: &'a Totals,
        order: &[SortKey],
    ) -> Self {
        let sorted = |key: &SortKey| match key.by {
            SortBy::Dimension(place) => {
                let codes = dimensions.codes(place, keys);
                let one = dimensions.all.get(place);
                let null = codes.iter().find(|code| one.is_some_and(|one| one.is_null(**code)));
                let null = null.copied();
                Sorted::Codes(codes, null)
            }
            SortBy::Total(total) => Sorted::Totals(totals, total),
        };
        Self { keys: order.iter().map(|key| (sorted(key), *key)).collect() }
    }

    /// A number that ascends with the first key.
    fn first(&self, group: usize) -> i128 {
        let Some((sorted, key)) = self.keys.first() else { return 0 };
        match sorted.of(group) {
            // Sums are far from these.
            None if key.is_null_first => i128::MIN,
            None => i128::MAX,
            Some(number) if key.is_descending => -number,
            Some(number) => number,
        }
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        let compared = self.keys.iter().map(|(sorted, key)| {
            let (one, other) = (sorted.of(one), sorted.of(other));
            match (one, other) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) if key.is_null_first => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) if key.is_null_first => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(other)) if key.is_descending => other.cmp(&one),
                (Some(one), Some(other)) => one.cmp(&other),
            }
        });
        compared.fold(Ordering::Equal, Ordering::then)
    }
}

impl Sorted<'_> {
    fn of(&self, group: usize) -> Option<i128> {
        match self {
            Self::Codes(codes, null) => {
                let code = codes.get(group).copied();
                code.filter(|code| Some(*code) != *null).map(i128::from)
            }
            Self::Totals(totals, total) => total.of(totals, group),
        }
    }
}
