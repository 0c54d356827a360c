//! From the entity of a table to the dataset of its files.

use std::collections::HashMap;

use entity::person;
use sea_orm::sea_query::StringLen;
use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait, IdenStatic as _, Iterable as _, RelationTrait as _,
};

use super::{Carried, Check, Column, Dataset, DecimalRange, Kind, Parent};
use crate::catalog;

/// A dataset while it is built.
pub(super) struct Builder<E: EntityTrait> {
    file_stem: &'static str,
    headers: HashMap<&'static str, &'static str>,
    kinds: HashMap<&'static str, Kind>,
    required: Vec<&'static str>,
    not_in_files: Vec<&'static str>,
    carried: Vec<Carried>,
    checks: Vec<Check>,
    entity: std::marker::PhantomData<E>,
}

impl<E: EntityTrait> Builder<E> {
    /// A dataset of all columns but those that say where a row came from, and those that are
    /// carried. By default a column is called in the header as in the table, without
    /// underscores; integers are not negative, and positive in keys and references; decimals
    /// are not negative.
    pub(super) fn new(file_stem: &'static str) -> Self {
        Self {
            file_stem,
            headers: HashMap::new(),
            kinds: HashMap::new(),
            required: Vec::new(),
            not_in_files: Vec::new(),
            carried: Vec::new(),
            checks: Vec::new(),
            entity: std::marker::PhantomData,
        }
    }

    /// The header's name of a column where it is another.
    pub(super) fn header(mut self, column: E::Column, name: &'static str) -> Self {
        self.headers.insert(column.as_str(), name);
        self
    }

    /// The bounds of a whole number.
    pub(super) fn range(self, column: E::Column, min: i16, max: i32) -> Self {
        let kind = match column.def().get_column_type() {
            ColumnType::SmallInteger => {
                Kind::SmallInt { min, max: max.try_into().unwrap_or(i16::MAX) }
            }
            _ => Kind::Integer { min: min.into(), max },
        };
        self.kind(column, kind)
    }

    /// The bounds of a decimal.
    pub(super) fn decimal(self, column: E::Column, range: DecimalRange) -> Self {
        let Kind::Decimal { precision, scale, .. } = kind(column) else { return self };
        self.kind(column, Kind::Decimal { precision, scale, range })
    }

    /// A text that the source pads with blanks.
    pub(super) fn padded(self, column: E::Column) -> Self {
        let Kind::Text { max } = kind(column) else { return self };
        self.kind(column, Kind::Padded { max })
    }

    /// A column that each row of a file has, though the table has rows without.
    pub(super) fn required(mut self, column: E::Column) -> Self {
        self.required.push(column.as_str());
        self
    }

    /// Columns of rows that come from elsewhere.
    pub(super) fn not_in_files<const N: usize>(mut self, columns: [E::Column; N]) -> Self {
        self.not_in_files.extend(columns.map(|column| column.as_str()));
        self
    }

    fn kind(mut self, column: E::Column, kind: Kind) -> Self {
        self.kinds.insert(column.as_str(), kind);
        self
    }

    /// A column that is not in the file: it repeats the parent's of the same name.
    pub(super) fn carried<Parent: EntityTrait>(mut self, column: E::Column) -> Self {
        let parent = catalog::table::<Parent>().name;
        self.carried.push(Carried { column: column.as_str(), parent });
        self
    }

    /// A total is the sum of parts.
    pub(super) fn sum<const N: usize>(self, total: E::Column, parts: [E::Column; N]) -> Self {
        self.check(Check::Sum { total: total.as_str(), parts: names(parts) })
    }

    /// A date, where there is one, is not before another.
    pub(super) fn not_before(self, date: E::Column, earliest: E::Column) -> Self {
        self.check(Check::NotBefore { date: date.as_str(), earliest: earliest.as_str() })
    }

    /// At least one of these has a value.
    pub(super) fn any_of<const N: usize>(self, columns: [E::Column; N]) -> Self {
        self.check(Check::AnyOf(names(columns)))
    }

    /// A total is price * (1 - discount) * quantity.
    pub(super) fn line_total(
        self,
        total: E::Column,
        price: E::Column,
        discount: E::Column,
        quantity: E::Column,
    ) -> Self {
        self.check(Check::LineTotal {
            total: total.as_str(),
            price: price.as_str(),
            discount: discount.as_str(),
            quantity: quantity.as_str(),
        })
    }

    fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// The dataset.
    pub(super) fn build(self) -> Dataset {
        let table = catalog::table::<E>();
        let is_of_file = |name: &str| {
            !is_of_source(name)
                && !self.not_in_files.contains(&name)
                && self.carried.iter().all(|carried| carried.column != name)
        };
        let columns = E::Column::iter().filter(|column| is_of_file(column.as_str()));
        let columns: Vec<Column> = columns
            .map(|column| {
                let name = column.as_str();
                let source = self.headers.get(name).copied();
                Column {
                    source: source.unwrap_or_else(|| header(name).leak()),
                    name,
                    kind: self.kinds.get(name).copied().unwrap_or_else(|| kind(column)),
                    required: !column.def().is_null() || self.required.contains(&name),
                }
            })
            .collect();
        let parents = E::Relation::iter().filter(|relation| !relation.def().skip_fk);
        let parents = parents.map(catalog::to_one).map(|parent| Parent {
            table: parent.table.name,
            columns: parent.from.iter().map(|column| column.name).collect::<Vec<_>>().leak(),
        });
        Dataset {
            table: table.name,
            file_stem: self.file_stem,
            columns: columns.leak(),
            key: table.key.iter().map(|column| column.name).collect::<Vec<_>>().leak(),
            parents: parents.collect::<Vec<_>>().leak(),
            carried: self.carried.leak(),
            checks: self.checks.leak(),
        }
    }
}

fn names<C: ColumnTrait, const N: usize>(columns: [C; N]) -> &'static [&'static str] {
    columns.map(|column| column.as_str()).to_vec().leak()
}

/// Whether a column says where a row came from, as every dataset's table does.
fn is_of_source(name: &str) -> bool {
    use person::Column::{LoadedAt, SourceFileId, SourceLine};
    [SourceFileId, SourceLine, LoadedAt].iter().any(|column| column.as_str() == name)
}

/// `business_entity_id` as `BusinessEntityID`.
fn header(name: &str) -> String {
    if name == person::Column::Rowguid.as_str() {
        return name.to_owned();
    }
    let word = |word: &str| match word {
        "id" | "ytd" => word.to_ascii_uppercase(),
        word => {
            let (first, rest) = word.split_at(1.min(word.len()));
            first.to_ascii_uppercase() + rest
        }
    };
    name.split('_').map(word).collect()
}

fn kind<C: ColumnTrait>(column: C) -> Kind {
    let definition = column.def();
    if let Some(codes) = catalog::column(column).codes {
        let codes: Vec<&str> = codes.values.iter().map(|value| value.code).collect();
        let numbers: Vec<i16> = codes.iter().filter_map(|code| code.parse().ok()).collect();
        return match (numbers.iter().min(), numbers.iter().max()) {
            (Some(min), Some(max)) => Kind::SmallInt { min: *min, max: *max },
            _ => Kind::Code(codes.leak()),
        };
    }
    match definition.get_column_type() {
        ColumnType::Boolean => Kind::Boolean,
        ColumnType::SmallInteger => Kind::SmallInt { min: 0, max: i16::MAX },
        ColumnType::Integer => {
            Kind::Integer { min: column.as_str().ends_with("_id").into(), max: i32::MAX }
        }
        ColumnType::Decimal(Some((precision, scale))) => Kind::Decimal {
            precision: u8::try_from(*precision).unwrap_or(u8::MAX),
            scale: u8::try_from(*scale).unwrap_or(u8::MAX),
            range: DecimalRange::NotNegative,
        },
        ColumnType::String(StringLen::N(max)) => Kind::Text { max: *max as usize },
        ColumnType::DateTime => Kind::Timestamp,
        ColumnType::Uuid => Kind::Uuid,
        _ => Kind::Text { max: usize::MAX },
    }
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn a_column_is_called_in_the_header_as_in_the_table() {
        assert_eq!(header("business_entity_id"), "BusinessEntityID");
        assert_eq!(header("sales_ytd"), "SalesYTD");
        assert_eq!(header("average_rate"), "AverageRate");
        assert_eq!(header("rowguid"), "rowguid");
    }
}
