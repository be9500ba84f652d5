//! What is drawn over a hitmap.

use super::hitmap_panel::Marks;
use hinomi_api::embedded::PatternWire;
use hinomi_model::Selection;
use hinomi_query::{QueryError, answer::Hitmap};
use hinomi_webkit::App;

/// The marks drawn over a map: its patterns and the deployments in its range. The map of all
/// services shows no deployments, because there would be too many to read.
pub(crate) async fn marks(
    app: &App,
    selection: &Selection,
    map: &Hitmap,
) -> Result<Marks, QueryError> {
    let query = &app.web.query;
    let deployments = match selection.service.as_deref() {
        Some(service) => query.deployments(&selection.scope, Some(service), map.range),
        None => Vec::new(),
    };
    let patterns = app.web.analysis.patterns(selection, map).await?;
    Ok(Marks {
        patterns: PatternWire::all(&patterns),
        deployments,
    })
}
