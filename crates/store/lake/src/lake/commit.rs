//! Encodes a batch for the log. Runs on the caller's thread; the batch's place in the queue is
//! already reserved.

use crate::{
    AppendError, LakeError,
    log::{
        frame,
        queue::{Ack, Commit, Item, Place},
    },
    memtable::Chunk,
    names,
};
use hinomi_model::{RollupSet, SpanBatch, Text};
use std::sync::Arc;

/// Encodes a batch and puts it into its reserved place in the queue.
pub(super) fn commit(
    limit: usize,
    place: Place,
    ack: Ack,
    project: Text,
    spans: SpanBatch,
    rollups: Arc<RollupSet>,
) -> Result<(), AppendError> {
    debug_assert!(
        RollupSet::of(&spans) == *rollups,
        "a batch's rollups are what its spans add"
    );
    let failed = |error: LakeError| AppendError::Disk(error.to_string());
    let frame = frame::write(&project, &spans).map_err(failed)?;
    // Checked here, because the log would refuse it in the middle of a group commit.
    if frame.len() > limit {
        return Err(AppendError::TooLarge {
            bytes: frame.len(),
            limit,
        });
    }
    let chunk = Arc::new(Chunk::new(project, spans));
    let weight = place.weight;
    let names = names::of(&chunk, &rollups);
    place.fill(Item::Commit(Box::new(Commit {
        frame,
        chunk,
        rollups,
        names,
        weight,
        ack,
    })));
    Ok(())
}
