//! Chooses the next merge, runs it, and remembers the buckets in which a merge must not be tried
//! again.

use crate::{
    LakeError,
    maintenance::compaction::{
        job::{self, Job, Pause},
        planner::{self, Place},
    },
    segment::Segment,
    shared::Shared,
};
use hinomi_model::UnixNanos;
use std::{collections::HashSet, sync::Arc};

/// Input segments and the written segment that holds the same rows.
pub(crate) struct Merged {
    pub inputs: Vec<Arc<Segment>>,
    pub output: Arc<Segment>,
}

#[derive(Default)]
pub(crate) struct Compactor {
    /// Places where a merge failed permanently. They are skipped until the next start.
    blocked: HashSet<Place>,
    /// Place of the current merge. Still set afterwards if the merge panicked.
    working: Option<Place>,
}

impl Compactor {
    /// Runs the next merge; `None` if none is due, or if disk space or memory is lacking.
    pub fn merge(
        &mut self,
        shared: &Shared,
        now: UnixNanos,
        pause: Pause<'_>,
    ) -> Result<Option<Merged>, LakeError> {
        if let Some(place) = self.working.take() {
            self.block(place, &"it panicked; please report this");
        }
        loop {
            let segments = shared
                .data
                .read()
                .all_segments()
                .cloned()
                .collect::<Vec<_>>();
            let wanted = |place: &Place| !self.blocked.contains(place);
            let limits = &shared.data.limits.compaction;
            let Some(inputs) = planner::next(segments, now, limits, wanted) else {
                return Ok(None);
            };
            let bytes = inputs.iter().map(|input| input.bytes).sum();
            if !shared.disk_watch.has_room_for(bytes) {
                return Ok(None);
            }
            let place = planner::place(&inputs[0]);
            let job = match Job::new(shared, inputs.clone()) {
                Ok(Some(job)) => job,
                Ok(None) => {
                    self.leave(place);
                    continue;
                }
                Err(_) if inputs.iter().any(|input| input.is_damaged()) => continue,
                Err(error @ (LakeError::Columns(_) | LakeError::Internal(_))) => {
                    self.block(place, &error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let memory = job.memory_bytes().min(shared.files.memory.limit());
            let Some(_held) = shared.files.memory.hold(memory) else {
                return Ok(None);
            };
            self.working = Some(place.clone());
            let written = job::write(shared, &job, pause);
            let inputs = job.inputs;
            self.working = None;
            match written {
                Ok(output) => return Ok(Some(Merged { inputs, output })),
                // One input is damaged and now left out; the next merge works on the others.
                Err(_) if inputs.iter().any(|input| input.is_damaged()) => {}
                Err(error @ (LakeError::Columns(_) | LakeError::Internal(_))) => {
                    self.block(place, &error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Skips segments that are too wide to merge within the memory limit, until the next start.
    fn leave(&mut self, place: Place) {
        let (project, table, bucket) = &place;
        tracing::warn!(%project, table = table.name(), %bucket, "segments are too wide to be merged within the memory limit and stay as they are");
        self.blocked.insert(place);
    }

    fn block(&mut self, place: Place, why: &dyn std::fmt::Display) {
        let (project, table, bucket) = &place;
        tracing::error!(%project, table = table.name(), %bucket, %why, "segments cannot be merged and stay as they are");
        self.blocked.insert(place);
    }
}
