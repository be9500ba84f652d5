//! Many services, for tests.

use super::services;
use hinomi_analysis::{ServiceSummary, Verdict};

/// `count` services: copies of the sample services, with a number in the name of every copy but the
/// first.
pub fn many_services(count: usize) -> Vec<ServiceSummary> {
    let some = services(16);
    let mut many: Vec<ServiceSummary> = (0..count)
        .map(|number| {
            let (round, at) = (number / some.len(), number % some.len());
            let mut service = some[at].clone();
            if round > 0 {
                service.service = format!("{}-{round}", service.service).into();
            }
            service
        })
        .collect();
    many.sort_by_key(|service| match service.health.verdict {
        Verdict::Bad(_) => 0,
        Verdict::Watch(_) => 1,
        Verdict::NoData { .. } => 2,
        Verdict::Ok => 3,
    });
    many
}
