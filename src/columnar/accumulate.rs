//! Totals of groups as lines are added to them, chunk after chunk.

use super::chunk::Chunk;
use super::column::NumberMap;
use super::key::Dimensions;
use super::pick::{NO_GROUP, Picks};
use super::question::{Question, Refusal, Test, Total, Value, What};
use super::sales::Sales;
use super::sums::{Sums, add_up};
use super::test::{Compiled, Mask};

/// Most groups that have a number each before any line is looked at.
const MOST_DENSE: u64 = 1 << 22;

/// How groups are numbered.
#[derive(Debug)]
enum Numbers {
    /// By their keys, of which there are few.
    Keys(usize),
    /// As they are met.
    Met { known: NumberMap<u64, u32>, keys: Vec<u64> },
}

/// Totals of groups.
#[derive(Debug)]
pub(super) struct Accumulator<'a> {
    sales: &'a Sales,
    dimensions: &'a Dimensions<'a>,
    question: &'a Question,
    numbers: Numbers,
    /// How many lines each group has.
    lines: Vec<u32>,
    sums: Vec<Sums>,
    picks: Vec<(usize, Value, Picks)>,
    /// Most bytes.
    most: usize,
}

/// Shares, and for each of them the codes that are picked, group by group.
type OfShares = (Vec<f64>, Vec<Vec<Option<u32>>>);

/// What lines must fulfil.
#[derive(Debug)]
pub(super) struct Conditions<'a> {
    pub(super) lines: Compiled<'a>,
    /// Of each part; `None` where it is all lines.
    pub(super) parts: Vec<Option<Compiled<'a>>>,
}

impl<'a> Conditions<'a> {
    pub(super) fn of(sales: &'a Sales, question: &Question) -> Self {
        let part = |test: &Test| test.leaves_out().then(|| Compiled::of(sales, test));
        Self {
            lines: Compiled::of(sales, &question.lines),
            parts: question.parts.iter().map(part).collect(),
        }
    }
}

impl<'a> Accumulator<'a> {
    pub(super) fn new(
        sales: &'a Sales,
        dimensions: &'a Dimensions<'a>,
        question: &'a Question,
        most: usize,
    ) -> Self {
        let lines = sales.line_count();
        let few = u64::try_from(lines * 2).unwrap_or(u64::MAX).clamp(1 << 16, MOST_DENSE);
        let width = question.totals.len() * 20 + 4;
        let size = dimensions.size.filter(|size| *size <= few);
        let size = size.and_then(|size| usize::try_from(size).ok());
        let size = size.filter(|size| size.saturating_mul(width) <= most);
        let mut picks: Vec<(usize, Value, Picks)> = Vec::new();
        let mut sums = Vec::with_capacity(question.totals.len());
        for Total { part, what } in &question.totals {
            sums.push(match what {
                What::Lines => Sums::Counts(Vec::new()),
                What::Orders | What::Customers => {
                    Sums::Once { last: Vec::new(), counts: Vec::new() }
                }
                What::OrderTotal => Sums::OnceNumbers { last: Vec::new(), sums: Vec::new() },
                What::Sum(_) | What::Squares(_) => Sums::Numbers(Vec::new()),
                What::Least(_) => Sums::Least(Vec::new()),
                What::Greatest(_) => Sums::Greatest(Vec::new()),
                What::At(value, share) => {
                    let is_there =
                        |(of, known, _): &(usize, Value, Picks)| (*of, *known) == (*part, *value);
                    let place = picks.iter().position(is_there).unwrap_or_else(|| {
                        let values = sales.values(*value).values().len();
                        picks.push((*part, *value, Picks::new(size, values, lines)));
                        picks.len() - 1
                    });
                    Sums::Picked(place, *share)
                }
            });
        }
        let numbers = match size {
            Some(size) => Numbers::Keys(size),
            None => Numbers::Met { known: NumberMap::default(), keys: Vec::new() },
        };
        let mut new =
            Self { sales, dimensions, question, numbers, lines: Vec::new(), sums, picks, most };
        new.grow();
        new
    }

    fn groups(&self) -> usize {
        match &self.numbers {
            Numbers::Keys(size) => *size,
            Numbers::Met { keys, .. } => keys.len(),
        }
    }

    /// Makes room for all groups.
    fn grow(&mut self) {
        let groups = self.groups();
        self.lines.resize(groups, 0);
        self.sums.iter_mut().for_each(|sums| sums.grow(groups));
    }

    fn bytes(&self) -> usize {
        let of_group = match &self.numbers {
            Numbers::Keys(_) => 4,
            Numbers::Met { .. } => 36,
        };
        let groups = self.groups().saturating_mul(of_group + self.sums.len() * 20);
        groups + self.picks.iter().map(|(.., picks)| picks.bytes()).sum::<usize>()
    }

    /// Adds the lines of a chunk.
    pub(super) fn add(
        &mut self,
        chunk: &Chunk,
        conditions: &Conditions<'_>,
    ) -> Result<(), Refusal> {
        let mask = conditions.lines.mask(chunk);
        if matches!(mask, Mask::Nothing) {
            return Ok(());
        }
        let whole = self.number(chunk, mask);
        self.grow();
        for group in &whole {
            if let Some(count) = self.lines.get_mut(*group as usize) {
                *count += 1;
            }
        }
        let parts: Vec<Option<Vec<u32>>> = conditions
            .parts
            .iter()
            .map(|part| {
                let is_of_part = part.as_ref()?.mask(chunk).into_lines(chunk);
                let group = |(group, is): (&u32, bool)| if is { *group } else { NO_GROUP };
                Some(whole.iter().zip(is_of_part).map(group).collect())
            })
            .collect();
        let of_part = |part: usize| parts.get(part).and_then(Option::as_ref).unwrap_or(&whole);
        let sales = self.sales;
        for (sums, total) in self.sums.iter_mut().zip(&self.question.totals) {
            sums.add(sales, chunk, of_part(total.part), total.what);
        }
        for (part, value, picks) in &mut self.picks {
            picks.add(of_part(*part), &chunk.of_lines(sales.values(*value)));
        }
        if self.bytes() > self.most { Err(Refusal::TooLarge) } else { Ok(()) }
    }

    /// The group of each line, of those that are looked at.
    fn number(&mut self, chunk: &Chunk, mask: Mask) -> Vec<u32> {
        let keys = self.dimensions.keys(chunk);
        let is_wanted = match mask {
            Mask::Everything => None,
            mask => Some(mask.into_lines(chunk)),
        };
        let mut group = |key: u64| match &mut self.numbers {
            Numbers::Keys(_) => u32::try_from(key).unwrap_or(NO_GROUP),
            Numbers::Met { known, keys } => *known.entry(key).or_insert_with(|| {
                keys.push(key);
                u32::try_from(keys.len() - 1).unwrap_or(NO_GROUP)
            }),
        };
        match is_wanted {
            None => keys.into_iter().map(group).collect(),
            Some(wanted) => {
                let of = |(key, is): (u64, bool)| if is { group(key) } else { NO_GROUP };
                keys.into_iter().zip(wanted).map(of).collect()
            }
        }
    }

    /// Adds the totals of other lines, none of which are of the same order or customer.
    pub(super) fn merge(&mut self, other: Self) {
        let numbers: Vec<u32> = match (&mut self.numbers, &other.numbers) {
            (Numbers::Met { known, keys }, Numbers::Met { keys: others, .. }) => others
                .iter()
                .map(|key| {
                    *known.entry(*key).or_insert_with(|| {
                        keys.push(*key);
                        u32::try_from(keys.len() - 1).unwrap_or(NO_GROUP)
                    })
                })
                .collect(),
            _ => (0_u32..).take(other.groups()).collect(),
        };
        self.grow();
        add_up(&mut self.lines, &other.lines, &numbers);
        for (sums, others) in self.sums.iter_mut().zip(other.sums) {
            sums.merge(others, &numbers);
        }
        for ((.., picks), (.., others)) in self.picks.iter_mut().zip(other.picks) {
            picks.merge(others, &numbers);
        }
    }

    /// The keys of the groups and, total by total, what they come to.
    pub(super) fn finish(self) -> (Vec<u64>, Vec<Vec<Option<i128>>>) {
        let Self { sales, dimensions, question, numbers, lines, sums, picks, .. } = self;
        // One group is there even of no line.
        let is_one = dimensions.all.is_empty();
        let there: Vec<usize> = (0..lines.len())
            .filter(|at| is_one || lines.get(*at).is_some_and(|n| *n > 0))
            .collect();
        let keys = match numbers {
            Numbers::Keys(_) => {
                there.iter().map(|at| u64::try_from(*at).unwrap_or(u64::MAX)).collect()
            }
            Numbers::Met { keys, .. } => {
                there.iter().filter_map(|at| keys.get(*at).copied()).collect()
            }
        };
        let mut picked: Vec<OfShares> = Vec::with_capacity(picks.len());
        for (place, (.., picks)) in picks.into_iter().enumerate() {
            let shares: Vec<f64> = sums
                .iter()
                .filter_map(|sums| match sums {
                    Sums::Picked(of, share) if *of == place => Some(*share),
                    _ => None,
                })
                .collect();
            let of_shares = picks.pick(lines.len(), &shares);
            picked.push((shares, of_shares));
        }
        let totals = sums.iter().zip(&question.totals).map(|(sums, total)| {
            let values = match total.what {
                What::Least(value) | What::Greatest(value) | What::At(value, _) => {
                    sales.values(value).values()
                }
                _ => &[],
            };
            let of_code = |code: u32| values.get(code as usize).copied().map(i128::from);
            let whole = |at: usize| match sums {
                Sums::Counts(counts) | Sums::Once { counts, .. } => {
                    counts.get(at).copied().map(i128::from)
                }
                Sums::Numbers(sums) | Sums::OnceNumbers { sums, .. } => sums.get(at).copied(),
                Sums::Least(codes) => of_code(*codes.get(at)?),
                Sums::Greatest(codes) => of_code(codes.get(at)?.checked_sub(1)?),
                Sums::Picked(place, share) => {
                    let (shares, of_shares) = picked.get(*place)?;
                    let index = shares.iter().position(|one| one == share)?;
                    of_code((*of_shares.get(index)?.get(at)?)?)
                }
            };
            there.iter().map(|at| whole(*at)).collect()
        });
        (keys, totals.collect())
    }
}
