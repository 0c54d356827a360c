//! The audit log of what is asked for by the command line.

use nix::unistd::{Uid, User};

use crate::audit::{Asked, Caller};
use crate::error::Result;

/// The operator asks for an action on an object.
pub(super) fn asks(action: &'static str, object: String) -> Asked {
    Asked::new(caller(), action, object)
}

/// The operator. The subject is the user of the operating system, or the user's number if
/// that has no name.
pub(super) fn caller() -> Caller {
    let id = Uid::current();
    let user = User::from_uid(id).ok().flatten();
    let subject = user.map_or_else(|| id.to_string(), |user| user.name);
    Caller { subject, ..Caller::default() }
}

/// Does what the operator asks for.
pub(super) async fn asked<T>(
    action: &'static str,
    object: String,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let asked = asks(action, object);
    let ended = work.await;
    asked.end(&ended);
    ended
}
