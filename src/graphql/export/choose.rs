//! The columns of a file: those that are asked for, among those that the document selects.

use super::cells::Source;
use super::request::ExportColumn;
use crate::error::{Code, Error, Result};
use crate::report::format::Column;

/// Most columns of a file.
const MOST: usize = 1_000;
/// Most bytes of a column's name.
const NAME: usize = 200;

/// Takes the chosen columns, in their order and under their names; all where none are chosen.
///
/// # Errors
/// `BAD_USER_INPUT` naming the column.
pub(super) fn columns(
    all: Vec<(Column, Source)>,
    chosen: Option<&[ExportColumn]>,
) -> Result<Vec<(Column, Source)>> {
    let refused = |message: String| Err(Error::new(Code::BadUserInput, message));
    let Some(chosen) = chosen else { return within_limit(all) };
    let mut columns: Vec<(Column, Source)> = Vec::with_capacity(chosen.len().min(MOST));
    for ExportColumn { name, path } in chosen.iter().take(MOST + 1) {
        let Some((column, source)) = all.iter().find(|(column, _)| column.name == *path) else {
            let known: Vec<&str> = all.iter().map(|(column, _)| column.name.as_str()).collect();
            let known = known.join(", ");
            return refused(format!("columns: the document selects no {path}, but {known}"));
        };
        if name.is_empty() || name.len() > NAME || name.contains('\0') {
            return refused(format!("columns: the name of {path} must have 1 to {NAME} bytes"));
        }
        if columns.iter().any(|(column, _)| column.name == *name) {
            return refused(format!("columns: {name} is given twice"));
        }
        columns.push((Column { name: name.clone(), ..column.clone() }, source.clone()));
    }
    within_limit(columns)
}

fn within_limit(columns: Vec<(Column, Source)>) -> Result<Vec<(Column, Source)>> {
    let message = match columns.len() {
        0 => "the document selects no column: select fields of nodes".to_owned(),
        count if count > MOST => {
            format!("the document selects more than {MOST} columns, the most of a file")
        }
        _ => return Ok(columns),
    };
    Err(Error::new(Code::BadUserInput, message))
}
