//! The state of a connection, and how long it may stay in that state.

use crate::ListenLimits;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The connection preface of an HTTP/2 client.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// State of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Opened; no request has arrived.
    New,
    /// A request head has begun.
    Head,
    /// This many requests are open.
    Busy(usize),
    /// Between requests.
    Idle,
    /// The last answer has been written.
    Closing,
}

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A request head did not arrive in time.
    Head,
    /// No request arrived within the idle timeout.
    Idle,
    /// The client did not read an answer in time.
    Write,
    /// Another connection needed its place.
    Displaced,
}

impl Cause {
    pub const ALL: [Self; 4] = [Self::Head, Self::Idle, Self::Write, Self::Displaced];

    /// Name of the reason in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head_timeout",
            Self::Idle => "idle_timeout",
            Self::Write => "write_timeout",
            Self::Displaced => "displaced",
        }
    }
}

/// How readily a connection is displaced; the first kind goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// It has sent no request for a while.
    Mute,
    /// It is between requests.
    Idle,
    /// It streams events.
    Stream,
    /// Its request has been open for long.
    Slow,
}

/// State of a connection, shared by the tasks that serve, monitor and displace it.
#[derive(Debug)]
pub(crate) struct Activity {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Number of preface bytes that have arrived; `None` if the connection speaks HTTP/1.1.
    preface: Option<usize>,
    is_stream: bool,
    /// Whether a request body was left unread; HTTP/1.1 only.
    is_unread: bool,
    /// Since when the client has accepted no bytes although some wait to be written.
    blocked: Option<Instant>,
}

impl Activity {
    /// State of a new connection.
    pub fn new() -> Self {
        let state = State {
            phase: Phase::New,
            since: Instant::now(),
            preface: Some(0),
            is_stream: false,
            is_unread: false,
            blocked: None,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Records that bytes have arrived.
    pub fn read(&self, bytes: &[u8]) {
        let mut state = self.lock();
        match (state.phase, state.preface) {
            (Phase::New, Some(known)) if known < PREFACE.len() => {
                let rest = &PREFACE[known..];
                let compared = rest.len().min(bytes.len());
                if rest[..compared] != bytes[..compared] {
                    // The time of the head counts from when the connection was opened.
                    (state.phase, state.preface) = (Phase::Head, None);
                } else if compared == rest.len() {
                    state.preface = Some(PREFACE.len());
                    state.turn(Phase::Idle);
                } else {
                    state.preface = Some(known + compared);
                }
            }
            (Phase::Idle, None) => state.turn(Phase::Head),
            _ => {}
        }
    }

    /// Records whether the client accepted bytes that were to be written.
    pub fn wrote(&self, taken: bool) {
        let mut state = self.lock();
        match (taken, state.blocked) {
            (true, Some(_)) => state.blocked = None,
            (false, None) => state.blocked = Some(Instant::now()),
            _ => {}
        }
    }

    /// Records that a request's head has arrived.
    pub fn begin(&self) {
        let mut state = self.lock();
        match state.phase {
            Phase::Busy(open) => state.phase = Phase::Busy(open + 1),
            _ => {
                state.is_stream = false;
                state.turn(Phase::Busy(1));
            }
        }
    }

    /// Records that the answer is an event stream.
    pub fn is_stream(&self) {
        self.lock().is_stream = true;
    }

    /// Records that an answer is complete. Returns true if no other request is open.
    pub fn end(&self) -> bool {
        let mut state = self.lock();
        match state.phase {
            Phase::Busy(open) if open > 1 => state.phase = Phase::Busy(open - 1),
            Phase::Busy(_) => {
                state.turn(Phase::Idle);
                return true;
            }
            _ => {}
        }
        false
    }

    /// Records that a request's body was left unread.
    pub fn unread(&self) {
        let mut state = self.lock();
        // Over HTTP/2 only the rest of that stream is refused.
        state.is_unread |= state.preface.is_none();
    }

    /// Whether a request's body was left unread.
    pub fn is_unread(&self) -> bool {
        self.lock().is_unread
    }

    /// Records that the last answer was written. Returns whether the client may still be sending.
    pub fn closing(&self) -> bool {
        let mut state = self.lock();
        state.turn(Phase::Closing);
        state.is_unread
    }

    /// The reason to close the connection now, or the time until the next check.
    pub fn due(&self, now: Instant, limits: &ListenLimits) -> Result<Cause, Duration> {
        let state = self.lock();
        let deadline = match state.phase {
            Phase::New | Phase::Head => Some((state.since + limits.head_timeout, Cause::Head)),
            Phase::Idle => Some((state.since + limits.idle_timeout, Cause::Idle)),
            // The request or the closing ends by itself.
            Phase::Busy(_) | Phase::Closing => None,
        };
        let blocked = state
            .blocked
            .map(|since| (since + limits.write_timeout, Cause::Write));
        let first = deadline
            .into_iter()
            .chain(blocked)
            .min_by_key(|(deadline, _)| *deadline);
        match first {
            Some((deadline, cause)) if deadline <= now => Ok(cause),
            // Bounded, because the state may change meanwhile.
            Some((deadline, _)) => Err((deadline - now).min(limits.look_interval())),
            None => Err(limits.look_interval()),
        }
    }

    /// How readily the connection is displaced, and since when it is in that state; `None` if it
    /// must not be.
    pub fn rank(&self, now: Instant, limits: &ListenLimits) -> Option<(Rank, Instant)> {
        let state = self.lock();
        let age = now.saturating_duration_since(state.since);
        let rank = match state.phase {
            Phase::New | Phase::Head | Phase::Closing if age >= MUTE_GRACE => Rank::Mute,
            // Closing it now would lose the answer to a client that is still sending.
            Phase::Closing => return None,
            Phase::New | Phase::Head => Rank::Idle,
            // The next request may be on its way.
            Phase::Idle if age < IDLE_GRACE => return None,
            Phase::Idle if state.blocked.is_none() => Rank::Idle,
            // The answer is complete but not sent yet.
            Phase::Idle if age >= limits.request_grace => Rank::Slow,
            Phase::Idle => return None,
            Phase::Busy(_) if state.is_stream && age >= limits.stream_grace => Rank::Stream,
            Phase::Busy(_) if !state.is_stream && age >= limits.request_grace => Rank::Slow,
            Phase::Busy(_) => return None,
        };
        Some((rank, state.since))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection counts as about to send its next request for this long after an answer.
const IDLE_GRACE: Duration = Duration::from_millis(100);

/// A new connection counts as about to send a request for this long: one round trip.
const MUTE_GRACE: Duration = Duration::from_secs(1);

impl State {
    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    fn due(activity: &Activity) -> Option<Cause> {
        activity.due(Instant::now(), &ListenLimits::default()).ok()
    }

    fn rank(activity: &Activity) -> Option<Rank> {
        let rank = activity.rank(Instant::now(), &ListenLimits::default());
        rank.map(|(rank, _)| rank)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn silence_half_a_head_and_half_a_preface_end_after_the_same_time() {
        let whole = [PREFACE, b"\0\0\0\x04\0\0\0\0\0"].concat();
        for (sent, cause) in [
            (&b""[..], Some(Cause::Head)),
            (b"GET / HTTP/1.1\r\nHost: l", Some(Cause::Head)),
            (b"PRI * HTTP/2.0\r\n", Some(Cause::Head)),
            (b"PRI * HTTP/1.1\r\n", Some(Cause::Head)),
            // HTTP/2 detects an absent client by pings.
            (&whole, None),
        ] {
            let activity = Activity::new();
            // Byte by byte, which must make no difference.
            for byte in sent.chunks(1) {
                activity.read(byte);
                assert_eq!(due(&activity), None);
            }
            advance(10 * SECOND - Duration::from_millis(1)).await;
            assert_eq!(due(&activity), None);
            advance(Duration::from_millis(1)).await;
            assert_eq!(due(&activity), cause, "{sent:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_a_minute_keeps_a_connection_and_none_ends_it() {
        for preface in [b"POST".as_slice(), PREFACE] {
            let activity = Activity::new();
            activity.read(preface);
            for _ in 0..10 {
                activity.begin();
                assert!(activity.end());
                advance(60 * SECOND).await;
                assert_eq!(due(&activity), None);
                activity.read(b"POST");
            }
            activity.begin();
            advance(3600 * SECOND).await;
            assert_eq!(due(&activity), None, "a request that is open");
            activity.end();
            advance(180 * SECOND).await;
            assert_eq!(due(&activity), Some(Cause::Idle));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_later_head_has_its_time_from_its_first_byte() {
        let activity = Activity::new();
        activity.read(b"G");
        activity.begin();
        activity.end();
        advance(100 * SECOND).await;
        activity.read(b"G");
        advance(9 * SECOND).await;
        activity.read(b"E");
        assert_eq!(due(&activity), None);
        advance(SECOND).await;
        assert_eq!(due(&activity), Some(Cause::Head));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_not_read_ends_the_connection() {
        let activity = Activity::new();
        activity.begin();
        activity.wrote(false);
        advance(29 * SECOND).await;
        activity.wrote(false);
        assert_eq!(due(&activity), None);
        advance(SECOND).await;
        assert_eq!(due(&activity), Some(Cause::Write));
        activity.wrote(true);
        assert_eq!(due(&activity), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_nothing_goes_first_and_a_young_request_never() {
        let (mute, idle, stream, slow) = (
            Activity::new(),
            Activity::new(),
            Activity::new(),
            Activity::new(),
        );
        for asking in [&idle, &stream, &slow] {
            asking.begin();
        }
        stream.is_stream();
        idle.end();
        assert_eq!(rank(&mute), Some(Rank::Idle), "it may be about to ask");
        assert_eq!(rank(&idle), None, "it may be about to ask again");
        assert_eq!((rank(&stream), rank(&slow)), (None, None));
        advance(10 * SECOND).await;
        assert_eq!(rank(&mute), Some(Rank::Mute));
        assert_eq!(rank(&idle), Some(Rank::Idle));
        assert_eq!(rank(&stream), Some(Rank::Stream));
        assert_eq!(rank(&slow), Some(Rank::Slow));
        idle.wrote(false);
        assert_eq!(rank(&idle), Some(Rank::Slow), "its answer is not read");
        assert!(Rank::Mute < Rank::Idle && Rank::Idle < Rank::Stream && Rank::Stream < Rank::Slow);
    }
}
