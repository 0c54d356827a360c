//! How benchmarks begin and end.

use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use crate::Result;

/// Two threads: one waits for a program to end, the other answers and takes what it prints.
pub(crate) fn runtime() -> Result<Runtime> {
    Ok(Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// The exit code of a result, whose error is printed.
pub(crate) fn code(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
