//! The list of log records.

use crate::project::Project;
use hinomi_model::{LogRecord, Text};
use hinomi_store::{LogPage, LogRows, LogSearch};

/// The page of a search.
pub(crate) fn page(project: &Project, search: &LogSearch) -> LogRows {
    let mut page = LogPage::new(search, usize::MAX - 1);
    for record in project
        .logs
        .iter()
        .filter(|record| is_found(record, search))
    {
        page.count(1);
        page.add(record.clone());
    }
    page.finish(Vec::new())
}

fn is_found(record: &LogRecord, search: &LogSearch) -> bool {
    let is =
        |wanted: &Option<Text>, have: &Text| wanted.as_ref().is_none_or(|wanted| wanted == have);
    let (resource, scope) = (&record.resource, &search.scope);
    search.range.contains(record.time)
        && record.severity >= search.min_severity
        && is(&search.service, &resource.service)
        && is(&scope.environment, &resource.environment)
        && is(&scope.namespace, &resource.namespace)
        && search.trace_id.is_none_or(|id| record.trace_id == Some(id))
}
