//! Log line about a port's connections: at most one per minute, with what happened since the last
//! one.

use crate::PortMetrics;
use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Minimum time between two lines.
const INTERVAL: Duration = Duration::from_secs(60);

/// Number of connections closed for slowness that is worth a line. Single ones are normal: browsers
/// open connections that they may not need.
const NEWS: u64 = 20;

#[derive(Debug, Default)]
pub(crate) struct Notice {
    last: Mutex<Option<(Instant, [u64; 6])>>,
}

impl Notice {
    /// Returns the line if one is due.
    pub fn due(&self, metrics: &PortMetrics, now: Instant) -> Option<String> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, before) = last.map_or((None, [0; 6]), |(at, before)| (Some(at), before));
        if said.is_some_and(|at| now < at + INTERVAL) {
            return None;
        }
        let mut counts = [0; 6];
        let (mut line, mut news) = (String::new(), 0);
        for (at, (name, count)) in metrics.troubles().into_iter().enumerate() {
            let since = count - before[at];
            counts[at] = count;
            if since > 0 {
                let _ = write!(
                    line,
                    "{}{name}={since}",
                    if line.is_empty() { "" } else { " " }
                );
            }
            // The first three counts mean a lack of room, so one of them is enough for a line.
            news += if at < 3 { since * NEWS } else { since };
        }
        if news < NEWS {
            return None;
        }
        *last = Some((now, counts));
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Cause;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn one_line_a_minute_says_all_that_happened_since() {
        let (notice, metrics) = (Notice::default(), PortMetrics::default());
        let due = || notice.due(&metrics, Instant::now());
        metrics.closed(Cause::Head).inc();
        assert_eq!(due(), None, "one silent connection is no news");
        metrics.closed(Cause::Displaced).inc_by(3);
        assert_eq!(due().unwrap(), "displaced=3 slow_heads=1");
        metrics.closed(Cause::Displaced).inc();
        metrics.refused.inc_by(5);
        advance(Duration::from_secs(59)).await;
        assert_eq!(due(), None);
        advance(Duration::from_secs(1)).await;
        assert_eq!(due().unwrap(), "displaced=1 refused=5");
        advance(Duration::from_secs(600)).await;
        assert_eq!(due(), None, "nothing happened");
    }
}
