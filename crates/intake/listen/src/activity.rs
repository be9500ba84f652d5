//! What one connection is doing, and when it has done it for too long.

use crate::ListenLimits;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// What an HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No request has come.
    New,
    /// A head has begun.
    Head,
    /// So many requests are open.
    Busy(usize),
    /// Between requests.
    Idle,
    /// The last answer was written.
    Closing,
}

/// Why the server closes a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A request's head did not come in time.
    Head,
    /// No request came for long.
    Idle,
    /// An answer was not read.
    Write,
    /// Another needed its place.
    Displaced,
}

impl Cause {
    pub const ALL: [Self; 4] = [Self::Head, Self::Idle, Self::Write, Self::Displaced];

    /// As metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head_timeout",
            Self::Idle => "idle_timeout",
            Self::Write => "write_timeout",
            Self::Displaced => "displaced",
        }
    }
}

/// How readily a connection gives its place to another; the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// It has asked nothing for a while.
    Mute,
    /// It is between requests.
    Idle,
    /// It streams events.
    Stream,
    /// Its request takes long.
    Slow,
}

/// What a connection is doing; shared by those who serve, watch and displace it.
#[derive(Debug)]
pub(crate) struct Activity {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Bytes of the preface that have come; none when it speaks HTTP/1.1.
    preface: Option<usize>,
    is_stream: bool,
    /// Whether the body of a request was left unread, over HTTP/1.1.
    is_unread: bool,
    /// Since when the client takes nothing of what is to be written.
    blocked: Option<Instant>,
}

impl Activity {
    /// Of a connection that is new.
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

    /// Bytes have come.
    pub fn read(&self, bytes: &[u8]) {
        let mut state = self.lock();
        match (state.phase, state.preface) {
            (Phase::New, Some(known)) if known < PREFACE.len() => {
                let rest = &PREFACE[known..];
                let compared = rest.len().min(bytes.len());
                if rest[..compared] != bytes[..compared] {
                    // The head began when the connection did.
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

    /// What was to be written was taken, or not.
    pub fn wrote(&self, taken: bool) {
        let mut state = self.lock();
        match (taken, state.blocked) {
            (true, Some(_)) => state.blocked = None,
            (false, None) => state.blocked = Some(Instant::now()),
            _ => {}
        }
    }

    /// A request's head has come.
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

    /// Its answer is a stream of events.
    pub fn is_stream(&self) {
        self.lock().is_stream = true;
    }

    /// Its answer was made; true when it was the last.
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

    /// The body of a request was left unread.
    pub fn unread(&self) {
        let mut state = self.lock();
        // Over HTTP/2 the rest of it alone is refused.
        state.is_unread |= state.preface.is_none();
    }

    /// Whether one was.
    pub fn is_unread(&self) -> bool {
        self.lock().is_unread
    }

    /// The last answer was written; whether the client may be sending still.
    pub fn closing(&self) -> bool {
        let mut state = self.lock();
        state.turn(Phase::Closing);
        state.is_unread
    }

    /// Why it is to be closed now, or how long to look away.
    pub fn due(&self, now: Instant, limits: &ListenLimits) -> Result<Cause, Duration> {
        let state = self.lock();
        let deadline = match state.phase {
            Phase::New | Phase::Head => Some((state.since + limits.head_timeout, Cause::Head)),
            Phase::Idle => Some((state.since + limits.idle_timeout, Cause::Idle)),
            // It ends by itself.
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
            // What it does may change meanwhile.
            Some((deadline, _)) => Err((deadline - now).min(limits.look_interval())),
            None => Err(limits.look_interval()),
        }
    }

    /// How readily it gives its place to another, and since when it is like that; none when it does not.
    pub fn rank(&self, now: Instant, limits: &ListenLimits) -> Option<(Rank, Instant)> {
        let state = self.lock();
        let age = now.saturating_duration_since(state.since);
        let rank = match state.phase {
            Phase::New | Phase::Head | Phase::Closing if age >= MUTE_GRACE => Rank::Mute,
            // Closed now, it would take the answer from a client that is still sending.
            Phase::Closing => return None,
            Phase::New | Phase::Head => Rank::Idle,
            // Its next request may be on its way.
            Phase::Idle if age < IDLE_GRACE => return None,
            Phase::Idle if state.blocked.is_none() => Rank::Idle,
            // Its answer was made and is not sent yet.
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

/// How long a connection that was answered counts as one that is about to ask again.
const IDLE_GRACE: Duration = Duration::from_millis(100);

/// How long a new connection counts as one that is about to ask: the way there and back.
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
            // It is asked whether it is there.
            (&whole, None),
        ] {
            let activity = Activity::new();
            // In drops: a byte a time changes nothing.
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
