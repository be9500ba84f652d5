//! The verdict on a deployment: the comparison of its old and its new version, judged.

pub use hinomi_insight::deployment::{DeploymentVerdict, EXCLUDED, Judgement, Metric, Noticeable};

use crate::Analysis;
use hinomi_insight::deployment::{Side, Step, judge};
use hinomi_model::{Scope, UnixNanos};
use hinomi_query::{
    QueryError,
    answer::{Comparison, DeployedSide, Deployment, VersionSide, VersionStep},
};
use std::time::Duration;

/// A comparison with the verdict on it.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedDeployment {
    /// The old and the new version, compared.
    pub comparison: Comparison,
    /// The verdict, with the numbers that it is based on.
    pub judgement: Judgement,
}

impl JudgedDeployment {
    /// Judges a comparison. Times at which other hosts failed tell nothing about a version.
    pub fn of(comparison: Comparison) -> Self {
        let side = |side: &VersionSide| Side {
            latency: side.latency.clone(),
            errors: side.errors,
        };
        let before: Vec<Side> = comparison
            .steps_before
            .iter()
            .filter(|step| !step.is_troubled)
            .map(|step| side(&step.old))
            .collect();
        let since: Vec<Step> = comparison
            .steps_since
            .iter()
            .map(|step| match step.is_troubled {
                true => Step::default(),
                false => Step {
                    old: side(&step.old),
                    new: side(&step.new),
                },
            })
            .collect();
        Self {
            judgement: judge(&before, &since),
            comparison,
        }
    }

    /// How much time since the deployment is left out, because calls to other hosts failed then.
    pub fn left_out(&self) -> Duration {
        let since = self.comparison.steps_since.iter();
        let troubled = since.filter(|step| step.is_troubled).count();
        self.comparison
            .step
            .saturating_mul(u32::try_from(troubled).unwrap_or(u32::MAX))
    }

    /// The sums of both versions, of the time that is not left out: the old versions before the deployment,
    /// the new one since.
    pub fn sides(&self) -> (DeployedSide, DeployedSide) {
        let told = |step: &&VersionStep| !step.is_troubled;
        let before = self.comparison.steps_before.iter().filter(told);
        let since = self.comparison.steps_since.iter().filter(told);
        let (old, new) = (before.map(|step| &step.old), since.map(|step| &step.new));
        (DeployedSide::of_all(old), DeployedSide::of_all(new))
    }

    /// When the verdict was first reached: the end of the step after which it was.
    pub fn called_at(&self) -> Option<UnixNanos> {
        let steps = self.judgement.since? + 1;
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let after = self.comparison.step.saturating_mul(steps);
        Some(self.comparison.since.from.plus(after))
    }
}

impl Analysis {
    /// The verdict on a deployment of the scope's project, up to now.
    pub async fn judged(
        &self,
        scope: &Scope,
        deployment: &Deployment,
    ) -> Result<JudgedDeployment, QueryError> {
        let comparison = self.query.comparison(scope, deployment).await?;
        Ok(JudgedDeployment::of(comparison))
    }
}
