//! What manifests say of the values of a column of a file.

use crate::lake::iceberg::bound;
use crate::lake::iceberg::column::Field;
use crate::lake::iceberg::manifest::ColumnStats;

/// The least and the greatest value of a column, and how many are null.
#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    values: i64,
    nulls: i64,
    numbers: Option<(i128, i128)>,
    texts: Option<(String, String)>,
}

impl Range {
    pub(super) const fn null(&mut self) {
        self.values += 1;
        self.nulls += 1;
    }

    pub(super) fn number(&mut self, value: i128) {
        self.values += 1;
        let (least, greatest) = self.numbers.get_or_insert((value, value));
        *least = (*least).min(value);
        *greatest = (*greatest).max(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.values += 1;
        match &mut self.texts {
            None => self.texts = Some((value.to_owned(), value.to_owned())),
            Some((least, _)) if value < least.as_str() => value.clone_into(least),
            Some((_, greatest)) if value > greatest.as_str() => value.clone_into(greatest),
            Some(_) => {}
        }
    }

    /// As a manifest has it; personal data are in none.
    pub(super) fn stats(self, field: &Field, is_personal: bool, bytes: i64) -> ColumnStats {
        let (mut lower, mut upper) = (None, None);
        if !is_personal {
            if let Some((least, greatest)) = self.numbers {
                lower = bound::of_number(field.ty, least);
                upper = bound::of_number(field.ty, greatest);
            }
            if let Some((least, greatest)) = &self.texts {
                lower = Some(bound::lower_of_text(least));
                upper = bound::upper_of_text(greatest);
            }
        }
        ColumnStats {
            id: field.id,
            bytes: Some(bytes),
            values: Some(self.values),
            nulls: Some(self.nulls),
            lower,
            upper,
        }
    }
}
