//! Failures of the engine as errors of this program.

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

use crate::error::{Code, Error};

/// A failure of DataFusion. What it says may hold values, so it is for the log only.
pub(super) fn of(error: DataFusionError) -> Error {
    // Where a file of the spill cannot grow, Arrow has only the text of DataFusion's error.
    let is_disk_full = error.to_string().contains("max_temp_directory_size");
    if is_disk_full || has(&error, |it| matches!(it, DataFusionError::ResourcesExhausted(_))) {
        let message = "the question needs more memory, or more room for temporary files, than \
                       LAKE_ENGINE_MEMORY and LAKE_ENGINE_SPILL give the engine: group by less, \
                       filter, raise them, or ask with engine: POSTGRES";
        return Error::new(Code::LakeLimit, message).with_source(error);
    }
    if has(&error, is_too_deep) {
        let message = "the filter has too many conditions within one another for the engine that \
                       reads the lake: ask with engine: POSTGRES";
        return Error::new(Code::LakeUnsupported, message).with_source(error);
    }
    if has(&error, |error| matches!(error, DataFusionError::ObjectStore(_))) {
        let message = "a file of the lake cannot be read";
        return Error::new(Code::Unavailable, message).with_source(error);
    }
    Error::internal("the engine that reads the lake has failed").with_source(error)
}

fn is_too_deep(error: &DataFusionError) -> bool {
    matches!(error, DataFusionError::SQL(error, _)
        if matches!(**error, ParserError::RecursionLimitExceeded))
}

/// Whether an error, or one that it is made of, is such. Parts of a plan wrap those of others.
fn has(error: &DataFusionError, is: fn(&DataFusionError) -> bool) -> bool {
    if is(error) {
        return true;
    }
    let found = |error: &(dyn std::error::Error + Send + Sync + 'static)| {
        error.downcast_ref::<DataFusionError>().is_some_and(|error| has(error, is))
    };
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            has(inner, is)
        }
        DataFusionError::Shared(inner) => has(inner, is),
        DataFusionError::Collection(all) => all.iter().any(|error| has(error, is)),
        DataFusionError::External(inner) => found(&**inner),
        DataFusionError::ArrowError(inner, _) => match &**inner {
            ArrowError::ExternalError(inner) => found(&**inner),
            ArrowError::IoError(_, inner) => inner.get_ref().is_some_and(found),
            _ => false,
        },
        _ => false,
    }
}
