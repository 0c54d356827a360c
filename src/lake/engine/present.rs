//! The engine of this build.

use futures_util::stream::BoxStream;

use super::bounds;
use super::flight::{self, Flight};
use super::local::{self, Local};
use super::{EngineOptions, Texts};
use crate::error::Result;
use crate::lake::curated::SalesScan;
use crate::lake::{Part, Question};

/// The engine.
#[derive(Debug)]
pub struct LakeEngine(Kind);

#[derive(Debug)]
enum Kind {
    Local(Box<Local>),
    Flight(Box<Flight>),
}

/// A question under way.
#[derive(Debug)]
pub struct Answering(Way);

#[derive(Debug)]
enum Way {
    Local(Box<local::Session>),
    Flight(Box<flight::Session>),
}

impl LakeEngine {
    /// An engine, without a request.
    ///
    /// # Errors
    /// `CONFIG` where there is no folder for its files, or the endpoint is none.
    pub fn new(options: &EngineOptions) -> Result<Self> {
        Ok(Self(match &options.endpoint {
            Some(endpoint) => Kind::Flight(Box::new(Flight::new(endpoint)?)),
            None => Kind::Local(Box::new(Local::new(options)?)),
        }))
    }

    /// Begins to answer a question.
    ///
    /// # Errors
    /// `LAKE_LIMIT` where sums could exceed what engines add up exactly; of an endpoint
    /// `UNAVAILABLE`, and `LAKE_OUTDATED` where its table is not this one.
    pub async fn begin(&self, scan: SalesScan, question: &Question) -> Result<Answering> {
        bounds::check(&scan, question)?;
        Ok(Answering(match &self.0 {
            Kind::Local(local) => Way::Local(Box::new(local.begin(scan, question)?)),
            Kind::Flight(flight) => Way::Flight(Box::new(flight.begin(&scan).await?)),
        }))
    }
}

impl Answering {
    /// The rows of a part.
    ///
    /// # Errors
    /// `LAKE_LIMIT` where the memory or the disk is too small, `UNAVAILABLE` where S3 or the
    /// endpoint does not answer; also among the rows.
    pub async fn part(&mut self, part: &Part) -> Result<BoxStream<'static, Result<Texts>>> {
        match &mut self.0 {
            Way::Local(session) => Ok(session.part(part)),
            Way::Flight(session) => session.part(part).await,
        }
    }
}
