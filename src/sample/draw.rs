//! Pseudo-random values that depend only on the seed, a stream and a row: any row can
//! be generated without the rows before it.

/// The sequence of a value, so that equal row numbers of two tables have different
/// values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    Person = 1,
    Product,
    Customer,
    Territory,
    Offer,
    Order,
    Lines,
    Buyer,
    Store,
    Individual,
    Defect,
    Inventory,
    Region,
    Shop,
    Rate,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of splitmix64: a bijection of 64 bits that mixes well.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The sequence of values of one row.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) const fn new(seed: u64, stream: Stream, row: u64) -> Self {
        let key = mix(seed ^ (stream as u64).wrapping_mul(GOLDEN));
        Self(mix(key.wrapping_add(row.wrapping_mul(GOLDEN))))
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A value in `0..bound`; 0 where the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A value in `low..=high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in about `share` of 10,000 draws.
    pub(super) fn chance(&mut self, share: u64) -> bool {
        self.below(10_000) < share
    }

    /// One of `values`, all equally likely.
    pub(super) fn pick<T: Copy + Default>(&mut self, values: &[T]) -> T {
        values.get(self.index(values.len())).copied().unwrap_or_default()
    }

    /// One of `values`, by their weights.
    pub(super) fn weighted<T: Copy + Default>(&mut self, values: &[(T, u64)]) -> T {
        let total = values.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total);
        for (value, weight) in values {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        T::default()
    }

    /// An index into a list of `len` items.
    pub(super) fn index(&mut self, len: usize) -> usize {
        let bound = u64::try_from(len).unwrap_or(u64::MAX);
        usize::try_from(self.below(bound)).unwrap_or_default()
    }
}

/// A permutation of `0..size` that needs no memory: a small Feistel network over the
/// next even number of bits, applied until the value is in range.
#[derive(Debug, Clone)]
pub(super) struct Shuffle {
    size: u64,
    half: u32,
    keys: [u64; 4],
}

impl Shuffle {
    pub(super) fn new(mut draw: Draw, size: u64) -> Self {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        let keys = [draw.next(), draw.next(), draw.next(), draw.next()];
        Self { size, half: bits.div_ceil(2).max(1), keys }
    }

    /// The image of `place`, which is below the size.
    pub(super) fn at(&self, place: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let mut value = place;
        loop {
            let (mut left, mut right) = (value >> self.half, value & mask);
            for key in self.keys {
                (left, right) = (right, left ^ (mix(right ^ key) & mask));
            }
            value = (left << self.half) | right;
            if value < self.size || place >= self.size {
                return value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_a_permutation() {
        for size in [1, 2, 3, 10, 635, 1000] {
            let shuffle = Shuffle::new(Draw::new(7, Stream::Order, 0), size);
            let mut seen: Vec<u64> = (0..size).map(|place| shuffle.at(place)).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..size).collect::<Vec<_>>(), "size {size}");
        }
    }

    #[test]
    fn draws_stay_within_their_bounds_and_follow_the_weights() {
        let mut draw = Draw::new(1, Stream::Person, 3);
        assert!((0..1000).all(|_| (5..=9).contains(&draw.between(5, 9))));
        let heads = (0..10_000).filter(|_| draw.weighted(&[(true, 9), (false, 1)])).count();
        assert!((8_800..9_200).contains(&heads), "{heads}");
    }
}
