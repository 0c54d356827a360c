//! A failure while a plan is carried out, and the field of the answer it is of.

use async_graphql::{Name, PathSegment, Pos, ServerError};

use super::errors::server_error;
use crate::error::Error;

/// From the response's root to a field.
pub(super) type Path = Vec<PathSegment>;

/// Where the objects of a level stand, by their number in it. Paths are only
/// made when something fails.
pub(super) type Places<'a> = &'a (dyn Fn(usize) -> Path + Sync);

/// A failure of a field. It makes the nearest field around it null that may be.
#[derive(Debug)]
pub(super) struct Failure {
    error: Error,
    path: Path,
}

/// A result with [`Failure`].
pub(super) type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// For `map_err`: the failure of the first object of a level. A level is read
    /// at once and fails at once, so one failure stands for all its objects.
    pub(super) fn of(places: Places<'_>) -> impl Fn(Error) -> Self + '_ {
        Self::at(places, 0)
    }

    /// For `map_err`: the failure of one object.
    pub(super) fn at(places: Places<'_>, object: usize) -> impl Fn(Error) -> Self + '_ {
        move |error| Self { error, path: places(object) }
    }

    /// As clients see it, with the place of the root field in the document.
    pub(super) fn into_server_error(self, position: Pos) -> ServerError {
        server_error(self.error, position).with_path(self.path)
    }
}

/// A path to a field of an object.
pub(super) fn field(mut object: Path, key: &Name) -> Path {
    object.push(PathSegment::Field(key.to_string()));
    object
}

/// A path to an element of a list.
pub(super) fn element(mut list: Path, index: usize) -> Path {
    list.push(PathSegment::Index(index));
    list
}
