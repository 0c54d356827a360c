//! Which dataset a file is of, and which column each of its fields is: told by names, and by
//! which values a column could have.

use crate::dataset::{self, Column, Dataset, Kind};
use crate::load::decode::{Format, reads};

/// A field of the file.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in the header, or its place.
    pub(super) name: String,
    /// The column, if one was found.
    pub(super) column: Option<&'static Column>,
    /// In percent.
    pub(super) sure: u8,
    /// What tells it.
    pub(super) why: String,
}

/// A dataset with the fields of a file, and how well they fit, in percent.
#[derive(Debug)]
pub(super) struct Fit {
    pub(super) dataset: &'static Dataset,
    pub(super) fields: Vec<Field>,
    pub(super) sure: u8,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) name: &'a str,
    pub(super) header: Option<&'a [String]>,
    pub(super) rows: &'a [Vec<String>],
    pub(super) count: usize,
    pub(super) format: &'a Format,
}

/// The dataset that fits best; the one that is `wanted` if there is one.
pub(super) fn fit(known: Known<'_>, wanted: Option<&'static Dataset>) -> Option<Fit> {
    let all = dataset::ALL.iter().copied();
    let candidates =
        all.filter(|dataset| wanted.is_none_or(|wanted| wanted.table == dataset.table));
    candidates.map(|dataset| fit_of(known, dataset)).max_by_key(|fit| fit.sure)
}

fn fit_of(known: Known<'_>, dataset: &'static Dataset) -> Fit {
    let fields = match known.header {
        Some(header) => by_name(known, dataset, header),
        None => by_place(known, dataset),
    };
    let found: usize =
        fields.iter().filter(|f| f.column.is_some()).map(|f| usize::from(f.sure)).sum();
    let columns = found / dataset.columns.len().max(1);
    let of_name = usize::from(name_fit(known.name, dataset));
    let surplus = known.count.saturating_sub(dataset.columns.len());
    let sure = ((4 * columns + of_name) / 5).saturating_sub(2 * surplus).min(100);
    Fit { dataset, fields, sure: u8::try_from(sure).unwrap_or(100) }
}

/// How well the file's name fits, in percent.
fn name_fit(name: &str, dataset: &Dataset) -> u8 {
    let file = name.rsplit('/').next().unwrap_or(name);
    let is = |found: Option<&Dataset>| found.is_some_and(|found| found.table == dataset.table);
    if is(dataset::by_object_key(file)) || is(dataset::nearly(file)) {
        return 100;
    }
    let name = letters(file);
    let table = dataset.file_stem.split('.').next_back().map(letters).unwrap_or_default();
    if name.starts_with(&table) {
        80
    } else if name.contains(&table) {
        50
    } else {
        0
    }
}

/// Takes for each field the column whose name and values fit best, the surest first.
fn by_name(known: Known<'_>, dataset: &'static Dataset, header: &[String]) -> Vec<Field> {
    let mut fits: Vec<(u8, usize, &'static Column, String)> = Vec::new();
    for (at, name) in header.iter().enumerate() {
        for column in dataset.columns {
            let (by_values, share) = by_values(known, column, at);
            let named = named_as(column, name);
            let sure = match named {
                0 => by_values / 2,
                _ if share < 50 => named / 3,
                _ => named.min(60 + by_values / 2),
            };
            if sure >= 25 {
                let why = match named {
                    100 => format!("its name, {share}% of the values"),
                    0 => format!("{share}% of the values only"),
                    _ => format!("a like name, {share}% of the values"),
                };
                fits.push((sure, at, column, why));
            }
        }
    }
    fits.sort_by_key(|(sure, at, ..)| (std::cmp::Reverse(*sure), *at));
    let nothing = |name: &String| Field {
        name: name.clone(),
        column: None,
        sure: 0,
        why: "no column is like it".to_owned(),
    };
    let mut fields: Vec<Field> = header.iter().map(nothing).collect();
    for (sure, at, column, why) in fits {
        let is_taken = fields.iter().any(|field| is_same(field.column, column));
        if let Some(field) = fields.get_mut(at).filter(|field| field.column.is_none() && !is_taken)
        {
            (field.column, field.sure, field.why) = (Some(column), sure, why);
        }
    }
    fields
}

/// Without a header the fields are the columns in their order.
fn by_place(known: Known<'_>, dataset: &'static Dataset) -> Vec<Field> {
    let is_as_many = known.count == dataset.columns.len();
    let field = |at: usize| {
        let column = dataset.columns.get(at).filter(|_| is_as_many);
        let (sure, why) = match column {
            Some(column) => {
                let (sure, share) = by_values(known, column, at);
                (sure, format!("its place, {share}% of the values"))
            }
            None => (0, format!("{} has {} columns", dataset.file_stem, dataset.columns.len())),
        };
        Field { name: format!("field {}", at + 1), column, sure, why }
    };
    (0..known.count).map(field).collect()
}

fn is_same(one: Option<&'static Column>, other: &Column) -> bool {
    one.is_some_and(|one| one.source == other.source)
}

/// How sure the values make it that a field is a column, and the share of them that it could
/// have, both in percent: an identifier tells much, a text nothing.
fn by_values(known: Known<'_>, column: &Column, at: usize) -> (u8, u8) {
    let values = known.rows.iter().filter_map(|row| row.get(at).map(String::as_str));
    let (all, read) = reads(column, values, known.format);
    if all == 0 {
        return (50, 0);
    }
    let share = 100 * read / all;
    let tells = match column.kind {
        Kind::Uuid | Kind::Timestamp => 95,
        Kind::Code(_) | Kind::Boolean | Kind::Decimal { .. } => 85,
        Kind::SmallInt { .. } | Kind::Integer { .. } => 80,
        Kind::Text { .. } | Kind::Padded { .. } => 60,
    };
    let percent = |number: usize| u8::try_from(number).unwrap_or(100);
    (percent(share * tells / 100), percent(share))
}

/// The column of a dataset that a name is like, and how sure that is, in percent.
pub(super) fn named(dataset: &Dataset, name: &str) -> Option<(&'static str, u8)> {
    let columns = dataset.columns.iter().map(|column| (column.source, named_as(column, name)));
    columns.max_by_key(|(_, sure)| *sure).filter(|(_, sure)| *sure > 0)
}

fn named_as(column: &Column, name: &str) -> u8 {
    let name = letters(name);
    let (source, sql) = (letters(column.source), letters(column.name));
    if name == source || name == sql {
        return 100;
    }
    if name.len() < 4 || source.len() < 4 {
        return 0;
    }
    let is_within = name.contains(&source) || source.contains(&name);
    if is_within {
        u8::try_from(100 * name.len().min(source.len()) / name.len().max(source.len())).unwrap_or(0)
    } else {
        0
    }
}

/// The letters and digits of a name, in lower case.
fn letters(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
