//! Partners: external hosts that our services call, and who is to blame when they do not answer
//! well.

mod blame;
mod judged;

pub use blame::{Blame, BlameReason};
pub use judged::Ended;
use judged::Judged;

use crate::Analysis;
use hinomi_model::{Selection, Text, TimeRange};
use hinomi_query::{
    QueryError,
    answer::{CallerTally, Lost, PartnerCalls},
};
use std::{cmp::Reverse, time::Duration};

/// All partners, compared with another time.
#[derive(Debug, Clone, PartialEq)]
pub struct Partners {
    /// The time that the answer covers, widened to whole rollups.
    pub range: TimeRange,
    /// The other time, widened the same way; `None` when nothing is compared.
    pub against: Option<TimeRange>,
    /// Whether any partner was called at the other time.
    pub has_before: bool,
    /// The partners: those with trouble first, then those that had some, then by number of calls.
    pub hosts: Vec<Partner>,
    /// Damaged data that is missing at either time; empty when the answer is complete.
    pub lost: Vec<Lost>,
}

/// One external host.
#[derive(Debug, Clone, PartialEq)]
pub struct Partner {
    /// `host[:port]`.
    pub host: Text,
    /// Calls of all callers together.
    pub all: PartnerCalls,
    /// Those calls at the other time.
    pub before: Option<PartnerCalls>,
    /// Who is to blame for the trouble at the end of the range.
    pub blame: Blame,
    /// The last trouble in the range, when there is none at its end.
    pub ended: Option<Ended>,
    /// The calling services, most calls first.
    pub callers: Vec<PartnerCaller>,
}

/// A service that calls a partner.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerCaller {
    /// `service.name`.
    pub service: Text,
    /// Its calls.
    pub calls: PartnerCalls,
    /// Its calls at the other time.
    pub before: Option<PartnerCalls>,
    /// Instances that saw failures, most failures first. Instances without a name are left out.
    pub failing_instances: Vec<Text>,
    /// 95th percentile over time; `None` where there was no call.
    pub trend: Vec<Option<Duration>>,
}

impl Analysis {
    /// The partners of the selection's services, with the blame for their trouble. A selection that
    /// names a service gives the partners of that service.
    pub async fn partners(
        &self,
        selection: &Selection,
        range: TimeRange,
        against: Option<TimeRange>,
    ) -> Result<Partners, QueryError> {
        let found = self.query.partner_tallies(selection, range, against);
        let found = found.await?;
        let judged = self.judged_partners(selection, range, &found).await?;
        let mut hosts: Vec<Partner> = found
            .hosts
            .into_iter()
            .zip(judged)
            .map(|(tally, Judged { blame, ended })| Partner {
                host: tally.host,
                all: tally.all,
                before: tally.before,
                blame,
                ended,
                callers: tally.callers.into_iter().map(caller).collect(),
            })
            .collect();
        hosts.sort_by_key(|partner| {
            let is_fine = partner.blame.is_fine();
            (is_fine, partner.ended.is_none(), Reverse(partner.all.count))
        });
        Ok(Partners {
            range: found.range,
            against: found.against,
            has_before: found.has_before,
            hosts,
            lost: found.lost,
        })
    }
}

fn caller(tally: CallerTally) -> PartnerCaller {
    let failing = tally.failing.into_iter();
    PartnerCaller {
        service: tally.service,
        calls: tally.calls,
        before: tally.before,
        failing_instances: failing.map(|(instance, _)| instance).collect(),
        trend: tally.trend,
    }
}
