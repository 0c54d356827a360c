//! Search by words: the rarer a word and the nearer to a name it is found, the more it counts.

use std::collections::{BTreeMap, HashMap};

use async_graphql::registry::Registry;

use super::entries::{self, Entry, Found, words};
use super::snippet;

/// Most words that are looked for.
const WORDS: usize = 16;
/// What is nearly the same word, such as a plural, counts so much.
const NEARLY: f64 = 0.7;
/// A word in the name of a part counts most.
const NAME: f64 = 4.0;
/// In that of its type.
const AROUND: f64 = 2.0;
/// In its description.
const SAID: f64 = 1.0;

/// The parts of a schema, to be searched.
pub(super) struct Index {
    entries: Vec<Entry>,
    /// By word: the entries that have it, and how much it counts there.
    places: BTreeMap<String, Vec<(usize, f64)>>,
}

impl Index {
    pub(super) fn of(registry: &Registry) -> Self {
        let mut places: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
        let mut entries = Vec::new();
        for (number, (entry, words)) in entries::of(registry).into_iter().enumerate() {
            let lists = [(words.own, NAME), (words.around, AROUND), (words.said, SAID)];
            for (list, counts) in lists {
                for word in list {
                    places.entry(word).or_default().push((number, counts));
                }
            }
            entries.push(entry);
        }
        Self { entries, places }
    }

    pub(super) fn search(&self, registry: &Registry, text: &str, limit: usize) -> Vec<Found> {
        let mut wanted = words(text);
        wanted.sort_unstable();
        wanted.dedup();
        wanted.truncate(WORDS);
        // How many of the words an entry has, and what they count.
        let mut scores: HashMap<usize, (usize, f64)> = HashMap::new();
        for word in &wanted {
            let found = self.places_of(word);
            // A word that nearly everything has tells little.
            let weight = 0.1 - ratio(found.len(), self.entries.len()).max(1e-6).ln();
            for (number, counts) in found {
                let (count, score) = scores.entry(number).or_default();
                *count += 1;
                *score += counts * weight;
            }
        }
        let scored = scores.into_iter().filter_map(|(number, (found, score))| {
            let entry = self.entries.get(number)?;
            // What has all words counts more than what has one, and of two names that have
            // them the one with fewer others.
            let others = ratio(entry.own_words.saturating_sub(found), 1);
            let share = ratio(found, wanted.len());
            Some((score * entry.weight * share / (1.0 + 0.1 * others), entry))
        });
        let mut scored: Vec<(f64, &Entry)> = scored.collect();
        scored.sort_by(|(one, first), (other, second)| {
            other.total_cmp(one).then_with(|| first.name.cmp(&second.name))
        });
        let best = scored.into_iter().take(limit).map(|(_, entry)| Found {
            part: entry.part,
            name: entry.name.clone(),
            path: entry.path.clone(),
            sdl: snippet::of(registry, &entry.at),
        });
        best.collect()
    }

    /// The entries that have a word or a form of it, and how much it counts there at best.
    fn places_of(&self, word: &str) -> HashMap<usize, f64> {
        let mut found: HashMap<usize, f64> = HashMap::new();
        for (known, places) in &self.places {
            let likeness = likeness(known, word);
            if likeness > 0.0 {
                for (number, counts) in places {
                    let best = found.entry(*number).or_default();
                    *best = best.max(counts * likeness);
                }
            }
        }
        found
    }
}

#[expect(clippy::cast_precision_loss, reason = "they are a few thousand")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// 1 for the same word, less for a form of it: `orders`, `territories`.
fn likeness(known: &str, word: &str) -> f64 {
    if known == word {
        return 1.0;
    }
    let (short, long) = if known.len() < word.len() { (known, word) } else { (word, known) };
    let stem = short.strip_suffix('y').unwrap_or(short);
    let is_form = stem.len() >= 3 && long.starts_with(stem) && long.len() - stem.len() <= 3;
    if is_form { NEARLY } else { 0.0 }
}
