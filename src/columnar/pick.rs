//! Values that are picked of a group by their place in its order, such as the middle one.

/// What is in no group.
pub(super) const NO_GROUP: u32 = u32::MAX;

/// Cells of a table of counts, at most, for each line there is.
const CELLS_PER_LINE: usize = 2;
/// And at most of all.
const MOST_CELLS: usize = 8 << 20;

/// The values of groups, as codes that ascend with them.
#[derive(Debug)]
pub(super) enum Picks {
    /// Each with its group.
    Pairs(Vec<(u32, u32)>),
    /// How often each group has each value, group after group.
    Counts {
        /// How many values there are.
        width: usize,
        counts: Vec<u32>,
    },
}

impl Picks {
    /// Of this many groups, if that is known before, and values.
    pub(super) fn new(groups: Option<usize>, values: usize, lines: usize) -> Self {
        let width = values.max(1);
        let cells = groups.and_then(|groups| groups.checked_mul(width));
        match cells {
            Some(cells) if cells <= MOST_CELLS.min(lines * CELLS_PER_LINE) => {
                Self::Counts { width, counts: vec![0; cells] }
            }
            _ => Self::Pairs(Vec::new()),
        }
    }

    pub(super) fn add(&mut self, groups: &[u32], codes: &[u32]) {
        let each = groups.iter().copied().zip(codes.iter().copied());
        match self {
            Self::Pairs(pairs) => pairs.extend(each.filter(|(group, _)| *group != NO_GROUP)),
            Self::Counts { width, counts } => {
                for (group, code) in each.filter(|(group, _)| *group != NO_GROUP) {
                    if let Some(count) = counts.get_mut(group as usize * *width + code as usize) {
                        *count += 1;
                    }
                }
            }
        }
    }

    /// Adds those of another, whose groups have these numbers here.
    pub(super) fn merge(&mut self, other: Self, numbers: &[u32]) {
        let number = |group: u32| numbers.get(group as usize).copied().unwrap_or(NO_GROUP);
        match (self, other) {
            (Self::Pairs(pairs), Self::Pairs(others)) => {
                pairs.extend(others.into_iter().map(|(group, code)| (number(group), code)));
            }
            // Tables are made of groups that are known before, which have the same numbers.
            (Self::Counts { counts, .. }, Self::Counts { counts: others, .. }) => {
                counts.iter_mut().zip(others).for_each(|(count, other)| *count += other);
            }
            _ => {}
        }
    }

    pub(super) fn bytes(&self) -> usize {
        match self {
            // And once more while they are put in order.
            Self::Pairs(pairs) => pairs.capacity() * 8 + pairs.len() * 4,
            Self::Counts { counts, .. } => counts.len() * 4,
        }
    }

    /// For each share, and of so many groups, the code of the first value that the share of all
    /// does not exceed.
    pub(super) fn pick(self, groups: usize, shares: &[f64]) -> Vec<Vec<Option<u32>>> {
        let mut picked = vec![vec![None; groups]; shares.len()];
        // In ascending order, so that what is less is looked at once.
        let mut order: Vec<usize> = (0..shares.len()).collect();
        let share = |index: &usize| shares.get(*index).copied().unwrap_or_default();
        order.sort_by(|one, other| share(one).total_cmp(&share(other)));
        let mut keep = |index: usize, group: usize, code: Option<u32>| {
            if let Some(slot) = picked.get_mut(index).and_then(|of| of.get_mut(group)) {
                *slot = code;
            }
        };
        match self {
            Self::Counts { width, counts } => {
                for (group, counts) in counts.chunks(width).enumerate() {
                    let all = counts.iter().sum::<u32>();
                    if all == 0 {
                        continue;
                    }
                    let (mut upto, mut code) = (0, 0_u32);
                    let mut counts = counts.iter();
                    for index in &order {
                        let rank = rank(share(index), all);
                        while upto < rank
                            && let Some(count) = counts.next()
                        {
                            upto += *count;
                            code += 1;
                        }
                        keep(*index, group, code.checked_sub(1));
                    }
                }
            }
            Self::Pairs(pairs) => {
                let (ends, mut codes) = grouped(pairs, groups);
                let mut left = codes.as_mut_slice();
                let mut from = 0;
                for (group, end) in ends.into_iter().enumerate() {
                    let (mut of_group, rest) = left.split_at_mut(end - from);
                    (left, from) = (rest, end);
                    let all = u32::try_from(of_group.len()).unwrap_or(u32::MAX);
                    if all == 0 {
                        continue;
                    }
                    // How many are left away that are not greater, and the last of them.
                    let (mut before, mut last) = (0, None);
                    for index in &order {
                        let rank = rank(share(index), all);
                        if rank > before {
                            let place = (rank - before - 1) as usize;
                            let (_, code, greater) = of_group.select_nth_unstable(place);
                            last = Some(*code);
                            (of_group, before) = (greater, rank);
                        }
                        keep(*index, group, last);
                    }
                }
            }
        }
        picked
    }
}

/// The codes by group, and where those of each group end.
fn grouped(pairs: Vec<(u32, u32)>, groups: usize) -> (Vec<usize>, Vec<u32>) {
    let mut ends = vec![0_usize; groups];
    for (group, _) in &pairs {
        if let Some(count) = ends.get_mut(*group as usize) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for end in &mut ends {
        // Where they begin, for now.
        let count = std::mem::replace(end, sum);
        sum += count;
    }
    let mut codes = vec![0; pairs.len()];
    for (group, code) in pairs {
        if let Some(next) = ends.get_mut(group as usize) {
            if let Some(slot) = codes.get_mut(*next) {
                *slot = code;
            }
            *next += 1;
        }
    }
    (ends, codes)
}

/// The place of a share of so many, from 1 on, as Postgres has it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is from 0 to 1, so the product is none that a count could not be"
)]
fn rank(share: f64, all: u32) -> u32 {
    ((share * f64::from(all)).ceil() as u32).clamp(1, all.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_picked_does_not_depend_on_how_values_are_kept() {
        let groups = [0, 2, 0, 0, NO_GROUP, 2, 0, 2];
        let codes = [5, 1, 0, 5, 3, 4, 2, 1];
        let shares = [1.0, 0.5, 0.500_000_001, 0.0, 0.75];
        // Of group 0 there are 0, 2, 5, 5, of group 2 there are 1, 1, 4.
        let expected = [[5, 4], [2, 1], [5, 1], [0, 1], [5, 4]];
        for known in [None, Some(3)] {
            let mut picks = Picks::new(known, 6, 100);
            assert_eq!(matches!(picks, Picks::Counts { .. }), known.is_some());
            picks.add(&groups, &codes);
            let picked = picks.pick(3, &shares);
            let found: Vec<_> = picked.iter().map(|of| [of[0].unwrap(), of[2].unwrap()]).collect();
            assert_eq!(found, expected);
            assert!(picked.iter().all(|of| of[1].is_none()), "a group without values");
        }
    }
}
