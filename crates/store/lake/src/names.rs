//! The engine's side of the registry: names of batches, names that a catalog of an earlier version
//! kept, and names that the registry has lost.

use crate::{
    Families, LakeError, Resolution, RollupSearch, catalog::Catalog, query::cancel::Cancel, scan,
    segment::Segment, shared::Shared, tables::TableId,
};
use hinomi_io::MemoryShare;
use hinomi_model::{Scope, Selection, Text};
use hinomi_store::{BatchNames, LearnedTo, Names};
use std::sync::{Arc, atomic::Ordering};

impl Shared {
    /// Lets the registry write what it has learned, before the checkpoint moves to this record.
    pub fn write_names(&self, checkpoint: u64) {
        let is_complete = !self.restoring_names.load(Ordering::Acquire);
        self.names.write(is_complete.then(|| LearnedTo {
            node: self.files.node.clone(),
            sequence: checkpoint,
        }));
    }
}

/// Hands the names that a catalog of an earlier version kept to the registry. Once they are durable
/// there, the catalog forgets them; until then they are handed over at each start. Returns whether
/// the catalog forgot any. `is_complete` tells that the catalog lost none.
pub(crate) async fn hand_over(
    catalog: &Catalog,
    names: &dyn Names,
    node: &Text,
    is_complete: bool,
) -> bool {
    let (old, checkpoint) =
        catalog.read(|contents| (contents.names.old_names(), contents.checkpoint));
    if old.is_empty() {
        return false;
    }
    let mark = is_complete.then(|| LearnedTo {
        node: node.clone(),
        sequence: checkpoint,
    });
    match names.take_over(old, mark).await {
        Ok(()) => {
            catalog.mend(|contents| {
                contents.names = Default::default();
                (true, ())
            });
            tracing::info!("names, deployments and promoted attributes moved to the registry");
            true
        }
        Err(error) => {
            tracing::error!(%error, "names, deployments and promoted attributes could not be moved to the registry; the next start tries again");
            false
        }
    }
}

/// Takes the names of services and versions from hourly rollups of log records after `learned`, and
/// writes them to the registry.
///
/// Runs in the background after the registry has lost names, or could not be written before a crash.
/// Until it is done, the board lacks services that have sent nothing since the start. What rollups do
/// not say (labels, peers) comes back when services send again; what people told does not.
pub(crate) fn restore(shared: &Shared, learned: u64) {
    let segments: Vec<Arc<Segment>> = {
        let state = shared.data.read();
        let lacking = |segment: &&Arc<Segment>| {
            segment.table == TableId::ROLLUPS_1H && segment.lineage.last() > learned
        };
        state.all_segments().filter(lacking).cloned().collect()
    };
    for segment in segments {
        if shared.is_stopping() {
            return;
        }
        if let Err(error) = restore_from(shared, &segment) {
            tracing::warn!(segment = segment.path, %error, "names of services could not be taken from a segment; they come back when the services send again");
        }
    }
    shared.names.write(None);
    shared.restoring_names.store(false, Ordering::Release);
}

fn restore_from(shared: &Shared, segment: &Segment) -> Result<(), LakeError> {
    let selection = Selection::of(Scope::of(segment.project.clone()));
    let search = RollupSearch {
        selection,
        range: segment.covers(),
        resolution: Resolution::Hour,
        families: Families::ALL,
    };
    let cancel = Cancel::new(MemoryShare::new(shared.data.limits.query_bytes));
    let found = scan::rollups::rollups(&shared.data, &search, &cancel)?;
    let names = BatchNames::of(&found.rollups, []);
    shared.names.learn(&segment.project, &names);
    Ok(())
}
