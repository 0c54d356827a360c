//! Questions to the engine that reads the lake, as jobs: who serves a request asks and waits, a
//! worker scans.

mod array;
mod handler;
mod request;
mod sweep;

pub use handler::AnswerFromLake;
pub use request::LakeAnswers;
pub(super) use sweep::sweep;
