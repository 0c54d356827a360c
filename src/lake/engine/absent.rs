//! In place of the engine, where the build has none.

use futures_util::stream::BoxStream;

use super::{EngineOptions, Texts, require_built_in};
use crate::error::{Error, Result};
use crate::lake::curated::SalesScan;
use crate::lake::{Part, Question};

/// The engine, which this build does not have: there is no value of this type.
#[derive(Debug)]
pub enum LakeEngine {}

/// A question under way, of which there is none.
#[derive(Debug)]
pub enum Answering {}

impl LakeEngine {
    /// Refuses.
    ///
    /// # Errors
    /// `LAKE_UNAVAILABLE`.
    pub fn new(_options: &EngineOptions) -> Result<Self> {
        require_built_in()?;
        Err(Error::internal("an engine that is not there"))
    }

    /// Nobody can call it.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "as where there is an engine")]
    pub async fn begin(&self, _scan: SalesScan, _question: &Question) -> Result<Answering> {
        match *self {}
    }
}

impl Answering {
    /// Nobody can call it.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "as where there is an engine")]
    pub async fn part(&mut self, _part: &Part) -> Result<BoxStream<'static, Result<Texts>>> {
        match *self {}
    }
}
