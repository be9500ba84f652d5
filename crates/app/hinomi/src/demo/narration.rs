//! What the workload does, told a line at a time: a person can hold the screens against it.

use hinomi_sim::{Fault, FaultKind, Release, ReleaseKind, Workload};
use jiff::{Timestamp, tz::TimeZone};

/// Tells when faults and releases begin and end.
pub struct Narrator {
    workload: Workload,
    zone: TimeZone,
}

/// Something begins or ends.
struct Event {
    at_unix_ns: i64,
    text: String,
}

impl Narrator {
    /// A narrator that tells times in the zone of the machine.
    pub fn new(workload: Workload) -> Self {
        Self {
            workload,
            zone: TimeZone::system(),
        }
    }

    /// What happens in `[from, to)`, with dates.
    pub fn of_history(&self, from_unix_ns: i64, to_unix_ns: i64) -> Vec<String> {
        self.lines(from_unix_ns, to_unix_ns, "%Y-%m-%d %H:%M:%S")
    }

    /// What happens in `[from, to)`.
    pub fn between(&self, from_unix_ns: i64, to_unix_ns: i64) -> Vec<String> {
        self.lines(from_unix_ns, to_unix_ns, "%H:%M:%S")
    }

    fn lines(&self, from: i64, to: i64, format: &str) -> Vec<String> {
        // One that ends at `from` is told, too.
        let faults = self
            .workload
            .schedule(from - 1, to)
            .into_iter()
            .flat_map(of_fault);
        // A rollout may have begun before.
        let releases = self.workload.releases(from - LONGEST_ROLLOUT, to);
        let releases = releases
            .into_iter()
            .flat_map(|release| of_release(&release));
        let mut events: Vec<Event> = faults
            .chain(releases)
            .filter(|event| (from..to).contains(&event.at_unix_ns))
            .collect();
        events.sort_by_key(|event| event.at_unix_ns);
        let line = |event: Event| {
            let at = Timestamp::from_nanosecond(i128::from(event.at_unix_ns)).unwrap_or_default();
            let at = at.to_zoned(self.zone.clone()).strftime(format).to_string();
            format!("{at}  {}", event.text)
        };
        events.into_iter().map(line).collect()
    }
}

/// No rollout takes longer.
const LONGEST_ROLLOUT: i64 = 600_000_000_000;

fn of_fault(fault: Fault) -> [Event; 2] {
    let what = match fault.kind {
        FaultKind::SlowQuery => "one statement takes twenty times as long",
        FaultKind::LockBurst => "requests wait for a row lock and end together",
        FaultKind::PartnerTimeout => "calls run into the time limit of 3.0 s",
        FaultKind::BadInstance => "one instance is slow and fails",
        FaultKind::ErrorBurst => "one operation throws exceptions",
        FaultKind::Overload => "requests queue, some are refused",
    };
    let partner = fault.partner();
    let partner = partner.map_or_else(String::new, |host| format!(" calling {host}"));
    let (name, service) = (fault.name, fault.service);
    let lasts = (fault.end_unix_ns - fault.start_unix_ns) / 1_000_000_000;
    [
        Event {
            at_unix_ns: fault.start_unix_ns,
            text: format!("begins: {name} ({service}{partner}: {what}), for {lasts} s"),
        },
        Event {
            at_unix_ns: fault.end_unix_ns,
            text: format!("ends:   {name} ({service}{partner})"),
        },
    ]
}

fn of_release(release: &Release) -> [Event; 2] {
    let (service, version) = (release.service, &release.version);
    let what = match (release.kind, release.slower) {
        (ReleaseKind::Harmless, _) => "changes nothing".to_owned(),
        (ReleaseKind::Harmful, Some(operation)) => format!("makes {operation} slower"),
        (ReleaseKind::Harmful, None) => "does harm".to_owned(),
        (ReleaseKind::Fix, _) => "undoes the harm of the one before".to_owned(),
    };
    [
        Event {
            at_unix_ns: release.at_unix_ns,
            text: format!("begins: rollout of {service} {version}, which {what}"),
        },
        Event {
            at_unix_ns: release.done_unix_ns,
            text: format!("ends:   rollout of {service} {version}"),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_sim::WorkloadConfig;

    const NOW: i64 = 1_800_000_000_000_000_000;
    const HOUR: i64 = 3_600_000_000_000;

    fn narrator() -> Narrator {
        Narrator {
            workload: Workload::new(WorkloadConfig::new(NOW)),
            zone: TimeZone::UTC,
        }
    }

    #[test]
    fn tells_each_begin_and_end_once_however_it_is_asked() {
        let narrator = narrator();
        let whole = narrator.between(NOW - HOUR, NOW + HOUR);
        let steps = (NOW - HOUR..NOW + HOUR).step_by(7_000_000_000);
        let step = |from: i64| narrator.between(from, (from + 7_000_000_000).min(NOW + HOUR));
        assert_eq!(steps.flat_map(step).collect::<Vec<_>>(), whole);
        let begun = whole
            .iter()
            .filter(|line| line.contains("  begins: "))
            .count();
        let ended = whole
            .iter()
            .filter(|line| line.contains("  ends:   "))
            .count();
        assert!(begun >= 15 && begun.abs_diff(ended) <= 2, "{whole:#?}");
    }

    #[test]
    fn names_the_partner_the_operation_and_the_time() {
        let lines = narrator().of_history(NOW - HOUR, NOW);
        let has = |text: &str| lines.iter().any(|line| line.contains(text));
        assert!(has("api.amberline.example"), "{lines:#?}");
        assert!(has("begins: rollout of payment"), "{lines:#?}");
        assert!(has("slower"), "{lines:#?}");
        assert!(
            lines.iter().all(|line| line.starts_with("2027-01-15 0")),
            "{lines:#?}"
        );
    }
}
