//! The bytes of a connection, observed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Phase;
use super::registry::Slot;

/// Most bytes that are read to see that there are some: mostly a whole head.
const FIRST_BYTES: usize = 1024;

/// A stream that notes what arrives and what is taken. It has the connection's slot, also
/// after an upgrade.
#[derive(Debug)]
pub(super) struct ObservedStream<S> {
    stream: S,
    pub(super) slot: Slot,
    /// What has been read and is read again.
    unread: Bytes,
}

impl<S> ObservedStream<S> {
    pub(super) fn new(stream: S, slot: Slot) -> Self {
        Self { stream, slot, unread: Bytes::new() }
    }

    /// Has these bytes read again, before others. They are of the next request.
    pub(super) fn put_back(&mut self, bytes: Bytes) {
        self.slot.activity.received();
        self.unread = bytes;
    }
}

impl<S: AsyncRead + Unpin> ObservedStream<S> {
    /// Waits until there is something to read, or the end. It reads, for bytes of TLS need not
    /// hold any of a request; into the stack, so that nothing is held meanwhile.
    pub(super) fn poll_arrival(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut bytes = [0; FIRST_BYTES];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut *self).poll_read(context, &mut buffer))?;
        self.unread = Bytes::copy_from_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ObservedStream<S> {
    /// While a complete request is handled the end of the stream is held back: a client
    /// that has closed its sending side only would lose its response.
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, slot, unread } = self.get_mut();
        if !unread.is_empty() {
            let count = unread.len().min(buffer.remaining());
            buffer.put_slice(&unread.split_to(count));
            return Poll::Ready(Ok(()));
        }
        let activity = &slot.activity;
        if activity.phase() == Phase::HalfClosed {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            activity.received();
        } else if buffer.remaining() > 0 && activity.half_closed() {
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> ObservedStream<S> {
    fn note<T>(&self, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.slot.activity.writes(written.is_ready());
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ObservedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.note(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.note(shut)
    }
}
