//! Standard error shared by progress bars and the log.

use std::io;
use std::sync::LazyLock;

use indicatif::MultiProgress;

static SCREEN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Where progress bars go; the log writes around them.
#[must_use]
pub fn screen() -> &'static MultiProgress {
    &SCREEN
}

/// Standard error, with the bars hidden while a line is written.
pub(super) fn stderr() -> impl io::Write {
    AroundBars
}

struct AroundBars;

impl io::Write for AroundBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SCREEN.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
