//! Table `spans`: all spans, sorted by trace id and start. What a trace is drawn from.
//!
//! Beside the columns that every file has, a file has one for each attribute whose values differ
//! from span to span. Parents are stored as offsets, resources as text, and promoted attributes
//! have bloom filters.

pub(crate) mod columns;
pub(crate) mod decode;
pub(crate) mod gather;
pub(crate) mod narrow;
pub(crate) mod parents;
pub(crate) mod promoted;
mod record;
pub(crate) mod resource_text;
pub(crate) mod signal;

use crate::{
    LakeError,
    tables::{DAY, HOUR, MergeRule, Merging, Retained, TableKind},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_columnar::{ColumnOptions, OpenFile, RowGroup, union_schema};
use hinomi_model::{Text, batch::ValueKind};
use narrow::Narrow;
use parquet::bloom_filter::Sbbf;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The table.
pub(crate) struct Spans;

impl TableKind for Spans {
    fn name(&self) -> &'static str {
        "spans"
    }

    fn schema(&self) -> &'static SchemaRef {
        &columns::SCHEMA
    }

    fn sort_key(&self) -> &'static [&'static str] {
        &["trace_id", "start_time"]
    }

    fn bucket(&self) -> Duration {
        HOUR
    }

    fn merge_rule(&self) -> MergeRule {
        MergeRule::Interleave
    }

    fn retention(&self) -> Retained {
        Retained {
            kept: 7 * DAY,
            help: "spans are kept: what a trace is drawn from",
        }
    }

    fn budget_priority(&self) -> u8 {
        10
    }

    fn column_options(&self, column: usize) -> ColumnOptions {
        let none = ColumnOptions::default();
        match column {
            columns::TRACE_ID => ColumnOptions {
                page_statistics: true,
                bloom: true,
                ..none
            },
            columns::SPAN_ID => ColumnOptions {
                random: true,
                ..none
            },
            _ => none,
        }
    }

    fn store_group(
        &self,
        group: &mut RowGroup,
        schema: &SchemaRef,
        promoted: &[Text],
    ) -> Result<HashMap<usize, Sbbf>, LakeError> {
        parents::fold(group)?;
        promoted::filters(group, schema, promoted)
    }

    fn merging(&self, files: &[OpenFile], promoted: &[Text]) -> Box<dyn Merging> {
        Box::new(MergedSpans {
            narrow: Arc::new(Narrow::of(files, promoted)),
            promoted: promoted.to_vec(),
        })
    }
}

/// A merge of spans: parents become ids again, and columns of rare attributes go.
struct MergedSpans {
    narrow: Arc<Narrow>,
    promoted: Vec<Text>,
}

impl Merging for MergedSpans {
    fn schema(&self, union: SchemaRef) -> Result<SchemaRef, LakeError> {
        let promoted = self.promoted.iter().map(|key| (ValueKind::Text, &**key));
        let schemas = [union, columns::spans_with(promoted)];
        Ok(self
            .narrow
            .schema(&union_schema(&columns::SCHEMA, &schemas)?))
    }

    fn reader(&self) -> Box<dyn FnMut(RecordBatch) -> Result<RecordBatch, LakeError>> {
        let (mut parents, narrow) = (parents::Unfold::default(), self.narrow.clone());
        Box::new(move |batch| narrow.batch(parents.unfold(&batch)?))
    }
}
