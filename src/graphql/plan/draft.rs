//! A fetch while it is compiled.

use super::{
    Converted, Fetch, FieldStep, Link, Many, Object, Sales, SelectedMeasure, SelectedMeasures,
};
use crate::error::{Code, Error, Result};
use crate::graphql::inputs::arguments::Arguments;
use crate::graphql::schema::model::{OutputType, Type};
use crate::query::Selection;
use crate::query::aggregate::{self, MOST_MEASURES};

/// A fetch while it is compiled.
pub(super) struct Draft {
    pub(super) of: &'static Type,
    pub(super) selection: Selection,
    pub(super) nodes: Vec<Object>,
    pub(super) below: Vec<Many>,
    pub(super) sales: Vec<Sales>,
    pub(super) measures: SelectedMeasures,
    pub(super) links: Vec<Link>,
    pub(super) converted: Vec<Converted>,
    /// The index of the subset whose measures are being compiled.
    subset: usize,
}

impl Draft {
    pub(super) fn of(of: &'static Type) -> Self {
        let mut selection = Selection::of(of.table);
        selection.key(Selection::ROW);
        Self {
            of,
            selection,
            nodes: Vec::new(),
            below: Vec::new(),
            sales: Vec::new(),
            measures: SelectedMeasures::default(),
            links: Vec::new(),
            converted: Vec::new(),
            subset: 0,
        }
    }

    pub(super) fn done(self) -> Fetch {
        let Self { of, selection, nodes, below, sales, measures, links, converted, .. } = self;
        Fetch { of, selection, nodes, below, sales, measures, links, converted }
    }

    /// The measures that follow are of the lines that these arguments keep.
    pub(super) fn begin_subset(&mut self, arguments: Arguments) {
        let subsets = &mut self.measures.subsets;
        self.subset = subsets.iter().position(|known| *known == arguments).unwrap_or_else(|| {
            subsets.push(arguments);
            subsets.len() - 1
        });
    }

    pub(super) fn measure(
        &mut self,
        measure: SelectedMeasure,
        output: OutputType,
    ) -> Result<FieldStep> {
        let nullable = match &measure {
            SelectedMeasure::Known(measure) => !measure.is_zero_of_nothing() || measure.is_amount(),
            SelectedMeasure::Percentile(..) => true,
        };
        let subset = self.subset;
        let known = self.measures.selected.iter().position(|(of, known)| {
            let (SelectedMeasure::Known(known), SelectedMeasure::Known(measure)) =
                (known, &measure)
            else {
                return false;
            };
            *of == subset && known == measure
        });
        let number = known.unwrap_or_else(|| {
            self.measures.selected.push((subset, measure));
            self.measures.selected.len() - 1
        });
        let column = aggregate::value(number).ok_or_else(|| {
            let message = format!("more than {MOST_MEASURES} different measures are selected");
            Error::new(Code::BadUserInput, message)
        })?;
        let index = self.selection.column(Selection::ROW, column);
        Ok(FieldStep::Measure { index, number, output, nullable })
    }
}
