//! Encodes a batch for the log. Runs on the caller's thread; the batch's place in the queue is
//! already reserved.

use crate::{
    AppendError, LakeError,
    log::{
        queue::{Ack, Commit, Item, Place},
        record,
    },
    memtable::{Chunk, SignalBatch, names_of},
};
use hinomi_model::{RollupSet, Text};
use std::sync::Arc;

/// Encodes a batch and puts it into its reserved place in the queue.
pub(super) fn commit<B: SignalBatch>(
    limit: usize,
    place: Place,
    ack: Ack,
    project: Text,
    batch: B,
    rollups: Arc<RollupSet>,
) -> Result<(), AppendError> {
    let failed = |error: LakeError| AppendError::Disk(error.to_string());
    let frame = record::write(&project, &batch).map_err(failed)?;
    // Checked here, because the log would refuse it in the middle of a group commit.
    if frame.len() > limit {
        return Err(AppendError::TooLarge {
            bytes: frame.len(),
            limit,
        });
    }
    let chunk = Arc::new(Chunk::new(project, batch));
    let weight = place.weight;
    let names = names_of(&*chunk, &rollups);
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
