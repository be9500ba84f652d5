//! Enforces a minimum rate of a request's body. A body that is too slow ends with [`TooSlow`],
//! which frees its memory.

use crate::{Pace, PortMetrics};
use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Error: the body came too slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request came too slowly: less than {due} bytes within {} s", window.as_secs())]
pub struct TooSlow {
    due: usize,
    window: Duration,
}

impl TooSlow {
    /// Finds this error in the source chain of another error.
    pub fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(slow) = error.downcast_ref() {
                return Some(*slow);
            }
            cause = error.source();
        }
        None
    }
}

/// Body `B` with a minimum rate.
pub(crate) struct Paced<B> {
    body: B,
    pace: Pace,
    metrics: PortMetrics,
    /// Bytes received before the current window, and within it.
    received: (usize, usize),
    /// Time spent waiting for bytes in the current window. Time during which nobody reads the body
    /// does not count against the sender.
    waited: Duration,
    waits_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    pub fn new(body: B, pace: Pace, metrics: PortMetrics) -> Self {
        Self {
            body,
            pace,
            metrics,
            received: (0, 0),
            waited: Duration::ZERO,
            waits_since: None,
            timer: None,
        }
    }

    /// Records received bytes. Returns an error if they are late.
    fn came(&mut self, bytes: usize) -> Result<(), TooSlow> {
        self.received.1 += bytes;
        if self.received.1 >= self.pace.due(self.received.0) {
            self.received = (self.received.0 + self.received.1, 0);
            self.waited = Duration::ZERO;
        }
        self.in_time()
    }

    fn in_time(&self) -> Result<(), TooSlow> {
        if self.waited < self.pace.window {
            return Ok(());
        }
        self.metrics.slow_bodies.inc();
        Err(TooSlow {
            due: self.pace.due(self.received.0),
            window: self.pace.window,
        })
    }

    /// Waits for bytes until the current window ends.
    fn wait(&mut self, context: &mut Context<'_>) {
        let now = Instant::now();
        self.waits_since = Some(now);
        let end = now + (self.pace.window - self.waited);
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        timer.as_mut().reset(end);
        if timer.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(since) = self.waits_since.take() {
            self.waited += since.elapsed();
        }
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.came(frame.data_ref().map_or(0, Buf::remaining))?;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.in_time()?;
                self.wait(context);
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use http_body_util::{BodyExt, StreamBody};
    use std::convert::Infallible;
    use tokio::time::sleep;

    const PACE: Pace = Pace {
        window: Duration::from_secs(5),
        bytes: 1_000,
        part: 8,
    };

    /// Reads a body whose pieces arrive after the given milliseconds. Returns its size and the time
    /// it took.
    async fn read(pieces: Vec<(u64, usize)>) -> (Result<usize, TooSlow>, Duration) {
        let begin = Instant::now();
        let pieces = stream::unfold(pieces.into_iter(), async |mut pieces| {
            let (wait, bytes) = pieces.next()?;
            sleep(Duration::from_millis(wait)).await;
            let frame = Frame::data(Bytes::from(vec![7; bytes]));
            Some((Ok::<_, Infallible>(frame), pieces))
        });
        let body = StreamBody::new(Box::pin(pieces));
        let read = Paced::new(body, PACE, PortMetrics::default())
            .collect()
            .await;
        let read = read
            .map(|all| all.to_bytes().len())
            .map_err(|error| TooSlow::of(&*error).unwrap());
        (read, begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_or_drips_ends_with_its_window() {
        let (stopped, took) = read(vec![(0, 100_000), (60_000, 1)]).await;
        assert!(stopped.is_err());
        assert_eq!(took, PACE.window);
        let (drips, took) = read(vec![(100, 10); 1_000]).await;
        assert!(drips.is_err());
        assert_eq!(took, PACE.window);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_waited_for() {
        let (read, took) = read(vec![(1_000, 250); 30]).await;
        assert_eq!(read, Ok(7_500));
        assert_eq!(took, Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_holds_much_has_to_bring_more() {
        let slow = vec![(1_000, 2_000); 3];
        assert!(
            read([vec![(0, 100_000)], slow.clone()].concat())
                .await
                .0
                .is_ok()
        );
        let longer = vec![(1_000, 2_000); 60];
        let (read, took) = read([vec![(0, 100_000)], longer].concat()).await;
        assert!(read.is_err());
        assert_eq!(took, PACE.window);
    }
}
