//! Exit codes, and how errors map to them.

use std::io::Write as _;
use std::process::ExitCode;

use crate::error::{Code, Error};

/// How the program ends. Schedulers rely on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Success.
    Done,
    /// Failure; standard error says why.
    Failed,
    /// An invalid argument or configuration.
    Usage,
    /// A load succeeded, and some rows were rejected.
    DoneWithRejects,
    /// Another run holds the lock.
    Locked,
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::DoneWithRejects => 3,
            Self::Locked => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error.code() {
            Code::BadUserInput | Code::Config => Self::Usage,
            Code::Locked => Self::Locked,
            Code::Forbidden
            | Code::NotFound
            | Code::Conflict
            | Code::Timeout
            | Code::Unavailable
            | Code::LakeOutdated
            | Code::LakeUnavailable
            | Code::LakeUnsupported
            | Code::LakeLimit
            | Code::Internal => Self::Failed,
        }
    }
}

/// Reports an error on standard error and maps it to an exit code.
#[must_use]
pub fn report(error: &Error) -> Exit {
    // If standard error is closed, the exit code still reports the failure.
    let _ = writeln!(std::io::stderr(), "error: {}", error.detail());
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_has_an_exit_code() {
        for (code, number) in [
            (Code::BadUserInput, 2),
            (Code::NotFound, 1),
            (Code::Conflict, 1),
            (Code::Locked, 4),
            (Code::Config, 2),
            (Code::Timeout, 1),
            (Code::Unavailable, 1),
            (Code::Internal, 1),
        ] {
            let exit = Exit::from(&Error::new(code, "why"));
            assert_eq!(exit.number(), number, "{}", code.as_str());
        }
        assert_eq!((Exit::Done.number(), Exit::DoneWithRejects.number()), (0, 3));
    }
}
