//! A connection's byte stream. It records reads and writes in its [`Activity`]. If the client had
//! not sent everything when the last answer was written, the connection is read a while longer
//! (linger). Closing at once would lose that answer for a client that sends everything before it
//! reads: when its system learns that sent data was refused, it discards received data that was not
//! read yet.

use crate::{ListenLimits, activity::Activity};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Bytes that are read and discarded at once.
const DROPPED_BYTES: usize = 8 << 10;

pub(crate) struct Socket<T> {
    io: T,
    activity: Arc<Activity>,
    limits: Arc<ListenLimits>,
    /// Deadline and remaining bytes of the linger.
    linger: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<T> Socket<T> {
    pub fn new(io: T, activity: Arc<Activity>, limits: Arc<ListenLimits>) -> Self {
        Self {
            io,
            activity,
            limits,
            linger: None,
        }
    }

    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        self.activity.wrote(written.is_ready());
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Socket<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(context, buffer))?;
        let bytes = &buffer.filled()[before..];
        if !bytes.is_empty() {
            self.activity.read(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, pieces);
        self.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.io).poll_shutdown(context))?;
            if !this.activity.closing() {
                return Poll::Ready(Ok(()));
            }
        }
        let limits = &this.limits;
        let (until, left) = this.linger.get_or_insert_with(|| {
            let until = sleep_until(Instant::now() + limits.linger);
            (Box::pin(until), limits.linger_bytes)
        });
        let mut dropped = [0; DROPPED_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut dropped);
            let Poll::Ready(read) = Pin::new(&mut this.io).poll_read(context, &mut buffer) else {
                ready!(until.as_mut().poll(context));
                return Poll::Ready(Ok(()));
            };
            let bytes = buffer.filled().len();
            *left = left.saturating_sub(bytes);
            if read.is_err() || bytes == 0 || *left == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
