//! Failures of the engine as errors of this program.

use datafusion::error::DataFusionError;

use crate::error::{Code, Error};

/// A failure of DataFusion. What it says may hold values, so it is for the log only.
pub(super) fn of(error: DataFusionError) -> Error {
    let root = error.find_root();
    if matches!(root, DataFusionError::ResourcesExhausted(_)) {
        let message = "the question needs more memory, or more room for temporary files, than \
                       LAKE_ENGINE_MEMORY and LAKE_ENGINE_SPILL give the engine: group by less, \
                       filter, raise them, or ask with engine: POSTGRES";
        return Error::new(Code::LakeLimit, message).with_source(error);
    }
    if matches!(root, DataFusionError::ObjectStore(_)) {
        let message = "a file of the lake cannot be read";
        return Error::new(Code::Unavailable, message).with_source(error);
    }
    Error::internal("the engine that reads the lake has failed").with_source(error)
}
