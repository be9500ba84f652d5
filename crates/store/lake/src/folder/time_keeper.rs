//! Keeps the store's time across restarts: a trusted clock, and the file `state` that saves it
//! together with the default disk budget.
//!
//! The file is written once a minute and at the end: completely, under a temporary name, synced,
//! renamed, and its folder synced. A missing or damaged file, or one of a later version, counts as
//! absent. Ages then start at the newest data, which deletes nothing.
//!
//! The file has one `name value` pair per line, with instants and durations in nanoseconds. The
//! last line is the CRC32C of the lines before it. `docs/formats/state.md` describes it.

use crate::{
    LakeLimits, OpenError, catalog,
    folder::{
        files,
        path::{Layout, temporary},
    },
    segment::{
        Segment,
        ahead::{Ahead, Seen},
    },
};
use hinomi_io::{Clock, Disk, SavedTime, TrustedClock};
use hinomi_model::UnixNanos;
use std::{
    fmt::Write,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// First line of the file.
const HEAD: &str = "hinomi-state 1";
/// Largest file that is read, in bytes.
const LONGEST: u64 = 4_096;
/// Interval at which the time is saved.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// The trusted clock, and the other saved values.
pub(crate) struct TimeKeeper {
    pub clock: Arc<TrustedClock>,
    /// The default disk budget of earlier starts.
    pub kept_budget: Option<u64>,
    kept: Mutex<Kept>,
}

/// Contents of the file: the time, data ahead of time, and the default disk budget.
type Contents = (SavedTime, Ahead, u64);

struct Kept {
    ahead: Ahead,
    /// When the file was last saved, on the monotonic clock.
    saved: Duration,
}

impl TimeKeeper {
    /// Continues from the folder's file. If there is none, `newest` returns the time of the newest
    /// data.
    pub fn start(
        disk: &dyn Disk,
        layout: &Layout,
        machine: Arc<dyn Clock>,
        limits: &LakeLimits,
        newest: impl FnOnce() -> Result<Option<i64>, OpenError>,
    ) -> Result<Self, OpenError> {
        let (saved, ahead, kept_budget) = match read(disk, &layout.kept()) {
            Ok((saved, ahead, budget)) => (Some(saved), ahead, Some(budget)),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(
                        %error,
                        "the saved time could not be read: ages begin at the newest data, nothing is deleted for it"
                    );
                }
                (None, Ahead::default(), None)
            }
        };
        let newest = if saved.is_none() { newest()? } else { None };
        let began = machine.monotonic();
        let clock = TrustedClock::start(machine, limits.clock, saved.as_ref(), newest);
        Ok(Self {
            clock: Arc::new(clock),
            kept_budget,
            kept: Mutex::new(Kept {
                ahead,
                saved: began,
            }),
        })
    }

    /// Checks for data ahead of time. Returns what is known about it, the current time, and the
    /// instant from which ages are measured.
    pub fn look(&self, segments: &[Arc<Segment>]) -> (Ahead, UnixNanos, UnixNanos) {
        let status = self.clock.status();
        let now = UnixNanos(status.now);
        let mut kept = self.kept();
        kept.ahead.look(segments, now);
        (kept.ahead.clone(), now, UnixNanos(status.age))
    }

    /// Saves the time if the last save is a minute old.
    pub fn save_again(&self, disk: &dyn Disk, layout: &Layout, budget: u64) {
        let now = self.clock.monotonic();
        if now.saturating_sub(self.kept().saved) >= SAVE_EVERY {
            self.save(disk, layout, budget);
        }
    }

    /// Saves the time. If this fails, the previous file stays and only the time since then is lost.
    pub fn save(&self, disk: &dyn Disk, layout: &Layout, budget: u64) {
        let ahead = {
            let mut kept = self.kept();
            kept.saved = self.clock.monotonic();
            kept.ahead.clone()
        };
        if let Err(error) = write(disk, layout, &text(&self.clock.saved(), &ahead, budget)) {
            tracing::warn!(%error, "the time could not be saved; it is tried again in a minute");
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts the machine's clock as correct for a stopped folder, on an operator's request. From the
/// next start on, the age of data follows it. Returns by how much the data are older than the store
/// assumed.
pub fn accept_clock(
    disk: &dyn Disk,
    dir: &Path,
    machine: Arc<dyn Clock>,
) -> Result<Duration, OpenError> {
    let layout = Layout { dir: dir.into() };
    let failed = |source: io::Error| OpenError::Unwritable {
        path: dir.into(),
        source,
    };
    if !catalog::exists(disk, &layout) {
        return Err(failed(io::ErrorKind::NotFound.into()));
    }
    let _lock = disk.lock(dir).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => OpenError::Locked { path: dir.into() },
        _ => failed(source),
    })?;
    let time = TimeKeeper::start(disk, &layout, machine, &LakeLimits::default(), || Ok(None))?;
    let before = time.clock.age();
    time.clock.accept();
    let budget = time.kept_budget.unwrap_or(0);
    let text = text(&time.clock.saved(), &time.kept().ahead, budget);
    write(disk, &layout, &text).map_err(failed)?;
    let older = time.clock.age().saturating_sub(before);
    Ok(Duration::from_nanos(u64::try_from(older).unwrap_or(0)))
}

fn write(disk: &dyn Disk, layout: &Layout, text: &str) -> io::Result<()> {
    let file = layout.kept();
    let unfinished = temporary(&file);
    match disk.remove(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    files::write(disk, &unfinished, text.as_bytes())?;
    disk.rename(&unfinished, &file)?;
    disk.sync_dir(&layout.dir)
}

fn read(disk: &dyn Disk, path: &Path) -> io::Result<Contents> {
    if disk.open(path)?.len()? > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let bytes = files::read(disk, path)?;
    let parsed = std::str::from_utf8(&bytes).ok().and_then(parse);
    parsed.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn text(saved: &SavedTime, ahead: &Ahead, budget: u64) -> String {
    let boot = saved.boot.map(|boot| format!("{boot:032x}"));
    let mut text = format!(
        "{HEAD}\nnow {}\nage {}\nagreed {}\nestablished {}\nconfirmed {}\nboot {}\nuptime {}\nbudget {budget}\n",
        saved.now,
        saved.age,
        saved.agreed.as_nanos(),
        u8::from(saved.established),
        u8::from(saved.confirmed),
        boot.as_deref().unwrap_or("-"),
        saved.uptime.as_nanos(),
    );
    for seen in ahead.seen() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "ahead {} {}", seen.until.0, seen.at.0);
    }
    let sum = crc32c::crc32c(text.as_bytes());
    let _ = writeln!(text, "crc32c {sum:08x}");
    text
}

fn parse(text: &str) -> Option<Contents> {
    let body = &text[..text.trim_end_matches('\n').rfind('\n')? + 1];
    let sum = text[body.len()..]
        .strip_suffix('\n')?
        .strip_prefix("crc32c ")?;
    if u32::from_str_radix(sum, 16).ok()? != crc32c::crc32c(body.as_bytes()) {
        return None;
    }
    let mut lines = body.lines();
    if lines.next()? != HEAD {
        return None;
    }
    let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let length = |text: &str| Some(Duration::from_nanos(text.parse().ok()?));
    let saved = SavedTime {
        now: value("now")?.parse().ok()?,
        age: value("age")?.parse().ok()?,
        agreed: length(value("agreed")?)?,
        established: value("established")? == "1",
        confirmed: value("confirmed")? == "1",
        boot: match value("boot")? {
            "-" => None,
            boot => Some(u128::from_str_radix(boot, 16).ok()?),
        },
        uptime: length(value("uptime")?)?,
    };
    let budget = value("budget")?.parse().ok()?;
    let seen = lines.map(|line| {
        let (until, at) = line.strip_prefix("ahead ")?.split_once(' ')?;
        let instant = |text: &str| text.parse().ok().map(UnixNanos);
        Some(Seen {
            until: instant(until)?,
            at: instant(at)?,
        })
    });
    let ahead = Ahead::of(seen.collect::<Option<_>>()?);
    Some((saved, ahead, budget))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(boot: Option<u128>) -> (SavedTime, Ahead) {
        let time = SavedTime {
            now: 1_795_352_400_000_000_000,
            age: -5,
            agreed: Duration::from_secs(77),
            established: true,
            confirmed: false,
            boot,
            uptime: Duration::from_nanos(u64::MAX),
        };
        let ahead = Ahead::of(vec![Seen {
            until: UnixNanos(i64::MAX),
            at: UnixNanos(7),
        }]);
        (time, ahead)
    }

    #[test]
    fn what_was_saved_is_read_and_any_damage_counts_as_absent() {
        for boot in [None, Some(0), Some(u128::MAX)] {
            let (time, ahead) = saved(boot);
            let text = text(&time, &ahead, u64::MAX);
            assert_eq!(parse(&text), Some((time, ahead, u64::MAX)));
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                let damaged = String::from_utf8(bytes).unwrap();
                assert_eq!(parse(&damaged), None, "{at}");
                assert_eq!(parse(&text[..at]), None, "cut at {at}");
            }
        }
    }
}
