//! Restores the names of services and versions from the rollups after the catalog has lost them.
//!
//! Runs in the background. Until it is done, the board lacks services that have sent nothing since
//! the start. Names that exist only in the catalog (deployments, promoted attributes, peers) cannot
//! be restored this way.

use crate::{
    Families, LakeError, Resolution, RollupSearch, memtable::services, query::cancel::Cancel,
    registry::deployments::Versions, scan, segment::Segment, state::Shared, tables::Table,
};
use hinomi_io::MemoryShare;
use hinomi_model::{Selection, Text};
use std::sync::Arc;

/// Reads the names from all hourly rollups and stores them in the catalog.
pub(crate) fn restore(shared: &Shared) {
    let segments: Vec<Arc<Segment>> = {
        let state = shared.read();
        let hourly = |segment: &&Arc<Segment>| segment.table == Table::ROLLUPS_1H;
        state.all_segments().filter(hourly).cloned().collect()
    };
    for segment in segments {
        if shared.is_stopping() {
            return;
        }
        if let Err(error) = restore_from(shared, &segment) {
            tracing::warn!(segment = segment.path, %error, "names of services could not be taken from a segment; they come back when the services send again");
        }
    }
}

fn restore_from(shared: &Shared, segment: &Segment) -> Result<(), LakeError> {
    let project: Text = segment.project.clone();
    let mut selection = Selection::default();
    selection.scope.project = project.clone();
    let search = RollupSearch {
        selection,
        range: segment.covers(),
        resolution: Resolution::Hour,
        families: Families::ALL,
    };
    let cancel = Cancel::new(MemoryShare::new(shared.limits.query_bytes));
    let found = scan::rollups::rollups(shared, &search, &cancel)?;
    let mut seen = Versions::default();
    seen.see_all(&found.rollups);
    let versions: Vec<_> = seen.iter().map(|seen| (project.clone(), seen)).collect();
    let services: Vec<_> = services(&found.rollups)
        .into_iter()
        .map(|(service, newest)| (project.clone(), service, newest))
        .collect();
    shared.catalog.see_services(&services, &versions)?;
    let mut state = shared.write();
    for (project, service, newest) in &services {
        state.see_service(project, service, *newest);
    }
    state.see_versions(&project, &found.rollups);
    Ok(())
}
